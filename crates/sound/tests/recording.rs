//! Recordings of each format, judged by ffmpeg.

mod support;

use std::path::Path;

use strikeline_audio::{AudioCodec, AudioSource, PacketSource};
use strikeline_sound::recording::{CannotCopy, Codec, Length, Recording, RecordingError, RecordingOptions};
use strikeline_sound::resample::Resampled;
use support::*;

/// A kind of file, and what is promised for it.
struct Kind {
    name: &'static str,
    options: &'static [&'static str],
    codec: Codec,
    /// What the length is known as at once, for a signal of [`FRAMES`] frames at [`RATE`].
    length: Known,
    /// By how many dB the difference to ffmpeg's samples is lower than they are.
    likeness: f64,
    /// By how many dB the difference after a seek is lower; 200 for bit by bit.
    seek: f64,
    /// What the packets can be copied as.
    copy: Option<AudioCodec>,
}

#[derive(PartialEq)]
enum Known {
    Exactly,
    /// The file pads the last packet, and does not say by how much.
    Padded,
    Roughly,
    Not,
}

const EXACT: f64 = 200.0;
/// AAC without noise substitution.
const AAC: &[&str] = &["-c:a", "aac", "-aac_pns", "0"];

fn kind(name: &'static str, options: &'static [&'static str], codec: Codec) -> Kind {
    Kind { name, options, codec, length: Known::Exactly, likeness: EXACT, seek: EXACT, copy: None }
}

fn kinds() -> Vec<Kind> {
    use Codec::*;
    let pcm = |name, options| kind(name, options, Pcm);
    let lossy = |name, options, codec, length, likeness: f64, seek: f64, copy| Kind {
        name,
        options,
        codec,
        length,
        likeness,
        seek,
        copy,
    };
    let copied =
        |name, options, codec, length, copy| Kind { length, copy: Some(copy), ..kind(name, options, codec) };
    let (aac, mp3, opus) = (Some(AudioCodec::Aac), Some(AudioCodec::Mp3), Some(AudioCodec::Opus));
    vec![
        pcm("u8.wav", &["-c:a", "pcm_u8"]),
        pcm("s16.wav", &[]),
        pcm("s24.wav", &["-c:a", "pcm_s24le"]),
        pcm("s32.wav", &["-c:a", "pcm_s32le"]),
        pcm("f32.wav", &["-c:a", "pcm_f32le"]),
        pcm("f64.wav", &["-c:a", "pcm_f64le"]),
        pcm("alaw.wav", &["-c:a", "pcm_alaw"]),
        pcm("mulaw.wav", &["-c:a", "pcm_mulaw"]),
        pcm("s16.aiff", &[]),
        pcm("s24.aiff", &["-c:a", "pcm_s24be"]),
        pcm("s16.caf", &["-c:a", "pcm_s16le"]),
        Kind { length: Known::Padded, ..kind("ms.wav", &["-c:a", "adpcm_ms"], Adpcm) },
        copied("native.flac", &[], Flac, Known::Exactly, AudioCodec::Flac),
        copied("flac.ogg", &["-c:a", "flac"], Flac, Known::Exactly, AudioCodec::Flac),
        copied("flac.mkv", &["-c:a", "flac"], Flac, Known::Roughly, AudioCodec::Flac),
        copied("flac.mp4", &["-c:a", "flac", "-strict", "-2"], Flac, Known::Exactly, AudioCodec::Flac),
        copied("alac.m4a", &["-c:a", "alac"], Alac, Known::Exactly, AudioCodec::Alac),
        copied("alac.mkv", &["-c:a", "alac"], Alac, Known::Roughly, AudioCodec::Alac),
        copied("alac.caf", &["-c:a", "alac"], Alac, Known::Padded, AudioCodec::Alac),
        lossy("cbr.mp3", &["-b:a", "128k"], Mp3, Known::Exactly, 110.0, 110.0, mp3),
        lossy("vbr.mp3", &["-q:a", "2"], Mp3, Known::Exactly, 110.0, 110.0, mp3),
        lossy("untagged.mp3", &["-b:a", "128k", "-write_xing", "0"], Mp3, Known::Roughly, 110.0, 110.0, mp3),
        lossy("mp3.mkv", &["-c:a", "libmp3lame"], Mp3, Known::Roughly, 110.0, 110.0, mp3),
        lossy("mp3.mp4", &["-c:a", "libmp3lame"], Mp3, Known::Exactly, 110.0, 110.0, mp3),
        // With bands of noise, which a decoder makes up: another noise after a seek.
        lossy("noise.aac", &["-c:a", "aac"], Aac, Known::Roughly, 100.0, 10.0, aac),
        lossy("adts.aac", AAC, Aac, Known::Roughly, 100.0, 120.0, aac),
        lossy("aac.m4a", AAC, Aac, Known::Exactly, 100.0, 120.0, aac),
        lossy("aac.mov", AAC, Aac, Known::Exactly, 100.0, 120.0, aac),
        lossy("aac.mkv", AAC, Aac, Known::Roughly, 100.0, 120.0, aac),
        lossy(
            "pieces.mp4",
            &[
                "-c:a",
                "aac",
                "-aac_pns",
                "0",
                "-movflags",
                "frag_keyframe+empty_moov",
                "-frag_duration",
                "1000000",
            ],
            Aac,
            Known::Not,
            100.0,
            120.0,
            aac,
        ),
        lossy("vorbis.ogg", &["-c:a", "libvorbis"], Vorbis, Known::Exactly, 120.0, 120.0, None),
        lossy("vorbis.webm", &["-c:a", "libvorbis"], Vorbis, Known::Roughly, 120.0, EXACT, None),
        lossy("opus.opus", &["-c:a", "libopus"], Opus, Known::Exactly, 65.0, 40.0, opus),
        lossy("opus.webm", &["-c:a", "libopus"], Opus, Known::Roughly, 65.0, 40.0, opus),
        lossy("opus.mp4", &["-c:a", "libopus"], Opus, Known::Exactly, 65.0, 40.0, opus),
        lossy(
            "speech.opus",
            &["-c:a", "libopus", "-application", "voip", "-b:a", "16k"],
            Opus,
            Known::Exactly,
            65.0,
            30.0,
            opus,
        ),
        lossy(
            "hybrid.opus",
            &["-c:a", "libopus", "-application", "voip", "-b:a", "32k", "-frame_duration", "60"],
            Opus,
            Known::Exactly,
            65.0,
            25.0,
            opus,
        ),
    ]
}

fn open(path: &Path) -> Recording {
    Recording::open(path, RecordingOptions::default()).unwrap()
}

#[test]
fn each_format_begins_at_the_very_sample_and_is_sought_and_copied_exactly() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let signal = signal();
    for kind in kinds() {
        let path = encode(folder.path(), &signal, RATE, 2, kind.name, kind.options);
        let recording = open(&path);
        check_sound(&kind, &path, &recording);
        check_seek(&kind, &recording);
        check_copy(&kind, &path, &recording);
    }
}

