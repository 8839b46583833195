//! The record of what an interrupted batch has made, so that the same command does not make it again.
//!
//! A hidden file in the folder of the videos has a line for each song that was begun: a hash of the video's name, a hash of
//! everything that its bytes depend on, and the length and modification time of the file that had this name before. If
//! another file has the name now, and the last line for the name has the expected hash, then that file is the video of this
//! song with these options, because videos appear in one step when they are complete. The record is removed when all songs
//! have a video.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use blake3::{Hash, Hasher};
use strikeline_files::open_regular;
use strikeline_picture::shown;
use wgpu_video::gpu::GpuAdapter;

use super::RenderArgs;
use crate::cli::job::RenderJob;
use crate::cli::journals::batch_record_path;

/// The largest record that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Length in bytes and modification time of a file; `-` if there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State(String);

impl State {
    fn of(path: &Path) -> State {
        let text = |about: Metadata| {
            let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            format!("{}/{}", about.len(), changed.map_or(0, |time| time.as_nanos()))
        };
        State(fs::metadata(path).map_or_else(|_| "-".to_owned(), text))
    }
}

/// A line of the record.
#[derive(Debug, Clone)]
struct Begun {
    video: Hash,
    before: State,
}

/// The record of the batches of a folder.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    /// The last line for each name, by the hash of the name.
    begun: HashMap<Hash, Begun>,
    file: Mutex<RecordFile>,
}

#[derive(Debug)]
struct RecordFile {
    /// Open for appending; `None` until the first line is written.
    file: Option<File>,
    /// Its length in bytes, if no other process writes to it.
    bytes: u64,
    /// Whether it ends with a whole line.
    is_whole: bool,
}

impl Record {
    /// Reads the record of the videos in `folder`. It is empty if there is none, or if it cannot be read.
    pub(super) fn read(folder: &Path) -> Record {
        let path = batch_record_path(folder);
        let mut text = Vec::new();
        if let Ok(file) = open_regular(&path) {
            // After an error, the lines that were read are still good.
            let _ = file.take(MAX_BYTES).read_to_end(&mut text);
        }
        let begun = String::from_utf8_lossy(whole_lines(&text)).lines().filter_map(parse).collect();
        let is_whole = whole_lines(&text).len() == text.len();
        let file = RecordFile { file: None, bytes: text.len() as u64, is_whole };
        Record { path, begun, file: Mutex::new(file) }
    }

    /// Whether it had no lines when it was read.
    pub(super) fn was_empty(&self) -> bool {
        self.begun.is_empty()
    }

    /// Whether a video with the name of `output` was begun, and the file of that name has changed since.
    pub(super) fn may_have(&self, output: &Path) -> bool {
        self.begun.get(&name_hash(output)).is_some_and(|begun| begun.before != State::of(output))
    }

    /// Whether the file `output` is the video with the key `video`.
    pub(super) fn has(&self, output: &Path, video: &VideoKey) -> bool {
        let last = self.begun.get(&name_hash(output)).filter(|begun| begun.video == video.0);
        last.is_some_and(|begun| begun.before != State::of(output))
    }

    /// Writes a line that says that the video with the key `video` is begun, which will be the file `output`.
    ///
    /// # Errors
    /// When the line cannot be written. The video can be made nevertheless.
    pub(super) fn begin(&self, output: &Path, video: &VideoKey) -> io::Result<()> {
        let before = State::of(output).0;
        let mut line = format!("{} {} {before}\n", name_hash(output).to_hex(), video.0.to_hex());
        let mut record = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut record.is_whole, true) {
            line.insert(0, '\n');
        }
        record.bytes += line.len() as u64;
        let file = match &mut record.file {
            Some(file) => file,
            none => {
                let opened = open(&self.path)?;
                // The lock does not keep other batches out; it shows `strikeline clean` that the file is in use.
                let _ = opened.try_lock_shared();
                none.insert(opened)
            }
        };
        // One call, so that the lines of two processes do not mix.
        file.write_all(line.as_bytes())?;
        // The line must be on the disk before the video is.
        file.sync_data()
    }

    /// Removes the record, unless another batch has written to it.
    pub(super) fn remove(&self) {
        let record = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let is_own = |about: Metadata| about.is_file() && about.len() == record.bytes;
        if record.file.is_some() && fs::symlink_metadata(&self.path).is_ok_and(is_own) {
            // If it cannot be removed, it does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens the record at `path` for appending, or makes a new one. A file of that name that is something else is left as it is: a
/// link, which may lead to any file, a pipe, or a file with other content.
fn open(path: &Path) -> io::Result<File> {
    let foreign = || {
        let text = format!("{} is not a record of videos; move it away", shown(path));
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return File::options().append(true).create_new(true).open(path);
        }
        about => about?,
    };
    if !about.is_file() || has_other_names(&about) {
        return Err(foreign());
    }
    let mut text = Vec::new();
    let file = File::options().read(true).append(true).open(path)?;
    (&file).take(MAX_BYTES).read_to_end(&mut text)?;
    let text = str::from_utf8(whole_lines(&text)).map_err(|_| foreign())?;
    // A line that was cut off may have been completed by the next program.
    let is_record = text.is_empty() || text.lines().any(|line| parse(line).is_some());
    if is_record { Ok(file) } else { Err(foreign()) }
}

#[cfg(unix)]
fn has_other_names(about: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(about) > 1
}

#[cfg(not(unix))]
fn has_other_names(_about: &Metadata) -> bool {
    false
}

fn parse(line: &str) -> Option<(Hash, Begun)> {
    let mut fields = line.split(' ');
    let mut hash = || Hash::from_hex(fields.next()?).ok();
    let (name, video) = (hash()?, hash()?);
    let before = State(fields.next()?.to_owned());
    Some((name, Begun { video, before }))
}

fn name_hash(output: &Path) -> Hash {
    blake3::hash(output.file_name().unwrap_or_default().as_encoded_bytes())
}

/// A hash of everything that the bytes of a video depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VideoKey(Hash);

impl VideoKey {
    /// The key of the video that `job` makes from the song at `song`. For the pictures it uses the journal's key. The files
    /// that the sound is made from are recognised by their lengths and modification times.
    ///
    /// # Errors
    /// When there is no such adapter, or the program's own file cannot be read.
    pub(super) fn of(args: &RenderArgs, song: &Path, job: &RenderJob<'_>) -> anyhow::Result<VideoKey> {
        let sound = &args.video.sound;
        let mut hasher = Hasher::new();
        let mut part = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        };
        let adapter = match &job.options.device_pool {
            Some(pool) => pool.adapter(&job.options.adapter)?,
            None => GpuAdapter::find(&job.options.adapter)?.description,
        };
        part(&job.identity().key_on(&adapter)?.to_string());
        part(&format!("{sound:?}"));
        part(&format!("{:?}", args.plays));
        for file in [Some(song), sound.audio.as_deref(), sound.soundfont.as_deref()].into_iter().flatten() {
            part(&State::of(file).0);
        }
        // The modification time of a chart's folder changes with the list of its files, but not with their content.
        let mut inside: Vec<String> = fs::read_dir(song)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| format!("{} {}", entry.file_name().to_string_lossy(), State::of(&entry.path()).0))
            .collect();
        inside.sort();
        inside.iter().for_each(|file| part(file));
        Ok(VideoKey(hasher.finalize()))
    }
}

/// `text` up to its last line break. What follows is a line that was cut off.
fn whole_lines(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |place| place + 1);
    &text[..end]
}
