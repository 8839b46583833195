//! The seams between encoders and sinks know no codec: stand-ins for encoders of other codecs than H.264 pass through
//! the pipeline, and a sink that cannot write a codec says so before anything is drawn.
#![allow(clippy::unwrap_used, reason = "a test's helpers are tests too")]

#[cfg(feature = "h264")]
use std::io::Cursor;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use strikeline_picture::{
    FrameChange, FrameIndex, FrameRate, Picture, PictureSize, Plane, SegmentIndex, SegmentPlan,
};
#[cfg(feature = "h264")]
use wgpu_video::audio::{AudioFormat, PacketSource, Silence};
#[cfg(feature = "h264")]
use wgpu_video::encode::h264::H264Factory;
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings,
};
#[cfg(feature = "h264")]
use wgpu_video::mux::{Mp4Settings, Mp4Writer};
use wgpu_video::output::Overwrite;
#[cfg(feature = "h264")]
use wgpu_video::sound::AudioEncoding;
use wgpu_video::stream::FileSink;
use wgpu_video::stream::SegmentSelection;
use wgpu_video::stream::pipeline::{self, DeviceStages, PipelineOptions};
use wgpu_video::stream::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use wgpu_video::stream::{
    CancelToken, FinishedSegment, Sink, SinkError, StreamError, StreamInfo, VideoTrack, WorkSplit,
};

const SIDE: usize = 64;
const FRAMES: u64 = 50;
const SEGMENT_FRAMES: u32 = 12;

fn plan() -> SegmentPlan {
    SegmentPlan::new(NonZeroU64::new(FRAMES).unwrap(), NonZeroU32::new(SEGMENT_FRAMES).unwrap())
}

fn size() -> PictureSize {
    PictureSize::new(SIDE as u32, SIDE as u32).unwrap()
}

fn rate() -> FrameRate {
    FrameRate::new(60, 1).unwrap()
}

/// Stand-in for the device: all samples of a picture are the number of its frame.
struct Device<'a> {
    drawn: &'a AtomicU64,
}

struct DrawnFrame(Vec<u8>);

impl Render for Device<'_> {
    type Submitted = FrameIndex;
    fn render(&mut self, frame: FrameIndex, _slot: SlotIndex) -> Result<FrameIndex, StageError> {
        self.drawn.fetch_add(1, Ordering::Relaxed);
        Ok(frame)
    }
}

impl Readback<FrameIndex> for Device<'_> {
    type Mapped = DrawnFrame;
    fn wait(&mut self, frame: FrameIndex) -> Result<DrawnFrame, StageError> {
        Ok(DrawnFrame(vec![frame.0 as u8; SIDE * SIDE * 3 / 2]))
    }
}

impl Mapped for DrawnFrame {
    fn picture(&self) -> Picture<'_> {
        let (luma, chroma) = self.0.split_at(SIDE * SIDE);
        let plane = |data| Plane { data, stride: SIDE };
        Picture::nv12(size(), plane(luma), plane(chroma))
    }
}

/// A codec as a stand-in for its encoder makes it.
#[derive(Clone, Copy)]
struct FakeEncoder {
    codec: Codec,
    /// The configuration, in the form that files have.
    record: &'static [u8],
    /// Makes the access unit of a frame, of which the first one of a segment can be decoded alone.
    unit: fn(frame: u8, first: bool) -> Vec<u8>,
    /// Whether every frame can be decoded alone.
    intra_only: bool,
    /// The segment whose configuration differs.
    odd_segment: Option<u64>,
    /// What it makes, whatever it says.
    made: Codec,
}

struct FakeSegment {
    encoder: FakeEncoder,
    segment: SegmentIndex,
    frames: u64,
}

impl EncoderFactory for FakeEncoder {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn codec(&self) -> Codec {
        self.codec
    }
    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(FakeSegment { encoder: *self, segment, frames: 0 }))
    }
}

impl Encoder for FakeSegment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let first = self.frames == 0;
        self.frames += 1;
        let unit = (self.encoder.unit)(picture.luma.data[0], first);
        output.extend(&unit);
        Ok(Some(AccessUnit::new(unit.len(), first || self.encoder.intra_only)))
    }
    fn codec_config(&self) -> Option<CodecConfig> {
        let mut record = self.encoder.record.to_vec();
        if self.encoder.odd_segment == Some(self.segment.0) {
            record.push(0);
        }
        Some(CodecConfig::new(self.encoder.made, record))
    }
}

fn fake(codec: Codec, record: &'static [u8], unit: fn(u8, bool) -> Vec<u8>) -> FakeEncoder {
    FakeEncoder { codec, record, unit, intra_only: false, odd_segment: None, made: codec }
}

