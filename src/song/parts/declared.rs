//! What a file declares of its parts: drums or not, which program, and how far the hi-hat's pedal is down; for every moment.
//!
//! The rules are those of the synthesisers:
//!
//! * At first, and after each reset, channel 10 is drums and the others are not (RP-003).
//! * GS "Use for Rhythm Part" and XG "Part Mode" make a part drums or melodic at once.
//! * After an XG reset, a program change makes a part drums if bank 126 or 127 is selected, and melodic if another one is.
//!   Where no bank was selected since the reset, nothing changes.
//! * After a GM2 reset, a program change makes a part drums if bank 120 is selected, and melodic if bank 121 is (RP-024). Without
//!   a GS or XG reset bank 120 makes drums as well, since nothing else is known to be there. Bank 121 then changes nothing:
//!   channel 10 of a General MIDI file stays drums.
//! * Other banks change nothing: General MIDI ignores them, and in GS they are variations.
//!
//! A system message holds for the port of its track; in a track that names no port, for all ports (the first 8 that the file
//! names, so that no file needs much memory).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use midly::{MetaMessage, MidiMessage};

use super::super::messages::{SongMessage, SynthesizerKind};
use super::super::{Channel, Format, TrackIndex};
use super::{PartReason, Program};

/// Where an event stands in the order in which a song is played: by tick, then by track, then as in the track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::song) struct Place {
    tick: u64,
    track: TrackIndex,
    /// Counts the steps through the track.
    step: u32,
}

/// A part by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::song) struct PartKey {
    /// The track in a file of format 2, where each is a song of its own; else that with index 0.
    pub sequence: TrackIndex,
    pub port: u8,
    pub channel: Channel,
}

impl Place {
    pub(in crate::song) fn tick(self) -> u64 {
        self.tick
    }
}

/// Follows the places and the port of a walk through a track. Each walk has to give it every step.
#[derive(Debug, Clone)]
pub(in crate::song) struct TrackPlace {
    track: TrackIndex,
    sequence: TrackIndex,
    port: Option<u8>,
    steps: u32,
}

impl TrackPlace {
    pub(in crate::song) fn new(format: Format, track: TrackIndex) -> TrackPlace {
        let sequence = if format == Format::Sequential { track } else { TrackIndex::from_index(0) };
        TrackPlace { track, sequence, port: None, steps: 0 }
    }

    /// The track.
    pub(in crate::song) fn track(&self) -> TrackIndex {
        self.track
    }

    /// The place of the next step.
    pub(in crate::song) fn step(&mut self, tick: u64) -> Place {
        self.steps = self.steps.saturating_add(1);
        Place { tick, track: self.track, step: self.steps }
    }

    /// Heeds a change of port.
    pub(in crate::song) fn take_meta(&mut self, message: &MetaMessage<'_>) {
        if let MetaMessage::MidiPort(port) = message {
            self.port = Some(port.as_int());
        }
    }

    /// The part that a channel is here.
    pub(in crate::song) fn part(&self, channel: Channel) -> PartKey {
        PartKey { sequence: self.sequence, port: self.port.unwrap_or(0), channel }
    }
}

/// What a part is at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::song) struct PartState {
    pub is_drums: bool,
    pub reason: PartReason,
    /// What was chosen by the last program change.
    pub program: Option<Program>,
}

impl PartState {
    /// What a channel begins with.
    fn initial(channel: Channel) -> PartState {
        PartState { is_drums: channel == Channel::DRUMS, reason: PartReason::Channel, program: None }
    }
}

/// What the messages of a file say of its parts, in the order of the file.
#[derive(Debug)]
pub(in crate::song) struct Declarations {
    sequential: bool,
    said: Vec<(Place, Said)>,
    pedals: HashMap<PartKey, Vec<(Place, u8)>>,
    /// Port 0 and those that are named.
    ports: BTreeSet<u8>,
    /// The last system message with a meaning here; another kind counts more than General MIDI 1.
    kind: Option<SynthesizerKind>,
}

#[derive(Debug, Clone, Copy)]
struct Said {
    /// For a system message `None` is all ports.
    port: Option<u8>,
    what: Declaration,
}

#[derive(Debug, Clone, Copy)]
enum Declaration {
    Reset(SynthesizerKind),
    DrumPart(Channel, bool, PartReason),
    BankCoarse(Channel, u8),
    BankFine(Channel, u8),
    Program(Channel, u8),
}

/// The number of ports for which a message to all ports holds.
const MAX_PORTS_AT_ONCE: usize = 8;
/// Bank select.
const BANK_COARSE: u8 = 0;
const BANK_FINE: u8 = 32;
/// The foot controller: the pedal of an electronic hi-hat.
const FOOT: u8 = 4;

