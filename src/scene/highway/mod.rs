//! The note highway: hits fall along lanes, at constant speed, and are struck at a line.
//!
//! All hits are uploaded once, 20 bytes each. Per frame four bytes change, and a binary search picks the
//! hits on the picture, so that a song of a million hits costs per frame what a song of a thousand costs.

pub mod hits;
pub mod layout;
pub mod motion;
mod pipelines;

use std::ops::Range;

use self::hits::{Hit, HitList, Place};
use self::layout::Layout;
use self::motion::{Motion, SUBPIXELS};
use self::pipelines::{Pipelines, Shape, Uniform};
use super::{Scene, SceneError, View};
use crate::gpu::Gpu;
use crate::gpu::planes::PlaneKind;
use crate::picture::PictureSize;
use crate::song::{self, DrumMap, LaneLayout, Note, Song};
use crate::timing::{FrameIndex, FrameRate, Time};

/// How long a struck hit glows.
const FLASH: Time = Time::from_nanos(250_000_000);

/// A lane of the highway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneStyle {
    /// sRGB; the lane is tinted in it.
    pub color: [u8; 3],
}

/// What is on a highway: its lanes from left to right, and its hits in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HighwayContent {
    /// From left to right.
    pub lanes: Vec<LaneStyle>,
    /// In order of time.
    pub hits: Vec<Hit>,
}

impl HighwayContent {
    /// The hits and lanes of `song`, by the General MIDI drum map.
    pub fn from_song(song: &Song) -> HighwayContent {
        let map = DrumMap::general_midi();
        let layout = LaneLayout::for_song(song, &map);
        let lanes = layout.lanes.iter().map(|lane| LaneStyle { color: lane.id.color() });
        let hit = |note: &Note| {
            let place = match layout.place(note)? {
                song::Place::Kick => Place::Kick,
                song::Place::Lane(lane) => Place::Lane(lane.0),
            };
            Some(Hit { time: note.time, place, velocity: note.velocity, color: map.color(note.key) })
        };
        HighwayContent { lanes: lanes.collect(), hits: song.notes().iter().filter_map(hit).collect() }
    }
}

/// How a highway is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighwayOptions {
    /// Time from the top to the strike line, or nearly: see [`Motion::new`].
    pub lookahead: Time,
    /// Whether the lookahead is kept to the subpixel.
    pub exact_speed: bool,
    /// Time of the song at frame 0; `None` for the lead-in, [`Highway::lead_in_start`].
    pub start: Option<Time>,
}

impl Default for HighwayOptions {
    fn default() -> HighwayOptions {
        HighwayOptions { lookahead: Time::from_nanos(2_000_000_000), exact_speed: false, start: None }
    }
}

/// The note highway of a song, for one picture size and frame rate.
#[derive(Debug)]
pub struct Highway {
    content: HighwayContent,
    layout: Layout,
    motion: Motion,
    start: Time,
    frame: FrameIndex,
    /// There once prepared.
    resident: Option<Resident>,
}

/// What is on the GPU.
#[derive(Debug)]
struct Resident {
    pipelines: Pipelines,
    kicks: DrawList,
    gems: DrawList,
    shapes: Option<wgpu::Buffer>,
    shape_count: u32,
}

/// Hits on the GPU, and those of them that are on the picture.
#[derive(Debug)]
struct DrawList {
    list: HitList,
    buffer: Option<wgpu::Buffer>,
    visible: Range<u32>,
}

impl Highway {
    /// Lays `content` out.
    pub fn new(
        content: HighwayContent,
        options: &HighwayOptions,
        size: PictureSize,
        frame_rate: FrameRate,
    ) -> Highway {
        let layout = Layout::new(size, content.lanes.len());
        let motion = Motion::new(layout.strike, options.lookahead, frame_rate, options.exact_speed);
        let mut highway =
            Highway { content, layout, motion, start: Time::ZERO, frame: FrameIndex(0), resident: None };
        highway.start = options.start.unwrap_or_else(|| highway.lead_in_start());
        highway
    }

    /// The latest time, not after the song's start, at which the first hit is still above the picture.
    pub fn lead_in_start(&self) -> Time {
        let path = f64::from(self.layout.strike) + f64::from(self.tallest()) + 2.0;
        let first = self.content.hits.first().map_or(Time::ZERO, |hit| hit.time);
        (first - self.motion.time_for(path)).min(Time::ZERO)
    }

    /// Time of the song at frame 0.
    pub fn start(&self) -> Time {
        self.start
    }

    /// How the hits move.
    pub fn motion(&self) -> &Motion {
        &self.motion
    }

    /// Where things are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is on it.
    pub fn content(&self) -> &HighwayContent {
        &self.content
    }

    /// Where the middle of a hit at `time` is at `frame`, in pixels from the top; for hits not yet struck.
    pub fn hit_height(&self, time: Time, frame: FrameIndex) -> f64 {
        let ahead = self.motion.position(time) - self.motion.scroll(self.start, frame);
        f64::from(self.layout.strike) - ahead as f64 / SUBPIXELS as f64
    }

    /// Half the height of the tallest hit, in pixels.
    fn tallest(&self) -> f32 {
        self.layout.gem_half_height.max(self.layout.kick_half_height)
    }

