//! One macroblock: what is decided about it, its residual, and its reconstruction (ITU-T H.264, 7.3.5, 8.5).

use super::intra::Mode16x16;
use super::motion::vector_bits;
use super::neighbours::{Coded, Kind, Shape, Vector};
use super::reference::{Reconstruction, Samples};
use super::simd::{Work, copy, difference_sum};
use super::transform::{Block, Quantiser, Strip, forward, inverse, zigzag};

/// The 4×4 luma blocks (as raster indices) in coding order (Figure 6-10).
pub(super) const BLOCK_ORDER: [usize; 16] = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];

/// How a macroblock is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prediction {
    Inter {
        shape: Shape,
        /// num_ref_idx_l0_active_minus1 + 1.
        references_in_use: u8,
    },
    Intra16x16(Mode16x16),
    /// Modes in raster order.
    Intra4x4([u8; 16]),
}

/// Quantised coefficients in zig-zag order. Blocks whose DC is coded apart hold 0 in its place.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    pub(super) luma_dc: Block,
    /// In raster order.
    pub(super) luma: [Block; 16],
    pub(super) chroma_dc: [[i16; 4]; 2],
    /// Four of Cb, four of Cr.
    pub(super) chroma_ac: [Block; 8],
}

impl Levels {
    pub(super) const ZERO: Levels =
        Levels { luma_dc: [0; 16], luma: [[0; 16]; 16], chroma_dc: [[0; 4]; 2], chroma_ac: [[0; 16]; 8] };
}

/// A macroblock as it is written.
#[derive(Debug, Clone)]
pub(super) struct Macroblock {
    pub(super) prediction: Prediction,
    /// What its neighbours will see of it.
    pub(super) coded: Coded,
    /// mvd_l0 of each quarter.
    pub(super) differences: [Vector; 4],
    /// For Intra_4x4, per block in raster order: `None` when the predicted mode is used, otherwise
    /// rem_intra4x4_pred_mode.
    pub(super) coded_modes: [Option<u8>; 16],
    pub(super) qp_delta: i32,
    pub(super) levels: Levels,
}

impl Macroblock {
    pub(super) fn new(prediction: Prediction, kind: Kind) -> Macroblock {
        Macroblock {
            prediction,
            coded: Coded { kind, references: [super::neighbours::NOT_INTER; 4], ..Coded::UNAVAILABLE },
            differences: [Vector::ZERO; 4],
            coded_modes: [None; 16],
            qp_delta: 0,
            levels: Levels::ZERO,
        }
    }
}

impl Macroblock {
    /// About how many bits mb_type and the vector differences take.
    pub(super) fn shape_and_vector_bits(&self) -> u32 {
        let Prediction::Inter { shape, .. } = self.prediction else { return 0 };
        let header = match shape {
            Shape::Whole => 2,
            Shape::Rows | Shape::Columns => 4,
            Shape::Quarters => 7,
        };
        let vectors = shape.first_quarters().iter().map(|&first| vector_bits(self.differences[first]));
        header + vectors.sum::<u32>()
    }

    /// About how many bits the residual takes.
    pub(super) fn residual_bits(&self) -> u32 {
        let of = |levels: &[i16]| -> u32 {
            let Some(last) = levels.iter().rposition(|&level| level != 0) else { return 0 };
            // Sign and the first bin of each level, twice the logarithm of it, and the map up to the last.
            let values = levels.iter().filter(|&&level| level != 0);
            let values: u32 = values.map(|&level| 2 * (16 - level.unsigned_abs().leading_zeros())).sum();
            values + last as u32 * 3 / 4 + 2
        };
        let mut bits = 3;
        if self.coded.dc_flags & 1 != 0 {
            bits += of(&self.levels.luma_dc);
        }
        if self.coded.pattern & 15 != 0 {
            bits += 2 + self.levels.luma.iter().map(|levels| of(levels)).sum::<u32>();
        }
        if self.coded.pattern >> 4 != 0 {
            bits += 2 + self.levels.chroma_dc.iter().map(|levels| of(levels)).sum::<u32>();
        }
        if self.coded.pattern >> 4 == 2 {
            bits += self.levels.chroma_ac.iter().map(|levels| of(levels)).sum::<u32>();
        }
        bits
    }
}

