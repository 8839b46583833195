//! Measures settings by streaming as a render does, without writing anything.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::tuning::search::Bench;
use strikeline::highway::Highway;
use strikeline_picture::{FrameRate, PictureSize, Time};
use wgpu_video::encode::EncoderFactory;
use wgpu_video::gpu::{AdapterChoice, GpuError};
use wgpu_video::stream::NullSink;
use wgpu_video::stream::{CancelToken, Progress, StreamError, StreamOptions, WorkSplit, stream};

/// Frames that a run should have, so that one more or less makes little difference.
const ENOUGH_FRAMES: u64 = 30;
/// How many times longer than planned a run may take to get them.
const MOST_PATIENCE: u32 = 4;

/// Runs of one scene.
pub(super) struct StreamBench<'a> {
    pub scene: &'a mut Highway,
    pub size: PictureSize,
    pub frame_rate: FrameRate,
    /// Frames of the scene that have notes.
    pub frames: NonZeroU64,
    pub encoder: Arc<dyn EncoderFactory>,
    pub adapter: AdapterChoice,
    /// How long a run is measured.
    pub window: Duration,
    /// When the search began.
    pub started: Instant,
    /// When it has to end.
    pub budget: Duration,
    /// The default ring depth. Up to it, running out of memory is an error.
    pub usual_ring: usize,
    /// Cancels the search.
    pub cancel: CancelToken,
}

impl Bench for StreamBench<'_> {
    type Error = StreamError;

    fn measure(&mut self, split: WorkSplit) -> Result<Option<f64>, StreamError> {
        let stop = CancelToken::default();
        let options = StreamOptions::new(self.size, self.frame_rate, self.frames, Arc::clone(&self.encoder))
            // Short, so that a short run has whole segments in it.
            .with_segment_frames(
                u32::try_from(self.frame_rate.frames_to_cover(Time::from_seconds(0.5)))
                    .ok()
                    .and_then(NonZeroU32::new),
            )
            .with_adapter(self.adapter.clone())
            .with_split(split)
            .with_cancel(stop.clone());
        let mut counted = CountedPart::new(split, self.window);
        let (cancel, started, budget) = (&self.cancel, self.started, self.budget);
        let result = stream(self.scene, &options, &mut NullSink::default(), &mut |progress| {
            if counted.take(progress) || cancel.is_cancelled() || started.elapsed() >= budget {
                stop.cancel();
            }
        });
        if self.cancel.is_cancelled() {
            return Err(StreamError::Cancelled);
        }
        match result {
            Ok(report) => Ok(counted.rate_to(report.frames, report.wall)),
            Err(StreamError::Cancelled) => Ok(counted.rate()),
            Err(StreamError::Gpu(error)) if split.ring_depth > self.usual_ring && is_too_much(&error) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

fn is_too_much(error: &GpuError) -> bool {
    matches!(error, GpuError::OutOfMemory { .. } | GpuError::Limit { .. })
}

/// The part of a run that is counted: all but the start, in which the pipeline fills.
struct CountedPart {
    /// Frames after which it begins.
    warm_up: u64,
    window: Duration,
    begin: Option<(u64, Duration)>,
    end: Option<(u64, Duration)>,
}

impl CountedPart {
    fn new(split: WorkSplit, window: Duration) -> CountedPart {
        // Every slot was used, and every segment has begun.
        let warm_up = split.ring_depth.max(split.segments_in_flight * 2) as u64;
        CountedPart { warm_up, window, begin: None, end: None }
    }

    /// Records the progress of a run; returns whether it has run long enough.
    fn take(&mut self, progress: &Progress) -> bool {
        let now = (progress.frames, progress.stages.elapsed);
        let Some((frames, begin)) = self.begin else {
            if progress.frames >= self.warm_up {
                self.begin = Some(now);
            }
            let too_slow = now.1 > self.window * (MOST_PATIENCE * 2) && progress.frames > 0;
            if too_slow {
                // The start is most of the run, so it is counted, too.
                (self.begin, self.end) = (Some((0, Duration::ZERO)), Some(now));
            }
            return too_slow;
        };
        self.end = Some(now);
        let measured = now.1.saturating_sub(begin);
        let enough = now.0 - frames >= ENOUGH_FRAMES || measured >= self.window * MOST_PATIENCE;
        measured >= self.window && enough
    }

    /// Frames per second of the counted part; `None` if it is too short because the run was cut short.
    fn rate(&self) -> Option<f64> {
        let ((frames, begin), (last, end)) = (self.begin?, self.end?);
        let measured = end.saturating_sub(begin);
        (measured * 2 >= self.window && last > frames)
            .then(|| (last - frames) as f64 / measured.as_secs_f64())
    }

    /// The same for a run that ended before it was stopped, after `frames` in `wall`.
    fn rate_to(&self, frames: u64, wall: Duration) -> Option<f64> {
        let whole = (frames > 0 && !wall.is_zero()).then(|| frames as f64 / wall.as_secs_f64());
        self.rate().or(whole)
    }
}
