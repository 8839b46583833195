//! Which of the built-in drum maps a song was made with, as far as its keys tell.

use super::NamedDrumMap;
use crate::song::{DrumMap, KeyCount, LaneId};

/// The built-in drum map that a song with these keys was made with; `None` where General MIDI has a drum for every key,
/// or where the keys do not tell. Wrong guesses are worse than missed ones, so the rule asks for much:
///
/// 1. General MIDI lacks at least two of the keys, or one key that has at least a tenth of the notes.
/// 2. A map fits when it [lists](NamedDrumMap::lists) every key.
/// 3. A drum song is mostly kick, snare and hi-hat. Of the maps that fit, those are left out with which the least
///    played of these three has less than half of the notes that it has with the best one.
/// 4. Of the rest, the one that lists the fewest keys is taken: it explains the song best. Where two list equally few,
///    the first of them by [`NamedDrumMap::builtin_names`] is taken if both put each of the song's keys into the same
///    lane; otherwise none is.
pub fn recognise(keys: &[KeyCount]) -> Option<NamedDrumMap> {
    let general_midi = DrumMap::general_midi();
    let all: u64 = keys.iter().map(|used| used.notes).sum();
    let foreign = || keys.iter().filter(|used| general_midi.get(used.key).is_none());
    let often = foreign().any(|used| used.notes.saturating_mul(10) >= all);
    if foreign().count() < 2 && !often {
        return None;
    }
    let mut fitting = fitting(keys);
    let most = fitting.iter().map(|map| backbone(map, keys)).max()?;
    fitting.retain(|map| backbone(map, keys).saturating_mul(2) >= most);
    let size = |map: &NamedDrumMap| map.listed_keys().count();
    let fewest = fitting.iter().map(size).min()?;
    let mut best = fitting.into_iter().filter(|map| size(map) == fewest);
    let first = best.next()?;
    let same_lanes = |other: NamedDrumMap| {
        keys.iter().all(|used| first.drums().lane(used.key) == other.drums().lane(used.key))
    };
    best.all(same_lanes).then_some(first)
}

/// The notes of the least played of kick, snare and hi-hat, as `map` has it.
fn backbone(map: &NamedDrumMap, keys: &[KeyCount]) -> u64 {
    let notes = |lane| -> u64 {
        keys.iter().filter(|used| map.drums().lane(used.key) == lane).map(|used| used.notes).sum()
    };
    [LaneId::Kick, LaneId::Snare, LaneId::HiHat].map(notes).into_iter().min().unwrap_or_default()
}

/// The built-in drum maps, other than General MIDI, that list every one of these keys, in the order of
/// [`NamedDrumMap::builtin_names`].
pub fn fitting(keys: &[KeyCount]) -> Vec<NamedDrumMap> {
    let maps = NamedDrumMap::builtin_names().iter().skip(1).filter_map(|name| NamedDrumMap::builtin(name));
    maps.filter(|map| keys.iter().all(|used| map.lists(used.key))).collect()
}
