//! Inter macroblocks of B slices in context-adaptive binary arithmetic coding (ITU-T H.264, 7.3.5.1, 7.3.5.2 and 9.3.2.5). Each list has
//! one reference picture, so there is no ref_idx.

use super::arithmetic::BinCoder;
use super::cabac_contexts::count_of;
use super::cabac_macroblock::write_vector_difference;
use crate::prediction::bidirectional::ListUse;
use crate::prediction::neighbours::{CodedMacroblock, MacroblockKind, Neighbours, PartitionShape};
use crate::prediction::vectors::Vector;

/// The motion of a macroblock in one list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListToWrite<'a> {
    pub(crate) coded: &'a CodedMacroblock,
    /// mvd of each quarter.
    pub(crate) differences: &'a [Vector; 4],
    pub(crate) around: &'a Neighbours<'a>,
}

/// The bins of mb_type before the first one of an intra macroblock's type (Table 9-37); returns the context of that one.
#[inline(always)]
pub(crate) fn write_intra_prefix(e: &mut BinCoder<'_>, around: &Neighbours<'_>) -> usize {
    write_first_bin(e, true, around);
    e.bin(27 + 3, true);
    write_rest(e, 0b1101, 4);
    32
}

/// mb_type, sub_mb_type, mvd_l0 and mvd_l1.
#[inline(always)]
pub(crate) fn write_motion(
    e: &mut BinCoder<'_>,
    shape: PartitionShape,
    lists: [ListUse; 4],
    written: [ListToWrite<'_>; 2],
) {
    write_type(e, shape, lists, written[0].around);
    if shape == PartitionShape::Quarters {
        lists.into_iter().for_each(|list| write_quarter_type(e, list));
    }
    for (list, only) in written.into_iter().zip([ListUse::First, ListUse::Second]) {
        for &first in shape.first_quarters() {
            if lists[first] == only || lists[first] == ListUse::Both {
                write_difference(e, first, list);
            }
        }
    }
}

/// Whether the first bin of mb_type is likelier to be 1 beside such a macroblock (9.3.3.1.1.3).
fn counts(coded: &CodedMacroblock) -> bool {
    !matches!(coded.kind, MacroblockKind::Unavailable | MacroblockKind::Skipped | MacroblockKind::Direct)
}

#[inline(always)]
fn write_first_bin(e: &mut BinCoder<'_>, bin: bool, around: &Neighbours<'_>) {
    e.bin(27 + count_of(counts(around.left), counts(around.above)), bin);
}

/// mb_type (Tables 7-14 and 9-37).
#[inline(always)]
fn write_type(e: &mut BinCoder<'_>, shape: PartitionShape, lists: [ListUse; 4], around: &Neighbours<'_>) {
    use ListUse::{Both, Direct, First, Second};
    if shape == PartitionShape::Whole {
        write_first_bin(e, lists[0] != Direct, around);
        match lists[0] {
            Direct => {}
            First | Second => {
                e.bin(27 + 3, false);
                e.bin(27 + 5, lists[0] == Second);
            }
            Both => {
                e.bin(27 + 3, true);
                write_rest(e, 0, 4);
            }
        }
        return;
    }
    write_first_bin(e, true, around);
    e.bin(27 + 3, true);
    let second = if shape == PartitionShape::Rows { 2 } else { 1 };
    // mb_type of the division into rows.
    let rows = match (lists[0], lists[second]) {
        _ if shape == PartitionShape::Quarters => return write_rest(e, 0b1111, 4),
        (First, First) => 4,
        (Second, Second) => 6,
        (First, Second) => 8,
        (Second, First) => 10,
        (First, _) => 12,
        (Second, _) => 14,
        (_, First) => 16,
        (_, Second) => 18,
        _ => 20,
    };
    match rows + u32::from(shape == PartitionShape::Columns) {
        11 => write_rest(e, 0b1110, 4),
        number @ ..11 => write_rest(e, number - 3, 4),
        number => write_rest(e, number + 4, 5),
    }
}

/// The bins of mb_type after the first two, which are 1.
#[inline(always)]
fn write_rest(e: &mut BinCoder<'_>, bins: u32, count: u32) {
    for place in (0..count).rev() {
        let context = if place + 1 == count { 27 + 4 } else { 27 + 5 };
        e.bin(context, bins >> place & 1 == 1);
    }
}

/// sub_mb_type of a quarter that is not divided (Tables 7-18 and 9-38).
#[inline(always)]
fn write_quarter_type(e: &mut BinCoder<'_>, list: ListUse) {
    e.bin(36, list != ListUse::Direct);
    match list {
        ListUse::Direct => {}
        ListUse::First | ListUse::Second => {
            e.bin(37, false);
            e.bin(39, list == ListUse::Second);
        }
        ListUse::Both => {
            e.bin(37, true);
            e.bin(38, false);
            e.bin(39, false);
            e.bin(39, false);
        }
    }
}

/// mvd_l0 or mvd_l1 of the partition that begins with a quarter.
#[inline(always)]
fn write_difference(e: &mut BinCoder<'_>, quarter: usize, list: ListToWrite<'_>) {
    let ListToWrite { coded, differences, around } = list;
    let (left, left_quarter) =
        if quarter.is_multiple_of(2) { (around.left, quarter + 1) } else { (coded, quarter - 1) };
    let (above, above_quarter) = if quarter < 2 { (around.above, quarter + 2) } else { (coded, quarter - 2) };
    let difference = differences[quarter];
    for (part, base, value) in [(0, 40, difference.x), (1, 47, difference.y)] {
        let sum = u32::from(left.differences[left_quarter][part])
            + u32::from(above.differences[above_quarter][part]);
        write_vector_difference(e, base, value, sum);
    }
}
