//! AV1 by rav1e, decoded by ffmpeg.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::midi::{self, ticks};
use common::program::{decode, fail, folder_with, probe, strikeline, succeed};

/// Two segments of the song in `folder`.
fn render(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = strikeline();
    command.current_dir(folder).args(["render", "song.mid", "--size", "128x72", "--fps", "10"]);
    command.args(["--duration", "3", "--no-sound", "--quiet"]).args(arguments);
    command
}

#[test]
fn ffmpeg_decodes_the_frames_in_every_format_that_can_have_them() {
    let (folder, _) = folder_with(&midi::song(&[(0, 38, 100), (ticks(0.5), 36, 100), (ticks(1.0), 42, 100)]));
    let folder = folder.path();
    for (pixels, probed, profile) in [
        ("yuv420p", "yuv420p", "Main"),
        ("yuv444p", "yuv444p", "High"),
        ("yuv422p10", "yuv422p10le", "Professional"),
    ] {
        succeed(&mut render(folder, &["-o", "raw.y4m", "--force"]));
        let frames = decode(&folder.join("raw.y4m"), 128, 72);
        for name in ["x.mp4", "x.mkv", "x.webm"] {
            succeed(&mut render(
                folder,
                &["--codec", "rav1e", "--pixel-format", pixels, "--force", "-o", name],
            ));
            let about = probe(&folder.join(name));
            let stream = &about["streams"][0];
            assert_eq!(stream["codec_name"], "av1", "{name}");
            assert_eq!((&stream["pix_fmt"], &stream["profile"]), (&probed.into(), &profile.into()), "{name}");
            assert_eq!((&stream["color_space"], &stream["color_range"]), (&"bt709".into(), &"tv".into()));
            let packets = about["packets"].as_array().unwrap();
            assert_eq!(packets.len(), 30, "{name}");
            // The first of each segment.
            let keys = packets.iter().filter(|packet| packet["flags"].as_str().unwrap().starts_with('K'));
            assert_eq!(keys.count(), 2, "{name}");
            let decoded = decode(&folder.join(name), 128, 72);
            assert_eq!(decoded.len(), 30);
            let square = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)).powi(2);
            let luma = |frame: &Vec<u8>| frame[..128 * 72].to_vec();
            let (one, other): (Vec<u8>, Vec<u8>) =
                (decoded.iter().flat_map(luma).collect(), frames.iter().flat_map(luma).collect());
            let sum: f64 = one.iter().zip(&other).map(square).sum();
            let psnr = 10.0 * (255.0 * 255.0 * one.len() as f64 / sum).log10();
            assert!(psnr > 35.0, "{name}: {psnr:.1} dB");
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_split_of_the_work() {
    let (folder, _) = folder_with(&midi::song(&[(0, 38, 100), (ticks(0.5), 36, 100)]));
    let folder = folder.path();
    let bytes = |arguments: &[&str]| {
        succeed(render(folder, &["--codec", "rav1e", "--force", "-o", "x.mp4"]).args(arguments));
        fs::read(folder.join("x.mp4")).unwrap()
    };
    assert!(
        bytes(&["--segments", "1", "--jobs", "1", "--devices", "1"])
            == bytes(&["--segments", "4", "--jobs", "4"])
    );
}

#[test]
fn options_of_ffmpeg_are_refused() {
    let (folder, _) = folder_with(&midi::song(&[(0, 38, 100)]));
    let arguments = ["--codec", "rav1e", "--codec-option", "speed=3", "-o", "x.mp4"];
    let error = fail(&mut render(folder.path(), &arguments), 2);
    assert!(error.contains("rav1e"), "{error}");
}
