//! Finds out how large a file will be, before it is made: by coding a few moments of it.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use strikeline_picture::FrameIndex;
use wgpu_video::scene::moments::Moments;
use wgpu_video::stream::{
    DevicePool, FinishedSegment, Sink, SinkError, StreamError, StreamInfo, StreamOptions, stream,
};

use crate::cli::job::RenderJob;

/// How many moments are coded. They are spread over the video.
const MOMENTS: u64 = 3;

/// Frames of each moment: the first one is coded whole.
const MOMENT_FRAMES: u32 = 5;

/// A video of fewer frames is made nearly as soon as its size is known.
const FEWEST_FRAMES: u64 = 2 * MOMENTS * MOMENT_FRAMES as u64;

/// The bytes that a video will have, about, without its container: `None` for a very short one.
///
/// # Errors
/// As [`stream`].
pub(super) fn estimated_bytes(job: &mut RenderJob<'_>) -> Result<Option<u64>, StreamError> {
    let frames = job.frames;
    if frames < FEWEST_FRAMES {
        return Ok(None);
    }
    // The devices are used again for the video.
    let pool = job.options.device_pool.get_or_insert_with(|| Arc::new(DevicePool::new()));
    let pool = Some(Arc::clone(pool));
    let length = NonZeroU32::new(MOMENT_FRAMES).unwrap_or(NonZeroU32::MIN);
    let sampled = NonZeroU64::new(MOMENTS * u64::from(MOMENT_FRAMES)).unwrap_or(NonZeroU64::MIN);
    let StreamOptions { size, frame_rate, encoder, adapter, split, cancel, .. } = &job.options;
    let options = StreamOptions::new(*size, *frame_rate, sampled, Arc::clone(encoder))
        .with_segment_frames(Some(length))
        .with_adapter(adapter.clone())
        .with_split(*split)
        .with_cancel(cancel.clone())
        .with_device_pool(pool);
    // In the middle of each of as many parts of equal length.
    let starts =
        (0..MOMENTS).map(|moment| (frames - u64::from(MOMENT_FRAMES)) * (2 * moment + 1) / (2 * MOMENTS));
    let starts = starts.map(FrameIndex).collect();
    let mut sizes = UnitSizes::default();
    stream(&mut Moments::new(&mut job.scene, starts, length), &options, &mut sizes, &mut |_| ())?;
    Ok(Some(sizes.of_video(frames, job.options.plan().segments())))
}

/// Adds up the sizes of coded pictures.
#[derive(Debug, Default)]
struct UnitSizes {
    whole: Sum,
    others: Sum,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    bytes: u64,
    pictures: u64,
}

impl Sum {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.pictures += 1;
    }

    /// The bytes of `pictures` pictures of the same mean size.
    fn of(self, pictures: u64) -> f64 {
        self.bytes as f64 / self.pictures.max(1) as f64 * pictures as f64
    }
}

impl UnitSizes {
    /// The bytes of a video of `frames` frames in `segments` segments.
    fn of_video(&self, frames: u64, segments: u64) -> u64 {
        (self.whole.of(segments) + self.others.of(frames.saturating_sub(segments))) as u64
    }
}

impl Sink for UnitSizes {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        for (place, unit) in segment.units.iter().enumerate() {
            let sum = if place == 0 { &mut self.whole } else { &mut self.others };
            sum.add(unit.bytes);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(self.whole.bytes + self.others.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_segment_has_one_whole_picture() {
        let mut sizes = UnitSizes::default();
        [1000, 1200].iter().for_each(|bytes| sizes.whole.add(*bytes));
        [100, 50, 30, 60].iter().for_each(|bytes| sizes.others.add(*bytes));
        assert_eq!(sizes.of_video(100, 2), 2 * 1100 + 98 * 60);
        assert_eq!(sizes.of_video(1, 1), 1100);
    }
}
