//! The parts of a song in the report of `strikeline inspect`: what each channel plays, and whether it is drums.

use std::fmt::Write as _;

use crate::cli::words::count;
use serde::Serialize;
use strikeline::song::{PartInfo, PartKind, PartRole, Program, Song, SynthesizerKind};

/// Tracks of a part that are listed at most.
const LISTED_TRACKS: usize = 10;

/// What one channel plays.
#[derive(Debug, Serialize)]
pub(super) struct PartReport<'a> {
    /// The MIDI port, counted from 1.
    port: u8,
    channel: u8,
    tracks: Vec<u32>,
    names: &'a [String],
    /// `drums`, `melodic` or `both`.
    kind: &'static str,
    notes: u64,
    /// Notes that are shown.
    hits: u64,
    roles: Vec<RoleReport>,
    programs: Vec<ProgramReport>,
}

#[derive(Debug, Serialize)]
struct RoleReport {
    drums: bool,
    /// Why, as [`PartReason::id`](strikeline::song::PartReason::id).
    reason: &'static str,
    notes: u64,
}

#[derive(Debug, Serialize)]
struct ProgramReport {
    /// 0 to 127.
    program: u8,
    bank: (u8, u8),
    name: Option<&'static str>,
}

impl<'a> PartReport<'a> {
    pub(super) fn new(part: &'a PartInfo) -> PartReport<'a> {
        let role = |role: &PartRole| RoleReport {
            drums: role.is_drums,
            reason: role.reason.id(),
            notes: role.notes,
        };
        let program = |program: &Program| ProgramReport {
            program: program.program,
            bank: program.bank,
            name: program.name(),
        };
        PartReport {
            port: part.port + 1,
            channel: part.channel.number(),
            tracks: part.tracks.iter().map(|track| track.number()).collect(),
            names: &part.names,
            kind: match part.kind() {
                PartKind::Drums => "drums",
                PartKind::Melodic => "melodic",
                PartKind::Both => "both",
            },
            notes: part.notes,
            hits: part.hits,
            roles: part.roles.iter().map(role).collect(),
            programs: part.programs.iter().map(program).collect(),
        }
    }
}

/// The kind of synthesiser for scripts, and in words.
pub(super) fn synthesizer(song: &Song) -> Option<(&'static str, &'static str)> {
    song.synthesizer_kind().map(|kind| match kind {
        SynthesizerKind::GeneralMidi => ("gm", "General MIDI"),
        SynthesizerKind::GeneralMidi2 => ("gm2", "General MIDI 2"),
        SynthesizerKind::Gs => ("gs", "Roland GS"),
        SynthesizerKind::Xg => ("xg", "Yamaha XG"),
    })
}

/// `channel 10  drums: the drum channel of General MIDI; 480 notes; Standard Set; "Drums" (track 3)`.
pub(super) fn write_part(out: &mut String, part: &PartInfo) -> std::fmt::Result {
    if part.port > 0 {
        write!(out, "port {} ", part.port + 1)?;
    }
    write!(out, "channel {:<2}  ", part.channel.number())?;
    match part.roles.as_slice() {
        [role] => write!(out, "{}; {}", role.describe(), count(part.notes, "note"))?,
        roles => {
            write!(out, "{}, changing: ", count(part.notes, "note"))?;
            for (place, role) in roles.iter().enumerate() {
                let separator = if place == 0 { "" } else { ", " };
                write!(out, "{separator}{} ({})", role.describe(), role.notes)?;
            }
        }
    }
    for (place, program) in part.programs.iter().enumerate() {
        out.push_str(if place == 0 { "; " } else { ", " });
        match program.name() {
            Some(name) => out.push_str(name),
            None => write!(out, "program {}", program.program + 1)?,
        }
    }
    for (place, name) in part.names.iter().enumerate() {
        write!(out, "{} \"{name}\"", if place == 0 { ";" } else { "," })?;
    }
    match part.tracks.as_slice() {
        [] => Ok(()),
        [one] => write!(out, " (track {one})"),
        tracks => {
            let listed: Vec<String> = tracks.iter().take(LISTED_TRACKS).map(ToString::to_string).collect();
            let more = if tracks.len() > LISTED_TRACKS { ", …" } else { "" };
            write!(out, " (tracks {}{more})", listed.join(", "))
        }
    }
}
