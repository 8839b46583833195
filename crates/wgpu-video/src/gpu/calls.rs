//! The calls that every frame makes into the driver: submitting work, and waiting for it.

use std::time::{Duration, Instant};

use super::{Gpu, GpuError, guard, watch};

/// The shortest wait. A wait that times out may panic because of a race in wgpu 30 ([`Gpu::poll`] catches it), so very short
/// waits are avoided.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Measures a wait by the clock of the driver watch or, if the watch does not run, in real time.
struct WaitClock {
    start: Instant,
    watched: Option<Duration>,
}

impl WaitClock {
    fn start() -> WaitClock {
        WaitClock { start: Instant::now(), watched: watch::now() }
    }

    /// Time since the start during which the process ran.
    fn ran(&self) -> Duration {
        match (self.watched, watch::now()) {
            (Some(start), Some(now)) => now.saturating_sub(start),
            _ => self.start.elapsed(),
        }
    }
}

impl Gpu {
    /// Ends `commands` and submits them.
    ///
    /// # Errors
    /// What [`Gpu::check`] finds then.
    pub fn submit(&self, commands: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex, GpuError> {
        self.driver_work("submitting a frame", || self.queue.submit([commands.finish()]))
    }

    /// Waits until `submission` and all before it are done and their buffers are mapped.
    ///
    /// # Errors
    /// [`GpuError::Hang`] after [`watch::PATIENCE`], or what [`Gpu::check`] finds.
    pub fn wait(&self, submission: &wgpu::SubmissionIndex) -> Result<(), GpuError> {
        let waited = self.wait_only(submission);
        self.check()?;
        waited
    }

    /// As [`Gpu::wait`], but does not report calls that wgpu rejected. For a thread that waits while another one draws: these
    /// errors belong to the other thread.
    ///
    /// # Errors
    /// [`GpuError::Hang`] after [`watch::PATIENCE`], or another failure of the device or its driver.
    pub fn wait_only(&self, submission: &wgpu::SubmissionIndex) -> Result<(), GpuError> {
        self.wait_for("a frame", submission)
    }

    /// As [`Gpu::wait_only`], for work that is not a frame. `what` names it in the error.
    pub(super) fn wait_for(
        &self,
        what: &'static str,
        submission: &wgpu::SubmissionIndex,
    ) -> Result<(), GpuError> {
        let clock = WaitClock::start();
        loop {
            let left = watch::PATIENCE.saturating_sub(clock.ran());
            match self.poll(what, Some(submission.clone()), left.max(SHORTEST_WAIT))? {
                Ok(_) => return Ok(()),
                Err(wgpu::PollError::Timeout) => {}
                Err(error) => return Err(GpuError::Lost { reason: error.to_string() }),
            }
            // If the process was paused, time is left, and the loop waits for the rest of it.
            if clock.ran() + SHORTEST_WAIT >= watch::PATIENCE {
                let hang = GpuError::Hang { what, seconds: watch::PATIENCE.as_secs() };
                self.failure.record(hang.clone());
                return Err(hang);
            }
        }
    }

    /// Waits until all work is done, but at most for `patience`. Failures are ignored.
    pub(crate) fn settle(&self, patience: Duration) {
        let _ = self.poll("a frame", None, patience);
    }

    fn poll(
        &self,
        what: &'static str,
        submission_index: Option<wgpu::SubmissionIndex>,
        timeout: Duration,
    ) -> Result<Result<wgpu::PollStatus, wgpu::PollError>, GpuError> {
        let wait = wgpu::PollType::Wait { submission_index, timeout: Some(timeout) };
        // wgpu panics when the device is lost during the wait.
        let polled = match guard::opening(what, || Ok(self.device.poll(wait))) {
            // wgpu panics when a call of another thread sees the end of the work after this wait has ended and before wgpu
            // checks the queue. It takes that for impossible.
            Err(GpuError::Driver { reason }) if reason.starts_with("If the queue is empty") => {
                Ok(Err(wgpu::PollError::Timeout))
            }
            polled => polled,
        };
        if let Err(error) = &polled {
            self.failure.record(error.clone());
        }
        match self.check() {
            Err(error) if error.is_of_device() => Err(error),
            _ => polled,
        }
    }

    /// A buffer of `contents` for `usage`.
    ///
    /// wgpu's own `create_buffer_init` panics when there is no memory for it, or the device has failed before.
    ///
    /// # Errors
    /// [`GpuError::Limit`] naming `what`, or what [`Gpu::check`] finds.
    pub fn buffer_of(
        &self,
        what: &str,
        contents: &[u8],
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, GpuError> {
        let size = (contents.len() as u64)
            .next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT)
            .max(wgpu::COPY_BUFFER_ALIGNMENT);
        self.check_buffer_size(what, size)?;
        let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: true };
        let buffer = self.driver_work("making a buffer", || self.device.create_buffer(&descriptor))?;
        match buffer.get_mapped_range_mut(..) {
            Ok(mut mapped) => mapped.slice(..contents.len()).copy_from_slice(contents),
            Err(error) => {
                return Err(GpuError::Driver { reason: format!("{what} could not be mapped: {error}") });
            }
        }
        buffer.unmap();
        Ok(buffer)
    }
}
