//! Takes sound apart into tones, which stay, and the rest, which are hits and noise.
//!
//! In a spectrogram tones are lines along time, and hits are lines along frequency: the median along one keeps it and drops
//! the other (Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx 2010). The rest is what the tones
//! leave of the sound, so that both together are the sound again.

use std::collections::VecDeque;

use super::fourier::{Complex, Fourier, hann};

/// Spectra to each side that the median along time is taken of.
const SIDE: usize = 5;
/// Frequencies to each side that the median along frequency is taken of.
const NEAR: usize = 12;

/// How much more hits count than tones: what is between them is better kept sharp.
const FAVOUR: f32 = 2.0;

/// Takes sound apart as it comes. What it gives is some spectra late, but not moved.
#[derive(Debug)]
pub(super) struct Separation {
    channels: usize,
    /// Channels as pairs, for the transform.
    pairs: usize,
    fourier: Fourier,
    hann: Vec<f32>,
    hop: usize,
    /// The sound from sample frame `start` on; what lies in front of the first is silence.
    input: Vec<f32>,
    start: i64,
    /// The tones from `given` on, as far as they are added up.
    tones: Vec<f32>,
    given: i64,
    /// Sample frames that came in.
    taken: i64,
    /// The number of the next spectrum; it lies around sample frame `number * hop`.
    number: i64,
    /// The last spectra: of each channel, and the magnitudes of all.
    spectra: VecDeque<Spectrum>,
    /// Of each frequency, the magnitudes of the last spectra in order.
    sorted: Vec<[f32; 2 * SIDE + 1]>,
}

#[derive(Debug)]
struct Spectrum {
    channels: Vec<Vec<Complex>>,
    magnitudes: Vec<f32>,
}

impl Separation {
    /// `length` sample frames in a spectrum: a power of two.
    pub(super) fn new(length: usize, channels: usize) -> Separation {
        let bins = length / 2 + 1;
        let nothing = || Spectrum {
            channels: vec![vec![Complex::default(); bins]; channels.next_multiple_of(2)],
            magnitudes: vec![0.0; bins],
        };
        Separation {
            channels,
            pairs: channels.div_ceil(2),
            fourier: Fourier::new(length),
            hann: hann(length),
            hop: length / 4,
            input: vec![0.0; length / 2 * channels],
            start: -(length as i64 / 2),
            tones: Vec::new(),
            given: 0,
            taken: 0,
            number: 0,
            spectra: (0..2 * SIDE + 1).map(|_| nothing()).collect(),
            sorted: vec![[0.0; 2 * SIDE + 1]; bins],
        }
    }

    /// The sample frames that came in.
    pub(super) fn taken(&self) -> i64 {
        self.taken
    }

    /// Takes interleaved samples; appends to `tones` and `rest` what is then known, of both the same.
    pub(super) fn take(&mut self, samples: &[f32], tones: &mut Vec<f32>, rest: &mut Vec<f32>) {
        self.input.extend_from_slice(samples);
        self.taken += (samples.len() / self.channels) as i64;
        self.go_on(tones, rest);
    }

    /// Gives all that is still to come.
    pub(super) fn finish(&mut self, tones: &mut Vec<f32>, rest: &mut Vec<f32>) {
        let end = self.taken;
        while self.given < end {
            self.input.resize(self.input.len() + self.hop * self.channels, 0.0);
            self.go_on(tones, rest);
        }
        let excess = (self.given - end).max(0) as usize * self.channels;
        tones.truncate(tones.len() - excess);
        rest.truncate(rest.len() - excess);
    }

    fn go_on(&mut self, tones: &mut Vec<f32>, rest: &mut Vec<f32>) {
        let length = self.fourier.length();
        loop {
            let from = self.number * self.hop as i64 - (length / 2) as i64;
            let at = (from - self.start) as usize * self.channels;
            if self.input.len() < at + length * self.channels {
                return;
            }
            self.add_spectrum(at);
            self.number += 1;
            let middle = self.number - 1 - SIDE as i64;
            if middle >= 0 {
                self.add_tones(middle * self.hop as i64 - (length / 2) as i64);
                // Spectra behind this one do not reach what lies in front of the next.
                self.give((middle + 1) * self.hop as i64 - (length / 2) as i64, tones, rest);
            }
        }
    }

    /// The spectrum of the sound from a sample of `input` on.
    fn add_spectrum(&mut self, at: usize) {
        let Some(mut spectrum) = self.spectra.pop_front() else { return };
        let channels = self.channels;
        let sound = &self.input[at..];
        for pair in 0..self.pairs {
            let (left, right) = (2 * pair, (2 * pair + 1).min(channels - 1));
            let [first, second] = &mut spectrum.channels[2 * pair..2 * pair + 2] else { continue };
            let hann = &self.hann;
            let sample =
                |n: usize| (hann[n] * sound[n * channels + left], hann[n] * sound[n * channels + right]);
            self.fourier.spectra(sample, [first, second]);
        }
        for (k, magnitude) in spectrum.magnitudes.iter_mut().enumerate() {
            let old = *magnitude;
            let power: f32 = spectrum.channels[..channels].iter().map(|channel| channel[k].power()).sum();
            *magnitude = power.sqrt();
            replace(&mut self.sorted[k], old, *magnitude);
        }
        self.spectra.push_back(spectrum);
    }

