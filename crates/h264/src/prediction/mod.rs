//! Intra and inter prediction, and what both read: reference pictures and neighbouring macroblocks (ITU-T H.264, 6.4,
//! 8.3 and 8.4).

pub(crate) mod bidirectional;
pub(crate) mod coarse_rows;
pub(crate) mod inter;
pub(crate) mod interpolation;
pub(crate) mod intra;
pub(crate) mod intra4x4;
pub(crate) mod neighbours;
pub(crate) mod reference;
pub(crate) mod vectors;
pub(crate) mod weights;

/// Luma samples that each side of a reconstructed picture is extended by.
pub(crate) const PADDING: usize = 64;
