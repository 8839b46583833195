//! Rate control, checked from outside: ffprobe says how large the packets of a stream are, and a decoder's buffer is filled and
//! emptied here as ITU-T H.264, C.1 describes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/content.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod content;

use content::{Content, OwnedPicture};
use std::io::Write as _;
use std::process::{Command, Stdio};
use strikeline_h264::{BitRate, BufferLimit, Effort, H264Encoder, H264Settings, Qp, RateControl};
use strikeline_picture::{FrameChange, FrameRate, PictureSize, SegmentIndex};

/// Pictures of a size in segments of equal length; the last may be shorter.
struct Scene {
    size: PictureSize,
    rate: FrameRate,
    segment: usize,
    pictures: Vec<OwnedPicture>,
    effort: Effort,
}

/// A coded scene.
struct Video {
    stream: Vec<u8>,
    /// Of each picture, parameter sets included, in the order of decoding.
    bits: Vec<u64>,
}

impl Scene {
    fn new(frames: usize, segment: usize, picture: fn(PictureSize, usize) -> OwnedPicture) -> Scene {
        Scene::of_size((176, 144), frames, segment, picture)
    }

    fn of_size(
        (width, height): (u32, u32),
        frames: usize,
        segment: usize,
        picture: fn(PictureSize, usize) -> OwnedPicture,
    ) -> Scene {
        let (size, rate) = (PictureSize::new(width, height).unwrap(), FrameRate::new(30, 1).unwrap());
        let pictures = (0..frames).map(|number| picture(size, number)).collect();
        Scene { size, rate, segment, pictures, effort: Effort::Fast }
    }

    fn with_effort(self, effort: Effort) -> Scene {
        Scene { effort, ..self }
    }

    fn seconds(&self) -> f64 {
        self.pictures.len() as f64 / self.rate.as_f64()
    }

    fn encode(&self, qp: u8, control: RateControl) -> Video {
        let settings = H264Settings::new(self.size, self.rate)
            .with_qp(Qp::new(qp).unwrap())
            .with_effort(self.effort)
            .with_segment_frames(self.segment as u32)
            .with_rate_control(control);
        let mut video = Video { stream: Vec::new(), bits: Vec::new() };
        for first in (0..self.pictures.len()).step_by(self.segment) {
            let end = (first + self.segment).min(self.pictures.len());
            let segment = SegmentIndex((first / self.segment) as u64);
            let mut encoder = H264Encoder::new(&settings, segment).unwrap();
            encoder.expect_frames((end - first) as u32);
            for picture in &self.pictures[first..end] {
                let coded = encoder
                    .encode_annex_b(&picture.picture(), &FrameChange::UNKNOWN, &mut video.stream)
                    .unwrap();
                video.bits.extend(coded.iter().map(|picture| picture.bytes as u64 * 8));
            }
            let coded = encoder.finish_annex_b(&mut video.stream).unwrap();
            video.bits.extend(coded.iter().map(|picture| picture.bytes as u64 * 8));
        }
        video
    }

    /// The bit rate that constant quality takes.
    fn rate_at(&self, qp: u8) -> BitRate {
        let total: u64 = self.encode(qp, RateControl::NONE).bits.iter().sum();
        BitRate::new((total as f64 / self.seconds()) as u64).unwrap()
    }

    /// The share of a rate that the video takes.
    fn share(&self, video: &Video, rate: BitRate) -> f64 {
        video.bits.iter().sum::<u64>() as f64 / self.seconds() / rate.get() as f64
    }

    /// The least that is in a decoder's buffer after a picture is removed, in bits. It begins with as much as is promised.
    fn least_in_buffer(&self, video: &Video, limit: BufferLimit) -> f64 {
        let (mut fullness, mut least) = (limit.start() as f64, f64::MAX);
        for &bits in &video.bits {
            fullness -= bits as f64;
            least = least.min(fullness);
            let arriving = limit.rate().get() as f64 / self.rate.as_f64();
            fullness = (fullness + arriving).min(limit.size() as f64);
        }
        least
    }
}

/// Bits of each packet, as ffprobe finds them. `None`, with a message, where it is not installed.
fn packets(stream: &[u8]) -> Option<Vec<u64>> {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-f", "h264", "-show_entries", "packet=size", "-of", "csv=p=0", "-i", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut probe) = probe else {
        eprintln!(
            "skipped: ffprobe is not installed, so the sizes of pictures are those that the encoder says"
        );
        return None;
    };
    let mut input = probe.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(stream));
        probe.wait_with_output().unwrap()
    });
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.trim_matches(',').parse::<u64>().unwrap() * 8).collect())
}

fn noise(size: PictureSize, number: usize) -> OwnedPicture {
    Content::Noise.frame(size, number, 0)
}

fn boxes(size: PictureSize, number: usize) -> OwnedPicture {
    Content::Boxes.frame(size, number, 27)
}

fn drift(size: PictureSize, number: usize) -> OwnedPicture {
    Content::Drift.frame(size, number, 5)
}

fn still(size: PictureSize, _: usize) -> OwnedPicture {
    Content::Drift.frame(size, 3, 5)
}

