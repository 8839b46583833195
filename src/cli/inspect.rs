//! `strikeline inspect`: what was read from a song, as text or as JSON.

mod chart;
mod parts;

use std::ffi::OsString;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use strikeline::song::{Division, DrumMap, Lane, LaneLayout, MarkerKind, Rgb, Song, Stroke, TextEncoding};
use strikeline::theme::{Theme, ThemeFiles};
use strikeline_picture::Time;

use super::args::{DrumMapArgs, JsonArgs, MapInForce, MapReport, SongArgs, headings, warnings};
use super::console;
use super::words::count;
use parts::{PartReport, synthesizer, write_part};

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
    warnings(song).into_iter().chain(in_force.warning(song)).collect()
}

/// Lines of one kind that the text shows before it says how many more there are.
const SHOWN: usize = 40;

/// What was read, as text.
fn text_report(song: &Song, in_force: &MapInForce) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_report(&mut text, song, in_force);
    text
}

fn write_report(out: &mut String, song: &Song, in_force: &MapInForce) -> std::fmt::Result {
    let map = &in_force.map;
    for (label, value) in
        [("title", song.title()), ("artist", song.artist()), ("copyright", song.copyright())]
    {
        if let Some(value) = value {
            writeln!(out, "{label:<10} {value}")?;
        }
    }
    if let Some(shown) = song.shown_title().filter(|shown| Some(*shown) != song.title()) {
        writeln!(out, "{:<10} {shown}", "shown as")?;
    }
    if song.text_encoding() != TextEncoding::UTF_8 {
        writeln!(out, "{:<10} {} (--text-encoding chooses another)", "texts in", song.text_encoding())?;
    }
    let kind = match song.format().number() {
        0 => "one track",
        1 => "tracks played together",
        _ => "independent sequences, played one after the other",
    };
    match song.chart() {
        Some(chart) => chart::write_report(out, chart)?,
        None => writeln!(out, "{:<10} {} ({kind})", "format", song.format().number())?,
    }
    writeln!(out, "{:<10} {}", "division", song.division())?;
    let per_second = song.notes().len() as f64 / song.last_note().as_seconds().max(1.0);
    writeln!(
        out,
        "{:<10} {} to the last note, {} to the end",
        "length",
        TimeText(song.last_note()),
        TimeText(song.end())
    )?;
    writeln!(out, "{:<10} {} ({per_second:.1} per second)", "notes", song.notes().len())?;
    if let Some((_, made_for)) = synthesizer(song) {
        writeln!(out, "{:<10} {made_for}", "made for")?;
    }
    let MapReport { name, chosen } = &in_force.report;
    writeln!(out, "{:<10} {name} ({})", "drum map", chosen.describe())?;

    if let Some(chart) = song.chart() {
        write_list(out, "recordings", &chart.stems, chart::write_stem)?;
    }
    write_list(out, "tracks", song.tracks(), |out, info| {
        let channels: Vec<_> = info.channels().map(|(channel, _)| channel.to_string()).collect();
        write!(out, "{:>4}  {}", info.track, info.name.as_deref().unwrap_or("(no name)"))?;
        write!(out, ": {}, {}", count(info.events, "event"), count(info.note_count(), "note"))?;
        match channels.as_slice() {
            [] => {}
            [one] => write!(out, " on channel {one}")?,
            several => write!(out, " on channels {}", several.join(", "))?,
        }
        if info.selected { Ok(()) } else { out.write_str(" (not shown)") }
    })?;
    write_list(out, "parts", song.parts(), write_part)?;
    write_list(out, "tempo", song.tempo_changes(), |out, change| {
        write!(out, "{}  {:.2} quarter notes per minute", TimeText(change.time), change.quarters_per_minute())
    })?;
    write_list(out, "metre", song.meter_changes(), |out, change| {
        write!(out, "{}  {}/{}", TimeText(change.time), change.numerator, change.denominator)
    })?;
    write_list(out, "markers", song.markers(), |out, marker| {
        let kind = if marker.kind == MarkerKind::Cue { "  (cue)" } else { "" };
        write!(out, "{}  {}{kind}", TimeText(marker.time), marker.text)
    })?;
    let layout = LaneLayout::for_song(song, map);
    let used: Vec<&Lane> = layout.kick_and_lanes().collect();
    write_list(out, "lanes", &used, |out, lane| {
        write!(out, "{:>9}  {:<10}", lane.note_count(), lane.name)?;
        for (place, key) in lane.keys.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            let name = map.get(key.key).map_or("unknown", |drum| &drum.name);
            write!(out, "{separator}{} {name} ({})", key.key, key.notes)?;
        }
        Ok(())
    })?;
    write_list(out, "warnings", &all_warnings(song, in_force), |out, warning| out.write_str(warning))
}

/// A heading and one indented line for each item, the first [`SHOWN`] of them; nothing for an empty list.
fn write_list<T>(
    out: &mut String,
    heading: &str,
    items: &[T],
    mut line: impl FnMut(&mut String, &T) -> std::fmt::Result,
) -> std::fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{heading}")?;
    for item in items.iter().take(SHOWN) {
        out.push_str("  ");
        line(out, item)?;
        out.push('\n');
    }
    match items.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more (--json has all)"),
    }
}

/// A time such as `1:02.345`, with hours if there are any.
struct TimeText(Time);

impl std::fmt::Display for TimeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = (self.0.as_nanos().max(0) as u64 + 500_000) / 1_000_000;
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let seconds = format!("{:02}.{:03}", millis / 1_000 % 60, millis % 1_000);
        match hours {
            0 => write!(f, "{minutes}:{seconds}"),
            hours => write!(f, "{hours}:{minutes:02}:{seconds}"),
        }
    }
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

    #[test]
    fn times_are_shown_with_as_many_parts_as_they_need() {
        assert_eq!(TimeText(Time::from_seconds(62.3456)).to_string(), "1:02.346");
        assert_eq!(TimeText(Time::from_seconds(3_600.0)).to_string(), "1:00:00.000");
    }
}