/// It begins at the very sample and sounds as ffmpeg decodes it.
fn check_sound(kind: &Kind, path: &Path, recording: &Recording) {
    let name = kind.name;
    let info = recording.info();
    assert_eq!(info.codec, kind.codec, "{name}");
    assert_eq!(info.format.channels().get(), 2, "{name}");
    assert!(info.warnings.is_empty(), "{name}: {:?}", info.warnings);
    let frames = FRAMES as u64 * u64::from(info.format.rate().get()) / u64::from(RATE);

    let mut source = recording.source().unwrap();
    assert_eq!(source.remaining(), info.length.exact(), "{name}");
    let samples = read_all(&mut source);
    assert!(source.warnings().is_empty(), "{name}: {:?}", source.warnings());
    let given = samples.len() as u64 / 2;
    match kind.length {
        Known::Exactly => {
            assert!(
                matches!(info.length, Length::Exact(length) if length.abs_diff(frames) <= 1),
                "{name}: {info:?}"
            );
        }
        Known::Padded => {
            assert!(matches!(info.length, Length::Exact(length) if length >= frames), "{name}")
        }
        Known::Roughly => {
            let Length::Estimated(length) = info.length else { panic!("{name}: {info:?}") };
            assert!(length.abs_diff(frames) < frames / 10, "{name}: {length}");
        }
        Known::Not => assert_eq!(info.length, Length::Unknown, "{name}"),
    }
    if matches!(kind.length, Known::Exactly) && kind.seek > 30.0 {
        check_place(name, recording, &samples);
    }
    let mut scanned = recording.clone();
    assert_eq!(scanned.scan().unwrap(), given, "{name}");

    // ffmpeg's own Opus decoder differs by more than rounding from the reference, which it has too.
    let decoder: &[&str] = if kind.codec == Codec::Opus { &["-c:a", "libopus"] } else { &[] };
    let judge = decoded_by_ffmpeg(path, decoder);
    // Where the end is not stated, ffmpeg may cut or keep a packet's padding.
    assert!((judge.len() / 2).abs_diff(given as usize) <= 4096, "{name}: {given} frames");
    let likeness = likeness(&samples, &judge);
    assert!(likeness >= kind.likeness, "{name}: {likeness:.1} dB");
}

