//! The codecs of an installed ffmpeg: what comes out is decoded by ffmpeg and compared with the frames that went in.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{
    decode, decode_sound, fail, folder_with, names, probe, sound_tracks, strikeline, succeed,
};

const WIDTH: usize = 256;
const HEIGHT: usize = 144;

/// Some notes.
fn song() -> Vec<u8> {
    midi::song(&[(0, 38, 100), (ticks(0.5), 36, 100), (ticks(1.0), 42, 100), (ticks(1.5), 38, 90)])
}

/// Three seconds of the song in `folder`, of two segments.
fn command(folder: &Path, subcommand: &str, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).env_remove("STRIKELINE_FFMPEG").args([subcommand, "song.mid"]);
    command.args(["--size", "256x144", "--fps", "30000/1001", "--duration", "3", "--quiet"]).args(arguments);
    command
}

fn render(folder: &Path, arguments: &[&str]) -> Command {
    command(folder, "render", arguments)
}

/// The peak signal-to-noise ratio of two videos in decibels; infinite if they are equal.
fn psnr(one: &[Vec<u8>], other: &[Vec<u8>]) -> f64 {
    assert_eq!(one.len(), other.len());
    let square = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)).powi(2);
    let samples = one.iter().map(Vec::len).sum::<usize>() as f64;
    let sum: f64 = one.iter().flatten().zip(other.iter().flatten()).map(square).sum();
    10.0 * (255.0 * 255.0 * samples / sum).log10()
}

/// Checks a video against the frames that it was made from.
fn check(folder: &Path, name: &str, codec: &str, frames: &[Vec<u8>], least: f64) {
    let video = folder.join(name);
    let about = probe(&video);
    let stream = &about["streams"][0];
    assert_eq!(stream["codec_name"], codec, "{name}");
    assert_eq!((&stream["width"], &stream["height"]), (&256.into(), &144.into()), "{name}");
    for tag in ["color_space", "color_transfer", "color_primaries"] {
        assert_eq!(stream[tag], "bt709", "{name}: {stream}");
    }
    // Each frame is shown once, at its time.
    let packets = about["packets"].as_array().unwrap();
    let time = |packet: &serde_json::Value| packet["pts_time"].as_str().unwrap().parse::<f64>().unwrap();
    let mut times: Vec<f64> = packets.iter().map(time).collect();
    times.sort_by(f64::total_cmp);
    assert_eq!(times.len(), 90, "{name}");
    for (number, time) in times.iter().enumerate() {
        let expected = number as f64 * 1001.0 / 30000.0;
        assert!((time - expected).abs() < 0.0011, "{name}: frame {number} at {time}");
    }
    let decoded = decode(&video, WIDTH, HEIGHT);
    let psnr = psnr(&decoded, frames);
    assert!(psnr >= least, "{name}: {psnr:.1} dB");
}

#[test]
fn every_codec_of_ffmpeg_makes_the_frames_in_every_format_that_can_have_it() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    succeed(&mut render(folder, &["-o", "raw.y4m"]));
    let frames = decode(&folder.join("raw.y4m"), WIDTH, HEIGHT);
    for (codec, probed, endings, least) in [
        ("h264", "h264", &["mp4", "mov", "mkv"][..], 38.0),
        ("x264", "h264", &["mp4", "mov", "mkv"], 38.0),
        ("x265", "hevc", &["mp4", "mov", "mkv"], 36.0),
        ("svt-av1", "av1", &["mp4", "mkv", "webm"], 36.0),
        ("vp9", "vp9", &["webm", "mkv", "mp4"], 36.0),
        ("prores", "prores", &["mov"], 42.0),
        ("dnxhr", "dnxhd", &["mov"], 40.0),
        ("ffv1", "ffv1", &["mkv"], f64::INFINITY),
    ] {
        for ending in endings {
            let name = format!("{codec}.{ending}");
            let mut arguments = vec!["--codec", codec, "-o", &name];
            if *ending == "webm" {
                arguments.push("--no-sound");
            }
            succeed(&mut render(folder, &arguments));
            check(folder, &name, probed, &frames, least);
            if *ending != "webm" {
                assert_eq!(sound_tracks(&folder.join(&name)), [("aac".to_owned(), 48_000, 2)], "{name}");
            }
        }
    }
}

