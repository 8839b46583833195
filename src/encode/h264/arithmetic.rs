//! The arithmetic encoder (ITU-T H.264, 9.3.4.2 to 9.3.4.5).

use super::cabac_tables::{CONTEXTS, NEXT_STATE, RANGE_LPS, initial_states};

/// The arithmetic encoder (9.3.4.2 to 9.3.4.5), with its contexts.
#[derive(Debug)]
pub(super) struct ArithmeticEncoder {
    /// codILow in the low 10 bits, and above them bits that were shifted out but can still change by a carry.
    low: u64,
    /// codIRange.
    range: u32,
    /// Bits above the 10 of codILow. The very first bit is always 0 and not written: it starts at −1.
    pending: i32,
    states: [u8; CONTEXTS],
    pub(super) bytes: Vec<u8>,
}

/// A place in what was coded.
#[derive(Debug)]
pub(super) struct Mark {
    low: u64,
    range: u32,
    pending: i32,
    states: [u8; CONTEXTS],
    length: usize,
    /// The last byte that a carry would change without going on, and where it is.
    before_full: Option<(usize, u8)>,
}

impl ArithmeticEncoder {
    pub(super) fn new(bytes: Vec<u8>, intra_slice: bool, qp: u8) -> ArithmeticEncoder {
        ArithmeticEncoder { low: 0, range: 510, pending: -1, states: initial_states(intra_slice, qp), bytes }
    }

    #[inline]
    pub(super) fn bin(&mut self, context: usize, bin: bool) {
        let state = &mut self.states[context];
        let lps = u32::from(RANGE_LPS[usize::from(*state >> 1) & 63][(self.range >> 6) as usize & 3]);
        let range = self.range - lps;
        // Without a branch: which way it goes is hard to foresee.
        let is_lps = u32::from((*state & 1 == 1) != bin);
        *state = NEXT_STATE[usize::from(*state) & 127][usize::from(bin)];
        self.low += u64::from(range * is_lps);
        self.range = if is_lps != 0 { lps } else { range };
        self.renormalise();
    }

    /// [`Self::bin`] with `bin` set, and [`Self::terminate`] without, for each of the contexts in turn.
    pub(super) fn set_bins_and_ends(&mut self, contexts: impl Iterator<Item = usize>) {
        for context in contexts {
            let state = self.states[context];
            let lps = u32::from(RANGE_LPS[usize::from(state >> 1) & 63][(self.range >> 6) as usize & 3]);
            if state & 1 == 0 {
                self.bin(context, true);
                self.terminate(false);
                continue;
            }
            // The likely bin leaves at least half of the range, and so does the end that is not there.
            self.states[context] = NEXT_STATE[usize::from(state) & 127][1];
            let range = self.range - lps;
            let bits = u32::from(range < 256);
            let range = (range << bits) - 2;
            let more = u32::from(range < 256);
            self.range = range << more;
            self.low <<= bits + more;
            self.pending += (bits + more) as i32;
            if self.pending >= 32 {
                self.move_out();
            }
        }
    }

    #[inline]
    fn renormalise(&mut self) {
        self.shift(self.range.leading_zeros() - 23);
    }

    #[inline]
    fn shift(&mut self, bits: u32) {
        self.range <<= bits;
        self.low <<= bits;
        self.pending += bits as i32;
        if self.pending >= 32 {
            self.move_out();
        }
    }

    #[cold]
    #[inline(never)]
    /// Moves the whole bytes of what is pending to `bytes`.
    fn move_out(&mut self) {
        let count = self.pending / 8;
        let keep = 10 + self.pending - count * 8;
        let out = self.low >> keep;
        self.low &= (1 << keep) - 1;
        self.pending -= count * 8;
        if out >> (count * 8) != 0 {
            // A carry: it ends at the last byte that is not full. There is one, as the code is below 1.
            for byte in self.bytes.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
        for index in (0..count).rev() {
            self.bytes.push((out >> (index * 8)) as u8);
        }
    }

    /// Bypass: the low `count` bits of `value`, at most 16 (9.3.4.4).
    #[inline]
    pub(super) fn bypass(&mut self, value: u32, count: u32) {
        self.low = (self.low << count) + u64::from(self.range) * u64::from(value);
        self.pending += count as i32;
        if self.pending >= 32 {
            self.move_out();
        }
    }

    /// end_of_slice_flag, and the bin that tells I_PCM (9.3.4.5).
    #[inline]
    pub(super) fn terminate(&mut self, bin: bool) {
        self.range -= 2;
        if bin {
            self.low += u64::from(self.range);
            self.range = 2;
        }
        self.renormalise();
    }

    /// EncodeFlush, after a terminating bin: the last bit written is the rbsp_stop_one_bit. Zeros follow until a byte
    /// is full.
    pub(super) fn flush(&mut self) {
        self.low = (self.low >> 7 | 1) << 10;
        self.pending += 3;
        let to_byte = (8 - self.pending % 8) % 8;
        self.low <<= to_byte;
        self.pending += to_byte;
        self.move_out();
    }

    /// Bytes as they are, after [`Self::flush`]; then begins anew, with the same contexts (9.3.1.2).
    pub(super) fn append_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        (self.low, self.range, self.pending) = (0, 510, -1);
    }

    /// Bits written so far.
    pub(super) fn length(&self) -> usize {
        (self.bytes.len() * 8).saturating_add_signed(self.pending as isize)
    }

    /// What [`Self::rewind`] needs to come back here.
    pub(super) fn mark(&self) -> Mark {
        let &ArithmeticEncoder { low, range, pending, states, ref bytes } = self;
        let full = bytes.iter().rev().take_while(|&&byte| byte == 0xFF).count();
        let before_full = bytes.len().checked_sub(full + 1).map(|index| (index, bytes[index]));
        Mark { low, range, pending, states, length: bytes.len(), before_full }
    }

    /// Undoes what was coded since the mark, unless it was flushed.
    pub(super) fn rewind(&mut self, mark: &Mark) {
        (self.low, self.range, self.pending, self.states) = (mark.low, mark.range, mark.pending, mark.states);
        self.bytes.truncate(mark.length);
        // A carry may have gone through the bytes that were full.
        if let Some((index, byte)) = mark.before_full {
            self.bytes[index] = byte;
            self.bytes[index + 1..].fill(0xFF);
        }
    }

    /// The suffix of UEGk (9.3.2.3).
    pub(super) fn exp_golomb(&mut self, mut value: u32, mut k: u32) {
        while value >= 1 << k {
            self.bypass(1, 1);
            value -= 1 << k;
            k += 1;
        }
        self.bypass(0, 1);
        self.bypass(value, k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arithmetic decoder of 9.3.3.2, bit by bit as it is written there.
    struct Decoder<'a> {
        bytes: &'a [u8],
        position: usize,
        range: u32,
        offset: u32,
        states: [u8; CONTEXTS],
    }

    impl Decoder<'_> {
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
                    1..4 => encoder.bypass(u32::from(bin), 1),
                    _ => encoder.bin(context, bin),
                }
                if context % 50 == 7 {
                    let mark = encoder.mark();
                    (0..context).for_each(|index| encoder.bin(index, index % 3 == 0));
                    encoder.rewind(&mark);
                }
                if context == 11 {
                    encoder.set_bins_and_ends([11, 12, 13, 11, 11].into_iter());
                }
            }
            encoder.terminate(true);
            encoder.flush();
            let bytes = encoder.bytes;
            let mut decoder = Decoder {
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
