//! How many bits quantised coefficients take in each codebook.

use crate::codebooks::*;

/// Codebooks whose code words stand for four coefficients: 1 to 4.
pub(crate) const QUAD_BOOKS: usize = 4;
/// Codebooks whose code words stand for two coefficients: 5 to 11.
const PAIR_BOOKS: usize = 7;
/// Lengths are counted in quarters of a bit: those of signed code words are a mean over the signs.
pub(crate) const UNITS_PER_BIT: u32 = 4;
/// Largest absolute value that each codebook can hold, from codebook 0.
pub(crate) const LARGEST: [u16; 12] = [0, 1, 1, 2, 2, 4, 4, 7, 7, 12, 12, 8191];

/// Length in each of the codebooks 0 to 11, in quarters of a bit; what a book cannot hold has `IMPOSSIBLE`.
pub(crate) type BookLengths = [u32; 12];
/// More than any band takes, and still to be added up.
pub(crate) const IMPOSSIBLE: u32 = 1 << 24;

/// Lengths by absolute values.
#[derive(Debug)]
pub(crate) struct LengthTables {
    /// By `27 a + 9 b + 3 c + d`.
    quads: [[u16; QUAD_BOOKS]; 81],
    /// By `17 a + b`, where 16 is an escape.
    pairs: [[u16; PAIR_BOOKS + 1]; 289],
}

impl LengthTables {
    pub(crate) fn new() -> LengthTables {
        let mut tables = LengthTables { quads: [[0; 4]; 81], pairs: [[0; 8]; 289] };
        for (index, lengths) in tables.quads.iter_mut().enumerate() {
            let values = [index / 27, index / 9 % 3, index / 3 % 3, index % 3];
            if values.iter().all(|&v| v <= 1) {
                lengths[0] = mean_of_signs(&values, 1, &LENGTHS_1);
                lengths[1] = mean_of_signs(&values, 1, &LENGTHS_2);
            }
            lengths[2] = with_signs(&values, 3, &LENGTHS_3);
            lengths[3] = with_signs(&values, 3, &LENGTHS_4);
        }
        for (index, lengths) in tables.pairs.iter_mut().enumerate() {
            let values = [index / 17, index % 17];
            let largest = values[0].max(values[1]);
            if largest <= 4 {
                lengths[0] = mean_of_signs(&values, 4, &LENGTHS_5);
                lengths[1] = mean_of_signs(&values, 4, &LENGTHS_6);
            }
            if largest <= 7 {
                lengths[2] = with_signs(&values, 8, &LENGTHS_7);
                lengths[3] = with_signs(&values, 8, &LENGTHS_8);
            }
            if largest <= 12 {
                lengths[4] = with_signs(&values, 13, &LENGTHS_9);
                lengths[5] = with_signs(&values, 13, &LENGTHS_10);
            }
            lengths[6] = with_signs(&values, 17, &LENGTHS_11);
        }
        tables
    }

    /// Lengths of absolute values of which `largest` is the largest.
    pub(crate) fn all(&self, values: &[u16], largest: u16) -> BookLengths {
        let mut lengths = [IMPOSSIBLE; 12];
        if largest == 0 {
            lengths[0] = 0;
        }
        if largest <= 2 {
            let mut sums = [0u16; QUAD_BOOKS];
            for quad in values.chunks_exact(4) {
                let index = usize::from(27 * quad[0] + 9 * quad[1] + 3 * quad[2] + quad[3]);
                for (sum, &length) in sums.iter_mut().zip(&self.quads[index]) {
                    *sum += length;
                }
            }
            for (book, sum) in sums.into_iter().enumerate() {
                if largest <= LARGEST[book + 1] {
                    lengths[book + 1] = u32::from(sum);
                }
            }
        }
        let mut sums = [0u16; PAIR_BOOKS + 1];
        for pair in values.chunks_exact(2) {
            let index = usize::from(17 * pair[0].min(16) + pair[1].min(16));
            for (sum, &length) in sums.iter_mut().zip(&self.pairs[index]) {
                *sum += length;
            }
        }
        for book in 5..12 {
            if largest <= LARGEST[book] {
                lengths[book] = u32::from(sums[book - 5]);
            }
        }
        if largest >= 16 {
            let escapes: u32 = values.iter().filter(|&&v| v >= 16).map(|&v| escape_length(v)).sum();
            lengths[11] += escapes * UNITS_PER_BIT;
        }
        lengths
    }

    /// The length in the best codebook.
    #[inline]
    pub(crate) fn best(&self, values: &[u16], largest: u16) -> u32 {
        let lengths = self.all(values, largest);
        lengths.into_iter().min().unwrap_or(IMPOSSIBLE)
    }
}

/// Bits of an escape sequence for a value of at least 16 (14496-3, 4.6.3.3).
pub(crate) fn escape_length(value: u16) -> u32 {
    2 * (value.ilog2() - 4) + 5
}

/// Of a book without signs, whose index has the base `base`; a sign follows for each value that is not 0.
fn with_signs(values: &[usize], base: usize, lengths: &[u8]) -> u16 {
    let index = values.iter().fold(0, |index, value| index * base + value);
    let signs = values.iter().filter(|&&value| value != 0).count() as u16;
    (u16::from(lengths[index]) + signs) * UNITS_PER_BIT as u16
}

/// Of a book with signs, which holds values up to `largest`: the mean over all signs.
fn mean_of_signs(values: &[usize], largest: i32, lengths: &[u8]) -> u16 {
    let base = 2 * largest + 1;
    let mut sum = 0;
    for signs in 0..1 << values.len() {
        let index = values.iter().enumerate().fold(0, |index, (place, &value)| {
            let sign = if signs >> place & 1 == 0 { 1 } else { -1 };
            index * base + largest + sign * value as i32
        });
        sum += UNITS_PER_BIT * u32::from(lengths[index as usize]);
    }
    (sum / (1 << values.len())) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::BitWriter;
    use crate::syntax::write_values;

    #[test]
    fn lengths_are_those_of_what_is_written() {
        let tables = LengthTables::new();
        let mut state = 7u32;
        let mut next = |limit: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % limit
        };
        for round in 0..2000 {
            let limit = [2, 3, 5, 8, 13, 17, 8192][round % 7];
            let values: Vec<u16> = (0..16).map(|_| next(limit) as u16).collect();
            let lengths = tables.all(&values, values.iter().copied().max().unwrap());
            for book in 1..12u8 {
                let length = lengths[usize::from(book)];
                if length == IMPOSSIBLE {
                    continue;
                }
                // The mean over many signs, for the books that have them.
                let rounds = if [1, 2, 5, 6].contains(&book) { 200 } else { 1 };
                let mut bits = 0;
                for _ in 0..rounds {
                    let signs: Vec<f32> = values.iter().map(|_| next(2) as f32 - 0.5).collect();
                    let mut writer = BitWriter::with_capacity(64);
                    write_values(&mut writer, book, &values, &signs);
                    bits += writer.bits();
                }
                let difference = (bits as f32 / rounds as f32 - length as f32 / UNITS_PER_BIT as f32).abs();
                let allowed = if rounds > 1 { 2.5 } else { 0.0 };
                assert!(difference <= allowed, "book {book}, {values:?}: {difference}");
            }
        }
    }
}
