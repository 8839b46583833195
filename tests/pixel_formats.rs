//! Finer chroma, more bits, and alpha: what is drawn is what ffmpeg makes of a still, and codecs get it as it was drawn.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::program::{fail, folder_with, probe, strikeline, succeed};

const GROOVE: &[u8] = include_bytes!("../examples/songs/groove.mid");
const WIDTH: usize = 256;
const HEIGHT: usize = 144;
const PIXELS: usize = WIDTH * HEIGHT;
const FRAMES: usize = 6;

/// Name, ffmpeg's name, bytes of a sample, and samples of Cb and of Cr.
const FORMATS: [(&str, &str, usize, usize); 6] = [
    ("yuv420p", "yuv420p", 1, PIXELS / 4),
    ("yuv422p", "yuv422p", 1, PIXELS / 2),
    ("yuv444p", "yuv444p", 1, PIXELS),
    ("yuv420p10", "yuv420p10le", 2, PIXELS / 4),
    ("yuv422p10", "yuv422p10le", 2, PIXELS / 2),
    ("yuv444p10", "yuv444p10le", 2, PIXELS),
];

/// A few frames of the song in `folder`, while something is struck.
fn render(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).env_remove("STRIKELINE_FFMPEG").args(["render", "song.mid"]);
    command.args([
        "--size",
        "256x144",
        "--fps",
        "30",
        "--start",
        "10",
        "--duration",
        "0.2",
        "--quiet",
        "--no-sound",
    ]);
    command.args(arguments);
    command
}

/// The samples of a video as ffmpeg decodes it, as numbers on the scale of 8 bits. `decoder`: one that is not the usual one.
fn samples(video: &Path, decoder: Option<&str>, pixels: &str) -> Vec<f64> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error"]);
    if let Some(decoder) = decoder {
        ffmpeg.args(["-c:v", decoder]);
    }
    ffmpeg.arg("-i").arg(video).args(["-fps_mode", "passthrough", "-pix_fmt", pixels, "-f", "rawvideo", "-"]);
    let bytes = succeed(&mut ffmpeg).stdout;
    match pixels.ends_with("le") {
        true => {
            let tens = bytes.as_chunks::<2>().0.iter().map(|&sample| u16::from_le_bytes(sample));
            tens.map(|sample| f64::from(sample) / 4.0).collect()
        }
        false => bytes.into_iter().map(f64::from).collect(),
    }
}

/// The peak signal-to-noise ratio in decibels; infinite if they are equal.
fn psnr(one: &[f64], other: &[f64]) -> f64 {
    assert_eq!(one.len(), other.len());
    let sum: f64 = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum();
    10.0 * (255.0 * 255.0 * one.len() as f64 / sum).log10()
}

/// A still of the first frame as ffmpeg turns it into planes of the format `pixels`.
fn still(folder: &Path, pixels: &str) -> Vec<f64> {
    let mut frame = strikeline();
    frame.current_dir(folder).args(["frame", "song.mid", "--at", "10", "--size", "256x144", "--fps", "30"]);
    succeed(frame.args(["--force", "-o", "still.png"]));
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.current_dir(folder).args(["-v", "error", "-i", "still.png", "-vf"]);
    // Chroma as H.264 has it: left, and between the rows if it has half as many.
    let rows = if pixels.contains("420") { 128 } else { 0 };
    ffmpeg.arg(format!(
        "scale=out_color_matrix=bt709:out_range=tv:out_h_chr_pos=0:out_v_chr_pos={rows}:\
         flags=accurate_rnd+full_chroma_int+full_chroma_inp+bilinear"
    ));
    let bytes = succeed(ffmpeg.args(["-pix_fmt", pixels, "-f", "rawvideo", "-"])).stdout;
    match pixels.ends_with("le") {
        true => {
            bytes.as_chunks::<2>().0.iter().map(|&two| f64::from(u16::from_le_bytes(two)) / 4.0).collect()
        }
        false => bytes.into_iter().map(f64::from).collect(),
    }
}

