//! The order in which coefficients are coded: window groups, in each the scalefactor bands, in each the windows
//! (ISO/IEC 14496-3, 4.5.2.3.4 and 4.5.2.3.5).

use crate::bands::BandTable;
use crate::window::{LONG, SHORT};

/// Most bands of all window groups together.
pub(crate) const MAX_CODED_BANDS: usize = 8 * 15;

/// How the coefficients of a block lie when they are coded.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Windows in each group: one group of one window for a long block.
    groups: [u8; 8],
    group_count: usize,
    /// Bands in a group that may be coded: those below the bandwidth.
    pub(crate) bands: usize,
    table: &'static [u16],
    short: bool,
    /// Where each band of each group begins among the coded coefficients, and where the last one ends.
    starts: [u16; MAX_CODED_BANDS + 1],
}

impl Layout {
    /// One long window of which the first `bands` bands may be coded.
    pub(crate) fn long(table: &'static BandTable, bands: usize) -> Layout {
        Layout::new(table.long, bands, &[1], false)
    }

    /// Eight short windows in groups of so many.
    pub(crate) fn short(table: &'static BandTable, bands: usize, groups: &[u8]) -> Layout {
        Layout::new(table.short, bands, groups, true)
    }

    fn new(table: &'static [u16], bands: usize, groups: &[u8], short: bool) -> Layout {
        let mut layout = Layout {
            groups: [0; 8],
            group_count: groups.len(),
            bands,
            table,
            short,
            starts: [0; MAX_CODED_BANDS + 1],
        };
        layout.groups[..groups.len()].copy_from_slice(groups);
        let mut position = 0;
        for (group, &windows) in groups.iter().enumerate() {
            for band in 0..bands {
                position += (table[band + 1] - table[band]) * u16::from(windows);
                layout.starts[group * bands + band + 1] = position;
            }
        }
        layout
    }

    /// Windows in each group.
    pub(crate) fn groups(&self) -> &[u8] {
        &self.groups[..self.group_count]
    }

    pub(crate) fn is_short(&self) -> bool {
        self.short
    }

    /// Bands of all groups.
    pub(crate) fn coded_bands(&self) -> usize {
        self.group_count * self.bands
    }

    /// Where the coefficients of a coded band lie.
    #[inline]
    pub(crate) fn range(&self, coded_band: usize) -> std::ops::Range<usize> {
        usize::from(self.starts[coded_band])..usize::from(self.starts[coded_band + 1])
    }

    /// Puts the coefficients of the windows into the order in which they are coded.
    pub(crate) fn arrange(&self, coefficients: &[f32], coded: &mut [f32; LONG]) {
        let (mut window, mut position) = (0, 0);
        for &windows in self.groups() {
            for band in 0..self.bands {
                let range = usize::from(self.table[band])..usize::from(self.table[band + 1]);
                for w in window..window + usize::from(windows) {
                    let from = &coefficients[w * SHORT..][range.clone()];
                    coded[position..position + from.len()].copy_from_slice(from);
                    position += from.len();
                }
            }
            window += usize::from(windows);
        }
        coded[position..].fill(0.0);
    }
}
