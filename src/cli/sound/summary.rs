//! What the sound of a video is, for its reports.

use std::sync::{Arc, Mutex, PoisonError};

use strikeline_audio::AudioFormat;
use strikeline_sound::align::Alignment;
use strikeline_sound::loudness::{LoudnessPlan, LoudnessTarget};

use super::recorded::DamageLog;
use crate::cli::words::song_time;

/// What the sound of a video is.
#[derive(Debug, Clone)]
pub(crate) struct SoundSummary {
    /// What is heard.
    pub(super) sources: Vec<String>,
    /// Whether the packets of a recording are copied.
    pub(super) copied: bool,
    pub(super) codec: String,
    pub(super) format: AudioFormat,
    /// Where the recording begins in the song, in seconds; `None` without a recording.
    pub(super) offset: Option<f64>,
    /// How that was found, if it was.
    pub(super) found: Option<Alignment>,
    pub(super) loudness: Arc<Mutex<Option<LoudnessPlan>>>,
    /// The loudness that is wanted, if one is.
    pub(super) target: Option<LoudnessTarget>,
    pub(super) damage: DamageLog,
}

impl SoundSummary {
    /// In words, for the end of a run.
    pub(crate) fn text(&self) -> String {
        let how = if self.copied { "copied" } else { "encoded" };
        let loudness = match self.loudness().and_then(|plan| Some((plan, plan.expected_lufs?))) {
            Some((plan, lufs)) => format!("; {lufs:.1} LUFS{}", self.why_off_target(plan, lufs)),
            None => String::new(),
        };
        let mut text =
            format!("sound: {}; {how} as {}, {}{loudness}", self.sources.join(", "), self.codec, self.format);
        if let Some(found) = self.found {
            let offset = song_time(found.offset.as_seconds());
            text.push_str(&format!("\nthe recording begins at {offset} of the song, as its hits show"));
            if found.lead.is_finite() {
                text.push_str(&format!(" ({:.1} standard errors better than any other place)", found.lead));
            }
        }
        text
    }

    /// Why the loudness is `lufs` and not what was wanted, if it is more than rounding that keeps it off.
    fn why_off_target(&self, plan: LoudnessPlan, lufs: f64) -> String {
        let Some(target) = self.target.filter(|target| lufs < target.lufs - 0.1) else {
            return String::new();
        };
        let wanted = target.lufs;
        if plan.gain_db >= target.max_gain_db {
            return format!(
                ", not {wanted}: it is so soft that it would have to be raised by more than {} dB",
                target.max_gain_db
            );
        }
        format!(
            ", not {wanted}: peaks stay under {} dBTP, and louder they would have to be pressed too much",
            target.ceiling_dbtp
        )
    }

    /// The same for scripts.
    pub(crate) fn json(&self) -> serde_json::Value {
        let loudness = self.loudness();
        serde_json::json!({
            "sources": self.sources,
            "copied": self.copied,
            "codec": self.codec,
            "sample_rate": self.format.rate(),
            "channels": self.format.channels(),
            "audio_offset_seconds": self.offset,
            "audio_offset_lead": self.found.map(|found| found.lead).filter(|lead| lead.is_finite()),
            "measured_lufs": loudness.and_then(|plan| plan.measured_lufs),
            "gain_db": loudness.map(|plan| plan.gain_db),
            "expected_lufs": loudness.and_then(|plan| plan.expected_lufs),
            "warnings": self.damage.warnings(),
        })
    }

    /// What came up while the sound was made.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.damage.warnings()
    }

    fn loudness(&self) -> Option<LoudnessPlan> {
        *self.loudness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
