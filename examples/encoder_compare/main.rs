//! Runs encoders over the same frames, in turn, and prints what each took and what came out.
//!
//! ```text
//! cargo run --release --example encoder_compare -- examples/songs/groove.mid
//! cargo run --release --example encoder_compare -- SONG.mid|PLANES.nv12 SIZE FPS QP PIXELS ROUNDS
//! ```
//!
//! `--theme NAME` chooses the theme (plain) and `--view flat` or `--view perspective` the view, `--static` repeats the first
//! frame, `--keep PLANES.nv12` keeps the frames for the next time, `--streams FOLDER` keeps what each encoder made, `--only TEXT`
//! runs the encoders that have it in their names, and `--memory` prints how much memory the built-in encoder holds at that
//! size, and nothing else.
//!
//! With `--equal-bytes`, the built-in encoder is compared with x264 at the CRF (its constant quality, found by bisection) that
//! gives as many bytes, with its presets veryfast and medium and its tuning for animation. `--vmaf FFMPEG` adds VMAF to the
//! quality, by an ffmpeg that has libvmaf.
//!
//! A song is rendered once, before: ten seconds of it from second 8 on. A file of planes holds NV12 frames without
//! padding, one after the other. SIZE, FPS and QP are 1080p, 60 and 24 unless given. PIXELS is how far notes move per
//! frame, as `8` or `36/5`, for the encoders that are given the scroll; without it, or as `-`, it is that of the song, or
//! unknown. Each of ROUNDS (3) runs every encoder once.
//!
//! Printed are the median CPU time per frame on one thread and how far the rounds lie apart, the bytes, and PSNR and
//! SSIM as ffmpeg's filters compute them. Qualities differ at equal QP, so the built-in encoder also runs at other QPs:
//! compare rows of about equal PSNR.
//!
//! With `--marks`, a second table has what is seen although it changes the mean error little. Its columns: the mean squared error of
//! macroblocks that stand still or have moved by the scroll, just after key frames and just before the next; samples with an
//! error in such macroblocks of one colour, just before key frames; samples that change otherwise than in the source, at key
//! frames and (in other pictures); rows of gradients that have become flat; levels of the rows of the leftmost macroblocks and
//! their longest run of one level, and (those of the source); the smallest structural similarity of a macroblock.
//!
//! Reading is not part of the time: from ffmpeg's runs the time of the same run without
//! an encoder is subtracted. Unix only; without ffmpeg only the encoders of this project run, and no quality is shown.

mod frames;
mod job;
mod marks;
mod memory;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use strikeline_picture::{FrameRate, PictureSize, Scroll};
use wgpu_video::encode::H264Quality;
use wgpu_video::encode::h264::EntropyCoding;

use job::Job;
use marks::Marks;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One row of the table: an encoder and its results.
struct EncoderRow {
    name: &'static str,
    kind: EncoderKind,
    qp: u8,
    /// x264's CRF for equal bytes, once it was found.
    crf: Option<f64>,
    /// CPU seconds of each round.
    seconds: Vec<f64>,
    /// Bytes, and the quality as the filters report it.
    outcome: Option<(u64, String)>,
    /// What a viewer sees.
    marks: Option<Marks>,
}

#[derive(Clone, Copy)]
enum EncoderKind {
    /// The built-in encoder with the scroll given.
    WithScroll(EntropyCoding),
    /// The same with the changed rectangles given, too. Finding them is not part of the time.
    WithChanges,
    /// The built-in encoder with nothing given.
    WithoutHints,
    OpenH264,
    /// libx264 through ffmpeg, with these options.
    X264(&'static [&'static str]),
    /// The same, at about as many bytes as the first encoder of the table took.
    X264AtEqualBytes(&'static [&'static str]),
}

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let theme = option(&mut arguments, "--theme", true).unwrap_or_else(|| "plain".to_owned());
    let view = option(&mut arguments, "--view", true);
    let still = option(&mut arguments, "--static", false).is_some();
    let keep = option(&mut arguments, "--keep", true);
    let streams = option(&mut arguments, "--streams", true).map(PathBuf::from);
    let only = option(&mut arguments, "--only", true).unwrap_or_default();
    let with_marks = option(&mut arguments, "--marks", false).is_some();
    let equal_bytes = option(&mut arguments, "--equal-bytes", false).is_some();
    let vmaf = option(&mut arguments, "--vmaf", true).map(PathBuf::from);
    let memory = option(&mut arguments, "--memory", false).is_some();
    let argument = |index: usize, default: &'static str| arguments.get(index).map_or(default, String::as_str);
    let input = arguments.first().ok_or("give a song or a file of planes")?;
    let size: PictureSize = argument(1, "1080p").parse()?;
    let frame_rate: FrameRate = argument(2, "60").parse()?;
    let qp: u8 = argument(3, "24").parse()?;
    let rounds: usize = argument(5, "3").parse()?;
    let directory = tempfile::tempdir()?;
    let mut job = Job {
        frames: 0,
        planes: keep.map_or_else(|| directory.path().join("planes.nv12"), PathBuf::from),
        size,
        frame_rate,
        scroll: arguments.get(4).filter(|text| *text != "-").map(|text| read_scroll(text)).transpose()?,
        streams,
        with_marks,
        vmaf,
        has_ffmpeg: Command::new("ffmpeg").arg("-version").output().is_ok(),
    };
    if memory {
        return memory::print(&job.settings(), H264Quality::new(qp).ok_or("the QP is over 51")?);
    }
    let frame_bytes = size.width() as usize * size.height() as usize * 3 / 2;
    if input.ends_with(".nv12") {
        job.planes = PathBuf::from(input);
    } else {
        let highway = frames::highway(Path::new(input), &theme, view.as_deref(), size, frame_rate)?;
        let scroll = frames::render(highway, size, frame_rate, &job.planes)?;
        job.scroll = job.scroll.or(scroll);
        if still {
            frames::freeze(&job.planes, frame_bytes)?;
        }
    }
    job.frames = std::fs::metadata(&job.planes)?.len() / frame_bytes as u64;
    let mut rows = if equal_bytes { rows_of_equal_bytes(qp) } else { rows(qp, &job) };
    rows.retain(|row| row.name.contains(&only));
    if rows.is_empty() {
        return Err(format!("no encoder has {only:?} in its name").into());
    }
    for round in 0..rounds {
        let reading = if job.has_ffmpeg { job.ffmpeg(&["-f", "null", "-"])? } else { 0.0 };
        let mut first_bytes = None;
        for row in &mut rows {
            eprint!("\rround {} of {rounds}: {:<28}", round + 1, row.name);
            job.run(row, reading, first_bytes)?;
            first_bytes = first_bytes.or(row.outcome.as_ref().map(|(bytes, _)| *bytes));
        }
    }
    eprintln!("\r{:<44}", format!("{} frames of {size}", job.frames));
    println!(
        "{:<28} {:>3} {:>9} {:>7} {:>10}  PSNR Y U V, SSIM",
        "encoder", "QP", "ms/frame", "spread", "bytes"
    );
    for row in &mut rows {
        row.print(job.frames);
    }
    for row in &rows {
        if let Some(marks) = &row.marks {
            println!("{:<28} {:>3}  {marks}", row.name, row.qp);
        }
    }
    Ok(())
}

