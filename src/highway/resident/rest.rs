//! What of a frame equals the previous frame moved down, and what is drawn of the rest.

use std::ops::Range;

use super::Resident;
use super::moving::{NoteRanges, Ranges};
use crate::highway::changes::CoveredAreas;
use crate::highway::dense::{self, Distances, Quiet};
use crate::highway::motion::SUBPIXELS;
use crate::highway::moved::{MovedBands, RowShift};
use crate::highway::notes::{Positions, RoadShape};
use crate::highway::visible::VisibleRange;
use strikeline_picture::{MovedArea, Rectangle};

/// What is drawn of a frame where the rest of it is moved.
#[derive(Debug, Clone)]
pub(super) enum Rest {
    /// All but these beats, kicks and gems.
    Without([Range<u32>; 3]),
    /// What lies within these parts, each with the instances that it shows.
    Within(Vec<(Rectangle, Ranges)>),
}

impl Default for Rest {
    fn default() -> Rest {
        Rest::Without(Default::default())
    }
}

impl Resident {
    /// Finds what of this frame equals the previous frame moved down by `shift`.
    pub(in crate::highway) fn find_moved_bands(&mut self, shift: &RowShift, covered: CoveredAreas<'_>) {
        let ranges = shift.visible;
        // Spans move with the road: what is copied has them.
        let mut shift = shift.clone();
        shift.area.rows.end = shift.area.rows.end.min(self.spans.moving_rows(covered.layout));
        let shift = &shift;
        let by = [0, i32::try_from(shift.rows).unwrap_or(0)];
        if self.is_dense(ranges) {
            let quiet = self.quiet(ranges[1], covered);
            let all = quiet.iter().flatten().cloned().reduce(Quiet::around_both);
            if let Some(part) = all.and_then(|all| dense::moved_part(&all, shift)) {
                self.rest = Rest::Within(self.around(&part, &quiet, ranges[1].now, covered));
                self.moved = MovedArea { by, parts: vec![part] };
            }
            return;
        }
        let mut objects = Vec::new();
        self.beats.add_objects(ranges, &mut objects, |line, ahead| covered.of_line(line, ahead));
        self.kicks.add_objects(ranges, &mut objects, |note, ahead| covered.of_note(note, ahead, true));
        self.gems.add_objects(ranges, &mut objects, |note, ahead| covered.of_note(note, ahead, false));
        let found = MovedBands::find(objects, shift);
        if let Some([lowest, highest]) = found.positions {
            let (beats, kicks) = (&self.beats.positions, &self.kicks.positions);
            let all = [beats, kicks, &self.gems.positions];
            self.rest = Rest::Without(all.map(|positions| positions.range(lowest, highest)));
        }
        self.moved = MovedArea { by, parts: found.bands };
    }

    /// Whether either of two frames shows very many objects.
    pub(super) fn is_dense(&self, ranges: [VisibleRange; 2]) -> bool {
        let (beats, kicks) = (self.beats.in_either(ranges), self.kicks.in_either(ranges));
        beats.len() + kicks.len() + self.gems.in_either(ranges).len() > dense::MANY_OBJECTS
    }

    /// Where the beats, kicks and gems of a flat road only come.
    fn quiet(&self, visible: VisibleRange, covered: CoveredAreas<'_>) -> [Option<Quiet>; 3] {
        let distances = Distances::new(visible, covered.extents.lit());
        let of_note = |is_kick| move |note: &RoadShape, ahead: i64| covered.of_note(note, ahead, is_kick);
        [
            distances.quiet(&self.beats.shapes, |line, ahead| covered.of_line(line, ahead)),
            distances.quiet(&self.kicks.shapes, of_note(true)),
            distances.quiet(&self.gems.shapes, of_note(false)),
        ]
    }

    /// The parts of a flat road that has scrolled to `now` which lie around `part`, with what they show. In the rows of
    /// `part` beats, kicks and gems lie within the columns of `quiet`.
    fn around(
        &self,
        part: &Rectangle,
        quiet: &[Option<Quiet>; 3],
        now: i64,
        covered: CoveredAreas<'_>,
    ) -> Vec<(Rectangle, Ranges)> {
        let strike = f64::from(covered.layout.strike);
        // Half the height of the tallest, and what an object touches beyond it.
        let all = [&self.beats.shapes, &self.kicks.shapes, &self.gems.shapes].into_iter().flatten();
        let reach = f64::from(all.map(|shape| shape.half_height).fold(0.0, f32::max))
            + f64::from(covered.extents.beyond());
        let position = |row: f64| now.saturating_add(((strike - row) * SUBPIXELS as f64) as i64);
        let (top, bottom) = (f64::from(part.top), f64::from(part.bottom));
        let road = self.road.rectangle();
        let above = (Rectangle { bottom: part.top, ..road }, [position(top + reach), i64::MAX]);
        let below = (Rectangle { top: part.bottom, ..road }, [i64::MIN, position(bottom - reach)]);
        let beside = [position(bottom + reach), position(top - reach)];
        let left = (Rectangle { left: 0, right: part.left, ..*part }, beside);
        let right = (Rectangle { left: part.right, right: road.right, ..*part }, beside);
        let around = [above, below, left, right].into_iter().filter(|(other, _)| !other.is_empty());
        let ranges = around.map(|(other, positions)| {
            let mut ranges = self.frame_within(positions);
            if other.top < part.bottom {
                // What shines is below.
                for notes in [&mut ranges.kicks, &mut ranges.gems] {
                    (notes.shining, notes.struck) = (0..0, 0..0);
                }
            }
            if other.top == part.top {
                let reaches = |quiet: &Option<Quiet>| {
                    let columns = quiet.as_ref().map_or(0..0, |quiet| quiet.columns.clone());
                    columns.start < other.right && other.left < columns.end
                };
                let [beats, kicks, gems] = quiet.each_ref().map(reaches);
                if !beats {
                    ranges.beats = 0..0;
                }
                if !kicks {
                    ranges.kicks = NoteRanges::default();
                }
                if !gems {
                    ranges.gems = NoteRanges::default();
                }
            }
            (other, ranges)
        });
        ranges.collect()
    }

    /// The instances of this frame with positions from `lowest` to `highest`, and all that shine.
    fn frame_within(&self, [lowest, highest]: [i64; 2]) -> Ranges {
        let cut = |range: &Range<u32>, positions: &Positions| {
            let part = positions.range(lowest, highest);
            let start = range.start.max(part.start);
            start..range.end.min(part.end).max(start)
        };
        let notes = |ranges: &NoteRanges, positions: &Positions| NoteRanges {
            coming: cut(&ranges.coming, positions),
            seen: cut(&ranges.seen, positions),
            ..ranges.clone()
        };
        Ranges {
            beats: cut(&self.frame.beats, &self.beats.positions),
            kicks: notes(&self.frame.kicks, &self.kicks.positions),
            gems: notes(&self.frame.gems, &self.gems.positions),
        }
    }
}
