//! Streams that go on where an earlier run has ended, through the public API and with stand-ins for device and encoder.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use strikeline_picture::{
    FrameChange, FrameIndex, FrameRate, Picture, PictureSize, Plane, SegmentIndex, SegmentPlan, SegmentRange,
};
use wgpu_video::audio::{AudioCodec, AudioError, AudioFormat, AudioTrack, Packet, PacketSource};
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings,
};
use wgpu_video::journal::{Contents, Journal, JournalError, JournalPlace, SegmentFile, SegmentKey};
use wgpu_video::stream::pipeline::{self, DeviceStages, Outcome, PipelineOptions};
use wgpu_video::stream::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use wgpu_video::stream::{
    CancelToken, FinishedSegment, SegmentSelection, SegmentStore, Sink, SinkError, StreamError, StreamInfo,
    WorkSplit,
};

const SIZE: u32 = 64;
const CODEC: Codec = Codec::new("numbers");

/// Draws frames as their numbers, and lists those that it has drawn.
#[derive(Clone, Default)]
struct Device {
    drawn: Arc<Mutex<BTreeSet<u64>>>,
    /// Cancelled when this frame is drawn.
    cancels_at: Option<(u64, CancelToken)>,
}

struct Number(Vec<u8>);

impl Render for Device {
    type Submitted = FrameIndex;
    fn render(&mut self, frame: FrameIndex, _slot: SlotIndex) -> Result<FrameIndex, StageError> {
        assert!(self.drawn.lock().unwrap().insert(frame.0), "frame {} was drawn twice", frame.0);
        if let Some((at, cancel)) = &self.cancels_at
            && *at == frame.0
        {
            cancel.cancel();
        }
        Ok(frame)
    }
}

impl Readback<FrameIndex> for Device {
    type Mapped = Number;
    fn wait(&mut self, frame: FrameIndex) -> Result<Number, StageError> {
        let mut samples = vec![0; (SIZE * SIZE * 3 / 2) as usize];
        samples[..8].copy_from_slice(&frame.0.to_le_bytes());
        Ok(Number(samples))
    }
}

impl Mapped for Number {
    fn picture(&self) -> Picture<'_> {
        let (luma, chroma) = self.0.split_at((SIZE * SIZE) as usize);
        let stride = SIZE as usize;
        let size = PictureSize::new(SIZE, SIZE).unwrap();
        Picture::nv12(size, Plane { data: luma, stride }, Plane { data: chroma, stride })
    }
}

/// Encodes a picture as the number in it, many times over.
struct Numbers;
struct NumberEncoder(bool);

impl EncoderFactory for Numbers {
    fn name(&self) -> &'static str {
        "number"
    }
    fn codec(&self) -> Codec {
        CODEC
    }
    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(NumberEncoder(true)))
    }
}

impl Encoder for NumberEncoder {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let number = &picture.luma.data[..8];
        // Not all equally long.
        let times = 1 + usize::from(number[0] % 3);
        output.extend(number.repeat(times));
        Ok(Some(AccessUnit::new(8 * times, std::mem::take(&mut self.0))))
    }
    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(CODEC, [1, 2, 3]))
    }
}

#[derive(Default)]
struct Collector {
    data: Vec<u8>,
    segments: Vec<u64>,
    packets: usize,
    finished: bool,
    finished_early: bool,
}

impl Sink for Collector {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }
    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.data.extend(&segment.data);
        self.segments.push(segment.segment.0);
        Ok(())
    }
    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        self.packets += packets.len();
        Ok(())
    }
    fn finish(&mut self) -> Result<u64, SinkError> {
        self.finished = true;
        Ok(self.data.len() as u64)
    }
    fn finish_early(&mut self) -> Result<Option<u64>, SinkError> {
        self.finished_early = true;
        Ok(Some(self.data.len() as u64))
    }
}

struct Ticks(AudioTrack);

impl Ticks {
    fn new() -> Ticks {
        Ticks(AudioTrack::new(AudioCodec::Mp3, AudioFormat::new(100, 1).unwrap(), 1000, 1000))
    }
}

impl PacketSource for Ticks {
    fn track(&self) -> &AudioTrack {
        &self.0
    }
    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        Ok(Some(Packet { data: vec![1], ticks: 1 }))
    }
}

fn plan(frames: u64, segment_frames: u32) -> SegmentPlan {
    SegmentPlan::new(NonZeroU64::new(frames).unwrap(), NonZeroU32::new(segment_frames).unwrap())
}

