//! Sound beside the pictures: where it lies, when it is heard, and what is refused.

use std::io::Cursor;
use std::num::NonZeroU32;
use std::path::Path;

use proptest::prelude::*;
use strikeline_picture::SegmentIndex;
use wgpu_video::audio::{
    AudioCodec, AudioError, AudioFormat, AudioSource, AudioTrack, Packet, PacketSource, Silence,
};
use wgpu_video::mux::{Mp4Writer, MuxError};
use wgpu_video::sound::{AudioEncoding, FlacDepth};

use super::boxes::File;
use super::clip::{Clip, ffmpeg, ffprobe, samples};
use super::{FRAMES, SEGMENT, settings, tiny_config, tiny_size, video_only};

/// Silence with a click on one sample of all channels.
pub(super) struct Click {
    format: AudioFormat,
    at: u64,
    position: u64,
    length: u64,
}

impl Click {
    pub(super) fn new(format: AudioFormat, at: u64, length: u64) -> Click {
        Click { format, at, position: 0, length }
    }
}

impl AudioSource for Click {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.format.samples_per_frame();
        // Never as much as is asked for, until the end.
        let frames = (block.len() / channels).min((self.length - self.position) as usize);
        block[..frames * channels].fill(0.0);
        if (self.position..self.position + frames as u64).contains(&self.at) {
            let start = (self.at - self.position) as usize * channels;
            block[start..start + channels].fill(0.9);
        }
        self.position += frames as u64;
        Ok(frames)
    }
}

pub(super) fn format(rate: u32, channels: u16) -> AudioFormat {
    AudioFormat::new(rate, channels).unwrap()
}

/// A file of `clip` with the sound of `source`.
pub(super) fn mux(clip: &Clip, frame_rate: &str, source: &mut dyn PacketSource) -> Vec<u8> {
    let settings = settings(clip, frame_rate).with_sound(source.track().clone());
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings.clone()).unwrap();
    let mut ticks = 0;
    for segment in clip.segments(SEGMENT) {
        while ticks < settings.video.sound_until(source.track(), segment.index) {
            let packet = source.next_packet().unwrap().unwrap();
            ticks += u64::from(packet.ticks);
            writer.write_sound(vec![packet]).unwrap();
        }
        segment.write(&mut writer).unwrap();
    }
    let (file, bytes) = writer.finish().unwrap();
    assert_eq!(bytes, file.get_ref().len() as u64);
    file.into_inner()
}

/// Standard output of ffmpeg decoding one of the streams of `path` into `format`.
fn decoded(path: &Path, stream: &str, format: &str) -> Vec<u8> {
    ffmpeg(&["-v", "error", "-i", path.to_str().unwrap(), "-map", stream, "-f", format, "-"])
}

/// The sample frame with the largest sample.
fn loudest(samples: &[f32], channels: u16) -> usize {
    let louder = |a: &(usize, &f32), b: &(usize, &f32)| a.1.abs().total_cmp(&b.1.abs());
    samples.iter().enumerate().max_by(louder).unwrap().0 / usize::from(channels)
}

/// All encodings that can be tested here.
pub(super) fn encodings() -> Vec<AudioEncoding> {
    vec![
        #[cfg(feature = "opus")]
        AudioEncoding::Opus { bitrate: 128_000 },
        #[cfg(feature = "fdk-aac")]
        AudioEncoding::FdkAac { bitrate: 128_000 },
        AudioEncoding::Aac { bitrate: 128_000 },
        AudioEncoding::Pcm,
        AudioEncoding::Flac { depth: FlacDepth::Bits16 },
        AudioEncoding::Flac { depth: FlacDepth::Bits24 },
    ]
}

