//! The recording of `--audio`.

use std::sync::{Arc, Mutex, PoisonError};

use strikeline::song::Song;
use strikeline::sound::{RecordingPiece, recording_pieces};
use strikeline_audio::{AudioError, AudioFormat, AudioSource, PacketSource};
use strikeline_picture::Time;
use strikeline_sound::align::Alignment;
use strikeline_sound::channels::Stereo;
use strikeline_sound::recording::{
    CannotCopy, Damage, Recording, RecordingError, RecordingOptions, RecordingSource,
};
use strikeline_sound::resample::Resampled;
use strikeline_sound::stretch::{Piece, Pieces};
use strikeline_sound::{LeadIn, SeekableSource};

use super::span::VideoSpan;

/// How long the passages of a loop fade into each other.
const SEAM: Time = Time::from_nanos(8_000_000);

/// A recording, and where in the written song it begins.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub recording: Recording,
    /// The moment of the written song at which the recording begins.
    pub offset: Time,
    /// How that was found, if it was not given.
    pub found: Option<Alignment>,
    /// What was found to be damaged.
    pub damage: DamageLog,
}

/// A source, and the sample frame of the video at which it begins.
pub(super) struct Placed {
    pub source: Box<dyn AudioSource>,
    pub begins: i64,
}

/// Warnings that come up while the recording is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct DamageLog(Arc<Mutex<Vec<String>>>);

impl DamageLog {
    /// All warnings so far, each once.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, warnings: Vec<String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in warnings {
            if !known.contains(&warning) {
                known.push(warning);
            }
        }
    }
}

/// A source of a recording that leaves its warnings in a log.
struct Logged {
    source: RecordingSource,
    log: DamageLog,
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.log.add(self.source.warnings());
    }
}

impl AudioSource for Logged {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        self.source.read(block)
    }

    fn remaining(&self) -> Option<u64> {
        self.source.remaining()
    }
}

impl SeekableSource for Logged {
    fn seek(&mut self, frame: u64) -> Result<(), AudioError> {
        Ok(self.source.seek(frame)?)
    }
}

impl Recorded {
    /// Looks at the file.
    pub(super) fn open(path: &std::path::Path, damage: Damage) -> Result<Recording, RecordingError> {
        Recording::open(path, RecordingOptions { damage, ..RecordingOptions::default() })
    }

    fn format(&self) -> AudioFormat {
        self.recording.info().format
    }

    /// The sample frame of the recording that is heard at `written` of the song; negative before its start.
    fn frame_at(&self, written: Time) -> i64 {
        self.format().frames_at((written - self.offset).as_nanos())
    }

    /// What is heard of it during `span` of the played `song`, in stereo at `rate` Hz; `None` when nothing is.
    ///
    /// # Errors
    /// When the file cannot be read, or its rate or channels cannot be converted.
    pub(super) fn source(
        &self,
        song: &Song,
        span: &VideoSpan,
        rate: u32,
    ) -> Result<Option<Placed>, AudioError> {
        let timeline = song.timeline();
        let Some((first, played)) =
            recording_pieces(timeline, self.offset, span.start, span.end(), self.format())
        else {
            return Ok(None);
        };
        let begins = AudioFormat::new(rate, 2)?.frames_at((first - span.start).as_nanos());
        let earliest = played.iter().map(|piece| piece.start).min().unwrap_or(0);
        let lead = if earliest < 0 { earliest.unsigned_abs() } else { 0 };
        let piece = |piece: &RecordingPiece| Piece {
            start: piece.start.saturating_add_unsigned(lead).unsigned_abs(),
            frames: piece.frames,
            speed: piece.speed,
        };
        let logged = Logged { source: self.recording.source()?, log: self.damage.clone() };
        let seam = self.format().frames_at(SEAM.as_nanos()).unsigned_abs();
        let pieces = Pieces::new(LeadIn::new(logged, lead), played.iter().map(piece).collect(), seam)?;
        let stereo = Stereo::with_layout(pieces, self.recording.info().layout)?;
        Ok(Some(Placed { source: Box::new(Resampled::new(stereo, rate)?), begins }))
    }

    /// Its packets for a video of `span` of the song as written, to be copied.
    ///
    /// # Errors
    /// When the file cannot be read; the inner error says why it cannot be copied.
    pub(super) fn packets(
        &self,
        span: &VideoSpan,
    ) -> Result<Result<Box<dyn PacketSource>, CannotCopy>, RecordingError> {
        let start = self.frame_at(span.start);
        let frames = span.sample_frames(self.format());
        let packets = self.recording.packets(start, Some(frames))?;
        Ok(packets.map(|packets| Box::new(packets) as Box<dyn PacketSource>))
    }

    /// What a user ought to know of how the recording fits the video.
    pub(super) fn warnings(&self, song: &Song, span: &VideoSpan, is_as_written: bool) -> Vec<String> {
        let info = self.recording.info();
        let mut warnings = info.warnings.clone();
        // In a loop, much of the recording is not to be heard.
        let (Some(seconds), true) = (info.seconds(), is_as_written) else {
            return warnings;
        };
        let played = |written| song.timeline().outputs_of(written).next();
        let Some((begins, ends)) = played(self.offset).zip(played(self.offset + Time::from_seconds(seconds)))
        else {
            return warnings;
        };
        // Nor is it in a part that was asked for.
        let is_to_the_end = span.tail.is_some();
        let behind = (ends - span.end()).as_seconds();
        let missing = (song.last_note() - ends).as_seconds();
        if begins >= span.end() || ends <= span.start {
            warnings.push("nothing of the recording is heard: it does not overlap with the video".to_owned());
        } else if !is_to_the_end {
            return warnings;
        } else if behind > 1.0 {
            warnings.push(format!(
                "the recording goes on for {behind:.1} s after the end of the video; --tail makes the video longer"
            ));
        } else if missing > 1.0 {
            warnings.push(format!("the recording ends {missing:.1} s before the last note"));
        }
        warnings
    }
}