#[test]
fn with_more_effort_the_built_in_encoder_has_b_pictures_in_every_format() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    let look = ["--view", "perspective"];
    succeed(render(folder, &["-o", "raw.y4m"]).args(look));
    let frames = decode(&folder.join("raw.y4m"), WIDTH, HEIGHT);
    for effort in ["balanced", "small"] {
        for ending in ["mp4", "mov", "mkv"] {
            let name = format!("{effort}.{ending}");
            succeed(render(folder, &["--effort", effort, "-o", &name]).args(look));
            check(folder, &name, "h264", &frames, 36.0);
            // In the order of decoding.
            let about = probe(&folder.join(&name));
            let time =
                |packet: &serde_json::Value| packet["pts_time"].as_str().unwrap().parse::<f64>().unwrap();
            let times: Vec<f64> = about["packets"].as_array().unwrap().iter().map(time).collect();
            let late = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
            assert!(late >= 10, "{name}: {late} frames are shown before one that is decoded earlier");
        }
        // A pipe gets an MP4 file of fragments.
        let name = format!("{effort}.pipe.mp4");
        let output = render(folder, &["--effort", effort, "-o", "-"]).args(look).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(folder.join(&name), output.stdout).unwrap();
        check(folder, &name, "h264", &frames, 36.0);
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_split_of_the_work_or_on_interruptions_or_parts() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    let bytes = |name: &str| fs::read(folder.join(name)).unwrap();
    for (codec, ending, more) in [
        ("x264", "mp4", &[][..]),
        ("h264", "mp4", &["--effort", "balanced", "--view", "perspective"]),
        ("ffv1", "mkv", &[]),
        ("ffv1-rgba", "mkv", &["--transparent"]),
        ("vp9", "webm", &["--pixel-format", "yuv444p", "--no-sound"]),
    ] {
        let name = |stem: &str| format!("{codec}-{stem}.{ending}");
        let split = ["--segments", "1", "--jobs", "1", "--devices", "1"];
        succeed(render(folder, &["--codec", codec, "-o", &name("one")]).args(more).args(split));
        let split = ["--segments", "4", "--jobs", "4"];
        succeed(render(folder, &["--codec", codec, "-o", &name("many")]).args(more).args(split));
        assert!(bytes(&name("one")) == bytes(&name("many")), "{codec}");

        let plan = ["--codec", codec, "--parts", "2", "-o", "plan.json", "--force"];
        succeed(command(folder, "plan", &plan).args(more));
        // Part 0 is the sound.
        let first = if more.contains(&"--no-sound") { 1 } else { 0 };
        for part in ["0", "1", "2"].into_iter().skip(first) {
            succeed(strikeline().current_dir(folder).args(["part", "plan.json", part]));
        }
        succeed(strikeline().current_dir(folder).args(["join", "plan.json", "-o", &name("joined")]));
        assert!(bytes(&name("one")) == bytes(&name("joined")), "{codec}");
        fs::remove_dir_all(folder.join("plan.json.parts")).unwrap();
    }
}

#[test]
fn the_sound_of_every_format_begins_when_that_of_mp4_does() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    // The first sample that is clearly heard.
    let onset = |name: &str| {
        let samples = decode_sound(&folder.join(name));
        samples.iter().position(|sample| sample.abs() > 0.02).unwrap() as i64
    };
    for codec in ["aac", "flac", "pcm"] {
        for ending in ["mp4", "mov", "mkv"] {
            succeed(&mut render(folder, &["--audio-codec", codec, "-o", &format!("{codec}.{ending}")]));
        }
        let expected = onset(&format!("{codec}.mp4"));
        for ending in ["mov", "mkv"] {
            let found = onset(&format!("{codec}.{ending}"));
            // Matroska counts milliseconds.
            assert!((found - expected).abs() <= 96, "{codec}.{ending}: {found} instead of {expected}");
        }
    }
}

#[test]
fn options_for_the_encoder_are_passed_on_and_others_are_not() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    succeed(&mut render(folder, &["--codec", "x264", "-o", "a.mp4", "--codec-option", "preset=ultrafast"]));
    succeed(&mut render(folder, &["--codec", "x264", "-o", "b.mp4", "--codec-option", "preset=slow"]));
    assert_ne!(fs::read(folder.join("a.mp4")).unwrap().len(), fs::read(folder.join("b.mp4")).unwrap().len());
    for (option, words) in [
        ("preset", "KEY=VALUE"),
        ("i=/etc/passwd", "no option of an encoder"),
        ("filter_complex=movie=x", "no option"),
        ("passlogfile=x", "no option"),
        ("=x", "no option"),
        ("a b=x", "no option"),
    ] {
        let arguments = ["--codec", "x264", "-o", "c.mp4", "--codec-option", option];
        let error = fail(&mut render(folder, &arguments), 2);
        assert!(error.contains(words), "{option}: {error}");
    }
    let error = fail(&mut render(folder, &["-o", "c.mp4", "--codec-option", "preset=slow"]), 2);
    assert!(error.contains("codecs of ffmpeg"), "{error}");
    // ffmpeg itself refuses it, before anything is drawn.
    let arguments = ["--codec", "x264", "-o", "c.mp4", "--codec-option", "preset=nothing"];
    let error = fail(&mut render(folder, &arguments), 2);
    assert!(error.contains("x264") && error.contains("preset"), "{error}");
    let planned = ["--codec", "x264", "--codec-option", "preset=slow"];
    let error = fail(&mut command(folder, "plan", &planned), 2);
    assert!(error.contains("in parts"), "{error}");
    assert_eq!(names(folder), ["a.mp4", "b.mp4", "song.mid"]);
}

