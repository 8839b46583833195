//! The planes that frames are drawn into: a set for each segment in flight, so that a frame can be made of the
//! one before it.

use crate::gpu::Gpu;
use crate::gpu::planes::{self, PlaneKind, PlaneTarget};
use crate::scene::Scene;
use strikeline_picture::{FrameIndex, MovedArea, PictureSize, Rectangle, SegmentPlan};

/// The planes of one frame.
#[derive(Debug)]
pub struct PlaneSet {
    /// Those that the scene draws.
    pub planes: Vec<PlaneTarget>,
    held: Option<Held>,
    /// Frames in a row that found the one before them here and were drawn whole nevertheless.
    in_vain: u32,
}

/// What a set holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    frame: FrameIndex,
    static_layer: u32,
}

impl PlaneSet {
    /// Planes of these kinds.
    pub fn new(gpu: &Gpu, kinds: &[PlaneKind], size: PictureSize) -> PlaneSet {
        let planes = kinds.iter().map(|&kind| PlaneTarget::new(&gpu.device, kind, size));
        PlaneSet { planes: planes.collect(), held: None, in_vain: 0 }
    }

    /// Draws the scene's frame over its static layer.
    pub fn draw(&self, commands: &mut wgpu::CommandEncoder, layer: &[PlaneTarget], scene: &dyn Scene) {
        for (plane, fixed) in self.planes.iter().zip(layer) {
            plane.copy_from(commands, fixed);
            scene.draw(plane.kind, &mut plane.begin_pass(commands, None));
        }
    }

    /// Makes the frame that is there the scene's frame, from which it differs in `parts` alone; of these what is
    /// `moved` is copied by way of the planes `aside`.
    pub fn draw_parts(
        &mut self,
        commands: &mut wgpu::CommandEncoder,
        layer: &[PlaneTarget],
        scene: &dyn Scene,
        parts: &[Rectangle],
        (moved, aside): (&MovedArea, &[PlaneTarget]),
    ) {
        self.in_vain = 0;
        if parts.is_empty() {
            return;
        }
        for ((plane, fixed), aside) in self.planes.iter().zip(layer).zip(aside) {
            let sources: Vec<_> = moved.parts.iter().filter_map(|part| moved.source(part)).collect();
            for source in &sources {
                aside.copy_part_from(commands, plane, source);
            }
            for part in parts {
                plane.copy_part_from(commands, fixed, part);
            }
            for (source, part) in sources.iter().zip(&moved.parts) {
                plane.copy_part_to(commands, aside, source, part);
            }
        }
        for plane in &self.planes {
            scene.draw_changed(plane.kind, &mut plane.begin_pass(commands, None), parts, moved);
        }
    }

    /// Notes what was drawn.
    pub fn hold(&mut self, frame: FrameIndex, static_layer: u32) {
        self.held = Some(Held { frame, static_layer });
    }
}

/// The sets of all segments in flight; as many as are needed at once are made.
#[derive(Debug)]
pub struct PlaneSets {
    sets: Vec<PlaneSet>,
    size: PictureSize,
    /// `None`: no frame is made of the one before it, and one set is enough.
    plan: Option<SegmentPlan>,
    /// Frames that are still to be drawn into one set, whichever their segments.
    to_share: u32,
}

/// So many frames of each segment in vain, and all segments share one set, which stays in the processor's cache.
const MOST_IN_VAIN: u32 = 3;

/// For so many frames; then each segment tries again.
const SHARING_FRAMES: u32 = 96;

/// A set for a frame.
pub struct Found<'a> {
    /// The set itself.
    pub set: &'a mut PlaneSet,
    /// The frame that it holds, if that is the one before in the same segment and on the same static layer.
    pub previous: Option<FrameIndex>,
}

impl PlaneSets {
    /// For luma and chroma of `size`; with `plan` a frame finds the one before it in its segment.
    pub fn new(size: PictureSize, plan: Option<SegmentPlan>) -> PlaneSets {
        PlaneSets { sets: Vec::new(), size, plan, to_share: 0 }
    }

    /// The set to draw `frame` into.
    ///
    /// Where all of each frame changes, in all segments in flight, most frames get the same set and no previous one.
    pub fn find(&mut self, gpu: &Gpu, frame: FrameIndex, static_layer: u32) -> Found<'_> {
        if self.shares() {
            return Found { set: &mut self.sets[0], previous: None };
        }
        let previous = |set: &PlaneSet| {
            let (plan, held) = (self.plan?, set.held?);
            let follows = held.frame.0.checked_add(1) == Some(frame.0);
            (follows && plan.segment_of(held.frame) == plan.segment_of(frame)).then_some(held)
        };
        let found = self.sets.iter().position(|set| previous(set).is_some());
        let free = || self.sets.iter().position(|set| self.is_free(set));
        let index = match found.or_else(free) {
            Some(index) => index,
            None => {
                self.sets.push(PlaneSet::new(gpu, &PlaneKind::PLANAR, self.size));
                self.sets.len() - 1
            }
        };
        let previous = previous(&self.sets[index]).filter(|held| held.static_layer == static_layer);
        let set = &mut self.sets[index];
        // Until it is drawn in parts.
        set.in_vain += u32::from(previous.is_some());
        Found { set, previous: previous.map(|held| held.frame) }
    }

    /// Whether the next frame is to be drawn into the first set, whatever that holds.
    fn shares(&mut self) -> bool {
        let in_vain = |set: &PlaneSet| set.in_vain >= MOST_IN_VAIN;
        if self.to_share == 0 && self.sets.iter().any(in_vain) {
            let spared = |set: &PlaneSet| !in_vain(set) && !self.is_free(set);
            if !self.sets.iter().any(spared) {
                self.to_share = SHARING_FRAMES;
                for set in &mut self.sets {
                    (set.held, set.in_vain) = (None, MOST_IN_VAIN - 1);
                }
            }
        }
        let shares = self.to_share > 0;
        self.to_share = self.to_share.saturating_sub(1);
        shares
    }

    /// Whether no frame will be made of what the set holds.
    fn is_free(&self, set: &PlaneSet) -> bool {
        let (Some(plan), Some(held)) = (self.plan, set.held) else { return true };
        held.frame.0 + 1 >= plan.frames_of(plan.segment_of(held.frame)).end
    }
}

/// Static layers of a scene, each as the planes that the scene draws.
#[derive(Debug, Default)]
pub struct StaticLayers {
    /// With the scene's numbers, those used last at the end.
    kept: Vec<(u32, Vec<PlaneTarget>)>,
}

/// Static layers that are kept; a scene that has more draws them again and again.
const KEPT_STATIC_LAYERS: usize = 4;

impl StaticLayers {
    /// The static layer of the scene's frame; drawn first if it is not there.
    pub fn current(
        &mut self,
        gpu: &Gpu,
        commands: &mut wgpu::CommandEncoder,
        scene: &dyn Scene,
        kinds: &[PlaneKind],
        size: PictureSize,
    ) -> &[PlaneTarget] {
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
                    let mut pass = plane.begin_pass(commands, Some(planes::black(plane.kind)));
                    scene.draw_static(plane.kind, &mut pass);
                }
                planes
            }
        };
        self.kept.push((number, layer));
        &self.kept[self.kept.len() - 1].1
    }
}
