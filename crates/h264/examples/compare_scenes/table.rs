//! What is printed, and what is kept of it for the next run.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use crate::bd_rate::{Point, bd_rate};
use crate::encoders::Outcome;
use crate::quality::Score;

/// One run of an encoder.
pub(crate) struct Row {
    pub(crate) encoder: &'static str,
    pub(crate) is_built_in: bool,
    pub(crate) qp: u8,
    pub(crate) outcome: Outcome,
}

pub(crate) fn print_rows(scene: &str, rows: &[Row]) {
    println!(
        "{:<14} {:<21} {:>3} {:>9} {:>9}  PSNR Y, Cb, Cr      SSIM     worst tile",
        "scene", "encoder", "QP", "ms/frame", "bytes"
    );
    for Row { encoder, qp, outcome, .. } in rows {
        let Outcome { milliseconds, bytes, score } = outcome;
        let Score { psnr: [y, cb, cr], ssim, worst_tile } = score;
        println!(
            "{scene:<14} {encoder:<21} {qp:>3} {milliseconds:>9.2} {bytes:>9}  {y:.2} {cb:.2} {cr:.2}  {ssim:.5}  {worst_tile:.1}"
        );
    }
}

/// For a scene, what the built-in encoder needs against each other one.
struct Difference {
    encoder: &'static str,
    against: &'static str,
    /// Of bytes at equal PSNR, in percent.
    bytes: Option<f64>,
    /// Ratio of CPU times.
    time: f64,
}

fn differences(rows: &[Row]) -> Vec<Difference> {
    let mut names: Vec<(&'static str, bool)> =
        rows.iter().map(|row| (row.encoder, row.is_built_in)).collect();
    names.dedup();
    let of = |name: &'static str| rows.iter().filter(move |row| row.encoder == name);
    let curve = |name| -> Vec<Point> {
        of(name)
            .map(|row| Point { quality: row.outcome.score.psnr[0], bytes: row.outcome.bytes as f64 })
            .collect()
    };
    let time = |name| {
        of(name).map(|row| row.outcome.milliseconds.max(0.01).ln()).sum::<f64>() / of(name).count() as f64
    };
    let mut all = Vec::new();
    for &(encoder, _) in names.iter().filter(|(_, is_built_in)| *is_built_in) {
        for &(against, _) in names.iter().filter(|(_, is_built_in)| !is_built_in) {
            all.push(Difference {
                encoder,
                against,
                bytes: bd_rate(&curve(against), &curve(encoder)),
                time: (time(encoder) - time(against)).exp(),
            });
        }
    }
    all
}

pub(crate) fn print_differences(scene: &str, rows: &[Row]) {
    print_line(scene, &differences(rows));
}

fn print_line(scene: &str, differences: &[Difference]) {
    for group in differences.chunk_by(|a, b| a.encoder == b.encoder) {
        print!("{scene:<14} {:<9}", group[0].encoder);
        for Difference { against, bytes, time, .. } in group {
            let bytes = bytes.map_or("      ?".to_owned(), |bytes| format!("{bytes:+6.1}%"));
            print!(" {} {bytes} ×{time:.2} ", against.trim_start_matches("x264-"));
        }
        println!();
    }
}

/// Means over all scenes: of the differences in bytes, and geometric ones of the ratios.
pub(crate) fn print_means(all: &[Vec<Row>]) {
    let mut means: Vec<Difference> = Vec::new();
    let mut counts: Vec<f64> = Vec::new();
    for difference in all.iter().flat_map(|rows| differences(rows)) {
        let Some(bytes) = difference.bytes else { continue };
        let known = means
            .iter()
            .position(|mean| (mean.encoder, mean.against) == (difference.encoder, difference.against));
        let at = known.unwrap_or_else(|| {
            means.push(Difference { bytes: Some(0.0), time: 0.0, ..difference });
            counts.push(0.0);
            means.len() - 1
        });
        means[at].bytes = means[at].bytes.map(|sum| sum + bytes);
        means[at].time += difference.time.ln();
        counts[at] += 1.0;
    }
    for (mean, count) in means.iter_mut().zip(counts) {
        mean.bytes = mean.bytes.map(|sum| sum / count);
        mean.time = (mean.time / count).exp();
    }
    print_line("mean", &means);
}

/// What identifies a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) scene: String,
    pub(crate) encoder: String,
    pub(crate) qp: u8,
    pub(crate) frames: usize,
}

/// Results of earlier runs, in a text file.
pub(crate) struct Cache {
    path: Option<PathBuf>,
    known: Vec<(Key, Outcome)>,
}

impl Cache {
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Cache, Box<dyn Error>> {
        let text = match &path {
            Some(path) if path.exists() => std::fs::read_to_string(path)?,
            _ => String::new(),
        };
        let known = text.lines().filter_map(read_line).collect();
        Ok(Cache { path, known })
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Outcome> {
        self.known.iter().find(|(known, _)| known == key).map(|(_, outcome)| *outcome)
    }

    pub(crate) fn put(&mut self, key: &Key, outcome: Outcome) -> Result<(), Box<dyn Error>> {
        if self.get(key).is_some() {
            return Ok(());
        }
        self.known.push((key.clone(), outcome));
        let Some(path) = &self.path else { return Ok(()) };
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        let Outcome { milliseconds, bytes, score: Score { psnr: [y, cb, cr], ssim, worst_tile } } = outcome;
        let Key { scene, encoder, qp, frames } = key;
        writeln!(
            file,
            "{scene} {encoder} {qp} {frames} {milliseconds} {bytes} {y} {cb} {cr} {ssim} {worst_tile}"
        )?;
        Ok(())
    }
}

fn read_line(line: &str) -> Option<(Key, Outcome)> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [scene, encoder, qp, frames, milliseconds, bytes, y, cb, cr, ssim, worst_tile] = fields[..] else {
        return None;
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let key = Key {
        scene: scene.to_owned(),
        encoder: encoder.to_owned(),
        qp: qp.parse().ok()?,
        frames: frames.parse().ok()?,
    };
    let psnr = [number(y)?, number(cb)?, number(cr)?];
    let score = Score { psnr, ssim: number(ssim)?, worst_tile: number(worst_tile)? };
    Some((key, Outcome { milliseconds: number(milliseconds)?, bytes: bytes.parse().ok()?, score }))
}
