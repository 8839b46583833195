//! The bits that a segment may take, and those that wait in a decoder's buffer.

use super::settings::{BitRate, BufferLimit};
use strikeline_picture::FrameRate;

/// Bits that arrive at `rate` during `frames` frames, rounded down.
fn arriving(rate: BitRate, frames: u32, frame_rate: FrameRate) -> u64 {
    let bits = u128::from(rate.get()) * u128::from(frames) * u128::from(frame_rate.denominator());
    u64::try_from(bits / u128::from(frame_rate.numerator())).unwrap_or(u64::MAX)
}

/// What a segment may take by its average rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    rate: BitRate,
    frame_rate: FrameRate,
    used: u64,
}

impl Budget {
    pub(super) fn new(rate: BitRate, frame_rate: FrameRate) -> Budget {
        Budget { rate, frame_rate, used: 0 }
    }

    /// Bits that are left of those of `frames` frames.
    pub(super) fn left(&self, frames: u32) -> u64 {
        arriving(self.rate, frames, self.frame_rate).saturating_sub(self.used)
    }

    pub(super) fn take(&mut self, bits: u64) {
        self.used = self.used.saturating_add(bits);
    }
}

/// The coded picture buffer of a decoder (ITU-T H.264, C.1), from the first picture of a segment on. Bits arrive as fast as they
/// may, unless it is full (cbr_flag 0).
#[derive(Debug, Clone, Copy)]
pub(super) struct DecoderBuffer {
    limit: BufferLimit,
    frame_rate: FrameRate,
    /// Bits that wait when the next picture is removed, at least.
    fullness: u64,
    /// Pictures that were removed.
    removed: u32,
}

impl DecoderBuffer {
    pub(super) fn new(limit: BufferLimit, frame_rate: FrameRate) -> DecoderBuffer {
        DecoderBuffer { limit, frame_rate, fullness: limit.start(), removed: 0 }
    }

    pub(super) fn fullness(&self) -> u64 {
        self.fullness
    }

    pub(super) fn size(&self) -> u64 {
        self.limit.size()
    }

    /// Bits that arrive until `frames` frames from now.
    pub(super) fn arriving(&self, frames: u32) -> u64 {
        let until = arriving(self.limit.rate(), self.removed.saturating_add(frames), self.frame_rate);
        until - arriving(self.limit.rate(), self.removed, self.frame_rate)
    }

    /// Bits that the next `frames` pictures, the last of the segment, may take together: after them, as many must wait as
    /// at the start.
    pub(super) fn left(&self, frames: u32) -> u64 {
        (self.fullness + self.arriving(frames)).saturating_sub(self.limit.start())
    }

    /// Removes a picture.
    pub(super) fn remove(&mut self, bits: u64) {
        let arrived = self.arriving(1);
        self.fullness = (self.fullness.saturating_sub(bits) + arrived).min(self.limit.size());
        self.removed += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(rate: u64, bits: u64) -> DecoderBuffer {
        let limit = BufferLimit::of_one_second(BitRate::new(rate).unwrap()).with_size(bits).unwrap();
        DecoderBuffer::new(limit, FrameRate::new(30, 1).unwrap())
    }

    #[test]
    fn a_buffer_fills_up_and_is_emptied_picture_by_picture() {
        let mut buffer = buffer(3_000, 1_000);
        assert_eq!((buffer.fullness(), buffer.left(1)), (750, 100));
        buffer.remove(700);
        assert_eq!((buffer.fullness(), buffer.left(10)), (150, 400));
        (0..20).for_each(|_| buffer.remove(0));
        assert_eq!(buffer.fullness(), 1_000, "no more than it holds");
        buffer.remove(5_000);
        assert_eq!(buffer.fullness(), 100, "no less than nothing, and what has arrived since");
    }

    #[test]
    fn fractions_of_bits_are_not_lost() {
        let mut buffer = buffer(1_000, 10_000);
        let arrived: u64 = (0..30)
            .map(|_| {
                let arriving = buffer.arriving(1);
                buffer.remove(0);
                arriving
            })
            .sum();
        assert_eq!(arrived, 1_000);
    }

    #[test]
    fn a_budget_ends_at_nothing() {
        let mut budget = Budget::new(BitRate::new(1_000).unwrap(), FrameRate::new(60_000, 1_001).unwrap());
        assert_eq!(budget.left(60), 1_001);
        budget.take(2_000);
        assert_eq!(budget.left(60), 0);
    }
}
