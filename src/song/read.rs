//! Events to song: reads the tracks' events with [`midly`], then puts them on one clock.

use midly::{EventIter, MetaMessage, MidiMessage, TrackEventKind};

use super::chunks::{Chunks, TrackChunk};
use super::error::{SongError, SongWarning, Warnings};
use super::tempo_map::{DEFAULT_MICROS_PER_QUARTER, Division, TempoMap};
use super::text::readable;
use super::{
    Channel, DEFAULT_METER, Format, MAX_SONG_TIME, Marker, MarkerKind, MeterChange, Note, Song, SongOptions,
    TempoChange, TrackIndex, TrackInfo, sort_notes,
};
use crate::timing::Time;

/// Texts that a song keeps at most.
const KEPT_TEXTS: usize = 20;

/// See [`Song::read`].
pub(super) fn read(file: &[u8], options: &SongOptions) -> Result<Song, SongError> {
    let mut warnings = Warnings::default();
    let chunks = Chunks::find(file, &mut warnings)?;
    let mut events = Events::default();
    let mut sounding = Sounding::new();
    for (index, chunk) in (0..).zip(&chunks.tracks) {
        let mut track = TrackReader::new(TrackIndex::from_index(index), *chunk, options);
        track.read(&mut events, &mut sounding, &mut warnings);
    }

    if let super::TrackSelection::Only(wanted) = &options.tracks {
        if let Some(&track) = wanted.iter().find(|track| track.index() >= events.tracks.len()) {
            let tracks = events.tracks.iter().map(|info| (info.track, info.name.clone(), info.note_count()));
            return Err(SongError::NoSuchTrack { track, tracks: tracks.collect() });
        }
    }
    if events.notes.is_empty() {
        let counts =
            |info: &TrackInfo| info.channels().map(move |(channel, notes)| (channel, u64::from(notes))).collect::<Vec<_>>();
        let elsewhere = events.tracks.iter().flat_map(|info| {
            counts(info).into_iter().map(move |(channel, notes)| (info.track, channel, notes))
        });
        return Err(SongError::NoNotes {
            channels: options.channels,
            tracks: options.tracks.clone(),
            elsewhere: elsewhere.collect(),
            damage: warnings.first().cloned(),
        });
    }
    events.into_song(&chunks, options, warnings)
}

/// Everything of interest in the tracks, in the file's order, on the tracks' own clocks.
#[derive(Default)]
struct Events {
    tracks: Vec<TrackInfo>,
    /// The ticks from a track's start to its end, by track.
    ends: Vec<u64>,
    notes: Vec<TickedNote>,
    tempos: Vec<At<u32>>,
    meters: Vec<At<(u8, u16)>>,
    markers: Vec<At<(String, MarkerKind)>>,
    copyright: Option<String>,
    texts: Vec<String>,
}

/// Something that stands at a tick of a track.
struct At<T> {
    track: TrackIndex,
    tick: u64,
    what: T,
}

/// A [`Note`] before it is known what a tick is. Of the same size, so that one becomes the other in place.
struct TickedNote {
    tick: u64,
    ticks: u64,
    track: TrackIndex,
    channel: Channel,
    key: u8,
    velocity: u8,
}

/// Which note of a track is sounding on each channel and key: its index among all notes.
///
/// Indices of earlier tracks are left in place and taken for silence, so that a file of many tiny tracks
/// costs no clearing.
struct Sounding(Vec<usize>);

impl Sounding {
    const SILENT: usize = usize::MAX;

    fn new() -> Sounding {
        Sounding(vec![Sounding::SILENT; 16 * 128])
    }

    fn of(&mut self, channel: Channel, key: u8) -> &mut usize {
        &mut self.0[usize::from(channel.index()) * 128 + usize::from(key & 0x7F)]
    }
}

/// Reads one track.
struct TrackReader<'a> {
    chunk: TrackChunk<'a>,
    options: &'a SongOptions,
    info: TrackInfo,
    /// The current tick. Deltas have 28 bits and take a byte at least, so that 64 bits never overflow.
    tick: u64,
    /// Events that were skipped: where the first is, how many, what is wrong with the first.
    skipped: Option<(u64, u64, &'static str)>,
}

