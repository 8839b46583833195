//! From the options to the sound of the video.
//!
//! What is heard is a mix of instruments that play the song (`played`) and a recording (`recorded`), brought to a loudness,
//! and encoded. A recording alone of which nothing has to be changed is copied instead.
//!
//! All of that is read from one end, by the sound stage: nothing is computed before, but what an error may come from.

mod lazy;
mod played;
mod recorded;
mod span;
mod stoppable;
mod summary;

use std::sync::{Arc, PoisonError};

use anyhow::Context;
use strikeline::song::{ChartInfo, DrumMap, Note, Song, Timeline};
use strikeline_audio::{AudioError, AudioFormat, AudioSource, PacketSource};
use strikeline_picture::Time;
use strikeline_sound::align::{AlignSettings, Alignment, Band, SongHit, align};
use strikeline_sound::channels::Stereo;
use strikeline_sound::fade::{FadeCurve, Faded};
use strikeline_sound::limiter::Limiter;
use strikeline_sound::loudness::{LoudnessTarget, normalise};
use strikeline_sound::mix::Mixer;
use strikeline_sound::recording::{Codec, Damage, Recording};
use wgpu_video::sound::{AudioEncoding, FlacDepth};
use wgpu_video::stream::CancelToken;

use super::UsageError;
use super::args::{AudioCodecChoice, AudioOffset, DamageChoice, Loudness, PlayedSong, SoundArgs};
use super::files::is_same_file;
use lazy::Lazy;
pub(crate) use played::soundfont;
use played::{Instrument, file_name, instruments};
use recorded::{DamageLog, Recorded};
pub(crate) use span::VideoSpan;
use stoppable::Stoppable;
pub(crate) use summary::SoundSummary;

/// The highest true peak of sound that is changed, in dBTP.
const CEILING: f64 = -1.0;
/// How long the sound fades in where a video begins in the middle of a song.
const FADE_IN: Time = Time::from_nanos(10_000_000);
/// How long it fades out where the length of the video was given.
const FADE_AT_CUT: Time = Time::from_nanos(250_000_000);
/// How long it fades out at most, at the end of the tail.
const FADE_OUT: Time = Time::from_nanos(1_500_000_000);

/// The sound of a video.
pub(crate) struct VideoSound {
    /// To be streamed.
    pub packets: Box<dyn PacketSource>,
    /// What it is.
    pub about: SoundSummary,
}

/// The sound that `args` ask for, for the part `span` of the song; `None` when it is to have none. `warn` gets what a user
/// ought to know.
///
/// # Errors
/// When a file is missing or cannot be used, or the options contradict each other.
pub(crate) fn prepare(
    args: &SoundArgs,
    played: &PlayedSong,
    drum_map: &DrumMap,
    span: VideoSpan,
    cancel: &CancelToken,
    warn: &mut dyn FnMut(String),
) -> anyhow::Result<Option<VideoSound>> {
    if args.is_silent() {
        return Ok(None);
    }
    let PlayedSong { written, song, events } = played;
    let recorded = args.audio.as_deref().map(|path| open_recording(args, path, written)).transpose()?;
    let is_as_written = *song.timeline() == Timeline::as_written();
    if let Some(recorded) = &recorded {
        recorded.warnings(song, &span, is_as_written).into_iter().for_each(&mut *warn);
    }
    let rate = mix_rate(recorded.as_ref());
    let instruments = instruments(args, song, drum_map, events, &span, rate, warn)?;
    if args.loudness.is_none()
        && instruments.is_empty()
        && let Some(recorded) = &recorded
        && let Some(sound) = copied(args, recorded, &span, is_as_written, warn)?
    {
        args.without_effect(1, false, true).into_iter().for_each(warn);
        return Ok(Some(sound));
    }
    if args.audio_codec == Some(AudioCodecChoice::Copy) {
        let why = why_not_copied(args, recorded.as_ref(), &instruments, is_as_written);
        return Err(UsageError(format!("--audio-codec copy: {why}")).into());
    }
    // A recording alone keeps its loudness unless asked.
    let usual = if instruments.is_empty() { Loudness::Off } else { Loudness::Target(-14.0) };
    let loudness = args.loudness.unwrap_or(usual);
    let sources = instruments.len() + usize::from(recorded.is_some());
    let is_levelled = loudness != Loudness::Off;
    args.without_effect(sources, is_levelled, false).into_iter().for_each(warn);
    let mix = Mix {
        song: song.clone(),
        span,
        format: AudioFormat::new(rate, 2)?,
        recorded,
        instruments,
        cancel: cancel.clone(),
    };
    mix.encoded(args, loudness).map(Some)
}

