//! Plays MIDI messages with a SoundFont.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustysynth::{Synthesizer, SynthesizerSettings};
use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use strikeline_picture::Time;

use super::channels::Channels;
use super::{SoundFont, SoundFontError};
use crate::midi::{MidiEvent, MidiMessage};

/// Sample frames that are rendered at once. Messages take effect at the start of such a block, so each is at most half of
/// it too early or too late.
const BLOCK: usize = 16;

/// Notes of a SoundFont are silent at first, for 2^-10 s unless an instrument says otherwise (SoundFont specification, 8.1.3,
/// `delayVolEnv`: -12000 time cents). All messages take effect earlier by this part of a second, so that notes are heard at
/// their time.
const DELAYS_PER_SECOND: i64 = 1 << 10;

/// How much is played unheard before the sound begins, in seconds: what rings on from then is heard.
const RUN_UP: i64 = 10;

/// Notes that are begun in one block at most: more are not heard apart.
const NOTES_PER_BLOCK: u32 = 256;

/// How messages are played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MidiPlayerOptions {
    /// Factor of the volume; 1 is the synthesiser's own.
    pub gain: f32,
    /// Whether reverberation and chorus are added, as much as the song asks for (General MIDI: some reverberation).
    pub effects: bool,
    /// Voices that sound at once, 8 to 256; a note takes one or more.
    pub voices: u16,
}

impl Default for MidiPlayerOptions {
    fn default() -> MidiPlayerOptions {
        MidiPlayerOptions { gain: 1.0, effects: true, voices: 256 }
    }
}

/// A source of the stereo sound of MIDI messages, played with a SoundFont.
///
/// Notes begin within 8 sample frames of their time (0.17 ms at 48 kHz). What comes before the start is taken into account: programs and controllers are set, and notes that begin within the last ten seconds before it are heard as they
/// ring on, as are longer notes of instruments other than drums.
pub struct MidiPlayer {
    font_name: String,
    format: AudioFormat,
    synthesizer: Synthesizer,
    channels: Channels,
    /// In order of time.
    events: Vec<MidiEvent>,
    /// The next event.
    next: usize,
    /// Where the next block begins, in sample frames.
    position: i64,
    left: [f32; BLOCK],
    right: [f32; BLOCK],
    /// Sample frames of the block that were given already.
    used: usize,
    remaining: u64,
    started: bool,
}

impl MidiPlayer {
    /// A player of `events`, which are sorted by time (those at the same time stay in order). It gives `frames` sample frames
    /// at `rate` Hz.
    ///
    /// # Errors
    /// When the synthesiser does not play at this rate: it takes 16,000 to 192,000 Hz.
    pub fn new(
        font: &SoundFont,
        mut events: Vec<MidiEvent>,
        rate: u32,
        frames: u64,
        options: &MidiPlayerOptions,
    ) -> Result<MidiPlayer, SoundFontError> {
        let mut settings = SynthesizerSettings::new(i32::try_from(rate).unwrap_or(i32::MAX));
        settings.block_size = BLOCK;
        settings.maximum_polyphony = usize::from(options.voices.clamp(8, 256));
        settings.enable_reverb_and_chorus = options.effects;
        let refuse = || SoundFontError::Rate { rate };
        let mut synthesizer = Synthesizer::new(&font.bank, &settings).map_err(|_| refuse())?;
        let format = AudioFormat::new(rate, 2).map_err(|_| refuse())?;
        let gain = if options.gain.is_finite() { options.gain.max(0.0) } else { 1.0 };
        let volume = synthesizer.get_master_volume() * gain;
        synthesizer.set_master_volume(volume);
        events.sort_by_key(|event| event.time);
        Ok(MidiPlayer {
            font_name: font.name.clone(),
            format,
            synthesizer,
            channels: Channels::new(&font.bank, volume),
            events,
            next: 0,
            position: 0,
            left: [0.0; BLOCK],
            right: [0.0; BLOCK],
            used: BLOCK,
            remaining: frames,
            started: false,
        })
    }

