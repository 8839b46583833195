//! Events to song: gathers what the tracks hold, then puts it on one clock.

use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::beats::BeatGrid;
use super::chunks::{Chunks, TrackChunk};
use super::clocks::{At, Clocks};
use super::error::{SongError, SongWarning, Warnings};
use super::events::{Found, TrackEvents};
use super::tempo_map::{DEFAULT_MICROS_PER_QUARTER, Division};
use super::text::readable;
use super::{
    Channel, Format, MAX_SONG_TIME, Marker, MarkerKind, MeterChange, Note, Song, SongOptions, TempoChange,
    TrackIndex, TrackInfo, TrackSelection, sort_notes,
};

/// Texts that a song keeps at most.
const KEPT_TEXTS: usize = 20;

/// See [`Song::read`].
pub(super) fn read(file: &[u8], options: &SongOptions) -> Result<Song, SongError> {
    let mut warnings = Warnings::default();
    let chunks = Chunks::find(file, &mut warnings)?;
    let mut gathered = Gathered::default();
    let mut sounding = Sounding::new();
    for (index, chunk) in (0..).zip(&chunks.tracks) {
        let mut reader =
            TrackReader::new(TrackIndex::from_index(index), options, &mut gathered, &mut sounding);
        reader.read(*chunk, &mut warnings);
        let TrackReader { info, tick, .. } = reader;
        gathered.tracks.push(info);
        gathered.ends.push(tick);
    }
    gathered.check(options, &warnings)?;
    gathered.into_song(&chunks, options, warnings)
}

/// What is of interest in the tracks, in the file's order, on the tracks' own clocks.
#[derive(Default)]
struct Gathered {
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
    options: &'a SongOptions,
    gathered: &'a mut Gathered,
    sounding: &'a mut Sounding,
    first_note: usize,
    info: TrackInfo,
    tick: u64,
    /// Events that were skipped: where the first is, how many, what is wrong with the first.
    skipped: Option<(u64, u64, &'static str)>,
}

impl<'a> TrackReader<'a> {
    fn new(
        track: TrackIndex,
        options: &'a SongOptions,
        gathered: &'a mut Gathered,
        sounding: &'a mut Sounding,
    ) -> TrackReader<'a> {
        let selected = options.tracks.contains(track);
        let info = TrackInfo { track, name: None, events: 0, notes: [0; 16], selected };
        let first_note = gathered.notes.len();
        TrackReader { options, gathered, sounding, first_note, info, tick: 0, skipped: None }
    }

    fn read(&mut self, chunk: TrackChunk<'_>, warnings: &mut Warnings) {
        let track = self.info.track;
        let mut last = chunk.offset;
        let mut explained = false;
        let mut steps = TrackEvents::new(chunk);
        for step in &mut steps {
            self.tick = step.tick;
            last = step.offset;
            match step.what {
                Found::Event(event) => {
                    self.info.events += 1;
                    match event {
                        TrackEventKind::Midi { channel, message } => {
                            self.take_message(Channel::from_index(channel.as_int()), message);
                        }
                        TrackEventKind::Meta(MetaMessage::EndOfTrack) => explained = true,
                        TrackEventKind::Meta(message) => self.take_meta(message, step.offset),
                        TrackEventKind::SysEx(_) | TrackEventKind::Escape(_) => {}
                    }
                }
                Found::Skipped(reason) => self.note_skipped(step.offset, reason),
                Found::Damage(reason) => {
                    explained = true;
                    warnings.push(SongWarning::TrackDamaged { track, offset: step.offset, reason });
                }
            }
        }
        let (offset, rest) = steps.unread();
        if !explained {
            warnings.push(SongWarning::NoEndOfTrack { track, offset: last });
        } else if !rest.is_empty() {
            warnings.push(SongWarning::AfterEndOfTrack { track, offset, count: rest.len() as u64 });
        }
        if let Some((offset, count, reason)) = self.skipped {
            warnings.push(SongWarning::EventsSkipped { track, offset, count, reason });
        }
    }

    fn note_skipped(&mut self, offset: u64, reason: &'static str) {
        self.skipped.get_or_insert((offset, 0, reason)).1 += 1;
    }

    fn take_message(&mut self, channel: Channel, message: MidiMessage) {
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
        let notes = &mut self.gathered.notes;
        let sounding = self.sounding.of(channel, key);
        if (self.first_note..notes.len()).contains(sounding) {
            let note = &mut notes[*sounding];
            note.ticks = self.tick - note.tick;
        }
        *sounding = if hit { notes.len() } else { Sounding::SILENT };
        if hit {
            let track = self.info.track;
            notes.push(TickedNote { tick: self.tick, ticks: 0, track, channel, key, velocity });
        }
    }

    fn take_meta(&mut self, message: MetaMessage<'_>, offset: u64) {
        let (track, tick) = (self.info.track, self.tick);
        let gathered = &mut *self.gathered;
        let marker = |text, kind| Some(At { track, tick, what: (readable(text)?, kind) });
        match message {
            MetaMessage::Tempo(micros) if micros.as_int() > 0 => {
                gathered.tempos.push(At { track, tick, what: micros.as_int() });
            }
            MetaMessage::Tempo(_) => self.note_skipped(offset, "a tempo without end"),
            MetaMessage::TimeSignature(numerator @ 1.., power @ ..16, _, _) => {
                gathered.meters.push(At { track, tick, what: (numerator, 1 << power) });
            }
            MetaMessage::TimeSignature(..) => self.note_skipped(offset, "a metre without meaning"),
            MetaMessage::TrackName(text) if self.info.name.is_none() => self.info.name = readable(text),
            MetaMessage::Copyright(text) if gathered.copyright.is_none() => {
                gathered.copyright = readable(text);
            }
            MetaMessage::Text(text) if gathered.texts.len() < KEPT_TEXTS => {
                gathered.texts.extend(readable(text));
            }
            MetaMessage::Marker(text) => gathered.markers.extend(marker(text, MarkerKind::Marker)),
            MetaMessage::CuePoint(text) => gathered.markers.extend(marker(text, MarkerKind::Cue)),
            _ => {}
        }
    }
}

