//! Each stage by itself, and all together: song reading, rendering with a null encoder, encoding alone, the whole
//! pipeline, and the naive way. Measures CPU time of the process, which other programs change little.

mod support;

use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{Criterion, Throughput};
use strikeline::highway::{Highway, HighwayContent, HighwayOptions};
use strikeline::song::{Song, SongOptions};
use strikeline::steps::rebuilt::RebuiltHighway;
use strikeline::theme::Theme;
use strikeline_picture::{FrameChange, SegmentIndex, Time};
use support::planes::{RawFrame, capture};
use support::{GROOVE, at_least_one, full_hd, groove, groove_highway, sixty};
use wgpu_video::encode::null::NullEncoder;
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::{EncoderFactory, EncoderSettings};
use wgpu_video::scene::Scene;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::process_cpu_time;
use wgpu_video::stream::{StreamOptions, stream};

/// CPU time of all threads of the process.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        process_cpu_time()
    }
    fn end(&self, start: Duration) -> Duration {
        process_cpu_time() - start
    }
    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }
    fn zero(&self) -> Duration {
        Duration::ZERO
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        &CpuFormatter
    }
}

struct CpuFormatter;

impl ValueFormatter for CpuFormatter {
    fn scale_values(&self, _typical: f64, values: &mut [f64]) -> &'static str {
        values.iter_mut().for_each(|value| *value /= 1e6);
        "ms CPU"
    }
    fn scale_throughputs(&self, _typical: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        let Throughput::Elements(count) = throughput else { return "" };
        values.iter_mut().for_each(|value| *value /= 1e6 * *count as f64);
        "ms CPU per element"
    }
    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        "ns"
    }
}

/// Frames per measurement.
const FRAMES: u64 = 120;

fn run(scene: &mut dyn Scene, encoder: Arc<dyn EncoderFactory>) {
    let options = StreamOptions::new(full_hd(), sixty(), at_least_one(FRAMES), encoder);
    stream(scene, &options, &mut NullSink::default(), &mut |_| {}).expect("the scene streams");
}

/// A million notes, as dense in the picture as the groove.
fn million() -> Highway {
    let groove = groove();
    let length = groove.notes.last().map_or(Time::ZERO, |hit| hit.time);
    let repeats = 1_000_000_usize.div_ceil(groove.notes.len());
    let notes = (0..repeats as i64).flat_map(|repeat| {
        let shift = Time::from_nanos(length.as_nanos() * repeat);
        groove
            .notes
            .iter()
            .map(move |note| strikeline::highway::HighwayNote { time: note.time + shift, ..*note })
    });
    let content = HighwayContent { notes: notes.collect(), ..groove.clone() };
    let options = HighwayOptions {
        theme: Theme::builtin("plain").expect("a built-in theme"),
        start: Some(Time::from_seconds(10.0)),
        ..HighwayOptions::default()
    };
    Highway::new(content, &options, full_hd(), sixty()).expect("the highway can be laid out")
}

fn encode_alone(factory: &dyn EncoderFactory, frames: &[RawFrame]) -> usize {
    let settings = EncoderSettings::new(full_hd(), sixty(), FRAMES as u32);
    let mut encoder = factory.begin_segment(&settings, SegmentIndex(0)).expect("the encoder starts");
    let mut output = Vec::new();
    for frame in frames {
        encoder.encode(&frame.picture(), &FrameChange::UNKNOWN, &mut output).expect("the encoder encodes");
    }
    output.len()
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime).sample_size(10).configure_from_args();

    let mut group = criterion.benchmark_group("song");
    group.throughput(Throughput::Elements(1));
    group.bench_function("read groove", |bencher| {
        bencher.iter(|| Song::read(GROOVE, &SongOptions::default()).expect("the groove can be read"))
    });
    group.finish();

    let mut group = criterion.benchmark_group("1080p frame");
    group.throughput(Throughput::Elements(FRAMES));
    let mut scene = groove_highway();
    group.bench_function("render, null encoder", |bencher| {
        bencher.iter(|| run(&mut scene, Arc::new(NullEncoder)))
    });
    let mut scene = million();
    group.bench_function("render a song of a million notes, null encoder", |bencher| {
        bencher.iter(|| run(&mut scene, Arc::new(NullEncoder)))
    });
    let frames = capture(&mut groove_highway(), FRAMES);
    group.bench_function("encode alone, openh264", |bencher| {
        bencher.iter(|| encode_alone(&OpenH264::default(), &frames))
    });
    drop(frames);
    let mut scene = groove_highway();
    group.bench_function("whole pipeline, openh264", |bencher| {
        bencher.iter(|| run(&mut scene, Arc::new(OpenH264::default())))
    });
    let mut scene = RebuiltHighway::new(groove_highway(), full_hd());
    group.bench_function("geometry rebuilt per frame, RGBA converted, openh264", |bencher| {
        bencher.iter(|| run(&mut scene, Arc::new(OpenH264::default())))
    });
    group.finish();
    criterion.final_summary();
}
