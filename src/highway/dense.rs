//! Songs with more hits in sight than a picture has room for.
//!
//! What is worked out for each note in other frames is here worked out for a frame as a whole, from the few shapes that
//! notes have: where anything may have changed, and which rows are those of the previous frame moved down. What is drawn
//! of each note is limited, too: a crowded one is drawn in one piece, and of each place so many hits shine at once.

use std::collections::HashSet;
use std::ops::Range;

use super::changes::union;
use super::motion::SUBPIXELS;
use super::moved::RowShift;
use super::notes::RoadShape;
use super::visible::VisibleRange;
use strikeline_picture::Rectangle;

/// More objects than this in sight make a frame dense.
pub(super) const MANY_OBJECTS: usize = 1024;

/// The least length of a run of crowded notes that is drawn by itself: a change of pipelines costs more than it saves
/// for fewer.
const SHORTEST_RUN: u32 = 64;

/// Fewer rows than this are not worth a copy.
const FEWEST_ROWS: u32 = 16;

/// The hits of a place that shine at once: for each second that effects last, and the least.
const SHINING_PER_SECOND: f32 = 100.0;
const FEWEST_SHINING: usize = 32;

/// Hits of one place that are drawn where the place is full: as many as this, within [`FULL_WITHIN`] subpixels.
const MOST_TOGETHER: usize = 8;
const FULL_WITHIN: i64 = SUBPIXELS;

/// How many hits of one place shine at once, on either side of the strike line, where effects last for `seconds`. More
/// cannot be told apart.
pub(super) fn most_shining(seconds: f32) -> usize {
    FEWEST_SHINING.max((seconds * SHINING_PER_SECOND) as usize)
}

/// The runs of notes for which `is_crowded` holds, where they are long.
pub(super) fn crowded_runs(is_crowded: impl Iterator<Item = bool>) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for (index, _) in is_crowded.enumerate().filter(|(_, is_crowded)| *is_crowded) {
        let index = index as u32;
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs.retain(|run| run.end - run.start >= SHORTEST_RUN);
    runs
}

