//! The macroblocks of a picture: their positions, runs of them, and how the source of each relates to earlier pictures.

/// Macroblocks of a tile. Tiles are the unit in which rows of macroblocks are skipped over as a whole.
pub(crate) const TILE: usize = 16;

/// A picture's size in macroblocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MacroblockGrid {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl MacroblockGrid {
    /// Enough macroblocks to cover `width × height` luma samples.
    pub(crate) fn covering(width: u32, height: u32) -> MacroblockGrid {
        MacroblockGrid { columns: width.div_ceil(16) as usize, rows: height.div_ceil(16) as usize }
    }

    /// Macroblocks of a picture.
    pub(crate) fn len(self) -> usize {
        self.columns * self.rows
    }

    #[inline]
    pub(crate) fn position(self, column: usize, row: usize) -> MacroblockPosition {
        let index = (row * self.columns + column) as u32;
        MacroblockPosition { column: column as u16, row: row as u16, index }
    }
}

/// Position of a macroblock. It fits into a register: memory that was just written is slow to copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MacroblockPosition {
    column: u16,
    row: u16,
    index: u32,
}

impl MacroblockPosition {
    #[inline(always)]
    pub(crate) fn column(self) -> usize {
        self.column.into()
    }

    #[inline(always)]
    pub(crate) fn row(self) -> usize {
        self.row.into()
    }

    /// In raster order.
    #[inline(always)]
    pub(crate) fn index(self) -> usize {
        self.index as usize
    }

    /// First column of its luma samples.
    pub(crate) fn x(self) -> usize {
        self.column() * 16
    }

    /// First row of its luma samples.
    pub(crate) fn y(self) -> usize {
        self.row() * 16
    }

    /// The neighbours that lie in the picture.
    pub(crate) fn sides(self) -> AvailableSides {
        AvailableSides { left: self.column > 0, above: self.row > 0 }
    }

    /// The run of this macroblock alone.
    pub(crate) fn run(self) -> MacroblockRun {
        MacroblockRun { row: self.row(), first: self.column(), end: self.column() + 1 }
    }
}

/// Which neighbours of a block are available for prediction (ITU-T H.264, 6.4.9). As a picture is one slice, they are
/// those that lie in the picture and are coded before; where both are available, so is the one above to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AvailableSides {
    pub(crate) left: bool,
    pub(crate) above: bool,
}

/// Macroblocks side by side: columns `first..end` of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MacroblockRun {
    pub(crate) row: usize,
    pub(crate) first: usize,
    pub(crate) end: usize,
}

impl MacroblockRun {
    /// Macroblocks in it.
    #[inline]
    pub(crate) fn len(self) -> usize {
        self.end - self.first
    }
}

/// The part of a run of macroblocks that lies in one tile: columns `first..end`, tile `tile` of the row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TilePart {
    pub(crate) tile: usize,
    pub(crate) first: usize,
    pub(crate) end: usize,
}

/// Columns `first..end`, cut where tiles begin.
pub(crate) fn tile_parts(first: usize, end: usize) -> impl Iterator<Item = TilePart> {
    let tiles = if first < end { first / TILE..end.div_ceil(TILE) } else { 0..0 };
    tiles.map(move |tile| TilePart { tile, first: first.max(tile * TILE), end: end.min((tile + 1) * TILE) })
}

/// How the source samples of a macroblock relate to those of earlier pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceChange {
    /// They are those of the previous picture at the same position.
    Unchanged,
    /// They are those of an earlier picture at the position that the scroll points to.
    Moved,
    /// Neither.
    New,
}
