//! Turns the pixels of a picture in memory into luma and chroma planes, on the processor: for adapters that draw on
//! the processor anyway, where a shader that reads a texture costs many times as much (PERF.md).
//!
//! The result is that of the shader (`shaders/convert.wgsl`): BT.709, limited range, left-sited chroma, rounded to the
//! nearest value. It is worked out in integers, so that of two neighbouring values that are as near the other one may
//! be chosen: `tests/planes.rs` holds both against each other.

#![allow(
    unsafe_code,
    reason = "AVX2 halves the time; that the processor has it is looked up before it is used"
)]

use super::convert::SourceFormat;
use strikeline_picture::PictureSize;

/// Limited-range BT.709 of gamma-coded R′, G′, B′ (ITU-R BT.709-6, 3.2 to 3.5): factors of 8-bit values, so that luma
/// is 16 and chroma 128 more than the sum.
const LUMA: [f64; 3] = [0.2126 * 219.0 / 255.0, 0.7152 * 219.0 / 255.0, 0.0722 * 219.0 / 255.0];
const CB: [f64; 3] = {
    let scale = 224.0 / 255.0 / 1.8556;
    [-0.2126 * scale, -0.7152 * scale, (1.0 - 0.0722) * scale]
};
const CR: [f64; 3] = {
    let scale = 224.0 / 255.0 / 1.5748;
    [(1.0 - 0.2126) * scale, -0.7152 * scale, -0.0722 * scale]
};

/// Fraction bits of luma, and of the sum of the eight weights of chroma, while they are worked out. The largest values,
/// 235.5 · 2²² and 240.5 · 2²³, just fit into an `i32`.
const LUMA_BITS: u32 = 22;
const CHROMA_BITS: u32 = 23;

/// Fraction bits of gamma-coded values that were made of linear ones. Eight of the largest fit into 16 bits.
const CODED_BITS: u32 = 5;

/// The bits of 1.0 and of infinity in half precision (IEEE 754 binary16).
const HALF_ONE: u16 = 0x3c00;
const HALF_INFINITY: u16 = 0x7c00;

/// Converts pictures of one format and size.
#[derive(Debug)]
pub(crate) struct PixelConversion {
    format: SourceFormat,
    size: PictureSize,
    /// Gamma-coded values with [`CODED_BITS`] of the half-precision numbers from 0 to 1, which are in order.
    values: Vec<u16>,
}

/// Where planes lie in a slice of bytes: luma from the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanePlaces {
    /// Bytes from the start of a row to that of the next, in both planes; at least the width of the picture.
    pub stride: usize,
    /// Where chroma begins, after all of luma.
    pub chroma_offset: usize,
}

impl PixelConversion {
    /// For pictures of `size` whose texture has `format`.
    pub(crate) fn new(format: SourceFormat, size: PictureSize) -> PixelConversion {
        let halves = 0..=HALF_ONE;
        let values = match format {
            SourceFormat::Rgba16Float => halves.map(|bits| coded_value(half_value(bits))).collect(),
            _ => Vec::new(),
        };
        PixelConversion { format, size, values }
    }

    /// Converts `pixels`, whose rows begin `stride` bytes apart, into `planes`. What lies between the rows of the
    /// planes is left as it is. Rows that either has no room for are left out.
    pub(crate) fn convert(&self, (pixels, stride): (&[u8], usize), planes: &mut [u8], places: PlanePlaces) {
        let job = ConversionJob { source: pixels, source_stride: stride, planes, places, size: self.size };
        match self.format {
            SourceFormat::Rgba8Unorm | SourceFormat::Rgba8UnormSrgb => job.run(Rgba8),
            SourceFormat::Bgra8Unorm | SourceFormat::Bgra8UnormSrgb => job.run(Bgra8),
            SourceFormat::Rgba16Float => job.run(RgbaHalf { values: &self.values }),
        }
    }
}