#[test]
fn a_plan_names_no_program_and_no_options_for_it() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    succeed(&mut command(folder, "plan", &["--codec", "x264", "--ffmpeg", "ffmpeg", "-o", "plan.json"]));
    let plan = fs::read_to_string(folder.join("plan.json")).unwrap();
    assert!(!plan.contains("--ffmpeg") && plan.contains("x264"), "{plan}");
    for option in ["--ffmpeg", "--codec-option", "--ffmpeg-patience", "--ffmpeg=x"] {
        let changed = plan.replace("\"--codec\"", &format!("\"{option}\""));
        fs::write(folder.join("changed.json"), changed).unwrap();
        let error = fail(strikeline().current_dir(folder).args(["part", "changed.json", "1"]), 1);
        assert!(error.contains("does not belong into a plan"), "{option}: {error}");
    }
}

#[test]
fn without_ffmpeg_or_its_encoder_the_error_says_so_and_nothing_is_made() {
    let (folder, _) = folder_with(&song());
    let folder = folder.path();
    let missing = ["--codec", "x264", "-o", "a.mp4", "--ffmpeg", "/nonexistent/ffmpeg"];
    let error = fail(&mut render(folder, &missing), 2);
    assert!(error.contains("/nonexistent/ffmpeg") && error.contains("--ffmpeg"), "{error}");
    let error = fail(render(folder, &missing[..4]).env("STRIKELINE_FFMPEG", "true"), 2);
    assert!(error.contains("no ffmpeg"), "{error}");
    // No ffmpeg has both.
    let lacking = if cfg!(target_os = "macos") { "h264_vaapi" } else { "h264_videotoolbox" };
    let error = fail(&mut render(folder, &["--codec", lacking, "-o", "a.mp4"]), 2);
    assert!(error.contains(lacking) && error.contains("doctor"), "{error}");
    assert_eq!(names(folder), ["song.mid"]);

    let told = succeed(strikeline().args(["doctor", "--json"])).stdout;
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert!(told["ffmpeg"]["version"].as_str().unwrap().starts_with("ffmpeg version"), "{told}");
    assert!(told["ffmpeg"]["codecs"].as_array().unwrap().contains(&"x264".into()), "{told}");
    let told = succeed(strikeline().args(["doctor", "--ffmpeg", "/nonexistent/ffmpeg"])).stdout;
    assert!(String::from_utf8(told).unwrap().contains("/nonexistent/ffmpeg"));
}

#[test]
fn a_song_of_one_frame_is_a_video_of_one_frame() {
    let (folder, _) = folder_with(&song());
    for name in ["a.mp4", "a.mkv", "b.mov"] {
        let mut command = strikeline();
        command.current_dir(&folder).args(["render", "song.mid", "--codec", "x264", "--size", "98x66"]);
        command.args(["--fps", "25", "--duration", "0.01", "--quiet", "-o", name]);
        succeed(&mut command);
        assert_eq!(decode(&folder.path().join(name), 98, 66).len(), 1, "{name}");
    }
}

#[test]
fn the_work_of_ffmpeg_counts_in_the_profile() {
    let (folder, _) = folder_with(&song());
    let mut command = strikeline();
    command
        .current_dir(&folder)
        .args(["profile", "song.mid", "--codec", "x265", "--size", "320x180", "--fps", "30"]);
    let told = succeed(command.args(["--frames", "60", "--brief", "--json", "--no-sound"])).stdout;
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    let encode = &told["stages"]["encode"];
    // Its own threads only hand frames over.
    assert!(encode["cpu_seconds"].as_f64().unwrap() > 0.1, "{encode}");
    assert!(told["cpu_seconds"].as_f64() >= encode["cpu_seconds"].as_f64(), "{told}");
}
