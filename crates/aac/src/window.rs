//! Windows and window sequences of ISO/IEC 14496-3, 4.6.11.3.2 (13818-7, 15.3.2).

use std::f64::consts::PI;

use crate::mdct::Mdct;

/// Coefficients of a long window, and sample frames of an access unit.
pub(crate) const LONG: usize = 1024;
/// Coefficients of a short window.
pub(crate) const SHORT: usize = 128;
/// Where the short windows of a block begin, and the slope of a window before them or behind them.
pub(crate) const SHORT_START: usize = (LONG - SHORT) / 2;

/// How a block of 2048 samples is cut into windows. The numbers are those of the bitstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowSequence {
    OnlyLong = 0,
    LongStart = 1,
    EightShort = 2,
    LongStop = 3,
}

impl WindowSequence {
    /// The sequence of a block, from the one before it and from whether this block and the next one must be short.
    pub(crate) fn next(self, short_now: bool, short_next: bool) -> WindowSequence {
        use WindowSequence::{EightShort, LongStart, LongStop, OnlyLong};
        let opened = matches!(self, LongStart | EightShort);
        match (opened, short_now, short_next) {
            // A short block must be announced by the one before. That one knew, but for a stop block between two of
            // them.
            (true, true, _) | (true, false, true) => EightShort,
            (true, false, false) => LongStop,
            (false, _, true) => LongStart,
            (false, _, false) => OnlyLong,
        }
    }

    /// The shape of the falling slope, and of the rising one of the next block. Kaiser's long slopes keep tones
    /// apart, which hide little; in the few coefficients of short windows the sine's narrow peak is worth more.
    pub(crate) fn shape(self) -> WindowShape {
        match self {
            WindowSequence::OnlyLong | WindowSequence::LongStop => WindowShape::KaiserBessel,
            WindowSequence::LongStart | WindowSequence::EightShort => WindowShape::Sine,
        }
    }

    pub(crate) fn is_short(self) -> bool {
        self == WindowSequence::EightShort
    }
}

/// The shape of a slope. The numbers are those of the bitstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowShape {
    Sine = 0,
    KaiserBessel = 1,
}

/// Rising slopes.
#[derive(Debug)]
pub(crate) struct Windows {
    long: [Vec<f32>; 2],
    short: [Vec<f32>; 2],
}

impl Windows {
    pub(crate) fn new() -> Windows {
        Windows {
            long: [sine(LONG), kaiser_bessel(LONG, 4.0)],
            short: [sine(SHORT), kaiser_bessel(SHORT, 6.0)],
        }
    }
}

fn sine(length: usize) -> Vec<f32> {
    (0..length).map(|n| libm::sin(PI / (2 * length) as f64 * (n as f64 + 0.5)) as f32).collect()
}

/// A window derived from Kaiser's with the parameter `alpha`.
fn kaiser_bessel(length: usize, alpha: f64) -> Vec<f32> {
    let bessel = |x: f64| {
        let (mut sum, mut term) = (1.0, 1.0);
        for k in 1..64 {
            term *= (x / 2.0 / f64::from(k)) * (x / 2.0 / f64::from(k));
            sum += term;
        }
        sum
    };
    let kaiser = |n: usize| {
        let position = 2.0 * n as f64 / length as f64 - 1.0;
        bessel(PI * alpha * (1.0 - position * position).max(0.0).sqrt())
    };
    let total: f64 = (0..=length).map(kaiser).sum();
    let mut sum = 0.0;
    (0..length)
        .map(|n| {
            sum += kaiser(n);
            (sum / total).sqrt() as f32
        })
        .collect()
}

/// Turns blocks of 2048 samples into 1024 coefficients.
#[derive(Debug)]
pub(crate) struct FilterBank {
    windows: Windows,
    long: Mdct,
    short: Mdct,
    windowed: Vec<f32>,
}

/// Which windows a block gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockWindow {
    pub(crate) sequence: WindowSequence,
    /// Of the falling slope.
    pub(crate) shape: WindowShape,
    /// Of the rising slope: that of the block before.
    pub(crate) previous_shape: WindowShape,
}

