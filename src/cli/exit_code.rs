//! The exit codes of the program, and which errors have which.

use std::error::Error;

use strikeline::drum_maps::DrumMapError;
use strikeline::highway::HighwayError;
use strikeline::song::{PassageError, SongError, SongPointError};
use strikeline::text::TextError;
use strikeline::theme::ThemeError;
use strikeline_files::is_wrong_path;
use strikeline_sound::recording::{CannotCopy, RecordingError};
use strikeline_sound::soundfont::SoundFontError;
use wgpu_video::encode::EncodeError;
use wgpu_video::encode::ffmpeg::ProgramError;
use wgpu_video::gpu::GpuError;
use wgpu_video::mux::MuxError;
use wgpu_video::output::OutputError;
use wgpu_video::stream::{PictureSequenceError, StreamError};

use super::config::ConfigError;
use super::farm::{PartsMissing, PlanError};
use super::signals::Signal;
use super::tuning::TuningError;
use super::{AlreadyThere, UsageError, given};

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// It has done what it was told.
    Done,
    /// It failed: a file is damaged, the disk is full, a driver gave up.
    Failed,
    /// What it was told is wrong: the command line, the configuration, or a theme or a drum map.
    Wrong,
    /// Parts of a plan are still to be made.
    PartsMissing,
    /// An output exists, and it was not told to replace it.
    Exists,
    /// The program that reads a video has closed the pipe, as if by SIGPIPE.
    PipeClosed,
    /// A signal stopped it.
    Stopped(Signal),
}

/// SIGPIPE.
const PIPE: u8 = 13;

impl ExitCode {
    /// The number that the process ends with.
    pub(crate) fn number(self) -> u8 {
        match self {
            ExitCode::Done => 0,
            ExitCode::Failed => 1,
            ExitCode::Wrong => 2,
            ExitCode::PartsMissing => 3,
            ExitCode::Exists => 4,
            ExitCode::PipeClosed => 128 + PIPE,
            ExitCode::Stopped(signal) => signal.exit_code(),
        }
    }

    /// All of them with their meaning, for the help, the manual pages and docs/scripts.md.
    pub(crate) const TABLE: [(&'static str, &'static str); 6] = [
        ("0", "done"),
        ("1", "failed; the last lines on standard error say what failed, where, and what helps"),
        (
            "2",
            "the command line, the configuration, or a theme or drum map is wrong, or names something that does not exist or is \
             impossible; nothing was done",
        ),
        ("3", "join: parts of a plan are missing, not finished or damaged"),
        ("4", "an output exists, and neither --force nor --skip-existing is given; nothing was done"),
        (
            "128 plus the number of a signal",
            "stopped by that signal: 130 INT (Ctrl-C), 143 TERM, 129 HUP, 131 QUIT, 142 ALRM, 152 XCPU; 141 PIPE when the \
             program that reads a video has ended",
        ),
    ];

    /// The code for `error`. `interrupted` is the signal that cancelled a stream, if one did.
    pub(crate) fn of(error: &anyhow::Error, interrupted: Option<Signal>) -> ExitCode {
        if error.is::<PartsMissing>() {
            return ExitCode::PartsMissing;
        }
        if let Some(StreamError::Cancelled | StreamError::FinishEarly(_)) = error.downcast_ref() {
            return ExitCode::Stopped(interrupted.unwrap_or(Signal::INTERRUPT));
        }
        if error.chain().any(|cause| inner(cause).is_some_and(says_exists)) {
            return ExitCode::Exists;
        }
        if error.chain().any(|cause| inner(cause).is_some_and(says_wrong)) || refuses_options(error) {
            return ExitCode::Wrong;
        }
        ExitCode::Failed
    }
}

/// What `cause` is about: streams and sequences of pictures have errors of other things inside that are not in the chain.
fn inner<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    Some(match cause.downcast_ref() {
        Some(StreamError::Encoder(refusal)) => refusal,
        Some(StreamError::Gpu(error)) => error,
        Some(StreamError::Begin(error)) => &**error,
        Some(_) => return None,
        None => match cause.downcast_ref() {
            Some(PictureSequenceError::Output(error)) => error,
            _ => cause,
        },
    })
}

/// Whether an encoder failed before anything was drawn, and `--codec-option` is given: it takes no such option.
fn refuses_options(error: &anyhow::Error) -> bool {
    let is_refused = matches!(error.downcast_ref(), Some(StreamError::Encoder(EncodeError::Failed { .. })));
    is_refused && given::has("codec-option")
}

/// Whether an output exists that may not be replaced.
fn says_exists(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<AlreadyThere>()
        || matches!(cause.downcast_ref(), Some(OutputError::Exists { .. }))
        || matches!(cause.downcast_ref(), Some(PictureSequenceError::Exist { .. }))
}

