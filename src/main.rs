//! The `strikeline` program: reads the command line, runs a subcommand, prints the error.

#![warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
// `cli::console` prints.
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod cli;

fn main() {
    silence_device_selection();
    limit_software_threads();
    let code = cli::main();
    // Not by returning: that runs what libraries want to do at the end, and a graphics driver that failed or hangs may
    // then crash, since threads of its own still run. All is written and printed by now.
    signal_hook::low_level::exit(code.into());
}

/// Mesa's layer that orders adapters asks the desktop which screen it is on, and prints errors of its own
/// where there is no desktop (in containers, over ssh). strikeline orders adapters itself.
#[allow(unsafe_code, reason = "there is no other way to reach a layer that the Vulkan loader brings in")]
fn silence_device_selection() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: the environment may be changed while no other thread reads it, and this is the first thing
        // that the program does.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Lets lavapipe, Mesa's driver that draws on the CPU, rasterise on the threads that call it where there are only two cores:
/// strikeline draws on two devices then, and more threads would only wait for each other (docs/perf-log.md).
#[allow(unsafe_code, reason = "the driver reads the environment, and there is no other way to tell it")]
fn limit_software_threads() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores <= 2 && std::env::var_os("LP_NUM_THREADS").is_none() {
        // SAFETY: the environment may be changed while no other thread reads it, and none was started yet.
        unsafe { std::env::set_var("LP_NUM_THREADS", "0") };
    }
}
