//! Which macroblocks the damage that was told touches. The standard leaves open how an encoder finds what has changed.

use crate::source::history::Change;
use std::ops::Range;
use strikeline_picture::Rectangle;

/// Marks the macroblocks of a row that a rectangle of the damage touches as new, the others as unchanged. All that are
/// new lie in the range given.
pub(crate) fn mark_damage(parts: &[Rectangle], row: usize, changes: &mut [Change]) -> Range<usize> {
    changes.fill(Change::None);
    let mut touched = 0..0;
    for rectangle in parts.iter().filter(|rectangle| meets_row(rectangle, row)) {
        let end = (rectangle.right.div_ceil(16) as usize).min(changes.len());
        let start = (rectangle.left as usize / 16).min(end);
        changes[start..end].fill(Change::New);
        touched =
            if touched.is_empty() { start..end } else { touched.start.min(start)..touched.end.max(end) };
    }
    touched
}

/// Whether a rectangle of the damage touches a macroblock.
pub(crate) fn is_damaged(parts: &[Rectangle], column: usize, row: usize) -> bool {
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
