//! Runs encoders over the same frames, in turn, and prints what each took and what came out.
//!
//! ```text
//! cargo run --release --example encoder_compare -- examples/songs/groove.mid
//! cargo run --release --example encoder_compare -- SONG.mid|PLANES.nv12 SIZE FPS QP PIXELS ROUNDS
//! ```
//!
//! A song is rendered first, once: ten seconds of it from second 8 on. A file of planes holds NV12 frames without padding,
//! one after the other. SIZE, FPS and QP are 1080p, 60 and 24 unless given. PIXELS is how far notes fall per frame,
//! as `8` or `36/5`, for the encoder that is told; unless given it is that of the song, or unknown. Each of ROUNDS
//! (3) runs every encoder once.
//!
//! Printed are the median CPU time per frame on one thread and how far the rounds lie apart, the bytes, and PSNR and
//! SSIM as ffmpeg's filters see them. Qualities differ at equal QP, so strikeline's encoder also runs at other QPs:
//! compare lines of about equal PSNR. Reading is not in the time: of ffmpeg's runs the same run without an encoder is
//! subtracted. Unix only; without ffmpeg only strikeline's encoders run, and no quality is told.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use strikeline::encode::h264::{EntropyCoding, H264Factory, ReferenceCount};
use strikeline::encode::hints::{PictureHints, Scroll};
use strikeline::encode::openh264::OpenH264;
use strikeline::encode::raw::RawEncoder;
use strikeline::encode::{Encoder, EncoderFactory, EncoderSettings, Quality};
use strikeline::picture::{Picture, PictureSize, Plane};
use strikeline::scene::highway::{Highway, HighwayContent, HighwayOptions};
use strikeline::song::{DrumMap, Song, SongOptions};
use strikeline::stream::{FinishedSegment, Sink, SinkError, StreamInfo, StreamOptions, stream};
use strikeline::timing::{FrameRate, SegmentIndex, Time};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SEGMENT_FRAMES: u32 = 120;
const SECONDS: u64 = 10;

/// What is encoded.
struct Job {
    planes: PathBuf,
    size: PictureSize,
    frame_rate: FrameRate,
    scroll: Option<Scroll>,
    frames: u64,
    has_ffmpeg: bool,
}

/// One line of the table.
struct Contestant {
    name: &'static str,
    kind: Kind,
    qp: u8,
    /// CPU seconds of each round.
    seconds: Vec<f64>,
    /// Bytes, and what the filters said.
    outcome: Option<(u64, String)>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// strikeline's own, told how far things move.
    Told(EntropyCoding),
    /// The same, told nothing.
    Untold,
    OpenH264,
    /// libx264 through ffmpeg, with these options.
    X264(&'static [&'static str]),
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize, default: &'static str| arguments.get(index).map_or(default, String::as_str);
    let input = arguments.first().ok_or("give a song or a file of planes")?;
    let size: PictureSize = argument(1, "1080p").parse()?;
    let frame_rate: FrameRate = argument(2, "60").parse()?;
    let qp: u8 = argument(3, "24").parse()?;
    let rounds: usize = argument(5, "3").parse()?;
    let directory = tempfile::tempdir()?;
    let (planes, song_scroll) = if input.ends_with(".nv12") {
        (PathBuf::from(input), None)
    } else {
        let planes = directory.path().join("planes.nv12");
        let scroll = render(Path::new(input), size, frame_rate, &planes)?;
        (planes, scroll)
    };
    let frame_bytes = u64::from(size.width()) * u64::from(size.height()) * 3 / 2;
    let job = Job {
        frames: std::fs::metadata(&planes)?.len() / frame_bytes,
        planes,
        size,
        frame_rate,
        scroll: match arguments.get(4) {
            Some(pixels) => Some(read_scroll(pixels)?),
            None => song_scroll,
        },
        has_ffmpeg: Command::new("ffmpeg").arg("-version").output().is_ok(),
    };
    let mut contestants = contestants(qp, &job);
    for round in 0..rounds {
        let reading = if job.has_ffmpeg { job.ffmpeg(&["-f", "null", "-"])? } else { 0.0 };
        for contestant in &mut contestants {
            eprint!("\rround {} of {rounds}: {:<24}", round + 1, contestant.name);
            job.run(contestant, reading)?;
        }
    }
    eprintln!("\r{:<44}", format!("{} frames of {size}", job.frames));
    println!(
        "{:<26} {:>3} {:>9} {:>7} {:>10}  PSNR Y U V, SSIM",
        "encoder", "QP", "ms/frame", "spread", "bytes"
    );
    for contestant in &mut contestants {
        contestant.print(job.frames);
    }
    Ok(())
}

