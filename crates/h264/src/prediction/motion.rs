//! Which vectors are worth trying, and which can be used at all.

use crate::bits::parameter_sets::MacroblockGrid;
use crate::prediction::neighbours::{Coded, Motion, Neighbours, Vector};
use crate::prediction::reference::PADDING;
use strikeline_picture::Scroll;

/// Vectors whose 16×16 block, with the samples the filters need around it, lies within the extended
/// reference; also within the range that all levels used here allow (Table A-1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    left: i32,
    right: i32,
    up: i32,
    down: i32,
}

impl Reach {
    /// Of the macroblock at (column, row).
    pub(crate) fn of(grid: MacroblockGrid, column: usize, row: usize) -> Reach {
        // The filters read 3 samples more; chroma reads one, which is two of luma.
        const ROOM: i32 = PADDING as i32 - 4;
        let side = |before: usize, limit: i32| (before as i32 * 16 + ROOM).min(limit) * 4;
        Reach {
            left: -side(column, 2047),
            right: side(grid.columns - 1 - column, 2047),
            up: -side(row, 511),
            down: side(grid.rows - 1 - row, 511),
        }
    }

    #[inline]
    pub(crate) fn contains(&self, vector: Vector) -> bool {
        (self.left..=self.right).contains(&i32::from(vector.x))
            && (self.up..=self.down).contains(&i32::from(vector.y))
    }
}

/// The vector of a scroll over `distance` frames, to the nearest quarter sample; `None` when it is out of
/// any range.
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

/// A few motions without repetition, in the order in which they are to be tried.
#[derive(Debug)]
pub(crate) struct Candidates {
    list: [Motion; Candidates::MOST],
    length: usize,
}

impl Candidates {
    const MOST: usize = 12;

    pub(crate) fn new() -> Candidates {
        Candidates { list: [(0, Vector::ZERO); Candidates::MOST], length: 0 }
    }

    /// Unless it is there already, is out of reach, or there is no room.
    pub(crate) fn add(&mut self, motion: Motion, reach: &Reach) {
        if self.length < Self::MOST && reach.contains(motion.1) && !self.as_slice().contains(&motion) {
            self.list[self.length] = motion;
            self.length += 1;
        }
    }

    /// The motion of the neighbours.
    pub(crate) fn add_neighbours(&mut self, around: &Neighbours<'_>, reach: &Reach) {
        let mut add = |coded: &Coded, quarter: usize| {
            if coded.references[quarter] >= 0 {
                self.add((coded.references[quarter], coded.vectors[quarter]), reach);
            }
        };
        add(around.left, 1);
        add(around.above, 2);
        add(around.above_right, 2);
        add(around.above_left, 3);
    }

    pub(crate) fn as_slice(&self) -> &[Motion] {
        &self.list[..self.length]
    }
}

/// About how many bits a vector difference takes.
pub(crate) fn vector_bits(difference: Vector) -> u32 {
    let bits = |component: i16| 2 * (16 - component.unsigned_abs().leading_zeros()) + 1;
    bits(difference.x) + bits(difference.y)
}
