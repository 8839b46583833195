//! The encoder of one segment.

use crate::bits::bit_writer::BitWriter;
use crate::bits::level::level_for;
use crate::bits::nal::{NalKind, START_CODE, append_nal, append_sized_nal};
use crate::bits::parameter_sets::{SliceHeader, StreamParameters};
use crate::buffer_pool::BufferPool;
use crate::deblocking::Deblocking;
use crate::decision::ages::MacroblockAges;
use crate::decision::coding::Coding;
use crate::decision::context::SliceContext;
use crate::decision::masking::Fineness;
use crate::decision::slice::{CodedMacroblocks, SliceEncoder, SliceState};
use crate::decision::slice_writer::SliceWriter;
use crate::entropy::cavlc;
use crate::entropy::writer::{MacroblockWriter, SliceStart};
use crate::grid::MacroblockGrid;
use crate::macroblock::SliceKind;
use crate::motion::field::MotionField;
use crate::prediction::neighbours::NeighbourRows;
use crate::prediction::reference::{PaddedSamples, Reconstruction, Reference};
use crate::prediction::vectors::Vector;
use crate::rate_control::Coarseness;
use crate::residual::code::Quantisers;
use crate::settings::{
    CodedPicture, CodedPictures, Effort, EntropyCoding, H264Error, H264Settings, ParameterSets,
};
use crate::simd::Instructions;
use crate::source::history::{GivenPicture, SourceHistory};
use crate::source::pending::PendingPictures;
use group::{GROUP, Groups};
use numbers::ReferenceNumbers;
use plan::{PicturePlace, PicturePlan, cascaded_qp, vector_of};
use strikeline_picture::{FrameChange, Picture, Scroll, SegmentIndex};
use within_limits::BitLimits;

/// Encodes the pictures of one segment, in display order, one slice each.
///
/// The first picture is an IDR picture, all others are P pictures, or B pictures
/// ([`H264Settings::has_b_pictures`]). The bytes depend only on the settings, the pictures
/// and the frame changes: not on the processor, nor on earlier segments.
#[derive(Debug)]
pub struct H264Encoder {
    parameters: StreamParameters,
    /// I and P pictures encoded so far.
    frames: u32,
    /// Pictures given so far, and all that were encoded.
    given: u32,
    decoded: u32,
    numbers: ReferenceNumbers,
    /// Which macroblocks of the first picture stay as they are for some pictures, if that is known.
    lasting: Option<Vec<bool>>,
    /// Picture `n` is at `n % length`; one more than there are references.
    reconstructions: Vec<Reconstruction>,
    history: SourceHistory,
    ages: MacroblockAges,
    rows: NeighbourRows,
    /// By QP.
    quantisers: Vec<Quantisers>,
    bits: BitWriter,
    /// The scroll found by search when none was given, or the given one did not fit.
    found_scroll: Option<Scroll>,
    /// A better scroll than the given one, as of the last check.
    better_scroll: Option<Scroll>,
    motion: MotionField,
    /// Whether most of what changed in the last picture had moved by its scroll.
    scroll_explains: bool,
    effort: Effort,
    /// Pictures since the last one of which much was neither unchanged nor moved.
    pictures_since_mostly_new: u32,
    /// By the first picture.
    fineness: Fineness,
    deblocking: Deblocking,
    codings: Box<[Coding; 2]>,
    instructions: Instructions,
    /// If the bits are limited.
    limits: Option<Box<BitLimits>>,
    /// If there are B pictures.
    groups: Option<Box<Groups>>,
    pending: Option<PendingPictures>,
    /// For tests: the pictures as a decoder shows them, in the order of decoding.
    kept: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// How NAL units are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UnitForm {
    /// After their length in 4 bytes, without parameter sets.
    Sized,
    /// After a start code, the parameter sets before an IDR picture.
    ByteStream,
}

/// A coded picture, to be made a NAL unit.
struct CodedSlice {
    kind: NalKind,
    rbsp: Vec<u8>,
}

impl H264Encoder {
    /// An encoder for segment `segment` of a video.
    ///
    /// # Errors
    /// [`H264Error::BeyondLevels`] when no level of H.264 allows the size at that rate.
    pub fn new(settings: &H264Settings, segment: SegmentIndex) -> Result<H264Encoder, H264Error> {
        H264Encoder::with_buffers(settings, segment, &BufferPool::default())
    }