    /// Adds the tones of the middle one of the spectra, which begins at a sample frame.
    fn add_tones(&mut self, from: i64) {
        let spectrum = &mut self.spectra[SIDE];
        let bins = spectrum.magnitudes.len();
        let mut near = [0.0_f32; 2 * NEAR + 1];
        let value =
            |k: i64| usize::try_from(k).ok().and_then(|k| spectrum.magnitudes.get(k)).copied().unwrap_or(0.0);
        for k in 0..NEAR as i64 {
            replace(&mut near, 0.0, value(k));
        }
        let mut shares = vec![0.0_f32; bins];
        for (k, share) in shares.iter_mut().enumerate() {
            let k = k as i64;
            replace(&mut near, value(k - NEAR as i64 - 1), value(k + NEAR as i64));
            let along_time = self.sorted[k as usize][SIDE];
            let along_frequency = FAVOUR * near[NEAR];
            let (tone, hit) = (along_time * along_time, along_frequency * along_frequency);
            let (tone, hit) = (tone * tone, hit * hit);
            *share = if tone > 0.0 { tone / (tone + hit) } else { 0.0 };
        }
        for channel in &mut spectrum.channels {
            for (value, share) in channel.iter_mut().zip(&shares) {
                *value = value.scaled(*share);
            }
        }
        let length = self.fourier.length();
        let end = (from + length as i64 - self.given).max(0) as usize * self.channels;
        if self.tones.len() < end {
            self.tones.resize(end, 0.0);
        }
        for pair in 0..self.pairs {
            let spectra = [&spectrum.channels[2 * pair][..], &spectrum.channels[2 * pair + 1][..]];
            let (tones, hann, channels, given) = (&mut self.tones, &self.hann, self.channels, self.given);
            self.fourier.signals(spectra, |n, left, right| {
                let Ok(frame) = usize::try_from(from + n as i64 - given) else { return };
                let weight = hann[n] * (1.0 / 1.5);
                tones[frame * channels + 2 * pair] += weight * left;
                if 2 * pair + 1 < channels {
                    tones[frame * channels + 2 * pair + 1] += weight * right;
                }
            });
        }
    }

    /// Gives all in front of a sample frame.
    fn give(&mut self, until: i64, tones: &mut Vec<f32>, rest: &mut Vec<f32>) {
        let samples = (until - self.given).max(0) as usize * self.channels;
        let at = (self.given - self.start) as usize * self.channels;
        let sound = &self.input[at..at + samples];
        tones.extend_from_slice(&self.tones[..samples]);
        rest.extend(sound.iter().zip(&self.tones[..samples]).map(|(sound, tone)| sound - tone));
        self.tones.drain(..samples);
        self.given += (samples / self.channels) as i64;
        // The next spectrum, and what is still to be given, need the rest.
        let needed = self.given.min(self.number * self.hop as i64 - (self.fourier.length() / 2) as i64);
        let unneeded = (needed - self.start).max(0);
        self.input.drain(..unneeded as usize * self.channels);
        self.start += unneeded;
    }
}

/// Takes a value out of sorted ones and puts another in.
fn replace<const N: usize>(sorted: &mut [f32; N], old: f32, new: f32) {
    let mut at = sorted.partition_point(|value| *value < old).min(N - 1);
    while at + 1 < N && sorted[at + 1] < new {
        sorted[at] = sorted[at + 1];
        at += 1;
    }
    while at > 0 && sorted[at - 1] > new {
        sorted[at] = sorted[at - 1];
        at -= 1;
    }
    sorted[at] = new;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn tones_and_rest_are_the_sound_again_and_each_has_its_own() {
        let mut random = Random(2);
        let frames = 60_000;
        let sample = |n: usize, random: &mut Random| {
            let tone = 0.3 * (n as f32 * 0.06).sin();
            let hit = if n % 12_000 < 300 { random.noise() } else { 0.0 };
            (tone, tone + hit)
        };
        let samples: Vec<(f32, f32)> = (0..frames).map(|n| sample(n, &mut random)).collect();
        let sound: Vec<f32> = samples.iter().flat_map(|(_, sound)| [*sound, 0.5 * sound]).collect();
        let mut separation = Separation::new(4096, 2);
        let (mut tones, mut rest) = (Vec::new(), Vec::new());
        for block in sound.chunks(2 * 777) {
            separation.take(block, &mut tones, &mut rest);
        }
        separation.finish(&mut tones, &mut rest);
        assert_eq!((tones.len(), rest.len()), (sound.len(), sound.len()));
        let mut wrong = 0.0;
        for n in 0..frames {
            assert!((tones[2 * n] + rest[2 * n] - sound[2 * n]).abs() < 1e-6);
            if (6_000..54_000).contains(&n) {
                wrong += (tones[2 * n] - samples[n].0).powi(2);
            }
        }
        // 0.045 is the power of the tone.
        assert!(wrong / 48_000.0 < 0.045 * 0.05, "{}", wrong / 48_000.0);
    }
}
