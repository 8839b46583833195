//! A limiter of true peaks that looks ahead.
//!
//! True peaks are those of the sound between its samples, found at four times the sample rate as ITU-R BS.1770-4, Annex 2
//! describes. Ahead of each peak the level falls smoothly, and rises again after it. What comes out is aligned to the very
//! sample with what goes in, and as long.

mod detector;
mod smoother;

use std::collections::VecDeque;

use detector::PeakDetector;
use smoother::Smoother;
use strikeline_audio::{AudioError, AudioFormat, AudioSource};

use crate::seek;

/// Sample frames that are taken from the source at once.
const BLOCK: usize = 1024;

/// How far below the asked ceiling the limiter stays: a level that changes shifts peaks, and meters interpolate in other ways.
pub(crate) const MARGIN_DB: f64 = 0.3;

/// How fast the level rises again behind a peak: in seconds, to 63 %.
pub(crate) const RELEASE_SECONDS: f64 = smoother::RELEASE;

/// Why a ceiling cannot be kept.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("a ceiling of {decibels} dBTP is not usable: give one from -40 to 0 dBTP")]
pub struct CeilingError {
    /// The ceiling asked for.
    pub decibels: f64,
}

/// A source whose true peaks do not pass a ceiling.
///
/// All channels are turned down alike, so that nothing moves between left and right. Samples that are not finite count as 0.
#[derive(Debug)]
pub struct Limiter<S> {
    source: S,
    channels: usize,
    detector: PeakDetector,
    smoother: Smoother,
    /// Interleaved samples: those already given that the detector still needs, and those not yet given.
    input: Vec<f32>,
    /// Sample frames of `input` whose peaks are known.
    detected: usize,
    /// Sample frames taken from the source and not yet given.
    held: u64,
    ended: bool,
    /// Peak gains of a block, for the smoother.
    gains: Vec<u32>,
    /// Limited samples that are not yet given.
    output: VecDeque<f32>,
    /// Sample frames of silence in front of the first, that are not given.
    lead: usize,
    lowest: u32,
}

impl<S: AudioSource> Limiter<S> {
    /// Limits `source` to true peaks of `ceiling_dbtp`: dB relative to full scale, from -40 to 0. Usual is -1.
    ///
    /// # Errors
    /// When the ceiling is outside that range or not a number.
    pub fn new(source: S, ceiling_dbtp: f64) -> Result<Limiter<S>, CeilingError> {
        if !(-40.0..=0.0).contains(&ceiling_dbtp) {
            return Err(CeilingError { decibels: ceiling_dbtp });
        }
        let ceiling = libm::pow(10.0, (ceiling_dbtp - MARGIN_DB) / 20.0) as f32;
        let format = source.format();
        let channels = format.samples_per_frame();
        let smoother = Smoother::new(format.rate().get());
        let history = smoother.delay().max(detector::REACH);
        Ok(Limiter {
            source,
            channels,
            detector: PeakDetector::new(ceiling, channels),
            // Peaks of the first samples may lie in front of them, in the silence there.
            input: vec![0.0; (history + detector::REACH) * channels],
            detected: history,
            held: 0,
            ended: false,
            gains: Vec::new(),
            output: VecDeque::new(),
            lead: smoother.delay() + detector::REACH,
            lowest: smoother::FULL,
            smoother,
        })
    }

    /// How far the loudest peak so far was turned down, in dB; 0 if none was.
    pub fn reduction_db(&self) -> f64 {
        0.0 - 20.0 * libm::log10(f64::from(self.lowest) / f64::from(smoother::FULL))
    }

    /// Takes a block from the source and limits what can be limited.
    fn fill(&mut self) -> Result<(), AudioError> {
        let start = self.input.len();
        self.input.resize(start + BLOCK * self.channels, 0.0);
        if !self.ended {
            let read = seek::read_fully(&mut self.source, &mut self.input[start..])?;
            self.ended = read < BLOCK;
            self.held += read as u64;
            self.input[start + read * self.channels..].fill(0.0);
            for sample in &mut self.input[start..] {
                if !sample.is_finite() {
                    *sample = 0.0;
                }
            }
        }
        let first = self.detected;
        self.gains.clear();
        self.detected = self.detector.detect(&self.input, first, &mut self.gains);

        let delay = self.smoother.delay();
        let frames = self.input.chunks_exact(self.channels).skip(first - delay);
        for (frame, peak_gain) in frames.zip(&self.gains) {
            let gain = self.smoother.next(*peak_gain);
            if self.lead > 0 {
                self.lead -= 1;
                continue;
            }
            if self.held == 0 {
                break;
            }
            self.held -= 1;
            if gain == smoother::FULL {
                self.output.extend(frame);
            } else {
                self.lowest = self.lowest.min(gain);
                let factor = gain as f32 * (1.0 / smoother::FULL as f32);
                self.output.extend(frame.iter().map(|sample| sample * factor));
            }
        }
        let unneeded = self.detected - delay.max(detector::REACH);
        self.input.drain(..unneeded * self.channels);
        self.detected -= unneeded;
        Ok(())
    }
}

impl<S: AudioSource> AudioSource for Limiter<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let mut filled = 0;
        while filled < block.len() {
            if self.output.is_empty() {
                if self.ended && self.held == 0 {
                    break;
                }
                self.fill()?;
            }
            let take = self.output.len().min(block.len() - filled);
            for (to, from) in block[filled..].iter_mut().zip(self.output.drain(..take)) {
                *to = from;
            }
            filled += take;
        }
        Ok(filled / self.channels)
    }

    fn remaining(&self) -> Option<u64> {
        let ready = (self.output.len() / self.channels) as u64;
        let to_come = if self.ended { 0 } else { self.source.remaining()? };
        Some(to_come + self.held + ready)
    }
}

#[cfg(test)]
mod tests;
