//! The discrete Fourier transform of pairs of real signals.
//!
//! Our own, so that it gives the same on every machine: libraries choose other instructions on each, which round otherwise.

use std::ops::{Add, Mul, Sub};

/// A complex number.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f32,
    pub(super) im: f32,
}

impl Complex {
    pub(super) fn conjugate(self) -> Complex {
        Complex { re: self.re, im: -self.im }
    }

    pub(super) fn scaled(self, factor: f32) -> Complex {
        Complex { re: self.re * factor, im: self.im * factor }
    }

    /// The square of the absolute value.
    pub(super) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }
}

impl Add for Complex {
    type Output = Complex;
    fn add(self, other: Complex) -> Complex {
        Complex { re: self.re + other.re, im: self.im + other.im }
    }
}

impl Sub for Complex {
    type Output = Complex;
    fn sub(self, other: Complex) -> Complex {
        Complex { re: self.re - other.re, im: self.im - other.im }
    }
}

impl Mul for Complex {
    type Output = Complex;
    fn mul(self, other: Complex) -> Complex {
        Complex { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

/// A transform of a length that is a power of two.
#[derive(Debug)]
pub(super) struct Fourier {
    /// e^(-2πi n / length), for the first half.
    turns: Vec<Complex>,
    /// Where each value goes first: its number with the bits reversed.
    order: Vec<u32>,
    work: Vec<Complex>,
}

impl Fourier {
    /// `length` must be a power of two, 2 or more.
    pub(super) fn new(length: usize) -> Fourier {
        let turn = |n: usize| {
            let angle = -std::f64::consts::TAU * n as f64 / length as f64;
            Complex { re: libm::cos(angle) as f32, im: libm::sin(angle) as f32 }
        };
        let bits = length.trailing_zeros();
        Fourier {
            turns: (0..length / 2).map(turn).collect(),
            order: (0..length as u32).map(|n| n.reverse_bits() >> (32 - bits)).collect(),
            work: vec![Complex::default(); length],
        }
    }

    pub(super) fn length(&self) -> usize {
        self.work.len()
    }

    /// The transform of `work`, whose values are already in bit-reversed order (Cooley and Tukey, radix 2).
    fn transform(&mut self) {
        let length = self.work.len();
        let mut half = 1;
        while half < length {
            let stride = length / (2 * half);
            for block in self.work.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((a, b), turn) in low.iter_mut().zip(high).zip(self.turns.iter().step_by(stride)) {
                    let turned = *b * *turn;
                    *b = *a - turned;
                    *a = *a + turned;
                }
            }
            half *= 2;
        }
    }

    /// The spectra of two real signals, from 0 to half the sample rate: `length / 2 + 1` values each.
    pub(super) fn spectra(&mut self, pair: impl Fn(usize) -> (f32, f32), to: [&mut [Complex]; 2]) {
        for (work, from) in self.work.iter_mut().zip(&self.order) {
            let (re, im) = pair(*from as usize);
            *work = Complex { re, im };
        }
        self.transform();
        let length = self.work.len();
        let [first, second] = to;
        for (k, (first, second)) in first.iter_mut().zip(second).enumerate() {
            let value = self.work[k];
            let mirror = self.work[(length - k) % length].conjugate();
            *first = (value + mirror).scaled(0.5);
            let twice = value - mirror;
            *second = Complex { re: 0.5 * twice.im, im: -0.5 * twice.re };
        }
    }

    /// The two real signals of two spectra. The `n`-th values of both are given to `each`.
    pub(super) fn signals(&mut self, from: [&[Complex]; 2], mut each: impl FnMut(usize, f32, f32)) {
        let length = self.work.len();
        // The inverse is the transform of the conjugate, conjugated.
        for (work, n) in self.work.iter_mut().zip(&self.order) {
            let n = *n as usize;
            let (first, second) = if n <= length / 2 {
                (from[0][n], from[1][n])
            } else {
                (from[0][length - n].conjugate(), from[1][length - n].conjugate())
            };
            *work = Complex { re: first.re - second.im, im: -(first.im + second.re) };
        }
        self.transform();
        let scale = 1.0 / length as f32;
        for (n, value) in self.work.iter().enumerate() {
            each(n, value.re * scale, -value.im * scale);
        }
    }
}

/// A periodic Hann window. Its squares, a quarter of the length apart, add up to 1.5.
pub(super) fn hann(length: usize) -> Vec<f32> {
    let value = |n: usize| 0.5 - 0.5 * libm::cos(std::f64::consts::TAU * n as f64 / length as f64);
    (0..length).map(|n| value(n) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn the_spectra_are_those_of_the_definition_and_the_way_back_leads_there() {
        let mut random = Random(4);
        let signals: Vec<(f32, f32)> = (0..64).map(|_| (random.noise(), random.noise())).collect();
        let mut fourier = Fourier::new(64);
        let (mut first, mut second) = (vec![Complex::default(); 33], vec![Complex::default(); 33]);
        fourier.spectra(|n| signals[n], [&mut first, &mut second]);
        for (k, value) in second.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, signal) in signals.iter().enumerate() {
                let angle = -std::f64::consts::TAU * (k * n) as f64 / 64.0;
                re += f64::from(signal.1) * angle.cos();
                im += f64::from(signal.1) * angle.sin();
            }
            assert!((f64::from(value.re) - re).abs() < 1e-4 && (f64::from(value.im) - im).abs() < 1e-4);
        }
        fourier.signals([&first, &second], |n, a, b| {
            assert!((a - signals[n].0).abs() < 1e-5 && (b - signals[n].1).abs() < 1e-5);
        });
    }
}
