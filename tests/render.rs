//! `strikeline render` from MIDI file to decoded picture, with ffmpeg as the decoder.

mod common;

use std::path::{Path, PathBuf};

use common::midi::{self, Tap, ticks};
use common::program::{decode, folder_with, names, probe, strikeline, succeed, top_boxes};
use strikeline::theme::Theme;

/// Keys of the drum set.
const KICK: u8 = 36;
const SNARE: u8 = 38;
const HI_HAT: u8 = 42;

/// Renders `song` with `options` into a folder of its own.
fn render(song: &[u8], options: &[&str]) -> (tempfile::TempDir, PathBuf, serde_json::Value) {
    let (folder, song) = folder_with(song);
    let video = folder.path().join("video.mp4");
    let output =
        succeed(strikeline().arg("render").arg(song).arg("-o").arg(&video).arg("--json").args(options));
    let summary = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
    (folder, video, summary)
}

/// The same, in the plainest theme, without text and without beat lines.
fn render_bare(song: &[u8], options: &[&str]) -> (tempfile::TempDir, PathBuf, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let theme = folder.path().join("bare.toml");
    std::fs::write(&theme, "extends = \"plain\"\n[beats]\nbar-width = 0\nbeat-width = 0\n").unwrap();
    let theme = theme.to_str().unwrap();
    let bare = ["--theme", theme, "--no-header", "--no-count-in", "--labels", "never"];
    render(song, &[options, &bare[..]].concat())
}

/// Limited-range BT.709 (ITU-R BT.709-6, 3.3).
fn ycbcr(color: [u8; 3]) -> [f64; 3] {
    let [r, g, b] = color.map(|value| f64::from(value) / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.8556, 128.0 + 224.0 * (r - y) / 1.5748]
}

/// A short beat.
fn beat(bars: u32) -> Vec<Tap> {
    let eighth = u32::from(midi::TICKS_PER_QUARTER) / 2;
    let mut taps = Vec::new();
    for eighths in 0..bars * 8 {
        let time = eighths * eighth;
        taps.push((time, HI_HAT, 40 + (eighths * 29 % 80) as u8));
        match eighths % 8 {
            0 | 5 => taps.push((time, KICK, 110)),
            2 | 6 => taps.push((time, SNARE, 100)),
            _ => {}
        }
    }
    taps
}

fn text<'v>(value: &'v serde_json::Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {value}"))
}

#[test]
fn the_video_has_every_frame_at_its_exact_time_and_the_right_tags() {
    for (rate, ticks_per_second, ticks_per_frame) in
        [("60", 60_u64, 1_u64), ("30000/1001", 30000, 1001), ("24", 24, 1), ("25", 25, 1), ("120", 120, 1)]
    {
        let (_folder, video, summary) =
            render(&midi::song(&beat(2)), &["--size", "320x180", "--fps", rate, "--duration", "5.005"]);
        let frames = (5.005 * ticks_per_second as f64 / ticks_per_frame as f64).ceil() as u64;
        assert_eq!(summary["frames"], frames, "{rate}");

        let probed = probe(&video);
        let stream = &probed["streams"][0];
        assert_eq!(text(stream, "nb_frames"), frames.to_string());
        assert_eq!(text(stream, "codec_name"), "h264");
        assert_eq!(text(stream, "r_frame_rate"), format!("{ticks_per_second}/{ticks_per_frame}"));
        for (key, value) in [
            ("color_space", "bt709"),
            ("color_primaries", "bt709"),
            ("color_transfer", "bt709"),
            ("color_range", "tv"),
            ("chroma_location", "left"),
            ("pix_fmt", "yuv420p"),
        ] {
            assert_eq!(text(stream, key), value, "{key}");
        }

        let time_base = text(stream, "time_base").strip_prefix("1/").unwrap().parse::<u64>().unwrap();
        let packets = probed["packets"].as_array().unwrap();
        assert_eq!(packets.len() as u64, frames);
        for (index, packet) in packets.iter().enumerate() {
            let expected = index as u64 * ticks_per_frame * time_base / ticks_per_second;
            assert_eq!(packet["pts"], expected, "{rate}, frame {index}");
            assert_eq!(packet["dts"], expected, "{rate}, frame {index}");
        }

        assert_eq!(decode(&video, 320, 180).len() as u64, frames);
        let boxes = top_boxes(&video);
        let place = |name| boxes.iter().position(|other| other == name).expect(name);
        assert!(place("moov") < place("mdat"), "{boxes:?}");
    }
}

