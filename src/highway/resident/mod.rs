//! The data of a highway on the GPU, and the order in which it is drawn.

mod instances;
mod moving;
mod rest;

use std::ops::Range;

use self::instances::{Image, Instances};
use self::moving::{Moving, NoteRanges, Ranges};
use super::Highway;
use super::captions::instances::{GlyphInstance, PanelInstance};
use super::captions::{Captions, LabelPiece};
use super::changes::CoveredAreas;
use super::content::HighwayNote;
use super::dense::{self, Distances};
use super::grace;
use super::layout::Layout;
use super::moved::ComingArea;
use super::notes::{HasRoadShape, LineInstance, NoteInstance, RoadShape};
use super::pipelines::{FrameUniform, HighwayUniform, Layer, Pipelines};
use super::placement;
use super::spans::{SpanInstance, Spans};
use super::static_layer::{self, StaticShape};
use super::visible::VisibleRange;
use crate::song::LanePlace;
use strikeline_picture::rectangles::{disjoint, merged, outside};
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
    spans: Spans,
    span_instances: Instances<SpanInstance>,
    /// The spans of this frame, and what they cover.
    shown_spans: (Vec<Range<u32>>, Vec<Rectangle>),
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
    /// Vertices of the sparks of a note: four of each, and two between one and the next.
    spark_vertices: u32,
    /// Of this frame.
    frame: Ranges,
    /// The beats, kicks and gems that are not drawn where the rest of this frame is moved.
    without: [Range<u32>; 3],
    /// Where beats, kicks and gems only come, for the distances at which they were seen in the last frame.
    coming: Option<(Distances, [Option<ComingArea>; 3])>,
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
        let beats = placement::place_lines(&content.beats, &content.notes, layout, theme, motion);
        let travel = motion.pixels_in_shutter(options.shutter_degrees);
        let spans = Spans::new(content, layout, options, motion, travel);
        let span_instances = spans.instances();
        let roles = grace::roles(&content.notes);
        let place = |kicks: bool| {
            let belongs = |note: &HighwayNote| (note.place == LanePlace::Kick) == kicks;
            placement::place_notes(&content.notes, layout, theme, motion, travel, &roles, belongs)
        };
        let effects = &theme.effects;
        let most_shining = dense::most_shining(effects.duration);
        let wanted = [
            (Layer::Fixed, true),
            (Layer::KickMiddles, true),
            (Layer::Kicks, true),
            (Layer::GemMiddles, true),
            (Layer::Gems, true),
            (Layer::Spans, !span_instances.is_empty()),
            (Layer::Beats, !beats.1.is_empty()),
            (Layer::Glow, effects.glow > 0.0),
            (Layer::LineGlow, effects.line_glow > 0.0),
            (Layer::Rings, effects.rings > 0.0),
            (Layer::LaneLight, effects.lane_light > 0.0),
            (Layer::Passing, effects.passing > 0.0),
            (Layer::Particles, effects.particles > 0),
            (Layer::Image, highway.background.is_some() || highway.end_image.is_some()),
            (Layer::Text, !captions.glyphs.is_empty()),
            (Layer::Legend, !captions.legend.is_empty()),
            (Layer::Panel, !captions.panels.is_empty()),
        ];
        let layers: Vec<Layer> =
            wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(layer, _)| layer).collect();
        let pipelines = Pipelines::new(gpu, view, uniform, options, &layers)?;
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
            background: Instances::new(
                gpu,
                "the background",
                &if options.transparent {
                    Vec::new()
                } else {
                    static_layer::background(layout, theme, content)
                },
            )?,
            background_image: image(&highway.background)?,
            fixed: Instances::new(gpu, "the road", &static_layer::road(layout, theme, content))?,
            span_instances: Instances::new(gpu, "the song's phrases", &span_instances)?,
            spans,
            shown_spans: Default::default(),
            beats: Moving::new(gpu, "the song's beats", beats)?,
            kicks: Moving::notes(gpu, "the song's kicks", place(true), most_shining)?,
            gems: Moving::notes(gpu, "the song's notes", place(false), most_shining)?,
            most_shining,
            spark_vertices: (u32::from(effects.particles) * 6).saturating_sub(2),
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
            without: Default::default(),
            coming: None,
            moved: MovedArea::default(),
        })
    }

    /// Sets what differs in a frame, and finds the instances that it shows.
    pub(super) fn set_frame(
        &mut self,
        queue: &wgpu::Queue,
        frame: FrameUniform,
        visible: VisibleRange,
        layout: &Layout,
    ) {
        self.shown_spans = (self.spans.in_sight(visible), self.spans.covered(layout, visible));
        self.pipelines.set_frame(queue, frame);
        let most = self.most_shining;
        self.frame = Ranges {
            beats: self.beats.positions.range(visible.now, visible.far),
            kicks: self.kicks.ranges(queue, visible, self.flash.kicks, most),
            gems: self.gems.ranges(queue, visible, self.flash.gems, most),
        };
        self.without = Default::default();
        self.moved.parts.clear();
    }

    /// What [`Resident::find_moved`] has found for this frame.
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
        self.spans.add_changed(covered.layout, ranges, parts);
        if self.is_dense(ranges) {
            let distances = Distances::new(ranges, covered.extents.lit());
            let of_note = |is_kick| move |note: &RoadShape, ahead: i64| covered.of_note(note, ahead, is_kick);
            parts.extend(distances.covered(&self.beats.shapes, |line, ahead| covered.of_line(line, ahead)));
            parts.extend(distances.covered(&self.kicks.shapes, of_note(true)));
            parts.extend(distances.covered(&self.gems.shapes, of_note(false)));
        } else {
            self.beats.add_changed(ranges, parts, |line, ahead| covered.of_line(line, ahead));
            self.kicks.add_changed(ranges, parts, |kick, ahead| covered.of_kick_without_ring(kick, ahead));
            self.kicks.add_struck(ranges, parts, |kick, ahead| covered.of_kick_ring(kick, ahead));
            self.gems.add_changed(ranges, parts, |note, ahead| covered.of_note(note, ahead, false));
        }
        let road = self.road.rectangle();
        let on_road: Vec<Rectangle> =
            parts.split_off(first).iter().map(|part| part.intersection(&road)).collect();
        // What has moved is not drawn. Parts above it and below it are not merged, which would draw what lies between.
        let Some(moved) = self.moved.parts.first() else {
            parts.extend(merged(on_road, COPY_COST));
            return;
        };
        parts.extend(on_road.iter().map(|part| part.intersection(moved)).filter(|part| !part.is_empty()));
        let rest = outside(&on_road, &self.moved.parts);
        let (above, rest): (Vec<Rectangle>, Vec<Rectangle>) =
            rest.into_iter().partition(|part| part.bottom <= moved.top);
        let (below, beside): (_, Vec<Rectangle>) =
            rest.into_iter().partition(|part| part.top >= moved.bottom);
        parts.extend(merged(above, COPY_COST));
        parts.extend(merged(below, COPY_COST));
        parts.extend(beside);
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
        self.draw_text(std::slice::from_ref(&captions.fixed), plane, pass);
    }

    /// Draws what moves and what comes and goes.
    pub(super) fn draw(&self, captions: &Captions, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        self.draw_spans(plane, pass, &[self.road.rectangle()]);
        self.draw_road(plane, pass, &self.frame, &Default::default());
        self.draw_labels(&captions.labels_within(&[self.road.rectangle()]), plane, pass);
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

    /// Draws the same, without the end card, where only `parts` hold the static layer: all that is on the
    /// road, which lies within them or in what is moved, as do texts or they are not touched.
    pub(super) fn draw_changed(
        &self,
        captions: &Captions,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        parts: &[Rectangle],
        moved: &MovedArea,
    ) {
        let road = self.road.rectangle();
        if !self.shown_spans.0.is_empty() {
            // They reach beyond `parts`, where they are there already.
            let on_road: Vec<Rectangle> = parts.iter().map(|part| part.intersection(&road)).collect();
            self.draw_spans(plane, pass, &disjoint(&on_road));
        }
        let nothing = Default::default();
        // If less is moved than could be, some of it is to be drawn.
        let without = if *moved == self.moved { &self.without } else { &nothing };
        self.draw_road(plane, pass, &self.frame, without);
        self.draw_labels(&captions.labels_within(parts), plane, pass);
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

    /// Draws what of the spans lies within `parts`, which do not overlap.
    fn draw_spans(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>, parts: &[Rectangle]) {
        let (ranges, covered) = &self.shown_spans;
        if ranges.is_empty() || !self.pipelines.begin(Layer::Spans, plane, pass) {
            return;
        }
        for part in parts.iter().filter(|part| covered.iter().any(|span| span.meets(part))) {
            restrict(part, plane, pass);
            for range in ranges {
                self.span_instances.draw(Layer::Spans.vertices(), range.clone(), pass);
            }
        }
        self.road.lift(plane, pass);
    }

    /// Draws all of `frame` that is on the road but the beats, kicks and gems of `moved`.
    fn draw_road(
        &self,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        frame: &Ranges,
        moved: &[Range<u32>; 3],
    ) {
        let [moved_beats, moved_kicks, moved_gems] = moved;
        let (kicks, gems) = (&frame.kicks, &frame.gems);
        let (shining_kicks, shining_gems) = (self.kicks.shining(kicks), self.gems.shining(gems));
        restrict(&self.road.rectangle(), plane, pass);
        self.draw_pieces(Layer::Beats, &self.beats, &without(&frame.beats, moved_beats), plane, pass);
        self.draw_layer(Layer::LaneLight, shining_kicks, &kicks.struck, plane, pass);
        self.draw_layer(Layer::LaneLight, shining_gems, &gems.struck, plane, pass);
        // Light around a bar as wide as the road would be most of what a frame costs: kicks shine by the line.
        self.draw_layer(Layer::LineGlow, shining_kicks, &kicks.struck, plane, pass);
        self.draw_layer(Layer::Passing, shining_kicks, &kicks.struck, plane, pass);
        self.draw_bodies([Layer::KickMiddles, Layer::Kicks], &self.kicks, kicks, moved_kicks, plane, pass);
        self.draw_layer(Layer::Glow, shining_gems, &gems.shining, plane, pass);
        self.draw_layer(Layer::LineGlow, shining_gems, &gems.struck, plane, pass);
        self.draw_layer(Layer::Passing, shining_gems, &gems.struck, plane, pass);
        self.draw_bodies([Layer::GemMiddles, Layer::Gems], &self.gems, gems, moved_gems, plane, pass);
        self.draw_layer(Layer::Rings, shining_kicks, &kicks.struck, plane, pass);
        self.draw_layer(Layer::Rings, shining_gems, &gems.struck, plane, pass);
        self.draw_sparks(shining_kicks, &kicks.struck, plane, pass);
        self.draw_sparks(shining_gems, &gems.struck, plane, pass);
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

    /// Draws the sparks of the notes in `range`.
    fn draw_sparks(
        &self,
        notes: &Instances<NoteInstance>,
        range: &Range<u32>,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
    ) {
        if !range.is_empty() && self.pipelines.begin(Layer::Particles, plane, pass) {
            notes.draw(self.spark_vertices, range.clone(), pass);
        }
    }

    /// Draws pieces of labels, none of which overlap.
    fn draw_labels(&self, pieces: &[LabelPiece], plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if pieces.is_empty() {
            return;
        }
        for piece in pieces {
            restrict(&piece.part, plane, pass);
            self.draw_layer(Layer::Legend, &self.legend, &piece.gems, plane, pass);
        }
        for piece in pieces {
            restrict(&piece.part, plane, pass);
            self.draw_text(std::slice::from_ref(&piece.glyphs), plane, pass);
        }
        self.road.lift(plane, pass);
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
