//! What a synthesiser needs of a song: the messages of all channels, with exact times.

use std::path::Path;

use midly::{MidiMessage, TrackEventKind};
use strikeline_picture::Time;

use super::channel_state::SongState;
use super::error::SongError;
use super::input;
use super::midi::{Chunks, DrumDecision, StepContent, TrackEvents};
use super::parts::declared::TrackPlace;
use super::passage::{MAX_LOOPED_EVENTS, Passage, PassageError};
use super::speed::Speed;
use super::tick_clocks::TickClocks;
use super::{Channel, MAX_SONG_TIME, Note, Song, SongOptions, TrackIndex};

/// A message of the song with its time. It takes 24 bytes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SongEvent {
    /// When it is, from the song's start.
    pub time: Time,
    /// Its track.
    pub track: TrackIndex,
    /// Whether it begins or ends a note that is among the song's: a drum that is shown.
    pub shown: bool,
    /// What it says.
    pub message: SongMessage,
}

/// What an event says. System exclusive messages other than those that are listed are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SongMessage {
    /// A message to a channel.
    Channel(Channel, ChannelMessage),
    /// Everything is set back to what a kind of synthesiser begins with.
    Reset(SynthesizerKind),
    /// A channel is made a drum part, or a melodic part again (GS, "Use for Rhythm Part"; XG, "Part Mode").
    DrumPart(Channel, bool),
    /// The volume of everything, 0 to 16,383 (MIDI 1.0, "Device Control: Master Volume").
    MasterVolume(u16),
}

/// A message to one channel (MIDI 1.0, "Channel Voice Messages").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelMessage {
    /// A note begins. The velocity is 1 to 127.
    NoteOn {
        /// 0 to 127.
        key: u8,
        /// 1 to 127.
        velocity: u8,
    },
    /// A note ends; a note-on with velocity 0 is one of these.
    NoteOff {
        /// 0 to 127.
        key: u8,
    },
    /// How hard a key is held down (polyphonic aftertouch).
    KeyPressure {
        /// 0 to 127.
        key: u8,
        /// 0 to 127.
        pressure: u8,
    },
    /// A controller's value: volume, pan, pedals, bank select and so on.
    Controller {
        /// The controller's number, 0 to 127.
        controller: u8,
        /// 0 to 127.
        value: u8,
    },
    /// Program change, 0 to 127.
    Program(u8),
    /// How hard all keys are held down (channel aftertouch), 0 to 127.
    Pressure(u8),
    /// Pitch bend, -8192 to 8191.
    PitchBend(i16),
}

/// The sets of rules that a system exclusive message can put a synthesiser under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynthesizerKind {
    /// General MIDI 1 (RP-003).
    GeneralMidi,
    /// General MIDI 2 (RP-024).
    GeneralMidi2,
    /// Roland GS.
    Gs,
    /// Yamaha XG.
    Xg,
}

/// Which notes of a song are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SongPart {
    /// The drums that are shown.
    Drums,
    /// All notes.
    All,
    /// All notes but those of the drums that are shown.
    Accompaniment,
}

/// The messages of a song that a synthesiser plays: those of all tracks, selected or not.
///
/// In a file of format 2 they are those of the selected tracks, one after the other, as with [`Song::notes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SongEvents {
    events: Vec<SongEvent>,
    end: Time,
}

impl Song {
    /// Reads a MIDI file that is in memory, and also the messages that a synthesiser needs of it.
    ///
    /// # Errors
    /// As [`Song::read`].
    pub fn read_with_events(bytes: &[u8], options: &SongOptions) -> Result<(Song, SongEvents), SongError> {
        let mut events = Vec::new();
        let song = input::read(bytes, None, options, Some(&mut events))?;
        let events = SongEvents { events, end: song.end() };
        Ok((song, events))
    }

    /// Reads a MIDI file, and also the messages that a synthesiser needs of it. The file is read once.
    ///
    /// # Errors
    /// As [`Song::open`].
    pub fn open_with_events(path: &Path, options: &SongOptions) -> Result<(Song, SongEvents), SongError> {
        let mut events = Vec::new();
        let song = input::open(path, options, Some(&mut events))?;
        let events = SongEvents { events, end: song.end() };
        Ok((song, events))
    }
}

impl SongEvents {
    /// The events in order of time. Those at the same time are in order of track, then as in the file. None is later than
    /// [`MAX_SONG_TIME`] (twice that in a song that is slowed down).
    pub fn events(&self) -> &[SongEvent] {
        &self.events
    }

