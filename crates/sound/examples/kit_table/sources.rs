//! What the figures are measured on: the kit, or a SoundFont.

use std::path::Path;
use std::sync::Arc;

use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};
use strikeline_audio::AudioSource;
use strikeline_sound::kit::{DrumKit, DrumPlayer, Hit};

use crate::Failure;
use crate::measure::Stereo;

/// How long a sound is rendered, in seconds.
const SECONDS: usize = 7;

pub(crate) enum Source {
    Kit(Arc<DrumKit>),
    SoundFont { name: String, font: Arc<SoundFont>, rate: u32 },
}

impl Source {
    pub(crate) fn kit(rate: u32) -> Result<Source, Failure> {
        Ok(Source::Kit(Arc::new(DrumKit::new(rate)?)))
    }

    pub(crate) fn soundfont(path: &Path, rate: u32) -> Result<Source, Failure> {
        let mut file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let font = Arc::new(SoundFont::new(&mut file)?);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Source::SoundFont { name, font, rate })
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Source::Kit(_) => "kit",
            Source::SoundFont { name, .. } => name,
        }
    }

    /// One hit, from its onset or a little before.
    pub(crate) fn play(&mut self, key: u8, velocity: u8) -> Result<Stereo, Failure> {
        match self {
            Source::Kit(kit) => {
                let hit = Hit { time: strikeline_picture::Time::ZERO, key, velocity, damped: None };
                let frames = kit.rate() as usize * SECONDS;
                let mut player = DrumPlayer::new(kit, [hit], frames as u64);
                let mut samples = vec![0.0; frames * 2];
                player.read(&mut samples).map_err(|error| error.to_string())?;
                Ok(samples.chunks_exact(2).map(|frame| [frame[0], frame[1]]).collect())
            }
            Source::SoundFont { font, rate, .. } => {
                let mut settings = SynthesizerSettings::new(*rate as i32);
                settings.enable_reverb_and_chorus = false;
                let mut synthesizer = Synthesizer::new(font, &settings)?;
                let frames = *rate as usize * SECONDS;
                let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
                synthesizer.note_on(9, i32::from(key), i32::from(velocity));
                synthesizer.render(&mut left, &mut right);
                Ok(left.into_iter().zip(right).map(|(left, right)| [left, right]).collect())
            }
        }
    }
}