/// `pixels` of `format` as gamma-coded RGBA of 8 bits.
pub(crate) fn to_rgba8(format: SourceFormat, mut pixels: Vec<u8>) -> Vec<u8> {
    match format {
        SourceFormat::Rgba8Unorm | SourceFormat::Rgba8UnormSrgb => pixels,
        SourceFormat::Bgra8Unorm | SourceFormat::Bgra8UnormSrgb => {
            for pixel in pixels.chunks_exact_mut(4) {
                pixel.swap(0, 2);
            }
            pixels
        }
        SourceFormat::Rgba16Float => {
            let half =
                |place: usize, bytes: &[u8]| u16::from_le_bytes([bytes[place * 2], bytes[place * 2 + 1]]);
            let convert = |pixel: &[u8]| {
                let [red, green, blue] = [0, 1, 2].map(|place| coded_byte(half(place, pixel)));
                [red, green, blue, linear_byte(half(3, pixel))]
            };
            pixels.chunks_exact(8).flat_map(convert).collect()
        }
    }
}

/// Linear light in half precision, gamma-coded in 8 bits. As in the planes, infinity is as white as 1, and what is
/// negative or no number is black.
fn coded_byte(bits: u16) -> u8 {
    let half = 1 << (CODED_BITS - 1);
    ((coded_value(half_value(within_one(bits))) + half) >> CODED_BITS) as u8
}

/// A half-precision number of 0 to 1 in 8 bits, as it is: for alpha.
fn linear_byte(bits: u16) -> u8 {
    (half_value(within_one(bits)) * 255.0).round() as u8
}

fn within_one(bits: u16) -> u16 {
    if bits > HALF_INFINITY { 0 } else { bits.min(HALF_ONE) }
}

/// What a half-precision number that is not negative and not above 1 is worth.
fn half_value(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10), f64::from(bits & 0x3ff) / 1024.0);
    match exponent {
        0 => fraction * 2_f64.powi(-14),
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

/// Linear light, 0 to 1, as a gamma-coded value of 0 to 255 with [`CODED_BITS`] more (IEC 61966-2-1).
fn coded_value(linear: f64) -> u16 {
    let coded = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (coded * 255.0 * f64::from(1_u32 << CODED_BITS)).round() as u16
}

/// Two values of 16 bits in one word, the first one low.
#[derive(Debug, Clone, Copy)]
struct Pair(u32);

/// How pixels lie in memory.
trait Pixels: Copy {
    /// One pixel as it lies in memory.
    type Pixel: bytemuck::AnyBitPattern;

    /// The same, gamma-coded.
    type Coded: Copy;

    /// Fraction bits of the values that [`Pixels::split`] gives.
    const BITS: u32;

    /// Whether the first value of [`Pixels::split`] is blue, and the third one red.
    const BLUE_FIRST: bool;

    /// `row`, gamma-coded if it is not: then it lies in `memory`.
    fn coded<'r>(self, row: &'r [Self::Pixel], memory: &'r mut Vec<Self::Coded>) -> &'r [Self::Coded];

    /// The values of the first and the third channel, and of green.
    fn split(pixel: Self::Coded) -> (Pair, u32);
}

#[derive(Clone, Copy)]
struct Rgba8;

impl Pixels for Rgba8 {
    type Pixel = [u8; 4];
    type Coded = [u8; 4];
    const BITS: u32 = 0;
    const BLUE_FIRST: bool = false;

    #[inline(always)]
    fn coded<'r>(self, row: &'r [[u8; 4]], _memory: &'r mut Vec<[u8; 4]>) -> &'r [[u8; 4]] {
        row
    }

    #[inline(always)]
    fn split(pixel: [u8; 4]) -> (Pair, u32) {
        let pixel = u32::from_le_bytes(pixel);
        (Pair(pixel & 0x00ff_00ff), pixel >> 8 & 0xff)
    }
}

#[derive(Clone, Copy)]
struct Bgra8;

impl Pixels for Bgra8 {
    type Pixel = [u8; 4];
    type Coded = [u8; 4];
    const BITS: u32 = 0;
    const BLUE_FIRST: bool = true;

    #[inline(always)]
    fn coded<'r>(self, row: &'r [[u8; 4]], _memory: &'r mut Vec<[u8; 4]>) -> &'r [[u8; 4]] {
        row
    }

    #[inline(always)]
    fn split(pixel: [u8; 4]) -> (Pair, u32) {
        Rgba8::split(pixel)
    }
}

#[derive(Clone, Copy)]
struct RgbaHalf<'a> {
    /// As in [`PixelConversion`].
    values: &'a [u16],
}

