//! The pictures to be encoded: what has changed in them since earlier pictures, and how it has moved.

pub(crate) mod block;
pub(crate) mod changed_area;
mod copies;
pub(crate) mod differences;
pub(crate) mod history;
pub(crate) mod pending;
pub(crate) mod scroll_search;
