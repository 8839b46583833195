//! The sound of `strikeline render`, with ffmpeg as the decoder: what is heard, and when.

mod common;

use std::path::{Path, PathBuf};

use common::midi::{self, Tap, ticks};
use common::program::{
    decode_sound, encode_sound, fail, folder_with, names, sound_tracks, stream_bytes, strikeline, succeed,
};

const RATE: f64 = 48_000.0;
/// A short drum with a sharp attack.
const SIDE_STICK: u8 = 37;
/// A lossy codec smears an onset by less than this.
const A_MILLISECOND: f64 = 0.001;

/// Hits on the side stick at these times, in seconds.
fn hits(times: &[f64]) -> Vec<u8> {
    let taps: Vec<Tap> = times.iter().map(|time| (ticks(*time), SIDE_STICK, 120)).collect();
    midi::song(&taps)
}

struct Rendered {
    _folder: tempfile::TempDir,
    video: PathBuf,
    summary: serde_json::Value,
}

impl Rendered {
    /// When the song begins, in seconds of the video.
    fn lead_in(&self) -> f64 {
        -self.summary["song_start_seconds"].as_f64().unwrap()
    }

    /// When sounds begin, in seconds of the (played) song.
    fn onsets(&self) -> Vec<f64> {
        onsets(&decode_sound(&self.video)).iter().map(|time| time - self.lead_in()).collect()
    }
}

fn render(song: &[u8], options: &[&str]) -> Rendered {
    let (folder, song) = folder_with(song);
    render_in(folder, &song, options)
}

fn render_in(folder: tempfile::TempDir, song: &Path, options: &[&str]) -> Rendered {
    let video = folder.path().join("video.mp4");
    let mut command = strikeline();
    command.arg("render").arg(song).arg("-o").arg(&video).arg("--json");
    for (option, value) in [("--size", "160x90"), ("--fps", "30"), ("--theme", "plain")] {
        if !options.contains(&option) {
            command.args([option, value]);
        }
    }
    let output = succeed(command.args(options).current_dir(folder.path()));
    Rendered { _folder: folder, video, summary: serde_json::from_slice(&output.stdout).unwrap() }
}

/// When sounds begin: where samples pass a tenth of the peak after 100 ms below it.
fn onsets(samples: &[f32]) -> Vec<f64> {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak > 0.01, "it is silent");
    let mut found = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (index, _) in samples.iter().enumerate().filter(|(_, sample)| sample.abs() > 0.1 * peak) {
        let time = index as f64 / RATE;
        if time - last > 0.1 {
            found.push(time);
        }
        last = time;
    }
    found
}

fn assert_times(found: &[f64], expected: &[f64], tolerance: f64) {
    let near = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < tolerance);
    assert!(near, "found {found:?}, expected {expected:?}");
}

/// Short bursts of noise that begin at these times, in seconds, for a recording that lasts `length` seconds.
fn bursts(times: &[f64], length: f64) -> Vec<f32> {
    let mut samples = vec![0.0; (length * RATE) as usize];
    let mut state = 1_u32;
    for time in times {
        let start = (time * RATE).round() as usize;
        for (place, sample) in samples[start..].iter_mut().take(1200).enumerate() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
            *sample += 0.5 * noise * (1.0 - place as f32 / 1200.0);
        }
    }
    samples
}

#[test]
fn drums_are_heard_as_they_are_struck_in_every_codec_and_rate() {
    let times = [0.0, 0.75, 2.013];
    for (codec, name) in [("aac", "aac"), ("flac", "flac"), ("pcm", "pcm_s16le")] {
        for fps in ["30000/1001", "60"] {
            let rendered = render(&hits(&times), &["--audio-codec", codec, "--fps", fps]);
            assert_eq!(sound_tracks(&rendered.video), [(name.to_owned(), 48_000, 2)]);
            assert_times(&rendered.onsets(), &times, A_MILLISECOND);
        }
    }
}

