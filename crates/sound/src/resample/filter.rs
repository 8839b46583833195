//! The filter between two rates.

use wide::f32x4;

/// How far the stop band is down, in dB.
const ATTENUATION: f64 = 115.0;
/// Where the pass band ends, as a part of the lower Nyquist frequency.
const PASS: f64 = 0.907;
/// At the most so many coefficients are kept for exact positions (4 MiB).
const MAX_EXACT: u64 = 1 << 20;
/// Positions between two frames for which the filter is tabled where there are too many exact ones; between them it is
/// interpolated linearly, with an error of about -130 dB.
const POSITIONS: f64 = 2048.0;

/// A low-pass filter, sampled at positions between two frames.
#[derive(Debug)]
pub(super) struct Filter {
    taps: usize,
    /// Rows of `taps` coefficients, row r for the position r / rows.
    rows: Vec<f32>,
    /// Rows are at each of so many positions; the fraction counts in `new`-ths.
    positions: u64,
    new: u64,
    /// Whether each position that can come has a row of its own.
    exact: bool,
}

/// The modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

/// sin(πx) / (πx).
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let angle = std::f64::consts::PI * x;
    libm::sin(angle) / angle
}

impl Filter {
    /// From a rate to another which are to each other as `old` to `new`, without a common divisor, both at least 1.
    pub(super) fn new(old: u32, new: u32) -> Filter {
        let (old, new) = (u64::from(old), u64::from(new));
        // All frequencies as a part of the old rate.
        let nyquist = 0.5 * (new.min(old) as f64 / old as f64);
        let transition = nyquist * (1.0 - PASS);
        // Kaiser's formulas for the length and the shape of the window.
        let length = (ATTENUATION - 7.95) / (14.36 * transition);
        let half = libm::ceil(length / 2.0).max(1.0);
        let beta = 0.1102 * (ATTENUATION - 8.7);
        let cutoff = nyquist - transition / 2.0;
        // A multiple of 8, for the sums below.
        let taps = (2 * half as usize).next_multiple_of(8);

        let exact = new * taps as u64 <= MAX_EXACT;
        let decimation = (old as f64 / new as f64).max(1.0);
        let positions = if exact { new } else { libm::ceil(POSITIONS / decimation) as u64 };
        // Where rows are interpolated, one more closes the last gap.
        let count = if exact { positions } else { positions + 1 };

        let normal = bessel_i0(beta);
        let mut rows = Vec::with_capacity(count as usize * taps);
        let mut row = vec![0.0f64; taps];
        for position in 0..count {
            let fraction = position as f64 / positions as f64;
            for (tap, value) in row.iter_mut().enumerate() {
                let time = tap as f64 - (taps / 2 - 1) as f64 - fraction;
                let inside = 1.0 - (time / half) * (time / half);
                let window = if inside > 0.0 { bessel_i0(beta * inside.sqrt()) / normal } else { 0.0 };
                *value = 2.0 * cutoff * sinc(2.0 * cutoff * time) * window;
            }
            // A constant stays exactly that, at each position.
            let sum: f64 = row.iter().sum();
            rows.extend(row.iter().map(|value| (value / sum) as f32));
        }
        Filter { taps, rows, positions, new, exact }
    }

    /// Frames that a value is made of, a multiple of 8: `taps / 2 - 1` before the position's whole frame, that frame, and
    /// `taps / 2` after it.
    pub(super) fn taps(&self) -> usize {
        self.taps
    }

    /// The values of two channels at `fraction` / new of the way from frame `taps / 2 - 1` of each window to the next.
    pub(super) fn apply(&self, windows: [&[f32]; 2], fraction: u64) -> [f32; 2] {
        if self.exact {
            return self.dot(windows, fraction);
        }
        let scaled = fraction * self.positions;
        let row = scaled / self.new;
        let first = self.dot(windows, row);
        let weight = (scaled % self.new) as f32 / self.new as f32;
        let second = self.dot(windows, row + 1);
        [first[0] + (second[0] - first[0]) * weight, first[1] + (second[1] - first[1]) * weight]
    }

    fn dot(&self, [left, right]: [&[f32]; 2], row: u64) -> [f32; 2] {
        let at = row as usize * self.taps;
        let row = self.rows.get(at..at + self.taps).unwrap_or_default();
        // Four sums side by side, twice for each channel, in a fixed order: fast, and the same on every machine.
        let mut sums = [f32x4::ZERO; 4];
        let chunks = left.as_chunks().0.iter().zip(right.as_chunks().0).zip(row.as_chunks().0);
        for ((left, right), row) in chunks {
            let (left, right, row) = (halves(left), halves(right), halves(row));
            sums[0] += left[0] * row[0];
            sums[1] += left[1] * row[1];
            sums[2] += right[0] * row[0];
            sums[3] += right[1] * row[1];
        }
        let total = |sum: f32x4| {
            let [a, b, c, d] = sum.to_array();
            (a + c) + (b + d)
        };
        [total(sums[0] + sums[1]), total(sums[2] + sums[3])]
    }
}

fn halves(&[a, b, c, d, e, f, g, h]: &[f32; 8]) -> [f32x4; 2] {
    [f32x4::new([a, b, c, d]), f32x4::new([e, f, g, h])]
}
