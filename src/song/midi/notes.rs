//! The notes of a file: those that are drums, with how they are struck.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use midly::{MidiMessage, TrackEventKind};
use strikeline_picture::Time;

use super::super::parts::census::PartCensus;
use super::super::parts::declared::{PartKey, PartState, PartTimeline, Place, TrackPlace};
use super::super::parts::{PartReason, names};
use super::super::tick_clocks::TickClocks;
use super::super::ticked::{TickedNote, TickedSong};
use super::super::{Channel, DrumSelection, Openness, PartInfo, SongOptions, Technique, TrackIndex};
use super::{Chunks, InstrumentName, StepContent, TrackEvents};

/// Decides which notes of a file are drums.
pub(in crate::song) struct DrumDecision<'a> {
    options: &'a SongOptions,
    timeline: &'a PartTimeline,
    /// The channels of each track, by index as bits, that are drums by a name.
    named: BTreeMap<TrackIndex, u16>,
}

impl<'a> DrumDecision<'a> {
    /// By what the file declares, or by the channels that were chosen.
    pub(super) fn new(options: &'a SongOptions, timeline: &'a PartTimeline) -> DrumDecision<'a> {
        DrumDecision { options, timeline, named: BTreeMap::new() }
    }

    /// Also by the names of tracks and instruments. Whether there are any of drums on selected tracks.
    pub(super) fn add_names(&mut self, read: &TickedSong, instruments: &[InstrumentName]) -> bool {
        let selected = |track: TrackIndex| read.tracks.get(track.index()).filter(|info| info.selected);
        let with_notes = read.tracks.iter().filter(|info| info.note_count() > 0).count();
        for info in &read.tracks {
            let channels = info.channels().fold(0, |bits, (channel, _)| bits | 1 << channel.index());
            // The only track's name is the title of the song, unless the track is a single part.
            let says_something = with_notes > 1 || info.channels().count() == 1;
            if channels != 0
                && info.selected
                && says_something
                && info.name.as_deref().is_some_and(names::is_drums)
            {
                self.named.insert(info.track, channels);
            }
        }
        for instrument in instruments.iter().filter(|instrument| names::is_drums(&instrument.name)) {
            let used = selected(instrument.track).into_iter().flat_map(|info| info.channels());
            let used = used.fold(0, |bits: u16, (channel, _)| bits | 1 << channel.index());
            if used & instrument.channels != 0 {
                *self.named.entry(instrument.track).or_default() |= used & instrument.channels;
            }
        }
        !self.named.is_empty()
    }

    /// What a channel of a track is at a place.
    pub(in crate::song) fn state(&self, at: &TrackPlace, place: Place, channel: Channel) -> PartState {
        let state = self.timeline.state(at.part(channel), place);
        if let DrumSelection::Channels(channels) = &self.options.drums {
            return PartState { is_drums: channels.contains(channel), reason: PartReason::Chosen, ..state };
        }
        match self.named.get(&at.track()) {
            Some(channels) if channels >> channel.index() & 1 == 1 => {
                PartState { is_drums: true, reason: PartReason::Name, ..state }
            }
            _ => state,
        }
    }

    /// Whether a note there is taken into the song.
    pub(in crate::song) fn takes(&self, at: &TrackPlace, place: Place, channel: Channel) -> bool {
        self.options.tracks.contains(at.track()) && self.state(at, place, channel).is_drums
    }
}

/// Reads the notes of all tracks. Of those that are drums `read` gets the notes, of all others the parts are told.
pub(super) fn read_notes(
    chunks: &Chunks<'_>,
    read: &mut TickedSong,
    drums: &DrumDecision<'_>,
    clocks: &TickClocks,
    instruments: &[InstrumentName],
) -> Vec<PartInfo> {
    let mut reader = NoteReader {
        notes: Vec::new(),
        drums,
        clocks,
        census: PartCensus::default(),
        active: vec![SILENT; KEYS],
        last: vec![SILENT; KEYS],
        pressures: vec![0; KEYS],
        pedals: HashMap::new(),
    };
    for (chunk, track) in chunks.tracks.iter().zip((0..).map(TrackIndex::from_index)) {
        // A track without notes has nothing to tell.
        if read.tracks.get(track.index()).is_some_and(|info| info.note_count() > 0) {
            reader.read(track, TrackPlace::new(chunks.format, track), TrackEvents::new(*chunk));
        }
    }
    reader.turn_pedals();
    read.notes = reader.notes;
    reader.census.into_parts(&read.tracks, instruments)
}

/// Channels times keys.
const KEYS: usize = 16 * 128;
/// No note.
const SILENT: usize = usize::MAX;
/// A cymbal is grasped when the pressure on its key goes from nothing to this at once. Modules send 127 and then 0 (Roland,
/// "MIDI Implementation" of the TD series); pads that send how hard they are pressed go up step by step. Steinberg's Groove Agent
/// chokes above 64, too ("Crash Cymbal: Poly Pressure").
const GRASPED: u8 = 65;
/// A cymbal that was struck longer ago is silent already.
const LONGEST_RING: Time = Time::from_nanos(8_000_000_000);

struct NoteReader<'a> {
    notes: Vec<TickedNote>,
    drums: &'a DrumDecision<'a>,
    clocks: &'a TickClocks,
    census: PartCensus,
    /// The note that sounds on each channel and key, as an index among all notes. Those of earlier tracks are left in place
    /// and taken for silence, so that a file of many tiny tracks costs no clearing.
    active: Vec<usize>,
    /// The last note of each channel and key, sounding or not, in the same way.
    last: Vec<usize>,
    /// The pressure on each channel and key.
    pressures: Vec<u8>,
    /// What the keys of hi-hats say of the pedal, by part.
    pedals: HashMap<PartKey, PedalSense>,
}

