//! For how long what is seen has stood still. What an encoder makes of that, the standard leaves open.

use crate::bits::parameter_sets::MacroblockGrid;
use crate::decision::slice::Place;
use crate::prediction::neighbours::parts;
use crate::source::history::Change;

/// Macroblocks side by side that are looked after together: where nothing happens, none of them is looked at.
pub(crate) const TILE: usize = 16;
/// After how many pictures a block that stands still is coded once more, and how much finer. Much finer at once would be
/// wasted on what soon changes again.
pub(crate) const REFINEMENTS: [(u32, u8); 2] = [(3, 3), (30, 12)];
/// Pictures after which nothing is left to do for a block that stands still: it is as good as it gets, and
/// every buffer holds it.
pub(crate) const SETTLED: u32 = 40;
/// Ages at which there may be something to do: until a block is coded for the last time but one, and then for as many
/// pictures as there are buffers at most; and the same for the last time.
const BUSY: u64 = ((1 << 10) - 1) | (0x7F << REFINEMENTS[1].0);

/// The age of each macroblock: for how many pictures its source has not changed.
#[derive(Debug)]
pub(crate) struct Calm {
    columns: usize,
    frame: u32,
    /// Per macroblock, the picture in which it changed last; later, for each time that something was put off.
    changed: Vec<u32>,
    /// Per tile and age up to [`SETTLED`], whether a macroblock in it may have that age.
    ages: Vec<u64>,
    /// Per tile, whether there is nothing to do in this picture.
    quiet: Vec<bool>,
    /// Per tile, whether any macroblock may have to be coded once more in this picture.
    due: Vec<bool>,
}

impl Calm {
    pub(crate) fn new(grid: MacroblockGrid) -> Calm {
        let tiles = grid.columns.div_ceil(TILE) * grid.rows;
        Calm {
            columns: grid.columns,
            frame: 0,
            changed: vec![0; grid.len()],
            ages: vec![0; tiles],
            quiet: vec![false; tiles],
            due: vec![false; tiles],
        }
    }

    /// Before the first macroblock of picture `frame`.
    pub(crate) fn begin_picture(&mut self, frame: u32) {
        self.frame = frame;
    }

    fn tiles(&self) -> usize {
        self.columns.div_ceil(TILE)
    }

    /// Takes down what has happened to a row of macroblocks.
    pub(crate) fn begin_row(&mut self, row: usize, changes: &[Change]) {
        let tiles = row * self.tiles()..(row + 1) * self.tiles();
        let known = self.ages[tiles.clone()].iter_mut().zip(&mut self.quiet[tiles.clone()]);
        for (((ages, quiet), due), changes) in known.zip(&mut self.due[tiles]).zip(changes.chunks(TILE)) {
            // The last age is for all that are at least so old.
            *ages = (*ages << 1 | *ages & 1 << SETTLED) & ((2 << SETTLED) - 1);
            *due = REFINEMENTS.iter().any(|(after, _)| *ages >> after & 1 == 1);
            *quiet = *ages & BUSY == 0 && changes.iter().all(|&change| change == Change::None);
        }
    }

    /// Per tile of a row, whether there is nothing to do in this picture: nothing has changed, nothing is due, and every
    /// buffer holds what is seen.
    pub(crate) fn quiet_tiles(&self, row: usize) -> &[bool] {
        &self.quiet[row * self.tiles()..][..self.tiles()]
    }

    /// For how many pictures a macroblock has stood still, this one included.
    pub(crate) fn age(&self, index: usize) -> u32 {
        self.frame - self.changed[index]
    }

    /// The end of the macroblocks from column `first` on that can stand still without more ado.
    #[inline]
    pub(crate) fn end_of_still(&self, row: usize, first: usize, changes: &[Change]) -> usize {
        let (quiet, due) = (self.quiet_tiles(row), &self.due[row * self.tiles()..][..self.tiles()]);
        let changed = &self.changed[row * self.columns..][..self.columns];
        let mut column = first;
        while column < self.columns {
            if quiet[column / TILE] {
                column = (column / TILE * TILE + TILE).min(self.columns);
                continue;
            }
            let end = (column / TILE * TILE + TILE).min(self.columns);
            let is_due = due[column / TILE];
            let has_more = |column: &usize| {
                let age = self.frame - changed[*column];
                changes[*column] != Change::None
                    || is_due && REFINEMENTS.iter().any(|(after, _)| age == *after)
            };
            match (column..end).find(has_more) {
                Some(column) => return column,
                None => column = end,
            }
        }
        column
    }

    /// Takes down the age of a macroblock.
    fn note(&mut self, place: Place) {
        let age = self.age(place.index).min(SETTLED);
        let tile = place.row * self.tiles() + place.column / TILE;
        self.ages[tile] |= 1 << age;
    }

    /// Takes down that macroblocks from column `first` to before `end` have changed.
    pub(crate) fn changed_run(&mut self, row: usize, first: usize, end: usize) {
        self.changed[row * self.columns..][first..end].fill(self.frame);
        for (tile, ..) in parts(first, end) {
            let tile = row * self.tiles() + tile;
            self.ages[tile] |= 1;
        }
    }

    /// The macroblock has changed.
    pub(crate) fn changed(&mut self, place: Place) {
        self.changed[place.index] = self.frame;
        self.note(place);
    }

    /// What is due for a macroblock that stands still will be so one picture later.
    pub(crate) fn put_off(&mut self, place: Place) {
        self.changed[place.index] = (self.changed[place.index] + 1).min(self.frame);
        self.note(place);
    }
}
