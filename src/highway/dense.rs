//! Songs with more hits in sight than a picture has room for.
//!
//! What is worked out for each note in other frames is here worked out for a frame as a whole, from the few shapes that
//! notes have: where anything may have changed, and which rows are those of the previous frame moved down. What is drawn
//! of each note is limited, too: a crowded one is drawn in one piece, and of each place so many hits shine at once.

use std::collections::HashSet;
use std::ops::Range;

use super::changes::union;
use super::motion::SUBPIXELS;
use super::moved::ComingArea;
use super::notes::RoadShape;
use super::visible::VisibleRange;
use strikeline_picture::Rectangle;

/// More objects than this in sight make a frame dense. From about so many on, the road as a whole is cheaper than its
/// objects one by one, whatever the theme and the size of the picture: the areas around them cover most of it.
pub(super) const MANY_OBJECTS: usize = 160;

/// The least length of a run of crowded notes that is drawn by itself: a change of pipelines costs more than it saves
/// for fewer.
const SHORTEST_RUN: u32 = 64;

/// The hits of a place that shine at once: for each second that effects last, and the least.
const SHINING_PER_SECOND: f32 = 40.0;
const FEWEST_SHINING: usize = 12;

/// Hits that are drawn over a hit within [`FULL_WITHIN`] subpixels before it is left out.
const MOST_TOGETHER: usize = 3;
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

/// What a note looks like, as far as it decides what it hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NoteLook {
    /// Middle across, half width and half height, as bits.
    pub shape: [u32; 3],
    /// Whether it has the corners of a cymbal.
    pub is_cymbal: bool,
    /// How opaque the body is, 0 to 255.
    pub fill: u8,
    /// Width of the outline.
    pub outline: u8,
}

impl NoteLook {
    /// Whether a note that looks like this hides one that looks like `other` where it lies over it, but for the edges.
    fn hides(&self, other: &NoteLook) -> bool {
        let [[place, width, height], [other_place, other_width, other_height]] =
            [self.shape, other.shape].map(|shape| shape.map(f32::from_bits));
        self == other
            || (self.fill == u8::MAX
                && (!self.is_cymbal || other.is_cymbal)
                && place == other_place
                && width >= other_width
                && height >= other_height)
    }
}

/// Which notes are drawn: all but those that lie under [`MOST_TOGETHER`] others within a pixel, each of which hides them.
/// `positions` and the number of each note's look, of `looks`, are in drawing order: the last that are drawn lie over the
/// others.
pub(super) fn are_drawn(positions: &[i64], numbers: &[usize], looks: &[NoteLook]) -> Vec<bool> {
    let mut drawn = vec![true; positions.len()];
    let hiding = |look: &NoteLook| -> Vec<usize> {
        (0..looks.len()).filter(|&other| looks[other].hides(look)).collect()
    };
    let hiding: Vec<Vec<usize>> = looks.iter().map(hiding).collect();
    // The positions of the last that were kept of each look, the oldest to be replaced next.
    let mut kept = vec![([i64::MIN; MOST_TOGETHER], 0usize); looks.len()];
    for (index, (&position, &look)) in positions.iter().zip(numbers).enumerate().rev() {
        let over = hiding[look].iter().flat_map(|&other| kept[other].0);
        if over.filter(|&other| position.saturating_sub(other) < FULL_WITHIN).count() >= MOST_TOGETHER {
            drawn[index] = false;
            continue;
        }
        let (ring, number) = &mut kept[look];
        ring[*number % MOST_TOGETHER] = position;
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
    let bits = |shape: &RoadShape| {
        ([shape.center, shape.half_width, shape.half_height].map(f32::to_bits), shape.is_accent)
    };
    shapes.filter(|shape| known.insert(bits(shape))).collect()
}

/// How far before the strike line objects are seen: they may be at all distances between these, in subpixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distances {
    far: i64,
    /// What is as far or nearer was in sight in the previous frame, too.
    seen_before: i64,
    /// From here on, objects only come: they do not shine yet.
    quiet: i64,
    /// The farthest that may shine, and where a light may reach farthest.
    lit: [i64; LIT],
    /// From the strike to the end of its effects.
    struck: [i64; STRUCK],
}

