//! Files that are damaged, hostile, or no sound at all.

#[path = "support/any_file.rs"]
mod any_file;
mod support;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use any_file::Outcome;
use proptest::prelude::*;
use strikeline_audio::AudioSource;
use strikeline_sound::recording::{Damage, Length, Recording, RecordingError, RecordingOptions, TrackChoice};
use support::*;

fn open(path: &Path) -> Result<Recording, RecordingError> {
    Recording::open(path, RecordingOptions::default())
}

/// A WAVE file of 16-bit samples, as a header claims it.
fn wave(
    rate: u32,
    channels: u16,
    bits: u16,
    format: u16,
    block_align: u16,
    claimed: u32,
    data: &[u8],
) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(claimed.saturating_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(format.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.wrapping_mul(block_align.into()).to_le_bytes());
    bytes.extend(block_align.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(claimed.to_le_bytes());
    bytes.extend(data);
    bytes
}

fn written(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn what_is_no_recording_is_an_error_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.wav");
    assert!(matches!(open(&missing), Err(RecordingError::Read { .. })));
    assert!(matches!(open(folder.path()), Err(RecordingError::NotAFile { kind: "a folder", .. })));
    assert!(matches!(open(&written(&folder, "empty.wav", b"")), Err(RecordingError::Empty { .. })));
    for (name, bytes) in [
        ("text.mp3", b"this is not a recording\n".repeat(100)),
        ("one.flac", b"f".to_vec()),
        ("zeros.wav", vec![0; 3_000_000]),
        ("head.wav", b"RIFF\x24\0\0\0WAVE".to_vec()),
        ("head.ogg", b"OggS".to_vec()),
    ] {
        let error = open(&written(&folder, name, &bytes)).unwrap_err();
        assert!(
            matches!(error, RecordingError::Format { .. } | RecordingError::NoSound { .. }),
            "{name}: {error:?}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: this test needs mkfifo");
        return;
    }
    assert!(matches!(open(&pipe), Err(RecordingError::NotAFile { kind: "a pipe", .. })));
}

#[test]
fn hostile_wave_headers_are_refused_or_cut_to_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = [1u8; 4000];
    // 4 GiB in a file of 4 kB.
    let path = written(&folder, "long.wav", &wave(44_100, 2, 16, 1, 4, u32::MAX - 40, &data));
    let recording = open(&path).unwrap();
    assert!(
        matches!(recording.info().length, Length::Estimated(frames) if frames < 1100),
        "{:?}",
        recording.info()
    );
    assert_eq!(recording.info().warnings.len(), 1);
    assert_eq!(read_all(&mut recording.source().unwrap()).len(), 2000);

    for (name, bytes) in [
        ("channels.wav", wave(44_100, 65_535, 16, 1, 65_534, 4000, &data)),
        ("align.wav", wave(44_100, 2, 16, 1, 0, 4000, &data)),
        ("no-channels.wav", wave(44_100, 0, 16, 1, 4, 4000, &data)),
        ("no-rate.wav", wave(0, 2, 16, 1, 4, 4000, &data)),
        ("fast.wav", wave(u32::MAX, 2, 16, 1, 4, 4000, &data)),
        ("bits.wav", wave(44_100, 2, 65_535, 1, 4, 4000, &data)),
    ] {
        let outcome = any_file::run(&written(&folder, name, &bytes));
        assert!(outcome == Outcome::Error || name == "align.wav", "{name}: {outcome:?}");
    }
}

#[test]
fn any_rate_from_1_hz_on_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [1, 999, 8000, 384_000, 768_000] {
        let path = written(&folder, "rate.wav", &wave(rate, 2, 16, 1, 4, 4000, &[7; 4000]));
        let recording = open(&path).unwrap();
        assert_eq!(recording.info().format.rate().get(), rate);
        assert_eq!(read_all(&mut recording.source().unwrap()).len(), 2000);
    }
}

#[test]
fn samples_that_are_not_numbers_are_silent_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut samples = vec![0.25f32; 1000];
    samples[10] = f32::NAN;
    samples[20] = f32::INFINITY;
    samples[30] = -1e30;
    samples[40] = 1.5;
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let path = written(&folder, "nan.wav", &wave(48_000, 1, 32, 3, 4, 4000, &data));
    let mut source = open(&path).unwrap().source().unwrap();
    let read = read_all(&mut source);
    for (index, (read, wrote)) in read.iter().zip(&samples).enumerate() {
        let wanted = if [10, 20, 30].contains(&index) { 0.0 } else { *wrote };
        assert_eq!(*read, wanted, "sample {index}");
    }
    assert!(source.warnings()[0].starts_with("3 samples"), "{:?}", source.warnings());
}

