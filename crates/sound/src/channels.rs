//! Mixing 1 to 8 channels (or any number with known positions) down to stereo.
//!
//! The coefficients are those of ITU-R BS.775-3, annex 4, table 2: the front channels go to their side at full level, the
//! centre to both sides at 1/√2, each surround channel to its side at 1/√2, a rear centre to both sides at 1/2. The channel of
//! low-frequency effects is left out, as there. All coefficients are then divided by the sum of those of the louder side, so
//! that samples within full scale stay within full scale; BS.775 leaves that to the user. Mono goes to both sides unchanged.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

/// Which loudspeaker each channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelLayout {
    speakers: u32,
    channels: u16,
}

const FRONT_LEFT: u32 = 1 << 0;
const FRONT_RIGHT: u32 = 1 << 1;
const FRONT_CENTER: u32 = 1 << 2;
const LOW_FREQUENCY: u32 = 1 << 3;
const REAR_LEFT: u32 = 1 << 4;
const REAR_RIGHT: u32 = 1 << 5;
const REAR_CENTER: u32 = 1 << 8;
const SIDE_LEFT: u32 = 1 << 9;
const SIDE_RIGHT: u32 = 1 << 10;

impl ChannelLayout {
    /// Channels in the order of the bits that are set in `speakers`: the channel mask of a WAVE file
    /// (`dwChannelMask`: 1 front left, 2 front right, 4 front centre, 8 low frequency, …).
    pub fn from_speakers(speakers: u32) -> ChannelLayout {
        // At most 32 bits.
        ChannelLayout { speakers, channels: speakers.count_ones() as u16 }
    }

    /// The usual layout of so many channels: mono, stereo, 3.0, 4.0 (quadraphonic), 5.0, 5.1, 6.1, 7.1. With more, or with
    /// none, no channel has a loudspeaker.
    pub fn usual(channels: u16) -> ChannelLayout {
        let speakers = match channels {
            1 => FRONT_CENTER,
            2 => FRONT_LEFT | FRONT_RIGHT,
            3 => FRONT_LEFT | FRONT_RIGHT | FRONT_CENTER,
            4 => FRONT_LEFT | FRONT_RIGHT | REAR_LEFT | REAR_RIGHT,
            5 => FRONT_LEFT | FRONT_RIGHT | FRONT_CENTER | REAR_LEFT | REAR_RIGHT,
            6 => FRONT_LEFT | FRONT_RIGHT | FRONT_CENTER | LOW_FREQUENCY | REAR_LEFT | REAR_RIGHT,
            7 => {
                FRONT_LEFT | FRONT_RIGHT | FRONT_CENTER | LOW_FREQUENCY | REAR_CENTER | SIDE_LEFT | SIDE_RIGHT
            }
            8 => {
                FRONT_LEFT
                    | FRONT_RIGHT
                    | FRONT_CENTER
                    | LOW_FREQUENCY
                    | REAR_LEFT
                    | REAR_RIGHT
                    | SIDE_LEFT
                    | SIDE_RIGHT
            }
            _ => 0,
        };
        ChannelLayout { speakers, channels }
    }

    /// The number of channels.
    pub fn channels(self) -> u16 {
        self.channels
    }

    /// The loudspeakers as bits, as in [`Self::from_speakers`]; 0 if they are not known.
    pub fn speakers(self) -> u32 {
        self.speakers
    }