/// The source samples of a macroblock; rows of 16 bytes, `stride` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceBlock<'a> {
    pub(super) luma: &'a [u8],
    pub(super) luma_stride: usize,
    pub(super) chroma: &'a [u8],
    pub(super) chroma_stride: usize,
}

/// Predicted samples of a macroblock: 16 rows of luma, 8 rows of interleaved chroma.
#[derive(Debug, Clone)]
pub(super) struct Predicted {
    pub(super) luma: [u8; 256],
    pub(super) chroma: [u8; 128],
}

impl Predicted {
    pub(super) const EMPTY: Predicted = Predicted { luma: [0; 256], chroma: [0; 128] };

    /// Takes the luma of a macroblock of the picture.
    pub(super) fn read_luma(&mut self, luma: &Samples, column: usize, row: usize) {
        copy(luma.at(column as isize * 16, row as isize * 16), luma.stride(), &mut self.luma, 16, 16);
    }

    /// Copies the prediction into the picture as it is.
    pub(super) fn store(&self, picture: &mut Reconstruction, column: usize, row: usize) {
        let (x, y) = (column as isize * 16, row as isize * 16);
        let stride = picture.luma.stride();
        let rows = picture.luma.at_mut(x, y).chunks_mut(stride);
        rows.zip(self.luma.as_chunks::<16>().0).for_each(|(out, row)| out[..16].copy_from_slice(row));
        let stride = picture.chroma.stride();
        let rows = picture.chroma.at_mut(x, y / 2).chunks_mut(stride);
        rows.zip(self.chroma.as_chunks::<16>().0).for_each(|(out, row)| out[..16].copy_from_slice(row));
    }
}

/// The quantisers of one QP.
#[derive(Debug, Clone)]
pub(super) struct Quantisers {
    pub(super) luma: Quantiser,
    pub(super) chroma: Quantiser,
    /// The rounding is finer for intra macroblocks.
    pub(super) intra_luma: Quantiser,
    pub(super) intra_chroma: Quantiser,
}

impl Quantisers {
    /// `largest_level`: what the entropy coding can express.
    pub(super) fn new(qp: u8, largest_level: i32) -> Quantisers {
        let chroma = super::transform::chroma_qp(qp);
        // A third and a sixth, the usual choice for Laplacian residuals.
        Quantisers {
            luma: Quantiser::new(qp, 11, largest_level),
            chroma: Quantiser::new(chroma, 11, largest_level),
            intra_luma: Quantiser::new(qp, 21, largest_level),
            intra_chroma: Quantiser::new(chroma, 21, largest_level),
        }
    }
}

/// Codes the residual of `macroblock`; `predicted` becomes its reconstruction.
#[derive(Debug)]
pub(super) struct CodeResidual<'a> {
    pub(super) macroblock: &'a mut Macroblock,
    pub(super) source: SourceBlock<'a>,
    pub(super) predicted: &'a mut Predicted,
    pub(super) quantisers: &'a Quantisers,
}

impl Work for CodeResidual<'_> {
    #[inline(always)]
    fn run(self) {
        let CodeResidual { macroblock, source, predicted, quantisers } = self;
        let chroma = match macroblock.coded.kind {
            Kind::Intra16x16 => {
                code_luma_16x16(macroblock, source, predicted, &quantisers.intra_luma);
                &quantisers.intra_chroma
            }
            // Its luma is coded block by block, because each is predicted from the one before.
            Kind::Intra4x4 => &quantisers.intra_chroma,
            _ => {
                code_luma(macroblock, source, predicted, &quantisers.luma);
                &quantisers.chroma
            }
        };
        code_chroma(macroblock, source, predicted, chroma);
    }
}

