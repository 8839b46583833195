//! strikeline turns a MIDI drum song into a finished note-highway video, many times faster than real time;
//! and inside it is an asynchronous pipelined frame streamer that turns any wgpu scene into a video file.
//!
//! The modules are the stations on a frame's way:
//!
//! 1. [`song`] reads a MIDI file into hits with exact times;
//! 2. [`scene`] is anything that can draw frame `n`; [`scene::highway`] draws a song, from data that is
//!    uploaded to the GPU once;
//! 3. [`gpu`] has the device, the planes that a scene draws into (luma and chroma, as encoders take them),
//!    and the ring of staging buffers;
//! 4. [`stream`] keeps rendering, readback, encoding and writing busy at the same time;
//! 5. [`encode`] turns pictures into H.264, many segments at once;
//! 6. [`mux`] puts the segments into an MP4 file without encoding them again, and [`output`] makes it appear
//!    only when it is complete.
//!
//! A song to a file, as the program does it:
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use wgpu_video::encode::h264::H264Factory;
//! use wgpu_video::output::Overwrite;
//! use strikeline_picture::PictureSize;
//! use strikeline::highway::{Highway, HighwayContent, HighwayOptions};
//! use strikeline::song::{Song, SongOptions};
//! use wgpu_video::stream::mp4_sink::Mp4Sink;
//! use wgpu_video::stream::{StreamOptions, stream};
//! use strikeline_picture::FrameRate;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let song = Song::open(Path::new("song.mid"), &SongOptions::default())?;
//! let (size, rate) = (PictureSize::new(1920, 1080)?, FrameRate::new(60, 1)?);
//! let options = HighwayOptions::default();
//! let content = HighwayContent::from_song(&song, &options.theme.drum_map);
//! let mut highway = Highway::new(content, &options, size, rate)?;
//! let frames = rate.frames_to_cover(song.last_note() - highway.start());
//! let options = StreamOptions::new(size, rate, frames, Arc::new(H264Factory::default()));
//! let mut sink = Mp4Sink::create(Path::new("song.mp4"), Overwrite::Refuse)?;
//! let report = stream(&mut highway, &options, &mut sink, &mut |progress| {
//!     println!("{} of {}", progress.frames, progress.total);
//! })?;
//! println!("{} frames in {:?}", report.frames, report.wall);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/custom_scene.rs` streams a scene that has nothing to do with MIDI.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod highway;
pub mod song;
pub mod text;
pub mod theme;
pub mod tuning;

pub use strikeline_picture as picture;
pub use wgpu_video;
