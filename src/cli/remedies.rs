//! The options that help against errors of the libraries, whose texts name no option.

use std::error::Error;

use super::args::NotesLost;
use super::config::ConfigError;
use strikeline::song::{NoNotes, SongError, TrackSelection};
use strikeline::theme::ThemeError;
use strikeline_sound::align::AlignError;
use strikeline_sound::recording::{CannotCopy, RecordingError};
use wgpu_video::encode::EncodeError;
use wgpu_video::encode::ffmpeg::ProgramError;
use wgpu_video::gpu::GpuError;
use wgpu_video::mux::MuxError;
use wgpu_video::output::OutputError;
use wgpu_video::scene::SceneError;
use wgpu_video::sound::SoundError;
use wgpu_video::stream::StageError;
use wgpu_video::stream::{PictureSequenceError, StreamError};

/// A sentence without a full stop that names the options that help against `error`; `None` when no option helps.
pub(super) fn of(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(of_cause)
}

/// Options that help against an error of the graphics device.
pub(super) fn of_gpu(error: &GpuError) -> Option<&'static str> {
    match error {
        GpuError::NoSuchAdapter { .. } => Some("--adapter takes one of these numbers, or a part of a name"),
        GpuError::Open { .. } | GpuError::Lost { .. } | GpuError::Hang { .. } | GpuError::Driver { .. } => {
            Some("--adapter chooses another graphics adapter")
        }
        GpuError::Limit { .. } => {
            Some("--size makes the pictures smaller, and --adapter chooses another graphics adapter")
        }
        GpuError::OutOfMemory { .. } => {
            Some("--size makes the pictures smaller, and --ring takes fewer staging buffers")
        }
        _ => None,
    }
}

fn of_cause(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref() {
        return of_stream(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_song(error);
    }
    if error.is::<ConfigError>() {
        return Some("--no-config does without the configuration file");
    }
    if error.is::<NotesLost>() {
        return Some(
            "without --strict what can be read is used; a copy of the file without damage has all notes",
        );
    }
    if let Some(ThemeError::FilesOutside { .. }) = error.downcast_ref() {
        return Some("--theme-files anywhere lets a theme that you trust name any file");
    }
    if let Some(OutputError::Exists { .. }) = error.downcast_ref() {
        return Some("--force replaces the file");
    }
    match error.downcast_ref() {
        Some(PictureSequenceError::Exist { .. }) => {
            return Some(
                "--force replaces them, but not what an interrupted run of the same command has finished",
            );
        }
        Some(PictureSequenceError::Changed { .. }) => {
            return Some("--force makes them again, and keeps the others");
        }
        Some(PictureSequenceError::Output(error)) => return of_cause(error),
        _ => {}
    }
    if let Some(error) = error.downcast_ref() {
        return of_gpu(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_scene(error);
    }
    if let Some(EncodeError::Unsupported { .. }) = error.downcast_ref() {
        return Some("--size and --fps set what is encoded, and --codec chooses another encoder");
    }
    match error.downcast_ref() {
        Some(ProgramError::NoEncoder { .. }) => {
            return Some(
                "--codec chooses another codec; `strikeline doctor` lists those that ffmpeg has here",
            );
        }
        Some(_) => {
            return Some(
                "the program is named by --ffmpeg, by ffmpeg in the configuration file, or by the environment variable \
                 STRIKELINE_FFMPEG",
            );
        }
        None => {}
    }
    if let Some(remedy) = of_sound(error) {
        return Some(remedy);
    }
    if let Some(MuxError::Sound { .. }) = error.downcast_ref() {
        return Some(
            "--no-sound leaves it out, --audio-codec chooses another codec, and an output that ends in .mkv or .mp4 can have more of them",
        );
    }
    if let Some(MuxError::TooManyFrames { .. }) = error.downcast_ref() {
        return Some("--start and --duration render a part");
    }
    None
}

fn of_song(error: &SongError) -> Option<&'static str> {
    match error {
        SongError::InFile { problem, .. } => of_song(problem),
        SongError::NoSuchTrack { .. } => Some("--track takes one of these numbers, or all"),
        SongError::NoNotes(why) => of_no_notes(why),
        SongError::NotMidi { looks_like: Some("a text file") } => {
            Some("@list.txt takes songs from a list of their names")
        }
        SongError::NoSuchDifficulty { .. } => Some("--difficulty takes one of these"),
        _ => None,
    }
}

/// The options that help where a song has no drums.
pub(super) fn of_no_notes(why: &NoNotes) -> Option<&'static str> {
    match why {
        NoNotes { elsewhere, .. } if elsewhere.is_empty() => None,
        NoNotes { tracks: TrackSelection::All, .. } => {
            Some("--channel NUMBER shows the notes of that channel, --channel all those of all channels")
        }
        NoNotes { .. } => Some("--channel and --track choose other channels and tracks"),
    }
}