/// First and last row, and their middle, where the luma of column `x` is over `threshold`, above `bottom`.
fn find_note(frame: &[u8], width: usize, x: usize, bottom: usize, threshold: u8) -> Option<f64> {
    let luma = |y: usize| f64::from(frame[y * width + x]);
    let bright: Vec<usize> = (0..bottom).filter(|&y| frame[y * width + x] > threshold).collect();
    let (&first, &last) = (bright.first()?, bright.last()?);
    if first == 0 {
        return None;
    }
    // Edges between samples, by how far the edge rows are from dark to bright.
    let (dark, bright) = (luma(first.saturating_sub(3)), luma((first + last) / 2));
    let share = |y: usize| ((luma(y) - dark) / (bright - dark)).clamp(0.0, 1.0);
    let top = first as f64 - share(first - 1);
    let bottom = last as f64 + 1.0 + share(last + 1);
    Some((top + bottom) / 2.0)
}

#[test]
fn every_frame_shows_its_instant_at_the_start_and_after_hours() {
    let (width, height) = (640, 360);
    for at in [0.0, 60.0, 10_000.0] {
        for extra in [&["--exact-speed", "--lookahead", "1.7"][..], &[]] {
            for rate in ["60", "30000/1001"] {
                // One snare; a kick far away keeps nothing else on the picture.
                let hit = at + 1.5;
                let song = midi::song(&[(ticks(hit), SNARE, 127)]);
                let start = format!("{at}");
                let size = format!("{width}x{height}");
                let mut options = vec![
                    "--size",
                    &size,
                    "--fps",
                    rate,
                    "--start",
                    &start,
                    "--duration",
                    "1.5",
                    "--quality",
                    "16",
                ];
                options.extend(extra);
                let (_folder, video, summary) = render_bare(&song, &options);
                let speed = summary["pixels_per_second"].as_f64().unwrap();
                // Where frames take turns with two steps, a note may be a pixel off.
                let in_turns = extra.is_empty() && summary["pixels_per_frame"].is_null();
                let tolerance = if in_turns { 1.5 } else { 0.5 };
                let rate = match rate {
                    "60" => 60.0,
                    _ => 30000.0 / 1001.0,
                };
                let frames = decode(&video, width, height);
                assert!(frames.len() > 40);
                let strike = common::layout(width as u32, height as u32, 1).strike as usize;
                let mut seen = 0;
                for (index, frame) in frames.iter().enumerate() {
                    let Some(measured) = find_note(frame, width, width / 2, strike - 14, 60) else {
                        continue;
                    };
                    let expected = strike as f64 - (hit - at - index as f64 / rate) * speed;
                    if expected > strike as f64 - 26.0 {
                        continue;
                    }
                    seen += 1;
                    assert!(
                        (measured - expected).abs() <= tolerance,
                        "frame {index} from {at} s at {rate}: seen at {measured}, expected at {expected}"
                    );
                }
                assert!(seen > 20, "the note was seen in {seen} frames only");
            }
        }
    }
}