impl Declarations {
    pub(in crate::song) fn new(format: Format) -> Declarations {
        let sequential = format == Format::Sequential;
        let ports = BTreeSet::from([0]);
        Declarations { sequential, said: Vec::new(), pedals: HashMap::new(), ports, kind: None }
    }

    /// Heeds a change of port.
    pub(in crate::song) fn take_meta(&mut self, message: &MetaMessage<'_>) {
        if let MetaMessage::MidiPort(port) = message {
            self.ports.insert(port.as_int());
        }
    }

    /// Heeds a message to a channel.
    pub(in crate::song) fn take(
        &mut self,
        at: &TrackPlace,
        place: Place,
        channel: Channel,
        message: MidiMessage,
    ) {
        let what = match message {
            MidiMessage::ProgramChange { program } => Declaration::Program(channel, program.as_int()),
            MidiMessage::Controller { controller, value } => match controller.as_int() {
                BANK_COARSE => Declaration::BankCoarse(channel, value.as_int()),
                BANK_FINE => Declaration::BankFine(channel, value.as_int()),
                FOOT => {
                    self.pedals.entry(at.part(channel)).or_default().push((place, value.as_int()));
                    return;
                }
                _ => return,
            },
            _ => return,
        };
        self.said.push((place, Said { port: Some(at.port.unwrap_or(0)), what }));
    }

    /// Heeds a system exclusive message without its first byte.
    pub(in crate::song) fn take_system(&mut self, at: &TrackPlace, place: Place, data: &[u8]) {
        /// Roland's number.
        const ROLAND: u8 = 0x41;
        let (kind, what) = match SongMessage::system(data) {
            Some(SongMessage::Reset(kind)) => (kind, Declaration::Reset(kind)),
            Some(SongMessage::DrumPart(channel, is_drums)) => match data.first() {
                Some(&ROLAND) => {
                    (SynthesizerKind::Gs, Declaration::DrumPart(channel, is_drums, PartReason::Gs))
                }
                _ => (SynthesizerKind::Xg, Declaration::DrumPart(channel, is_drums, PartReason::Xg)),
            },
            _ => return,
        };
        if self.kind.is_none() || kind != SynthesizerKind::GeneralMidi {
            self.kind = Some(kind);
        }
        self.said.push((place, Said { port: at.port, what }));
    }

    /// The kind of synthesiser that the file is made for, where it says so.
    pub(in crate::song) fn synthesizer_kind(&self) -> Option<SynthesizerKind> {
        self.kind
    }

    /// What follows from all of it.
    pub(in crate::song) fn into_timeline(mut self) -> PartTimeline {
        let sequence = |place: &Place| if self.sequential { place.track } else { TrackIndex::from_index(0) };
        self.said.sort_by_key(|(place, _)| (sequence(place), *place));
        let mut walk = Walk {
            sequence: TrackIndex::from_index(0),
            ports: self.ports.iter().copied().take(MAX_PORTS_AT_ONCE).collect(),
            changes: HashMap::new(),
            kinds: [None; 128],
            parts: BTreeMap::new(),
        };
        for (place, said) in &self.said {
            let sequence = sequence(place);
            if sequence != walk.sequence {
                walk = Walk { sequence, kinds: [None; 128], parts: BTreeMap::new(), ..walk };
            }
            walk.take(*place, *said);
        }
        let mut pedals = self.pedals;
        pedals.retain(|_, values| {
            values.sort_by_key(|(place, _)| *place);
            values.windows(2).any(|pair| matches!(pair, [(_, first), (_, second)] if first != second))
        });
        PartTimeline { changes: walk.changes, pedals }
    }
}

/// Goes through what is said, in order.
struct Walk {
    sequence: TrackIndex,
    /// The ports for which a message to all ports holds.
    ports: Vec<u8>,
    changes: HashMap<PartKey, Vec<(Place, PartState)>>,
    /// The last reset, by port.
    kinds: [Option<SynthesizerKind>; 128],
    /// Parts that are not, or may not be, as they begin; by port and channel.
    parts: BTreeMap<(u8, Channel), Part>,
}

struct Part {
    state: PartState,
    /// As selected, whether or not a program change has followed.
    bank: (Option<u8>, Option<u8>),
}

