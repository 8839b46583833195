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
    /// Its name in a few letters, for narrow lanes. Where it is empty it is made of the name.
    pub short_name: String,
    /// Its name in two letters, for very narrow lanes. Where it is empty it is made of the short name.
    pub letters: String,
    /// sRGB.
    pub color: [u8; 3],
    /// The mark on its gems, where it is not alone in its lane.
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
    /// Its name in a few letters. Where it is empty it is made of the name.
    pub short_name: String,
    /// Its name in two letters. Where it is empty it is made of the short name.
    pub letters: String,
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

/// A bar, for its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarStart {
    /// When it begins.
    pub time: Time,
    /// Its number, counted from 1.
    pub number: u32,
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
    /// The drums that are drawn as bars across all lanes, as if they had a lane.
    pub kick: LaneStyle,
    /// In order of time.
    pub notes: Vec<HighwayNote>,
    /// In order of time.
    pub beats: Vec<BeatLine>,
    /// The bars, of which the number may be shown, in order of time.
    pub bars: Vec<BarStart>,
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
    /// The content of `song`, with the lanes, names, colours and marks of `map`. The drums of a lane
    /// have marks only where these tell them apart.
    pub fn from_song(song: &Song, map: &DrumMap) -> HighwayContent {
        let layout = LaneLayout::for_song(song, map);
        let drums = |lane: &song::Lane| -> Vec<DrumLabel> {
            let label = |key: u8| DrumLabel {
                name: map.get(key).map_or_else(|| format!("Key {key}"), |drum| drum.name.clone()),
                short_name: map.get(key).map_or_else(|| key.to_string(), |drum| drum.short_name.clone()),
                letters: map.letters(key),
                color: map.color(key),
                mark: if tells_apart(lane, map) { map.mark(key) } else { Mark::None },
                shape: map.shape(key),
            };
            lane.keys.iter().map(|used| label(used.key)).collect()
        };
        let style = |lane: &song::Lane| LaneStyle {
            color: lane.color,
            name: lane.name.clone(),
            short_name: map.lane_short_name(lane.id),
            letters: map.lane_letters(lane.id),
            drums: drums(lane),
        };
        let marked = layout.lanes.iter().map(|lane| tells_apart(lane, map)).collect::<Vec<bool>>();
        let is_marked = |place| match place {
            LanePlace::Lane(lane) => marked.get(lane).copied().unwrap_or(false),
            LanePlace::Kick => false,
        };
        let drawn = |note: &Note| {
            let place = layout.place(note)?;
            let shape = map.shape(note.key);
            let falls_silent = note.technique.is_choked && shape == DrumShape::Cymbal;
            Some(HighwayNote {
                time: note.time,
                place,
                velocity: note.velocity,
                color: map.color(note.key),
                mark: mark_of(note, map, is_marked(place)),
                shape,
                stroke: note.technique.stroke,
                choked: (falls_silent && note.duration > Time::ZERO).then(|| note.time + note.duration),
            })
        };
        let beats = song.beats();
        let bars = beats.iter().filter(|beat| beat.is_bar());
        let bars = bars.map(|beat| BarStart { time: beat.time, number: beat.bar }).collect();
        let beats = beats.iter().map(|beat| BeatLine { time: beat.time, is_bar: beat.is_bar() });
        let sections = song
            .markers()
            .iter()
            .filter(|marker| marker.kind == MarkerKind::Marker && !is_copyright(&marker.text));
        HighwayContent {
            lanes: layout.lanes.iter().map(style).collect(),
            kick: layout.kick.as_ref().map(style).unwrap_or_default(),
            notes: song.notes().iter().filter_map(drawn).collect(),
            beats: beats.collect(),
            bars,
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

/// Whether the drums of `lane` that the song plays are told apart by their marks.
fn tells_apart(lane: &song::Lane, map: &DrumMap) -> bool {
    let mut marks = lane.keys.iter().map(|used| map.mark(used.key));
    let first = marks.next();
    marks.any(|mark| Some(mark) != first)
}

/// The mark of a note: that of its drum, but of a hi-hat whose openness is known one that shows it: the circles that
/// drummers write over a note, and none where it is closed. Only where the lane `is_marked` a drum shows its mark.
fn mark_of(note: &Note, map: &DrumMap, is_marked: bool) -> Mark {
    let mark = if is_marked { map.mark(note.key) } else { Mark::None };
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

    /// The mark of the first note where each of `keys` is struck once, one after the other.
    fn mark_among(keys: &[u8], technique: Technique) -> Mark {
        let at = |(index, key): (usize, &u8)| Note {
            time: Time::from_seconds(index as f64),
            ..note(*key, technique)
        };
        let song = Song::from_notes(keys.iter().enumerate().map(at).collect());
        HighwayContent::from_song(&song, &DrumMap::general_midi()).notes[0].mark
    }

    #[test]
    fn only_drums_that_share_a_lane_have_marks() {
        let plain = Technique::default();
        assert_eq!([mark_among(&[37], plain), mark_among(&[37, 38], plain)], [Mark::None, Mark::Cross]);
        let content = |keys: &[u8]| {
            let song = Song::from_notes(keys.iter().map(|key| note(*key, plain)).collect());
            HighwayContent::from_song(&song, &DrumMap::general_midi())
        };
        let marks = |content: HighwayContent| -> Vec<Mark> {
            content.lanes.iter().flat_map(|lane| lane.drums.iter().map(|drum| drum.mark)).collect()
        };
        assert_eq!(marks(content(&[37, 46])), [Mark::None; 2]);
        assert_eq!(marks(content(&[37, 46, 38, 42])), [Mark::None, Mark::Ring, Mark::Cross, Mark::None]);
        // How far a hi-hat is open is shown even where it has one key.
        let open = Technique { openness: Openness::new(127), ..plain };
        assert_eq!(mark_among(&[42], open), Mark::Ring);
    }

    #[test]
    fn the_mark_of_a_hi_hat_shows_how_far_it_is_open_where_that_is_known() {
        let mark = |key, openness| drawn(key, Technique { openness, ..Technique::default() }).mark;
        for key in [42, 46] {
            let known = [0, 42, 43, 84, 85, 127].map(|openness| mark(key, Openness::new(openness)));
            let [closed, half, open] = [Mark::None, Mark::HalfRing, Mark::Ring];
            assert_eq!(known, [closed, closed, half, half, open, open], "{key}");
        }
        let unknown = |keys: &[u8]| mark_among(keys, Technique::default());
        assert_eq!([unknown(&[42, 46]), unknown(&[46, 42])], [Mark::None, Mark::Ring]);
        // The pedal, and what is no hi-hat.
        let open = Technique { openness: Openness::new(127), ..Technique::default() };
        assert_eq!([mark_among(&[44, 42], open), mark_among(&[48, 50], open)], [Mark::Dash, Mark::Dash]);
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
