//! The journal: the segment file beside the output of a long render.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{JournalError, SegmentFile, SegmentKey};
use crate::encode::Codec;
use crate::stream::{FinishedSegment, SegmentStore, SinkError};
use strikeline_picture::SegmentIndex;

/// How often the file is brought to the disk.
const SYNC_INTERVAL: Duration = Duration::from_secs(5);

/// The most bytes of segments that wait in memory until a file is worth while.
const MOST_WAITING: usize = 64 << 20;

/// Keeps the segments of a video while it is made, so that a run that was interrupted can go on.
///
/// A video that is made within a few seconds is not worth a file: until [`Journal::after`] the segments wait in memory.
/// A journal is a help and no more: where it cannot be written, the video is made without, and
/// [`Journal::take_error`] tells why.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    key: SegmentKey,
    codec: Codec,
    about: String,
    after: Duration,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    error: Option<JournalError>,
    /// There was an error before.
    has_failed: bool,
}

#[derive(Debug)]
enum Stage {
    /// The video is young: these segments wait.
    Waiting(Vec<FinishedSegment>),
    Open {
        file: Box<SegmentFile>,
        synced: Instant,
    },
    /// There is none, and there will be none.
    Off,
}

impl Journal {
    /// A journal that is to lie at `path`, for segments that `key` stands for, coded in `codec`. A file that is there already
    /// is gone on with; else one is made `after` this time. `about` is a text for people.
    ///
    /// # Errors
    /// All of [`JournalError`], when a file is there and cannot be gone on with.
    pub fn open(
        path: &Path,
        key: SegmentKey,
        (codec, about): (Codec, String),
        after: Duration,
    ) -> Result<Journal, JournalError> {
        let stage = match path.try_exists() {
            Ok(true) => {
                Stage::Open { file: Box::new(SegmentFile::open(path, key, codec)?), synced: Instant::now() }
            }
            _ => Stage::Waiting(Vec::new()),
        };
        let state = Mutex::new(State { stage, error: None, has_failed: false });
        Ok(Journal { path: path.to_owned(), key, codec, about, after, started: Instant::now(), state })
    }

    /// Where it lies, or would lie.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many segments are in the file.
    pub fn segments(&self) -> usize {
        match &self.lock().stage {
            Stage::Open { file, .. } => file.contents().segments(),
            _ => 0,
        }
    }

    /// The first reason for which the journal could not be written; given once.
    pub fn take_error(&self) -> Option<JournalError> {
        self.lock().error.take()
    }

    /// Brings what it has to the disk: for a run that ends early.
    pub fn sync(&self) {
        if let Stage::Open { file, .. } = &self.lock().stage {
            // It is as good as it can be.
            let _ = file.sync();
        }
    }

    /// Removes the file, as the video is complete.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn remove(&self) -> Result<(), JournalError> {
        match std::mem::replace(&mut self.lock().stage, Stage::Off) {
            Stage::Open { file, .. } => file.remove(),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the file, with all that waits.
    fn begin(&self, waiting: &[FinishedSegment]) -> Result<SegmentFile, JournalError> {
        let file = SegmentFile::create(&self.path, self.key, self.codec, &self.about)?;
        let added = waiting.iter().try_for_each(|segment| file.add(segment)).and_then(|()| file.sync());
        match added {
            Ok(()) => {
                crate::output::sync_folder(crate::output::folder_of(&self.path));
                Ok(file)
            }
            Err(error) => {
                let _ = file.remove();
                Err(error)
            }
        }
    }

    fn add(&self, stage: &mut Stage, segment: &FinishedSegment) -> Result<(), JournalError> {
        match stage {
            Stage::Off => Ok(()),
            Stage::Open { file, synced } => {
                file.add(segment)?;
                if synced.elapsed() >= SYNC_INTERVAL {
                    file.sync()?;
                    *synced = Instant::now();
                }
                Ok(())
            }
            Stage::Waiting(waiting) => {
                waiting.push(segment.clone());
                let bytes: usize = waiting.iter().map(|segment| segment.data.len()).sum();
                if self.started.elapsed() >= self.after || bytes > MOST_WAITING {
                    *stage = Stage::Open { file: Box::new(self.begin(waiting)?), synced: Instant::now() };
                }
                Ok(())
            }
        }
    }
}

impl SegmentStore for Journal {
    fn has(&self, segment: SegmentIndex) -> bool {
        match &self.lock().stage {
            Stage::Open { file, .. } => file.has(segment),
            _ => false,
        }
    }

    fn read(&self, segment: SegmentIndex) -> Result<FinishedSegment, SinkError> {
        match &self.lock().stage {
            Stage::Open { file, .. } => file.read(segment),
            _ => Err("there is no journal".into()),
        }
    }

    fn keep(&self, segment: &FinishedSegment) -> Result<(), SinkError> {
        let mut state = self.lock();
        let State { stage, error, has_failed } = &mut *state;
        if let Err(reason) = self.add(stage, segment) {
            // What is in a file stays for the next run, and the next segment may find room again.
            if let Stage::Waiting(_) = stage {
                *stage = Stage::Off;
            }
            if !std::mem::replace(has_failed, true) {
                *error = Some(reason);
            }
        }
        Ok(())
    }

    fn lasts(&self) -> bool {
        matches!(self.lock().stage, Stage::Open { .. })
    }
}
