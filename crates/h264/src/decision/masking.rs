//! How finely a macroblock is coded that is seen for long, by how well its samples hide errors.

use crate::grid::MacroblockGrid;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use crate::source::block::source_block;
use strikeline_picture::Picture;

/// How well the luma samples of a macroblock hide errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texture {
    /// A part of a gradient: it takes few values, in a pattern that stands for the values between. Without the pattern a
    /// gradient has visible steps.
    Dithered,
    /// Every error is seen.
    Smooth,
    /// Edges, which hide errors.
    Edges,
}

impl Texture {
    pub(crate) fn of(source: MacroblockSamples<'_>) -> Texture {
        match source.luma_range() {
            1..=2 => Texture::Dithered,
            0 | 3..=30 => Texture::Smooth,
            31.. => Texture::Edges,
        }
    }
}

/// How much lower the QP is than that of P slices where errors are seen for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fineness {
    /// New macroblocks whose content will be moved on: it is visible until it has crossed the picture, with the errors that
    /// it gets here.
    pub(crate) new: u8,
    /// The same with edges, which hide errors.
    pub(crate) new_with_edges: u8,
    /// Edges in the first picture, and whatever has moved on and is coded once more.
    pub(crate) edges: u8,
    /// The QP of the first picture below which the pattern of gradients is not coded finer.
    lowest_dither_qp: u8,
}

impl Fineness {
    const USUAL: Fineness = Fineness { new: 18, new_with_edges: 18, edges: 12, lowest_dither_qp: 4 };
    /// Where much of a picture is dithered, keeping its pattern takes many bytes: so only the stronger part of it is kept, and
    /// edges are coded less finely for it.
    const OF_MUCH_DITHER: Fineness =
        Fineness { new_with_edges: 8, edges: 9, lowest_dither_qp: 8, ..Fineness::USUAL };

    /// By how much of the first picture is dithered.
    pub(crate) fn for_picture(picture: &Picture<'_>, grid: MacroblockGrid) -> Fineness {
        /// Every third macroblock is looked at, and an eighth of the picture is much.
        const STEP: usize = 3;
        const MUCH: usize = 8;
        let is_dithered = |index: &usize| {
            let position = grid.position(index % grid.columns, index / grid.columns);
            let mut padded = MacroblockBuffer::EMPTY;
            Texture::of(source_block(picture, position, &mut padded)) == Texture::Dithered
        };
        let dithered = (0..grid.len()).step_by(STEP).filter(is_dithered).count() * STEP;
        if dithered * MUCH > grid.len() { Fineness::OF_MUCH_DITHER } else { Fineness::USUAL }
    }

    /// The QP of a dithered macroblock where a smooth one has `qp`. Where that is much higher, few bytes are wanted.
    pub(crate) fn qp_if_dithered(self, qp: u8) -> u8 {
        qp.saturating_sub(20).max(self.lowest_dither_qp).min(qp)
    }
}

impl Default for Fineness {
    fn default() -> Fineness {
        Fineness::USUAL
    }
}