/// The sound lies where it lay before it was coded: shifted by any number of frames it is less like it.
fn check_place(name: &str, recording: &Recording, samples: &[f32]) {
    let signal = signal();
    let placed = if recording.info().format.rate().get() == RATE {
        samples.to_vec()
    } else {
        read_all(&mut Resampled::new(recording.source().unwrap(), RATE).unwrap())
    };
    let (from, count) = (2 * 20_000, 2 * 8000);
    let likeness_at = |shift: i32| {
        likeness(&placed[(from + 2 * shift) as usize..][..count], &signal[from as usize..][..count])
    };
    let best = (-40..=40).max_by(|a, b| likeness_at(*a).total_cmp(&likeness_at(*b)));
    assert_eq!(best, Some(0), "{name}");
}

/// A sought frame is the one that comes when all is read.
fn check_seek(kind: &Kind, recording: &Recording) {
    let name = kind.name;
    let mut source = recording.source().unwrap();
    let all = read_all(&mut source);
    let end = all.len() as u64 / 2;
    for frame in [end - 1, 0, 1, 50_000, 77_777, 49_152, 1152, end, end + 1000] {
        source.seek(frame).unwrap();
        assert_eq!(source.position(), frame);
        let mut block = vec![0.0; 2 * 3000];
        let read = source.read(&mut block).unwrap();
        let from = 2 * frame.min(end) as usize;
        let wanted = &all[from..all.len().min(from + block.len())];
        assert_eq!(read, wanted.len() / 2, "{name}: frames from {frame}");
        if read > 100 {
            let likeness = likeness(&block[..2 * read], wanted);
            assert!(likeness >= kind.seek, "{name}: {likeness:.1} dB from frame {frame}");
        }
        assert!(source.warnings().is_empty(), "{name}: {:?}", source.warnings());
    }
}