    /// The block in which a message takes effect: where it begins, in sample frames.
    fn block_of(&self, time: Time) -> i64 {
        let block = BLOCK as i64;
        let early = (i64::from(self.format.rate().get()) + DELAYS_PER_SECOND / 2) / DELAYS_PER_SECOND;
        let frame = self.format.frames_at(time.as_nanos()).saturating_sub(early);
        frame.saturating_add(block / 2).div_euclid(block).saturating_mul(block)
    }

    /// Plays unheard what comes before the start.
    fn run_up(&mut self) -> Result<(), AudioError> {
        let earliest = i64::from(self.format.rate().get()) * -RUN_UP;
        let earliest = earliest.div_euclid(BLOCK as i64) * BLOCK as i64;
        // The notes that are held when the run-up begins: their velocities by channel and key.
        let mut held = vec![0_u8; 16 * 128];
        let place = |channel: u8, key: u8| usize::from(channel & 0x0F) * 128 + usize::from(key & 0x7F);
        while let Some(event) = self.events.get(self.next)
            && self.block_of(event.time) < earliest
        {
            match event.message {
                MidiMessage::NoteOn { channel, key, velocity } => held[place(channel, key)] = velocity & 0x7F,
                MidiMessage::NoteOff { channel, key } => held[place(channel, key)] = 0,
                message => self.channels.play(message, &mut self.synthesizer),
            }
            self.next += 1;
        }
        for (index, velocity) in held.into_iter().enumerate().filter(|(_, velocity)| *velocity > 0) {
            let (channel, key) = ((index / 128) as u8, (index % 128) as u8);
            // Drums often have no end, and have rung out.
            if !self.channels.is_drum_part(channel) {
                self.channels.play(MidiMessage::NoteOn { channel, key, velocity }, &mut self.synthesizer);
            }
        }
        // From the first message on, or from the first held note.
        let first = self.events.get(self.next).map_or(0, |event| self.block_of(event.time));
        let holds = self.events.get(..self.next).is_some_and(|before| !before.is_empty());
        self.position = if holds { earliest } else { first.clamp(earliest, 0) };
        while self.position < 0 {
            self.render()?;
        }
        Ok(())
    }

    /// Renders the next block.
    fn render(&mut self) -> Result<(), AudioError> {
        let mut notes = 0;
        while let Some(event) = self.events.get(self.next).copied()
            && self.block_of(event.time) <= self.position
        {
            self.next += 1;
            if matches!(event.message, MidiMessage::NoteOn { .. }) {
                notes += 1;
                if notes > NOTES_PER_BLOCK {
                    continue;
                }
            }
            self.channels.play(event.message, &mut self.synthesizer);
        }
        let (synthesizer, left, right) = (&mut self.synthesizer, &mut self.left, &mut self.right);
        // The player is not read again when it fails, so what state the synthesiser is in does not matter.
        let rendered = catch_unwind(AssertUnwindSafe(|| synthesizer.render(left, right)));
        // Damaged filters can grow beyond all bounds.
        if rendered.is_err() || !left.iter().chain(&*right).all(|sample| sample.is_finite()) {
            self.remaining = 0;
            let seconds = self.position as f64 / f64::from(self.format.rate().get());
            return Err(SoundFontError::Stopped { name: self.font_name.clone(), seconds }.into());
        }
        self.position += BLOCK as i64;
        self.used = 0;
        Ok(())
    }
}

impl AudioSource for MidiPlayer {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let wanted = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(block.len() / 2);
        if wanted > 0 && !self.started {
            self.started = true;
            self.run_up()?;
            self.used = BLOCK;
        }
        let mut frames = block.chunks_exact_mut(2).take(wanted);
        let mut given = 0;
        while given < wanted {
            if self.used == BLOCK {
                self.render()?;
            }
            let samples = self.left.iter().zip(&self.right).skip(self.used);
            for ((left, right), frame) in samples.zip(&mut frames) {
                frame.copy_from_slice(&[*left, *right]);
                self.used += 1;
                given += 1;
            }
        }
        self.remaining -= given as u64;
        Ok(given)
    }

    fn remaining(&self) -> Option<u64> {
        Some(self.remaining)
    }
}