#[test]
fn every_format_has_the_samples_that_ffmpeg_makes_of_a_still() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    for (format, pixels, bytes, chroma) in FORMATS {
        let name = format!("{format}.y4m");
        succeed(&mut render(folder, &["--pixel-format", format, "-o", &name]));
        let about = probe(&folder.join(&name));
        assert_eq!(about["streams"][0]["pix_fmt"], pixels);
        assert_eq!(about["streams"][0]["color_range"], "tv");
        let frame = (PIXELS + 2 * chroma) * bytes;
        let file = fs::read(folder.join(&name)).unwrap();
        let header = file.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        assert_eq!(file.len(), header + FRAMES * (frame + 6), "{format}");
        let all = samples(&folder.join(&name), None, pixels);
        let drawn = &all[..PIXELS + 2 * chroma];
        let expected = still(folder, pixels);
        let (luma, expected_luma) = (&drawn[..PIXELS], &expected[..PIXELS]);
        let errors = luma.iter().zip(expected_luma).map(|(a, b)| (a - b).abs());
        let (largest, sum) = errors.fold((0.0_f64, 0.0), |(most, sum), error| (most.max(error), sum + error));
        // Each layer rounds to a whole value, of 8 bits in the still.
        assert!(
            largest <= 3.0 && sum / (PIXELS as f64) < 0.5,
            "{format}: luma {largest}, {}",
            sum / PIXELS as f64
        );
        let quality = psnr(&drawn[PIXELS..], &expected[PIXELS..]);
        // Coarse chroma is drawn at its own fineness, not averaged from finer.
        let least = if format.contains("444") { 48.0 } else { 36.0 };
        eprintln!("{format}: luma within {largest}, chroma {quality:.1} dB");
        assert!(quality > least, "{format}: chroma {quality:.1} dB");
    }
}

#[test]
fn codecs_get_the_planes_as_they_were_drawn() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    for (format, pixels, ..) in FORMATS {
        let raw = format!("{format}.y4m");
        succeed(&mut render(folder, &["--pixel-format", format, "-o", &raw]));
        let expected = samples(&folder.join(&raw), None, pixels);
        for (codec, ending, least, except) in [
            ("ffv1", "mkv", f64::INFINITY, &[][..]),
            ("x264", "mp4", 38.0, &[]),
            ("x265", "mp4", 36.0, &[]),
            ("vp9", "webm", 36.0, &[]),
            ("svt-av1", "mkv", 36.0, &["yuv422p", "yuv444p", "yuv422p10", "yuv444p10"]),
            ("dnxhr", "mov", 38.0, &["yuv420p", "yuv444p", "yuv420p10"]),
            ("prores", "mov", 42.0, &["yuv420p", "yuv422p", "yuv444p", "yuv420p10", "yuv444p10"]),
        ] {
            let name = format!("{codec}-{format}.{ending}");
            let mut command = render(folder, &["--codec", codec, "--pixel-format", format, "-o", &name]);
            if except.contains(&format) {
                let error = fail(&mut command, 2);
                assert!(error.contains(&format!("--pixel-format {format}: {codec} has")), "{error}");
                continue;
            }
            succeed(&mut command);
            assert_eq!(probe(&folder.join(&name))["streams"][0]["pix_fmt"], pixels, "{name}");
            let quality = psnr(&samples(&folder.join(&name), None, pixels), &expected);
            assert!(quality >= least, "{name}: {quality:.1} dB");
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_how_the_work_was_split() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    for format in ["yuv422p", "yuv444p10"] {
        let raw = |arguments: &[&str]| {
            let mut command = render(folder, &["--codec", "y4m", "--pixel-format", format, "-o", "-"]);
            succeed(command.args(arguments)).stdout
        };
        let expected = raw(&[]);
        for arguments in [
            &["--redraw", "all"][..],
            &["--redraw", "verify"],
            &["--jobs", "1", "--ring", "1", "--segments", "1", "--devices", "1"],
            &["--jobs", "5", "--devices", "3"],
        ] {
            assert!(raw(arguments) == expected, "{format} {arguments:?}");
        }
    }
}

#[test]
fn more_bits_tell_more_steps_of_a_gradient_apart() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    fs::write(
        folder.join("dusk.toml"),
        "extends = \"plain\"\n[background]\ntop = \"#101820\"\nbottom = \"#182028\"\n",
    )
    .unwrap();
    let mut steps = Vec::new();
    for (format, pixels) in [("yuv420p", "yuv420p"), ("yuv420p10", "yuv420p10le")] {
        let name = format!("{format}.y4m");
        let theme = ["--theme", "dusk.toml", "--pixel-format", format, "-o", &name];
        succeed(&mut render(folder, &theme));
        let luma = samples(&folder.join(&name), None, pixels);
        // The leftmost columns have nothing but the background.
        let mut found: Vec<u32> =
            (0..HEIGHT).flat_map(|y| &luma[y * WIDTH..][..4]).map(|sample| (sample * 4.0) as u32).collect();
        found.sort_unstable();
        found.dedup();
        steps.push(found.len());
    }
    assert!(steps[1] >= 3 * steps[0], "{steps:?}");
}

