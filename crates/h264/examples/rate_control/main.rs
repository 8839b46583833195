//! Measures rate control on scenes, each a y4m file (4:2:0, 8 bits).
//!
//! ```text
//! cargo run --release -p strikeline-h264 --example rate_control -- SCENE.y4m...
//! ```
//!
//! Each scene is encoded with constant quality at several QPs. Then the bit rate of each of them is asked for, once as an average
//! and once with a decoder's buffer of a second as well, with QP 18 as the best quality. Printed are: the rate; what the video took of it; how
//! its PSNR of luma differs from that of constant quality with as many bytes; the least that was in the buffer, of its size; and the
//! time against that of constant quality.
//!
//! `--frames N` uses the first N frames of each scene (240), `--segment N` has segments of N frames (120), `--scroll N` says that the
//! scene falls by N rows per frame, `--effort N` is 0 for fast (the default), 1 for balanced or 2 for small, and `--trace` prints the
//! bits of each picture, in the order of decoding. `--rates 1000,3000` asks for these averages, in kbit/s, instead, and prints what was
//! taken, and the PSNR of luma.

#[path = "../compare_scenes/y4m.rs"]
#[expect(dead_code, reason = "of what the comparison of encoders needs, this needs some")]
mod y4m;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use strikeline_h264::{BitRate, BufferLimit, Effort, H264Encoder, H264Settings, Qp, RateControl};
use strikeline_picture::{FrameChange, Scroll, SegmentIndex};
use y4m::Clip;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The QPs of constant quality.
const QPS: [u8; 5] = [18, 24, 30, 36, 44];

/// What an encoder made of a scene.
struct Outcome {
    /// Of each picture in the order of decoding, parameter sets included.
    bits: Vec<u64>,
    /// Of luma, in dB.
    psnr: f64,
    seconds: f64,
}

impl Outcome {
    fn total(&self) -> u64 {
        self.bits.iter().sum()
    }
}

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let trace = arguments.iter().position(|argument| argument == "--trace").map(|at| arguments.remove(at));
    let mut number = |name: &str, usual: usize| match arguments.iter().position(|given| given == name) {
        Some(at) => {
            arguments.remove(at);
            arguments.remove(at).parse()
        }
        None => Ok(usual),
    };
    let (frames, segment) = (number("--frames", 240)?, number("--segment", 120)?);
    let scroll = number("--scroll", 0)?;
    let effort = [Effort::Fast, Effort::Balanced, Effort::Small][number("--effort", 0)?.min(2)];
    let rates = match arguments.iter().position(|argument| argument == "--rates") {
        Some(at) => {
            arguments.remove(at);
            arguments.remove(at).split(',').map(str::parse).collect::<std::result::Result<Vec<u64>, _>>()?
        }
        None => Vec::new(),
    };
    if !rates.is_empty() {
        println!("| scene | rate in kbit/s | taken | PSNR |\n| --- | --- | --- | --- |");
        for path in &arguments {
            let clip = Clip::open(Path::new(path), frames)?;
            let change =
                FrameChange::UNKNOWN.with_scroll((scroll > 0).then(|| Scroll::whole(0, scroll as i32)));
            let settings = H264Settings::new(clip.size, clip.rate)
                .with_effort(effort)
                .with_segment_frames(segment as u32)
                .with_qp(Qp::new(QPS[0]).unwrap_or_default());
            for &rate in &rates {
                let rate = BitRate::new(rate * 1000).ok_or("no rate")?;
                let settings = settings.with_rate_control(RateControl::NONE.with_average(rate));
                let outcome = encode(&clip, &settings, &change)?;
                let may = rate.get() as f64 * clip.len() as f64 / clip.rate.as_f64();
                let taken = outcome.total() as f64 / may * 100.0;
                println!("| {} | {} | {taken:.1} % | {:.2} |", clip.name, rate.get() / 1000, outcome.psnr);
            }
        }
        return Ok(());
    }
    println!(
        "| scene | rate in kbit/s | average alone: taken, PSNR, time | with buffer: taken, PSNR, least, time |"
    );
    println!("| --- | --- | --- | --- |");
    for path in &arguments {
        let clip = Clip::open(Path::new(path), frames)?;
        let change = FrameChange::UNKNOWN.with_scroll((scroll > 0).then(|| Scroll::whole(0, scroll as i32)));
        let settings =
            H264Settings::new(clip.size, clip.rate).with_effort(effort).with_segment_frames(segment as u32);
        let encode = |settings: H264Settings| encode(&clip, &settings, &change);
        let constant: Vec<Outcome> = QPS
            .iter()
            .map(|&qp| encode(settings.with_qp(Qp::new(qp).unwrap_or_default())))
            .collect::<Result<_>>()?;
        let best = settings.with_qp(Qp::new(QPS[0]).unwrap_or_default());
        for reference in &constant {
            let seconds = clip.len() as f64 / clip.rate.as_f64();
            let rate = BitRate::new((reference.total() as f64 / seconds) as u64).ok_or("no rate")?;
            let limit = BufferLimit::of_one_second(rate);
            let controls = [
                RateControl::NONE.with_average(rate),
                RateControl::NONE.with_average(rate).with_limit(limit),
            ];
            print!("| {} | {:.0} |", clip.name, rate.get() as f64 / 1e3);
            for control in controls {
                let outcome = encode(best.with_rate_control(control))?;
                let taken = outcome.total() as f64 / seconds / rate.get() as f64 * 100.0;
                print!(" {taken:.1} %, {:+.2} dB,", outcome.psnr - psnr_of(&constant, outcome.total()));
                if let Some(limit) = control.limit() {
                    let least = least_fullness(&outcome.bits, limit, clip.rate.as_f64());
                    print!(" {:.1} %,", least * 100.0);
                }
                print!(" {:.2} |", outcome.seconds / reference.seconds);
                if trace.is_some() {
                    eprintln!("{rate:?} {control:?}: {:?}", outcome.bits);
                }
            }
            println!();
        }
    }
    Ok(())
}

