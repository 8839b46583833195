//! Runs encoders over the frames, and measures the quality of the result.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, Plane, Scroll, SegmentIndex};
use wgpu_video::encode::h264::ParameterSets;
use wgpu_video::encode::h264::{EntropyCoding, H264Factory, ReferenceCount};
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::{CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality};

use crate::marks::Marks;
use crate::{EncoderKind, EncoderRow, Result, frames};

pub(crate) const SEGMENT_FRAMES: u32 = 120;

/// What is encoded.
pub(crate) struct Job {
    pub planes: PathBuf,
    pub size: PictureSize,
    pub frame_rate: FrameRate,
    pub scroll: Option<Scroll>,
    pub frames: u64,
    pub has_ffmpeg: bool,
    /// Where the streams are kept.
    pub streams: Option<PathBuf>,
    /// Whether the marks of each stream are measured.
    pub with_marks: bool,
    /// An ffmpeg that has libvmaf, to calculate VMAF.
    pub vmaf: Option<PathBuf>,
}

impl Job {
    /// Runs an encoder once more; the first run also measures its quality. `reading`: CPU seconds that ffmpeg takes without
    /// an encoder. `bytes`: those of the first encoder of the table.
    pub(crate) fn run(&self, row: &mut EncoderRow, reading: f64, bytes: Option<u64>) -> Result<()> {
        let stream = tempfile::NamedTempFile::with_suffix(".264")?;
        let quality = H264Quality::new(row.qp).ok_or("the QP is over 51")?;
        let h264 = H264Factory::new(quality);
        let settings = self.settings();
        let seconds = match row.kind {
            EncoderKind::WithScroll(entropy_coding) => {
                self.encode_h264(&h264, entropy_coding, self.scroll, false, stream.path())?
            }
            EncoderKind::WithChanges => {
                self.encode_h264(&h264, EntropyCoding::Cabac, self.scroll, true, stream.path())?
            }
            EncoderKind::WithoutHints => {
                self.encode_h264(&h264, EntropyCoding::Cabac, None, false, stream.path())?
            }
            EncoderKind::OpenH264 => self.encode(false, stream.path(), |segment| {
                let mut encoder = OpenH264::new(quality).begin_segment(&settings, segment)?;
                Ok(Box::new(move |picture, change, output| {
                    encoder.encode(picture, change, output)?;
                    Ok(sets(encoder.as_ref()))
                }))
            })?,
            EncoderKind::X264(options) => {
                self.x264(options, &["-qp", &row.qp.to_string()], stream.path())? - reading
            }
            EncoderKind::X264AtEqualBytes(options) => {
                let wanted = bytes.ok_or("there is no encoder before, whose bytes are to be reached")?;
                let crf = match row.crf {
                    Some(crf) => crf,
                    None => self.find_crf(options, wanted, stream.path())?,
                };
                row.crf = Some(crf);
                self.x264(options, &["-crf", &crf.to_string()], stream.path())? - reading
            }
        };
        row.seconds.push(seconds);
        if row.outcome.is_none() {
            let quality = if self.has_ffmpeg { self.judge(stream.path())? } else { String::new() };
            row.outcome = Some((std::fs::metadata(stream.path())?.len(), quality));
            if self.with_marks && self.has_ffmpeg {
                row.marks = Some(Marks::of(self, stream.path())?);
            }
            if let Some(folder) = &self.streams {
                let name = row.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
                std::fs::copy(stream.path(), folder.join(format!("{name}-{}.264", row.qp)))?;
            }
        }
        Ok(())
    }

    /// CPU seconds of libx264 with some options, reading included. `quality`: its option for that.
    fn x264(&self, options: &[&str], quality: &[&str], stream: &Path) -> Result<f64> {
        let path = stream.to_string_lossy().into_owned();
        let group = SEGMENT_FRAMES.to_string();
        let mut all = vec!["-c:v", "libx264", "-threads", "1", "-g", &group];
        all.extend_from_slice(quality);
        all.extend_from_slice(options);
        all.push(&path);
        self.ffmpeg(&all)
    }

    /// x264's CRF at which a stream has as many bytes as `wanted`, within one in a hundred.
    fn find_crf(&self, options: &[&str], wanted: u64, stream: &Path) -> Result<f64> {
        let (mut low, mut high) = (1.0, 51.0);
        for _ in 0..12 {
            let middle = (low + high) / 2.0;
            self.x264(options, &["-crf", &format!("{middle:.4}")], stream)?;
            let bytes = std::fs::metadata(stream)?.len();
            if bytes.abs_diff(wanted) * 100 <= wanted {
                return Ok(middle);
            }
            if bytes > wanted { low = middle } else { high = middle }
        }
        Ok((low + high) / 2.0)
    }

    /// How a segment is encoded.
    pub(crate) fn settings(&self) -> EncoderSettings {
        EncoderSettings::new(self.size, self.frame_rate, SEGMENT_FRAMES)
    }

    fn encode_h264(
        &self,
        factory: &H264Factory,
        entropy_coding: EntropyCoding,
        scroll: Option<Scroll>,
        with_changes: bool,
        stream: &Path,
    ) -> Result<f64> {
        let settings = self.settings();
        let most = ReferenceCount::MAX.get();
        let distance = scroll.and_then(|scroll| scroll.exact_distance(most)).unwrap_or(1);
        let factory = factory
            .clone()
            .with_entropy_coding(entropy_coding)
            .with_references(ReferenceCount::clamped(distance));
        self.encode(with_changes, stream, |segment| {
            let mut encoder = factory.encoder(&settings, segment)?;
            Ok(Box::new(move |picture, change, output| {
                let change = change.clone().with_scroll(scroll);
                encoder.encode(picture, &change, output).map_err(EncodeError::from)?;
                let ParameterSets { sps, pps } = encoder.parameter_sets();
                Ok(with_start_codes([sps, pps]))
            }))
        })
    }

