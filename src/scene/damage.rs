//! Which parts of a frame differ from an earlier one, so that no others need to be drawn, read back and encoded.

use crate::encode::hints::Rectangle;
use crate::picture::PictureSize;

/// What may differ between two frames of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// Anything.
    Full,
    /// Only what lies in these parts of the picture, which may overlap and reach beyond it. None: nothing.
    Parts(Vec<Rectangle>),
}

/// Parts of a frame that an earlier one had elsewhere, sample by sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// How far they have come to the right and down, in pixels; even numbers.
    pub by: [i32; 2],
    /// Where they are now. Their sides are even, and they lie within the picture, in both frames.
    pub parts: Vec<Rectangle>,
}

impl Moved {
    /// Whether nothing has.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Where `part` was.
    pub(crate) fn source(&self, part: &Rectangle) -> Option<Rectangle> {
        let [right, down] = self.by;
        let back = |side: u32, by: i32| side.checked_add_signed(by.checked_neg()?);
        Some(Rectangle {
            left: back(part.left, right)?,
            top: back(part.top, down)?,
            right: back(part.right, right)?,
            bottom: back(part.bottom, down)?,
        })
    }

    /// Whether it can be done on pictures of `size`, as the fields tell. What cannot be is drawn.
    pub fn is_possible(&self, size: PictureSize) -> bool {
        let is_even = |part: &Rectangle| {
            [part.left, part.top, part.right, part.bottom].iter().all(|side| side % 2 == 0)
        };
        let fits = |part: &Rectangle| {
            !part.is_empty() && is_even(part) && part.right <= size.width() && part.bottom <= size.height()
        };
        self.parts.iter().all(|part| fits(part) && self.source(part).as_ref().is_some_and(fits))
    }
}

/// Luma samples, with their chroma, that can be copied in the time that one more copy takes. Measured on lavapipe,
/// roughly.
const COPY_COST: u64 = 16_384;

/// Side of a macroblock in luma samples.
const BLOCK: u32 = 16;

impl Rectangle {
    /// The smallest one of whole pixels around these sides, given in pixels that may lie beyond the picture's
    /// left and top.
    pub fn around([left, top, right, bottom]: [f32; 4]) -> Rectangle {
        // Negative values become 0.
        let (down, up) = (|value: f32| value.floor() as u32, |value: f32| value.ceil() as u32);
        Rectangle { left: down(left), top: down(top), right: up(right), bottom: up(bottom) }
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    /// Whether the two have a sample in common.
    pub fn meets(&self, other: &Rectangle) -> bool {
        !self.intersection(other).is_empty()
    }

    /// What lies in both.
    #[must_use]
    pub fn intersection(&self, other: &Rectangle) -> Rectangle {
        Rectangle {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The smallest one around both.
    #[must_use]
    pub fn union(&self, other: &Rectangle) -> Rectangle {
        Rectangle {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Samples in it.
    pub fn area(&self) -> u64 {
        u64::from(self.right.saturating_sub(self.left)) * u64::from(self.bottom.saturating_sub(self.top))
    }

    /// The smallest one around what of it lies within the picture, with sides that are multiples of `step` or those
    /// of the picture; `None` where that is nothing.
    fn widened(&self, step: u32, size: PictureSize) -> Option<Rectangle> {
        let (width, height) = (size.width(), size.height());
        let inside = self.intersection(&Rectangle { left: 0, top: 0, right: width, bottom: height });
        (!inside.is_empty()).then(|| Rectangle {
            left: inside.left / step * step,
            top: inside.top / step * step,
            right: inside.right.next_multiple_of(step).min(width),
            bottom: inside.bottom.next_multiple_of(step).min(height),
        })
    }
}

/// The same parts with even sides, as chroma is half as fine, and without those that are empty or lie within
/// another.
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

/// Rows of `width` samples that may as well be copied with their neighbours as left out by one copy more.
pub(super) fn rows_worth_a_copy(width: u32) -> u32 {
    (COPY_COST / u64::from(width.max(1))) as u32
}

/// The same parts and a little more, in fewer rectangles: each copy has a cost of its own, that of some thousand
/// samples.
pub fn merged(mut parts: Vec<Rectangle>) -> Vec<Rectangle> {
    parts.retain(|part| !part.is_empty());
    let mut index = 0;
    while index < parts.len() {
        let part = parts[index];
        let near = (index + 1..parts.len()).find(|&other| {
            let both = part.union(&parts[other]).area();
            both <= part.area() + parts[other].area() + COPY_COST
        });
        match near {
            Some(other) => {
                parts[index] = part.union(&parts[other]);
                parts.swap_remove(other);
                // What was too far from the smaller one may be near now.
                index = 0;
            }
            None => index += 1,
        }
    }
    parts
}

/// All macroblocks that the parts touch, as rectangles that do not overlap, from the top.
pub fn in_blocks(parts: &[Rectangle], size: PictureSize) -> Vec<Rectangle> {
    let columns = size.width().div_ceil(BLOCK) as usize;
    let rows = size.height().div_ceil(BLOCK) as usize;
    let mut touched = vec![false; columns * rows];
    for part in parts.iter().filter_map(|part| part.widened(BLOCK, size)) {
        let (first, end) = ((part.left / BLOCK) as usize, part.right.div_ceil(BLOCK) as usize);
        for row in part.top / BLOCK..part.bottom.div_ceil(BLOCK) {
            touched[row as usize * columns..][first..end].fill(true);
        }
    }
    let mut rectangles: Vec<Rectangle> = Vec::new();
    for (row, touched) in touched.chunks_exact(columns).enumerate() {
        let top = row as u32 * BLOCK;
        let bottom = (top + BLOCK).min(size.height());
        for run in runs(touched) {
            let (left, right) = (run.start as u32 * BLOCK, (run.end as u32 * BLOCK).min(size.width()));
            // Goes on with one of the row above that is just as wide.
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

/// What of `parts` lies outside of all of `taken`.
pub fn outside(parts: &[Rectangle], taken: &[Rectangle]) -> Vec<Rectangle> {
    let mut pieces = parts.to_vec();
    for taken in taken {
        pieces =
            pieces.iter().flat_map(|piece| without(piece, taken)).filter(|piece| !piece.is_empty()).collect();
    }
    pieces
}

/// What of `part` lies outside of `taken`: above, left, right, below. Some may be empty.
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
            let blocks = in_blocks(&parts, size);
            let apart = disjoint(&parts);
            let fewer = merged(parts.clone());
            prop_assert!(fewer.len() <= parts.len());
            for y in 0..size.height() {
                for x in 0..size.width() {
                    let damaged = holds(&parts, x, y);
                    prop_assert_eq!(holds(&apart, x, y), damaged.min(1));
                    prop_assert!(damaged == 0 || holds(&fewer, x, y) > 0);
                    // A block is there once if any of its samples is, and not otherwise.
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