impl<'a> TrackReader<'a> {
    fn new(track: TrackIndex, chunk: TrackChunk<'a>, options: &'a SongOptions) -> TrackReader<'a> {
        let selected = options.tracks.contains(track);
        let info = TrackInfo { track, name: None, events: 0, notes: [0; 16], selected };
        TrackReader { chunk, options, info, tick: 0, skipped: None }
    }

    fn read(&mut self, into: &mut Events, sounding: &mut Sounding, warnings: &mut Warnings) {
        let track = self.info.track;
        let first_note = into.notes.len();
        let mut rest = EventIter::new(self.chunk.bytes);
        let mut offset = self.chunk.offset;
        let ended = loop {
            let before = rest.unread();
            let at = self.offset_of(before);
            if before.is_empty() {
                break false;
            }
            offset = at;
            if before.len() >= 4 && before[..4].iter().all(|byte| *byte >= 0x80) {
                let reason = "the time before the event has more than four bytes";
                warnings.push(SongWarning::TrackDamaged { track, offset, reason });
                break true;
            }
            let running_status = rest.running_status();
            match rest.next() {
                Some(Ok(event)) => {
                    self.tick += u64::from(event.delta.as_int());
                    self.info.events += 1;
                    match event.kind {
                        TrackEventKind::Midi { channel, message } => {
                            let channel = Channel::from_index(channel.as_int());
                            self.take_message(channel, message, first_note, into, sounding);
                        }
                        TrackEventKind::Meta(MetaMessage::EndOfTrack) => {
                            let after = rest.unread();
                            if !after.is_empty() {
                                let (offset, count) = (self.offset_of(after), after.len() as u64);
                                warnings.push(SongWarning::AfterEndOfTrack { track, offset, count });
                            }
                            break true;
                        }
                        TrackEventKind::Meta(message) => self.take_meta(message, offset, into),
                        TrackEventKind::SysEx(_) | TrackEventKind::Escape(_) => {}
                    }
                }
                // Midly read nothing; it does not say why in its lenient mode.
                Some(Err(_)) | None => match skip_event(before, running_status) {
                    Ok(skipped) => {
                        self.tick += u64::from(skipped.delta);
                        self.note_skipped(offset, skipped.reason);
                        rest = EventIter::new(&before[skipped.bytes..]);
                        *rest.running_status_mut() = skipped.running_status;
                    }
                    Err(reason) => {
                        warnings.push(SongWarning::TrackDamaged { track, offset, reason });
                        break true;
                    }
                },
            }
        };
        if !ended {
            warnings.push(SongWarning::NoEndOfTrack { track, offset });
        }
        if let Some((offset, count, reason)) = self.skipped {
            warnings.push(SongWarning::EventsSkipped { track, offset, count, reason });
        }
        into.ends.push(self.tick);
        into.tracks.push(self.info.clone());
    }

    /// Where in the file `rest`, the end of the track, begins.
    fn offset_of(&self, rest: &[u8]) -> u64 {
        self.chunk.offset + (self.chunk.bytes.len() - rest.len()) as u64
    }

    fn note_skipped(&mut self, offset: u64, reason: &'static str) {
        self.skipped.get_or_insert((offset, 0, reason)).1 += 1;
    }

    fn take_message(
        &mut self,
        channel: Channel,
        message: MidiMessage,
        first_note: usize,
        into: &mut Events,
        sounding: &mut Sounding,
    ) {
        let (key, velocity) = match message {
            MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
            MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
            _ => return,
        };
        let hit = velocity > 0;
        if hit {
            self.info.notes[usize::from(channel.index())] += 1;
        }
        if !self.info.selected || !self.options.channels.contains(channel) {
            return;
        }
        let sounding = sounding.of(channel, key);
        if *sounding >= first_note && *sounding != Sounding::SILENT {
            if let Some(note) = into.notes.get_mut(*sounding) {
                note.ticks = self.tick - note.tick;
            }
        }
        *sounding = if hit { into.notes.len() } else { Sounding::SILENT };
        if hit {
            let track = self.info.track;
            into.notes.push(TickedNote { tick: self.tick, ticks: 0, track, channel, key, velocity });
        }
    }

    fn take_meta(&mut self, message: MetaMessage<'_>, offset: u64, into: &mut Events) {
        let (track, tick) = (self.info.track, self.tick);
        let keep_marker = |text, kind, markers: &mut Vec<_>| {
            markers.extend(readable(text).map(|text| At { track, tick, what: (text, kind) }));
        };
        match message {
            MetaMessage::Tempo(micros) if micros.as_int() == 0 => {
                self.note_skipped(offset, "a tempo without end");
            }
            MetaMessage::Tempo(micros) => into.tempos.push(At { track, tick, what: micros.as_int() }),
            MetaMessage::TimeSignature(numerator @ 1.., power @ ..16, _, _) => {
                into.meters.push(At { track, tick, what: (numerator, 1 << power) });
            }
            MetaMessage::TimeSignature(..) => self.note_skipped(offset, "a metre without meaning"),
            MetaMessage::TrackName(text) if self.info.name.is_none() => self.info.name = readable(text),
            MetaMessage::Copyright(text) if into.copyright.is_none() => into.copyright = readable(text),
            MetaMessage::Text(text) if into.texts.len() < KEPT_TEXTS => into.texts.extend(readable(text)),
            MetaMessage::Marker(text) => keep_marker(text, MarkerKind::Marker, &mut into.markers),
            MetaMessage::CuePoint(text) => keep_marker(text, MarkerKind::Cue, &mut into.markers),
            _ => {}
        }
    }
}