#[test]
fn of_several_sound_tracks_the_default_one_or_the_one_asked_for_is_taken() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.mkv");
    let output = path.to_str().unwrap();
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "sine=440:d=0.5:r=44100",
        "-f",
        "lavfi",
        "-i",
        "sine=880:d=0.5:r=48000",
        "-f",
        "lavfi",
        "-i",
        "color=size=64x64:d=0.5",
        "-map",
        "2",
        "-map",
        "0",
        "-map",
        "1",
        "-c:a",
        "flac",
        "-disposition:a:0",
        "0",
        "-disposition:a:1",
        "default",
        output,
    ]);
    let rate = |track| {
        let recording = Recording::open(&path, RecordingOptions { track, ..Default::default() })?;
        assert_eq!(recording.info().tracks.len(), 2);
        assert_eq!(recording.info().warnings.len(), 1);
        Ok::<u32, RecordingError>(recording.info().format.rate().get())
    };
    assert_eq!(rate(TrackChoice::Default).unwrap(), 48_000);
    assert_eq!(rate(TrackChoice::Index(0)).unwrap(), 44_100);
    assert_eq!(rate(TrackChoice::Index(1)).unwrap(), 48_000);
    assert!(matches!(rate(TrackChoice::Index(2)), Err(RecordingError::NoSuchTrack { count: 2, .. })));

    let silent = folder.path().join("silent.mp4");
    ffmpeg(&["-f", "lavfi", "-i", "color=size=64x64:d=0.5", "-c:v", "mpeg4", silent.to_str().unwrap()]);
    assert!(matches!(open(&silent), Err(RecordingError::NoSound { .. })));
}

#[test]
fn encrypted_and_high_efficiency_sound_is_recognised() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = encode(folder.path(), &signal()[..20_000], RATE, 2, "aac.m4a", &["-c:a", "aac"]);
    let bytes = std::fs::read(&path).unwrap();
    let replaced = |from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|window| window == from).expect("not in the file");
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    for entry in [b"drms", b"enca"] {
        let locked = written(&folder, "locked.m4a", &replaced(b"mp4a", entry));
        assert!(matches!(open(&locked), Err(RecordingError::Encrypted { .. })));
    }
    // Object type 5 in place of 2: AudioSpecificConfig 12 10 56 e5 00 becomes one of HE-AAC.
    let at = bytes.windows(4).position(|window| window == [0x05, 0x80, 0x80, 0x80]).unwrap();
    let mut other = bytes.clone();
    other[at + 5..at + 9].copy_from_slice(&[0x2b, 0x92, 0x08, 0x00]);
    let recording = open(&written(&folder, "he.m4a", &other)).unwrap();
    assert!(matches!(recording.source(), Err(RecordingError::Codec { .. })), "{:?}", recording.info());
    assert!(recording.packets(0, None).unwrap().is_err());
}

#[test]
fn a_file_that_ends_too_early_is_silent_to_its_end_or_an_error() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let signal = signal();
    for (name, options) in [
        ("cut.flac", &[][..]),
        ("cut.mp3", &["-b:a", "128k"][..]),
        ("cut.m4a", &["-c:a", "aac", "-movflags", "faststart"][..]),
    ] {
        let path = encode(folder.path(), &signal, RATE, 2, name, options);
        let whole = read_all(&mut open(&path).unwrap().source().unwrap());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();

        let recording = open(&path).unwrap();
        let mut source = recording.source().unwrap();
        let read = read_all(&mut source);
        assert_eq!(read.len(), whole.len(), "{name}");
        // What is there is as it was; then it is silent.
        let same = RATE as usize * 2;
        assert!(read[..same] == whole[..same], "{name}");
        assert!(read[read.len() - same..].iter().all(|sample| *sample == 0.0), "{name}");
        let warnings = source.warnings();
        assert!(warnings.iter().any(|warning| warning.contains("instead of 3.00")), "{name}: {warnings:?}");

        let strict = RecordingOptions { damage: Damage::Fail, ..Default::default() };
        let mut source = Recording::open(&path, strict).unwrap().source().unwrap();
        let mut block = vec![0.0; 2 * FRAMES];
        let error = source.read(&mut block).unwrap_err();
        let error = error.downcast::<RecordingError>().unwrap();
        assert!(
            matches!(*error, RecordingError::Damaged { seconds, .. } if (1.0..2.2).contains(&seconds)),
            "{error:?}"
        );
    }
}

