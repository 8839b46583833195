//! Where the sound of a file begins and ends among the frames that are decoded.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::formats::Track;

use super::demux;
use super::info::{Codec, Length};
use super::mp4::{Mp4, Mp4Track};
use super::opus::OpusHead;
use super::tags::Tags;

/// A frame of sound is coded in at least 1/8192 of a byte by all codecs here, silence included: more frames than that are not
/// believed.
const MOST_FRAMES_PER_BYTE: u64 = 8192;

/// Where the sound begins and ends among the decoded frames.
pub(super) struct Timing {
    /// Decoded frames before the first that is heard.
    pub(super) delay: u64,
    /// Frames that are heard.
    pub(super) length: Length,
}

impl Default for Timing {
    fn default() -> Self {
        Timing { delay: 0, length: Length::Unknown }
    }
}

impl Timing {
    /// What the demuxer and the tags say.
    pub(super) fn of(
        container: &str,
        codec: Codec,
        track: &Track,
        parameters: &AudioCodecParameters,
        rate: u32,
        tags: &Tags,
    ) -> Timing {
        let delay = u64::from(track.delay.unwrap_or(0));
        let frames = track.num_frames;
        let exact = |frames: Option<u64>| frames.map_or(Length::Unknown, Length::Exact);
        let estimated = |frames: Option<u64>| frames.map_or(Length::Unknown, Length::Estimated);
        match (container, codec) {
            ("ogg", Codec::Opus) => {
                // The granule position of the last page counts the pre-skip, too.
                let begin = u64::try_from(track.start_ts.get()).unwrap_or(0);
                Timing { delay, length: exact(frames.and_then(|frames| frames.checked_sub(delay + begin))) }
            }
            ("ogg", _) => {
                let begin = u64::try_from(track.start_ts.get()).unwrap_or(0);
                Timing { delay, length: exact(frames.and_then(|frames| frames.checked_sub(begin))) }
            }
            // Without the tag of the encoder the length is a guess.
            ("mp3", _) if track.delay.is_none() => Timing { delay: 0, length: estimated(frames) },
            ("aac", _) => Timing { delay: 0, length: estimated(frames) },
            ("matroska", Codec::Opus) => {
                let delay = OpusHead::from_parameters(parameters).map_or(0, |head| u64::from(head.pre_skip));
                Timing { delay, length: Length::Unknown }
            }
            ("isomp4", _) => {
                let seconds = track.time_base.zip(track.duration);
                let all = seconds.map(|(base, ticks)| {
                    let scaled = u128::from(ticks.get()) * u128::from(base.numer.get()) * u128::from(rate);
                    u64::try_from(scaled / u128::from(base.denom.get())).unwrap_or(u64::MAX)
                });
                match tags.smpb {
                    Some((delay, length)) if length > 0 => Timing { delay, length: Length::Exact(length) },
                    _ => Timing { delay: 0, length: exact(all.filter(|all| *all > 0)) },
                }
            }
            _ => Timing { delay, length: exact(frames) },
        }
    }

    /// Applies the edit list of an MP4 file, which goes before what tags say.
    pub(super) fn apply_edits(&mut self, mp4: &Mp4, track: &Mp4Track, rate: u32, warnings: &mut Vec<String>) {
        let Some(media_time) = track.media_time else { return };
        let scale = |ticks: u64, timescale: u32| {
            let scaled = (u128::from(ticks) * u128::from(rate) + u128::from(timescale / 2))
                / u128::from(timescale.max(1));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        if track.edits > 1 {
            warnings.push(
                "The file plays parts of its sound in another order (edit list); it is read as stored."
                    .into(),
            );
            return;
        }
        let delay = scale(media_time, track.timescale);
        let media = scale(track.duration, track.timescale);
        let rest = media.saturating_sub(delay);
        let edit = scale(track.edit_duration, mp4.timescale);
        // The edit's length is in ticks of the movie, often of a millisecond: the media says it better if both agree.
        let tick = u64::from(rate / mp4.timescale.max(1)) + 1;
        let length =
            if track.edit_duration == 0 || (media > 0 && edit.abs_diff(rest) <= tick) { rest } else { edit };
        self.delay = delay;
        // A file in pieces has no length here.
        if length > 0 {
            self.length = Length::Exact(length);
        }
    }

    /// Does not believe lengths that the file has no bytes for.
    pub(super) fn check(
        &mut self,
        bytes: u64,
        parameters: &AudioCodecParameters,
        codec: Codec,
        warnings: &mut Vec<String>,
    ) {
        let Some(frames) = self.length.frames() else { return };
        if codec == Codec::Pcm {
            let frame_bytes = u64::from(demux::pcm_frame_bytes(parameters).max(1));
            if frames.saturating_mul(frame_bytes) > bytes {
                warnings.push("The file is shorter than it says; what is there is used.".into());
                self.length = Length::Estimated(bytes / frame_bytes);
                return;
            }
        }
        if frames > bytes.saturating_mul(MOST_FRAMES_PER_BYTE)
            || self.delay > bytes.saturating_mul(MOST_FRAMES_PER_BYTE)
        {
            warnings.push(
                "The length that the file states is not possible for its size, and is not used.".into(),
            );
            *self = Timing::default();
        }
    }
}
