//! The lanes that a song uses, and the place of each of its hits.

use super::drum_map::{DrumMap, LaneId};
use super::{Note, Song};

/// A lane's place on the highway, from 0, from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneIndex(pub usize);

/// Where a hit is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Over the full width.
    Kick,
    /// In a lane.
    Lane(LaneIndex),
}

/// A key that the song uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHits {
    /// The key, 0 to 127.
    pub key: u8,
    /// How many hits it has, at least 1.
    pub hits: u64,
}

/// A lane with at least one hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Which one.
    pub id: LaneId,
    /// Its keys with hits, in order.
    pub keys: Vec<KeyHits>,
}

impl Lane {
    /// Hits in it.
    pub fn hits(&self) -> u64 {
        self.keys.iter().map(|key| key.hits).sum()
    }
}

/// The lanes of a song. Lanes that it does not use take no space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneLayout {
    /// The kicks, if there are any.
    pub kick: Option<Lane>,
    /// From left to right.
    pub lanes: Vec<Lane>,
    /// Of each key, where its hits are.
    places: [Option<Place>; 128],
}

impl LaneLayout {
    /// The lanes of `song` by `map`.
    pub fn for_song(song: &Song, map: &DrumMap) -> LaneLayout {
        let mut counts = [0_u64; 128];
        for note in song.notes() {
            counts[usize::from(note.key & 0x7F)] += 1;
        }
        let lane = |id: LaneId| {
            let used = (0..128).zip(counts).filter(|&(key, hits)| hits > 0 && map.lane(key) == id);
            let keys: Vec<KeyHits> = used.map(|(key, hits)| KeyHits { key, hits }).collect();
            (!keys.is_empty()).then_some(Lane { id, keys })
        };
        let kick = lane(LaneId::Kick);
        let lanes: Vec<Lane> =
            LaneId::ALL.into_iter().filter(|&id| id != LaneId::Kick).filter_map(lane).collect();
        let mut places = [None; 128];
        let mut place = |lane: &Lane, place| {
            for key in &lane.keys {
                places[usize::from(key.key)] = Some(place);
            }
        };
        if let Some(kick) = &kick {
            place(kick, Place::Kick);
        }
        for (index, lane) in lanes.iter().enumerate() {
            place(lane, Place::Lane(LaneIndex(index)));
        }
        LaneLayout { kick, lanes, places }
    }

    /// Where `note`, of this song, is shown; `None` for a key that the song does not have.
    pub fn place(&self, note: &Note) -> Option<Place> {
        self.places[usize::from(note.key & 0x7F)]
    }

    /// The keys that no drum is known for.
    pub fn unmapped(&self) -> &[KeyHits] {
        self.lanes.iter().find(|lane| lane.id == LaneId::Other).map_or(&[], |lane| &lane.keys)
    }
}
