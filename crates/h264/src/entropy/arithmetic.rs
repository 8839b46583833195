//! The arithmetic encoder (ITU-T H.264, 9.3.4.2 to 9.3.4.5).

use std::hint::select_unpredictable;

use super::cabac_tables::{CONTEXTS, LIKELY_RUNS, NEXT_STATE, STEPS, SURE_ONE, initial_states};

/// The interval of the arithmetic coder.
#[derive(Debug, Clone, Copy)]
struct Interval {
    /// codILow in the low 10 bits, and above them bits that were shifted out but can still change by a carry.
    low: u64,
    /// codIRange.
    range: u32,
    /// Bits above the 10 of codILow. The very first bit is always 0 and not written: it starts at −1.
    pending: i32,
}

impl Interval {
    const START: Interval = Interval { low: 0, range: 510, pending: -1 };
}

/// The arithmetic encoder (9.3.4.2 to 9.3.4.5), with its contexts.
#[derive(Debug)]
pub(crate) struct ArithmeticEncoder {
    interval: Interval,
    states: [u8; CONTEXTS],
    pub(crate) bytes: Vec<u8>,
}

/// A position in the coded data, to which the encoder can return.
#[derive(Debug)]
pub(crate) struct CodePosition {
    interval: Interval,
    states: [u8; CONTEXTS],
    length: usize,
    /// Index and value of the last byte that is not 0xFF: a carry goes no further.
    before_full: Option<(usize, u8)>,
}

/// The encoder while several bins are coded: its interval stays in registers.
pub(crate) struct BinCoder<'a> {
    interval: Interval,
    /// The encoder's interval, which [`Self::end`] updates.
    target: &'a mut Interval,
    states: &'a mut [u8; CONTEXTS],
    bytes: &'a mut Vec<u8>,
}

impl BinCoder<'_> {
    /// Stores the interval in the encoder.
    #[inline(always)]
    pub(crate) fn end(self) {
        *self.target = self.interval;
    }

    #[inline(always)]
    pub(crate) fn bin(&mut self, context: usize, bin: bool) {
        self.states[context] = self.bin_in(self.states[context], bin);
    }

    /// `count` bins with value 1.
    #[inline(always)]
    pub(crate) fn set_bins(&mut self, context: usize, count: u32) {
        let mut state = self.states[context];
        for _ in 0..count {
            state = self.bin_in(state, true);
        }
        self.states[context] = state;
    }

    /// A bin in the state of its context; returns the state after it.
    #[inline(always)]
    fn bin_in(&mut self, state: u8, bin: bool) -> u8 {
        let Interval { low, range, .. } = self.interval;
        // Each bin waits for the range of the one before, so the path from there is kept short; without branches, as
        // they are hard to predict.
        let steps = STEPS[usize::from(state) & 127] >> (range >> 2 & 0x30);
        let (lps, lps_bits) = (u32::from(steps as u8), u32::from((steps >> 8) as u8));
        let is_lps = (state ^ u8::from(bin)) & 1 == 1;
        let rest = range - lps;
        let is_short = rest < 256;
        let mps_range = select_unpredictable(is_short, rest * 2, rest);
        self.interval.low = low + u64::from(select_unpredictable(is_lps, rest, 0));
        self.interval.range = select_unpredictable(is_lps, lps << (lps_bits & 31), mps_range);
        self.shift(select_unpredictable(is_lps, lps_bits, u32::from(is_short)));
        NEXT_STATE[usize::from(state) & 127][usize::from(bin)]
    }

    #[inline(always)]
    fn renormalise(&mut self) {
        let bits = self.interval.range.leading_zeros() - 23;
        self.interval.range <<= bits;
        self.shift(bits);
    }

    /// Shifts the interval by `bits`, and moves out bytes when many are pending.
    #[inline(always)]
    fn shift(&mut self, bits: u32) {
        self.interval.low <<= bits & 63;
        self.interval.pending += bits as i32;
        if self.interval.pending >= 32 {
            let Interval { low, pending, .. } = self.interval;
            (self.interval.low, self.interval.pending) = move_out(low, pending, self.bytes);
        }
    }

    /// Bypass: the low `count` bits of `value`, at most 16 (9.3.4.4).
    #[inline(always)]
    pub(crate) fn bypass(&mut self, value: u32, count: u32) {
        let Interval { low, range, .. } = self.interval;
        self.interval.low = (low << count) + u64::from(range) * u64::from(value);
        self.interval.pending += count as i32;
        self.shift(0);
    }

    /// end_of_slice_flag, and the bin of mb_type that signals I_PCM (9.3.4.5).
    #[inline(always)]
    pub(crate) fn terminate(&mut self, bin: bool) {
        self.interval.range -= 2;
        if bin {
            self.interval.low += u64::from(self.interval.range);
            self.interval.range = 2;
        }
        self.renormalise();
    }

    /// The suffix of UEGk (9.3.2.3): at most 2^16 − 1 − 2^k.
    #[inline]
    pub(crate) fn exp_golomb(&mut self, value: u32, k: u32) {
        // As many ones as bits are needed beyond k, a zero, and the bits without the first.
        let value = value + (1 << k);
        let bits = value.ilog2();
        self.bypass((1 << (bits - k + 1)) - 2, bits - k + 1);
        self.bypass(value - (1 << bits), bits);
    }
}

