//! The speed of the notes, and the exact position of each note at a frame.
//!
//! Positions along the path are whole numbers of 1/256 pixel ([`SUBPIXELS`]), computed from the integers of the
//! time and the speed with one rounding. A frame subtracts two of them; no float of absolute time is used.
//!
//! Unless the speed is exact, notes move by an even number of pixels between any two frames. Every picture of a note is then
//! the last one moved, in luma and in chroma, which has half the rows: edges do not shimmer, and encoding costs least.
//! Where no even number gives the wanted speed, frames take turns with two of them: 6, 8, 6, 8 pixels for 7 per frame.

use super::clock;
use strikeline_picture::{FrameIndex, FrameRate, Time};

/// Subpixels in a pixel.
pub const SUBPIXELS: i64 = 256;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// How far the speed may be from the wanted one if every frame moves by the same number of pixels. That looks smoother than
/// steps in turns, which is worth more than the last percent.
const EQUAL_STEPS_TOLERANCE: f64 = 0.04;

/// The same where frames take turns with two steps.
const TURNS_TOLERANCE: f64 = 0.02;

/// Most frames after which the turns start again.
const MOST_TURNS: u32 = 12;

/// The speed of the notes and the scroll of each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteMotion {
    frame_rate: FrameRate,
    /// Length of the road from its far end to the strike line, in pixels.
    path: u32,
    /// Speed in subpixels per second, as a ratio in lowest terms.
    speed: (i128, i128),
    /// The even steps of the frames; `None` when the speed is exact.
    steps: Option<EvenSteps>,
}

/// Steps of an even number of pixels from frame to frame: `pairs` pairs of pixels in `frames` frames, spread evenly. The two
/// have no common factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EvenSteps {
    pairs: u32,
    frames: u32,
}

impl EvenSteps {
    /// The steps nearest to `per_frame` pixels per frame with the fewest turns that are near enough; `None` where there are
    /// none.
    fn near(per_frame: f64) -> Option<EvenSteps> {
        (1..=MOST_TURNS).find_map(|frames| {
            let pairs = (per_frame / 2.0 * f64::from(frames)).round();
            let steps = EvenSteps { pairs: pairs as u32, frames };
            let tolerance = if frames == 1 { EQUAL_STEPS_TOLERANCE } else { TURNS_TOLERANCE };
            let is_near = (steps.pixels_per_frame() / per_frame - 1.0).abs() <= tolerance;
            // With less than two pixels per frame, some frames would stand still.
            (is_near && steps.pairs >= frames).then_some(steps)
        })
    }

    /// On average.
    fn pixels_per_frame(self) -> f64 {
        f64::from(self.pairs) * 2.0 / f64::from(self.frames)
    }

    /// Pixels that are left behind at `frame`, counted from frame 0: an even number.
    fn pixels_at(self, frame: i128) -> i128 {
        let (pairs, frames) = (i128::from(self.pairs), i128::from(self.frames));
        (2 * frame * pairs + frames).div_euclid(2 * frames) * 2
    }
}

