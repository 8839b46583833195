//! Parts of the road that equal the previous frame, moved down: places where only approaching notes and beat lines lie,
//! on a background that is the same in all rows.
//!
//! How an approaching note is drawn depends only on the position within the note (`shaders/gems.wgsl`). After a shift of
//! whole samples it is therefore the same picture at another place. Copying it costs a fraction of drawing it.

use std::ops::Range;

use super::motion::SUBPIXELS;
use super::visible::VisibleRange;
use strikeline_picture::Rectangle;
use wgpu_video::scene::COPY_COST;

/// A note or beat line on the road, in two frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoadObject {
    /// Position along the path in subpixels.
    pub position: i64,
    /// The area that it may cover in the previous frame and in this one; `None` where it draws nothing.
    pub covers: [Option<Rectangle>; 2],
}

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
    /// Rows that the notes have moved down; even, and at least 2.
    pub rows: u32,
    /// Where they may be moved instead of drawn.
    pub area: MovableArea,
}

/// The objects that are moved rather than drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MovedBands {
    /// The lowest and highest of their positions; `None` when there are none.
    pub positions: Option<[i64; 2]>,
    /// Rectangles with even sides that hold these objects and nothing else in this frame.
    pub bands: Vec<Rectangle>,
}

/// The rows that notes on a flat road move down between two scroll positions in subpixels. `None` unless it is a positive
/// even number: there are half as many chroma rows.
pub(super) fn whole_row_shift(before: i64, now: i64) -> Option<u32> {
    let subpixels = now.checked_sub(before)?;
    let rows = u32::try_from(subpixels / SUBPIXELS).ok()?;
    (subpixels > 0 && subpixels % (2 * SUBPIXELS) == 0).then_some(rows)
}

impl MovedBands {
    /// Chooses from all `objects` that either frame shows those that `shift` moves.
    pub(super) fn find(mut objects: Vec<RoadObject>, shift: &RowShift) -> MovedBands {
        let [before, now] = shift.visible;
        let MovableArea { mut rows, columns } = shift.area.clone();
        // From the far end, which is at the top.
        objects.sort_unstable_by_key(|object| std::cmp::Reverse(object.position));
        // Rows of this frame in which an object must not meet what is moved.
        let spans: Vec<Range<u32>> = objects.iter().map(|object| span(object, shift.rows)).collect();
        // From `far` to `near`: those that approach in both frames and are wholly on the road.
        let far = objects.partition_point(|object| object.position > before.far);
        let near = objects.partition_point(|object| object.position > now.shining);
        rows.start = (rows.start + shift.rows).max(lowest(&spans[..far.min(near)]));
        rows.end = rows.end.min(highest(&spans[near..]));
        let mut middle = far.min(near)..near;
        // Objects that extend beyond these rows are drawn, and so are objects that overlap one of those.
        let mut reached = rows.start;
        for index in middle.clone() {
            reached = reached.max(spans[index].end);
            if spans[index].start < rows.start {
                (rows.start, middle.start) = (reached, index + 1);
            }
        }
        let mut reached = rows.end;
        for index in middle.clone().rev() {
            reached = reached.min(spans[index].start);
            if spans[index].end > rows.end {
                (rows.end, middle.end) = (reached, index);
            }
        }
        let moved = objects.get(middle).unwrap_or_default();
        let (Some(first), Some(last)) = (moved.first(), moved.last()) else { return MovedBands::default() };
        let lies_within = |part: &Rectangle| columns.start <= part.left && part.right <= columns.end;
        if !moved.iter().flat_map(|object| object.covers.iter().flatten()).all(lies_within) {
            return MovedBands::default();
        }
        MovedBands {
            positions: Some([last.position, first.position]),
            bands: bands(moved.iter().filter_map(|object| object.covers[1]), columns.end),
        }
    }
}

/// The rows that `object` covers in this frame, or in the previous frame moved down by `shift` rows; both ends are even.
fn span(object: &RoadObject, shift: u32) -> Range<u32> {
    let rows = |part: Option<Rectangle>, shift: u32| {
        part.map(|part| ((part.top + shift) / 2 * 2, (part.bottom + shift).next_multiple_of(2)))
    };
    match (rows(object.covers[0], shift), rows(object.covers[1], 0)) {
        (Some(one), Some(other)) => one.0.min(other.0)..one.1.max(other.1),
        (Some(one), None) | (None, Some(one)) => one.0..one.1,
        (None, None) => 0..0,
    }
}

/// The largest end of `spans`; 0 when there are none.
fn lowest(spans: &[Range<u32>]) -> u32 {
    spans.iter().map(|span| span.end).max().unwrap_or(0)
}

/// The smallest start of the `spans` that are not empty; the largest number when there are none.
fn highest(spans: &[Range<u32>]) -> u32 {
    spans.iter().filter(|span| !span.is_empty()).map(|span| span.start).min().unwrap_or(u32::MAX)
}

/// Rectangles with even sides around `parts`, which lie left of column `end`. Parts near each other share one.
fn bands(parts: impl Iterator<Item = Rectangle>, end: u32) -> Vec<Rectangle> {
    let mut parts: Vec<Rectangle> = parts
        .map(|part| Rectangle {
            left: part.left / 2 * 2,
            top: part.top / 2 * 2,
            right: part.right.next_multiple_of(2).min(end),
            bottom: part.bottom.next_multiple_of(2),
        })
        .collect();
    parts.sort_unstable_by_key(|part| part.top);
    let mut bands: Vec<Rectangle> = Vec::new();
    for part in parts {
        match bands.last_mut() {
            Some(band)
                if part.top
                    <= band.bottom
                        + rows_worth_a_copy(band.union(&part).right - band.left.min(part.left)) =>
            {
                *band = band.union(&part);
            }
            _ => bands.push(part),
        }
    }
    bands
}