impl Gathered {
    /// Whether the selected tracks exist, and there are notes in them.
    fn check(&self, options: &SongOptions, warnings: &Warnings) -> Result<(), SongError> {
        if let TrackSelection::Only(wanted) = &options.tracks
            && let Some(&track) = wanted.iter().find(|track| track.index() >= self.tracks.len())
        {
            let tracks = self.tracks.iter().map(|info| (info.track, info.name.clone(), info.note_count()));
            return Err(SongError::NoSuchTrack { track, tracks: tracks.collect() });
        }
        if self.notes.is_empty() {
            let elsewhere = self.tracks.iter().flat_map(|info| {
                info.channels().map(|(channel, notes)| (info.track, channel, u64::from(notes)))
            });
            return Err(SongError::NoNotes {
                channels: options.channels,
                tracks: options.tracks.clone(),
                elsewhere: elsewhere.collect(),
                damage: warnings.first().cloned(),
            });
        }
        Ok(())
    }

    fn into_song(
        self,
        chunks: &Chunks<'_>,
        options: &SongOptions,
        mut warnings: Warnings,
    ) -> Result<Song, SongError> {
        let mut title = self.tracks.first().and_then(|info| info.name.clone());
        let clocks = match chunks.format {
            Format::SingleTrack | Format::Parallel => Clocks::shared(chunks.division, &self.tempos),
            Format::Sequential => {
                title = None;
                let count = self.tracks.iter().filter(|info| info.selected).count();
                if count > 1 {
                    warnings.push(SongWarning::SequencesJoined { count });
                }
                Clocks::in_turn(chunks.division, &self.tracks, &self.ends, &self.tempos)
            }
        };

        // Both kinds of note have one layout: the vector's memory is used again.
        let mut notes: Vec<Note> = self.notes.into_iter().map(|note| note.at_its_time(&clocks)).collect();
        sort_notes(&mut notes);
        if let Some(late) = notes.last().filter(|note| note.time > MAX_SONG_TIME) {
            return Err(describe_late_note(&notes, *late, &clocks, chunks, options));
        }

        let tempo = |(time, micros_per_quarter)| TempoChange { time, micros_per_quarter };
        let tempo_changes = match chunks.division {
            Division::TicksPerQuarter(_) => clocks.changes(DEFAULT_MICROS_PER_QUARTER, self.tempos),
            Division::TimeCode { .. } => Vec::new(),
        };
        let meter = |(time, (numerator, denominator))| MeterChange { time, numerator, denominator };
        let marker = |(time, (text, kind))| Marker { time, text, kind };
        let ends = (0..).map(TrackIndex::from_index).zip(&self.ends);
        Ok(Song {
            format: chunks.format,
            division: chunks.division,
            title,
            copyright: self.copyright,
            texts: self.texts,
            tracks: self.tracks,
            tempo_changes: tempo_changes.into_iter().map(tempo).collect(),
            meter_changes: clocks.changes((4, 4), self.meters.clone()).into_iter().map(meter).collect(),
            markers: clocks.in_order(self.markers).into_iter().map(marker).collect(),
            notes,
            end: ends.filter_map(|(track, tick)| clocks.time_at(track, *tick)).max().unwrap_or_default(),
            beat_grid: BeatGrid::new(chunks.division, clocks, &self.ends, self.meters),
            warnings: warnings.into_vec(),
        })
    }
}

impl TickedNote {
    fn at_its_time(&self, clocks: &Clocks) -> Note {
        // Notes are gathered of selected tracks only, and those have a clock.
        let time_at = |tick| clocks.time_at(self.track, tick).unwrap_or_default();
        let time = time_at(self.tick);
        Note {
            time,
            duration: if self.ticks == 0 {
                Default::default()
            } else {
                time_at(self.tick + self.ticks) - time
            },
            track: self.track,
            channel: self.channel,
            key: self.key,
            velocity: self.velocity,
        }
    }
}

/// The error for a song whose last note is `late`: finds where the first note that is too late stands.
fn describe_late_note(
    notes: &[Note],
    late: Note,
    clocks: &Clocks,
    chunks: &Chunks<'_>,
    options: &SongOptions,
) -> SongError {
    let first = notes.iter().find(|note| note.time > MAX_SONG_TIME).unwrap_or(&late);
    let chunk = chunks.tracks[first.track.index()];
    let found = TrackEvents::new(chunk).find(|step| {
        let Found::Event(TrackEventKind::Midi { channel, message: MidiMessage::NoteOn { vel, .. } }) =
            step.what
        else {
            return false;
        };
        vel.as_int() > 0
            && options.channels.contains(Channel::from_index(channel.as_int()))
            && clocks.time_at(first.track, step.tick).is_some_and(|time| time > MAX_SONG_TIME)
    });
    let hours = |time: strikeline_picture::Time| time.as_nanos().unsigned_abs() / 3_600_000_000_000;
    SongError::TooLong {
        track: first.track,
        offset: found.map_or(chunk.offset, |step| step.offset),
        hours: hours(first.time),
        limit_hours: hours(MAX_SONG_TIME),
    }
}