#[test]
fn a_click_is_heard_on_the_very_sample_in_every_codec() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("click.mp4");
    for encoding in encodings() {
        for (frame_rate, rate, channels, at) in [
            ("24", 48_000, 2, 0),
            ("30000/1001", 44_100, 1, 20_001),
            ("60", 44_100, 2, 4095),
            ("120", 48_000, 1, 4096),
            ("25", 48_000, 2, 30_721),
        ] {
            let length = 33_333;
            if matches!(encoding, AudioEncoding::Opus { .. }) && rate != 48_000 {
                continue;
            }
            let what = format!("{encoding:?} {frame_rate} {rate} {channels} {at}");
            let source = Click::new(format(rate, channels), at, length);
            let mut packets = encoding.encode(source, length).unwrap();
            std::fs::write(&path, mux(&clip, frame_rate, &mut packets)).unwrap();
            let heard = samples(&path);
            assert_eq!(loudest(&heard, channels), at as usize, "{what}");
            // ffmpeg plays the last packet to its end, though the edit list ends before.
            let (end, most) = match encoding {
                AudioEncoding::Flac { .. } | AudioEncoding::Pcm => (length, length),
                _ => (length, length + 1024),
            };
            let heard_frames = heard.len() as u64 / u64::from(channels);
            assert!((end..=most).contains(&heard_frames), "{what}: {heard_frames}");
            // Opus has no edit list: what its decoders skip is counted.
            let skipped = if matches!(encoding, AudioEncoding::Opus { .. }) { 312 } else { 0 };
            let entries = "stream=sample_rate,channels,start_pts,duration_ts";
            let streams = ffprobe(&path, entries, &[]);
            assert!(streams[0].starts_with("0,"), "{what}: {}", streams[0]);
            assert_eq!(streams[1], format!("{rate},{channels},0,{}", length + skipped), "{what}");
        }
    }
}

#[test]
fn the_pictures_of_a_file_with_sound_are_those_of_the_file_without() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let (path, silent) = (folder.path().join("sound.mp4"), folder.path().join("silent.mp4"));
    for frame_rate in ["24", "30000/1001", "999983/999979"] {
        let source = Click::new(format(44_100, 2), 0, 33_333);
        let mut packets = AudioEncoding::default().encode(source, 33_333).unwrap();
        std::fs::write(&path, mux(&clip, frame_rate, &mut packets)).unwrap();
        std::fs::write(&silent, super::mux(&clip, settings(&clip, frame_rate))).unwrap();
        assert_eq!(decoded(&path, "0:v", "framemd5"), decoded(&silent, "0:v", "framemd5"), "{frame_rate}");
        let video = ["-select_streams", "v"];
        let entries = "packet=pts,duration,size,flags";
        assert_eq!(ffprobe(&path, entries, &video), ffprobe(&silent, entries, &video), "{frame_rate}");
    }
}

/// Sound with everything that FLAC codes in its own way: noise, tones, silence, steps, full scale and channels that are alike.
struct Medley {
    format: AudioFormat,
    position: u64,
    length: u64,
    state: u32,
}

impl Medley {
    fn new(format: AudioFormat, length: u64) -> Medley {
        Medley { format, position: 0, length, state: 1 }
    }

    /// A sample of 16 bits.
    fn next(&mut self, channel: usize) -> i16 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (self.state >> 16) as u16 as i16;
        let time = self.position as i64;
        let tone = ((time * time / 300) % 40_000 - 20_000) as i16;
        match time / 3000 % 8 {
            0 => noise,
            1 => tone,
            2 => 0,
            3 => tone / (channel as i16 + 1) + noise / 4096,
            4 => [i16::MAX, i16::MIN][(time / 7 % 2) as usize],
            5 => noise / 8192,
            6 if channel == 0 => noise / 2,
            6 => -noise / 2 + 3,
            _ => (time % 3000 / 10) as i16,
        }
    }
}

impl AudioSource for Medley {
    fn format(&self) -> AudioFormat {
        self.format
    }

    fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
        let channels = self.format.samples_per_frame();
        let frames = (block.len() / channels).min((self.length - self.position) as usize);
        for frame in block[..frames * channels].chunks_exact_mut(channels) {
            for (channel, sample) in frame.iter_mut().enumerate() {
                *sample = f32::from(self.next(channel)) / 32_768.0;
            }
            self.position += 1;
        }
        Ok(frames)
    }
}

#[test]
fn lossless_sound_comes_back_as_it_was() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.mp4");
    for (encoding, rate, channels, length) in [
        (AudioEncoding::Flac { depth: FlacDepth::Bits16 }, 48_000, 2, 60_001),
        (AudioEncoding::Flac { depth: FlacDepth::Bits24 }, 44_100, 2, 24_577),
        (AudioEncoding::Flac { depth: FlacDepth::Bits16 }, 96_000, 1, 30_003),
        (AudioEncoding::Flac { depth: FlacDepth::Bits16 }, 12_345, 3, 17),
        (AudioEncoding::Flac { depth: FlacDepth::Bits24 }, 192_000, 6, 4100),
        (AudioEncoding::Pcm, 44_100, 2, 50_000),
        (AudioEncoding::Pcm, 8_000, 1, 3),
    ] {
        let format = format(rate, channels);
        let mut packets = encoding.encode(Medley::new(format, length), length).unwrap();
        std::fs::write(&path, mux(&clip, "25", &mut packets)).unwrap();
        let mut expected = vec![0.0; length as usize * usize::from(channels)];
        Medley::new(format, length).read(&mut expected).unwrap();
        let heard = samples(&path);
        let same = heard.iter().zip(&expected).position(|(heard, expected)| heard != expected);
        assert_eq!((heard.len(), same), (expected.len(), None), "{encoding:?} {rate} {channels}");
    }
}

