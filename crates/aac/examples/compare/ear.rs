//! Measures of coded sound.
//!
//! The noise-to-mask ratio is that of ITU-R BS.1387 (PEAQ, basic version, the ear model with the Fourier
//! transform), not the model of the encoder, which has but the curve of the outer ear from it. Names and formulas
//! follow P. Kabal, "An Examination and Interpretation of ITU-R BS.1387", 2002.

use std::f64::consts::PI;

const FRAME: usize = 2048;
const HOP: usize = 1024;
/// Width of a band on the scale of `pitch`.
const BAND_WIDTH: f64 = 0.25;
const LOWEST: f64 = 80.0;
const HIGHEST: f64 = 18_000.0;

fn pitch(hertz: f64) -> f64 {
    7.0 * (hertz / 650.0).asinh()
}

fn hertz(pitch: f64) -> f64 {
    650.0 * (pitch / 7.0).sinh()
}

/// What was measured, in dB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoiseToMask {
    /// Of the mean over bands and frames (PEAQ's `Total NMR`).
    pub total: f64,
    /// The mean of the dB of the frames.
    pub segmental: f64,
    /// Percentage of frames in which noise is more than 1.5 dB above the mask in some band (PEAQ's `RDF`).
    pub disturbed: f64,
}

struct Band {
    /// Bins with the part of each that belongs to the band.
    bins: Vec<(usize, f64)>,
    centre: f64,
}

/// The ear at one sample rate.
pub(crate) struct Ear {
    window: Vec<f64>,
    outer: Vec<f64>,
    bands: Vec<Band>,
    internal: Vec<f64>,
    forget: Vec<f64>,
    mask: Vec<f64>,
    normal: Vec<f64>,
}

impl Ear {
    pub(crate) fn new(rate: f64) -> Ear {
        let resolution = rate / FRAME as f64;
        let count = ((pitch(HIGHEST.min(rate * 0.5)) - pitch(LOWEST)) / BAND_WIDTH).ceil() as usize;
        let edge = |band: usize| hertz((pitch(LOWEST) + band as f64 * BAND_WIDTH).min(pitch(HIGHEST)));
        let bands: Vec<Band> = (0..count)
            .map(|band| {
                let (low, high) = (edge(band), edge(band + 1));
                let bins = (0..FRAME / 2).filter_map(|bin| {
                    let bottom = ((bin as f64 - 0.5) * resolution).max(low);
                    let top = ((bin as f64 + 0.5) * resolution).min(high);
                    (top > bottom).then(|| (bin, (top - bottom) / resolution))
                });
                Band { bins: bins.collect(), centre: hertz((pitch(low) + pitch(high)) / 2.0) }
            })
            .collect();
        // A sine of full scale has 92 dB: with this window, its largest bin.
        let gain = 10f64.powf(92.0 / 20.0) / (0.8497 * FRAME as f64 / 4.0);
        let window = (0..FRAME)
            .map(|n| gain * 0.5 * (1.0 - (2.0 * PI * n as f64 / (FRAME - 1) as f64).cos()))
            .collect();
        let outer = (0..FRAME / 2).map(|bin| {
            let f = (bin.max(1) as f64 * resolution) / 1000.0;
            let decibel =
                -2.184 * f.powf(-0.8) + 6.5 * (-0.6 * (f - 3.3) * (f - 3.3)).exp() - 0.001 * f.powf(3.6);
            10f64.powf(decibel / 10.0)
        });
        let mut ear = Ear {
            window,
            outer: outer.collect(),
            internal: bands.iter().map(|b| 10f64.powf(0.1456 * (b.centre / 1000.0).powf(-0.8))).collect(),
            forget: bands
                .iter()
                .map(|b| (-(HOP as f64) / rate / (0.008 + 100.0 / b.centre * (0.030 - 0.008))).exp())
                .collect(),
            mask: (0..count)
                .map(|k| {
                    let z = k as f64 * BAND_WIDTH;
                    10f64.powf(-(if z <= 12.0 { 3.0 } else { 0.25 * z }) / 10.0)
                })
                .collect(),
            normal: vec![1.0; count],
            bands,
        };
        ear.normal = ear.spread(&vec![1.0; count]);
        ear
    }

