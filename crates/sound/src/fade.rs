//! Sound that fades in and out at given sample frames.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

/// How the level goes from silence to full. Both have no kink that is heard as a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FadeCurve {
    /// Half a period of a cosine, (1 - cos πx) / 2: slow at both ends. Two sounds that are alike keep their level when one
    /// fades into the other.
    #[default]
    RaisedCosine,
    /// A quarter of a period of a sine, sin(πx / 2): two different sounds keep their power when one fades into the other.
    EqualPower,
}

impl FadeCurve {
    /// The factor at `x`, from 0 at 0 to 1 at 1.
    pub fn factor(self, x: f64) -> f32 {
        let x = x.clamp(0.0, 1.0);
        let factor = match self {
            FadeCurve::RaisedCosine => 0.5 - 0.5 * libm::cos(std::f64::consts::PI * x),
            FadeCurve::EqualPower => libm::sin(std::f64::consts::FRAC_PI_2 * x),
        };
        factor as f32
    }
}

/// A stretch of sample frames in which the level changes.
#[derive(Debug, Clone, Copy)]
struct Ramp {
    start: u64,
    frames: u64,
    curve: FadeCurve,
}

impl Ramp {
    /// The factor at a sample frame; rising. The middles of the sample frames lie on the curve, so that it is symmetric.
    fn factor(&self, frame: u64) -> f32 {
        if frame < self.start {
            0.0
        } else if frame - self.start >= self.frames {
            1.0
        } else {
            self.curve.factor(((frame - self.start) as f64 + 0.5) / self.frames as f64)
        }
    }

    /// The same, falling.
    fn falling(&self, frame: u64) -> f32 {
        if frame < self.start {
            1.0
        } else if frame - self.start >= self.frames {
            0.0
        } else {
            self.curve.factor((self.frames as f64 - (frame - self.start) as f64 - 0.5) / self.frames as f64)
        }
    }
}

/// A source that fades in and out. Its length stays.
#[derive(Debug, Clone)]
pub struct Faded<S> {
    source: S,
    position: u64,
    fade_in: Option<Ramp>,
    fade_out: Option<Ramp>,
}

impl<S: AudioSource> Faded<S> {
    /// The source as it is.
    pub fn new(source: S) -> Faded<S> {
        Faded { source, position: 0, fade_in: None, fade_out: None }
    }

    /// Silence up to sample frame `start` of the source, and `frames` sample frames until full level.
    #[must_use]
    pub fn fade_in(mut self, start: u64, frames: u64, curve: FadeCurve) -> Faded<S> {
        self.fade_in = Some(Ramp { start, frames, curve });
        self
    }

    /// Full level up to sample frame `start` of the source, and `frames` sample frames until silence, which then stays.
    #[must_use]
    pub fn fade_out(mut self, start: u64, frames: u64, curve: FadeCurve) -> Faded<S> {
        self.fade_out = Some(Ramp { start, frames, curve });
        self
    }
}

impl<S: AudioSource> AudioSource for Faded<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.source.format().samples_per_frame();
        let frames = self.source.read(block)?;
        let (first, end) = (self.position, self.position + frames as u64);
        let rises = self.fade_in.filter(|ramp| first < ramp.start.saturating_add(ramp.frames));
        let falls = self.fade_out.filter(|ramp| end > ramp.start);
        if rises.is_some() || falls.is_some() {
            for (frame, samples) in (first..end).zip(block.chunks_exact_mut(channels)) {
                let factor = rises.map_or(1.0, |ramp| ramp.factor(frame))
                    * falls.map_or(1.0, |ramp| ramp.falling(frame));
                for sample in samples {
                    *sample *= factor;
                }
            }
        }
        self.position = end;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        self.source.remaining()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Samples;
    use crate::testing::{read_all, read_in_blocks, stereo};

    fn ones(frames: usize) -> Samples {
        Samples::new(stereo(48_000), vec![1.0; 2 * frames])
    }

    #[test]
    fn a_fade_rises_without_steps_and_stays_at_full_level() {
        for curve in [FadeCurve::RaisedCosine, FadeCurve::EqualPower] {
            let samples = read_all(Faded::new(ones(1000)).fade_in(100, 480, curve));
            let left: Vec<f32> = samples.iter().copied().step_by(2).collect();
            assert!(left[..100].iter().all(|&sample| sample == 0.0));
            assert!(left[580..].iter().all(|&sample| sample == 1.0));
            for pair in left.windows(2) {
                assert!(pair[1] >= pair[0] && pair[1] - pair[0] < 0.005, "{curve:?} {pair:?}");
            }
        }
    }

    #[test]
    fn what_fades_out_while_the_other_fades_in_keeps_its_level_or_its_power() {
        for curve in [FadeCurve::RaisedCosine, FadeCurve::EqualPower] {
            let rising = read_all(Faded::new(ones(300)).fade_in(50, 200, curve));
            let falling = read_all(Faded::new(ones(300)).fade_out(50, 200, curve));
            for (up, down) in rising.iter().zip(&falling) {
                let sum = match curve {
                    FadeCurve::RaisedCosine => up + down,
                    FadeCurve::EqualPower => up * up + down * down,
                };
                assert!((sum - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_fade_of_no_length_is_a_cut() {
        let curve = FadeCurve::RaisedCosine;
        let samples = read_all(Faded::new(ones(4)).fade_in(1, 0, curve).fade_out(3, 0, curve));
        assert_eq!(samples, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        let late = Faded::new(ones(1)).fade_in(u64::MAX, u64::MAX, curve).fade_out(u64::MAX, u64::MAX, curve);
        assert_eq!(read_all(late), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn blocks_of_any_length_give_the_same_samples(blocks in prop::collection::vec(1_usize..90, 1..8)) {
            let make = || Faded::new(ones(400))
                .fade_in(20, 70, FadeCurve::EqualPower)
                .fade_out(300, 50, FadeCurve::RaisedCosine);
            prop_assert_eq!(read_in_blocks(make(), &blocks), read_all(make()));
        }
    }
}
