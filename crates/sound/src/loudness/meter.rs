//! The loudness meter.

use strikeline_audio::AudioFormat;

use super::model;
use super::{LoudnessPlan, LoudnessTarget};

/// Segments in a second; loudness and peak are kept for each.
pub(super) const SEGMENTS_PER_SECOND: u64 = 200;
/// Segments in a gating block: 400 ms.
const BLOCK: usize = 80;
/// Segments from one gating block to the next: 100 ms, as three quarters overlap.
const HOP: usize = 20;

/// What is known of 5 ms.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Segment {
    /// Sum of the weighted squares of its samples.
    pub(super) energy: f32,
    /// The highest absolute sample.
    pub(super) peak: f32,
}

/// Measures integrated loudness as ITU-R BS.1770-4, Annex 1 defines it.
///
/// One and two channels count alike. Of more, the order is left, right, left and right surround (4 channels), or left, right,
/// centre, low frequencies, left and right surround; low frequencies and all further channels do not count.
#[derive(Debug, Clone)]
pub struct LoudnessMeter {
    format: AudioFormat,
    filters: Filters,
    /// Of each channel, the four values that its two filters keep.
    states: Vec<[f64; 4]>,
    weights: Vec<f64>,
    segments: Vec<Segment>,
    /// The segment that is being filled: its energy, and its peak.
    energy: f64,
    peak: f32,
    /// Sample frames so far.
    frames: u64,
}

/// All that was measured of a source.
#[derive(Debug, Clone)]
pub struct Measurement {
    segments: Vec<Segment>,
    rate: u32,
    frames: u64,
    peak: f32,
}

impl LoudnessMeter {
    /// A meter that has heard nothing yet.
    pub fn new(format: AudioFormat) -> LoudnessMeter {
        let channels = format.samples_per_frame();
        let surround = 1.41;
        let mut weights: Vec<f64> = match channels {
            4 => vec![1.0, 1.0, surround, surround],
            _ => vec![1.0, 1.0, 1.0, 0.0, surround, surround],
        };
        weights.resize(channels, 0.0);
        LoudnessMeter {
            format,
            filters: Filters::new(f64::from(format.rate().get())),
            states: vec![[0.0; 4]; channels],
            weights,
            segments: Vec::new(),
            energy: 0.0,
            peak: 0.0,
            frames: 0,
        }
    }

    /// Takes interleaved samples; those of an incomplete sample frame at the end are left out. Samples that are not finite
    /// count as 0.
    pub fn add(&mut self, samples: &[f32]) {
        let channels = self.format.samples_per_frame();
        let rate = u64::from(self.format.rate().get());
        let mut rest = &samples[..samples.len() / channels * channels];
        while !rest.is_empty() {
            // Segment n ends in front of the first sample frame at or behind (n + 1) / 200 s.
            let end = ((self.segments.len() as u64 + 1) * rate).div_ceil(SEGMENTS_PER_SECOND);
            let fit = usize::try_from(end - self.frames).unwrap_or(usize::MAX).min(rest.len() / channels);
            let (part, behind) = rest.split_at(fit * channels);
            match self.states.as_mut_slice() {
                [only] => self.energy += self.filters.energy_of([only], part, &mut self.peak)[0],
                [left, right] => {
                    let [l, r] = self.filters.energy_of([left, right], part, &mut self.peak);
                    self.energy += l + r;
                }
                states => {
                    for (channel, (state, weight)) in states.iter_mut().zip(&self.weights).enumerate() {
                        let samples: Vec<f32> =
                            part.iter().copied().skip(channel).step_by(channels).collect();
                        let [energy] = self.filters.energy_of([state], &samples, &mut self.peak);
                        self.energy += weight * energy;
                    }
                }
            }
            self.frames += fit as u64;
            rest = behind;
            if self.frames == end {
                self.end_segment();
            }
        }
    }

    fn end_segment(&mut self) {
        self.segments.push(Segment { energy: self.energy as f32, peak: self.peak });
        self.energy = 0.0;
        self.peak = 0.0;
    }

    /// What was measured of all that was added.
    pub fn finish(mut self) -> Measurement {
        if self.energy > 0.0 || self.peak > 0.0 {
            self.end_segment();
        }
        let peak = self.segments.iter().fold(0.0, |peak, segment| f32::max(peak, segment.peak));
        Measurement { segments: self.segments, rate: self.format.rate().get(), frames: self.frames, peak }
    }
}

impl Measurement {
    /// Integrated loudness, in LUFS, with both gates. `None` where no 400 ms are above -70 LUFS.
    pub fn integrated_lufs(&self) -> Option<f64> {
        integrated(self.segments.iter().map(|segment| f64::from(segment.energy)), self.rate)
    }

    /// The highest sample, in dB relative to full scale; negative infinity for silence.
    pub fn peak_dbfs(&self) -> f64 {
        20.0 * libm::log10(f64::from(self.peak))
    }