    /// Encodes all frames into `stream`; gives the CPU seconds that it took.
    fn encode(
        &self,
        with_changes: bool,
        stream: &Path,
        begin: impl Fn(SegmentIndex) -> Result<Encode>,
    ) -> Result<f64> {
        let stride = self.size.width() as usize;
        let luma_bytes = stride * self.size.height() as usize;
        let (mut frame, mut before) = (vec![0; luma_bytes * 3 / 2], vec![0; luma_bytes * 3 / 2]);
        let mut input = File::open(&self.planes)?;
        let mut stream = BufWriter::new(File::create(stream)?);
        let (mut seconds, mut output) = (0.0, Vec::new());
        let mut encode: Option<Encode> = None;
        for number in 0..self.frames {
            std::mem::swap(&mut frame, &mut before);
            input.read_exact(&mut frame)?;
            let (luma, chroma) = frame.split_at(luma_bytes);
            let picture =
                Picture::nv12(self.size, Plane { data: luma, stride }, Plane { data: chroma, stride });
            output.clear();
            let first = number % u64::from(SEGMENT_FRAMES) == 0;
            let change = match with_changes && !first {
                true => FrameChange::within(frames::changed_parts(self.size, &before, &frame)),
                false => FrameChange::UNKNOWN,
            };
            let start = thread_seconds();
            if first {
                encode = Some(begin(SegmentIndex(number / u64::from(SEGMENT_FRAMES)))?);
            }
            let encode = encode.as_mut().ok_or("no encoder")?;
            let sets = encode(&picture, &change, &mut output)?;
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
    pub(crate) fn ffmpeg(&self, output: &[&str]) -> Result<f64> {
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
        let graph =
            format!("[0]format=yuv420p,{TAGS},split[a][b];[1]{TAGS},split[c][d];[c][a]psnr;[d][b]ssim");
        let run = Command::new("ffmpeg")
            .args(["-v", "info"])
            .args(self.input())
            .args(["-r", &self.frame_rate.to_string(), "-i"])
            .arg(stream)
            .args(["-lavfi", &graph, "-f", "null", "-"])
            .output()?;
        let text = String::from_utf8_lossy(&run.stderr);
        let after = |key: &str| text.rsplit_once(key).map_or("", |(_, rest)| rest);
        let psnr = |plane: &str| -> f64 {
            let value = after("PSNR ").split(plane).nth(1).and_then(|rest| rest.split_whitespace().next());
            value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
        };
        let ssim = after("All:").split_whitespace().next().unwrap_or("?");
        let vmaf = self.vmaf.as_ref().map(|ffmpeg| self.judge_by_vmaf(ffmpeg, stream)).transpose()?;
        let vmaf = vmaf.map_or(String::new(), |vmaf| format!(", VMAF {vmaf}"));
        Ok(format!("{:.2} {:.2} {:.2}, {ssim}{vmaf}", psnr("y:"), psnr("u:"), psnr("v:")))
    }

    /// VMAF: its mean over all pictures, and the least.
    fn judge_by_vmaf(&self, ffmpeg: &Path, stream: &Path) -> Result<String> {
        let log = tempfile::NamedTempFile::with_suffix(".csv")?;
        let path = log.path().to_string_lossy();
        let options = format!("log_fmt=csv:log_path={path}:n_threads=2:shortest=1");
        let graph = format!("[0]format=yuv420p,{TAGS}[a];[1]{TAGS}[b];[b][a]libvmaf={options}");
        let run = Command::new(ffmpeg)
            .args(["-v", "error"])
            .args(self.input())
            .args(["-r", &self.frame_rate.to_string(), "-i"])
            .arg(stream)
            .args(["-lavfi", &graph, "-f", "null", "-"])
            .output()?;
        let table = std::fs::read_to_string(log.path())?;
        let mut lines = table.lines();
        let column = lines.next().and_then(|names| names.split(',').position(|name| name == "vmaf"));
        let column =
            column.ok_or_else(|| format!("{ffmpeg:?} said: {}", String::from_utf8_lossy(&run.stderr)))?;
        let scores: Vec<f64> = lines.filter_map(|line| line.split(',').nth(column)?.parse().ok()).collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        Ok(format!("{mean:.2} (least {:.2})", scores.iter().copied().fold(f64::INFINITY, f64::min)))
    }
}

/// A filter that calls colours BT.709. Newer versions of ffmpeg would convert pictures that name another standard, or none.
const TAGS: &str = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709";

/// Encodes a picture and gives the parameter sets with start codes.
type Encode = Box<dyn FnMut(&Picture<'_>, &FrameChange, &mut Vec<u8>) -> Result<Vec<u8>>>;

/// The parameter sets with start codes.
fn sets(encoder: &dyn Encoder) -> Vec<u8> {
    match encoder.codec_config() {
        Some(CodecConfig::H264 { sps, pps }) => with_start_codes([sps, pps]),
        _ => Vec::new(),
    }
}

fn with_start_codes(sets: [Vec<u8>; 2]) -> Vec<u8> {
    sets.iter().flat_map(|set| [&[0, 0, 0, 1], set.as_slice()].concat()).collect()
}

/// CPU time of this thread.
fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
