//! The table at the end of a batch.

use std::path::Path;
use std::time::Duration;

use console::{Alignment, measure_text_width, pad_str, truncate_str};
use strikeline_picture::{FrameRate, shown};
use wgpu_video::stream::process_cpu_time;

use super::outcome::{Counts, Outcome};
use super::plan::PlannedVideo;
use super::summary::in_sight;
use crate::cli::words::{self, count, length};

/// Width of the widest column of names, in columns of a terminal.
const WIDEST: usize = 40;

/// The table, and below it a line about all songs.
pub(super) fn table(
    videos: &[PlannedVideo],
    outcomes: &[Outcome],
    frame_rate: FrameRate,
    wall: Duration,
) -> String {
    let dash = || "-".to_owned();
    let row = |(video, outcome): (&PlannedVideo, &Outcome)| {
        [
            cut(&name(&video.song)),
            cut(&name(&video.output)),
            outcome.frames().map_or_else(dash, |frames| frames.to_string()),
            outcome.took().map_or_else(dash, words::took),
            outcome.text(),
        ]
    };
    let head = ["song", "video", "frames", "time", "result"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(videos.iter().zip(outcomes).map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| measure_text_width(&row[column])).max().unwrap_or(0);
    let [song, output, frames, took] = [0, 1, 2, 3].map(width);
    let left = |text: &str, width: usize| pad_str(text, width, Alignment::Left, None).into_owned();
    let mut text = String::new();
    for [a, b, c, d, e] in &rows {
        let (a, b) = (left(a, song), left(b, output));
        text.push_str(&format!("{a}  {b}  {c:>frames$}  {d:>took$}  {e}\n"));
    }
    text.push_str(&in_all(&Counts::of(outcomes), frame_rate, wall));
    if let Some(seconds) = outcomes.iter().find_map(Outcome::lookahead) {
        text.push_str(&format!("\nnotes {}", in_sight(seconds)));
    }
    text
}

/// The line about all songs.
fn in_all(counts: &Counts, frame_rate: FrameRate, wall: Duration) -> String {
    let (seconds, took) = (wall.as_secs_f64(), words::took(wall));
    let video = counts.frames as f64 / frame_rate.as_f64();
    let parts = [
        (counts.made, "made"),
        (counts.skipped, "skipped"),
        (counts.failed, "failed"),
        (counts.left, "not made"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if counts.made == 0 {
        return format!("{}; took {took}", parts.join(", "));
    }
    format!(
        "{}: {}, {} of video; took {took}: {:.1}× real time; CPU {}",
        parts.join(", "),
        count(counts.frames, "frame"),
        length(video),
        if seconds > 0.0 { video / seconds } else { 0.0 },
        words::took(process_cpu_time()),
    )
}

/// The last part of `path`, because the user knows the folders. For the file of a chart, its folder is included.
pub(super) fn name(path: &Path) -> String {
    let name = shown(path.file_name().unwrap_or(path.as_os_str())).to_string();
    let is_chart = name.to_ascii_lowercase().starts_with("notes.") || name.eq_ignore_ascii_case("song.ini");
    match path.parent().and_then(Path::file_name).filter(|_| is_chart) {
        Some(folder) => format!("{}/{name}", shown(folder)),
        None => name,
    }
}

/// `name`, cut to the widest column.
fn cut(name: &str) -> String {
    truncate_str(name, WIDEST, "…").into_owned()
}
