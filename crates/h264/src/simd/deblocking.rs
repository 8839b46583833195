//! Filters of edges between blocks.

#[cfg(target_arch = "x86_64")]
use super::avx2_deblocking;
use super::{Instructions, PlaneMut};
use crate::deblocking::edges::Strengths;
use crate::deblocking::limits::Limits;
use crate::deblocking::lines;

/// An edge of 16 luma samples or of 8 pairs of chroma samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// Between two columns; the samples begin four columns before the edge.
    LumaColumns,
    /// Between two rows; the samples begin four rows before the edge.
    LumaRows,
    /// Between two columns of pairs; the samples begin two pairs before the edge.
    ChromaColumns,
    /// Between two rows; the samples begin two rows before the edge.
    ChromaRows,
}

impl Instructions {
    /// Filters the samples on both sides of an edge (ITU-T H.264, 8.7.2). `strengths`: bS; if one is 4, all are.
    #[inline]
    pub(crate) fn filter_edge(
        self,
        kind: EdgeKind,
        samples: PlaneMut<'_>,
        limits: &Limits,
        strengths: Strengths,
    ) {
        match self {
            Instructions::Baseline => match kind {
                EdgeKind::LumaColumns => lines::luma_columns(samples, limits, strengths),
                EdgeKind::LumaRows => lines::luma_rows(samples, limits, strengths),
                EdgeKind::ChromaColumns => lines::chroma_columns(samples, limits, strengths),
                EdgeKind::ChromaRows => lines::chroma_rows(samples, limits, strengths),
            },
            // SAFETY: the value is proof that the processor has AVX2, which is all that the functions require.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(_) => unsafe {
                match kind {
                    EdgeKind::LumaColumns => avx2_deblocking::luma_columns(samples, limits, strengths),
                    EdgeKind::LumaRows => avx2_deblocking::luma_rows(samples, limits, strengths),
                    EdgeKind::ChromaColumns => avx2_deblocking::chroma_columns(samples, limits, strengths),
                    EdgeKind::ChromaRows => avx2_deblocking::chroma_rows(samples, limits, strengths),
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_instructions_filter_edges_alike() {
        const STRIDE: usize = 24;
        let mut seed = 7u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let kinds =
            [EdgeKind::LumaColumns, EdgeKind::LumaRows, EdgeKind::ChromaColumns, EdgeKind::ChromaRows];
        let mut changed = [0; 4];
        for round in 0..20_000 {
            // Steps at the edge and on both sides of it that are near the limits, and arbitrary samples.
            let (spread, step) = ([2, 6, 20, 256][round % 4], next(60));
            let base = next(200);
            let samples: Vec<u8> = (0..STRIDE * 16)
                .map(|index| {
                    let (x, y) = (index % STRIDE, index / STRIDE);
                    let is_after = if round / 4 % 2 == 0 { x >= 4 } else { y >= 4 };
                    (base + next(spread) + if is_after { step } else { 0 }).min(255) as u8
                })
                .collect();
            let limits = Limits::of(next(52) as u8);
            let strengths = if next(3) == 0 { [4; 4] } else { [0; 4].map(|_: u8| next(4) as u8) };
            for (kind, changed) in kinds.into_iter().zip(&mut changed) {
                let filtered = |instructions: Instructions| {
                    let mut data = samples.clone();
                    let plane = PlaneMut { data: &mut data, stride: STRIDE };
                    instructions.filter_edge(kind, plane, &limits, strengths);
                    data
                };
                let expected = filtered(Instructions::Baseline);
                *changed += usize::from(expected != samples);
                assert_eq!(filtered(Instructions::detect()), expected, "{kind:?} {limits:?} {strengths:?}");
            }
        }
        assert!(changed.iter().all(|&changed| changed > 2000), "{changed:?}");
    }
}
