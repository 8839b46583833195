//! The streamer's promises, through its public API: order, completeness, and a clean end whatever fails.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use strikeline_picture::{
    FrameChange, FrameIndex, FrameRate, Picture, PictureSize, Plane, SegmentIndex, SegmentPlan,
};
use wgpu_video::audio::{AudioCodec, AudioError, AudioFormat, AudioTrack, Packet, PacketSource};
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings,
};
use wgpu_video::stream::SegmentSelection;
use wgpu_video::stream::pipeline::{DeviceStages, PipelineOptions};
use wgpu_video::stream::stage::{Mapped, Readback, Render, SlotIndex, StageError};
use wgpu_video::stream::{
    CancelToken, FinishedSegment, Progress, Sink, SinkError, Stage, StreamError, StreamInfo, WorkSplit,
    pipeline,
};

fn plan(frames: u64, segment_frames: u32) -> SegmentPlan {
    SegmentPlan::new(NonZeroU64::new(frames).unwrap(), NonZeroU32::new(segment_frames).unwrap())
}

fn encoder_settings(segment_frames: u32) -> EncoderSettings {
    let size = PictureSize::new(SIZE, SIZE).unwrap();
    EncoderSettings::new(size, FrameRate::new(60, 1).unwrap(), segment_frames)
}

/// What goes wrong in a run, and where.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    render_fails_at: Option<u64>,
    /// How long it takes to fail.
    render_fails_after: Duration,
    render_panics_at: Option<u64>,
    readback_fails_at: Option<u64>,
    readback_panics_at: Option<u64>,
    encode_fails_at: Option<u64>,
    encode_panics_at: Option<u64>,
    sink_fails_at_segment: Option<u64>,
    sink_panics_at_segment: Option<u64>,
    finish_fails: bool,
    progress_panics: bool,
    /// There is sound: of so many packets, 100 ticks a second, one tick each.
    sound: Option<u64>,
    sound_fails_at: Option<u64>,
    sound_panics_at: Option<u64>,
    sound_ends_at: Option<u64>,
    sound_takes: Duration,
}

/// Stand-in for the device. The frame number is painted into the picture.
struct Device {
    faults: Faults,
    /// Of each slot, whether it holds a frame now.
    slots: Arc<Vec<AtomicUsize>>,
}

struct Submitted(FrameIndex, SlotIndex);

struct Painted {
    frame: FrameIndex,
    samples: Vec<u8>,
    slot: SlotIndex,
    slots: Arc<Vec<AtomicUsize>>,
}

const SIZE: u32 = 64;

impl Render for Device {
    type Submitted = Submitted;
    fn render(&mut self, frame: FrameIndex, slot: SlotIndex) -> Result<Submitted, StageError> {
        assert_ne!(Some(frame.0), self.faults.render_panics_at, "planned");
        if Some(frame.0) == self.faults.render_fails_at {
            std::thread::sleep(self.faults.render_fails_after);
            return Err(StageError::Other("the pen broke".into()));
        }
        let used = self.slots[slot.0].fetch_add(1, Ordering::SeqCst);
        assert_eq!(used, 0, "a slot was rendered into while it was in use");
        Ok(Submitted(frame, slot))
    }
}

impl Readback<Submitted> for Device {
    type Mapped = Painted;
    fn wait(&mut self, Submitted(frame, slot): Submitted) -> Result<Painted, StageError> {
        assert_ne!(Some(frame.0), self.faults.readback_panics_at, "planned");
        if Some(frame.0) == self.faults.readback_fails_at {
            return Err(StageError::Other("the mail is lost".into()));
        }
        let mut samples = vec![0; (SIZE * SIZE * 3 / 2) as usize];
        samples[..8].copy_from_slice(&frame.0.to_le_bytes());
        Ok(Painted { frame, samples, slot, slots: Arc::clone(&self.slots) })
    }
}

