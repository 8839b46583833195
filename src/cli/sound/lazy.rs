//! A source that is made when it is first read: on the thread that reads it, while frames are drawn.

use strikeline_audio::{AudioError, AudioFormat, AudioSource};

/// Makes a source.
type Make = Box<dyn FnOnce() -> Result<Box<dyn AudioSource>, AudioError> + Send>;

/// A source that is made when it is first read.
pub(super) struct Lazy {
    format: AudioFormat,
    state: State,
}

enum State {
    Waiting(Make),
    Playing(Box<dyn AudioSource>),
    Failed,
}

impl Lazy {
    /// What `make` makes, of format `format`.
    pub(super) fn new(
        format: AudioFormat,
        make: impl FnOnce() -> Result<Box<dyn AudioSource>, AudioError> + Send + 'static,
    ) -> Lazy {
        Lazy { format, state: State::Waiting(Box::new(make)) }
    }
}

impl AudioSource for Lazy {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        if let State::Waiting(make) = std::mem::replace(&mut self.state, State::Failed) {
            self.state = State::Playing(make()?);
        } else if let State::Playing(_) = &self.state {
        }
        match &mut self.state {
            State::Playing(source) => source.read(block),
            State::Waiting(_) | State::Failed => Ok(0),
        }
    }
}
