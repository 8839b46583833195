//! Standard MIDI Files: takes a file apart, and gathers what its tracks hold.

mod chunks;
mod event;
mod events;
mod faults;
mod karaoke;
mod likelihood;
mod notes;
mod repair;
mod text;

use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::chart::{ChartTags, take_chart};
use super::error::{LISTED_TRACKS, SongError};
use super::messages::{SongEvent, read_events};
use super::parts::census::InstrumentName;
use super::parts::declared::{Declarations, TrackPlace};
use super::parts::names;
use super::strokes::mark_grace_notes;
use super::tick_clocks::{AtTick, TickClocks};
use super::ticked::TickedSong;
use super::warning::{SongWarning, Warnings};
use super::{
    Channel, DrumSelection, Format, LikelyDrums, MAX_SONG_TIME, MarkerKind, NoNotes, Note, PartInfo,
    PartReason, Song, SongOptions, TrackIndex, TrackInfo, TrackSelection,
};
use faults::TrackFaults;
use text::find_encoding;

pub(super) use chunks::{Chunks, TrackChunk};
pub(super) use events::{StepContent, TrackEvents};
pub(super) use notes::DrumDecision;
pub(super) use text::{clean_text, detect_encoding, readable_in};

/// Texts that a song keeps at most.
const KEPT_TEXTS: usize = 20;

/// Markers, and names of instruments, that a song keeps at most: one for each of some hundred thousand bars.
const KEPT_NAMES: usize = 1 << 18;

/// See [`Song::read`] and, with `events`, [`Song::read_with_events`]. `tags` are those of the song if it is a chart.
pub(super) fn read(
    file: &[u8],
    options: &SongOptions,
    tags: &dyn Fn() -> ChartTags,
    events: Option<&mut Vec<SongEvent>>,
) -> Result<Song, SongError> {
    let mut warnings = Warnings::default();
    let chunks = Chunks::find(file, &mut warnings)?;
    let mut read = TickedSong::new(chunks.format, chunks.division);
    read.text_encoding = options.text_encoding.unwrap_or_else(|| find_encoding(&chunks));
    let mut declared = Declarations::new(chunks.format);
    let mut instruments = Vec::new();
    for (chunk, track) in chunks.tracks.iter().zip((0..).map(TrackIndex::from_index)) {
        let info = TrackInfo {
            track,
            name: None,
            events: 0,
            notes: [0; 16],
            selected: options.tracks.contains(track),
        };
        let mut reader = TrackReader {
            read: &mut read,
            declared: &mut declared,
            instruments: &mut instruments,
            at: TrackPlace::new(chunks.format, track),
            prefix: None,
            info,
            tick: 0,
            faults: TrackFaults::default(),
        };
        reader.read(*chunk, &mut warnings);
        let TrackReader { info, tick, .. } = reader;
        read.tracks.push(info);
        read.ends.push(tick);
    }
    if chunks.format != Format::Sequential {
        read.title = read.tracks.first().and_then(|info| info.name.clone());
    }
    karaoke::take_names(&mut read);
    check_tracks(&read, options)?;
    take_chart(&mut read, &chunks, options, tags, &mut warnings)?;
    let clocks = read.clocks(&mut warnings);
    read.synthesizer_kind = declared.synthesizer_kind();
    let timeline = declared.into_timeline();
    let mut drums = DrumDecision::new(options, &timeline);
    if read.chart.is_none() {
        read_drums(&mut read, &chunks, &clocks, &mut drums, &instruments, options, &mut warnings)?;
    }
    let mut song =
        read.into_song(&clocks, warnings, |notes| describe_late_note(notes, &clocks, &chunks, &drums))?;
    if song.chart.is_none() {
        mark_grace_notes(&mut song.notes);
    }
    if let Some(events) = events {
        *events = read_events(&chunks, &clocks, &drums);
    }
    Ok(song)
}