impl NoteReader<'_> {
    fn read(&mut self, track: TrackIndex, mut at: TrackPlace, steps: TrackEvents<'_>) {
        let first_note = self.notes.len();
        self.pressures.fill(0);
        for step in steps {
            let place = at.step(step.tick);
            match step.what {
                StepContent::Event(TrackEventKind::Midi { channel, message }) => {
                    let channel = Channel::from_index(channel.as_int());
                    self.take(track, first_note, &at, place, channel, message);
                }
                StepContent::Event(TrackEventKind::Meta(message)) => at.take_meta(&message),
                _ => {}
            }
        }
    }

    fn take(
        &mut self,
        track: TrackIndex,
        first_note: usize,
        at: &TrackPlace,
        place: Place,
        channel: Channel,
        message: MidiMessage,
    ) {
        let slot = |key: u8| usize::from(channel.index()) * 128 + usize::from(key & 0x7F);
        let tick = place.tick();
        let (key, velocity) = match message {
            MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
            MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
            MidiMessage::Aftertouch { key, vel } => {
                let before = std::mem::replace(&mut self.pressures[slot(key.as_int())], vel.as_int());
                if before == 0 && vel.as_int() >= GRASPED {
                    self.choke(self.last[slot(key.as_int())], first_note, tick);
                }
                return;
            }
            _ => return,
        };
        let active = std::mem::replace(&mut self.active[slot(key)], SILENT);
        if active >= first_note
            && let Some(note) = self.notes.get_mut(active)
        {
            note.ticks = tick - note.tick;
        }
        if velocity == 0 {
            return;
        }
        let part = at.part(channel);
        let state = self.drums.state(at, place, channel);
        let is_hit = state.is_drums && self.drums.options.tracks.contains(track);
        self.census.count(part, track, &state, key, is_hit);
        if !is_hit {
            self.last[slot(key)] = SILENT;
            return;
        }
        self.active[slot(key)] = self.notes.len();
        self.last[slot(key)] = self.notes.len();
        let openness = self.drums.timeline.openness(part, place).map_or(Openness::UNKNOWN, Openness::new);
        if let Some(openness) = openness.get() {
            self.pedals.entry(part).or_default().take(track, key, openness);
        }
        self.notes.push(TickedNote {
            tick,
            ticks: 0,
            track,
            channel,
            key,
            velocity,
            technique: Technique { openness, ..Technique::default() },
        });
    }

    /// Corrects the openness of parts whose pedal counts the other way round.
    fn turn_pedals(&mut self) {
        let turned: BTreeSet<(TrackIndex, Channel)> = self
            .pedals
            .iter()
            .filter(|(_, pedal)| pedal.is_turned())
            .flat_map(|(part, pedal)| pedal.tracks.iter().map(|track| (*track, part.channel)))
            .collect();
        if turned.is_empty() {
            return;
        }
        for note in self.notes.iter_mut().filter(|note| turned.contains(&(note.track, note.channel))) {
            if let Some(openness) = note.technique.openness.get() {
                note.technique.openness = Openness::new(127 - openness.min(127));
            }
        }
    }

    /// Someone grasps the cymbal of the note with this index.
    fn choke(&mut self, index: usize, first_note: usize, tick: u64) {
        let Some(note) = self.notes.get_mut(index).filter(|_| index >= first_note) else { return };
        let time_at = |tick| self.clocks.time_at(note.track, tick);
        let (Some(struck), Some(grasped)) = (time_at(note.tick), time_at(tick)) else { return };
        if !note.technique.is_choked && struck < grasped && grasped - struck <= LONGEST_RING {
            note.technique.is_choked = true;
            note.ticks = tick - note.tick;
            // The note-off that follows changes nothing.
            let slot = usize::from(note.channel.index()) * 128 + usize::from(note.key & 0x7F);
            if let Some(active) = self.active.get_mut(slot).filter(|active| **active == index) {
                *active = SILENT;
            }
        }
    }
}

/// Which way the pedal of a hi-hat counts: modules send one key for a closed hi-hat and another for an open one, by their own
/// measure.
#[derive(Debug, Default)]
struct PedalSense {
    tracks: Vec<TrackIndex>,
    /// Notes whose key agrees with the openness.
    agree: u64,
    /// Notes on a key for closed hi-hats while the openness says open, and the other way round.
    closed_but_open: u64,
    open_but_closed: u64,
}

impl PedalSense {
    fn take(&mut self, track: TrackIndex, key: u8, openness: u8) {
        if self.tracks.last() != Some(&track) {
            self.tracks.push(track);
        }
        let seems_open = openness >= 64;
        // General MIDI, and the edges of Roland's hi-hats.
        match (key, seems_open) {
            (42 | 22, false) | (46 | 26, true) => self.agree += 1,
            (42 | 22, true) => self.closed_but_open += 1,
            (46 | 26, false) => self.open_but_closed += 1,
            _ => {}
        }
    }

    /// Whether nearly all notes, and several of both kinds, contradict the openness.
    fn is_turned(&self) -> bool {
        self.closed_but_open >= 4
            && self.open_but_closed >= 4
            && self.closed_but_open + self.open_but_closed >= self.agree.saturating_mul(9)
    }
}
