//! The sink and the store of pictures that are files of their own, one for each frame.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use strikeline_picture::{FrameIndex, SegmentIndex, SegmentPlan, shown};

use super::sink::{FinishedSegment, Sink, SinkError, StreamInfo};
use super::store::SegmentStore;
use crate::encode::Codec;
use crate::journal::{Elsewhere, JournalError, JournalPlace, SegmentFile, remove_unused};
use crate::output::{NumberedNames, OutputError, OutputFolder, Overwrite, describe, leftovers};

/// The shortest time between two flushes of the record to the disk.
const SYNC_INTERVAL: Duration = Duration::from_secs(5);

/// Why there is no sequence of pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureSequenceError {
    /// Pictures exist under these names that do not belong to an interrupted run of the same sequence. Choose other names, or use
    /// [`Overwrite::Replace`].
    #[error("{} exist already: choose another folder, or allow them to be replaced", those(first, *more))]
    Exist {
        /// The first of them.
        first: PathBuf,
        /// How many there are besides.
        more: usize,
    },
    /// Pictures of an interrupted run of the same sequence have been changed since. Remove them, so that they are made again, or use
    /// [`Overwrite::Replace`].
    #[error(
        "{} are not as the interrupted run has written them: remove them, or allow them to be replaced, and they are made \
         again",
        those(first, *more)
    )]
    Changed {
        /// The first of them.
        first: PathBuf,
        /// How many there are besides.
        more: usize,
    },
    /// The name of a picture is that of a folder, a link, a pipe or a device. Remove it, or choose another folder.
    #[error(
        "{} is a folder, a link, a pipe or a device, not an ordinary file: remove it, or choose another folder",
        shown(path)
    )]
    NoFile {
        /// The name.
        path: PathBuf,
    },
    /// The folder cannot be read. The text names the remedy.
    #[error("cannot read the folder {}: {}", shown(folder), describe(error))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A picture cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The record of finished pictures cannot be used.
    #[error(transparent)]
    Record(#[from] JournalError),
}

fn those(first: &Path, more: usize) -> String {
    match more {
        0 => format!("pictures such as {}", shown(first)),
        more => format!("{} and {more} more of the pictures", shown(first)),
    }
}

