//! Pictures to encode.

use strikeline_picture::{Picture, PictureSize, Plane, Rectangle};

/// Planes that own their samples.
#[derive(Clone)]
pub(crate) struct OwnedPicture {
    size: PictureSize,
    stride: usize,
    pub luma: Vec<u8>,
    pub chroma: Vec<u8>,
}

impl OwnedPicture {
    /// From functions of column and row; chroma's column counts bytes.
    pub(crate) fn new(
        size: PictureSize,
        luma: impl Fn(usize, usize) -> u8,
        chroma: impl Fn(usize, usize) -> u8,
    ) -> OwnedPicture {
        let stride = size.width() as usize;
        let plane = |rows: usize, value: &dyn Fn(usize, usize) -> u8| {
            (0..rows * stride).map(|index| value(index % stride, index / stride)).collect()
        };
        let rows = size.height() as usize;
        OwnedPicture { size, stride, luma: plane(rows, &luma), chroma: plane(rows / 2, &chroma) }
    }

    /// The same within the rectangles, and noise elsewhere.
    pub(crate) fn only(&self, rectangles: &[Rectangle], seed: usize) -> OwnedPicture {
        let known = |x: usize, y: usize| {
            let (x, y) = (x as u32, y as u32);
            rectangles
                .iter()
                .any(|part| (part.left..part.right).contains(&x) && (part.top..part.bottom).contains(&y))
        };
        let stride = self.stride;
        let either = |known: bool, sample: u8, x: usize, y: usize| {
            if known { sample } else { noise(seed.wrapping_add(x + y * 4099)) }
        };
        OwnedPicture::new(
            self.size,
            |x, y| either(known(x, y), self.luma[y * stride + x], x, y),
            |x, y| either(known(x, y * 2), self.chroma[y * stride + x], x, y),
        )
    }

    pub(crate) fn picture(&self) -> Picture<'_> {
        let plane = |data| Plane { data, stride: self.stride };
        Picture::nv12(self.size, plane(&self.luma), plane(&self.chroma))
    }
}

fn noise(seed: usize) -> u8 {
    let mixed = (seed as u64 ^ 0x5851_F42D).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8
}

/// What the pictures show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Noise,
    Gradient,
    /// Boxes that fall over a gradient.
    Boxes,
    /// Noise that falls, under colours that do not.
    FallingNoise,
    /// Black and white in turn.
    Flashes,
    /// Smooth, and moving in fractions of a sample.
    Waves,
    /// A texture that turns and grows about the middle, so that motion differs from place to place.
    Drift,
    /// The same, but it becomes darker and brighter again.
    Fade,
    Black,
    White,
}

impl Content {
    pub(crate) const ALL: [Content; 10] = [
        Content::Noise,
        Content::Gradient,
        Content::Boxes,
        Content::FallingNoise,
        Content::Flashes,
        Content::Waves,
        Content::Drift,
        Content::Fade,
        Content::Black,
        Content::White,
    ];

    /// Picture `number`; what moves does so by `quarters` of a sample per picture.
    pub(crate) fn frame(self, size: PictureSize, number: usize, quarters: usize) -> OwnedPicture {
        let moved = number * quarters / 4;
        match self {
            Content::Noise => OwnedPicture::new(
                size,
                |x, y| noise(x * 7919 + y * 31 + number),
                |x, y| noise(x + y * 977 + number),
            ),
            Content::Gradient => {
                OwnedPicture::new(size, |x, y| (x * 2 + y + number) as u8, |x, y| (x ^ (y + number)) as u8)
            }
            Content::Boxes => {
                let inside = |x: usize, y: usize| (y + 1000 * 48 - moved) % 48 < 18 && x % 40 < 26;
                OwnedPicture::new(
                    size,
                    |x, y| if inside(x, y) { 200 - (x % 40) as u8 } else { 20 + (y / 8 % 200) as u8 },
                    |x, y| if inside(x / 2 * 2, y * 2) { 90 + (x % 2) as u8 * 70 } else { 128 },
                )
            }
            Content::FallingNoise => OwnedPicture::new(
                size,
                |x, y| noise(x * 31 + (y + 9999 - moved) * 7919),
                |x, y| noise(x + y * 499),
            ),
            Content::Flashes => {
                OwnedPicture::new(size, |_, _| if number % 5 < 2 { 16 } else { 235 }, |_, _| 128)
            }
            Content::Waves => {
                let wave = |position: f64| (128.0 + 100.0 * (position / 9.0).sin()) as u8;
                let shift = number as f64 * quarters as f64 / 4.0;
                OwnedPicture::new(
                    size,
                    |x, y| wave(x as f64 * 0.7 + y as f64 - shift),
                    |x, y| wave((x / 2) as f64 * 1.4 + y as f64 * 2.0 - shift + 7.0 * (x % 2) as f64),
                )
            }
            Content::Drift => {
                let turn = number as f64 * quarters as f64 / 400.0;
                let (sine, cosine) = turn.sin_cos();
                let (middle_x, middle_y) = (f64::from(size.width()) / 2.0, f64::from(size.height()) / 2.0);
                let texture = move |x: f64, y: f64| {
                    let (x, y) = ((x - middle_x) / (1.0 + turn / 3.0), (y - middle_y) / (1.0 + turn / 3.0));
                    let (x, y) = (x * cosine - y * sine, x * sine + y * cosine);
                    let rough =
                        f64::from(noise((x / 6.0 + 1000.0) as usize * 977 + (y / 5.0 + 1000.0) as usize));
                    (128.0 + 60.0 * (x / 11.0).sin() * (y / 7.0).cos() + rough / 5.0) as u8
                };
                OwnedPicture::new(
                    size,
                    move |x, y| texture(x as f64, y as f64),
                    move |x, y| texture((x / 2 * 2) as f64, (y * 2) as f64 + 40.0 * (x % 2) as f64),
                )
            }
            Content::Fade => {
                // From all of it down to a fifth, in 16 pictures, and up again.
                let share = 1.0 - (16 - (number % 32).abs_diff(16)) as f64 / 20.0;
                let mut picture = Content::Drift.frame(size, number, quarters);
                let fade = |sample: &mut u8, black: f64| {
                    *sample = (black + (f64::from(*sample) - black) * share).round() as u8;
                };
                picture.luma.iter_mut().for_each(|sample| fade(sample, 16.0));
                picture.chroma.iter_mut().for_each(|sample| fade(sample, 128.0));
                picture
            }
            Content::Black => OwnedPicture::new(size, |_, _| 16, |_, _| 128),
            Content::White => OwnedPicture::new(size, |_, _| 235, |_, _| 128),
        }
    }
}
