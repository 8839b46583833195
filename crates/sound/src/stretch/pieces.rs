//! Pieces of a source one behind the other: loops, and passages at other speeds.

use std::collections::VecDeque;

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

use super::{SpeedError, Stretched};
use crate::fade::FadeCurve;
use crate::seek::{self, SeekableSource};

/// A piece of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Its first sample frame in the source.
    pub start: u64,
    /// Its sample frames in the source; what lies behind the end of the source is silence.
    pub frames: u64,
    /// How fast it is played, at the same pitch.
    pub speed: f64,
}

/// Why pieces cannot be played.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PiecesError {
    /// The speed of a piece is not usable.
    #[error("piece {piece}: {source}")]
    Speed {
        /// Which piece, counted from 1.
        piece: usize,
        /// Why.
        source: SpeedError,
    },
}

impl Piece {
    /// The sample frames for which it is heard: those of the source divided by the speed, rounded.
    pub fn heard(&self) -> u64 {
        if self.speed == 1.0 { self.frames } else { (self.frames as f64 / self.speed).round() as u64 }
    }
}

/// Pieces of a source one behind the other, each at its own speed.
///
/// Where they meet, the old piece fades out while what lies in front of the new piece fades in; the fade ends where the new
/// piece begins, so that a hit on its first sample frame is whole. The length is the sum of what the pieces are heard for.
pub struct Pieces<S> {
    format: AudioFormat,
    player: Option<Player<S>>,
    /// The piece that is played, and those to come.
    pieces: VecDeque<Piece>,
    /// Sample frames of a fade, at most.
    fade: u64,
    /// Sample frames of the piece that are still to come in front of the next fade.
    left: u64,
    started: bool,
    output: VecDeque<f32>,
}

enum Player<S> {
    Plain(S),
    Stretched(Box<Stretched<S>>),
}

impl<S: AudioSource> Player<S> {
    fn read_fully(&mut self, block: &mut [f32]) -> Result<(), AudioError> {
        let (channels, read) = match self {
            Player::Plain(source) => (source.format().samples_per_frame(), seek::read_fully(source, block)?),
            Player::Stretched(source) => {
                (source.format().samples_per_frame(), seek::read_fully(source.as_mut(), block)?)
            }
        };
        block[read * channels..].fill(0.0);
        Ok(())
    }

    fn skip(&mut self, frames: u64) -> Result<(), AudioError> {
        match self {
            Player::Plain(source) => seek::skip(source, frames)?,
            Player::Stretched(source) => seek::skip(source.as_mut(), frames)?,
        };
        Ok(())
    }

    fn into_source(self) -> S {
        match self {
            Player::Plain(source) => source,
            Player::Stretched(source) => source.into_inner(),
        }
    }
}

impl<S: SeekableSource> Pieces<S> {
    /// Plays `pieces` of `source` with cross-fades of `fade` sample frames (5 to 10 ms are usual; 0 is none), shorter where a
    /// piece is shorter.
    ///
    /// # Errors
    /// When a speed is not usable.
    pub fn new(source: S, pieces: Vec<Piece>, fade: u64) -> Result<Pieces<S>, PiecesError> {
        for (n, piece) in pieces.iter().enumerate() {
            if !super::SPEEDS.contains(&piece.speed) {
                let source = SpeedError { speed: piece.speed };
                return Err(PiecesError::Speed { piece: n + 1, source });
            }
        }
        let format = source.format();
        // No longer than a second, so that little is held in memory.
        let fade = fade.min(u64::from(format.rate().get()));
        Ok(Pieces {
            format,
            player: Some(Player::Plain(source)),
            pieces: pieces.into(),
            fade,
            left: 0,
            started: false,
            output: VecDeque::new(),
        })
    }

    /// Goes to the first of `pieces`, `lead` sample frames of what is heard in front of it.
    fn start(&mut self, lead: u64) -> Result<(), AudioError> {
        let (Some(player), Some(piece)) = (self.player.take(), self.pieces.front().copied()) else {
            return Ok(());
        };
        let mut source = player.into_source();
        if piece.speed == 1.0 {
            let silence = lead.saturating_sub(piece.start);
            source.seek(piece.start - (lead - silence))?;
            self.output_silence(silence);
            self.player = Some(Player::Plain(source));
        } else {
            // It begins earlier than the lead, so that hits have come to their places; what is too much is read away.
            let before = lead + u64::from(self.format.rate().get()) / 5;
            let ahead = ((before as f64 * piece.speed) as u64).min(piece.start);
            source.seek(piece.start - ahead)?;
            let heard = (ahead as f64 / piece.speed).round() as u64;
            let mut player = Player::Stretched(Box::new(Stretched::new(source, piece.speed)?));
            player.skip(heard.saturating_sub(lead))?;
            self.output_silence(lead.saturating_sub(heard));
            self.player = Some(player);
        }
        Ok(())
    }

    fn output_silence(&mut self, frames: u64) {
        self.output.extend(std::iter::repeat_n(0.0, frames as usize * self.format.samples_per_frame()));
    }

    /// The fade at the end of the first of `pieces`.
    fn fade_behind(&self) -> u64 {
        match (self.pieces.front(), self.pieces.get(1)) {
            (Some(piece), Some(_)) => self.fade.min(piece.heard()),
            _ => 0,
        }
    }

    /// Fades from the first of `pieces` to the next, and goes on with that.
    fn next_piece(&mut self) -> Result<(), AudioError> {
        let channels = self.format.samples_per_frame();
        let frames = self.fade_behind();
        let mut old = vec![0.0; frames as usize * channels];
        if let Some(player) = &mut self.player {
            player.read_fully(&mut old)?;
        }
        self.pieces.pop_front();
        self.start(frames)?;
        // What lies in front of the source is silence, and is already in `output`.
        let silence = self.output.len();
        let mut new = vec![0.0; old.len()];
        if let Some(player) = &mut self.player {
            player.read_fully(&mut new[silence..])?;
        }
        self.output.clear();
        for (n, (old, new)) in old.iter().zip(&new).enumerate() {
            let share = FadeCurve::RaisedCosine.factor(((n / channels) as f64 + 0.5) / frames as f64);
            self.output.push_back(old * (1.0 - share) + new * share);
        }
        self.left = self.pieces.front().map_or(0, Piece::heard) - self.fade_behind();
        Ok(())
    }
}

impl<S: SeekableSource> AudioSource for Pieces<S> {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.format.samples_per_frame();
        if !self.started {
            self.started = true;
            self.start(0)?;
            self.left = self.pieces.front().map_or(0, Piece::heard) - self.fade_behind();
        }
        let mut filled = 0;
        while filled < block.len() {
            let rest = &mut block[filled..];
            if !self.output.is_empty() {
                let take = self.output.len().min(rest.len());
                for (to, from) in rest.iter_mut().zip(self.output.drain(..take)) {
                    *to = from;
                }
                filled += take;
            } else if self.left > 0 {
                let frames = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len() / channels);
                match &mut self.player {
                    Some(player) => player.read_fully(&mut rest[..frames * channels])?,
                    None => break,
                }
                self.left -= frames as u64;
                filled += frames * channels;
            } else if self.pieces.is_empty() {
                break;
            } else {
                self.next_piece()?;
            }
        }
        Ok(filled / channels)
    }

    fn remaining(&self) -> Option<u64> {
        let ready = (self.output.len() / self.format.samples_per_frame()) as u64;
        let later: u64 = self.pieces.iter().skip(usize::from(self.started)).map(Piece::heard).sum();
        let current = if self.started { self.left + self.fade_behind() } else { 0 };
        Some(ready + current + later)
    }
}
