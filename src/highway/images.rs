//! Images from files: the background and the one on the end card, as large as they are shown.
//!
//! An image may come from a stranger, so the work on it is limited: the bytes of its file, its pixels, the bytes that it is
//! decoded to, and those that scaling takes. It is cut to what will be seen before it is scaled.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    DynamicImage, GenericImageView, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    Pixel, RgbaImage,
};
use strikeline_files::{ReadError, why_unreadable};
use strikeline_picture::Rectangle;

use super::HighwayError;

/// Where an image is drawn. See `shaders/image.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct Placement {
    /// Top left in pixels.
    pub place: [i16; 2],
    /// 0 to 1.
    pub opacity: f32,
    /// Milliseconds of the song at which it begins to come, and is there.
    pub fade: [i32; 2],
}

impl Placement {
    /// How a vertex buffer of placements is read.
    pub(super) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<Placement>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Sint16x2, 1 => Float32, 2 => Sint32x2],
    };
}

/// The largest file of an image.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// Most pixels of an image; 8K has 33 million.
const MAX_PIXELS: u64 = 1 << 27;
/// Most bytes that an image may have when it is decoded. A decoder may take twice as many beside them.
const MAX_DECODED_BYTES: u64 = 512 << 20;
/// Most bytes of anything else that a decoder unpacks, such as a colour profile.
const MAX_EXTRA_BYTES: u64 = 64 << 20;
/// Most bytes between the two passes of the scaler, unless the scaled image itself has more pixels.
const MAX_SCALED_BYTES: u64 = 512 << 20;
/// Bytes of a pixel there: four `f32`.
const SCALED_PIXEL: u64 = 16;

/// The image in a file, scaled and cut so that it covers `width` × `height` pixels.
///
/// # Errors
/// [`HighwayError::Image`], [`HighwayError::ImageTooLarge`].
pub(super) fn covering(path: &Path, width: u32, height: u32) -> Result<RgbaImage, HighwayError> {
    shown(path, |size| (middle(size, (width, height)), (width, height)))
}

/// The image in a file, scaled down so that it fits into `width` × `height` pixels.
///
/// # Errors
/// [`HighwayError::Image`], [`HighwayError::ImageTooLarge`].
pub(super) fn fitting(path: &Path, width: u32, height: u32) -> Result<RgbaImage, HighwayError> {
    shown(path, |size| {
        let whole = Rectangle { left: 0, top: 0, right: size.0, bottom: size.1 };
        (whole, within(size, (width.max(1), height.max(1))))
    })
}

/// The part of an image of this size that is seen where it covers `target`: the largest part of the middle that has the shape
/// of the target.
fn middle((width, height): (u32, u32), target: (u32, u32)) -> Rectangle {
    let scaled = |length: u32, by: u32, over: u32| {
        let length = (u64::from(length) * u64::from(by) + u64::from(over) / 2) / u64::from(over).max(1);
        length.max(1) as u32
    };
    let seen_width = scaled(height, target.0, target.1).min(width);
    let seen_height = scaled(width, target.1, target.0).min(height);
    let (left, top) = ((width - seen_width) / 2, (height - seen_height) / 2);
    Rectangle { left, top, right: left + seen_width, bottom: top + seen_height }
}

/// The size of an image that is scaled down until it fits into `room`.
fn within(size: (u32, u32), room: (u32, u32)) -> (u32, u32) {
    let ratio = (f64::from(room.0) / f64::from(size.0)).min(f64::from(room.1) / f64::from(size.1)).min(1.0);
    let scaled = |length: u32, most: u32| ((f64::from(length) * ratio).round() as u32).clamp(1, most.max(1));
    (scaled(size.0, room.0), scaled(size.1, room.1))
}

