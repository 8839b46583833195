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
    let mut touched = MacroblockMarks::new(size);
    for part in parts {
        touched.set(part, true);
    }
    touched.rectangles()
}

/// The macroblocks that lie wholly within one of the parts, as one rectangle for each part that has some. What is beyond the
/// picture's right and lower edge does not count.
pub fn whole_macroblocks(parts: &[Rectangle], size: PictureSize) -> Vec<Rectangle> {
    let end = |side: u32, edge: u32| if side >= edge { edge } else { side / MACROBLOCK * MACROBLOCK };
    let inner = parts.iter().map(|part| Rectangle {
        left: part.left.next_multiple_of(MACROBLOCK),
        top: part.top.next_multiple_of(MACROBLOCK),
        right: end(part.right, size.width()),
        bottom: end(part.bottom, size.height()),
    });
    inner.filter(|part| !part.is_empty()).collect()
}

/// A mark for each macroblock of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroblockMarks {
    size: PictureSize,
    columns: usize,
    marked: Vec<bool>,
}

impl MacroblockMarks {
    /// No macroblock is marked.
    pub fn new(size: PictureSize) -> MacroblockMarks {
        let columns = size.width().div_ceil(MACROBLOCK) as usize;
        let rows = size.height().div_ceil(MACROBLOCK) as usize;
        MacroblockMarks { size, columns, marked: vec![false; columns * rows] }
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        self.marked.fill(false);
    }

    /// Marks all macroblocks that `part` touches, or takes their marks away.
    pub fn set(&mut self, part: &Rectangle, is_marked: bool) {
        let Some(part) = part.widened(MACROBLOCK, self.size) else { return };
        let (first, end) = ((part.left / MACROBLOCK) as usize, part.right.div_ceil(MACROBLOCK) as usize);
        for row in part.top / MACROBLOCK..part.bottom.div_ceil(MACROBLOCK) {
            self.marked[row as usize * self.columns..][first..end].fill(is_marked);
        }
    }

    /// The marked macroblocks, as rectangles that do not overlap, from top to bottom.
    pub fn rectangles(&self) -> Vec<Rectangle> {
        let mut rectangles: Vec<Rectangle> = Vec::new();
        for (row, marked) in self.marked.chunks_exact(self.columns).enumerate() {
            let top = row as u32 * MACROBLOCK;
            let bottom = (top + MACROBLOCK).min(self.size.height());
            for run in runs(marked) {
                let left = run.start as u32 * MACROBLOCK;
                let right = (run.end as u32 * MACROBLOCK).min(self.size.width());
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
            let whole = whole_macroblocks(&parts, size);
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
                    let is_whole = parts.iter().any(|part| {
                        let (left, top) = (x / 16 * 16, y / 16 * 16);
                        let (right, bottom) = ((left + 16).min(size.width()), (top + 16).min(size.height()));
                        let block = Rectangle { left, top, right, bottom };
                        part.intersection(&block) == block
                    });
                    prop_assert_eq!(holds(&whole, x, y) > 0, is_whole);
                }
            }
            for part in even.iter().chain(&blocks) {
                prop_assert!(part.right <= size.width() && part.bottom <= size.height());
            }
        }

        #[test]
        fn marks_are_those_that_were_set_last(parts in prop::collection::vec((parts(), any::<bool>()), 0..4)) {
            let size = PictureSize::new(100, 84).unwrap();
            let mut marks = MacroblockMarks::new(size);
            let mut expected = vec![false; 100 * 84];
            for (parts, is_marked) in &parts {
                for part in parts {
                    marks.set(part, *is_marked);
                }
                for block in in_macroblocks(parts, size) {
                    for y in block.top..block.bottom {
                        expected[y as usize * 100..][block.left as usize..block.right as usize].fill(*is_marked);
                    }
                }
            }
            let marked = marks.rectangles();
            for (index, expected) in expected.into_iter().enumerate() {
                let (x, y) = (index as u32 % 100, index as u32 / 100);
                prop_assert_eq!(holds(&marked, x, y), usize::from(expected));
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
