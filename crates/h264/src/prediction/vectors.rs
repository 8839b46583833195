//! Motion vectors: which can be used, and what they cost.

use super::PADDING;
use crate::grid::{MacroblockGrid, MacroblockPosition};
use strikeline_picture::Scroll;

/// A motion vector in quarter luma samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vector {
    pub(crate) x: i16,
    pub(crate) y: i16,
}

impl Vector {
    pub(crate) const ZERO: Vector = Vector { x: 0, y: 0 };

    /// Whether it points at whole samples in both luma and chroma.
    #[inline]
    pub(crate) fn is_whole(self) -> bool {
        (self.x | self.y) & 7 == 0
    }

    /// Difference per component; vectors are at most 2^13 (see [`VectorRange`]).
    pub(crate) fn minus(self, other: Vector) -> Vector {
        Vector { x: self.x - other.x, y: self.y - other.y }
    }

    /// Estimated bits of this as a vector difference (mvd_l0).
    pub(crate) fn bits(self) -> u32 {
        let bits = |component: i16| 2 * (16 - component.unsigned_abs().leading_zeros()) + 1;
        bits(self.x) + bits(self.y)
    }
}

/// Motion of a partition: refIdxL0 and mvL0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionMotion {
    pub(crate) reference: i8,
    pub(crate) vector: Vector,
}

impl PartitionMotion {
    pub(crate) const fn new(reference: i8, vector: Vector) -> PartitionMotion {
        PartitionMotion { reference, vector }
    }
}

/// The vectors whose 16×16 block, with the samples that the interpolation filters need around it, lies within the
/// padded reference picture, and within the range that all levels used here allow (Table A-1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct VectorRange {
    left: i32,
    right: i32,
    up: i32,
    down: i32,
}

impl VectorRange {
    /// Of the macroblock at `position`.
    pub(crate) fn of(grid: MacroblockGrid, position: MacroblockPosition) -> VectorRange {
        // The filters read 3 samples more; chroma reads one, which is two of luma.
        const ROOM: i32 = PADDING as i32 - 4;
        let side = |before: usize, limit: i32| (before as i32 * 16 + ROOM).min(limit) * 4;
        VectorRange {
            left: -side(position.column(), 2047),
            right: side(grid.columns - 1 - position.column(), 2047),
            up: -side(position.row(), 511),
            down: side(grid.rows - 1 - position.row(), 511),
        }
    }

    #[inline]
    pub(crate) fn contains(&self, vector: Vector) -> bool {
        (self.left..=self.right).contains(&i32::from(vector.x))
            && (self.up..=self.down).contains(&i32::from(vector.y))
    }
}

/// The vector of a scroll over `distance` frames, rounded to the nearest quarter sample; `None` when it is out of
/// range.
pub(crate) fn scroll_vector(scroll: Scroll, distance: u32) -> Option<Vector> {
    let component = |delta: i32, most: u16| {
        if scroll.denominator <= 0 {
            return None;
        }
        let (quarters, denominator) =
            (-i64::from(delta) * 4 * i64::from(distance), i64::from(scroll.denominator));
        let rounded = (2 * quarters + denominator).div_euclid(2 * denominator);
        i16::try_from(rounded).ok().filter(|component| component.unsigned_abs() <= most)
    };
    Some(Vector { x: component(scroll.dx, 2047 * 4)?, y: component(scroll.dy, 511 * 4)? })
}
