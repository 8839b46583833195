//! The samples of one macroblock of a picture to be encoded.

use crate::decision::slice::Place;
use crate::residual::macroblock::SourceBlock;
use strikeline_picture::Picture;

/// Room for the samples of a macroblock that reaches beyond the picture.
pub(crate) struct Scratch {
    pub(crate) luma: [u8; 256],
    pub(crate) chroma: [u8; 128],
}

/// The samples of a macroblock; where it reaches beyond the picture the last column and row are repeated.
#[inline]
pub(crate) fn source_block<'a>(
    picture: &Picture<'a>,
    place: Place,
    scratch: &'a mut Scratch,
) -> SourceBlock<'a> {
    let (x, y) = (place.x(), place.y());
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    let (luma, chroma) = (picture.luma, picture.chroma);
    if x + 16 <= width && y + 16 <= height {
        return SourceBlock {
            luma: &luma.data[y * luma.stride + x..],
            luma_stride: luma.stride,
            chroma: &chroma.data[y / 2 * chroma.stride + x..],
            chroma_stride: chroma.stride,
        };
    }
    padded_block(picture, place, scratch)
}

#[cold]
fn padded_block<'a>(picture: &Picture<'_>, place: Place, scratch: &'a mut Scratch) -> SourceBlock<'a> {
    let (x, y) = (place.x(), place.y());
    let (width, height) = (picture.size.width() as usize, picture.size.height() as usize);
    let (luma, chroma) = (picture.luma, picture.chroma);
    let visible = (width - x).min(16);
    for (row, out) in scratch.luma.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let source = &luma.row((y + row).min(height - 1), width)[x..];
        out[..visible].copy_from_slice(&source[..visible]);
        let last = out[visible - 1];
        out[visible..].fill(last);
    }
    for (row, out) in scratch.chroma.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let source = &chroma.row((y / 2 + row).min(height / 2 - 1), width)[x..];
        out[..visible].copy_from_slice(&source[..visible]);
        let last = [out[visible - 2], out[visible - 1]];
        out[visible..].chunks_exact_mut(2).for_each(|pair| pair.copy_from_slice(&last));
    }
    SourceBlock { luma: &scratch.luma, luma_stride: 16, chroma: &scratch.chroma, chroma_stride: 16 }
}
