//! The encoder of one segment.

use strikeline_picture::{FrameChange, Picture, Plane, Scroll, SegmentIndex};

use crate::bits::bit_writer::{BitWriter, NalKind, append_sized_nal};
use crate::bits::parameter_sets::{MacroblockGrid, SliceHeader, StreamParameters, level_for};
use crate::buffer_pool::BufferPool;
use crate::decision::ages::Calm;
use crate::decision::mode_decision::Coding;
use crate::decision::slice::SliceEncoder;
use crate::entropy::writer::MacroblockWriter;
use crate::prediction::neighbours::{Rows, Vector};
use crate::prediction::reference::Reconstruction;
use crate::residual::macroblock::Quantisers;
use crate::settings::{CodedPicture, EntropyCoding, H264Error, H264Settings, ParameterSets};
use crate::simd::Instructions;
use crate::source::history::{Move, SourceHistory};

/// For so many pictures a motion that was told is not compared with what can be found.
const PICTURES_BELIEVED: u32 = 8;

/// Encodes the pictures of one segment, in display order. The first one is an IDR picture, and the bytes depend on the
/// settings, the pictures and what is said of their changes alone.
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
    /// An encoder for segment `segment` of a video.
    ///
    /// # Errors
    /// [`H264Error::BeyondLevels`] when no level of H.264 allows the size at that rate.
    pub fn new(settings: &H264Settings, segment: SegmentIndex) -> Result<H264Encoder, H264Error> {
        H264Encoder::with_buffers(settings, segment, &BufferPool::default())
    }

    /// The same, with picture memory from `buffers`, where it goes back to: for the many segments of a video.
    ///
    /// # Errors
    /// Those of [`H264Encoder::new`].
    pub fn with_buffers(
        settings: &H264Settings,
        segment: SegmentIndex,
        buffers: &BufferPool,
    ) -> Result<H264Encoder, H264Error> {
        let grid = MacroblockGrid::covering(settings.size.width(), settings.size.height());
        // Two IDR pictures in a row must differ in idr_pic_id (7.4.3); only one-frame segments make such.
        let idr_pic_id = if settings.segment_frames <= 1 { (segment.0 % 2) as u32 } else { 0 };
        let parameters = StreamParameters {
            size: settings.size,
            grid,
            rate: settings.frame_rate,
            level: level_for(settings, grid)?,
            references: settings.references,
            entropy_coding: settings.entropy_coding,
            base_qp: settings.qp.get(),
            idr_pic_id,
        };
        Ok(H264Encoder::with_parameters(parameters, buffers))
    }

    fn with_parameters(parameters: StreamParameters, buffers: &BufferPool) -> H264Encoder {
        let grid = parameters.grid;
        let stored = parameters.references.get() as usize + 1;
        let largest_level = match parameters.entropy_coding {
            EntropyCoding::Cabac => i32::from(i16::MAX),
            EntropyCoding::Cavlc => crate::entropy::cavlc::LARGEST_LEVEL,
        };
        H264Encoder {
            parameters,
            frames: 0,
            reconstructions: (0..stored).map(|_| Reconstruction::new(grid, buffers)).collect(),
            history: SourceHistory::new(parameters.size, grid, stored - 1, buffers),
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

    /// Encodes the next picture and appends its access unit to `output`. Never skips a picture. `change` is what is
    /// known of how it differs from the picture before; a wrong scroll costs bytes and time, a change outside of
    /// [`FrameChange::changed`] is lost.
    ///
    /// # Errors
    /// When the picture is not of the segment's size or its planes are too short.
    pub fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<CodedPicture, H264Error> {
        self.check(picture)?;
        let intra = self.frames == 0;
        self.history.begin_picture(self.frames);
        self.calm.begin_picture(self.frames);
        let scroll = if intra { change.scroll } else { self.find_scroll(picture, change) };
        let distances = self.distances(scroll);
        let qp = crate::decision::slice::slice_qp(self.parameters.base_qp, intra);
        let header = SliceHeader { frame_number: self.frames, idr: intra, distances: &distances, qp };
        self.parameters.append_slice_header(&mut self.bits, &header);

        let stored = self.reconstructions.len();
        let slot = |distance: u32| (self.frames as usize + stored - distance as usize) % stored;
        let mut current = std::mem::take(&mut self.reconstructions[slot(0)]);
        let references: Vec<_> = distances
            .iter()
            .map(|&distance| crate::decision::slice::Reference {
                distance,
                picture: &self.reconstructions[slot(distance)],
            })
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
            change,
            instructions: self.instructions,
            writer,
        }
        .encode(&mut self.codings);
        drop(references);
        let index = self.frames as usize % stored;
        self.reconstructions[index] = current;
        let start = output.len();
        append_sized_nal(output, if intra { NalKind::IdrSlice } else { NalKind::Slice }, &rbsp);
        self.frames = self.frames.checked_add(1).ok_or(H264Error::SegmentTooLong)?;
        Ok(CodedPicture { bytes: output.len() - start, idr: intra })
    }

    /// The scroll that was told if the picture bears it out, otherwise one that is found.
    fn find_scroll(&mut self, picture: &Picture<'_>, change: &FrameChange) -> Option<Scroll> {
        let grid = self.parameters.grid;
        if let Some(told) = change.scroll {
            let distances = self.distances(change.scroll);
            let distance = distances.get(1).copied().unwrap_or(1);
            let motion = scrolled(change.scroll, &distances).and_then(|vector| Move::of(vector, distance));
            if self.frames % PICTURES_BELIEVED == 1 {
                self.instead = motion.and_then(|motion| {
                    crate::source::scroll_search::better_than_told(
                        &self.history,
                        picture,
                        change,
                        grid,
                        motion,
                    )
                });
            }
            if self.instead.is_some() {
                return self.instead;
            }
            if crate::source::scroll_search::is_plausible(&self.history, picture, change, grid, motion) {
                return Some(told);
            }
        }
        self.guess =
            crate::source::scroll_search::guess_scroll(&self.history, picture, change, grid, self.guess);
        self.guess.or(change.scroll)
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

    fn check(&self, picture: &Picture<'_>) -> Result<(), H264Error> {
        let size = self.parameters.size;
        let (width, height) = (size.width() as usize, size.height() as usize);
        let holds = |plane: &Plane<'_>, rows: usize| {
            plane.stride >= width
                && (rows - 1)
                    .checked_mul(plane.stride)
                    .and_then(|start| start.checked_add(width))
                    .is_some_and(|end| plane.data.len() >= end)
        };
        if picture.size != size {
            Err(H264Error::WrongSize { given: picture.size, expected: size })
        } else if !holds(&picture.luma, height) || !holds(&picture.chroma, height / 2) {
            Err(H264Error::ShortPlane { size })
        } else {
            Ok(())
        }
    }

    /// What a decoder needs before the first access unit. The same for all segments of a video.
    pub fn parameter_sets(&self) -> ParameterSets {
        self.parameters.parameter_sets()
    }

    /// What a decoder shows for the picture encoded last, as luma and interleaved chroma rows without padding.
    /// Empty before the first.
    #[doc(hidden)]
    pub fn reconstruction(&self) -> (Vec<u8>, Vec<u8>) {
        let Some(last) = self.frames.checked_sub(1) else { return Default::default() };
        let picture = &self.reconstructions[last as usize % self.reconstructions.len()];
        let (width, height) = (self.parameters.size.width() as usize, self.parameters.size.height() as isize);
        let rows = |samples: &crate::prediction::reference::Samples, height: isize| {
            (0..height).flat_map(|y| samples.at(0, y)[..width].to_vec()).collect()
        };
        (rows(&picture.luma, height), rows(&picture.chroma, height / 2))
    }
}

/// The vector of a scroll for the second of the references.
fn scrolled(scroll: Option<Scroll>, distances: &[u32]) -> Option<Vector> {
    crate::prediction::motion::scroll_vector(scroll?, *distances.get(1)?)
}

#[cfg(test)]
mod tests;
