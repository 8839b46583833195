//! Stages that render nothing: they hand on frames that were rendered before, to measure the stages after them.

use std::sync::{Arc, Mutex, PoisonError};

use std::num::{NonZeroU32, NonZeroU64};

use strikeline_picture::{
    FrameChange, FrameIndex, Picture, PictureSize, PixelFormat, Plane, RgbaPicture, Scroll, SegmentIndex,
};
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, Planes,
};
use wgpu_video::scene::Scene;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::pipeline::DeviceStages;
use wgpu_video::stream::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use wgpu_video::stream::{StreamError, StreamOptions, stream};

/// Memory for prepared frames, in bytes.
const MEMORY: usize = 64 << 20;
/// Most frames that are prepared.
const MOST: usize = 32;

/// Frames of a scene in memory.
pub(super) struct PreparedFrames(Vec<PreparedPicture>);

/// One frame of a scene in memory.
struct PreparedPicture {
    size: PictureSize,
    kind: PictureKind,
    /// Luma and interleaved chroma, or pixels, rows without padding.
    data: Vec<u8>,
    /// The motion since the frame before.
    scroll: Option<Scroll>,
}

/// What a prepared picture consists of.
#[derive(Debug, Clone, Copy)]
enum PictureKind {
    Yuv(PixelFormat),
    Rgba { has_alpha: bool },
}

impl PreparedFrames {
    /// Renders the first frames of `scene` and reads them back: at least 2, or all if there is only one.
    pub(super) fn render(
        scene: &mut dyn Scene,
        options: &StreamOptions,
    ) -> Result<Arc<PreparedFrames>, StreamError> {
        let pixels = u64::from(options.size.width()) * u64::from(options.size.height());
        let planes = options.encoder.planes();
        let frame_bytes = planes.pixel_format().map_or(pixels * 4, |format| format.bytes_of(pixels));
        let count = (MEMORY / frame_bytes as usize).clamp(2, MOST) as u64;
        let count = NonZeroU64::new(count).unwrap_or(NonZeroU64::MIN);
        let collecting = CollectingEncoder { planes, kept: Arc::default() };
        let keeping = options
            .clone()
            // One segment: one encoder, which is given them in order.
            .with_frames(options.frames.min(count))
            .with_encoder(Arc::new(collecting.clone()))
            .with_segment_frames(NonZeroU32::new(MOST as u32))
            .with_record(None);
        stream(scene, &keeping, &mut NullSink::default(), &mut |_| {})?;
        let kept = std::mem::take(&mut *collecting.kept.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Arc::new(PreparedFrames(kept)))
    }

    /// The stages that hand these frames on.
    pub(super) fn stages(self: &Arc<Self>) -> DeviceStages<PreparedRenderer, PreparedReader> {
        DeviceStages { render: PreparedRenderer(Arc::clone(self)), readback: PreparedReader }
    }

    /// Which picture stands for `frame`, and whether the pictures run backwards there. They run forwards and backwards in
    /// turn, so that each differs from the one before as in a video.
    fn stand_in(&self, frame: FrameIndex) -> (usize, bool) {
        let last = (self.0.len() as u64).saturating_sub(1);
        let place = frame.0 % (last * 2).max(1);
        let back = place > last || (place == 0 && frame.0 > 0);
        (usize::try_from(place.min(last * 2 - place)).unwrap_or(0), back)
    }

    /// The motion between the frame before and `frame`.
    fn scroll(&self, frame: FrameIndex) -> Option<Scroll> {
        let (index, back) = self.stand_in(frame);
        if !back {
            return self.0.get(index).and_then(|kept| kept.scroll);
        }
        // Backwards, the frame before is the one that follows in the song.
        let forth = self.0.get(index + 1).and_then(|kept| kept.scroll)?;
        Some(Scroll { dx: -forth.dx, dy: -forth.dy, ..forth })
    }
}

/// Makes encoders that collect the pictures, and is one.
#[derive(Clone)]
struct CollectingEncoder {
    planes: Planes,
    kept: Arc<Mutex<Vec<PreparedPicture>>>,
}

impl CollectingEncoder {
    /// Keeps a picture. The access unit is a byte.
    fn keep(
        &mut self,
        picture: PreparedPicture,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(picture);
        output.push(0);
        Ok(Some(AccessUnit::new(1, all.len() == 1)))
    }
}

impl EncoderFactory for CollectingEncoder {
    fn name(&self) -> &'static str {
        "collecting"
    }

    fn codec(&self) -> Codec {
        Codec::NONE
    }

    fn planes(&self) -> Planes {
        self.planes
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(self.clone()))
    }
}

