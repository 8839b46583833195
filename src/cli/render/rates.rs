//! The bit rates of a video, as they became.

use strikeline_audio::Packet;
use strikeline_picture::FrameRate;
use wgpu_video::encode::h264::RateControl;
use wgpu_video::stream::{FinishedSegment, Sink, SinkError, StreamInfo};

use crate::cli::words::{count, decimals, length};

/// The sizes of the access units of a video, in the order of decoding.
#[derive(Debug, Default)]
pub(super) struct UnitSizes {
    bytes: Vec<u32>,
}

/// A sink that notes the sizes of what goes into another one.
pub(super) struct MeasuringSink<'a> {
    pub sink: &'a mut dyn Sink,
    pub sizes: &'a mut UnitSizes,
}

impl Sink for MeasuringSink<'_> {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        self.sink.begin(info)
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let bytes = segment.units.iter().map(|unit| u32::try_from(unit.bytes).unwrap_or(u32::MAX));
        self.sizes.bytes.extend(bytes);
        self.sink.write_segment(segment)
    }

    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        self.sink.write_sound(packets)
    }

    fn finish_early(&mut self) -> Result<Option<u64>, SinkError> {
        self.sink.finish_early()
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        self.sink.finish()
    }
}

/// What a video takes, and what it may.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct VideoRates {
    control: RateControl,
    frame_rate: FrameRate,
    /// Bits per second over the whole video.
    average: f64,
    /// The highest over any time as long as [`Self::window`] frames, in bits per second.
    highest: f64,
    window: usize,
    /// Pictures of which not all bits have arrived when they are due, and the number of the first of them.
    late: usize,
    first_late: Option<usize>,
}

impl UnitSizes {
    /// The rates of the video. `None` before the first picture.
    pub(super) fn rates(&self, control: RateControl, frame_rate: FrameRate) -> Option<VideoRates> {
        if self.bytes.is_empty() {
            return None;
        }
        let bits: Vec<u64> = self.bytes.iter().map(|&bytes| u64::from(bytes) * 8).collect();
        let per_second = |bits: u64, frames: usize| bits as f64 * frame_rate.as_f64() / frames as f64;
        let seconds = control.limit().map_or(1.0, |limit| limit.size() as f64 / limit.rate().get() as f64);
        let window = ((seconds * frame_rate.as_f64()).round() as usize).clamp(1, bits.len());
        let mut sum: u64 = bits[..window].iter().sum();
        let mut highest = sum;
        for (leaving, coming) in bits.iter().zip(&bits[window..]) {
            sum = sum + coming - leaving;
            highest = highest.max(sum);
        }
        let late = late_pictures(&bits, control, frame_rate);
        Some(VideoRates {
            control,
            frame_rate,
            average: per_second(bits.iter().sum(), bits.len()),
            highest: per_second(highest, window),
            window,
            late: late.len(),
            first_late: late.first().copied(),
        })
    }
}

/// The numbers of the pictures of which not all bits are there when a decoder needs them (ITU-T H.264, C.1): bits arrive at the
/// highest rate unless its buffer is full.
fn late_pictures(bits: &[u64], control: RateControl, frame_rate: FrameRate) -> Vec<usize> {
    let Some(limit) = control.limit() else { return Vec::new() };
    let arriving = limit.rate().get() as f64 / frame_rate.as_f64();
    let mut fullness = limit.start() as f64;
    let mut late = Vec::new();
    for (number, &bits) in bits.iter().enumerate() {
        // The sum of many fractions is not exact.
        if bits as f64 > fullness + 1.0 {
            late.push(number);
        }
        fullness = ((fullness - bits as f64).max(0.0) + arriving).min(limit.size() as f64);
    }
    late
}

/// `4.21 Mbit/s`, `380 kbit/s`.
fn rate_text(bits_per_second: f64) -> String {
    match bits_per_second {
        0.0..1e3 => format!("{bits_per_second:.0} bit/s"),
        1e3..1e6 => format!("{:.0} kbit/s", bits_per_second / 1e3),
        _ => format!("{:.2} Mbit/s", bits_per_second / 1e6),
    }
}

impl VideoRates {
    fn window_seconds(&self) -> f64 {
        self.window as f64 / self.frame_rate.as_f64()
    }

    /// A line for people, if the bits were limited.
    pub(super) fn text(&self) -> Option<String> {
        (!self.control.is_none()).then(|| {
            format!(
                "the pictures take {} on average, and {} at most over {}",
                rate_text(self.average),
                rate_text(self.highest),
                decimals(self.window_seconds(), 2),
            )
        })
    }

    /// What is not as it was asked for.
    pub(super) fn warnings(&self) -> Vec<String> {
        const REMEDY: &str =
            "even the coarsest pictures need that; a smaller --size or a lower --fps needs less";
        let mut warnings = Vec::new();
        if let Some(asked) = self.control.average().filter(|asked| self.average > asked.get() as f64) {
            let [average, asked] = [self.average, asked.get() as f64].map(rate_text);
            warnings
                .push(format!("the pictures take {average} on average, and --bitrate is {asked}: {REMEDY}"));
        }
        if let Some(first) = self.first_late {
            warnings.push(format!(
                "a player waits at {}, first after {}, if it reads no faster than --max-bitrate: {REMEDY}, and a larger --buffer \
                 helps",
                count(self.late, "frame"),
                length(first as f64 / self.frame_rate.as_f64()),
            ));
        }
        warnings
    }

    /// The same for scripts.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "average": self.average,
            "highest": self.highest,
            "highest_over_seconds": self.window_seconds(),
            "late_frames": self.late,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wgpu_video::encode::h264::{BitRate, BufferLimit};

    fn rates(bytes: &[u32], control: RateControl) -> VideoRates {
        let sizes = UnitSizes { bytes: bytes.to_vec() };
        sizes.rates(control, FrameRate::new(10, 1).unwrap()).unwrap()
    }

    #[test]
    fn the_highest_rate_is_that_of_the_worst_second() {
        let mut bytes = vec![1; 30];
        bytes[12..22].fill(100);
        let rates = rates(&bytes, RateControl::NONE);
        assert_eq!(rates.highest, 8000.0);
        assert_eq!(rates.average, f64::from(20 + 1000) * 8.0 / 3.0);
        assert_eq!((rates.text(), rates.warnings()), (None, Vec::new()));
    }

    #[test]
    fn pictures_that_arrive_late_are_counted() {
        let limit = BufferLimit::of_one_second(BitRate::new(800).unwrap());
        let control = RateControl::NONE.with_limit(limit);
        // 600 bits wait at first, and 80 arrive in a tenth of a second.
        let late = |bytes: &[u32]| rates(bytes, control).late;
        assert_eq!(late(&[75, 10, 10]), 0);
        assert_eq!(late(&[76, 10, 10]), 1);
        assert_eq!(late(&[75, 11, 9, 12]), 2);
        assert_eq!(rates(&[75, 10, 20], control).first_late, Some(2));
    }
}