/// An event that midly refuses, but whose end is known.
struct SkippedEvent {
    delta: u32,
    /// Its length, the delta included.
    bytes: usize,
    running_status: Option<u8>,
    reason: &'static str,
}

/// Finds the end of an event that midly refuses; else the reason why the track cannot be read on.
///
/// Nothing is guessed: where the end is not certain, notes would be made up.
fn skip_event(event: &[u8], running_status: Option<u8>) -> Result<SkippedEvent, &'static str> {
    const CUT: &str = "the event is cut short";
    let (delta, delta_bytes) = variable_length(event).ok_or(CUT)?;
    let status = *event.get(delta_bytes).ok_or(CUT)?;
    let (length, running_status, reason) = match status {
        0xFF => {
            let (payload, length_bytes) = event.get(delta_bytes + 2..).and_then(variable_length).ok_or(CUT)?;
            (2 + length_bytes + payload as usize, None, "a meta event without meaning")
        }
        // These have no place in a file, but their lengths are known (MIDI 1.0, "System Common" and
        // "System Real Time", which leaves running status alone).
        0xF1 | 0xF3 => (2, None, "a system common message"),
        0xF2 => (3, None, "a system common message"),
        0xF4..=0xF6 => (1, None, "a system common message"),
        0xF8..=0xFE => (1, running_status, "a system real-time message"),
        0x00..0x80 if running_status.is_none() => return Err("a message without a status byte"),
        _ if event.len() < delta_bytes + 3 => return Err(CUT),
        _ => return Err("a message with a wrong data byte"),
    };
    let bytes = delta_bytes + length;
    if bytes > event.len() { Err(CUT) } else { Ok(SkippedEvent { delta, bytes, running_status, reason }) }
}