/// Distances at which the reach of a gem's light is looked at.
const LIT: usize = 64;

/// Times at which the effects of a struck note are looked at.
const STRUCK: usize = 9;

impl Distances {
    /// Those in the second of two frames that follow each other, which show `visible`; gems are lit up to `lit` pixels before
    /// the strike line.
    pub(super) fn new([before, now]: [VisibleRange; 2], lit: f32) -> Distances {
        let lit = (f64::from(lit) * SUBPIXELS as f64).ceil() as i64;
        Distances {
            far: now.far - now.now,
            seen_before: before.far - now.now,
            quiet: (now.shining - now.now).max(lit) + 1,
            lit: std::array::from_fn(|step| lit - lit * step as i64 / LIT as i64),
            struck: std::array::from_fn(|step| {
                (now.struck + 1 - now.now) * step as i64 / (STRUCK as i64 - 1)
            }),
        }
    }

    /// Distances at which what is near covers most.
    fn near(self) -> impl Iterator<Item = i64> {
        // Between two of so many steps light reaches less than a pixel farther.
        self.lit.into_iter().chain([self.quiet, self.quiet - 1, 1]).chain(self.struck)
    }

    /// Where objects of `shapes` only come, by what `bounds` says of them so many subpixels before the strike line; `is_up`:
    /// whether they come from below. `None` where there are no shapes.
    pub(super) fn coming(
        self,
        shapes: &[RoadShape],
        is_up: bool,
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle>,
    ) -> Option<ComingArea> {
        let of_one = |shape| {
            let all = union(bounds(shape, self.far), bounds(shape, self.quiet))?;
            // In the previous frame what is as far as this was farther by the shift, so that this is enough for both.
            let near = self.near().filter_map(|ahead| bounds(shape, ahead));
            let entering = bounds(shape, self.seen_before);
            let (mut start, mut end) = (0, u32::MAX);
            if is_up {
                start = near.map(|part| part.bottom).max().unwrap_or(0);
                end = entering.map_or(end, |part| part.top);
            } else {
                end = near.map(|part| part.top).min().unwrap_or(end);
                start = entering.map_or(start, |part| part.bottom);
            }
            Some(ComingArea { columns: all.left..all.right, rows: start..end })
        };
        shapes.iter().filter_map(of_one).reduce(ComingArea::of_both)
    }

