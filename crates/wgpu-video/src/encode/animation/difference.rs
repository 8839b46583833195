//! What differs between a picture and the one before it.

use strikeline_picture::{PictureSize, Rectangle, RgbaPicture};

/// A pixel with straight alpha: red, green, blue, alpha.
pub(super) type Pixel = [u8; 4];

/// The picture before, with which the next one is compared.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Pixels of the last two pictures; of the same length after the second one.
    now: Vec<u8>,
    before: Vec<u8>,
    width: usize,
}

impl Difference {
    /// Takes the next picture. Returns the rectangle around all pixels that differ from those of the picture before: the whole
    /// picture if it is the first, and nothing if none does.
    pub(super) fn take(&mut self, picture: &RgbaPicture<'_>) -> Option<Rectangle> {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
        picture.append_straight(&mut self.now);
        self.width = picture.size.width() as usize;
        if self.before.len() != self.now.len() {
            return Some(whole(picture.size));
        }
        let row_bytes = self.width.max(1) * 4;
        let rows = self.now.chunks_exact(row_bytes).zip(self.before.chunks_exact(row_bytes));
        let mut changed: Option<Rectangle> = None;
        for (y, (now, before)) in (0..).zip(rows).filter(|(_, (now, before))| now != before) {
            let differs = |(now, before): (&Pixel, &Pixel)| now != before;
            let mut pixels = now.as_chunks().0.iter().zip(before.as_chunks().0);
            let left = pixels.clone().position(differs).unwrap_or(0);
            let right = pixels.rposition(differs).map_or(left, |last| last + 1);
            let row = Rectangle { left: left as u32, top: y, right: right as u32, bottom: y + 1 };
            changed = Some(changed.map_or(row, |changed| changed.union(&row)));
        }
        changed
    }

    /// The ways to code the pixels in `rectangle` without loss: 4 bytes a pixel, with straight alpha. The first way replaces what
    /// is shown. In the second, which is there if everything that has changed is opaque, pixels that have not changed are
    /// transparent, so that what is shown stays.
    pub(super) fn lossless(&self, rectangle: Rectangle) -> (Vec<u8>, Option<Vec<u8>>) {
        let replacing = self.pixels(rectangle).flat_map(|(now, _)| now).collect();
        let is_opaque = |(now, before): (Pixel, Pixel)| now == before || now[3] == 255;
        let can_blend = !self.is_first() && self.pixels(rectangle).all(is_opaque);
        let blending = |(now, before): (Pixel, Pixel)| if now == before { [0; 4] } else { now };
        (replacing, can_blend.then(|| self.pixels(rectangle).flat_map(blending).collect()))
    }

    /// Whether there was no picture before the last one.
    pub(super) fn is_first(&self) -> bool {
        self.before.len() != self.now.len()
    }

    /// The pixels in `rectangle`, row by row, each with the same pixel of the picture before; for the first picture, with itself.
    pub(super) fn pixels(&self, rectangle: Rectangle) -> impl Iterator<Item = (Pixel, Pixel)> {
        let before = if self.is_first() { &self.now } else { &self.before };
        let columns = rectangle.left as usize..rectangle.right as usize;
        rows(&self.now, self.width, rectangle).zip(rows(before, self.width, rectangle)).flat_map(
            move |(now, before)| {
                let [now, before] =
                    [now, before].map(|row| row.get(columns.clone()).unwrap_or_default().iter().copied());
                now.zip(before)
            },
        )
    }
}

/// The rows of `pixels` that `rectangle` meets, in their whole width.
fn rows(pixels: &[u8], width: usize, rectangle: Rectangle) -> impl Iterator<Item = &[Pixel]> {
    let rows = pixels.as_chunks().0.chunks_exact(width.max(1));
    rows.skip(rectangle.top as usize).take(rectangle.bottom.saturating_sub(rectangle.top) as usize)
}

/// All of a picture.
fn whole(size: PictureSize) -> Rectangle {
    Rectangle { left: 0, top: 0, right: size.width(), bottom: size.height() }
}

/// One pixel, for a picture in which nothing has changed.
pub(super) const CORNER: Rectangle = Rectangle { left: 0, top: 0, right: 1, bottom: 1 };

#[cfg(test)]
mod tests {
    use super::*;
    use strikeline_picture::Plane;

    #[test]
    fn the_rectangle_is_around_all_that_differs() {
        let size = PictureSize::new(64, 66).unwrap();
        let mut pixels = vec![200; 64 * 66 * 4];
        let mut difference = Difference::default();
        let mut take = |pixels: &[u8]| {
            let picture =
                RgbaPicture { size, pixels: Plane { data: pixels, stride: 64 * 4 }, has_alpha: false };
            let changed = difference.take(&picture);
            let count = changed.map_or(0, |changed| difference.pixels(changed).count());
            (changed.map(|it| [it.left, it.top, it.right, it.bottom]), count)
        };
        assert_eq!(take(&pixels), (Some([0, 0, 64, 66]), 64 * 66));
        assert_eq!(take(&pixels), (None, 0));
        pixels[(3 * 64 + 10) * 4 + 2] = 0;
        assert_eq!(take(&pixels), (Some([10, 3, 11, 4]), 1));
        pixels[(3 * 64 + 10) * 4 + 2] = 1;
        pixels[(65 * 64 + 2) * 4] = 1;
        assert_eq!(take(&pixels), (Some([2, 3, 11, 66]), 9 * 63));
        // Alpha of an opaque picture counts for nothing.
        pixels[(40 * 64 + 40) * 4 + 3] = 1;
        assert_eq!(take(&pixels), (None, 0));
    }
}