impl FilterBank {
    pub(crate) fn new() -> FilterBank {
        FilterBank {
            windows: Windows::new(),
            long: Mdct::new(LONG),
            short: Mdct::new(SHORT),
            windowed: vec![0.0; 2 * LONG],
        }
    }

    /// The coefficients of `block` (2048 samples); of short windows one behind the other. `power` gets their power, by
    /// means of the sine transform: for long windows only.
    pub(crate) fn transform(
        &mut self,
        block: &[f32],
        window: BlockWindow,
        output: &mut [f32],
        power: &mut [f32],
    ) {
        if window.sequence.is_short() {
            self.transform_short(block, window, output);
            return;
        }
        let short_left = window.sequence == WindowSequence::LongStop;
        let short_right = window.sequence == WindowSequence::LongStart;
        let slopes = |shape: WindowShape| {
            (self.windows.long[shape as usize].as_slice(), self.windows.short[shape as usize].as_slice())
        };
        let (left, right) = self.windowed.split_at_mut(LONG);
        let (block_left, block_right) = block.split_at(LONG);
        let (long, short) = slopes(window.previous_shape);
        if short_left {
            left[..SHORT_START].fill(0.0);
            let middle = SHORT_START..SHORT_START + SHORT;
            multiply(&mut left[middle.clone()], &block_left[middle], short.iter());
            left[SHORT_START + SHORT..].copy_from_slice(&block_left[SHORT_START + SHORT..]);
        } else {
            multiply(left, block_left, long.iter());
        }
        let (long, short) = slopes(window.shape);
        if short_right {
            right[..SHORT_START].copy_from_slice(&block_right[..SHORT_START]);
            let middle = SHORT_START..SHORT_START + SHORT;
            multiply(&mut right[middle.clone()], &block_right[middle], short.iter().rev());
            right[SHORT_START + SHORT..].fill(0.0);
        } else {
            multiply(right, block_right, long.iter().rev());
        }
        self.long.cosine(&self.windowed, output);
        self.long.sine_magnitude(&self.windowed, power);
        for (power, &x) in power.iter_mut().zip(&*output) {
            *power = *power * *power + x * x;
        }
    }

    fn transform_short(&mut self, block: &[f32], window: BlockWindow, output: &mut [f32]) {
        let slope = &self.windows.short[window.shape as usize];
        for (index, output) in output.chunks_exact_mut(SHORT).enumerate() {
            let rising = if index == 0 { &self.windows.short[window.previous_shape as usize] } else { slope };
            let samples = &block[SHORT_START + index * SHORT..][..2 * SHORT];
            let (left, right) = self.windowed[..2 * SHORT].split_at_mut(SHORT);
            multiply(left, &samples[..SHORT], rising.iter());
            multiply(right, &samples[SHORT..], slope.iter().rev());
            self.short.cosine(&self.windowed[..2 * SHORT], output);
        }
    }
}

fn multiply<'a>(output: &mut [f32], input: &[f32], slope: impl Iterator<Item = &'a f32>) {
    for ((output, &input), &factor) in output.iter_mut().zip(input).zip(slope) {
        *output = input * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_follow_each_other_as_the_standard_allows() {
        use WindowSequence::{EightShort, LongStart, LongStop, OnlyLong};
        for pattern in 0..1 << 12 {
            let short = |block: u32| pattern >> block & 1 == 1;
            let mut sequence = OnlyLong;
            // Nothing announces the first block.
            for block in 1..11 {
                let next = sequence.next(short(block) && block > 1, short(block + 1));
                let allowed = match sequence {
                    OnlyLong | LongStop => [OnlyLong, LongStart],
                    LongStart | EightShort => [EightShort, LongStop],
                };
                assert!(allowed.contains(&next), "{sequence:?} {next:?}");
                assert!(!short(block) || block == 1 || next == EightShort);
                sequence = next;
            }
        }
    }

    #[test]
    fn slopes_keep_the_power() {
        let windows = Windows::new();
        for slope in windows.long.iter().chain(&windows.short) {
            for (a, b) in slope.iter().zip(slope.iter().rev()) {
                assert!((a * a + b * b - 1.0).abs() < 1e-6);
            }
        }
    }
}
