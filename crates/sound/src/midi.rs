//! MIDI messages with times: what a synthesiser plays.

use strikeline_picture::Time;

/// A message and when it takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MidiEvent {
    /// When, from the moment at which the sound begins; negative for what comes before.
    pub time: Time,
    /// What.
    pub message: MidiMessage,
}

/// What a synthesiser is told. Channels are 0 to 15, where 9 is the drum channel at first; keys, velocities, controllers,
/// values and programs are 0 to 127. Higher bits are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MidiMessage {
    /// A note begins. With velocity 0 it ends.
    NoteOn {
        /// The channel.
        channel: u8,
        /// The key.
        key: u8,
        /// How hard it is struck.
        velocity: u8,
    },
    /// A note ends.
    NoteOff {
        /// The channel.
        channel: u8,
        /// The key.
        key: u8,
    },
    /// A controller's value.
    Controller {
        /// The channel.
        channel: u8,
        /// The controller's number.
        controller: u8,
        /// Its value.
        value: u8,
    },
    /// Another program, from the bank that was selected last.
    Program {
        /// The channel.
        channel: u8,
        /// The program.
        program: u8,
    },
    /// Pitch bend.
    PitchBend {
        /// The channel.
        channel: u8,
        /// -8192 to 8191, over the channel's range of pitch bend.
        bend: i16,
    },
    /// A channel becomes a drum part, or a melodic one.
    DrumPart {
        /// The channel.
        channel: u8,
        /// Whether it is a drum part from now on.
        is_drum_part: bool,
    },
    /// Everything is set back to what this kind of synthesiser begins with.
    Reset(MidiRules),
    /// The volume of everything, 0 to 16,383.
    MasterVolume(u16),
}

/// What banks mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MidiRules {
    /// General MIDI, or nothing in particular: the coarse bank select chooses.
    #[default]
    General,
    /// General MIDI 2: coarse bank 120 are drums, 121 melodic sounds, of which the fine bank select chooses.
    General2,
    /// Roland GS: the coarse bank select chooses; it does not matter to drum parts.
    Gs,
    /// Yamaha XG: coarse banks 126 and 127 are drums; of others, the fine bank select chooses.
    Xg,
}
