//! What was read from a song, as text.

use std::fmt::Write as _;

use strikeline::song::{Lane, LaneLayout, MarkerKind, Song, TextEncoding};
use strikeline_picture::Time;

use super::parts::{synthesizer, write_part};
use super::{all_warnings, chart};
use crate::cli::args::{MapInForce, MapReport};
use crate::cli::words::count;

/// Lines of one kind that the text shows before it says how many more there are.
const SHOWN: usize = 40;

/// What was read, as text.
pub(super) fn text_report(song: &Song, in_force: &MapInForce) -> String {
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

    #[test]
    fn times_are_shown_with_as_many_parts_as_they_need() {
        assert_eq!(TimeText(Time::from_seconds(62.3456)).to_string(), "1:02.346");
        assert_eq!(TimeText(Time::from_seconds(3_600.0)).to_string(), "1:00:00.000");
    }
}