    /// Positions of the hits that may be on the picture at `scroll`: from those whose flash has just ended
    /// to those just above the top.
    fn visible_positions(&self, scroll: i64) -> (i64, i64) {
        let flash = self.motion.position(FLASH) + SUBPIXELS;
        let path = (f64::from(self.layout.strike) + f64::from(self.tallest()) + 2.0) as i64 * SUBPIXELS;
        (scroll - flash, scroll + path)
    }

    /// The static layer's rectangles, bottom first.
    fn shapes(&self) -> Vec<Shape> {
        const BACKGROUND: [u8; 3] = [13, 14, 20];
        const HIGHWAY: [u8; 3] = [22, 24, 33];
        const SEPARATOR: [u8; 3] = [46, 50, 66];
        const STRIKE: [u8; 3] = [225, 228, 240];
        let layout = &self.layout;
        let (left, right) = layout.sides();
        let far = 10_000.0;
        let strike = layout.strike as f32;
        let mut shapes = vec![Shape::filled([-far, -far, far, far], BACKGROUND)];
        for (lane, style) in self.content.lanes.iter().enumerate() {
            let (left, right) = layout.lane(lane);
            shapes.push(Shape::filled([left, -far, right, far], mix(HIGHWAY, style.color, 0.07)));
        }
        if self.content.lanes.is_empty() {
            shapes.push(Shape::filled([left, -far, right, far], HIGHWAY));
        }
        for &border in &layout.borders {
            let half = layout.line / 2.0;
            shapes.push(Shape::filled([border - half, -far, border + half, far], SEPARATOR));
        }
        let half = layout.line;
        shapes.push(Shape::filled([left, strike - half, right, strike + half], STRIKE));
        for (lane, style) in self.content.lanes.iter().enumerate() {
            let (left, right) = layout.lane(lane);
            let (margin, half_height) = (layout.gem_margin, layout.gem_half_height);
            let receptor = [left + margin, strike - half_height, right - margin, strike + half_height];
            shapes.push(Shape::filled(receptor, mix(HIGHWAY, style.color, 0.16)).rounded(half_height * 0.6));
            let outline = Shape::filled(receptor, mix(HIGHWAY, style.color, 0.75));
            shapes.push(outline.rounded(half_height * 0.6).outlined(layout.line * 1.5));
        }
        shapes
    }
}

/// The colour `share` of the way from `from` to `to`.
fn mix(from: [u8; 3], to: [u8; 3], share: f32) -> [u8; 3] {
    std::array::from_fn(|index| {
        (f32::from(from[index]) * (1.0 - share) + f32::from(to[index]) * share).round() as u8
    })
}

impl DrawList {
    fn new(gpu: &Gpu, list: HitList) -> Result<DrawList, SceneError> {
        let buffer = pipelines::vertex_buffer(gpu, "the song's hits", bytemuck::cast_slice(&list.instances))?;
        // They are on the GPU now.
        let list = list.without_instances();
        Ok(DrawList { list, buffer, visible: 0..0 })
    }

    fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(buffer) = &self.buffer
            && !self.visible.is_empty()
        {
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..4, self.visible.clone());
        }
    }
}

impl Scene for Highway {
    fn prepare(&mut self, gpu: &Gpu, view: &View<'_>) -> Result<(), SceneError> {
        let (hits, layout, motion) = (&self.content.hits, &self.layout, &self.motion);
        let list =
            |kicks: bool| HitList::new(hits, layout, motion, |hit| (hit.place == Place::Kick) == kicks);
        let shapes = self.shapes();
        let uniform = Uniform {
            scroll: 0,
            strike: self.layout.strike as f32,
            subpixels_per_second: (self.motion.pixels_per_second() * SUBPIXELS as f64) as f32,
            flash_seconds: FLASH.as_seconds() as f32,
        };
        self.resident = Some(Resident {
            pipelines: Pipelines::new(gpu, view, &uniform),
            kicks: DrawList::new(gpu, list(true))?,
            gems: DrawList::new(gpu, list(false))?,
            shapes: pipelines::vertex_buffer(gpu, "the static layer", bytemuck::cast_slice(&shapes))?,
            shape_count: shapes.len() as u32,
        });
        gpu.check()?;
        Ok(())
    }

    fn draw_static(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(resident) = &self.resident
            && let Some(shapes) = &resident.shapes
        {
            resident.pipelines.set_static(plane, pass);
            pass.set_vertex_buffer(0, shapes.slice(..));
            pass.draw(0..4, 0..resident.shape_count);
        }
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) {
        self.frame = frame;
        let scroll = self.motion.scroll(self.start, frame);
        let (lowest, highest) = self.visible_positions(scroll);
        if let Some(resident) = &mut self.resident {
            for list in [&mut resident.kicks, &mut resident.gems] {
                list.visible = list.list.visible(lowest, highest);
            }
            resident.pipelines.set_scroll(queue, scroll);
        }
    }

    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(resident) = &self.resident {
            resident.pipelines.set_hits(plane, pass);
            resident.kicks.draw(pass);
            resident.gems.draw(pass);
        }
    }
}
