//! Animated pictures: GIF, APNG and WebP, decoded by ffmpeg, or for WebP by `image-webp`, and compared with stills.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{fail, folder_with, names, strikeline, succeed};

const GROOVE: &[u8] = include_bytes!("../examples/songs/groove.mid");

/// The error of a GIF against the still, as the ratio of peak signal to noise in dB, is at least this.
const GIF_PSNR: f64 = 39.0;

/// The program in `folder`, to render `song.mid`.
fn render(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).args(["render", "song.mid", "--quiet", "--no-tuned"]).args(arguments);
    command
}

/// Three notes.
fn song() -> Vec<u8> {
    midi::song(&[(0, 38, 100), (ticks(1.0), 36, 100), (ticks(2.0), 42, 100)])
}

/// RGBA frames, how long each is shown in seconds, and how often all are played; 0 is for ever.
struct Decoded {
    frames: Vec<Vec<u8>>,
    seconds: Vec<f64>,
    plays: u32,
}

fn decode(file: &Path, width: usize, height: usize) -> Decoded {
    let bytes = fs::read(file).unwrap();
    match file.extension().unwrap().to_str().unwrap() {
        "webp" => decode_webp(&bytes),
        ending => {
            let plays = if ending == "gif" { gif_plays(&bytes) } else { apng_plays(&bytes) };
            let mut ffmpeg = Command::new("ffmpeg");
            ffmpeg.args(["-v", "error", "-xerror", "-i"]).arg(file);
            ffmpeg.args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-"]);
            let output = succeed(&mut ffmpeg);
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
            let frames = output.stdout.chunks_exact(width * height * 4).map(<[u8]>::to_vec).collect();
            let about = common::program::probe(file);
            let seconds = about["packets"].as_array().unwrap().iter();
            let seconds =
                seconds.map(|packet| packet["duration_time"].as_str().unwrap().parse().unwrap()).collect();
            Decoded { frames, seconds, plays }
        }
    }
}