    /// Sample frames that were measured.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The gain that brings the sound to `target`, with what the limiter takes away made up for.
    pub fn plan(&self, target: &LoudnessTarget) -> LoudnessPlan {
        model::plan(&self.segments, self.rate, self.integrated_lufs(), target)
    }
}

/// The loudness of so many segments' energies (ITU-R BS.1770-4, Annex 1, equations 2 to 7).
pub(super) fn integrated(energies: impl Iterator<Item = f64>, rate: u32) -> Option<f64> {
    // The mean squares of the gating blocks. A block is what the last 80 segments add up to.
    let frames = 0.4 * f64::from(rate);
    let mut hops = [0.0; BLOCK / HOP];
    let (mut segments, mut hop) = (0_usize, 0.0);
    let mut blocks = Vec::new();
    for energy in energies {
        hop += energy;
        segments += 1;
        if segments.is_multiple_of(HOP) {
            hops.rotate_left(1);
            hops[BLOCK / HOP - 1] = std::mem::take(&mut hop);
            if segments >= BLOCK {
                blocks.push(hops.iter().sum::<f64>() / frames);
            }
        }
    }
    let above = |gate: f64| {
        let passed = blocks.iter().filter(|block| **block > gate);
        let (count, sum) = passed.fold((0_u64, 0.0), |(count, sum), block| (count + 1, sum + block));
        (count > 0).then(|| sum / count as f64)
    };
    let ungated = above(mean_square(-70.0))?;
    let gated = above((ungated * 0.1).max(mean_square(-70.0)))?;
    Some(-0.691 + 10.0 * libm::log10(gated))
}

fn mean_square(lufs: f64) -> f64 {
    libm::pow(10.0, (lufs + 0.691) / 10.0)
}

/// The two filters of the K weighting, in a row: a shelf that raises what is above 1.7 kHz by 4 dB, and a high-pass of 38 Hz.
///
/// ITU-R BS.1770-4 gives their coefficients for 48 kHz (tables 1 and 2). For other rates they are the bilinear transform of
/// the same analogue filters, whose parameters follow from the tables.
#[derive(Debug, Clone)]
struct Filters {
    shelf: Biquad,
    high_pass: Biquad,
}

#[derive(Debug, Clone)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Filters {
    fn new(rate: f64) -> Filters {
        // Above half the sample rate there is nothing to raise.
        let warp = |frequency: f64| libm::tan(std::f64::consts::PI * (frequency / rate).min(0.45));
        let k = warp(1681.974450955533);
        let q = 0.7071752369554196;
        let high = libm::pow(10.0, 3.999843853973347 / 20.0);
        let band = libm::pow(high, 0.4996667741545416);
        let scale = 1.0 / (1.0 + k / q + k * k);
        let shelf = Biquad {
            b: [
                (high + band * k / q + k * k) * scale,
                2.0 * (k * k - high) * scale,
                (high - band * k / q + k * k) * scale,
            ],
            a: [2.0 * (k * k - 1.0) * scale, (1.0 - k / q + k * k) * scale],
        };
        let k = warp(38.13547087602444);
        let q = 0.5003270373238773;
        let scale = 1.0 / (1.0 + k / q + k * k);
        let high_pass =
            Biquad { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) * scale, (1.0 - k / q + k * k) * scale] };
        Filters { shelf, high_pass }
    }

    /// The energies of `N` interleaved channels behind the filters. Raises `peak` to the highest sample.
    fn energy_of<const N: usize>(
        &self,
        states: [&mut [f64; 4]; N],
        samples: &[f32],
        peak: &mut f32,
    ) -> [f64; N] {
        let Biquad { b: [sb0, sb1, sb2], a: [sa1, sa2] } = self.shelf;
        let Biquad { b: [_, hb1, _], a: [ha1, ha2] } = self.high_pass;
        let mut z: [[f64; N]; 4] = std::array::from_fn(|n| std::array::from_fn(|channel| states[channel][n]));
        let mut energies = [0.0; N];
        let mut peaks = [0.0_f32; N];
        for frame in samples.as_chunks::<N>().0 {
            for channel in 0..N {
                let sample = if frame[channel].is_finite() { frame[channel] } else { 0.0 };
                peaks[channel] = if sample.abs() > peaks[channel] { sample.abs() } else { peaks[channel] };
                let x = f64::from(sample);
                let y = sb0 * x + z[0][channel];
                z[0][channel] = sb1 * x - sa1 * y + z[1][channel];
                z[1][channel] = sb2 * x - sa2 * y;
                let w = y + z[2][channel];
                z[2][channel] = hb1 * y - ha1 * w + z[3][channel];
                z[3][channel] = y - ha2 * w;
                energies[channel] += w * w;
            }
        }
        for (channel, state) in states.into_iter().enumerate() {
            *peak = peak.max(peaks[channel]);
            for (n, value) in state.iter_mut().enumerate() {
                // Without this, silence leaves numbers so small that computing with them is slow.
                *value = if z[n][channel].abs() < 1e-30 { 0.0 } else { z[n][channel] };
            }
        }
        energies
    }
}
