//! Estimated cost of a block's levels.

use super::transform::CoefficientBlock;

/// The number of levels of a block that are not zero, and its estimated bits.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LevelCost {
    pub(crate) count: u8,
    pub(crate) bits: u32,
    /// Whether no level is beyond 1 or −1.
    pub(crate) is_small: bool,
}

impl LevelCost {
    /// Of levels in zig-zag order. `mask` has a bit for each level, the first in the lowest bit: whether it is not
    /// zero.
    #[inline]
    pub(crate) fn of(levels: &CoefficientBlock, mask: u16) -> LevelCost {
        let mut left = u32::from(mask);
        let Some(last) = left.checked_ilog2() else {
            return LevelCost { is_small: true, ..LevelCost::default() };
        };
        let (mut count, mut magnitudes) = (0, 0);
        // The significance map up to the last level.
        let mut bits = 2 + last * 3 / 4;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            count += 1;
            // Of each level the sign, the first bin, and twice the logarithm.
            let magnitude = levels[place as usize & 15].unsigned_abs();
            magnitudes |= magnitude;
            bits += 2 * (16 - magnitude.leading_zeros());
        }
        LevelCost { count, bits, is_small: magnitudes <= 1 }
    }
}
