//! What a user is asked to report: one block of lines with everything that a reader of the report needs.

use std::error::Error;
use std::ffi::OsStr;
use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use strikeline_sound::recording::RecordingError;
use wgpu_video::gpu::{Gpu, GpuError};
use wgpu_video::stream::{StageError, StreamError};

use super::console;

/// Where bugs are reported.
const REPORTS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// How long the graphics adapters may take to tell their names: their driver may be what has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is at fault, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// strikeline, or a library that it is made of.
    Program,
    /// The graphics driver, or what strikeline asks of it.
    Driver,
}

impl Fault {
    /// What is at fault for `error`; `None` if it is nothing that ought to be reported.
    pub(crate) fn of(error: &anyhow::Error) -> Option<Fault> {
        error.chain().find_map(Fault::of_cause)
    }

    fn of_cause(cause: &(dyn Error + 'static)) -> Option<Fault> {
        if let Some(RecordingError::Panicked { .. }) = cause.downcast_ref() {
            return Some(Fault::Program);
        }
        match cause.downcast_ref() {
            Some(
                StreamError::Panicked { .. }
                | StreamError::ProgressPanicked { .. }
                | StreamError::Incomplete { .. }
                | StreamError::ConfigDiffers { .. }
                | StreamError::Render { source: StageError::TooFewChanges(_), .. },
            ) => return Some(Fault::Program),
            Some(
                StreamError::Gpu(error)
                | StreamError::Render {
                    source: StageError::Scene(wgpu_video::scene::SceneError::Gpu(error)),
                    ..
                }
                | StreamError::Readback {
                    source: StageError::Scene(wgpu_video::scene::SceneError::Gpu(error)),
                    ..
                },
            ) => return Fault::of_gpu(error),
            _ => {}
        }
        cause.downcast_ref().and_then(Fault::of_gpu)
    }

    /// The same for an error of the graphics device.
    pub(crate) fn of_gpu(error: &GpuError) -> Option<Fault> {
        use GpuError::{Driver, Hang, Lost, Refused};
        matches!(error, Lost { .. } | Hang { .. } | Driver { .. } | Refused { .. }).then_some(Fault::Driver)
    }
}

/// Prints the block for an `error` whose fault is `fault`. `place` says where a panic happened.
pub(crate) fn tell(fault: Fault, error: &str, place: Option<&str>) {
    console::tell(format_args!("\n{}", block(fault, error, place, &adapters())));
}

fn block(fault: Fault, error: &str, place: Option<&str>, adapters: &str) -> String {
    let asks = match fault {
        Fault::Program => "this is a bug in strikeline or in a library; please report it at",
        Fault::Driver => "if the newest driver does the same, please report it at",
    };
    let mut lines = vec![
        format!("version: {}", version()),
        format!("system: {} {}", std::env::consts::OS, std::env::consts::ARCH),
        format!("adapters: {adapters}"),
        format!("command: {}", command_line(std::env::args_os())),
        format!("error: {error}"),
    ];
    lines.extend(place.map(|place| format!("where: {place}")));
    let lines: String = lines.iter().map(|line| format!("\n  {}", line.replace('\n', "\n    "))).collect();
    format!("{asks} {REPORTS}, with these lines:{lines}")
}

/// The version, and the commit if the build was told it.
pub(crate) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("STRIKELINE_COMMIT") {
        Some(commit) => format!("{version} (commit {commit})"),
        None => version.to_owned(),
    }
}

/// The names of all adapters with their drivers.
fn adapters() -> String {
    let (sender, receiver) = mpsc::channel();
    let asked = Builder::new().name("adapters".to_owned()).spawn(move || {
        let adapters = Gpu::adapters();
        let named = adapters.iter().enumerate().map(|(index, adapter)| format!("{index}: {adapter}"));
        // Nobody waits for it any more if it took long.
        let _ = sender.send(named.collect::<Vec<_>>().join("; "));
    });
    let told = asked.ok().and_then(|_| receiver.recv_timeout(PATIENCE).ok());
    match told.as_deref() {
        None => "they do not answer".to_owned(),
        Some("") => "none".to_owned(),
        Some(named) => named.to_owned(),
    }
}

/// The command line, as a shell would read it.
fn command_line(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> String {
    let is_plain = |sign: char| sign.is_alphanumeric() || "-_./=:,+@%".contains(sign);
    let quoted = |argument: &OsStr| {
        let text = argument.to_string_lossy();
        match !text.is_empty() && text.chars().all(is_plain) {
            true => text.into_owned(),
            false => format!("'{}'", text.replace('\'', r"'\''")),
        }
    };
    arguments.map(|argument| quoted(argument.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_given_to_a_shell_again() {
        let words = ["strikeline", "render", "my song.mid", "--title=it's", "", "-o", "a.mp4"];
        assert_eq!(
            command_line(words.iter()),
            r"strikeline render 'my song.mid' '--title=it'\''s' '' -o a.mp4"
        );
    }

    #[test]
    fn a_block_has_everything_and_says_where_it_goes() {
        let block = block(Fault::Program, "it broke\nat once", Some("the thread render"), "0: lavapipe");
        for part in [
            "/issues, with",
            "version: 0.",
            "adapters: 0: lavapipe",
            "error: it broke\n    at once",
            "where: the",
        ] {
            assert!(block.contains(part), "{part}: {block}");
        }
    }

    #[test]
    fn a_driver_that_fails_is_reported_and_a_full_disk_is_not() {
        let lost = || GpuError::Lost { reason: "unplugged".to_owned() };
        assert_eq!(Fault::of(&lost().into()), Some(Fault::Driver));
        assert_eq!(Fault::of(&StreamError::Gpu(lost()).into()), Some(Fault::Driver));
        assert_eq!(Fault::of(&GpuError::NoAdapter.into()), None);
        let panicked =
            StreamError::Panicked { stage: wgpu_video::stream::Stage::Sound, message: "odd".to_owned() };
        assert_eq!(Fault::of(&panicked.into()), Some(Fault::Program));
        assert_eq!(Fault::of(&anyhow::anyhow!("the disk is full")), None);
    }
}
