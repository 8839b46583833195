//! Rate control: what a bit costs, so that the bitrate is met on average and the bit reservoir is kept
//! (ISO/IEC 14496-3, 4.5.3; 13818-7, 8.2.2).

use crate::math::exp2;
use crate::window::LONG;

/// Bits of an access unit for each channel at most: the size of the decoder's input buffer.
const BUFFER_BITS: i64 = 6144;
/// Fullness of the reservoir that is aimed at.
const AIM: f32 = 0.6;
/// Octaves of the price of a bit from an empty reservoir to a full one.
const RESERVOIR_OCTAVES: f32 = 3.0;
/// Octaves by which the price changes for good with a block of twice the mean size: usually, and when the reservoir is
/// full or empty.
const LEARNING: f32 = 0.06;
const FAST_LEARNING: f32 = 0.3;
/// A block that takes less than this part of the mean is as good as silent.
const SILENT: f32 = 0.05;
/// Blocks over which spared bits are given back, and how many seconds of them are kept at most.
const RETURN_BLOCKS: i64 = 32;
const MOST_SPARED_SECONDS: i64 = 4;
/// Limits of the price, in octaves: below, all noise is inaudible.
const PRICE_RANGE: (f32, f32) = (-22.0, 4.0);

/// Keeps the bitrate.
#[derive(Debug)]
pub(crate) struct RateControl {
    /// Bits per second and sample frames per second: what a block gets is a fraction.
    bitrate: i64,
    rate: i64,
    remainder: i64,
    most: i64,
    /// Bits saved, at most `capacity`.
    saved: i64,
    capacity: i64,
    /// Bits of this block on average.
    mean: i64,
    /// Bits that did not fit into the reservoir, as the sound did not need them: later blocks get them back a
    /// little at a time.
    spared: i64,
    /// Base-2 logarithm of what a bit costs on average.
    price: f32,
}

impl RateControl {
    pub(crate) fn new(bitrate: u32, rate: u32, channels: usize) -> RateControl {
        let most = BUFFER_BITS * channels as i64;
        let mean = i64::from(bitrate) * LONG as i64 / i64::from(rate);
        let capacity = (most - mean).max(0);
        // Starts at what is usual for so many bits per sample.
        let per_sample = bitrate as f32 / (rate * channels as u32) as f32;
        RateControl {
            bitrate: i64::from(bitrate),
            rate: i64::from(rate),
            remainder: 0,
            most,
            saved: (capacity as f32 * AIM) as i64,
            capacity,
            mean,
            spared: 0,
            price: -3.0 - 2.4 * per_sample,
        }
    }

    /// To be called before each block.
    pub(crate) fn begin(&mut self) {
        let bits = self.bitrate * LONG as i64 + self.remainder;
        self.mean = bits / self.rate;
        self.remainder = bits % self.rate;
        let returned = (self.spared / RETURN_BLOCKS).min(self.mean / 4);
        self.spared -= returned;
        self.mean += returned;
    }

    /// What a bit costs in this block.
    pub(crate) fn price(&self) -> f32 {
        let fullness = if self.capacity > 0 { self.saved as f32 / self.capacity as f32 } else { AIM };
        exp2(self.price + (AIM - fullness) * RESERVOIR_OCTAVES)
    }

    /// Bits that this block may take.
    pub(crate) fn most(&self) -> i64 {
        (self.mean + self.saved).min(self.most)
    }

    /// To be called with the bits that the block took.
    pub(crate) fn end(&mut self, bits: i64) {
        let saved = self.saved + self.mean - bits;
        self.saved = saved.min(self.capacity);
        self.spared = (self.spared + saved - self.saved).min(self.bitrate * MOST_SPARED_SECONDS);
        let size = bits as f32 / self.mean as f32;
        let full = size < 1.0 && self.saved == self.capacity || size > 1.0 && self.saved < self.capacity / 8;
        // A block with next to nothing in it does not show that bits are cheap.
        let learning = if size < SILENT { 0.0 } else { LEARNING };
        let learning = learning + if full { FAST_LEARNING * size.min(1.0) } else { 0.0 };
        self.price = (self.price + (size - 1.0).min(1.0) * learning).clamp(PRICE_RANGE.0, PRICE_RANGE.1);
    }
}
