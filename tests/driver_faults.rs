//! What the program does when the graphics driver fails: a Vulkan layer lets chosen calls fail or never return.
//! `scripts/vulkan_faults.py` does the same for every function that is called.

#![cfg(target_os = "linux")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::program::strikeline;

/// What a run is to replace.
const OLD: &[u8] = b"old file";

/// The folder of the layer; `None` when it cannot be compiled here, which is told.
fn layer() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vulkan_faults");
    std::fs::copy(sources.join("faults.json"), folder.path().join("faults.json")).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-pthread", "-o"])
        .args([folder.path().join("libfaults.so"), sources.join("faults.c")])
        .output();
    let reason = match compiled {
        Ok(output) if output.status.success() => return Some(folder),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(std::env::var_os("CI").is_none(), "the Vulkan layer cannot be compiled: {reason}");
    eprintln!(
        "skipped: the Vulkan layer cannot be compiled (scripts/setup.sh --tests installs what it needs): {reason}"
    );
    None
}

/// A run of the program with a fault, over an old file.
struct Run {
    folder: tempfile::TempDir,
    output: PathBuf,
    layer: tempfile::TempDir,
}

impl Run {
    fn new(output: &str) -> Option<Run> {
        let layer = layer()?;
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join(output);
        std::fs::write(&output, OLD).unwrap();
        Some(Run { folder, output, layer })
    }

    /// `command` of a small song with these `faults`.
    fn command(&self, command: &str, faults: &str) -> Command {
        let song = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/songs/groove.mid");
        let mut program = strikeline();
        program
            .arg(command)
            .arg(song)
            .args(["--size", "160x90", "--fps", "10", "--force", "--quiet", "-o"])
            .arg(&self.output)
            .args(if command == "frame" { ["--at", "3"] } else { ["--duration", "3"] })
            .env("VK_LAYER_PATH", self.layer.path())
            .env("VK_INSTANCE_LAYERS", "VK_LAYER_STRIKELINE_faults")
            .env("VULKAN_FAULTS", faults)
            .env("VULKAN_FAULTS_DONE", self.layer.path().join("done"));
        program
    }

    /// Whether the fault has been injected.
    fn is_reached(&self) -> bool {
        self.layer.path().join("done").exists()
    }

    /// The old file is as it was, and nothing lies beside it.
    fn assert_nothing_changed(&self, what: &str) {
        assert_eq!(std::fs::read(&self.output).unwrap(), OLD, "{what}");
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 1, "{what}: something is left");
    }
}

/// Each ends with exit code 1 and an error that contains the text, and the old file is as it was.
fn assert_told(faults: &[(&str, &str, &str)]) {
    for &(command, fault, text) in faults {
        let Some(run) = Run::new(if command == "frame" { "frame.png" } else { "video.mp4" }) else { return };
        let output = run.command(command, fault).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let what = format!("{command} with {fault}: {told}");
        assert!(run.is_reached(), "{what}");
        assert_eq!(output.status.code(), Some(1), "{what}");
        let error = told.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{what}"));
        assert!(error.contains(text), "{what}");
        assert!(!error.contains("bug in the scene"), "{what}");
        run.assert_nothing_changed(&what);
    }
}

#[test]
fn a_driver_that_fails_while_a_device_is_set_up_is_told() {
    assert_told(&[
        ("frame", "vkCreateDevice:1:ERROR_INITIALIZATION_FAILED", "could not be opened"),
        ("frame", "vkCreateBuffer:2:ERROR_OUT_OF_DEVICE_MEMORY", "graphics"),
        ("frame", "vkBeginCommandBuffer:1:ERROR_OUT_OF_HOST_MEMORY", "out of memory"),
        ("frame", "vkCreateGraphicsPipelines:1:ERROR_OUT_OF_HOST_MEMORY", "out of memory"),
        ("frame", "vkAllocateDescriptorSets:1:ERROR_FRAGMENTED_POOL", "the graphics driver failed"),
        // On the thread that prepares the second device.
        ("render", "vkCreateShaderModule:2+:ERROR_OUT_OF_HOST_MEMORY", "out of memory"),
    ]);
}

#[test]
fn a_driver_that_fails_in_the_middle_of_the_frames_is_told() {
    assert_told(&[
        ("render", "vkCreateFramebuffer:45:ERROR_OUT_OF_DEVICE_MEMORY", "out of memory"),
        ("render", "vkQueueSubmit:40:ERROR_INITIALIZATION_FAILED", "the graphics driver failed"),
    ]);
}

#[test]
fn a_device_that_is_lost_is_told_as_lost() {
    assert_told(&[
        ("render", "vkQueueSubmit:40:LOSE", "the graphics device was lost"),
        ("render", "vkWaitSemaphores:40+:LOSE", "the graphics device was lost"),
        ("frame", "vkGetSemaphoreCounterValue:2+:LOSE", "the graphics device was lost"),
    ]);
}

#[test]
fn a_driver_that_fails_or_hangs_when_all_is_done_costs_nothing() {
    for fault in ["vkQueueWaitIdle:1:ERROR_OUT_OF_HOST_MEMORY", "vkQueueWaitIdle:1:HANG"] {
        let Some(run) = Run::new("frame.png") else { return };
        let output = run.command("frame", fault).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(run.is_reached());
        assert!(std::fs::read(&run.output).unwrap().starts_with(b"\x89PNG"));
    }
}

#[test]
fn too_little_memory_for_a_driver_is_no_missing_driver() {
    let Some(run) = Run::new("frame.png") else { return };
    let program = run.command("frame", "");
    for (kilobytes, text) in [
        (200_000, "none can be loaded within the 195 MB of memory"),
        (700_000, "needs 1024 MB of address space; this process is limited to 683 MB"),
    ] {
        let mut limited = Command::new("sh");
        limited
            .args(["-c", &format!("ulimit -v {kilobytes}; exec \"$@\""), "sh"])
            .arg(program.get_program())
            .args(program.get_args());
        let output = limited.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(text), "{told}");
        run.assert_nothing_changed(&told);
    }
}

#[test]
fn the_first_interrupt_ends_a_program_whose_driver_hangs() {
    let Some(run) = Run::new("video.mp4") else { return };
    let mut program = run.command("render", "vkQueueSubmit:40:HANG");
    let program = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !run.is_reached() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let process = rustix::process::Pid::from_raw(program.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let output = program.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    // Another thread may wait for that frame, and be found first.
    assert!(told.contains("the graphics driver did not finish"), "{told}");
    assert!(told.contains("a frame within 5 s"), "{told}");
    assert_eq!(output.status.code(), Some(1), "{told}");
    run.assert_nothing_changed(&told);
}