#[test]
fn a_file_that_goes_on_behind_its_stated_length_is_named() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path =
        encode(folder.path(), &signal(), RATE, 2, "twice.mp3", &["-b:a", "128k", "-id3v2_version", "0"]);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, bytes.repeat(2)).unwrap();
    let mut source = open(&path).unwrap().source().unwrap();
    assert_eq!(read_all(&mut source).len(), 2 * FRAMES);
    assert!(source.warnings()[0].contains("goes on behind 3.003 s"), "{:?}", source.warnings());
}

#[test]
fn a_damaged_frame_is_silent_and_the_rest_stays_in_its_place() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path =
        encode(folder.path(), &signal(), RATE, 2, "hole.m4a", &["-c:a", "alac", "-movflags", "faststart"]);
    let whole = read_all(&mut open(&path).unwrap().source().unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 60_000].fill(0xff);
    std::fs::write(&path, &bytes).unwrap();
    let mut source = open(&path).unwrap().source().unwrap();
    let read = read_all(&mut source);
    assert_eq!(read.len(), whole.len());
    let quarter = whole.len() / 4;
    assert!(read[..quarter] == whole[..quarter]);
    assert!(read[3 * quarter..] == whole[3 * quarter..]);
    assert!(source.warnings()[0].contains("damaged"), "{:?}", source.warnings());
}

#[test]
fn a_long_untagged_mp3_is_counted_without_being_kept_in_memory() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The same VBR frames over and over: 10 minutes of them.
    let options = &["-q:a", "2", "-write_xing", "0", "-id3v2_version", "0"];
    let path = encode(folder.path(), &signal(), RATE, 2, "long.mp3", options);
    let bytes = std::fs::read(&path).unwrap();
    let once = open(&path).unwrap().scan().unwrap();
    std::fs::write(&path, bytes.repeat(200)).unwrap();
    let mut recording = open(&path).unwrap();
    assert!(matches!(recording.info().length, Length::Estimated(_)));
    assert_eq!(recording.scan().unwrap(), 200 * once);
    assert_eq!(recording.info().length, Length::Exact(200 * once));
    let mut source = recording.source().unwrap();
    source.seek(150 * once).unwrap();
    assert_eq!(source.remaining(), Some(50 * once));
    let mut block = vec![0.0; 2 * 1152];
    assert_eq!(source.read(&mut block).unwrap(), 1152);
}

/// Small valid files in each format.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let signal = signal();
    let short = &signal[..2 * 12_000];
    [
        ("a.wav", &[][..]),
        ("f.wav", &["-c:a", "pcm_f64le"]),
        ("ms.wav", &["-c:a", "adpcm_ms"]),
        ("a.aiff", &[]),
        ("a.flac", &[]),
        ("a.mp3", &["-b:a", "64k"]),
        ("a.aac", &["-c:a", "aac"]),
        ("a.m4a", &["-c:a", "aac"]),
        ("alac.m4a", &["-c:a", "alac"]),
        ("alac.caf", &["-c:a", "alac"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("flac.ogg", &["-c:a", "flac"]),
        ("a.opus", &["-c:a", "libopus"]),
        ("speech.opus", &["-c:a", "libopus", "-b:a", "16k", "-application", "voip"]),
        ("a.webm", &["-c:a", "libopus"]),
        ("v.mkv", &["-c:a", "libvorbis"]),
        ("p.mp4", &["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"]),
    ]
    .into_iter()
    .map(|(name, options)| {
        let path = encode(folder.path(), short, RATE, 2, name, options);
        (name.to_string(), std::fs::read(path).unwrap())
    })
    .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_never_more_than_an_error(
        file in 0usize..17,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        if has_ffmpeg() {
            let (name, bytes) = &FILES[file];
            let mut bytes = bytes.clone();
            for (index, byte, near_the_start) in flips {
                let range = if near_the_start { bytes.len().min(600) } else { bytes.len() };
                bytes[index.index(range)] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()).max(1));
            }
            let folder = tempfile::tempdir().unwrap();
            any_file::run(&written(&folder, name, &bytes));
        }
    }
}
