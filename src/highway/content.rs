//! What a highway shows: lanes, notes, beats and texts.

use crate::song::{self, DrumMap, LaneLayout, LanePlace, Mark, MarkerKind, Note, Song};
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
    /// The sign on its gem, which distinguishes the drums of a lane.
    pub mark: Mark,
}

/// A drum of a lane, for its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrumLabel {
    /// The drum's name.
    pub name: String,
    /// Its name in a few letters, for narrow lanes.
    pub short_name: String,
    /// sRGB.
    pub color: [u8; 3],
    /// The mark on its gems.
    pub mark: Mark,
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
            let (color, mark) = (map.color(note.key), map.mark(note.key));
            Some(HighwayNote { time: note.time, place, velocity: note.velocity, color, mark })
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
            title: song.shown_title().map(str::to_owned),
            artist: None,
            end: song.last_note(),
        }
    }
}

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
