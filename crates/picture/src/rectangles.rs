//! Lists of rectangles: without overlaps, merged, or widened to whole chroma samples or macroblocks.

use super::{PictureSize, Rectangle};

/// Side of a macroblock in luma samples (ITU-T H.264, 6.3).
const MACROBLOCK: u32 = 16;

/// The same parts with even sides, because chroma has half the resolution, without those that are empty or lie within
/// another part.
pub fn on_chroma_samples(parts: &[Rectangle], size: PictureSize) -> Vec<Rectangle> {
    let mut even: Vec<Rectangle> = Vec::with_capacity(parts.len());
    for part in parts.iter().filter_map(|part| part.widened(2, size)) {
        if even.iter().any(|other| other.intersection(&part) == part) {
            continue;
        }
        even.retain(|other| other.intersection(&part) != *other);
        even.push(part);
    }
    even
}

/// Fewer rectangles that cover the same parts and a little more: two are joined when their union has at most `cost`
/// samples more than both together. `cost` is what one more rectangle costs, in samples.
pub fn merged(mut parts: Vec<Rectangle>, cost: u64) -> Vec<Rectangle> {
    parts.retain(|part| !part.is_empty());
    let mut index = 0;
    while index < parts.len() {
        let part = parts[index];
        let near = (index + 1..parts.len()).find(|&other| {
            let both = part.union(&parts[other]).area();
            both <= part.area() + parts[other].area() + cost
        });
        match near {
            Some(other) => {
                parts[index] = part.union(&parts[other]);
                parts.swap_remove(other);
                // Others may be near the larger rectangle.
                index = 0;
            }
            None => index += 1,
        }
    }
    parts
}

/// All macroblocks that the parts touch, as rectangles that do not overlap, from top to bottom.
pub fn in_macroblocks(parts: &[Rectangle], size: PictureSize) -> Vec<Rectangle> {
    let columns = size.width().div_ceil(MACROBLOCK) as usize;
    let rows = size.height().div_ceil(MACROBLOCK) as usize;
    let mut touched = vec![false; columns * rows];
    for part in parts.iter().filter_map(|part| part.widened(MACROBLOCK, size)) {
        let (first, end) = ((part.left / MACROBLOCK) as usize, part.right.div_ceil(MACROBLOCK) as usize);
        for row in part.top / MACROBLOCK..part.bottom.div_ceil(MACROBLOCK) {
            touched[row as usize * columns..][first..end].fill(true);
        }
    }
    let mut rectangles: Vec<Rectangle> = Vec::new();
    for (row, touched) in touched.chunks_exact(columns).enumerate() {
        let top = row as u32 * MACROBLOCK;
        let bottom = (top + MACROBLOCK).min(size.height());
        for run in runs(touched) {
            let (left, right) =
                (run.start as u32 * MACROBLOCK, (run.end as u32 * MACROBLOCK).min(size.width()));
            // Extends a rectangle of the row above that has the same columns.
            let above = rectangles
                .iter_mut()
                .rev()
                .find(|above| above.bottom == top && above.left == left && above.right == right);
            match above {
                Some(above) => above.bottom = bottom,
                None => rectangles.push(Rectangle { left, top, right, bottom }),
            }
        }
    }
    rectangles
}

/// The runs of `true`.
fn runs(values: &[bool]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + values.get(from..)?.iter().position(|value| *value)?;
        let end =
            values[start..].iter().position(|value| !*value).map_or(values.len(), |length| start + length);
        from = end;
        Some(start..end)
    })
}

/// The same parts without overlaps.
pub fn disjoint(parts: &[Rectangle]) -> Vec<Rectangle> {
    let mut result: Vec<Rectangle> = Vec::new();
    for part in parts {
        let mut pieces = vec![*part];
        for taken in &result {
            pieces = pieces.iter().flat_map(|piece| without(piece, taken)).collect();
        }
        result.extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
    }
    result
}

/// The parts of `parts` that lie outside of all of `taken`.
pub fn outside(parts: &[Rectangle], taken: &[Rectangle]) -> Vec<Rectangle> {
    let mut pieces = parts.to_vec();
    for taken in taken {
        pieces =
            pieces.iter().flat_map(|piece| without(piece, taken)).filter(|piece| !piece.is_empty()).collect();
    }
    pieces
}

/// The parts of `part` that lie outside of `taken`: above, left, right, below. Some may be empty.
fn without(part: &Rectangle, taken: &Rectangle) -> Vec<Rectangle> {
    let common = part.intersection(taken);
    if common.is_empty() {
        return vec![*part];
    }
    vec![
        Rectangle { bottom: common.top, ..*part },
        Rectangle { right: common.left, top: common.top, bottom: common.bottom, ..*part },
        Rectangle { left: common.right, top: common.top, bottom: common.bottom, ..*part },
        Rectangle { top: common.bottom, ..*part },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> impl Strategy<Value = Vec<Rectangle>> {
        let side = || 0u32..120;
        let part = (side(), side(), side(), side());
        let part = part.prop_map(|(left, top, right, bottom)| Rectangle { left, top, right, bottom });
        prop::collection::vec(part, 0..12)
    }

    fn holds(parts: &[Rectangle], x: u32, y: u32) -> usize {
        parts.iter().filter(|p| (p.left..p.right).contains(&x) && (p.top..p.bottom).contains(&y)).count()
    }

    proptest! {
        #[test]
        fn parts_keep_what_they_cover(parts in parts(), width in 32u32..56, height in 32u32..56) {
            let size = PictureSize::new(width * 2, height * 2).unwrap();
            let even = on_chroma_samples(&parts, size);
            let blocks = in_macroblocks(&parts, size);
            let apart = disjoint(&parts);
            let fewer = merged(parts.clone(), 16_384);
            prop_assert!(fewer.len() <= parts.len());
            for y in 0..size.height() {
                for x in 0..size.width() {
                    let covered = holds(&parts, x, y);
                    prop_assert_eq!(holds(&apart, x, y), covered.min(1));
                    prop_assert!(covered == 0 || holds(&fewer, x, y) > 0);
                    // A block is covered once if any of its samples is, and not otherwise.
                    let around = |step: u32| {
                        let (left, top) = (x / step * step, y / step * step);
                        let sample = |part: &Rectangle| part.meets(&Rectangle {
                            left, top, right: (left + step).min(size.width()), bottom: (top + step).min(size.height()),
                        });
                        parts.iter().filter(|part| !part.is_empty()).any(sample)
                    };
                    prop_assert_eq!(holds(&even, x, y) > 0, around(2));
                    prop_assert_eq!(holds(&blocks, x, y), usize::from(around(16)));
                }
            }
            for part in even.iter().chain(&blocks) {
                prop_assert!(part.right <= size.width() && part.bottom <= size.height());
            }
        }

        #[test]
        fn what_is_outside_is_in_one_and_not_in_the_other(parts in parts(), taken in parts()) {
            let rest = outside(&parts, &taken);
            for y in 0..120 {
                for x in 0..120 {
                    let expected = if holds(&taken, x, y) > 0 { 0 } else { holds(&parts, x, y) };
                    prop_assert_eq!(holds(&rest, x, y), expected);
                }
            }
        }
    }
}
