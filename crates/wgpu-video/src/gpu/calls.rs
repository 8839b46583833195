//! The calls that every frame makes into the driver: submitting work, and waiting for it.

use std::time::{Duration, Instant};

use super::watch::{self, RunningClock, driver_call};
use super::{Gpu, GpuError};

impl Gpu {
    /// Ends `commands` and submits them.
    ///
    /// # Errors
    /// What [`Gpu::check`] finds then.
    pub fn submit(&self, commands: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex, GpuError> {
        let _call = driver_call("submitting a frame");
        let submission = self.guarded(|| Ok::<_, GpuError>(self.queue.submit([commands.finish()])))?;
        self.check()?;
        Ok(submission)
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

    /// As [`Gpu::wait`], but does not find calls that wgpu rejected: for a thread that waits while another one draws,
    /// whose mistakes those would be.
    ///
    /// # Errors
    /// [`GpuError::Hang`] after [`watch::PATIENCE`], or another failure of the device or its driver.
    pub fn wait_only(&self, submission: &wgpu::SubmissionIndex) -> Result<(), GpuError> {
        // In short slices, so that only time in which the process runs counts.
        let mut clock = RunningClock::start(Instant::now());
        let mut cancelled = None;
        loop {
            let polled = self.poll(Some(submission.clone()), watch::TICK);
            if let Err(error) = self.check()
                && error.is_of_device()
            {
                return Err(error);
            }
            match polled? {
                Ok(_) => return Ok(()),
                Err(wgpu::PollError::Timeout) => {}
                Err(error) => return Err(GpuError::Lost { reason: error.to_string() }),
            }
            let waited = clock.advance(Instant::now());
            cancelled = watch::is_cancelled().then(|| cancelled.unwrap_or(waited));
            if let Some(patience) = watch::overdue(waited, Duration::ZERO, cancelled) {
                let hang = GpuError::Hang { what: "a frame", seconds: patience.as_secs() };
                self.failure.record(hang.clone());
                return Err(hang);
            }
        }
    }

    /// Waits until all work is done, but no longer than `patience`, and whether it fails or not.
    pub(crate) fn settle(&self, patience: Duration) {
        let _ = self.poll(None, patience);
    }

    fn poll(
        &self,
        submission_index: Option<wgpu::SubmissionIndex>,
        timeout: Duration,
    ) -> Result<Result<wgpu::PollStatus, wgpu::PollError>, GpuError> {
        let _call = driver_call("a frame");
        // wgpu panics when the device is lost meanwhile.
        self.guarded(|| {
            Ok(self.device.poll(wgpu::PollType::Wait { submission_index, timeout: Some(timeout) }))
        })
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
        let _call = driver_call("making a buffer");
        let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: true };
        let buffer = self.guarded(|| Ok::<_, GpuError>(self.device.create_buffer(&descriptor)))?;
        self.check()?;
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
