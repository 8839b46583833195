//! Encodes sound that arbitrary bytes describe: settings, signals, lengths of blocks. Shared by the fuzz target
//! `aac_encoder` and by a bounded test.

use strikeline_aac::{AacEncoder, AacSettings, AccessUnits};

/// Encoded sound.
pub(crate) struct Encoded {
    pub settings: AacSettings,
    /// What was encoded, interleaved; with what is not finite.
    pub samples: Vec<f32>,
    pub units: AccessUnits,
}

/// Bytes to take decisions from; zeros when there are no more.
struct Decisions<'a>(&'a [u8]);

impl Decisions<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn word(&mut self) -> u32 {
        u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.word() % limit
    }
}

/// Encodes; checks the number and the size of the access units. `None` for settings that are refused.
pub(crate) fn run(bytes: &[u8]) -> Option<Encoded> {
    const RATES: [u32; 14] =
        [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 48000, 44000];
    let mut decisions = Decisions(bytes);
    let rate = RATES[decisions.below(RATES.len() as u32) as usize];
    let channels = decisions.byte() % 3 + u8::from(decisions.byte() % 16 != 0);
    let bitrate = match decisions.byte() % 4 {
        0 => decisions.word(),
        1 => rate * u32::from(channels) * 6,
        2 => (rate * u32::from(channels)).div_ceil(6),
        _ => 8000 + decisions.below(320_000),
    };
    let settings = AacSettings::new(rate, channels.into(), bitrate).ok()?;
    let mut samples = Vec::new();
    for _ in 0..decisions.byte() % 8 {
        append_signal(&mut samples, usize::from(channels), &mut decisions);
    }
    // It may end within a sample frame.
    samples.truncate(samples.len() - usize::from(decisions.byte() % 2).min(samples.len()));

    let mut encoder = AacEncoder::new(&settings);
    let mut units = AccessUnits::new();
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        let (block, later) = rest.split_at(rest.len().min(decisions.below(5000) as usize + 1));
        encoder.encode(block, &mut units);
        rest = later;
    }
    encoder.finish(&mut units);

    let frames = samples.len().div_ceil(usize::from(channels));
    assert_eq!(units.len() as u64, settings.access_units(frames as u64));
    for unit in units.iter() {
        assert!(unit.len() * 8 <= 6144 * usize::from(channels), "an access unit has {} bytes", unit.len());
    }
    Some(Encoded { settings, samples, units })
}

/// Appends a piece of sound of some kind.
fn append_signal(samples: &mut Vec<f32>, channels: usize, decisions: &mut Decisions<'_>) {
    let length = decisions.below(5000) as usize;
    let kind = decisions.byte();
    let gain = match decisions.byte() % 8 {
        0 => 1e-6,
        1 => 40.0,
        2 => 0.001,
        3 => 0.1,
        _ => 1.0,
    };
    let period = decisions.below(400) as usize + 2;
    let mut state = decisions.word();
    for n in 0..length {
        for channel in 0..channels {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            let square = if n % period < period / 2 { 1.0 } else { -1.0 };
            let sample = match kind % 10 {
                0 => 0.0,
                1 => noise,
                2 => square,
                3 => 1.0,
                4 => f32::from(n % period == 0),
                5 => (n as f32 * std::f32::consts::TAU / period as f32).sin(),
                6 => [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, noise][n % 4],
                7 => noise * (n % period) as f32 / period as f32,
                // One channel alone, and two that are opposite.
                8 => square * (1 - channel % 2) as f32,
                _ => noise.signum() * (1.0 - 2.0 * channel as f32),
            };
            samples.push(sample * gain);
        }
    }
}