impl Mapped for Painted {
    fn picture(&self) -> Picture<'_> {
        let (luma, chroma) = self.samples.split_at((SIZE * SIZE) as usize);
        let stride = SIZE as usize;
        Picture::nv12(
            PictureSize::new(SIZE, SIZE).unwrap(),
            Plane { data: luma, stride },
            Plane { data: chroma, stride },
        )
    }
}

impl Drop for Painted {
    fn drop(&mut self) {
        assert!(self.frame.0 < u64::MAX);
        self.slots[self.slot.0].store(0, Ordering::SeqCst);
    }
}

/// Encodes a picture as the frame number painted in it.
struct NumberEncoder {
    faults: Faults,
}

struct NumberSegment {
    faults: Faults,
    next: u64,
    first: bool,
}

impl EncoderFactory for NumberEncoder {
    fn name(&self) -> &'static str {
        "number"
    }
    fn codec(&self) -> Codec {
        Codec::new("numbers")
    }
    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        let next = segment.0 * u64::from(settings.segment_frames);
        Ok(Box::new(NumberSegment { faults: self.faults, next, first: true }))
    }
}

impl Encoder for NumberSegment {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let number = u64::from_le_bytes(picture.luma.data[..8].try_into().unwrap());
        assert_eq!(number, self.next, "frames of a segment come in order");
        assert_ne!(Some(number), self.faults.encode_panics_at, "planned");
        if Some(number) == self.faults.encode_fails_at {
            return Err(EncodeError::Failed { encoder: "number", reason: "it cannot count".into() });
        }
        self.next += 1;
        output.extend(number.to_le_bytes());
        Ok(Some(AccessUnit::new(8, std::mem::take(&mut self.first))))
    }
    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(Codec::new("numbers"), [1, 2]))
    }
}

/// Collects what comes, and whether it was finished.
#[derive(Default)]
struct Collector {
    faults: Faults,
    data: Vec<u8>,
    /// Of each packet, the number in it, and how many segments were written before it.
    packets: Vec<(u64, u64)>,
    segments: u64,
    finished: bool,
}

impl Sink for Collector {
    fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }
    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        assert_ne!(Some(segment.segment.0), self.faults.sink_panics_at_segment, "planned");
        if Some(segment.segment.0) == self.faults.sink_fails_at_segment {
            return Err("the disk is full".into());
        }
        self.data.extend(&segment.data);
        self.segments += 1;
        Ok(())
    }
    fn write_sound(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        let number = |packet: &Packet| u64::from_le_bytes(packet.data[..].try_into().unwrap());
        self.packets.extend(packets.iter().map(|packet| (number(packet), self.segments)));
        Ok(())
    }
    fn finish(&mut self) -> Result<u64, SinkError> {
        if self.faults.finish_fails {
            return Err("the disk is full at the end".into());
        }
        self.finished = true;
        Ok(self.data.len() as u64)
    }
}

/// Numbered packets.
struct Numbers {
    track: AudioTrack,
    faults: Faults,
    next: u64,
}

impl Numbers {
    fn new(faults: Faults) -> Option<Numbers> {
        let packets = faults.sound?;
        let format = AudioFormat::new(100, 1).unwrap();
        Some(Numbers { track: AudioTrack::new(AudioCodec::Mp3, format, packets, packets), faults, next: 0 })
    }
}

impl PacketSource for Numbers {
    fn track(&self) -> &AudioTrack {
        &self.track
    }
    fn next_packet(&mut self) -> Result<Option<Packet>, AudioError> {
        std::thread::sleep(self.faults.sound_takes);
        assert_ne!(Some(self.next), self.faults.sound_panics_at, "planned");
        if Some(self.next) == self.faults.sound_fails_at {
            return Err("the string broke".into());
        }
        if self.next == self.track.max_packets || Some(self.next) == self.faults.sound_ends_at {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(Packet { data: (self.next - 1).to_le_bytes().to_vec(), ticks: 1 }))
    }
}

