//! A rectangle of samples.

use super::PictureSize;

/// Columns `left..right` and rows `top..bottom`, in luma samples. Empty when the second is not above the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rectangle {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Column after the last.
    pub right: u32,
    /// Row after the last.
    pub bottom: u32,
}

impl Rectangle {
    /// The smallest rectangle of whole samples around `[left, top, right, bottom]`, in samples. Sides beyond the left
    /// or top edge of the picture become 0.
    pub fn around([left, top, right, bottom]: [f32; 4]) -> Rectangle {
        // The casts saturate: negative values become 0.
        let (down, up) = (|value: f32| value.floor() as u32, |value: f32| value.ceil() as u32);
        Rectangle { left: down(left), top: down(top), right: up(right), bottom: up(bottom) }
    }

    /// Whether it contains no sample.
    pub const fn is_empty(&self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    /// Whether the two have a sample in common.
    pub fn meets(&self, other: &Rectangle) -> bool {
        !self.intersection(other).is_empty()
    }

    /// The samples that lie in both. Empty when there are none.
    #[must_use]
    pub fn intersection(&self, other: &Rectangle) -> Rectangle {
        Rectangle {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(&self, other: &Rectangle) -> Rectangle {
        Rectangle {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The number of its samples.
    pub fn area(&self) -> u64 {
        u64::from(self.right.saturating_sub(self.left)) * u64::from(self.bottom.saturating_sub(self.top))
    }

    /// The smallest rectangle around the part of it that lies within the picture, with sides that are multiples of
    /// `step` or those of the picture; `None` when no part does.
    pub(crate) fn widened(&self, step: u32, size: PictureSize) -> Option<Rectangle> {
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
