//! What each macroblock becomes. ITU-T H.264 leaves these decisions to the encoder.

pub(crate) mod ages;
mod b_macroblock;
pub(crate) mod b_slice;
pub(crate) mod candidates;
pub(crate) mod coding;
pub(crate) mod context;
pub(crate) mod intra4x4;
pub(crate) mod masking;
pub(crate) mod mode_decision;
pub(crate) mod motion_search;
pub(crate) mod repeats;
mod searched;
pub(crate) mod slice;
pub(crate) mod slice_writer;
pub(crate) mod thresholds;
pub(crate) mod unchanged;
