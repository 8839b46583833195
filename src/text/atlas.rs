//! The atlas: all bitmaps in one picture of coverage, each stored once, with an empty texel around each.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::TextError;

/// Width of the atlas while it is filled, in texels.
pub(super) const WIDTH: u32 = 2048;
/// The atlas grows up to this height, in texels; every GPU takes textures as high.
pub(super) const MAX_HEIGHT: u32 = 8192;
/// The widest bitmap that can be stored.
pub(super) const MAX_BITMAP_WIDTH: u32 = WIDTH - 2;

/// A picture of coverage: 0 outside of the glyphs, 255 inside, in between on their edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atlas {
    /// Texels per row, from 1 to 2048.
    pub width: u32,
    /// Rows, from 1 to 8192.
    pub height: u32,
    /// One byte per texel, rows from top to bottom without padding.
    pub data: Vec<u8>,
}

/// A rectangle of texels, neither empty nor touching another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AtlasRect {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Coverage that is not in the atlas yet: `width * height` bytes.
#[derive(Debug)]
pub(super) struct Bitmap {
    pub width: u32,
    pub height: u32,
    pub data: Vec<u8>,
}

/// The upper edge of what is taken, over some columns.
#[derive(Debug, Clone, Copy)]
struct Ledge {
    x: u32,
    width: u32,
    y: u32,
}

/// An atlas that is being filled. The free room is kept as a skyline: a bitmap goes where its lower edge ends
/// highest up.
#[derive(Debug)]
pub(super) struct AtlasBuilder {
    /// Rows of [`WIDTH`] texels.
    data: Vec<u8>,
    /// From left to right, together [`WIDTH`] wide.
    skyline: Vec<Ledge>,
    /// One past the last column and row that are taken.
    used: (u32, u32),
    /// The bitmaps stored so far, by a hash of their texels.
    stored: HashMap<u64, Vec<AtlasRect>>,
}

impl AtlasBuilder {
    pub(super) fn new() -> AtlasBuilder {
        // Column 0 and row 0 stay empty; each bitmap brings an empty column at its right and row below.
        AtlasBuilder {
            data: Vec::new(),
            skyline: vec![Ledge { x: 1, width: WIDTH - 1, y: 1 }],
            used: (0, 0),
            stored: HashMap::new(),
        }
    }

    /// Where a bitmap is; stored if it was not yet. It is neither empty nor wider than [`MAX_BITMAP_WIDTH`].
    ///
    /// # Errors
    /// [`TextError::AtlasFull`].
    pub(super) fn store(&mut self, bitmap: &Bitmap) -> Result<AtlasRect, TextError> {
        let mut hasher = DefaultHasher::new();
        (bitmap.width, &bitmap.data).hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.stored.get(&hash).into_iter().flatten().copied();
        if let Some(rect) = known.into_iter().find(|rect| self.equals(*rect, bitmap)) {
            return Ok(rect);
        }

        let rect = self.allocate(bitmap.width, bitmap.height).ok_or(TextError::AtlasFull)?;
        let needed = (WIDTH * self.used.1) as usize;
        if self.data.len() < needed {
            self.data.resize(needed, 0);
        }
        let columns = usize::from(rect.x)..usize::from(rect.x) + bitmap.width as usize;
        let rows = self.data.chunks_exact_mut(WIDTH as usize).skip(usize::from(rect.y));
        for (row, source) in rows.zip(bitmap.data.chunks_exact(bitmap.width as usize)) {
            row[columns.clone()].copy_from_slice(source);
        }
        self.stored.entry(hash).or_default().push(rect);
        Ok(rect)
    }

    /// The rows of a rectangle, from top to bottom.
    pub(super) fn rows(&self, rect: AtlasRect) -> impl Iterator<Item = &[u8]> {
        let columns = usize::from(rect.x)..usize::from(rect.x) + usize::from(rect.width);
        self.data
            .chunks_exact(WIDTH as usize)
            .skip(usize::from(rect.y))
            .take(usize::from(rect.height))
            .map(move |row| &row[columns.clone()])
    }

    /// The atlas, no larger than what is in it; at least one texel.
    pub(super) fn finish(self) -> Atlas {
        // One more than what is taken, for the empty border.
        let (width, height) = (self.used.0.max(1), self.used.1.max(1));
        let mut data = Vec::with_capacity((width * height) as usize);
        for row in self.data.chunks_exact(WIDTH as usize) {
            data.extend_from_slice(&row[..width as usize]);
        }
        data.resize((width * height) as usize, 0);
        Atlas { width, height, data }
    }

    fn equals(&self, rect: AtlasRect, bitmap: &Bitmap) -> bool {
        (u32::from(rect.width), u32::from(rect.height)) == (bitmap.width, bitmap.height)
            && self.rows(rect).eq(bitmap.data.chunks_exact(bitmap.width as usize))
    }

