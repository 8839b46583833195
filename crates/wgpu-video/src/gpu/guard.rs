//! Guards around the use of a device: they turn a panic of wgpu into a failure of the device.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crossbeam_channel::{RecvTimeoutError, bounded};

use super::watch::{self, RunningClock};
use super::{Gpu, GpuError};

/// The first failure of a device, shared with the handlers that wgpu calls.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstFailure(Arc<Mutex<Option<GpuError>>>);

impl FirstFailure {
    /// Records `error`, unless there was an earlier failure.
    pub(super) fn record(&self, error: GpuError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// The first failure, if there was one.
    pub(super) fn get(&self) -> Option<GpuError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Gpu {
    /// Does `work` with the device. If wgpu panics because the driver has failed, or if anything panics after the device has
    /// failed, that failure is returned as an error. Other panics are passed on.
    ///
    /// # Errors
    /// The failure of the device, or the error of `work`.
    pub fn guarded<T, E: From<GpuError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // After such a panic nothing that is half done is used again, because the device has failed.
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            if let Some(error) = GpuError::of_panic(panic_message(&*panic)) {
                self.failure.record(error);
            }
            match self.check() {
                Err(error) => Err(error.into()),
                Ok(()) => resume_unwind(panic),
            }
        })
    }
}

impl Gpu {
    /// Does `work`, which calls wgpu and does nothing else, so that any panic is a failure of the driver. The call is watched
    /// under the name `what` ([`watch::driver_call`]).
    ///
    /// # Errors
    /// The failure of the driver, or what [`Gpu::check`] finds.
    pub fn driver_work<T>(&self, what: &'static str, work: impl FnOnce() -> T) -> Result<T, GpuError> {
        let done = opening(what, || Ok(work()));
        if let Err(error) = &done {
            self.failure.record(error.clone());
        }
        self.check()?;
        done
    }
}

/// As [`Gpu::driver_work`], before there is a device.
///
/// # Errors
/// A failure of the driver, or the error of `work`.
pub(super) fn opening<T>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, GpuError>,
) -> Result<T, GpuError> {
    let _call = watch::driver_call(what);
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic_message(&*panic);
        let unknown = || GpuError::Driver { reason: message.to_owned() };
        Err(GpuError::of_panic(message).unwrap_or_else(unknown))
    })
}

/// The text of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}

/// The last handle of a queue. When it is dropped, wgpu waits for the device, and panics if the driver fails.
#[derive(Debug)]
pub(super) struct LastQueue {
    queue: Option<wgpu::Queue>,
    failure: FirstFailure,
}

impl LastQueue {
    pub(super) fn new(queue: &wgpu::Queue, failure: &FirstFailure) -> LastQueue {
        LastQueue { queue: Some(queue.clone()), failure: failure.clone() }
    }
}

impl Drop for LastQueue {
    fn drop(&mut self) {
        let Some(queue) = self.queue.take() else { return };
        if self.failure.get().is_some_and(|error| error.is_of_device()) {
            // A device that has failed may never become idle, and may still use what it holds. The system frees it when the
            // process ends.
            std::mem::forget(queue);
            return;
        }
        // All work of the device is done, so an error while closing it does not matter. If the driver does not return, the
        // thread is left behind.
        let (ended, end) = bounded::<()>(0);
        let close = move || {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(queue)));
            drop(ended);
        };
        let start = || std::thread::Builder::new().name("close-device".to_owned()).spawn(close);
        // If no thread can be started, the queue is dropped here.
        if let Ok(Ok(_thread)) = catch_unwind(AssertUnwindSafe(start)) {
            let mut clock = RunningClock::start(Instant::now());
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(watch::TICK) {
                if clock.advance(Instant::now()) >= watch::PATIENCE_AFTER_CANCEL {
                    break;
                }
            }
        }
    }
}
