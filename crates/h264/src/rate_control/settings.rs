//! What a video may take: settings for those who must meet a bit rate.

use std::num::NonZeroU64;

/// Bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitRate(NonZeroU64);

impl BitRate {
    /// The highest, in bits per second: far beyond what level 6.2 allows.
    pub const MAX: u64 = 1_000_000_000_000;

    /// `None` when it is 0 or above [`BitRate::MAX`].
    pub const fn new(bits_per_second: u64) -> Option<BitRate> {
        match NonZeroU64::new(bits_per_second) {
            Some(rate) if bits_per_second <= BitRate::MAX => Some(BitRate(rate)),
            _ => None,
        }
    }

    /// Bits per second.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// The coded picture buffer that a decoder has, and how fast it is filled (ITU-T H.264, C.1): bits arrive at up to [`Self::rate`]
/// until [`Self::size`] bits wait, and all bits of a picture are removed at once when its time comes. They must have arrived by
/// then. This is what other encoders call maximum rate and VBV buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferLimit {
    rate: BitRate,
    size: NonZeroU64,
}

impl BufferLimit {
    /// The largest buffer, in bits.
    pub const MAX_SIZE: u64 = 1 << 44;

    /// A buffer that holds what arrives in one second.
    pub const fn of_one_second(rate: BitRate) -> BufferLimit {
        BufferLimit { rate, size: rate.0 }
    }

    /// The same with a buffer of `bits` bits; `None` when that is 0 or above [`BufferLimit::MAX_SIZE`].
    #[must_use]
    pub const fn with_size(self, bits: u64) -> Option<BufferLimit> {
        match NonZeroU64::new(bits) {
            Some(size) if bits <= BufferLimit::MAX_SIZE => Some(BufferLimit { size, ..self }),
            _ => None,
        }
    }

    /// The rate at which bits arrive at most.
    pub const fn rate(self) -> BitRate {
        self.rate
    }

    /// Size of the buffer in bits.
    pub const fn size(self) -> u64 {
        self.size.get()
    }

    /// Bits that wait in the buffer when the first picture of a segment is removed: three quarters of it. Each segment
    /// relies on no more, and leaves at least as many to the next one, so segments can be joined in any order. A decoder
    /// that begins with as many, or more, never runs out of bits.
    pub const fn start(self) -> u64 {
        self.size.get() - self.size.get() / 4
    }
}

/// What the pictures of a video may take. It is met by coding them more coarsely than the settings ask for, never more finely: so
/// a video that needs fewer bits has fewer. Nothing is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateControl {
    average: Option<BitRate>,
    limit: Option<BufferLimit>,
}

impl RateControl {
    /// No limit: constant quality.
    pub const NONE: RateControl = RateControl { average: None, limit: None };

    /// The same with an average. Each segment has its length's worth of bits, and takes no more; what it leaves, no other takes.
    #[must_use]
    pub const fn with_average(self, average: BitRate) -> RateControl {
        RateControl { average: Some(average), ..self }
    }

    /// The same with a buffer that never runs empty.
    #[must_use]
    pub const fn with_limit(self, limit: BufferLimit) -> RateControl {
        RateControl { limit: Some(limit), ..self }
    }

    /// The average, if there is one.
    pub const fn average(self) -> Option<BitRate> {
        self.average
    }

    /// The buffer, if there is one.
    pub const fn limit(self) -> Option<BufferLimit> {
        self.limit
    }

    /// Whether nothing limits the bits.
    pub const fn is_none(self) -> bool {
        self.average.is_none() && self.limit.is_none()
    }
}
