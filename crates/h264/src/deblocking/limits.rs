//! How strongly edges are filtered at a QP (ITU-T H.264, 8.7.2.2 and 8.7.2.3), with both filter offsets 0.

/// α' (Table 8-16) by indexA.
const ALPHA: [u8; 52] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 20, 22, 25, 28,
    32, 36, 40, 45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255,
];

/// β' (Table 8-16) by indexB.
const BETA: [u8; 52] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 6, 6, 7, 7, 8, 8, 9, 9, 10,
    10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
];

/// t'C0 (Table 8-17) by indexA from 17 on, for bS 1, 2 and 3; below it is 0.
const MOST_CHANGE: [[u8; 3]; 35] = [
    [0, 0, 1],
    [0, 0, 1],
    [0, 0, 1],
    [0, 0, 1],
    [0, 1, 1],
    [0, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 2],
    [1, 1, 2],
    [1, 1, 2],
    [1, 1, 2],
    [1, 2, 3],
    [1, 2, 3],
    [2, 2, 3],
    [2, 2, 4],
    [2, 3, 4],
    [2, 3, 4],
    [3, 3, 5],
    [3, 4, 6],
    [3, 4, 6],
    [4, 5, 7],
    [4, 5, 8],
    [4, 6, 9],
    [5, 7, 10],
    [6, 8, 11],
    [6, 8, 13],
    [7, 10, 14],
    [8, 11, 16],
    [9, 12, 18],
    [10, 13, 20],
    [11, 15, 23],
    [13, 17, 25],
];

/// The limits at one QP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// α: an edge whose two samples differ by so much is one of the picture.
    pub(crate) alpha: i16,
    /// β: the same of samples on one side.
    pub(crate) beta: i16,
    /// tC0 for bS 1, 2 and 3.
    pub(crate) most_change: [u8; 3],
}

impl Limits {
    /// `qp`: the mean of both sides (qPav).
    pub(crate) fn of(qp: u8) -> Limits {
        let index = usize::from(qp.min(51));
        let most_change = index.checked_sub(17).map_or([0; 3], |index| MOST_CHANGE[index]);
        Limits { alpha: ALPHA[index].into(), beta: BETA[index].into(), most_change }
    }

    /// Whether nothing is filtered at this QP.
    pub(super) fn are_zero(&self) -> bool {
        self.alpha == 0
    }

    /// tC0 where bS is below 4; −1 where it is 0, which stands for samples that are not filtered.
    pub(super) fn most_change(&self, strength: u8) -> i16 {
        match strength {
            0 => -1,
            strength => self.most_change[usize::from(strength - 1) % 3].into(),
        }
    }
}
