//! Noise in bands that decay each at its own rate.

use super::filters::{BANDS, BandPasses};
use super::{Channels, decay_per_frame, random};

/// Sample frames that are computed side by side.
const LANES: usize = 8;
/// How far below its start a band is left out, in dB.
const END_LEVEL: f32 = 62.0;
/// The length of the noise that all sounds share, in seconds.
const LOOP_SECONDS: f32 = 0.5;
/// The centre of the lowest shared band, in Hz; each next one is half an octave higher.
const LOWEST: f32 = 250.0;
/// How many shared bands there are: the highest is around 16 kHz.
const SHARED_BANDS: usize = 13;

/// A band of noise.
#[derive(Debug, Clone, Copy)]
pub(in crate::kit) struct Band {
    /// Its centre, in Hz.
    pub(in crate::kit) frequency: f32,
    /// In dB.
    pub(in crate::kit) level: f32,
    /// Seconds in which it decays by 60 dB.
    pub(in crate::kit) decay: f32,
}

/// Noise of several bands, an octave wide each.
#[derive(Debug, Clone)]
pub(in crate::kit) struct Noise {
    pub(in crate::kit) bands: Vec<Band>,
    /// Seconds in which it rises; more than 0.
    pub(in crate::kit) attack: f32,
    /// How different the channels are, 0 (mono) to 1.
    pub(in crate::kit) width: f32,
    /// The noise comes in grains, so many per second; 0: it is smooth.
    pub(in crate::kit) grains: f32,
}

impl Noise {
    pub(in crate::kit) fn new(bands: impl IntoIterator<Item = Band>) -> Noise {
        Noise { bands: bands.into_iter().collect(), attack: 0.0004, width: 0.5, grains: 0.0 }
    }

    pub(in crate::kit) fn attack(mut self, seconds: f32) -> Noise {
        self.attack = seconds;
        self
    }

    pub(in crate::kit) fn wide(mut self, width: f32) -> Noise {
        self.width = width;
        self
    }

    pub(in crate::kit) fn grains(mut self, per_second: f32) -> Noise {
        self.grains = per_second;
        self
    }

    pub(super) fn render(&self, rate: f32, seed: u32, shared: &SharedNoise, sum: &mut Channels) {
        let frames = |band: &Band| (band.decay * END_LEVEL / 60.0 * rate) as usize / LANES * LANES + LANES;
        let heard: Vec<&Band> = self.bands.iter().filter(|band| band.frequency < rate * 0.45).collect();
        let length = heard.iter().map(|band| frames(band)).max().unwrap_or(0);
        sum.clear(length);
        for (index, band) in heard.into_iter().enumerate() {
            let level = libm::powf(10.0, band.level / 20.0);
            let place = shared.place(band.frequency);
            let start = random(seed * 31 + index as u32 * 7).abs();
            let length = frames(band);
            let (middle, side) = (&mut sum.left[..length], &mut sum.right[..length]);
            add_decaying(middle, shared.middle.get(place), start, level, decay_per_frame(band.decay, rate));
            if self.width > 0.0 {
                add_decaying(side, shared.side.get(place), start, level, decay_per_frame(band.decay, rate));
            }
        }
        if self.grains > 0.0 {
            make_grains(sum, self.grains, rate, seed);
        }
        let share = (self.width * 0.5).min(0.5);
        let (even, odd) = (libm::sqrtf(1.0 - share), libm::sqrtf(share));
        for (left, right) in sum.left.iter_mut().zip(&mut sum.right) {
            let (middle, side) = (even * *left, odd * *right);
            (*left, *right) = (middle + side, middle - side);
        }
        sum.rise(self.attack, rate);
    }
}

/// Adds a noise that repeats, from `start` (0 to 1 of its length) on, as it decays by `shrink` per sample frame.
fn add_decaying(sum: &mut [f32], noise: Option<&Vec<f32>>, start: f32, level: f32, shrink: f32) {
    let noise = noise.map_or(&[][..], |noise| noise.as_chunks::<LANES>().0);
    let mut levels = [level; LANES];
    for lane in 1..LANES {
        levels[lane] = levels[lane - 1] * shrink;
    }
    let step = libm::powf(shrink, LANES as f32);
    let mut from = (start * noise.len() as f32) as usize;
    let mut rest = sum.as_chunks_mut::<LANES>().0;
    while !rest.is_empty() && !noise.is_empty() {
        let noise = noise.get(from..).unwrap_or_default();
        from = 0;
        let (now, later) = rest.split_at_mut(noise.len().min(rest.len()));
        for (sum, noise) in now.iter_mut().zip(noise) {
            for lane in 0..LANES {
                sum[lane] += levels[lane] * noise[lane];
                levels[lane] *= step;
            }
        }
        rest = later;
    }
}

/// Lets noise through in short grains at random times.
fn make_grains(sum: &mut Channels, per_second: f32, rate: f32, seed: u32) {
    let chance = per_second / rate;
    let shrink = decay_per_frame(0.002, rate);
    let mut open = 1.0;
    for (frame, (left, right)) in sum.left.iter_mut().zip(&mut sum.right).enumerate() {
        if random(seed.wrapping_mul(7_919) ^ frame as u32).abs() < chance {
            open = 1.0;
        }
        *left *= open;
        *right *= open;
        open *= shrink;
    }
}

