//! The data of a highway on the GPU, and the order in which it is drawn.

use std::ops::Range;

use super::Highway;
use super::captions::instances::{GlyphInstance, PanelInstance};
use super::captions::{Captions, LabelState};
use super::changes::{self, CoveredAreas};
use super::content::HighwayNote;
use super::images::Placement;
use super::moved::{MovedBands, RoadObject, RowShift};
use super::notes::{self, HasRoadShape, LineInstance, NoteInstance, Positions, RoadShape};
use super::pipelines::{FrameUniform, HighwayUniform, Layer, Pipelines, vertex_buffer};
use super::static_layer::{self, StaticShape};
use super::visible::VisibleRange;
use crate::song::LanePlace;
use strikeline_picture::rectangles::{disjoint, merged};
use strikeline_picture::{MovedArea, Rectangle};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::scene::COPY_COST;
use wgpu_video::scene::{SceneError, SceneTarget};

/// Everything on the GPU.
#[derive(Debug)]
pub(super) struct Resident {
    pipelines: Pipelines,
    road: RoadArea,
    background: Instances<StaticShape>,
    background_image: Option<Image>,
    fixed: Instances<StaticShape>,
    beats: Moving<LineInstance>,
    kicks: Moving<NoteInstance>,
    gems: Moving<NoteInstance>,
    glyphs: Option<(Instances<GlyphInstance>, wgpu::BindGroup)>,
    legend: Instances<NoteInstance>,
    panels: Instances<PanelInstance>,
    end_card: Option<Image>,
    flash: FlashingLayers,
    /// Of this frame.
    frame: Ranges,
    /// Since the frame before.
    moved: MovedArea,
}

/// Which notes flash themselves where they are struck.
#[derive(Debug, Clone, Copy)]
struct FlashingLayers {
    /// Where the strike line lights up under a kick, the bar need not.
    kicks: bool,
    gems: bool,
}

/// The instances of one frame.
#[derive(Debug, Default)]
struct Ranges {
    beats: Range<u32>,
    /// Those of the beats, kicks and gems that are moved and need not be drawn.
    moved: [Range<u32>; 3],
    kicks: NoteRanges,
    gems: NoteRanges,
}

#[derive(Debug, Default)]
struct NoteRanges {
    /// Those that come; these, and those that flash.
    coming: Range<u32>,
    seen: Range<u32>,
    shining: Range<u32>,
    struck: Range<u32>,
}

/// Part of the picture that the road may cover: below the header.
#[derive(Debug, Clone, Copy)]
struct RoadArea {
    width: u32,
    height: u32,
    header: u32,
}

impl RoadArea {
    fn restrict(self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        let divisor = if plane == PlaneKind::Chroma { 2 } else { 1 };
        let (width, height, header) = (self.width / divisor, self.height / divisor, self.header / divisor);
        pass.set_scissor_rect(0, header, width, height - header);
    }

    fn lift(self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        RoadArea { header: 0, ..self }.restrict(plane, pass);
    }
}

/// A vertex buffer of instances.
#[derive(Debug)]
struct Instances<T> {
    buffer: Option<wgpu::Buffer>,
    count: u32,
    of: std::marker::PhantomData<T>,
}

impl<T: bytemuck::NoUninit> Instances<T> {
    fn new(gpu: &Gpu, what: &str, contents: &[T]) -> Result<Instances<T>, SceneError> {
        let buffer = vertex_buffer(gpu, what, contents)?;
        Ok(Instances { buffer, count: contents.len() as u32, of: std::marker::PhantomData })
    }

    fn draw(&self, vertices: u32, range: Range<u32>, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(buffer) = &self.buffer
            && !range.is_empty()
        {
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..vertices, range);
        }
    }
}

/// Instances in the order of their positions on the path.
#[derive(Debug)]
struct Moving<T> {
    positions: Positions,
    boxes: Vec<RoadShape>,
    instances: Instances<T>,
}

impl<T: bytemuck::NoUninit + HasRoadShape> Moving<T> {
    fn new(gpu: &Gpu, what: &str, placed: (Positions, Vec<T>)) -> Result<Moving<T>, SceneError> {
        Ok(Moving {
            instances: Instances::new(gpu, what, &placed.1)?,
            boxes: placed.1.iter().map(HasRoadShape::road_shape).collect(),
            positions: placed.0,
        })
    }

