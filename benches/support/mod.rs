//! What the benches share: the example groove, and the old way of drawing it.
#![allow(dead_code, reason = "each bench uses its part")]

pub mod planes;
pub mod rebuilt;
pub mod rgba;

use strikeline::picture::PictureSize;
use strikeline::scene::highway::{Highway, HighwayContent, HighwayOptions};
use strikeline::song::{DrumMap, Song, SongOptions};
use strikeline::timing::{FrameRate, Time};

/// The bundled groove.
pub const GROOVE: &[u8] = include_bytes!("../../examples/songs/groove.mid");

/// 1920 × 1080.
pub fn full_hd() -> PictureSize {
    PictureSize::new(1920, 1080).expect("a valid size")
}

/// 60 frames per second.
pub fn sixty() -> FrameRate {
    FrameRate::new(60, 1).expect("a valid rate")
}

/// What is on the groove's highway.
pub fn groove() -> HighwayContent {
    let song = Song::read(GROOVE, &SongOptions::default()).expect("the groove can be read");
    HighwayContent::from_song(&song, &DrumMap::default())
}

/// The groove's highway in its thick, past the intro.
pub fn groove_highway() -> Highway {
    let options = HighwayOptions { start: Some(Time::from_seconds(10.0)), ..HighwayOptions::default() };
    Highway::new(groove(), &options, full_hd(), sixty()).expect("the highway can be laid out")
}

/// The middle one of `values`, and half the distance between the first and the last decile over it.
pub fn median_and_spread(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    (at(0.5), (at(0.9) - at(0.1)) / 2.0 / at(0.5))
}
