//! `strikeline inspect`: what was read from a song, as text or as JSON.

mod chart;
mod parts;
mod text;

use std::ffi::OsString;

use serde::{Serialize, Serializer};
use strikeline::song::{Division, DrumMap, LaneLayout, MarkerKind, Rgb, Song, Stroke};
use strikeline::theme::{Theme, ThemeFiles};
use strikeline_picture::Time;

use super::args::{DrumMapArgs, JsonArgs, MapInForce, MapReport, SongArgs, headings, warnings};
use super::{console, given};
use parts::{PartReport, synthesizer};
use text::text_report;

/// Show what was read from a song.
#[derive(Debug, clap::Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    json: JsonArgs,

    /// With --json: also list every drum note, in order of time
    #[arg(long, requires = "json", help_heading = headings::MESSAGES)]
    notes: bool,

    #[command(flatten)]
    song: SongArgs,

    /// Theme whose lanes and drum map are shown, or a TOML file
    ///
    /// `strikeline theme --list` names the built-in ones.
    #[arg(long, help_heading = headings::LOOK, value_name = "NAME|FILE", default_value = "plain")]
    theme: OsString,

    #[command(flatten)]
    drum_map: DrumMapArgs,
}

/// Runs it.
pub(super) fn run(args: &InspectArgs) -> anyhow::Result<()> {
    // Warnings are part of the report.
    let song = args.song.open_for_report()?;
    // Its files are not opened.
    let theme = Theme::find_with(&args.theme, ThemeFiles::Anywhere)?;
    let in_force = args.drum_map.choose(&song, &theme)?;
    if args.json.json {
        console::print_json(&InspectReport::new(&song, &in_force, args.notes))?;
    } else {
        console::print(&text_report(&song, &in_force))?;
    }
    Ok(args.song.check(&song)?)
}

/// What was read, for JSON. Times and lengths are in seconds, to the microsecond; tracks and channels
/// count from 1, as on the command line.
#[derive(Debug, Serialize)]
struct InspectReport<'a> {
    title: Option<&'a str>,
    /// The title that the video shows.
    shown_title: Option<&'a str>,
    artist: Option<&'a str>,
    chart: Option<chart::ChartReport<'a>>,
    copyright: Option<&'a str>,
    texts: &'a [String],
    /// The name in the WHATWG Encoding Standard.
    text_encoding: &'static str,
    format: u16,
    division: DivisionReport,
    /// When the last note is struck.
    last_hit: Seconds,
    /// When the last track ends.
    length: Seconds,
    hits: usize,
    tracks: Vec<TrackReport<'a>>,
    /// The kind of synthesiser that the file declares to be made for: `gm`, `gm2`, `gs` or `xg`.
    synthesizer: Option<&'static str>,
    parts: Vec<PartReport<'a>>,
    tempo_changes: Vec<TempoReport>,
    meter_changes: Vec<MeterReport>,
    markers: Vec<MarkerReport<'a>>,
    drum_map: &'a MapReport,
    lanes: Vec<LaneReport<'a>>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<NoteReports<'a>>,
}

/// A time in JSON.
#[derive(Debug, Clone, Copy)]
struct Seconds(Time);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // To the nearest microsecond. Such numbers are written with six decimals at most.
        let micros = (i128::from(self.0.as_nanos()) + 500).div_euclid(1000);
        serializer.serialize_f64(micros as f64 / 1e6)
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum DivisionReport {
    Quarter { ticks_per_quarter: u16 },
    TimeCode { text: String, ticks_per_frame: u8 },
}

#[derive(Debug, Serialize)]
struct TrackReport<'a> {
    number: u32,
    name: Option<&'a str>,
    events: u64,
    notes: u64,
    channels: Vec<ChannelReport>,
    selected: bool,
}

#[derive(Debug, Serialize)]
struct ChannelReport {
    channel: u8,
    notes: u32,
}

#[derive(Debug, Serialize)]
struct TempoReport {
    time: Seconds,
    micros_per_quarter: u32,
    quarters_per_minute: f64,
}

