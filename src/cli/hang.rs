//! What the program says when a graphics driver takes long, and how it ends when a driver does not return.

use wgpu_video::gpu::GpuError;
use wgpu_video::gpu::watch;
use wgpu_video::output::remove_unfinished;

use super::remedies;
use super::{FAILED, console};

/// From now on, a driver that hangs ends the program with an error. Existing output files stay as they are.
pub(super) fn end_program_on_hang() {
    watch::on_hang(|error| end(&error));
}

/// Prints a line when compiling shaders takes long, which happens when the driver has kept none from an earlier run.
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
    // Not `std::process::exit`: with that, a driver may wait for one of its own threads, which hangs.
    signal_hook::low_level::exit(FAILED.into());
}