/// Copied packets are those of the file.
fn check_copy(kind: &Kind, path: &Path, recording: &Recording) {
    let name = kind.name;
    let copied = recording.packets(0, None).unwrap();
    let Some(codec) = kind.copy else {
        assert_eq!(copied.unwrap_err(), CannotCopy::Codec { codec: kind.codec }, "{name}");
        return;
    };
    let mut copied = copied.unwrap();
    let track = copied.track().clone();
    assert_eq!(track.codec, codec, "{name}");
    assert_eq!(track.skip, recording.info().delay, "{name}");
    let (mut bytes, mut packets, mut ticks) = (Vec::new(), 0, 0);
    while let Some(packet) = copied.next_packet().unwrap() {
        if let Some(usual) = track.packet_ticks {
            assert!(packet.ticks == usual.get() || packets + 1 == track.max_packets, "{name}");
        }
        bytes.extend(packet.data);
        packets += 1;
        ticks += u64::from(packet.ticks);
    }
    assert_eq!(packets, track.max_packets, "{name}");
    assert!(ticks >= track.skip + track.duration, "{name}: {ticks} ticks, {track:?}");
    let mut arguments = vec!["-i", path.to_str().unwrap(), "-map", "0:a", "-c", "copy"];
    if name.ends_with(".aac") {
        arguments.extend(["-bsf:a", "aac_adtstoasc"]);
    }
    arguments.extend(["-f", "data", "-"]);
    let judge = ffmpeg(&arguments);
    assert!(bytes == judge, "{name}: {} bytes instead of {}", bytes.len(), judge.len());
}

#[test]
fn a_part_is_copied_from_a_packet_before_it_with_the_rest_skipped() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = encode(folder.path(), &signal(), RATE, 2, "part.m4a", &["-c:a", "aac"]);
    let recording = open(&path);
    let copied = recording.packets(50_000, Some(20_000)).unwrap().unwrap();
    let track = copied.track();
    // Frame 50,000 is decoded frame 51,024: packet 49 (from 50,176) has it. Two packets before are for the decoder.
    assert_eq!(track.skip, 51_024 - 47 * 1024);
    assert_eq!(track.duration, 20_000);
    assert_eq!(track.max_packets, (51_024 + 20_000u64).div_ceil(1024) - 47);

    let later = recording.packets(-100, None).unwrap().unwrap();
    // A silent packet, of which 100 frames are heard.
    assert_eq!((later.track().silence, later.track().skip), (0, 1024 + 924));
    assert_eq!(recording.packets(FRAMES as i64, None).unwrap().unwrap_err(), CannotCopy::Over);
    assert_eq!(recording.packets(i64::MAX, None).unwrap().unwrap_err(), CannotCopy::Over);
}

#[test]
fn channels_come_in_the_order_of_their_loudspeakers() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for channels in [1u16, 6, 8] {
        // A tone of its own in each channel.
        let signal: Vec<f32> = (0..12_000 * u32::from(channels))
            .map(|index| {
                let (frame, channel) = (index / u32::from(channels), index % u32::from(channels));
                let frequency = 200.0 + 150.0 * channel as f32;
                0.3 * (frame as f32 / 48_000.0 * frequency * std::f32::consts::TAU).sin()
            })
            .collect();
        for (name, options, wanted) in [
            ("order.wav", &[][..], EXACT),
            ("order.flac", &[], EXACT),
            ("order.opus", &["-c:a", "libopus", "-mapping_family", "1"], 60.0),
            ("order.mkv", &["-c:a", "libopus", "-mapping_family", "1"], 60.0),
        ] {
            let path = encode(folder.path(), &signal, 48_000, channels, name, options);
            let recording = open(&path);
            assert_eq!(recording.info().format.channels().get(), channels);
            assert_eq!(recording.info().layout.channels(), channels);
            let samples = read_all(&mut recording.source().unwrap());
            let decoder: &[&str] =
                if recording.info().codec == Codec::Opus { &["-c:a", "libopus"] } else { &[] };
            let likeness = likeness(&samples, &decoded_by_ffmpeg(&path, decoder));
            assert!(likeness >= wanted, "{name} with {channels} channels: {likeness:.1} dB");
        }
    }
    // What the decoder does wrong is refused.
    let signal = vec![0.1; 6 * 4800];
    let path = encode(folder.path(), &signal, 48_000, 6, "surround.ogg", &["-c:a", "libvorbis"]);
    assert!(matches!(open(&path).source(), Err(RecordingError::Codec { .. })));
}

