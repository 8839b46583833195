//! The note highway: hits fall along lanes, at constant speed, and are struck at a line.
//!
//! Everything is uploaded once: hits in 24 bytes each, beat lines, glyphs, images. Per frame eight bytes
//! change, and binary searches pick what is on the picture, so that a song of a million hits costs per frame
//! what a song of a thousand costs.

mod captions;
pub mod content;
mod damage;
mod fixed;
pub mod hits;
mod images;
pub mod layout;
pub mod motion;
mod moved;
pub mod options;
mod paint;
mod pipelines;
mod resident;

use std::path::PathBuf;
use std::sync::Arc;

use image::RgbaImage;

pub use self::content::{BeatLine, CountIn, DrumLabel, HighwayContent, Hit, LaneStyle, Place, Section};
pub use self::options::{EndCard, HighwayOptions, Labels};

use self::captions::{CaptionTimes, Captions};
use self::damage::Extents;
use self::images::Placement;
use self::layout::Layout;
use self::motion::{Motion, SUBPIXELS};
use self::moved::Ground;
use self::pipelines::{ALL_TIME, FrameUniform, Uniform, milliseconds};
use self::resident::{Reach, Resident};
use crate::text::TextError;
use strikeline_picture::{
    FrameChange, FrameIndex, FrameRate, MovedArea, PictureSize, Rectangle, Scroll, Time,
};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::scene::{Scene, SceneError, SceneTarget};

/// Rows beyond what the static layer has at either end of the road that may not be as the others.
const ROAD_MARGIN: f32 = 8.0;

/// How long after the last hit the end card begins to come.
const END_CARD_AFTER: Time = Time::from_nanos(600_000_000);

/// Why a highway cannot be shown as it is wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HighwayError {
    /// An image of the theme or of the end card.
    #[error("the image {} cannot be read: {reason}; give a PNG, JPEG or WebP file", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The theme's font, or text that is too much.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// The note highway of a song, for one picture size and frame rate.
#[derive(Debug)]
pub struct Highway {
    content: Arc<HighwayContent>,
    options: HighwayOptions,
    layout: Layout,
    motion: Motion,
    start: Time,
    captions: Captions,
    background: Option<(RgbaImage, Placement)>,
    end_image: Option<(RgbaImage, Placement)>,
    extents: Extents,
    /// Of the last update.
    frame: FrameIndex,
    /// There once prepared.
    resident: Option<Resident>,
}

