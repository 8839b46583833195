//! What a song has set up at some moment: programs, controllers and so on of all channels. It is needed where a song
//! is entered in its middle.

use super::Channel;
use super::messages::{ChannelMessage, SongMessage, SynthesizerKind};
use super::parts::declared::drums_by_bank;

/// The settings of a synthesiser, as far as messages change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SongState {
    kind: Option<SynthesizerKind>,
    master_volume: u16,
    channels: [ChannelState; 16],
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ChannelState {
    is_drum_part: bool,
    /// Whether a bank was selected.
    bank_selected: bool,
    /// Bank (coarse and fine) and program, as they were at the last program change.
    program: (u8, u8, u8),
    controllers: [u8; 128],
    /// The values of the registered parameters 0 to 2, coarse and fine: range of pitch bend, fine and coarse tuning.
    parameters: [(u8, u8); 3],
    /// Whether the parameter that is chosen is a registered one.
    registered: bool,
    pitch_bend: i16,
    pressure: u8,
}

const BANK_COARSE: u8 = 0;
const DATA_COARSE: u8 = 6;
const BANK_FINE: u8 = 32;
const DATA_FINE: u8 = 38;
const NRPN_FINE: u8 = 98;
const NRPN_COARSE: u8 = 99;
const RPN_FINE: u8 = 100;
const RPN_COARSE: u8 = 101;
const RESET_CONTROLLERS: u8 = 121;
/// Controllers from here on are modes and commands (MIDI 1.0, "Channel Mode Messages").
const FIRST_MODE: u8 = 120;
const LARGEST_VOLUME: u16 = 0x3FFF;

impl Default for SongState {
    fn default() -> SongState {
        let channel = |index| ChannelState::new(index == usize::from(Channel::DRUMS.index()));
        SongState { kind: None, master_volume: LARGEST_VOLUME, channels: std::array::from_fn(channel) }
    }
}

impl SongState {
    /// Takes notice of a message.
    pub(super) fn take(&mut self, message: &SongMessage) {
        match *message {
            SongMessage::Channel(channel, message) => {
                if let Some(state) = self.channels.get_mut(usize::from(channel.index())) {
                    state.take(message, self.kind);
                }
            }
            SongMessage::Reset(kind) => *self = SongState { kind: Some(kind), ..SongState::default() },
            SongMessage::DrumPart(channel, is_drum_part) => {
                if let Some(state) = self.channels.get_mut(usize::from(channel.index())) {
                    state.is_drum_part = is_drum_part;
                }
            }
            SongMessage::MasterVolume(volume) => self.master_volume = volume,
        }
    }

    /// The messages that bring a synthesiser from the state `from` to this one.
    pub(super) fn changes_from(&self, from: &SongState) -> impl Iterator<Item = SongMessage> {
        let mut messages = Vec::new();
        let mut from = from.clone();
        // Without a reset a synthesiser is one of General MIDI.
        let kind = self.kind.unwrap_or(SynthesizerKind::GeneralMidi);
        // In XG it matters whether a bank was selected, and nothing but a reset takes that back.
        let mut channels = self.channels.iter().zip(&from.channels);
        let unselected =
            kind == SynthesizerKind::Xg && channels.any(|(to, from)| from.bank_selected && !to.bank_selected);
        if self.kind != from.kind && (self.kind.is_some() || from.kind != Some(kind)) || unselected {
            messages.push(SongMessage::Reset(kind));
            from = SongState::default();
        }
        if self.master_volume != from.master_volume {
            messages.push(SongMessage::MasterVolume(self.master_volume));
        }
        for (index, (to, from)) in (0..).zip(self.channels.iter().zip(&from.channels)) {
            let channel = Channel::from_index(index);
            let mut now = from.clone();
            messages.extend(to.changes_from(from, self.kind).map(|message| {
                now.take(message, self.kind);
                SongMessage::Channel(channel, message)
            }));
            // The program changes may have made it drums or melodic already.
            if to.is_drum_part != now.is_drum_part {
                messages.push(SongMessage::DrumPart(channel, to.is_drum_part));
            }
        }
        messages.into_iter()
    }
}

impl ChannelState {
    /// What a channel begins with: the values of General MIDI (RP-003), and of RP-015 where it says nothing.
    fn new(is_drum_part: bool) -> ChannelState {
        let mut controllers = [0; 128];
        for (controller, value) in [
            (7, 100),
            (8, 64),
            (10, 64),
            (11, 127),
            (NRPN_FINE, 127),
            (NRPN_COARSE, 127),
            (RPN_FINE, 127),
            (RPN_COARSE, 127),
            (91, 40),
        ] {
            controllers[usize::from(controller)] = value;
        }
        // Sound controllers: 64 changes nothing.
        controllers[70..80].fill(64);
        ChannelState {
            is_drum_part,
            bank_selected: false,
            program: (0, 0, 0),
            controllers,
            parameters: [(2, 0), (64, 0), (64, 0)],
            registered: true,
            pitch_bend: 0,
            pressure: 0,
        }
    }