/// Rows of `width` samples that cost as much to copy as starting one more copy.
fn rows_worth_a_copy(width: u32) -> u32 {
    (COPY_COST / u64::from(width.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STRIKE: i64 = 400;
    const FAR: i64 = 420;
    const HEIGHT: u32 = 480;
    const AREA: MovableArea = MovableArea { rows: 24..360, columns: 20..100 };

    fn visible(now: i64) -> VisibleRange {
        let pixels = |pixels: i64| (now + pixels) * SUBPIXELS;
        VisibleRange { now: pixels(0), struck: pixels(-60), shining: pixels(30), far: pixels(FAR) }
    }

    /// An object whose middle is `at` pixels along the path when the strike line is at `now`.
    fn covers(at: i64, [left, right]: [u32; 2], half_height: i64, now: i64) -> Option<Rectangle> {
        let ahead = at - now;
        if !(-60..=FAR).contains(&ahead) {
            return None;
        }
        // What is struck stays at the line, and shines.
        let (middle, half_height) = if ahead > 0 { (STRIKE - ahead, half_height) } else { (STRIKE, 50) };
        let row = |row: i64| row.clamp(0, HEIGHT.into()) as u32;
        Some(Rectangle { left, top: row(middle - half_height), right, bottom: row(middle + half_height) })
    }

    fn objects(shift: u32) -> impl Strategy<Value = Vec<RoadObject>> {
        let object = (-80i64..440, 20u32..90, 2u32..30, 1i64..20, prop::bool::weighted(0.03)).prop_map(
            move |(at, left, width, half_height, is_beyond)| {
                let right = if is_beyond { 101 } else { (left + width).min(100) };
                let cover = |now: i64| covers(at, [left, right], half_height, now);
                RoadObject { position: at * SUBPIXELS, covers: [cover(0), cover(shift.into())] }
            },
        );
        prop::collection::vec(object, 0..20)
    }

    fn down(part: Rectangle, shift: u32) -> Rectangle {
        Rectangle { top: part.top + shift, bottom: part.bottom + shift, ..part }
    }

    proptest! {
        #[test]
        fn only_what_comes_is_moved_and_it_meets_nothing_else(
            (shift, objects) in (1u32..20).prop_flat_map(|half| (Just(half * 2), objects(half * 2))),
        ) {
            let ranges = [visible(0), visible(shift.into())];
            let found = MovedBands::find(objects.clone(), &RowShift { visible: ranges, rows: shift, area: AREA });
            let Some([lowest, highest]) = found.positions else {
                prop_assert!(found.bands.is_empty());
                return Ok(());
            };
            prop_assert!(lowest > ranges[1].shining && highest <= ranges[0].far);
            for (index, band) in found.bands.iter().enumerate() {
                prop_assert!(AREA.rows.start + shift <= band.top && band.bottom <= AREA.rows.end, "{:?}", band);
                prop_assert!(AREA.columns.start <= band.left && band.right <= AREA.columns.end);
                prop_assert!([band.left, band.top, band.right, band.bottom].iter().all(|side| side % 2 == 0));
                prop_assert!(found.bands[..index].iter().all(|other| !other.meets(band)));
            }
            for object in &objects {
                let is_moved = (lowest..=highest).contains(&object.position);
                if let (true, [Some(before), Some(now)]) = (is_moved, object.covers) {
                    prop_assert_eq!(down(before, shift), now);
                    prop_assert!(found.bands.iter().any(|band| band.intersection(&now) == now));
                } else {
                    prop_assert!(!is_moved, "{:?}", object);
                    // Where it was would be copied, where it is would be copied over.
                    let [before, now] = object.covers;
                    for part in before.map(|part| down(part, shift)).into_iter().chain(now) {
                        prop_assert!(found.bands.iter().all(|band| !band.meets(&part)), "{:?}", object);
                    }
                }
            }
        }
    }

    #[test]
    fn all_that_comes_is_moved_where_nothing_is_in_the_way() {
        let object = |at: i64| RoadObject {
            position: at * SUBPIXELS,
            covers: [0, 8].map(|now| covers(at, [40, 60], 5, now)),
        };
        let objects = vec![object(100), object(300), object(150), object(-5)];
        let found =
            MovedBands::find(objects, &RowShift { visible: [visible(0), visible(8)], rows: 8, area: AREA });
        assert_eq!(found.positions, Some([100 * SUBPIXELS, 300 * SUBPIXELS]));
        // The first from row 103 to 113, the last from 303 to 313.
        let band = |top: u32, bottom: u32| Rectangle { left: 40, top, right: 60, bottom };
        let union = band(102, 314);
        assert_eq!(found.bands.iter().fold(found.bands[0], |all, band| all.union(band)), union);
    }

    #[test]
    fn only_shifts_of_an_even_number_of_rows_downwards_are_whole() {
        assert_eq!(whole_row_shift(0, 8 * SUBPIXELS), Some(8));
        assert_eq!(whole_row_shift(8 * SUBPIXELS, 0), None);
        assert_eq!(whole_row_shift(0, 7 * SUBPIXELS), None);
        assert_eq!(whole_row_shift(0, 8 * SUBPIXELS + 1), None);
        assert_eq!((whole_row_shift(5, 5), whole_row_shift(i64::MIN, i64::MAX)), (None, None));
    }
}
