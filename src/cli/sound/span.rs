//! The part of the played song that the video shows.

use strikeline_audio::AudioFormat;
use strikeline_picture::{FrameIndex, FrameRate, Time};

/// The part of the played song that the video shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VideoSpan {
    /// The moment of the played song at which the video begins; negative in a lead-in.
    pub start: Time,
    /// Frames of the video.
    pub frames: u64,
    /// Frames per second.
    pub rate: FrameRate,
    /// Time after the last note; `None` where the length was given, so that the song may be cut anywhere.
    pub tail: Option<Time>,
}

impl VideoSpan {
    /// How long the video is, rounded down to a nanosecond.
    pub(super) fn length(&self) -> Time {
        self.rate.time_of(FrameIndex(self.frames))
    }

    /// The moment of the played song at which the video ends.
    pub(super) fn end(&self) -> Time {
        self.start + self.length()
    }

    /// Sample frames that cover the video, rounded up.
    pub(super) fn sample_frames(&self, format: AudioFormat) -> u64 {
        let ticks =
            u128::from(self.frames) * u128::from(self.rate.denominator()) * u128::from(format.rate().get());
        u64::try_from(ticks.div_ceil(u128::from(self.rate.numerator()))).unwrap_or(u64::MAX)
    }
}