/// The image in a file, of which `choose` tells, by the size of the upright image, the part that is seen and how large that
/// becomes.
fn shown(
    path: &Path,
    choose: impl FnOnce((u32, u32)) -> (Rectangle, (u32, u32)),
) -> Result<RgbaImage, HighwayError> {
    let wrong = |reason: String| HighwayError::Image { path: path.to_owned(), reason };
    let bytes = strikeline_files::read(path, MAX_FILE_BYTES).map_err(|error| match error {
        ReadError::Unreadable(reason) => wrong(why_unreadable(&reason)),
        ReadError::TooLarge { limit } => wrong(format!("the file has more than {} MiB", limit >> 20)),
    })?;
    // Decoders of others have panicked at damaged files.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(&bytes)));
    let (image, orientation) = match decoded {
        Ok(Ok(decoded)) => decoded,
        Ok(Err(DecodeError::Damaged(reason))) => return Err(wrong(reason)),
        Ok(Err(DecodeError::TooLarge { width, height })) => {
            return Err(HighwayError::ImageTooLarge {
                path: path.to_owned(),
                width,
                height,
                pixels: MAX_PIXELS,
                bytes: MAX_DECODED_BYTES,
            });
        }
        Err(_) => return Err(wrong("it is damaged".to_owned())),
    };
    drop(bytes);
    // The little that is left at the end is turned, not the whole image.
    let turned = swaps_sides(orientation);
    let swap = |(width, height): (u32, u32)| if turned { (height, width) } else { (width, height) };
    let (mut part, mut size) = choose(swap(image.dimensions()));
    size = swap(size);
    if turned {
        let Rectangle { left, top, right, bottom } = part;
        part = Rectangle { left: top, top: left, right: bottom, bottom: right };
    }
    let mut scaled = scale(cut(image, part), size);
    scaled.apply_orientation(orientation);
    Ok(scaled.into_rgba8())
}

/// Whether it makes the width of an image the height.
fn swaps_sides(orientation: Orientation) -> bool {
    match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
    }
}

/// Why the bytes of a file are no image.
#[derive(Debug)]
enum DecodeError {
    Damaged(String),
    TooLarge { width: u32, height: u32 },
}

/// The image that a file has in it, and how it is to be turned.
fn decode(bytes: &[u8]) -> Result<(DynamicImage, Orientation), DecodeError> {
    let damaged = |error| match error {
        ImageError::Limits(_) => DecodeError::Damaged("it takes too much memory to decode".to_owned()),
        ImageError::Unsupported(_) => {
            DecodeError::Damaged("it is a picture of another kind, or none".to_owned())
        }
        ImageError::Decoding(_) | ImageError::IoError(_) => {
            DecodeError::Damaged("it is damaged, or ends too early".to_owned())
        }
        error => DecodeError::Damaged(error.to_string()),
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_EXTRA_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| DecodeError::Damaged(error.to_string()))?;
    if reader.format() == Some(ImageFormat::WebP) && !has_whole_chunks(bytes) {
        return Err(DecodeError::Damaged("the file ends too early".to_owned()));
    }
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    // The decoder does not ask for the limit before it makes room for the pixels.
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(DecodeError::Damaged("it has no pixels".to_owned()));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok((image, orientation))
}

/// Whether all chunks of a WebP file end within the file. The decoder makes room for as many bytes as a chunk says it has.
fn has_whole_chunks(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let [_, _, _, _, a, b, c, d, data @ ..] = rest {
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        if length > data.len() {
            return false;
        }
        // An odd chunk is followed by a byte.
        rest = data.get(length + length % 2..).unwrap_or_default();
    }
    true
}

/// The part of an image, in the memory that the image had.
fn cut(image: DynamicImage, part: Rectangle) -> DynamicImage {
    use DynamicImage::*;
    match image {
        ImageLuma8(image) => ImageLuma8(cut_rows(image, part)),
        ImageLumaA8(image) => ImageLumaA8(cut_rows(image, part)),
        ImageRgb8(image) => ImageRgb8(cut_rows(image, part)),
        ImageRgba8(image) => ImageRgba8(cut_rows(image, part)),
        ImageLuma16(image) => ImageLuma16(cut_rows(image, part)),
        ImageLumaA16(image) => ImageLumaA16(cut_rows(image, part)),
        ImageRgb16(image) => ImageRgb16(cut_rows(image, part)),
        ImageRgba16(image) => ImageRgba16(cut_rows(image, part)),
        other => other.crop_imm(part.left, part.top, part.right - part.left, part.bottom - part.top),
    }
}

