//! Counts the notes of each part while they are read.

use std::collections::{BTreeMap, HashMap};

use super::super::{TrackIndex, TrackInfo};
use super::declared::{PartKey, PartState};
use super::{PartInfo, PartReason, PartRole, Program};

/// The notes of each part, as far as they were read.
#[derive(Debug, Default)]
pub(in crate::song) struct PartCensus {
    /// By part, and apart those tracks that are drums by their names.
    parts: HashMap<(PartKey, bool), Counted>,
}

/// The name of an instrument in a track.
#[derive(Debug, Clone)]
pub(in crate::song) struct InstrumentName {
    pub track: TrackIndex,
    /// The channels for which it holds, by index as bits.
    pub channels: u16,
    pub name: String,
}

/// Characters of a name that are kept: a file may have thousands of parts and few names.
const LONGEST_NAME: usize = 100;

#[derive(Debug, Default)]
struct Counted {
    tracks: Vec<TrackIndex>,
    notes: u64,
    hits: u64,
    roles: Vec<PartRole>,
    programs: Vec<Program>,
    /// Notes on keys that most drum parts have, and which of them there are.
    drum_keys: u64,
    keys: u8,
}

impl PartCensus {
    /// Counts a note of a part that is in `state`. `is_hit` says whether the song takes it.
    pub(in crate::song) fn count(
        &mut self,
        part: PartKey,
        track: TrackIndex,
        state: &PartState,
        key: u8,
        is_hit: bool,
    ) {
        let counted = self.parts.entry((part, state.reason == PartReason::Name)).or_default();
        if counted.tracks.last() != Some(&track) {
            counted.tracks.push(track);
        }
        counted.notes += 1;
        counted.hits += u64::from(is_hit);
        let is_role = |role: &&mut PartRole| (role.is_drums, role.reason) == (state.is_drums, state.reason);
        match counted.roles.iter_mut().find(is_role) {
            Some(role) => role.notes += 1,
            // There are no more than two for each reason.
            None => {
                let (is_drums, reason) = (state.is_drums, state.reason);
                counted.roles.push(PartRole { is_drums, reason, notes: 1 });
            }
        }
        if let Some(program) = state.program {
            // A part may have been made drums since the program change.
            let program = Program { is_drums: state.is_drums, ..program };
            if counted.programs.len() < PartInfo::LISTED && !counted.programs.contains(&program) {
                counted.programs.push(program);
            }
        }
        let kind = match key {
            35 | 36 => 1,
            38 | 40 => 2,
            42 | 44 | 46 => 4,
            41 | 43 | 45 | 47 | 48 | 49 | 50 | 51 | 57 => 8,
            _ => 0,
        };
        counted.keys |= kind;
        counted.drum_keys += u64::from(kind != 0);
    }

    /// What was counted, in order of track (format 2), port and channel.
    pub(in crate::song) fn into_parts(
        self,
        tracks: &[TrackInfo],
        instruments: &[InstrumentName],
    ) -> Vec<PartInfo> {
        let mut of_track: BTreeMap<TrackIndex, Vec<&InstrumentName>> = BTreeMap::new();
        for instrument in instruments {
            of_track.entry(instrument.track).or_default().push(instrument);
        }
        let mut parts: Vec<_> = self.parts.into_iter().collect();
        parts.sort_by_key(|((part, named), _)| (*part, !*named));
        let part = |((part, _), counted): ((PartKey, bool), Counted)| {
            let mut names: Vec<String> = Vec::new();
            for track in &counted.tracks {
                let track_name = tracks.get(track.index()).and_then(|info| info.name.as_ref());
                let of_channel = of_track.get(track).into_iter().flatten();
                let of_channel = of_channel
                    .filter(|instrument| instrument.channels >> part.channel.index() & 1 == 1)
                    .map(|instrument| &instrument.name);
                for name in track_name.into_iter().chain(of_channel) {
                    let name: String = name.chars().take(LONGEST_NAME).collect();
                    if names.len() < PartInfo::LISTED && !names.contains(&name) {
                        names.push(name);
                    }
                }
                if names.len() == PartInfo::LISTED {
                    break;
                }
            }
            PartInfo {
                port: part.port,
                channel: part.channel,
                tracks: counted.tracks,
                names,
                notes: counted.notes,
                hits: counted.hits,
                // Kick and snare, and mostly keys of a drum kit.
                has_drum_keys: counted.keys & 3 == 3
                    && counted.drum_keys.saturating_mul(10) >= counted.notes * 7,
                roles: counted.roles,
                programs: counted.programs,
            }
        };
        parts.into_iter().map(part).collect()
    }
}
