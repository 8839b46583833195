//! The deblocking filter (ITU-T H.264, 8.7): smooths the edges of blocks in a reconstructed picture, before later pictures are
//! predicted from it. Only pictures of which much is new are filtered: in others it would change what is copied exactly.

mod edges;
mod filter;
mod limits;
mod picture;

pub(crate) use edges::BlockEdges;
pub(crate) use picture::DeblockPicture;
