//! Intra macroblocks without residual in context-adaptive binary arithmetic coding, in few steps (ITU-T H.264, 7.3.5).

use crate::entropy::cabac::{CabacWriter, increment};
use crate::prediction::intra::{ChromaMode, Mode16x16};
use crate::prediction::neighbours::{Coded, Kind, Neighbours};

impl CabacWriter {
    /// I_16x16 without residual in an I slice: what [`Self::macroblock`] makes of it, in fewer steps.
    pub(crate) fn predicted_intra(
        &mut self,
        mode: Mode16x16,
        chroma_mode: ChromaMode,
        around: &Neighbours<'_>,
    ) {
        let Neighbours { left, above, .. } = around;
        let is_whole = |coded: &Coded| !matches!(coded.kind, Kind::Unavailable | Kind::Intra4x4);
        let has_chroma_mode = |coded: &Coded| usize::from(coded.kind.is_intra() && coded.chroma_mode != 0);
        let has_dc = |coded: &Coded| !coded.kind.is_available() || coded.dc_flags & 1 == 1;
        let delta = 60 + usize::from(self.last_delta_was_coded);
        self.encoder.bins(|e| {
            e.bin(3 + usize::from(is_whole(left)) + usize::from(is_whole(above)), true);
            e.terminate(false);
            // No coded_block_pattern, then the mode.
            e.bin(6, false);
            e.bin(7, false);
            e.bin(9, mode as u8 & 2 != 0);
            e.bin(10, mode as u8 & 1 != 0);
            let chroma_mode = chroma_mode as u8;
            for bin in 0..3.min(chroma_mode + 1) {
                let context = if bin == 0 { 64 + has_chroma_mode(left) + has_chroma_mode(above) } else { 67 };
                e.bin(context, bin < chroma_mode);
            }
            e.bin(delta, false);
            e.bin(85 + increment(has_dc(left), has_dc(above)), false);
        });
        self.last_delta_was_coded = false;
    }
}
