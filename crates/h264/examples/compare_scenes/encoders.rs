//! The encoders that are compared, each on one thread.

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use strikeline_h264::{Effort, H264Encoder, H264Settings, Qp};
use strikeline_picture::{FrameChange, SegmentIndex};

use crate::quality::{Quality, Score};
use crate::y4m::Clip;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Pictures from one key frame to the next.
const SEGMENT_FRAMES: u32 = 120;

/// An encoder with its options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncoderKind {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Method {
    BuiltIn(Effort),
    /// libx264 by ffmpeg, with a preset and `-x264-params`.
    X264(&'static str, &'static str),
}

pub(crate) const ENCODERS: [EncoderKind; 7] = [
    EncoderKind { name: "fast", method: Method::BuiltIn(Effort::Fast) },
    EncoderKind { name: "balanced", method: Method::BuiltIn(Effort::Balanced) },
    EncoderKind { name: "small", method: Method::BuiltIn(Effort::Small) },
    EncoderKind { name: "x264-ultrafast", method: Method::X264("ultrafast", "") },
    EncoderKind { name: "x264-ultrafast-cabac", method: Method::X264("ultrafast", "cabac=1") },
    EncoderKind { name: "x264-superfast", method: Method::X264("superfast", "") },
    EncoderKind { name: "x264-veryfast", method: Method::X264("veryfast", "") },
];

/// What an encoder made of a clip at one QP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    /// CPU time per frame, in milliseconds.
    pub(crate) milliseconds: f64,
    pub(crate) bytes: u64,
    pub(crate) score: Score,
}

impl EncoderKind {
    /// Encodes a clip; the stream is written to `stream` and decoded by ffmpeg to be judged.
    pub(crate) fn run(&self, clip: &Clip, qp: u8, stream: &Path) -> Result<Outcome> {
        let seconds = match self.method {
            Method::BuiltIn(effort) => {
                let (seconds, output) = encode_built_in(clip, qp, effort)?;
                std::fs::write(stream, output)?;
                seconds
            }
            Method::X264(preset, parameters) => encode_x264(clip, preset, parameters, qp, stream)?,
        };
        Ok(Outcome {
            milliseconds: seconds * 1e3 / clip.len() as f64,
            bytes: std::fs::metadata(stream)?.len(),
            score: judge(clip, stream)?,
        })
    }
}

/// CPU seconds, and the stream.
pub(crate) fn encode_built_in(clip: &Clip, qp: u8, effort: Effort) -> Result<(f64, Vec<u8>)> {
    let settings = H264Settings::new(clip.size, clip.rate)
        .with_qp(Qp::new(qp).ok_or("the QP is over 51")?)
        .with_effort(effort)
        .with_segment_frames(SEGMENT_FRAMES);
    let mut output = Vec::with_capacity(1 << 24);
    let mut encoder: Option<H264Encoder> = None;
    let start = thread_seconds();
    for index in 0..clip.len() {
        if (index as u32).is_multiple_of(SEGMENT_FRAMES) {
            if let Some(mut encoder) = encoder.take() {
                H264Encoder::finish_annex_b(&mut encoder, &mut output)?;
            }
            let segment = SegmentIndex(index as u64 / u64::from(SEGMENT_FRAMES));
            encoder = Some(H264Encoder::new(&settings, segment)?);
        }
        let encoder = encoder.as_mut().ok_or("no encoder")?;
        encoder.encode_annex_b(&clip.picture(index), &FrameChange::UNKNOWN, &mut output)?;
    }
    if let Some(mut encoder) = encoder {
        encoder.finish_annex_b(&mut output)?;
    }
    Ok((thread_seconds() - start, output))
}

/// CPU seconds, less those of reading the clip.
fn encode_x264(clip: &Clip, preset: &str, parameters: &str, qp: u8, stream: &Path) -> Result<f64> {
    let group = SEGMENT_FRAMES.to_string();
    let (qp, output) = (qp.to_string(), stream.to_string_lossy());
    let mut options = vec!["-c:v", "libx264", "-preset", preset, "-threads", "1", "-qp", &qp, "-g", &group];
    if !parameters.is_empty() {
        options.extend_from_slice(&["-x264-params", parameters]);
    }
    options.extend_from_slice(&["-f", "h264", &output]);
    Ok(ffmpeg_seconds(clip, &options)? - ffmpeg_seconds(clip, &["-f", "null", "-"])?)
}

/// CPU seconds of an ffmpeg run over a clip.
fn ffmpeg_seconds(clip: &Clip, output: &[&str]) -> Result<f64> {
    let run = Command::new("ffmpeg")
        .args(["-y", "-v", "info", "-benchmark", "-threads", "1", "-i"])
        .arg(&clip.path)
        .args(["-frames:v", &clip.len().to_string()])
        .args(output)
        .output()?;
    let text = String::from_utf8_lossy(&run.stderr);
    let value = |key: &str| -> Result<f64> {
        let (_, rest) = text.rsplit_once(key).ok_or_else(|| format!("ffmpeg said: {text}"))?;
        Ok(rest.split('s').next().unwrap_or_default().parse()?)
    };
    Ok(value("utime=")? + value("stime=")?)
}

/// Decodes a stream with ffmpeg and compares it with its source.
fn judge(clip: &Clip, stream: &Path) -> Result<Score> {
    let mut decoder = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "h264", "-i"])
        .arg(stream)
        .args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "nv12", "-"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = decoder.stdout.take().ok_or("no output")?;
    let mut frame = vec![0; clip.samples(0).len()];
    let mut quality = Quality::default();
    for index in 0..clip.len() {
        output.read_exact(&mut frame)?;
        quality.add(clip, index, &frame);
    }
    decoder.wait()?;
    Ok(quality.score())
}

/// CPU time of this thread.
fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
