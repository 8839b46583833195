//! The data of a highway on the GPU, and the order in which it is drawn.

use std::ops::Range;

use super::Highway;
use super::captions::instances::{GlyphInstance, PanelInstance};
use super::captions::{Captions, LabelState};
use super::changes::{self, CoveredAreas};
use super::content::HighwayNote;
use super::dense::{self, Distances, Quiet};
use super::images::Placement;
use super::motion::SUBPIXELS;
use super::moved::{MovedBands, RoadObject, RowShift};
use super::notes::{self, HasRoadShape, LineInstance, NoteInstance, Positions, RoadShape};
use super::pipelines::{
    FrameUniform, HighwayUniform, Layer, Pipelines, vertex_buffer, writable_vertex_buffer,
};
use super::static_layer::{self, StaticShape};
use super::visible::VisibleRange;
use crate::song::LanePlace;
use strikeline_picture::rectangles::{disjoint, merged};
use strikeline_picture::{MovedArea, Rectangle};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::scene::COPY_COST;
use wgpu_video::scene::{SceneError, SceneTarget};

/// Vertices of a note that is drawn in one piece: the first piece of a strip of several.
const WHOLE_VERTICES: u32 = 4;

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
    /// How many hits of a place shine at once.
    most_shining: usize,
    /// Of this frame.
    frame: Ranges,
    /// What is drawn of this frame where the rest is moved.
    rest: Rest,
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
#[derive(Debug, Default, Clone)]
struct Ranges {
    beats: Range<u32>,
    kicks: NoteRanges,
    gems: NoteRanges,
}

#[derive(Debug, Default, Clone)]
struct NoteRanges {
    /// Those that come; these, and those that flash.
    coming: Range<u32>,
    seen: Range<u32>,
    shining: Range<u32>,
    struck: Range<u32>,
    /// Whether `shining` and `struck` are ranges of [`Moving::chosen`]. Where they flash, `seen` is without them.
    are_chosen: bool,
    flash: bool,
}

/// What is drawn of a frame where the rest of it is moved.
#[derive(Debug, Clone)]
enum Rest {
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

/// Part of the picture that the road may cover: below the header.
#[derive(Debug, Clone, Copy)]
struct RoadArea {
    width: u32,
    height: u32,
    header: u32,
}

impl RoadArea {
    fn rectangle(self) -> Rectangle {
        Rectangle { left: 0, top: self.header, right: self.width, bottom: self.height }
    }

