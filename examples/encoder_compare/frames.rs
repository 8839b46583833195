//! The frames that are encoded: rendered from a song, or made of its first one.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::Path;
use std::sync::Arc;

use strikeline::highway::{Highway, HighwayContent, HighwayOptions};
use strikeline::song::{DrumMap, Song, SongOptions};
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{FrameRate, PictureSize, Rectangle, Scroll, Time};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::stream::{FinishedSegment, Sink, SinkError, StreamInfo, StreamOptions, stream};

use crate::Result;

const SECONDS: f64 = 10.0;
const START: f64 = 8.0;

/// The highway of a song, in a built-in theme, and in a view if that is not to be the theme's.
pub(crate) fn highway(
    song: &Path,
    theme: &str,
    view: Option<&str>,
    size: PictureSize,
    frame_rate: FrameRate,
) -> Result<Highway> {
    let song = Song::open(song, &SongOptions::default())?;
    let theme = Theme::builtin(theme)
        .ok_or_else(|| format!("no theme {theme:?}; there are {}", Theme::builtin_names().join(", ")))?;
    let view = match view {
        None => None,
        Some("flat") => Some(ViewKind::Flat),
        Some("perspective") => Some(ViewKind::Perspective),
        Some(other) => return Err(format!("no view {other:?}; there are flat and perspective").into()),
    };
    let options =
        HighwayOptions { start: Some(Time::from_seconds(START)), theme, view, ..HighwayOptions::default() };
    Ok(Highway::new(HighwayContent::from_song(&song, &DrumMap::default()), &options, size, frame_rate)?)
}

/// Renders a highway into a file of planes. Returns how far notes move per frame if that is a whole number of pixels.
pub(crate) fn render(
    mut highway: Highway,
    size: PictureSize,
    frame_rate: FrameRate,
    planes: &Path,
) -> Result<Option<Scroll>> {
    let scroll = highway.motion().pixels_per_frame().map(|pixels| Scroll::whole(0, pixels as i32));
    let frames = frame_rate.frames_to_cover(Time::from_seconds(SECONDS));
    let frames = NonZeroU64::new(frames).ok_or("no frames")?;
    let encoder = Arc::new(RawEncoder::Nv12);
    let options =
        StreamOptions::new(size, frame_rate, frames, encoder).with_segment_frames(NonZeroU32::new(1));
    let mut sink = PlaneFile { file: BufWriter::new(File::create(planes)?), bytes: 0 };
    stream(&mut highway, &options, &mut sink, &mut |progress| {
        eprint!("\rrendering {}/{} ", progress.frames, progress.total);
    })?;
    Ok(scroll)
}

/// Makes all frames of a file of planes the first one.
pub(crate) fn freeze(planes: &Path, frame_bytes: usize) -> Result<()> {
    let frames = std::fs::metadata(planes)?.len() / frame_bytes as u64;
    let mut first = vec![0; frame_bytes];
    File::open(planes)?.read_exact(&mut first)?;
    let mut file = BufWriter::new(File::create(planes)?);
    (0..frames).try_for_each(|_| file.write_all(&first))?;
    Ok(file.flush()?)
}

/// Where a frame differs from the one before, in macroblocks: neighbours in a row are joined to one rectangle, and so are
/// equal columns in rows below each other. This is the best that a scene can report.
pub(crate) fn changed_parts(size: PictureSize, before: &[u8], frame: &[u8]) -> Vec<Rectangle> {
    let (width, height) = (size.width() as usize, size.height() as usize);
    let differs = |column: usize, row: usize| {
        let (left, right) = (column * 16, (column * 16 + 16).min(width));
        let luma = row * 16..(row * 16 + 16).min(height);
        let chroma = height + row * 8..height + (row * 8 + 8).min(height / 2);
        luma.chain(chroma)
            .any(|y| before[y * width + left..][..right - left] != frame[y * width + left..][..right - left])
    };
    let mut rectangles: Vec<Rectangle> = Vec::new();
    for row in 0..height.div_ceil(16) {
        let changed: Vec<bool> = (0..width.div_ceil(16)).map(|column| differs(column, row)).collect();
        let mut column = 0;
        for run in changed.chunk_by(|a, b| a == b) {
            let (left, right) = (column as u32 * 16, ((column + run.len()) as u32 * 16).min(size.width()));
            let (top, bottom) = (row as u32 * 16, (row as u32 * 16 + 16).min(size.height()));
            column += run.len();
            if !run[0] {
                continue;
            }
            let above = |part: &&mut Rectangle| (part.left, part.right, part.bottom) == (left, right, top);
            match rectangles.iter_mut().find(above) {
                Some(part) => part.bottom = bottom,
                None => rectangles.push(Rectangle { left, top, right, bottom }),
            }
        }
    }
    rectangles
}

/// Frames one after the other.
struct PlaneFile {
    file: BufWriter<File>,
    bytes: u64,
}

impl Sink for PlaneFile {
    fn begin(&mut self, _: &StreamInfo) -> std::result::Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> std::result::Result<(), SinkError> {
        self.bytes += segment.data.len() as u64;
        Ok(self.file.write_all(&segment.data)?)
    }

    fn finish(&mut self) -> std::result::Result<u64, SinkError> {
        self.file.flush()?;
        Ok(self.bytes)
    }
}