fn contestants(qp: u8, job: &Job) -> Vec<Contestant> {
    let new = |name, kind, qp| Contestant { name, kind, qp, seconds: Vec::new(), outcome: None };
    let mut all = Vec::new();
    for qp in [qp, qp + 2, qp + 3] {
        all.push(new("strikeline, told", Kind::Told(EntropyCoding::Cabac), qp.min(51)));
    }
    all.push(new("strikeline, told nothing", Kind::Untold, qp));
    all.push(new("strikeline, CAVLC", Kind::Told(EntropyCoding::Cavlc), qp));
    all.push(new("openh264", Kind::OpenH264, qp));
    if job.has_ffmpeg {
        all.push(new("x264 ultrafast", Kind::X264(&["-preset", "ultrafast"]), qp));
        let cabac = &["-preset", "ultrafast", "-x264-params", "cabac=1"];
        all.push(new("x264 ultrafast cabac=1", Kind::X264(cabac), qp));
        all.push(new("x264 veryfast", Kind::X264(&["-preset", "veryfast"]), qp));
    }
    all
}

/// `8`, or `36/5`: pixels per frame, downward.
fn read_scroll(text: &str) -> Result<Scroll> {
    let (pixels, frames) = text.split_once('/').unwrap_or((text, "1"));
    Ok(Scroll { dx: 0, dy: pixels.parse()?, denominator: frames.parse()? })
}

/// Renders a song into a file of planes; gives how far notes fall per frame when that is a whole number.
fn render(song: &Path, size: PictureSize, frame_rate: FrameRate, planes: &Path) -> Result<Option<Scroll>> {
    let song = Song::open(song, &SongOptions::default())?;
    let options = HighwayOptions { start: Some(Time::from_seconds(8.0)), ..HighwayOptions::default() };
    let mut highway =
        Highway::new(HighwayContent::from_song(&song, &DrumMap::default()), &options, size, frame_rate)?;
    let scroll = highway.motion().pixels_per_frame().map(|pixels| Scroll::whole(0, pixels as i32));
    let frames = frame_rate.frames_to_cover(Time::from_seconds(SECONDS as f64));
    let encoder = Arc::new(RawEncoder);
    let options =
        StreamOptions { segment_frames: Some(1), ..StreamOptions::new(size, frame_rate, frames, encoder) };
    let mut sink = PlaneFile { file: BufWriter::new(File::create(planes)?), bytes: 0 };
    stream(&mut highway, &options, &mut sink, &mut |progress| {
        eprint!("\rrendering {}/{} ", progress.frames, progress.total);
    })?;
    Ok(scroll)
}

/// Frames one after the other.
struct PlaneFile {
    file: BufWriter<File>,
    bytes: u64,
}

impl Sink for PlaneFile {
    fn begin(&mut self, _: &StreamInfo) -> std::result::Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> std::result::Result<(), SinkError> {
        self.bytes += segment.data.len() as u64;
        Ok(self.file.write_all(&segment.data)?)
    }

    fn finish(&mut self) -> std::result::Result<u64, SinkError> {
        self.file.flush()?;
        Ok(self.bytes)
    }
}

