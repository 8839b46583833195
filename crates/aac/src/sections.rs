//! Cuts the bands into sections of one codebook each (ISO/IEC 14496-3, 4.6.3): dynamic programming over bands and
//! codebooks.

use crate::layout::{Layout, MAX_CODED_BANDS};
use crate::lengths::{BookLengths, IMPOSSIBLE, LengthTables, UNITS_PER_BIT};
use crate::quantise::CodedChannel;

/// Codebooks of the bands of a channel.
#[derive(Debug)]
pub(crate) struct Sections {
    pub(crate) books: [u8; MAX_CODED_BANDS],
    /// Of each band and book: the book of the band before.
    from: Vec<[u8; 12]>,
}

impl Sections {
    pub(crate) fn new() -> Sections {
        Sections { books: [0; MAX_CODED_BANDS], from: vec![[0; 12]; MAX_CODED_BANDS] }
    }

    /// Chooses the books of the first `bands` bands of each group.
    pub(crate) fn choose(
        &mut self,
        tables: &LengthTables,
        channel: &CodedChannel,
        layout: &Layout,
        bands: usize,
    ) {
        // A codebook number and a length.
        let header = UNITS_PER_BIT * if layout.is_short() { 4 + 3 } else { 4 + 5 };
        for group in 0..layout.groups().len() {
            let mut costs: BookLengths = [IMPOSSIBLE; 12];
            for band in 0..bands {
                let coded = group * layout.bands + band;
                let largest = channel.largest[coded];
                let mut lengths = tables.all(&channel.values[layout.range(coded)], largest);
                if largest == 0 {
                    // Where a book has a band of zeros, a scalefactor is written: that of the band before, in one bit.
                    lengths[1..].iter_mut().for_each(|length| *length += UNITS_PER_BIT);
                }
                let best = (0..12).min_by_key(|&book| costs[book]).unwrap_or(0);
                let new = if band == 0 { header } else { costs[best] + header };
                let mut next = [IMPOSSIBLE; 12];
                for book in 0..12 {
                    let stay = if band == 0 { IMPOSSIBLE } else { costs[book] };
                    let (cost, from) = if stay <= new { (stay, book) } else { (new, best) };
                    next[book] = (cost + lengths[book]).min(IMPOSSIBLE);
                    self.from[coded][book] = from as u8;
                }
                costs = next;
            }
            let mut book = (0..12).min_by_key(|&book| costs[book]).unwrap_or(0);
            for band in (0..bands).rev() {
                let coded = group * layout.bands + band;
                self.books[coded] = book as u8;
                book = usize::from(self.from[coded][book]);
            }
        }
    }
}
