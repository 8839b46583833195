//! What moves along the road, in the order of its positions, and which of it a frame shows.

use std::ops::Range;

use super::instances::Instances;
use crate::highway::changes;
use crate::highway::dense;
use crate::highway::notes::{HasRoadShape, NoteInstance, RoadShape};
use crate::highway::placement::{self, Positions};
use crate::highway::visible::VisibleRange;
use strikeline_picture::Rectangle;
use wgpu_video::gpu::Gpu;
use wgpu_video::scene::SceneError;

/// The instances of one frame.
#[derive(Debug, Default, Clone)]
pub(super) struct Ranges {
    pub(super) beats: Range<u32>,
    pub(super) kicks: NoteRanges,
    pub(super) gems: NoteRanges,
}

#[derive(Debug, Default, Clone)]
pub(super) struct NoteRanges {
    /// Those that come; these, and those that flash.
    pub(super) coming: Range<u32>,
    pub(super) seen: Range<u32>,
    pub(super) shining: Range<u32>,
    pub(super) struck: Range<u32>,
    /// Whether `shining` and `struck` are ranges of [`Moving::chosen`]. Where they flash, `seen` is without them.
    pub(super) are_chosen: bool,
    pub(super) flash: bool,
}

/// Instances in the order of their positions on the path.
#[derive(Debug)]
pub(super) struct Moving<T> {
    pub(super) positions: Positions,
    items: Vec<T>,
    /// Each shape that they have.
    pub(super) shapes: Vec<RoadShape>,
    /// Runs of crowded notes.
    pub(super) crowded: Vec<Range<u32>>,
    /// The place of each note; empty where no frame chooses some of them.
    places: Vec<u16>,
    pub(super) instances: Instances<T>,
    /// Those that were chosen for this frame.
    pub(super) chosen: Instances<T>,
}

impl<T: bytemuck::NoUninit + HasRoadShape> Moving<T> {
    pub(super) fn new(gpu: &Gpu, what: &str, placed: (Positions, Vec<T>)) -> Result<Moving<T>, SceneError> {
        Ok(Moving {
            instances: Instances::new(gpu, what, &placed.1)?,
            shapes: dense::distinct(placed.1.iter().map(HasRoadShape::road_shape)),
            crowded: Vec::new(),
            places: Vec::new(),
            chosen: Instances::new(gpu, what, &[])?,
            items: placed.1,
            positions: placed.0,
        })
    }

    /// The instances that either of two frames may show.
    pub(super) fn in_either(&self, [before, now]: [VisibleRange; 2]) -> Range<u32> {
        self.positions.range(before.struck.min(now.struck), before.far.max(now.far))
    }

    /// Adds to `parts` what lies on the road in either of two frames, by what `bounds` says of each: its size,
    /// and the subpixels that it is ahead of the strike line.
    pub(super) fn add_changed(
        &self,
        [before, now]: [VisibleRange; 2],
        parts: &mut Vec<Rectangle>,
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle>,
    ) {
        let range = self.in_either([before, now]);
        let items = self.items.get(range.start as usize..range.end as usize).unwrap_or_default();
        for (&position, item) in self.positions.in_range(range).iter().zip(items) {
            let at = |visible: VisibleRange| bounds(&item.road_shape(), position - visible.now);
            parts.extend(changes::union(at(before), at(now)));
        }
    }
}

impl Moving<NoteInstance> {
    /// Adds to `parts` what the notes that are struck in one of two frames cover in each of them, by what `bounds` says.
    pub(super) fn add_struck(
        &self,
        ranges: [VisibleRange; 2],
        parts: &mut Vec<Rectangle>,
        bounds: impl Fn(&RoadShape, i64) -> Option<[Rectangle; 4]>,
    ) {
        for visible in ranges {
            let range = self.positions.range(visible.struck, visible.now);
            let items = self.items.get(range.start as usize..range.end as usize).unwrap_or_default();
            for (&position, item) in self.positions.in_range(range).iter().zip(items) {
                parts.extend(bounds(&item.road_shape(), position - visible.now).into_iter().flatten());
            }
        }
    }

    /// The notes of a song, of which `most` of a place shine at once.
    pub(super) fn notes(
        gpu: &Gpu,
        what: &str,
        placed: (Positions, Vec<NoteInstance>),
        most: usize,
    ) -> Result<Moving<NoteInstance>, SceneError> {
        let mut moving = Moving::new(gpu, what, placed)?;
        moving.crowded = dense::crowded_runs(moving.items.iter().map(NoteInstance::is_crowded));
        if moving.positions.len() > most {
            moving.places = placement::places(&moving.items);
            let places = moving.places.iter().max().map_or(0, |last| usize::from(*last) + 1);
            // On either side of the strike line.
            moving.chosen = Instances::writable(gpu, what, (places * most * 2).min(moving.items.len()))?;
        }
        Ok(moving)
    }

    /// The notes of a frame; those of them that are chosen to shine are uploaded.
    pub(super) fn ranges(
        &self,
        queue: &wgpu::Queue,
        visible: VisibleRange,
        flash: bool,
        most: usize,
    ) -> NoteRanges {
        let range = |lowest, highest| self.positions.range(lowest, highest);
        let all = NoteRanges {
            coming: range(visible.now, visible.far),
            // Those that are struck are drawn as long as they flash.
            seen: range(if flash { visible.struck } else { visible.now }, visible.far),
            shining: range(visible.struck, visible.shining),
            struck: range(visible.struck, visible.now),
            are_chosen: false,
            flash,
        };
        if self.places.is_empty() {
            return all;
        }
        let chosen = dense::chosen_to_shine(all.shining.clone(), all.struck.start, &self.places, most);
        let Some((chosen, coming)) = chosen else { return all };
        let items: Vec<NoteInstance> =
            chosen.iter().filter_map(|&index| self.items.get(index as usize).copied()).collect();
        self.chosen.write(queue, &items);
        NoteRanges {
            seen: if flash { range(visible.now + 1, visible.far) } else { all.seen },
            shining: 0..items.len() as u32,
            struck: coming..items.len() as u32,
            are_chosen: true,
            ..all
        }
    }

    /// The instances that shine.
    pub(super) fn shining(&self, ranges: &NoteRanges) -> &Instances<NoteInstance> {
        if ranges.are_chosen { &self.chosen } else { &self.instances }
    }
}