/// Reads the notes of the drums, and what parts there are.
///
/// # Errors
/// When there are none, unless the options allow that.
fn read_drums(
    read: &mut TickedSong,
    chunks: &Chunks<'_>,
    clocks: &TickClocks,
    drums: &mut DrumDecision<'_>,
    instruments: &[InstrumentName],
    options: &SongOptions,
    warnings: &mut Warnings,
) -> Result<(), SongError> {
    let damage = warnings.first().filter(|warning| warning.loses_notes()).cloned();
    let mut parts = notes::read_notes(chunks, read, drums, clocks, instruments);
    if read.notes.is_empty() && options.drums == DrumSelection::Declared && drums.add_names(read, instruments)
    {
        parts = notes::read_notes(chunks, read, drums, clocks, instruments);
        warnings.push(SongWarning::DrumsByName { parts: parts_by_name(&parts) });
    }
    if read.notes.is_empty() {
        let why = Box::new(no_notes(read, &parts, options));
        if !options.may_lack_notes {
            return Err(SongError::NoNotes(Box::new(NoNotes { damage, ..*why })));
        }
        warnings.push(SongWarning::NoNotes(why));
    }
    read.parts = parts;
    Ok(())
}

/// Reads one track, but for its notes.
struct TrackReader<'a> {
    read: &'a mut TickedSong,
    declared: &'a mut Declarations,
    instruments: &'a mut Vec<InstrumentName>,
    at: TrackPlace,
    /// The channel of which the next meta events tell (SMF 1.0, "MIDI Channel Prefix").
    prefix: Option<Channel>,
    info: TrackInfo,
    tick: u64,
    faults: TrackFaults,
}

impl TrackReader<'_> {
    fn read(&mut self, chunk: TrackChunk<'_>, warnings: &mut Warnings) {
        let track = self.info.track;
        let (start, end) = (chunk.offset, chunk.offset + chunk.bytes.len() as u64);
        let mut last = start;
        let mut ended = false;
        let mut steps = TrackEvents::new(chunk);
        for step in &mut steps {
            self.tick = step.tick;
            last = step.offset;
            self.faults.take(&step);
            let place = self.at.step(step.tick);
            let StepContent::Event(event) = step.what else { continue };
            self.info.events += 1;
            if !matches!(event, TrackEventKind::Meta(_)) {
                self.prefix = None;
            }
            match event {
                TrackEventKind::Midi { channel, message } => {
                    let channel = Channel::from_index(channel.as_int());
                    self.declared.take(&self.at, place, channel, message);
                    if matches!(message, MidiMessage::NoteOn { vel, .. } if vel.as_int() > 0) {
                        self.info.notes[usize::from(channel.index())] += 1;
                    }
                }
                TrackEventKind::SysEx(data) => self.declared.take_system(&self.at, place, data),
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => ended = true,
                TrackEventKind::Meta(message) => self.take_meta(message, step.offset),
                TrackEventKind::Escape(_) => {}
            }
        }
        let faults = std::mem::take(&mut self.faults);
        let (offset, rest) = steps.unread();
        if !ended && !faults.lost_to(end) {
            warnings.push(SongWarning::NoEndOfTrack { track, offset: last });
        } else if !rest.is_empty() {
            warnings.push(SongWarning::AfterEndOfTrack { track, offset, count: rest.len() as u64 });
        }
        faults.warn(track, (start, end), warnings);
    }

    fn take_meta(&mut self, message: MetaMessage<'_>, offset: u64) {
        let (track, tick) = (self.info.track, self.tick);
        self.at.take_meta(&message);
        self.declared.take_meta(&message);
        let read = &mut *self.read;
        let encoding = read.text_encoding;
        let readable = |text| readable_in(encoding, text);
        let marker = |text, kind| Some(AtTick { track, tick, what: (readable(text)?, kind) });
        match message {
            MetaMessage::Tempo(micros) if micros.as_int() > 0 => {
                read.tempos.push(AtTick { track, tick, what: micros.as_int() });
            }
            MetaMessage::Tempo(_) => self.faults.skip(offset, "a tempo of 0 microseconds per quarter note"),
            MetaMessage::TimeSignature(numerator @ 1.., power @ ..16, _, _) => {
                read.meters.push(AtTick { track, tick, what: (numerator, 1 << power) });
            }
            MetaMessage::TimeSignature(..) => {
                self.faults.skip(offset, "a time signature that makes no sense")
            }
            MetaMessage::TrackName(text) if self.info.name.is_none() => self.info.name = readable(text),
            MetaMessage::MidiChannel(channel) => self.prefix = Some(Channel::from_index(channel.as_int())),
            MetaMessage::InstrumentName(text) => {
                let channels = self.prefix.map_or(u16::MAX, |channel| 1 << channel.index());
                let name = readable(text).filter(|_| self.instruments.len() < KEPT_NAMES);
                self.instruments.extend(name.map(|name| InstrumentName { track, channels, name }));
            }
            MetaMessage::Copyright(text) if read.copyright.is_none() => {
                read.copyright = readable(text);
            }
            MetaMessage::Text(text) if read.texts.len() < KEPT_TEXTS => {
                read.texts.extend(readable(text));
            }
            MetaMessage::Marker(_) | MetaMessage::CuePoint(_) if read.markers.len() >= KEPT_NAMES => {
                self.faults.skip(offset, "a marker after 262,144 others");
            }
            MetaMessage::Marker(text) => read.markers.extend(marker(text, MarkerKind::Marker)),
            MetaMessage::CuePoint(text) => read.markers.extend(marker(text, MarkerKind::Cue)),
            _ => {}
        }
    }
}