fn of_sound(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(RecordingError::Damaged { .. }) = error.downcast_ref() {
        return Some("--audio-damage keep plays what can be read");
    }
    match error.downcast_ref() {
        Some(AlignError::Source(source)) => return of_cause(&**source),
        Some(AlignError::Tempo { .. }) => return Some("--speed changes the tempo of the song"),
        Some(_) => return Some("--audio-offset takes the seconds of the song at which the recording begins"),
        None => {}
    }
    if error.is::<CannotCopy>() {
        return Some("another --audio-codec encodes the recording anew");
    }
    if error.is::<SoundError>() {
        return Some("--audio-codec and --audio-bitrate choose how the sound is encoded");
    }
    None
}

fn of_stream(error: &StreamError) -> Option<&'static str> {
    match error {
        StreamError::Gpu(error) => of_gpu(error),
        StreamError::Scene(error) => of_scene(error),
        StreamError::Render { source, .. } | StreamError::Readback { source, .. } => match source {
            StageError::Scene(error) => of_scene(error),
            StageError::TooFewChanges(_) => Some("--redraw all draws all of every frame"),
            _ => None,
        },
        StreamError::Encoder(error) | StreamError::Encode { source: error, .. } => of_cause(error),
        StreamError::Begin(error) | StreamError::Finish(error) | StreamError::FinishEarly(error) => {
            of_cause(&**error)
        }
        StreamError::Write { source, .. }
        | StreamError::Keep { source, .. }
        | StreamError::Sound { source, .. } => of_cause(&**source),
        StreamError::ConfigDiffers { .. } => Some("--codec chooses another encoder"),
        StreamError::Thread { .. } => Some("--jobs sets the number of encoding threads"),
        _ => None,
    }
}

fn of_scene(error: &SceneError) -> Option<&'static str> {
    match error {
        SceneError::Gpu(error) => of_gpu(error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strikeline::song::{Channel, DrumSelection, Song, SongOptions, TrackIndex};

    fn no_notes(tracks: &str) -> SongError {
        SongError::NoNotes(Box::new(NoNotes {
            drums: DrumSelection::Declared,
            tracks: tracks.parse().unwrap_or_default(),
            elsewhere: vec![(TrackIndex::from_index(0), Channel::from_index(2), 5)],
            likely: None,
            damage: None,
        }))
    }

    #[test]
    fn options_are_named_however_deep_the_error_lies() {
        let exists = || OutputError::Exists { path: "video.mp4".into() };
        let lost = || GpuError::Lost { reason: "unplugged".to_owned() };
        let frame = strikeline_picture::FrameIndex(3);
        let unsupported =
            EncodeError::Unsupported { encoder: "h264", what: "this".to_owned(), remedy: "less".to_owned() };
        for (error, option) in [
            (anyhow::Error::new(exists()), "--force"),
            (anyhow::Error::new(exists()).context("at the end"), "--force"),
            (StreamError::Finish(exists().into()).into(), "--force"),
            (lost().into(), "--adapter"),
            (StreamError::Gpu(lost()).into(), "--adapter"),
            (StreamError::Scene(lost().into()).into(), "--adapter"),
            (StreamError::Readback { frame, source: lost().into() }.into(), "--adapter"),
            (
                StreamError::Render { frame, source: StageError::TooFewChanges(String::new()) }.into(),
                "--redraw",
            ),
            (GpuError::OutOfMemory { reason: String::new() }.into(), "--ring"),
            (StreamError::Thread { reason: String::new() }.into(), "--jobs"),
            (no_notes("all").into(), "--channel"),
            (no_notes("2").into(), "--track"),
            (
                SongError::InFile { path: "song.mid".into(), problem: Box::new(no_notes("all")) }.into(),
                "--channel",
            ),
            (StreamError::Encoder(unsupported).into(), "--size"),
            (StreamError::Begin(MuxError::TooManyFrames { frames: 9, limit: 8 }.into()).into(), "--duration"),
        ] {
            let remedy = of(&error).unwrap_or_else(|| unreachable!("no remedy for {error}"));
            assert!(remedy.contains(option), "{error}: {remedy}");
        }
        let without_notes =
            Song::read(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xFF\x2F\0", &SongOptions::default());
        for error in [
            StreamError::Cancelled.into(),
            without_notes.map(drop).unwrap_err().into(),
            anyhow::anyhow!("anything else"),
        ] {
            assert_eq!(of(&error), None, "{error}");
        }
    }
}
