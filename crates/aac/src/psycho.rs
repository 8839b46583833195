//! The psychoacoustic model: how much noise each scalefactor band hides.
//!
//! After the models of ISO/IEC 13818-7, annex C, and 14496-3, 4.B.2: energies are spread over the bands, tones hide
//! less noise than noise does, no threshold lies below that in quiet, and none rises suddenly before an attack.

use crate::bands::BandTable;
use crate::math::{exp2, log2, sum_by};
use crate::window::{LONG, SHORT};

/// Most bands of a window.
pub(crate) const MAX_BANDS: usize = 51;
/// How far below the energy the threshold lies, in dB, for noise and for tones.
const NOISE_OFFSET: f32 = 6.0;
const TONE_OFFSET: f32 = 16.0;
/// Offset of short windows in dB.
const SHORT_OFFSET: f32 = 8.0;
/// More of it for each Bark that a band is wider than one: a low tone does not mask all of a wide band.
const WIDE_OFFSET: f32 = 2.5;
/// Falling of the masking, in dB per Bark, to higher and to lower frequencies.
const UP: f32 = 15.0;
const DOWN: f32 = 27.0;
/// The sound pressure level of a full-scale sine in dB.
const FULL_SCALE: f64 = 96.0;
/// The threshold in quiet is never taken to be higher, in dB: nobody knows how loud the sound will be played.
const HIGHEST_QUIET: f64 = 5.0;
/// Noise in a band weighs by its width in Bark to this power: with 1, the mean over the Bark scale would be least;
/// with less, narrow bands, and so the high ones, count for more.
const WEIGHT_EXPONENT: f32 = 0.7;
/// By how much a threshold may rise from window to window.
const LONG_RISE: f32 = 4.0;
const SHORT_RISE: f32 = 2.0;

/// 10 * log10(2).
const DB_PER_OCTAVE: f32 = 3.010_3;

/// Bands of one kind of window.
#[derive(Debug)]
struct Model {
    starts: &'static [u16],
    /// Fraction of the energy that reaches the next band upwards, and the next band downwards.
    up: Vec<f32>,
    down: Vec<f32>,
    /// Undoes what spreading adds to a flat spectrum.
    normal: Vec<f32>,
    quiet: Vec<f32>,
    /// Threshold over energy where nothing is known of tones.
    offset: Vec<f32>,
    /// How much noise in the band weighs against noise in others.
    weight: Vec<f32>,
}

/// The Bark scale after Zwicker and Terhardt.
fn bark(hertz: f64) -> f64 {
    let ratio = hertz / 7500.0;
    13.0 * libm::atan(0.000_76 * hertz) + 3.5 * libm::atan(ratio * ratio)
}

/// By how many dB the outer and middle ear let pass a sound (ITU-R BS.1387, 2.1.4): low tones mask less than they
/// have energy.
fn outer_ear(hertz: f64) -> f64 {
    let f = (hertz / 1000.0).max(0.02);
    -2.184 * libm::pow(f, -0.8) + 6.5 * libm::exp(-0.6 * (f - 3.3) * (f - 3.3)) - 0.001 * libm::pow(f, 3.6)
}

/// Threshold in quiet after Terhardt, in dB of sound pressure.
fn quiet(hertz: f64) -> f64 {
    let f = (hertz / 1000.0).max(0.02);
    3.64 * libm::pow(f, -0.8) - 6.5 * libm::exp(-0.6 * (f - 3.3) * (f - 3.3)) + 0.001 * f * f * f * f
}

impl Model {
    fn new(starts: &'static [u16], rate: u32) -> Model {
        let size = f64::from(starts[starts.len() - 1]);
        let hertz = |position: f64| position * f64::from(rate) / 2.0 / size;
        let bands = starts.len() - 1;
        let edge = |band: usize| bark(hertz(f64::from(starts[band])));
        let middle = |band: usize| (edge(band) + edge(band + 1)) / 2.0;
        let heard =
            |band: usize| outer_ear(hertz((f64::from(starts[band]) + f64::from(starts[band + 1])) / 2.0));
        // The part of the energy in `from` that masks in `to`.
        let falling = |slope: f32, from: usize, to: usize| {
            let distance = (middle(to) - middle(from)).abs();
            let decibel = heard(from) - heard(to) - f64::from(slope) * distance;
            libm::pow(10.0, decibel.min(-0.5) / 10.0) as f32
        };
        // The energies of a spectrum that has the same in each Bark.
        let flat: Vec<f32> = (0..bands).map(|b| (edge(b + 1) - edge(b)) as f32).collect();
        let mut model = Model {
            starts,
            up: (0..bands).map(|b| if b == 0 { 0.0 } else { falling(UP, b - 1, b) }).collect(),
            down: (0..bands).map(|b| if b + 1 == bands { 0.0 } else { falling(DOWN, b + 1, b) }).collect(),
            normal: vec![1.0; bands],
            weight: flat.iter().map(|&width| libm::powf(width, WEIGHT_EXPONENT)).collect(),
            offset: (0..bands)
                .map(|b| {
                    let wide = (edge(b + 1) - edge(b) - 1.0).max(0.0) as f32;
                    exp2(-(SHORT_OFFSET + WIDE_OFFSET * wide) / DB_PER_OCTAVE)
                })
                .collect(),
            quiet: (0..bands)
                .map(|band| {
                    let level = (usize::from(starts[band])..usize::from(starts[band + 1]))
                        .map(|bin| quiet(hertz(bin as f64 + 0.5)))
                        .fold(f64::INFINITY, f64::min)
                        .min(HIGHEST_QUIET);
                    let amplitude = 32768.0 * libm::pow(10.0, (level - FULL_SCALE) / 20.0);
                    (amplitude * amplitude * size * size) as f32
                })
                .collect(),
        };
        let mut spread = vec![0.0; bands];
        model.spread(&flat, &mut spread);
        model.normal = flat.iter().zip(&spread).map(|(flat, spread)| flat / spread).collect();
        model
    }

