//! The cost of each look: the render and readback stages alone (a null encoder) on the example groove, for each theme
//! and effect, interleaved in one run. Prints CPU ms per frame, and the ratio to the plain theme without text.
//!
//! `cargo bench --bench looks -- [FRAMES] [ROUNDS]` (defaults 240 and 7) `[THEME.toml …]`; with theme files, these
//! and the plain theme only.

mod support;

use std::sync::Arc;

use strikeline::highway::{Highway, HighwayContent, HighwayOptions, Labels};
use strikeline::song::{Song, SongOptions};
use strikeline::steps::median_and_spread;
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::Time;
use support::{GROOVE, at_least_one, full_hd, sixty};
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::process_cpu_time;
use wgpu_video::stream::{StreamOptions, stream};

struct Look {
    name: String,
    options: HighwayOptions,
}

fn look(name: &str, options: HighwayOptions) -> Look {
    Look { name: name.to_owned(), options }
}

/// A theme without text, as the base of comparison.
fn without_text(theme: &str) -> HighwayOptions {
    HighwayOptions {
        theme: Theme::builtin(theme).expect("a built-in theme"),
        start: Some(Time::from_seconds(10.0)),
        view: Some(ViewKind::Flat),
        labels: Labels::Never,
        header: false,
        ..HighwayOptions::default()
    }
}

fn looks() -> Vec<Look> {
    let mut looks = vec![look("plain", without_text("plain"))];
    let with_text = |labels| HighwayOptions { header: true, labels, ..without_text("plain") };
    looks.push(look("plain, header", with_text(Labels::Never)));
    looks.push(look("plain, header, labels always", with_text(Labels::Always)));
    looks.push(look("plain, header, labels coming and going", with_text(Labels::Intro)));
    for theme in Theme::builtin_names().iter().filter(|name| **name != "plain") {
        looks.push(look(theme, without_text(theme)));
    }
    let perspective = HighwayOptions { view: Some(ViewKind::Perspective), ..without_text("neon") };
    looks.push(look("neon, perspective", perspective));
    looks.push(look("neon, shutter 180°", HighwayOptions { shutter_degrees: 180.0, ..without_text("neon") }));
    let all = HighwayOptions { header: true, labels: Labels::Intro, ..without_text("neon") };
    looks.push(look("neon, header, labels coming and going", all));
    looks
}

/// CPU ms per frame, without preparation: the difference between many frames and few.
fn measure(look: &Look, content: &HighwayContent, frames: u64) -> f64 {
    let run = |frames| {
        let mut scene = Highway::new(content.clone(), &look.options, full_hd(), sixty())
            .expect("the highway can be laid out");
        let options = StreamOptions::new(full_hd(), sixty(), at_least_one(frames), Arc::new(NullEncoder));
        let cpu = process_cpu_time();
        stream(&mut scene, &options, &mut NullSink::default(), &mut |_| {}).expect("the scene streams");
        (process_cpu_time() - cpu).as_secs_f64() * 1e3
    };
    (run(frames + 8) - run(8)) / frames as f64
}

fn main() {
    let arguments: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let (frames, rounds) =
        (arguments.first().copied().unwrap_or(240), arguments.get(1).copied().unwrap_or(7) as usize);
    let files = std::env::args().filter(|argument| argument.ends_with(".toml"));
    let own = files.map(|file| {
        let theme = Theme::find(&file).expect("a theme");
        look(&file, HighwayOptions { theme, ..without_text("plain") })
    });
    let own: Vec<Look> = own.collect();
    let song = Song::read(GROOVE, &SongOptions::default()).expect("the groove can be read");
    let mut looks = looks();
    if !own.is_empty() {
        looks.truncate(1);
        looks.extend(own);
    }
    let mut samples = vec![Vec::new(); looks.len()];
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (look, samples) in looks.iter().zip(&mut samples) {
            let content = HighwayContent::from_song(&song, &look.options.theme.drum_map);
            samples.push(measure(look, &content, frames));
        }
    }
    let plain = samples[0].clone();
    println!("| look | CPU ms/frame | spread | to plain |\n| --- | --- | --- | --- |");
    for (look, samples) in looks.iter().zip(&samples) {
        // Round by round, so that what slows a whole round down cancels.
        let ratios = samples.iter().zip(&plain).map(|(own, plain)| own / plain);
        let (median, spread) = median_and_spread(samples.iter().copied());
        let (ratio, _) = median_and_spread(ratios);
        println!("| {} | {median:.2} | ±{:.0} % | {ratio:.2} |", look.name, spread * 100.0);
    }
}
