//! The song's own sound: its drums by the built-in kit, any of its parts by a SoundFont, and the metronome.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use strikeline::song::{DrumMap, Song, SongEvents, SongPart};
use strikeline::sound::{ClickedBeats, clicks, hits, midi_events};
use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use strikeline_sound::click::{Click, ClickTrack};
use strikeline_sound::kit::{DrumKit, DrumPlayer, Hit, KitError};
use strikeline_sound::midi::MidiEvent;
use strikeline_sound::soundfont::{MidiPlayer, MidiPlayerOptions, SoundFont, system_soundfonts};

use super::span::VideoSpan;
use crate::cli::args::{SoundArgs, SoundParts};

/// What plays a part of the song.
pub(super) enum Instrument {
    /// Its drums, on the built-in kit.
    Kit { kit: Arc<DrumKit>, hits: Arc<[Hit]> },
    /// Some of its channels, with a SoundFont.
    Font { font: Arc<SoundFont>, events: Arc<[MidiEvent]> },
    /// Its beats.
    Metronome(Arc<[Click]>),
}

/// The instruments that `args` ask for, and their names.
///
/// # Errors
/// When a SoundFont is missing or cannot be used.
pub(super) fn instruments(
    args: &SoundArgs,
    song: &Song,
    drum_map: &DrumMap,
    events: &SongEvents,
    span: &VideoSpan,
    rate: u32,
    warn: &mut dyn FnMut(String),
) -> anyhow::Result<Vec<(String, Instrument)>> {
    let mut instruments = Vec::new();
    let part = match args.parts() {
        SoundParts::Drums => Some((SongPart::Drums, "drums")),
        SoundParts::Song => Some((SongPart::All, "song")),
        SoundParts::Accompaniment => Some((SongPart::Accompaniment, "accompaniment")),
        SoundParts::None => None,
    };
    match part {
        Some((SongPart::Drums, _)) if args.soundfont.is_none() => {
            let kit = drum_kit(rate)?;
            let hits = hits(song, drum_map, span.start).collect();
            instruments.push(("drums (built-in kit)".to_owned(), Instrument::Kit { kit, hits }));
        }
        Some((part, name)) => {
            let path = soundfont(args)?.context("nothing of the song is played")?;
            let font = opened(&path)?;
            font.warnings().iter().for_each(|warning| warn(warning.to_string()));
            let events = midi_events(events, part, span.start).into();
            instruments.push((format!("{name} ({})", file_name(&path)), Instrument::Font { font, events }));
        }
        None => {}
    }
    if args.click {
        let clicks = clicks(song, ClickedBeats::All, span.start).into();
        instruments.push(("metronome".to_owned(), Instrument::Metronome(clicks)));
    }
    Ok(instruments)
}

/// The built-in kit: its sounds are computed once, however many songs are played on it.
fn drum_kit(rate: u32) -> Result<Arc<DrumKit>, KitError> {
    static KITS: Mutex<Vec<Arc<DrumKit>>> = Mutex::new(Vec::new());
    let mut kits = KITS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kit) = kits.iter().find(|kit| kit.rate() == rate) {
        return Ok(Arc::clone(kit));
    }
    let kit = Arc::new(DrumKit::new(rate)?);
    kits.push(Arc::clone(&kit));
    Ok(kit)
}

/// The SoundFont at `path`: read once for all songs that follow one another.
fn opened(path: &Path) -> anyhow::Result<Arc<SoundFont>> {
    static LAST: Mutex<Option<(PathBuf, Arc<SoundFont>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, font)) = last.as_ref().filter(|(of, _)| of == path) {
        return Ok(Arc::clone(font));
    }
    let font = Arc::new(SoundFont::open(path)?);
    *last = Some((path.to_owned(), Arc::clone(&font)));
    Ok(font)
}

impl Instrument {
    /// What is heard of it, from the start of the video, for `frames` sample frames.
    ///
    /// # Errors
    /// When the synthesiser does not play at this rate.
    pub(super) fn source(
        &self,
        format: AudioFormat,
        frames: u64,
    ) -> Result<Box<dyn AudioSource>, AudioError> {
        Ok(match self {
            Instrument::Kit { kit, hits } => Box::new(DrumPlayer::new(kit, hits.iter().copied(), frames)),
            Instrument::Font { font, events } => {
                let options = MidiPlayerOptions::default();
                Box::new(MidiPlayer::new(font, events.to_vec(), format.rate().get(), frames, &options)?)
            }
            Instrument::Metronome(clicks) => {
                Box::new(ClickTrack::new(clicks.iter().copied(), format, frames, 1.0))
            }
        })
    }
}

/// The SoundFont that plays the song: the one given, or else the best of the system. `None` where none is needed.
///
/// # Errors
/// When the system has none.
pub(crate) fn soundfont(args: &SoundArgs) -> anyhow::Result<Option<PathBuf>> {
    match (args.parts(), args.chosen_soundfont()) {
        (SoundParts::None, _) => Ok(None),
        (SoundParts::Drums, _) if args.soundfont.is_none() => Ok(None),
        (_, Some(chosen)) => Ok(Some(chosen.to_owned())),
        (_, None) => {
            let found = system_soundfonts();
            let first = found.first().context("the instruments of the song need a SoundFont")?;
            Ok(Some(first.to_owned()))
        }
    }
}

/// The last part of a path, for a message.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
