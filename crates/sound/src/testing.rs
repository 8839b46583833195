//! What the tests of several modules need.

use std::num::NonZeroU32;

use strikeline_audio::{AudioFormat, AudioSource};

pub(crate) fn mono(rate: u32) -> AudioFormat {
    AudioFormat::new(rate, 1).unwrap()
}

pub(crate) fn stereo(rate: u32) -> AudioFormat {
    AudioFormat::new(rate, 2).unwrap()
}

/// All samples of a source, read in large blocks.
pub(crate) fn read_all(source: impl AudioSource) -> Vec<f32> {
    read_in_blocks(source, &[4096])
}

/// All samples of a source, read in blocks of these many sample frames, over and over.
pub(crate) fn read_in_blocks(mut source: impl AudioSource, blocks: &[usize]) -> Vec<f32> {
    let channels = source.format().samples_per_frame();
    let mut samples = Vec::new();
    let known = source.remaining();
    for frames in blocks.iter().cycle() {
        let mut block = vec![f32::NAN; frames * channels];
        let read = source.read(&mut block).unwrap();
        samples.extend_from_slice(&block[..read * channels]);
        if read < *frames {
            assert_eq!(source.read(&mut block).unwrap(), 0);
            break;
        }
    }
    if let Some(known) = known {
        assert_eq!(samples.len() as u64, known * channels as u64);
    }
    samples
}

/// Random numbers from 0 to 1, the same for the same seed (a 64-bit linear congruential generator).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// From -1 to 1.
    pub(crate) fn noise(&mut self) -> f32 {
        2.0 * self.unit() - 1.0
    }
}

#[allow(dead_code, reason = "not every module needs it")]
pub(crate) fn seconds(format: AudioFormat, seconds: f64) -> usize {
    let rate: NonZeroU32 = format.rate();
    (seconds * f64::from(rate.get())).round() as usize
}