impl Contestant {
    fn print(&mut self, frames: u64) {
        self.seconds.sort_by(f64::total_cmp);
        let (first, last) = (self.seconds.first().copied(), self.seconds.last().copied());
        let median = self.seconds.get(self.seconds.len() / 2).copied().unwrap_or_default();
        let spread = (last.unwrap_or_default() - first.unwrap_or_default()) / median * 100.0;
        let milliseconds = median * 1e3 / frames as f64;
        let (bytes, quality) = self.outcome.take().unwrap_or_default();
        println!(
            "{:<26} {:>3} {milliseconds:>9.3} {spread:>6.0}% {bytes:>10}  {quality}",
            self.name, self.qp
        );
    }
}

impl Job {
    /// Runs an encoder once more; the first time its outcome is judged.
    fn run(&self, contestant: &mut Contestant, reading: f64) -> Result<()> {
        let stream = tempfile::NamedTempFile::with_suffix(".264")?;
        let quality = Quality::new(contestant.qp).ok_or("the QP is over 51")?;
        let settings = EncoderSettings {
            size: self.size,
            frame_rate: self.frame_rate,
            quality,
            segment_frames: SEGMENT_FRAMES,
        };
        let seconds = match contestant.kind {
            Kind::Told(entropy_coding) => {
                self.encode_h264(&settings, entropy_coding, self.scroll, stream.path())?
            }
            Kind::Untold => self.encode_h264(&settings, EntropyCoding::Cabac, None, stream.path())?,
            Kind::OpenH264 => self.encode(stream.path(), |segment| {
                let mut encoder = OpenH264.begin_segment(&settings, segment)?;
                Ok(Box::new(move |picture, output| {
                    encoder.encode(picture, output)?;
                    Ok(sets(encoder.as_ref()))
                }))
            })?,
            Kind::X264(options) => {
                let path = stream.path().to_string_lossy().into_owned();
                let (qp, group) = (contestant.qp.to_string(), SEGMENT_FRAMES.to_string());
                let mut all = vec!["-c:v", "libx264", "-threads", "1", "-qp", &qp, "-g", &group];
                all.extend_from_slice(options);
                all.push(&path);
                self.ffmpeg(&all)? - reading
            }
        };
        contestant.seconds.push(seconds);
        if contestant.outcome.is_none() {
            let quality = if self.has_ffmpeg { self.judge(stream.path())? } else { String::new() };
            contestant.outcome = Some((std::fs::metadata(stream.path())?.len(), quality));
        }
        Ok(())
    }

    fn encode_h264(
        &self,
        settings: &EncoderSettings,
        entropy_coding: EntropyCoding,
        scroll: Option<Scroll>,
        stream: &Path,
    ) -> Result<f64> {
        let most = ReferenceCount::MAX.get();
        let distance = scroll.and_then(|scroll| scroll.exact_distance(most)).unwrap_or(1);
        let factory = H264Factory { entropy_coding, references: ReferenceCount::clamped(distance) };
        self.encode(stream, |segment| {
            let mut encoder = factory.encoder(settings, segment)?;
            Ok(Box::new(move |picture, output| {
                encoder.encode_with_hints(picture, &PictureHints { scroll, damage: None }, output)?;
                Ok(sets(&encoder))
            }))
        })
    }