    fn controller(&self, controller: u8) -> u8 {
        self.controllers[usize::from(controller & 0x7F)]
    }

    /// The registered parameter that data entry changes, if it is one of those that are kept.
    fn parameter(&mut self) -> Option<&mut (u8, u8)> {
        if !self.registered || self.controller(RPN_COARSE) != 0 {
            return None;
        }
        let index = usize::from(self.controller(RPN_FINE));
        self.parameters.get_mut(index)
    }

    fn take(&mut self, message: ChannelMessage, kind: Option<SynthesizerKind>) {
        match message {
            ChannelMessage::Program(program) => {
                let bank = self.bank_selected.then(|| self.controller(BANK_COARSE));
                if let Some((is_drum_part, _)) = drums_by_bank(kind, bank) {
                    self.is_drum_part = is_drum_part;
                }
                self.program = (self.controller(BANK_COARSE), self.controller(BANK_FINE), program);
            }
            ChannelMessage::PitchBend(bend) => self.pitch_bend = bend,
            ChannelMessage::Pressure(pressure) => self.pressure = pressure,
            ChannelMessage::Controller { controller: RESET_CONTROLLERS, .. } => {
                // RP-015: volume, pan, effects, sound controllers and the program stay as they are.
                let begun = ChannelState::new(self.is_drum_part);
                for controller in [1, 11, 64, 65, 66, 67, NRPN_FINE, NRPN_COARSE, RPN_FINE, RPN_COARSE] {
                    self.controllers[controller as usize] = begun.controllers[controller as usize];
                }
                self.registered = true;
                self.pitch_bend = 0;
                self.pressure = 0;
            }
            ChannelMessage::Controller { controller: DATA_COARSE, value } => {
                if let Some(parameter) = self.parameter() {
                    parameter.0 = value;
                }
            }
            ChannelMessage::Controller { controller: DATA_FINE, value } => {
                if let Some(parameter) = self.parameter() {
                    parameter.1 = value;
                }
            }
            ChannelMessage::Controller { controller, value } if controller < FIRST_MODE => {
                match controller {
                    BANK_COARSE => self.bank_selected = true,
                    NRPN_FINE | NRPN_COARSE => self.registered = false,
                    RPN_FINE | RPN_COARSE => self.registered = true,
                    _ => {}
                }
                self.controllers[usize::from(controller & 0x7F)] = value;
            }
            ChannelMessage::Controller { .. }
            | ChannelMessage::NoteOn { .. }
            | ChannelMessage::NoteOff { .. }
            | ChannelMessage::KeyPressure { .. } => {}
        }
    }

    fn changes_from(
        &self,
        from: &ChannelState,
        kind: Option<SynthesizerKind>,
    ) -> impl Iterator<Item = ChannelMessage> + use<> {
        let mut messages = Vec::new();
        let set = |controller, value| ChannelMessage::Controller { controller, value };
        let mut now = from.clone();
        if self.program != from.program {
            let (coarse, fine, program) = self.program;
            // In XG any bank that is selected decides whether the part is drums, and none changes nothing.
            if self.bank_selected || from.bank_selected || kind != Some(SynthesizerKind::Xg) {
                messages.push(set(BANK_COARSE, coarse));
            }
            messages.extend([set(BANK_FINE, fine), ChannelMessage::Program(program)]);
        }
        for (index, parameter) in (0..).zip(&self.parameters) {
            if from.parameters.get(usize::from(index)) != Some(parameter) {
                let chosen = [set(RPN_COARSE, 0), set(RPN_FINE, index)];
                let entered = [set(DATA_COARSE, parameter.0), set(DATA_FINE, parameter.1)];
                messages.extend(chosen.into_iter().chain(entered));
            }
        }
        messages.iter().for_each(|message| now.take(*message, kind));
        let first = messages.len();
        for controller in 0..FIRST_MODE {
            let is_selected = controller == BANK_COARSE && self.bank_selected && !now.bank_selected;
            if self.controller(controller) != now.controller(controller) || is_selected {
                messages.push(set(controller, self.controller(controller)));
            }
        }
        messages[first..].iter().for_each(|message| now.take(*message, kind));
        if self.registered != now.registered {
            // Whichever was chosen last counts.
            let kind = if self.registered { RPN_FINE } else { NRPN_FINE };
            messages.push(set(kind, self.controller(kind)));
        }
        if self.pitch_bend != from.pitch_bend {
            messages.push(ChannelMessage::PitchBend(self.pitch_bend));
        }
        if self.pressure != from.pressure {
            messages.push(ChannelMessage::Pressure(self.pressure));
        }
        messages.into_iter()
    }
}
