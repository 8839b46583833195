//! Bits, most significant first, and the checksums of a frame.

/// Collects bits into bytes.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// The bits that make no whole byte yet, at the lower end.
    pending: u64,
    /// How many they are, at most 7 between calls.
    count: u32,
}

impl BitWriter {
    /// The lowest `count` bits of `value`, at most 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        let mask = (1u64 << count) - 1;
        self.pending = self.pending << count | (u64::from(value) & mask);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count) as u8);
        }
        self.pending &= (1 << self.count) - 1;
    }

    /// `value` in two's complement, `count` bits.
    pub(super) fn put_signed(&mut self, value: i32, count: u32) {
        self.put(value as u32, count);
    }

    /// So many zeros and a one.
    pub(super) fn put_unary(&mut self, mut zeros: u32) {
        while zeros >= 32 {
            self.put(0, 32);
            zeros -= 32;
        }
        self.put(0, zeros);
        self.put(1, 1);
    }

    /// Zeros up to the next whole byte.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    /// The whole bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes; the writer is empty then.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let length = self.bytes.len();
        std::mem::replace(&mut self.bytes, Vec::with_capacity(length))
    }
}

/// The checksum of a frame's header: x⁸ + x² + x + 1 (RFC 9639, 9.1.8).
pub(super) fn crc_8(bytes: &[u8]) -> u8 {
    let step = |crc: u8, _| if crc & 0x80 != 0 { crc << 1 ^ 0x07 } else { crc << 1 };
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ byte, step))
}

/// The checksum of a whole frame: x¹⁶ + x¹⁵ + x² + 1 (RFC 9639, 9.3).
pub(super) fn crc_16(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut crc = (byte as u16) << 8;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x8005 } else { crc << 1 };
                bit += 1;
            }
            table[byte] = crc;
            byte += 1;
        }
        table
    };
    bytes.iter().fold(0, |crc: u16, byte| crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}
