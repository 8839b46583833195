//! Renders to pictures that are files of their own, one for each frame.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use strikeline_picture::shown;
use wgpu_video::journal::{JournalError, JournalPlace, SegmentKey, is_in_use, remove_unused};
use wgpu_video::output::{NumberedNames, Overwrite};
use wgpu_video::stream::{PictureSequence, Report, SegmentStore, StreamError};

use super::RenderArgs;
use super::plan::is_folder;
use super::resume::what_differs;
use super::songs::Songs;
use crate::cli::files::CommandFiles;
use crate::cli::job::RenderJob;
use crate::cli::journal_about::AboutJournal;
use crate::cli::journals::{journal_path, journals_of};
use crate::cli::messages::Messages;
use crate::cli::video_format::VideoFormat;
use crate::cli::words::count;
use crate::cli::{UsageError, hang};

/// Refuses what cannot be with pictures. `usual` is the format in which the codec is written if no ending says another.
///
/// # Errors
/// When several songs are to be pictures, or their names are not given.
pub(super) fn check_output(args: &RenderArgs, songs: &Songs, usual: VideoFormat) -> Result<(), UsageError> {
    let output = args.output.as_deref().filter(|output| !output.as_os_str().is_empty());
    let codec = args.video.stream.codec();
    let named = output.filter(|output| !is_folder(output));
    let named = named.and_then(|output| VideoFormat::of_ending(output, codec));
    let format = named.unwrap_or(usual);
    if !format.is_sequence() {
        return Ok(());
    }
    if args.batch.skip_existing {
        let text = "--skip-existing is for videos: an interrupted render to pictures makes only those that are missing anyway";
        return Err(UsageError(text.to_owned()));
    }
    let example = Path::new("song").join("%06d").with_extension(format.ending());
    if songs.are_many {
        return Err(UsageError(format!(
            "pictures are made of one song at a time, each in a folder of its own: render the songs one by one, such as with \
             --output {}",
            shown(&example)
        )));
    }
    match output {
        None => Err(UsageError(format!(
            "{} is a file for each frame: name them with --output, such as --output {}",
            format.with_article(),
            shown(&example)
        ))),
        Some(folder) if is_folder(folder) => {
            let example = folder.join("%06d").with_extension(format.ending());
            Err(UsageError(format!(
                "--output {}: each picture is a file of its own, so their names need a number: give names such as {}",
                shown(folder),
                shown(&example)
            )))
        }
        Some(_) => Ok(()),
    }
}

/// The names of the pictures.
fn names(args: &RenderArgs, output: &Path) -> Result<NumberedNames, UsageError> {
    let names = NumberedNames::parse(output, args.start_number.unwrap_or(1));
    names.map_err(|error| UsageError(format!("--output {}: {error}", shown(output))))
}

/// Adds the files that are replaced.
///
/// # Errors
/// When `output` is no pattern of names.
pub(super) fn add_files(
    args: &RenderArgs,
    output: &Path,
    files: &mut CommandFiles,
) -> Result<(), UsageError> {
    let names = names(args, output)?;
    let entries = fs::read_dir(names.folder()).into_iter().flatten().flatten();
    let taken = entries.filter_map(|entry| names.index(&entry.file_name()));
    taken.for_each(|index| files.write_one_of_many("--output", &names.path(index)));
    Ok(())
}

/// Opens the sequence of the pictures of `job`, called `output`. It becomes the store of the job, unless it is not to be resumed.
///
/// # Errors
/// When pictures exist that may not be replaced, another program makes pictures of these names, or the folder cannot be used.
pub(super) fn open(
    args: &RenderArgs,
    (song, output): (&Path, &Path),
    job: &mut RenderJob<'_>,
    overwrite: Overwrite,
    messages: &mut Messages,
) -> anyhow::Result<Arc<PictureSequence>> {
    let names = names(args, output)?;
    // So that each picture counts that is finished when the render is interrupted.
    job.options.segment_frames = Some(NonZeroU32::MIN);
    let place = match args.resume.no_resume {
        true => None,
        false => Some(place(&names, job)?),
    };
    let own = place.as_ref().map(|place| place.path.as_path());
    let about = AboutJournal::of(job, &args.video, (song, output));
    deal_with_others(&names, (own, &about), overwrite, messages)?;
    let record = place.map(|place| (place, about.text()));
    let is_resumable = record.is_some();
    let video = (job.options.plan(), job.options.encoder.codec());
    let sequence = Arc::new(PictureSequence::open(names, video, overwrite, record)?);
    if sequence.kept() > 0 {
        let (kept, of) = (sequence.kept(), job.frames);
        let of = count(of, "picture");
        messages.note(format_args!("continues an interrupted run: {kept} of {of} are done"));
    }
    if sequence.beyond() > 0 {
        messages.warn(format_args!(
            "there {} in the folder with such names and higher numbers: programs that read the sequence may take them for part of it",
            match sequence.beyond() {
                1 => "is 1 more file".to_owned(),
                more => format!("are {more} more files"),
            }
        ));
    }
    if is_resumable {
        hang::keep_pictures_at_end(&sequence);
        job.options.store = Some(Arc::clone(&sequence) as Arc<_>);
    }
    Ok(sequence)
}

/// The place of the record of the pictures of `job`.
fn place(names: &NumberedNames, job: &RenderJob<'_>) -> anyhow::Result<JournalPlace> {
    let segments = job.identity().key()?;
    let key = SegmentKey::of([("segments", &segments.0[..]), ("first", &names.first().to_le_bytes())]);
    Ok(JournalPlace { path: journal_path(names.pattern(), &key), key })
}

/// Deals with the records of unfinished pictures of the same names that have other settings, which are not at `own`: removes them
/// if the pictures may be replaced, or tells of them.
///
/// # Errors
/// When a program that is running writes pictures of these names.
fn deal_with_others(
    names: &NumberedNames,
    (own, about): (Option<&Path>, &AboutJournal),
    overwrite: Overwrite,
    messages: &mut Messages,
) -> Result<(), JournalError> {
    for other in journals_of(names.pattern()).into_iter().filter(|other| Some(other.path.as_path()) != own) {
        if is_in_use(&other.path) {
            return Err(JournalError::InUse { path: other.path });
        }
        match overwrite {
            Overwrite::Replace => remove_unused(&other.path)?,
            Overwrite::Refuse => messages.warn(format_args!(
                "there is a record of unfinished pictures of these names, {}, which is not used because of what differs: {}; the \
                 command that began it would continue it, and `strikeline clean --remove` removes it",
                shown(&other.path),
                what_differs(about, &other.path)
            )),
        }
    }
    Ok(())
}

/// Says what happens after the first signal.
pub(super) fn tell_stopping(sequence: &PictureSequence, messages: &Messages) {
    if sequence.lasts() {
        messages.note("finishing the pictures that have been begun; Ctrl-C again ends at once");
    }
}

/// For pictures that are not all complete, says how to make the others.
pub(super) fn end(sequence: &PictureSequence, result: &Result<Report, StreamError>, messages: &Messages) {
    let complete = sequence.complete();
    if matches!(result, Ok(_) | Err(StreamError::Finish(_))) || complete == 0 {
        return;
    }
    let folder = shown(sequence.names().folder());
    let finished = match complete {
        1 => "1 finished picture is".to_owned(),
        complete => format!("{complete} finished pictures are"),
    };
    if sequence.lasts() {
        messages.left(format_args!("{finished} kept in {folder}: run the same command to continue"));
    } else {
        messages.left(format_args!("{finished} in {folder}"));
    }
}