#[derive(Debug, Serialize)]
struct MeterReport {
    time: Seconds,
    numerator: u8,
    denominator: u16,
}

#[derive(Debug, Serialize)]
struct MarkerReport<'a> {
    time: Seconds,
    kind: &'static str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct LaneReport<'a> {
    /// As in a theme's file.
    id: &'static str,
    name: &'a str,
    hits: u64,
    color: Hex,
    keys: Vec<KeyReport<'a>>,
}

#[derive(Debug, Serialize)]
struct KeyReport<'a> {
    key: u8,
    name: Option<&'a str>,
    short_name: Option<&'a str>,
    hits: u64,
    color: Hex,
    mark: &'static str,
}

/// A colour in JSON: `#rrggbb`.
#[derive(Debug)]
struct Hex(Rgb);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [red, green, blue] = self.0;
        serializer.collect_str(&format_args!("#{red:02x}{green:02x}{blue:02x}"))
    }
}

#[derive(Debug, Serialize)]
struct NoteReport<'a> {
    time: Seconds,
    key: u8,
    velocity: u8,
    channel: u8,
    lane: &'a str,
    /// Left out for a single stroke.
    #[serde(skip_serializing_if = "Option::is_none")]
    stroke: Option<&'static str>,
    /// 0 closed to 127 wide open; left out where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    openness: Option<u8>,
    /// Seconds from the hit until the cymbal is grasped; left out where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    choked_after: Option<Seconds>,
}

/// The notes, written one at a time: a song may have millions.
#[derive(Debug)]
struct NoteReports<'a> {
    song: &'a Song,
    map: &'a DrumMap,
}

impl Serialize for NoteReports<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.song.notes().iter().map(|note| NoteReport {
            time: Seconds(note.time),
            key: note.key,
            velocity: note.velocity,
            channel: note.channel.number(),
            lane: self.map.lane_name(self.map.lane(note.key)),
            stroke: match note.technique.stroke {
                Stroke::Single => None,
                Stroke::Flam => Some("flam"),
                Stroke::Drag => Some("drag"),
            },
            openness: note.technique.openness.get(),
            choked_after: note.technique.is_choked.then_some(Seconds(note.duration)),
        }))
    }
}

impl<'a> InspectReport<'a> {
    /// The report on a song, with or without every note.
    fn new(song: &'a Song, in_force: &'a MapInForce, with_notes: bool) -> InspectReport<'a> {
        let map = &in_force.map;
        let division = match song.division() {
            Division::TicksPerQuarter(ticks_per_quarter) => DivisionReport::Quarter { ticks_per_quarter },
            division @ Division::TimeCode { ticks_per_frame, .. } => {
                DivisionReport::TimeCode { text: division.to_string(), ticks_per_frame }
            }
        };
        let tracks = song.tracks().iter().map(|info| TrackReport {
            number: info.track.number(),
            name: info.name.as_deref(),
            events: info.events,
            notes: info.note_count(),
            channels: info
                .channels()
                .map(|(channel, notes)| ChannelReport { channel: channel.number(), notes })
                .collect(),
            selected: info.selected,
        });
        let tempo_changes = song.tempo_changes().iter().map(|change| TempoReport {
            time: Seconds(change.time),
            micros_per_quarter: change.micros_per_quarter,
            quarters_per_minute: change.quarters_per_minute(),
        });
        let meter_changes = song.meter_changes().iter().map(|change| MeterReport {
            time: Seconds(change.time),
            numerator: change.numerator,
            denominator: change.denominator,
        });
        let markers = song.markers().iter().map(|marker| MarkerReport {
            time: Seconds(marker.time),
            kind: match marker.kind {
                MarkerKind::Marker => "marker",
                MarkerKind::Cue => "cue",
            },
            text: &marker.text,
        });
        let layout = LaneLayout::for_song(song, map);
        let lanes = layout.kick_and_lanes().map(|lane| LaneReport {
            id: lane.id.id(),
            name: map.lane_name(lane.id),
            hits: lane.note_count(),
            color: Hex(lane.color),
            keys: lane
                .keys
                .iter()
                .map(|used| KeyReport {
                    key: used.key,
                    name: map.get(used.key).map(|drum| drum.name.as_str()),
                    short_name: map.get(used.key).map(|drum| drum.short_name.as_str()),
                    hits: used.notes,
                    color: Hex(map.color(used.key)),
                    mark: map.mark(used.key).id(),
                })
                .collect(),
        });
        InspectReport {
            title: song.title(),
            shown_title: song.shown_title(),
            artist: song.artist(),
            chart: song.chart().map(chart::ChartReport::new),
            copyright: song.copyright(),
            texts: song.texts(),
            text_encoding: song.text_encoding().name(),
            format: song.format().number(),
            division,
            last_hit: Seconds(song.last_note()),
            length: Seconds(song.end()),
            hits: song.notes().len(),
            tracks: tracks.collect(),
            synthesizer: synthesizer(song).map(|(id, _)| id),
            parts: song.parts().iter().map(PartReport::new).collect(),
            tempo_changes: tempo_changes.collect(),
            meter_changes: meter_changes.collect(),
            markers: markers.collect(),
            drum_map: &in_force.report,
            lanes: lanes.collect(),
            warnings: all_warnings(song, in_force),
            notes: with_notes.then_some(NoteReports { song, map }),
        }
    }
}

