//! Marks that an encoder leaves where nothing happens, and that a viewer sees although the mean error is small.
//!
//! Some macroblocks (16x16 luma samples) stand still, or have moved by the scroll: their source is that of the picture before. In
//! these an error is seen for as long as they are in sight, and it is seen most when it vanishes at the next key frame.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::job::{Job, SEGMENT_FRAMES};

const BLOCK: usize = 16;

/// Samples whose range is this small, and not zero, are taken for a part of a gradient.
const LARGEST_RANGE: u8 = 2;

/// Every so many pictures the structural similarity is calculated.
const SIMILARITY_INTERVAL: u64 = 7;

/// What was measured over a stream.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Mean squared error of blocks that stand or have moved, in the first pictures after key frames.
    early: Mean,
    /// The same in the last pictures before key frames.
    late: Mean,
    /// Share of samples with an error in blocks of one colour that stand or have moved, in these last pictures.
    flat: Mean,
    /// Share of samples that change at a key frame otherwise than in the source.
    at_key_frames: Mean,
    /// The same in all other pictures.
    at_others: Mean,
    /// Share of the rows of gradients that have become flat, in the last pictures before key frames.
    flattened: Mean,
    /// Levels of the rows in the leftmost column of blocks: how many there are, and the longest run of rows with one level.
    levels: Option<[Levels; 2]>,
    /// The smallest structural similarity of a block, in any of the pictures that were looked at.
    worst_similarity: Option<f64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, sum: f64, count: usize) {
        self.sum += sum;
        self.count += count as f64;
    }

    fn value(self) -> f64 {
        self.sum / self.count
    }
}

/// Levels of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Levels {
    count: usize,
    longest_run: usize,
}

/// The luma planes of a picture and of that before.
struct Pair {
    now: Vec<u8>,
    before: Vec<u8>,
}

impl Pair {
    fn next(&mut self, input: &mut impl Read, chroma: &mut [u8]) -> Result<()> {
        std::mem::swap(&mut self.now, &mut self.before);
        input.read_exact(&mut self.now)?;
        Ok(input.read_exact(chroma)?)
    }
}

