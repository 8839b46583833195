//! A second track: uncompressed sound beside the pictures.

use std::io::Cursor;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::Path;

use strikeline_picture::SegmentIndex;
use wgpu_video::mux::{Mp4Settings, Mp4Writer, MuxError, SoundTrack};

use super::clip::{Clip, ffmpeg, ffprobe};
use super::{FRAMES, SEGMENT, settings};

fn sound_track(sample_rate: u32, channels: u16, samples: u64) -> SoundTrack {
    SoundTrack::new(NonZeroU32::new(sample_rate).unwrap(), NonZeroU16::new(channels).unwrap(), samples)
}

/// Bytes of all samples of `track`, no two sample frames alike.
fn pcm(track: &SoundTrack) -> Vec<u8> {
    let words = 0..track.samples * u64::from(track.channels.get());
    words.flat_map(|word| (word.wrapping_mul(40_503) as u16).to_le_bytes()).collect()
}

/// A file of `clip` with `track`, which is cut as the writer wants it.
fn mux(clip: &Clip, frame_rate: &str, track: SoundTrack) -> Vec<u8> {
    let settings = settings(clip, frame_rate).with_sound(track);
    let samples = pcm(&track);
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap();
    let mut heard = 0;
    for segment in clip.segments(SEGMENT) {
        segment.write(&mut writer).unwrap();
        let due = track.samples_of(segment.index, &settings.video);
        assert_eq!(due.start, heard, "segments have all sound, in order");
        heard = due.end;
        let bytes = |sample: u64| sample as usize * track.sample_bytes() as usize;
        writer.write_sound(segment.index, &samples[bytes(due.start)..bytes(due.end)]).unwrap();
    }
    assert_eq!(heard, track.samples);
    let (file, bytes) = writer.finish().unwrap();
    assert_eq!(bytes, file.get_ref().len() as u64);
    file.into_inner()
}

/// Standard output of ffmpeg decoding one of the streams of `path` into `format`.
fn decoded(path: &Path, stream: &str, format: &str) -> Vec<u8> {
    ffmpeg(&["-v", "error", "-i", path.to_str().unwrap(), "-map", stream, "-f", format, "-"])
}

#[test]
fn pictures_and_sound_are_two_tracks_of_exact_length() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.mp4");
    // 20 frames last 20/25 s or 667.3 ms: sound as long, much shorter, longer, a single sample, and two channels or
    // more.
    for (frame_rate, sample_rate, channels, samples) in [
        ("25", 48_000, 2, 38_400),
        ("30000/1001", 44_100, 1, 29_430),
        ("25", 8_000, 2, 2_561),
        ("60", 96_000, 6, 96_001),
        ("25", 44_100, 1, 1),
    ] {
        let track = sound_track(sample_rate, channels, samples);
        std::fs::write(&path, mux(&clip, frame_rate, track)).unwrap();
        let what = format!("{frame_rate} {track:?}");
        let video = ffprobe(&path, "stream=codec_name,nb_frames", &["-select_streams", "v"]);
        assert_eq!(video, [format!("h264,{FRAMES}")], "{what}");
        let entries = "stream=codec_name,sample_rate,channels,time_base,duration_ts";
        let sound = ffprobe(&path, entries, &["-select_streams", "a"]);
        assert_eq!(
            sound,
            [format!("pcm_s16le,{sample_rate},{channels},1/{sample_rate},{samples}")],
            "{what}"
        );
        assert_eq!(ffprobe(&path, "stream=index", &[]), ["0", "1"]);
        assert!(decoded(&path, "0:a", "s16le") == pcm(&track), "{what}");
        // The pictures are those of the file without sound.
        let silent = folder.path().join("silent.mp4");
        std::fs::write(&silent, super::mux(&clip, settings(&clip, frame_rate))).unwrap();
        assert_eq!(decoded(&path, "0:v", "framemd5"), decoded(&silent, "0:v", "framemd5"), "{what}");
    }
}

#[test]
fn sound_that_was_not_planned_so_is_refused() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let segments = clip.segments(SEGMENT);
    let track = sound_track(48_000, 1, 30_000);
    let settings = settings(&clip, "25").with_sound(track);
    let writer = || Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap();
    let refused = |result: Result<(), MuxError>, words: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("sound of segment") && error.contains(words), "{error}");
    };
    // 8 frames of 1/25 s.
    let sound = vec![0; 15_360 * 2];

    let mut file = writer();
    refused(file.write_sound(SegmentIndex(0), &sound), "follows the pictures");
    segments[0].write(&mut file).unwrap();
    refused(file.write_sound(SegmentIndex(0), &sound[1..]), "instead of the planned 30720");
    refused(segments[1].write(&mut file), "not written");
    file.write_sound(SegmentIndex(0), &sound).unwrap();
    refused(file.write_sound(SegmentIndex(0), &sound), "comes once");
    segments[1].write(&mut file).unwrap();
    file.write_sound(SegmentIndex(1), &sound[..14_640 * 2]).unwrap();
    // The sound has ended.
    segments[2].write(&mut file).unwrap();
    file.finish().unwrap();

    let mut silent = Mp4Writer::new(Cursor::new(Vec::new()), Mp4Settings::new(settings.video)).unwrap();
    segments[0].write(&mut silent).unwrap();
    refused(silent.write_sound(SegmentIndex(0), &sound), "no sound track");

    let endless = Mp4Settings::new(settings.video).with_sound(sound_track(48_000, 1, 1 << 33));
    let error = Mp4Writer::new(Cursor::new(Vec::new()), endless).unwrap_err().to_string();
    assert!(error.contains("too long"), "{error}");
}