#[test]
fn the_delay_that_itunes_states_is_left_out() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Delay, padding and frames as iTunes writes them: 1024, 0 and all, in hexadecimal digits.
    let text = format!(" 00000000 00000400 00000000 {FRAMES:016X} 00000000 00000000 00000000 00000000");
    let comment = "x".repeat(text.len() + 48);
    let metadata = format!("comment={comment}");
    let options = &["-c:a", "aac", "-use_editlist", "0", "-metadata", &metadata];
    let path = encode(folder.path(), &signal(), RATE, 2, "itunes.m4a", options);
    let mut bytes = std::fs::read(&path).unwrap();

    // The box of the comment becomes one of iTunes', which is as long.
    let part = |name: &[u8], body: &[u8]| {
        let mut part = (8 + body.len() as u32).to_be_bytes().to_vec();
        part.extend(name);
        part.extend(body);
        part
    };
    let data = [&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()].concat();
    let body = [
        part(b"mean", b"\0\0\0\0com.apple.iTunes"),
        part(b"name", b"\0\0\0\0iTunSMPB"),
        part(b"data", &data),
    ];
    let new = part(b"----", &body.concat());
    let at = bytes.windows(4).position(|window| window == b"\xa9cmt").unwrap() - 4;
    assert_eq!(bytes[at..at + 4], new[..4]);
    bytes[at..at + new.len()].copy_from_slice(&new);
    std::fs::write(&path, &bytes).unwrap();

    let recording = open(&path);
    assert_eq!(recording.info().delay, 1024);
    assert_eq!(recording.info().length, Length::Exact(FRAMES as u64));
    let samples = read_all(&mut recording.source().unwrap());
    let likeness = likeness(&samples, &decoded_by_ffmpeg(&path, &[]));
    assert!(likeness > 100.0, "{likeness:.1} dB");
}

#[test]
fn what_is_copied_from_the_middle_sounds_as_the_whole_does_there() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let signal = signal();
    let (start, frames) = (61_234usize, 30_000usize);
    for (name, options, wanted) in [
        ("middle.flac", &[][..], EXACT),
        ("middle.mp3", &["-b:a", "128k"], 100.0),
        ("middle.m4a", AAC, 100.0),
    ] {
        let path = encode(folder.path(), &signal, RATE, 2, name, options);
        let recording = open(&path);
        let whole = read_all(&mut recording.source().unwrap());
        let mut copied = recording.packets(start as i64, Some(frames as u64)).unwrap().unwrap();
        let track = copied.track().clone();
        let mut stream = Vec::new();
        if track.codec == AudioCodec::Flac {
            // The last metadata block: type 0, 34 bytes.
            stream.extend(b"fLaC\x80\0\0\x22");
            stream.extend(&track.config);
        }
        while let Some(packet) = copied.next_packet().unwrap() {
            if track.codec == AudioCodec::Aac {
                // ADTS: LC, 44,100 Hz, two channels.
                let length = packet.data.len() as u32 + 7;
                let header = [0xff, 0xf1, 0x50, 0x80 | (length >> 11) as u8, (length >> 3) as u8];
                stream.extend(header);
                stream.extend([(length << 5) as u8 | 0x1f, 0xfc]);
            }
            stream.extend(packet.data);
        }
        let format = match track.codec {
            AudioCodec::Flac => "flac",
            AudioCodec::Mp3 => "mp3",
            _ => "aac",
        };
        let part = folder.path().join("part");
        std::fs::write(&part, stream).unwrap();
        let decoded = decoded_by_ffmpeg(&part, &["-f", format]);
        let heard = &decoded[2 * track.skip as usize..][..2 * track.duration as usize];
        assert_eq!(track.duration, frames as u64);
        let likeness = likeness(heard, &whole[2 * start..][..2 * frames]);
        assert!(likeness >= wanted, "{name}: {likeness:.1} dB");
    }
}
