//! H.264 made for rendered animation: most of a picture has not changed, and most of what has changed is an
//! earlier picture moved by whole samples.
//!
//! 8 bits, 4:2:0, constant QP, one slice per picture, no B pictures, no deblocking. Each file names the
//! clauses of ITU-T H.264 that it implements.

mod arithmetic;
mod bitstream;
mod cabac;
mod cabac_intra;
mod cabac_macroblock;
mod cabac_residual;
mod cabac_tables;
mod calm;
mod cavlc;
mod cavlc_tables;
mod changes;
mod choice;
mod damage;
mod differences;
mod guess;
mod inter;
mod inter_choice;
mod intra;
mod intra4x4;
mod macroblock;
mod motion;
mod neighbours;
mod parameter_sets;
mod quantiser;
#[cfg(test)]
mod quick_tests;
mod reference;
mod repeats;
mod simd;
mod slice;
mod source;
mod spare;
mod still;
#[cfg(test)]
mod tests;
mod transform;
mod writer;

use super::hints::{PictureHints, Scroll};
use super::{AccessUnit, EncodeError, Encoder, EncoderFactory, EncoderSettings, ParameterSets};
use crate::picture::Picture;
use crate::timing::SegmentIndex;
use bitstream::{BitWriter, NalKind, append_sized_nal};
use calm::Calm;
use changes::{Move, SourceHistory};
use choice::Coding;
use macroblock::Quantisers;
use neighbours::{Rows, Vector};
use parameter_sets::{MacroblockGrid, SliceHeader, StreamParameters, level_for};
use reference::Reconstruction;
use simd::Instructions;
use slice::SliceEncoder;
use writer::MacroblockWriter;

const NAME: &str = "h264";

/// For so many pictures a motion that was told is not compared with what can be found.
const PICTURES_BELIEVED: u32 = 8;

/// How syntax elements become bits (entropy_coding_mode_flag).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntropyCoding {
    /// Arithmetic coding: Main profile, the fewest bytes.
    #[default]
    Cabac,
    /// Variable-length codes: Constrained Baseline profile.
    Cavlc,
}

/// How many earlier pictures are kept to predict from, 1 to 5.
///
/// One is enough when what moves does so by an even number of samples per frame. Otherwise keep as many as
/// [`Scroll::exact_distance`](super::hints::Scroll::exact_distance) says, so that the motion is whole in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceCount(u8);

impl ReferenceCount {
    /// One.
    pub const MIN: ReferenceCount = ReferenceCount(1);
    /// Five.
    pub const MAX: ReferenceCount = ReferenceCount(5);

    /// The nearest possible count.
    pub const fn clamped(count: u32) -> ReferenceCount {
        match count {
            0 | 1 => ReferenceCount::MIN,
            2..=4 => ReferenceCount(count as u8),
            _ => ReferenceCount::MAX,
        }
    }

    /// The count.
    pub const fn get(self) -> u32 {
        self.0 as u32
    }
}

/// Makes [`H264Encoder`]s.
#[derive(Debug, Clone, Copy)]
pub struct H264Factory {
    /// How syntax elements become bits.
    pub entropy_coding: EntropyCoding,
    /// Earlier pictures kept; each costs two pictures of memory.
    pub references: ReferenceCount,
}

impl Default for H264Factory {
    fn default() -> H264Factory {
        H264Factory { entropy_coding: EntropyCoding::default(), references: ReferenceCount::MIN }
    }
}

impl H264Factory {
    /// A fresh encoder for one segment.
    ///
    /// # Errors
    /// [`EncodeError::Unsupported`] when no level of H.264 allows the size at that rate.
    pub fn encoder(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<H264Encoder, EncodeError> {
        let grid = MacroblockGrid::covering(settings.size.width(), settings.size.height());
        let level = level_for(settings, grid, self.references).map_err(|what| EncodeError::Unsupported {
            encoder: NAME,
            what,
            remedy: "level 6.2 is the highest; choose a smaller picture or a lower frame rate".to_owned(),
        })?;
        // Two IDR pictures in a row must differ in idr_pic_id (7.4.3); only one-frame segments make such.
        let idr_pic_id = if settings.segment_frames <= 1 { (segment.0 % 2) as u32 } else { 0 };
        let parameters = StreamParameters {
            size: settings.size,
            grid,
            rate: settings.frame_rate,
            level,
            references: self.references,
            entropy_coding: self.entropy_coding,
            base_qp: settings.quality.qp(),
            idr_pic_id,
        };
        Ok(H264Encoder::new(parameters))
    }
}

impl EncoderFactory for H264Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn reads_only_damage(&self) -> bool {
        true
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(self.encoder(settings, segment)?))
    }
}