/// Boxes, then another scene.
fn cut(size: PictureSize, number: usize) -> OwnedPicture {
    if number % 50 < 25 { boxes(size, number) } else { drift(size, number) }
}

/// Draws a picture of a scene.
type Draw = fn(PictureSize, usize) -> OwnedPicture;

/// Without and with B pictures.
const EFFORTS: [Effort; 2] = [Effort::Fast, Effort::Balanced];

const SCENES: [(&str, Draw); 5] =
    [("noise", noise), ("boxes", boxes), ("drift", drift), ("still", still), ("cut", cut)];

#[test]
fn no_segment_takes_more_than_its_share_and_no_buffer_runs_empty() {
    for ((name, picture), effort) in
        SCENES.into_iter().flat_map(|scene| EFFORTS.map(|effort| (scene, effort)))
    {
        for (frames, segment) in [(100, 60), (60, 15), (35, 7)] {
            let scene = Scene::new(frames, segment, picture).with_effort(effort);
            for qp in [24, 34] {
                let rate = scene.rate_at(qp);
                let limit = BufferLimit::of_one_second(rate);
                for limit in [limit, limit.with_size(rate.get() * 3).unwrap()] {
                    let control = RateControl::NONE.with_average(rate).with_limit(limit);
                    let mut video = scene.encode(16, control);
                    let what = format!("{name}, {effort:?}, segments of {segment}, QP {qp}, {control:?}");
                    if let Some(packets) = packets(&video.stream) {
                        assert_eq!(packets, video.bits, "{what}");
                        video.bits = packets;
                    }
                    for bits in video.bits.chunks(segment) {
                        let share = rate.get() as f64 * bits.len() as f64 / scene.rate.as_f64();
                        let taken = bits.iter().sum::<u64>() as f64;
                        assert!(taken <= share, "{what}: {taken} bits of {share}");
                    }
                    let least = scene.least_in_buffer(&video, limit);
                    assert!(least >= 0.0, "{what}: {least} bits are missing");
                }
            }
        }
    }
}

#[test]
fn hard_content_takes_what_it_may() {
    for (name, picture) in [("noise", noise as Draw), ("drift", drift)] {
        for effort in EFFORTS {
            let scene = Scene::new(120, 60, picture).with_effort(effort);
            for qp in [26, 34] {
                let rate = scene.rate_at(qp);
                let share = scene.share(&scene.encode(12, RateControl::NONE.with_average(rate)), rate);
                assert!((0.95..=1.0).contains(&share), "{name}, {effort:?}, QP {qp}: {share}");
            }
        }
    }
}

#[test]
fn a_limit_without_an_average_holds_too() {
    for effort in EFFORTS {
        let scene = Scene::new(120, 60, cut).with_effort(effort);
        let rate = scene.rate_at(30);
        let limit = BufferLimit::of_one_second(rate);
        let video = scene.encode(16, RateControl::NONE.with_limit(limit));
        assert!(scene.least_in_buffer(&video, limit) >= 0.0);
        let share = scene.share(&video, rate);
        assert!(share > 0.8, "{effort:?}: {share}");
    }
}

#[test]
fn what_needs_no_more_is_as_with_constant_quality() {
    for effort in EFFORTS {
        let scene = Scene::new(60, 30, boxes).with_effort(effort);
        let rate = BitRate::new(50_000_000).unwrap();
        let control = RateControl::NONE.with_average(rate).with_limit(BufferLimit::of_one_second(rate));
        let [constant, limited] = [RateControl::NONE, control].map(|control| scene.encode(26, control));
        assert_eq!(constant.bits, limited.bits, "{effort:?}");
    }
}

#[test]
fn segments_do_not_depend_on_one_another() {
    for effort in EFFORTS {
        let scene = Scene::new(90, 30, cut).with_effort(effort);
        let control = RateControl::NONE.with_average(BitRate::new(100_000).unwrap());
        let whole = scene.encode(20, control);
        assert!(whole.stream == scene.encode(20, control).stream, "the same again");
        let shorter = Scene::new(60, 30, cut).with_effort(effort).encode(20, control);
        assert!(whole.stream.starts_with(&shorter.stream));
    }
}

#[test]
fn extremes_come_out() {
    for (bits_per_second, buffer) in [(1, 1), (1_000, 1_000), (BitRate::MAX, BufferLimit::MAX_SIZE)] {
        let rate = BitRate::new(bits_per_second).unwrap();
        let limit = BufferLimit::of_one_second(rate).with_size(buffer).unwrap();
        for (frames, segment) in [(1, 1), (3, 1), (2, 60), (61, 60)] {
            for effort in EFFORTS {
                let scene = Scene::of_size((64, 64), frames, segment, noise).with_effort(effort);
                for control in [
                    RateControl::NONE.with_average(rate),
                    RateControl::NONE.with_limit(limit),
                    RateControl::NONE.with_average(rate).with_limit(limit),
                ] {
                    assert_eq!(scene.encode(0, control).bits.len(), frames);
                }
            }
        }
    }
    assert!(BitRate::new(0).is_none() && BitRate::new(BitRate::MAX + 1).is_none());
}
