//! What `strikeline inspect` says of a chart.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::Serialize;
use strikeline::song::{ChartInfo, Stem};
use strikeline_picture::shown;

use super::Seconds;
use crate::cli::json_path::exact_bytes;
use crate::cli::words::{count, song_time};

/// A chart, for JSON.
#[derive(Debug, Serialize)]
pub(super) struct ChartReport<'a> {
    /// The name of such a file.
    format: &'static str,
    /// The difficulty that was read.
    difficulty: &'static str,
    difficulties: Vec<DifficultyReport>,
    /// Pads beside the kick.
    lanes: u8,
    /// Whether it tells cymbals from toms.
    pro: bool,
    album: Option<&'a str>,
    year: Option<&'a str>,
    genre: Option<&'a str>,
    charter: Option<&'a str>,
    /// How much later the notes are than in the recordings.
    delay: Seconds,
    stems: Vec<StemReport<'a>>,
}

#[derive(Debug, Serialize)]
struct DifficultyReport {
    name: &'static str,
    gems: u64,
}

#[derive(Debug, Serialize)]
struct StemReport<'a> {
    file: Cow<'a, str>,
    /// See [`json_path`](crate::cli::json_path).
    #[serde(skip_serializing_if = "Option::is_none")]
    file_bytes: Option<String>,
    kind: String,
    /// Whether it lies within a .sng file.
    packed: bool,
}

impl<'a> ChartReport<'a> {
    pub(super) fn new(chart: &'a ChartInfo) -> ChartReport<'a> {
        let stem = |stem: &'a Stem| StemReport {
            file: stem.file.to_string_lossy(),
            file_bytes: exact_bytes(&stem.file),
            kind: stem.kind.to_string(),
            packed: stem.packed.is_some(),
        };
        ChartReport {
            format: chart.format.file_name(),
            difficulty: chart.difficulty.name(),
            difficulties: chart
                .difficulties
                .iter()
                .map(|(difficulty, gems)| DifficultyReport { name: difficulty.name(), gems: *gems })
                .collect(),
            lanes: chart.kit.lanes(),
            pro: chart.kit.is_pro(),
            album: chart.album.as_deref(),
            year: chart.year.as_deref(),
            genre: chart.genre.as_deref(),
            charter: chart.charter.as_deref(),
            delay: Seconds(chart.delay),
            stems: chart.stems.iter().map(stem).collect(),
        }
    }
}

/// A chart, as lines of the text.
pub(super) fn write_report(out: &mut String, chart: &ChartInfo) -> fmt::Result {
    for (label, value) in
        [("album", &chart.album), ("year", &chart.year), ("genre", &chart.genre), ("charter", &chart.charter)]
    {
        if let Some(value) = value {
            writeln!(out, "{label:<10} {value}")?;
        }
    }
    let pads = if chart.kit.is_pro() { "pads, with cymbals and toms (pro drums)" } else { "pads" };
    writeln!(
        out,
        "{:<10} {}, a chart of a rhythm game: {} {pads}",
        "format",
        chart.format.file_name(),
        chart.kit.lanes()
    )?;
    let difficulties: Vec<String> = chart
        .difficulties
        .iter()
        .map(|(difficulty, gems)| {
            let shown = if *difficulty == chart.difficulty { ", shown" } else { "" };
            format!("{difficulty} ({}{shown})", count(*gems, "gem"))
        })
        .collect();
    writeln!(out, "{:<10} {}", "difficulty", difficulties.join(", "))?;
    if chart.delay != strikeline_picture::Time::ZERO {
        writeln!(
            out,
            "{:<10} {}: its recordings begin at {} of the song",
            "delay",
            song_time(chart.delay.as_seconds()),
            song_time(chart.audio_offset().as_seconds())
        )?;
    }
    Ok(())
}

/// A recording, as a line of the text.
pub(super) fn write_stem(out: &mut String, stem: &Stem) -> fmt::Result {
    let how = if stem.packed.is_some() {
        "in the .sng file; take it out to use it with --audio"
    } else {
        "--audio plays it"
    };
    write!(out, "{:<14} {} ({how})", stem.kind.to_string(), shown(&stem.file))
}
