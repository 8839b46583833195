//! Pictures of animated WebP files, lossless (RFC 9649).

mod bits;
mod predict;
mod vp8l;

pub(super) use vp8l::encode;