impl Encoder for CollectingEncoder {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let Picture { size, format, luma, chroma } = *picture;
        let mut data = Vec::new();
        let mut keep = |plane: Plane<'_>, row_bytes: u32, rows: u32| {
            (0..rows as usize).for_each(|row| data.extend_from_slice(plane.row(row, row_bytes as usize)));
        };
        keep(luma, format.luma_row_bytes(size), size.height());
        keep(chroma, format.chroma_row_bytes(size), format.chroma_rows(size));
        self.keep(
            PreparedPicture { size, kind: PictureKind::Yuv(format), data, scroll: change.scroll },
            output,
        )
    }

    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let RgbaPicture { size, pixels, has_alpha } = *picture;
        let row_bytes = size.width() as usize * 4;
        let data = (0..size.height() as usize).flat_map(|row| pixels.row(row, row_bytes)).copied().collect();
        let kind = PictureKind::Rgba { has_alpha };
        self.keep(PreparedPicture { size, kind, data, scroll: None }, output)
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::NONE, []))
    }
}

/// The render stage of prepared frames, which draws nothing.
pub(super) struct PreparedRenderer(Arc<PreparedFrames>);

/// The readback stage of prepared frames, which does not wait.
pub(super) struct PreparedReader;

/// A prepared frame on its way through the stages.
pub(super) struct PreparedFrame {
    frames: Arc<PreparedFrames>,
    frame: FrameIndex,
    change: FrameChange,
}

impl Render for PreparedRenderer {
    type Submitted = PreparedFrame;

    fn render(&mut self, frame: FrameIndex, _slot: SlotIndex) -> Result<PreparedFrame, StageError> {
        if self.0.0.is_empty() {
            return Err(StageError::Other("no frame was prepared".to_owned()));
        }
        let change = FrameChange::UNKNOWN.with_scroll(self.0.scroll(frame));
        Ok(PreparedFrame { frames: Arc::clone(&self.0), frame, change })
    }
}

impl Readback<PreparedFrame> for PreparedReader {
    type Mapped = PreparedFrame;

    fn wait(&mut self, submitted: PreparedFrame) -> Result<PreparedFrame, StageError> {
        Ok(submitted)
    }
}

impl PreparedFrame {
    fn prepared(&self) -> &PreparedPicture {
        // There is one, or the frame would not have been rendered.
        &self.frames.0[self.frames.stand_in(self.frame).0]
    }
}

impl Mapped for PreparedFrame {
    fn picture(&self) -> Picture<'_> {
        let PreparedPicture { size, kind, data, .. } = self.prepared();
        let &PictureKind::Yuv(format) = kind else {
            let nothing = Plane { data: &[], stride: 0 };
            return Picture::nv12(*size, nothing, nothing);
        };
        let (luma_row, chroma_row) =
            (format.luma_row_bytes(*size) as usize, format.chroma_row_bytes(*size) as usize);
        let (luma, chroma) = data.split_at(luma_row * size.height() as usize);
        let luma = Plane { data: luma, stride: luma_row };
        Picture { size: *size, format, luma, chroma: Plane { data: chroma, stride: chroma_row } }
    }

    fn rgba(&self) -> Option<RgbaPicture<'_>> {
        let PreparedPicture { size, kind, data, .. } = self.prepared();
        let &PictureKind::Rgba { has_alpha } = kind else { return None };
        Some(RgbaPicture {
            size: *size,
            pixels: Plane { data, stride: size.width() as usize * 4 },
            has_alpha,
        })
    }

    fn bytes(&self) -> u64 {
        self.prepared().data.len() as u64
    }

    fn change(&self) -> &FrameChange {
        &self.change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepared_frames_run_forwards_and_backwards_and_so_does_their_motion() {
        let run = |count: i32| {
            let size = PictureSize::new(64, 64).unwrap();
            let kind = PictureKind::Yuv(PixelFormat::NV12);
            let kept = |index| PreparedPicture {
                size,
                kind,
                data: Vec::new(),
                scroll: Some(Scroll::whole(0, index)),
            };
            let frames = PreparedFrames((0..count).map(kept).collect());
            let places = (0..7).map(|frame| frames.stand_in(FrameIndex(frame)).0).collect::<Vec<_>>();
            let scrolls = (0..7).filter_map(|frame| frames.scroll(FrameIndex(frame))).map(|scroll| scroll.dy);
            (places, scrolls.collect::<Vec<_>>())
        };
        assert_eq!(run(4), (vec![0, 1, 2, 3, 2, 1, 0], vec![0, 1, 2, 3, -3, -2, -1]));
        assert_eq!(run(2).0, [0, 1, 0, 1, 0, 1, 0]);
        assert_eq!(run(1).0, [0; 7]);
    }
}
