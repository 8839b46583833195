//! What a coded picture of an animation replaces of the one before it.

use strikeline_picture::Rectangle;

/// The rectangle of the picture that an access unit of GIF, APNG or WebP codes, and how it is laid over what is shown before.
/// It stands at the beginning of the access unit, in [`CodedRegion::BYTES`] bytes; the coded pixels follow, in the form that
/// the file has behind its own description of the rectangle:
///
/// * [`Codec::GIF`](super::Codec::GIF): the packed fields of the image descriptor, the local colour table and the image data
///   (GIF89a, 20 to 22). In a region that is blended, colour 0 is transparent.
/// * [`Codec::APNG`](super::Codec::APNG): the zlib stream of `IDAT` and `fdAT` chunks (PNG, third edition, 11.2.3 and 11.3.2).
/// * [`Codec::ANIMATED_WEBP`](super::Codec::ANIMATED_WEBP): the content of a `VP8L` chunk (RFC 9649).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodedRegion {
    /// First column.
    pub left: u16,
    /// First row.
    pub top: u16,
    /// Columns, at least 1.
    pub width: u16,
    /// Rows, at least 1.
    pub height: u16,
    /// Whether it is laid over what is shown, so that this stays where pixels are transparent; if not, it replaces that.
    pub blends: bool,
}

impl CodedRegion {
    /// Bytes at the beginning of an access unit.
    pub const BYTES: usize = 9;

    /// For `rectangle`, which must lie in a picture.
    pub fn new(rectangle: Rectangle, blends: bool) -> CodedRegion {
        // Pictures have at most PictureSize::MAX columns and rows.
        let short = |value: u32| value.min(u16::MAX.into()) as u16;
        CodedRegion {
            left: short(rectangle.left),
            top: short(rectangle.top),
            width: short(rectangle.right.saturating_sub(rectangle.left)),
            height: short(rectangle.bottom.saturating_sub(rectangle.top)),
            blends,
        }
    }

    /// Appends it to an access unit.
    pub fn append(&self, unit: &mut Vec<u8>) {
        for value in [self.left, self.top, self.width, self.height] {
            unit.extend(value.to_le_bytes());
        }
        unit.push(self.blends.into());
    }

    /// Takes an access unit apart into its region and the coded pixels; `None` if it is none of an animation.
    pub fn split(unit: &[u8]) -> Option<(CodedRegion, &[u8])> {
        let (&[left0, left1, top0, top1, width0, width1, height0, height1, blends], coded) =
            unit.split_first_chunk::<{ CodedRegion::BYTES }>()?;
        let short = |low, high| u16::from_le_bytes([low, high]);
        let region = CodedRegion {
            left: short(left0, left1),
            top: short(top0, top1),
            width: short(width0, width1),
            height: short(height0, height1),
            blends: blends == 1,
        };
        let is_sound = region.width > 0 && region.height > 0 && blends <= 1 && !coded.is_empty();
        is_sound.then_some((region, coded))
    }
}