#[test]
fn the_length_is_exact_and_what_is_not_finite_is_silent() {
    struct Wild(u64);
    impl AudioSource for Wild {
        fn format(&self) -> AudioFormat {
            AudioFormat::STEREO_48K
        }
        fn read(&mut self, block: &mut [f32]) -> Result<usize, AudioError> {
            // One sample frame at a time, for ten of them.
            if self.0 == 10 {
                return Ok(0);
            }
            self.0 += 1;
            block[..2].copy_from_slice(&[[f32::NAN, f32::INFINITY], [0.5, -2.0]][(self.0 % 2) as usize]);
            Ok(1)
        }
    }
    for (frames, expected) in
        [(4, vec![16_384, -32_768, 0, 0, 16_384, -32_768, 0, 0]), (1, vec![16_384, -32_768])]
    {
        let mut packets = AudioEncoding::Pcm.encode(Wild(0), frames).unwrap();
        let packet = packets.next_packet().unwrap().unwrap();
        let samples: Vec<_> = packet.data.chunks(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        assert_eq!((samples, u64::from(packet.ticks)), (expected, frames));
        assert_eq!(packets.next_packet().unwrap(), None);
    }
    let mut packets = AudioEncoding::Pcm.encode(Wild(0), 10_000).unwrap();
    let mut ticks = 0;
    while let Some(packet) = packets.next_packet().unwrap() {
        let heard = if ticks == 0 { 10 * 4 } else { 0 };
        assert!(packet.data[heard..].iter().all(|byte| *byte == 0));
        ticks += packet.ticks;
    }
    assert_eq!(ticks, 10_000);
}

#[test]
fn a_high_rate_is_written_as_the_part_of_it_that_fits() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    for (rate, expected) in [(44_100, 44_100), (96_000, 48_000), (176_400, 44_100), (96_001, 65_535)] {
        let source = Silence::new(format(rate, 1), 100);
        let mut packets = AudioEncoding::Flac { depth: FlacDepth::Bits16 }.encode(source, 100).unwrap();
        let file = File::parse(mux(&clip, "25", &mut packets));
        let entry = file.find("moov/trak+1/mdia/minf/stbl/stsd/fLaC");
        assert_eq!(word(&entry[24..]), expected << 16, "{rate}");
    }
}