/// Source minus prediction, four rows of 16 from row `first` on.
#[inline(always)]
fn difference(source: &[u8], stride: usize, predicted: &[[u8; 16]], first: usize) -> Strip {
    let mut strip = [[0; 16]; 4];
    for (y, out) in strip.iter_mut().enumerate() {
        let source = &source[(first + y) * stride..][..16];
        let predicted = &predicted[first + y];
        for (out, (a, b)) in out.iter_mut().zip(source.iter().zip(predicted)) {
            *out = i16::from(*a) - i16::from(*b);
        }
    }
    strip
}

#[inline(always)]
fn add(strip: &Strip, predicted: &mut [[u8; 16]], first: usize) {
    for (row, predicted) in strip.iter().zip(&mut predicted[first..]) {
        for (sample, &residual) in predicted.iter_mut().zip(row) {
            *sample = i16::from(*sample).wrapping_add(residual).clamp(0, 255) as u8;
        }
    }
}

/// Codes the luma residual of an inter macroblock into `macroblock`; `predicted` becomes the reconstruction.
#[inline(always)]
fn code_luma(
    macroblock: &mut Macroblock,
    source: SourceBlock<'_>,
    predicted: &mut Predicted,
    quantiser: &Quantiser,
) {
    let rows = predicted.luma.as_chunks_mut::<16>().0;
    let limit = quantiser.smallest_effective_difference();
    for strip_index in 0..4 {
        let from = &source.luma[strip_index * 4 * source.luma_stride..];
        let differences =
            difference_sum(from, source.luma_stride, rows[strip_index * 4..].as_flattened(), 16, 4);
        if differences < limit {
            continue;
        }
        let mut strip = forward(&difference(source.luma, source.luma_stride, rows, strip_index * 4));
        if !quantiser.quantise(&mut strip) {
            continue;
        }
        for block in 0..4 {
            let index = strip_index * 4 + block;
            let levels = zigzag(&strip, block);
            let count = levels.iter().filter(|&&level| level != 0).count() as u8;
            macroblock.coded.counts[index] = count;
            if count != 0 {
                macroblock.coded.pattern |= 1 << (strip_index / 2 * 2 + block / 2);
                macroblock.levels.luma[index] = levels;
            }
        }
        quantiser.scale(&mut strip);
        add(&inverse(&strip), rows, strip_index * 4);
    }
}

/// The same for Intra_16x16, whose DC coefficients are transformed once more (8.5.2).
#[inline(always)]
fn code_luma_16x16(
    macroblock: &mut Macroblock,
    source: SourceBlock<'_>,
    predicted: &mut Predicted,
    quantiser: &Quantiser,
) {
    let differences = difference_sum(source.luma, source.luma_stride, &predicted.luma, 16, 16);
    if differences < quantiser.smallest_effective_difference() {
        return;
    }
    let rows = predicted.luma.as_chunks_mut::<16>().0;
    let mut strips = [[[0; 16]; 4]; 4];
    let mut dc = [0; 16];
    let mut any_ac = false;
    for (strip_index, strip) in strips.iter_mut().enumerate() {
        *strip = forward(&difference(source.luma, source.luma_stride, rows, strip_index * 4));
        for block in 0..4 {
            dc[strip_index * 4 + block] = i32::from(strip[0][block * 4]);
            strip[0][block * 4] = 0;
        }
        any_ac |= quantiser.quantise(strip);
    }
    if any_ac {
        macroblock.coded.pattern |= 15;
        for (index, levels) in macroblock.levels.luma.iter_mut().enumerate() {
            *levels = zigzag(&strips[index / 4], index % 4);
            macroblock.coded.counts[index] = levels.iter().filter(|&&level| level != 0).count() as u8;
        }
    }
    let dc_levels = quantiser.quantise_luma_dc(&dc);
    // The matrix of DC levels is scanned like a block (8.5.2, 8.5.6).
    macroblock.levels.luma_dc = super::transform::ZIGZAG.map(|(column, row)| dc_levels[row * 4 + column]);
    let any_dc = dc_levels.iter().any(|&level| level != 0);
    macroblock.coded.dc_flags |= u8::from(any_dc);
    if !any_ac && !any_dc {
        return;
    }
    let dc = quantiser.scale_luma_dc(&dc_levels);
    for (strip_index, strip) in strips.iter_mut().enumerate() {
        quantiser.scale(strip);
        for block in 0..4 {
            strip[0][block * 4] = dc[strip_index * 4 + block];
        }
        add(&inverse(strip), rows, strip_index * 4);
    }
}