    /// For each channel how much of it goes left and right; `None` where no channel has a known loudspeaker.
    fn coefficients(self) -> Option<Vec<[f32; 2]>> {
        const MINUS_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;
        if self.channels == 1 {
            return Some(vec![[1.0, 1.0]]);
        }
        if self.speakers.count_ones() != u32::from(self.channels) {
            return None;
        }
        let mut rows: Vec<[f32; 2]> = (0..32)
            .filter(|bit| self.speakers & (1 << bit) != 0)
            .map(|bit| match bit {
                // Front left and right, and those between them and the centre.
                0 | 6 => [1.0, 0.0],
                1 | 7 => [0.0, 1.0],
                2 => [MINUS_3_DB, MINUS_3_DB],
                // Low frequency.
                3 | 18 => [0.0, 0.0],
                // Rear, side, and what is above on the left and right.
                4 | 9 | 12 | 15 | 19 | 22 | 24 => [MINUS_3_DB, 0.0],
                5 | 10 | 14 | 17 | 20 | 23 | 25 => [0.0, MINUS_3_DB],
                // Rear centre, and what is above or below in the middle.
                8 | 11 | 13 | 16 | 21 => [0.5, 0.5],
                _ => [0.0, 0.0],
            })
            .collect();
        let sum = |side: usize| rows.iter().map(|row| row[side]).sum::<f32>();
        let loudest = sum(0).max(sum(1));
        if loudest <= 0.0 {
            return None;
        }
        for row in &mut rows {
            *row = [row[0] / loudest, row[1] / loudest];
        }
        Some(rows)
    }
}

/// The error of a layout that cannot be mixed down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{channels} channels without known positions cannot be mixed to stereo: mix the sound down first")]
pub struct LayoutError {
    channels: u16,
}

/// A source mixed to stereo. A stereo source passes through unchanged.
#[derive(Debug)]
pub struct Stereo<S> {
    source: S,
    coefficients: Vec<[f32; 2]>,
    scratch: Vec<f32>,
    identity: bool,
}

/// Frames that are mixed at a time.
const BLOCK: usize = 1024;

impl<S: AudioSource> Stereo<S> {
    /// `source` in stereo, its channels in the usual order for their number ([`ChannelLayout::usual`]).
    ///
    /// # Errors
    /// With more than 8 channels.
    pub fn new(source: S) -> Result<Stereo<S>, LayoutError> {
        let layout = ChannelLayout::usual(source.format().channels().get());
        Stereo::with_layout(source, layout)
    }

    /// `source` in stereo, its channels laid out as `layout` says. A layout for another number of channels is replaced by the
    /// usual one.
    ///
    /// # Errors
    /// When no channel has a known position.
    pub fn with_layout(source: S, layout: ChannelLayout) -> Result<Stereo<S>, LayoutError> {
        let channels = source.format().channels().get();
        let usual = ChannelLayout::usual(channels);
        let coefficients = if layout.channels() == channels { layout.coefficients() } else { None };
        let coefficients = coefficients.or_else(|| usual.coefficients()).ok_or(LayoutError { channels })?;
        let identity = coefficients == [[1.0, 0.0], [0.0, 1.0]];
        let scratch = vec![0.0; if identity { 0 } else { BLOCK * usize::from(channels) }];
        Ok(Stereo { source, coefficients, scratch, identity })
    }

    /// The source itself.
    pub fn into_inner(self) -> S {
        self.source
    }
}

impl<S: AudioSource> AudioSource for Stereo<S> {
    fn format(&self) -> AudioFormat {
        AudioFormat::new(self.source.format().rate().get(), 2).unwrap_or(AudioFormat::STEREO_48K)
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        if self.identity {
            return self.source.read(block);
        }
        let channels = self.coefficients.len();
        let mut done = 0;
        for part in block.chunks_mut(2 * BLOCK) {
            let wanted = part.len() / 2;
            let room = self.scratch.get_mut(..wanted * channels).unwrap_or_default();
            let frames = self.source.read(room)?.min(wanted);
            for (output, input) in part.chunks_exact_mut(2).zip(room.chunks_exact(channels)).take(frames) {
                let (mut left, mut right) = (0.0, 0.0);
                for (sample, [to_left, to_right]) in input.iter().zip(&self.coefficients) {
                    left += sample * to_left;
                    right += sample * to_right;
                }
                output.copy_from_slice(&[left, right]);
            }
            done += frames;
            if frames < wanted {
                break;
            }
        }
        Ok(done)
    }

    fn remaining(&self) -> Option<u64> {
        self.source.remaining()
    }
}
