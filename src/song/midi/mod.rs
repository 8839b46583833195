//! Standard MIDI Files: takes a file apart, and gathers what its tracks hold.

mod chunks;
mod event;
mod events;
mod faults;
mod karaoke;
mod likelihood;
mod repair;
mod text;

use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::error::{SongError, SongWarning, Warnings};
use super::messages::{SongEvent, read_events};
use super::tick_clocks::{AtTick, TickClocks};
use super::ticked::{TickedNote, TickedSong};
use super::{
    Channel, Format, MAX_SONG_TIME, MarkerKind, Note, Song, SongOptions, Technique, TrackIndex, TrackInfo,
    TrackSelection,
};
use chunks::TrackChunk;
use faults::TrackFaults;
use text::{find_encoding, readable_in};

pub(super) use chunks::Chunks;
pub(super) use events::{StepContent, TrackEvents};

/// Texts that a song keeps at most.
const KEPT_TEXTS: usize = 20;

/// See [`Song::read`] and, with `events`, [`Song::read_with_events`].
pub(super) fn read(
    file: &[u8],
    options: &SongOptions,
    events: Option<&mut Vec<SongEvent>>,
) -> Result<Song, SongError> {
    let mut warnings = Warnings::default();
    let chunks = Chunks::find(file, &mut warnings)?;
    let mut read = TickedSong::new(chunks.format, chunks.division);
    read.text_encoding = options.text_encoding.unwrap_or_else(|| find_encoding(&chunks));
    let mut active = ActiveNotes::new();
    for (index, chunk) in (0..).zip(&chunks.tracks) {
        let mut reader = TrackReader::new(TrackIndex::from_index(index), options, &mut read, &mut active);
        reader.read(*chunk, &mut warnings);
        let TrackReader { info, tick, .. } = reader;
        read.tracks.push(info);
        read.ends.push(tick);
    }
    if chunks.format != Format::Sequential {
        read.title = read.tracks.first().and_then(|info| info.name.clone());
    }
    karaoke::take_names(&mut read);
    check(&read, options, &warnings)?;
    let clocks = read.clocks(&mut warnings);
    let song =
        read.into_song(&clocks, warnings, |notes| describe_late_note(notes, &clocks, &chunks, options))?;
    if let Some(events) = events {
        *events = read_events(&chunks, &clocks, options);
    }
    Ok(song)
}

/// The note that is sounding on each channel and key of a track, as an index among all notes.
///
/// Indices of earlier tracks are left in place and taken for silence, so that a file of many tiny tracks
/// costs no clearing.
struct ActiveNotes(Vec<usize>);

impl ActiveNotes {
    const SILENT: usize = usize::MAX;

    fn new() -> ActiveNotes {
        ActiveNotes(vec![ActiveNotes::SILENT; 16 * 128])
    }

    fn of(&mut self, channel: Channel, key: u8) -> &mut usize {
        &mut self.0[usize::from(channel.index()) * 128 + usize::from(key & 0x7F)]
    }
}

/// Reads one track.
struct TrackReader<'a> {
    options: &'a SongOptions,
    read: &'a mut TickedSong,
    active: &'a mut ActiveNotes,
    first_note: usize,
    info: TrackInfo,
    tick: u64,
    faults: TrackFaults,
}