impl Pixels for RgbaHalf<'_> {
    type Pixel = [[u8; 2]; 4];
    type Coded = (Pair, u32);
    const BITS: u32 = CODED_BITS;
    const BLUE_FIRST: bool = false;

    #[inline(always)]
    fn coded<'r>(self, row: &'r [[[u8; 2]; 4]], memory: &'r mut Vec<(Pair, u32)>) -> &'r [(Pair, u32)] {
        let coded = |half| {
            let bits = u16::from_le_bytes(half);
            // Infinity is as white as 1; what is negative or no number is black.
            u32::from(self.values.get(usize::from(within_one(bits))).copied().unwrap_or(0))
        };
        memory.clear();
        memory.extend(
            row.iter().map(|&[red, green, blue, _]| (Pair(coded(red) | coded(blue) << 16), coded(green))),
        );
        memory
    }

    #[inline(always)]
    fn split(pixel: (Pair, u32)) -> (Pair, u32) {
        pixel
    }
}

/// Factors of the first channel, of green and of the third channel, with `bits` fraction bits.
const fn fixed([red, green, blue]: [f64; 3], bits: u32, blue_first: bool) -> [i32; 3] {
    const fn nearest(value: f64) -> i32 {
        (if value < 0.0 { value - 0.5 } else { value + 0.5 }) as i32
    }
    let scale = (1_u32 << bits) as f64;
    let [red, green, blue] = [nearest(red * scale), nearest(green * scale), nearest(blue * scale)];
    if blue_first { [blue, green, red] } else { [red, green, blue] }
}

/// The same, with factors that add up to nothing: grey has no colour.
const fn fixed_colour(factors: [f64; 3], bits: u32, blue_first: bool) -> [i32; 3] {
    let [first, _, third] = fixed(factors, bits, blue_first);
    [first, -first - third, third]
}

/// One picture to be converted.
struct ConversionJob<'a> {
    source: &'a [u8],
    source_stride: usize,
    planes: &'a mut [u8],
    places: PlanePlaces,
    size: PictureSize,
}

impl ConversionJob<'_> {
    fn run<P: Pixels>(self, pixels: P) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, which is all that it asks for.
            unsafe { self.run_avx2(pixels) };
            return;
        }
        self.run_rows(pixels);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2<P: Pixels>(self, pixels: P) {
        self.run_rows(pixels);
    }

    #[inline(always)]
    fn run_rows<P: Pixels>(self, pixels: P) {
        let ConversionJob { source, source_stride, planes, places, size } = self;
        let (width, height) = (size.width() as usize, size.height() as usize);
        let row_bytes = width * size_of::<P::Pixel>();
        if source_stride < row_bytes || places.stride < width || planes.len() < places.chroma_offset {
            return;
        }
        let (luma, chroma) = planes.split_at_mut(places.chroma_offset);
        let mut sums = RowSums::new(width);
        let (mut upper_memory, mut lower_memory) = (Vec::new(), Vec::new());
        let pairs = source
            .chunks(source_stride * 2)
            .zip(luma.chunks_mut(places.stride * 2))
            .zip(chroma.chunks_mut(places.stride))
            .take(height / 2);
        for ((source, luma), chroma) in pairs {
            let (Some(upper), Some(lower)) =
                (source.get(..row_bytes), source.get(source_stride..source_stride + row_bytes))
            else {
                return;
            };
            let upper = pixels.coded(bytemuck::cast_slice(upper), &mut upper_memory);
            let lower = pixels.coded(bytemuck::cast_slice(lower), &mut lower_memory);
            let Some((luma_upper, luma_lower)) = luma.split_at_mut_checked(places.stride) else { return };
            let (Some(luma_upper), Some(luma_lower), Some(chroma)) =
                (luma_upper.get_mut(..width), luma_lower.get_mut(..width), chroma.get_mut(..width))
            else {
                return;
            };
            luma_row::<P>(upper, luma_upper);
            luma_row::<P>(lower, luma_lower);
            add_rows::<P>(upper, lower, &mut sums);
            chroma_row::<P>(&sums, chroma);
        }
    }
}

