//! What pictures in files of their own cost: drawing and reading back alone (the null encoder), compressing alone
//! (frames in memory, on all cores), and both in the pipeline, with the files. The groove in the theme neon, 1920 × 1080.
//!
//! `cargo bench --bench pictures -- [FRAMES] [ROUNDS]` (defaults 120 and 5). Prints CPU ms per frame, medians over the rounds,
//! what the pipeline takes more than both alone, how fast it is, and how fast all cores compress and do nothing else.

mod support;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use strikeline::highway::{Highway, HighwayOptions};
use strikeline::steps::median_and_spread;
use strikeline::theme::Theme;
use strikeline_picture::{FrameChange, Picture, Plane, RgbaPicture, SegmentIndex, Time};
use support::{at_least_one, full_hd, groove, sixty};
use wgpu_video::encode::null::NullEncoderFor;
use wgpu_video::encode::pictures::{JPEG, PNG, PictureFactory, PictureFormat, QOI, WEBP};
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality,
    Joining, Planes,
};
use wgpu_video::output::{NumberedNames, Overwrite};
use wgpu_video::stream::{
    MemorySink, NullSink, PictureSequence, Sink, StreamOptions, process_cpu_time, stream,
};

const FORMATS: [&PictureFormat; 4] = [&PNG, &QOI, &JPEG, &WEBP];

/// Frames that are compressed alone, again and again.
const IN_MEMORY: u64 = 24;

/// Keeps RGBA pictures as they are.
#[derive(Debug, Clone, Copy)]
struct Keeper;

impl EncoderFactory for Keeper {
    fn name(&self) -> &'static str {
        "keeper"
    }
    fn codec(&self) -> Codec {
        Codec::NONE
    }
    fn planes(&self) -> Planes {
        Planes::Rgba
    }
    fn joining(&self) -> Joining {
        Joining::Frames
    }
    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(*self))
    }
}

impl Encoder for Keeper {
    fn encode(
        &mut self,
        _picture: &Picture<'_>,
        _change: &FrameChange,
        _output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        unreachable!("it takes RGBA")
    }
    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let start = output.len();
        let (row_bytes, height) = (picture.size.width() as usize * 4, picture.size.height() as usize);
        (0..height).for_each(|row| output.extend_from_slice(picture.pixels.row(row, row_bytes)));
        Ok(Some(AccessUnit::new(output.len() - start, true)))
    }
    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::NONE, []))
    }
}

fn highway(transparent: bool) -> Highway {
    let theme = Theme::builtin("neon").expect("a built-in theme");
    let start = Some(Time::from_seconds(10.0));
    let options = HighwayOptions { theme, start, transparent, ..HighwayOptions::default() };
    Highway::new(groove(), &options, full_hd(), sixty()).expect("the highway can be laid out")
}

fn options(frames: u64, encoder: Arc<dyn EncoderFactory>) -> StreamOptions {
    StreamOptions::new(full_hd(), sixty(), at_least_one(frames), encoder)
        .with_segment_frames(Some(NonZeroU32::MIN))
}

/// What a run took.
#[derive(Debug, Clone, Copy)]
struct Took {
    cpu_ms: f64,
    seconds: f64,
    bytes: u64,
}

fn timed(work: impl FnOnce() -> u64) -> Took {
    let (cpu, begun) = (process_cpu_time(), Instant::now());
    let bytes = work();
    let cpu_ms = (process_cpu_time() - cpu).as_secs_f64() * 1e3;
    Took { cpu_ms, seconds: begun.elapsed().as_secs_f64(), bytes }
}

/// Per frame without preparation, as the difference between many frames and few.
fn per_frame(frames: u64, run: impl Fn(u64) -> Took) -> Took {
    let (few, many) = (run(8), run(frames + 8));
    let per = 1.0 / frames as f64;
    Took {
        cpu_ms: (many.cpu_ms - few.cpu_ms) * per,
        seconds: (many.seconds - few.seconds) * per,
        bytes: (many.bytes - few.bytes) / frames,
    }
}

