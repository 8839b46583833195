//! What is told of a graphics driver that takes long, and the end of the program when one does not return.

use wgpu_video::gpu::GpuError;
use wgpu_video::gpu::watch;
use wgpu_video::output::remove_unfinished;

use super::remedies;
use super::{FAILED, console};

/// From now on, a driver that hangs ends the program with an error. What it was to write is left as it was.
pub(super) fn end_program_on_hang() {
    watch::on_hang(|error| end(&error));
}

/// Says so when shaders are compiled for a while, which happens when a driver has none of them from an earlier run.
pub(super) fn say_when_compiling() {
    watch::on_compiling(|| {
        console::tell("compiling shaders for this graphics adapter (first time only) ...")
    });
}

fn end(error: &GpuError) {
    console::tell(format_args!("error: {error}"));
    if let Some(remedy) = remedies::of_gpu(error) {
        console::tell(format_args!("help: {remedy}"));
    }
    remove_unfinished();
    // Not `std::process::exit`: a driver may then wait for a thread of its own that has come to a stop.
    signal_hook::low_level::exit(FAILED.into());
}
