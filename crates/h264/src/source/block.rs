//! The samples of one macroblock of a picture to be encoded.

use crate::grid::MacroblockPosition;
use crate::samples::{MacroblockBuffer, MacroblockSamples};
use strikeline_picture::{Picture, Plane};

/// The samples of a macroblock. Where it reaches beyond the picture, the last column and row are repeated, and the
/// samples are stored in `padded`.
#[inline]
pub(crate) fn source_block<'a>(
    picture: &Picture<'a>,
    position: MacroblockPosition,
    padded: &'a mut MacroblockBuffer,
) -> MacroblockSamples<'a> {
    let (x, y) = (position.x(), position.y());
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    let (luma, chroma) = (picture.luma, picture.chroma);
    // The planes are put together here in both cases, so that they need no copy.
    let [luma, chroma] = if x + 16 <= width && y + 16 <= height {
        [
            Plane { data: &luma.data[y * luma.stride + x..], stride: luma.stride },
            Plane { data: &chroma.data[y / 2 * chroma.stride + x..], stride: chroma.stride },
        ]
    } else {
        read_padded(picture, position, padded);
        let MacroblockSamples { luma, chroma } = padded.samples();
        [luma, chroma]
    };
    MacroblockSamples { luma, chroma }
}

#[cold]
fn read_padded(picture: &Picture<'_>, position: MacroblockPosition, padded: &mut MacroblockBuffer) {
    let (x, y) = (position.x(), position.y());
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    let (luma, chroma) = (picture.luma, picture.chroma);
    let visible = (width - x).min(16);
    for (row, out) in padded.luma.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let source = &luma.row((y + row).min(height - 1), width)[x..];
        out[..visible].copy_from_slice(&source[..visible]);
        let last = out[visible - 1];
        out[visible..].fill(last);
    }
    for (row, out) in padded.chroma.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let source = &chroma.row((y / 2 + row).min(height / 2 - 1), width)[x..];
        out[..visible].copy_from_slice(&source[..visible]);
        let last = [out[visible - 2], out[visible - 1]];
        out[visible..].chunks_exact_mut(2).for_each(|pair| pair.copy_from_slice(&last));
    }
}