/// `range` in pieces, in order, each with whether it lies in one of `runs` (in order, apart) or in none.
pub(super) fn by_run(range: Range<u32>, runs: &[Range<u32>]) -> Vec<(Range<u32>, bool)> {
    let mut pieces = Vec::new();
    let mut from = range.start;
    let first = runs.partition_point(|run| run.end <= range.start);
    for run in runs[first..].iter().take_while(|run| run.start < range.end) {
        let (start, end) = (run.start.max(range.start), run.end.min(range.end));
        pieces.extend([(from..start, false), (start..end, true)]);
        from = end;
    }
    pieces.push((from..range.end, false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

/// Which notes are drawn: of those of one look (`looks`: its number for each note) that lie within a pixel, as
/// `positions` in drawing order say, the last that are drawn. Those lie over the others.
pub(super) fn are_drawn(positions: &[i64], looks: &[usize]) -> Vec<bool> {
    let mut drawn = vec![true; positions.len()];
    // The positions of the last that were kept of each look, the oldest to be replaced next.
    let count = looks.iter().max().map_or(0, |most| most + 1);
    let mut kept = vec![([0i64; MOST_TOGETHER], 0usize); count];
    for (index, (&position, &look)) in positions.iter().zip(looks).enumerate().rev() {
        let (ring, number) = &mut kept[look];
        let slot = *number % MOST_TOGETHER;
        if *number >= MOST_TOGETHER && position - ring[slot] < FULL_WITHIN {
            drawn[index] = false;
            continue;
        }
        ring[slot] = position;
        *number += 1;
    }
    drawn
}

/// Chooses from the notes of `shining`, the first of which come and those from `struck` on are struck, those that shine:
/// `most` of each place (`places`: its number for each note) on either side of the strike line, those nearest to it in
/// time. `None` where that is all of them. Returns the indices in drawing order, and how many of them come.
pub(super) fn chosen_to_shine(
    shining: Range<u32>,
    struck: u32,
    places: &[u16],
    most: usize,
) -> Option<(Vec<u32>, u32)> {
    if shining.len() <= most {
        return None;
    }
    let place = |index: u32| usize::from(places.get(index as usize).copied().unwrap_or(0));
    let mut counts: Vec<usize> = Vec::new();
    let is_chosen = |counts: &mut Vec<usize>, index: u32| {
        let place = place(index);
        if counts.len() <= place {
            counts.resize(place + 1, 0);
        }
        counts[place] += 1;
        counts[place] <= most
    };
    let struck = struck.clamp(shining.start, shining.end);
    let mut chosen: Vec<u32> =
        (shining.start..struck).rev().filter(|&index| is_chosen(&mut counts, index)).collect();
    chosen.reverse();
    let coming = chosen.len() as u32;
    counts.clear();
    chosen.extend((struck..shining.end).filter(|&index| is_chosen(&mut counts, index)));
    (chosen.len() < shining.len()).then_some((chosen, coming))
}

/// The shapes of some objects, each once.
pub(super) fn distinct(shapes: impl Iterator<Item = RoadShape>) -> Vec<RoadShape> {
    let mut known = HashSet::new();
    let bits = |shape: &RoadShape| [shape.center, shape.half_width, shape.half_height].map(f32::to_bits);
    shapes.filter(|shape| known.insert(bits(shape))).collect()
}

/// How far before the strike line objects are seen: they may be at all distances between these, in subpixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Distances {
    far: i64,
    /// From here on, objects only come: they do not shine yet.
    quiet: i64,
}

impl Distances {
    /// Those in frames that show `visible`; gems are lit up to `lit` pixels before the strike line.
    pub(super) fn new(visible: VisibleRange, lit: f32) -> Distances {
        let lit = (f64::from(lit) * SUBPIXELS as f64).ceil() as i64;
        Distances { far: visible.far - visible.now, quiet: (visible.shining - visible.now).max(lit) + 1 }
    }

    /// What one of `shapes` may cover, by what `bounds` says of it so many subpixels before the strike line. The way
    /// from the far end to the line is straight, so that its ends say where it goes.
    pub(super) fn covered<'a>(
        self,
        shapes: &'a [RoadShape],
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle> + 'a,
    ) -> impl Iterator<Item = Rectangle> + 'a {
        let whole_way = move |shape| {
            let ends = [self.far, self.quiet, 1, 0].map(|ahead| bounds(shape, ahead));
            ends.into_iter().fold(None, union)
        };
        shapes.iter().filter_map(whole_way)
    }

    /// The columns that objects cover as they come, and the rows from which on they do not only come.
    pub(super) fn quiet(
        self,
        shapes: &[RoadShape],
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle>,
    ) -> Option<Quiet> {
        let of_one = |shape| {
            let part = union(bounds(shape, self.far), bounds(shape, self.quiet))?;
            let ends = [self.quiet, self.quiet - 1, 1, 0].map(|ahead| bounds(shape, ahead));
            let top = ends.into_iter().flatten().map(|part| part.top).min().unwrap_or(part.bottom);
            Some(Quiet { columns: part.left..part.right, end: top })
        };
        shapes.iter().filter_map(of_one).reduce(Quiet::around_both)
    }
}

/// Where objects on a flat road only come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quiet {
    /// The columns that they cover.
    columns: Range<u32>,
    /// The row above which there is nothing else.
    end: u32,
}

impl Quiet {
    /// The columns of both, and the rows in which both only come.
    pub(super) fn around_both(self, other: Quiet) -> Quiet {
        Quiet {
            columns: self.columns.start.min(other.columns.start)..self.columns.end.max(other.columns.end),
            end: self.end.min(other.end),
        }
    }
}

/// The part of this frame that is the previous frame moved down by `shift`, whatever lies in it: where objects only come.
/// `None` where it is not worth a copy.
pub(super) fn moved_part(quiet: &Quiet, shift: &RowShift) -> Option<Rectangle> {
    let (rows, columns) = (&shift.area.rows, &shift.area.columns);
    if quiet.columns.start < columns.start || quiet.columns.end > columns.end {
        return None;
    }
    let part = Rectangle {
        left: quiet.columns.start / 2 * 2,
        top: (rows.start + shift.rows).next_multiple_of(2),
        right: quiet.columns.end.next_multiple_of(2).min(columns.end),
        bottom: rows.end.min(quiet.end) / 2 * 2,
    };
    (part.left < part.right && part.top + FEWEST_ROWS <= part.bottom).then_some(part)
}
