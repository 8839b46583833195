//! Images from files: the background and the one on the end card, as large as they are shown.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbaImage};

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

/// Largest number of bytes that decoding an image may take.
const MAX_DECODED_BYTES: u64 = 1 << 30;

/// The image in a file, turned as its EXIF data says.
fn read(path: &Path) -> Result<DynamicImage, HighwayError> {
    let wrong = |reason: String| HighwayError::Image { path: path.to_owned(), reason };
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(|error| wrong(error.to_string()))?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| wrong(error.to_string()))?;
    let orientation = decoder.orientation().map_err(|error| wrong(error.to_string()))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| wrong(error.to_string()))?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// The image in a file, scaled and cut so that it covers `width` × `height` pixels.
///
/// # Errors
/// [`HighwayError::Image`].
pub(super) fn covering(path: &Path, width: u32, height: u32) -> Result<RgbaImage, HighwayError> {
    Ok(read(path)?.resize_to_fill(width, height, FilterType::Lanczos3).into_rgba8())
}

/// The image in a file, scaled down so that it fits into `width` × `height` pixels.
///
/// # Errors
/// [`HighwayError::Image`].
pub(super) fn fitting(path: &Path, width: u32, height: u32) -> Result<RgbaImage, HighwayError> {
    let image = read(path)?;
    if image.width() <= width && image.height() <= height {
        return Ok(image.into_rgba8());
    }
    Ok(image.resize(width.max(1), height.max(1), FilterType::Lanczos3).into_rgba8())
}