impl Highway {
    /// Lays `content` out, sets its text and loads the images that it is shown with.
    ///
    /// # Errors
    /// When an image or a font that `options` name cannot be used.
    pub fn new(
        content: HighwayContent,
        options: &HighwayOptions,
        size: PictureSize,
        frame_rate: FrameRate,
    ) -> Result<Highway, HighwayError> {
        let layout = Layout::new(size, content.lanes.len(), options);
        // In perspective no speed is whole pixels per frame everywhere.
        let exact = options.exact_speed || layout.tilt.is_some();
        let motion = Motion::new(layout.path, options.lookahead, frame_rate, exact);
        let start = options.start.unwrap_or_else(|| lead_in(&content, &layout, &motion));
        let last = content.hits.last().map_or(Time::ZERO, |hit| hit.time);
        let times =
            CaptionTimes { start, end_card: options.end_card.as_ref().map(|_| last + END_CARD_AFTER) };
        let captions = Captions::new(&content, &layout, options, times)?;
        let background = background_image(options, size)?;
        let end_image = end_image(options, size, times.end_card)?;
        let options = options.clone();
        let lasting = motion.position(effects_last(&options)) + 1;
        let travel = motion.pixels_in_shutter(options.shutter_degrees);
        let extents = Extents::new(&layout, &options, travel, lasting);
        Ok(Highway {
            extents,
            frame: FrameIndex(0),
            content: Arc::new(content),
            options,
            layout,
            motion,
            start,
            captions,
            background,
            end_image,
            resident: None,
        })
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

    /// Characters of the text that no font has, each once; they are drawn as boxes.
    pub fn missing_characters(&self) -> &[char] {
        &self.captions.missing
    }

    /// Where the middle of a hit at `time` is at `frame`, in pixels from the top; for hits not yet struck.
    pub fn hit_height(&self, time: Time, frame: FrameIndex) -> f64 {
        let ahead = self.motion.position(time) - self.motion.scroll(self.start, frame);
        self.layout.seen(0.0, ahead as f64 / SUBPIXELS as f64).1
    }

    /// What is seen at `scroll`.
    fn reach(&self, scroll: i64) -> Reach {
        let effects = &self.options.theme.effects;
        let subpixels = |pixels: f64| (pixels * SUBPIXELS as f64) as i64;
        let blur = f64::from(self.motion.pixels_in_shutter(self.options.shutter_degrees));
        Reach {
            now: scroll,
            struck: scroll - self.motion.position(effects_last(&self.options)) - 1,
            shining: scroll + subpixels(f64::from(self.layout.scaled(effects.glow_reach)) * 1.5 + 1.0),
            far: scroll
                + subpixels(f64::from(self.layout.path) + f64::from(tallest(&self.layout)) + 2.0 + blur),
        }
    }

    /// How far the song has scrolled at `frame`, and its time in milliseconds.
    fn moment(&self, frame: FrameIndex) -> (i64, i32) {
        let time = self.start + self.motion.frame_rate().time_of(frame);
        (self.motion.scroll(self.start, frame), milliseconds(time))
    }

    /// Reaches of the frame before and this one, rows between the two, and where all that comes is moved; `None`
    /// where things are not moved by whole samples.
    fn find_moved(&self, scroll: i64, now: i32) -> Option<([Reach; 2], u32, Ground)> {
        let layout = &self.layout;
        if layout.tilt.is_some() || layout.reverse {
            return None;
        }
        let theme = &self.options.theme;
        let columns = fixed::even_columns(layout, theme, self.background.is_some());
        let (before, then) = self.moment(FrameIndex(self.frame.0.checked_sub(1)?));
        let way = moved::whole_way(before, scroll)?;
        let receptors = layout.gem_half_height.max(layout.line(theme.strike_line.width));
        let end = layout.strike.saturating_sub((receptors + ROAD_MARGIN).ceil() as u32);
        let rows = self.captions.rows_without([then, now], layout.header + ROAD_MARGIN as u32..end);
        Some(([self.reach(before), self.reach(scroll)], way, Ground { rows, columns }))
    }

    /// How most of what moves in this frame has moved since the frame before it; `None` where that is not one motion.
    fn scroll(&self) -> Option<Scroll> {
        if self.layout.tilt.is_some() {
            return None;
        }
        let (pixels, frames) = self.motion.pixels_over_frames()?;
        let down = if self.layout.reverse { -1 } else { 1 };
        Some(Scroll { dx: 0, dy: pixels * down, denominator: frames })
    }

    /// What differs between this frame and `previous`, and what has moved.
    fn change_since(&self, previous: FrameIndex, resident: &Resident) -> FrameChange {
        let ((before, then), (now, _)) = (self.moment(previous), self.moment(self.frame));
        let mut parts = Vec::new();
        let reaches = [self.reach(before), self.reach(now)];
        resident.add_changed(reaches, (&self.layout, &self.extents), &mut parts);
        if !self.captions.add_changed(then, &mut parts) {
            return FrameChange::UNKNOWN;
        }
        let follows = previous.0 + 1 == self.frame.0;
        let moved = if follows { resident.moved().clone() } else { MovedArea::default() };
        FrameChange::within(parts).with_moved(moved)
    }

    fn uniform(&self) -> Uniform {
        // Labels that stay begin to fade after all songs.
        let fade = self.captions.labels_fade.unwrap_or([ALL_TIME[1] - 1, ALL_TIME[1]]);
        Uniform::new(&self.layout, &self.motion, &self.options, fade, self.captions.progress)
    }
}

/// How long the effects of a struck hit are seen; 0 when there are none.
fn effects_last(options: &HighwayOptions) -> Time {
    let effects = &options.theme.effects;
    let any = effects.flash.max(effects.glow).max(effects.line_glow).max(effects.rings) > 0.0;
    Time::from_seconds(if any { effects.duration.into() } else { 0.0 })
}

/// Half the height of the tallest hit, in pixels.
fn tallest(layout: &Layout) -> f32 {
    // Accents are up to half larger.
    layout.gem_half_height.max(layout.kick_half_height) * 1.5
}

/// The latest time at which the first hit is still beyond the far end, and not after the song's start; early
/// enough for the count-in.
fn lead_in(content: &HighwayContent, layout: &Layout, motion: &Motion) -> Time {
    let path = f64::from(layout.path) + f64::from(tallest(layout)) + 2.0;
    let first = content.hits.first().map_or(Time::ZERO, |hit| hit.time);
    let counted = content.count_in.first().map_or(Time::ZERO, |beat| beat.time - Time::from_seconds(0.25));
    (first - motion.time_for(path)).min(counted).min(Time::ZERO)
}

fn background_image(
    options: &HighwayOptions,
    size: PictureSize,
) -> Result<Option<(RgbaImage, Placement)>, HighwayError> {
    let background = &options.theme.background;
    let Some(path) = &background.image else { return Ok(None) };
    let image = images::covering(path, size.width(), size.height())?;
    let begin = ALL_TIME[0];
    let placement = Placement { place: [0, 0], opacity: background.image_strength, fade: [begin, begin + 1] };
    Ok(Some((image, placement)))
}

fn end_image(
    options: &HighwayOptions,
    size: PictureSize,
    from: Option<Time>,
) -> Result<Option<(RgbaImage, Placement)>, HighwayError> {
    let (Some(card), Some(from)) = (&options.end_card, from) else { return Ok(None) };
    let (width, height) = (size.width(), size.height());
    let room = (height as f32 * captions::END_CARD_IMAGE) as u32;
    let image = images::fitting(&card.image, width * 8 / 10, room)?;
    // On even pixels, as chroma is half as fine.
    let even = |value: u32| (value / 2 * 2) as i16;
    let top = (height as f32 * captions::END_CARD_TEXT) as u32 - room + (room - image.height()) / 2;
    let place = [even((width - image.width()) / 2), even(top.saturating_sub(height / 50))];
    let from = milliseconds(from);
    let fade = [from, from.saturating_add(captions::END_CARD_FADE)];
    Ok(Some((image, Placement { place, opacity: 1.0, fade })))
}

impl Scene for Highway {
    fn prepare(&mut self, gpu: &Gpu, view: &SceneTarget<'_>) -> Result<(), SceneError> {
        self.resident = Some(Resident::new(self, gpu, view, &self.uniform())?);
        gpu.check()?;
        Ok(())
    }