/// Codes the residual of both chroma components (8.5.4).
#[inline(always)]
fn code_chroma(
    macroblock: &mut Macroblock,
    source: SourceBlock<'_>,
    predicted: &mut Predicted,
    quantiser: &Quantiser,
) {
    let differences = difference_sum(source.chroma, source.chroma_stride, &predicted.chroma, 16, 8);
    if differences < quantiser.smallest_effective_difference() {
        return;
    }
    // Rows of 8 samples of Cb and 8 of Cr, to make strips of: blocks 0 and 1 are Cb's, 2 and 3 Cr's.
    let mut apart = [[0u8; 16]; 8];
    let mut planar_source = [0u8; 128];
    let interleaved = predicted.chroma.as_chunks::<16>().0;
    for (y, (apart, out)) in apart.iter_mut().zip(planar_source.as_chunks_mut::<16>().0).enumerate() {
        let row = &source.chroma[y * source.chroma_stride..][..16];
        for x in 0..8 {
            (apart[x], apart[8 + x]) = (interleaved[y][2 * x], interleaved[y][2 * x + 1]);
            (out[x], out[8 + x]) = (row[2 * x], row[2 * x + 1]);
        }
    }
    let mut strips = [[[0; 16]; 4]; 2];
    let mut dc = [[0; 4]; 2];
    let mut any_ac = false;
    for (half, strip) in strips.iter_mut().enumerate() {
        *strip = forward(&difference(&planar_source, 16, &apart, half * 4));
        for block in 0..4 {
            dc[block / 2][half * 2 + block % 2] = i32::from(strip[0][block * 4]);
            strip[0][block * 4] = 0;
        }
        any_ac |= quantiser.quantise(strip);
    }
    let dc_levels = dc.map(|dc| quantiser.quantise_chroma_dc(&dc));
    let any_dc = dc_levels.iter().flatten().any(|&level| level != 0);
    if !any_ac && !any_dc {
        return;
    }
    macroblock.coded.pattern |= if any_ac { 2 << 4 } else { 1 << 4 };
    macroblock.levels.chroma_dc = dc_levels;
    for (levels, flag) in dc_levels.iter().zip([2, 4]) {
        if levels.iter().any(|&level| level != 0) {
            macroblock.coded.dc_flags |= flag;
        }
    }
    if any_ac {
        for (index, levels) in macroblock.levels.chroma_ac.iter_mut().enumerate() {
            let (part, half, column) = (index / 4, index % 4 / 2, index % 2);
            *levels = zigzag(&strips[half], part * 2 + column);
            macroblock.coded.counts[16 + index] = levels.iter().filter(|&&level| level != 0).count() as u8;
        }
    }
    let dc = dc_levels.map(|levels| quantiser.scale_chroma_dc(&levels));
    for (half, strip) in strips.iter_mut().enumerate() {
        quantiser.scale(strip);
        for block in 0..4 {
            strip[0][block * 4] = dc[block / 2][half * 2 + block % 2];
        }
        add(&inverse(strip), &mut apart, half * 4);
    }
    for (out, apart) in predicted.chroma.as_chunks_mut::<16>().0.iter_mut().zip(&apart) {
        for x in 0..8 {
            (out[2 * x], out[2 * x + 1]) = (apart[x], apart[8 + x]);
        }
    }
}