    /// What one of `shapes` may cover, by what `bounds` says of it so many subpixels before the strike line. The way
    /// from the far end to the line is straight, so that its ends say where it goes.
    pub(super) fn covered<'a>(
        self,
        shapes: &'a [RoadShape],
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle> + 'a,
    ) -> impl Iterator<Item = Rectangle> + 'a {
        let whole_way = move |shape| {
            let ends =
                [self.far, self.quiet].into_iter().chain(self.near()).map(|ahead| bounds(shape, ahead));
            ends.fold(None, union)
        };
        shapes.iter().filter_map(whole_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Positions in drawing order, latest first, with a number from 0 to 2 for each.
    fn placed(within: i64, most: usize) -> impl Strategy<Value = Vec<(i64, u16)>> {
        prop::collection::vec((0..within, 0u16..3), 0..most).prop_map(|mut placed| {
            placed.sort_unstable_by_key(|(position, _)| std::cmp::Reverse(*position));
            placed
        })
    }

    proptest! {
        #[test]
        fn a_note_is_left_out_only_below_three_that_hide_it_within_a_pixel(placed in placed(2000, 200)) {
            // Of one place: a note, a smaller hollow one, and a larger one.
            let look = |size: f32, fill| NoteLook { shape: [9.0, size, size].map(f32::to_bits), is_cymbal: false, fill, outline: 1 };
            let looks = [look(4.0, 255), look(3.0, 90), look(5.0, 255)];
            let positions: Vec<i64> = placed.iter().map(|(position, _)| *position).collect();
            let numbers: Vec<usize> = placed.iter().map(|(_, look)| usize::from(*look)).collect();
            let drawn = are_drawn(&positions, &numbers, &looks);
            for index in 0..placed.len() {
                let over = (index + 1..placed.len()).filter(|&other| {
                    let hides = [[true, false, true], [true, true, true], [false, false, true]];
                    drawn[other]
                        && hides[numbers[index]][numbers[other]]
                        && positions[index] - positions[other] < FULL_WITHIN
                });
                prop_assert_eq!(drawn[index], over.count() < MOST_TOGETHER);
            }
        }

        #[test]
        fn of_each_place_the_notes_nearest_to_the_strike_line_shine(
            placed in placed(100, 80), line in 0i64..100, most in 1usize..12,
        ) {
            let places: Vec<u16> = placed.iter().map(|(_, place)| *place).collect();
            let count = placed.len() as u32;
            let struck = placed.partition_point(|(position, _)| *position > line) as u32;
            let shines = |index: u32| {
                let nearer = if index < struck { index + 1..struck } else { struck..index };
                let place = places[index as usize];
                nearer.filter(|&other| places[other as usize] == place).count() < most
            };
            let expected: Vec<u32> = (0..count).filter(|&index| shines(index)).collect();
            match chosen_to_shine(0..count, struck, &places, most) {
                None => prop_assert_eq!(expected.len(), placed.len()),
                Some((chosen, coming)) => {
                    prop_assert!(chosen.len() < placed.len());
                    prop_assert_eq!(coming as usize, chosen.iter().filter(|&&index| index < struck).count());
                    prop_assert_eq!(chosen, expected);
                }
            }
        }

        #[test]
        fn runs_are_long_and_pieces_are_in_order(
            lengths in prop::collection::vec((0usize..200, any::<bool>()), 0..8), from in 0u32..700, length in 0u32..700,
        ) {
            let crowded: Vec<bool> = lengths.iter().flat_map(|&(length, is)| vec![is; length]).collect();
            let runs = crowded_runs(crowded.iter().copied());
            let is_in_run = |index: usize| runs.iter().any(|run| run.contains(&(index as u32)));
            for index in 0..crowded.len() {
                let same = |index: &usize| crowded[*index];
                let length = (index..crowded.len()).take_while(same).count() + (0..index).rev().take_while(same).count();
                prop_assert_eq!(is_in_run(index), crowded[index] && length >= SHORTEST_RUN as usize);
            }
            let pieces = by_run(from..from + length, &runs);
            let indices: Vec<u32> = pieces.iter().flat_map(|(piece, _)| piece.clone()).collect();
            prop_assert!(indices.into_iter().eq(from..from + length));
            for (piece, is_crowded) in pieces {
                prop_assert!(piece.into_iter().all(|index| is_in_run(index as usize) == is_crowded));
            }
        }
    }

    #[test]
    fn no_roll_chord_or_flam_is_full() {
        // Fifty hits a second at 60 pixels a second, each doubled by another track, with a flam before it.
        let mut positions: Vec<i64> =
            (0..100i64).flat_map(|index| [index * 307, index * 307, index * 307 + 60]).collect();
        positions.sort_unstable_by(|one, other| other.cmp(one));
        let look = NoteLook { shape: [0; 3], is_cymbal: false, fill: 255, outline: 0 };
        assert!(are_drawn(&positions, &vec![0; positions.len()], &[look]).into_iter().all(|drawn| drawn));
    }

    #[test]
    fn other_places_hide_nothing() {
        let look = |center: f32| NoteLook {
            shape: [center, 4.0, 4.0].map(f32::to_bits),
            is_cymbal: false,
            fill: 255,
            outline: 1,
        };
        let numbers: Vec<usize> = (0..12).map(|index| index % 4).collect();
        let looks = [1.0, 2.0, 3.0, 4.0].map(look);
        assert!(are_drawn(&[0; 12], &numbers, &looks).into_iter().all(|drawn| drawn));
    }
}