    fn duplicate(&self) -> Option<Box<dyn Scene>> {
        Some(Box::new(Highway {
            content: Arc::clone(&self.content),
            options: self.options.clone(),
            layout: self.layout.clone(),
            captions: self.captions.clone(),
            background: self.background.clone(),
            end_image: self.end_image.clone(),
            extents: self.extents,
            resident: None,
            ..*self
        }))
    }

    fn draw_static(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        if let Some(resident) = &self.resident {
            resident.draw_static(&self.captions, plane, pass);
        }
        Ok(())
    }

    fn static_layer(&self) -> u32 {
        // With the labels, or without.
        u32::from(self.captions.labels_are() != captions::LabelsAre::Fixed)
    }

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let (scroll, now) = self.moment(frame);
        self.frame = frame;
        self.captions.set_time(now);
        let reach = self.reach(scroll);
        if let Some(resident) = &mut self.resident {
            resident.set_frame(queue, FrameUniform { scroll: scroll as i32, milliseconds: now }, reach);
        }
        let moved = self.find_moved(scroll, now);
        if let (Some(resident), Some((reaches, way, ground))) = (&mut self.resident, moved) {
            resident.find_moved(reaches, (&self.layout, &self.extents), way, ground);
        }
        Ok(())
    }

    fn reports_changes(&self) -> bool {
        true
    }

    fn change(&self, previous: Option<FrameIndex>) -> FrameChange {
        let change = match (previous, &self.resident) {
            (Some(previous), Some(resident)) => self.change_since(previous, resident),
            _ => FrameChange::UNKNOWN,
        };
        change.with_scroll(self.scroll())
    }

    fn draw(&self, plane: PlaneKind, pass: &mut wgpu::RenderPass<'_>) -> Result<(), SceneError> {
        if let Some(resident) = &self.resident {
            resident.draw(&self.captions, plane, pass);
        }
        Ok(())
    }

    fn draw_changed(
        &self,
        plane: PlaneKind,
        pass: &mut wgpu::RenderPass<'_>,
        parts: &[Rectangle],
        moved: &MovedArea,
    ) -> Result<(), SceneError> {
        if let Some(resident) = &self.resident {
            resident.draw_changed(&self.captions, plane, pass, parts, !moved.is_empty());
        }
        Ok(())
    }
}