/// Whether what the program was told is wrong: it names what does not exist, or is of another kind, or asks for the impossible.
fn says_wrong(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<UsageError>()
        || cause.is::<ConfigError>()
        || cause.is::<ThemeError>()
        || cause.is::<DrumMapError>()
        || cause.is::<HighwayError>()
        || cause.is::<TextError>()
        || cause.is::<PassageError>()
        || cause.is::<SongPointError>()
        || cause.is::<ProgramError>()
        || cause.is::<CannotCopy>()
        || matches!(
            cause.downcast_ref(),
            Some(TuningError::Invalid { .. } | TuningError::NotToml { .. } | TuningError::NotUtf8 { .. })
        )
        || matches!(cause.downcast_ref(), Some(EncodeError::Unsupported { .. }))
        || matches!(cause.downcast_ref(), Some(MuxError::Sound { .. }))
        || matches!(cause.downcast_ref(), Some(GpuError::NoSuchAdapter { .. }))
        || matches!(
            cause.downcast_ref(),
            Some(OutputError::Folder { .. } | OutputError::NoFolder { .. } | OutputError::Special { .. })
        )
        || cause.downcast_ref().is_some_and(song_is_wrong)
        || cause.downcast_ref().is_some_and(recording_is_wrong)
        || cause.downcast_ref().is_some_and(soundfont_is_wrong)
        || matches!(cause.downcast_ref(), Some(PictureSequenceError::Folder { error, .. }) if is_wrong_path(error))
        || matches!(cause.downcast_ref(), Some(PlanError::Unreadable { error, .. }) if is_wrong_path(error))
        || matches!(cause.downcast_ref(), Some(PlanError::Invalid { .. }))
        || matches!(cause.downcast_ref(), Some(MuxError::TooManyFrames { .. }))
        || matches!(cause.downcast_ref(), Some(OutputError::Create { error, .. }) if is_wrong_path(error))
}

fn song_is_wrong(error: &SongError) -> bool {
    match error {
        SongError::InFile { problem, .. } => song_is_wrong(problem),
        SongError::NotMidi { .. }
        | SongError::NoChart { .. }
        | SongError::NoSuchTrack { .. }
        | SongError::NoSuchDifficulty { .. } => true,
        SongError::Unreadable { reason } => is_wrong_path(reason),
        _ => false,
    }
}

fn recording_is_wrong(error: &RecordingError) -> bool {
    use RecordingError::{Codec, Empty, Encrypted, Format, NoSound, NoSuchTrack, NotAFile, Read, Shape};
    match error {
        Read { error, .. } => is_wrong_path(error),
        NotAFile { .. } | Empty { .. } | Format { .. } | NoSound { .. } | NoSuchTrack { .. } => true,
        Encrypted { .. } | Codec { .. } | Shape { .. } => true,
        _ => false,
    }
}

fn soundfont_is_wrong(error: &SoundFontError) -> bool {
    use SoundFontError::{Compressed, Empty, InFile, NoneInstalled, NotSoundFont, TooLarge, Unreadable};
    match error {
        InFile { problem, .. } => soundfont_is_wrong(problem),
        Unreadable { reason } => is_wrong_path(reason),
        NotSoundFont { .. } | Compressed | TooLarge { .. } | Empty { .. } | NoneInstalled { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn code(error: impl Into<anyhow::Error>) -> u8 {
        ExitCode::of(&error.into(), None).number()
    }

    #[test]
    fn an_error_has_the_same_code_however_deep_it_lies() {
        let exists = || OutputError::Exists { path: "video.mp4".into() };
        assert_eq!(code(exists()), 4);
        assert_eq!(code(anyhow::Error::new(exists()).context("at the end")), 4);
        assert_eq!(code(StreamError::Begin(exists().into())), 4);
        assert_eq!(code(PictureSequenceError::Output(exists())), 4);
        assert_eq!(code(PictureSequenceError::Exist { first: "1.png".into(), more: 2 }), 4);
        let missing = || SongError::Unreadable { reason: io::ErrorKind::NotFound.into() };
        assert_eq!(code(SongError::InFile { path: "song.mid".into(), problem: Box::new(missing()) }), 2);
        assert_eq!(code(SongError::Unreadable { reason: io::ErrorKind::PermissionDenied.into() }), 2);
        assert_eq!(code(SongError::Unreadable { reason: io::ErrorKind::UnexpectedEof.into() }), 1);
        let adapter = || GpuError::NoSuchAdapter { wanted: "x".to_owned(), available: String::new() };
        assert_eq!(code(StreamError::Gpu(adapter())), 2);
        assert_eq!(code(GpuError::NoAdapter), 1);
        assert_eq!(code(UsageError("no".to_owned())), 2);
        assert_eq!(code(StreamError::Cancelled), 130);
        assert_eq!(code(anyhow::anyhow!("anything else")), 1);
    }
}
