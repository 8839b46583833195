//! What is heard: the options of every subcommand that makes sound.

use std::path::{Path, PathBuf};

use strikeline_files::why_unreadable;
use strikeline_picture::{Time, shown};

use super::{headings, time};
use crate::cli::files::CommandFiles;
use crate::cli::{UsageError, given};

/// The sound of the video.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::SOUND)]
pub(crate) struct SoundArgs {
    /// Which parts of the song are played [default: drums; song with --soundfont; none with --audio]
    #[arg(long, hide_short_help = true, value_name = "PARTS")]
    sound: Option<SoundParts>,

    /// Make a video without sound
    #[arg(long, conflicts_with_all = ["sound", "soundfont", "audio", "click"])]
    no_sound: bool,

    /// SoundFont (.sf2) that plays the song
    ///
    /// Without this option the drums are those of the built-in kit, and other parts need a SoundFont that is installed on the
    /// system. In the configuration file, this is the SoundFont that other parts are played with, and plays nothing by itself.
    #[arg(long, value_name = "FILE")]
    pub soundfont: Option<PathBuf>,

    /// SoundFont that is used where one is needed and none is given.
    #[arg(long, value_name = "FILE", hide = true)]
    usual_soundfont: Option<PathBuf>,

    /// Recording of the song to hear
    ///
    /// WAV, AIFF, CAF, FLAC, MP3, AAC, ALAC, Ogg Vorbis, Opus, or the sound of a video file.
    ///
    /// AAC, FLAC and Opus are copied as they are if nothing has to be changed; everything else is decoded and encoded
    /// again.
    #[arg(long, value_name = "FILE")]
    pub audio: Option<PathBuf>,

    /// Time of the song at which the recording begins, or auto [default: 0]
    ///
    /// With auto it is found by comparing the drum hits. For a recording that belongs to a chart, the default is what the chart
    /// says.
    ///
    /// Positive: the recording begins later than the song. 1.5 plays the recording's beginning at 1.5 s of the song.
    /// Negative: it begins earlier. With -1.5 the first hit of a song that begins at 0 is heard at 1.5 s of the
    /// recording.
    #[arg(long, hide_short_help = true, value_name = "TIME|auto", requires = "audio", allow_hyphen_values = true, value_parser = offset)]
    audio_offset: Option<AudioOffset>,

    /// Make the recording louder, or softer if negative, in dB (-60 to 30)
    #[arg(long, hide_short_help = true, value_name = "DB", requires = "audio", allow_hyphen_values = true, value_parser = gain)]
    audio_gain: Option<f64>,

    /// What to do if a place in the recording cannot be read
    #[arg(long, hide_short_help = true, value_name = "WHAT", requires = "audio", default_value = "keep")]
    pub audio_damage: DamageChoice,

    /// Make the song's own sound louder, or softer if negative, in dB (-60 to 30)
    #[arg(long, hide_short_help = true, value_name = "DB", allow_hyphen_values = true, value_parser = gain)]
    sound_gain: Option<f64>,

    /// Add a metronome
    ///
    /// With an accent on the first beat of each bar.
    #[arg(long)]
    pub click: bool,

    /// Loudness of the video in LUFS (-40 to -5), or off to leave it as it is [default: -14; off for a recording alone]
    ///
    /// A sound with high peaks may stay below it: peaks stay under -1 dBTP, and the limiter takes away only so much.
    #[arg(long, hide_short_help = true, value_name = "LUFS|off", allow_hyphen_values = true, value_parser = loudness)]
    pub loudness: Option<Loudness>,

    /// Codec of the sound [default: aac, or copy if a recording can be copied]
    #[arg(long, hide_short_help = true, value_name = "CODEC")]
    pub audio_codec: Option<AudioCodecChoice>,

    /// Bits per second of the sound, for lossy codecs such as aac: 32k to 512k [default: 192k]
    #[arg(long, hide_short_help = true, value_name = "RATE", value_parser = bitrate)]
    audio_bitrate: Option<u32>,
}

/// Which parts of the song are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SoundParts {
    /// The drums that are shown.
    Drums,
    /// All instruments.
    Song,
    /// All but the drums that are shown, to play along with.
    Accompaniment,
    /// None.
    None,
}

/// Where the recording begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AudioOffset {
    /// At this time of the song.
    At(Time),
    /// Where its hits match those of the song.
    Auto,
}

/// What to do about damage in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DamageChoice {
    /// Keep what plays, and warn.
    Keep,
    /// End with an error.
    Fail,
}

/// How loud the video becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Loudness {
    /// As loud as this, in LUFS.
    Target(f64),
    /// As it is.
    Off,
}

/// The codec of the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum AudioCodecChoice {
    /// AAC-LC: plays everywhere.
    Aac,
    /// FLAC: lossless.
    Flac,
    /// Opus.
    #[cfg(feature = "opus")]
    Opus,
    /// AAC-LC by Fraunhofer's encoder, for comparison.
    #[cfg(feature = "fdk-aac")]
    FdkAac,
    /// Samples of 16 bits, not compressed.
    Pcm,
    /// The recording's own: its packets are copied.
    Copy,
}