#[test]
fn formats_that_a_codec_does_not_have_are_refused_with_those_that_it_has() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    for (arguments, words) in [
        (&["--pixel-format", "yuv444p", "-o", "x.mp4"][..], &["h264 has yuv420p only", "x264"][..]),
        (
            &["--pixel-format", "yuv420p10", "--codec", "nv12", "-o", "x.nv12"],
            &["nv12 has yuv420p only", "y4m"],
        ),
        (
            &["--pixel-format", "yuv420p", "--codec", "prores4444", "-o", "x.mov"],
            &["prores4444 has no formats"],
        ),
        (&["--pixel-format", "rgb", "-o", "x.mp4"], &["yuv444p10"]),
    ] {
        let error = fail(&mut render(folder, arguments), 2);
        assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
    assert_eq!(common::program::names(folder), ["song.mid"]);
}

#[test]
fn raw_rgba_is_the_still_with_and_without_alpha() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    for transparent in [false, true] {
        let option = transparent.then_some("--transparent");
        let raw = succeed(render(folder, &["--codec", "rgba", "-o", "-"]).args(option)).stdout;
        assert_eq!(raw.len(), FRAMES * PIXELS * 4);
        let mut frame = strikeline();
        frame
            .current_dir(folder)
            .args(["frame", "song.mid", "--at", "10", "--size", "256x144", "--fps", "30"]);
        succeed(frame.args(["--force", "-o", "still.png"]).args(option));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.current_dir(folder).args([
            "-v",
            "error",
            "-i",
            "still.png",
            "-pix_fmt",
            "rgba",
            "-f",
            "rawvideo",
            "-",
        ]);
        assert!(succeed(&mut ffmpeg).stdout == raw[..PIXELS * 4], "transparent: {transparent}");
    }
}

#[test]
fn vp9_carries_alpha_beside_the_colours() {
    let (folder, _) = folder_with(GROOVE);
    let folder = folder.path();
    let raw = succeed(&mut render(folder, &["--codec", "rgba", "--transparent", "-o", "-"])).stdout;
    let expected: Vec<f64> = raw.as_chunks::<4>().0.iter().map(|pixel| f64::from(pixel[3])).collect();
    for name in ["x.webm", "x.mkv"] {
        succeed(&mut render(folder, &["--codec", "vp9-alpha", "--transparent", "-o", name]));
        let about = probe(&folder.join(name));
        let stream = &about["streams"][0];
        assert_eq!(stream["codec_name"], "vp9");
        assert_eq!(
            stream["tags"]["alpha_mode"].as_str().or(stream["tags"]["ALPHA_MODE"].as_str()),
            Some("1")
        );
        assert_eq!(about["packets"].as_array().unwrap().len(), FRAMES);
        // ffmpeg's own decoder of VP9 knows nothing of alpha.
        let decoded = samples(&folder.join(name), Some("libvpx-vp9"), "yuva420p");
        let frame = PIXELS * 5 / 2;
        assert_eq!(decoded.len(), FRAMES * frame);
        let alpha: Vec<f64> =
            decoded.chunks_exact(frame).flat_map(|frame| &frame[PIXELS * 3 / 2..]).copied().collect();
        let quality = psnr(&alpha, &expected);
        assert!(quality > 36.0, "{name}: alpha {quality:.1} dB");
        assert!(alpha.contains(&0.0) && alpha.contains(&255.0));
    }
    let error = fail(&mut render(folder, &["--codec", "vp9-alpha", "--transparent", "-o", "x.mp4"]), 2);
    assert!(error.contains(".webm"), "{error}");
}

#[test]
fn profile_measures_planes_and_pictures_of_every_kind() {
    let (folder, _) = folder_with(GROOVE);
    for arguments in [&["--codec", "y4m", "--pixel-format", "yuv444p10"][..], &["--codec", "rgba"]] {
        let mut command = strikeline();
        command
            .current_dir(folder.path())
            .args(["profile", "song.mid", "--size", "256x144", "--frames", "40"]);
        let text = String::from_utf8(succeed(command.args(arguments)).stdout).unwrap();
        assert!(text.contains("encode"), "{text}");
    }
}

#[test]
fn measuring_commands_refuse_alpha_where_there_is_none() {
    let (folder, _) = folder_with(GROOVE);
    for subcommand in ["profile", "tune"] {
        let mut command = strikeline();
        command.current_dir(folder.path()).args([subcommand, "song.mid", "--transparent"]);
        let error = fail(&mut command, 2);
        assert!(error.contains("--transparent: h264 has no alpha"), "{error}");
    }
}
