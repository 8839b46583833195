//! How long the device takes for each frame, by its own clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wgpu_profiler::{GpuProfiler, GpuProfilerQuery, GpuProfilerSettings, GpuTimerQueryResult};

use super::trace::GpuTimes;
use crate::gpu::Gpu;

const DRAW: &str = "draw";
const COPIED: &str = "copied";

/// Writes timestamps around the drawing of every frame and after its copy. Collects those that have arrived, and never
/// waits for one.
pub(super) struct GpuTimer {
    gpu: Arc<Gpu>,
    profiler: GpuProfiler,
    times: Arc<Mutex<GpuTimes>>,
}

impl GpuTimer {
    /// For up to `depth` frames in flight. `None` when the device has no timestamps.
    pub(super) fn new(gpu: &Arc<Gpu>, depth: usize) -> Option<(GpuTimer, Arc<Mutex<GpuTimes>>)> {
        let needed = wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS;
        if !gpu.device.features().contains(needed) {
            return None;
        }
        let settings = GpuProfilerSettings {
            enable_timer_queries: true,
            enable_debug_groups: false,
            // One more is submitted before the oldest is looked at, and its timestamps come after its frame.
            max_num_pending_frames: depth + 2,
        };
        let profiler = GpuProfiler::new(&gpu.device, settings).ok()?;
        let times = Arc::new(Mutex::new(GpuTimes::default()));
        let timer = GpuTimer { gpu: Arc::clone(gpu), profiler, times: Arc::clone(&times) };
        Some((timer, times))
    }

    /// Drawing begins.
    pub(super) fn begin(&mut self, commands: &mut wgpu::CommandEncoder) -> GpuProfilerQuery {
        self.collect();
        self.profiler.begin_query(DRAW, commands)
    }

    /// The planes are drawn; their copy comes next.
    pub(super) fn drawn(&self, commands: &mut wgpu::CommandEncoder, drawing: GpuProfilerQuery) {
        self.profiler.end_query(commands, drawing);
    }

    /// The copy was submitted. One more submission takes the time after it, and reads this frame's timestamps.
    pub(super) fn copied(&mut self) {
        let mut commands = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let copied = self.profiler.begin_query(COPIED, &mut commands);
        self.profiler.end_query(&mut commands, copied);
        self.profiler.resolve_queries(&mut commands);
        // What fails now is found with the next frame.
        let _ = self.gpu.submit(commands);
        // Fails when queries are left open, which they are not.
        let _ = self.profiler.end_frame();
    }

    /// Takes the times that have arrived.
    fn collect(&mut self) {
        let period = self.gpu.queue.get_timestamp_period();
        while let Some(results) = self.profiler.process_finished_frame(period) {
            let time = |label: &str| {
                let found = |result: &&GpuTimerQueryResult| result.label == label;
                results.iter().find(found).and_then(|result| result.time.clone())
            };
            let (Some(draw), Some(copied)) = (time(DRAW), time(COPIED)) else { continue };
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.draw.add(span(draw.start, draw.end));
            times.copy.add(span(draw.end, copied.start));
        }
    }
}

/// From `begin` to `end`, in seconds; zero if the device's clock went backwards.
fn span(begin: f64, end: f64) -> Duration {
    Duration::try_from_secs_f64(end - begin).unwrap_or(Duration::ZERO)
}

impl Drop for GpuTimer {
    fn drop(&mut self) {
        // The last frames' timestamps may not have arrived yet.
        self.gpu.settle(Duration::from_secs(5));
        if self.gpu.check().is_ok() {
            self.collect();
        }
    }
}