/// Runs on a thread of its own, so that a hang fails the test rather than stopping it.
fn run(
    plan: SegmentPlan,
    split: WorkSplit,
    faults: Faults,
    cancel: CancelToken,
) -> (Result<(), StreamError>, Collector) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let count = split.devices.unwrap_or(1);
        let device = |index| device(split.on_device(index, count).ring_depth, faults);
        let settings = encoder_settings(plan.segment_frames());
        let mut sink = Collector { faults, ..Collector::default() };
        let mut progress = |_: &Progress| assert!(!faults.progress_panics, "planned");
        let encoder = NumberEncoder { faults };
        let options = PipelineOptions {
            encoder: &encoder,
            settings,
            plan,
            split,
            cancel: &cancel,
            record: None,
            selection: SegmentSelection::default(),
        };
        let devices = (0..count).map(device).collect();
        let mut sound = Numbers::new(faults);
        let sound = sound.as_mut().map(|sound| sound as &mut dyn PacketSource);
        let outcome = pipeline::run_with_sound(devices, &options, sound, &mut sink, &mut progress);
        let _ = sender.send((outcome.map(|_| ()), sink));
    });
    receiver.recv_timeout(Duration::from_secs(60)).expect("the pipeline hangs")
}

fn split(ring_depth: usize, jobs: usize, segments_in_flight: usize) -> WorkSplit {
    WorkSplit { ring_depth, jobs, segments_in_flight, devices: None }
}

fn on(devices: usize, split: WorkSplit) -> WorkSplit {
    WorkSplit { devices: Some(devices), ..split }
}

/// Both stages of a stand-in with `depth` slots of its own.
fn device(depth: usize, faults: Faults) -> DeviceStages<Device, Device> {
    let slots: Arc<Vec<AtomicUsize>> = Arc::new((0..depth).map(|_| AtomicUsize::new(0)).collect());
    let stage = || Device { faults, slots: Arc::clone(&slots) };
    DeviceStages { render: stage(), readback: stage() }
}

#[test]
fn every_frame_arrives_once_in_order_however_the_work_is_spread() {
    for (frames, segment_frames) in [(1, 120), (7, 3), (500, 60), (1000, 1), (240, 1000)] {
        let expected: Vec<u8> = (0..frames).flat_map(|frame: u64| frame.to_le_bytes()).collect();
        for depth in [1, 2, 3, 8] {
            for jobs in [1, 2, 4] {
                for (in_flight, devices) in [(1, 1), (3, 1), (16, 1), (1, 2), (4, 3), (16, 2)] {
                    let plan = plan(frames, segment_frames);
                    let split = on(devices, split(depth, jobs, in_flight));
                    let (result, sink) = run(plan, split, Faults::default(), CancelToken::default());
                    result.unwrap();
                    assert!(sink.finished);
                    assert!(sink.data == expected, "{frames} {segment_frames} {split}");
                }
            }
        }
    }
}

#[test]
fn whatever_fails_is_the_error_and_the_sink_is_not_finished() {
    let none = Faults::default();
    let faults = [
        (Faults { render_fails_at: Some(77), ..none }, "frame 77 could not be drawn: the pen broke"),
        (Faults { render_panics_at: Some(0), ..none }, "the render stage panicked"),
        (Faults { readback_fails_at: Some(140), ..none }, "frame 140 could not be read back"),
        (Faults { readback_panics_at: Some(9), ..none }, "the readback stage panicked"),
        (Faults { encode_fails_at: Some(61), ..none }, "it cannot count"),
        (Faults { encode_fails_at: Some(299), ..none }, "it cannot count"),
        (Faults { encode_panics_at: Some(200), ..none }, "the encode stage panicked"),
        (Faults { sink_fails_at_segment: Some(0), ..none }, "the disk is full"),
        (Faults { sink_fails_at_segment: Some(9), ..none }, "the disk is full"),
        (Faults { sink_panics_at_segment: Some(3), ..none }, "the write stage panicked"),
        (Faults { finish_fails: true, ..none }, "the disk is full at the end"),
        // 300 frames at 60 per second: 500 packets.
        (
            Faults { sound: Some(500), sound_fails_at: Some(0), ..none },
            "the sound failed at 0.000 s: the string broke",
        ),
        (Faults { sound: Some(500), sound_fails_at: Some(499), ..none }, "the sound failed at 4.990 s"),
        (Faults { sound: Some(500), sound_panics_at: Some(321), ..none }, "the sound stage panicked"),
        (
            Faults { sound: Some(500), sound_ends_at: Some(444), ..none },
            "the sound failed at 4.440 s: it ends there",
        ),
        (Faults { sound: Some(500), encode_fails_at: Some(61), ..none }, "it cannot count"),
        (Faults { sound: Some(500), sink_fails_at_segment: Some(3), ..none }, "the disk is full"),
    ];
    for (faults, expected) in faults {
        for split in
            [split(1, 1, 1), split(4, 2, 2), split(3, 4, 8), on(2, split(4, 2, 2)), on(3, split(5, 2, 9))]
        {
            let (result, sink) = run(plan(300, 30), split, faults, CancelToken::default());
            let error = result.unwrap_err().to_string();
            assert!(error.contains(expected), "{faults:?} {split:?}: {error}");
            assert!(!sink.finished);
        }
    }
}