impl NoteMotion {
    /// The motion of notes that take `lookahead` for the `path` pixels from the far end of the road to the strike line.
    /// Unless `exact`, frames move by even numbers of pixels: by one, if that changes the speed by at most 4 %, else by
    /// two in turns, within 2 %. Where that needs more than twelve frames until the turns start again, the speed is exact.
    ///
    /// `lookahead` below a millisecond is taken as one.
    pub fn new(path: u32, lookahead: Time, frame_rate: FrameRate, exact: bool) -> NoteMotion {
        let lookahead = i128::from(lookahead.as_nanos()).max(1_000_000);
        let wanted = (i128::from(path) * i128::from(SUBPIXELS) * NANOS_PER_SECOND, lookahead);
        let rate = (i128::from(frame_rate.numerator()), i128::from(frame_rate.denominator()));

        // Pixels per frame = path / lookahead · denominator / numerator.
        let per_frame = path as f64 / (lookahead as f64 / NANOS_PER_SECOND as f64) / frame_rate.as_f64();
        let steps = if exact { None } else { EvenSteps::near(per_frame) };
        let speed = match steps {
            Some(EvenSteps { pairs, frames }) => {
                (i128::from(pairs) * 2 * i128::from(SUBPIXELS) * rate.0, i128::from(frames) * rate.1)
            }
            None => wanted,
        };
        NoteMotion { frame_rate, path, speed: lowest_terms(speed), steps }
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
        if self.steps.is_some() {
            let nearest = clock::nearest_frame(self.frame_rate, start);
            let off = self.subpixels_after(start, nearest);
            return self.scroll_on_grid(i128::from(nearest) + i128::from(frame.0)).saturating_add(off);
        }
        // Frame `frame` of the video is as far after the song's start as `start` is after that many frames before it.
        self.subpixels_after(start, i64::try_from(frame.0).map_or(i64::MIN, |frame| -frame))
    }

    /// How far notes move from frame `frame` of the grid to `time`, in subpixels.
    fn subpixels_after(&self, time: Time, frame: i64) -> i64 {
        let (numerator, denominator) = self.speed;
        let rate = (i128::from(self.frame_rate.numerator()), i128::from(self.frame_rate.denominator()));
        let nanos_times_rate =
            i128::from(time.as_nanos()) * rate.0 - i128::from(frame) * rate.1 * NANOS_PER_SECOND;
        round_div(nanos_times_rate * numerator, denominator * NANOS_PER_SECOND * rate.0)
    }

