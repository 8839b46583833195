//! What of the road is the frame before, moved: where only things lie that come, over ground that is the same
//! all along.
//!
//! What is drawn of a thing that comes depends on the place within it alone (`shaders/gems.wgsl`), so after a way of
//! whole samples it is the same picture elsewhere. Copying costs a fraction of drawing.

use std::ops::Range;

use super::motion::SUBPIXELS;
use super::resident::Reach;
use strikeline_picture::Rectangle;
use wgpu_video::scene::COPY_COST;

/// A thing on the road in two frames.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    /// Subpixels along the path.
    pub position: i64,
    /// What it may cover in the frame before and in this one; `None` for nothing.
    pub covers: [Option<Rectangle>; 2],
}

/// Where the static layer is the same in all rows, and things may be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Rows of the picture.
    pub rows: Range<u32>,
    /// Columns of the picture; both are even.
    pub columns: Range<u32>,
}

/// What is moved rather than drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovedThings {
    /// The lowest and highest of their positions; `None` when there are none.
    pub positions: Option<[i64; 2]>,
    /// Where they are in this frame, and nothing else is; sides are even.
    pub bands: Vec<Rectangle>,
}

/// By how many rows things on a flat road come down from one scroll to another, if that is an even number; chroma
/// rows are half as many.
pub fn whole_way(before: i64, now: i64) -> Option<u32> {
    let way = now.checked_sub(before)?;
    let pixels = u32::try_from(way / SUBPIXELS).ok()?;
    (way > 0 && way % (2 * SUBPIXELS) == 0).then_some(pixels)
}

impl MovedThings {
    /// Of all `things` that either frame shows, those that may be moved down by `way` rows within `ground`.
    pub fn find(mut things: Vec<Thing>, [before, now]: [Reach; 2], way: u32, ground: Ground) -> MovedThings {
        let Ground { mut rows, columns } = ground;
        // From the far end, which is at the top.
        things.sort_unstable_by_key(|thing| std::cmp::Reverse(thing.position));
        // Where a thing must not meet what is moved, in rows of this frame.
        let spans: Vec<Range<u32>> = things.iter().map(|thing| span(thing, way)).collect();
        // Those that lie in the middle in both frames.
        let far = things.partition_point(|thing| thing.position > before.far);
        let near = things.partition_point(|thing| thing.position > now.shining);
        rows.start = (rows.start + way).max(lowest(&spans[..far.min(near)]));
        rows.end = rows.end.min(highest(&spans[near..]));
        let mut middle = far.min(near)..near;
        // Those that reach beyond are drawn, and those that these meet.
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
        let moved = things.get(middle).unwrap_or_default();
        let (Some(first), Some(last)) = (moved.first(), moved.last()) else { return MovedThings::default() };
        let lies_within = |part: &Rectangle| columns.start <= part.left && part.right <= columns.end;
        if !moved.iter().flat_map(|thing| thing.covers.iter().flatten()).all(lies_within) {
            return MovedThings::default();
        }
        MovedThings {
            positions: Some([last.position, first.position]),
            bands: bands(moved.iter().filter_map(|thing| thing.covers[1]), columns.end),
        }
    }
}

/// The rows, from an even one to an even one, that `thing` covers in this frame, or the frame before moved down by `way`.
fn span(thing: &Thing, way: u32) -> Range<u32> {
    let rows = |part: Option<Rectangle>, way: u32| {
        part.map(|part| ((part.top + way) / 2 * 2, (part.bottom + way).next_multiple_of(2)))
    };
    match (rows(thing.covers[0], way), rows(thing.covers[1], 0)) {
        (Some(one), Some(other)) => one.0.min(other.0)..one.1.max(other.1),
        (Some(one), None) | (None, Some(one)) => one.0..one.1,
        (None, None) => 0..0,
    }
}

/// Where the lowest of `spans` ends; the top when there is none.
fn lowest(spans: &[Range<u32>]) -> u32 {
    spans.iter().map(|span| span.end).max().unwrap_or(0)
}

/// Where the highest of `spans` begins; below everything when there is none.
fn highest(spans: &[Range<u32>]) -> u32 {
    spans.iter().filter(|span| !span.is_empty()).map(|span| span.start).min().unwrap_or(u32::MAX)
}

/// Bands with even sides around `parts`, which come from the top and lie left of `end`: parts near each other in one.
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

