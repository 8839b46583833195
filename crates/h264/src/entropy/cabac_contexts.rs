//! How ctxIdxInc follows from the macroblocks to the left (A) and above (B) (ITU-T H.264, 9.3.3.1.1).

/// condTermFlagA + 2 · condTermFlagB.
#[inline]
pub(crate) fn increment(left: bool, above: bool) -> usize {
    usize::from(left) + 2 * usize::from(above)
}

/// condTermFlagA + condTermFlagB.
#[inline]
pub(crate) fn count_of(left: bool, above: bool) -> usize {
    usize::from(left) + usize::from(above)
}
