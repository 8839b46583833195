//! What a stream or a file consists of: one video track, and perhaps a sound track.

use std::num::{NonZeroU16, NonZeroU32};
use std::ops::Range;

use crate::encode::Codec;
use strikeline_picture::{FrameIndex, FrameRate, PictureSize, SegmentIndex, SegmentPlan};

/// What is known of a video before its first segment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VideoTrack {
    /// Size of every picture.
    pub size: PictureSize,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// How many frames, in which segments.
    pub plan: SegmentPlan,
    /// What the segments are coded in. Their [`CodecConfig`](crate::encode::CodecConfig) comes with them.
    pub codec: Codec,
}

impl VideoTrack {
    /// A track of pictures of `size` at `frame_rate`, cut as `plan` says and coded in `codec`.
    pub const fn new(
        size: PictureSize,
        frame_rate: FrameRate,
        plan: SegmentPlan,
        codec: Codec,
    ) -> VideoTrack {
        VideoTrack { size, frame_rate, plan, codec }
    }
}

/// A sound track of uncompressed samples (PCM): signed, 16 bits, little-endian, channels interleaved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SoundTrack {
    /// Sample frames (one sample of each channel) per second, in Hz.
    pub sample_rate: NonZeroU32,
    /// 1 is mono, 2 is stereo (left, right).
    pub channels: NonZeroU16,
    /// Sample frames of the whole track. It begins with the video, and may be shorter or longer.
    pub samples: u64,
}

impl SoundTrack {
    /// A track of `samples` sample frames.
    pub const fn new(sample_rate: NonZeroU32, channels: NonZeroU16, samples: u64) -> SoundTrack {
        SoundTrack { sample_rate, channels, samples }
    }

    /// Bytes of a sample frame: 2 for each channel.
    pub fn sample_bytes(&self) -> u32 {
        2 * u32::from(self.channels.get())
    }

    /// The sample frames that are heard while segment `segment` of `video` is shown. The last segment has all that is
    /// left, also what is heard after the video has ended. Empty when the track has ended before, or there is no such
    /// segment.
    pub fn samples_of(&self, segment: SegmentIndex, video: &VideoTrack) -> Range<u64> {
        let plan = video.plan;
        if segment.0 >= plan.segments() {
            return self.samples..self.samples;
        }
        let frames = plan.frames_of(segment);
        let end = if segment.0 + 1 == plan.segments() {
            self.samples
        } else {
            self.samples_before(FrameIndex(frames.end), video.frame_rate)
        };
        self.samples_before(FrameIndex(frames.start), video.frame_rate)..end
    }

    /// Sample frames that begin before `frame` does.
    fn samples_before(&self, frame: FrameIndex, rate: FrameRate) -> u64 {
        let ticks = u128::from(frame.0) * u128::from(rate.denominator()) * u128::from(self.sample_rate.get());
        let samples = ticks.div_ceil(u128::from(rate.numerator()));
        u64::try_from(samples).unwrap_or(u64::MAX).min(self.samples)
    }
}
