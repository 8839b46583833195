//! strikeline turns a MIDI drum song into a finished note-highway video, several times faster than real time.
//!
//! This library is the part of the program that knows songs and highways:
//!
//! 1. [`song`] reads a MIDI file into notes with exact times;
//! 2. [`theme`] reads the look of a highway from a TOML file, or takes a built-in one;
//! 3. [`text`] shapes and rasterises titles and labels;
//! 4. [`highway`] draws a song as a scene of [`wgpu_video`], which renders, encodes and writes it.
//!
//! The module `sound` (with the feature of that name) makes a song audible.
//!
//! The features: `cli` (default) is the program, which a library user leaves out with `default-features = false`; `h264`
//! (in `cli`) is the built-in encoder; `sound` (in `cli`) is the module `sound`; `openh264` (default) is the openh264
//! encoder, which compiles C++.
//!
//! A song to a file, as the program does it:
//!
#![cfg_attr(feature = "h264", doc = "```no_run")]
#![cfg_attr(not(feature = "h264"), doc = "```ignore")]
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use strikeline::highway::{Highway, HighwayContent, HighwayOptions};
//! use strikeline::song::{Song, SongOptions};
//! use strikeline::wgpu_video::encode::h264::H264Factory;
//! use strikeline::picture::{FrameRate, PictureSize};
//! use strikeline::wgpu_video::{FileSink, Overwrite, StreamOptions, stream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let song = Song::open(Path::new("song.mid"), &SongOptions::default())?;
//! let (size, rate) = (PictureSize::new(1920, 1080)?, FrameRate::new(60, 1)?);
//! let options = HighwayOptions::default();
//! let content = HighwayContent::from_song(&song, &options.theme.drum_map);
//! let mut highway = Highway::new(content, &options, size, rate)?;
//! let frames = rate.frames_to_cover(song.last_note() - highway.start()).try_into()?;
//! let options = StreamOptions::new(size, rate, frames, Arc::new(H264Factory::default()));
//! let mut sink = FileSink::create(Path::new("song.mp4"), Overwrite::Refuse)?;
//! let report = stream(&mut highway, &options, &mut sink, &mut |progress| {
//!     println!("{} of {}", progress.frames, progress.total);
//! })?;
//! println!("{} frames in {:?}", report.frames, report.wall);
//! # Ok(())
//! # }
//! ```
//!
//! The example needs the feature `h264`. `examples/custom_scene.rs` streams a scene that has nothing to do with MIDI.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod drum_maps;
pub mod highway;
pub mod song;
#[cfg(feature = "sound")]
pub mod sound;
pub mod text;
pub mod theme;

// Old ways of rendering, which the program and the benches compare with the present one. Not a promise.
#[cfg(feature = "cli")]
#[doc(hidden)]
#[path = "../benches/steps/mod.rs"]
pub mod steps;

pub use strikeline_picture as picture;
pub use wgpu_video;