fn run(
    plan: SegmentPlan,
    device: &Device,
    (cancel, selection): (&CancelToken, SegmentSelection<'_>),
    sound: bool,
) -> (Result<Outcome, StreamError>, Collector) {
    let size = PictureSize::new(SIZE, SIZE).unwrap();
    let options = PipelineOptions {
        encoder: &Numbers,
        settings: EncoderSettings::new(size, FrameRate::new(60, 1).unwrap(), plan.segment_frames()),
        plan,
        split: WorkSplit { ring_depth: 6, jobs: 3, segments_in_flight: 4, devices: None },
        cancel,
        record: None,
        selection,
    };
    let stages = || DeviceStages { render: device.clone(), readback: device.clone() };
    let mut sink = Collector::default();
    let mut ticks = Ticks::new();
    let sound = sound.then_some(&mut ticks as &mut dyn PacketSource);
    let outcome = pipeline::run_with_sound(vec![stages(), stages()], &options, sound, &mut sink, &mut |_| {});
    (outcome, sink)
}

/// All of the video, made in one run.
fn whole(plan: SegmentPlan) -> Vec<u8> {
    let (outcome, sink) =
        run(plan, &Device::default(), (&CancelToken::default(), SegmentSelection::default()), false);
    outcome.unwrap();
    sink.data
}

fn with_store(store: &dyn SegmentStore) -> SegmentSelection<'_> {
    SegmentSelection { store: Some(store), ..SegmentSelection::default() }
}

const KEY: SegmentKey = SegmentKey([7; 32]);

fn create(path: &Path) -> SegmentFile {
    SegmentFile::create(path, KEY, CODEC, "a test").unwrap()
}

#[test]
fn a_stream_that_is_stopped_finishes_what_it_has_begun_and_the_next_one_makes_only_the_rest() {
    let plan = plan(600, 7);
    let expected = whole(plan);
    for (stopped_at, sound) in [(3, false), (200, false), (200, true), (599, true)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let cancel = CancelToken::default();
        let first = Device { cancels_at: Some((stopped_at, cancel.clone())), ..Device::default() };
        let file = create(&path);
        let selection = SegmentSelection { finish_early: true, ..with_store(&file) };
        let (outcome, sink) = run(plan, &first, (&cancel, selection), sound);
        assert!(!sink.finished || outcome.is_ok());
        let contents = file.contents();
        drop(file);
        if outcome.is_err() {
            assert!(matches!(outcome, Err(StreamError::Cancelled)));
            // Of every segment that was begun all frames were drawn, and it is kept.
            let drawn = first.drawn.lock().unwrap().clone();
            let begun: BTreeSet<_> = drawn.iter().map(|frame| plan.segment_of(FrameIndex(*frame))).collect();
            let frames: u64 =
                begun.iter().map(|segment| plan.frames_of(*segment)).map(|f| f.end - f.start).sum();
            assert_eq!(frames, drawn.len() as u64);
            assert!(begun.iter().all(|segment| contents.has(*segment)));
            // What the sink has is the start of the video.
            assert!(expected.starts_with(&sink.data));
            assert_eq!(sink.finished_early, !sink.segments.is_empty());
        }

        let second = Device::default();
        let file = SegmentFile::open(&path, KEY, CODEC).unwrap();
        let kept = file.contents().segments();
        let (outcome, sink) = run(plan, &second, (&CancelToken::default(), with_store(&file)), sound);
        let outcome = outcome.unwrap();
        assert!(sink.finished && sink.data == expected);
        assert_eq!(sink.packets, if sound { 1000 } else { 0 });
        assert_eq!(outcome.frames, 600);
        assert!(outcome.kept > 0 && kept > 0);
        let both: u64 = first.drawn.lock().unwrap().len() as u64 + second.drawn.lock().unwrap().len() as u64;
        assert_eq!(both, 600, "no frame is drawn twice");
        assert_eq!(outcome.kept, first.drawn.lock().unwrap().len() as u64);
    }
}

#[test]
fn a_stream_whose_segments_are_all_kept_needs_no_device() {
    let plan = plan(100, 9);
    let folder = tempfile::tempdir().unwrap();
    let file = create(&folder.path().join("journal"));
    run(plan, &Device::default(), (&CancelToken::default(), with_store(&file)), false).0.unwrap();
    let size = PictureSize::new(SIZE, SIZE).unwrap();
    let options = PipelineOptions {
        encoder: &Numbers,
        settings: EncoderSettings::new(size, FrameRate::new(60, 1).unwrap(), 9),
        plan,
        split: WorkSplit { ring_depth: 6, jobs: 3, segments_in_flight: 4, devices: None },
        cancel: &CancelToken::default(),
        record: None,
        selection: with_store(&file),
    };
    let mut sink = Collector::default();
    let none: Vec<DeviceStages<Device, Device>> = Vec::new();
    let outcome = pipeline::run(none, &options, &mut sink, &mut |_| {}).unwrap();
    assert_eq!((outcome.frames, outcome.kept), (100, 100));
    assert_eq!(sink.data, whole(plan));
}

