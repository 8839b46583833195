//! Stretches tones: a phase vocoder whose phases are locked to those of the peaks.
//!
//! Spectra are taken where the source is, and laid where they are heard. Each peak, with all around it, is turned to the phase
//! that goes on from the spectrum before, as far as the source's own phase went on in as much time (Laroche and Dolson,
//! "Improved phase vocoder time-scale modification of audio", IEEE Transactions on Speech and Audio Processing 7, 1999). All
//! channels are turned alike.

use std::collections::VecDeque;

use super::fourier::{Complex, Fourier, hann};
use super::window::Window;

#[derive(Debug)]
pub(super) struct Vocoder {
    channels: usize,
    pairs: usize,
    speed: f64,
    fourier: Fourier,
    hann: Vec<f32>,
    hop: usize,
    /// The number of the next spectrum; it is heard around sample frame `number * hop`.
    number: i64,
    /// What was heard last, of each channel.
    heard: Vec<Vec<Complex>>,
    now: Vec<Vec<Complex>>,
    before: Vec<Vec<Complex>>,
    powers: Vec<f32>,
    /// The sound that is being added up, from half a spectrum before the next on.
    sum: Vec<f32>,
    sound: Vec<f32>,
}

impl Vocoder {
    /// `length` sample frames in a spectrum: a power of two.
    pub(super) fn new(length: usize, channels: usize, speed: f64) -> Vocoder {
        let bins = length / 2 + 1;
        let even = channels.next_multiple_of(2);
        let spectra = || vec![vec![Complex::default(); bins]; even];
        Vocoder {
            channels,
            pairs: even / 2,
            speed,
            fourier: Fourier::new(length),
            hann: hann(length),
            hop: length / 4,
            number: 0,
            heard: spectra(),
            now: spectra(),
            before: spectra(),
            powers: vec![0.0; bins],
            sum: vec![0.0; length * channels],
            sound: vec![0.0; length * channels],
        }
    }

    /// The position of the source up to which the next spectrum needs it.
    pub(super) fn needs(&self) -> i64 {
        self.place() + (self.fourier.length() / 2) as i64
    }

    /// The first position that it still needs.
    pub(super) fn needs_from(&self) -> i64 {
        self.place() - (self.hop + self.fourier.length() / 2) as i64
    }

    fn place(&self) -> i64 {
        (self.number as f64 * self.hop as f64 * self.speed).round() as i64
    }

    /// Appends the next sample frames to `output`. Those in front of the first are not given.
    pub(super) fn go_on(&mut self, tones: &Window, output: &mut VecDeque<f32>) {
        let length = self.fourier.length();
        let (place, half) = (self.place(), (length / 2) as i64);
        tones.fill(place - half, &mut self.sound);
        spectra(&mut self.fourier, &self.hann, self.channels, &self.sound, &mut self.now);
        tones.fill(place - half - self.hop as i64, &mut self.sound);
        spectra(&mut self.fourier, &self.hann, self.channels, &self.sound, &mut self.before);
        self.turn();
        for pair in 0..self.pairs {
            let from = [&self.heard[2 * pair][..], &self.heard[2 * pair + 1][..]];
            let (sum, hann, channels) = (&mut self.sum, &self.hann, self.channels);
            self.fourier.signals(from, |n, left, right| {
                let weight = hann[n] * (1.0 / 1.5);
                sum[n * channels + 2 * pair] += weight * left;
                if 2 * pair + 1 < channels {
                    sum[n * channels + 2 * pair + 1] += weight * right;
                }
            });
        }
        // From half a spectrum before on, nothing more is added to the first quarter.
        let first = self.number * self.hop as i64 - half;
        let silent = (-first).clamp(0, self.hop as i64) as usize;
        output.extend(&self.sum[silent * self.channels..self.hop * self.channels]);
        self.sum.drain(..self.hop * self.channels);
        self.sum.resize(length * self.channels, 0.0);
        self.number += 1;
    }

    /// Turns the peaks of `now` so that they go on from what was heard.
    fn turn(&mut self) {
        for (k, power) in self.powers.iter_mut().enumerate() {
            *power = self.now[..self.channels].iter().map(|channel| channel[k].power()).sum();
        }
        let bins = self.powers.len();
        let is_peak = |powers: &[f32], k: usize| {
            let near = &powers[k.saturating_sub(2)..(k + 3).min(bins)];
            powers[k] > 0.0 && near.iter().all(|power| *power <= powers[k])
        };
        let mut from = 0;
        let mut peak = (0..bins).find(|k| is_peak(&self.powers, *k));
        while let Some(at) = peak {
            let next = (at + 1..bins).find(|k| is_peak(&self.powers, *k));
            // As far as half-way to the next peak.
            let until = next.map_or(bins, |next| (at + next) / 2 + 1);
            let mut turn = Complex::default();
            for channel in 0..self.channels {
                turn = turn + self.heard[channel][at] * self.before[channel][at].conjugate();
            }
            let size = turn.power().sqrt();
            let turn = if size > 1e-20 && self.number > 0 {
                turn.scaled(1.0 / size)
            } else {
                Complex { re: 1.0, im: 0.0 }
            };
            for (heard, now) in self.heard.iter_mut().zip(&self.now) {
                for (heard, now) in heard[from..until].iter_mut().zip(&now[from..until]) {
                    *heard = *now * turn;
                }
            }
            from = until;
            peak = next;
        }
        for heard in &mut self.heard {
            heard[from..].fill(Complex::default());
        }
    }
}

fn spectra(fourier: &mut Fourier, hann: &[f32], channels: usize, sound: &[f32], to: &mut [Vec<Complex>]) {
    for (pair, to) in to.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let (left, right) = (2 * pair, (2 * pair + 1).min(channels - 1));
        let [first, second] = to;
        let sample = |n: usize| (hann[n] * sound[n * channels + left], hann[n] * sound[n * channels + right]);
        fourier.spectra(sample, [first, second]);
    }
}
