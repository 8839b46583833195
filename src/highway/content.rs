//! What a highway shows: lanes, notes, beats and texts.

use crate::song::{
    self, DrumMap, DrumShape, HiHatState, LaneLayout, LanePlace, Mark, MarkerKind, Note, Openness, Phrase,
    Song, Stroke,
};
use strikeline_picture::Time;

/// A note as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighwayNote {
    /// When it is struck.
    pub time: Time,
    /// Where it is drawn.
    pub place: LanePlace,
    /// How hard it is struck, 1 to 127. Harder notes are brighter.
    pub velocity: u8,
    /// sRGB.
    pub color: [u8; 3],
    /// The sign on its gem, which distinguishes the drums of a lane, and how far a hi-hat is open.
    pub mark: Mark,
    /// Whether it is a cymbal.
    pub shape: DrumShape,
    /// Grace notes that are drawn with it. Those that are notes of their own need none.
    pub stroke: Stroke,
    /// When the cymbal is grasped, so that it falls silent; later than `time`.
    pub choked: Option<Time>,
}

/// A note at the beginning of the song, in the first lane, white, neither soft nor hard.
impl Default for HighwayNote {
    fn default() -> HighwayNote {
        HighwayNote {
            time: Time::ZERO,
            place: LanePlace::Lane(0),
            velocity: 100,
            color: [255; 3],
            mark: Mark::None,
            shape: DrumShape::Drum,
            stroke: Stroke::Single,
            choked: None,
        }
    }
}

/// A drum of a lane, for its label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrumLabel {
    /// The drum's name.
    pub name: String,
    /// Its name in a few letters, for narrow lanes.
    pub short_name: String,
    /// sRGB.
    pub color: [u8; 3],
    /// The mark on its gems.
    pub mark: Mark,
    /// Whether it is a cymbal.
    pub shape: DrumShape,
}

/// A lane of the highway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneStyle {
    /// The tint of the lane, in sRGB.
    pub color: [u8; 3],
    /// The lane's name, shown where the names of its drums do not fit.
    pub name: String,
    /// The drums that are played in it. Without any, the lane has no label.
    pub drums: Vec<DrumLabel>,
}

/// A beat, drawn as a line across the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeatLine {
    /// When the beat is.
    pub time: Time,
    /// Whether a bar begins with it.
    pub is_bar: bool,
}

/// A number of the count-in, shown from its beat to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountIn {
    /// The time of its beat.
    pub time: Time,
    /// How long it is shown.
    pub duration: Time,
    /// Place of the beat in its bar, from 1.
    pub number: u8,
}

/// A part of the song. Its name is shown until the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// When it begins.
    pub time: Time,
    /// Its name.
    pub name: String,
}

/// What a highway shows. Every list whose items have a time must be in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HighwayContent {
    /// From left to right.
    pub lanes: Vec<LaneStyle>,
    /// The drums that are drawn as bars across all lanes.
    pub kicks: Vec<DrumLabel>,
    /// In order of time.
    pub notes: Vec<HighwayNote>,
    /// In order of time.
    pub beats: Vec<BeatLine>,
    /// In order of time.
    pub count_in: Vec<CountIn>,
    /// In order of time.
    pub sections: Vec<Section>,
    /// Star power, solos and rolls, in order of their starts.
    pub phrases: Vec<Phrase>,
    /// The song's name.
    pub title: Option<String>,
    /// The artist, if known.
    pub artist: Option<String>,
    /// When the song ends, for the clock and the progress bar. Not before the last note.
    pub end: Time,
}

impl HighwayContent {
    /// The content of `song`, with the lanes, names, colours and marks of `map`.
    pub fn from_song(song: &Song, map: &DrumMap) -> HighwayContent {
        let layout = LaneLayout::for_song(song, map);
        let drums = |lane: &song::Lane| -> Vec<DrumLabel> {
            let label = |key: u8| DrumLabel {
                name: map.get(key).map_or_else(|| format!("Key {key}"), |drum| drum.name.clone()),
                short_name: map.get(key).map_or_else(|| key.to_string(), |drum| drum.short_name.clone()),
                color: map.color(key),
                mark: map.mark(key),
                shape: map.shape(key),
            };
            lane.keys.iter().map(|used| label(used.key)).collect()
        };
        let lanes = layout.lanes.iter().map(|lane| LaneStyle {
            color: lane.color,
            name: lane.name.clone(),
            drums: drums(lane),
        });
        let drawn = |note: &Note| {
            let place = layout.place(note)?;
            let shape = map.shape(note.key);
            let falls_silent = note.technique.is_choked && shape == DrumShape::Cymbal;
            Some(HighwayNote {
                time: note.time,
                place,
                velocity: note.velocity,
                color: map.color(note.key),
                mark: mark_of(note, map),
                shape,
                stroke: note.technique.stroke,
                choked: (falls_silent && note.duration > Time::ZERO).then(|| note.time + note.duration),
            })
        };
        let beats = song.beats().into_iter().map(|beat| BeatLine { time: beat.time, is_bar: beat.is_bar() });
        let sections = song
            .markers()
            .iter()
            .filter(|marker| marker.kind == MarkerKind::Marker && !is_copyright(&marker.text));
        HighwayContent {
            lanes: lanes.collect(),
            kicks: layout.kick.as_ref().map(drums).unwrap_or_default(),
            notes: song.notes().iter().filter_map(drawn).collect(),
            beats: beats.collect(),
            count_in: count_in(song),
            sections: sections
                .map(|marker| Section { time: marker.time, name: marker.text.clone() })
                .collect(),
            phrases: song.phrases().to_vec(),
            title: song.shown_title().map(str::to_owned),
            artist: None,
            end: song.last_note(),
        }
    }
}

