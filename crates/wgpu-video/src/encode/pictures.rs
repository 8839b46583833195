//! Encoders that make each frame a picture file: PNG, QOI, JPEG and WebP. An access unit is one whole file.
//!
//! Opaque pictures are coded without an alpha channel, which is smaller and faster.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality,
    Joining, Planes,
};
use strikeline_picture::{PictureSize, RgbaPicture, SegmentIndex};

/// A format of pictures.
#[derive(Debug)]
#[non_exhaustive]
pub struct PictureFormat {
    /// Its name for reports and error texts.
    pub name: &'static str,
    /// What it is as a codec.
    pub codec: Codec,
    /// Whether pictures in it may have alpha. If not, they are written as they are over black.
    pub has_alpha: bool,
    /// Its four-character code in QuickTime files; empty if it has none.
    code: &'static [u8],
    /// Appends the file of a picture.
    write: fn(&Pixels<'_>, H264Quality, &mut Vec<u8>) -> Result<(), WriteError>,
}

type WriteError = Box<dyn Error + Send + Sync>;

/// A picture whose rows have no padding.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    /// Width and height in pixels.
    pub size: PictureSize,
    /// Whether there are 4 bytes a pixel: red, green, blue, and alpha by which the colours are not multiplied. Otherwise there are
    /// the first 3.
    pub has_alpha: bool,
    /// Rows from the top. Gamma-coded as sRGB is.
    pub data: &'a [u8],
}

/// PNG (ISO/IEC 15948): lossless.
pub const PNG: PictureFormat =
    PictureFormat { name: "png", codec: Codec::PNG, has_alpha: true, code: b"png ", write: write_png };

/// QOI (qoiformat.org): lossless, and the fastest.
pub const QOI: PictureFormat =
    PictureFormat { name: "qoi", codec: Codec::QOI, has_alpha: true, code: b"", write: write_qoi };

/// Baseline JPEG (ITU-T T.81), chroma as fine as luma.
pub const JPEG: PictureFormat =
    PictureFormat { name: "jpeg", codec: Codec::JPEG, has_alpha: false, code: b"", write: write_jpeg };

/// WebP (RFC 9649): lossless.
pub const WEBP: PictureFormat =
    PictureFormat { name: "webp", codec: Codec::WEBP, has_alpha: true, code: b"", write: write_webp };

impl PictureFormat {
    /// Appends `pixels`, as a file of this format, to `output`. The bytes depend on nothing else, except on `quality` where the
    /// format is lossy.
    ///
    /// # Errors
    /// [`EncodeError::Failed`].
    pub fn write(
        &self,
        pixels: &Pixels<'_>,
        quality: H264Quality,
        output: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let failed = |reason: String| EncodeError::Failed { encoder: self.name, reason };
        let size = pixels.size;
        let bytes = size.width() as usize * size.height() as usize * if pixels.has_alpha { 4 } else { 3 };
        if pixels.data.len() != bytes {
            return Err(failed(format!("{} bytes are no picture of {size}", pixels.data.len())));
        }
        (self.write)(pixels, quality, output).map_err(|error| failed(error.to_string()))
    }
}

/// The fastest settings of the `png` crate: on frames of the highway they take less than a tenth of the time of the usual ones, and
/// make files that are two thirds larger. Of the filters of rows, `Paeth` makes the smallest files with them.
fn write_png(pixels: &Pixels<'_>, _quality: H264Quality, output: &mut Vec<u8>) -> Result<(), WriteError> {
    let mut encoder = png::Encoder::new(output, pixels.size.width(), pixels.size.height());
    encoder.set_color(if pixels.has_alpha { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_deflate_compression(png::DeflateCompression::FdeflateUltraFast);
    encoder.set_filter(png::Filter::Paeth);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels.data)?;
    Ok(writer.finish()?)
}

fn write_qoi(pixels: &Pixels<'_>, _quality: H264Quality, output: &mut Vec<u8>) -> Result<(), WriteError> {
    let encoder = qoi::Encoder::new(pixels.data, pixels.size.width(), pixels.size.height())?;
    encoder.encode_to_stream(output)?;
    Ok(())
}

fn write_jpeg(pixels: &Pixels<'_>, quality: H264Quality, output: &mut Vec<u8>) -> Result<(), WriteError> {
    let (width, height) = (u16::try_from(pixels.size.width())?, u16::try_from(pixels.size.height())?);
    let color = if pixels.has_alpha { jpeg_encoder::ColorType::Rgba } else { jpeg_encoder::ColorType::Rgb };
    let mut encoder = jpeg_encoder::Encoder::new(output, jpeg_quality(quality));
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
    Ok(encoder.encode(pixels.data, width, height, color)?)
}

/// The quality on the scale of libjpeg, 1 to 100, whose quantisation steps grow as those of H.264 do: they double every 6. The
/// default, 24, is 90.
fn jpeg_quality(quality: H264Quality) -> u8 {
    // Steps are those of the standard's example tables times (200 − 2·quality) / 100, or 50 / quality below 50.
    let steps = 0.2 * f64::exp2((f64::from(quality.qp()) - 24.0) / 6.0);
    let quality = if steps <= 1.0 { 100.0 - 50.0 * steps } else { 50.0 / steps };
    quality.round().clamp(1.0, 100.0) as u8
}

fn write_webp(pixels: &Pixels<'_>, _quality: H264Quality, output: &mut Vec<u8>) -> Result<(), WriteError> {
    let (width, height) = (pixels.size.width(), pixels.size.height());
    let color = if pixels.has_alpha { image_webp::ColorType::Rgba8 } else { image_webp::ColorType::Rgb8 };
    Ok(image_webp::WebPEncoder::new(output).encode(pixels.data, width, height, color)?)
}

/// Makes encoders that emit each picture as a file of one format.
#[derive(Debug, Clone)]
pub struct PictureFactory {
    format: &'static PictureFormat,
    quality: H264Quality,
    /// Memory for pixels that no encoder uses at the time.
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl PictureFactory {
    /// For `format`. The quality counts where that is lossy.
    pub fn new(format: &'static PictureFormat, quality: H264Quality) -> PictureFactory {
        PictureFactory { format, quality, spare: Arc::default() }
    }
}

impl EncoderFactory for PictureFactory {
    fn name(&self) -> &'static str {
        self.format.name
    }

    fn codec(&self) -> Codec {
        self.format.codec
    }

    fn planes(&self) -> Planes {
        Planes::Rgba
    }

    fn keeps_alpha(&self) -> bool {
        self.format.has_alpha
    }

    fn keeps_rgb(&self) -> bool {
        self.format.codec != Codec::JPEG
    }

    fn joining(&self) -> Joining {
        Joining::Frames
    }

    fn identity(&self) -> String {
        format!("{} {}", self.format.name, self.quality.qp())
    }

    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let pixels = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Ok(Box::new(PictureEncoder { factory: self.clone(), pixels }))
    }
}

