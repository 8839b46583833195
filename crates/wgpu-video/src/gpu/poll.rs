//! Waiting for a device, without a race of wgpu's.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::guard::panic_message;

/// How the panic of the race begins (wgpu-core 30.0.1, `Device::maintain`).
const RACE: &str = "If the queue is empty, the current submission index";

/// As [`wgpu::Device::poll`].
///
/// When a wait runs into its timeout while another thread submits, wgpu may find that the queue is empty, since that
/// thread has seen the work end meanwhile, and then asserts that this thread has seen the same. Nothing is lost then: the
/// wait has just run into its timeout.
pub(super) fn poll(device: &wgpu::Device, wait: wgpu::PollType) -> Result<wgpu::PollStatus, wgpu::PollError> {
    catch_unwind(AssertUnwindSafe(|| device.poll(wait))).unwrap_or_else(|panic| {
        match panic_message(&*panic).starts_with(RACE) {
            true => Err(wgpu::PollError::Timeout),
            false => resume_unwind(panic),
        }
    })
}