/// Sums of the values of two rows, one above the other; before the first column it stands once more, as the picture
/// has nothing there.
struct RowSums {
    pairs: Vec<u32>,
    greens: Vec<u32>,
}

impl RowSums {
    fn new(width: usize) -> RowSums {
        // One more behind the last, so that there are as many sums from the second on as from the first.
        RowSums { pairs: vec![0; width + 2], greens: vec![0; width + 2] }
    }
}

#[inline(always)]
fn luma_row<P: Pixels>(row: &[P::Coded], luma: &mut [u8]) {
    let [first, green, third] = const { fixed(LUMA, LUMA_BITS - P::BITS, P::BLUE_FIRST) };
    for (&pixel, luma) in row.iter().zip(luma) {
        let (Pair(pair), middle) = P::split(pixel);
        let sum = (pair & 0xffff) as i32 * first + middle as i32 * green + (pair >> 16) as i32 * third;
        *luma = ((sum + (16 << LUMA_BITS) + (1 << (LUMA_BITS - 1))) >> LUMA_BITS) as u8;
    }
}

#[inline(always)]
fn add_rows<P: Pixels>(upper: &[P::Coded], lower: &[P::Coded], sums: &mut RowSums) {
    let outputs = sums.pairs[1..].iter_mut().zip(&mut sums.greens[1..]);
    for ((&upper, &lower), (pair, green)) in upper.iter().zip(lower).zip(outputs) {
        let (upper, lower) = (P::split(upper), P::split(lower));
        *pair = upper.0.0 + lower.0.0;
        *green = upper.1 + lower.1;
    }
    (sums.pairs[0], sums.greens[0]) = (sums.pairs[1], sums.greens[1]);
}

/// Weights 1 2 1 across, centred on every other column.
#[inline(always)]
fn chroma_row<P: Pixels>(sums: &RowSums, chroma: &mut [u8]) {
    const fn factors<P: Pixels>(of: [f64; 3]) -> [i32; 3] {
        fixed_colour(of, CHROMA_BITS - 3 - P::BITS, P::BLUE_FIRST)
    }
    let (cb, cr) = const { (factors::<P>(CB), factors::<P>(CR)) };
    let weigh = |[left, middle]: [u32; 2], [right, _]: [u32; 2]| left + middle * 2 + right;
    let (left_pairs, left_greens) = (in_twos(&sums.pairs), in_twos(&sums.greens));
    let (outputs, _) = chroma.as_chunks_mut::<2>();
    let columns = left_pairs.iter().zip(&left_pairs[1..]).zip(left_greens.iter().zip(&left_greens[1..]));
    for (((pairs, next_pairs), (greens, next_greens)), output) in columns.zip(outputs) {
        let (pair, green) = (weigh(*pairs, *next_pairs), weigh(*greens, *next_greens));
        let (first, green, third) = ((pair & 0xffff) as i32, green as i32, (pair >> 16) as i32);
        let sample = |[a, b, c]: [i32; 3]| {
            let sum = first * a + green * b + third * c;
            ((sum + (128 << CHROMA_BITS) + (1 << (CHROMA_BITS - 1))) >> CHROMA_BITS) as u8
        };
        *output = [sample(cb), sample(cr)];
    }
}