    /// Takes room for a bitmap with its empty column and row, and grows what is used.
    fn allocate(&mut self, width: u32, height: u32) -> Option<AtlasRect> {
        let (with_border, border_height) = (width.checked_add(1)?, height.checked_add(1)?);
        let places = (0..self.skyline.len()).filter_map(|first| {
            let y = self.rest_on(first, with_border)?;
            let bottom = y.checked_add(border_height).filter(|bottom| *bottom <= MAX_HEIGHT)?;
            Some((bottom, first, y))
        });
        let (bottom, first, y) = places.min()?;
        let x = self.skyline.get(first)?.x;

        self.raise(first, Ledge { x, width: with_border, y: bottom });
        self.used = (self.used.0.max(x + with_border), self.used.1.max(bottom));
        Some(AtlasRect {
            x: x.try_into().ok()?,
            y: y.try_into().ok()?,
            width: width.try_into().ok()?,
            height: height.try_into().ok()?,
        })
    }

    /// The row on which something that begins at this ledge would rest; `None` when it is too wide.
    fn rest_on(&self, first: usize, width: u32) -> Option<u32> {
        let mut covered = 0;
        let mut y = 0;
        for ledge in &self.skyline[first..] {
            y = y.max(ledge.y);
            covered += ledge.width;
            if covered >= width {
                return Some(y);
            }
        }
        None
    }

    /// Puts a ledge into the skyline, over those from `first` on that it covers.
    fn raise(&mut self, first: usize, ledge: Ledge) {
        let end = ledge.x + ledge.width;
        self.skyline.insert(first, ledge);
        let next = first + 1;
        while let Some(covered) = self.skyline.get_mut(next).filter(|covered| covered.x < end) {
            let overlap = (end - covered.x).min(covered.width);
            covered.x += overlap;
            covered.width -= overlap;
            if covered.width > 0 {
                break;
            }
            self.skyline.remove(next);
        }
        self.skyline.dedup_by(|right, left| {
            let level = left.y == right.y;
            if level {
                left.width += right.width;
            }
            level
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A bitmap that no other has.
    fn bitmap(number: u32, width: u32, height: u32) -> Bitmap {
        let data = (0..width * height).map(|i| (number + i) as u8 | 1).collect();
        Bitmap { width, height, data }
    }

    proptest! {
        #[test]
        fn bitmaps_keep_their_texels_and_have_an_empty_border(
            sizes in prop::collection::vec((1u32..300, 1u32..80), 1..120),
        ) {
            let mut atlas = AtlasBuilder::new();
            let numbered = (0..).zip(&sizes);
            let bitmaps: Vec<Bitmap> =
                numbered.map(|(number, (width, height))| bitmap(number * 7, *width, *height)).collect();
            let rects: Vec<AtlasRect> =
                bitmaps.iter().map(|bitmap| atlas.store(bitmap).expect("room")).collect();
            let again: Vec<AtlasRect> =
                bitmaps.iter().map(|bitmap| atlas.store(bitmap).expect("room")).collect();
            prop_assert_eq!(&rects, &again);
            let finished = atlas.finish();

            // Taking every bitmap away must leave nothing, and none may be on another's border.
            let mut left = finished.clone();
            for (rect, bitmap) in rects.iter().zip(&bitmaps) {
                let [x, y] = [rect.x, rect.y].map(usize::from);
                let (width, height) = (bitmap.width as usize, bitmap.height as usize);
                for row in 0..height + 2 {
                    for column in 0..width + 2 {
                        let place = (y - 1 + row) * finished.width as usize + x - 1 + column;
                        let inside = (1..=width).contains(&column) && (1..=height).contains(&row);
                        let expected = if inside { bitmap.data[(row - 1) * width + column - 1] } else { 0 };
                        prop_assert_eq!(finished.data[place], expected);
                        left.data[place] = 0;
                    }
                }
            }
            prop_assert!(left.data.iter().all(|value| *value == 0));
        }
    }

    #[test]
    fn little_room_is_wasted() {
        let mut atlas = AtlasBuilder::new();
        let mut area = 0;
        for number in 0..2000 {
            let (width, height) = (5 + number * 37 % 40, 10 + number * 53 % 45);
            atlas.store(&bitmap(number, width, height)).expect("room");
            area += (width + 1) * (height + 1);
        }
        let atlas = atlas.finish();
        assert!(atlas.width * atlas.height < area * 5 / 4, "{}x{} for {area}", atlas.width, atlas.height);
    }

    #[test]
    fn an_atlas_that_is_full_refuses_and_keeps_what_it_has() {
        let mut atlas = AtlasBuilder::new();
        let tall = bitmap(1, MAX_BITMAP_WIDTH, 8000);
        let rect = atlas.store(&tall).expect("room");
        assert!(matches!(atlas.store(&bitmap(2, 10, 400)), Err(TextError::AtlasFull)));
        assert!(atlas.store(&bitmap(3, 10, 100)).is_ok());
        assert_eq!(atlas.store(&tall).expect("it is there"), rect);
    }
}
