//! GIF pictures, in the colours of a table for each (GIF89a, CompuServe 1990).

use weezl::BitOrder;
use weezl::encode::Encoder as LzwEncoder;

use super::difference::{CORNER, Difference, Pixel};
use super::dither::{Ditherer, distance};
use super::palette::{Color, choose_colors, count_colors};
use super::{append_unit, check_rate, failed};
use crate::encode::{
    AccessUnit, Codec, CodecConfig, CodedRegion, EncodeError, Encoder, EncoderFactory, EncoderSettings,
    Planes,
};
use strikeline_picture::{Rectangle, RgbaPicture, SegmentIndex};

const NAME: &str = "gif";

/// Browsers show a frame of less than 2/100 s for 10/100 s, and times are whole hundredths of a second.
const MOST_FRAMES_PER_SECOND: u32 = 50;

/// The squared distance between a pixel's colour and the one that is shown there up to which it is left as it is.
const STAYS: u32 = 12;

/// No more colours are added to a table when the squared errors that one of them makes are, all together, so small for each pixel.
const GOOD_ENOUGH: f64 = 1.0 / 256.0;

/// Makes encoders of GIF pictures. Each picture has a table of up to 256 colours of its own, chosen for what changes in it; colours
/// between these are dithered in a pattern that stands still. A pixel that changes by less than can be seen stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct GifFactory;

impl EncoderFactory for GifFactory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codec(&self) -> Codec {
        Codec::GIF
    }

    fn planes(&self) -> Planes {
        Planes::Rgba
    }

    fn keeps_alpha(&self) -> bool {
        false
    }

    fn keeps_rgb(&self) -> bool {
        true
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        check_rate(NAME, settings, MOST_FRAMES_PER_SECOND)?;
        Ok(Box::new(GifSegment { difference: Difference::default(), shown: Vec::new() }))
    }
}

struct GifSegment {
    difference: Difference,
    /// What a viewer sees, row by row; empty before the first picture.
    shown: Vec<Color>,
}

impl Encoder for GifSegment {
    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        if picture.has_alpha {
            return Err(EncodeError::Unsupported {
                encoder: NAME,
                what: "pictures with alpha".to_owned(),
                remedy: "pixels of GIF files cannot be partly see-through; choose APNG or WebP".to_owned(),
            });
        }
        let changed = self.difference.take(picture);
        let is_first = self.difference.is_first();
        let width = picture.size.width();
        self.shown.resize((width * picture.size.height()) as usize, [0; 3]);
        let rectangle = changed.unwrap_or(CORNER);
        let to_code = self.to_code(rectangle, width, is_first);
        let (rectangle, coded) = self.code(&to_code, rectangle, width, is_first)?;
        Ok(Some(append_unit(CodedRegion::new(rectangle, !is_first), &coded, is_first, output)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::GIF, []))
    }
}

/// A pixel that gets another colour.
struct NewPixel {
    x: u32,
    y: u32,
    color: Color,
}

impl GifSegment {
    /// The pixels in `rectangle` of a picture `width` wide that are to be coded.
    fn to_code(&self, rectangle: Rectangle, width: u32, is_first: bool) -> Vec<NewPixel> {
        let columns = || rectangle.left..rectangle.right;
        let places = (rectangle.top..rectangle.bottom).flat_map(|y| columns().map(move |x| (x, y)));
        let new = |((x, y), (now, before)): ((u32, u32), (Pixel, Pixel))| {
            let [red, green, blue, _] = now;
            let color = [red, green, blue];
            let is_new = is_first || (now != before && distance(self.shown_at(x, y, width), color) > STAYS);
            is_new.then_some(NewPixel { x, y, color })
        };
        places.zip(self.difference.pixels(rectangle)).filter_map(new).collect()
    }

    fn shown_at(&self, x: u32, y: u32, width: u32) -> Color {
        self.shown.get((y * width + x) as usize).copied().unwrap_or_default()
    }

    /// Codes `pixels`, which lie in `rectangle`. Returns the rectangle around those that get another colour, and what stands for
    /// it in the file.
    fn code(
        &mut self,
        pixels: &[NewPixel],
        rectangle: Rectangle,
        width: u32,
        is_first: bool,
    ) -> Result<(Rectangle, Vec<u8>), EncodeError> {
        let counts = count_colors(pixels.iter().map(|pixel| pixel.color).collect());
        // In all but the first picture, colour 0 stands for what stays.
        let own = usize::from(!is_first);
        let colors = choose_colors(&counts, 256 - own, GOOD_ENOUGH);
        let ditherer = Ditherer::new(&counts, &colors);
        let columns = (rectangle.right - rectangle.left) as usize;
        let mut indices = vec![0; rectangle.area() as usize];
        let mut coded: Option<Rectangle> = None;
        for NewPixel { x, y, color } in pixels {
            let index = ditherer.index(*color, *x, *y);
            let (Some(chosen), Some(shown)) =
                (colors.get(usize::from(index)), self.shown.get_mut((y * width + x) as usize))
            else {
                continue;
            };
            if !is_first && distance(*shown, *color) <= distance(*chosen, *color) {
                continue;
            }
            *shown = *chosen;
            let place = (y - rectangle.top) as usize * columns + (x - rectangle.left) as usize;
            if let Some(place) = indices.get_mut(place) {
                *place = index + own as u8;
            }
            let pixel = Rectangle { left: *x, top: *y, right: x + 1, bottom: y + 1 };
            coded = Some(coded.map_or(pixel, |coded| coded.union(&pixel)));
        }
        let coded =
            coded.unwrap_or(Rectangle { right: rectangle.left + 1, bottom: rectangle.top + 1, ..rectangle });
        let cut = rows(&indices, rectangle, coded).flatten().copied().collect::<Vec<u8>>();
        let table = std::iter::repeat_n([0; 3], own).chain(colors).collect::<Vec<Color>>();
        Ok((coded, image(&table, &cut)?))
    }
}

/// The rows of `inner`, of a rectangle whose samples are `samples`.
fn rows(samples: &[u8], outer: Rectangle, inner: Rectangle) -> impl Iterator<Item = &[u8]> {
    let columns = (inner.left - outer.left) as usize..(inner.right - outer.left) as usize;
    let rows = samples.chunks_exact((outer.right - outer.left).max(1) as usize);
    rows.skip((inner.top - outer.top) as usize)
        .take((inner.bottom - inner.top) as usize)
        .map(move |row| row.get(columns.clone()).unwrap_or_default())
}

/// The packed fields of an image descriptor, a local colour table, and the image data (GIF89a, 20 to 22) of pixels with these
/// places in the table.
fn image(table: &[Color], indices: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let bits = table.len().max(2).next_power_of_two().trailing_zeros() as u8;
    let code_bits = bits.max(2);
    let data =
        LzwEncoder::new(BitOrder::Lsb, code_bits).encode(indices).map_err(|error| failed(NAME, error))?;
    let mut image = vec![0x80 | (bits - 1)];
    image.extend(table.as_flattened());
    image.resize(1 + 3 * (1 << bits), 0);
    image.push(code_bits);
    for block in data.chunks(255) {
        image.push(block.len() as u8);
        image.extend_from_slice(block);
    }
    image.push(0);
    Ok(image)
}
