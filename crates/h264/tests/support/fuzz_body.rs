//! Encodes pictures that arbitrary bytes describe: sizes, strides, samples, and frame changes that are right or wrong.
//! Shared by the fuzz target `h264_encoder` and by a bounded test.

use std::collections::BTreeMap;
use strikeline_h264::{
    BitRate, BufferLimit, CodedPictures, Effort, EntropyCoding, H264Encoder, H264Settings, Qp, RateControl,
    ReferenceCount,
};
use strikeline_picture::{
    FrameChange, FrameRate, Picture, PictureSize, Plane, Rectangle, Scroll, SegmentIndex, UnchangedSamples,
};

/// A coded segment.
pub(crate) struct CodedSegment {
    /// NAL units with start codes.
    pub stream: Vec<u8>,
    /// Luma and interleaved chroma of each picture in turn, as a decoder must show them.
    pub reconstruction: Vec<u8>,
}

/// Bytes to take decisions from; zeros when there are no more.
struct Decisions<'a>(&'a [u8]);

impl Decisions<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, limit: u32) -> u32 {
        (u32::from(self.byte()) << 8 | u32::from(self.byte())) % limit
    }

    fn word(&mut self) -> i32 {
        i32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }
}

/// Samples of a picture, with padding after each row.
#[derive(Clone)]
struct OwnedPlanes {
    size: PictureSize,
    stride: usize,
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl OwnedPlanes {
    /// Changes something. Returns the rows of luma that may have changed.
    fn change(&mut self, decisions: &mut Decisions<'_>) -> std::ops::Range<u32> {
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let (kind, value) = (decisions.byte() % 7, decisions.byte());
        let top = decisions.below(height as u32 / 2) as usize * 2;
        let rows = (decisions.below(64) as usize * 2).min(height - top);
        let left = decisions.below(width as u32) as usize / 2 * 2;
        let columns = (usize::from(decisions.byte()) + 1).min(width - left);
        let stride = self.stride;
        match kind {
            0 => return 0..0,
            1 | 2 => {
                // Everything moves: down, or to the right.
                let step = usize::from(value % 33);
                let (by_luma, by_chroma) =
                    if kind == 1 { (step * stride, step / 2 * stride) } else { (step, step / 2 * 2) };
                let luma_end = self.luma.len().saturating_sub(by_luma);
                self.luma.copy_within(..luma_end, by_luma.min(height * stride / 2));
                let chroma_end = self.chroma.len().saturating_sub(by_chroma);
                self.chroma.copy_within(..chroma_end, by_chroma.min(height / 4 * stride));
                return 0..height as u32;
            }
            _ => {}
        }
        let mut state = u32::from(value) | 0x5EED_0000;
        let mut noise = |old: u8, x: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match kind {
                3 => value,
                4 => (state >> 24) as u8,
                5 => old.wrapping_add(value % 5),
                _ => (x as u8).wrapping_mul(3).wrapping_add(value),
            }
        };
        for y in top..top + rows {
            let row = &mut self.luma[y * stride + left..][..columns];
            row.iter_mut().enumerate().for_each(|(x, sample)| *sample = noise(*sample, x));
        }
        for y in top / 2..(top + rows) / 2 {
            let row = &mut self.chroma[y * stride + left..][..columns];
            row.iter_mut().enumerate().for_each(|(x, sample)| *sample = noise(*sample, x / 2));
        }
        top as u32..(top + rows) as u32
    }

    /// The same in these rows, which are whole macroblocks, and other samples elsewhere.
    fn only(&self, rows: &Rectangle, value: u8) -> OwnedPlanes {
        let mut planes = self.clone();
        let poison = |plane: &mut [u8], top: usize, bottom: usize| {
            for (y, row) in plane.chunks_mut(self.stride).enumerate() {
                if !(top..bottom).contains(&y) {
                    row.iter_mut().for_each(|sample| *sample = sample.wrapping_mul(31) ^ value);
                }
            }
        };
        poison(&mut planes.luma, rows.top as usize, rows.bottom as usize);
        poison(&mut planes.chroma, rows.top as usize / 2, rows.bottom as usize / 2);
        planes
    }

    fn picture(&self) -> Picture<'_> {
        let plane = |data| Plane { data, stride: self.stride };
        Picture::nv12(self.size, plane(&self.luma), plane(&self.chroma))
    }
}

/// None, or one of several that are hard to meet.
fn rate_control(choice: usize) -> RateControl {
    let rate = BitRate::new([1, 30_000, 400_000, 20_000_000][choice / 4 % 4]).expect("it is in range");
    let limit = BufferLimit::of_one_second(rate);
    match choice % 4 {
        0 => RateControl::NONE,
        1 => RateControl::NONE.with_average(rate),
        2 => RateControl::NONE.with_limit(limit),
        _ => RateControl::NONE.with_average(rate).with_limit(limit.with_size(20_000).unwrap_or(limit)),
    }
}