fn streamed(transparent: bool, frames: u64, encoder: Arc<dyn EncoderFactory>, sink: &mut dyn Sink) -> Took {
    let mut highway = highway(transparent);
    timed(|| stream(&mut highway, &options(frames, encoder), sink, &mut |_| {}).expect("it streams").bytes)
}

fn factory(format: &'static PictureFormat) -> PictureFactory {
    PictureFactory::new(format, H264Quality::DEFAULT)
}

/// Compresses the pictures in `raw`, `frames` in all, on all cores.
fn compressed(raw: &[u8], has_alpha: bool, frames: u64, format: &'static PictureFormat) -> Took {
    let (size, factory) = (full_hd(), factory(format));
    let settings = EncoderSettings::new(size, sixty(), 1);
    let stride = size.width() as usize * 4;
    let pictures: Vec<_> = raw.chunks_exact(stride * size.height() as usize).collect();
    timed(|| {
        let all = (0..frames).into_par_iter().map(|frame| {
            let data = pictures[frame as usize % pictures.len()];
            let picture = RgbaPicture { size, pixels: Plane { data, stride }, has_alpha };
            let mut encoder = factory.begin_segment(&settings, SegmentIndex(frame)).expect("it begins");
            let mut file = Vec::new();
            encoder.encode_rgba(&picture, &mut file).expect("it encodes");
            file.len() as u64
        });
        all.sum()
    })
}

/// The whole of it, with the files.
fn written(transparent: bool, frames: u64, format: &'static PictureFormat, folder: &Path) -> Took {
    let names = NumberedNames::parse(&folder.join("%06d"), 1).expect("a pattern");
    let plan = options(frames, Arc::new(factory(format))).plan();
    let sequence = PictureSequence::open(names, (plan, format.codec), Overwrite::Replace, None);
    let mut sequence = Arc::new(sequence.expect("the folder can be used"));
    streamed(transparent, frames, Arc::new(factory(format)), &mut sequence)
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let frames = numbers.next().unwrap_or(120);
    let rounds = numbers.next().unwrap_or(5);
    let folder = tempfile::tempdir().expect("a folder");
    println!("1920x1080, {frames} frames, {rounds} rounds");
    println!(
        "| pictures | kB | draw | compress | all | all / (draw + compress) | fps | compressing alone, fps |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for transparent in [false, true] {
        let mut raw = MemorySink::default();
        streamed(transparent, IN_MEMORY, Arc::new(Keeper), &mut raw);
        let mut samples = vec![Vec::new(); FORMATS.len()];
        for round in 0..rounds {
            eprintln!("round {} of {rounds}", round + 1);
            for (format, samples) in FORMATS.iter().zip(&mut samples) {
                if transparent && !format.has_alpha {
                    continue;
                }
                let nothing = Arc::new(NullEncoderFor(Planes::Rgba));
                let draw = per_frame(frames, |frames| {
                    streamed(transparent, frames, nothing.clone(), &mut NullSink::default())
                });
                let compress = per_frame(frames, |frames| compressed(&raw.data, transparent, frames, format));
                let all = per_frame(frames, |frames| written(transparent, frames, format, folder.path()));
                samples.push((draw, compress, all));
            }
        }
        for (format, samples) in FORMATS.iter().zip(&samples).filter(|(_, samples)| !samples.is_empty()) {
            let median = |of: fn(&(Took, Took, Took)) -> f64| median_and_spread(samples.iter().map(of)).0;
            println!(
                "| {}{} | {:.0} | {:.1} | {:.1} | {:.1} | {:.2} | {:.0} | {:.0} |",
                format.name,
                if transparent { ", transparent" } else { "" },
                median(|(_, _, all)| all.bytes as f64 / 1e3),
                median(|(draw, ..)| draw.cpu_ms),
                median(|(_, compress, _)| compress.cpu_ms),
                median(|(_, _, all)| all.cpu_ms),
                median(|(draw, compress, all)| all.cpu_ms / (draw.cpu_ms + compress.cpu_ms)),
                median(|(_, _, all)| 1.0 / all.seconds),
                median(|(_, compress, _)| 1.0 / compress.seconds),
            );
        }
    }
}
