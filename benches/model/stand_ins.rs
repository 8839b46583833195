//! Stand-in stages that wait rather than work, as for a device or for a core of their own.
//!
//! The work of a device takes exactly its cost from the moment it can begin, no matter when our thread looks: each
//! deadline is computed from the one before. An encoder works in its thread, so its work begins when the thread comes to
//! it; the delay with which the last sleep ended, which real work does not have, is subtracted.

use std::cell::Cell;
use std::time::{Duration, Instant};

use strikeline_picture::{FrameChange, FrameIndex, FrameRate, Picture, PictureSize, Plane, SegmentIndex};
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings,
};
use wgpu_video::stream::Stage;
use wgpu_video::stream::stage::{Mapped, Readback, Render, SlotIndex, StageError};

use super::costs::Costs;

/// Sleeps until `deadline` and returns by how much it was missed.
pub(crate) fn wait_until(deadline: Instant) -> Duration {
    std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
    deadline.elapsed()
}

/// Makes sleeps end as exactly as the system can, for this thread, which must be the main thread, and all threads that
/// it starts from now on. Otherwise Linux ends them up to 50 µs late.
pub(crate) fn sleep_exactly() {
    // Elsewhere, or without /proc, sleeps are less exact; how exact they are is printed.
    let _ = std::fs::write("/proc/self/timerslack_ns", "1");
}

/// How late `count` sleeps of 3 ms end, in µs: median and the last decile.
pub(crate) fn lateness_micros(count: usize) -> (f64, f64) {
    let mut late: Vec<_> = (0..count.max(1))
        .map(|_| wait_until(Instant::now() + Duration::from_millis(3)).as_secs_f64() * 1e6)
        .collect();
    late.sort_by(f64::total_cmp);
    (late[late.len() / 2], late[late.len() * 9 / 10])
}

/// Draws: returns at once; the frame is ready when the device has drawn it, after all frames before it.
pub(crate) struct Drawer {
    costs: Costs,
    /// When the device has drawn all frames so far.
    drawn: Instant,
}

/// A frame that the device is drawing.
pub(crate) struct SubmittedFrame {
    frame: FrameIndex,
    drawn: Instant,
}

impl Drawer {
    pub(crate) fn new(costs: Costs) -> Drawer {
        Drawer { costs, drawn: Instant::now() }
    }
}

impl Render for Drawer {
    type Submitted = SubmittedFrame;

    fn render(&mut self, frame: FrameIndex, _slot: SlotIndex) -> Result<SubmittedFrame, StageError> {
        self.drawn = self.drawn.max(Instant::now()) + self.costs.of(Stage::Render, frame);
        Ok(SubmittedFrame { frame, drawn: self.drawn })
    }
}

/// Copies a frame into its slot when it is drawn and the frames before it are copied.
pub(crate) struct Copier {
    costs: Costs,
    epoch: Instant,
    /// When the device has copied all frames so far.
    copied: Instant,
}

/// A frame in memory that waits to be encoded. Its samples are the time at which it came, which the encoder reads.
pub(crate) struct WaitingFrame([u8; 8]);

impl Copier {
    /// `epoch` must be that of the encoder.
    pub(crate) fn new(costs: Costs, epoch: Instant) -> Copier {
        Copier { costs, epoch, copied: epoch }
    }
}

impl Readback<SubmittedFrame> for Copier {
    type Mapped = WaitingFrame;

    fn wait(&mut self, submitted: SubmittedFrame) -> Result<WaitingFrame, StageError> {
        let cost = self.costs.of(Stage::Readback, submitted.frame);
        if cost > Duration::ZERO {
            self.copied = self.copied.max(submitted.drawn) + cost;
            wait_until(self.copied);
        }
        Ok(WaitingFrame((self.epoch.elapsed().as_nanos() as u64).to_le_bytes()))
    }
}

impl Mapped for WaitingFrame {
    fn picture(&self) -> Picture<'_> {
        let plane = Plane { data: &self.0, stride: 0 };
        Picture::nv12(settings(1).size, plane, plane)
    }
}

/// Makes encoders that only wait.
pub(crate) struct WaitingEncoder {
    pub costs: Costs,
    pub epoch: Instant,
}

struct WaitingSegment {
    costs: Costs,
    epoch: Instant,
    next: FrameIndex,
    first: bool,
}

thread_local! {
    /// When this thread's last sleep ended, and how much too late.
    static LAST_WAIT: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

impl EncoderFactory for WaitingEncoder {
    fn name(&self) -> &'static str {
        "waiting"
    }

    fn codec(&self) -> Codec {
        Codec::NONE
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let next = FrameIndex(segment.0 * u64::from(settings.segment_frames));
        Ok(Box::new(WaitingSegment { costs: self.costs, epoch: self.epoch, next, first: true }))
    }
}

impl Encoder for WaitingSegment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let cost = self.costs.of(Stage::Encode, self.next);
        if cost > Duration::ZERO {
            let came = picture.luma.data.first_chunk().map_or(0, |nanos| u64::from_le_bytes(*nanos));
            let came = self.epoch + Duration::from_nanos(came);
            let mut start = Instant::now();
            if let Some((woke, late)) = LAST_WAIT.get()
                && came < woke
            {
                start = came.max(start - late);
            }
            let late = wait_until(start + cost);
            LAST_WAIT.set(Some((Instant::now(), late)));
        }
        self.next.0 += 1;
        output.extend([0, 0, 0, 1, 12]);
        Ok(Some(AccessUnit::new(5, std::mem::take(&mut self.first))))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::NONE, []))
    }
}

/// Settings for segments of `segment_frames`; size and rate have no effect here.
pub(crate) fn settings(segment_frames: u32) -> EncoderSettings {
    let size = PictureSize::new(64, 64).expect("64 is a size");
    EncoderSettings::new(size, FrameRate::new(60, 1).expect("60 is a rate"), segment_frames)
}
