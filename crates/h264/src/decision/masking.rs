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
    /// The whole first picture.
    pub(crate) first: u8,
    /// New macroblocks whose content will be moved on: it is visible until it has crossed the picture, with the errors that
    /// it gets here.
    pub(crate) new: u8,
    /// The same with edges, which hide errors.
    pub(crate) new_with_edges: u8,
    /// Edges in the first picture, and whatever has moved on and is coded once more.
    pub(crate) edges: u8,
    /// Gradients, to keep their pattern.
    dithered: u8,
    /// The QP of the first picture below which the pattern of gradients is not coded finer.
    lowest_dither_qp: u8,
    /// Whether most of the first picture is detailed, and nothing is known of how it moves. Such pictures mostly change everywhere, so that fine
    /// coding would soon be lost.
    pub(crate) is_detailed: bool,
}

impl Fineness {
    const USUAL: Fineness = Fineness {
        first: 12,
        new: 18,
        new_with_edges: 18,
        edges: 12,
        dithered: 20,
        lowest_dither_qp: 4,
        is_detailed: false,
    };
    /// Where much of a picture is dithered, keeping its pattern takes many bytes: so only the stronger part of it is kept, and
    /// edges are coded less finely for it.
    const OF_MUCH_DITHER: Fineness =
        Fineness { new_with_edges: 8, edges: 9, lowest_dither_qp: 8, ..Fineness::USUAL };

    /// Where most of a picture is detailed.
    const OF_DETAIL: Fineness = Fineness { first: 3, edges: 3, is_detailed: true, ..Fineness::USUAL };

    /// By how much of the first picture is dithered, and how much flat.
    /// `has_scroll`: whether what moves is known to do so as one, and so will be copied.
    pub(crate) fn for_picture(picture: &Picture<'_>, grid: MacroblockGrid, has_scroll: bool) -> Fineness {
        /// Every third macroblock is looked at, and an eighth of the picture is much.
        const STEP: usize = 3;
        const MUCH: usize = 8;
        /// The range of luma from which a macroblock is detailed; most is half of them.
        const DETAIL: u8 = 6;
        let range = |index: usize| {
            let position = grid.position(index % grid.columns, index / grid.columns);
            let mut padded = MacroblockBuffer::EMPTY;
            source_block(picture, position, &mut padded).luma_range()
        };
        let (mut dithered, mut detailed) = (0, 0);
        for range in (0..grid.len()).step_by(STEP).map(range) {
            dithered += usize::from(matches!(range, 1..=2)) * STEP;
            detailed += usize::from(range >= DETAIL) * STEP;
        }
        if !has_scroll && detailed * 2 > grid.len() {
            Fineness::OF_DETAIL
        } else if dithered * MUCH > grid.len() {
            Fineness::OF_MUCH_DITHER
        } else {
            Fineness::USUAL
        }
    }

    /// The same, less fine by `steps`: by 21 steps, nothing is coded finer than P slices.
    pub(crate) fn less(self, steps: u8) -> Fineness {
        let less = |finer: u8| finer.saturating_sub(steps);
        Fineness {
            first: less(self.first),
            new: less(self.new),
            new_with_edges: less(self.new_with_edges),
            edges: less(self.edges),
            dithered: less(self.dithered),
            ..self
        }
    }

    /// The QP of a dithered macroblock where a smooth one has `qp`. Where that is much higher, few bytes are wanted.
    pub(crate) fn qp_if_dithered(self, qp: u8) -> u8 {
        if self.is_detailed {
            return qp;
        }
        qp.saturating_sub(self.dithered).max(self.lowest_dither_qp).min(qp)
    }
}

impl Default for Fineness {
    fn default() -> Fineness {
        Fineness::USUAL
    }
}