fn refused(result: Result<(), MuxError>, words: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

fn packet(bytes: usize, ticks: u32) -> Packet {
    Packet { data: vec![1; bytes], ticks }
}

#[test]
fn sound_that_is_not_what_its_track_says_is_refused() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let segments = clip.segments(SEGMENT);
    let mut track = AudioTrack::new(AudioCodec::Mp3, format(48_000, 2), 30_000, 30);
    track.packet_ticks = NonZeroU32::new(1152);
    let settings = settings(&clip, "25");
    let with = |track: &AudioTrack| {
        Mp4Writer::new(Cursor::new(Vec::new()), settings.clone().with_sound(track.clone()))
    };

    let mut file = with(&track).unwrap();
    refused(segments[0].write(&mut file), "0 ticks of it came before segment 0, which needs 15360");
    // 13 packets are too few by 384 ticks.
    file.write_sound(vec![packet(7, 1152); 13]).unwrap();
    refused(segments[0].write(&mut file), "needs 15360");
    refused(file.write_sound(vec![packet(0, 1152)]), "packet 13 has 0 bytes");
    refused(file.write_sound(vec![packet(7, 1152), packet(7, 0)]), "packet 14");
    refused(
        file.write_sound(vec![packet(7, 1100), packet(7, 1152)]),
        "packet 14 follows one of another length",
    );
    file.write_sound(vec![packet(7, 1152)]).unwrap();
    segments[0].write(&mut file).unwrap();
    refused(file.write_sound(vec![packet(7, 1152); 17]), "packet 30 is more than the 30");
    file.write_sound(vec![packet(7, 1152); 16]).unwrap();
    segments[1].write(&mut file).unwrap();
    segments[2].write(&mut file).unwrap();
    file.finish().unwrap();

    let mut pcm = with(&AudioTrack::new(AudioCodec::Pcm16, format(48_000, 2), 30_000, 30)).unwrap();
    refused(pcm.write_sound(vec![packet(8, 3)]), "8 bytes for 3 sample frames");

    let mut silent = Mp4Writer::new(Cursor::new(Vec::new()), settings.clone()).unwrap();
    refused(silent.write_sound(vec![packet(7, 1152)]), "no sound track");

    for (track, words) in [
        (AudioTrack::new(AudioCodec::Mp3, format(48_000, 2), 1, u64::MAX), "too many"),
        (AudioTrack::new(AudioCodec::Pcm16, format(48_000, 2), 1 << 33, 1), "too many"),
        (AudioTrack::new(AudioCodec::Aac, format(48_000, 2), 1, 1), "AudioSpecificConfig"),
        (AudioTrack::new(AudioCodec::Flac, format(48_000, 2), 1, 1), "STREAMINFO"),
        (AudioTrack::new(AudioCodec::Opus, format(48_000, 2), 1, 1), "identification header"),
        (AudioTrack::new(AudioCodec::Alac, format(48_000, 2), 1, 1), "ALACSpecificConfig"),
    ] {
        refused(with(&track).map(|_| ()), words);
    }
    for (settings, words) in [
        (settings.clone().with_language("english"), "three small letters"),
        (settings.clone().with_language("EN1"), "three small letters"),
        (settings.clone().with_title("a".repeat(70_000)), "title is longer"),
    ] {
        refused(Mp4Writer::new(Cursor::new(Vec::new()), settings).map(|_| ()), words);
    }
}

#[test]
fn players_are_told_title_artist_and_language() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tags.mp4");
    let mut packets = AudioEncoding::Flac { depth: FlacDepth::Bits16 }
        .encode(Silence::new(format(48_000, 1), 1), 38_400)
        .unwrap();
    let mut settings = settings(&clip, "25").with_sound(packets.track().clone());
    settings = settings.with_title("Größe – groove").with_artist("A drummer").with_language("deu");
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap();
    while let Some(packet) = packets.next_packet().unwrap() {
        writer.write_sound(vec![packet]).unwrap();
    }
    for segment in clip.segments(SEGMENT) {
        segment.write(&mut writer).unwrap();
    }
    std::fs::write(&path, writer.finish().unwrap().0.into_inner()).unwrap();
    let tags = ffprobe(&path, "format_tags=title,artist", &[]);
    assert_eq!(tags, ["Größe – groove,A drummer"]);
    assert_eq!(ffprobe(&path, "stream_tags=language", &["-select_streams", "a"]), ["deu"]);
    samples(&path);
}

#[test]
fn three_hours_of_sound_lie_at_most_half_a_second_from_their_pictures() {
    // Fake pictures and packets, as AAC has them: 10,800 s, 506,250 packets.
    let (seconds, rate, frames) = (10_800_u64, 48_000, 10_800 * 30);
    let count = (seconds * rate + 1024).div_ceil(1024);
    let mut track = AudioTrack::new(AudioCodec::Aac, format(rate as u32, 2), seconds * rate, count + 1000);
    track.config = vec![0x11, 0x90];
    (track.skip, track.packet_ticks) = (1024, NonZeroU32::new(1024));
    let video = video_only(tiny_size(), super::rate("30"), super::plan(frames, 60));
    let settings = video.clone().with_sound(track);
    let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap();
    let segments = super::synthetic(&vec![9; frames as usize], 60);
    let mut sent = 0;
    for (index, units) in segments.iter().enumerate() {
        let until = ((index as u64 + 1) * 2 * rate + 1024).div_ceil(1024).min(count);
        writer
            .write_sound((sent..until).map(|number| packet(1 + (number % 40) as usize, 1024)).collect())
            .unwrap();
        sent = until;
        let lengths: Vec<_> = (0..units.len())
            .map(|frame| wgpu_video::encode::AccessUnit::new(units[frame].len(), frame == 0))
            .collect();
        writer.write_segment(SegmentIndex(index as u64), &tiny_config(), &units.concat(), &lengths).unwrap();
    }
    let (file, _) = writer.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.mp4");
    std::fs::write(&path, file.get_ref()).unwrap();
    let file = File::parse(file.into_inner());
    let names: Vec<_> = file.top().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["ftyp", "moov", "free", "mdat"]);
    // Time and place of each packet: pictures and sound grow together.
    let lines = ffprobe(&path, "packet=stream_index,pts_time,pos", &[]);
    // Besides the packets there is a line that says what is skipped of the first.
    let mut places: Vec<(u64, usize, f64)> = lines
        .iter()
        .filter_map(|line| match line.split(',').collect::<Vec<_>>()[..] {
            [stream, time, place] => {
                Some((place.parse().unwrap(), stream.parse().unwrap(), time.parse().unwrap()))
            }
            _ => None,
        })
        .collect();
    places.sort_by_key(|place| place.0);
    assert_eq!(places.len() as u64, frames + count);
    let mut last = [0.0_f64; 2];
    for (_, stream, time) in places {
        last[stream] = time;
        assert!((last[0] - last[1]).abs() <= 0.53, "{last:?}");
    }
    assert!(last[0] > 10_799.9);
    let exact = ((count - 1) * 1024 - 1024) as f64 / rate as f64;
    assert!((last[1] - exact).abs() < 1e-5, "{last:?} {exact}");
}