impl Walk {
    fn take(&mut self, place: Place, said: Said) {
        match (said.what, said.port) {
            (Declaration::Reset(kind), Some(port)) => {
                if let Some(of_port) = self.kinds.get_mut(usize::from(port)) {
                    *of_port = Some(kind);
                }
                let channels = (0..16).map(|index| (port, Channel::from_index(index)));
                let parts = channels.filter_map(|part| self.parts.remove_entry(&part)).collect();
                self.reset(place, parts);
            }
            (Declaration::Reset(kind), None) => {
                self.kinds = [Some(kind); 128];
                let parts = std::mem::take(&mut self.parts);
                self.reset(place, parts);
            }
            (Declaration::DrumPart(channel, is_drums, reason), port) => {
                let ports = port.map_or_else(|| self.ports.clone(), |port| vec![port]);
                for port in ports {
                    self.change(place, port, channel, |part, _| {
                        (part.state.is_drums, part.state.reason) = (is_drums, reason);
                    });
                }
            }
            (Declaration::BankCoarse(channel, bank), port) => {
                self.change(place, port.unwrap_or(0), channel, |part, _| part.bank.0 = Some(bank));
            }
            (Declaration::BankFine(channel, bank), port) => {
                self.change(place, port.unwrap_or(0), channel, |part, _| part.bank.1 = Some(bank));
            }
            (Declaration::Program(channel, program), port) => {
                self.change(place, port.unwrap_or(0), channel, |part, kind| part.choose(program, kind));
            }
        }
    }

    /// The parts become what they begin with.
    fn reset(&mut self, place: Place, parts: BTreeMap<(u8, Channel), Part>) {
        for ((port, channel), part) in parts {
            let initial = PartState::initial(channel);
            if part.state != initial {
                let key = PartKey { sequence: self.sequence, port, channel };
                self.changes.entry(key).or_default().push((place, initial));
            }
        }
    }

    fn change(
        &mut self,
        place: Place,
        port: u8,
        channel: Channel,
        change: impl FnOnce(&mut Part, Option<SynthesizerKind>),
    ) {
        let kind = self.kinds.get(usize::from(port)).copied().flatten();
        let part = self
            .parts
            .entry((port, channel))
            .or_insert_with(|| Part { state: PartState::initial(channel), bank: (None, None) });
        let before = part.state;
        change(part, kind);
        if part.state != before {
            let key = PartKey { sequence: self.sequence, port, channel };
            self.changes.entry(key).or_default().push((place, part.state));
        }
    }
}

impl Part {
    /// A program change, at which the bank that was selected takes effect.
    fn choose(&mut self, program: u8, kind: Option<SynthesizerKind>) {
        // A bank that changes nothing is no reason.
        if let Some((is_drums, reason)) = drums_by_bank(kind, self.bank.0)
            && is_drums != self.state.is_drums
        {
            (self.state.is_drums, self.state.reason) = (is_drums, reason);
        }
        let bank = (self.bank.0.unwrap_or(0), self.bank.1.unwrap_or(0));
        self.state.program = Some(Program { is_drums: self.state.is_drums, bank, program });
    }
}

/// Whether a program change makes a part drums, by the bank that was selected (controller 0), and why; `None` when it leaves the
/// part as it is.
pub(in crate::song) fn drums_by_bank(
    kind: Option<SynthesizerKind>,
    bank: Option<u8>,
) -> Option<(bool, PartReason)> {
    match (kind, bank?) {
        (Some(SynthesizerKind::Xg), bank) => Some((matches!(bank, 126 | 127), PartReason::XgBank)),
        (Some(SynthesizerKind::Gs), _) => None,
        (_, 120) => Some((true, PartReason::Gm2Bank)),
        (Some(SynthesizerKind::GeneralMidi2), 121) => Some((false, PartReason::Gm2Bank)),
        _ => None,
    }
}

/// What each part is at each place.
#[derive(Debug)]
pub(in crate::song) struct PartTimeline {
    changes: HashMap<PartKey, Vec<(Place, PartState)>>,
    pedals: HashMap<PartKey, Vec<(Place, u8)>>,
}

impl PartTimeline {
    /// What a part is at a place.
    pub(in crate::song) fn state(&self, part: PartKey, place: Place) -> PartState {
        last_before(self.changes.get(&part), place).unwrap_or(PartState::initial(part.channel))
    }

    /// How far the hi-hat of a part is open at a place: 127 less the foot controller, which is the highest when the pedal is
    /// down (Roland, Alesis). `None` before its first value, and for a part in which it never changes.
    pub(in crate::song) fn openness(&self, part: PartKey, place: Place) -> Option<u8> {
        last_before(self.pedals.get(&part), place).map(|pedal| 127 - pedal.min(127))
    }
}

fn last_before<T: Copy>(list: Option<&Vec<(Place, T)>>, place: Place) -> Option<T> {
    let list = list?;
    let index = list.partition_point(|(at, _)| *at <= place).checked_sub(1)?;
    list.get(index).map(|(_, what)| *what)
}
