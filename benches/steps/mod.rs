//! The steps from the naive way of rendering to the present one, each to be run and measured: naive → resident → ring →
//! planar → segments → changed → devices. The old ways of rendering are kept for this comparison only.
//!
//! The library compiles this module, hidden from its documentation, so that `strikeline profile --compare` and the
//! benches share it.

pub mod rebuilt;
pub mod rgba;

use std::sync::Arc;
use std::time::Duration;

use strikeline_picture::{FrameChange, FrameIndex, SegmentIndex};
use wgpu_video::encode::{EncoderFactory, EncoderSettings};
use wgpu_video::gpu::Gpu;
use wgpu_video::scene::Scene;
use wgpu_video::stream::NullSink;
use wgpu_video::stream::SegmentSelection;
use wgpu_video::stream::pipeline::PipelineOptions;
use wgpu_video::stream::scene_stages::{RenderSettings, SceneRenderer, SlotReader};
use wgpu_video::stream::stage::{Readback, Render, SlotIndex, StageError};
use wgpu_video::stream::{
    CancelToken, Recording, Redraw, Stage, StreamError, StreamOptions, WorkSplit, pipeline,
    pipeline::DeviceStages, stage::Mapped, stream,
};
use wgpu_video::stream::{Clocks, StageReport, process_cpu_time};

use crate::highway::Highway;
use rebuilt::RebuiltHighway;
use rgba::{RgbaReader, RgbaRenderer};

/// A way of rendering between the naive one and the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Geometry built on the CPU for every frame; RGBA is read back and converted; one stage runs after the other.
    Naive,
    /// All notes are uploaded once; the rest as before.
    Resident,
    /// The stages overlap, over a ring of four slots, with one encoder.
    Ring,
    /// Luma and chroma are drawn rather than RGBA.
    Planar,
    /// Several segments are encoded at the same time.
    Segments,
    /// Only what changes is drawn and read back.
    Changed,
    /// Several devices draw at the same time, if that is the adapter's default: what `strikeline render` does.
    Devices,
    /// The same with every thread's time recorded, which shows the cost of recording.
    Recorded,
}

impl Step {
    /// The steps in order, then the one that shows the cost of recording.
    pub const ALL: [Step; 8] = [
        Step::Naive,
        Step::Resident,
        Step::Ring,
        Step::Planar,
        Step::Segments,
        Step::Changed,
        Step::Devices,
        Step::Recorded,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Step::Naive => "naive",
            Step::Resident => "resident",
            Step::Ring => "ring",
            Step::Planar => "planar",
            Step::Segments => "segments",
            Step::Changed => "changed",
            Step::Devices => "devices",
            Step::Recorded => "devices, recorded",
        }
    }
}

/// What one run of a step took, per frame.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Frames per second.
    pub frames_per_second: f64,
    /// CPU time of the process in ms.
    pub cpu_ms: f64,
    /// Busy time of render, readback and encode in ms, wall.
    pub stages_ms: [f64; 3],
}

/// Runs steps on one device.
pub struct StepRunner<'a> {
    /// The device, opened once for all steps.
    pub gpu: Arc<Gpu>,
    /// Picture size, frame rate, frames, encoder and quality; and the work split of the steps from
    /// [`Step::Segments`] on.
    pub options: &'a StreamOptions,
}