/// The mark of a note: that of its drum, but of a hi-hat whose openness is known one that shows it: the circles that
/// drummers write over a note, and none where it is closed.
fn mark_of(note: &Note, map: &DrumMap) -> Mark {
    let mark = map.mark(note.key);
    if note.technique.openness == Openness::UNKNOWN {
        return mark;
    }
    match HiHatState::of(note, map) {
        Some(HiHatState::Open) => Mark::Ring,
        Some(HiHatState::Half) => Mark::HalfRing,
        // The mark of an open hi-hat would say that it is open. What else is closed (with the foot, or struck at another
        // place) keeps its mark.
        Some(HiHatState::Closed) if map.general_midi_key(note.key) == Some(OPEN_HI_HAT) => Mark::None,
        Some(HiHatState::Closed) | None => mark,
    }
}

/// The key of General MIDI.
const OPEN_HI_HAT: u8 = 46;

/// Whether a marker's text is a copyright notice, which some programs write so: it names no section.
fn is_copyright(text: &str) -> bool {
    let text = text.to_lowercase();
    ["©", "(c)", "℗", "(p)", "copyright"].iter().any(|sign| text.starts_with(sign))
}

/// The beats before the first note, each shown until the next one, the last until the note.
fn count_in(song: &Song) -> Vec<CountIn> {
    let beats = song.count_in();
    let first = song.notes().first().map_or(Time::ZERO, |note| note.time);
    let ends = beats.iter().skip(1).map(|beat| beat.time).chain([first]);
    let counted = beats.iter().zip(ends);
    counted
        .map(|(beat, end)| CountIn { time: beat.time, duration: end - beat.time, number: beat.number })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::{Channel, Technique, TrackIndex};

    fn note(key: u8, technique: Technique) -> Note {
        Note {
            time: Time::from_seconds(1.0),
            duration: Time::from_seconds(0.5),
            track: TrackIndex::from_index(0),
            channel: Channel::DRUMS,
            key,
            velocity: 100,
            technique,
        }
    }

    fn drawn(key: u8, technique: Technique) -> HighwayNote {
        let song = Song::from_notes(vec![note(key, technique)]);
        HighwayContent::from_song(&song, &DrumMap::general_midi()).notes[0]
    }

    #[test]
    fn the_mark_of_a_hi_hat_shows_how_far_it_is_open_where_that_is_known() {
        let mark = |key, openness| drawn(key, Technique { openness, ..Technique::default() }).mark;
        for key in [42, 46] {
            let known = [0, 42, 43, 84, 85, 127].map(|openness| mark(key, Openness::new(openness)));
            let [closed, half, open] = [Mark::None, Mark::HalfRing, Mark::Ring];
            assert_eq!(known, [closed, closed, half, half, open, open], "{key}");
        }
        assert_eq!([42, 46].map(|key| mark(key, Openness::UNKNOWN)), [Mark::None, Mark::Ring]);
        // The pedal, and what is no hi-hat.
        assert_eq!([44, 48].map(|key| mark(key, Openness::new(127))), [Mark::Dash, Mark::Dash]);
    }

    #[test]
    fn only_cymbals_are_choked_and_for_some_time() {
        let choked = Technique { is_choked: true, ..Technique::default() };
        assert_eq!(drawn(49, choked).choked, Some(Time::from_seconds(1.5)));
        assert_eq!((drawn(49, Technique::default()).choked, drawn(38, choked).choked), (None, None));
        assert_eq!((drawn(49, choked).shape, drawn(38, choked).shape), (DrumShape::Cymbal, DrumShape::Drum));
        let at_once = Song::from_notes(vec![Note { duration: Time::ZERO, ..note(49, choked) }]);
        assert_eq!(HighwayContent::from_song(&at_once, &DrumMap::general_midi()).notes[0].choked, None);
    }
}