#[test]
fn every_frame_is_in_its_place_across_segment_borders() {
    let (width, height, spacing) = (640, 360, 1.6);
    let taps: Vec<Tap> = (1..=6).map(|index| (ticks(f64::from(index) * spacing), SNARE, 127)).collect();
    let options =
        ["--size", "640x360", "--start", "0", "--duration", "9", "--exact-speed", "--lookahead", "1.5"];
    let (_folder, video, summary) = render_bare(&midi::song(&taps), &options);
    let speed = summary["pixels_per_second"].as_f64().unwrap();
    let strike = common::layout(width as u32, height as u32, 1).strike as usize;
    let frames = decode(&video, width, height);
    assert_eq!(frames.len(), 540);
    let mut seen = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let time = index as f64 / 60.0;
        let next = (time / spacing).ceil() * spacing;
        let expected = strike as f64 - (next - time) * speed;
        if expected < 16.0 || expected > strike as f64 - 26.0 {
            continue;
        }
        let measured = find_note(frame, width, width / 2, strike - 14, 60).expect("a note is in sight");
        assert!(
            (measured - expected).abs() <= 0.5,
            "frame {index}: seen at {measured}, expected at {expected}"
        );
        seen.push(index);
    }
    // Segments of 120 frames: both sides of a border, at more than one of them.
    let across = [120, 240, 360, 480].iter().filter(|&&b| seen.contains(&(b - 1)) && seen.contains(&b));
    assert!(across.count() >= 2, "{seen:?}");
}

#[test]
fn decoded_colours_are_those_of_the_highway() {
    let (_folder, video, _) =
        render_bare(&midi::song(&beat(1)), &["--size", "640x360", "--duration", "0.5", "--quality", "12"]);
    let frames = decode(&video, 640, 360);
    let frame = frames.last().unwrap();
    // The background beside the lanes, and the strike line between receptors.
    let theme = Theme::default();
    let (luma, chroma) = frame.split_at(640 * 360);
    let (u, v) = chroma.split_at(320 * 180);
    let [y, cb, cr] = ycbcr(theme.background.top.rgb());
    for (sample, expected) in [(luma[180 * 640 + 8], y), (u[90 * 320 + 4], cb), (v[90 * 320 + 4], cr)] {
        assert!((f64::from(sample) - expected).abs() <= 2.0, "{sample} instead of {expected}");
    }
    let layout = common::layout(640, 360, 2);
    let x = layout.lane(0).0 as usize + 3;
    let sample = luma[layout.strike as usize * 640 + x];
    let expected = ycbcr(theme.strike_line.color.rgb())[0];
    assert!((f64::from(sample) - expected).abs() <= 3.0, "{sample} instead of {expected}");
}

#[test]
fn bytes_do_not_depend_on_how_the_work_is_spread() {
    let song = midi::song(&beat(4));
    let bytes = |options: &[&str]| {
        let mut all = vec!["--size", "426x240"];
        all.extend(options);
        let (_folder, video, _) = render(&song, &all);
        std::fs::read(video).unwrap()
    };
    let first = bytes(&[]);
    assert!(first == bytes(&[]), "a second run differs");
    for ring in ["1", "2", "8"] {
        for jobs in ["1", "2", "4"] {
            assert!(first == bytes(&["--ring", ring, "--jobs", jobs]), "ring {ring}, jobs {jobs} differ");
        }
    }
    assert!(first != bytes(&["--quality", "30"]), "quality must matter");
}

#[test]
fn pictures_of_every_size_class_decode_to_their_exact_size() {
    let song = midi::song(&beat(1));
    for (width, height) in [
        (64, 64),
        (66, 64),
        (64, 66),
        (130, 98),
        (322, 182),
        (854, 480),
        (1366, 768),
        (1920, 1080),
        (360, 640),
    ] {
        let size = format!("{width}x{height}");
        let (_folder, video, summary) = render(&song, &["--size", &size, "--duration", "0.2"]);
        let probed = probe(&video);
        assert_eq!(probed["streams"][0]["width"], width);
        assert_eq!(probed["streams"][0]["height"], height);
        assert_eq!(decode(&video, width, height).len() as u64, summary["frames"].as_u64().unwrap());
    }
}

