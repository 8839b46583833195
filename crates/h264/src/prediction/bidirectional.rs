//! Prediction from an earlier and from a later picture, as B slices have it (ITU-T H.264, 8.4.1.2.2 and 8.4.2.3.1). Each of the two
//! reference lists has one entry: list 0 the earlier picture, list 1 the later one.

use super::inter::{InterBlock, OUT_STRIDE, predict_chroma, predict_luma};
use super::interpolation::mean;
use super::neighbours::{
    CodedMacroblock, MacroblockKind, NO_MOTION, NOT_INTER, Neighbours, PartitionShape, PartitionToPredict,
};
use super::reference::Reconstruction;
use super::vectors::{PartitionMotion, Vector, VectorRange};
use crate::grid::MacroblockPosition;
use crate::macroblock::{Macroblock, Prediction};
use crate::samples::MacroblockBuffer;
use crate::simd::{Instructions, SimdKernel};

/// Number of reference lists.
pub(crate) const LISTS: usize = 2;

/// How it is written from which lists a partition is predicted (Tables 7-14 and 7-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListUse {
    /// As the neighbours are: no motion is written.
    Direct,
    /// Pred_L0.
    First,
    /// Pred_L1.
    Second,
    /// BiPred: the mean of both.
    Both,
}

/// Motion of a block in a B slice: mvL0 and mvL1, where the list is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TwoListMotion {
    pub(crate) vectors: [Option<Vector>; LISTS],
}

impl TwoListMotion {
    pub(crate) const ZERO: TwoListMotion = TwoListMotion { vectors: [Some(Vector::ZERO); LISTS] };

    fn list_use(self) -> ListUse {
        match self.vectors {
            [Some(_), None] => ListUse::First,
            [None, Some(_)] => ListUse::Second,
            _ => ListUse::Both,
        }
    }

    /// The motion in one list.
    fn in_list(self, list: usize) -> PartitionMotion {
        match self.vectors[list] {
            Some(vector) => PartitionMotion::new(0, vector),
            None => PartitionMotion::new(NOT_INTER, Vector::ZERO),
        }
    }
}

/// How an inter macroblock of a B slice is divided into partitions, and the motion of each quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TwoListPartition {
    shape: PartitionShape,
    motions: [TwoListMotion; 4],
    /// Which quarters are in direct mode.
    direct: [bool; 4],
}

/// What a macroblock is in list 1: in list 0 it is a [`Macroblock`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecondList {
    /// As its neighbours see it.
    pub(crate) coded: CodedMacroblock,
    /// mvd_l1 of each quarter.
    pub(crate) differences: [Vector; 4],
}

impl TwoListPartition {
    /// A macroblock in one piece.
    pub(crate) fn whole(motion: TwoListMotion) -> TwoListPartition {
        TwoListPartition { shape: PartitionShape::Whole, motions: [motion; 4], direct: [false; 4] }
    }

    /// The fewest partitions with these motions of the quarters. Quarters of their own are in direct mode where that is said.
    pub(crate) fn of(motions: [TwoListMotion; 4], direct: [bool; 4]) -> TwoListPartition {
        let shape = PartitionShape::of_equals(|a, b| motions[a] == motions[b]);
        let direct = if shape == PartitionShape::Quarters { direct } else { [false; 4] };
        TwoListPartition { shape, motions, direct }
    }