/// Encodes the pictures of one segment. Made by [`H264Factory`].
#[derive(Debug)]
pub struct H264Encoder {
    parameters: StreamParameters,
    /// Pictures encoded so far.
    frames: u32,
    /// Picture `n` lies at `n % length`; one more than there are references.
    reconstructions: Vec<Reconstruction>,
    history: SourceHistory,
    calm: Calm,
    rows: Rows,
    /// By QP.
    quantisers: Vec<Quantisers>,
    bits: BitWriter,
    /// The scroll that was found where nobody had told it.
    guess: Option<Scroll>,
    /// A better one than was told, when that was last looked for.
    instead: Option<Scroll>,
    codings: Box<[Coding; 2]>,
    instructions: Instructions,
}

impl H264Encoder {
    fn new(parameters: StreamParameters) -> H264Encoder {
        let grid = parameters.grid;
        let stored = parameters.references.get() as usize + 1;
        let largest_level = match parameters.entropy_coding {
            EntropyCoding::Cabac => i32::from(i16::MAX),
            EntropyCoding::Cavlc => cavlc::LARGEST_LEVEL,
        };
        H264Encoder {
            parameters,
            frames: 0,
            reconstructions: (0..stored).map(|_| Reconstruction::new(grid)).collect(),
            history: SourceHistory::new(parameters.size, grid, stored - 1),
            calm: Calm::new(grid),
            rows: Rows::new(grid.columns),
            quantisers: (0..=51).map(|qp| Quantisers::new(qp, largest_level)).collect(),
            bits: BitWriter::default(),
            guess: None,
            instead: None,
            codings: Box::new([Coding::EMPTY, Coding::EMPTY]),
            instructions: Instructions::detect(),
        }
    }

    /// Encodes the next picture and appends its access unit to `output`; see [`Encoder::encode`].
    ///
    /// # Errors
    /// [`EncodeError::Failed`] when the picture is not of the segment's size or its planes are too short.
    pub fn encode_with_hints(
        &mut self,
        picture: &Picture<'_>,
        hints: &PictureHints<'_>,
        output: &mut Vec<u8>,
    ) -> Result<AccessUnit, EncodeError> {
        self.check(picture)?;
        let intra = self.frames == 0;
        self.history.begin_picture(self.frames);
        self.calm.begin_picture(self.frames);
        let scroll = if intra { hints.scroll } else { self.find_scroll(picture, hints) };
        let distances = self.distances(scroll);
        let qp = slice::slice_qp(self.parameters.base_qp, intra);
        let header = SliceHeader { frame_number: self.frames, idr: intra, distances: &distances, qp };
        self.parameters.append_slice_header(&mut self.bits, &header);

        let stored = self.reconstructions.len();
        let slot = |distance: u32| (self.frames as usize + stored - distance as usize) % stored;
        let mut current = std::mem::take(&mut self.reconstructions[slot(0)]);
        let references: Vec<_> = distances
            .iter()
            .map(|&distance| slice::Reference { distance, picture: &self.reconstructions[slot(distance)] })
            .collect();
        let moving = scrolled(scroll, &distances);
        let bits = std::mem::take(&mut self.bits);
        let writer =
            MacroblockWriter::new(self.parameters.entropy_coding, bits, intra, qp, self.instructions);
        let rbsp = SliceEncoder {
            picture,
            grid: self.parameters.grid,
            references: &references,
            history: &mut self.history,
            current: &mut current,
            calm: &mut self.calm,
            rows: &mut self.rows,
            quantisers: &self.quantisers,
            qp,
            last_qp: qp,
            // 0 marks what was never written.
            stamp: self.frames + 1,
            scroll,
            moving,
            damage: hints.damage,
            instructions: self.instructions,
            writer,
        }
        .encode(&mut self.codings);
        drop(references);
        let index = self.frames as usize % stored;
        self.reconstructions[index] = current;
        let start = output.len();
        append_sized_nal(output, if intra { NalKind::IdrSlice } else { NalKind::Slice }, &rbsp);
        self.frames = self.frames.checked_add(1).ok_or_else(|| EncodeError::Failed {
            encoder: NAME,
            reason: "a segment cannot have more than 2^32 frames".to_owned(),
        })?;
        Ok(AccessUnit { bytes: output.len() - start, idr: intra })
    }

