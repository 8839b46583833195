//! strikeline
pub mod encode;
pub mod gpu;
pub mod mux;
pub mod output;
pub mod picture;
pub mod scene;
pub mod stream;
pub mod timing;