#[test]
fn parts_of_a_video_are_the_whole() {
    let plan = plan(250, 8);
    let mut data = Vec::new();
    for (first, end) in [(0, 5), (5, 6), (6, 20), (20, 99)] {
        let range = SegmentRange { first: SegmentIndex(first), end: SegmentIndex(end) };
        let selection = SegmentSelection { range: Some(range), ..SegmentSelection::default() };
        let (outcome, sink) = run(plan, &Device::default(), (&CancelToken::default(), selection), false);
        let frames = range.frames(plan);
        assert_eq!(outcome.unwrap().frames, frames.end - frames.start);
        assert!(sink.finished);
        data.extend(sink.data);
    }
    assert_eq!(data, whole(plan));
}

/// Fails to keep segment 5, or gives a wrong one for it.
struct Faulty {
    keeps: bool,
    asked: AtomicU64,
    lasts: AtomicBool,
}

impl SegmentStore for Faulty {
    fn has(&self, segment: SegmentIndex) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        !self.keeps && segment.0 == 5
    }
    fn read(&self, _segment: SegmentIndex) -> Result<FinishedSegment, SinkError> {
        Ok(FinishedSegment::new(SegmentIndex(4), CodecConfig::new(CODEC, [1, 2, 3]), Vec::new(), Vec::new()))
    }
    fn keep(&self, segment: &FinishedSegment) -> Result<(), SinkError> {
        if self.keeps && segment.segment.0 == 5 { Err("no room".into()) } else { Ok(()) }
    }
    fn lasts(&self) -> bool {
        self.lasts.load(Ordering::Relaxed)
    }
}

#[test]
fn a_store_that_fails_or_lies_ends_the_stream_in_words() {
    for (keeps, text) in [
        (true, "segment 5 could not be kept: no room"),
        (
            false,
            "segment 5, which an earlier run has kept, could not be read: the store gave segment 4 in its place",
        ),
    ] {
        let store = Faulty { keeps, asked: AtomicU64::new(0), lasts: AtomicBool::new(true) };
        let (outcome, sink) =
            run(plan(100, 10), &Device::default(), (&CancelToken::default(), with_store(&store)), true);
        assert_eq!(outcome.unwrap_err().to_string(), text);
        assert!(!sink.finished && !sink.finished_early);
        assert_eq!(store.asked.load(Ordering::Relaxed), 10);
    }
}

#[test]
fn a_stream_whose_segments_are_not_kept_stops_at_once() {
    let cancel = CancelToken::default();
    let device = Device { cancels_at: Some((50, cancel.clone())), ..Device::default() };
    let store = Faulty { keeps: true, asked: AtomicU64::new(0), lasts: AtomicBool::new(false) };
    let (outcome, _) = run(plan(1_000_000, 1000), &device, (&cancel, with_store(&store)), false);
    assert!(matches!(outcome, Err(StreamError::Cancelled)));
    assert!(device.drawn.lock().unwrap().len() < 1000);
}

/// A segment, and how long the file is up to its end.
type Placed = (FinishedSegment, u64);

/// A file of some segments, and of sound.
fn example(path: &Path) -> Vec<Placed> {
    let file = create(path);
    let segment = |index: u64| {
        let units: Vec<AccessUnit> =
            (0..=index).map(|unit| AccessUnit::new(10 + unit as usize, unit == 0)).collect();
        let bytes = units.iter().map(|unit| unit.bytes).sum();
        let config = CodecConfig::new(CODEC, [1, 2, 3]);
        FinishedSegment::new(SegmentIndex(index), config, vec![index as u8; bytes], units)
    };
    file.add_sound_track(Ticks::new().track()).unwrap();
    let mut segments = Vec::new();
    for segment in [3, 0, 1, 7].into_iter().map(segment) {
        file.add(&segment).unwrap();
        segments.push((segment.clone(), file.contents().bytes()));
        let packet = |ticks| Packet { data: vec![9; 5 * ticks as usize], ticks };
        file.add_sound(segment.segment, &[packet(1), packet(2)]).unwrap();
    }
    file.complete().unwrap();
    segments
}

