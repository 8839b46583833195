//! The speed of the notes, and the exact position of each note at a frame.
//!
//! Positions along the path are whole numbers of 1/256 pixel ([`SUBPIXELS`]), computed from the integers of the
//! time and the speed with one rounding. A frame subtracts two of them; no float of absolute time is used.

use super::clock;
use strikeline_picture::{FrameIndex, FrameRate, Time};

/// Subpixels in a pixel.
pub const SUBPIXELS: i64 = 256;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The speed of the notes and the scroll of each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteMotion {
    frame_rate: FrameRate,
    /// Speed in subpixels per second, as a ratio in lowest terms.
    speed: (i128, i128),
    /// Whole pixels per frame, when the speed was rounded to them.
    pixels_per_frame: Option<u32>,
}

impl NoteMotion {
    /// The motion of notes that take about `lookahead` for the `path` pixels from the far end of the road to the strike
    /// line. Unless `exact`, the speed is rounded to the nearest even number of pixels per frame: every frame of a note is
    /// then the last one moved, in luma and in chroma, so that edges do not shimmer and encoding costs least. Where that
    /// would change the speed by more than a third (small pictures, high frame rates), the speed stays exact.
    ///
    /// `lookahead` below a millisecond is taken as one.
    pub fn new(path: u32, lookahead: Time, frame_rate: FrameRate, exact: bool) -> NoteMotion {
        let lookahead = i128::from(lookahead.as_nanos()).max(1_000_000);
        let wanted = (i128::from(path) * i128::from(SUBPIXELS) * NANOS_PER_SECOND, lookahead);
        let rate = (i128::from(frame_rate.numerator()), i128::from(frame_rate.denominator()));

        // Pixels per frame = path / lookahead · denominator / numerator.
        let per_frame = path as f64 / (lookahead as f64 / NANOS_PER_SECOND as f64) / frame_rate.as_f64();
        let even = ((per_frame / 2.0).round() * 2.0).max(2.0);
        let snapped = !exact && (even / per_frame - 1.0).abs() <= 1.0 / 3.0;
        if snapped {
            let pixels = even as u32;
            let speed = (i128::from(pixels) * i128::from(SUBPIXELS) * rate.0, rate.1);
            NoteMotion { frame_rate, speed: lowest_terms(speed), pixels_per_frame: Some(pixels) }
        } else {
            NoteMotion { frame_rate, speed: lowest_terms(wanted), pixels_per_frame: None }
        }
    }

    /// Position along the path of a note that is struck at `time`, in subpixels. It grows with time.
    pub fn position(&self, time: Time) -> i64 {
        let (numerator, denominator) = self.speed;
        round_div(i128::from(time.as_nanos()) * numerator, denominator * NANOS_PER_SECOND)
    }

    /// How far the song has scrolled at `frame` of a video that begins at `start`, in subpixels. A note lies
    /// `position − scroll` subpixels before the strike line.
    ///
    /// Where `start` is a multiple of a frame's length, to a microsecond, all depends on the time of the frame alone: a video
    /// that begins later shows the same.
    pub fn scroll(&self, start: Time, frame: FrameIndex) -> i64 {
        if let Some(first) = clock::frame_at(self.frame_rate, start) {
            return self.scroll_on_grid(i128::from(first) + i128::from(frame.0));
        }
        if let Some(pixels) = self.pixels_per_frame {
            let frames = i64::try_from(frame.0).unwrap_or(i64::MAX);
            let moved = frames.saturating_mul(i64::from(pixels) * SUBPIXELS);
            return self.position(start).saturating_add(moved);
        }
        let (numerator, denominator) = self.speed;
        let rate = (i128::from(self.frame_rate.numerator()), i128::from(self.frame_rate.denominator()));
        let nanos_times_rate =
            i128::from(start.as_nanos()) * rate.0 + i128::from(frame.0) * rate.1 * NANOS_PER_SECOND;
        round_div(nanos_times_rate * numerator, denominator * NANOS_PER_SECOND * rate.0)
    }

    /// The same at a frame of the grid on which frame 0 is at the song's start.
    fn scroll_on_grid(&self, frame: i128) -> i64 {
        let (numerator, denominator) = self.speed;
        let rate = (i128::from(self.frame_rate.numerator()), i128::from(self.frame_rate.denominator()));
        round_div(frame * rate.1 * numerator, denominator * rate.0)
    }

    /// Frames per second.
    pub fn frame_rate(&self) -> FrameRate {
        self.frame_rate
    }

