//! A file of finished segments.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use strikeline_audio::{AudioTrack, Packet};
use strikeline_picture::SegmentIndex;

use super::contents::{Contents, Elsewhere, MAX_ABOUT};
use super::record::{self, Kind, MAGIC, SegmentKey};
use super::{JournalError, payload};
use crate::encode::Codec;
use crate::output::{FileIdentity, Folder};
use crate::stream::{FinishedSegment, SegmentStore, SinkError};

/// Removes the segment file at `path`, whatever is in it, unless a process has it open for writing.
///
/// # Errors
/// [`JournalError::InUse`] and [`JournalError::Io`].
pub fn remove_unused(path: &Path) -> Result<(), JournalError> {
    let failed = |error| JournalError::Io { path: path.to_owned(), error };
    let file = File::open(path).map_err(failed)?;
    lock(&file, path)?;
    std::fs::remove_file(path).map_err(failed)
}

/// Whether a process has the segment file at `path` open for writing. `false` also if that cannot be found out.
pub fn is_in_use(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(lock(&file, path), Err(JournalError::InUse { .. })))
}

/// A file of finished segments. Segments are only appended to it.
///
/// While it is open for writing it is locked: no other process can write to it.
#[derive(Debug)]
pub struct SegmentFile {
    path: PathBuf,
    /// The folder that it is in; `None` where that cannot be opened.
    folder: Option<Folder>,
    codec: Codec,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    contents: Contents,
    /// Whether bytes were written since the file was last flushed to the disk.
    is_dirty: bool,
}

impl SegmentFile {
    /// Makes a new file without segments at `path`, for segments with the key `key`, coded in `codec`. `about` is a text for
    /// people about the file.
    ///
    /// # Errors
    /// [`JournalError::InUse`], and [`JournalError::Io`], also when a file of that name exists that nobody uses.
    pub fn create(
        path: &Path,
        key: SegmentKey,
        codec: Codec,
        about: &str,
    ) -> Result<SegmentFile, JournalError> {
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        let mut file =
            OpenOptions::new().read(true).write(true).create_new(true).open(path).map_err(|error| {
                // Another process may have made it at this moment.
                if is_in_use(path) { JournalError::InUse { path: path.to_owned() } } else { failed(error) }
            })?;
        lock(&file, path)?;
        let about = &about[..about.floor_char_boundary(MAX_ABOUT as usize)];
        let written = file
            .write_all(MAGIC)
            .and_then(|()| record::write(&mut file, &key, (Kind::Head, 0), &[&key.0, about.as_bytes()]));
        let head = match written {
            Ok(head) => head,
            Err(error) => {
                // Nothing is in it yet.
                let _ = std::fs::remove_file(path);
                return Err(failed(error));
            }
        };
        let contents = Contents::of_head(key, about.to_owned(), head);
        let state = Mutex::new(State { file, contents, is_dirty: true });
        Ok(SegmentFile { path: path.to_owned(), folder: folder(path), codec, state })
    }

    /// Opens the file at `path` to add segments to it. Records at its end that are cut off or damaged are removed.
    ///
    /// # Errors
    /// [`JournalError::Io`], [`JournalError::Foreign`], [`JournalError::InUse`], and [`JournalError::OtherKey`] when its key
    /// is not `key`. After an error the file is unchanged.
    pub fn open(path: &Path, key: SegmentKey, codec: Codec) -> Result<SegmentFile, JournalError> {
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(JournalError::Foreign { path: path.to_owned() });
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        lock(&file, path)?;
        let contents = SegmentFile::contents_of(&mut file, path)?;
        if contents.key != key {
            return Err(JournalError::OtherKey { path: path.to_owned(), about: contents.about });
        }
        file.set_len(contents.end).and_then(|()| file.seek(SeekFrom::Start(contents.end))).map_err(failed)?;
        let state = Mutex::new(State { file, contents, is_dirty: false });
        Ok(SegmentFile { path: path.to_owned(), folder: folder(path), codec, state })
    }

