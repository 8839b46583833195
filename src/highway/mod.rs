//! The note highway: notes come along lanes at a constant speed and are struck at a line.
//!
//! [`Highway`] is a scene. It is made from [`HighwayContent`], which lists what is shown, and [`HighwayOptions`], which
//! say how it is shown.
//!
//! All data is uploaded to the GPU once: 24 bytes per note, beat lines, glyphs and images. Between frames only eight
//! bytes change. Binary searches find the notes that are visible, so a frame of a song with a million notes costs as
//! much as a frame of a short song.
//!
//! [`HighwayOptions`], [`HighwayContent`] and its parts are plain data with public fields. They are not
//! `#[non_exhaustive]`, so that callers can write struct literals that end in `..Default::default()`.

mod captions;
mod changes;
mod clock;
mod content;
mod dense;
mod fingerprint;
mod grace;
mod images;
mod kept;
mod layout;
mod motion;
mod moved;
mod notes;
mod options;
mod paint;
mod pipelines;
mod placement;
mod resident;
mod spans;
mod static_layer;
mod visible;

use std::path::PathBuf;
use std::sync::Arc;

use image::RgbaImage;

pub use self::captions::CutText;
pub use self::content::{
    BarStart, BeatLine, CountIn, DrumLabel, HighwayContent, HighwayNote, LaneStyle, Section,
};
pub use self::layout::{Layout, Tilt};
pub use self::motion::{NoteMotion, SUBPIXELS};
pub use self::options::{EndCard, HighwayOptions, Labels};
pub use crate::song::LanePlace;

use self::captions::Captions;
use self::changes::{CoveredAreas, EffectExtents};
use self::clock::{ALL_TIME, milliseconds};
use self::images::Placement;
use self::moved::{MovableArea, RowShift};
use self::pipelines::{FrameUniform, HighwayUniform};
use self::resident::Resident;
use self::visible::VisibleRange;
use crate::text::TextError;
use strikeline_picture::{
    FrameChange, FrameIndex, FrameRate, MovedArea, PictureSize, Rectangle, Scroll, Time, shown,
};
use wgpu_video::gpu::Gpu;
use wgpu_video::gpu::planes::PlaneKind;
use wgpu_video::scene::{Scene, SceneError, SceneTarget};

/// Rows at either end of the road that may differ from the others, beyond the shapes of the static layer.
const ROAD_MARGIN: f32 = 8.0;

/// The end card begins to fade in this long after the last note.
pub const END_CARD_AFTER: Time = Time::from_nanos(600_000_000);

/// Why a [`Highway`] cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HighwayError {
    /// An image of the theme or of the end card cannot be read; give a PNG, JPEG or WebP file.
    #[error("the image {} cannot be read: {reason}; give a PNG, JPEG or WebP file", shown(path))]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An image of the theme or of the end card is larger than any that is shown; scale it down.
    #[error(
        "the image {} has {width}x{height} pixels; at most {} million pixels, and {} MiB of them, are decoded: scale it down, \
         to 3840x2160 for example",
        shown(path),
        pixels / 1_000_000,
        bytes >> 20
    )]
    ImageTooLarge {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
        /// Most pixels that are decoded.
        pixels: u64,
        /// Most bytes that the decoded pixels may have.
        bytes: u64,
    },
    /// The theme's font cannot be used, or there is too much text for a texture.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// The note highway of a song, for one picture size and frame rate.
#[derive(Debug)]
pub struct Highway {
    content: Arc<HighwayContent>,
    options: HighwayOptions,
    layout: Layout,
    motion: NoteMotion,
    start: Time,
    captions: Captions,
    background: Option<(RgbaImage, Placement)>,
    end_image: Option<(RgbaImage, Placement)>,
    extents: EffectExtents,
    /// The frame of the last update.
    frame: FrameIndex,
    /// The data on the GPU; `None` until the scene is prepared.
    resident: Option<Resident>,
}