fn decode_webp(bytes: &[u8]) -> Decoded {
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
    let plays = match decoder.loop_count() {
        image_webp::LoopCount::Forever => 0,
        image_webp::LoopCount::Times(times) => times.get().into(),
    };
    let (mut frames, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..decoder.num_frames() {
        let mut picture = vec![0; decoder.output_buffer_size().unwrap()];
        seconds.push(f64::from(decoder.read_frame(&mut picture).unwrap()) / 1000.0);
        frames.push(picture);
    }
    Decoded { frames, seconds, plays }
}

/// A GIF says how often it is played again, if it is.
fn gif_plays(bytes: &[u8]) -> u32 {
    let name = b"NETSCAPE2.0\x03\x01";
    let Some(at) = bytes.windows(name.len()).position(|found| found == name) else { return 1 };
    match u16::from_le_bytes(bytes[at + name.len()..][..2].try_into().unwrap()) {
        0 => 0,
        again => u32::from(again) + 1,
    }
}

fn apng_plays(bytes: &[u8]) -> u32 {
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    reader.info().animation_control().unwrap().num_plays
}

fn read_png(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    match info.color_type {
        png::ColorType::Rgba => pixels,
        _ => pixels.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect(),
    }
}

/// Over the colours, in dB.
fn psnr(one: &[u8], other: &[u8]) -> f64 {
    let pixels = one.chunks_exact(4).zip(other.chunks_exact(4));
    let errors = pixels.flat_map(|(one, other)| one[..3].iter().zip(&other[..3]));
    let sum: f64 = errors.map(|(one, other)| f64::from(one.abs_diff(*other)).powi(2)).sum();
    10.0 * (255.0_f64.powi(2) / (sum / (one.len() as f64 * 0.75))).log10()
}

#[test]
fn frames_are_the_stills_of_their_moments_with_alpha_and_those_of_a_gif_are_near_them() {
    let (folder, _) = folder_with(GROOVE);
    let path = |name: &str| folder.path().join(name);
    for look in [&[][..], &["--transparent"]] {
        let still = |frame: usize| {
            let moment = format!("{}/25", 250 + frame);
            let mut command = strikeline();
            command.current_dir(&folder).args(["frame", "song.mid", "--at", &moment, "--fps", "25"]);
            succeed(command.args(["--size", "320x180", "-o", "still.png", "--quiet", "--force"]).args(look));
            read_png(&path("still.png"))
        };
        // Two segments, and one of a single frame.
        let stills = [0, 1, 49, 50, 75, 100].map(|frame| (frame, still(frame)));
        for name in ["a.apng", "a.webp", "a.gif"] {
            let mut command = render(folder.path(), &["--start", "10", "--duration", "4.04"]);
            command.args(["--size", "320x180", "--force", "-o", name]).args(look);
            if name == "a.gif" && !look.is_empty() {
                let error = fail(&mut command, 2);
                let words = ["--transparent", "apng", "webp-animation"];
                assert!(words.iter().all(|word| error.contains(word)), "{error}");
                continue;
            }
            succeed(&mut command);
            let decoded = decode(&path(name), 320, 180);
            assert_eq!(decoded.frames.len(), 101, "{name}");
            for (frame, still) in &stills {
                let found = &decoded.frames[*frame];
                match name {
                    "a.gif" => {
                        let psnr = psnr(found, still);
                        eprintln!("GIF, frame {frame}: {psnr:.1} dB");
                        assert!(psnr > GIF_PSNR, "frame {frame}: {psnr}");
                    }
                    "a.apng" => assert!(found == still, "{name} {look:?}, frame {frame}"),
                    // The decoder rounds what it blends; what is coded is exact (crates/wgpu-video/tests/animations.rs).
                    _ => {
                        let off = found.iter().zip(still).map(|(found, still)| found.abs_diff(*still)).max();
                        assert!(off <= Some(1), "{name} {look:?}, frame {frame}: {off:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn bytes_do_not_depend_on_how_the_work_is_split() {
    let (folder, _) = folder_with(GROOVE);
    for ending in ["gif", "apng", "webp"] {
        let make = |name: &str, split: &[&str]| {
            let name = format!("{name}.{ending}");
            let part = ["--start", "8", "--duration", "5", "--size", "128x96", "-o", &name];
            succeed(render(folder.path(), &part).args(split));
            fs::read(folder.path().join(name)).unwrap()
        };
        let one = make("one", &["--jobs", "1", "--ring", "1", "--segments", "1", "--devices", "1"]);
        let many = make("many", &["--jobs", "4", "--ring", "9", "--segments", "3", "--devices", "2"]);
        assert!(one == many, "{ending}");
    }
}

#[test]
fn every_frame_is_shown_for_its_time_at_every_rate() {
    let (folder, _) = folder_with(&song());
    // ffprobe rounds the times of APNG, which are exact.
    for (rate, per_second) in [
        ("24", 24.0),
        ("25", 25.0),
        ("30", 30.0),
        ("50", 50.0),
        ("30000/1001", 30_000.0 / 1001.0),
        ("12.5", 12.5),
    ] {
        for (ending, tick) in [("gif", 0.01), ("apng", 0.002), ("webp", 0.001)] {
            let name = format!("a.{ending}");
            let part = ["--fps", rate, "--duration", "1.4", "--size", "64x64", "-o", &name, "--force"];
            succeed(&mut render(folder.path(), &part));
            let decoded = decode(&folder.path().join(&name), 64, 64);
            let frames = (1.4 * per_second - 0.01_f64).ceil() as usize;
            assert_eq!((decoded.frames.len(), decoded.seconds.len()), (frames, frames), "{name} at {rate}");
            let mut shown = 0.0;
            for (frame, seconds) in decoded.seconds.iter().enumerate() {
                let due = frame as f64 / per_second;
                assert!(
                    (shown - due).abs() <= tick * 0.51,
                    "{name} at {rate}: frame {frame} at {shown}, not {due}"
                );
                shown += seconds;
            }
            assert!((shown - frames as f64 / per_second).abs() <= tick * 0.51, "{name} at {rate}: {shown}");
        }
    }
    for (output, rate, most) in
        [("a.gif", "60", "50"), ("a.gif", "50.01", "50"), ("a.apng", "91", "90"), ("a.webp", "120", "90")]
    {
        let error = fail(&mut render(folder.path(), &["--fps", rate, "-o", output, "--force"]), 2);
        assert!(error.contains(&format!("{most} frames per second are the most")), "{error}");
    }
}

#[test]
fn what_does_not_change_costs_next_to_nothing_and_keeps_its_time() {
    // The notes are long over.
    let (folder, _) = folder_with(&song());
    for ending in ["gif", "apng", "webp"] {
        for (duration, frames) in [("0.04", 1), ("1.96", 49)] {
            let name = format!("a{frames}.{ending}");
            let part =
                ["--start", "30", "--duration", duration, "--size", "64x64", "--no-header", "-o", &name];
            succeed(&mut render(folder.path(), &part));
            let decoded = decode(&folder.path().join(&name), 64, 64);
            assert_eq!(decoded.frames.len(), frames, "{name}");
            assert!(decoded.frames.iter().all(|frame| *frame == decoded.frames[0]), "{name}");
            assert!((decoded.seconds.iter().sum::<f64>() - frames as f64 * 0.04).abs() < 0.001, "{name}");
        }
        let bytes =
            |frames: u64| fs::metadata(folder.path().join(format!("a{frames}.{ending}"))).unwrap().len();
        let each = (bytes(49) - bytes(1)) / 48;
        assert!(each < 150, "{ending}: {each} bytes for each frame that is as the one before");
    }
}

#[test]
fn the_file_says_how_often_it_is_played() {
    let (folder, _) = folder_with(&song());
    for ending in ["gif", "apng", "webp"] {
        for (plays, expected) in [(None, 0), (Some("0"), 0), (Some("1"), 1), (Some("3"), 3)] {
            let name = format!("a.{ending}");
            let mut command =
                render(folder.path(), &["--duration", "0.2", "--size", "64x64", "--force", "-o", &name]);
            command.args(plays.iter().flat_map(|plays| ["--plays", plays]));
            succeed(&mut command);
            assert_eq!(decode(&folder.path().join(&name), 64, 64).plays, expected, "{ending} {plays:?}");
        }
    }
}

#[test]
fn sizes_and_rates_are_those_of_a_page_unless_others_are_given() {
    let (folder, _) = folder_with(&song());
    for (arguments, size, rate) in [
        (&["-o", "a.gif"][..], "640x360", "25"),
        (&["--codec", "apng", "--fps", "30"], "640x360", "30"),
        (&["-o", "a.webp", "--size", "64x64"], "64x64", "25"),
        (&["-o", "a.mp4", "--no-sound"], "1920x1080", "60"),
    ] {
        let made = succeed(render(folder.path(), arguments).args(["--json", "--duration", "0.1"]));
        let about: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
        assert_eq!(
            (about["size"].as_str(), about["frame_rate"].as_str()),
            (Some(size), Some(rate)),
            "{arguments:?}"
        );
    }
    assert!(names(folder.path()).contains(&"song.apng".to_owned()));
}

#[test]
fn the_size_is_told_before_and_is_about_right() {
    for song in ["groove", "blast", "percussion"] {
        let file = format!("{}/examples/songs/{song}.mid", env!("CARGO_MANIFEST_DIR"));
        let (folder, _) = folder_with(&fs::read(file).unwrap());
        for ending in ["gif", "webp"] {
            let name = format!("a.{ending}");
            let part = ["--start", "5", "--duration", "4", "--size", "128x96", "--json", "-o", &name];
            let made = succeed(&mut render(folder.path(), &part));
            let about: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
            let (told, bytes) =
                (about["estimated_bytes"].as_f64().unwrap(), about["bytes"].as_f64().unwrap());
            eprintln!("{song}, {ending}: {:.2} of the size was told", told / bytes);
            assert!((0.5..=1.5).contains(&(told / bytes)), "{song}, {ending}: {told} instead of {bytes}");
        }
    }
    let (folder, _) = folder_with(&song());
    let mut command = strikeline();
    command.current_dir(&folder).args([
        "render",
        "song.mid",
        "-o",
        "a.gif",
        "--size",
        "64x64",
        "--duration",
        "3",
    ]);
    let told = String::from_utf8(succeed(&mut command).stderr).unwrap();
    let size = told.lines().find_map(|line| line.strip_prefix("the file will have about ")).unwrap();
    assert!(size.ends_with(" kB") && !told.contains("warning"), "{told}");
}

#[test]
fn what_animated_pictures_cannot_have_is_refused_or_told() {
    let (folder, _) = folder_with(&song());
    let small = ["--duration", "0.2", "--size", "64x64"];
    for (arguments, words) in [
        (&["-o", "a.mp4", "--plays", "2"][..], &["--plays", ".gif", "MP4"][..]),
        (&["-o", "-", "--codec", "gif"], &["GIF", "pipe"]),
        (&["-o", "a.gif", "--codec", "h264"], &["GIF files cannot", "--codec gif"]),
        (&["-o", "a.mp4", "--codec", "gif"], &[".gif"]),
        (&["-o", "a.gif", "--plays", "65536"], &["65536"]),
        (&["song.mid", "-o", "a.apng"], &["one file"]),
    ] {
        let error = fail(render(folder.path(), arguments).args(small), 2);
        assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
    assert_eq!(names(folder.path()), ["song.mid"]);
    let mut command = strikeline();
    command.current_dir(&folder).args(["render", "song.mid", "-o", "a.gif", "--click"]).args(small);
    let told = String::from_utf8(succeed(&mut command).stderr).unwrap();
    assert!(told.contains("warning: a GIF file has no place for sound"), "{told}");
}

#[test]
fn joined_parts_are_the_bytes_of_one_render() {
    let (folder, _) = folder_with(GROOVE);
    for codec in ["gif", "webp-animation"] {
        let look = ["--start", "8", "--duration", "5", "--size", "128x96", "--codec", codec];
        let run = |arguments: &[&str]| {
            let mut command = strikeline();
            succeed(command.current_dir(&folder).args(arguments));
        };
        run(&[&["plan", "song.mid", "-o", "a.plan.json", "--parts", "2", "--force"][..], &look[..]].concat());
        for part in ["1", "2"] {
            run(&["part", "a.plan.json", part]);
        }
        run(&["join", "a.plan.json", "--plays", "2", "--force", "--remove-parts"]);
        let video = folder.path().join(if codec == "gif" { "song.gif" } else { "song.webp" });
        let joined = fs::read(&video).unwrap();
        run(&[&["render", "song.mid", "--plays", "2", "--force"][..], &look[..]].concat());
        assert!(joined == fs::read(&video).unwrap(), "{codec}");
    }
}

#[test]
fn a_render_that_was_killed_goes_on_and_makes_the_bytes_of_one_run() {
    let (folder, _) = folder_with(GROOVE);
    let part = ["--duration", "12", "--size", "192x108", "-o"];
    succeed(render(folder.path(), &part).args(["whole.gif", "--no-resume"]));
    let mut child = render(folder.path(), &part).args(["a.gif", "--journal-after", "0"]).spawn().unwrap();
    // More than the largest segment takes, so that one is complete.
    let has_begun = || {
        let journal = names(folder.path()).into_iter().find(|name| name.starts_with(".a.gif."));
        journal.is_some_and(|name| {
            fs::metadata(folder.path().join(name)).is_ok_and(|about| about.len() > 400_000)
        })
    };
    while !has_begun() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended before it could be killed");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let made = succeed(render(folder.path(), &part).args(["a.gif", "--json"]));
    let about: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(about["kept_frames"].as_u64() > Some(0) && about["estimated_bytes"].is_null(), "{about}");
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("a.gif") == bytes("whole.gif"));
    assert_eq!(names(folder.path()), ["a.gif", "song.mid", "whole.gif"]);
}

#[test]
fn an_animation_is_profiled_as_it_is_rendered() {
    let (folder, _) = folder_with(GROOVE);
    let mut command = strikeline();
    command
        .current_dir(&folder)
        .args(["profile", "song.mid", "--codec", "gif", "--frames", "30", "--brief", "--json"]);
    let about: serde_json::Value = serde_json::from_slice(&succeed(&mut command).stdout).unwrap();
    assert_eq!(about["encoder"], "gif");
    assert_eq!(about["stages"]["encode"]["bytes"], 30 * 640 * 360 * 4);
}