/// Whether the selected tracks exist.
fn check_tracks(read: &TickedSong, options: &SongOptions) -> Result<(), SongError> {
    if let TrackSelection::Only(wanted) = &options.tracks
        && let Some(&track) = wanted.iter().find(|track| track.index() >= read.tracks.len())
    {
        let tracks = read.tracks.iter().map(|info| (info.track, info.name.clone(), info.note_count()));
        return Err(SongError::NoSuchTrack { track, tracks: tracks.collect() });
    }
    Ok(())
}

/// Why a file has no drums.
fn no_notes(read: &TickedSong, parts: &[PartInfo], options: &SongOptions) -> NoNotes {
    let elsewhere = read
        .tracks
        .iter()
        .flat_map(|info| info.channels().map(|(channel, notes)| (info.track, channel, u64::from(notes))));
    let selected = |part: &&PartInfo| part.tracks.iter().any(|track| options.tracks.contains(*track));
    NoNotes {
        drums: options.drums,
        tracks: options.tracks.clone(),
        elsewhere: elsewhere.collect(),
        likely: LikelyDrums::find(parts.iter().filter(selected)),
        damage: None,
    }
}

/// The tracks that are drums by a name.
fn parts_by_name(parts: &[PartInfo]) -> Vec<(TrackIndex, Channel, String)> {
    let by_name = parts.iter().filter(|part| part.roles.iter().any(|role| role.reason == PartReason::Name));
    let name =
        |part: &PartInfo| part.names.iter().find(|name| names::is_drums(name)).cloned().unwrap_or_default();
    by_name
        .flat_map(|part| part.tracks.iter().map(move |track| (*track, part.channel, name(part))))
        .take(LISTED_TRACKS)
        .collect()
}

/// The error for a song of which some `notes` are too late: finds where the first of them stands.
fn describe_late_note(
    notes: &[Note],
    clocks: &TickClocks,
    chunks: &Chunks<'_>,
    drums: &DrumDecision<'_>,
) -> SongError {
    let late = notes.iter().find(|note| note.time > MAX_SONG_TIME).or(notes.last());
    let late = late.map(|note| (note.time, note.track));
    let (time, track) = late.unwrap_or((MAX_SONG_TIME, TrackIndex::from_index(0)));
    let chunk = chunks.tracks[track.index()];
    let mut at = TrackPlace::new(chunks.format, track);
    let found = TrackEvents::new(chunk).find(|step| {
        let place = at.step(step.tick);
        match step.what {
            StepContent::Event(TrackEventKind::Meta(message)) => {
                at.take_meta(&message);
                false
            }
            StepContent::Event(TrackEventKind::Midi {
                channel,
                message: MidiMessage::NoteOn { vel, .. },
            }) => {
                vel.as_int() > 0
                    && clocks.time_at(track, step.tick).is_some_and(|time| time > MAX_SONG_TIME)
                    && drums.takes(&at, place, Channel::from_index(channel.as_int()))
            }
            _ => false,
        }
    });
    let hours = |time: strikeline_picture::Time| time.as_nanos().unsigned_abs() / 3_600_000_000_000;
    SongError::TooLong {
        track,
        offset: found.map_or(chunk.offset, |step| step.offset),
        hours: hours(time),
        limit_hours: hours(MAX_SONG_TIME),
    }
}
