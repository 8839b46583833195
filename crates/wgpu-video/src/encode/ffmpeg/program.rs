//! The program ffmpeg: where it is, its version, and what it can encode.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use strikeline_picture::shown;

use super::codecs::FfmpegCodec;
use super::process::Process;

/// How long it may say nothing when it is asked for its version or its encoders.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of an answer.
const MOST_ANSWER: u64 = 4 << 20;

/// Why ffmpeg cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It could not be started. Install it, or say where it is.
    #[error(
        "the program {} could not be started ({reason}): install ffmpeg, or say where it is",
        shown(program)
    )]
    NotStarted {
        /// What was to be started.
        program: OsString,
        /// What the system said.
        reason: String,
    },
    /// It does not answer like ffmpeg.
    #[error("the program {} is no ffmpeg: it does not tell its version or its encoders", shown(program))]
    NotFfmpeg {
        /// What was started.
        program: OsString,
    },
    /// This ffmpeg was built without the encoder.
    #[error(
        "{version} has no encoder {encoder}, which {name} needs: install an ffmpeg that has it, or choose another codec"
    )]
    NoEncoder {
        /// The codec that was asked for.
        name: &'static str,
        /// The encoder in ffmpeg.
        encoder: &'static str,
        /// Which ffmpeg it is.
        version: String,
    },
}

/// An ffmpeg that can be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FfmpegProgram {
    program: OsString,
    version: String,
    encoders: Arc<BTreeSet<String>>,
}

impl FfmpegProgram {
    /// Starts `program`, a path or a name that is looked up as the system does, and asks for its version and its encoders.
    ///
    /// # Errors
    /// When it cannot be started, or is not ffmpeg.
    pub fn find(program: &OsStr) -> Result<FfmpegProgram, ProgramError> {
        FfmpegProgram::find_within(program, PATIENCE)
    }

    /// The same with another time that it may say nothing; half a minute unless set.
    ///
    /// # Errors
    /// As [`FfmpegProgram::find`].
    pub fn find_within(program: &OsStr, patience: Duration) -> Result<FfmpegProgram, ProgramError> {
        let no_ffmpeg = || ProgramError::NotFfmpeg { program: program.to_owned() };
        let answer = |argument: &str| {
            let mut command = Command::new(program);
            command.args(["-hide_banner", argument]);
            let started = Process::start(command, patience, MOST_ANSWER);
            let mut process = started.map_err(|error| ProgramError::NotStarted {
                program: program.to_owned(),
                reason: match error.kind() {
                    io::ErrorKind::NotFound => "there is no such program".to_owned(),
                    io::ErrorKind::PermissionDenied => "you are not allowed to run it".to_owned(),
                    _ => error.to_string(),
                },
            })?;
            let told = process.end().map_err(|_| no_ffmpeg())?;
            Ok(String::from_utf8_lossy(&told).into_owned())
        };
        let version = answer("-version")?;
        let version = version.lines().next().filter(|line| line.starts_with("ffmpeg version "));
        // Up to the copyright.
        let version = version.and_then(|line| line.split(" Copyright").next()).ok_or_else(no_ffmpeg)?;
        let encoders: BTreeSet<String> = answer("-encoders")?.lines().filter_map(encoder).collect();
        if encoders.is_empty() {
            return Err(no_ffmpeg());
        }
        let version = version.to_owned();
        Ok(FfmpegProgram { program: program.to_owned(), version, encoders: Arc::new(encoders) })
    }

    /// What was started.
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// The version, such as `ffmpeg version 5.1.9`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it has the encoder of `codec`. A device that this needs may be missing nevertheless.
    pub fn has(&self, codec: &FfmpegCodec) -> bool {
        self.encoders.contains(codec.encoder)
    }

    /// Whether it has the encoder of `codec`, as an error.
    ///
    /// # Errors
    /// [`ProgramError::NoEncoder`] if not.
    pub fn check(&self, codec: &FfmpegCodec) -> Result<(), ProgramError> {
        match self.has(codec) {
            true => Ok(()),
            false => Err(ProgramError::NoEncoder {
                name: codec.name,
                encoder: codec.encoder,
                version: self.version.clone(),
            }),
        }
    }
}

/// The name in a line of `ffmpeg -encoders` about an encoder of pictures: ` V....D libx264   libx264 H.264 …`.
fn encoder(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let kind = words.next().filter(|kind| kind.len() == 6 && kind.starts_with('V'))?;
    let name = words.next().filter(|name| *name != "=")?;
    (!kind.contains('=')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_encoders_of_pictures_are_told_from_others() {
        for (line, name) in [
            (" V....D libx264              libx264 H.264 / AVC / MPEG-4 AVC (codec h264)", Some("libx264")),
            (" VFS..D ffv1                 FFmpeg video codec #1", Some("ffv1")),
            (" A....D aac                  AAC (Advanced Audio Coding)", None),
            (" V..... = Video", None),
            ("Encoders:", None),
            (" ------", None),
            ("", None),
        ] {
            assert_eq!(encoder(line).as_deref(), name, "{line}");
        }
    }

    #[test]
    fn what_is_not_there_or_not_ffmpeg_is_told() {
        let missing = FfmpegProgram::find("/nonexistent/ffmpeg".as_ref()).unwrap_err();
        assert!(missing.to_string().contains("/nonexistent/ffmpeg"), "{missing}");
        #[cfg(unix)]
        assert!(matches!(FfmpegProgram::find("true".as_ref()), Err(ProgramError::NotFfmpeg { .. })));
    }
}