    /// The pattern of excitation before it is spread over time.
    fn spread(&self, energy: &[f64]) -> Vec<f64> {
        let count = energy.len();
        let mut spread = vec![0.0; count];
        for (source, &energy) in energy.iter().enumerate() {
            let level = 10.0 * energy.log10();
            let down = 10f64.powf(-2.7 * BAND_WIDTH);
            let up = 10f64.powf(
                (-24.0 - 230.0 / self.bands[source].centre + 0.2 * level).min(-1.0) / 10.0 * BAND_WIDTH,
            );
            let geometric = |ratio: f64, terms: usize| (1.0 - ratio.powi(terms as i32)) / (1.0 - ratio);
            let total = geometric(down, source + 1) + geometric(up, count - source) - 1.0;
            let own = (energy / total).powf(0.4);
            let (down, up) = (down.powf(0.4), up.powf(0.4));
            let mut value = own;
            for target in (0..source).rev() {
                value *= down;
                spread[target] += value;
            }
            value = own;
            for target in &mut spread[source..] {
                *target += value;
                value *= up;
            }
        }
        spread.iter().zip(&self.normal).map(|(s, n)| s.powf(2.5) / n).collect()
    }

    fn group(&self, power: &[f64]) -> Vec<f64> {
        let sum =
            |band: &Band| band.bins.iter().map(|&(bin, part)| power[bin] * part).sum::<f64>().max(1e-12);
        self.bands.iter().map(sum).collect()
    }

    /// Compares one channel.
    pub(crate) fn measure(&self, original: &[f32], decoded: &[f32]) -> Vec<f64> {
        let mut frames = Vec::new();
        let mut smooth = vec![0.0; self.bands.len()];
        let mut disturbed = Vec::new();
        for start in (0..original.len().saturating_sub(FRAME)).step_by(HOP) {
            let [a, b] = self.power(&original[start..], &decoded[start..]);
            let noise: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - 2.0 * (a * b).sqrt() + b).collect();
            let noise = self.group(&noise);
            let mut energy = self.group(&a);
            for (energy, internal) in energy.iter_mut().zip(&self.internal) {
                *energy += internal;
            }
            let excitation = self.spread(&energy);
            let (mut sum, mut worst) = (0.0, 0.0f64);
            for band in 0..self.bands.len() {
                let factor = self.forget[band];
                smooth[band] = factor * smooth[band] + (1.0 - factor) * excitation[band];
                let mask = smooth[band].max(excitation[band]) * self.mask[band];
                sum += noise[band] / mask;
                worst = worst.max(noise[band] / mask);
            }
            frames.push(sum / self.bands.len() as f64);
            disturbed.push(worst);
        }
        frames.extend(disturbed);
        frames
    }

    /// Weighted power spectra of a frame of two signals, by one transform.
    fn power(&self, a: &[f32], b: &[f32]) -> [Vec<f64>; 2] {
        let mut values: Vec<(f64, f64)> = self
            .window
            .iter()
            .zip(a.iter().zip(b))
            .map(|(w, (&a, &b))| (w * f64::from(a), w * f64::from(b)))
            .collect();
        fourier(&mut values);
        let mut powers = [vec![0.0; FRAME / 2], vec![0.0; FRAME / 2]];
        for bin in 0..FRAME / 2 {
            let (p, q) = (values[bin], values[(FRAME - bin) % FRAME]);
            let (a, b) = (((p.0 + q.0) / 2.0, (p.1 - q.1) / 2.0), ((p.1 + q.1) / 2.0, (q.0 - p.0) / 2.0));
            powers[0][bin] = (a.0 * a.0 + a.1 * a.1) * self.outer[bin];
            powers[1][bin] = (b.0 * b.0 + b.1 * b.1) * self.outer[bin];
        }
        powers
    }

    /// Compares interleaved stereo.
    pub(crate) fn stereo(&self, original: &[f32], decoded: &[f32]) -> NoiseToMask {
        let channel = |samples: &[f32], channel: usize| -> Vec<f32> {
            samples.iter().skip(channel).step_by(2).copied().collect()
        };
        let (mut frames, mut worst) = (Vec::new(), Vec::new());
        for index in 0..2 {
            let mut all = self.measure(&channel(original, index), &channel(decoded, index));
            worst.extend(all.split_off(all.len() / 2));
            frames.extend(all);
        }
        let count = frames.len() as f64;
        let decibel = |v: f64| 10.0 * v.max(1e-12).log10();
        NoiseToMask {
            total: decibel(frames.iter().sum::<f64>() / count),
            segmental: frames.iter().map(|&v| decibel(v)).sum::<f64>() / count,
            disturbed: 100.0 * worst.iter().filter(|&&v| decibel(v) > 1.5).count() as f64 / count,
        }
    }
}