#[test]
fn a_video_has_sound_unless_told_otherwise_and_the_pictures_are_the_same() {
    let song = hits(&[0.0, 0.5]);
    let sounding = render(&song, &[]);
    assert_eq!(sound_tracks(&sounding.video), [("aac".to_owned(), 48_000, 2)]);
    for silent in [render(&song, &["--no-sound"]), render(&song, &["--sound", "none"])] {
        assert!(sound_tracks(&silent.video).is_empty());
        assert!(silent.summary["sound"].is_null());
        assert!(stream_bytes(&silent.video, "v") == stream_bytes(&sounding.video, "v"));
    }
}

#[test]
fn the_bytes_do_not_depend_on_how_the_work_is_split() {
    let song = hits(&[0.0, 0.5, 1.0]);
    let file = |options: &[&str]| std::fs::read(render(&song, options).video).unwrap();
    let usual = file(&[]);
    assert!(usual == file(&["--jobs", "1", "--ring", "2", "--segments", "1", "--devices", "1"]));
    assert!(usual == file(&["--jobs", "5", "--ring", "9"]));
}

#[test]
fn a_part_of_the_song_is_heard_in_time_with_what_rings_on() {
    let song = midi::song(&[(ticks(0.0), 49, 120), (ticks(3.0), SIDE_STICK, 120)]);
    let rendered = render(&song, &["--start", "1", "--duration", "4", "--audio-codec", "flac"]);
    let samples = decode_sound(&rendered.video);
    let at = |seconds: f64| (seconds * RATE) as usize;
    let ringing = samples[at(0.2)..at(1.0)].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(ringing > 0.003, "the crash cymbal struck a second before the video is not heard: {ringing}");
    let struck = samples[at(1.5)..].iter().position(|sample| sample.abs() > 0.2).unwrap();
    assert!((1.5 + struck as f64 / RATE - 2.0).abs() < A_MILLISECOND);
    assert_eq!(samples.len(), at(4.0));
}