/// What is wrong with the file, and the keys without a drum.
fn all_warnings(song: &Song, in_force: &MapInForce) -> Vec<String> {
    let mut all: Vec<String> = warnings(song).into_iter().chain(in_force.warning(song)).collect();
    if song.chart().is_none() {
        all.extend(given::without_effect(&["difficulty"], "it is for charts, and this song is none"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use strikeline::song::SongOptions;

    /// A kick at 0 s, a snare at 1/3 s and key 5 at 2/3 s; 3 ticks per quarter note, 60 quarter notes per minute.
    const SONG: &[u8] = b"MThd\0\0\0\x06\0\0\0\x01\0\x03MTrk\0\0\0\x19\
        \0\xFF\x51\x03\x0F\x42\x40\0\x99\x24\x64\x01\x26\x50\x01\x05\x40\
        \0\xFF\x03\x01X\0\xFF\x2F";

    fn song() -> Song {
        Song::read(SONG, &SongOptions::default()).unwrap()
    }

    fn general_midi() -> MapInForce {
        MapInForce::general_midi()
    }

    #[test]
    fn json_has_every_note_in_time_order_to_the_microsecond() {
        let song = song();
        let report = serde_json::to_value(InspectReport::new(&song, &general_midi(), true)).unwrap();
        assert_eq!(
            report["notes"],
            serde_json::json!([
                {"time": 0.0, "key": 36, "velocity": 100, "channel": 10, "lane": "Kick"},
                {"time": 0.333333, "key": 38, "velocity": 80, "channel": 10, "lane": "Snare"},
                {"time": 0.666667, "key": 5, "velocity": 64, "channel": 10, "lane": "Other"},
            ])
        );
        let key = &report["lanes"][0]["keys"][0];
        assert_eq!((&key["mark"], &key["short_name"]), (&"none".into(), &"BD".into()));
        assert_eq!(report["lanes"][2]["keys"][0]["name"], serde_json::Value::Null);
        assert_eq!(report["tempo_changes"][0]["quarters_per_minute"], 60.0);
    }

    #[test]
    fn json_leaves_the_notes_out_unless_asked() {
        let song = song();
        let report = serde_json::to_value(InspectReport::new(&song, &general_midi(), false)).unwrap();
        assert_eq!(report.get("notes"), None);
        assert_eq!(report["hits"], 3);
    }

    #[test]
    fn the_text_names_lanes_tempo_and_warnings() {
        let song = song();
        let text = text_report(&song, &general_midi());
        for part in [
            "3 ticks per quarter note",
            "60.00 quarter",
            "36 Bass Drum 1 (1)",
            "key 5 (1 note)",
            "1  X: 5 events",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }
}
