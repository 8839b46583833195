//! strikeline
pub mod encode;
pub mod picture;
pub mod timing;