impl StepRunner<'_> {
    /// Runs `step` once on `highway`.
    ///
    /// # Errors
    /// When the device, the scene or the encoder fails, or the run is cancelled.
    pub fn run(&self, step: Step, mut highway: Highway) -> Result<Sample, StreamError> {
        let one = WorkSplit { ring_depth: 4, jobs: 1, segments_in_flight: 1, devices: Some(1) };
        let split = self.options.split;
        match step {
            Step::Naive => self.in_turn(&mut RebuiltHighway::new(highway, self.options.size)),
            Step::Resident => self.in_turn(&mut highway),
            Step::Ring => {
                let renderer = self.rgba_renderer(&mut highway, one.ring_depth)?;
                self.piped(renderer, RgbaReader { gpu: Arc::clone(&self.gpu) }, one)
            }
            Step::Planar => self.planar(&mut highway, Redraw::All, one),
            Step::Segments => self.planar(&mut highway, Redraw::All, split),
            Step::Changed => self.planar(&mut highway, Redraw::Changed, split),
            Step::Devices => self.streamed(&mut highway, None),
            Step::Recorded => self.streamed(&mut highway, Some(Recording::default())),
        }
    }

    fn settings(&self) -> EncoderSettings {
        let StreamOptions { size, frame_rate, .. } = *self.options;
        EncoderSettings::new(size, frame_rate, self.options.plan().segment_frames())
    }

    fn rgba_renderer<'s>(
        &self,
        scene: &'s mut dyn Scene,
        depth: usize,
    ) -> Result<RgbaRenderer<'s>, StreamError> {
        let StreamOptions { size, frame_rate, .. } = self.options;
        Ok(RgbaRenderer::new(&self.gpu, scene, *size, *frame_rate, depth)?)
    }

    /// One frame after the other: drawn, waited for, converted, encoded.
    fn in_turn(&self, scene: &mut dyn Scene) -> Result<Sample, StreamError> {
        let mut renderer = self.rgba_renderer(scene, 1)?;
        let mut reader = RgbaReader { gpu: Arc::clone(&self.gpu) };
        let (settings, plan) = (self.settings(), self.options.plan());
        let mut output = Vec::new();
        let (cpu, clocks) = (process_cpu_time(), Clocks::start(1, 1));
        for segment in (0..plan.segments()).map(SegmentIndex) {
            let begin = |source| StreamError::Encode { segment, source };
            let mut encoder = self.options.encoder.begin_segment(&settings, segment).map_err(begin)?;
            for frame in plan.frames_of(segment).map(FrameIndex) {
                if self.options.cancel.is_cancelled() {
                    return Err(StreamError::Cancelled);
                }
                let render = |source| StreamError::Render { frame, source };
                let readback = |source: StageError| StreamError::Readback { frame, source };
                let encode = |source| StreamError::Encode { segment, source };
                let drawn = clocks.of(Stage::Render).busy(|| renderer.render(frame, SlotIndex(0)));
                let drawn = drawn.map_err(render)?;
                let mapped = clocks.of(Stage::Readback).busy(|| reader.wait(drawn)).map_err(readback)?;
                output.clear();
                let encoded = || encoder.encode(&mapped.picture(), &FrameChange::UNKNOWN, &mut output);
                clocks.of(Stage::Encode).busy(encoded).map_err(encode)?;
            }
        }
        let stages = clocks.read();
        Ok(sample(plan.frames(), stages.elapsed, process_cpu_time().saturating_sub(cpu), &stages))
    }

    fn planar(&self, scene: &mut dyn Scene, redraw: Redraw, split: WorkSplit) -> Result<Sample, StreamError> {
        let settings = RenderSettings { redraw, ..self.options.render_settings() };
        let renderer = SceneRenderer::new(&self.gpu, scene, settings, split.ring_depth)?;
        self.piped(renderer, SlotReader::new(&self.gpu, self.options.copy_out)?, split)
    }

    /// As `strikeline render` does it, on devices opened for this run.
    fn streamed(&self, scene: &mut dyn Scene, record: Option<Recording>) -> Result<Sample, StreamError> {
        let options = self.options.clone().with_record(record);
        let report = stream(scene, &options, &mut NullSink::default(), &mut |_| {})?;
        Ok(sample(report.frames, report.wall, report.cpu, &report.stages))
    }

    fn piped<R: Render, B: Readback<R::Submitted>>(
        &self,
        render: R,
        readback: B,
        split: WorkSplit,
    ) -> Result<Sample, StreamError> {
        let encoder: &dyn EncoderFactory = &*self.options.encoder;
        let cancel: &CancelToken = &self.options.cancel;
        let (plan, settings) = (self.options.plan(), self.settings());
        let run = PipelineOptions {
            encoder,
            settings,
            plan,
            split,
            cancel,
            record: None,
            selection: SegmentSelection::default(),
        };
        let stages = vec![DeviceStages { render, readback }];
        let outcome = pipeline::run(stages, &run, &mut NullSink::default(), &mut |_| {})?;
        let stages = outcome.clocks.read();
        Ok(sample(plan.frames(), stages.elapsed, outcome.cpu, &stages))
    }
}

fn sample(frames: u64, wall: Duration, cpu: Duration, report: &StageReport) -> Sample {
    let per_frame = |time: Duration| time.as_secs_f64() * 1e3 / frames as f64;
    Sample {
        frames_per_second: frames as f64 / wall.as_secs_f64().max(1e-9),
        cpu_ms: per_frame(cpu),
        stages_ms: [Stage::Render, Stage::Readback, Stage::Encode]
            .map(|stage| per_frame(report.of(stage).busy)),
    }
}

/// The median of `values`, and their spread: half the distance from the first to the last decile, as a share of the
/// median. Both are 0 without values.
pub fn median_and_spread(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (values.len().saturating_sub(1) as f64 * share).round() as usize;
        values.get(place).copied().unwrap_or(0.0)
    };
    let median = at(0.5);
    (median, if median > 0.0 { (at(0.9) - at(0.1)) / 2.0 / median } else { 0.0 })
}
