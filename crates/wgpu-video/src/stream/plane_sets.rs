//! The planes that frames are drawn into: a set for each segment in flight, so that a frame can be drawn over the
//! previous one.

use super::frame_parts::FrameParts;
use crate::gpu::Gpu;
use crate::gpu::planes::{self, PlaneKind, PlaneTarget};
use crate::scene::{Scene, SceneError};
use strikeline_picture::rectangles::MacroblockMarks;
use strikeline_picture::{FrameIndex, PictureSize, PixelFormat, SegmentPlan};

/// The planes of one frame.
#[derive(Debug)]
pub(super) struct PlaneSet {
    /// Those that the scene draws.
    pub planes: Vec<PlaneTarget>,
    content: Option<SetContent>,
    /// The macroblocks that the planes do not hold.
    left_out: MacroblockMarks,
    /// Consecutive frames that had their predecessor in this set but were drawn whole.
    drawn_whole: u32,
}

/// Which frame lies in a set.
#[derive(Debug, Clone, Copy)]
struct SetContent {
    frame: FrameIndex,
    static_layer: u32,
}

impl PlaneSet {
    /// Planes of these kinds.
    pub(super) fn new(gpu: &Gpu, kinds: &[PlaneKind], size: PictureSize) -> PlaneSet {
        let planes = kinds.iter().map(|&kind| PlaneTarget::new(&gpu.device, kind, size));
        let left_out = MacroblockMarks::new(size);
        PlaneSet { planes: planes.collect(), content: None, left_out, drawn_whole: 0 }
    }

    /// Marks the macroblocks that the planes do not hold, because the encoder has no need of them.
    pub(super) fn left_out(&mut self) -> &mut MacroblockMarks {
        &mut self.left_out
    }

    /// Draws the scene's frame over its static layer.
    ///
    /// # Errors
    /// The scene's.
    pub(super) fn draw(
        &mut self,
        commands: &mut wgpu::CommandEncoder,
        layer: &[PlaneTarget],
        scene: &dyn Scene,
    ) -> Result<(), SceneError> {
        self.left_out.clear();
        for (plane, fixed) in self.planes.iter().zip(layer) {
            plane.copy_from(commands, fixed);
            scene.draw(plane.kind, &mut plane.begin_pass(commands, None))?;
        }
        Ok(())
    }

    /// Draws the scene's frame over the previous one: `parts` are drawn or copied through the planes `scratch`.
    ///
    /// # Errors
    /// The scene's.
    pub(super) fn draw_parts(
        &mut self,
        commands: &mut wgpu::CommandEncoder,
        layer: &[PlaneTarget],
        scene: &dyn Scene,
        parts: &FrameParts,
        scratch: &[PlaneTarget],
    ) -> Result<(), SceneError> {
        self.drawn_whole = 0;
        let FrameParts { drawn, copied, not_drawn, .. } = parts;
        let copies: Vec<_> =
            copied.parts.iter().filter_map(|part| Some((copied.source(part)?, *part))).collect();
        for ((plane, fixed), scratch) in self.planes.iter().zip(layer).zip(scratch) {
            for (source, _) in &copies {
                scratch.copy_part_from(commands, plane, source);
            }
            for part in drawn {
                plane.copy_part_from(commands, fixed, part);
            }
        }
        if !drawn.is_empty() {
            let mut moved = copied.clone();
            moved.parts.extend(not_drawn);
            for plane in &self.planes {
                scene.draw_changed(plane.kind, &mut plane.begin_pass(commands, None), drawn, &moved)?;
            }
        }
        // Over what was drawn beyond the parts.
        for (plane, scratch) in self.planes.iter().zip(scratch) {
            for (source, part) in &copies {
                plane.copy_part_to(commands, scratch, source, part);
            }
        }
        Ok(())
    }

    /// Notes what was drawn.
    pub(super) fn set_content(&mut self, frame: FrameIndex, static_layer: u32) {
        self.content = Some(SetContent { frame, static_layer });
    }
}

/// The sets of all segments in flight; as many as are needed at once are made.
#[derive(Debug)]
pub(super) struct PlaneSets {
    sets: Vec<PlaneSet>,
    size: PictureSize,
    format: PixelFormat,
    /// `None`: no frame is drawn over the previous one, and one set is enough.
    plan: Option<SegmentPlan>,
    /// How many more frames are drawn into one set, whatever their segments.
    to_share: u32,
}

/// The number of consecutive frames of each segment that must make no use of the previous one before all segments share
/// one set, which stays in the processor's cache.
const UNUSED_BEFORE_SHARING: u32 = 3;

/// The number of frames for which they share it. Then each segment tries again.
const SHARING_FRAMES: u32 = 96;

