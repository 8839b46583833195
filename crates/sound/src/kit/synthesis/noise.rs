//! Noise in bands that decay each at its own rate.

use super::{Channels, decay_per_frame, random};

/// Bands that are computed side by side.
const LANES: usize = 8;
/// How far below its start a band is left out, in dB.
const END_LEVEL: f32 = 66.0;

/// A band of noise.
#[derive(Debug, Clone, Copy)]
pub(in crate::kit) struct Band {
    /// Its centre, in Hz.
    pub(in crate::kit) frequency: f32,
    /// Centre over bandwidth.
    pub(in crate::kit) sharpness: f32,
    /// In dB.
    pub(in crate::kit) level: f32,
    /// Seconds in which it decays by 60 dB.
    pub(in crate::kit) decay: f32,
}

/// Noise of up to eight bands.
#[derive(Debug, Clone)]
pub(in crate::kit) struct Noise {
    pub(in crate::kit) bands: Vec<Band>,
    /// Seconds in which it rises.
    pub(in crate::kit) attack: f32,
    /// How different the channels are, 0 (mono) to 1.
    pub(in crate::kit) width: f32,
    /// Below this frequency, in Hz, nothing is left. 0: everything.
    pub(in crate::kit) low_cut: f32,
    /// The share of the noise that comes in single grains; they are this many per second. 0: smooth noise.
    pub(in crate::kit) grains: f32,
}

impl Noise {
    pub(in crate::kit) fn new(bands: impl IntoIterator<Item = Band>) -> Noise {
        Noise {
            bands: bands.into_iter().take(LANES).collect(),
            attack: 0.0,
            width: 0.5,
            low_cut: 0.0,
            grains: 0.0,
        }
    }

    pub(in crate::kit) fn attack(mut self, seconds: f32) -> Noise {
        self.attack = seconds;
        self
    }

    pub(in crate::kit) fn wide(mut self, width: f32) -> Noise {
        self.width = width;
        self
    }

    pub(in crate::kit) fn low_cut(mut self, frequency: f32) -> Noise {
        self.low_cut = frequency;
        self
    }

    pub(in crate::kit) fn grains(mut self, per_second: f32) -> Noise {
        self.grains = per_second;
        self
    }

    pub(super) fn render(&self, rate: f32, seed: u32) -> Channels {
        let middle = self.channel(rate, seed * 3 + 1);
        if self.width <= 0.0 {
            return Channels { left: middle.clone(), right: middle };
        }
        let side = self.channel(rate, seed * 3 + 2);
        let share = (self.width * 0.5).min(0.5);
        let (even, odd) = (libm::sqrtf(1.0 - share), libm::sqrtf(share));
        let mix = |sign: f32| middle.iter().zip(&side).map(|(m, s)| even * m + sign * odd * s).collect();
        Channels { left: mix(1.0), right: mix(-1.0) }
    }

    fn channel(&self, rate: f32, seed: u32) -> Vec<f32> {
        let mut bank = Bank::default();
        let mut longest = 0.0_f32;
        for (lane, band) in self.bands.iter().take(LANES).enumerate() {
            if band.frequency < rate * 0.45 {
                bank.set(lane, band, rate);
                longest = longest.max(band.decay);
            }
        }
        let frames = (longest * END_LEVEL / 60.0 * rate) as usize;
        let mut source = Source::new(seed, rate, self.grains);
        let mut cut = LowCut::new(self.low_cut, rate);
        let shrink = if self.attack > 0.0 { libm::expf(-1.0 / (self.attack * rate)) } else { 0.0 };
        let mut missing = if self.attack > 0.0 { 0.96 } else { 0.0 };
        (0..frames)
            .map(|_| {
                let sample = bank.next(cut.next(source.next())) * (1.0 - missing);
                missing *= shrink;
                sample
            })
            .collect()
    }
}

/// White noise, or grains at random times.
struct Source {
    state: u32,
    gain: f32,
    /// The chance of a grain in a sample frame, as a share of all numbers; `None` for smooth noise.
    chance: Option<u32>,
}

