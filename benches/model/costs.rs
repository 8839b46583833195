//! How long each stage takes for each frame.

use std::time::Duration;

use strikeline_picture::FrameIndex;
use wgpu_video::stream::Stage;

/// How much the costs vary from frame to frame. The mean is 1 in any case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Jitter {
    /// Not at all.
    None,
    /// Evenly, from 0.5 to 1.5.
    Uniform,
    /// Mostly a little less, now and then two or three times as much: log-normal, σ = 0.5.
    LogNormal,
}

/// The costs of a frame, each on a device or a core of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Costs {
    /// What the device takes to draw it.
    pub render: Duration,
    /// What the device takes to copy it into its slot.
    pub readback: Duration,
    /// What an encoder takes.
    pub encode: Duration,
    /// How much they vary.
    pub jitter: Jitter,
    /// The same seed gives the same costs.
    pub seed: u64,
}

impl Costs {
    /// Stages that cost nothing.
    pub(crate) const NOTHING: Costs = Costs {
        render: Duration::ZERO,
        readback: Duration::ZERO,
        encode: Duration::ZERO,
        jitter: Jitter::None,
        seed: 0,
    };

    /// What `stage` takes for `frame`. It does not depend on when or where that is.
    pub(crate) fn of(&self, stage: Stage, frame: FrameIndex) -> Duration {
        let mean = match stage {
            Stage::Render => self.render,
            Stage::Readback => self.readback,
            Stage::Encode => self.encode,
            Stage::Write | Stage::Sound => Duration::ZERO,
        };
        let place = self.seed ^ (frame.0 * 8 + stage as u64 * 2);
        match self.jitter {
            Jitter::None => mean,
            Jitter::Uniform => mean.mul_f64(0.5 + unit(place)),
            Jitter::LogNormal => {
                let (radius, angle) = (unit(place), unit(place + 1));
                let normal = (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
                mean.mul_f64((0.5 * normal - 0.125).exp())
            }
        }
    }

    /// All frames' costs of `stage`.
    pub(crate) fn sum(&self, stage: Stage, frames: u64) -> Duration {
        (0..frames).map(|frame| self.of(stage, FrameIndex(frame))).sum()
    }
}

/// A number from 0 to below 1 that looks random: SplitMix64 (Steele, Lea, Flood, 2014).
fn unit(place: u64) -> f64 {
    let mut mixed = place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}