#[inline(always)]
fn in_twos(sums: &[u32]) -> &[[u32; 2]] {
    sums.as_chunks::<2>().0
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 70;
    const HEIGHT: usize = 64;

    fn size() -> PictureSize {
        PictureSize::new(WIDTH as u32, HEIGHT as u32).unwrap()
    }

    fn noise(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|place| (place * place % 251 + place * 7) as u8).collect()
    }

    #[test]
    fn every_processor_gets_the_same_samples() {
        let pixels = noise(WIDTH * 4 * HEIGHT);
        let places = PlanePlaces { stride: WIDTH, chroma_offset: WIDTH * HEIGHT };
        let mut planes = [vec![0; WIDTH * HEIGHT * 3 / 2], vec![0; WIDTH * HEIGHT * 3 / 2]];
        let [plain, any] = &mut planes;
        let job = |planes| ConversionJob {
            source: &pixels,
            source_stride: WIDTH * 4,
            planes,
            places,
            size: size(),
        };
        job(plain).run_rows(Rgba8);
        job(any).run(Rgba8);
        assert!(planes[0] == planes[1]);
    }

    #[test]
    fn what_lies_between_the_rows_is_left_alone() {
        let places = PlanePlaces { stride: 80, chroma_offset: 80 * HEIGHT };
        let mut planes = vec![7; 80 * HEIGHT * 3 / 2];
        let conversion = PixelConversion::new(SourceFormat::Rgba8Unorm, size());
        conversion.convert((&vec![255; 300 * HEIGHT], 300), &mut planes, places);
        for (row, samples) in planes.chunks(80).enumerate() {
            let white = if row < HEIGHT { 235 } else { 128 };
            assert!(samples[..WIDTH].iter().all(|&sample| sample == white), "row {row}");
            assert!(samples[WIDTH..].iter().all(|&byte| byte == 7), "row {row}");
        }
    }

    #[test]
    fn rows_that_are_not_there_are_left_out() {
        let conversion = PixelConversion::new(SourceFormat::Rgba8Unorm, size());
        let pixels = noise(WIDTH * 4 * HEIGHT);
        let places = PlanePlaces { stride: WIDTH, chroma_offset: WIDTH * HEIGHT };
        let (all, rows) = (WIDTH * 4 * HEIGHT, WIDTH * HEIGHT);
        for (given, room) in
            [(all - 1, rows * 3 / 2), (5, rows * 3 / 2), (0, 0), (all, rows + 3), (all, rows - 1)]
        {
            conversion.convert((&pixels[..given], WIDTH * 4), &mut vec![0; room], places);
        }
        conversion.convert((&pixels, WIDTH * 4 - 1), &mut vec![0; rows * 3 / 2], places);
    }

    #[test]
    fn half_precision_ends_at_black_and_white() {
        let conversion = PixelConversion::new(SourceFormat::Rgba16Float, size());
        let places = PlanePlaces { stride: WIDTH, chroma_offset: WIDTH * HEIGHT };
        // Minus nothing, minus 2, minus infinity, no number; 1, 65504 and infinity.
        for (luma, halves) in
            [(16, &[0x8000_u16, 0xc000, 0xfc00, 0x7e00, 0xfe00][..]), (235, &[0x3c00, 0x7bff, 0x7c00])]
        {
            for half in halves {
                let pixels = half.to_le_bytes().repeat(4 * WIDTH * HEIGHT);
                let mut planes = vec![0; WIDTH * HEIGHT * 3 / 2];
                conversion.convert((&pixels, WIDTH * 8), &mut planes, places);
                assert!(planes[..WIDTH * HEIGHT].iter().all(|&sample| sample == luma), "{half:x}");
                assert!(planes[WIDTH * HEIGHT..].iter().all(|&sample| sample == 128), "{half:x}");
            }
        }
    }
}
