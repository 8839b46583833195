//! The result as tables for a terminal.

use std::fmt::Write;

use crate::cli::tuning::search::SearchOutcome;

use super::map::HeatMap;

/// From slow to fast.
const SHADES: [char; 4] = ['░', '▒', '▓', '█'];

/// All settings, the fastest first; the choice is marked.
pub(super) fn table(outcome: &SearchOutcome) -> String {
    let mut rows: Vec<_> = outcome.measured.iter().collect();
    rows.sort_by(|a, b| b.median().total_cmp(&a.median()));
    let fastest = outcome.fastest.median().max(1e-9);
    let mut text = String::from("  ring  jobs  segments  devices     fps   of best  scatter  runs\n");
    for row in rows {
        let mark = if row.split == outcome.choice.split { '>' } else { ' ' };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{mark} {:>4}  {:>4}  {:>8}  {:>7}  {:>6.1}  {:>6.0} %  {:>5.1} %  {:>4}",
            row.split.ring_depth,
            row.split.jobs,
            row.split.segments_in_flight,
            row.split.devices.unwrap_or(1),
            row.median(),
            row.median() / fastest * 100.0,
            row.scatter() * 100.0,
            row.runs.len()
        );
    }
    text
}

/// Frames per second by jobs and ring, the fastest darkest.
pub(super) fn heat_map(outcome: &SearchOutcome) -> String {
    let map = HeatMap::new(outcome);
    let mut text = String::from(
        "fps by ring (across) and jobs (down), with the best segments and devices of each\n      ",
    );
    for ring in &map.rings {
        let _ = write!(text, "{ring:>9}");
    }
    text.push('\n');
    for &jobs in &map.jobs {
        let _ = write!(text, "{jobs:>6}");
        for &ring in &map.rings {
            match map.cell(jobs, ring) {
                Some(cell) => {
                    let shade = (cell.heat * SHADES.len() as f64) as usize;
                    let shade = SHADES.get(shade.min(SHADES.len() - 1)).copied().unwrap_or(' ');
                    let mark = if cell.chosen { '>' } else { ' ' };
                    let _ = write!(text, " {mark}{shade}{shade} {:>4.0}", cell.rate);
                }
                None => text.push_str("        ·"),
            }
        }
        text.push('\n');
    }
    text
}
