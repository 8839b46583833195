//! What a stream or a file consists of: one video track, and perhaps a sound track beside it.

use strikeline_audio::AudioTrack;

use crate::encode::{Codec, EncoderFactory};
use strikeline_picture::{FrameIndex, FrameRate, PictureSize, PixelFormat, SegmentIndex, SegmentPlan};

/// The formats of files that hold segments in order, with sound beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Container {
    /// ISO/IEC 14496-14.
    #[default]
    Mp4,
    /// Apple's QuickTime file format, `.mov`, from which MP4 was made.
    QuickTime,
    /// RFC 9559.
    Matroska,
    /// Matroska with a few codecs only, for browsers.
    WebM,
    /// An animated picture, GIF89a.
    Gif,
    /// An animated picture, PNG.
    Apng,
    /// An animated picture, WebP.
    WebP,
}

impl std::fmt::Display for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Container::Mp4 => "MP4",
            Container::QuickTime => "QuickTime",
            Container::Matroska => "Matroska",
            Container::WebM => "WebM",
            Container::Gif => "GIF",
            Container::Apng => "APNG",
            Container::WebP => "WebP",
        })
    }
}

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
    /// Whether frames may be decoded in another order than they are shown in
    /// ([`AccessUnit::delay`](crate::encode::AccessUnit::delay)).
    pub reordered: bool,
    /// Whether what is coded is RGB, not luma and chroma.
    pub rgb: bool,
    /// How fine chroma is, and how many bits samples have, where it is not RGB.
    pub pixels: PixelFormat,
}

impl VideoTrack {
    /// A track of pictures of `size` at `frame_rate`, cut as `plan` says and coded in `codec`.
    pub const fn new(
        size: PictureSize,
        frame_rate: FrameRate,
        plan: SegmentPlan,
        codec: Codec,
    ) -> VideoTrack {
        VideoTrack { size, frame_rate, plan, codec, reordered: false, rgb: false, pixels: PixelFormat::NV12 }
    }

    /// A track of what the encoders of `factory` make.
    pub fn of_encoder(
        size: PictureSize,
        frame_rate: FrameRate,
        plan: SegmentPlan,
        factory: &dyn EncoderFactory,
    ) -> VideoTrack {
        VideoTrack::new(size, frame_rate, plan, factory.codec())
            .with_reordering(factory.reorders())
            .with_rgb(factory.keeps_rgb())
            .with_pixels(factory.planes().pixel_format().unwrap_or_default())
    }

    /// The same, and frames may be decoded in another order than they are shown in, if `reordered`.
    #[must_use]
    pub const fn with_reordering(self, reordered: bool) -> VideoTrack {
        VideoTrack { reordered, ..self }
    }

    /// The same, and what is coded is RGB if `rgb`.
    #[must_use]
    pub const fn with_rgb(self, rgb: bool) -> VideoTrack {
        VideoTrack { rgb, ..self }
    }

    /// The same with another [`VideoTrack::pixels`].
    #[must_use]
    pub const fn with_pixels(self, pixels: PixelFormat) -> VideoTrack {
        VideoTrack { pixels, ..self }
    }

    /// The sound that belongs to segment `segment` and those before it: all packets of `sound` that begin before this
    /// number of ticks, counted from the first packet. The last segment has everything that is left, also what is heard after
    /// the video has ended.
    pub fn sound_until(&self, sound: &AudioTrack, segment: SegmentIndex) -> u64 {
        match segment.0.saturating_add(1) >= self.plan.segments() {
            true => sound.skip.saturating_add(sound.duration),
            false => self.sound_before(sound, FrameIndex(self.plan.frames_of(segment).end)),
        }
    }

    /// Ticks of `sound`, counted from the first packet, before frame `frame` is shown, rounded up; at most those of all that is
    /// heard.
    pub(super) fn sound_before(&self, sound: &AudioTrack, frame: FrameIndex) -> u64 {
        let rate = self.frame_rate;
        let ticks = u128::from(frame.0) * u128::from(rate.denominator()) * u128::from(sound.timescale.get());
        let shown = u64::try_from(ticks.div_ceil(u128::from(rate.numerator()).max(1))).unwrap_or(u64::MAX);
        sound.skip.saturating_add(shown.saturating_sub(sound.silence).min(sound.duration))
    }
}