/// NAL units with lengths, IDR_W_RADL or TRAIL_R; the record is an `hvcC` without arrays (ISO/IEC 14496-15, 8.3.3.1).
fn hevc() -> FakeEncoder {
    const HVCC: &[u8] =
        &[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0, 15, 0];
    fake(Codec::HEVC, HVCC, |frame, first| vec![0, 0, 0, 4, if first { 0x26 } else { 0x02 }, 1, frame, 0x80])
}

/// A temporal unit of one frame OBU with its size; the record is an `av1C` (AV1 in ISOBMFF, 2.3.3).
fn av1() -> FakeEncoder {
    fake(Codec::AV1, &[0x81, 0x08, 0x0C, 0], |frame, first| {
        vec![0x32, 2, if first { 0x10 } else { 0x30 }, frame]
    })
}

/// The record is a `vpcC` (VP Codec ISO Media File Format Binding).
fn vp9() -> FakeEncoder {
    fake(Codec::VP9, &[0, 0, 0, 40, 0x82, 1, 1, 1, 0, 0], |frame, first| {
        vec![if first { 0x82 } else { 0x86 }, frame]
    })
}

/// Frames of their own, each with its size; the record is the four-character code.
fn prores() -> FakeEncoder {
    let frame = |frame, _| [&[0, 0, 0, 9], b"icpf".as_slice(), &[frame]].concat();
    FakeEncoder { intra_only: true, ..fake(Codec::PRORES, b"apch", frame) }
}

/// A codec that the library has never heard of.
fn ffv1() -> FakeEncoder {
    FakeEncoder { intra_only: true, ..fake(Codec::new("FFV1"), &[3, 1, 4], |frame, _| vec![frame; 3]) }
}

/// Keeps all that comes.
#[derive(Default)]
struct RecordingSink {
    info: Option<StreamInfo>,
    segments: Vec<FinishedSegment>,
    finished: bool,
}

impl Sink for RecordingSink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        self.info = Some(info.clone());
        Ok(())
    }
    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.segments.push(segment.clone());
        Ok(())
    }
    fn finish(&mut self) -> Result<u64, SinkError> {
        self.finished = true;
        Ok(self.segments.iter().map(|segment| segment.data.len() as u64).sum())
    }
}

/// What `stream` does, with a stand-in for the device. Also gives the number of frames that were drawn.
fn run(factory: &dyn EncoderFactory, sink: &mut dyn Sink) -> (Result<(), StreamError>, u64) {
    let drawn = AtomicU64::new(0);
    let video = VideoTrack::new(size(), rate(), plan(), factory.codec());
    let mut result = sink.begin(&StreamInfo::new(video)).map_err(StreamError::Begin);
    if result.is_ok() {
        let device = || Device { drawn: &drawn };
        let options = PipelineOptions {
            encoder: factory,
            settings: EncoderSettings::new(size(), rate(), SEGMENT_FRAMES),
            plan: plan(),
            split: WorkSplit { ring_depth: 4, jobs: 3, segments_in_flight: 3, devices: None },
            cancel: &CancelToken::default(),
            record: None,
            selection: SegmentSelection::default(),
        };
        let devices = vec![DeviceStages { render: device(), readback: device() }];
        let outcome = pipeline::run(devices, &options, sink, &mut |_| {});
        result = outcome.map(|_| ());
    }
    (result, drawn.into_inner())
}

#[test]
fn encoders_of_any_codec_pass_through_the_pipeline() {
    for encoder in [hevc(), av1(), vp9(), prores(), ffv1()] {
        let mut sink = RecordingSink::default();
        let (result, drawn) = run(&encoder, &mut sink);
        result.unwrap();
        assert_eq!(drawn, FRAMES);
        assert!(sink.finished);
        assert_eq!(sink.info.unwrap().video.codec, encoder.codec);
        let mut frames = 0..FRAMES;
        for (number, segment) in (0..).zip(&sink.segments) {
            assert_eq!(segment.segment, SegmentIndex(number));
            assert_eq!(segment.config, CodecConfig::new(encoder.codec, encoder.record));
            let mut data = segment.data.as_slice();
            for (index, unit) in segment.units.iter().enumerate() {
                let (bytes, rest) = data.split_at(unit.bytes);
                data = rest;
                assert_eq!(bytes, (encoder.unit)(frames.next().unwrap() as u8, index == 0));
                assert_eq!(unit.sync, index == 0 || encoder.intra_only, "{}", encoder.codec);
            }
            assert!(data.is_empty());
        }
        assert_eq!(frames.next(), None);
    }
}

#[test]
fn raw_frames_pass_through_the_pipeline() {
    let mut sink = RecordingSink::default();
    run(&RawEncoder::Nv12, &mut sink).0.unwrap();
    assert_eq!(sink.info.unwrap().video.codec, Codec::NV12);
    let frames: Vec<u8> = sink.segments.iter().flat_map(|segment| segment.data.clone()).collect();
    let expected: Vec<u8> = (0..FRAMES as u8).flat_map(|frame| vec![frame; SIDE * SIDE * 3 / 2]).collect();
    assert!(frames == expected);
    for segment in &sink.segments {
        assert_eq!(segment.config, CodecConfig::new(Codec::NV12, []));
        assert!(segment.units.iter().all(|unit| unit.sync));
    }
}

