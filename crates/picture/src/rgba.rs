//! Pictures with alpha.

use crate::{PictureSize, Plane};

/// A gamma-coded RGB picture with alpha, 4 bytes a pixel, as it lies in memory after it was drawn over nothing: colours are
/// multiplied by alpha (premultiplied), so that laid over another picture it is `colour + (1 − alpha) · other`.
#[derive(Debug, Clone, Copy)]
pub struct RgbaPicture<'a> {
    /// Width and height in pixels.
    pub size: PictureSize,
    /// Red, green, blue, alpha; rows from the top.
    pub pixels: Plane<'a>,
    /// Whether alpha counts. If not, the picture is opaque.
    pub has_alpha: bool,
}

impl RgbaPicture<'_> {
    /// Appends the pixels to `out`, with straight alpha (colours not multiplied), rows without padding: as editors, PNG and
    /// most codecs take them. Colours are rounded to the nearest value; where alpha is 0 they are black.
    pub fn append_straight(&self, out: &mut Vec<u8>) {
        let (bytes, height) = (self.size.width() as usize * 4, self.size.height() as usize);
        out.reserve(bytes * height);
        for y in 0..height {
            let start = out.len();
            out.extend_from_slice(self.pixels.row(y, bytes));
            let row = &mut out[start..];
            match self.has_alpha {
                true => make_straight(row),
                false => row.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255),
            }
        }
    }

    /// Appends the colours, 3 bytes a pixel (red, green, blue), rows without padding: the picture as it is over black.
    pub fn append_over_black(&self, out: &mut Vec<u8>) {
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        for y in 0..height {
            let start = out.len();
            out.resize(start + width * 3, 0);
            let colors = out[start..].as_chunks_mut::<3>().0;
            let pixels = self.pixels.row(y, width * 4).as_chunks::<4>().0;
            for (color, [red, green, blue, _]) in colors.iter_mut().zip(pixels) {
                *color = [*red, *green, *blue];
            }
        }
    }
}

/// Divides the colours of premultiplied RGBA pixels by their alpha.
pub fn make_straight(pixels: &mut [u8]) {
    for [red, green, blue, alpha] in pixels.as_chunks_mut::<4>().0 {
        match *alpha {
            255 => {}
            0 => [*red, *green, *blue] = [0; 3],
            alpha => {
                let (half, alpha) = (u32::from(alpha / 2), u32::from(alpha));
                for color in [red, green, blue] {
                    *color = ((u32::from(*color) * 255 + half) / alpha).min(255) as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn laid_over_a_picture_straight_pixels_give_what_premultiplied_ones_give(
            color in any::<u8>(), alpha in any::<u8>(), under in any::<u8>(),
        ) {
            let premultiplied = (u32::from(color) * u32::from(alpha) + 127) / 255;
            let mut pixel = [premultiplied as u8, 0, 255, alpha];
            make_straight(&mut pixel);
            prop_assert_eq!(pixel[3], alpha);
            let over = f64::from(under) * (1.0 - f64::from(alpha) / 255.0);
            let expected = f64::from(premultiplied) + over;
            let found = f64::from(pixel[0]) * f64::from(alpha) / 255.0 + over;
            prop_assert!((expected - found).abs() <= 0.51, "{} {}", expected, found);
        }
    }

    #[test]
    fn rows_have_no_padding_and_opaque_pictures_no_alpha() {
        let size = PictureSize::new(64, 64).unwrap();
        let stride = 64 * 4 + 12;
        let mut data = vec![9; stride * 64];
        data[..4].copy_from_slice(&[10, 20, 30, 60]);
        let picture = RgbaPicture { size, pixels: Plane { data: &data, stride }, has_alpha: true };
        let mut out = vec![1];
        picture.append_straight(&mut out);
        assert_eq!(out.len(), 1 + 64 * 64 * 4);
        assert_eq!(out[1..5], [43, 85, 128, 60]);
        let mut opaque = Vec::new();
        RgbaPicture { has_alpha: false, ..picture }.append_straight(&mut opaque);
        assert_eq!(opaque[..4], [10, 20, 30, 255]);
        let mut colors = vec![1];
        picture.append_over_black(&mut colors);
        assert_eq!(colors.len(), 1 + 64 * 64 * 3);
        assert_eq!(colors[1..7], [10, 20, 30, 9, 9, 9]);
    }
}