/// PSNR of constant quality with that many bits, between the measured ones.
fn psnr_of(constant: &[Outcome], bits: u64) -> f64 {
    let at = |outcome: &Outcome| ((outcome.total() as f64).ln(), outcome.psnr);
    let bits = (bits as f64).ln();
    let pair =
        constant.windows(2).find(|pair| at(&pair[1]).0 <= bits).unwrap_or(&constant[constant.len() - 2..]);
    let ((more, better), (fewer, worse)) = (at(&pair[0]), at(&pair[1]));
    if more <= fewer { better } else { worse + (better - worse) * (bits - fewer) / (more - fewer) }
}

/// The least share of a decoder's buffer that is filled after a picture is removed.
fn least_fullness(bits: &[u64], limit: BufferLimit, rate: f64) -> f64 {
    let (mut fullness, mut least) = (limit.start() as f64, f64::MAX);
    for &bits in bits {
        fullness -= bits as f64;
        least = least.min(fullness);
        fullness = (fullness + limit.rate().get() as f64 / rate).min(limit.size() as f64);
    }
    least / limit.size() as f64
}

fn encode(clip: &Clip, settings: &H264Settings, change: &FrameChange) -> Result<Outcome> {
    let mut outcome = Outcome { bits: Vec::new(), psnr: 0.0, seconds: 0.0 };
    let segment = settings.segment_frames as usize;
    let mut squares = 0.0;
    for first in (0..clip.len()).step_by(segment) {
        let end = clip.len().min(first + segment);
        let mut encoder = H264Encoder::new(settings, SegmentIndex((first / segment) as u64))?;
        encoder.expect_frames((end - first) as u32);
        encoder.keep_reconstructions();
        let mut decoded = first;
        for index in first..=end {
            let mut output = Vec::new();
            let start = Instant::now();
            let coded = match index {
                _ if index == end => encoder.finish_annex_b(&mut output)?,
                _ => encoder.encode_annex_b(&clip.picture(index), change, &mut output)?,
            };
            outcome.seconds += start.elapsed().as_secs_f64();
            for (picture, (luma, _)) in coded.iter().zip(encoder.take_reconstructions()) {
                outcome.bits.push(picture.bytes as u64 * 8);
                let shown = decoded.checked_add_signed(picture.delay as isize).ok_or("no such picture")?;
                let pairs = luma.iter().zip(clip.samples(shown));
                let errors = pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2));
                squares += errors.sum::<u64>() as f64 / luma.len() as f64;
                decoded += 1;
            }
        }
    }
    outcome.psnr = 10.0 * (255.0 * 255.0 / (squares / clip.len() as f64).max(1e-4)).log10();
    Ok(outcome)
}