    /// B_Skip and B_Direct_16x16 in spatial direct mode (8.4.1.2.2). `around`: in each list. `still`: a bit for each quarter, whether
    /// it hardly moves in the picture of list 1 (colZeroFlag).
    pub(crate) fn direct(around: &[Neighbours<'_>; LISTS], still: u8) -> TwoListPartition {
        let predicted = around.map(|around| around.use_list().then(|| around.predicted_vector_of_whole(0)));
        let motion = |quarter: u8| match predicted {
            [None, None] => TwoListMotion::ZERO,
            _ if still >> quarter & 1 == 1 => {
                TwoListMotion { vectors: predicted.map(|vector| vector.map(|_| Vector::ZERO)) }
            }
            vectors => TwoListMotion { vectors },
        };
        TwoListPartition {
            shape: PartitionShape::Whole,
            motions: [0, 1, 2, 3].map(motion),
            direct: [true; 4],
        }
    }

    /// Whether all of it is in direct mode.
    pub(crate) fn is_direct(&self) -> bool {
        self.direct == [true; 4]
    }

    /// Whether all quarters have the same motion.
    pub(crate) fn moves_as_one(&self) -> bool {
        self.motions == [self.motions[0]; 4]
    }

    /// Whether nothing moves.
    pub(crate) fn stands_still(&self) -> bool {
        let vectors = self.motions.iter().flat_map(|motion| motion.vectors).flatten();
        vectors.into_iter().all(|vector| vector == Vector::ZERO)
    }

    pub(crate) fn motion(&self, quarter: usize) -> TwoListMotion {
        self.motions[quarter]
    }

    /// Whether all vectors can be used.
    pub(crate) fn is_within(&self, range: &VectorRange) -> bool {
        let vectors = self.motions.iter().flat_map(|motion| motion.vectors).flatten();
        vectors.into_iter().all(|vector| range.contains(vector))
    }

    /// Inter prediction of a whole macroblock. `references`: the picture of each list.
    pub(crate) fn predict(
        &self,
        references: [&Reconstruction; LISTS],
        position: MacroblockPosition,
        out: &mut MacroblockBuffer,
        instructions: Instructions,
    ) {
        // Direct quarters often move alike.
        let shape = PartitionShape::of_equals(|a, b| self.motions[a] == self.motions[b]);
        let (width, height) = shape.size();
        let mut other = MacroblockBuffer::EMPTY;
        for &first in shape.first_quarters() {
            let (right, below) = (first % 2 * 8, first / 2 * 8);
            let (x, y) = (position.x() + right, position.y() + below);
            let (luma, chroma) = (below * 16 + right, below / 2 * 16 + right);
            let mut is_first = true;
            for (picture, vector) in references.into_iter().zip(self.motions[first].vectors) {
                let Some(vector) = vector else { continue };
                let to = if is_first { &mut *out } else { &mut other };
                let block = InterBlock { x, y, width, height, vector };
                predict_luma(&picture.luma, block, &mut to.luma[luma..], instructions);
                let block = InterBlock { x: x / 2, y: y / 2, width: width / 2, height: height / 2, vector };
                predict_chroma(&picture.chroma, block, &mut to.chroma[chroma..], instructions);
                if !is_first {
                    average(&mut out.luma[luma..], &other.luma[luma..], width, height, instructions);
                    average(
                        &mut out.chroma[chroma..],
                        &other.chroma[chroma..],
                        width,
                        height / 2,
                        instructions,
                    );
                }
                is_first = false;
            }
        }
    }

    /// The inter macroblock, without residual, in both lists. `around`: in each list.
    pub(crate) fn macroblock(&self, around: &[Neighbours<'_>; LISTS]) -> (Macroblock, SecondList) {
        let shape = self.shape;
        let lists = std::array::from_fn(|quarter| match self.direct[quarter] {
            true => ListUse::Direct,
            false => self.motions[quarter].list_use(),
        });
        let kind = if self.is_direct() { MacroblockKind::Direct } else { MacroblockKind::Inter };
        let mut macroblock = Macroblock::new(Prediction::Bidirectional { shape, lists }, kind);
        let mut second = SecondList { coded: macroblock.coded, differences: [Vector::ZERO; 4] };
        self.add_list(0, &around[0], &mut macroblock.coded, &mut macroblock.differences);
        self.add_list(1, &around[1], &mut second.coded, &mut second.differences);
        (macroblock, second)
    }

    /// The motion in one list, and what is written of it.
    fn add_list(
        &self,
        list: usize,
        around: &Neighbours<'_>,
        coded: &mut CodedMacroblock,
        differences: &mut [Vector; 4],
    ) {
        if self.is_direct() {
            for quarter in 0..4 {
                let PartitionMotion { reference, vector } = self.motions[quarter].in_list(list);
                (coded.references[quarter], coded.vectors[quarter]) = (reference, vector);
            }
            return;
        }
        let magnitude = |component: i16| component.unsigned_abs().min(255) as u8;
        let mut so_far = [NO_MOTION; 4];
        for &first in self.shape.first_quarters() {
            let motion = self.motions[first].in_list(list);
            let is_written = motion.reference >= 0 && !self.direct[first];
            let partition = PartitionToPredict { shape: self.shape, first, reference: 0 };
            let difference = match is_written {
                true => motion.vector.minus(around.predicted_vector(partition, &so_far)),
                false => Vector::ZERO,
            };
            for &quarter in self.shape.quarters(first) {
                so_far[quarter] = motion;
                (coded.references[quarter], coded.vectors[quarter]) = (motion.reference, motion.vector);
                coded.differences[quarter] = [magnitude(difference.x), magnitude(difference.y)];
                differences[quarter] = difference;
            }
        }
    }
}

impl Macroblock {
    /// Estimated bits of mb_type, sub_mb_type and the vector differences of a macroblock of a B slice.
    pub(crate) fn list_and_vector_bits(&self, second: &SecondList) -> u32 {
        let Prediction::Bidirectional { shape, lists } = self.prediction else { return 0 };
        let of_list = |list: ListUse| match list {
            ListUse::Direct => 1,
            ListUse::First | ListUse::Second => 3,
            ListUse::Both => 5,
        };
        let header = match shape {
            PartitionShape::Whole => of_list(lists[0]),
            PartitionShape::Rows | PartitionShape::Columns => 7,
            PartitionShape::Quarters => 5 + lists.into_iter().map(of_list).sum::<u32>(),
        };
        let of_partition = |&first: &usize| {
            let bits = [self.differences[first].bits(), second.differences[first].bits()];
            match lists[first] {
                ListUse::Direct => 0,
                ListUse::First => bits[0],
                ListUse::Second => bits[1],
                ListUse::Both => bits[0] + bits[1],
            }
        };
        header + shape.first_quarters().iter().map(of_partition).sum::<u32>()
    }
}

/// Replaces rows of `to` by their mean with those of `other`, rounded up (equation 8-273). Rows are 16 bytes apart; they are 16 or 8 wide.
pub(crate) fn average(to: &mut [u8], other: &[u8], width: usize, height: usize, instructions: Instructions) {
    match width {
        16 => instructions.run(Average::<16> { to, other, height }),
        _ => instructions.run(Average::<8> { to, other, height }),
    }
}

struct Average<'a, const WIDTH: usize> {
    to: &'a mut [u8],
    other: &'a [u8],
    height: usize,
}

impl<const WIDTH: usize> SimdKernel for Average<'_, WIDTH> {
    #[inline(always)]
    fn run(self) {
        let rows = self.to.chunks_mut(OUT_STRIDE).zip(self.other.chunks(OUT_STRIDE));
        for (to, other) in rows.take(self.height) {
            if let (Some(to), Some(other)) = (to.first_chunk_mut::<WIDTH>(), other.first_chunk::<WIDTH>()) {
                *to = mean(*to, *other);
            }
        }
    }
}
