//! From the difference between source and prediction to levels, and back (ITU-T H.264, 8.5).

pub(crate) mod code;
pub(crate) mod level_cost;
pub(crate) mod quantiser;
pub(crate) mod strips;
pub(crate) mod transform;
