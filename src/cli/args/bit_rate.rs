//! The bits that a video may take.

use strikeline_picture::Time;
use wgpu_video::encode::h264::{BitRate, BufferLimit, RateControl};

use super::length;
use crate::cli::UsageError;
use crate::cli::given;

/// Rates of the pictures.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct BitRateArgs {
    /// Bits per second of the pictures on average, at most, such as 8M or 2500k, with the codec h264
    ///
    /// Pictures that would take more get coarser than --quality says, which is the best quality then. Each segment of two seconds
    /// keeps to it by itself, so easy parts leave nothing to hard ones, and what needs less takes less.
    #[arg(long, hide_short_help = true, value_name = "RATE", value_parser = bit_rate)]
    bitrate: Option<BitRate>,

    /// Bits per second at which a player reads at most (maxrate, VBV), such as 10M, with the codec h264
    ///
    /// A player that has read three quarters of its --buffer before it begins never waits.
    #[arg(long, hide_short_help = true, value_name = "RATE", value_parser = bit_rate)]
    max_bitrate: Option<BitRate>,

    /// What a player's buffer holds: seconds at --max-bitrate, or bits such as 4M (bufsize) [default: 1 second]
    #[arg(long, hide_short_help = true, value_name = "SECONDS|BITS", value_parser = buffer)]
    buffer: Option<BufferSize>,
}

/// The size of a buffer.
#[derive(Debug, Clone, Copy)]
enum BufferSize {
    /// What arrives in that time.
    Time(Time),
    Bits(u64),
}

impl BitRateArgs {
    /// What they ask for.
    ///
    /// # Errors
    /// When they contradict each other.
    pub(crate) fn rate_control(&self) -> Result<RateControl, UsageError> {
        let average = self.bitrate.map_or(RateControl::NONE, |rate| RateControl::NONE.with_average(rate));
        let Some(rate) = self.max_bitrate else {
            return match self.buffer {
                // A default of the configuration file is for other videos.
                Some(_) if given::has("buffer") => {
                    Err(UsageError("--buffer is the buffer for --max-bitrate: give that, too".to_owned()))
                }
                _ => Ok(average),
            };
        };
        if self.bitrate.is_some_and(|average| average > rate) {
            return Err(UsageError("--bitrate is an average, and cannot be above --max-bitrate".to_owned()));
        }
        let usual = BufferLimit::of_one_second(rate);
        let limit = match self.buffer {
            None => Some(usual),
            Some(BufferSize::Bits(bits)) => usual.with_size(bits),
            Some(BufferSize::Time(time)) => {
                let nanos = u128::try_from(time.as_nanos()).unwrap_or(0);
                let bits = nanos * u128::from(rate.get()) / 1_000_000_000;
                usual.with_size(u64::try_from(bits).unwrap_or(u64::MAX))
            }
        };
        let limit =
            limit.ok_or_else(|| UsageError("--buffer holds less than a bit, or far too many".to_owned()))?;
        Ok(average.with_limit(limit))
    }

    /// The options that were given, as a list; `None` if there are none.
    pub(crate) fn given() -> Option<String> {
        given::listed(&["bitrate", "max-bitrate", "buffer"])
    }
}

/// A number with a unit of bits: `2500k`, `8M`, `1.5M`, `1G`; `None` where there is no unit.
fn bits_with_unit(text: &str) -> Option<Result<u64, ()>> {
    let (number, unit) = match text.char_indices().next_back()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'M' | 'm') => (&text[..at], 1e6),
        (at, 'G' | 'g') => (&text[..at], 1e9),
        _ => return None,
    };
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let amount = number.parse::<f64>().ok().filter(|_| is_plain).map(|amount| (amount * unit).round());
    Some(amount.filter(|amount| (1.0..1e15).contains(amount)).map(|amount| amount as u64).ok_or(()))
}

/// Parses a rate.
fn bit_rate(text: &str) -> Result<BitRate, String> {
    let bits = bits_with_unit(text).unwrap_or_else(|| text.parse().map_err(|_| ()));
    bits.ok().and_then(BitRate::new).ok_or_else(|| "must be bits per second, such as 8M or 2500k".to_owned())
}

/// Parses the size of a buffer.
fn buffer(text: &str) -> Result<BufferSize, String> {
    match bits_with_unit(text) {
        Some(Ok(bits)) => Ok(BufferSize::Bits(bits)),
        None => length(text).map(BufferSize::Time),
        Some(Err(())) => Err("must be seconds such as 1.5, or bits such as 4M".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_for_ffmpeg() {
        let rate = |text| bit_rate(text).map(BitRate::get).ok();
        assert_eq!(rate("8M"), Some(8_000_000));
        assert_eq!(rate("2500k"), Some(2_500_000));
        assert_eq!(rate("1.5M"), Some(1_500_000));
        assert_eq!(rate("64000"), Some(64_000));
        for wrong in ["", "M", "0", "-1M", "8MB", "1e3k", "nan", "0.4", "9999999G"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_buffer_is_a_time_or_bits() {
        let size = |text: &str| {
            let args =
                BitRateArgs { bitrate: None, max_bitrate: BitRate::new(2_000), buffer: buffer(text).ok() };
            args.rate_control().ok().and_then(RateControl::limit).map(BufferLimit::size)
        };
        assert_eq!(size("1.5"), Some(3_000));
        assert_eq!(size("4k"), Some(4_000));
        assert_eq!(size("0"), None);
        assert!(buffer("x").is_err() && buffer("xk").is_err());
    }
}