impl<'a> TrackReader<'a> {
    fn new(
        track: TrackIndex,
        options: &'a SongOptions,
        read: &'a mut TickedSong,
        active: &'a mut ActiveNotes,
    ) -> TrackReader<'a> {
        let selected = options.tracks.contains(track);
        let info = TrackInfo { track, name: None, events: 0, notes: [0; 16], selected };
        let first_note = read.notes.len();
        TrackReader { options, read, active, first_note, info, tick: 0, faults: TrackFaults::default() }
    }

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
            let StepContent::Event(event) = step.what else { continue };
            self.info.events += 1;
            match event {
                TrackEventKind::Midi { channel, message } => {
                    self.take_message(Channel::from_index(channel.as_int()), message);
                }
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => ended = true,
                TrackEventKind::Meta(message) => self.take_meta(message, step.offset),
                TrackEventKind::SysEx(_) | TrackEventKind::Escape(_) => {}
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

    fn take_message(&mut self, channel: Channel, message: MidiMessage) {
        let (key, velocity) = match message {
            MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
            MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
            _ => return,
        };
        let note = velocity > 0;
        if note {
            self.info.notes[usize::from(channel.index())] += 1;
        }
        if !self.info.selected || !self.options.channels.contains(channel) {
            return;
        }
        let notes = &mut self.read.notes;
        let active = self.active.of(channel, key);
        if (self.first_note..notes.len()).contains(active) {
            let note = &mut notes[*active];
            note.ticks = self.tick - note.tick;
        }
        *active = if note { notes.len() } else { ActiveNotes::SILENT };
        if note {
            let track = self.info.track;
            notes.push(TickedNote {
                tick: self.tick,
                ticks: 0,
                track,
                channel,
                key,
                velocity,
                technique: Technique::default(),
            });
        }
    }

    fn take_meta(&mut self, message: MetaMessage<'_>, offset: u64) {
        let (track, tick) = (self.info.track, self.tick);
        let read = &mut *self.read;
        let encoding = read.text_encoding;
        let readable = |text| readable_in(encoding, text);
        let marker = |text, kind| Some(AtTick { track, tick, what: (readable(text)?, kind) });
        match message {
            MetaMessage::Tempo(micros) if micros.as_int() > 0 => {
                read.tempos.push(AtTick { track, tick, what: micros.as_int() });
            }
            MetaMessage::Tempo(_) => self.faults.skip(offset, "a tempo without end"),
            MetaMessage::TimeSignature(numerator @ 1.., power @ ..16, _, _) => {
                read.meters.push(AtTick { track, tick, what: (numerator, 1 << power) });
            }
            MetaMessage::TimeSignature(..) => self.faults.skip(offset, "a metre without meaning"),
            MetaMessage::TrackName(text) if self.info.name.is_none() => self.info.name = readable(text),
            MetaMessage::Copyright(text) if read.copyright.is_none() => {
                read.copyright = readable(text);
            }
            MetaMessage::Text(text) if read.texts.len() < KEPT_TEXTS => {
                read.texts.extend(readable(text));
            }
            MetaMessage::Marker(text) => read.markers.extend(marker(text, MarkerKind::Marker)),
            MetaMessage::CuePoint(text) => read.markers.extend(marker(text, MarkerKind::Cue)),
            _ => {}
        }
    }
}

/// Whether the selected tracks exist, and there are notes in them.
fn check(read: &TickedSong, options: &SongOptions, warnings: &Warnings) -> Result<(), SongError> {
    if let TrackSelection::Only(wanted) = &options.tracks
        && let Some(&track) = wanted.iter().find(|track| track.index() >= read.tracks.len())
    {
        let tracks = read.tracks.iter().map(|info| (info.track, info.name.clone(), info.note_count()));
        return Err(SongError::NoSuchTrack { track, tracks: tracks.collect() });
    }
    if read.notes.is_empty() {
        let elsewhere = read
            .tracks
            .iter()
            .flat_map(|info| info.channels().map(|(channel, notes)| (info.track, channel, u64::from(notes))));
        return Err(SongError::NoNotes {
            channels: options.channels,
            tracks: options.tracks.clone(),
            elsewhere: elsewhere.collect(),
            damage: warnings.first().cloned(),
        });
    }
    Ok(())
}

/// The error for a song of which some `notes` are too late: finds where the first of them stands.
fn describe_late_note(
    notes: &[Note],
    clocks: &TickClocks,
    chunks: &Chunks<'_>,
    options: &SongOptions,
) -> SongError {
    let late = notes.iter().find(|note| note.time > MAX_SONG_TIME).or(notes.last());
    let late = late.map(|note| (note.time, note.track));
    let (time, track) = late.unwrap_or((MAX_SONG_TIME, TrackIndex::from_index(0)));
    let chunk = chunks.tracks[track.index()];
    let found = TrackEvents::new(chunk).find(|step| {
        let StepContent::Event(TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { vel, .. } }) =
            step.what
        else {
            return false;
        };
        vel.as_int() > 0
            && options.channels.contains(Channel::from_index(channel.as_int()))
            && clocks.time_at(track, step.tick).is_some_and(|time| time > MAX_SONG_TIME)
    });
    let hours = |time: strikeline_picture::Time| time.as_nanos().unsigned_abs() / 3_600_000_000_000;
    SongError::TooLong {
        track,
        offset: found.map_or(chunk.offset, |step| step.offset),
        hours: hours(time),
        limit_hours: hours(MAX_SONG_TIME),
    }
}
