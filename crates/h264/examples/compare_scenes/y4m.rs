//! Reads YUV4MPEG2 files (`.y4m`) with 8 bits and 4:2:0, as `ffmpeg -pix_fmt yuv420p` writes them.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use strikeline_picture::{FrameRate, Picture, PictureSize, Plane};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// All frames of a file, in memory.
pub(crate) struct Clip {
    pub(crate) path: PathBuf,
    /// The file's name without its ending.
    pub(crate) name: String,
    pub(crate) size: PictureSize,
    pub(crate) rate: FrameRate,
    /// Luma, then interleaved chroma, of each frame.
    frames: Vec<Vec<u8>>,
}

impl Clip {
    /// Reads at most `most` frames.
    pub(crate) fn open(path: &Path, most: usize) -> Result<Clip> {
        let mut file = BufReader::new(File::open(path)?);
        let mut header = String::new();
        file.read_line(&mut header)?;
        let mut fields = header.split_whitespace();
        if fields.next() != Some("YUV4MPEG2") {
            return Err(format!("{} is not a y4m file", path.display()).into());
        }
        let (mut width, mut height, mut rate) = (0, 0, FrameRate::new(60, 1)?);
        for field in fields {
            let (key, value) = field.split_at(1);
            match key {
                "W" => width = value.parse()?,
                "H" => height = value.parse()?,
                "F" => {
                    let (numerator, denominator) =
                        value.split_once(':').ok_or("a frame rate without a colon")?;
                    rate = FrameRate::new(numerator.parse()?, denominator.parse()?)?;
                }
                "C" if !value.starts_with("420") || value.starts_with("420p1") => {
                    return Err(
                        format!("{}: only 4:2:0 with 8 bits is read, not {value}", path.display()).into()
                    );
                }
                _ => {}
            }
        }
        let size = PictureSize::new(width, height)?;
        let mut frames = Vec::new();
        let mut line = Vec::new();
        while frames.len() < most {
            line.clear();
            file.read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            frames.push(read_frame(&mut file, width as usize * height as usize)?);
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Clip { path: path.to_owned(), name, size, rate, frames })
    }

    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Luma, then interleaved chroma.
    pub(crate) fn samples(&self, index: usize) -> &[u8] {
        &self.frames[index]
    }

    pub(crate) fn picture(&self, index: usize) -> Picture<'_> {
        let stride = self.size.width() as usize;
        let (luma, chroma) = self.frames[index].split_at(stride * self.size.height() as usize);
        Picture::nv12(self.size, Plane { data: luma, stride }, Plane { data: chroma, stride })
    }
}

/// Reads the planes of a frame, and interleaves those of chroma.
fn read_frame(file: &mut impl Read, luma: usize) -> Result<Vec<u8>> {
    let mut frame = vec![0; luma + luma / 2];
    file.read_exact(&mut frame[..luma])?;
    let mut chroma = vec![0; luma / 2];
    file.read_exact(&mut chroma)?;
    let (cb, cr) = chroma.split_at(luma / 4);
    for (pair, (cb, cr)) in frame[luma..].chunks_exact_mut(2).zip(cb.iter().zip(cr)) {
        pair.copy_from_slice(&[*cb, *cr]);
    }
    Ok(frame)
}
