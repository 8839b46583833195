//! The deblocking filter (ITU-T H.264, 8.7): smooths the edges of blocks in a reconstructed picture, before later pictures are
//! predicted from it. Only pictures of which much is new are filtered: in others it would change what is copied exactly.

pub(crate) mod edges;
mod filter;
pub(crate) mod limits;
pub(crate) mod lines;
mod picture;

pub(crate) use edges::BlockEdges;

use crate::decision::ages::MacroblockAges;
use crate::grid::MacroblockGrid;
use crate::prediction::reference::{ContentId, Reconstruction, UNDEFINED};
use crate::simd::Instructions;
use picture::DeblockPicture;

/// The filter, with what it knows of the macroblocks of a picture.
#[derive(Debug)]
pub(crate) struct Deblocking {
    grid: MacroblockGrid,
    /// In raster order.
    edges: Vec<BlockEdges>,
    /// In the same order: which of them the filter changed in the last picture that it was applied to.
    changed: Vec<bool>,
}

impl Deblocking {
    pub(crate) fn new(grid: MacroblockGrid) -> Deblocking {
        Deblocking { grid, edges: vec![BlockEdges::NONE; grid.len()], changed: vec![false; grid.len()] }
    }

    /// To be filled in while a picture is coded.
    pub(crate) fn edges(&mut self) -> &mut [BlockEdges] {
        &mut self.edges
    }

    /// Filters a picture. What that changes becomes new content: `content` is its id.
    pub(crate) fn run(
        &mut self,
        picture: &mut Reconstruction,
        ages: &mut MacroblockAges,
        content: ContentId,
        instructions: Instructions,
    ) {
        let Deblocking { grid, edges, changed } = self;
        changed.fill(false);
        DeblockPicture { grid: *grid, picture, edges, changed }.run(instructions);
        for (index, _) in changed.iter().enumerate().filter(|(_, changed)| **changed) {
            let position = grid.position(index % grid.columns, index / grid.columns);
            picture.content_ids[index] = content;
            picture.extend_border(position.column(), position.row());
            ages.mark_changed(position);
        }
    }

    /// Filters a B picture. What that changes is in no other picture.
    pub(crate) fn run_between(&mut self, picture: &mut Reconstruction, instructions: Instructions) {
        let Deblocking { grid, edges, changed } = self;
        changed.fill(false);
        DeblockPicture { grid: *grid, picture, edges, changed }.run(instructions);
        for (index, _) in changed.iter().enumerate().filter(|(_, changed)| **changed) {
            picture.content_ids[index] = UNDEFINED;
            picture.extend_border(index % grid.columns, index / grid.columns);
        }
    }

    /// Whether the filter has changed something in the last picture that it was applied to.
    #[cfg(test)]
    pub(crate) fn has_filtered(&self) -> bool {
        self.changed.contains(&true)
    }
}
