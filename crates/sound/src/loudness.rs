//! How loud sound is, and sound brought to a loudness: ITU-R BS.1770-4 and EBU R 128.
//!
//! The meter is our own and not a library's, because it keeps what a library does not give: the loudness and the peak of
//! every 5 ms. From them follows how much of a gain the limiter would take away again, without a further pass over the
//! sound. They take 8 bytes per 5 ms, 17 MB for 3 h.

mod meter;
mod model;

pub use meter::{LoudnessMeter, Measurement};
use strikeline_audio::{AudioError, AudioSource};

use crate::limiter::Limiter;
use crate::mix::Gain;

/// The loudness to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoudnessTarget {
    /// Integrated loudness, in LUFS: from -70 to 0.
    pub lufs: f64,
    /// The highest true peak, in dBTP: from -40 to 0.
    pub ceiling_dbtp: f64,
    /// The highest gain, in dB, so that next to nothing does not become loud: from 0 to 60.
    pub max_gain_db: f64,
    /// The most loudness that the limiter may take away again, in LU: from 0 to 12. Drums are short and high: to make them
    /// loud, hits must be turned down, and more than about 3 LU is heard as pressed.
    pub max_limiting_lu: f64,
}

impl Default for LoudnessTarget {
    /// -14 LUFS, as the large sites for music and video play sound; peaks up to -1 dBTP; a gain of up to 20 dB, of which
    /// the limiter takes up to 3 LU.
    fn default() -> LoudnessTarget {
        LoudnessTarget { lufs: -14.0, ceiling_dbtp: -1.0, max_gain_db: 20.0, max_limiting_lu: 3.0 }
    }
}

/// Why a loudness cannot be reached.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoudnessError {
    /// A value of the target is out of its range.
    #[error("{name} of {value} {unit} is not usable: give one from {lowest} to {highest} {unit}")]
    Target {
        /// Which value.
        name: &'static str,
        /// The value asked for.
        value: f64,
        /// What it is counted in.
        unit: &'static str,
        /// The lowest usable value.
        lowest: f64,
        /// The highest usable value.
        highest: f64,
    },
}

impl LoudnessTarget {
    /// Says whether all values are in their ranges.
    ///
    /// # Errors
    /// When one is not, or is not a number.
    pub fn check(&self) -> Result<(), LoudnessError> {
        let values = [
            ("a loudness", self.lufs, "LUFS", -70.0, 0.0),
            ("a ceiling", self.ceiling_dbtp, "dBTP", -40.0, 0.0),
            ("a highest gain", self.max_gain_db, "dB", 0.0, crate::mix::MAX_GAIN_DB),
            ("limiting", self.max_limiting_lu, "LU", 0.0, 12.0),
        ];
        for (name, value, unit, lowest, highest) in values {
            if !(lowest..=highest).contains(&value) {
                return Err(LoudnessError::Target { name, value, unit, lowest, highest });
            }
        }
        Ok(())
    }
}

/// What is done to bring sound to a loudness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoudnessPlan {
    /// The integrated loudness as it was measured, in LUFS; `None` where nothing is above -70 LUFS, or all is shorter than
    /// 400 ms.
    pub measured_lufs: Option<f64>,
    /// The gain, in whole hundredths of a dB; 0 for silence.
    pub gain_db: f64,
    /// The loudness that is expected behind the limiter, in LUFS. It is off the target where the gain has reached its
    /// highest, or where the limiter would have to take away too much.
    pub expected_lufs: Option<f64>,
}

/// Measures all of a source.
///
/// # Errors
/// When the source fails.
pub fn measure(mut source: impl AudioSource) -> Result<Measurement, AudioError> {
    let mut meter = LoudnessMeter::new(source.format());
    let mut block = vec![0.0; 2048 * source.format().samples_per_frame()];
    loop {
        let frames = source.read(&mut block)?;
        if frames == 0 {
            return Ok(meter.finish());
        }
        meter.add(&block[..frames * source.format().samples_per_frame()]);
    }
}

/// The sound of a source at a loudness. `make_source` is called twice and must give the same source both times: the first is
/// measured from its start to its end, before this returns; the second is what is heard.
///
/// # Errors
/// When the target is not usable ([`LoudnessError`]), or the source fails.
pub fn normalise<S, F>(
    mut make_source: F,
    target: &LoudnessTarget,
) -> Result<(Limiter<Gain<S>>, LoudnessPlan), AudioError>
where
    S: AudioSource,
    F: FnMut() -> Result<S, AudioError>,
{
    target.check()?;
    let plan = measure(make_source()?)?.plan(target);
    let source = Limiter::new(Gain::new(make_source()?, plan.gain_db)?, target.ceiling_dbtp)?;
    Ok((source, plan))
}

#[cfg(test)]
mod tests;
