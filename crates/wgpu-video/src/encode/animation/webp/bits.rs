//! Prefix codes and bits, as WebP lossless has them (RFC 9649, 3.7).

/// Puts values one after the other, the lowest bit first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the lowest `count` bits of `value`, at most 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// All bytes; the last one is filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.bytes
    }
}

/// The longest code of a symbol, and of the length of a code, in bits.
const LONGEST: u32 = 15;
const LONGEST_OF_LENGTHS: u32 = 7;

/// In which order the lengths of the codes of lengths are written.
const LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// A prefix code: for each symbol the code, the first bit lowest, and its length.
#[derive(Debug)]
pub(super) struct PrefixCode(Vec<(u16, u8)>);

impl PrefixCode {
    /// The code that is best for symbols that come so often.
    pub(super) fn of(frequencies: &[u32]) -> PrefixCode {
        PrefixCode::limited(frequencies, LONGEST)
    }

    fn limited(frequencies: &[u32], longest: u32) -> PrefixCode {
        let lengths = code_lengths(frequencies, longest);
        let mut codes = vec![(0, 0); lengths.len()];
        let mut next = 0_u16;
        for length in 1..=longest as u8 {
            for (code, _) in codes.iter_mut().zip(&lengths).filter(|(_, own)| **own == length) {
                *code = (next.reverse_bits() >> (16 - u32::from(length)), length);
                next += 1;
            }
            next = next.wrapping_shl(1);
        }
        PrefixCode(codes)
    }

    /// Appends the code of `symbol`. It has no bits if no other symbol comes.
    pub(super) fn put(&self, symbol: usize, bits: &mut BitWriter) {
        let (code, length) = self.0.get(symbol).copied().unwrap_or_default();
        bits.put(code.into(), length.into());
    }

    /// Appends the description of the code, which was made for these frequencies.
    pub(super) fn describe(&self, frequencies: &[u32], bits: &mut BitWriter) {
        let used = frequencies.iter().enumerate().filter(|(_, count)| **count > 0).map(|(symbol, _)| symbol);
        let used: Vec<usize> = used.take(3).collect();
        match used[..] {
            [] => self.describe_few(&[0], bits),
            [symbol] if symbol < 256 => self.describe_few(&[symbol], bits),
            [one, other] if other < 256 => self.describe_few(&[one, other], bits),
            _ => self.describe_lengths(bits),
        }
    }

    /// A code of one or two symbols.
    fn describe_few(&self, symbols: &[usize], bits: &mut BitWriter) {
        bits.put(1, 1);
        bits.put(symbols.len() as u32 - 1, 1);
        for (place, symbol) in symbols.iter().enumerate() {
            let length = if place == 0 && *symbol < 2 { 1 } else { 8 };
            if place == 0 {
                bits.put(u32::from(length == 8), 1);
            }
            bits.put(*symbol as u32, length);
        }
    }

    fn describe_lengths(&self, bits: &mut BitWriter) {
        let runs = runs(&self.0.iter().map(|(_, length)| *length).collect::<Vec<u8>>());
        let mut frequencies = [0; 19];
        for run in &runs {
            if let Some(count) = frequencies.get_mut(run.symbol) {
                *count += 1;
            }
        }
        let code = PrefixCode::limited(&frequencies, LONGEST_OF_LENGTHS);
        let is_single = frequencies.iter().filter(|count| **count > 0).count() == 1;
        bits.put(0, 1);
        bits.put(LENGTH_ORDER.len() as u32 - 4, 4);
        for symbol in LENGTH_ORDER {
            let length = code.0.get(symbol).map_or(0, |(_, length)| u32::from(*length));
            let is_there = frequencies.get(symbol).is_some_and(|count| *count > 0);
            bits.put(if is_single && is_there { 1 } else { length }, 3);
        }
        // The lengths of all symbols follow.
        bits.put(0, 1);
        for run in runs {
            code.put(run.symbol, bits);
            bits.put(run.extra, run.extra_bits);
        }
    }
}

/// Some lengths of codes: one length, or the last one again, or zeros.
struct Run {
    symbol: usize,
    extra: u32,
    extra_bits: u32,
}

fn runs(lengths: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut before = 8;
    for same in lengths.chunk_by(|one, other| one == other) {
        let Some(&length) = same.first() else { continue };
        let mut left = same.len() as u32;
        if length > 0 && length != before {
            runs.push(Run { symbol: length.into(), extra: 0, extra_bits: 0 });
            left -= 1;
        }
        while left > 0 {
            let (symbol, least, most, extra_bits) = match (length, left) {
                (0, 11..) => (18, 11, 138, 7),
                (0, 3..) => (17, 3, 10, 3),
                (1.., 3..) => (16, 3, 6, 2),
                _ => (usize::from(length), 1, 1, 0),
            };
            let count = left.min(most);
            runs.push(Run { symbol, extra: count - least, extra_bits });
            left -= count;
        }
        if length > 0 {
            before = length;
        }
    }
    runs
}

/// The lengths of the codes of symbols that come so often, at most `longest` bits: Huffman's. 0 for symbols that do not come, and
/// for one that comes alone.
fn code_lengths(frequencies: &[u32], longest: u32) -> Vec<u8> {
    let mut least = 1;
    loop {
        // Rare symbols are taken for more frequent ones until no code is too long.
        let lengths = huffman(frequencies, least);
        if lengths.iter().all(|length| u32::from(*length) <= longest) {
            return lengths;
        }
        least *= 2;
    }
}

fn huffman(frequencies: &[u32], least: u32) -> Vec<u8> {
    use std::cmp::Reverse;
    let mut lengths = vec![0; frequencies.len()];
    let mut nodes: std::collections::BinaryHeap<Reverse<(u64, usize)>> = frequencies
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, count)| Reverse((u64::from((*count).max(least)), symbol)))
        .collect();
    // The parent of each node: symbols first, then nodes in the order in which they are made.
    let mut parents: Vec<usize> = vec![usize::MAX; frequencies.len()];
    while let (Some(Reverse((count, one))), Some(Reverse((other_count, other)))) = (nodes.pop(), nodes.pop())
    {
        let parent = parents.len();
        for child in [one, other] {
            if let Some(place) = parents.get_mut(child) {
                *place = parent;
            }
        }
        parents.push(usize::MAX);
        nodes.push(Reverse((count + other_count, parent)));
    }
    let mut depths = vec![0_u8; parents.len()];
    for node in (0..parents.len()).rev() {
        let depth =
            parents.get(node).and_then(|parent| depths.get(*parent)).map(|depth| depth.saturating_add(1));
        if let (Some(depth), Some(place)) = (depth, depths.get_mut(node)) {
            *place = depth;
        }
    }
    lengths.copy_from_slice(depths.get(..frequencies.len()).unwrap_or_default());
    lengths
}