    /// The events that are needed to hear a part of the song: its notes, and everything that is no note.
    pub fn part(&self, part: SongPart) -> impl Iterator<Item = &SongEvent> {
        self.events.iter().filter(move |event| match part {
            SongPart::All => true,
            SongPart::Drums => event.shown || !event.is_note(),
            SongPart::Accompaniment => !event.shown || !event.is_note(),
        })
    }

    /// When the last note of a part begins; `None` when it has none.
    pub fn last_note(&self, part: SongPart) -> Option<Time> {
        let begins = |event: &&SongEvent| {
            matches!(event.message, SongMessage::Channel(_, ChannelMessage::NoteOn { .. }))
        };
        self.part(part).filter(begins).last().map(|event| event.time)
    }

    /// When the song ends: as [`Song::end`].
    pub fn end(&self) -> Time {
        self.end
    }

    /// The same, faster or slower: as [`Song::at_speed`].
    pub fn at_speed(&self, speed: Speed) -> SongEvents {
        let at_speed = |event: &SongEvent| SongEvent { time: speed.played(event.time), ..*event };
        let mut events: Vec<SongEvent> = self.events.iter().map(at_speed).collect();
        sort_events(&mut events);
        SongEvents { events, end: speed.played(self.end) }
    }

    /// A passage, `times` times one after the other: as [`Song::looped`].
    ///
    /// What the song has set up before the passage (programs, controllers and so on) is set up at 0, and again before each
    /// repetition. Notes that sound at the end of a repetition end there; those that begin before the passage are not
    /// heard.
    ///
    /// # Errors
    /// When that would be too long or too many events.
    pub fn looped(&self, passage: Passage, times: u32) -> Result<SongEvents, PassageError> {
        let end = passage.total(times)?;
        let first = self.events.partition_point(|event| event.time < passage.from());
        let after = if passage.to() >= self.end {
            self.events.len()
        } else {
            self.events.partition_point(|event| event.time < passage.to())
        };
        let (before, within) = self.events.split_at(first);
        let within = within.get(..after.saturating_sub(first)).unwrap_or_default();
        if within.len().saturating_mul(times as usize) > MAX_LOOPED_EVENTS {
            return Err(PassageError::TooLong { passage, times });
        }
        let mut at_start = SongState::default();
        before.iter().for_each(|event| at_start.take(&event.message));
        let mut at_end = at_start.clone();
        within.iter().for_each(|event| at_end.take(&event.message));

        let track = TrackIndex::from_index(0);
        let set_up = |time, message| SongEvent { time, track, shown: false, message };
        let mut events: Vec<SongEvent> =
            at_start.changes_from(&SongState::default()).map(|message| set_up(Time::ZERO, message)).collect();
        let again: Vec<SongMessage> = at_start.changes_from(&at_end).collect();
        let mut sounding = SoundingNotes::default();
        for pass in 0..i64::from(times) {
            let begins = Time::from_nanos(passage.length().as_nanos().saturating_mul(pass));
            if pass > 0 {
                sounding.end_all(begins, &mut events);
                events.extend(again.iter().map(|message| set_up(begins, *message)));
            }
            for event in within {
                if sounding.take(event) {
                    events.push(SongEvent { time: event.time - passage.from() + begins, ..*event });
                }
            }
        }
        if passage.to() < self.end {
            sounding.end_all(end, &mut events);
        }
        Ok(SongEvents { events, end })
    }
}

impl SongEvent {
    /// Whether it begins or ends a note.
    pub const fn is_note(&self) -> bool {
        matches!(
            self.message,
            SongMessage::Channel(_, ChannelMessage::NoteOn { .. } | ChannelMessage::NoteOff { .. })
        )
    }
}

/// The notes that sound in a pass through a passage.
#[derive(Default)]
struct SoundingNotes {
    /// Track, shown or not, and how many, by channel and key.
    notes: std::collections::BTreeMap<(Channel, u8), (TrackIndex, bool, u32)>,
}

impl SoundingNotes {
    /// Whether an event is to be kept: all but the ends of notes that did not begin.
    fn take(&mut self, event: &SongEvent) -> bool {
        match event.message {
            SongMessage::Channel(channel, ChannelMessage::NoteOn { key, .. }) => {
                self.notes.entry((channel, key)).or_insert((event.track, event.shown, 0)).2 += 1;
                true
            }
            SongMessage::Channel(channel, ChannelMessage::NoteOff { key }) => {
                self.notes.remove(&(channel, key)).is_some()
            }
            _ => true,
        }
    }

