//! The age of each macroblock: for how many pictures its source has not changed.

use crate::grid::{MacroblockGrid, MacroblockPosition, MacroblockRun, SourceChange, TILE, tile_parts};

/// A time at which a macroblock that has not changed is coded once more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refinement {
    /// The age of the macroblock then.
    pub(crate) age: u32,
    /// How much lower the QP is than that of the slice.
    pub(crate) qp_step: u8,
    /// Whether no other follows.
    pub(crate) is_last: bool,
}

/// All refinements. A much lower QP at once would be wasted on what soon changes again.
pub(crate) const REFINEMENTS: [Refinement; 2] =
    [Refinement { age: 3, qp_step: 3, is_last: false }, Refinement { age: 30, qp_step: 12, is_last: true }];
/// The age from which a macroblock needs no work: it is refined, and every reconstructed picture holds it.
pub(crate) const FINAL_AGE: u32 = 40;
/// Ages at which a macroblock may need work, as bits: until the first refinement and for as many pictures after it as
/// there are reconstructed pictures at most, and the same for the second.
const AGES_WITH_WORK: u64 = ((1 << 10) - 1) | (0x7F << REFINEMENTS[1].age);

/// The ages of a picture's macroblocks.
#[derive(Debug)]
pub(crate) struct MacroblockAges {
    columns: usize,
    frame: u32,
    /// Per macroblock, the picture in which it changed last; one later for each time that its refinement was deferred.
    changed: Vec<u32>,
    /// Per tile, a bit for each age up to [`FINAL_AGE`]: whether a macroblock in it may have that age.
    tile_ages: Vec<u64>,
    /// Per tile, whether nothing is to be done in this picture.
    idle: Vec<bool>,
    /// Per tile, whether a macroblock may have to be refined in this picture.
    due: Vec<bool>,
}

impl MacroblockAges {
    pub(crate) fn new(grid: MacroblockGrid) -> MacroblockAges {
        let tiles = grid.columns.div_ceil(TILE) * grid.rows;
        MacroblockAges {
            columns: grid.columns,
            frame: 0,
            changed: vec![0; grid.len()],
            tile_ages: vec![0; tiles],
            idle: vec![false; tiles],
            due: vec![false; tiles],
        }
    }

    /// Becomes as another of the same size. What is found anew in each picture is left out.
    pub(crate) fn copy_from(&mut self, other: &MacroblockAges) {
        self.frame = other.frame;
        self.changed.copy_from_slice(&other.changed);
        self.tile_ages.copy_from_slice(&other.tile_ages);
    }

    /// Before the first macroblock of picture `frame`.
    pub(crate) fn begin_picture(&mut self, frame: u32) {
        self.frame = frame;
    }

    fn tiles(&self) -> usize {
        self.columns.div_ceil(TILE)
    }

    /// Records the changes of a row of macroblocks.
    pub(crate) fn begin_row(&mut self, row: usize, changes: &[SourceChange]) {
        let tiles = row * self.tiles()..(row + 1) * self.tiles();
        let known = self.tile_ages[tiles.clone()].iter_mut().zip(&mut self.idle[tiles.clone()]);
        for (((ages, idle), due), changes) in known.zip(&mut self.due[tiles]).zip(changes.chunks(TILE)) {
            // The last bit is for all that are at least so old.
            *ages = (*ages << 1 | *ages & 1 << FINAL_AGE) & ((2 << FINAL_AGE) - 1);
            *due = REFINEMENTS.iter().any(|refinement| *ages >> refinement.age & 1 == 1);
            *idle = *ages & AGES_WITH_WORK == 0
                && changes.iter().all(|&change| change == SourceChange::Unchanged);
        }
    }

    /// Per tile of a row, whether nothing is to be done in this picture: nothing has changed, nothing is due, and every
    /// reconstructed picture holds the same samples.
    pub(crate) fn idle_tiles(&self, row: usize) -> &[bool] {
        &self.idle[row * self.tiles()..][..self.tiles()]
    }

    /// The age of a macroblock, this picture included.
    pub(crate) fn age(&self, index: usize) -> u32 {
        self.frame - self.changed[index]
    }

    /// The refinement of a macroblock that is due in this picture.
    pub(crate) fn due_refinement(&self, index: usize) -> Option<Refinement> {
        let age = self.age(index);
        REFINEMENTS.into_iter().find(|refinement| refinement.age == age)
    }

    /// The end of the macroblocks from column `first` on that are unchanged and not due for refinement.
    #[inline]
    pub(crate) fn end_of_skip_run(&self, row: usize, first: usize, changes: &[SourceChange]) -> usize {
        let (idle, due) = (self.idle_tiles(row), &self.due[row * self.tiles()..][..self.tiles()]);
        let changed = &self.changed[row * self.columns..][..self.columns];
        let mut column = first;
        while column < self.columns {
            if idle[column / TILE] {
                column = (column / TILE * TILE + TILE).min(self.columns);
                continue;
            }
            let end = (column / TILE * TILE + TILE).min(self.columns);
            let is_due = due[column / TILE];
            let ends_run = |column: &usize| {
                let age = self.frame - changed[*column];
                changes[*column] != SourceChange::Unchanged
                    || is_due && REFINEMENTS.iter().any(|refinement| age == refinement.age)
            };
            match (column..end).find(ends_run) {
                Some(column) => return column,
                None => column = end,
            }
        }
        column
    }

    /// Records the age of a macroblock for its tile.
    fn record(&mut self, position: MacroblockPosition) {
        let age = self.age(position.index()).min(FINAL_AGE);
        let tile = position.row() * self.tiles() + position.column() / TILE;
        self.tile_ages[tile] |= 1 << age;
    }

    /// Records that the macroblocks of a run have changed.
    pub(crate) fn mark_changed_run(&mut self, run: MacroblockRun) {
        self.changed[run.row * self.columns..][run.first..run.end].fill(self.frame);
        for part in tile_parts(run.first, run.end) {
            let tile = run.row * self.tiles() + part.tile;
            self.tile_ages[tile] |= 1;
        }
    }

    /// Records that a macroblock has changed.
    pub(crate) fn mark_changed(&mut self, position: MacroblockPosition) {
        self.changed[position.index()] = self.frame;
        self.record(position);
    }

    /// Defers the refinement of a macroblock by one picture.
    pub(crate) fn defer_refinement(&mut self, position: MacroblockPosition) {
        self.changed[position.index()] = (self.changed[position.index()] + 1).min(self.frame);
        self.record(position);
    }
}