#[test]
fn sound_comes_before_its_segment_and_completely() {
    // Shorter than the video of 5 s, as long, and longer.
    for packets in [1, 333, 500, 900] {
        for split in [split(1, 1, 1), split(4, 2, 2), on(3, split(5, 2, 9))] {
            let faults = Faults { sound: Some(packets), ..Faults::default() };
            let (result, sink) = run(plan(300, 30), split, faults, CancelToken::default());
            result.unwrap();
            // A segment lasts half a second, 50 packets. The last has all that is left.
            let expected: Vec<_> = (0..packets).map(|packet| (packet, (packet / 50).min(9))).collect();
            assert_eq!(sink.packets, expected);
            assert!(sink.finished);
        }
    }
}

#[test]
fn a_sound_that_is_slow_is_waited_for_and_a_stream_with_it_can_be_cancelled() {
    let sound_takes = Duration::from_millis(1);
    let faults = Faults { sound: Some(100), sound_takes, ..Faults::default() };
    run(plan(60, 30), split(4, 2, 2), faults, CancelToken::default()).0.unwrap();

    let faults = Faults { sound: Some(u64::MAX / 2), sound_takes, ..Faults::default() };
    let cancel = CancelToken::default();
    let later = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        later.cancel();
    });
    let (result, sink) = run(plan(u64::MAX / 4, 600), split(4, 2, 2), faults, cancel);
    assert!(matches!(result, Err(StreamError::Cancelled)));
    assert!(!sink.finished);
}

#[test]
fn a_sink_that_takes_no_sound_says_so() {
    struct Deaf;
    impl Sink for Deaf {
        fn begin(&mut self, _info: &StreamInfo) -> Result<(), SinkError> {
            Ok(())
        }
        fn write_segment(&mut self, _segment: &FinishedSegment) -> Result<(), SinkError> {
            Ok(())
        }
        fn finish(&mut self) -> Result<u64, SinkError> {
            Ok(0)
        }
    }
    let faults = Faults { sound: Some(500), ..Faults::default() };
    let options = PipelineOptions {
        encoder: &NumberEncoder { faults },
        settings: encoder_settings(30),
        plan: plan(300, 30),
        split: split(4, 2, 4),
        cancel: &CancelToken::default(),
        record: None,
        selection: SegmentSelection::default(),
    };
    let mut sound = Numbers::new(faults).unwrap();
    let outcome =
        pipeline::run_with_sound(vec![device(4, faults)], &options, Some(&mut sound), &mut Deaf, &mut |_| {});
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("segment 0 could not be written: this sink takes no sound"), "{error}");
}