    /// Speed in pixels per second.
    pub fn pixels_per_second(&self) -> f64 {
        self.speed.0 as f64 / self.speed.1 as f64 / SUBPIXELS as f64
    }

    /// How far a note moves while a shutter is open for `degrees` of a frame, in pixels.
    pub fn pixels_in_shutter(&self, degrees: f32) -> f32 {
        (self.pixels_per_second() / self.frame_rate.as_f64() * f64::from(degrees) / 360.0) as f32
    }

    /// Whole pixels that a note moves per frame; `None` when the speed is exact.
    pub fn pixels_per_frame(&self) -> Option<u32> {
        self.pixels_per_frame
    }

    /// The smallest whole numbers of pixels and of frames such that a note moves that many pixels in that many frames;
    /// `None` where one of them needs more than 31 bits.
    pub fn pixels_over_frames(&self) -> Option<(i32, i32)> {
        let (numerator, denominator) = self.speed;
        let rate = (i128::from(self.frame_rate.numerator()), i128::from(self.frame_rate.denominator()));
        let (pixels, frames) =
            lowest_terms((numerator * rate.1, denominator * rate.0 * i128::from(SUBPIXELS)));
        Some((i32::try_from(pixels).ok()?, i32::try_from(frames).ok()?))
    }

    /// Time that a note needs for `pixels`, rounded up to a nanosecond.
    pub fn time_for(&self, pixels: f64) -> Time {
        Time::from_nanos((pixels / self.pixels_per_second() * NANOS_PER_SECOND as f64).ceil() as i64)
    }
}

/// `numerator / denominator`, rounded to the nearest, halves up.
fn round_div(numerator: i128, denominator: i128) -> i64 {
    let rounded = (2 * numerator + denominator).div_euclid(2 * denominator);
    rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

fn lowest_terms((numerator, denominator): (i128, i128)) -> (i128, i128) {
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (numerator / a, denominator / a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(numerator: u32, denominator: u32) -> FrameRate {
        FrameRate::new(numerator, denominator).unwrap()
    }

    #[test]
    fn the_default_speed_at_1080p60_is_eight_pixels_per_frame() {
        let motion = NoteMotion::new(930, Time::from_seconds(2.0), rate(60, 1), false);
        assert_eq!(motion.pixels_per_frame(), Some(8));
        assert_eq!(motion.pixels_per_second(), 480.0);
        assert_eq!(motion.pixels_over_frames(), Some((8, 1)));
        let exact = NoteMotion::new(432, Time::from_seconds(1.0), rate(60, 1), true);
        assert_eq!(exact.pixels_over_frames(), Some((36, 5)));
    }

    #[test]
    fn snapping_never_changes_the_speed_by_more_than_a_third() {
        for path in 40..2000 {
            for frames in [24, 25, 30, 60, 120, 240] {
                let motion = NoteMotion::new(path, Time::from_seconds(2.0), rate(frames, 1), false);
                let ratio = motion.pixels_per_second() / (f64::from(path) / 2.0);
                assert!((0.66..1.34).contains(&ratio), "{path} {frames} {ratio}");
            }
        }
    }

    #[test]
    fn a_note_is_at_the_strike_line_at_its_time_however_late() {
        for motion in [
            NoteMotion::new(930, Time::from_seconds(2.0), rate(60, 1), false),
            NoteMotion::new(930, Time::from_seconds(1.7), rate(30000, 1001), true),
        ] {
            for seconds in [0, 60, 10_000, 1_000_000] {
                // A whole number of frames and of seconds in both rates.
                let time = Time::from_seconds(f64::from(seconds) * 1.001);
                let frame = FrameIndex(motion.frame_rate.frames_to_cover(time));
                let shown = motion.frame_rate.time_of(frame);
                let distance = motion.position(shown) - motion.scroll(Time::ZERO, frame);
                assert!(distance.abs() <= 1, "{distance} subpixels at {seconds} s");
            }
        }
    }

    #[test]
    fn at_snapped_speed_every_frame_moves_by_the_same_even_number_of_pixels() {
        let motion = NoteMotion::new(700, Time::from_seconds(2.1), rate(30000, 1001), false);
        let step = i64::from(motion.pixels_per_frame().unwrap()) * SUBPIXELS;
        assert_eq!(step % (2 * SUBPIXELS), 0);
        let start = Time::from_nanos(-1_234_567_891);
        for frame in [0, 1, 1000, 10_000_000] {
            let moved = motion.scroll(start, FrameIndex(frame + 1)) - motion.scroll(start, FrameIndex(frame));
            assert_eq!(moved, step);
        }
    }
}