/// White noise through band-pass filters, computed once: it repeats without a seam, and sounds begin at different places.
pub(in crate::kit) struct SharedNoise {
    middle: Vec<Vec<f32>>,
    side: Vec<Vec<f32>>,
}

impl SharedNoise {
    pub(in crate::kit) fn new(rate: u32) -> SharedNoise {
        let rate = rate as f32;
        let count = (0..SHARED_BANDS).filter(|&band| centre(band) < rate * 0.45).count();
        SharedNoise {
            middle: shared_bands(count, rate, 0x2545_F491),
            side: shared_bands(count, rate, 0x1B56_C4E9),
        }
    }

    /// The band nearest to `frequency`.
    fn place(&self, frequency: f32) -> usize {
        let place = libm::roundf(2.0 * libm::log2f(frequency / LOWEST)).max(0.0) as usize;
        place.min(self.middle.len().saturating_sub(1))
    }
}

fn centre(band: usize) -> f32 {
    LOWEST * libm::exp2f(band as f32 * 0.5)
}

/// Noise of the first `count` bands with an RMS of 1 each.
fn shared_bands(count: usize, rate: f32, seed: u32) -> Vec<Vec<f32>> {
    let frames = (LOOP_SECONDS * rate) as usize / LANES * LANES;
    let mut state = seed;
    let white: Vec<f32> = (0..frames)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as i32 as f32 / 2_147_483_648.0
        })
        .collect();
    let mut bands = Vec::with_capacity(count);
    for first in (0..count).step_by(BANDS) {
        let centres: Vec<f32> = (first..count.min(first + BANDS)).map(centre).collect();
        let mut filters = BandPasses::new(&centres, rate);
        let mut filtered = vec![vec![0.0; frames]; centres.len()];
        // The filters swing in on the end of the noise, so that it joins its beginning.
        for sample in &white[frames / 2..] {
            filters.next(*sample);
        }
        for (frame, sample) in white.iter().enumerate() {
            let heard = filters.next(*sample);
            for (band, heard) in filtered.iter_mut().zip(heard) {
                band[frame] = heard;
            }
        }
        for band in &mut filtered {
            let energy: f32 = band.iter().map(|sample| sample * sample).sum();
            let gain = libm::sqrtf(frames as f32 / energy.max(1e-9));
            band.iter_mut().for_each(|sample| *sample *= gain);
        }
        bands.append(&mut filtered);
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(noise: &Noise, rate: u32) -> Channels {
        let mut sum = Channels::default();
        noise.render(rate as f32, 5, &SharedNoise::new(rate), &mut sum);
        sum
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn shared_bands_are_equally_loud_at_every_rate_and_repeat_without_a_seam() {
        for rate in [8_000, 44_100, 192_000] {
            let shared = SharedNoise::new(rate);
            assert!(shared.middle.len() == if rate == 8_000 { 8 } else { 13 });
            for band in shared.middle.iter().chain(&shared.side) {
                assert!((rms(band) - 1.0).abs() < 1e-3);
                let step = |pair: &[f32]| (pair[1] - pair[0]).abs();
                let largest = band.windows(2).map(step).fold(0.0, f32::max);
                assert!(step(&[band[band.len() - 1], band[0]]) <= largest * 1.2);
            }
        }
    }

    #[test]
    fn a_band_decays_as_it_should() {
        let band = Band { frequency: 4_000.0, level: 0.0, decay: 0.4 };
        let sum = rendered(&Noise::new([band]).wide(0.0), 48_000);
        let span = |from: f32| rms(&sum.left[(from * 48_000.0) as usize..][..2_400]);
        let fall = 20.0 * (span(0.0) / span(0.2)).log10();
        assert!((fall - 30.0).abs() < 2.0, "{fall} dB in half the time of 60 dB");
    }

    #[test]
    fn width_takes_away_what_the_channels_have_in_common() {
        let band = Band { frequency: 4_000.0, level: 0.0, decay: 1.0 };
        let alike = |width: f32| {
            let sum = rendered(&Noise::new([band]).wide(width), 48_000);
            let product: f32 = sum.left.iter().zip(&sum.right).map(|(left, right)| left * right).sum();
            product / (rms(&sum.left) * rms(&sum.right) * sum.left.len() as f32)
        };
        assert!(alike(0.0) > 0.999 && alike(0.5) < 0.75 && alike(1.0).abs() < 0.25);
    }

    #[test]
    fn seeds_give_different_noise() {
        let noise = Noise::new([Band { frequency: 4_000.0, level: 0.0, decay: 0.1 }]);
        let (shared, mut one, mut two) = (SharedNoise::new(48_000), Channels::default(), Channels::default());
        noise.render(48_000.0, 1, &shared, &mut one);
        noise.render(48_000.0, 2, &shared, &mut two);
        assert_ne!(one.left, two.left);
    }
}