/// What is in the file at `path` is right, up to the first record that is not whole; `whole_bytes` of it are as they were.
fn check(path: &Path, segments: &[Placed], whole_bytes: usize) {
    let file = match SegmentFile::open(path, KEY, CODEC) {
        Ok(file) => file,
        Err(JournalError::Foreign { .. }) => {
            assert!(whole_bytes < 16 + 20 + 32 + 6 + 32, "the first record is whole");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let mut is_missing = false;
    for (expected, end) in segments {
        let found = file.segment(expected.segment).unwrap();
        assert_eq!(found.is_some(), *end <= whole_bytes as u64);
        match found {
            Some(found) => assert_eq!(&found, expected),
            None => is_missing = true,
        }
    }
    assert!(!(file.contents().is_complete && is_missing));
    // The file can be gone on with.
    if is_missing {
        let (last, _) = segments.last().unwrap();
        file.add(last).unwrap();
        drop(file);
        let again = SegmentFile::open(path, KEY, CODEC).unwrap();
        assert_eq!(again.segment(last.segment).unwrap().as_ref(), Some(last));
    }
}

#[test]
fn a_file_that_was_cut_off_anywhere_or_whose_end_was_never_written_is_as_good_as_its_whole_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let segments = example(&path);
    let bytes = std::fs::read(&path).unwrap();
    check(&path, &segments, bytes.len());
    for cut in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        check(&path, &segments, cut);
        // As long as it was, but zeros were never replaced by what was written.
        let mut zeroed = bytes[..cut].to_vec();
        zeroed.resize(bytes.len(), 0);
        std::fs::write(&path, &zeroed).unwrap();
        check(&path, &segments, cut);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_never_gives_a_wrong_segment(damage in proptest::collection::vec((0.0..1.0f64, 1u8..), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let segments = example(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        let mut first = bytes.len();
        for (place, change) in damage {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] ^= change;
            first = first.min(at);
        }
        std::fs::write(&path, &bytes).unwrap();
        check(&path, &segments, first);
    }

    #[test]
    fn any_bytes_can_be_read_as_a_file_of_segments(bytes in proptest::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
        let mut file = if head { b"wgpu-video segm1HEAD".to_vec() } else { Vec::new() };
        file.extend(bytes);
        let _ = Contents::read(&mut &*file).unwrap();
    }
}

#[test]
fn a_file_for_other_settings_or_in_use_or_of_another_kind_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let file = create(&path);
    let in_use = SegmentFile::open(&path, KEY, CODEC).unwrap_err().to_string();
    assert!(in_use.contains("in use"), "{in_use}");
    drop(file);
    let before = std::fs::read(&path).unwrap();
    let other = SegmentFile::open(&path, SegmentKey([8; 32]), CODEC).unwrap_err().to_string();
    assert!(other.contains("another video or to other settings (a test)"), "{other}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, b"a letter").unwrap();
    let foreign = SegmentFile::open(&path, KEY, CODEC).unwrap_err().to_string();
    assert!(foreign.contains("not a file of finished segments"), "{foreign}");
    assert_eq!(std::fs::read(&path).unwrap(), b"a letter");
    assert!(matches!(SegmentFile::create(&path, KEY, CODEC, ""), Err(JournalError::Io { .. })));
}

#[test]
fn a_journal_is_a_file_only_when_a_video_takes_long_and_is_gone_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let place = JournalPlace { path: path.clone(), key: KEY };
    let later = |after| {
        let place = place.clone();
        Journal::later(move || Ok(place), (CODEC, "a test".to_owned()), after)
    };
    let plan = plan(100, 10);
    let journal = later(Duration::from_secs(3600));
    run(plan, &Device::default(), (&CancelToken::default(), with_store(&journal)), false).0.unwrap();
    assert!(!path.exists() && !journal.lasts());

    let journal = later(Duration::ZERO);
    // A stream that is stopped now finishes what it has begun: that would begin the file.
    assert!(!path.exists() && journal.lasts());
    run(plan, &Device::default(), (&CancelToken::default(), with_store(&journal)), false).0.unwrap();
    assert!(path.exists() && journal.lasts());
    assert_eq!(journal.segments(), 10);
    assert!(journal.take_error().is_none());
    drop(journal);
    let journal = Journal::open(&place, CODEC).unwrap();
    assert_eq!(journal.segments(), 10);
    journal.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_video_is_made_without_a_journal_where_there_can_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no such folder").join("journal");
    let place = JournalPlace { path, key: KEY };
    let journal = Journal::later(move || Ok(place), (CODEC, String::new()), Duration::ZERO);
    let plan = plan(100, 10);
    let (outcome, sink) =
        run(plan, &Device::default(), (&CancelToken::default(), with_store(&journal)), false);
    outcome.unwrap();
    assert_eq!(sink.data, whole(plan));
    assert!(journal.take_error().unwrap().to_string().contains("no such folder"));
    assert!(journal.take_error().is_none(), "it is told once");
}