    fn bands(&self) -> usize {
        self.starts.len() - 1
    }

    fn range(&self, band: usize) -> std::ops::Range<usize> {
        usize::from(self.starts[band])..usize::from(self.starts[band + 1])
    }

    fn spread(&self, energy: &[f32], spread: &mut [f32]) {
        let mut carried = 0.0;
        for band in 0..self.bands() {
            carried = carried * self.up[band] + energy[band];
            spread[band] = carried;
        }
        carried = 0.0;
        for band in (0..self.bands()).rev() {
            carried *= self.down[band];
            spread[band] = (spread[band] + carried) * self.normal[band];
            carried += energy[band];
        }
    }
}

/// The model for one sample rate.
#[derive(Debug)]
pub(crate) struct Psychoacoustics {
    long: Model,
    short: Model,
}

/// What the model remembers of a channel.
#[derive(Debug)]
pub(crate) struct ChannelMemory {
    /// Thresholds of the long window before; infinite when it was short.
    long: [f32; MAX_BANDS],
    /// Thresholds of the last short window; infinite when it was long.
    short: [f32; MAX_BANDS],
}

impl ChannelMemory {
    pub(crate) fn new() -> ChannelMemory {
        ChannelMemory { long: [f32::INFINITY; MAX_BANDS], short: [f32::INFINITY; MAX_BANDS] }
    }
}

impl Psychoacoustics {
    pub(crate) fn new(table: &'static BandTable, rate: u32) -> Psychoacoustics {
        Psychoacoustics { long: Model::new(table.long, rate), short: Model::new(table.short, rate) }
    }

    /// How much noise in each band weighs.
    pub(crate) fn weights(&self, short: bool) -> &[f32] {
        if short { &self.short.weight } else { &self.long.weight }
    }

    /// Thresholds of a long window from the power of its 1024 coefficients (those of sines and cosines together).
    pub(crate) fn long(&self, memory: &mut ChannelMemory, power: &[f32], thresholds: &mut [f32; MAX_BANDS]) {
        let model = &self.long;
        let mut logarithms = [0.0f32; LONG];
        for (logarithm, &power) in logarithms.iter_mut().zip(power) {
            *logarithm = log2(power + 1.0);
        }
        let (mut energy, mut offset) = ([0.0f32; MAX_BANDS], [0.0f32; MAX_BANDS]);
        for band in 0..model.bands() {
            let range = model.range(band);
            energy[band] = 0.5 * sum_by(&power[range.clone()], |p| p);
            let more = 12usize.saturating_sub(range.len()) / 2;
            let wide = range.start.saturating_sub(more)..(range.end + more).min(LONG);
            let count = wide.len() as f32;
            let mean = log2((sum_by(&power[wide.clone()], |p| p) + count) / count);
            let flatness = sum_by(&logarithms[wide], |l| l) / count - mean;
            // Noise has a flatness of -2.5 dB.
            let tonality = ((-flatness * DB_PER_OCTAVE - 4.0) / 12.0).clamp(0.0, 1.0);
            offset[band] = exp2(-(NOISE_OFFSET + tonality * (TONE_OFFSET - NOISE_OFFSET)) / DB_PER_OCTAVE);
        }
        let mut spread = [0.0f32; MAX_BANDS];
        model.spread(&energy, &mut spread);
        for band in 0..model.bands() {
            let free = (spread[band] * offset[band]).max(model.quiet[band]);
            thresholds[band] =
                free.min(memory.long[band] * LONG_RISE).max(free * 0.01).max(model.quiet[band]);
            memory.long[band] = free;
        }
        memory.short = [f32::INFINITY; MAX_BANDS];
    }

    /// Thresholds of eight short windows from their coefficients.
    pub(crate) fn short(
        &self,
        memory: &mut ChannelMemory,
        coefficients: &[f32],
        thresholds: &mut [[f32; MAX_BANDS]; 8],
    ) {
        let model = &self.short;
        for (coefficients, thresholds) in coefficients.chunks_exact(SHORT).zip(thresholds) {
            let (mut energy, mut spread) = ([0.0f32; MAX_BANDS], [0.0f32; MAX_BANDS]);
            for band in 0..model.bands() {
                energy[band] = sum_by(&coefficients[model.range(band)], |x| x * x);
            }
            model.spread(&energy, &mut spread);
            for band in 0..model.bands() {
                let free = (spread[band] * model.offset[band]).max(model.quiet[band]);
                thresholds[band] =
                    free.min(memory.short[band] * SHORT_RISE).max(free * 0.01).max(model.quiet[band]);
                memory.short[band] = free;
            }
        }
        memory.long = [f32::INFINITY; MAX_BANDS];
    }
}
