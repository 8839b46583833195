//! What the benches share: the example groove, its frames, and a scene that changes everywhere.
#![allow(dead_code, reason = "each bench uses its part")]

pub(crate) mod flicker;
pub(crate) mod gradient;
pub(crate) mod planes;

use std::num::NonZeroU64;
use strikeline::highway::{Highway, HighwayContent, HighwayOptions};
use strikeline::song::{DrumMap, Song, SongOptions};
use strikeline::theme::Theme;

use strikeline_picture::{FrameRate, PictureSize, Time};

/// The bundled groove.
pub(crate) const GROOVE: &[u8] = include_bytes!("../../examples/songs/groove.mid");

/// 1920 × 1080.
pub(crate) fn full_hd() -> PictureSize {
    PictureSize::new(1920, 1080).expect("a valid size")
}

/// 60 frames per second.
pub(crate) fn sixty() -> FrameRate {
    FrameRate::new(60, 1).expect("a valid rate")
}

/// As many frames, or one where that would be none.
pub(crate) fn at_least_one(frames: u64) -> NonZeroU64 {
    NonZeroU64::new(frames).unwrap_or(NonZeroU64::MIN)
}

/// What is on the groove's highway.
pub(crate) fn groove() -> HighwayContent {
    let song = Song::read(GROOVE, &SongOptions::default()).expect("the groove can be read");
    HighwayContent::from_song(&song, &DrumMap::default())
}

/// The groove's highway from second 10 on, where its lanes are full, in the plain theme.
pub(crate) fn groove_highway() -> Highway {
    let theme = Theme::builtin("plain").expect("a built-in theme");
    let options =
        HighwayOptions { theme, start: Some(Time::from_seconds(10.0)), ..HighwayOptions::default() };
    Highway::new(groove(), &options, full_hd(), sixty()).expect("the highway can be laid out")
}