    /// Encodes all frames into `stream`; gives the CPU seconds that it took.
    fn encode(&self, stream: &Path, begin: impl Fn(SegmentIndex) -> Result<Encode>) -> Result<f64> {
        let stride = self.size.width() as usize;
        let luma_bytes = stride * self.size.height() as usize;
        let mut frame = vec![0; luma_bytes * 3 / 2];
        let mut input = File::open(&self.planes)?;
        let mut stream = BufWriter::new(File::create(stream)?);
        let (mut seconds, mut output) = (0.0, Vec::new());
        let mut encode: Option<Encode> = None;
        for number in 0..self.frames {
            input.read_exact(&mut frame)?;
            let (luma, chroma) = frame.split_at(luma_bytes);
            let picture = Picture {
                size: self.size,
                luma: Plane { data: luma, stride },
                chroma: Plane { data: chroma, stride },
            };
            output.clear();
            let first = number % u64::from(SEGMENT_FRAMES) == 0;
            let start = thread_seconds();
            if first {
                encode = Some(begin(SegmentIndex(number / u64::from(SEGMENT_FRAMES)))?);
            }
            let encode = encode.as_mut().ok_or("no encoder")?;
            let sets = encode(&picture, &mut output)?;
            seconds += thread_seconds() - start;
            if first {
                stream.write_all(&sets)?;
            }
            let mut rest = output.as_slice();
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let (unit, after) = after.split_at(u32::from_be_bytes(*length) as usize);
                stream.write_all(&[0, 0, 0, 1])?;
                stream.write_all(unit)?;
                rest = after;
            }
        }
        stream.flush()?;
        Ok(seconds)
    }

    /// ffmpeg's options for the planes.
    fn input(&self) -> Vec<String> {
        let (size, rate) = (self.size.to_string(), self.frame_rate.to_string());
        let planes = self.planes.to_string_lossy().into_owned();
        ["-f", "rawvideo", "-pix_fmt", "nv12", "-s", &size, "-r", &rate, "-i", &planes]
            .map(str::to_owned)
            .to_vec()
    }

    /// CPU seconds of an ffmpeg run.
    fn ffmpeg(&self, output: &[&str]) -> Result<f64> {
        let run = Command::new("ffmpeg")
            .args(["-y", "-v", "info", "-benchmark", "-threads", "1"])
            .args(self.input())
            .args(["-pix_fmt", "yuv420p"])
            .args(output)
            .output()?;
        let text = String::from_utf8_lossy(&run.stderr);
        let value = |key: &str| -> Result<f64> {
            let start = text.rfind(key).ok_or_else(|| format!("ffmpeg said: {text}"))? + key.len();
            Ok(text[start..].split('s').next().unwrap_or_default().parse()?)
        };
        Ok(value("utime=")? + value("stime=")?)
    }

    /// PSNR of the planes, and SSIM.
    fn judge(&self, stream: &Path) -> Result<String> {
        let graph = "[0]format=yuv420p,split[a][b];[1]split[c][d];[c][a]psnr;[d][b]ssim";
        let run = Command::new("ffmpeg")
            .args(["-v", "info"])
            .args(self.input())
            .args(["-r", &self.frame_rate.to_string(), "-i"])
            .arg(stream)
            .args(["-lavfi", graph, "-f", "null", "-"])
            .output()?;
        let text = String::from_utf8_lossy(&run.stderr);
        let after = |key: &str| text.rsplit_once(key).map_or("", |(_, rest)| rest);
        let psnr = |plane: &str| -> f64 {
            let value = after("PSNR ").split(plane).nth(1).and_then(|rest| rest.split_whitespace().next());
            value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
        };
        let ssim = after("All:").split_whitespace().next().unwrap_or("?");
        Ok(format!("{:.2} {:.2} {:.2}, {ssim}", psnr("y:"), psnr("u:"), psnr("v:")))
    }
}

/// Encodes a picture and gives the parameter sets with start codes.
type Encode = Box<dyn FnMut(&Picture<'_>, &mut Vec<u8>) -> Result<Vec<u8>>>;

/// The parameter sets with start codes.
fn sets(encoder: &dyn Encoder) -> Vec<u8> {
    let sets = encoder.parameter_sets().map(|sets| [sets.sps, sets.pps]).unwrap_or_default();
    sets.iter().flat_map(|set| [&[0, 0, 0, 1], set.as_slice()].concat()).collect()
}

/// CPU time of this thread.
fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