    /// Adds to `parts` what lies on the road in either of two frames, by what `bounds` says of each: its size,
    /// and the subpixels that it is ahead of the strike line.
    fn add_changed(
        &self,
        [before, now]: [VisibleRange; 2],
        parts: &mut Vec<Rectangle>,
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle>,
    ) {
        let range = self.positions.range(before.struck.min(now.struck), before.far.max(now.far));
        let boxes = self.boxes.get(range.start as usize..range.end as usize).unwrap_or_default();
        for (&position, road_shape) in self.positions.in_range(range).iter().zip(boxes) {
            let at = |visible: VisibleRange| bounds(road_shape, position - visible.now);
            parts.extend(changes::union(at(before), at(now)));
        }
    }

    /// Adds what lies on the road in either of two frames to `objects`, as [`Moving::add_changed`].
    fn add_objects(
        &self,
        ranges: [VisibleRange; 2],
        objects: &mut Vec<RoadObject>,
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle>,
    ) {
        let [before, now] = ranges;
        let range = self.positions.range(before.struck.min(now.struck), before.far.max(now.far));
        let boxes = self.boxes.get(range.start as usize..range.end as usize).unwrap_or_default();
        for (&position, road_shape) in self.positions.in_range(range).iter().zip(boxes) {
            objects.push(RoadObject {
                position,
                covers: ranges.map(|visible| bounds(road_shape, position - visible.now)),
            });
        }
    }
}

/// An image where it is drawn.
#[derive(Debug)]
struct Image {
    texture: wgpu::BindGroup,
    placement: Instances<Placement>,
}

impl Image {
    fn new(
        gpu: &Gpu,
        pipelines: &Pipelines,
        (image, placement): &(image::RgbaImage, Placement),
    ) -> Result<Image, SceneError> {
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let texture = pipelines.texture(gpu, format, image.dimensions(), image.as_raw())?;
        Ok(Image { texture, placement: Instances::new(gpu, "an image", std::slice::from_ref(placement))? })
    }

    fn draw(&self, pipelines: &Pipelines, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if pipelines.begin(Layer::Image, plane, pass) {
            pass.set_bind_group(1, &self.texture, &[]);
            self.placement.draw(Layer::Image.vertices(), 0..1, pass);
        }
    }
}