/// The set that a frame is to be drawn into.
pub(super) struct SetForFrame<'a> {
    /// The set itself.
    pub set: &'a mut PlaneSet,
    /// The frame that lies in it, if that is the previous one of the same segment, on the same static layer.
    pub previous: Option<FrameIndex>,
}

impl PlaneSets {
    /// For luma and chroma of `size` and `format`; with `plan` a frame is drawn over the previous one of its segment.
    pub(super) fn new(size: PictureSize, format: PixelFormat, plan: Option<SegmentPlan>) -> PlaneSets {
        PlaneSets { sets: Vec::new(), size, format, plan, to_share: 0 }
    }

    /// The set to draw `frame` into.
    ///
    /// Where all of each frame changes, in all segments in flight, most frames get the same set and no previous one.
    pub(super) fn find(&mut self, gpu: &Gpu, frame: FrameIndex, static_layer: u32) -> SetForFrame<'_> {
        if self.shares() {
            return SetForFrame { set: &mut self.sets[0], previous: None };
        }
        let previous = |set: &PlaneSet| {
            let (plan, content) = (self.plan?, set.content?);
            let follows = content.frame.0.checked_add(1) == Some(frame.0);
            (follows && plan.segment_of(content.frame) == plan.segment_of(frame)).then_some(content)
        };
        let found = self.sets.iter().position(|set| previous(set).is_some());
        let free = || self.sets.iter().position(|set| self.is_free(set));
        let index = match found.or_else(free) {
            Some(index) => index,
            None => {
                self.sets.push(PlaneSet::new(gpu, &PlaneKind::planar(self.format), self.size));
                self.sets.len() - 1
            }
        };
        let previous = previous(&self.sets[index]).filter(|content| content.static_layer == static_layer);
        let set = &mut self.sets[index];
        // Until it is drawn in parts.
        set.drawn_whole += u32::from(previous.is_some());
        SetForFrame { set, previous: previous.map(|content| content.frame) }
    }

    /// Whether the next frame is to be drawn into the first set, whatever that holds.
    fn shares(&mut self) -> bool {
        let no_use = |set: &PlaneSet| set.drawn_whole >= UNUSED_BEFORE_SHARING;
        if self.to_share == 0 && self.sets.iter().any(no_use) {
            let of_use = |set: &PlaneSet| !no_use(set) && !self.is_free(set);
            if !self.sets.iter().any(of_use) {
                self.to_share = SHARING_FRAMES;
                for set in &mut self.sets {
                    (set.content, set.drawn_whole) = (None, UNUSED_BEFORE_SHARING - 1);
                }
            }
        }
        let shares = self.to_share > 0;
        self.to_share = self.to_share.saturating_sub(1);
        shares
    }

    /// Whether no frame will be drawn over what lies in the set.
    fn is_free(&self, set: &PlaneSet) -> bool {
        let (Some(plan), Some(content)) = (self.plan, set.content) else { return true };
        content.frame.0 + 1 >= plan.frames_of(plan.segment_of(content.frame)).end
    }
}

/// Static layers of a scene, each as the planes that the scene draws.
#[derive(Debug, Default)]
pub(super) struct StaticLayers {
    /// With the scene's numbers, those used last at the end.
    kept: Vec<(u32, Vec<PlaneTarget>)>,
}

/// Static layers that are stored. A scene that uses more in turn draws them anew each time.
const KEPT_STATIC_LAYERS: usize = 4;

impl StaticLayers {
    /// The static layer of the scene's frame; drawn first if it is not stored.
    ///
    /// # Errors
    /// The scene's.
    pub(super) fn current(
        &mut self,
        gpu: &Gpu,
        commands: &mut wgpu::CommandEncoder,
        scene: &dyn Scene,
        kinds: &[PlaneKind],
        size: PictureSize,
    ) -> Result<&[PlaneTarget], SceneError> {
        let number = scene.static_layer();
        let kept = self.kept.iter().position(|(kept, _)| *kept == number);
        let layer = match kept {
            Some(place) => self.kept.remove(place).1,
            None => {
                let planes = match self.kept.len() {
                    KEPT_STATIC_LAYERS => self.kept.remove(0).1,
                    _ => kinds.iter().map(|&kind| PlaneTarget::new(&gpu.device, kind, size)).collect(),
                };
                for plane in &planes {
                    let ground = planes::ground(plane.kind, scene.is_transparent());
                    let mut pass = plane.begin_pass(commands, Some(ground));
                    scene.draw_static(plane.kind, &mut pass)?;
                }
                planes
            }
        };
        self.kept.push((number, layer));
        Ok(&self.kept[self.kept.len() - 1].1)
    }
}
