//! Encoders of animated pictures: GIF, APNG and animated WebP.
//!
//! Each coded picture but the first of a segment replaces only a rectangle of the one before it, the
//! [`CodedRegion`] with which its access unit begins. When a picture is shown is up to the file's writer.

mod apng;
mod difference;
mod dither;
mod gif;
mod lossless;
mod palette;
mod webp;

pub use gif::GifFactory;
pub use lossless::LosslessFactory;

use super::{AccessUnit, CodedRegion, EncodeError, EncoderSettings};

/// Appends the access unit of a picture: what it replaces, and its coded pixels. `sync` says whether it is a whole picture.
fn append_unit(region: CodedRegion, coded: &[u8], sync: bool, output: &mut Vec<u8>) -> AccessUnit {
    let start = output.len();
    region.append(output);
    output.extend_from_slice(coded);
    AccessUnit::new(output.len() - start, sync)
}

/// Refuses a frame rate at which programs would not show the frames of `format` for their time.
fn check_rate(encoder: &'static str, settings: &EncoderSettings, most: u32) -> Result<(), EncodeError> {
    let rate = settings.frame_rate;
    if u64::from(rate.numerator()) <= u64::from(most) * u64::from(rate.denominator()) {
        return Ok(());
    }
    Err(EncodeError::Unsupported {
        encoder,
        what: format!("{rate} frames per second"),
        remedy: format!("browsers slow faster animations down; {most} frames per second are the most"),
    })
}

/// That the encoder has failed.
fn failed(encoder: &'static str, reason: impl ToString) -> EncodeError {
    EncodeError::Failed { encoder, reason: reason.to_string() }
}