impl Highway {
    /// Lays out `content` for pictures of `size`, rasterises its text and loads the images that `options` name.
    ///
    /// # Errors
    /// [`HighwayError`] when an image or font cannot be used, or the text does not fit into a texture.
    pub fn new(
        content: HighwayContent,
        options: &HighwayOptions,
        size: PictureSize,
        frame_rate: FrameRate,
    ) -> Result<Highway, HighwayError> {
        let options = &options.as_drawn();
        let layout = Layout::new(size, content.lanes.len(), options);
        // In perspective no speed is whole pixels per frame everywhere.
        let exact = options.exact_speed || layout.tilt.is_some();
        let motion = NoteMotion::new(layout.path, options.lookahead, frame_rate, exact);
        let start = options.start.unwrap_or_else(|| lead_in(&content, &layout, &motion));
        let last = content.notes.last().map_or(Time::ZERO, |note| note.time);
        let end_card = options.end_card.as_ref().map(|_| last + END_CARD_AFTER);
        let text = || Captions::new(&content, &layout, options, end_card);
        let background = || background_image(options, size);
        let end_image = || end_image(options, size, end_card);
        // An image takes hundreds of milliseconds to decode and scale, and text takes about ten: only images are worth
        // other threads.
        let (captions, (background, end_image)) =
            match options.theme.background.image.is_some() || options.end_card.is_some() {
                true => rayon::join(text, || rayon::join(background, end_image)),
                false => (text(), (background(), end_image())),
            };
        let (captions, background, end_image) = (captions?, background?, end_image?);
        let options = options.clone();
        let lasting = motion.position(effects_last(&options)) + 1;
        let travel = motion.pixels_in_shutter(options.shutter_degrees);
        let extents = EffectExtents::new(&layout, &options, travel, lasting);
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

    /// Time of the song at frame 0; at most 0 unless the options say otherwise.
    pub fn start(&self) -> Time {
        self.start
    }

    /// The speed of the notes and the scroll of each frame.
    pub fn motion(&self) -> &NoteMotion {
        &self.motion
    }

    /// Positions and sizes in the picture.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The lanes, notes, beats and texts that are shown.
    pub fn content(&self) -> &HighwayContent {
        &self.content
    }

    /// Characters of the text that no font has, each once. They are drawn as boxes.
    pub fn missing_characters(&self) -> &[char] {
        &self.captions.missing
    }

    /// Texts that have not enough room on the picture, each once.
    pub fn cut_texts(&self) -> &[CutText] {
        &self.captions.cut
    }

    /// The labels as they are written, those of the kicks first, then lane by lane. All are full names, or all short ones,
    /// or all names of two letters, and no two are the same. There are none where they have no room.
    pub fn label_names(&self) -> &[String] {
        &self.captions.label_names
    }

    /// Height at which `frame` shows the middle of a note that is struck at `time`, in pixels from the top of the picture.
    /// For notes that are not struck yet.
    pub fn note_height(&self, time: Time, frame: FrameIndex) -> f64 {
        let ahead = self.motion.position(time) - self.motion.scroll(self.start, frame);
        self.layout.seen(0.0, ahead as f64 / SUBPIXELS as f64).1
    }

    /// What a frame shows at `scroll` subpixels.
    fn visible_range(&self, scroll: i64) -> VisibleRange {
        let shadow = f64::from(self.extents.shadow());
        let subpixels = |pixels: f64| (pixels * SUBPIXELS as f64) as i64;
        let blur = f64::from(self.motion.pixels_in_shutter(self.options.shutter_degrees));
        VisibleRange {
            now: scroll,
            struck: scroll - self.motion.position(effects_last(&self.options)) - 1,
            shining: scroll + subpixels(f64::from(self.extents.lit()) + 1.0),
            far: scroll
                + subpixels(
                    f64::from(self.layout.path) + f64::from(tallest(&self.layout)) + 2.0 + blur + shadow,
                ),
        }
    }

    /// The scroll at `frame` in subpixels, and the time of the song in milliseconds.
    fn moment(&self, frame: FrameIndex) -> (i64, i32) {
        let time = clock::time_in_song(self.motion.frame_rate(), self.start, frame);
        (self.motion.scroll(self.start, frame), milliseconds(time))
    }

    /// By how many rows the notes have moved since the previous frame, and where. `None` where the shift is not a whole
    /// even number of rows.
    fn row_shift(&self, scroll: i64, now: i32) -> Option<RowShift> {
        let layout = &self.layout;
        if layout.tilt.is_some() {
            return None;
        }
        let theme = &self.options.theme;
        let columns = static_layer::uniform_columns(layout, theme, self.background.is_some());
        let (before, then) = self.moment(FrameIndex(self.frame.0.checked_sub(1)?));
        let shift = moved::whole_row_shift(before, scroll)?;
        let receptors = layout.gem_half_height.max(layout.line(theme.strike_line.width));
        let receptors = receptors.max(static_layer::light_reach(layout, theme));
        let around_line = (receptors + ROAD_MARGIN).ceil() as u32;
        let (rows, shift) = match layout.reverse {
            false => (layout.header + ROAD_MARGIN as u32..layout.strike.saturating_sub(around_line), shift),
            true => (layout.strike + around_line..layout.size.height(), -shift),
        };
        let rows = self.captions.rows_without([then, now], rows);
        let visible = [self.visible_range(before), self.visible_range(scroll)];
        Some(RowShift { visible, rows: shift, area: MovableArea { rows, columns } })
    }

    /// The motion of the notes per frame; `None` in perspective, where they have no common one.
    fn scroll(&self) -> Option<Scroll> {
        if self.layout.tilt.is_some() {
            return None;
        }
        let (pixels, frames) = match self.motion.has_even_steps() {
            true => (self.pixels_since_last_frame()?, 1),
            false => self.motion.pixels_over_frames()?,
        };
        let down = if self.layout.reverse { -1 } else { 1 };
        Some(Scroll { dx: 0, dy: pixels * down, denominator: frames })
    }

    /// How many whole pixels the notes have moved since the frame before. At frame 0, how many they will.
    fn pixels_since_last_frame(&self) -> Option<i32> {
        let last = self.frame.0.saturating_sub(1);
        let scroll = |frame| self.motion.scroll(self.start, FrameIndex(frame));
        let moved = scroll(last + 1).checked_sub(scroll(last))?;
        i32::try_from(moved / SUBPIXELS).ok()
    }

    /// What changed and what moved between frame `previous` and this one.
    fn change_since(&self, previous: FrameIndex, resident: &Resident) -> FrameChange {
        let ((before, then), (now, _)) = (self.moment(previous), self.moment(self.frame));
        let mut parts = Vec::new();
        let ranges = [self.visible_range(before), self.visible_range(now)];
        resident.add_changed(
            ranges,
            CoveredAreas { layout: &self.layout, extents: &self.extents },
            &mut parts,
        );
        if !self.captions.add_changed(then, &mut parts) {
            return FrameChange::UNKNOWN;
        }
        let follows = previous.0 + 1 == self.frame.0;
        let moved = if follows { resident.moved().clone() } else { MovedArea::default() };
        FrameChange::within(parts).with_moved(moved)
    }

    fn uniform(&self) -> HighwayUniform {
        // Labels that stay begin to fade after all songs.
        let fade = self.captions.labels_fade.unwrap_or([ALL_TIME[1] - 1, ALL_TIME[1]]);
        HighwayUniform::new(&self.layout, &self.motion, &self.options, fade, self.captions.progress)
    }
}

/// How long the effects of a struck note are seen; 0 when there are none.
fn effects_last(options: &HighwayOptions) -> Time {
    let effects = &options.theme.effects;
    let strengths = [effects.flash, effects.glow, effects.line_glow, effects.rings];
    let more = [effects.lane_light, effects.passing, effects.particles.into()];
    let any = strengths.into_iter().chain(more).any(|strength| strength > 0.0);
    Time::from_seconds(if any { effects.duration.into() } else { 0.0 })
}

/// Half the height of the tallest note, in pixels.
fn tallest(layout: &Layout) -> f32 {
    // Accents are up to half larger.
    layout.gem_half_height.max(layout.kick_half_height) * 1.5
}

/// The time at which the video begins: late enough that no time is lost, but before the first note is visible, before
/// the count-in, and not after the song's start; a whole number of frames from there.
fn lead_in(content: &HighwayContent, layout: &Layout, motion: &NoteMotion) -> Time {
    let path = f64::from(layout.path) + f64::from(tallest(layout)) + 2.0;
    let first = content.notes.first().map_or(Time::ZERO, |note| note.time);
    let counted = content.count_in.first().map_or(Time::ZERO, |beat| beat.time - Time::from_seconds(0.25));
    let latest = (first - motion.time_for(path)).min(counted).min(Time::ZERO);
    let rate = motion.frame_rate();
    clock::time_of(rate, clock::frame_before(rate, latest))
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
    fn is_transparent(&self) -> bool {
        self.options.transparent
    }

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

    fn update(&mut self, queue: &wgpu::Queue, frame: FrameIndex) -> Result<(), SceneError> {
        let (scroll, now) = self.moment(frame);
        self.frame = frame;
        self.captions.set_time(now);
        let visible = self.visible_range(scroll);
        if let Some(resident) = &mut self.resident {
            let frame = FrameUniform { scroll: scroll as i32, milliseconds: now };
            resident.set_frame(queue, frame, visible, &self.layout);
        }
        let shift = self.row_shift(scroll, now);
        if let (Some(resident), Some(shift)) = (&mut self.resident, shift) {
            resident.find_moved(&shift, CoveredAreas { layout: &self.layout, extents: &self.extents });
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
            resident.draw_changed(&self.captions, plane, pass, parts, moved);
        }
        Ok(())
    }
}