    fn end_all(&mut self, time: Time, events: &mut Vec<SongEvent>) {
        for ((channel, key), (track, shown, _)) in std::mem::take(&mut self.notes) {
            let message = SongMessage::Channel(channel, ChannelMessage::NoteOff { key });
            events.push(SongEvent { time, track, shown, message });
        }
    }
}

/// Puts events in the order that [`SongEvents::events`] promises. Within a track they are in order already.
fn sort_events(events: &mut [SongEvent]) {
    let order = |event: &SongEvent| (event.time, event.track);
    // Sorting takes memory for half of them, also where there is nothing to sort.
    if !events.is_sorted_by_key(order) {
        events.sort_by_key(order);
    }
}

/// How long a note sounds that does not say how long.
const SHORT_NOTE: Time = Time::from_nanos(250_000_000);

/// The messages that play these notes, which are in order: of a song whose file has no messages of its own.
pub(super) fn drum_events(notes: &[Note]) -> Vec<SongEvent> {
    let mut events = Vec::with_capacity(notes.len() * 2);
    // What sounds on each key: until when, and on which track.
    let mut sounding: [Option<(Time, TrackIndex)>; 128] = [None; 128];
    let message = |time, track, message| SongEvent {
        time,
        track,
        shown: true,
        message: SongMessage::Channel(Channel::DRUMS, message),
    };
    for note in notes {
        let key = note.key & 0x7F;
        let end = note.time + if note.duration > Time::ZERO { note.duration } else { SHORT_NOTE };
        if let Some((until, track)) = sounding[usize::from(key)].replace((end, note.track)) {
            events.push(message(until.min(note.time), track, ChannelMessage::NoteOff { key }));
        }
        events.push(message(note.time, note.track, ChannelMessage::NoteOn { key, velocity: note.velocity }));
    }
    for (key, sounds) in (0..).zip(sounding) {
        events.extend(sounds.map(|(until, track)| message(until, track, ChannelMessage::NoteOff { key })));
    }
    sort_events(&mut events);
    events
}

/// The messages of all tracks that have a clock.
pub(super) fn read_events(
    chunks: &Chunks<'_>,
    clocks: &TickClocks,
    drums: &DrumDecision<'_>,
) -> Vec<SongEvent> {
    let mut events = Vec::new();
    let mut shown = ShownNotes { tracks: vec![None; 16 * 128] };
    for (chunk, track) in chunks.tracks.iter().zip((0..).map(TrackIndex::from_index)) {
        let mut at = TrackPlace::new(chunks.format, track);
        for step in TrackEvents::new(*chunk) {
            let place = at.step(step.tick);
            let message = match step.what {
                StepContent::Event(TrackEventKind::Midi { channel, message }) => {
                    let channel = Channel::from_index(channel.as_int());
                    SongMessage::Channel(channel, ChannelMessage::read(message))
                }
                StepContent::Event(TrackEventKind::SysEx(data)) => match SongMessage::system(data) {
                    Some(message) => message,
                    None => continue,
                },
                StepContent::Event(TrackEventKind::Meta(message)) => {
                    at.take_meta(&message);
                    continue;
                }
                _ => continue,
            };
            // A track of a file of format 2 that is left out has no clock.
            let Some(time) = clocks.time_at(track, step.tick).filter(|time| *time <= MAX_SONG_TIME) else {
                break;
            };
            let is_shown = match message {
                SongMessage::Channel(channel, ChannelMessage::NoteOn { key, .. }) => {
                    shown.begin(track, channel, key, drums.takes(&at, place, channel))
                }
                SongMessage::Channel(channel, ChannelMessage::NoteOff { key }) => {
                    shown.end(track, channel, key).unwrap_or_else(|| drums.takes(&at, place, channel))
                }
                _ => false,
            };
            events.push(SongEvent { time, track, shown: is_shown, message });
        }
    }
    sort_events(&mut events);
    events
}

/// Whether the note that sounds on each channel and key is shown: a note that begins as a drum ends as one, also when its part
/// has become melodic meanwhile.
struct ShownNotes {
    /// The track in which the note began, by channel and key.
    tracks: Vec<Option<(TrackIndex, bool)>>,
}

