//! Files of sound made by ffmpeg, and its decoding of them, as an independent judge.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::path::{Path, PathBuf};
use std::process::Command;

use strikeline_audio::AudioSource;

/// The rate of the test signal, in Hz.
pub(crate) const RATE: u32 = 44_100;
/// Frames of the test signal: 3 s and a bit.
pub(crate) const FRAMES: usize = 3 * RATE as usize + 123;

/// Whether ffmpeg is there; says so if it is not, since the test then tests nothing.
pub(crate) fn has_ffmpeg() -> bool {
    let there = Command::new("ffmpeg").arg("-version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: this test needs ffmpeg, which is not installed");
    }
    there
}

/// Clicks at known frames over quiet noise and two tones, in stereo.
pub(crate) fn signal() -> Vec<f32> {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut samples = Vec::with_capacity(2 * FRAMES);
    for frame in 0..FRAMES {
        let time = frame as f32 / RATE as f32;
        let since = frame as i64 - 1000;
        let click = if since >= 0 && since % 20_011 < 40 {
            let k = (since % 20_011) as f32;
            0.6 * (-k / 8.0).exp() * if k as i32 % 2 == 0 { 1.0 } else { -1.0 }
        } else {
            0.0
        };
        samples.push(0.03 * noise() + 0.1 * (time * 440.0 * std::f32::consts::TAU).sin() + click);
        samples.push(0.03 * noise() + 0.1 * (time * 660.0 * std::f32::consts::TAU).sin() + click);
    }
    samples
}

pub(crate) fn write_floats(path: &Path, samples: &[f32]) {
    std::fs::write(path, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>())
        .unwrap();
}

/// Runs ffmpeg, and returns what it writes to its output.
pub(crate) fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "ffmpeg {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Encodes samples in a folder to a file of this name.
pub(crate) fn encode(
    folder: &Path,
    samples: &[f32],
    rate: u32,
    channels: u16,
    name: &str,
    options: &[&str],
) -> PathBuf {
    let raw = folder.join(format!("{name}.f32"));
    write_floats(&raw, samples);
    let path = folder.join(name);
    let (rate, channels) = (rate.to_string(), channels.to_string());
    let mut arguments = vec!["-f", "f32le", "-ar", &rate, "-ac", &channels, "-i", raw.to_str().unwrap()];
    arguments.extend(options);
    arguments.push(path.to_str().unwrap());
    ffmpeg(&arguments);
    std::fs::remove_file(raw).unwrap();
    path
}

/// ffmpeg's decoding of a file.
pub(crate) fn decoded_by_ffmpeg(path: &Path, decoder: &[&str]) -> Vec<f32> {
    let mut arguments = decoder.to_vec();
    arguments.extend(["-i", path.to_str().unwrap(), "-map", "0:a:0", "-f", "f32le", "-"]);
    ffmpeg(&arguments).chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// All samples of a source, read in blocks of changing lengths.
pub(crate) fn read_all(source: &mut impl AudioSource) -> Vec<f32> {
    let channels = source.format().samples_per_frame();
    let mut samples = Vec::new();
    let mut block = vec![0.0; 5000 * channels];
    for length in [1, 4999, 100, 1024, 3333].into_iter().cycle() {
        let frames = source.read(&mut block[..length * channels]).unwrap();
        samples.extend_from_slice(&block[..frames * channels]);
        if frames < length {
            assert_eq!(source.read(&mut block[..channels]).unwrap(), 0, "more behind the end");
            break;
        }
    }
    samples
}

/// By how many dB the difference of two signals lies below the second.
pub(crate) fn likeness(given: &[f32], wanted: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let difference =
        power(&mut given.iter().zip(wanted).map(|(given, wanted)| f64::from(*given) - f64::from(*wanted)));
    let signal = power(&mut wanted.iter().map(|wanted| f64::from(*wanted)));
    10.0 * (signal / difference.max(1e-30)).log10()
}