#[test]
fn a_device_that_fails_late_does_not_leave_another_waiting_to_begin_a_segment() {
    // Segment 0 is not complete for a while: the other device begins as many segments as may be, and then waits.
    let faults = Faults {
        render_fails_at: Some(5),
        render_fails_after: Duration::from_millis(300),
        ..Faults::default()
    };
    let (result, sink) = run(plan(1000, 10), on(2, split(4, 2, 2)), faults, CancelToken::default());
    let error = result.unwrap_err().to_string();
    assert!(error.contains("the pen broke"), "{error}");
    assert!(!sink.finished);
}

#[test]
fn a_cancelled_stream_says_so_and_finishes_nothing() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let (result, sink) = run(plan(1_000_000, 60), split(4, 2, 2), Faults::default(), cancel);
    assert!(matches!(result, Err(StreamError::Cancelled)));
    assert!(!sink.finished);

    let cancel = CancelToken::default();
    let later = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        later.cancel();
    });
    let (result, sink) = run(plan(u64::MAX / 2, 60), split(4, 2, 2), Faults::default(), cancel);
    assert!(matches!(result, Err(StreamError::Cancelled)));
    assert!(!sink.finished);
}

#[test]
fn no_thread_is_left_when_a_stream_has_ended() {
    let names = || -> Vec<String> {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let name =
            |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        tasks.flatten().map(name).collect()
    };
    for faults in [Faults::default(), Faults { encode_panics_at: Some(50), ..Faults::default() }] {
        let settings = encoder_settings(10);
        // Recognised by their number: the pool's threads are named after it.
        let jobs = 23;
        let options = PipelineOptions {
            encoder: &NumberEncoder { faults },
            settings,
            plan: plan(100, 10),
            split: split(4, jobs, 4),
            cancel: &CancelToken::default(),
            record: None,
            selection: SegmentSelection::default(),
        };
        let devices = vec![device(2, faults), device(2, faults)];
        let _ = pipeline::run(devices, &options, &mut Collector::default(), &mut |_| {});
        // The system may take a moment to bury a thread that has returned.
        let left = || names().into_iter().any(|name| name.trim() == "encode-22");
        for _ in 0..100 {
            if left() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        assert!(!left());
    }
}

#[test]
fn a_panicking_progress_callback_ends_the_stream() {
    let faults = Faults { progress_panics: true, ..Faults::default() };
    let (result, _) = run(plan(u64::MAX / 2, 60), split(4, 2, 2), faults, CancelToken::default());
    assert!(matches!(result, Err(StreamError::ProgressPanicked { .. })));
}

#[test]
fn the_clocks_account_for_every_frame() {
    let (frames, split) = (600, split(4, 2, 2));
    let faults = Faults { sound: Some(900), ..Faults::default() };
    let settings = encoder_settings(120);
    let options = PipelineOptions {
        encoder: &NumberEncoder { faults },
        settings,
        plan: plan(frames, 120),
        split,
        cancel: &CancelToken::default(),
        record: None,
        selection: SegmentSelection::default(),
    };
    let devices = vec![device(2, faults), device(2, faults)];
    let mut sound = Numbers::new(faults).unwrap();
    let outcome =
        pipeline::run_with_sound(devices, &options, Some(&mut sound), &mut Collector::default(), &mut |_| {})
            .unwrap();
    let report = outcome.clocks.read();
    assert!(report.at_work().eq(Stage::ALL));
    for stage in Stage::ALL {
        assert_eq!(report.of(stage).frames, frames);
        assert!((0.0..=1.0).contains(&report.occupancy(stage)));
        assert!(report.of(stage).busy <= report.elapsed * report.of(stage).workers as u32);
    }
    assert_eq!(outcome.bytes, frames * 8);
}

#[test]
fn a_split_of_nothing_is_refused_by_name() {
    let cases = [(split(0, 1, 1), "ring depth"), (split(1, 0, 1), "threads"), (split(1, 1, 0), "segments")];
    for (split, what) in cases {
        let (result, sink) = run(plan(10, 5), split, Faults::default(), CancelToken::default());
        let error = result.unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("at least 1"), "{error}");
        assert!(!sink.finished && sink.data.is_empty());
    }
}
