//! Which macroblocks the changed rectangles of a [`FrameChange`](strikeline_picture::FrameChange) touch.

use crate::grid::SourceChange;
use std::ops::Range;
use strikeline_picture::Rectangle;

/// Marks the macroblocks of a row that a changed rectangle touches as new, the others as unchanged. All that are new
/// lie in the range that is returned.
pub(crate) fn mark_changed_parts(
    parts: &[Rectangle],
    row: usize,
    changes: &mut [SourceChange],
) -> Range<usize> {
    changes.fill(SourceChange::Unchanged);
    let mut touched = 0..0;
    for rectangle in parts.iter().filter(|rectangle| meets_row(rectangle, row)) {
        let end = (rectangle.right.div_ceil(16) as usize).min(changes.len());
        let start = (rectangle.left as usize / 16).min(end);
        changes[start..end].fill(SourceChange::New);
        touched =
            if touched.is_empty() { start..end } else { touched.start.min(start)..touched.end.max(end) };
    }
    touched
}

/// Whether a changed rectangle touches a macroblock.
pub(crate) fn is_in_changed_parts(parts: &[Rectangle], column: usize, row: usize) -> bool {
    let meets_column = |rectangle: &Rectangle| {
        (rectangle.left as usize / 16..rectangle.right.div_ceil(16) as usize).contains(&column)
    };
    parts.iter().any(|rectangle| meets_row(rectangle, row) && meets_column(rectangle))
}

/// Whether a rectangle that is not empty touches a row of macroblocks.
fn meets_row(rectangle: &Rectangle, row: usize) -> bool {
    let (top, bottom) = (row as u64 * 16, row as u64 * 16 + 16);
    let rows_meet = u64::from(rectangle.top) < bottom && u64::from(rectangle.bottom) > top;
    rows_meet && rectangle.top < rectangle.bottom && rectangle.left < rectangle.right
}