/// Takes an option, and what follows it when it has a value, out of the arguments.
fn option(arguments: &mut Vec<String>, name: &str, has_value: bool) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    let name = arguments.remove(at);
    if has_value { (at < arguments.len()).then(|| arguments.remove(at)) } else { Some(name) }
}

fn rows(qp: u8, job: &Job) -> Vec<EncoderRow> {
    let new = EncoderRow::new;
    let mut all = Vec::new();
    for qp in [qp, qp + 1, qp.saturating_sub(2)] {
        all.push(new("built-in, scroll given", EncoderKind::WithScroll(EntropyCoding::Cabac), qp.min(51)));
    }
    all.push(new("built-in, changes given", EncoderKind::WithChanges, qp));
    all.push(new("built-in, nothing given", EncoderKind::WithoutHints, qp));
    all.push(new("built-in, CAVLC", EncoderKind::WithScroll(EntropyCoding::Cavlc), qp));
    all.push(new("openh264", EncoderKind::OpenH264, qp));
    if job.has_ffmpeg {
        all.push(new("x264 ultrafast", EncoderKind::X264(&["-preset", "ultrafast"]), qp));
        let cabac = &["-preset", "ultrafast", "-x264-params", "cabac=1"];
        all.push(new("x264 ultrafast cabac=1", EncoderKind::X264(cabac), qp));
        all.push(new("x264 veryfast", EncoderKind::X264(&["-preset", "veryfast"]), qp));
    }
    all
}

fn rows_of_equal_bytes(qp: u8) -> Vec<EncoderRow> {
    const VERYFAST: &[&str] = &["-preset", "veryfast"];
    const MEDIUM: &[&str] = &["-preset", "medium"];
    const ANIMATION: &[&str] = &["-preset", "medium", "-tune", "animation"];
    const FAST_ANIMATION: &[&str] = &["-preset", "veryfast", "-tune", "animation"];
    vec![
        EncoderRow::new("built-in, scroll given", EncoderKind::WithScroll(EntropyCoding::Cabac), qp),
        EncoderRow::new("x264 veryfast", EncoderKind::X264AtEqualBytes(VERYFAST), qp),
        EncoderRow::new("x264 veryfast animation", EncoderKind::X264AtEqualBytes(FAST_ANIMATION), qp),
        EncoderRow::new("x264 medium", EncoderKind::X264AtEqualBytes(MEDIUM), qp),
        EncoderRow::new("x264 medium animation", EncoderKind::X264AtEqualBytes(ANIMATION), qp),
    ]
}

/// `8`, or `36/5`: pixels per frame, downward.
fn read_scroll(text: &str) -> Result<Scroll> {
    let (pixels, frames) = text.split_once('/').unwrap_or((text, "1"));
    Ok(Scroll { dx: 0, dy: pixels.parse()?, denominator: frames.parse()? })
}

impl EncoderRow {
    fn new(name: &'static str, kind: EncoderKind, qp: u8) -> EncoderRow {
        EncoderRow { name, kind, qp, crf: None, seconds: Vec::new(), outcome: None, marks: None }
    }

    fn print(&mut self, frames: u64) {
        self.seconds.sort_by(f64::total_cmp);
        let (first, last) = (self.seconds.first().copied(), self.seconds.last().copied());
        let median = self.seconds.get(self.seconds.len() / 2).copied().unwrap_or_default();
        let spread = (last.unwrap_or_default() - first.unwrap_or_default()) / median * 100.0;
        let milliseconds = median * 1e3 / frames as f64;
        let (bytes, quality) = self.outcome.take().unwrap_or_default();
        println!(
            "{:<28} {:>3} {milliseconds:>9.3} {spread:>6.0}% {bytes:>10}  {quality}",
            self.name, self.qp
        );
    }
}