impl ShownNotes {
    fn of(&mut self, channel: Channel, key: u8) -> &mut Option<(TrackIndex, bool)> {
        &mut self.tracks[usize::from(channel.index()) * 128 + usize::from(key & 0x7F)]
    }

    fn begin(&mut self, track: TrackIndex, channel: Channel, key: u8, shown: bool) -> bool {
        *self.of(channel, key) = Some((track, shown));
        shown
    }

    /// `None` when none has begun in the track.
    fn end(&mut self, track: TrackIndex, channel: Channel, key: u8) -> Option<bool> {
        self.of(channel, key).filter(|(of_track, _)| *of_track == track).map(|(_, shown)| shown)
    }
}

impl ChannelMessage {
    fn read(message: MidiMessage) -> ChannelMessage {
        match message {
            MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                ChannelMessage::NoteOn { key: key.as_int(), velocity: vel.as_int() }
            }
            MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                ChannelMessage::NoteOff { key: key.as_int() }
            }
            MidiMessage::Aftertouch { key, vel } => {
                ChannelMessage::KeyPressure { key: key.as_int(), pressure: vel.as_int() }
            }
            MidiMessage::Controller { controller, value } => {
                ChannelMessage::Controller { controller: controller.as_int(), value: value.as_int() }
            }
            MidiMessage::ProgramChange { program } => ChannelMessage::Program(program.as_int()),
            MidiMessage::ChannelAftertouch { vel } => ChannelMessage::Pressure(vel.as_int()),
            MidiMessage::PitchBend { bend } => ChannelMessage::PitchBend(bend.as_int()),
        }
    }
}

impl SongMessage {
    /// From a system exclusive message without its first byte, F0. `None` when it is not one of those that are known.
    ///
    /// GM: RP-003 and RP-024; master volume: MIDI 1.0; GS and XG: the exclusive messages that Roland and Yamaha publish for
    /// their synthesisers. A wrong checksum of a GS message is not minded.
    pub(super) fn system(data: &[u8]) -> Option<SongMessage> {
        let data = data.strip_suffix(&[0xF7]).unwrap_or(data);
        match *data {
            [0x7E, _, 0x09, 0x01] => Some(SongMessage::Reset(SynthesizerKind::GeneralMidi)),
            [0x7E, _, 0x09, 0x03] => Some(SongMessage::Reset(SynthesizerKind::GeneralMidi2)),
            [0x7F, _, 0x04, 0x01, fine @ ..0x80, coarse @ ..0x80] => {
                Some(SongMessage::MasterVolume(u16::from(coarse) << 7 | u16::from(fine)))
            }
            [0x41, _, 0x42, 0x12, 0x40 | 0x00, 0x00, 0x7F, 0x00 | 0x01, ..] => {
                Some(SongMessage::Reset(SynthesizerKind::Gs))
            }
            [0x41, _, 0x42, 0x12, 0x40, 0x00, 0x04, volume @ ..0x80, ..] => {
                Some(SongMessage::MasterVolume(coarse_volume(volume)))
            }
            [0x41, _, 0x42, 0x12, 0x40, part @ 0x10..=0x1F, 0x15, mode, ..] => {
                // Block 0 is part 10; blocks 1 to 9 are parts 1 to 9; A to F are 11 to 16.
                let channel = match part & 0x0F {
                    0 => 9,
                    block @ 1..=9 => block - 1,
                    block => block,
                };
                Some(SongMessage::DrumPart(Channel::from_index(channel), mode != 0))
            }
            [0x43, 0x10..=0x1F, 0x4C, 0x00, 0x00, 0x7E, 0x00] => {
                Some(SongMessage::Reset(SynthesizerKind::Xg))
            }
            [0x43, 0x10..=0x1F, 0x4C, 0x00, 0x00, 0x04, volume @ ..0x80] => {
                Some(SongMessage::MasterVolume(coarse_volume(volume)))
            }
            [0x43, 0x10..=0x1F, 0x4C, 0x08, part @ 0x00..=0x0F, 0x07, mode] => {
                Some(SongMessage::DrumPart(Channel::from_index(part), mode != 0))
            }
            _ => None,
        }
    }
}

/// A volume of 7 bits as one of 14: the loudest is the loudest.
fn coarse_volume(volume: u8) -> u16 {
    u16::from(volume) << 7 | u16::from(volume)
}
