//! Costs at which the mode decision tries more, or stops. All were found by measurement.

/// Fewest bits of a macroblock that is not skipped, with those that its neighbours take because it is not.
pub(crate) const MIN_CODED_BITS: u32 = 20;
/// What Intra_16x16 and Intra_4x4 nearly always cost at least, bits and errors together, as bits. Higher values would
/// let small errors remain for good.
pub(crate) const MIN_INTRA_16X16_BITS: u32 = 16;
pub(crate) const MIN_INTRA_4X4_BITS: u32 = 60;
/// Sum of absolute differences of a macroblock up to which no better prediction is searched.
pub(crate) const NEGLIGIBLE: u32 = 16;
/// Sum of absolute differences, per bit's worth, from which several partitions and Intra_4x4 are tried.
pub(crate) const SPLIT_FROM: u32 = 24;
/// The same from which motions around the best are searched.
pub(crate) const SEARCH_FROM: u32 = 2000;
/// The same from which Intra_4x4 is tried in place of inter prediction.
pub(crate) const INTRA_4X4_IN_P_FROM: u32 = 400;
/// The same, of luma alone, from which Intra_4x4 is tried in I slices, and from which Intra_16x16 is not.
pub(crate) const INTRA_4X4_FROM: u32 = 128;
pub(crate) const ONLY_INTRA_4X4_FROM: u32 = 300;
