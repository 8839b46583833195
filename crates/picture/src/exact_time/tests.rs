use super::*;
use proptest::prelude::*;

fn given(text: &str) -> GivenTime {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn exact(numerator: i64, denominator: u32) -> ExactTime {
    ExactTime::new(numerator, NonZeroU32::new(denominator).unwrap())
}

fn rate(text: &str) -> FrameRate {
    text.parse().unwrap()
}

/// The usual rates.
const RATES: [&str; 15] = [
    "24000/1001",
    "24",
    "25",
    "30000/1001",
    "30",
    "48",
    "50",
    "60000/1001",
    "60",
    "90",
    "100",
    "120000/1001",
    "120",
    "144",
    "240",
];

#[test]
fn times_are_read_as_people_write_them() {
    for (text, numerator, denominator) in [
        ("42", 42, 1),
        ("42.5", 85, 2),
        ("42.5s", 85, 2),
        (" 42.5 s ", 85, 2),
        ("42.", 42, 1),
        (".5", 1, 2),
        ("500ms", 1, 2),
        ("0.5ms", 1, 2000),
        ("0:42", 42, 1),
        ("00:42", 42, 1),
        ("1:02.5", 125, 2),
        ("90:00", 5400, 1),
        ("1:02:03.5", 7447, 2),
        ("119/30", 119, 30),
        ("119/30s", 119, 30),
        ("0", 0, 1),
        ("-2", -2, 1),
        ("-1.5", -3, 2),
        ("−1.5", -3, 2),
        ("-0:01.5", -3, 2),
        ("-3/2", -3, 2),
        ("+3", 3, 1),
        ("5e-05", 1, 20_000),
        ("1e3", 1000, 1),
        ("0e400", 0, 1),
        ("31536000", 31_536_000, 1),
    ] {
        assert_eq!(given(text).time(), exact(numerator, denominator), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused_with_examples() {
    for text in [
        "", " ", "-", "s", "ms", ".", "abc", "nan", "inf", "infinity", "1:60", "1:60:00", "1:2:3:4", ":30",
        "1:", "1:-2", "--2", "-+2", "1.2.3", "1:2e0", "1/0", "1/-2", "1.5/2", "/2", "1/", "8m", "8h", "4,5",
        "1e", "1e99999", "0x10", "1_000", "٣", "1:002", "1:002:03", "bar:3", "1 2",
    ] {
        let error = text.parse::<GivenTime>().unwrap_err();
        assert!(matches!(error, TimeTextError::NotATime { .. }), "{text}: {error}");
        assert!(error.to_string().contains("42.5"), "{error}");
    }
    for text in
        ["31536001", "-31536001", "1e30", "9999999999:00", "99999999999999999999999999/1", "31536001000ms"]
    {
        let error = text.parse::<GivenTime>().unwrap_err();
        assert!(matches!(error, TimeTextError::TooLong { .. }), "{text}: {error}");
    }
    let comma = "4,5".parse::<GivenTime>().unwrap_err().to_string();
    assert!(comma.contains("comma"), "{comma}");
    // However long.
    assert_eq!(given(&format!("{}42.{}", "0".repeat(5000), "0".repeat(5000))).time(), exact(42, 1));
    assert!(format!("0.{}", "3".repeat(100_000)).parse::<GivenTime>().is_ok());
    assert!("9".repeat(100_000).parse::<GivenTime>().is_err());
}

#[test]
fn digits_beyond_the_last_place_round() {
    assert_eq!(given("0.66666666666666666").time(), given("0.666666666666667").time());
    assert_eq!(given("0.000000000000001").time().denominator(), FINEST);
    assert_eq!(given("0.00000000000000049").time(), ExactTime::ZERO);
    assert_eq!(given("0.0000000000000005").time(), given("1e-15").time());
    assert_eq!(given("5e-17").time(), ExactTime::ZERO);
    assert_eq!(given("0.9999999999999999").time(), exact(1, 1));
}

#[test]
fn a_time_is_rounded_once_to_the_nearest_nanosecond() {
    for (text, nanos) in [
        ("119/30", 3_966_666_667),
        ("-119/30", -3_966_666_667),
        ("0.0000000005", 1),
        ("-0.0000000005", 0),
        ("0.00000000049999", 0),
        ("-31536000", -31_536_000_000_000_000),
    ] {
        assert_eq!(given(text).time().rounded().as_nanos(), nanos, "{text}");
    }
    assert_eq!(ExactTime::from(Time::from_nanos(i64::MIN)).rounded(), Time::from_nanos(i64::MIN));
    assert_eq!(ExactTime::from(Time::from_nanos(1_500_000_000)), exact(3, 2));
}

#[test]
fn exact_times_are_ordered() {
    let ordered = [exact(-1, 2), exact(-1, 3), ExactTime::ZERO, exact(1, 3), exact(1, 2), exact(7, 3)];
    for (place, one) in ordered.iter().enumerate() {
        for (other_place, other) in ordered.iter().enumerate() {
            assert_eq!(one.cmp(other), place.cmp(&other_place));
        }
    }
}

#[test]
fn a_length_of_whole_frames_is_that_many_however_it_is_rounded() {
    for (text, at, frames) in [
        ("3.966666666666667", "30", 119),
        ("3.9666666666666666", "30", 119),
        ("3.966667", "30", 119),
        ("3.967", "30", 119),
        ("119/30", "30", 119),
        // Two differences of rounded times.
        ("0.034", "30", 1),
        // The error of a sum in floating point.
        ("0.30000000000000004", "10", 3),
        ("0:03.967", "30", 119),
        ("3967ms", "30", 119),
        ("5.005", "30000/1001", 150),
        // Everything else is covered.
        ("3.97", "30", 120),
        ("4", "30", 120),
        ("5.005", "24", 121),
        ("5.005", "60", 301),
        ("0.1", "24", 3),
        ("125", "24000/1001", 2998),
        ("119000001/30000000", "30", 119),
        ("11901/3000", "30", 120),
        // Something is shown of anything.
        ("0.0001", "60", 1),
        ("1e-15", "1", 1),
        ("0", "60", 0),
        ("-1", "60", 0),
    ] {
        assert_eq!(given(text).frames(rate(at)), frames, "{text} at {at}");
    }
    assert_eq!(given("31536000").frames(rate("1000")), 31_536_000_000);
    let finest = FrameRate::new(1_000_000, 999_999).unwrap();
    assert_eq!(given("31535999.999999999999999").frames(finest), 31_536_032);
}

/// A ratio as a decimal of `places` places, rounded to the nearest, by whole numbers alone.
fn decimal_text(time: ExactTime, places: usize) -> String {
    let scale = 10_i128.pow(places as u32);
    let denominator = i128::from(time.denominator());
    let rounded = (2 * time.numerator() * scale + denominator).div_euclid(2 * denominator);
    format!("{}.{:0places$}", rounded / scale, rounded % scale)
}

/// The frame of `rate` whose time is nearest to `time`.
fn nearest_frame(time: ExactTime, rate: FrameRate) -> u64 {
    let (per, frames) = (
        i128::from(time.denominator()) * i128::from(rate.denominator()),
        time.numerator() * i128::from(rate.numerator()),
    );
    u64::try_from((2 * frames + per).div_euclid(2 * per)).unwrap()
}

proptest! {
    #[test]
    fn parts_cut_at_frame_borders_have_every_frame_once(
        rate_text in proptest::sample::select(&RATES[..]),
        places in proptest::sample::select(vec![Some(3), Some(6), Some(9), Some(12), None]),
        lengths in proptest::collection::vec(1_u64..20_000, 1..20),
    ) {
        let rate = rate(rate_text);
        let mut border = 0;
        let mut frames = 0;
        let text = |frame| {
            let time = rate.exact_time_of(FrameIndex(frame));
            match places {
                Some(places) => decimal_text(time, places),
                None => format!("{}/{}", time.numerator(), time.denominator()),
            }
        };
        for length in &lengths {
            let start = given(&text(border));
            prop_assert_eq!(nearest_frame(start.time(), rate), border);
            // The part begins within half a unit of the digits of its frame's exact time.
            let off = start.time().as_seconds() - rate.exact_time_of(FrameIndex(border)).as_seconds();
            prop_assert!(off.abs() <= places.map_or(0.0, |places| 0.51 * 0.1_f64.powi(places as i32)) + 1e-11);
            prop_assert_eq!(given(&text(*length)).frames(rate), *length);
            border += length;
            frames += given(&text(*length)).frames(rate);
        }
        prop_assert_eq!(given(&text(border)).frames(rate), frames);
    }

    #[test]
    fn lengths_by_subtraction_of_rounded_times_have_every_frame_once(
        rate_text in proptest::sample::select(&RATES[..]),
        places in proptest::sample::select(vec![3_usize, 6, 9, 12]),
        start in 0_u64..100_000,
        length in 1_u64..20_000,
    ) {
        let rate = rate(rate_text);
        // Milliseconds are too coarse for this beyond 125 frames per second.
        prop_assume!(places > 3 || rate.as_f64() <= 125.0);
        let time = |frame| given(&decimal_text(rate.exact_time_of(FrameIndex(frame)), places)).time();
        let scale = 10_u64.pow(places as u32);
        let units = |time: ExactTime| time.numerator() * i128::from(scale / time.denominator());
        let difference = units(time(start + length)) - units(time(start));
        let scale = i128::from(scale);
        let text = format!("{}.{:0places$}", difference / scale, difference % scale);
        prop_assert_eq!(given(&text).frames(rate), length, "{}", text);
    }

    #[test]
    fn floating_point_texts_have_the_right_frames(
        rate_text in proptest::sample::select(&RATES[..]),
        length in 1_u32..1_000_000,
    ) {
        let rate = rate(rate_text);
        // As Python, JavaScript and Rust print it.
        let seconds = f64::from(length) * f64::from(rate.denominator()) / f64::from(rate.numerator());
        prop_assert_eq!(given(&format!("{seconds}")).frames(rate), u64::from(length));
        let seconds = f64::from(length) / rate.as_f64();
        prop_assert_eq!(given(&format!("{seconds}")).frames(rate), u64::from(length));
        prop_assert_eq!(given(&format!("{seconds:e}")).frames(rate), u64::from(length));
    }

    #[test]
    fn frames_cover_a_length_but_for_what_its_digits_cannot_tell(
        rate_text in proptest::sample::select(&RATES[..]),
        number in 1_u64..30_000_000,
        places in 0_u32..12,
    ) {
        let rate = rate(rate_text);
        let time = exact(number as i64, 1);
        let time = ExactTime::reduced(time.numerator(), 10_u64.pow(places));
        let text = decimal_text(time, places as usize);
        let frames = given(&text).frames(rate);
        let covering = (time.numerator() * i128::from(rate.numerator()) + i128::from(time.denominator()) * i128::from(rate.denominator()) - 1)
            / (i128::from(time.denominator()) * i128::from(rate.denominator()));
        let covering = u64::try_from(covering).unwrap();
        prop_assert!(frames == covering || frames + 1 == covering, "{} {}", frames, covering);
        let missing = time.as_seconds() - rate.exact_time_of(FrameIndex(frames)).as_seconds();
        prop_assert!(missing <= 0.1_f64.powi(places as i32).max(1e-6) * 1.001, "{} of {}", missing, text);
        prop_assert!(missing * rate.as_f64() <= 0.126);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+0-9:./esmbar, ]{0,40}") {
        if let Ok(time) = text.parse::<GivenTime>() {
            prop_assert!(time.time().as_seconds().abs() <= 31_536_000.1);
            let _ = (time.frames(rate("240")), time.time().rounded());
        }
    }
}