/// A variable-length quantity of up to four bytes, and how many it takes (SMF 1.0, "Conventions").
fn variable_length(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(4).enumerate() {
        value = value << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

impl Events {
    fn into_song(
        self,
        chunks: &Chunks<'_>,
        options: &SongOptions,
        mut warnings: Warnings,
    ) -> Result<Song, SongError> {
        let clocks = match chunks.format {
            Format::Sequential => Clocks::in_turn(chunks.division, &self, &mut warnings),
            Format::SingleTrack | Format::Parallel => Clocks::shared(chunks.division, &self.tempos),
        };
        // In place: both kinds of note have one layout, and the vector is not copied.
        let mut notes: Vec<Note> = self.notes.into_iter().map(|note| clocks.note(&note)).collect();
        sort_notes(&mut notes);
        if let Some(late) = notes.iter().find(|note| note.time > MAX_SONG_TIME) {
            let chunk = chunks.tracks[late.track.index()];
            return Err(SongError::TooLong {
                track: late.track,
                offset: find_late_note(chunk, late.track, &clocks, options),
                hours: late.time.as_nanos().unsigned_abs() / 3_600_000_000_000,
                limit_hours: MAX_SONG_TIME.as_nanos().unsigned_abs() / 3_600_000_000_000,
            });
        }

        let mut tempo_changes = Vec::new();
        if matches!(chunks.division, Division::TicksPerQuarter(_)) {
            let default = TempoChange { time: Time::ZERO, micros_per_quarter: DEFAULT_MICROS_PER_QUARTER };
            let stated = self.tempos.iter().filter_map(|tempo| {
                Some(TempoChange { time: clocks.time_of(tempo)?, micros_per_quarter: tempo.what })
            });
            let starts = clocks.starts().map(|time| TempoChange { time, ..default });
            tempo_changes = in_order(starts, stated, |change| change.time);
        }
        let stated = self.meters.iter().filter_map(|meter| {
            let (numerator, denominator) = meter.what;
            Some(MeterChange { time: clocks.time_of(meter)?, numerator, denominator })
        });
        let starts = clocks.starts().map(|time| MeterChange { time, ..DEFAULT_METER });
        let meter_changes = in_order(starts, stated, |change| change.time);
        let mut markers: Vec<Marker> = self
            .markers
            .into_iter()
            .filter_map(|marker| {
                let time = clocks.time_of(&marker)?;
                let (text, kind) = marker.what;
                Some(Marker { time, text, kind })
            })
            .collect();
        markers.sort_by_key(|marker| marker.time);
        let ends = (0..).map(TrackIndex::from_index).zip(&self.ends);
        let end = ends.filter_map(|(track, tick)| clocks.time_at(track, *tick)).max().unwrap_or_default();
        let title = match chunks.format {
            Format::Sequential => None,
            Format::SingleTrack | Format::Parallel => self.tracks.first().and_then(|info| info.name.clone()),
        };
        Ok(Song {
            format: chunks.format,
            division: chunks.division,
            title,
            copyright: self.copyright,
            texts: self.texts,
            tracks: self.tracks,
            tempo_changes,
            meter_changes,
            markers,
            notes,
            end,
            warnings: warnings.into_vec(),
        })
    }
}

/// Defaults and what the file states, by time; where several hold from one time, only the last.
fn in_order<T>(
    defaults: impl Iterator<Item = T>,
    stated: impl Iterator<Item = T>,
    time: impl Fn(&T) -> Time,
) -> Vec<T> {
    let mut all: Vec<T> = defaults.chain(stated).collect();
    all.sort_by_key(|change| time(change));
    all.dedup_by(|later, kept| {
        let same = time(later) == time(kept);
        if same {
            std::mem::swap(later, kept);
        }
        same
    });
    all
}

/// Where a note that is too late stands in the file. The track is read once more, for the error only.
fn find_late_note(chunk: TrackChunk<'_>, track: TrackIndex, clocks: &Clocks, options: &SongOptions) -> u64 {
    let mut tick = 0;
    let mut rest = EventIter::new(chunk.bytes);
    loop {
        let offset = chunk.offset + (chunk.bytes.len() - rest.unread().len()) as u64;
        let Some(Ok(event)) = rest.next() else { return offset };
        tick += u64::from(event.delta.as_int());
        let late = clocks.time_at(track, tick).is_some_and(|time| time > MAX_SONG_TIME);
        if let TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { vel, .. } } = event.kind {
            if late && vel > 0 && options.channels.contains(Channel::from_index(channel.as_int())) {
                return offset;
            }
        }
    }
}

/// What time it is at each track's ticks.
enum Clocks {
    /// One for all tracks.
    Shared(TempoMap),
    /// One for each track, with the time at which the track begins; `None` for tracks that are left out.
    InTurn(Vec<Option<(Time, TempoMap)>>),
}

impl Clocks {
    fn shared(division: Division, tempos: &[At<u32>]) -> Clocks {
        let changes: Vec<_> = tempos.iter().map(|tempo| (tempo.tick, tempo.what)).collect();
        Clocks::Shared(TempoMap::new(division, &changes))
    }

    fn in_turn(division: Division, events: &Events, warnings: &mut Warnings) -> Clocks {
        let mut start = Time::ZERO;
        let mut tempos = events.tempos.iter().peekable();
        let mut clocks = Vec::with_capacity(events.tracks.len());
        for (info, end) in events.tracks.iter().zip(&events.ends) {
            let mut changes = Vec::new();
            while let Some(tempo) = tempos.next_if(|tempo| tempo.track == info.track) {
                changes.push((tempo.tick, tempo.what));
            }
            clocks.push(info.selected.then(|| {
                let map = TempoMap::new(division, &changes);
                let begins = start;
                start = start + map.time_at(*end);
                (begins, map)
            }));
        }
        let count = clocks.iter().flatten().count();
        if count > 1 {
            warnings.push(SongWarning::SequencesJoined { count });
        }
        Clocks::InTurn(clocks)
    }

    /// The times at which sequences begin.
    fn starts(&self) -> impl Iterator<Item = Time> {
        let (shared, in_turn) = match self {
            Clocks::Shared(_) => (Some(Time::ZERO), [].as_slice()),
            Clocks::InTurn(clocks) => (None, clocks.as_slice()),
        };
        shared.into_iter().chain(in_turn.iter().flatten().map(|(start, _)| *start))
    }

    /// The time at a track's tick; `None` when the track is left out.
    fn time_at(&self, track: TrackIndex, tick: u64) -> Option<Time> {
        match self {
            Clocks::Shared(map) => Some(map.time_at(tick)),
            Clocks::InTurn(clocks) => {
                let (start, map) = clocks.get(track.index())?.as_ref()?;
                Some(*start + map.time_at(tick))
            }
        }
    }

    fn time_of<T>(&self, event: &At<T>) -> Option<Time> {
        self.time_at(event.track, event.tick)
    }

    fn note(&self, note: &TickedNote) -> Note {
        // Notes are kept of selected tracks only, which have a clock.
        let time_at = |tick| self.time_at(note.track, tick).unwrap_or_default();
        let time = time_at(note.tick);
        Note {
            time,
            duration: time_at(note.tick + note.ticks) - time,
            track: note.track,
            channel: note.channel,
            key: note.key,
            velocity: note.velocity,
        }
    }
}
