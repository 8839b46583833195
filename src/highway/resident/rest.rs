//! What of a frame equals the previous frame, moved, and what is drawn of the rest.

use std::ops::Range;

use super::Resident;
use crate::highway::changes::CoveredAreas;
use crate::highway::dense::{self, Distances};
use crate::highway::moved::{ComingArea, RowShift};
use crate::highway::notes::RoadShape;
use crate::highway::visible::VisibleRange;
use strikeline_picture::{MovedArea, Rectangle};

impl Resident {
    /// Finds what of this frame equals the previous frame moved by `shift`.
    pub(in crate::highway) fn find_moved(&mut self, shift: &RowShift, covered: CoveredAreas<'_>) {
        let layout = covered.layout;
        let kinds = self.coming(shift, covered);
        // Spans move with the road, too.
        let resting = self.spans.moving_from();
        let spans = match layout.reverse {
            false => 0..layout.strike.saturating_sub(resting),
            true => layout.strike + resting..u32::MAX,
        };
        let coming = kinds.iter().flatten().cloned().reduce(ComingArea::of_both);
        let rows = coming.map_or(0..u32::MAX, |coming| coming.rows);
        let rows = rows.start.max(spans.start)..rows.end.min(spans.end);
        let Some(mut part) = shift.part(&rows) else { return };
        let columns_of =
            |coming: &Option<ComingArea>| coming.as_ref().map_or(0..0, |coming| coming.columns.clone());
        let lies_within = |coming: &Option<ComingArea>, part: &Rectangle| {
            let columns = columns_of(coming);
            columns.is_empty() || part.left <= columns.start && columns.end <= part.right
        };
        if !kinds.iter().all(|coming| lies_within(coming, &part)) {
            // What reaches beyond it is drawn, in whole macroblocks.
            (part.left, part.right) = (part.left.next_multiple_of(16), part.right / 16 * 16);
            if part.is_empty() {
                return;
            }
        }
        // Half the height of the tallest, and what an object touches beyond it.
        let all = [&self.beats.shapes, &self.kicks.shapes, &self.gems.shapes].into_iter().flatten();
        let reach = all.map(|shape| shape.half_height).fold(0.0, f32::max) + covered.extents.beyond();
        if let Some(distances) = shift.distances_within(&part, layout.strike, reach) {
            let positions = distances.map(|ahead| shift.visible[1].now.saturating_add(ahead));
            let [beats, kicks, gems] = kinds.each_ref().map(|coming| lies_within(coming, &part));
            let [lowest, highest] = positions;
            let without = |lies_within: bool, range: Range<u32>| if lies_within { range } else { 0..0 };
            self.without = [
                without(beats, self.beats.positions.range(lowest, highest)),
                without(kicks, self.kicks.positions.range(lowest, highest)),
                without(gems, self.gems.positions.range(lowest, highest)),
            ];
        }
        self.moved = MovedArea { by: [0, shift.rows], parts: vec![part] };
    }

    /// Whether either of two frames shows very many objects.
    pub(super) fn is_dense(&self, ranges: [VisibleRange; 2]) -> bool {
        let (beats, kicks) = (self.beats.in_either(ranges), self.kicks.in_either(ranges));
        beats.len() + kicks.len() + self.gems.in_either(ranges).len() > dense::MANY_OBJECTS
    }

    /// Where the beats, kicks and gems of a flat road only come.
    fn coming(&mut self, shift: &RowShift, covered: CoveredAreas<'_>) -> [Option<ComingArea>; 3] {
        let distances = Distances::new(shift.visible, covered.extents.lit());
        if let Some((known, coming)) = &self.coming
            && *known == distances
        {
            return coming.clone();
        }
        let is_up = covered.layout.reverse;
        let of_note = |is_kick| move |note: &RoadShape, ahead: i64| covered.of_note(note, ahead, is_kick);
        let coming = [
            distances.coming(&self.beats.shapes, is_up, |line, ahead| covered.of_line(line, ahead)),
            distances.coming(&self.kicks.shapes, is_up, of_note(true)),
            distances.coming(&self.gems.shapes, is_up, of_note(false)),
        ];
        self.coming = Some((distances, coming.clone()));
        coming
    }
}