    /// The same, with picture memory from `buffers`, to which it is returned when the encoder is dropped. Use one pool
    /// for all segments of a video.
    ///
    /// # Errors
    /// Those of [`H264Encoder::new`].
    pub fn with_buffers(
        settings: &H264Settings,
        segment: SegmentIndex,
        buffers: &BufferPool,
    ) -> Result<H264Encoder, H264Error> {
        let grid = MacroblockGrid::covering(settings.size.width(), settings.size.height());
        // Two IDR pictures in a row must differ in idr_pic_id (7.4.3); only segments of one frame make such.
        let idr_pic_id = if settings.segment_frames <= 1 { (segment.0 % 2) as u32 } else { 0 };
        let parameters = StreamParameters {
            size: settings.size,
            grid,
            rate: settings.frame_rate,
            level: level_for(settings, grid)?,
            references: settings.references,
            reorders: settings.has_b_pictures(),
            entropy_coding: settings.entropy_coding,
            base_qp: settings.qp.get(),
            idr_pic_id,
        };
        let mut encoder = H264Encoder::with_parameters(parameters, settings.effort, buffers);
        encoder.limits = BitLimits::new(settings, grid);
        Ok(encoder)
    }

    fn with_parameters(parameters: StreamParameters, effort: Effort, buffers: &BufferPool) -> H264Encoder {
        let grid = parameters.grid;
        let stored = parameters.references.get() as usize + 1;
        let largest_level = match parameters.entropy_coding {
            EntropyCoding::Cabac => i32::from(i16::MAX),
            EntropyCoding::Cavlc => cavlc::LARGEST_LEVEL,
        };
        H264Encoder {
            parameters,
            frames: 0,
            given: 0,
            decoded: 0,
            numbers: ReferenceNumbers::default(),
            lasting: None,
            reconstructions: (0..stored).map(|_| Reconstruction::new(grid, buffers)).collect(),
            history: SourceHistory::new(parameters.size, grid, stored - 1, buffers),
            ages: MacroblockAges::new(grid),
            rows: NeighbourRows::new(grid.columns),
            quantisers: (0..=51).map(|qp| Quantisers::new(qp, largest_level)).collect(),
            bits: BitWriter::default(),
            found_scroll: None,
            better_scroll: None,
            motion: MotionField::new(grid),
            scroll_explains: true,
            effort,
            pictures_since_mostly_new: u32::MAX,
            fineness: Fineness::default(),
            deblocking: Deblocking::new(grid),
            codings: Box::new([Coding::EMPTY, Coding::EMPTY]),
            instructions: Instructions::detect(),
            limits: None,
            groups: parameters.reorders.then(|| Box::new(Groups::new(parameters.size, grid, buffers))),
            pending: parameters
                .reorders
                .then(|| PendingPictures::new(parameters.size, grid, GROUP + 1, buffers)),
            kept: None,
        }
    }

    /// Encodes the next picture and appends its access unit to `output`, as MP4 files hold it: each NAL unit after its
    /// length in 4 bytes, big-endian (ISO/IEC 14496-15, 5.2.3), without [parameter sets](Self::parameter_sets). Every
    /// picture is coded; none is dropped.
    ///
    /// With B pictures ([`H264Settings::has_b_pictures`]) a picture may have to wait for those after it: then its access unit is
    /// appended by a later call, or by [`Self::finish`].
    ///
    /// `change` is what is known of how the picture differs from the previous one. A wrong scroll costs bytes and time
    /// only. A change outside of [`FrameChange::changed`] is lost: the video then shows the previous picture there.
    ///
    /// # Errors
    /// [`H264Error::WrongSize`], [`H264Error::WrongFormat`] and [`H264Error::ShortPlane`] when the picture does not fit the settings;
    /// [`H264Error::SegmentTooLong`] after 2^32 pictures.
    ///
    /// # Panics
    /// In builds with debug assertions, when the picture has changed outside of [`FrameChange::changed`] and
    /// [`FrameChange::unchanged_samples`] says that it has not.
    pub fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<CodedPictures, H264Error> {
        self.encode_or_wait(picture, change, UnitForm::Sized, output)
    }

