//! Writes WAV files.

use std::io;
use std::path::Path;

/// Writes stereo samples with 16 bits.
pub(crate) fn write(path: &Path, frames: &[[f32; 2]], rate: u32) -> io::Result<()> {
    let size = u32::try_from(frames.len() * 4).map_err(io::Error::other)?;
    let mut file = Vec::with_capacity(44 + frames.len() * 4);
    file.extend(b"RIFF");
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * 4).to_le_bytes());
    file.extend(4_u16.to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(size.to_le_bytes());
    for sample in frames.iter().flatten() {
        file.extend(((sample * 32_767.0).round() as i16).to_le_bytes());
    }
    std::fs::write(path, file)
}