#[test]
fn speed_and_loops_move_sound_and_picture_alike() {
    let song = hits(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let slow = render(&song, &["--speed", "0.5", "--duration", "6"]);
    let expected: Vec<f64> = [0.0, 2.0, 4.0].into_iter().filter(|time| time + slow.lead_in() < 5.9).collect();
    assert_times(&slow.onsets(), &expected, A_MILLISECOND);
    let looped = render(&song, &["--loop", "1.5s..3.5s", "--times", "3"]);
    assert_times(&looped.onsets(), &[0.5, 1.5, 2.5, 3.5, 4.5, 5.5], A_MILLISECOND);
}

#[test]
fn a_recording_is_slowed_and_repeated_with_the_song() {
    let song = hits(&[0.0, 1.0, 2.0, 3.0, 4.0]);
    let folder_of = || {
        let (folder, path) = folder_with(&song);
        encode_sound(&bursts(&[0.0, 1.0, 2.0, 3.0, 4.0], 6.0), &[], &folder.path().join("recording.flac"));
        (folder, path)
    };
    let (folder, path) = folder_of();
    let slow = render_in(folder, &path, &["--audio", "recording.flac", "--speed", "0.8", "--tail", "1"]);
    assert_times(&slow.onsets(), &[0.0, 1.25, 2.5, 3.75, 5.0], 0.003);
    let (folder, path) = folder_of();
    let options = ["--audio", "recording.flac", "--loop", "0.5s..2.5s", "--times", "2", "--tail", "1"];
    assert_times(&render_in(folder, &path, &options).onsets(), &[0.5, 1.5, 2.5, 3.5], 0.001);
}

#[test]
fn the_metronome_clicks_on_the_beats() {
    let rendered = render(&hits(&[2.0]), &["--sound", "none", "--click", "--audio-codec", "flac"]);
    let found = rendered.onsets();
    for beat in [0.0, 0.5, 1.0, 1.5, 2.0] {
        let near = found.iter().any(|time| (time - beat).abs() < A_MILLISECOND);
        assert!(near, "no click at {beat} s: {found:?}");
    }
}

#[test]
fn a_recording_is_copied_where_nothing_changes_and_is_in_time() {
    let times = [0.5, 1.0, 2.25];
    let song = hits(&times);
    for (file, options, codec) in [
        ("recording.flac", &[][..], "flac"),
        ("recording.m4a", &["-c:a", "aac", "-ac", "2"], "aac"),
        ("recording.opus", &["-c:a", "libopus"], "opus"),
    ] {
        let (folder, path) = folder_with(&song);
        let recording = folder.path().join(file);
        encode_sound(&bursts(&times, 3.0), options, &recording);
        let original = stream_bytes(&recording, "a");
        let rendered = render_in(folder, &path, &["--audio", file]);
        assert_eq!(rendered.summary["sound"]["copied"], true, "{file}: {}", rendered.summary["sound"]);
        assert_eq!(sound_tracks(&rendered.video)[0].0, codec);
        assert!(stream_bytes(&rendered.video, "a").ends_with(&original), "{file}: other packets");
        // Opus and ffmpeg's AAC are heard a little before a hit.
        assert_times(&rendered.onsets(), &times, 0.002);
    }
}

#[test]
fn a_recording_is_encoded_anew_where_it_changes() {
    let times = [0.5, 1.0];
    let song = hits(&times);
    let loudest = |options: &[&str]| {
        let (folder, path) = folder_with(&song);
        encode_sound(&bursts(&times, 2.0), &["-c:a", "libmp3lame"], &folder.path().join("recording.mp3"));
        let rendered = render_in(folder, &path, &[&["--audio", "recording.mp3"], options].concat());
        assert_eq!(rendered.summary["sound"]["copied"], false);
        assert_times(&rendered.onsets(), &times, 0.002);
        decode_sound(&rendered.video).iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
    };
    let usual = loudest(&["--audio-codec", "flac"]);
    let softer = loudest(&["--audio-codec", "flac", "--audio-gain", "-12"]);
    assert!((softer / usual - 0.2512).abs() < 0.01, "{softer} and {usual}");
}

#[test]
fn the_offset_moves_the_recording_to_the_sample() {
    let song = hits(&[1.0, 2.0]);
    for (offset, expected) in [("1.5", [2.0, 2.5]), ("-0.25", [0.25, 0.75]), ("0", [0.5, 1.0])] {
        let (folder, path) = folder_with(&song);
        encode_sound(&bursts(&[0.5, 1.0], 1.5), &[], &folder.path().join("recording.wav"));
        let options = ["--audio", "recording.wav", "--audio-offset", offset, "--audio-codec", "flac"];
        assert_times(&render_in(folder, &path, &options).onsets(), &expected, 1.5 / RATE);
    }
}

#[test]
fn drums_and_a_recording_are_heard_together() {
    let song = hits(&[0.5, 2.0]);
    let (folder, path) = folder_with(&song);
    encode_sound(&bursts(&[1.0, 1.5], 3.0), &[], &folder.path().join("recording.wav"));
    let rendered = render_in(folder, &path, &["--audio", "recording.wav", "--sound", "drums"]);
    assert_times(&rendered.onsets(), &[0.5, 1.0, 1.5, 2.0], A_MILLISECOND);
}

#[test]
fn the_offset_is_found_by_the_hits_or_not_guessed() {
    let groove = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs/groove.mid");
    let folder = tempfile::tempdir().unwrap();
    // The song itself, as a recording that begins 1.234 s before it.
    let whole = render_in(folder, &groove, &["--audio-codec", "flac", "--size", "64x64", "--fps", "10"]);
    let song_start = (whole.lead_in() * RATE).round() as usize;
    let mut recording = vec![0.0; (1.234 * RATE) as usize];
    recording.extend(&decode_sound(&whole.video)[song_start..]);
    let folder = tempfile::tempdir().unwrap();
    encode_sound(&recording, &["-c:a", "libvorbis"], &folder.path().join("recording.ogg"));
    let options = ["--audio", "recording.ogg", "--audio-offset", "auto", "--duration", "2"];
    let found = render_in(folder, &groove, &options);
    let offset = found.summary["sound"]["audio_offset_seconds"].as_f64().unwrap();
    assert!((offset + 1.234).abs() < 0.005, "{offset}");
    assert!(found.summary["sound"]["audio_offset_lead"].as_f64().unwrap() > 2.0);

    // Hits that have nothing to do with it.
    let folder = tempfile::tempdir().unwrap();
    encode_sound(&bursts(&[0.3, 4.1, 9.7], 20.0), &[], &folder.path().join("other.wav"));
    let mut command = strikeline();
    command.arg("render").arg(&groove).args(["--audio", "other.wav", "--audio-offset", "auto"]);
    let error = fail(command.current_dir(folder.path()), 1);
    assert!(error.contains("help: --audio-offset"), "{error}");
    assert_eq!(names(folder.path()), ["other.wav"]);
}

#[test]
fn the_mix_has_the_loudness_that_was_asked_for() {
    let groove = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs/groove.mid");
    for target in [-14.0, -23.0] {
        let target_text = target.to_string();
        let options = ["--loudness", &target_text, "--duration", "30", "--size", "64x64", "--fps", "10"];
        let rendered = render_in(tempfile::tempdir().unwrap(), &groove, &options);
        let expected = rendered.summary["sound"]["expected_lufs"].as_f64().unwrap();
        let mut ffmpeg = std::process::Command::new("ffmpeg");
        ffmpeg.args(["-hide_banner", "-nostats", "-i"]).arg(&rendered.video);
        let output = succeed(ffmpeg.args(["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]));
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        let value = |name: &str| -> f64 {
            let line = report.lines().rfind(|line| line.trim().starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let (loudness, peak) = (value("I:"), value("Peak:"));
        // The limiter takes no more than a few dB from the hits, so that they stay hits.
        assert!((loudness - target).abs() < 2.0, "{loudness} LUFS instead of {target}");
        assert!(
            (loudness - expected).abs() < 0.5,
            "{loudness} LUFS instead of the {expected} that were told"
        );
        // AAC may pass the limiter's ceiling of -1 dBTP a little.
        assert!(peak < -0.5, "a true peak of {peak} dBTP");
    }
}

#[test]
fn an_option_without_effect_is_told() {
    let (folder, song) = folder_with(&hits(&[0.0, 0.5]));
    for (options, told) in [
        (&["--sound-gain", "6"][..], true),
        (&["--sound-gain", "6", "--loudness", "off"], false),
        (&["--audio-codec", "flac", "--audio-bitrate", "96k"], true),
        (&["--audio-bitrate", "96k"], false),
    ] {
        let mut command = strikeline();
        command.arg("render").arg(&song).args([
            "-o",
            "video.mp4",
            "--force",
            "--size",
            "64x64",
            "--fps",
            "5",
        ]);
        let output = succeed(command.args(options).current_dir(folder.path()));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(stderr.contains("no effect"), told, "{options:?}: {stderr}");
    }
}

#[test]
fn what_cannot_be_done_is_said_and_leaves_nothing_behind() {
    let (folder, song) = folder_with(&hits(&[0.0, 0.5]));
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("empty.wav"), b"").unwrap();
    std::fs::write(file("text.mp3"), "this is no sound\n".repeat(100)).unwrap();
    encode_sound(&bursts(&[0.1], 1.0), &[], &file("good.wav"));
    let before = names(folder.path());
    for (options, code, words) in [
        (&["--audio", "missing.flac"][..], 2, "missing.flac"),
        (&["--audio", "empty.wav"], 2, "empty"),
        (&["--audio", "text.mp3"], 2, "text.mp3"),
        (&["--audio", "."], 2, "folder"),
        (&["--audio", "good.wav", "--audio-codec", "copy"], 2, "help: another --audio-codec"),
        (&["--audio-codec", "copy"], 2, "no recording"),
        (&["--soundfont", "good.wav"], 2, "SoundFont"),
        (&["--loop", "section:Bridge"], 2, "Bridge"),
        (&["--speed", "3"], 2, "--speed"),
        (&["--audio-offset", "1"], 2, "--audio"),
        (&["--no-sound", "--click"], 2, "--click"),
        (&["--loudness", "5"], 2, "LUFS"),
        (&["--audio-bitrate", "5"], 2, "32k"),
        (&["--audio", "good.wav", "-o", "good.wav", "--force"], 2, "written as MP4"),
        (&["-o", "song.mid", "--force"], 2, "written as MP4"),
    ] {
        let mut command = strikeline();
        command.arg("render").arg(&song).args(options).args(["--size", "64x64"]).current_dir(folder.path());
        let error = fail(&mut command, code);
        assert!(error.contains(words), "{options:?}: {error}");
        assert_eq!(names(folder.path()), before, "{options:?}");
    }
}