/// Opens the recording, and finds where it begins.
fn open_recording(args: &SoundArgs, path: &std::path::Path, song: &Song) -> anyhow::Result<Recorded> {
    let damage = match args.audio_damage {
        DamageChoice::Keep => Damage::Keep,
        DamageChoice::Fail => Damage::Fail,
    };
    let recording = Recorded::open(path, damage)?;
    let (offset, found) = match args.offset(offset_by_chart(path, song)) {
        AudioOffset::At(offset) => (offset, None),
        AudioOffset::Auto => {
            let found = find_offset(&recording, song)?;
            (found.offset, Some(found))
        }
    };
    Ok(Recorded { recording, offset, found, damage: DamageLog::default() })
}

/// When a recording begins that belongs to the chart of the song; 0 for any other.
fn offset_by_chart(path: &std::path::Path, song: &Song) -> Time {
    let belongs = |chart: &&ChartInfo| {
        let on_disk = chart.stems.iter().filter(|stem| stem.packed.is_none());
        on_disk.into_iter().any(|stem| is_same_file(path, &stem.file))
    };
    song.chart().filter(belongs).map(ChartInfo::audio_offset).unwrap_or_default()
}

/// The moment of the song as written at which the recording begins, found by the song's hits.
fn find_offset(recording: &Recording, song: &Song) -> anyhow::Result<Alignment> {
    let hit = |note: &Note| SongHit {
        time: note.time,
        strength: f32::from(note.velocity) / 127.0,
        band: Band::of_key(note.key),
    };
    let hits: Vec<SongHit> = song.notes().iter().map(hit).collect();
    let source = Stereo::with_layout(recording.source()?, recording.info().layout)?;
    Ok(align(source, &hits, &AlignSettings::default())?)
}

/// The rate of the mix: that of the recording where it is a usual one, so that it is not resampled.
fn mix_rate(recorded: Option<&Recorded>) -> u32 {
    let rate = recorded.map(|recorded| recorded.recording.info().format.rate().get());
    rate.filter(|rate| *rate == 44_100).unwrap_or(48_000)
}

/// The recording as it is, if nothing of it has to be changed.
fn copied(
    args: &SoundArgs,
    recorded: &Recorded,
    span: &VideoSpan,
    is_as_written: bool,
    warn: &mut dyn FnMut(String),
) -> anyhow::Result<Option<VideoSound>> {
    let wanted = args.audio_codec == Some(AudioCodecChoice::Copy);
    // Browsers play MP3 in an MP4 file some 25 to 50 ms too early.
    let is_mp3 = recorded.recording.info().codec == Codec::Mp3;
    let changed = args.audio_gain() != 0.0 || !is_as_written;
    if changed || !(wanted || args.audio_codec.is_none() && !is_mp3) {
        return Ok(None);
    }
    // A sound that is cut at the end of the video has to fade out, unless the user wants it as it is.
    let ends =
        recorded.recording.info().seconds().map(|seconds| recorded.offset + Time::from_seconds(seconds));
    if !wanted && ends.is_none_or(|ends| ends > span.end()) {
        return Ok(None);
    }
    match recorded.packets(span)? {
        Ok(packets) => {
            if is_mp3 {
                warn(
                    "browsers play MP3 that is copied up to 50 ms too early; without --audio-codec copy it is encoded as AAC"
                        .to_owned(),
                );
            }
            let track = packets.track();
            let about = SoundSummary {
                sources: vec![file_name(recorded.recording.path())],
                copied: true,
                codec: track.codec.to_string(),
                format: track.format,
                offset: Some(recorded.offset.as_seconds()),
                found: recorded.found,
                loudness: Arc::default(),
                target: None,
                damage: recorded.damage.clone(),
            };
            Ok(Some(VideoSound { packets, about }))
        }
        Err(why) if wanted => Err(why).context("--audio-codec copy"),
        Err(_) => Ok(None),
    }
}

/// Why `--audio-codec copy` cannot be done.
fn why_not_copied(
    args: &SoundArgs,
    recorded: Option<&Recorded>,
    instruments: &[(String, Instrument)],
    is_as_written: bool,
) -> &'static str {
    if recorded.is_none() {
        "there is no recording to be copied: give one with --audio"
    } else if !instruments.is_empty() {
        "a recording that is mixed with other sound cannot be copied: give --sound none, or another codec"
    } else if !is_as_written {
        "a recording cannot be copied with --speed or --loop: give another codec"
    } else if args.loudness.is_some() {
        "a recording that is copied keeps its loudness: leave --loudness out, or give another codec"
    } else {
        "a recording that is copied keeps its level: leave --audio-gain out, or give another codec"
    }
}

