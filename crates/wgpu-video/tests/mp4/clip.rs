//! Short clips encoded by ffmpeg, cut into access units.

use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;

use strikeline_picture::{PictureSize, SegmentIndex};
use wgpu_video::encode::{AccessUnit, CodecConfig};
use wgpu_video::mux::{Mp4Writer, MuxError};

/// Standard output of ffmpeg.
pub(crate) fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    output(Command::new("ffmpeg").arg("-nostdin").args(arguments))
}

/// The lines that ffprobe prints about `path`, comma-separated values.
pub(crate) fn ffprobe(path: &Path, entries: &str, arguments: &[&str]) -> Vec<String> {
    let text = output(
        Command::new("ffprobe")
            .args(["-v", "error", "-of", "csv=p=0", "-show_entries", entries])
            .args(arguments)
            .arg(path),
    );
    String::from_utf8(text).unwrap().lines().map(|line| line.trim_end_matches(',').to_owned()).collect()
}

/// The sound of `path` as ffmpeg decodes it, the samples of all channels. ffmpeg must not warn of anything in the file.
pub(crate) fn samples(path: &Path) -> Vec<f32> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "warning", "-i"]).arg(path).args(["-map", "0:a", "-f", "f32le", "-"]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command:?}");
    let sample = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    output.stdout.chunks_exact(4).map(sample).collect()
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| {
        panic!("these tests need ffmpeg and ffprobe; install them with: apt-get install ffmpeg ({error})")
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A moving test picture, H.264 without B-frames.
pub(crate) struct Clip {
    pub size: PictureSize,
    /// As ffmpeg gave it.
    pub annex_b: Vec<u8>,
    pub config: CodecConfig,
    /// One for each frame, with lengths instead of start codes, parameter sets left out.
    pub units: Vec<Vec<u8>>,
}

/// Some frames in a row, of which the first is a sync sample.
#[derive(Clone)]
pub(crate) struct ClipSegment {
    pub index: SegmentIndex,
    pub config: CodecConfig,
    pub data: Vec<u8>,
    pub units: Vec<AccessUnit>,
}

impl ClipSegment {
    pub(crate) fn write<W: Write + Seek>(&self, writer: &mut Mp4Writer<W>) -> Result<(), MuxError> {
        writer.write_segment(self.index, &self.config, &self.data, &self.units)
    }
}

impl Clip {
    /// Encodes `frames` frames, with an IDR picture every `segment`.
    pub(crate) fn encode(size: &str, frames: usize, segment: usize, options: &[&str]) -> Clip {
        let source = format!("testsrc2=size={size}:rate=25");
        let (frames, segment) = (frames.to_string(), segment.to_string());
        let settings = ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-bf", "0"];
        let annex_b = ffmpeg(
            &[
                ["-v", "error", "-f", "lavfi", "-i", &source, "-frames:v", &frames].as_slice(),
                &["-pix_fmt", "yuv420p"],
                &settings,
                &["-g", &segment, "-keyint_min", &segment, "-sc_threshold", "0"],
                options,
                &["-f", "h264", "-"],
            ]
            .concat(),
        );
        let size = size.parse().unwrap();
        let (mut sps, mut pps) = (Vec::new(), Vec::new());
        let mut units: Vec<Vec<u8>> = Vec::new();
        // NAL units that precede the first slice of a picture belong to it.
        let mut leading = Vec::new();
        for nal in nal_units(&annex_b) {
            let with_length = [&(nal.len() as u32).to_be_bytes(), nal].concat();
            match nal[0] & 31 {
                7 => sps = nal.to_vec(),
                8 => pps = nal.to_vec(),
                // first_mb_in_slice is 0, which is coded as a single 1.
                1 | 5 if nal[1] & 0x80 != 0 => {
                    leading.extend(with_length);
                    units.push(std::mem::take(&mut leading));
                }
                1 | 5 => units.last_mut().unwrap().extend(with_length),
                _ => leading.extend(with_length),
            }
        }
        assert_eq!(units.len().to_string(), frames);
        Clip { size, annex_b, config: CodecConfig::H264 { sps, pps }, units }
    }

    pub(crate) fn segments(&self, length: usize) -> Vec<ClipSegment> {
        let segment = |(index, units): (u64, &[Vec<u8>])| ClipSegment {
            index: SegmentIndex(index),
            config: self.config.clone(),
            data: units.concat(),
            units: (0..).zip(units).map(|(frame, unit)| AccessUnit::new(unit.len(), frame == 0)).collect(),
        };
        (0..).zip(self.units.chunks(length)).map(segment).collect()
    }
}

/// What lies between the start codes (ITU-T H.264, annex B). A NAL unit never ends in a zero byte.
fn nal_units(stream: &[u8]) -> Vec<&[u8]> {
    let codes: Vec<_> = (0..stream.len()).filter(|&at| stream[at..].starts_with(b"\0\0\x01")).collect();
    let ends = codes.iter().skip(1).copied().chain([stream.len()]);
    let nal_unit = |(start, end): (&usize, usize)| {
        let nal = &stream[start + 3..end];
        &nal[..=nal.iter().rposition(|&byte| byte != 0).unwrap()]
    };
    codes.iter().zip(ends).map(nal_unit).collect()
}