    /// The scroll that was told if the picture bears it out, otherwise one that is found.
    fn find_scroll(&mut self, picture: &Picture<'_>, hints: &PictureHints<'_>) -> Option<Scroll> {
        let grid = self.parameters.grid;
        if let Some(told) = hints.scroll {
            let distances = self.distances(hints.scroll);
            let distance = distances.get(1).copied().unwrap_or(1);
            let motion = scrolled(hints.scroll, &distances).and_then(|vector| Move::of(vector, distance));
            if self.frames % PICTURES_BELIEVED == 1 {
                self.instead = motion.and_then(|motion| {
                    guess::better_than_told(&self.history, picture, hints.damage, grid, motion)
                });
            }
            if self.instead.is_some() {
                return self.instead;
            }
            if guess::is_plausible(&self.history, picture, hints.damage, grid, motion) {
                return Some(told);
            }
        }
        self.guess = guess::guess_scroll(&self.history, picture, hints.damage, grid, self.guess);
        self.guess.or(hints.scroll)
    }

    /// Reference list 0 as frames back: the picture before, then the one the scroll is exact in.
    fn distances(&self, scroll: Option<Scroll>) -> Vec<u32> {
        let most = self.parameters.references.get().min(self.frames);
        if most == 0 {
            return Vec::new();
        }
        match scroll.and_then(|scroll| scroll.exact_distance(most)) {
            Some(distance) => vec![1, distance],
            None => vec![1, 1],
        }
    }

    fn check(&self, picture: &Picture<'_>) -> Result<(), EncodeError> {
        let size = self.parameters.size;
        let (width, height) = (size.width() as usize, size.height() as usize);
        let holds = |plane: &crate::picture::Plane<'_>, rows: usize| {
            plane.stride >= width
                && (rows - 1)
                    .checked_mul(plane.stride)
                    .and_then(|start| start.checked_add(width))
                    .is_some_and(|end| plane.data.len() >= end)
        };
        let reason = if picture.size != size {
            format!("a picture of {} came into a segment of {size}", picture.size)
        } else if !holds(&picture.luma, height) || !holds(&picture.chroma, height / 2) {
            format!("a plane is too short for a picture of {size}")
        } else {
            return Ok(());
        };
        Err(EncodeError::Failed { encoder: NAME, reason })
    }

    /// What a decoder shows for the picture encoded last, as luma and interleaved chroma rows without padding.
    /// Empty before the first.
    #[doc(hidden)]
    pub fn reconstruction(&self) -> (Vec<u8>, Vec<u8>) {
        let Some(last) = self.frames.checked_sub(1) else { return Default::default() };
        let picture = &self.reconstructions[last as usize % self.reconstructions.len()];
        let (width, height) = (self.parameters.size.width() as usize, self.parameters.size.height() as isize);
        let rows = |samples: &reference::Samples, height: isize| {
            (0..height).flat_map(|y| samples.at(0, y)[..width].to_vec()).collect()
        };
        (rows(&picture.luma, height), rows(&picture.chroma, height / 2))
    }
}

/// The vector of a scroll for the second of the references.
fn scrolled(scroll: Option<Scroll>, distances: &[u32]) -> Option<Vector> {
    motion::scroll_vector(scroll?, *distances.get(1)?)
}

impl Encoder for H264Encoder {
    fn encode(&mut self, picture: &Picture<'_>, output: &mut Vec<u8>) -> Result<AccessUnit, EncodeError> {
        self.encode_with_hints(picture, &PictureHints::default(), output)
    }

    fn encode_with_hints(
        &mut self,
        picture: &Picture<'_>,
        hints: &PictureHints<'_>,
        output: &mut Vec<u8>,
    ) -> Result<AccessUnit, EncodeError> {
        H264Encoder::encode_with_hints(self, picture, hints, output)
    }

    fn parameter_sets(&self) -> Option<ParameterSets> {
        (self.frames > 0).then(|| self.parameters.parameter_sets())
    }
}
