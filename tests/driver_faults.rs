//! What the program does when the graphics driver fails: a Vulkan layer lets chosen calls fail or never return.
//! `scripts/vulkan_faults.py` does the same for every function that is called.

#![cfg(target_os = "linux")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::program::{strikeline, succeed};

const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/songs/groove.mid");

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
        let mut program = strikeline();
        program
            .arg(command)
            .arg(SONG)
            .args(["--size", "160x90", "--fps", "10", "--force", "--quiet", "-o"])
            .arg(&self.output)
            .args(if command == "frame" { ["--at", "3"] } else { ["--duration", "3"] });
        self.with_faults(program, faults)
    }

    /// A render of many segments with these `faults`, which keeps a journal from the start.
    fn long_command(&self, faults: &str) -> Command {
        let mut program = strikeline();
        program.arg("render").arg(SONG).args([
            "--size",
            "160x90",
            "--fps",
            "10",
            "--force",
            "--duration",
            "30",
        ]);
        program.args(["--no-sound", "--journal-after", "0", "-o"]).arg(&self.output);
        self.with_faults(program, faults)
    }

    /// `program` with these `faults`.
    fn with_faults(&self, mut program: Command, faults: &str) -> Command {
        program
            .env("VK_LAYER_PATH", self.layer.path())
            .env("VK_INSTANCE_LAYERS", "VK_LAYER_STRIKELINE_faults")
            .env("VULKAN_FAULTS", faults)
            .env("VULKAN_FAULTS_DONE", self.layer.path().join("done"));
        program
    }

    /// The old file is as it was, and without faults the same command goes on from the journal to the video of one run.
    fn assert_goes_on(&self) {
        assert_eq!(std::fs::read(&self.output).unwrap(), OLD);
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 2, "the old file and the journal");
        let output = succeed(self.long_command("").arg("--json"));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(summary["kept_frames"].as_u64().unwrap() > 0, "{summary}");
        let resumed = std::fs::read(&self.output).unwrap();
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 1);
        succeed(self.long_command("").arg("--no-resume"));
        assert!(std::fs::read(&self.output).unwrap() == resumed);
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
        assert!(!error.contains("bug in the scene") && !told.contains("panicked at"), "{what}");
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
            .env("XDG_CONFIG_HOME", "/nonexistent")
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
fn the_first_interrupt_ends_a_program_whose_driver_hangs_and_what_is_finished_is_kept() {
    let Some(run) = Run::new("video.mp4") else { return };
    // Some segments of two seconds are finished before.
    let fault = "vkQueueSubmit:200:HANG";
    let mut program = run.long_command(fault);
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
    assert!(told.contains("run the same command to continue"), "{told}");
    assert_eq!(output.status.code(), Some(130), "{told}");
    run.assert_goes_on();
}

#[test]
fn a_part_whose_driver_hangs_says_how_to_go_on() {
    let Some(run) = Run::new("video.mp4") else { return };
    let plan = run.folder.path().join("plan.json");
    let mut planned = strikeline();
    planned.args([
        "plan",
        SONG,
        "--parts",
        "1",
        "--no-sound",
        "--duration",
        "30",
        "--size",
        "160x90",
        "--fps",
        "10",
    ]);
    succeed(planned.arg("-o").arg(&plan));
    let mut part = strikeline();
    part.arg("part").arg(&plan).arg("1");
    let mut part = run.with_faults(part, "vkQueueSubmit:100:HANG");
    let child = part.stderr(Stdio::piped()).spawn().unwrap();
    while !run.is_reached() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let process = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("the graphics driver did not finish"), "{told}");
    assert!(told.contains("part-0001.segments: run the same command to continue"), "{told}");
    assert_eq!(output.status.code(), Some(143), "{told}");
}

