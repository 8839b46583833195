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
        // What fails is not tried again.
        let state = std::mem::replace(&mut self.state, State::Failed);
        let mut source = match state {
            State::Waiting(make) => make()?,
            State::Playing(source) => source,
            State::Failed => return Ok(0),
        };
        let frames = source.read(block)?;
        self.state = State::Playing(source);
        Ok(frames)
    }
}
