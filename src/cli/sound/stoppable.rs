//! A source that can be stopped.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};
use wgpu_video::stream::CancelToken;

/// A source that fails when the stream is cancelled: measuring the loudness of a long song takes a while.
pub(super) struct Stoppable<S> {
    source: S,
    cancel: CancelToken,
}

impl<S> Stoppable<S> {
    /// `source`, until `cancel` is cancelled.
    pub(super) fn new(source: S, cancel: CancelToken) -> Stoppable<S> {
        Stoppable { source, cancel }
    }
}

impl<S: AudioSource> AudioSource for Stoppable<S> {
    fn format(&self) -> AudioFormat {
        self.source.format()
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        if self.cancel.is_cancelled() {
            return Err("the stream was stopped".into());
        }
        self.source.read(block)
    }

    fn remaining(&self) -> Option<u64> {
        self.source.remaining()
    }
}