/// A track of packets that ffmpeg has encoded, as a program that copies sound has them.
struct Copied {
    track: AudioTrack,
    packets: std::vec::IntoIter<Packet>,
}

impl PacketSource for Copied {
    fn track(&self) -> &AudioTrack {
        &self.track
    }
    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        Ok(self.packets.next())
    }
}

/// Sound of ffmpeg's own in `codec`, 48 kHz stereo, a click at sample 20,001. `config` finds the configuration in the file.
fn copied(
    folder: &Path,
    (codec, name): (AudioCodec, &str),
    file: &str,
    config: fn(&[u8]) -> Vec<u8>,
) -> Copied {
    let path = folder.join(file);
    let click = "aevalsrc=exprs=0.9*eq(n\\,20001)|0.9*eq(n\\,20001):s=48000:d=0.8";
    let encode = [
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        click,
        "-c:a",
        name,
        "-b:a",
        "128k",
        "-write_xing",
        "0",
        "-strict",
        "-2",
    ];
    ffmpeg(&[encode.as_slice(), &[path.to_str().unwrap()]].concat());
    let bytes = std::fs::read(&path).unwrap();
    let packets: Vec<Packet> = ffprobe(&path, "packet=duration,size,pos", &[])
        .iter()
        .filter_map(|line| match line.split(',').map(|field| field.parse::<u64>()).collect::<Vec<_>>()[..] {
            [Ok(duration), Ok(size), Ok(place)] => {
                // ffmpeg's clock for MP3 is not the sample rate.
                let ticks = if codec == AudioCodec::Mp3 { 1152 } else { duration };
                Some(Packet { data: bytes[place as usize..][..size as usize].to_vec(), ticks: ticks as u32 })
            }
            _ => None,
        })
        .collect();
    let mut track = AudioTrack::new(codec, format(48_000, 2), 38_400, packets.len() as u64);
    track.config = config(&bytes);
    Copied { track, packets: packets.into_iter() }
}