#[test]
fn after_a_device_was_lost_the_same_command_goes_on() {
    let Some(run) = Run::new("video.mp4") else { return };
    let output = run.long_command("vkWaitSemaphores:200+:LOSE").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(run.is_reached(), "{told}");
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("the graphics device was lost"), "{told}");
    assert!(told.contains("run the same command to continue"), "{told}");
    // What a report needs is in one block.
    for part in ["please report it at", "version: ", "adapters: 0: ", "command: ", "render", "error: frame "]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    run.assert_goes_on();
}

#[test]
fn what_takes_long_before_the_first_frame_is_told_by_every_command_that_draws() {
    let Some(run) = Run::new("video.mp4") else { return };
    let folder = run.folder.path();
    let plan = folder.join("plan.json");
    let plan = plan.to_str().unwrap();
    let small = ["--size", "64x64", "--theme", "plain"];
    let mut planned = strikeline();
    planned.args(["plan", SONG, "--parts", "1", "--no-sound", "--duration", "1", "-o", plan]);
    succeed(planned.args(small));
    let videos = folder.join("videos/");
    let commands: [&[&str]; 4] = [
        &["render", SONG, "-o", videos.to_str().unwrap(), "--duration", "1"],
        &["part", plan, "1"],
        &["profile", SONG, "--brief", "--frames", "10"],
        &["tune", "--dry-run", "--budget", "10"],
    ];
    std::thread::scope(|scope| {
        for arguments in commands {
            let mut program = strikeline();
            program.args(arguments).args(if arguments[0] == "part" { &[][..] } else { &small });
            let mut program = run.with_faults(program, "vkCreateShaderModule:1:SLEEP=5");
            scope.spawn(move || {
                let output = program.output().unwrap();
                let told = String::from_utf8_lossy(&output.stderr);
                // A search of settings may not have come to an end.
                assert!(output.status.success() || arguments[0] == "tune", "{arguments:?}: {told}");
                assert_eq!(
                    told.matches("preparing the graphics adapter").count(),
                    1,
                    "{arguments:?}: {told}"
                );
            });
        }
    });
}

#[test]
fn a_thread_that_the_driver_cannot_start_is_told_or_done_without() {
    let is_there = Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "strace is missing");
        eprintln!("skipped: strace is missing (scripts/setup.sh --tests installs it)");
        return;
    }
    std::thread::scope(|scope| {
        for command in ["frame", "render"] {
            // From the program's own threads to those of the driver.
            (2..=8).for_each(|call| drop(scope.spawn(move || assert_ends_without_thread(command, call))));
        }
    });
}

/// Lets `call` of the calls that start a thread fail in each thread that makes so many. The program has the right bytes
/// nevertheless, or ends in words: a driver that then never answers is given 30 s.
fn assert_ends_without_thread(command: &str, call: u32) {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, trace: &[String]| {
        let output = folder.path().join(name).with_extension(if command == "frame" { "png" } else { "mp4" });
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3"]).args(trace);
        traced.arg(strikeline().get_program()).arg(command).arg(SONG).arg("-o").arg(&output);
        traced.args(["--size", "160x90", "--fps", "10", "--quiet"]).env("XDG_CONFIG_HOME", "/nonexistent");
        traced.args(if command == "frame" { ["--at", "3"] } else { ["--duration", "3"] });
        (traced.output().unwrap(), std::fs::read(output))
    };
    let begun = Instant::now();
    let (ended, made) =
        make("failing", &["-e".to_owned(), format!("inject=clone3:error=EAGAIN:when={call}")]);
    let took = begun.elapsed();
    let told = String::from_utf8_lossy(&ended.stderr);
    let what = format!("{command}, call {call}: {} after {took:?}: {told}", ended.status);
    // The rest is for a machine with much else to do.
    assert!(took < Duration::from_secs(60), "{what}");
    match ended.status.code() {
        Some(0) => assert!(made.unwrap() == make("right", &[]).1.unwrap(), "{what}"),
        Some(1) => {
            assert!(told.starts_with("error: ") && !told.contains("this is a bug"), "{what}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{what}");
        }
        _ => panic!("{what}"),
    }
}