/// Rows of `width` samples that may as well be copied with their neighbours as left out by one copy more.
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
    const GROUND: Ground = Ground { rows: 24..360, columns: 20..100 };

    fn reach(now: i64) -> Reach {
        let pixels = |pixels: i64| (now + pixels) * SUBPIXELS;
        Reach { now: pixels(0), struck: pixels(-60), shining: pixels(30), far: pixels(FAR) }
    }

    /// A thing whose middle is `at` pixels along the path when the strike line is at `now`.
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

    fn things(way: u32) -> impl Strategy<Value = Vec<Thing>> {
        let thing = (-80i64..440, 20u32..90, 2u32..30, 1i64..20, prop::bool::weighted(0.03)).prop_map(
            move |(at, left, width, half_height, is_beyond)| {
                let right = if is_beyond { 101 } else { (left + width).min(100) };
                let cover = |now: i64| covers(at, [left, right], half_height, now);
                Thing { position: at * SUBPIXELS, covers: [cover(0), cover(way.into())] }
            },
        );
        prop::collection::vec(thing, 0..20)
    }

    fn down(part: Rectangle, way: u32) -> Rectangle {
        Rectangle { top: part.top + way, bottom: part.bottom + way, ..part }
    }

    proptest! {
        #[test]
        fn only_what_comes_is_moved_and_it_meets_nothing_else(
            (way, things) in (1u32..20).prop_flat_map(|half| (Just(half * 2), things(half * 2))),
        ) {
            let reaches = [reach(0), reach(way.into())];
            let found = MovedThings::find(things.clone(), reaches, way, GROUND);
            let Some([lowest, highest]) = found.positions else {
                prop_assert!(found.bands.is_empty());
                return Ok(());
            };
            prop_assert!(lowest > reaches[1].shining && highest <= reaches[0].far);
            for (index, band) in found.bands.iter().enumerate() {
                prop_assert!(GROUND.rows.start + way <= band.top && band.bottom <= GROUND.rows.end, "{:?}", band);
                prop_assert!(GROUND.columns.start <= band.left && band.right <= GROUND.columns.end);
                prop_assert!([band.left, band.top, band.right, band.bottom].iter().all(|side| side % 2 == 0));
                prop_assert!(found.bands[..index].iter().all(|other| !other.meets(band)));
            }
            for thing in &things {
                let is_moved = (lowest..=highest).contains(&thing.position);
                if let (true, [Some(before), Some(now)]) = (is_moved, thing.covers) {
                    prop_assert_eq!(down(before, way), now);
                    prop_assert!(found.bands.iter().any(|band| band.intersection(&now) == now));
                } else {
                    prop_assert!(!is_moved, "{:?}", thing);
                    // Where it was would be copied, where it is would be copied over.
                    let [before, now] = thing.covers;
                    for part in before.map(|part| down(part, way)).into_iter().chain(now) {
                        prop_assert!(found.bands.iter().all(|band| !band.meets(&part)), "{:?}", thing);
                    }
                }
            }
        }
    }

    #[test]
    fn all_that_comes_is_moved_where_nothing_is_in_the_way() {
        let thing = |at: i64| Thing {
            position: at * SUBPIXELS,
            covers: [0, 8].map(|now| covers(at, [40, 60], 5, now)),
        };
        let things = vec![thing(100), thing(300), thing(150), thing(-5)];
        let found = MovedThings::find(things, [reach(0), reach(8)], 8, GROUND);
        assert_eq!(found.positions, Some([100 * SUBPIXELS, 300 * SUBPIXELS]));
        // The first from row 103 to 113, the last from 303 to 313.
        let band = |top: u32, bottom: u32| Rectangle { left: 40, top, right: 60, bottom };
        let union = band(102, 314);
        assert_eq!(found.bands.iter().fold(found.bands[0], |all, band| all.union(band)), union);
    }

    #[test]
    fn only_ways_of_an_even_number_of_rows_downwards_are_whole() {
        assert_eq!(whole_way(0, 8 * SUBPIXELS), Some(8));
        assert_eq!(whole_way(8 * SUBPIXELS, 0), None);
        assert_eq!(whole_way(0, 7 * SUBPIXELS), None);
        assert_eq!(whole_way(0, 8 * SUBPIXELS + 1), None);
        assert_eq!((whole_way(5, 5), whole_way(i64::MIN, i64::MAX)), (None, None));
    }
}