impl Marks {
    /// Decodes `stream` with ffmpeg, and compares it with the planes of `job`.
    ///
    /// # Errors
    /// When ffmpeg or a file fails, or the stream has fewer pictures.
    pub(crate) fn of(job: &Job, stream: &Path) -> Result<Marks> {
        let (width, height) = (job.size.width() as usize, job.size.height() as usize);
        let mut decoder = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(stream)
            .args(["-f", "rawvideo", "-pix_fmt", "nv12", "-fps_mode", "passthrough", "-"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut decoded_planes = decoder.stdout.take().ok_or("ffmpeg has no output")?;
        let mut source_planes = File::open(&job.planes)?;
        let plane = || Pair { now: vec![0; width * height], before: vec![0; width * height] };
        let (mut source, mut decoded, mut chroma) = (plane(), plane(), vec![0; width * height / 2]);
        let scroll = job.scroll.filter(|scroll| scroll.denominator == 1);
        let scroll = scroll.map_or((0, 0), |scroll| (scroll.dx as isize, scroll.dy as isize));
        let mut marks = Marks::default();
        for number in 0..job.frames {
            source.next(&mut source_planes, &mut chroma)?;
            decoded.next(&mut decoded_planes, &mut chroma)?;
            let picture = Compared { width, height, scroll, source: &source, decoded: &decoded };
            if number > 0 {
                marks.add(&picture, number % u64::from(SEGMENT_FRAMES));
            }
            if number % SIMILARITY_INTERVAL == 0 {
                let worst = picture.blocks().map(|block| picture.similarity(block)).fold(1.0, f64::min);
                marks.worst_similarity = Some(marks.worst_similarity.unwrap_or(1.0).min(worst));
            }
        }
        drop(decoded_planes);
        decoder.wait()?;
        Ok(marks)
    }

    /// Adds a picture. `number` is its number in its segment.
    fn add(&mut self, picture: &Compared<'_>, number: u64) {
        let is_last = number + 1 == u64::from(SEGMENT_FRAMES);
        let changes = if number == 0 { &mut self.at_key_frames } else { &mut self.at_others };
        changes.add(picture.other_changes() as f64, picture.source.now.len());
        if number != 1 && !is_last {
            return;
        }
        for block in picture.blocks().filter(|&block| picture.is_known(block)) {
            let error = picture.squared_error(block);
            if number == 1 {
                self.early.add(error, BLOCK * BLOCK);
                continue;
            }
            self.late.add(error, BLOCK * BLOCK);
            let range = picture.range(block);
            if range == 0 {
                self.flat.add(picture.wrong_samples(block) as f64, BLOCK * BLOCK);
            } else if range <= LARGEST_RANGE {
                let (flattened, rows) = picture.flattened_rows(block);
                self.flattened.add(flattened as f64, rows);
            }
        }
        if is_last {
            let levels = |plane: &[u8]| Levels::of(plane, picture.width, picture.height);
            self.levels = Some([levels(&picture.source.now), levels(&picture.decoded.now)]);
        }
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (early, late) = (self.early.value(), self.late.value());
        write!(f, "still and moved {early:.3} to {late:.3}, flat {:.2}%", self.flat.value() * 100.0)?;
        let (at_key_frames, at_others) = (self.at_key_frames.value() * 100.0, self.at_others.value() * 100.0);
        write!(f, ", changed at key frames {at_key_frames:.1}% ({at_others:.1}%)")?;
        write!(f, ", gradient rows lost {:.0}%", self.flattened.value() * 100.0)?;
        if let Some([source, decoded]) = self.levels {
            let (levels, run) = (decoded.count, decoded.longest_run);
            write!(f, ", levels {levels} of {}, run {run} ({})", source.count, source.longest_run)?;
        }
        write!(f, ", worst block {:.3}", self.worst_similarity.unwrap_or(f64::NAN))
    }
}

impl Levels {
    /// Of the means of rows of the leftmost block column of a plane.
    fn of(plane: &[u8], width: usize, height: usize) -> Levels {
        let row = |y: usize| plane[y * width..][..BLOCK].iter().map(|&sample| u32::from(sample)).sum::<u32>();
        let sums: Vec<u32> = (0..height).map(row).collect();
        let longest_run = sums.chunk_by(|one, other| one == other).map(<[u32]>::len).max().unwrap_or(0);
        Levels { count: sums.iter().collect::<BTreeSet<_>>().len(), longest_run }
    }
}

/// A picture and that before it, of the source and decoded.
struct Compared<'a> {
    width: usize,
    height: usize,
    /// How far the source has moved since the picture before, to the right and down.
    scroll: (isize, isize),
    source: &'a Pair,
    decoded: &'a Pair,
}

impl Compared<'_> {
    /// The top left corners of all blocks that lie within the picture.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (columns, rows) = (self.width / BLOCK, self.height / BLOCK);
        (0..rows).flat_map(move |row| (0..columns).map(move |column| (column * BLOCK, row * BLOCK)))
    }

    fn rows<'p>(&self, plane: &'p [u8], (x, y): (usize, usize)) -> impl Iterator<Item = &'p [u8]> + use<'p> {
        let width = self.width;
        (y..y + BLOCK).map(move |y| &plane[y * width + x..][..BLOCK])
    }

    /// The samples of a block in the source and decoded.
    fn samples(&self, block: (usize, usize)) -> impl Iterator<Item = (u8, u8)> {
        let rows = self.rows(&self.source.now, block).zip(self.rows(&self.decoded.now, block));
        rows.flat_map(|(source, decoded)| source.iter().copied().zip(decoded.iter().copied()))
    }

    /// Whether the source of a block is that of the picture before, there or where the scroll comes from.
    fn is_known(&self, block: (usize, usize)) -> bool {
        self.has_come_from(block, (0, 0)) || self.has_come_from(block, self.scroll)
    }

    fn has_come_from(&self, (x, y): (usize, usize), (dx, dy): (isize, isize)) -> bool {
        let from =
            |at: usize, by: isize, end: usize| at.checked_add_signed(-by).filter(|from| from + BLOCK <= end);
        let Some(from) = from(x, dx, self.width).zip(from(y, dy, self.height)) else { return false };
        self.rows(&self.source.now, (x, y)).eq(self.rows(&self.source.before, from))
    }

    fn range(&self, block: (usize, usize)) -> u8 {
        let (least, most) = self
            .samples(block)
            .fold((u8::MAX, 0), |(least, most), (sample, _)| (sample.min(least), sample.max(most)));
        most - least
    }

    fn squared_error(&self, block: (usize, usize)) -> f64 {
        self.samples(block).map(|(source, decoded)| f64::from(source.abs_diff(decoded)).powi(2)).sum()
    }

    fn wrong_samples(&self, block: (usize, usize)) -> usize {
        self.samples(block).filter(|(source, decoded)| source != decoded).count()
    }

    /// How many rows of a block have more than one value in the source: those that have one decoded, and all.
    fn flattened_rows(&self, block: (usize, usize)) -> (usize, usize) {
        let is_flat = |row: &[u8]| row.iter().all(|&sample| sample == row[0]);
        let rows = self.rows(&self.source.now, block).zip(self.rows(&self.decoded.now, block));
        let rows: Vec<bool> =
            rows.filter(|(source, _)| !is_flat(source)).map(|(_, decoded)| is_flat(decoded)).collect();
        (rows.iter().filter(|&&flat| flat).count(), rows.len())
    }

    /// How many samples have changed since the picture before otherwise than those of the source.
    fn other_changes(&self) -> usize {
        let change = |pair: &Pair, at: usize| i16::from(pair.now[at]) - i16::from(pair.before[at]);
        (0..self.source.now.len()).filter(|&at| change(self.source, at) != change(self.decoded, at)).count()
    }

    /// The structural similarity of a block (Wang et al., "Image quality assessment", 2004, equation 13), over the whole block.
    fn similarity(&self, block: (usize, usize)) -> f64 {
        const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
        const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
        let count = (BLOCK * BLOCK) as f64;
        let sum = |of: &dyn Fn(f64, f64) -> f64| {
            self.samples(block).map(|(one, other)| of(one.into(), other.into())).sum::<f64>() / count
        };
        let (one, other) = (sum(&|one, _| one), sum(&|_, other| other));
        let variance_one = sum(&|sample, _| (sample - one).powi(2));
        let variance_other = sum(&|_, sample| (sample - other).powi(2));
        let covariance = sum(&|a, b| (a - one) * (b - other));
        (2.0 * one * other + C1) * (2.0 * covariance + C2)
            / ((one * one + other * other + C1) * (variance_one + variance_other + C2))
    }
}
