//! Mixing down to stereo.

use std::f32::consts::FRAC_1_SQRT_2;

use proptest::prelude::*;
use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use strikeline_sound::channels::{ChannelLayout, Stereo};

/// The same frame over and over.
#[derive(Debug)]
struct Frame(Vec<f32>, usize);

impl AudioSource for Frame {
    fn format(&self) -> AudioFormat {
        AudioFormat::new(48_000, self.0.len() as u16).unwrap()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let frames = self.1.min(block.len() / self.0.len());
        for frame in block.chunks_exact_mut(self.0.len()).take(frames) {
            frame.copy_from_slice(&self.0);
        }
        self.1 -= frames;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.1 as u64)
    }
}

fn mixed(frame: &[f32]) -> [f32; 2] {
    let mut stereo = Stereo::new(Frame(frame.to_vec(), 3000)).unwrap();
    assert_eq!(stereo.format(), AudioFormat::STEREO_48K);
    assert_eq!(stereo.remaining(), Some(3000));
    let mut block = vec![9.0; 2 * 5000];
    assert_eq!(stereo.read(&mut block).unwrap(), 3000);
    assert!(block[..6000].chunks_exact(2).all(|frame| frame == &block[..2]));
    [block[0], block[1]]
}

#[test]
fn mono_and_stereo_are_as_loud_as_they_were() {
    assert_eq!(mixed(&[0.7]), [0.7, 0.7]);
    assert_eq!(mixed(&[0.7, -0.2]), [0.7, -0.2]);
}

#[test]
fn surround_is_mixed_as_bs_775_says_and_scaled_so_that_it_fits() {
    let scale = 1.0 / (1.0 + 2.0 * FRAC_1_SQRT_2);
    let near = |mixed: [f32; 2], [left, right]: [f32; 2]| {
        assert!(
            (mixed[0] - left).abs() < 1e-6 && (mixed[1] - right).abs() < 1e-6,
            "{mixed:?} {left} {right}"
        );
    };
    // Left, right, centre, low frequency, surround left and right.
    near(mixed(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]), [scale, 0.0]);
    near(mixed(&[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), [scale * FRAC_1_SQRT_2; 2]);
    near(mixed(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]), [0.0, 0.0]);
    near(mixed(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]), [0.0, scale * FRAC_1_SQRT_2]);
    near(mixed(&[1.0, 0.0, 0.0]), [1.0 / (1.0 + FRAC_1_SQRT_2), 0.0]);
}

#[test]
fn more_channels_need_known_positions() {
    let nine = || Frame(vec![0.5; 9], 10);
    let error = Stereo::new(nine()).unwrap_err();
    assert!(error.to_string().contains("9 channels"), "{error}");
    assert!(Stereo::with_layout(nine(), ChannelLayout::from_speakers(0x7ff & !0x30)).is_ok());
    // A layout for another number of channels does not count.
    assert!(Stereo::with_layout(nine(), ChannelLayout::usual(2)).is_err());
    // Nothing but low frequencies: taken as mono would be.
    assert!(Stereo::with_layout(Frame(vec![0.5], 10), ChannelLayout::from_speakers(8)).is_ok());
}

proptest! {
    #[test]
    fn what_is_within_full_scale_stays_there(frame in prop::collection::vec(-1.0f32..=1.0, 1..9)) {
        prop_assert!(mixed(&frame).iter().all(|sample| sample.abs() <= 1.0 + 1e-6));
    }
}