impl Resident {
    /// Uploads everything of `highway`, and makes the pipelines that it needs.
    pub(super) fn new(
        highway: &Highway,
        gpu: &Gpu,
        view: &SceneTarget<'_>,
        uniform: &HighwayUniform,
    ) -> Result<Resident, SceneError> {
        let (layout, motion, options) = (&highway.layout, &highway.motion, &highway.options);
        let (content, captions, theme) = (&highway.content, &highway.captions, &options.theme);
        let beats = notes::place_beats(&content.beats, layout, theme, motion);
        let travel = motion.pixels_in_shutter(options.shutter_degrees);
        let place = |kicks: bool| {
            let belongs = |note: &HighwayNote| (note.place == LanePlace::Kick) == kicks;
            notes::place_notes(&content.notes, layout, theme, motion, travel, belongs)
        };
        let effects = &theme.effects;
        let wanted = [
            (Layer::Fixed, true),
            (Layer::KickMiddles, true),
            (Layer::Kicks, true),
            (Layer::GemMiddles, true),
            (Layer::Gems, true),
            (Layer::Beats, !beats.1.is_empty()),
            (Layer::Glow, effects.glow > 0.0),
            (Layer::LineGlow, effects.line_glow > 0.0),
            (Layer::Rings, effects.rings > 0.0),
            (Layer::Image, highway.background.is_some() || highway.end_image.is_some()),
            (Layer::Text, !captions.glyphs.is_empty()),
            (Layer::Legend, !captions.legend.is_empty()),
            (Layer::Panel, !captions.panels.is_empty()),
        ];
        let layers: Vec<Layer> =
            wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(layer, _)| layer).collect();
        let pipelines = Pipelines::new(gpu, view, uniform, options, &layers);
        let image =
            |image: &Option<_>| image.as_ref().map(|image| Image::new(gpu, &pipelines, image)).transpose();
        let glyphs = if captions.glyphs.is_empty() {
            None
        } else {
            let atlas = &captions.atlas;
            let format = wgpu::TextureFormat::R8Unorm;
            let texture = pipelines.texture(gpu, format, (atlas.width, atlas.height), &atlas.data)?;
            Some((Instances::new(gpu, "the text", &captions.glyphs)?, texture))
        };
        Ok(Resident {
            road: RoadArea { width: view.size.width(), height: view.size.height(), header: layout.header },
            background: Instances::new(gpu, "the background", &static_layer::background(layout, theme))?,
            background_image: image(&highway.background)?,
            fixed: Instances::new(gpu, "the road", &static_layer::road(layout, theme, content))?,
            beats: Moving::new(gpu, "the song's beats", beats)?,
            kicks: Moving::new(gpu, "the song's kicks", place(true))?,
            gems: Moving::new(gpu, "the song's notes", place(false))?,
            glyphs,
            legend: Instances::new(gpu, "the labels' gems", &captions.legend)?,
            panels: Instances::new(gpu, "the panels", &captions.panels)?,
            end_card: image(&highway.end_image)?,
            flash: FlashingLayers {
                kicks: effects.flash > 0.0 && effects.line_glow == 0.0,
                gems: effects.flash > 0.0,
            },
            pipelines,
            frame: Ranges::default(),
            moved: MovedArea::default(),
        })
    }

    /// Sets what differs in a frame, and finds the instances that it shows.
    pub(super) fn set_frame(&mut self, queue: &wgpu::Queue, frame: FrameUniform, visible: VisibleRange) {
        self.pipelines.set_frame(queue, frame);
        let notes = |moving: &Moving<NoteInstance>, flashes: bool| NoteRanges {
            coming: moving.positions.range(visible.now, visible.far),
            // Those that are struck are drawn as long as they flash.
            seen: moving.positions.range(if flashes { visible.struck } else { visible.now }, visible.far),
            shining: moving.positions.range(visible.struck, visible.shining),
            struck: moving.positions.range(visible.struck, visible.now),
        };
        self.frame = Ranges {
            beats: self.beats.positions.range(visible.now, visible.far),
            kicks: notes(&self.kicks, self.flash.kicks),
            gems: notes(&self.gems, self.flash.gems),
            moved: Default::default(),
        };
        self.moved.parts.clear();
    }

    /// Finds the bands of this frame that equal the previous frame moved down by `shift`.
    pub(super) fn find_moved_bands(&mut self, shift: &RowShift, covered: CoveredAreas<'_>) {
        let ranges = shift.visible;
        let mut objects = Vec::new();
        self.beats.add_objects(ranges, &mut objects, |line, ahead| covered.of_line(line, ahead));
        self.kicks.add_objects(ranges, &mut objects, |note, ahead| covered.of_note(note, ahead, true));
        self.gems.add_objects(ranges, &mut objects, |note, ahead| covered.of_note(note, ahead, false));
        let found = MovedBands::find(objects, shift);
        if let Some([lowest, highest]) = found.positions {
            let (beats, kicks) = (&self.beats.positions, &self.kicks.positions);
            let all = [beats, kicks, &self.gems.positions];
            self.frame.moved = all.map(|positions| positions.range(lowest, highest));
        }
        self.moved = MovedArea { by: [0, i32::try_from(shift.rows).unwrap_or(0)], parts: found.bands };
    }

    /// What [`Resident::find_moved_bands`] has found for this frame.
    pub(super) fn moved(&self) -> &MovedArea {
        &self.moved
    }

    /// Adds to `parts` where what is on the road, in either of two frames, lies.
    pub(super) fn add_changed(
        &self,
        ranges: [VisibleRange; 2],
        covered: CoveredAreas<'_>,
        parts: &mut Vec<Rectangle>,
    ) {
        let first = parts.len();
        self.beats.add_changed(ranges, parts, |line, ahead| covered.of_line(line, ahead));
        self.kicks.add_changed(ranges, parts, |note, ahead| covered.of_note(note, ahead, true));
        self.gems.add_changed(ranges, parts, |note, ahead| covered.of_note(note, ahead, false));
        let road = self.road;
        let road = Rectangle { left: 0, top: road.header, right: road.width, bottom: road.height };
        let on_road = parts.split_off(first).iter().map(|part| part.intersection(&road)).collect();
        parts.extend(merged(on_road, COPY_COST));
    }

    /// Draws what is the same in many frames.
    pub(super) fn draw_static(&self, captions: &Captions, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        let pipelines = &self.pipelines;
        if pipelines.begin(Layer::Fixed, plane, pass) {
            self.background.draw(Layer::Fixed.vertices(), 0..self.background.count, pass);
        }
        if let Some(image) = &self.background_image {
            image.draw(pipelines, plane, pass);
        }
        if pipelines.begin(Layer::Fixed, plane, pass) {
            self.fixed.draw(Layer::Fixed.vertices(), 0..self.fixed.count, pass);
        }
        if captions.label_state() == LabelState::Fixed {
            self.draw_legend(plane, pass);
        }
        self.draw_text(&captions.fixed_text(), plane, pass);
    }

    /// Draws what moves and what comes and goes.
    pub(super) fn draw(&self, captions: &Captions, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        self.draw_road(plane, pass, &Default::default());
        if captions.label_state() == LabelState::Fading {
            self.draw_legend(plane, pass);
        }
        let shown = captions.shown();
        self.draw_layer(Layer::Panel, &self.panels, &shown.progress_bar, plane, pass);
        self.draw_text(&shown.text, plane, pass);
        if let Some((veil, text)) = &shown.end_card {
            self.draw_layer(Layer::Panel, &self.panels, veil, plane, pass);
            if let Some(image) = &self.end_card {
                image.draw(&self.pipelines, plane, pass);
            }
            self.draw_text(std::slice::from_ref(text), plane, pass);
        }
    }

    /// Draws the same, without labels and end card, where only `parts` hold the static layer: all that is on the
    /// road, which lies within them, as do texts or they are not touched. What was moved is there already.
    pub(super) fn draw_changed(
        &self,
        captions: &Captions,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        parts: &[Rectangle],
        without_moved: bool,
    ) {
        match without_moved {
            true => self.draw_road(plane, pass, &self.frame.moved),
            false => self.draw_road(plane, pass, &Default::default()),
        }
        if let Some(bar) = captions.progress_bounds() {
            let pieces: Vec<Rectangle> = parts.iter().map(|part| part.intersection(&bar)).collect();
            for piece in disjoint(&pieces) {
                let [left, top, right, bottom] = plane.samples(&piece);
                pass.set_scissor_rect(left, top, right - left, bottom - top);
                self.draw_layer(Layer::Panel, &self.panels, &captions.shown().progress_bar, plane, pass);
            }
            self.road.lift(plane, pass);
        }
        self.draw_text(&captions.shown_in(parts), plane, pass);
    }

    /// Draws all that is on the road but the beats, kicks and gems of `moved`.
    fn draw_road(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>, moved: &[Range<u32>; 3]) {
        let [moved_beats, moved_kicks, moved_gems] = moved;
        self.road.restrict(plane, pass);
        self.draw_others(Layer::Beats, &self.beats.instances, &self.frame.beats, moved_beats, plane, pass);
        // Light around a bar as wide as the road would be most of what a frame costs: kicks shine by the line.
        let (kicks, gems) = (&self.frame.kicks, &self.frame.gems);
        self.draw_layer(Layer::LineGlow, &self.kicks.instances, &kicks.struck, plane, pass);
        self.draw_others(Layer::KickMiddles, &self.kicks.instances, &kicks.coming, moved_kicks, plane, pass);
        self.draw_others(Layer::Kicks, &self.kicks.instances, &kicks.seen, moved_kicks, plane, pass);
        self.draw_layer(Layer::Glow, &self.gems.instances, &gems.shining, plane, pass);
        self.draw_layer(Layer::LineGlow, &self.gems.instances, &gems.struck, plane, pass);
        self.draw_others(Layer::GemMiddles, &self.gems.instances, &gems.coming, moved_gems, plane, pass);
        self.draw_others(Layer::Gems, &self.gems.instances, &gems.seen, moved_gems, plane, pass);
        self.draw_layer(Layer::Rings, &self.kicks.instances, &kicks.struck, plane, pass);
        self.draw_layer(Layer::Rings, &self.gems.instances, &gems.struck, plane, pass);
        self.road.lift(plane, pass);
    }

    /// Draws those in `range` that are not in `but`.
    fn draw_others<T: bytemuck::NoUninit>(
        &self,
        layer: Layer,
        instances: &Instances<T>,
        range: &Range<u32>,
        but: &Range<u32>,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
    ) {
        let others = match but.is_empty() {
            true => [range.clone(), 0..0],
            false => [range.start..but.start.min(range.end), but.end.max(range.start)..range.end],
        };
        if others.iter().any(|others| !others.is_empty()) && self.pipelines.begin(layer, plane, pass) {
            for others in others {
                instances.draw(layer.vertices(), others, pass);
            }
        }
    }

    fn draw_layer<T: bytemuck::NoUninit>(
        &self,
        layer: Layer,
        instances: &Instances<T>,
        range: &Range<u32>,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
    ) {
        if !range.is_empty() && self.pipelines.begin(layer, plane, pass) {
            instances.draw(layer.vertices(), range.clone(), pass);
        }
    }

    fn draw_legend(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        self.draw_layer(Layer::Legend, &self.legend, &(0..self.legend.count), plane, pass);
    }

    fn draw_text(&self, ranges: &[Range<u32>], plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if let Some((glyphs, atlas)) = &self.glyphs
            && ranges.iter().any(|range| !range.is_empty())
            && self.pipelines.begin(Layer::Text, plane, pass)
        {
            pass.set_bind_group(1, atlas, &[]);
            for range in ranges {
                glyphs.draw(Layer::Text.vertices(), range.clone(), pass);
            }
        }
    }
}