/// Writes each access unit to a file of its own, which appears when it is complete, and finds those that an interrupted run has
/// written.
///
/// It is both the sink of a stream and its store ([`StreamOptions::store`](super::StreamOptions::store)). As the store it writes
/// pictures as soon as they are finished, in any order, and pictures that are complete are not made again. As the sink alone it
/// writes them in order. With segments of one frame ([`StreamOptions::segment_frames`](super::StreamOptions::segment_frames)),
/// every picture that was finished counts; with longer ones, the last few may be made again.
///
/// What belongs together is noted in a hidden file beside the pictures, the record: a segment file
/// ([`journal`](crate::journal)) with the hash of every picture, which is noted before the picture appears. A picture counts as
/// complete if it has that hash. When all are complete, they are flushed to the disk and the record is removed. A stream that
/// fails leaves the record and the finished pictures.
///
/// Of programs that write pictures to one folder at the same time, all but the first fail, except on Windows.
///
/// The folder is made if it is missing, but not those above it; and removed if no picture came into it.
#[derive(Debug)]
pub struct PictureSequence {
    names: NumberedNames,
    plan: SegmentPlan,
    codec: Codec,
    overwrite: Overwrite,
    /// Where the record is, and a text for people about it.
    place: Option<(JournalPlace, String)>,
    /// Pictures that an earlier run has written.
    kept: BTreeMap<SegmentIndex, Elsewhere>,
    /// Files that fit the names and have higher numbers.
    beyond: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` before the stream has begun.
    folder: Option<OutputFolder>,
    /// Keeps other programs from writing pictures to the folder.
    lock: Option<fs::File>,
    record: Option<SegmentFile>,
    synced: Option<Instant>,
    /// Segments whose files are complete.
    complete: BTreeSet<SegmentIndex>,
    bytes: u64,
    /// Whether the folder did not exist before.
    is_new_folder: bool,
}

impl PictureSequence {
    /// The sequence of the frames of `plan`, coded in `codec`, under `names`. Nothing is written before the stream begins. With
    /// `record`, an interrupted run with the same key is continued, and this one can be.
    ///
    /// # Errors
    /// [`PictureSequenceError::Exist`]; when the folder or the record cannot be used.
    pub fn open(
        names: NumberedNames,
        (plan, codec): (SegmentPlan, Codec),
        overwrite: Overwrite,
        record: Option<(JournalPlace, String)>,
    ) -> Result<PictureSequence, PictureSequenceError> {
        // First, because it keeps other runs of the same command out.
        let file = match &record {
            Some((place, _)) => open_record(place, codec)?,
            None => None,
        };
        let found = Found::look(&names, plan.frames())?;
        let noted = file.as_ref().map(SegmentFile::elsewhere).unwrap_or_default();
        let finished: BTreeSet<SegmentIndex> = noted.keys().copied().collect();
        let kept: BTreeMap<_, _> = noted
            .into_par_iter()
            .filter(|(segment, noted)| {
                let frames = plan.frames_of(*segment);
                let has = |frame| found.files.contains(&frame);
                let has_files = segment.0 < plan.segments() && frames.clone().all(has);
                has_files
                    && read(&names, frames).is_ok_and(|data| noted.segment(*segment, codec, &data).is_some())
            })
            .collect();
        let of_kept = |frame: &u64| {
            let segment = plan.segment_of(FrameIndex(*frame));
            kept.contains_key(&segment)
        };
        let others: Vec<u64> = found.files.iter().filter(|frame| !of_kept(frame)).copied().collect();
        let is_changed = |frame: &u64| finished.contains(&plan.segment_of(FrameIndex(*frame)));
        if let (Overwrite::Refuse, Some((first, more))) = (overwrite, others.split_first()) {
            let (first, more) = (names.path(*first), more.len());
            return Err(match others.iter().all(is_changed) {
                true => PictureSequenceError::Changed { first, more },
                false => PictureSequenceError::Exist { first, more },
            });
        }
        let complete = kept.keys().copied().collect();
        let state = Mutex::new(State { record: file, complete, ..State::default() });
        let beyond = found.beyond;
        Ok(PictureSequence { names, plan, codec, overwrite, place: record, kept, beyond, state })
    }

    /// The names of the pictures.
    pub fn names(&self) -> &NumberedNames {
        &self.names
    }

    /// How many pictures an earlier run has written.
    pub fn kept(&self) -> u64 {
        self.frames(self.kept.keys())
    }

    /// How many pictures are complete.
    pub fn complete(&self) -> u64 {
        self.frames(self.lock().complete.iter())
    }

    /// How many files in the folder fit the names and have higher numbers than these pictures.
    pub fn beyond(&self) -> usize {
        self.beyond
    }

    fn frames<'s>(&self, segments: impl Iterator<Item = &'s SegmentIndex>) -> u64 {
        let frames = |segment: &SegmentIndex| self.plan.frames_of(*segment);
        segments.map(frames).map(|frames| frames.end - frames.start).sum()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the folder and the record, if they are missing.
    fn begin(&self) -> Result<(), PictureSequenceError> {
        let folder = self.names.folder();
        let state = &mut *self.lock();
        match fs::create_dir(folder) {
            Ok(()) => state.is_new_folder = true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(OutputError::Create { path: folder.to_owned(), error }.into()),
        }
        state.folder = Some(OutputFolder::open(folder, self.overwrite)?);
        // Not all systems open or lock folders.
        #[cfg(unix)]
        if let Ok(open) = fs::File::open(folder) {
            if matches!(open.try_lock(), Err(fs::TryLockError::WouldBlock)) {
                return Err(JournalError::InUse { path: folder.to_owned() }.into());
            }
            state.lock = Some(open);
        }
        if let (None, Some((place, about))) = (&state.record, &self.place) {
            let record = SegmentFile::create(&place.path, place.key, self.codec, about)?;
            record.sync()?;
            crate::output::sync_folder(folder);
            state.record = Some(record);
        }
        Ok(())
    }

    /// Writes the files of `segment`, unless they are complete.
    fn write(&self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let state = &mut *self.lock();
        let folder = state.folder.as_ref().ok_or("the stream has not begun")?;
        if state.complete.contains(&segment.segment) {
            return Ok(());
        }
        if let Some(record) = &state.record {
            record.add_elsewhere(segment)?;
        }
        let mut data = &segment.data[..];
        for (frame, unit) in self.plan.frames_of(segment.segment).zip(&segment.units) {
            let (file, behind) = data.split_at_checked(unit.bytes).ok_or("a picture is cut short")?;
            folder.write(self.names.name(frame).as_ref(), file)?;
            data = behind;
        }
        state.complete.insert(segment.segment);
        if let Some(record) = &state.record
            && state.synced.get_or_insert_with(Instant::now).elapsed() >= SYNC_INTERVAL
        {
            record.sync()?;
            state.synced = Some(Instant::now());
        }
        Ok(())
    }

    /// Flushes the pictures to the disk, and removes the record.
    fn finish(&self) -> Result<u64, PictureSequenceError> {
        let state = &mut *self.lock();
        if let Some(folder) = &state.folder {
            folder.sync()?;
        }
        if let Some(record) = state.record.take() {
            record.remove()?;
        }
        let pattern = self.names.pattern();
        let name = pattern.file_name().unwrap_or_default();
        if let Some(kept) = state.folder.as_ref().and_then(|folder| folder.moved(name)) {
            let error = io::Error::other("its folder was moved while it was written");
            return Err(OutputError::Kept { path: pattern.to_owned(), kept, error }.into());
        }
        Ok(state.bytes)
    }
}

/// Opens the record of an interrupted run, if there is one.
fn open_record(place: &JournalPlace, codec: Codec) -> Result<Option<SegmentFile>, PictureSequenceError> {
    if place.path.symlink_metadata().is_err() {
        return Ok(None);
    }
    match SegmentFile::open(&place.path, place.key, codec) {
        Ok(file) => Ok(Some(file)),
        // There was a power failure when it was begun.
        Err(JournalError::Foreign { .. }) if remove_unused(&place.path).is_ok() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The content of the files of `frames`, one after the other.
fn read(names: &NumberedNames, frames: std::ops::Range<u64>) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    for frame in frames {
        io::Read::read_to_end(&mut fs::File::open(names.path(frame))?, &mut data)?;
    }
    Ok(data)
}

/// What is in the folder before the stream begins.
struct Found {
    /// The frames whose names are taken.
    files: BTreeSet<u64>,
    /// Files that fit the names and have higher numbers.
    beyond: usize,
}

impl Found {
    /// Looks into the folder of `names`, and removes what a program that was killed has left there.
    fn look(names: &NumberedNames, frames: u64) -> Result<Found, PictureSequenceError> {
        let mut found = Found { files: BTreeSet::new(), beyond: 0 };
        let folder = names.folder();
        let failed = |error| PictureSequenceError::Folder { folder: folder.to_owned(), error };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let above = crate::output::folder_of(folder);
                let (path, missing) = (names.pattern().to_owned(), above.to_owned());
                return match above.is_dir() {
                    true => Ok(found),
                    false => Err(OutputError::NoFolder { path, folder: missing }.into()),
                };
            }
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            match names.index(&entry.file_name()) {
                Some(frame) if frame < frames => {
                    if !entry.file_type().map_err(failed)?.is_file() {
                        return Err(PictureSequenceError::NoFile { path: names.path(frame) });
                    }
                    found.files.insert(frame);
                }
                Some(_) => found.beyond += 1,
                None => {}
            }
        }
        let is_of_these = |name: &std::ffi::OsString| names.index(name).is_some();
        for leftover in leftovers(folder).map_err(failed)? {
            if leftover.destination().as_ref().is_some_and(is_of_these) {
                // If it cannot be removed, it does no harm.
                let _ = leftover.remove();
            }
        }
        Ok(found)
    }
}

impl Drop for PictureSequence {
    fn drop(&mut self) {
        let State { record, complete, is_new_folder, .. } =
            self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if complete.is_empty() {
            // As far as possible, nothing remains of a stream that made nothing.
            let _ = record.as_ref().map(SegmentFile::remove);
            if *is_new_folder {
                let _ = fs::remove_dir(self.names.folder());
            }
        }
    }
}

impl SegmentStore for PictureSequence {
    fn has(&self, segment: SegmentIndex) -> bool {
        self.kept.contains_key(&segment)
    }

    fn read(&self, segment: SegmentIndex) -> Result<FinishedSegment, SinkError> {
        let noted = self.kept.get(&segment).ok_or("its pictures are not there")?;
        let data = read(&self.names, self.plan.frames_of(segment))?;
        let read = noted.segment(segment, self.codec, &data);
        read.ok_or_else(|| "its pictures have been changed: run the same command again".into())
    }

    fn keep(&self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.write(segment)
    }

    fn lasts(&self) -> bool {
        self.lock().record.is_some()
    }
}

impl Sink for Arc<PictureSequence> {
    fn begin(&mut self, info: &StreamInfo) -> Result<(), SinkError> {
        if info.sound.is_some() {
            return Err("pictures have no place for sound: stream without sound".into());
        }
        if (info.video.plan, info.video.codec) != (self.plan, self.codec) || info.video.reordered {
            return Err("these are not the pictures for which the sequence was opened".into());
        }
        Ok(PictureSequence::begin(self)?)
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.write(segment)?;
        self.lock().bytes += segment.data.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(PictureSequence::finish(self)?)
    }
}