    /// As [`Self::encode`], but in the byte stream format of H.264, Annex B: each NAL unit after a start code, and the
    /// parameter sets before the IDR picture. The output of several segments, one after the other, is a stream that
    /// players take as a `.h264` file.
    ///
    /// # Errors
    /// Those of [`Self::encode`].
    ///
    /// # Panics
    /// As [`Self::encode`].
    pub fn encode_annex_b(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<CodedPictures, H264Error> {
        self.encode_or_wait(picture, change, UnitForm::ByteStream, output)
    }

    /// To be called after the last picture, once if [`Self::encode`] was: appends what has waited. There is nothing without B pictures.
    ///
    /// # Errors
    /// Those of [`Self::encode`].
    pub fn finish(&mut self, output: &mut Vec<u8>) -> Result<CodedPictures, H264Error> {
        self.finish_as(UnitForm::Sized, output)
    }

    /// As [`Self::finish`], after [`Self::encode_annex_b`].
    ///
    /// # Errors
    /// Those of [`Self::encode`].
    pub fn finish_annex_b(&mut self, output: &mut Vec<u8>) -> Result<CodedPictures, H264Error> {
        self.finish_as(UnitForm::ByteStream, output)
    }

    fn finish_as(&mut self, form: UnitForm, output: &mut Vec<u8>) -> Result<CodedPictures, H264Error> {
        let mut coded = CodedPictures::default();
        self.encode_waiting(true, form, output, &mut coded)?;
        Ok(coded)
    }

    /// Appends a picture, which is the one at `shown` in the order of showing.
    fn append(
        &mut self,
        slice: CodedSlice,
        shown: u32,
        form: UnitForm,
        output: &mut Vec<u8>,
    ) -> CodedPicture {
        let CodedSlice { kind, rbsp } = slice;
        let (start, idr) = (output.len(), kind == NalKind::IdrSlice);
        if form == UnitForm::Sized {
            append_sized_nal(output, kind, &rbsp);
        } else {
            if idr {
                let ParameterSets { sps, pps } = self.parameter_sets();
                for unit in [sps, pps] {
                    output.extend_from_slice(&START_CODE);
                    output.extend_from_slice(&unit);
                }
            }
            output.extend_from_slice(&START_CODE);
            append_nal(output, kind, &rbsp);
        }
        let delay = shown as i32 - self.decoded as i32;
        self.decoded += 1;
        CodedPicture { bytes: output.len() - start, idr, delay }
    }

    /// Encodes the next picture as one slice.
    fn encode_slice(
        &mut self,
        given: GivenPicture<'_>,
        place: PicturePlace,
    ) -> Result<CodedSlice, H264Error> {
        let GivenPicture { picture, change } = given;
        let intra = self.frames == 0;
        self.history.begin_picture(self.frames);
        self.ages.begin_picture(self.frames);
        if intra {
            self.fineness = Fineness::for_picture(picture, self.parameters.grid, change.scroll.is_some());
        }
        self.expect_changes(picture, change);
        let scroll = match place.weights {
            _ if intra => change.scroll,
            None => self.find_scroll(picture, change),
            Some(_) => None,
        };
        let distances = if place.weights.is_some() { vec![1] } else { self.distances(scroll) };
        let scroll_vector = vector_of(scroll, &distances);
        // What moves by whole samples is found without a search, where that is most of what changes.
        let is_told = change.scroll.is_some();
        let is_explained = (is_told || self.scroll_explains) && scroll_vector.is_some_and(Vector::is_whole);
        let plan = PicturePlan {
            given,
            place,
            scroll,
            distances: &distances,
            search: if is_explained { None } else { self.search_effort(is_told) },
        };
        let CodedMacroblocks { rbsp, new, moved } = self.encode_within_limits(&plan);
        self.record_changes(intra, new, moved);
        let stored = self.reconstructions.len();
        let current = std::mem::take(&mut self.reconstructions[self.frames as usize % stored]);
        self.keep_reconstruction(&current);
        self.reconstructions[self.frames as usize % stored] = current;
        self.numbers.anchor();
        self.frames = self.frames.checked_add(1).ok_or(H264Error::SegmentTooLong)?;
        Ok(CodedSlice { kind: if intra { NalKind::IdrSlice } else { NalKind::Slice }, rbsp })
    }

    /// Encodes the macroblocks of a picture. `is_repeated`: whether this was done already, with another result.
    fn encode_macroblocks(
        &mut self,
        plan: &PicturePlan<'_>,
        coarseness: Coarseness,
        is_repeated: bool,
    ) -> CodedMacroblocks {
        let PicturePlan { given, place, scroll, distances, search } = *plan;
        let intra = self.frames == 0;
        let is_told = given.change.scroll.is_some();
        let later_qp = coarseness.qp();
        let fineness = self.fineness.less(coarseness.beyond());
        let scroll_vector = vector_of(scroll, distances);
        // Errors of the first picture are copied through the whole segment, so it is coded finer.
        let qp = if intra {
            later_qp.saturating_sub(fineness.first)
        } else if place.group > 1 {
            later_qp
        } else if !is_told && search.is_some() && self.is_mostly_new() {
            cascaded_qp(later_qp, self.frames)
        } else {
            later_qp
        };
        let deblocks = self.deblocks(given, search.is_some() && !is_told, qp);
        let kind = if intra { SliceKind::I } else { SliceKind::P };
        let header = SliceHeader {
            kind,
            frame_number: self.numbers.next(),
            shown: place.shown,
            is_reference: true,
            distances: &self.numbers.distances(distances),
            weights: place.weights,
            qp,
            deblocks,
        };
        self.parameters.append_slice_header(&mut self.bits, &header);

        let stored = self.reconstructions.len();
        let slot = |distance: u32| (self.frames as usize + stored - distance as usize) % stored;
        let mut current = std::mem::take(&mut self.reconstructions[slot(0)]);
        let references: Vec<_> = distances
            .iter()
            .map(|&distance| Reference { distance, picture: &self.reconstructions[slot(distance)] })
            .collect();
        let mut weighted =
            place.weights.and(self.groups.as_mut()).map(|groups| groups.take_weighted(self.parameters.grid));
        if let (Some(picture), Some(weights)) = (&mut weighted, place.weights) {
            weights.copy(references[0].picture, picture, self.instructions);
        }
        let context = SliceContext {
            given,
            grid: self.parameters.grid,
            references: &references,
            quantisers: &self.quantisers,
            qp,
            later_qp,
            fineness,
            thrift: coarseness.beyond(),
            // 0 stands for undefined samples.
            content: self.frames + 1,
            is_repeated,
            scroll,
            weighted: place.weights.zip(weighted.as_ref()),
            lasting: self.lasting.as_deref().filter(|_| intra),
            deblocks,
            search,
            scroll_vector,
            instructions: self.instructions,
        };
        let start = SliceStart {
            entropy_coding: self.parameters.entropy_coding,
            slice: kind,
            qp,
            instructions: self.instructions,
        };
        let writer = MacroblockWriter::new(std::mem::take(&mut self.bits), start);
        let written = SliceWriter::new(&context, writer, &mut self.rows, &mut current);
        let state = SliceState {
            history: &mut self.history,
            ages: &mut self.ages,
            motion: &mut self.motion,
            edges: deblocks.then_some(self.deblocking.edges()),
            still: self.groups.as_mut().map(|groups| &mut groups.anchor_still),
            codings: &mut self.codings,
        };
        let coded = SliceEncoder::new(context, state, written).encode();
        drop(references);
        if deblocks {
            self.deblocking.run(&mut current, &mut self.ages, self.frames + 1, self.instructions);
        }
        let index = self.frames as usize % stored;
        self.reconstructions[index] = current;
        if let Some(groups) = &mut self.groups {
            groups.deblocks = deblocks;
            groups.weighted = weighted.or(groups.weighted.take());
        }
        coded
    }

    /// Whether there may be B pictures ([`H264Settings::has_b_pictures`]).
    pub fn has_b_pictures(&self) -> bool {
        self.parameters.reorders
    }

    /// What a decoder needs before the first access unit. The same for all segments of a video: it depends on the
    /// settings only.
    pub fn parameter_sets(&self) -> ParameterSets {
        self.parameters.parameter_sets()
    }

    /// The I or P picture encoded last as a decoder shows it: luma rows, then rows of interleaved chroma, without padding.
    /// Empty before the first picture.
    ///
    /// For tests only, as [`Self::keep_reconstructions`].
    #[doc(hidden)]
    pub fn reconstruction(&self) -> (Vec<u8>, Vec<u8>) {
        let Some(last) = self.frames.checked_sub(1) else { return Default::default() };
        self.shown_samples(&self.reconstructions[last as usize % self.reconstructions.len()])
    }

    /// From now on keeps each picture as a decoder shows it, for [`Self::take_reconstructions`].
    ///
    /// For tests of this crate and of its users only. It is not part of the public interface and may change at any
    /// time.
    #[doc(hidden)]
    pub fn keep_reconstructions(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// The pictures encoded since the last call, in the order of decoding: of each the luma rows, and the rows of interleaved chroma,
    /// without padding.
    ///
    /// For tests only, as [`Self::keep_reconstructions`].
    #[doc(hidden)]
    pub fn take_reconstructions(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn keep_reconstruction(&mut self, picture: &Reconstruction) {
        if self.kept.is_some() {
            let samples = self.shown_samples(picture);
            self.kept.get_or_insert_default().push(samples);
        }
    }

    /// Luma and chroma of a picture, without what lies beyond its edges.
    fn shown_samples(&self, picture: &Reconstruction) -> (Vec<u8>, Vec<u8>) {
        let (width, height) = (self.parameters.size.width() as usize, self.parameters.size.height() as isize);
        let rows = |samples: &PaddedSamples, height: isize| {
            (0..height).flat_map(|y| samples.at(0, y)[..width].to_vec()).collect()
        };
        (rows(&picture.luma, height), rows(&picture.chroma, height / 2))
    }
}

mod between;
mod check;
mod group;
mod numbers;
mod plan;
mod within_limits;

#[cfg(test)]
mod tests;