#[test]
fn packets_of_other_encoders_are_copied() {
    let clip = Clip::encode("64x64", FRAMES, SEGMENT, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copied.mp4");
    let alac: fn(&[u8]) -> Vec<u8> = |bytes| {
        let place = bytes.windows(4).rposition(|four| four == b"alac").unwrap() + 8;
        bytes[place..place + 24].to_vec()
    };
    let flac: fn(&[u8]) -> Vec<u8> = |bytes| {
        let place = bytes.windows(4).position(|four| four == b"dfLa").unwrap() + 12;
        bytes[place..place + 34].to_vec()
    };
    let nothing: fn(&[u8]) -> Vec<u8> = |_| Vec::new();
    for (codec, file, config, skip) in [
        ((AudioCodec::Alac, "alac"), "sound.m4a", alac, 0),
        ((AudioCodec::Flac, "flac"), "sound.mp4", flac, 0),
        // The delay of LAME, 576 + 529 samples: without its header, nobody else can know.
        ((AudioCodec::Mp3, "libmp3lame"), "sound.mp3", nothing, 1105),
    ] {
        let mut sound = copied(folder.path(), codec, file, config);
        sound.track.skip = skip;
        sound.track.duration = 38_400 - 2 * skip;
        sound.track.packet_ticks = NonZeroU32::new(sound.packets.as_slice()[0].ticks);
        std::fs::write(&path, mux(&clip, "25", &mut sound)).unwrap();
        assert_eq!(
            ffprobe(&path, "stream=codec_name", &["-select_streams", "a"])[0],
            match codec.1 {
                "libmp3lame" => "mp3",
                name => name,
            }
        );
        assert_eq!(loudest(&samples(&path), 2), 20_001, "{codec:?}");
    }
}

/// 32 bits of `bytes`.
fn word(bytes: &[u8]) -> u64 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap()).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_packet_is_where_the_tables_say(
        frames in 1_usize..150,
        segment in 1_usize..70,
        rate in prop::sample::select(vec!["1", "24", "30000/1001", "60", "999983/999979"]),
        // Bytes and ticks.
        packets in prop::collection::vec((1_usize..60, 1_u32..5000), 1..120),
        equal in any::<bool>(),
        unused in 0_u64..50,
        (skip, cut) in (0.0..1.0_f64, 0.0..1.0_f64),
        batch in 1_usize..40,
    ) {
        let packets: Vec<Packet> = (0..)
            .zip(&packets)
            .map(|(number, &(bytes, ticks))| Packet {
                data: vec![number as u8; bytes],
                ticks: if equal { 1024 } else { ticks },
            })
            .collect();
        let all: u64 = packets.iter().map(|packet| u64::from(packet.ticks)).sum();
        let skip = (skip * (all - 1) as f64) as u64;
        let duration = all - skip - ((all - skip - 1) as f64 * cut) as u64;
        let format = format(44_100, 2);
        let mut track = AudioTrack::new(AudioCodec::Aac, format, duration, packets.len() as u64 + unused);
        track.config = vec![0x12, 0x10];
        track.skip = skip;
        track.packet_ticks = equal.then_some(NonZeroU32::new(1024).unwrap());
        let video = video_only(tiny_size(), super::rate(rate), super::plan(frames as u64, segment));
        let pictures = super::synthetic(&vec![9; frames], segment);

        let settings = video.clone().with_sound(track.clone());
        let mut writer = Mp4Writer::new(Cursor::new(Vec::new()), settings).unwrap();
        let (mut sent, mut ticks) = (0, 0);
        for (index, units) in pictures.iter().enumerate() {
            let index = SegmentIndex(index as u64);
            while ticks < video.video.sound_until(&track, index) {
                let next: Vec<_> = packets[sent..].iter().take(batch).cloned().collect();
                sent += next.len();
                ticks += next.iter().map(|packet| u64::from(packet.ticks)).sum::<u64>();
                writer.write_sound(next).unwrap();
            }
            let lengths: Vec<_> = (0..)
                .zip(units)
                .map(|(frame, unit)| wgpu_video::encode::AccessUnit::new(unit.len(), frame == 0))
                .collect();
            writer.write_segment(index, &tiny_config(), &units.concat(), &lengths).unwrap();
        }
        let (file, bytes) = writer.finish().unwrap();
        prop_assert_eq!(bytes, file.get_ref().len() as u64);
        let file = File::parse(file.into_inner());
        let names: Vec<_> = file.top().into_iter().map(|(name, _)| name).collect();
        prop_assert_eq!(names, ["ftyp", "moov", "free", "mdat"]);
        prop_assert_eq!(file.samples(), pictures.concat());
        // Only packets that are heard are in the file.
        let heard = file.samples_of(1);
        let expected: Vec<_> = packets.iter().map(|packet| packet.data.clone()).take(heard.len()).collect();
        prop_assert_eq!(&heard, &expected);
        let ticks: u64 = packets[..heard.len()].iter().map(|packet| u64::from(packet.ticks)).sum();
        let last = u64::from(packets[heard.len() - 1].ticks);
        prop_assert!(ticks >= skip + duration && ticks - last < skip + duration);
        let durations: Vec<u32> = file
            .table_of(1, "stts")
            .chunks(2)
            .flat_map(|run| std::iter::repeat_n(run[1], run[0] as usize))
            .collect();
        prop_assert!(durations.iter().copied().eq(packets[..heard.len()].iter().map(|packet| packet.ticks)));
        prop_assert_eq!(word(&file.find("moov/trak+1/mdia/mdhd")[16..]), ticks);
        if skip > 0 || ticks > duration {
            let edit = file.find("moov/trak+1/edts/elst");
            prop_assert_eq!((word(&edit[4..]), word(&edit[12..])), (1, skip));
        }
    }
}
