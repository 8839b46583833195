//! How loud a recording is in three bands, every millisecond.

use strikeline_audio::{AudioError, AudioSource};

/// Steps in a second.
pub(super) const STEPS: u64 = 1000;
/// The most that is measured: 6 h.
const MOST_STEPS: usize = 6 * 3600 * STEPS as usize;
/// What a step's level is counted in: so many to a dB.
pub(super) const PER_DB: f32 = 2.0;

/// Where most of a drum's sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Band {
    /// Below about 150 Hz: bass drums, the lowest toms.
    Low,
    /// From about 300 Hz to 3 kHz: snares, toms, congas, claps, wood.
    Middle,
    /// Above about 5 kHz: hi-hats, cymbals, shakers, tambourines.
    High,
    /// Not known.
    #[default]
    Any,
}

impl Band {
    /// The band of a key of the General MIDI percussion map; `Any` for keys that are not in it.
    pub fn of_key(key: u8) -> Band {
        match key {
            35 | 36 => Band::Low,
            // Hi-hats; crashes, ride, bell, china, splash; tambourine, cabasa, maracas; triangles, shaker, bell tree.
            42 | 44 | 46 | 49 | 51..=53 | 55 | 57 | 59 | 54 | 69 | 70 | 80..=84 => Band::High,
            27..=87 => Band::Middle,
            _ => Band::Any,
        }
    }
}

/// The levels of a recording in three bands, every millisecond: enough to find when hits are.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The level of the low, the middle and the high band in half dB, from 0 for -110 dB to 255 for 17.5 dB.
    pub(super) levels: [Vec<u8>; 3],
}

/// A low-pass of the first order.
#[derive(Debug, Clone, Copy)]
struct LowPass {
    share: f32,
    value: f32,
}

impl LowPass {
    fn new(frequency: f64, rate: f64) -> LowPass {
        LowPass { share: (1.0 - libm::exp(-std::f64::consts::TAU * frequency / rate)) as f32, value: 0.0 }
    }

    fn next(&mut self, sample: f32) -> f32 {
        self.value += self.share * (sample - self.value);
        self.value
    }
}

impl Envelope {
    /// Reads a recording to its end, or its first 6 h.
    ///
    /// # Errors
    /// When the source fails.
    pub fn measure(mut source: impl AudioSource) -> Result<Envelope, AudioError> {
        let channels = source.format().samples_per_frame();
        let rate = u64::from(source.format().rate().get());
        let low_pass = |frequency: f64| LowPass::new(frequency, rate as f64);
        let mut low = [low_pass(150.0), low_pass(150.0)];
        let mut below_middle = [low_pass(300.0), low_pass(300.0)];
        let mut middle = [low_pass(3_000.0), low_pass(3_000.0)];
        let mut below_high = [low_pass(5_000.0), low_pass(5_000.0)];
        // A period of the low band is longer than a step.
        let mut low_power = low_pass(40.0);

        let mut levels = [const { Vec::new() }; 3];
        let mut block = vec![0.0; 1024 * channels];
        let (mut frame, mut counted) = (0_u64, 0.0_f32);
        let mut sums = [0.0_f32; 3];
        let mut end = rate.div_ceil(STEPS);
        loop {
            let frames = source.read(&mut block)?;
            if frames == 0 || levels[0].len() >= MOST_STEPS {
                return Ok(Envelope { levels });
            }
            for samples in block[..frames * channels].chunks_exact(channels) {
                let sum: f32 = samples.iter().sum();
                let sample = if sum.is_finite() { sum / channels as f32 } else { 0.0 };
                let [a, b] = &mut low;
                let lows = b.next(a.next(sample));
                sums[0] += low_power.next(lows * lows);
                let [a, b] = &mut below_middle;
                let above = sample - a.next(sample);
                let above = above - b.next(above);
                let [a, b] = &mut middle;
                let middles = b.next(a.next(above));
                sums[1] += middles * middles;
                let [a, b] = &mut below_high;
                let above = sample - a.next(sample);
                let above = above - b.next(above);
                sums[2] += above * above;
                counted += 1.0;
                frame += 1;
                while frame >= end {
                    for (levels, sum) in levels.iter_mut().zip(&mut sums) {
                        levels.push(level(*sum / counted.max(1.0)));
                        *sum = 0.0;
                    }
                    counted = 0.0;
                    end = ((levels[0].len() as u64 + 1) * rate).div_ceil(STEPS);
                }
            }
            // Without this, silence leaves numbers so small that computing with them is slow.
            for filter in low.iter_mut().chain(&mut below_middle).chain(&mut middle).chain(&mut below_high) {
                if filter.value.abs() < 1e-20 {
                    filter.value = 0.0;
                }
            }
            low_power.value = low_power.value.max(1e-20);
        }
    }

    /// How long the recording is, in steps.
    pub(super) fn steps(&self) -> usize {
        self.levels[0].len()
    }
}

fn level(power: f32) -> u8 {
    let decibels = 10.0 * libm::log10f(power + 1e-11);
    ((decibels + 110.0) * PER_DB).round().clamp(0.0, 255.0) as u8
}