impl Source {
    fn new(seed: u32, rate: f32, grains: f32) -> Source {
        let state = (random(seed) * 1e9) as i32 as u32 ^ 0x5BD1_E995;
        // The power in a band stays the same at every sample rate.
        let gain = libm::sqrtf(rate / 48_000.0) / 2_147_483_648.0;
        let chance = (grains > 0.0).then(|| (grains / rate * 4_294_967_295.0) as u32);
        Source { state: state.max(1), gain, chance }
    }

    fn next_bits(&mut self) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        self.state
    }

    fn next(&mut self) -> f32 {
        let sample = self.next_bits() as i32 as f32 * self.gain;
        let Some(chance) = self.chance else { return sample };
        if self.next_bits() < chance { sample } else { sample * 0.05 }
    }
}

/// Takes low frequencies away: two poles.
struct LowCut {
    g: f32,
    a: [f32; 3],
    state: [f32; 2],
}

impl LowCut {
    fn new(frequency: f32, rate: f32) -> LowCut {
        let g = libm::tanf(std::f32::consts::PI * frequency.min(rate * 0.45) / rate);
        let k = std::f32::consts::SQRT_2;
        let first = 1.0 / (1.0 + g * (g + k));
        LowCut { g, a: [first, g * first, g * g * first], state: [0.0; 2] }
    }

    fn next(&mut self, input: f32) -> f32 {
        if self.g <= 0.0 {
            return input;
        }
        let [a1, a2, a3] = self.a;
        let v3 = input - self.state[1];
        let v1 = a1 * self.state[0] + a2 * v3;
        let v2 = self.state[1] + a2 * self.state[0] + a3 * v3;
        self.state = [2.0 * v1 - self.state[0], 2.0 * v2 - self.state[1]];
        input - std::f32::consts::SQRT_2 * v1 - v2
    }
}

/// Band-pass filters side by side: state variable filters in the form of A. Simper, "Solving the continuous SVF
/// equations using trapezoidal integration and equivalent currents" (2013).
#[derive(Default)]
struct Bank {
    a1: [f32; LANES],
    a2: [f32; LANES],
    a3: [f32; LANES],
    first: [f32; LANES],
    second: [f32; LANES],
    /// The level of each band now.
    level: [f32; LANES],
    decay: [f32; LANES],
}

impl Bank {
    fn set(&mut self, lane: usize, band: &Band, rate: f32) {
        let g = libm::tanf(std::f32::consts::PI * band.frequency / rate);
        let k = 1.0 / band.sharpness;
        self.a1[lane] = 1.0 / (1.0 + g * (g + k));
        self.a2[lane] = g * self.a1[lane];
        self.a3[lane] = g * self.a2[lane];
        // Equal level, equal power: the filter's bandwidth is frequency / sharpness.
        let power = libm::sqrtf(8_000.0 * band.sharpness / band.frequency);
        self.level[lane] = libm::powf(10.0, band.level / 20.0) * k * power;
        self.decay[lane] = decay_per_frame(band.decay, rate);
    }

    fn next(&mut self, input: f32) -> f32 {
        let mut heard = [0.0; LANES];
        for (lane, heard) in heard.iter_mut().enumerate() {
            let v3 = input - self.second[lane];
            let v1 = self.a1[lane] * self.first[lane] + self.a2[lane] * v3;
            let v2 = self.second[lane] + self.a2[lane] * self.first[lane] + self.a3[lane] * v3;
            self.first[lane] = 2.0 * v1 - self.first[lane];
            self.second[lane] = 2.0 * v2 - self.second[lane];
            *heard = v1 * self.level[lane];
            self.level[lane] *= self.decay[lane];
        }
        let four = [heard[0] + heard[4], heard[1] + heard[5], heard[2] + heard[6], heard[3] + heard[7]];
        (four[0] + four[2]) + (four[1] + four[3])
    }
}
