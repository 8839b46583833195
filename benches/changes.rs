//! The saving of drawing and reading back only what changes: the render and readback stages alone (a null encoder), and
//! the whole pipeline with the built-in encoder, each with `--redraw all` and `--redraw changed` in turn.
//!
//! `cargo bench --bench changes -- [FRAMES] [ROUNDS] [NAME]…` (defaults 240 and 7, and all scenes; otherwise those with
//! one of the names in theirs). Prints CPU ms per frame of both, medians over the rounds, the median of the rounds'
//! ratios with its spread, and the share of the bytes that is read back.

mod support;

use std::sync::Arc;

use strikeline::highway::{Highway, HighwayContent, HighwayOptions};
use strikeline::song::{Song, SongOptions};
use strikeline::steps::median_and_spread;
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::{PictureSize, Time};
use support::flicker::Flicker;
use support::{GROOVE, at_least_one, full_hd, sixty};
use wgpu_video::encode::EncoderFactory;
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::scene::Scene;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::process_cpu_time;
use wgpu_video::stream::{Recording, Redraw, Stage, StreamOptions, stream};

/// A line of the table.
struct Case {
    name: &'static str,
    size: PictureSize,
    encoder: Arc<dyn EncoderFactory>,
    make: Box<dyn Fn() -> Box<dyn Scene>>,
}

fn highway(theme: &'static str, view: ViewKind, size: PictureSize) -> Box<dyn Fn() -> Box<dyn Scene>> {
    let song = Song::read(GROOVE, &SongOptions::default()).expect("the groove can be read");
    Box::new(move || {
        let options = HighwayOptions {
            theme: Theme::builtin(theme).expect("a built-in theme"),
            start: Some(Time::from_seconds(10.0)),
            view: Some(view),
            ..HighwayOptions::default()
        };
        let content = HighwayContent::from_song(&song, &options.theme.drum_map);
        Box::new(Highway::new(content, &options, size, sixty()).expect("the highway can be laid out"))
    })
}

fn cases() -> Vec<Case> {
    let null = || Arc::new(NullEncoder);
    let uhd = PictureSize::new(3840, 2160).expect("a valid size");
    let (flat, tilted) = (ViewKind::Flat, ViewKind::Perspective);
    let drawn = |name, size, make| Case { name, size, encoder: null(), make };
    let coded = |name, size, make| Case { name, size, encoder: Arc::new(H264Factory::default()), make };
    vec![
        drawn("plain, 1080p", full_hd(), highway("plain", flat, full_hd())),
        drawn("plain, 2160p", uhd, highway("plain", flat, uhd)),
        drawn("neon, 1080p", full_hd(), highway("neon", flat, full_hd())),
        drawn("neon, 2160p", uhd, highway("neon", flat, uhd)),
        drawn("neon, perspective, 1080p", full_hd(), highway("neon", tilted, full_hd())),
        drawn("all changes, 1080p", full_hd(), Box::new(|| Box::new(Flicker::default()))),
        coded("plain, 1080p, encoded", full_hd(), highway("plain", flat, full_hd())),
        coded("neon, 1080p, encoded", full_hd(), highway("neon", flat, full_hd())),
    ]
}

/// CPU ms per frame without preparation, as the difference between many frames and few; and bytes read back per frame.
fn measure(case: &Case, redraw: Redraw, frames: u64) -> (f64, f64) {
    let run = |frames| {
        let mut scene = (case.make)();
        let options = StreamOptions::new(case.size, sixty(), at_least_one(frames), Arc::clone(&case.encoder))
            .with_redraw(redraw)
            .with_record(Some(Recording::default()));
        let cpu = process_cpu_time();
        let report =
            stream(&mut *scene, &options, &mut NullSink::default(), &mut |_| {}).expect("it streams");
        let trace = report.trace.expect("it was recorded");
        let bytes: u64 = trace.threads_of(Stage::Readback).map(|thread| thread.bytes).sum();
        ((process_cpu_time() - cpu).as_secs_f64() * 1e3, bytes as f64)
    };
    let (many, few) = (run(frames + 8), run(8));
    ((many.0 - few.0) / frames as f64, (many.1 - few.1) / frames as f64)
}

fn main() {
    // Cargo adds `--bench`.
    let arguments = || std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let numbers: Vec<u64> = arguments().filter_map(|argument| argument.parse().ok()).collect();
    let names: Vec<String> = arguments().filter(|argument| argument.parse::<u64>().is_err()).collect();
    let (frames, rounds) =
        (numbers.first().copied().unwrap_or(240), numbers.get(1).copied().unwrap_or(7) as usize);
    let mut cases = cases();
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name.contains(name.as_str())));
    let mut samples = vec![Vec::new(); cases.len()];
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (case, samples) in cases.iter().zip(&mut samples) {
            samples.push([Redraw::All, Redraw::Changed].map(|redraw| measure(case, redraw, frames)));
        }
    }
    println!("| scene | all, ms | changed, ms | ratio | spread | bytes read back |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for (case, samples) in cases.iter().zip(&samples) {
        let (all, _) = median_and_spread(samples.iter().map(|[all, _]| all.0));
        let (changed, _) = median_and_spread(samples.iter().map(|[_, changed]| changed.0));
        let (ratio, spread) = median_and_spread(samples.iter().map(|[all, changed]| changed.0 / all.0));
        let bytes = samples.first().map_or(1.0, |[all, changed]| changed.1 / all.1);
        println!(
            "| {} | {all:.2} | {changed:.2} | {ratio:.2} | ±{:.0} % | {:.0} % |",
            case.name,
            spread * 100.0,
            bytes * 100.0
        );
    }
}
