//! `strikeline inspect`: what was read from a song.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde::Serialize;
use strikeline::song::{Division, DrumMap, KeyHits, Lane, LaneId, LaneLayout, MarkerKind, Song};
use strikeline::timing::Time;

use super::song_args::{self, SongArgs};

/// Show what was read from a song.
#[derive(Debug, clap::Args)]
pub struct InspectArgs {
    /// MIDI file.
    song: PathBuf,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,

    /// Also list every drum hit, in order of time.
    #[arg(long, requires = "json")]
    notes: bool,

    #[command(flatten)]
    song_args: SongArgs,
}

/// Runs it.
pub fn run(args: &InspectArgs) -> anyhow::Result<()> {
    // Warnings are part of the report.
    let song = song_args::open(&args.song_args, &args.song, true)?;
    let report = SongReport::new(&song, args.notes);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.json {
        serde_json::to_writer_pretty(&mut out, &report).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        out.write_all(report.text().as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

/// All times are in seconds from the song's start, to the microsecond.
#[derive(Debug, Serialize)]
struct SongReport {
    title: Option<String>,
    copyright: Option<String>,
    /// The file's format: 0, 1 or 2.
    format: u16,
    division: String,
    /// When the last hit is struck.
    last_hit: f64,
    /// When the last track ends.
    length: f64,
    tracks: Vec<TrackReport>,
    tempo_changes: Vec<TempoReport>,
    meter_changes: Vec<MeterReport>,
    markers: Vec<MarkerReport>,
    hits: u64,
    lanes: Vec<LaneReport>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<NoteReport>>,
}

#[derive(Debug, Serialize)]
struct TrackReport {
    /// From 1.
    number: usize,
    name: Option<String>,
    events: u64,
    notes: u64,
    /// Numbers, from 1, of the channels with notes.
    channels: Vec<u8>,
    /// Whether --track selects it.
    selected: bool,
}

#[derive(Debug, Serialize)]
struct TempoReport {
    time: f64,
    beats_per_minute: f64,
}

#[derive(Debug, Serialize)]
struct MeterReport {
    time: f64,
    numerator: u8,
    denominator: u16,
}

#[derive(Debug, Serialize)]
struct MarkerReport {
    time: f64,
    text: String,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct LaneReport {
    lane: &'static str,
    hits: u64,
    keys: Vec<KeyReport>,
}

#[derive(Debug, Serialize)]
struct KeyReport {
    key: u8,
    name: Option<String>,
    hits: u64,
}

#[derive(Debug, Serialize)]
struct NoteReport {
    time: f64,
    key: u8,
    velocity: u8,
    /// From 1; drums are mostly on 10.
    channel: u8,
    lane: &'static str,
}

/// In seconds, to the microsecond.
fn seconds(time: Time) -> f64 {
    (time.as_nanos() as f64 / 1e3).round() / 1e6
}

impl SongReport {
    fn new(song: &Song, with_notes: bool) -> SongReport {
        let map = DrumMap::general_midi();
        let layout = LaneLayout::for_song(song, &map);
        let key = |key: &KeyHits| KeyReport {
            key: key.key,
            name: map.get(key.key).map(|drum| drum.name.clone()),
            hits: key.hits,
        };
        let lane = |lane: &Lane| LaneReport {
            lane: lane.id.name(),
            hits: lane.hits(),
            keys: lane.keys.iter().map(key).collect(),
        };
        let lane_of = |key| -> LaneId { map.lane(key) };
        let notes = song.notes().iter().map(|note| NoteReport {
            time: seconds(note.time),
            key: note.key,
            velocity: note.velocity,
            channel: note.channel.number(),
            lane: lane_of(note.key).name(),
        });
        let tracks = song.tracks().iter().map(|track| TrackReport {
            number: track.track.index() + 1,
            name: track.name.clone(),
            events: track.events,
            notes: track.note_count(),
            channels: track.channels().map(|(channel, _)| channel.number()).collect(),
            selected: track.selected,
        });
        let tempo_changes = song.tempo_changes().iter().map(|change| TempoReport {
            time: seconds(change.time),
            beats_per_minute: change.quarters_per_minute(),
        });
        let meter_changes = song.meter_changes().iter().map(|change| MeterReport {
            time: seconds(change.time),
            numerator: change.numerator,
            denominator: change.denominator,
        });
        let markers = song.markers().iter().map(|marker| MarkerReport {
            time: seconds(marker.time),
            text: marker.text.clone(),
            kind: match marker.kind {
                MarkerKind::Marker => "marker",
                MarkerKind::Cue => "cue",
            },
        });
        SongReport {
            title: song.title().map(str::to_owned),
            copyright: song.copyright().map(str::to_owned),
            format: song.format().number(),
            division: match song.division() {
                Division::TicksPerQuarter(ticks) => format!("{ticks} ticks per quarter note"),
                other => format!("{other:?}"),
            },
            last_hit: seconds(song.last_hit()),
            length: seconds(song.end()),
            tracks: tracks.collect(),
            tempo_changes: tempo_changes.collect(),
            meter_changes: meter_changes.collect(),
            markers: markers.collect(),
            hits: song.notes().len() as u64,
            lanes: layout.kick.iter().chain(&layout.lanes).map(lane).collect(),
            warnings: song_args::warnings(song),
            notes: with_notes.then(|| notes.collect()),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_text(&mut text);
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        /// Changes that are listed before the rest is counted.
        const LISTED: usize = 12;
        if let Some(title) = &self.title {
            writeln!(out, "title      {title}")?;
        }
        if let Some(copyright) = &self.copyright {
            writeln!(out, "copyright  {copyright}")?;
        }
        writeln!(out, "format     {}, {}", self.format, self.division)?;
        writeln!(out, "length     {:.3} s, last hit at {:.3} s", self.length, self.last_hit)?;
        writeln!(out, "tracks     {}", self.tracks.len())?;
        for track in &self.tracks {
            let channels: Vec<String> = track.channels.iter().map(ToString::to_string).collect();
            write!(out, "  {:>3}  {} events, {} notes", track.number, track.events, track.notes)?;
            if !channels.is_empty() {
                write!(out, " on channel {}", channels.join(", "))?;
            }
            if let Some(name) = &track.name {
                write!(out, "  {name:?}")?;
            }
            writeln!(out, "{}", if track.selected { "" } else { "  (not selected)" })?;
        }
        writeln!(out, "tempo      {} entries", self.tempo_changes.len())?;
        for change in self.tempo_changes.iter().take(LISTED) {
            writeln!(out, "  {:>10.3} s  {:.2} beats per minute", change.time, change.beats_per_minute)?;
        }
        write_rest(out, self.tempo_changes.len(), LISTED)?;
        writeln!(out, "metre      {} entries", self.meter_changes.len())?;
        for change in self.meter_changes.iter().take(LISTED) {
            writeln!(out, "  {:>10.3} s  {}/{}", change.time, change.numerator, change.denominator)?;
        }
        write_rest(out, self.meter_changes.len(), LISTED)?;
        if !self.markers.is_empty() {
            writeln!(out, "markers    {}", self.markers.len())?;
            for marker in &self.markers {
                writeln!(out, "  {:>10.3} s  {}", marker.time, marker.text)?;
            }
        }
        writeln!(out, "drum hits  {}", self.hits)?;
        for lane in &self.lanes {
            let name = |key: &KeyReport| {
                format!("{} {} × {}", key.key, key.name.as_deref().unwrap_or("unknown"), key.hits)
            };
            let keys: Vec<String> = lane.keys.iter().map(name).collect();
            writeln!(out, "  {:<10} {:>7}   {}", lane.lane, lane.hits, keys.join(", "))?;
        }
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        Ok(())
    }
}

fn write_rest(out: &mut String, count: usize, listed: usize) -> std::fmt::Result {
    if count > listed { writeln!(out, "  … and {} more", count - listed) } else { Ok(()) }
}
