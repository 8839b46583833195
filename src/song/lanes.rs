//! The lanes that a song uses, in their order on the highway, and the number of notes in each.

use std::iter;

use super::{DrumMap, LaneId, Note, Rgb, Song, SongWarning};

/// Where a note is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LanePlace {
    /// As a bar across all lanes, behind their gems.
    Kick,
    /// As a gem in this lane, counted from 0 at the left.
    Lane(usize),
}

/// How many notes a key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCount {
    /// The key, 0 to 127.
    pub key: u8,
    /// The number of its notes; at least 1.
    pub notes: u64,
}

impl KeyCount {
    /// The keys of a song's notes, lowest first.
    pub fn of_song(song: &Song) -> Vec<KeyCount> {
        let mut notes = [0; 128];
        for note in song.notes() {
            notes[usize::from(note.key & 0x7F)] += 1;
        }
        let counted = (0..).zip(notes).filter(|(_, notes)| *notes > 0);
        counted.map(|(key, notes)| KeyCount { key, notes }).collect()
    }
}

/// A lane that a song uses, or the kick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The lane's identity in the drum map.
    pub id: LaneId,
    /// The name to show.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// The keys of its notes, lowest first.
    pub keys: Vec<KeyCount>,
}

impl Lane {
    /// The number of notes of all its keys.
    pub fn note_count(&self) -> u64 {
        self.keys.iter().map(|key| key.notes).sum()
    }
}

/// The lanes that a song uses. Lanes without notes are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneLayout {
    /// The kick, if the song uses it.
    pub kick: Option<Lane>,
    /// The other lanes from left to right; none when the song has kicks only.
    pub lanes: Vec<Lane>,
    unmapped: Vec<KeyCount>,
    /// By key.
    places: [Option<LanePlace>; 128],
}

impl LaneLayout {
    /// The lanes for the notes of `song`, in the order of `map`.
    pub fn for_song(song: &Song, map: &DrumMap) -> LaneLayout {
        let used = KeyCount::of_song(song);
        let unmapped = used.iter().copied().filter(|used| map.get(used.key).is_none()).collect();
        let mut layout = LaneLayout { kick: None, lanes: Vec::new(), unmapped, places: [None; 128] };
        for id in iter::once(LaneId::Kick).chain(map.lane_order().iter().copied()) {
            let keys: Vec<KeyCount> = used.iter().copied().filter(|used| map.lane(used.key) == id).collect();
            if keys.is_empty() {
                continue;
            }
            let place = match id {
                LaneId::Kick => LanePlace::Kick,
                _ => LanePlace::Lane(layout.lanes.len()),
            };
            for used in &keys {
                layout.places[usize::from(used.key)] = Some(place);
            }
            let lane = Lane { id, name: map.lane_name(id).to_owned(), color: map.lane_color(id), keys };
            match place {
                LanePlace::Kick => layout.kick = Some(lane),
                LanePlace::Lane(_) => layout.lanes.push(lane),
            }
        }
        layout
    }

    /// The kick, then the lanes from left to right. Each note of the song is in one of them.
    pub fn kick_and_lanes(&self) -> impl Iterator<Item = &Lane> {
        self.kick.iter().chain(&self.lanes)
    }

    /// Where a note is drawn; `None` when the song of this layout has no note of its key.
    pub fn place(&self, note: &Note) -> Option<LanePlace> {
        self.places.get(usize::from(note.key)).copied().flatten()
    }

    /// The keys that the drum map does not know, lowest first. They are in [`LaneId::Other`].
    pub fn unmapped(&self) -> &[KeyCount] {
        &self.unmapped
    }

    /// A warning about the [`LaneLayout::unmapped`] keys, if there are any.
    pub fn warning(&self) -> Option<SongWarning> {
        let keys = self.unmapped.clone();
        (!keys.is_empty()).then_some(SongWarning::UnmappedKeys { keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::{Channel, TrackIndex};
    use strikeline_picture::Time;

    fn note(key: u8) -> Note {
        Note {
            time: Time::ZERO,
            duration: Time::ZERO,
            track: TrackIndex::from_index(0),
            channel: Channel::DRUMS,
            key,
            velocity: 100,
            technique: Default::default(),
        }
    }

    fn layout(keys: impl IntoIterator<Item = u8>) -> LaneLayout {
        layout_by(&DrumMap::default(), keys)
    }

    fn layout_by(map: &DrumMap, keys: impl IntoIterator<Item = u8>) -> LaneLayout {
        LaneLayout::for_song(&Song::from_notes(keys.into_iter().map(note).collect()), map)
    }

    #[test]
    fn only_the_lanes_that_are_used_take_a_place() {
        let layout = layout([51, 42, 36, 46, 38, 42]);
        let names: Vec<_> = layout.lanes.iter().map(|lane| (lane.name.as_str(), lane.note_count())).collect();
        assert_eq!(names, [("Hi-Hat", 3), ("Snare", 1), ("Ride", 1)]);
        assert_eq!(layout.kick.as_ref().map(Lane::note_count), Some(1));
        assert_eq!(layout.place(&note(46)), Some(LanePlace::Lane(0)));
        assert_eq!(layout.place(&note(51)), Some(LanePlace::Lane(2)));
        assert_eq!(layout.place(&note(36)), Some(LanePlace::Kick));
        assert_eq!(layout.place(&note(49)), None);
        assert_eq!(layout.warning(), None);
    }

    #[test]
    fn the_map_says_the_lanes_order_names_and_colours() {
        let mut map = DrumMap::default();
        map.set_lane_order(&[LaneId::Ride, LaneId::Snare]);
        map.set_lane_name(LaneId::Ride, "Bell");
        map.set_lane_color(LaneId::Ride, [1, 2, 3]);
        let layout = layout_by(&map, [36, 38, 42, 51]);
        let names: Vec<_> = layout.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["Bell", "Snare", "Hi-Hat"]);
        assert_eq!(layout.lanes[0].color, [1, 2, 3]);
        assert_eq!(layout.place(&note(51)), Some(LanePlace::Lane(0)));
        assert_eq!(layout.kick.map(|kick| kick.name).as_deref(), Some("Kick"));
    }

    #[test]
    fn unknown_keys_have_a_lane_and_are_reported() {
        let layout = layout([0, 127, 127, 36]);
        assert_eq!(layout.place(&note(127)), Some(LanePlace::Lane(0)));
        assert_eq!(layout.lanes[0].name, "Other");
        let warning = layout.warning().unwrap().to_string();
        assert!(warning.ends_with(": 0 (1 note), 127 (2 notes)"), "{warning}");
    }

    #[test]
    fn no_note_is_lost() {
        assert_eq!(layout(0..128).kick_and_lanes().map(Lane::note_count).sum::<u64>(), 128);
    }
}
