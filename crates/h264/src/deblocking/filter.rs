//! The filter of the samples on both sides of an edge (ITU-T H.264, 8.7.2.3 and 8.7.2.4), in loops that the compiler turns
//! into vector code: 16 lines across the edge at once.

/// Samples of 16 lines that cross an edge.
pub(super) type Line = [i16; 16];

/// What is filtered: `p` has the samples before the edge, the nearest first, `q` those after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<const N: usize> {
    pub(super) p: [Line; N],
    pub(super) q: [Line; N],
}

/// α and β, and for each line tC0, or −1 where it is not filtered.
#[derive(Debug, Clone, Copy)]
pub(super) struct EdgeLimits {
    pub(super) alpha: i16,
    pub(super) beta: i16,
    pub(super) most_change: Line,
}

impl EdgeLimits {
    /// filterSamplesFlag (8.7.2), but for bS.
    #[inline(always)]
    fn allow<const N: usize>(&self, Sides { p, q }: &Sides<N>, x: usize) -> bool {
        ((p[0][x] - q[0][x]).abs() < self.alpha)
            & ((p[1][x] - p[0][x]).abs() < self.beta)
            & ((q[1][x] - q[0][x]).abs() < self.beta)
    }

    /// Luma where bS is below 4 (8.7.2.3): changes two samples on each side.
    #[inline(always)]
    pub(super) fn filter_luma(&self, sides: &mut Sides<3>) {
        let Sides { p, q } = *sides;
        for x in 0..16 {
            let limit = self.most_change[x];
            let is_filtered = self.allow(sides, x) & (limit >= 0);
            let (is_p_smooth, is_q_smooth) =
                ((p[2][x] - p[0][x]).abs() < self.beta, (q[2][x] - q[0][x]).abs() < self.beta);
            let most = limit + i16::from(is_p_smooth) + i16::from(is_q_smooth);
            let step = (((q[0][x] - p[0][x]) * 4 + (p[1][x] - q[1][x]) + 4) >> 3).max(-most).min(most);
            let middle = (p[0][x] + q[0][x] + 1) >> 1;
            let inner =
                |side: &[Line; 3]| ((side[2][x] + middle - side[1][x] * 2) >> 1).max(-limit).min(limit);
            let (p_inner, q_inner) = (inner(&p), inner(&q));
            let keep = |value: i16, condition: bool| if condition { value } else { 0 };
            sides.p[0][x] = (p[0][x] + keep(step, is_filtered)).clamp(0, 255);
            sides.q[0][x] = (q[0][x] - keep(step, is_filtered)).clamp(0, 255);
            sides.p[1][x] = p[1][x] + keep(p_inner, is_filtered & is_p_smooth);
            sides.q[1][x] = q[1][x] + keep(q_inner, is_filtered & is_q_smooth);
        }
    }

    /// Luma where bS is 4 (8.7.2.4): changes three samples on each side.
    #[inline(always)]
    pub(super) fn filter_luma_strongly(&self, sides: &mut Sides<4>) {
        let Sides { p, q } = *sides;
        for x in 0..16 {
            let is_filtered = self.allow(sides, x);
            let is_small = (p[0][x] - q[0][x]).abs() < (self.alpha >> 2) + 2;
            let smoothed = |p: &[Line; 4], q: &[Line; 4]| {
                let is_smooth = ((p[2][x] - p[0][x]).abs() < self.beta) & is_small;
                let all = p[0][x] + q[0][x];
                let strong = [
                    (p[2][x] + 2 * p[1][x] + 2 * all + q[1][x] + 4) >> 3,
                    (p[2][x] + p[1][x] + all + 2) >> 2,
                    (2 * p[3][x] + 3 * p[2][x] + p[1][x] + all + 4) >> 3,
                ];
                let weak = (2 * p[1][x] + p[0][x] + q[1][x] + 2) >> 2;
                [
                    if is_smooth { strong[0] } else { weak },
                    if is_smooth { strong[1] } else { p[1][x] },
                    if is_smooth { strong[2] } else { p[2][x] },
                ]
            };
            let (new_p, new_q) = (smoothed(&p, &q), smoothed(&q, &p));
            for place in 0..3 {
                sides.p[place][x] = if is_filtered { new_p[place] } else { p[place][x] };
                sides.q[place][x] = if is_filtered { new_q[place] } else { q[place][x] };
            }
        }
    }

    /// Chroma: changes one sample on each side. `is_strongest`: whether bS is 4.
    #[inline(always)]
    pub(super) fn filter_chroma(&self, sides: &mut Sides<2>, is_strongest: bool) {
        let Sides { p, q } = *sides;
        if is_strongest {
            for x in 0..16 {
                let is_filtered = self.allow(sides, x);
                let smoothed = |p: &[Line; 2], q: &[Line; 2]| (2 * p[1][x] + p[0][x] + q[1][x] + 2) >> 2;
                sides.p[0][x] = if is_filtered { smoothed(&p, &q) } else { p[0][x] };
                sides.q[0][x] = if is_filtered { smoothed(&q, &p) } else { q[0][x] };
            }
            return;
        }
        for x in 0..16 {
            let most = self.most_change[x] + 1;
            let is_filtered = self.allow(sides, x) & (most > 0);
            let step = (((q[0][x] - p[0][x]) * 4 + (p[1][x] - q[1][x]) + 4) >> 3).max(-most).min(most);
            let step = if is_filtered { step } else { 0 };
            sides.p[0][x] = (p[0][x] + step).clamp(0, 255);
            sides.q[0][x] = (q[0][x] - step).clamp(0, 255);
        }
    }
}