struct PictureEncoder {
    factory: PictureFactory,
    /// Memory for the pixels of a picture.
    pixels: Vec<u8>,
}

impl Drop for PictureEncoder {
    fn drop(&mut self) {
        let pixels = std::mem::take(&mut self.pixels);
        self.factory.spare.lock().unwrap_or_else(PoisonError::into_inner).push(pixels);
    }
}

impl Encoder for PictureEncoder {
    fn encode_rgba(
        &mut self,
        picture: &RgbaPicture<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let PictureFactory { format, quality, .. } = self.factory;
        let has_alpha = picture.has_alpha && format.has_alpha;
        self.pixels.clear();
        match has_alpha {
            true => picture.append_straight(&mut self.pixels),
            false => picture.append_over_black(&mut self.pixels),
        }
        let start = output.len();
        format.write(&Pixels { size: picture.size, has_alpha, data: &self.pixels }, quality, output)?;
        Ok(Some(AccessUnit::new(output.len() - start, true)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(self.factory.format.codec, self.factory.format.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strikeline_picture::Plane;

    #[test]
    fn the_quality_of_jpeg_falls_with_that_of_h264() {
        let quality = |qp| jpeg_quality(H264Quality::new(qp).unwrap());
        assert_eq!([0, 24, 30, 38, 51].map(quality), [99, 90, 80, 50, 11]);
        assert!((1..=51).all(|qp| quality(qp) <= quality(qp - 1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        /// Decoded by the crates' own decoders; the program's tests have ffmpeg decode them.
        #[test]
        fn lossless_formats_keep_every_pixel(seed in any::<u32>(), grain in 1..64usize, has_alpha in any::<bool>()) {
            let size = PictureSize::new(70, 64).unwrap();
            let noise = |at: usize| (at / grain).wrapping_mul(2_654_435_761).wrapping_add(seed as usize);
            let stride = 70 * 4 + 8;
            let mut data: Vec<u8> = (0..stride * 64).map(|at| (noise(at) >> 7) as u8).collect();
            for [red, green, blue, alpha] in data.as_chunks_mut::<4>().0 {
                // Multiplied by alpha.
                [red, green, blue].into_iter().for_each(|color| *color = (*color).min(*alpha));
            }
            let picture = RgbaPicture { size, pixels: Plane { data: &data, stride }, has_alpha };
            let mut expected = Vec::new();
            picture.append_straight(&mut expected);
            let settings = EncoderSettings::new(size, strikeline_picture::FrameRate::new(30, 1).unwrap(), 1);
            for format in [&PNG, &QOI, &WEBP] {
                let factory = PictureFactory::new(format, H264Quality::DEFAULT);
                let mut encoder = factory.begin_segment(&settings, SegmentIndex(0)).unwrap();
                let mut file = vec![1, 2, 3];
                let unit = encoder.encode_rgba(&picture, &mut file).unwrap().unwrap();
                prop_assert_eq!(unit.bytes, file.len() - 3);
                let decoded = decoded(format, &file[3..], has_alpha);
                prop_assert!(decoded == expected, "{}", format.name);
            }
        }
    }

    /// The picture in `file`, 4 bytes a pixel.
    fn decoded(format: &PictureFormat, file: &[u8], has_alpha: bool) -> Vec<u8> {
        let (pixels, found_alpha) = match format.name {
            "png" => {
                let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
                let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
                let info = reader.next_frame(&mut pixels).unwrap();
                (pixels, info.color_type == png::ColorType::Rgba)
            }
            "qoi" => {
                let (header, pixels) = qoi::decode_to_vec(file).unwrap();
                (pixels, header.channels == qoi::Channels::Rgba)
            }
            _ => {
                let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(file)).unwrap();
                let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
                decoder.read_image(&mut pixels).unwrap();
                (pixels, decoder.has_alpha())
            }
        };
        assert_eq!(found_alpha, has_alpha, "{}", format.name);
        match has_alpha {
            true => pixels,
            false => pixels.chunks_exact(3).flat_map(|color| [color[0], color[1], color[2], 255]).collect(),
        }
    }
}
