//! The encoder: from samples to access units.

use crate::attack::{Attack, AttackDetector, REGION_START};
use crate::bits::BitWriter;
use crate::block::Block;
use crate::quantise::Quantiser;
use crate::rate::RateControl;
use crate::settings::AacSettings;
use crate::units::AccessUnits;
use crate::window::{BlockWindow, LONG, WindowSequence, WindowShape};

/// Full scale of the coefficients: 16 bits (14496-3, 4.6.11.3.1).
const FULL_SCALE: f32 = 32768.0;
/// Samples are limited to so many times full scale.
const LIMIT: f32 = 16.0;
/// Blocks that are kept: the one before, the one that is coded next, and the one behind it.
const KEPT: usize = 3;

/// An encoder of one stream.
///
/// A decoder gives out every sample [`DELAY`](AacEncoder::DELAY) sample frames late. The same samples give the same
/// bytes on every machine, whatever the blocks in which they come.
#[derive(Debug)]
pub struct AacEncoder {
    settings: AacSettings,
    /// Samples of each channel: `KEPT` blocks.
    samples: Vec<Vec<f32>>,
    /// Sample frames in `samples`.
    filled: usize,
    /// Channels of the last sample frame that have come.
    partial: usize,
    /// Sample frames that have come.
    received: u64,
    coded: u64,
    detectors: Vec<AttackDetector>,
    /// Attacks in the block that is coded next, of both channels together.
    attack: Option<Attack>,
    sequence: WindowSequence,
    shape: WindowShape,
    block: Block,
    quantiser: Quantiser,
    rate: RateControl,
    writer: BitWriter,
}

impl AacEncoder {
    /// Sample frames of an access unit.
    pub const SAMPLES_PER_ACCESS_UNIT: u32 = 1024;

    /// By how many sample frames a decoder's output is late. The first 1024 frames that it gives out are no part of
    /// the sound.
    pub const DELAY: u32 = 1024;

    /// An encoder at the start of a stream.
    pub fn new(settings: &AacSettings) -> AacEncoder {
        let channels = usize::from(settings.channels());
        AacEncoder {
            settings: *settings,
            samples: vec![vec![0.0; KEPT * LONG]; channels],
            filled: LONG,
            partial: 0,
            received: 0,
            coded: 0,
            detectors: (0..channels).map(|_| AttackDetector::default()).collect(),
            attack: None,
            sequence: WindowSequence::OnlyLong,
            shape: WindowShape::KaiserBessel,
            block: Block::new(settings),
            quantiser: Quantiser::new(),
            rate: RateControl::new(settings.bitrate(), settings.sample_rate(), channels),
            writer: BitWriter::with_capacity(2048),
        }
    }

    /// What it was made with.
    pub fn settings(&self) -> &AacSettings {
        &self.settings
    }

    /// Encodes samples, interleaved; full scale is -1 to 1. `samples` may have any length, also none, and end within a
    /// sample frame. Appends to `units` the access units that are ready: they come about 2048 sample frames behind the
    /// samples.
    ///
    /// Samples beyond full scale are coded as they are, up to 16 times full scale, where they are clipped. A sample
    /// that is not finite counts as 0.
    pub fn encode(&mut self, samples: &[f32], units: &mut AccessUnits) {
        for &sample in samples {
            let sample = if sample.is_finite() { sample.clamp(-LIMIT, LIMIT) * FULL_SCALE } else { 0.0 };
            self.samples[self.partial][self.filled] = sample;
            self.partial += 1;
            if self.partial == self.samples.len() {
                self.partial = 0;
                self.received += 1;
                self.advance(units);
            }
        }
    }

    /// Encodes the rest, so that a decoder gives out all samples. Then there are as many access units as
    /// [`AacSettings::access_units`] says. The channels that miss in an unfinished sample frame are 0.
    pub fn finish(mut self, units: &mut AccessUnits) {
        if self.partial > 0 {
            for channel in &mut self.samples[self.partial..] {
                channel[self.filled] = 0.0;
            }
            self.received += 1;
            self.advance(units);
        }
        let total = self.settings.access_units(self.received);
        while self.coded < total {
            for channel in &mut self.samples {
                channel[self.filled..].fill(0.0);
            }
            self.filled = KEPT * LONG - 1;
            self.advance(units);
        }
    }

    /// One more sample frame is there.
    fn advance(&mut self, units: &mut AccessUnits) {
        self.filled += 1;
        if self.filled < KEPT * LONG {
            return;
        }
        if self.coded == 0 {
            self.attack = self.find_attack(REGION_START);
            if self.attack.is_some() {
                // Nothing before the first block has to announce it.
                self.sequence = WindowSequence::LongStart;
            }
        }
        let next = self.find_attack(REGION_START + LONG);
        self.encode_block(next, units);
        self.attack = next;
        self.coded += 1;
        for channel in &mut self.samples {
            channel.copy_within(LONG.., 0);
        }
        self.filled = (KEPT - 1) * LONG;
    }

    fn find_attack(&mut self, start: usize) -> Option<Attack> {
        let found = self.detectors.iter_mut().zip(&self.samples);
        let found = found.filter_map(|(detector, samples)| detector.next(&samples[start..start + LONG]));
        found.fold(None, |first: Option<Attack>, attack| {
            Some(first.map_or(attack, |first| if attack.step < first.step { attack } else { first }))
        })
    }

    fn encode_block(&mut self, next: Option<Attack>, units: &mut AccessUnits) {
        let sequence = self.sequence.next(self.attack.is_some(), next.is_some());
        let shape = sequence.shape();
        let window = BlockWindow { sequence, shape, previous_shape: self.shape };
        (self.sequence, self.shape) = (sequence, shape);
        self.rate.begin();
        self.block.analyse(&self.samples, window, self.attack);
        let mut price = self.rate.price();
        let bytes = loop {
            self.block.quantise(&mut self.quantiser, price);
            self.writer.clear();
            self.block.write(&mut self.writer, window);
            let bytes = self.writer.finish();
            // All values become 0 in the end, and such a block is shorter than any limit.
            if bytes.len() as i64 * 8 <= self.rate.most() || price > 1e30 {
                break bytes;
            }
            // The farther from the limit, the larger the step: few tries, and little too few bits in the end.
            let ratio = bytes.len() as f32 * 8.0 / self.rate.most().max(1) as f32;
            price *= (ratio * ratio * ratio).clamp(1.4, 64.0);
        };
        units.push(bytes);
        self.rate.end(bytes.len() as i64 * 8);
    }
}
