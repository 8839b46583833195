//! The parts of a song: which notes of a file are drums, and why.
//!
//! A part is what one channel of one MIDI port plays. What it is can change in the course of the song; [`declared`] follows
//! that. Where a file declares no drums at all, the names of its tracks and instruments count ([`names`]).

pub(super) mod census;
pub(super) mod declared;
pub(super) mod names;
mod programs;

use super::{Channel, TrackIndex};

/// What one channel of a file plays.
///
/// The channels of several MIDI ports are parts of their own: a file for two synthesisers may have two channels 10. In a
/// file of format 2 those of each track are, too. So are the tracks of a channel that are drums by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartInfo {
    /// The MIDI port, counted from 0; 0 where the file names none (SMF 1.0, "MIDI Port", FF 21).
    pub port: u8,
    /// The channel.
    pub channel: Channel,
    /// The tracks with notes of the part, in order.
    pub tracks: Vec<TrackIndex>,
    /// Names of these tracks and of instruments in them, the first [`PartInfo::LISTED`] that differ, each cut after 100
    /// characters.
    pub names: Vec<String>,
    /// Notes in all.
    pub notes: u64,
    /// Those of them that the song has: drums of tracks that are selected.
    pub hits: u64,
    /// What the part is, and why, with the notes of which that is true: one entry for most parts, more where the file changes
    /// it. In the order in which they first come up.
    pub roles: Vec<PartRole>,
    /// The programs with notes, the first [`PartInfo::LISTED`] that differ.
    pub programs: Vec<Program>,
    /// Whether the keys are those that a drum part of General MIDI mostly has.
    pub(super) has_drum_keys: bool,
}

/// What a part is for some of its notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRole {
    /// Whether these notes are drums.
    pub is_drums: bool,
    /// Why.
    pub reason: PartReason,
    /// How many notes.
    pub notes: u64,
}

/// Why notes are taken for drums, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartReason {
    /// The channel: 10 is drums, others are not (RP-003, General MIDI 1). Nothing in the file says otherwise.
    Channel,
    /// A system exclusive message of Roland GS: "Use for Rhythm Part".
    Gs,
    /// A system exclusive message of Yamaha XG: "Part Mode".
    Xg,
    /// The bank of the program, after an XG reset: 126 and 127 are drums, others are not.
    XgBank,
    /// The bank of the program, as General MIDI 2 has it (RP-024): 120 is drums, 121 is not.
    Gm2Bank,
    /// The name of the track or of the instrument. It counts only in a song where nothing else makes drums.
    Name,
    /// The channels were chosen in [`SongOptions::drums`](super::SongOptions::drums): this one, or others.
    Chosen,
}

/// What is drums in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// All of it.
    Drums,
    /// Nothing.
    Melodic,
    /// Some of its notes: the part changes.
    Both,
}

/// An instrument, or a set of drums, as a program change chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Program {
    /// Whether it is a set of drums.
    pub is_drums: bool,
    /// Bank select, controllers 0 and 32, each 0 to 127; 0 where the file selects none.
    pub bank: (u8, u8),
    /// 0 to 127.
    pub program: u8,
}

impl PartInfo {
    /// The number of names, and of programs, that are listed at most.
    pub const LISTED: usize = 8;

    /// What is drums in it.
    pub fn kind(&self) -> PartKind {
        let is_drums = |role: &PartRole| role.is_drums;
        match (self.roles.iter().any(is_drums), self.roles.iter().all(is_drums)) {
            (true, true) => PartKind::Drums,
            (true, false) => PartKind::Both,
            (false, _) => PartKind::Melodic,
        }
    }
}

impl PartReason {
    /// A word for files and scripts: `channel`, `gs`, `xg`, `xg-bank`, `gm2-bank`, `name` or `chosen`.
    pub const fn id(self) -> &'static str {
        match self {
            PartReason::Channel => "channel",
            PartReason::Gs => "gs",
            PartReason::Xg => "xg",
            PartReason::XgBank => "xg-bank",
            PartReason::Gm2Bank => "gm2-bank",
            PartReason::Name => "name",
            PartReason::Chosen => "chosen",
        }
    }
}

impl PartRole {
    /// In words: `drums, as a GS message says`.
    pub const fn describe(&self) -> &'static str {
        match (self.is_drums, self.reason) {
            (true, PartReason::Channel) => "drums: the drum channel of General MIDI",
            (false, PartReason::Channel) => "melodic",
            (true, PartReason::Gs) => "drums: declared by GS",
            (false, PartReason::Gs) => "melodic: declared by GS",
            (true, PartReason::Xg) => "drums: declared by XG",
            (false, PartReason::Xg) => "melodic: declared by XG",
            (true, PartReason::XgBank) => "drums: a drum bank of XG",
            (false, PartReason::XgBank) => "melodic: a bank of XG",
            (true, PartReason::Gm2Bank) => "drums: the drum bank of General MIDI 2",
            (false, PartReason::Gm2Bank) => "melodic: a bank of General MIDI 2",
            (true, PartReason::Name) => "drums: by its name",
            (false, PartReason::Name) => "melodic: by its name",
            (true, PartReason::Chosen) => "drums: chosen",
            (false, PartReason::Chosen) => "not chosen",
        }
    }
}

impl Program {
    /// The instrument of General MIDI 1 (RP-003), or the set of drums of General MIDI 2 (RP-024); `None` for a set of drums
    /// that it does not have. The variations of other banks are not told apart.
    pub fn name(self) -> Option<&'static str> {
        if self.is_drums { programs::drum_set(self.program) } else { programs::instrument(self.program) }
    }
}
