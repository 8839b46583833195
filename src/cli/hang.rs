//! The end of the program when a graphics driver does not return.

use wgpu_video::gpu::GpuError;
use wgpu_video::gpu::watch;
use wgpu_video::output::remove_unfinished;

use super::console;
use super::remedies;

/// Exit code of a program that failed.
const FAILED: i32 = 1;

/// From now on, a driver that hangs ends the program with an error. What it was to write is left as it was.
pub(super) fn end_program_on_hang() {
    watch::on_hang(|error| end(&error));
}

fn end(error: &GpuError) {
    console::tell(format_args!("error: {error}"));
    if let Some(remedy) = remedies::of_gpu(error) {
        console::tell(format_args!("help: {remedy}"));
    }
    remove_unfinished();
    // Not `std::process::exit`: a driver may then wait for a thread of its own that has come to a stop.
    signal_hook::low_level::exit(FAILED);
}