#[test]
fn the_summary_says_what_was_done() {
    let (_folder, video, summary) = render(&midi::song(&beat(1)), &["--size", "320x180", "--duration", "2"]);
    assert_eq!(summary["frames"], 120);
    assert_eq!(summary["bytes"], std::fs::metadata(&video).unwrap().len());
    assert_eq!(summary["encoder"], "h264");
    assert!(summary["adapter"].as_str().unwrap().len() > 3);
    for key in ["wall_seconds", "cpu_seconds", "frames_per_second"] {
        assert!(summary[key].as_f64().unwrap() > 0.0, "{key}");
    }
    for stage in ["render", "readback", "encode", "write"] {
        let (busy, stalled) = (&summary["stages"][stage]["busy"], &summary["stages"][stage]["stalled"]);
        let sum = busy.as_f64().unwrap() + stalled.as_f64().unwrap();
        assert!((0.99..1.01).contains(&sum), "{stage}");
    }
}

#[test]
fn by_default_the_first_note_falls_in_from_the_top_and_the_last_has_three_seconds() {
    let song = midi::song(&[(0, SNARE, 127), (ticks(2.0), SNARE, 127)]);
    let (_folder, video, summary) = render(&song, &["--size", "640x360"]);
    let start = summary["song_start_seconds"].as_f64().unwrap();
    assert!(start < -1.0, "{start}");
    let expected = ((2.0 + 3.0 - start) * 60.0).ceil();
    assert_eq!(summary["frames"], expected as u64);
    let frames = decode(&video, 640, 360);
    let strike = common::layout(640, 360, 1).strike as usize;
    assert!(find_note(&frames[0], 640, 320, strike - 14, 60).is_none(), "nothing at first");
    assert!(find_note(&frames[20], 640, 320, strike - 14, 60).is_some(), "the note comes in");
}

#[test]
fn without_an_output_name_the_video_is_named_after_the_song() {
    let (folder, song) = folder_with(&midi::song(&beat(1)));
    succeed(
        strikeline()
            .current_dir(folder.path())
            .args(["render", "--size", "64x64", "--duration", "0.1", "--quiet"])
            .arg(song),
    );
    assert_eq!(names(folder.path()), ["song.mid", "song.mp4"]);
}

#[test]
fn the_bundled_songs_render() {
    let songs = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs");
    let mut count = 0;
    for entry in std::fs::read_dir(songs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "mid") {
            let (_folder, video, summary) =
                render(&std::fs::read(path).unwrap(), &["--size", "320x180", "--fps", "10"]);
            assert_eq!(decode(&video, 320, 180).len() as u64, summary["frames"].as_u64().unwrap());
            count += 1;
        }
    }
    assert!(count >= 3);
}

#[test]
fn with_more_effort_a_video_in_perspective_is_smaller_and_as_good() {
    let look = ["--size", "480x270", "--duration", "4", "--view", "perspective", "--no-sound"];
    let made = |effort: &[&str]| {
        let (_folder, video, summary) = render(&midi::song(&beat(4)), &[&look[..], effort].concat());
        (summary["bytes"].as_u64().unwrap(), decode(&video, 480, 270).concat())
    };
    let (fast, pictures) = made(&[]);
    assert_eq!(made(&["--effort", "fast"]).0, fast, "the default");
    let (small, smaller) = made(&["--effort", "small"]);
    assert!(small < fast, "{small} and {fast} bytes");
    assert_eq!(pictures.len(), smaller.len());
    let squares = pictures.iter().zip(&smaller).map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2));
    let mean = squares.sum::<u64>() as f64 / pictures.len() as f64;
    assert!(mean < 10.0, "mean squared difference {mean}");
}

#[test]
fn effort_is_for_the_built_in_encoder() {
    let (folder, song) = folder_with(&midi::song(&beat(1)));
    for codec in ["x264", "y4m"] {
        let mut command = strikeline();
        command
            .current_dir(&folder)
            .args(["render"])
            .arg(&song)
            .args(["--effort", "small", "--codec", codec]);
        let output = command.output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("--effort is for the codec h264"), "{message}");
    }
}