#[test]
fn a_codec_that_the_sink_cannot_write_is_refused_before_anything_is_drawn_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let raw: &dyn EncoderFactory = &RawEncoder::Nv12;
    for encoder in [&prores() as &dyn EncoderFactory, &ffv1(), raw] {
        let mut sink = FileSink::create(&folder.path().join("video.mp4"), Overwrite::Refuse).unwrap();
        let (result, drawn) = run(encoder, &mut sink);
        let error = result.unwrap_err().to_string();
        let codec = encoder.codec().name();
        assert!(error.contains(codec) && error.contains("choose an encoder that makes H.264"), "{error}");
        assert_eq!(drawn, 0);
        drop(sink);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}

#[test]
fn segments_that_one_decoder_cannot_play_in_a_row_end_the_stream() {
    for odd_segment in [1, 3, plan().segments() - 1] {
        let mut sink = RecordingSink::default();
        let encoder = FakeEncoder { odd_segment: Some(odd_segment), ..hevc() };
        let error = run(&encoder, &mut sink).0.unwrap_err();
        assert!(
            matches!(error, StreamError::ConfigDiffers { segment } if segment.0 == odd_segment),
            "{error}"
        );
        assert!(error.to_string().contains(&format!("segment {odd_segment}")), "{error}");
        assert!(!sink.finished);
    }
}

#[test]
fn an_encoder_that_makes_another_codec_than_it_said_ends_the_stream() {
    let mut sink = RecordingSink::default();
    let error = run(&FakeEncoder { made: Codec::AV1, ..hevc() }, &mut sink).0.unwrap_err().to_string();
    assert!(error.contains("made AV1 instead of HEVC"), "{error}");
    assert!(sink.segments.is_empty() && !sink.finished);
}

/// A sink may hold on to the configuration, to set a decoder up while the stream goes on.
#[test]
fn the_configuration_is_there_with_the_first_segment() {
    struct First<'a>(&'a Mutex<Option<CodecConfig>>);
    impl Sink for First<'_> {
        fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
            Ok(())
        }
        fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
            self.0.lock().unwrap().get_or_insert_with(|| segment.config.clone());
            Err("enough".into())
        }
        fn finish(&mut self) -> Result<u64, SinkError> {
            Ok(0)
        }
    }
    let config = Mutex::new(None);
    let error = run(&vp9(), &mut First(&config)).0.unwrap_err();
    assert!(matches!(error, StreamError::Write { segment: SegmentIndex(0), .. }), "{error}");
    assert_eq!(config.into_inner().unwrap(), Some(CodecConfig::new(Codec::VP9, vp9().record)));
}

/// A sink of one's own that adds sound to the pictures.
#[cfg(feature = "h264")]
struct SoundSink {
    sound: Box<dyn PacketSource>,
    video: Option<VideoTrack>,
    writer: Option<Mp4Writer<Cursor<Vec<u8>>>>,
    /// Ticks of sound so far.
    ticks: u64,
    file: Vec<u8>,
}

#[cfg(feature = "h264")]
impl Sink for SoundSink {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        self.video = Some(info.video);
        let settings = Mp4Settings::new(info.video).with_sound(self.sound.track().clone());
        self.writer = Some(Mp4Writer::new(Cursor::default(), settings)?);
        Ok(())
    }
    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let (Some(writer), Some(video)) = (&mut self.writer, self.video) else {
            return Err("it has not begun".into());
        };
        while self.ticks < video.sound_until(self.sound.track(), segment.segment) {
            let packet = self.sound.next_packet()?.ok_or("it ended")?;
            self.ticks += u64::from(packet.ticks);
            writer.write_sound(vec![packet])?;
        }
        Ok(writer.write_segment(segment.segment, &segment.config, &segment.data, &segment.units)?)
    }
    fn finish(&mut self) -> Result<u64, SinkError> {
        let (file, bytes) = self.writer.take().ok_or("it has not begun")?.finish()?;
        self.file = file.into_inner();
        Ok(bytes)
    }
}

#[test]
#[cfg(feature = "h264")]
fn a_sink_can_add_a_sound_track_to_the_pictures_of_a_stream() {
    let silence = Silence::new(AudioFormat::STEREO_48K, 40_000);
    let sound = AudioEncoding::Pcm.encode(silence, 40_000).unwrap();
    let mut sink = SoundSink { sound, video: None, writer: None, ticks: 0, file: Vec::new() };
    run(&H264Factory::default(), &mut sink).0.unwrap();
    let count = |name: &[u8; 4]| sink.file.windows(4).filter(|bytes| bytes == name).count();
    assert_eq!([b"trak", b"vmhd", b"smhd", b"avcC", b"sowt"].map(count), [2, 1, 1, 1, 1]);
}
