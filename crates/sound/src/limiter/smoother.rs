//! Turns the gains that peaks ask for into a smooth one.
//!
//! The lowest gain of a window ahead, let rise slowly, and averaged over that window: never above what a peak asks for,
//! since every value in the average already knows of it. Gains are whole numbers, so that sums are exact.

use std::collections::VecDeque;

/// The gain that changes nothing.
pub(super) const FULL: u32 = 1 << 30;

/// How fast the gain rises again, in seconds to 63 %.
pub(super) const RELEASE: f64 = 0.06;

/// The half of the window, in seconds; about, for it is a power of two in sample frames.
const HALF_WINDOW: f64 = 0.002_5;

#[derive(Debug)]
pub(super) struct Smoother {
    /// The lowest gains of the window: index and gain, rising in both.
    lows: VecDeque<(u64, u32)>,
    index: u64,
    window: u64,
    held: u32,
    release: u64,
    averages: [Average; 2],
    /// Gains in a row that were full and left everything full.
    full: usize,
}

impl Smoother {
    pub(super) fn new(rate: u32) -> Smoother {
        let half = (HALF_WINDOW * f64::from(rate)) as u32;
        let shift = half.max(1).ilog2()
            + u32::from(half.max(1).ilog2() < 13 && half * 5 > (7 << half.max(1).ilog2()));
        let length = 1_usize << shift;
        // Two averages of `length` sample frames are one of a triangle of 2 * length - 1.
        Smoother {
            lows: VecDeque::new(),
            index: 0,
            window: 2 * length as u64 - 1,
            held: FULL,
            release: (f64::from(FULL) / (RELEASE * f64::from(rate)).max(1.0)) as u64,
            averages: [Average::new(shift), Average::new(shift)],
            full: 2 * length,
        }
    }

    /// Sample frames between a gain that goes in and the one that comes out.
    pub(super) fn delay(&self) -> usize {
        self.window as usize - 1
    }

    /// Takes the gain that the next sample frame asks for; returns that of [`Self::delay`] sample frames before.
    pub(super) fn next(&mut self, gain: u32) -> u32 {
        let index = self.index;
        self.index += 1;
        if gain == FULL && self.held == FULL && self.lows.is_empty() {
            if self.full >= self.window as usize {
                return FULL;
            }
            self.full += 1;
        } else {
            self.full = 0;
        }
        if gain < FULL {
            while self.lows.back().is_some_and(|(_, low)| *low >= gain) {
                self.lows.pop_back();
            }
            self.lows.push_back((index, gain));
        }
        while self.lows.front().is_some_and(|(at, _)| at + self.window <= index) {
            self.lows.pop_front();
        }
        let lowest = self.lows.front().map_or(FULL, |(_, low)| *low);
        let rise = (u64::from(FULL - self.held) * self.release) >> 30;
        let risen = (u64::from(self.held) + rise + 64).min(u64::from(FULL)) as u32;
        self.held = lowest.min(risen);
        let [first, second] = &mut self.averages;
        second.next(first.next(self.held))
    }
}

/// The average of the last values; so many as a power of two.
#[derive(Debug)]
struct Average {
    values: Box<[u32]>,
    at: usize,
    sum: u64,
    shift: u32,
}

impl Average {
    fn new(shift: u32) -> Average {
        let length = 1_usize << shift;
        Average { values: vec![FULL; length].into(), at: 0, sum: u64::from(FULL) << shift, shift }
    }

    fn next(&mut self, value: u32) -> u32 {
        let oldest = std::mem::replace(&mut self.values[self.at], value);
        self.at = (self.at + 1) & (self.values.len() - 1);
        self.sum = self.sum - u64::from(oldest) + u64::from(value);
        (self.sum >> self.shift) as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_gain_is_never_above_what_any_peak_asks_for(
            rate in prop::sample::select(vec![1_u32, 8000, 44_100, 192_000]),
            peaks in prop::collection::vec((0_usize..3000, 0_u32..=FULL), 0..20),
        ) {
            let mut asked = vec![FULL; 3000];
            for (at, gain) in peaks {
                asked[at] = gain;
            }
            let mut smoother = Smoother::new(rate);
            let delay = smoother.delay();
            let mut gains: Vec<u32> = asked.iter().map(|gain| smoother.next(*gain)).collect();
            gains.extend((0..delay).map(|_| smoother.next(FULL)));
            for (gain, asked) in gains[delay..].iter().zip(&asked) {
                prop_assert!(gain <= asked);
            }
        }
    }

    #[test]
    fn the_gain_falls_and_rises_without_steps_and_is_full_again() {
        let mut smoother = Smoother::new(48_000);
        let gains: Vec<u32> =
            (0..60_000).map(|n| smoother.next(if n == 1000 { FULL / 4 } else { FULL })).collect();
        for pair in gains.windows(2) {
            assert!(pair[0].abs_diff(pair[1]) < FULL / 100);
        }
        assert_eq!(gains.iter().min(), Some(&(FULL / 4)));
        assert_eq!(gains.last(), Some(&FULL));
        assert!(gains[..1000].iter().all(|gain| *gain == FULL));
    }
}
