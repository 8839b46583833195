//! Bits and Exp-Golomb codes (ITU-T H.264, 7.2 and 9.1).

/// Collects bits into bytes, most significant bit first.
#[derive(Debug, Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits not yet in `bytes`, in the low `pending` bits.
    held: u64,
    pending: u32,
}

impl BitWriter {
    /// u(n): the low `count` bits of `value`, at most 32.
    #[inline]
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        debug_assert!(count <= 32 && (count == 32 || value >> count == 0));
        self.held = (self.held << count) | u64::from(value);
        self.pending += count;
        while self.pending >= 8 {
            self.pending -= 8;
            self.bytes.push((self.held >> self.pending) as u8);
        }
    }

    /// u(1).
    pub(crate) fn flag(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }

    /// ue(v), 9.1.
    pub(crate) fn ue(&mut self, value: u32) {
        let code = u64::from(value) + 1;
        let length = 64 - code.leading_zeros();
        self.put(0, length - 1);
        // `length` is 33 for the largest value only, which no syntax element here reaches.
        self.put(code as u32, length);
    }

    /// se(v), 9.1.1.
    pub(crate) fn se(&mut self, value: i32) {
        let magnitude = value.unsigned_abs() * 2;
        self.ue(if value > 0 { magnitude - 1 } else { magnitude });
    }

    /// te(v), 9.1: one inverted bit when the element cannot exceed 1.
    pub(crate) fn te(&mut self, value: u32, max: u32) {
        if max == 1 { self.put(1 - value, 1) } else { self.ue(value) }
    }

    /// `cabac_alignment_one_bit` until the next byte begins (7.3.4).
    pub(crate) fn align_with_ones(&mut self) {
        while self.pending > 0 {
            self.put(1, 1);
        }
    }

    /// `pcm_alignment_zero_bit` until the next byte begins (7.3.5).
    pub(crate) fn align_with_zeros(&mut self) {
        while self.pending > 0 {
            self.put(0, 1);
        }
    }

    /// rbsp_trailing_bits (7.3.2.11).
    pub(crate) fn trailing_bits(&mut self) {
        self.put(1, 1);
        self.align_with_zeros();
    }

    /// Bits written so far.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len() * 8 + self.pending as usize
    }

    /// The whole bytes written; to be called when the writer is aligned.
    pub(crate) fn bytes(&self) -> &[u8] {
        debug_assert_eq!(self.pending, 0);
        &self.bytes
    }

    /// For other writers to continue where this one was aligned.
    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        debug_assert_eq!(self.pending, 0);
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_are_those_of_table_9_2() {
        let mut bits = BitWriter::default();
        for value in 0..5 {
            bits.ue(value);
        }
        // 1 010 011 00100 00101, then the stop bit and zeros.
        bits.trailing_bits();
        assert_eq!(bits.bytes(), [0b1010_0110, 0b0100_0010, 0b1100_0000]);
        let mut bits = BitWriter::default();
        for value in [0, 1, -1, 2, -2] {
            bits.se(value);
        }
        bits.trailing_bits();
        assert_eq!(bits.bytes(), [0b1010_0110, 0b0100_0010, 0b1100_0000]);
    }
}
