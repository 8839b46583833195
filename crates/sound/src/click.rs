//! The metronome.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use strikeline_picture::Time;

/// A beat that clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Click {
    /// When, from the moment at which the sound begins; negative for what comes before.
    pub time: Time,
    /// How it sounds.
    pub accent: Accent,
}

/// How strong a beat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accent {
    /// The first beat of a bar: higher and louder.
    Strong,
    /// Any other beat.
    Weak,
}

/// How a click sounds: a sine with some of its octave, which fades away.
struct Sound {
    /// In Hz.
    pitch: f64,
    /// The highest level that it reaches, as a part of full scale.
    level: f64,
}

impl Accent {
    /// An octave between a strong and a weak click would sound like a tune; a fifth is told apart as easily.
    const fn sound(self) -> Sound {
        match self {
            Accent::Strong => Sound { pitch: 1_760.0, level: 0.5 },
            Accent::Weak => Sound { pitch: 1_174.66, level: 0.35 },
        }
    }
}

/// How long a click lasts, in seconds.
const LENGTH: f64 = 0.06;
/// It is louder than half of its highest level after this time already, in seconds: a short rise takes the harshness away.
const RISE: f64 = 0.000_5;
/// It falls to 1/e in this time, in seconds.
const DECAY: f64 = 0.011;

/// A source of clicks, each of which begins at the very sample frame of its time.
///
/// The first sample of a click is not zero. A click lasts 60 ms, and clicks that are closer overlap. All channels get the
/// same. The level is at most 0.5 of full scale for a click by itself, times the gain.
pub struct ClickTrack {
    format: AudioFormat,
    clicks: Vec<(i64, Accent)>,
    /// The first click that may still sound.
    next: usize,
    position: i64,
    remaining: u64,
    strong: Vec<f32>,
    weak: Vec<f32>,
}

impl ClickTrack {
    /// The clicks, in any order, for `frames` sample frames. `gain` is a factor of the level.
    pub fn new(
        clicks: impl IntoIterator<Item = Click>,
        format: AudioFormat,
        frames: u64,
        gain: f32,
    ) -> ClickTrack {
        let place = |click: Click| (format.frames_at(click.time.as_nanos()), click.accent);
        let mut clicks: Vec<_> = clicks.into_iter().map(place).collect();
        // Of two at the same time, the strong one is heard.
        clicks.sort_by_key(|(position, accent)| (*position, *accent == Accent::Weak));
        clicks.dedup_by_key(|(position, _)| *position);
        ClickTrack {
            format,
            clicks,
            next: 0,
            position: 0,
            remaining: frames,
            strong: waveform(Accent::Strong, format, gain),
            weak: waveform(Accent::Weak, format, gain),
        }
    }
}

/// The samples of a click.
fn waveform(accent: Accent, format: AudioFormat, gain: f32) -> Vec<f32> {
    let rate = f64::from(format.rate().get());
    let Sound { pitch, level } = accent.sound();
    let gain = if gain.is_finite() { f64::from(gain) } else { 1.0 };
    let length = (rate * LENGTH).max(1.0) as usize;
    // What is above half of the rate would be heard at another pitch.
    let octave = if pitch * 2.0 < rate / 2.0 { 0.3 } else { 0.0 };
    let sample = |index: usize| {
        // The middle of the first sample, so that it is heard.
        let time = (index as f64 + 0.5) / rate;
        let rise = (time / RISE).min(1.0);
        let fade = ((LENGTH - time) / LENGTH).clamp(0.0, 1.0);
        let envelope = rise * fade * libm::exp(-time / DECAY);
        let phase = std::f64::consts::TAU * pitch * time;
        let wave = libm::sin(phase) + octave * libm::sin(phase * 2.0);
        envelope * wave
    };
    let peak = (0..length).map(|index| sample(index).abs()).fold(f64::MIN_POSITIVE, f64::max);
    (0..length).map(|index| (sample(index) / peak * level * gain) as f32).collect()
}

impl AudioSource for ClickTrack {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.format.samples_per_frame();
        let frames = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(block.len() / channels);
        let block = block.get_mut(..frames * channels).unwrap_or_default();
        block.fill(0.0);
        let end = self.position + frames as i64;
        let longest = self.strong.len().max(self.weak.len()) as i64;
        while let Some((position, _)) = self.clicks.get(self.next)
            && position.saturating_add(longest) <= self.position
        {
            self.next += 1;
        }
        let sounding = self.clicks.get(self.next..).unwrap_or_default();
        for (position, accent) in sounding.iter().take_while(|(position, _)| *position < end) {
            let waveform = if *accent == Accent::Strong { &self.strong } else { &self.weak };
            // Where the click begins in the block, or how much of it is over.
            let begins = usize::try_from(position - self.position).unwrap_or(0);
            let over = usize::try_from(self.position - position).unwrap_or(0);
            let samples = waveform.get(over..).unwrap_or_default();
            for (frame, sample) in block.chunks_exact_mut(channels).skip(begins).zip(samples) {
                frame.iter_mut().for_each(|channel| *channel += sample);
            }
        }
        self.position = end;
        self.remaining -= frames as u64;
        Ok(frames)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.remaining)
    }
}
