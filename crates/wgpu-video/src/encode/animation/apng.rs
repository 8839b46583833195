//! Pictures of animated PNG files (PNG, third edition, W3C 2025).

use super::failed;
use crate::encode::EncodeError;
use strikeline_picture::Rectangle;

pub(super) const NAME: &str = "apng";

/// The zlib stream of a PNG picture that is as large as `rectangle`, 8 bits, with alpha.
pub(super) fn zlib_stream(pixels: &[u8], rectangle: Rectangle) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = (rectangle.right - rectangle.left, rectangle.bottom - rectangle.top);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| failed(NAME, error))?;
    let mut stream = Vec::new();
    // A signature, then chunks: length, name, content, checksum.
    let mut rest = file.get(8..).unwrap_or_default();
    while let Some((head, behind)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, name @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let content = behind.get(..length).unwrap_or_default();
        if name == *b"IDAT" {
            stream.extend_from_slice(content);
        }
        rest = behind.get(length + 4..).unwrap_or_default();
    }
    Ok(stream)
}
