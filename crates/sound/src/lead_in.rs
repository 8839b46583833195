//! Silence in front of a source.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

use crate::SeekableSource;

/// A source with silence in front: its sample frame 0 becomes sample frame `silence`.
#[derive(Debug, Clone)]
pub struct LeadIn<S> {
    source: S,
    silence: u64,
    /// The next sample frame, while it is one of the silence.
    position: u64,
}

impl<S> LeadIn<S> {
    /// `silence` sample frames, then `source`.
    pub fn new(source: S, silence: u64) -> LeadIn<S> {
        LeadIn { source, silence, position: 0 }
    }
}

impl<S: AudioSource> AudioSource for LeadIn<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.source.format().samples_per_frame();
        let left = self.silence - self.position.min(self.silence);
        let silent = (block.len() / channels).min(usize::try_from(left).unwrap_or(usize::MAX));
        if silent == 0 {
            return self.source.read(block);
        }
        let (silence, _) = block.split_at_mut(silent * channels);
        silence.fill(0.0);
        self.position += silent as u64;
        let (_, rest) = block.split_at_mut(silent * channels);
        Ok(silent + if rest.is_empty() { 0 } else { self.source.read(rest)? })
    }

    fn remaining(&self) -> Option<u64> {
        let left = self.silence - self.position.min(self.silence);
        Some(self.source.remaining()?.saturating_add(left))
    }
}

impl<S: SeekableSource> SeekableSource for LeadIn<S> {
    fn seek(&mut self, frame: u64) -> Result<(), AudioError> {
        self.position = frame.min(self.silence);
        self.source.seek(frame.saturating_sub(self.silence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Samples;

    fn read(source: &mut impl AudioSource, block: usize) -> Vec<f32> {
        let mut all = Vec::new();
        let mut buffer = vec![9.0; block];
        loop {
            let frames = source.read(&mut buffer).unwrap();
            if frames == 0 {
                return all;
            }
            all.extend_from_slice(&buffer[..frames]);
        }
    }

    #[test]
    fn the_source_follows_the_silence_from_any_place() {
        let format = AudioFormat::new(1000, 1).unwrap();
        let mut source = LeadIn::new(Samples::new(format, vec![1.0, 2.0, 3.0]), 4);
        let whole = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0];
        for block in 1..9 {
            for from in 0..=7 {
                source.seek(from as u64).unwrap();
                assert_eq!(source.remaining(), Some(7 - from as u64));
                assert_eq!(read(&mut source, block), whole[from..]);
            }
        }
        source.seek(100).unwrap();
        assert!(read(&mut source, 3).is_empty());
    }
}