fn cut_rows<P: Pixel>(
    image: ImageBuffer<P, Vec<P::Subpixel>>,
    part: Rectangle,
) -> ImageBuffer<P, Vec<P::Subpixel>> {
    let channels = usize::from(P::CHANNEL_COUNT);
    let stride = image.width() as usize * channels;
    let (width, height) = (part.right - part.left, part.bottom - part.top);
    let row = width as usize * channels;
    let mut samples = image.into_raw();
    for line in 0..height as usize {
        let from = (part.top as usize + line) * stride + part.left as usize * channels;
        samples.copy_within(from..from + row, line * row);
    }
    samples.truncate(row * height as usize);
    samples.shrink_to_fit();
    // There are as many samples as it needs.
    ImageBuffer::from_raw(width, height, samples).unwrap_or_default()
}

/// An image scaled to a size.
fn scale(image: DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    let (from_width, from_height) = image.dimensions();
    if (from_width, from_height) == (width, height) {
        return image;
    }
    // The scaler scales the columns first.
    let most = (MAX_SCALED_BYTES / SCALED_PIXEL / u64::from(height.max(1))).max(u64::from(width)) as u32;
    if from_width > most {
        // A quick pass first, which takes no more than its result.
        let less = (u64::from(from_height) * u64::from(most) / u64::from(from_width)) as u32;
        let smaller = image.thumbnail_exact(most, less.max(height).min(from_height));
        return smaller.resize_exact(width, height, FilterType::Lanczos3);
    }
    image.resize_exact(width, height, FilterType::Lanczos3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_middle_lies_in_the_image_and_has_the_shape_of_the_target(
            width in 1_u32..70_000, height in 1_u32..70_000, target_width in 64_u32..8192, target_height in 64_u32..8192,
        ) {
            let part = middle((width, height), (target_width, target_height));
            let (seen_width, seen_height) = (part.right - part.left, part.bottom - part.top);
            prop_assert!(seen_width >= 1 && seen_height >= 1 && part.right <= width && part.bottom <= height);
            prop_assert!(seen_width == width || seen_height == height);
            // To within half a pixel.
            let wanted = f64::from(target_width) / f64::from(target_height);
            let nearest = (f64::from(seen_width) - wanted * f64::from(seen_height)).abs() <= 0.5 * wanted.max(1.0) + 1e-6;
            prop_assert!(nearest || seen_width == 1 || seen_height == 1);
        }

        #[test]
        fn what_fits_keeps_its_shape_and_never_grows(
            width in 1_u32..70_000, height in 1_u32..70_000, room_width in 1_u32..8192, room_height in 1_u32..8192,
        ) {
            let (to_width, to_height) = within((width, height), (room_width, room_height));
            prop_assert!((1..=room_width.min(width)).contains(&to_width));
            prop_assert!((1..=room_height.min(height)).contains(&to_height));
        }
    }

    #[test]
    fn a_part_is_cut_out_of_every_kind_of_image() {
        let image = image::RgbaImage::from_fn(7, 5, |x, y| image::Rgba([x as u8 * 30, y as u8 * 40, 7, 255]));
        let image = DynamicImage::from(image);
        let part = Rectangle { left: 2, top: 1, right: 6, bottom: 4 };
        let kinds: [fn(&DynamicImage) -> DynamicImage; 10] = [
            |image| image.to_luma8().into(),
            |image| image.to_luma_alpha8().into(),
            |image| image.to_rgb8().into(),
            |image| image.to_rgba8().into(),
            |image| image.to_luma16().into(),
            |image| image.to_luma_alpha16().into(),
            |image| image.to_rgb16().into(),
            |image| image.to_rgba16().into(),
            |image| image.to_rgb32f().into(),
            |image| image.to_rgba32f().into(),
        ];
        for kind in kinds {
            let image = kind(&image);
            assert_eq!(cut(image.clone(), part), image.crop_imm(2, 1, 4, 3));
        }
    }

    #[test]
    fn chunks_that_are_longer_than_the_file_are_noticed() {
        let file = |length: u32| [&b"RIFF\x20\0\0\0WEBPEXIF"[..], &length.to_le_bytes(), b"abc"].concat();
        assert!(has_whole_chunks(&file(3)) && has_whole_chunks(&file(2)) && has_whole_chunks(b"RIFF"));
        assert!(!has_whole_chunks(&file(4)) && !has_whole_chunks(&file(u32::MAX)));
    }
}