impl SoundArgs {
    /// The SoundFont that is used where one is needed: the one given, or that of the configuration.
    pub(crate) fn chosen_soundfont(&self) -> Option<&Path> {
        self.soundfont.as_deref().or(self.usual_soundfont.as_deref())
    }

    /// Whether an option asks for a sound.
    pub(crate) fn is_given(&self) -> bool {
        self.sound.is_some() || self.soundfont.is_some() || self.audio.is_some() || self.click
    }

    /// Adds the files that are read.
    pub(crate) fn add_files(&self, files: &mut CommandFiles) {
        self.soundfont
            .iter()
            .chain(&self.usual_soundfont)
            .chain(&self.audio)
            .for_each(|path| files.read(path));
    }

    /// The parts of the song that are played, defaults applied.
    pub(crate) fn parts(&self) -> SoundParts {
        if self.no_sound {
            return SoundParts::None;
        }
        self.sound.unwrap_or(match (&self.audio, &self.soundfont) {
            (_, Some(_)) => SoundParts::Song,
            (Some(_), None) => SoundParts::None,
            (None, None) => SoundParts::Drums,
        })
    }

    /// Whether there is anything to be heard.
    pub(crate) fn is_silent(&self) -> bool {
        self.parts() == SoundParts::None && self.audio.is_none() && !self.click
    }

    /// `--audio-offset`, or else `usual`.
    pub(crate) fn offset(&self, usual: Time) -> AudioOffset {
        self.audio_offset.unwrap_or(AudioOffset::At(usual))
    }

    /// `--audio-bitrate`.
    pub(crate) fn bitrate(&self) -> u32 {
        self.audio_bitrate.unwrap_or(192_000)
    }

    /// Sees that the files that are named exist, before anything is done with several songs.
    ///
    /// # Errors
    /// When one does not.
    pub(crate) fn check_files(&self) -> Result<(), UsageError> {
        for file in [&self.soundfont, &self.audio].into_iter().flatten() {
            if let Err(error) = file.metadata() {
                return Err(UsageError(format!(
                    "{} cannot be read: {}",
                    shown(file),
                    why_unreadable(&error)
                )));
            }
        }
        Ok(())
    }

    /// The options that were given and have no effect where a video has no sound; `None` if there are none.
    pub(crate) fn without_sound() -> Option<String> {
        let names = ["audio-codec", "audio-bitrate", "loudness", "sound-gain", "soundfont"];
        given::without_effect(&names, "the video has no sound")
    }

    /// Texts about options that have no effect, and why. `sources` is the number of sources that are mixed; `is_levelled`
    /// says whether the mix is brought to a loudness, and `copied` whether a recording is copied without encoding it again.
    pub(crate) fn without_effect(&self, sources: usize, is_levelled: bool, copied: bool) -> Vec<String> {
        let mut notes = Vec::new();
        let gain = self.audio_gain() != 0.0 || self.sound_gain() != 0.0;
        if gain && sources == 1 && is_levelled {
            let why = "the whole sound is brought to one loudness; --loudness sets it";
            notes.extend(given::without_effect(&["audio-gain", "sound-gain"], why));
        }
        let lossless = matches!(self.audio_codec, Some(AudioCodecChoice::Flac | AudioCodecChoice::Pcm));
        if lossless || copied {
            notes.extend(given::without_effect(&["audio-bitrate"], "it is for lossy codecs, such as aac"));
        }
        if self.parts() == SoundParts::None && self.sound_gain() != 0.0 && !is_levelled {
            notes.extend(given::without_effect(
                &["sound-gain"],
                "nothing of the song is played; --sound drums plays it",
            ));
        }
        if self.soundfont.is_some() && self.parts() == SoundParts::None {
            notes.push(
                "--soundfont has no effect: nothing of the song is played; --sound song plays it".to_owned(),
            );
        }
        notes
    }

    /// `--audio-gain`, in dB.
    pub(crate) fn audio_gain(&self) -> f64 {
        self.audio_gain.unwrap_or(0.0)
    }

    /// `--sound-gain`, in dB.
    pub(crate) fn sound_gain(&self) -> f64 {
        self.sound_gain.unwrap_or(0.0)
    }
}

fn offset(text: &str) -> Result<AudioOffset, String> {
    if text == "auto" {
        return Ok(AudioOffset::Auto);
    }
    time(text).map(AudioOffset::At).map_err(|error| format!("{error}, or auto"))
}

fn number(text: &str, range: std::ops::RangeInclusive<f64>, unit: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(format!("must be a number of {unit} from {} to {}", range.start(), range.end())),
    }
}

fn gain(text: &str) -> Result<f64, String> {
    number(text, -60.0..=30.0, "dB")
}

fn loudness(text: &str) -> Result<Loudness, String> {
    if text == "off" {
        return Ok(Loudness::Off);
    }
    number(text, -40.0..=-5.0, "LUFS").map(Loudness::Target).map_err(|error| format!("{error}, or off"))
}

fn bitrate(text: &str) -> Result<u32, String> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1000),
        None => (text, 1),
    };
    match digits.parse::<u32>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(rate @ 32_000..=512_000) => Ok(rate),
        _ => Err("must be bits per second from 32k to 512k, such as 192k".to_owned()),
    }
}
