//! Writes bits, the most significant first (ISO/IEC 14496-3, 4.4).

/// Collects bits into bytes.
#[derive(Debug, Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    pub(crate) fn with_capacity(bytes: usize) -> BitWriter {
        BitWriter { bytes: Vec::with_capacity(bytes), pending: 0, pending_bits: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        (self.pending, self.pending_bits) = (0, 0);
    }

    /// Appends the lowest `count` bits of `value`, at most 32; the bits above them are 0.
    #[inline]
    pub(crate) fn put(&mut self, value: u32, count: u32) {
        debug_assert!(count <= 32 && u64::from(value) < 1 << count);
        self.pending = self.pending << count | u64::from(value);
        self.pending_bits += count;
        if self.pending_bits >= 32 {
            self.pending_bits -= 32;
            let word = (self.pending >> self.pending_bits) as u32;
            self.bytes.extend_from_slice(&word.to_be_bytes());
        }
    }

    /// How many bits there are.
    #[cfg(test)]
    pub(crate) fn bits(&self) -> usize {
        self.bytes.len() * 8 + self.pending_bits as usize
    }

    pub(crate) fn put_flag(&mut self, flag: bool) {
        self.put(u32::from(flag), 1);
    }

    /// Fills the last byte with zeros; the bytes of everything since `clear`.
    pub(crate) fn finish(&mut self) -> &[u8] {
        while self.pending_bits > 0 {
            let byte = if self.pending_bits >= 8 {
                self.pending >> (self.pending_bits - 8)
            } else {
                self.pending << (8 - self.pending_bits)
            };
            self.bytes.push(byte as u8);
            self.pending_bits = self.pending_bits.saturating_sub(8);
        }
        self.pending = 0;
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_lie_the_most_significant_first() {
        let mut writer = BitWriter::with_capacity(16);
        writer.put(0b101, 3);
        writer.put(0xffff_ffff, 32);
        writer.put(0, 1);
        writer.put(1, 1);
        assert_eq!(writer.finish(), [0b1011_1111, 0xff, 0xff, 0xff, 0b1110_1000]);
        writer.clear();
        writer.put(1, 8);
        assert_eq!(writer.finish(), [1]);
    }
}