/// What is mixed and encoded.
struct Mix {
    song: Song,
    span: VideoSpan,
    format: AudioFormat,
    recorded: Option<Recorded>,
    instruments: Vec<(String, Instrument)>,
    cancel: CancelToken,
}

impl Mix {
    /// The sum of all sources, for the whole video.
    fn source(&self, levels: Levels) -> Result<Stoppable<Faded<Mixer>>, AudioError> {
        let frames = self.span.sample_frames(self.format);
        let mut mixer = Mixer::new(self.format, frames);
        for (_, instrument) in &self.instruments {
            mixer.add(instrument.source(self.format, frames)?, levels.song, 0)?;
        }
        if let Some(recorded) = &self.recorded
            && let Some(placed) = recorded.source(&self.song, &self.span, self.format.rate().get())?
        {
            mixer.add(placed.source, levels.recording, placed.begins)?;
        }
        Ok(Stoppable::new(self.faded(mixer, frames), self.cancel.clone()))
    }

    /// Fades `mixer` in where the video begins in the middle of the song, and out at its end.
    fn faded(&self, mixer: Mixer, frames: u64) -> Faded<Mixer> {
        let length = |time: Time| self.format.frames_at(time.as_nanos()).unsigned_abs();
        let out = match self.span.tail {
            Some(tail) => length(FADE_OUT).min(length(tail) / 2),
            None => length(FADE_AT_CUT),
        };
        let out = out.min(frames / 2);
        let faded = Faded::new(mixer).fade_out(frames - out, out, FadeCurve::RaisedCosine);
        // Before the song begins there is nothing to fade in.
        let inside = self.span.start > Time::ZERO;
        if inside {
            faded.fade_in(0, length(FADE_IN).min(frames / 2), FadeCurve::RaisedCosine)
        } else {
            faded
        }
    }

    /// The mix as packets.
    fn encoded(self, args: &SoundArgs, loudness: Loudness) -> anyhow::Result<VideoSound> {
        let levels = Levels { song: args.sound_gain(), recording: args.audio_gain() };
        let frames = self.span.sample_frames(self.format);
        let mut sources: Vec<String> = self.instruments.iter().map(|(name, _)| name.clone()).collect();
        sources.extend(self.recorded.iter().map(|recorded| file_name(recorded.recording.path())));
        let about = SoundSummary {
            sources,
            copied: false,
            codec: String::new(),
            format: self.format,
            offset: self.recorded.as_ref().map(|recorded| recorded.offset.as_seconds()),
            found: self.recorded.as_ref().and_then(|recorded| recorded.found),
            loudness: Arc::default(),
            target: match loudness {
                Loudness::Target(lufs) => {
                    Some(LoudnessTarget { lufs, ceiling_dbtp: CEILING, ..LoudnessTarget::default() })
                }
                Loudness::Off => None,
            },
            damage: self.recorded.as_ref().map(|recorded| recorded.damage.clone()).unwrap_or_default(),
        };
        // Errors are told before anything is drawn.
        drop(self.source(levels).map_err(anyhow::Error::from_boxed)?);
        let plan = Arc::clone(&about.loudness);
        let limited = !self.instruments.is_empty() || levels.recording > 0.0;
        let target = about.target;
        let mixed = Lazy::new(self.format, move || match target {
            Some(target) => {
                let (source, made) = normalise(|| self.source(levels), &target)?;
                *plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
                Ok(Box::new(source) as Box<dyn AudioSource>)
            }
            None if limited => Ok(Box::new(Limiter::new(self.source(levels)?, CEILING)?)),
            None => Ok(Box::new(self.source(levels)?)),
        });
        let packets = encoding(args).encode(mixed, frames)?;
        let codec = packets.track().codec.to_string();
        Ok(VideoSound { packets, about: SoundSummary { codec, ..about } })
    }
}

/// Gains in dB.
#[derive(Debug, Clone, Copy)]
struct Levels {
    song: f64,
    recording: f64,
}

/// What sound is encoded in that is not copied.
fn encoding(args: &SoundArgs) -> AudioEncoding {
    match args.audio_codec {
        None | Some(AudioCodecChoice::Aac | AudioCodecChoice::Copy) => {
            AudioEncoding::Aac { bitrate: args.bitrate() }
        }
        Some(AudioCodecChoice::Flac) => AudioEncoding::Flac { depth: FlacDepth::Bits16 },
        Some(AudioCodecChoice::Pcm) => AudioEncoding::Pcm,
        #[cfg(feature = "opus")]
        Some(AudioCodecChoice::Opus) => AudioEncoding::Opus { bitrate: args.bitrate() },
        #[cfg(feature = "fdk-aac")]
        Some(AudioCodecChoice::FdkAac) => AudioEncoding::FdkAac { bitrate: args.bitrate() },
    }
}