    /// Ends the limit that [`restrict`] has set.
    fn lift(self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        restrict(&Rectangle { top: 0, ..self.rectangle() }, plane, pass);
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

    /// Room for `count` instances that differ from frame to frame.
    fn writable(gpu: &Gpu, what: &str, count: usize) -> Result<Instances<T>, SceneError> {
        let buffer = writable_vertex_buffer::<T>(gpu, what, count)?;
        Ok(Instances { buffer, count: count as u32, of: std::marker::PhantomData })
    }

    /// Writes those of the next frame, as many as there is room for.
    fn write(&self, queue: &wgpu::Queue, contents: &[T]) {
        if let Some(buffer) = &self.buffer {
            let contents = contents.get(..self.count as usize).unwrap_or(contents);
            queue.write_buffer(buffer, 0, bytemuck::cast_slice(contents));
        }
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
    items: Vec<T>,
    /// Each shape that they have.
    shapes: Vec<RoadShape>,
    /// Runs of crowded notes.
    crowded: Vec<Range<u32>>,
    /// The place of each note; empty where no frame chooses some of them.
    places: Vec<u16>,
    instances: Instances<T>,
    /// Those that were chosen for this frame.
    chosen: Instances<T>,
}

impl<T: bytemuck::NoUninit + HasRoadShape> Moving<T> {
    fn new(gpu: &Gpu, what: &str, placed: (Positions, Vec<T>)) -> Result<Moving<T>, SceneError> {
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
    fn in_either(&self, [before, now]: [VisibleRange; 2]) -> Range<u32> {
        self.positions.range(before.struck.min(now.struck), before.far.max(now.far))
    }

    /// Adds to `parts` what lies on the road in either of two frames, by what `bounds` says of each: its size,
    /// and the subpixels that it is ahead of the strike line.
    fn add_changed(
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

    /// Adds what lies on the road in either of two frames to `objects`, as [`Moving::add_changed`].
    fn add_objects(
        &self,
        ranges: [VisibleRange; 2],
        objects: &mut Vec<RoadObject>,
        bounds: impl Fn(&RoadShape, i64) -> Option<Rectangle>,
    ) {
        let range = self.in_either(ranges);
        let items = self.items.get(range.start as usize..range.end as usize).unwrap_or_default();
        for (&position, item) in self.positions.in_range(range).iter().zip(items) {
            let road_shape = item.road_shape();
            objects.push(RoadObject {
                position,
                covers: ranges.map(|visible| bounds(&road_shape, position - visible.now)),
            });
        }
    }
}

impl Moving<NoteInstance> {
    /// The notes of a song, of which `most` of a place shine at once.
    fn notes(
        gpu: &Gpu,
        what: &str,
        placed: (Positions, Vec<NoteInstance>),
        most: usize,
    ) -> Result<Moving<NoteInstance>, SceneError> {
        let mut moving = Moving::new(gpu, what, placed)?;
        moving.crowded = dense::crowded_runs(moving.items.iter().map(NoteInstance::is_crowded));
        if moving.positions.len() > most {
            moving.places = notes::places(&moving.items);
            let places = moving.places.iter().max().map_or(0, |last| usize::from(*last) + 1);
            // On either side of the strike line.
            moving.chosen = Instances::writable(gpu, what, (places * most * 2).min(moving.items.len()))?;
        }
        Ok(moving)
    }

    /// The notes of a frame; those of them that are chosen to shine are uploaded.
    fn ranges(&self, queue: &wgpu::Queue, visible: VisibleRange, flash: bool, most: usize) -> NoteRanges {
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
    fn shining(&self, ranges: &NoteRanges) -> &Instances<NoteInstance> {
        if ranges.are_chosen { &self.chosen } else { &self.instances }
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
        let most_shining = dense::most_shining(effects.duration);
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
            kicks: Moving::notes(gpu, "the song's kicks", place(true), most_shining)?,
            gems: Moving::notes(gpu, "the song's notes", place(false), most_shining)?,
            most_shining,
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
            rest: Rest::default(),
            moved: MovedArea::default(),
        })
    }

    /// Sets what differs in a frame, and finds the instances that it shows.
    pub(super) fn set_frame(&mut self, queue: &wgpu::Queue, frame: FrameUniform, visible: VisibleRange) {
        self.pipelines.set_frame(queue, frame);
        let most = self.most_shining;
        self.frame = Ranges {
            beats: self.beats.positions.range(visible.now, visible.far),
            kicks: self.kicks.ranges(queue, visible, self.flash.kicks, most),
            gems: self.gems.ranges(queue, visible, self.flash.gems, most),
        };
        self.rest = Rest::default();
        self.moved.parts.clear();
    }

    /// Finds what of this frame equals the previous frame moved down by `shift`.
    pub(super) fn find_moved_bands(&mut self, shift: &RowShift, covered: CoveredAreas<'_>) {
        let ranges = shift.visible;
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
    fn is_dense(&self, ranges: [VisibleRange; 2]) -> bool {
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
        if self.is_dense(ranges) {
            let distances = Distances::new(ranges[1], covered.extents.lit());
            let of_note = |is_kick| move |note: &RoadShape, ahead: i64| covered.of_note(note, ahead, is_kick);
            parts.extend(distances.covered(&self.beats.shapes, |line, ahead| covered.of_line(line, ahead)));
            parts.extend(distances.covered(&self.kicks.shapes, of_note(true)));
            parts.extend(distances.covered(&self.gems.shapes, of_note(false)));
        } else {
            self.beats.add_changed(ranges, parts, |line, ahead| covered.of_line(line, ahead));
            self.kicks.add_changed(ranges, parts, |note, ahead| covered.of_note(note, ahead, true));
            self.gems.add_changed(ranges, parts, |note, ahead| covered.of_note(note, ahead, false));
        }
        let road = self.road.rectangle();
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
        self.draw_road(plane, pass, &self.frame, &self.road.rectangle(), &Default::default());
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
        let road = self.road.rectangle();
        match &self.rest {
            Rest::Without(moved) if without_moved => self.draw_road(plane, pass, &self.frame, &road, moved),
            Rest::Within(parts) if without_moved => {
                for (part, ranges) in parts {
                    self.draw_road(plane, pass, ranges, part, &Default::default());
                }
            }
            _ => self.draw_road(plane, pass, &self.frame, &road, &Default::default()),
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

    /// Draws all of `frame` that is on the road, within `part`, but the beats, kicks and gems of `moved`.
    fn draw_road(
        &self,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        frame: &Ranges,
        part: &Rectangle,
        moved: &[Range<u32>; 3],
    ) {
        let [moved_beats, moved_kicks, moved_gems] = moved;
        let (kicks, gems) = (&frame.kicks, &frame.gems);
        let (shining_kicks, shining_gems) = (self.kicks.shining(kicks), self.gems.shining(gems));
        restrict(part, plane, pass);
        self.draw_pieces(Layer::Beats, &self.beats, &without(&frame.beats, moved_beats), plane, pass);
        // Light around a bar as wide as the road would be most of what a frame costs: kicks shine by the line.
        self.draw_layer(Layer::LineGlow, shining_kicks, &kicks.struck, plane, pass);
        self.draw_bodies([Layer::KickMiddles, Layer::Kicks], &self.kicks, kicks, moved_kicks, plane, pass);
        self.draw_layer(Layer::Glow, shining_gems, &gems.shining, plane, pass);
        self.draw_layer(Layer::LineGlow, shining_gems, &gems.struck, plane, pass);
        self.draw_bodies([Layer::GemMiddles, Layer::Gems], &self.gems, gems, moved_gems, plane, pass);
        self.draw_layer(Layer::Rings, shining_kicks, &kicks.struck, plane, pass);
        self.draw_layer(Layer::Rings, shining_gems, &gems.struck, plane, pass);
        self.road.lift(plane, pass);
    }

    /// Draws notes themselves: their middles, then the rest; all but those in `moved`.
    fn draw_bodies(
        &self,
        [middles, ends]: [Layer; 2],
        notes: &Moving<NoteInstance>,
        ranges: &NoteRanges,
        moved: &Range<u32>,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
    ) {
        let mut coming = without(&ranges.coming, moved);
        if !notes.crowded.is_empty() {
            // Those that are crowded have none.
            let pieces = coming.into_iter().flat_map(|range| dense::by_run(range, &notes.crowded));
            coming = pieces.filter(|(_, is_crowded)| !is_crowded).map(|(range, _)| range).collect();
        }
        self.draw_pieces(middles, notes, &coming, plane, pass);
        self.draw_pieces(ends, notes, &without(&ranges.seen, moved), plane, pass);
        if ranges.are_chosen
            && ranges.flash
            && !ranges.struck.is_empty()
            && self.pipelines.begin(ends, plane, pass)
        {
            notes.chosen.draw(WHOLE_VERTICES, ranges.struck.clone(), pass);
        }
    }

    /// Draws the instances in `ranges`.
    fn draw_pieces<T: bytemuck::NoUninit + HasRoadShape>(
        &self,
        layer: Layer,
        moving: &Moving<T>,
        ranges: &[Range<u32>],
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
    ) {
        if ranges.iter().all(Range::is_empty) || !self.pipelines.begin(layer, plane, pass) {
            return;
        }
        for range in ranges {
            for (piece, is_crowded) in dense::by_run(range.clone(), &moving.crowded) {
                let vertices = if is_crowded { WHOLE_VERTICES } else { layer.vertices() };
                moving.instances.draw(vertices, piece, pass);
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

/// What is in `range` but not in `but`.
fn without(range: &Range<u32>, but: &Range<u32>) -> Vec<Range<u32>> {
    match but.is_empty() {
        true => vec![range.clone()],
        false => vec![range.start..but.start.min(range.end), but.end.max(range.start)..range.end],
    }
}

/// Limits what is drawn to `part`, which is not empty.
fn restrict(part: &Rectangle, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
    let [left, top, right, bottom] = plane.samples(part);
    pass.set_scissor_rect(left, top, right - left, bottom - top);
}
