//! Changing the sample rate.
//!
//! A polyphase filter: a sinc windowed by a Kaiser window, at least 110 dB down from the lower of the two Nyquist frequencies
//! on, flat up to about 91 % of it (20 kHz at 44.1 kHz). The filter is symmetric and its delay is taken out: an impulse at
//! frame n of the source has its peak at frame n × new / old of the result, to within half a frame. The result has
//! ⌈n × new / old⌉ frames for n of the source.
//!
//! Every step is an addition or a multiplication in a fixed order (and the tables come from `libm`), so the same samples come
//! out on every machine. Sources: J. O. Smith, "Digital Audio Resampling" (bandlimited interpolation); J. F. Kaiser, 1974
//! (the window and its length).

mod filter;

use strikeline_audio::{AudioError, AudioFormat, AudioFormatError, AudioSource};

use filter::Filter;

/// The lowest rate that can be converted from or to, in Hz.
pub const MIN_RATE: u32 = 1000;

/// The error of rates that cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// One rate is too low.
    #[error(
        "a sample rate of {rate} Hz cannot be converted: {MIN_RATE} Hz is the least; check the recording's header"
    )]
    TooLow {
        /// The rate, in Hz.
        rate: u32,
    },
    /// The new rate is none.
    #[error(transparent)]
    Format(#[from] AudioFormatError),
}

/// A source at another sample rate. At its own rate it passes through unchanged.
#[derive(Debug)]
pub struct Resampled<S> {
    source: S,
    format: AudioFormat,
    /// `None` where the rate is that of the source.
    converter: Option<Converter>,
}

impl<S: AudioSource> Resampled<S> {
    /// `source` at `rate` Hz.
    ///
    /// # Errors
    /// When a rate is less than [`MIN_RATE`] or more than [`AudioFormat::MAX_RATE`]; the source's own rate is always allowed.
    pub fn new(source: S, rate: u32) -> Result<Resampled<S>, ResampleError> {
        let old = source.format();
        let format = AudioFormat::new(rate, old.channels().get())?;
        if format == old {
            return Ok(Resampled { source, format, converter: None });
        }
        for rate in [old.rate().get(), rate] {
            if rate < MIN_RATE {
                return Err(ResampleError::TooLow { rate });
            }
        }
        let converter = Some(Converter::new(old, format));
        Ok(Resampled { source, format, converter })
    }

    /// The source itself; frames that were read ahead are lost.
    pub fn into_inner(self) -> S {
        self.source
    }
}

impl<S: AudioSource> AudioSource for Resampled<S> {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        match &mut self.converter {
            None => self.source.read(block),
            Some(converter) => converter.read(&mut self.source, block),
        }
    }

    fn remaining(&self) -> Option<u64> {
        let left = self.source.remaining()?;
        match &self.converter {
            None => Some(left),
            Some(converter) => {
                converter.frames_out(converter.taken.checked_add(left)?)?.checked_sub(converter.given)
            }
        }
    }
}

/// The number of frames that `frames` at the rate `old` become at the rate `new`: ⌈frames × new / old⌉.
pub fn resampled_length(frames: u64, old: u32, new: u32) -> Option<u64> {
    let exact = (u128::from(frames) * u128::from(new)).div_ceil(u128::from(old.max(1)));
    u64::try_from(exact).ok()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Frames that are taken from the source at a time.
const BLOCK: usize = 4096;

/// The filter, and the frames that it still needs.
#[derive(Debug)]
struct Converter {
    filter: Filter,
    /// The rates, divided by what they have in common.
    old: u32,
    new: u32,
    /// Per channel, the frames from `start` on.
    history: Vec<Vec<f32>>,
    /// Frame of the source at which the history begins; before 0 is silence.
    start: i64,
    /// What the source gives is interleaved.
    scratch: Vec<f32>,
    /// Frames taken from the source.
    taken: u64,
    ended: bool,
    /// Frames given out.
    given: u64,
    /// Position in the source of the next frame: whole frames, and the rest in `new`-ths.
    position: u64,
    fraction: u64,
}

impl Converter {
    fn new(old: AudioFormat, new: AudioFormat) -> Converter {
        let channels = old.samples_per_frame();
        let (old, new) = (old.rate().get(), new.rate().get());
        let common = greatest_common_divisor(old, new).max(1);
        let (old, new) = (old / common, new / common);
        let filter = Filter::new(old, new);
        let before = filter.taps() / 2 - 1;
        Converter {
            old,
            new,
            history: vec![vec![0.0; before]; channels],
            start: -(before as i64),
            scratch: vec![0.0; BLOCK * channels],
            taken: 0,
            ended: false,
            given: 0,
            position: 0,
            fraction: 0,
            filter,
        }
    }

    fn frames_out(&self, frames_in: u64) -> Option<u64> {
        resampled_length(frames_in, self.old, self.new)
    }

    fn read(&mut self, source: &mut impl AudioSource, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.history.len();
        let taps = self.filter.taps();
        let wanted = block.len() / channels;
        for (done, frame) in block.chunks_exact_mut(channels).enumerate() {
            // The taps reach from taps / 2 - 1 frames before the position to taps / 2 after it.
            let first = self.position as i64 - (taps / 2 - 1) as i64;
            while !self.ended && first + (taps as i64) > self.end() {
                self.take(source, first)?;
            }
            if self.ended {
                if self.frames_out(self.taken).is_some_and(|all| self.given >= all) {
                    return Ok(done);
                }
                let missing = first + (taps as i64) - self.end();
                if missing > 0 {
                    self.discard(first);
                    for channel in &mut self.history {
                        channel.resize(channel.len() + missing as usize, 0.0);
                    }
                }
            }
            let at = (first - self.start) as usize;
            for (samples, channels) in frame.chunks_mut(2).zip(self.history.chunks(2)) {
                let [left, right] = [channels.first(), channels.last()].map(|channel| {
                    channel.and_then(|samples| samples.get(at..at + taps)).unwrap_or_default()
                });
                let values = self.filter.apply([left, right], self.fraction);
                for (sample, value) in samples.iter_mut().zip(values) {
                    *sample = value;
                }
            }
            self.given += 1;
            self.position += u64::from(self.old / self.new);
            self.fraction += u64::from(self.old % self.new);
            if self.fraction >= u64::from(self.new) {
                self.fraction -= u64::from(self.new);
                self.position += 1;
            }
        }
        Ok(wanted)
    }

    /// The frame of the source behind the history.
    fn end(&self) -> i64 {
        self.start + self.history.first().map_or(0, Vec::len) as i64
    }

    /// Forgets what lies before `first`.
    fn discard(&mut self, first: i64) {
        let before = usize::try_from(first - self.start).unwrap_or(0);
        for channel in &mut self.history {
            channel.drain(..before.min(channel.len()));
        }
        self.start += before as i64;
    }

    /// Takes a block from the source; what lies before `first` is not needed any more.
    fn take(&mut self, source: &mut impl AudioSource, first: i64) -> Result<(), AudioError> {
        self.discard(first.min(self.end()));
        let frames = source.read(&mut self.scratch)?.min(BLOCK);
        let channels = self.history.len();
        for (index, channel) in self.history.iter_mut().enumerate() {
            channel.extend(
                self.scratch.chunks_exact(channels).take(frames).filter_map(|frame| frame.get(index)),
            );
        }
        self.taken += frames as u64;
        self.ended = frames < BLOCK;
        Ok(())
    }
}