    /// Opens the file at `path` for reading, whatever its key is. Other processes may read it at the same time.
    ///
    /// # Errors
    /// [`JournalError::Io`], [`JournalError::Foreign`].
    pub fn open_to_read(path: &Path, codec: Codec) -> Result<SegmentFile, JournalError> {
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        // A pipe would block.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(JournalError::Foreign { path: path.to_owned() });
        }
        let mut file = File::open(path).map_err(failed)?;
        let contents = SegmentFile::contents_of(&mut file, path)?;
        let state = Mutex::new(State { file, contents, is_dirty: false });
        Ok(SegmentFile { path: path.to_owned(), folder: folder(path), codec, state })
    }

    fn contents_of(file: &mut File, path: &Path) -> Result<Contents, JournalError> {
        let contents = Contents::read(&mut BufReader::with_capacity(1 << 18, &mut *file));
        let contents = contents.map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
        contents.ok_or_else(|| JournalError::Foreign { path: path.to_owned() })
    }

    /// The path under which it was created or opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is now: its folder may have been renamed since it was made or opened.
    pub fn current_path(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default();
        let moved = self.folder.as_ref().filter(|folder| !folder.is_in_place());
        moved.and_then(|folder| folder.path_of(name)).unwrap_or_else(|| self.path.clone())
    }

    /// What is in it now.
    pub fn contents(&self) -> Contents {
        self.lock().contents.clone()
    }

    /// Adds `segment`.
    ///
    /// # Errors
    /// [`JournalError::Io`]. The file is then as it was before, as far as the disk allows.
    pub fn add(&self, segment: &FinishedSegment) -> Result<(), JournalError> {
        let front = payload::segment_front(segment);
        let mut state = self.lock();
        let at = self.append(&mut state, (Kind::Segment, segment.segment.0), &[&front, &segment.data])?;
        state.contents.segments.insert(segment.segment, at);
        Ok(())
    }

    /// Adds `segment` without its data, which is elsewhere.
    ///
    /// # Errors
    /// As [`SegmentFile::add`].
    pub(crate) fn add_elsewhere(&self, segment: &FinishedSegment) -> Result<(), JournalError> {
        let elsewhere = Elsewhere::of(segment);
        let mut state = self.lock();
        let parts: [&[u8]; 2] = [&elsewhere.front, elsewhere.hash.as_bytes()];
        self.append(&mut state, (Kind::Elsewhere, segment.segment.0), &parts)?;
        state.contents.elsewhere.insert(segment.segment, elsewhere);
        Ok(())
    }

    /// The segments whose data is elsewhere.
    pub(crate) fn elsewhere(&self) -> BTreeMap<SegmentIndex, Elsewhere> {
        self.lock().contents.elsewhere.clone()
    }

    /// Adds the description of the sound. Add it before the sound itself.
    ///
    /// # Errors
    /// As [`SegmentFile::add`].
    pub fn add_sound_track(&self, track: &AudioTrack) -> Result<(), JournalError> {
        let content = payload::put_track(track).ok_or_else(|| {
            let error =
                io::Error::other(format!("sound in {} cannot be kept in a segment file", track.codec));
            JournalError::Io { path: self.path.clone(), error }
        })?;
        let mut state = self.lock();
        self.append(&mut state, (Kind::SoundTrack, 0), &[&content])?;
        state.contents.sound_track = Some(track.clone());
        Ok(())
    }

    /// Adds the sound of `segment`.
    ///
    /// # Errors
    /// As [`SegmentFile::add`].
    pub fn add_sound(&self, segment: SegmentIndex, packets: &[Packet]) -> Result<(), JournalError> {
        let content = payload::put_packets(packets);
        let mut state = self.lock();
        let at = self.append(&mut state, (Kind::Sound, segment.0), &[&content])?;
        state.contents.sound.insert(segment, at);
        Ok(())
    }

    /// Marks the file as complete, and flushes it to the disk.
    ///
    /// # Errors
    /// As [`SegmentFile::add`].
    pub fn complete(&self) -> Result<(), JournalError> {
        {
            let mut state = self.lock();
            self.append(&mut state, (Kind::Done, 0), &[])?;
            state.contents.is_complete = true;
        }
        self.sync()
    }

    /// Flushes what was added to the disk, so that it survives a power failure.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn sync(&self) -> Result<(), JournalError> {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_dirty) {
            state.file.sync_data().map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// Reads `segment`; `None` when it is not in the file.
    ///
    /// # Errors
    /// [`JournalError::Io`], and [`JournalError::Damaged`] when the segment in the file is no longer whole.
    pub fn segment(&self, segment: SegmentIndex) -> Result<Option<FinishedSegment>, JournalError> {
        let mut state = self.lock();
        let Some(at) = state.contents.segments.get(&segment).copied() else { return Ok(None) };
        let content = self.content(&mut state, at, (Kind::Segment, segment.0))?;
        let segment = payload::segment(segment, self.codec, &content);
        segment.map(Some).ok_or_else(|| self.damaged(at))
    }

    /// Reads the sound of `segment`; `None` when it is not in the file.
    ///
    /// # Errors
    /// As [`SegmentFile::segment`].
    pub fn sound(&self, segment: SegmentIndex) -> Result<Option<Vec<Packet>>, JournalError> {
        let mut state = self.lock();
        let Some(at) = state.contents.sound.get(&segment).copied() else { return Ok(None) };
        let content = self.content(&mut state, at, (Kind::Sound, segment.0))?;
        payload::packets(&content).map(Some).ok_or_else(|| self.damaged(at))
    }

    /// Notes that the file `video`, which is about to appear, is the video of all these segments: see [`video_of_file`]. Does
    /// not wait for the disk.
    ///
    /// # Errors
    /// As [`SegmentFile::add`].
    pub(super) fn complete_as(&self, video: FileIdentity) -> Result<(), JournalError> {
        self.append(&mut self.lock(), (Kind::Done, 0), &[&video.to_bytes()]).map(|_| ())
    }

    /// Removes the file, also from a folder that was renamed meanwhile. One that is gone is no error.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn remove(&self) -> Result<(), JournalError> {
        let removed = match &self.folder {
            Some(folder) => folder.remove_file(self.path.file_name().unwrap_or_default(), &self.lock().file),
            None => std::fs::remove_file(&self.path),
        };
        removed.map_err(|error| self.failed(error))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), error }
    }

    fn damaged(&self, at: u64) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), at }
    }

    /// Adds a record. Returns the byte at which it begins. After an error the file is as it was, as far as the disk allows.
    fn append(&self, state: &mut State, what: (Kind, u64), parts: &[&[u8]]) -> Result<u64, JournalError> {
        let at = state.contents.end;
        state.is_dirty = true;
        let written = state
            .file
            .seek(SeekFrom::Start(at))
            .and_then(|_| record::write(&mut state.file, &state.contents.key, what, parts));
        match written {
            Ok(bytes) => {
                state.contents.end += bytes;
                Ok(at)
            }
            Err(error) => {
                // If this fails, the rest is cut off when the file is next opened.
                let _ = state.file.set_len(at);
                Err(self.failed(error))
            }
        }
    }

    fn content(&self, state: &mut State, at: u64, what: (Kind, u64)) -> Result<Vec<u8>, JournalError> {
        let failed = |error| self.failed(error);
        state.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        let mut content = Vec::new();
        let mut reader = BufReader::with_capacity(1 << 16, &mut state.file);
        let read = record::read(&mut reader, &state.contents.key, |piece| content.extend_from_slice(piece));
        match read.map_err(failed)? {
            Some(header) if (header.kind, header.segment) == what => Ok(content),
            _ => Err(self.damaged(at)),
        }
    }
}

/// As the store for a part of a video: a segment that cannot be kept is an error that ends the stream.
impl SegmentStore for SegmentFile {
    fn has(&self, segment: SegmentIndex) -> bool {
        self.lock().contents.has(segment)
    }

    fn read(&self, segment: SegmentIndex) -> Result<FinishedSegment, SinkError> {
        self.segment(segment)?.ok_or_else(|| "it is not in the file".into())
    }

    fn keep(&self, segment: &FinishedSegment) -> Result<(), SinkError> {
        Ok(self.add(segment)?)
    }

    fn lasts(&self) -> bool {
        true
    }
}

/// The folder of the file at `path`.
fn folder(path: &Path) -> Option<Folder> {
    Folder::open(std::path::absolute(path).ok()?.parent()?).ok()
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse { path: path.to_owned() }),
        // Some network file systems have no locks. There, two processes may write at the same time; checksums find the damage.
        Err(TryLockError::Error(_)) => Ok(()),
    }
}