    /// The same as [`NoteMotion::scroll`] at a frame of the grid on which frame 0 is at the song's start.
    fn scroll_on_grid(&self, frame: i128) -> i64 {
        if let Some(steps) = self.steps {
            return saturated(steps.pixels_at(frame) * i128::from(SUBPIXELS));
        }
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

    /// Even number of pixels that a note moves in every frame; `None` where frames take turns, and when the speed is exact.
    pub fn pixels_per_frame(&self) -> Option<u32> {
        self.steps.filter(|steps| steps.frames == 1).map(|steps| steps.pairs * 2)
    }

    /// Whether every frame moves by an even number of pixels, be it by the same or by two in turns.
    pub fn has_even_steps(&self) -> bool {
        self.steps.is_some()
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

    /// Time that a note really takes from the far end of the road to the strike line.
    pub fn lookahead(&self) -> Time {
        self.time_for(self.path.into())
    }

    /// Time that a note needs for `pixels`, rounded up to a nanosecond.
    pub fn time_for(&self, pixels: f64) -> Time {
        Time::from_nanos((pixels / self.pixels_per_second() * NANOS_PER_SECOND as f64).ceil() as i64)
    }
}

/// `numerator / denominator`, rounded to the nearest, halves up.
fn round_div(numerator: i128, denominator: i128) -> i64 {
    saturated((2 * numerator + denominator).div_euclid(2 * denominator))
}

fn saturated(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
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
    use proptest::prelude::*;

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
    fn equal_steps_are_preferred_then_few_turns() {
        for (path, fps, lookahead, pixels, frames) in [
            // 7.75 wanted, 8 is 3.2 % more.
            (930, 60, 2.0, 8, 1),
            // 5.17: 5 is 3.2 % less, and in turns that is too far.
            (620, 60, 2.0, 26, 5),
            (930, 60, 2.2, 7, 1),
            (930, 30, 2.0, 16, 1),
        ] {
            let motion = NoteMotion::new(path, Time::from_seconds(lookahead), rate(fps, 1), false);
            assert_eq!(motion.pixels_over_frames(), Some((pixels, frames)), "{path} {fps} {lookahead}");
            assert!(motion.has_even_steps());
            assert_eq!(motion.pixels_per_frame().is_some(), pixels % (2 * frames) == 0);
        }
        // A pixel and a half would make some frames stand still.
        let slow = NoteMotion::new(360, Time::from_seconds(4.0), rate(60, 1), false);
        assert!(!slow.has_even_steps());
    }

    proptest! {
        #[test]
        fn the_lookahead_is_within_four_percent_and_in_turns_within_two(
            path in 16u32..8192,
            seconds in 0.1f64..30.0,
            fps in proptest::sample::select(vec!["23.976", "25", "29.97", "59.94", "60", "120", "144"]),
            exact in any::<bool>(),
        ) {
            let motion = NoteMotion::new(path, Time::from_seconds(seconds), fps.parse().unwrap(), exact);
            let error = (motion.lookahead().as_seconds() / seconds - 1.0).abs();
            let most = match (motion.has_even_steps(), motion.pixels_per_frame()) {
                (true, Some(_)) => EQUAL_STEPS_TOLERANCE,
                (true, None) => TURNS_TOLERANCE,
                (false, _) => 0.0,
            };
            // 4 % more speed is 3.8 % less time, 4 % less is 4.2 % more.
            prop_assert!(error <= most / (1.0 - most) + 1e-6, "{error}");
            prop_assert!(!exact || !motion.has_even_steps());
        }

        #[test]
        fn even_steps_differ_by_two_pixels_at_most(
            path in 100u32..4000,
            seconds in 0.3f64..5.0,
            fps in proptest::sample::select(vec!["23.976", "30", "59.94", "60"]),
            start in -10_000_000_000_i64..10_000_000_000,
            frame in 0u64..10_000_000,
        ) {
            let motion = NoteMotion::new(path, Time::from_seconds(seconds), fps.parse().unwrap(), false);
            if !motion.has_even_steps() {
                return Ok(());
            }
            let at = |frame| motion.scroll(Time::from_nanos(start), FrameIndex(frame));
            let step = at(frame + 1) - at(frame);
            let average = motion.pixels_per_second() / motion.frame_rate().as_f64() * SUBPIXELS as f64;
            prop_assert_eq!(step % (2 * SUBPIXELS), 0);
            prop_assert!(step > 0 && (step as f64 - average).abs() < (2 * SUBPIXELS) as f64);
        }
    }

    #[test]
    fn a_note_is_at_the_strike_line_at_its_time_however_late() {
        for motion in [
            NoteMotion::new(930, Time::from_seconds(2.0), rate(60, 1), false),
            NoteMotion::new(930, Time::from_seconds(1.7), rate(30000, 1001), true),
            NoteMotion::new(620, Time::from_seconds(2.0), rate(60, 1), false),
        ] {
            // In turns, a note may be one pixel off.
            let most =
                if motion.has_even_steps() && motion.pixels_per_frame().is_none() { SUBPIXELS } else { 1 };
            for seconds in [0, 60, 10_000, 1_000_000] {
                // A whole number of frames and of seconds in both rates.
                let time = Time::from_seconds(f64::from(seconds) * 1.001);
                let frame = FrameIndex(motion.frame_rate.frames_to_cover(time));
                let shown = motion.frame_rate.time_of(frame);
                let distance = motion.position(shown) - motion.scroll(Time::ZERO, frame);
                assert!(distance.abs() <= most, "{distance} subpixels at {seconds} s");
            }
        }
    }

    #[test]
    fn at_equal_steps_every_frame_moves_by_the_same_even_number_of_pixels() {
        let motion = NoteMotion::new(740, Time::from_seconds(2.1), rate(30000, 1001), false);
        let step = i64::from(motion.pixels_per_frame().unwrap()) * SUBPIXELS;
        assert_eq!(step % (2 * SUBPIXELS), 0);
        let start = Time::from_nanos(-1_234_567_891);
        for frame in [0, 1, 1000, 10_000_000] {
            let moved = motion.scroll(start, FrameIndex(frame + 1)) - motion.scroll(start, FrameIndex(frame));
            assert_eq!(moved, step);
        }
    }
}