/// Moves the whole bytes that are pending to `bytes`; returns what is left of `low` and of `pending`.
#[cold]
#[inline(never)]
fn move_out(low: u64, pending: i32, bytes: &mut Vec<u8>) -> (u64, i32) {
    let count = pending / 8;
    let keep = 10 + pending - count * 8;
    let out = low >> keep;
    if out >> (count * 8) != 0 {
        // A carry: it ends at the last byte that is not 0xFF. There is one, as the code is below 1.
        for byte in bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }
    bytes.extend_from_slice(&(out << (64 - count * 8)).to_be_bytes()[..count as usize]);
    (low & ((1 << keep) - 1), pending - count * 8)
}

impl ArithmeticEncoder {
    pub(crate) fn new(bytes: Vec<u8>, intra_slice: bool, qp: u8) -> ArithmeticEncoder {
        ArithmeticEncoder { interval: Interval::START, states: initial_states(intra_slice, qp), bytes }
    }

    /// Begins several bins; [`BinCoder::end`] must follow them.
    #[inline(always)]
    pub(crate) fn start(&mut self) -> BinCoder<'_> {
        let ArithmeticEncoder { interval, states, bytes } = self;
        BinCoder { interval: *interval, target: interval, states, bytes }
    }

    /// Codes several bins.
    #[inline(always)]
    pub(crate) fn bins<T>(&mut self, work: impl FnOnce(&mut BinCoder<'_>) -> T) -> T {
        let mut bins = self.start();
        let result = work(&mut bins);
        bins.end();
        result
    }

    #[inline]
    pub(crate) fn bin(&mut self, context: usize, bin: bool) {
        self.bins(|bins| bins.bin(context, bin));
    }

    /// A bin 1 and a terminating bin 0 for each of the contexts in turn.
    pub(crate) fn set_bins_and_ends(&mut self, contexts: impl Iterator<Item = usize>) {
        self.bins(|bins| {
            for context in contexts {
                bins.bin(context, true);
                bins.terminate(false);
            }
        });
    }

    /// The same for `count` equal contexts.
    pub(crate) fn set_equal_bins_and_ends(&mut self, context: usize, mut count: usize) {
        self.bins(|bins| {
            while count > 0 && bins.states[context] != SURE_ONE {
                bins.bin(context, true);
                bins.terminate(false);
                count -= 1;
            }
            // From here on the state stays the same and codILow is only shifted: the range after many bins
            // is in a table.
            for (power, table) in LIKELY_RUNS.iter().enumerate().rev() {
                while count >> power != 0 {
                    let (range, bits) = table[(bins.interval.range & 0xFF) as usize];
                    bins.interval.range = u32::from(range);
                    bins.shift(u32::from(bits));
                    count -= 1 << power;
                }
            }
        });
    }

    /// end_of_slice_flag, and the bin of mb_type that signals I_PCM (9.3.4.5).
    #[inline]
    pub(crate) fn terminate(&mut self, bin: bool) {
        self.bins(|bins| bins.terminate(bin));
    }

    /// EncodeFlush, after a terminating bin: the last bit written is the rbsp_stop_one_bit. Zeros follow until a byte
    /// is full.
    pub(crate) fn flush(&mut self) {
        let Interval { low, pending, .. } = self.interval;
        let pending = pending + 3;
        let to_byte = (8 - pending % 8) % 8;
        move_out((low >> 7 | 1) << (10 + to_byte), pending + to_byte, &mut self.bytes);
    }

    /// Appends bytes without coding them, after [`Self::flush`]; then initialises the interval again, with the same
    /// contexts (9.3.1.2).
    pub(crate) fn append_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.interval = Interval::START;
    }

    /// Bits written so far.
    pub(crate) fn length(&self) -> usize {
        (self.bytes.len() * 8).saturating_add_signed(self.interval.pending as isize)
    }

    /// The current position, for [`Self::rewind`].
    pub(crate) fn position(&self) -> CodePosition {
        let &ArithmeticEncoder { interval, states, ref bytes } = self;
        let full = bytes.iter().rev().take_while(|&&byte| byte == 0xFF).count();
        let before_full = bytes.len().checked_sub(full + 1).map(|index| (index, bytes[index]));
        CodePosition { interval, states, length: bytes.len(), before_full }
    }

    /// Undoes what was coded since `position`, unless it was flushed.
    pub(crate) fn rewind(&mut self, position: &CodePosition) {
        (self.interval, self.states) = (position.interval, position.states);
        self.bytes.truncate(position.length);
        // A carry may have changed the bytes that were 0xFF.
        if let Some((index, byte)) = position.before_full {
            self.bytes[index] = byte;
            self.bytes[index + 1..].fill(0xFF);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cabac_tables::RANGE_LPS;
    use super::*;

    /// The arithmetic decoder of 9.3.3.2, bit by bit as it is written there.
    struct ArithmeticDecoder<'a> {
        bytes: &'a [u8],
        position: usize,
        range: u32,
        offset: u32,
        states: [u8; CONTEXTS],
    }

    impl ArithmeticDecoder<'_> {
        fn bit(&mut self) -> u32 {
            let byte = self.bytes.get(self.position / 8).copied().unwrap_or(0);
            self.position += 1;
            u32::from(byte >> (8 - 1 - (self.position - 1) % 8) & 1)
        }

        fn renormalise(&mut self) {
            while self.range < 256 {
                self.range <<= 1;
                self.offset = self.offset << 1 | self.bit();
            }
        }

        fn bin(&mut self, context: usize) -> bool {
            let state = self.states[context];
            let lps = u32::from(RANGE_LPS[usize::from(state >> 1)][(self.range >> 6) as usize & 3]);
            self.range -= lps;
            let mut bin = state & 1 == 1;
            if self.offset >= self.range {
                self.offset -= self.range;
                self.range = lps;
                bin = !bin;
            }
            self.states[context] = NEXT_STATE[usize::from(state)][usize::from(bin)];
            self.renormalise();
            bin
        }

        fn bypass(&mut self) -> bool {
            self.offset = self.offset << 1 | self.bit();
            let bin = self.offset >= self.range;
            if bin {
                self.offset -= self.range;
            }
            bin
        }

        fn terminate(&mut self) -> bool {
            self.range -= 2;
            let bin = self.offset >= self.range;
            if !bin {
                self.renormalise();
            }
            bin
        }
    }

    #[test]
    fn suffixes_equal_those_coded_bin_by_bin() {
        for (value, k) in (0..3000).step_by(7).flat_map(|value| [(value, 0), (value, 3), (65_527 - value, 3)])
        {
            let mut encoder = ArithmeticEncoder::new(Vec::new(), false, 30);
            let mut by_bins = ArithmeticEncoder::new(Vec::new(), false, 30);
            for context in 20..30 {
                encoder.bins(|bins| bins.exp_golomb(value, k));
                by_bins.bins(|bins| {
                    let (mut value, mut k) = (value, k);
                    while value >= 1 << k {
                        bins.bypass(1, 1);
                        value -= 1 << k;
                        k += 1;
                    }
                    bins.bypass(0, 1);
                    (0..k).rev().for_each(|bit| bins.bypass(value >> bit & 1, 1));
                });
                encoder.bins(|bins| bins.set_bins(context, value % 5));
                (0..value % 5).for_each(|_| by_bins.bin(context, true));
            }
            encoder.flush();
            by_bins.flush();
            assert_eq!(encoder.bytes, by_bins.bytes, "{value}, k = {k}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for seed in 1..200u32 {
            let mut random = seed.wrapping_mul(0x9E37_79B9);
            let mut next = || {
                random ^= random << 13;
                random ^= random >> 17;
                random ^= random << 5;
                random
            };
            let bins: Vec<(u32, usize, bool)> = (0..next() % 3000)
                .map(|_| {
                    (
                        next() % 16,
                        next() as usize % [CONTEXTS, 30][seed as usize % 2],
                        next() % (1 + seed % 9) == 0,
                    )
                })
                .collect();
            let mut encoder = ArithmeticEncoder::new(Vec::new(), false, 30);
            for &(kind, context, bin) in &bins {
                match kind {
                    0 => encoder.terminate(false),
                    1..4 => encoder.bins(|bins| bins.bypass(u32::from(bin), 1)),
                    _ => encoder.bin(context, bin),
                }
                if context % 50 == 7 {
                    let position = encoder.position();
                    (0..context).for_each(|index| encoder.bin(index, index % 3 == 0));
                    encoder.rewind(&position);
                }
                if context == 11 {
                    encoder.set_bins_and_ends([11, 12, 13, 11, 11].into_iter());
                }
            }
            encoder.terminate(true);
            encoder.flush();
            let bytes = encoder.bytes;
            let mut decoder = ArithmeticDecoder {
                bytes: &bytes,
                position: 0,
                range: 510,
                offset: 0,
                states: initial_states(false, 30),
            };
            decoder.offset = (0..9).fold(0, |offset, _| offset << 1 | decoder.bit());
            for &(kind, context, bin) in &bins {
                match kind {
                    0 => assert!(!decoder.terminate()),
                    1..4 => assert_eq!(decoder.bypass(), bin),
                    _ => assert_eq!(decoder.bin(context), bin),
                }
                if context == 11 {
                    assert!(
                        [11, 12, 13, 11, 11]
                            .iter()
                            .all(|&context| decoder.bin(context) && !decoder.terminate())
                    );
                }
            }
            assert!(decoder.terminate());
        }
    }
}