/// A Fourier transform in place, radix 2.
fn fourier(values: &mut [(f64, f64)]) {
    let bits = values.len().trailing_zeros();
    for index in 0..values.len() {
        let other = index.reverse_bits() >> (usize::BITS - bits);
        if other > index {
            values.swap(index, other);
        }
    }
    let mut half = 1;
    while half < values.len() {
        let twiddles: Vec<(f64, f64)> = (0..half)
            .map(|k| {
                let (sin, cos) = (-PI * k as f64 / half as f64).sin_cos();
                (cos, sin)
            })
            .collect();
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((a, b), (c, s)) in low.iter_mut().zip(high).zip(&twiddles) {
                let t = (b.0 * c - b.1 * s, b.0 * s + b.1 * c);
                (*b, *a) = ((a.0 - t.0, a.1 - t.1), (a.0 + t.0, a.1 + t.1));
            }
        }
        half *= 2;
    }
}

/// Noise in the 10 ms before attacks, in dB below the sound in the 10 ms behind them: the mean of the ratios; `None`
/// without attacks. Attacks are where 2.5 ms are 15 dB louder than each of the 20 ms before.
pub(crate) fn pre_echo(rate: usize, original: &[f32], decoded: &[f32]) -> Option<f64> {
    let step = rate / 400;
    let energy = |frames: std::ops::Range<usize>, sample: &dyn Fn(usize) -> f32| -> f64 {
        (frames.start * 2..frames.end * 2).map(|n| f64::from(sample(n)).powi(2)).sum()
    };
    let frames = original.len().min(decoded.len()) / 2;
    let energies: Vec<f64> =
        (0..frames / step).map(|n| energy(n * step..(n + 1) * step, &|n| original[n])).collect();
    let (mut sum, mut count) = (0.0, 0u32);
    for n in 12..energies.len().saturating_sub(4) {
        let loudest = energies[n - 8..n].iter().fold(0.0f64, |m, &e| m.max(e));
        if energies[n] > 31.6 * loudest && energies[n] > step as f64 * 1e-4 {
            // The attack itself, to a sixteenth of a step.
            let small = step / 16;
            let position = (n * step..(n + 1) * step)
                .step_by(small)
                .find(|&at| {
                    energy(at..at + small, &|n| original[n]) > 4.0 * loudest / 16.0 + energies[n] * 0.003
                })
                .unwrap_or(n * step);
            let noise = energy(position - 4 * step..position - small, &|n| original[n] - decoded[n]);
            let sound = energy(position..position + 4 * step, &|n| original[n]);
            sum += noise / sound;
            count += 1;
        }
    }
    (count > 0).then(|| 10.0 * (sum / f64::from(count)).max(1e-12).log10())
}
