//! What is asked of each picture.

use super::H264Encoder;
use crate::settings::H264Error;
use strikeline_picture::{Picture, PixelFormat, Plane};

impl H264Encoder {
    /// Whether the picture fits the settings.
    pub(super) fn check(&self, picture: &Picture<'_>) -> Result<(), H264Error> {
        let size = self.parameters.size;
        let (width, height) = (size.width() as usize, size.height() as usize);
        let holds = |plane: &Plane<'_>, rows: usize| {
            plane.stride >= width
                && (rows - 1)
                    .checked_mul(plane.stride)
                    .and_then(|start| start.checked_add(width))
                    .is_some_and(|end| plane.data.len() >= end)
        };
        if picture.size != size {
            Err(H264Error::WrongSize { given: picture.size, expected: size })
        } else if picture.format != PixelFormat::NV12 {
            Err(H264Error::WrongFormat { given: picture.format })
        } else if !holds(&picture.luma, height) || !holds(&picture.chroma, height / 2) {
            Err(H264Error::ShortPlane { size })
        } else {
            Ok(())
        }
    }
}