/// Encodes the pictures. Panics when the encoder does, or when its output is not as documented.
pub(crate) fn run(bytes: &[u8]) -> CodedSegment {
    let decisions = &mut Decisions(bytes);
    let side = |decisions: &mut Decisions<'_>| 64 + u32::from(decisions.byte() % 40) * 2;
    let size = PictureSize::new(side(decisions), side(decisions)).expect("the sides are even and in range");
    let stride = size.width() as usize + usize::from(decisions.byte());
    let qp = Qp::new(decisions.byte() % 52).expect("below 52");
    let segment_frames = u32::from(decisions.byte());
    let choice = usize::from(decisions.byte());
    let entropy_coding = [EntropyCoding::Cabac, EntropyCoding::Cavlc][choice % 2];
    let effort = [Effort::Fast, Effort::Balanced, Effort::Small][choice / 2 % 3];
    let references = ReferenceCount::clamped(u32::from(decisions.byte() % 7));
    let settings = H264Settings::new(size, FrameRate::new(60, 1).expect("60 is a rate"))
        .with_qp(qp)
        .with_segment_frames(segment_frames)
        .with_entropy_coding(entropy_coding)
        .with_effort(effort)
        .with_references(references)
        .with_rate_control(rate_control(choice / 6));
    let segment = SegmentIndex(u64::from(decisions.byte()));
    let mut encoder = H264Encoder::new(&settings, segment).expect("small pictures fit");
    let (rows, fill) = (size.height() as usize, decisions.byte());
    // The last row of a plane has nothing after it.
    let end = |rows: usize| (rows - 1) * stride + size.width() as usize;
    let mut planes =
        OwnedPlanes { size, stride, luma: vec![fill; end(rows)], chroma: vec![fill ^ 0x55; end(rows / 2)] };
    encoder.keep_reconstructions();
    let mut output = Output::default();
    let mut unit = Vec::new();
    let count = 1 + decisions.byte() % 12;
    for number in 0..count {
        let changed = planes.change(decisions);
        let right = Rectangle { left: 0, right: size.width(), top: changed.start, bottom: changed.end };
        let wrong = Rectangle {
            left: decisions.below(300),
            right: decisions.below(300),
            top: decisions.word().unsigned_abs() % 300,
            bottom: u32::MAX,
        };
        // The same in whole macroblocks, for pictures of which nothing else is known.
        let blocks = Rectangle {
            top: right.top / 16 * 16,
            bottom: right.bottom.next_multiple_of(16).min(size.height()),
            ..right
        };
        let change_kind = decisions.byte() % 4;
        let scroll = match decisions.byte() % 4 {
            0 => None,
            1 => Some(Scroll::whole(0, i32::from(decisions.byte()))),
            2 => Some(Scroll {
                dx: decisions.word() % 99,
                dy: decisions.word() % 99,
                denominator: 1 + i32::from(decisions.byte() % 9),
            }),
            _ => Some(Scroll { dx: decisions.word(), dy: decisions.word(), denominator: decisions.word() }),
        };
        let change = match change_kind {
            0 => FrameChange::UNKNOWN,
            3 => FrameChange::within(vec![blocks]).with_unchanged_samples(UnchangedSamples::Undefined),
            1 => FrameChange::within(vec![right]),
            // Builds with debug assertions panic at wrong rectangles, as documented.
            _ if cfg!(debug_assertions) => FrameChange::UNKNOWN,
            _ => FrameChange::within(vec![wrong]),
        }
        .with_scroll(scroll);
        unit.clear();
        let poisoned = (change_kind == 3 && number > 0).then(|| planes.only(&blocks, decisions.byte()));
        let picture = poisoned.as_ref().unwrap_or(&planes).picture();
        let pictures = encoder.encode(&picture, &change, &mut unit).expect("the picture fits");
        output.take(&mut encoder, pictures, &unit);
    }
    unit.clear();
    let pictures = encoder.finish(&mut unit).expect("the pictures fit");
    output.take(&mut encoder, pictures, &unit);
    output.finished(usize::from(count))
}

/// What an encoder has given so far.
#[derive(Default)]
struct Output {
    stream: Vec<u8>,
    decoded: usize,
    /// Planes by their place in the order of showing.
    shown: BTreeMap<usize, Vec<u8>>,
}

impl Output {
    /// Takes what a call has coded into `units`.
    fn take(&mut self, encoder: &mut H264Encoder, pictures: CodedPictures, mut units: &[u8]) {
        for (picture, (luma, chroma)) in pictures.iter().zip(encoder.take_reconstructions()) {
            assert_eq!(picture.idr, self.decoded == 0);
            if picture.idr {
                let sets = encoder.parameter_sets();
                for set in [sets.sps, sets.pps] {
                    self.stream.extend_from_slice(&[0, 0, 0, 1]);
                    self.stream.extend_from_slice(&set);
                }
            }
            let (unit, rest) = units.split_at(picture.bytes);
            assert_eq!(unit[..4], (unit.len() as u32 - 4).to_be_bytes());
            self.stream.extend_from_slice(&[0, 0, 0, 1]);
            self.stream.extend_from_slice(&unit[4..]);
            units = rest;
            self.shown.insert((self.decoded as i32 + picture.delay) as usize, [luma, chroma].concat());
            self.decoded += 1;
        }
        assert!(units.is_empty(), "bytes that no picture has");
    }

    fn finished(self, pictures: usize) -> CodedSegment {
        let places: Vec<usize> = self.shown.keys().copied().collect();
        assert_eq!(places, (0..pictures).collect::<Vec<_>>(), "each picture is shown once");
        CodedSegment { stream: self.stream, reconstruction: self.shown.into_values().flatten().collect() }
    }
}
