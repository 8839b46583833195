//! The part of a flat road that equals the previous frame, moved: where notes and beat lines only come, on a background that
//! is the same in all rows.
//!
//! How an approaching note is drawn depends only on the position within the note (`shaders/gems.wgsl`). After a shift of
//! whole samples it is therefore the same picture at another place. It is copied, or not drawn at all where the encoder has
//! it from the previous frame.
//!
//! The part is the same in nearly all frames: it ends before the first row that a note may touch when it begins to shine or
//! is struck. What lies across its border is drawn whole, as what is drawn in the part itself is not seen.

use std::ops::Range;

use super::motion::SUBPIXELS;
use super::visible::VisibleRange;
use strikeline_picture::Rectangle;

/// The sides of the part along the road are multiples of this: whole macroblocks.
const ROWS: u32 = 16;

/// The area in which the static layer is the same in all rows, so that objects can be moved instead of drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MovableArea {
    /// Rows of the picture.
    pub rows: Range<u32>,
    /// Columns of the picture; both are even.
    pub columns: Range<u32>,
}

/// How approaching notes have moved between the previous frame and this one.
#[derive(Debug, Clone)]
pub(super) struct RowShift {
    /// What the previous frame and this one show.
    pub visible: [VisibleRange; 2],
    /// Rows that the notes have moved down, or up where it is negative; even, and not 0.
    pub rows: i32,
    /// Where they may be moved instead of drawn.
    pub area: MovableArea,
}

/// The rows that notes on a flat road move along between two scroll positions in subpixels. `None` unless it is a positive
/// even number: there are half as many chroma rows.
pub(super) fn whole_row_shift(before: i64, now: i64) -> Option<i32> {
    let subpixels = now.checked_sub(before)?;
    let rows = i32::try_from(subpixels / SUBPIXELS).ok()?;
    (subpixels > 0 && subpixels % (2 * SUBPIXELS) == 0).then_some(rows)
}

/// Where objects of some kinds only come, in the previous frame and in this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComingArea {
    /// The columns that they cover there.
    pub columns: Range<u32>,
    /// The rows that no other object touches: none that shines, is struck, or is in sight in one of the frames only.
    pub rows: Range<u32>,
}

impl ComingArea {
    /// The columns of both, and the rows of either.
    pub(super) fn of_both(self, other: ComingArea) -> ComingArea {
        ComingArea {
            columns: self.columns.start.min(other.columns.start)..self.columns.end.max(other.columns.end),
            rows: self.rows.start.max(other.rows.start)..self.rows.end.min(other.rows.end),
        }
    }
}

impl RowShift {
    /// The part of this frame that is the previous frame moved, if objects only come in `coming`; its rows are a multiple of
    /// 16. `None` where there is none.
    pub(super) fn part(&self, coming: &Range<u32>) -> Option<Rectangle> {
        let MovableArea { rows, columns } = &self.area;
        // Where it comes from lies on the same background.
        let (above, below) = (self.rows.max(0).unsigned_abs(), self.rows.min(0).unsigned_abs());
        let top = (rows.start + above).max(coming.start).checked_next_multiple_of(ROWS)?;
        let bottom = rows.end.saturating_sub(below).min(coming.end) / ROWS * ROWS;
        let part = Rectangle { left: columns.start, top, right: columns.end, bottom };
        (!part.is_empty()).then_some(part)
    }

    /// The distances before the strike line at row `strike`, in subpixels, at which an object lies within the rows of `part`
    /// if it reaches `reach` rows beyond its middle.
    pub(super) fn distances_within(&self, part: &Rectangle, strike: u32, reach: f32) -> Option<[i64; 2]> {
        let reach = f64::from(reach).ceil() as i64;
        let (top, bottom) = (i64::from(part.top) + reach, i64::from(part.bottom) - reach);
        let strike = i64::from(strike);
        let [nearest, farthest] =
            if self.rows > 0 { [strike - bottom, strike - top] } else { [top - strike, bottom - strike] };
        (nearest <= farthest).then_some([nearest * SUBPIXELS, farthest * SUBPIXELS])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn visible(now: i64) -> VisibleRange {
        VisibleRange { now, struck: now, shining: now, far: now }
    }

    proptest! {
        #[test]
        fn the_part_and_where_it_comes_from_lie_in_the_area(
            rows in 0u32..300, height in 0u32..300, coming in 0u32..300, length in 0u32..300, half in 1i32..20, up in any::<bool>(),
        ) {
            let by = if up { -half * 2 } else { half * 2 };
            let area = MovableArea { rows: rows..rows + height, columns: 20..100 };
            let shift = RowShift { visible: [visible(0), visible(0)], rows: by, area: area.clone() };
            let coming = coming..coming + length;
            if let Some(part) = shift.part(&coming) {
                prop_assert_eq!((part.left, part.right, part.top % 16, part.bottom % 16), (20, 100, 0, 0));
                prop_assert!(coming.start <= part.top && part.bottom <= coming.end);
                for side in [part.top, part.bottom] {
                    let source = side.checked_add_signed(-by).unwrap();
                    prop_assert!(area.rows.start <= side.min(source) && side.max(source) <= area.rows.end);
                }
            } else {
                let room = |rows: Range<u32>| rows.end.saturating_sub(rows.start);
                let common = coming.start.max(area.rows.start)..coming.end.min(area.rows.end);
                prop_assert!(room(common) < 32 + by.unsigned_abs());
            }
        }

        #[test]
        fn an_object_at_such_a_distance_lies_within_the_part(
            top in 0u32..30, rows in 1u32..30, strike in 0u32..2000, reach in 0.0f32..60.0, up in any::<bool>(),
        ) {
            let part = Rectangle { left: 0, top: top * 16, right: 16, bottom: (top + rows) * 16 };
            let area = MovableArea { rows: 0..2000, columns: 0..16 };
            let shift = RowShift { visible: [visible(0), visible(0)], rows: if up { -2 } else { 2 }, area };
            let Some(distances) = shift.distances_within(&part, strike, reach) else {
                prop_assert!((rows as f32) * 16.0 < 2.0 * reach + 2.0);
                return Ok(());
            };
            for distance in distances {
                let pixels = (distance / SUBPIXELS) as f64;
                let middle = f64::from(strike) + if up { pixels } else { -pixels };
                prop_assert!(middle - f64::from(reach) >= f64::from(part.top));
                prop_assert!(middle + f64::from(reach) <= f64::from(part.bottom));
            }
        }
    }

    #[test]
    fn only_shifts_of_an_even_number_of_rows_are_whole() {
        assert_eq!(whole_row_shift(0, 8 * SUBPIXELS), Some(8));
        assert_eq!(whole_row_shift(8 * SUBPIXELS, 0), None);
        assert_eq!(whole_row_shift(0, 7 * SUBPIXELS), None);
        assert_eq!(whole_row_shift(0, 8 * SUBPIXELS + 1), None);
        assert_eq!((whole_row_shift(5, 5), whole_row_shift(i64::MIN, i64::MAX)), (None, None));
    }
}
