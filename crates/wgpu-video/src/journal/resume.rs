//! The journal: the segment file beside the output of a long render.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::{JournalError, SegmentFile, SegmentKey};
use crate::encode::Codec;
use crate::output::FileIdentity;
use crate::stream::{FinishedSegment, SegmentStore, SinkError};
use strikeline_picture::SegmentIndex;

/// The shortest time between two flushes of the file to the disk.
const SYNC_INTERVAL: Duration = Duration::from_secs(5);

/// The most bytes of segments that wait in memory before the file is begun.
const MOST_WAITING: usize = 64 << 20;

/// Where a journal is, and which video its segments belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPlace {
    /// The path of the file.
    pub path: PathBuf,
    /// A hash of everything that the bytes of the segments depend on.
    pub key: SegmentKey,
}

/// Finds the place of a journal.
type Find = Box<dyn FnOnce() -> Result<JournalPlace, JournalError> + Send>;

/// Keeps the segments of a video while it is made, so that a run that was interrupted can go on.
///
/// A video that is made within a few seconds needs no file, so the segments wait in memory at first. If the journal cannot be
/// written, the video is made without it, and [`Journal::take_error`] tells why.
pub struct Journal {
    codec: Codec,
    about: String,
    after: Duration,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    error: Option<JournalError>,
    /// Whether there has been an error; only the first one is stored.
    has_failed: bool,
}

enum Stage {
    /// There is no file yet: the segments wait in memory.
    Waiting(Vec<FinishedSegment>, Find),
    Open {
        file: Box<SegmentFile>,
        synced: Instant,
    },
    /// There is no file, and none will be made.
    Off,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the existing journal at `place`, whose segments are coded in `codec`.
    ///
    /// # Errors
    /// Any [`JournalError`], if the journal cannot be continued.
    pub fn open(place: &JournalPlace, codec: Codec) -> Result<Journal, JournalError> {
        let file = SegmentFile::open(&place.path, place.key, codec)?;
        let stage = Stage::Open { file: Box::new(file), synced: Instant::now() };
        Ok(Journal::new(stage, codec, String::new(), Duration::ZERO))
    }

    /// A new journal of segments that are coded in `codec`. Its file is made with the first segment that is finished after the
    /// time `after`, or earlier if very many bytes wait in memory. Only then is `place` called, which may take a moment.
    /// `about` is a text for people about the file.
    pub fn later(
        place: impl FnOnce() -> Result<JournalPlace, JournalError> + Send + 'static,
        (codec, about): (Codec, String),
        after: Duration,
    ) -> Journal {
        Journal::new(Stage::Waiting(Vec::new(), Box::new(place)), codec, about, after)
    }

    fn new(stage: Stage, codec: Codec, about: String, after: Duration) -> Journal {
        let state = Mutex::new(State { stage, error: None, has_failed: false });
        Journal { codec, about, after, started: Instant::now(), state }
    }

    /// The path of its file now, also if its folder was renamed; `None` while there is none.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.lock().stage {
            Stage::Open { file, .. } => Some(file.current_path()),
            _ => None,
        }
    }

    /// How many segments are in the file.
    pub fn segments(&self) -> usize {
        match &self.lock().stage {
            Stage::Open { file, .. } => file.contents().segments(),
            _ => 0,
        }
    }

    /// The first error that kept the journal from being written. It is returned once; later calls return `None`.
    pub fn take_error(&self) -> Option<JournalError> {
        self.lock().error.take()
    }

    /// Flushes the file to the disk, for a run that ends early. Errors are ignored.
    pub fn sync(&self) {
        if let Stage::Open { file, .. } = &self.lock().stage {
            // Best effort: nothing more can be done.
            let _ = file.sync();
        }
    }

    /// As [`Journal::sync`], for a program that is about to end because one of its threads has come to a stop: does not wait
    /// if that thread has the journal. Returns where the file is and how many segments are in it; `None` where there is none.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when a thread has the journal.
    pub fn sync_if_free(&self) -> Result<Option<(PathBuf, usize)>, JournalError> {
        let state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy),
        };
        let Stage::Open { file, .. } = &state.stage else { return Ok(None) };
        // It is as good as it can be.
        let _ = file.sync();
        Ok(Some((file.current_path(), file.contents().segments())))
    }

    /// Notes that the file `video`, which is about to appear, is the complete video.
    pub(crate) fn complete_as(&self, video: FileIdentity) {
        if let Stage::Open { file, .. } = &self.lock().stage {
            // Without the note, a journal that is left because the program is killed now is taken for one that is needed.
            let _ = file.complete_as(video);
        }
    }

    /// Removes the file, because the video is complete.
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

    /// Makes the file, and adds the segments that wait.
    fn begin(&self, place: &JournalPlace, waiting: &[FinishedSegment]) -> Result<SegmentFile, JournalError> {
        let file = SegmentFile::create(&place.path, place.key, self.codec, &self.about)?;
        let added = waiting.iter().try_for_each(|segment| file.add(segment)).and_then(|()| file.sync());
        match added {
            Ok(()) => {
                crate::output::sync_folder(crate::output::folder_of(&place.path));
                Ok(file)
            }
            Err(error) => {
                let _ = file.remove();
                Err(error)
            }
        }
    }

    fn add(&self, stage: &mut Stage, segment: &FinishedSegment) -> Result<(), JournalError> {
        if let Stage::Waiting(waiting, _) = stage {
            waiting.push(segment.clone());
            let bytes: usize = waiting.iter().map(|segment| segment.data.len()).sum();
            if self.started.elapsed() < self.after && bytes <= MOST_WAITING {
                return Ok(());
            }
        }
        match std::mem::replace(stage, Stage::Off) {
            Stage::Off => {}
            Stage::Waiting(waiting, find) => {
                // If the file cannot be made, the journal stays off.
                let file = Box::new(self.begin(&find()?, &waiting)?);
                *stage = Stage::Open { file, synced: Instant::now() };
            }
            Stage::Open { file, mut synced } => {
                let mut added = file.add(segment);
                if added.is_ok() && synced.elapsed() >= SYNC_INTERVAL {
                    added = file.sync();
                    synced = Instant::now();
                }
                // The file is kept for the next run, and the next segment may find room on the disk again.
                *stage = Stage::Open { file, synced };
                added?;
            }
        }
        Ok(())
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
        if let Err(reason) = self.add(stage, segment)
            && !std::mem::replace(has_failed, true)
        {
            *error = Some(reason);
        }
        Ok(())
    }

    fn lasts(&self) -> bool {
        match self.lock().stage {
            Stage::Open { .. } => true,
            // The next segment that is finished begins the file.
            Stage::Waiting(..) => self.started.elapsed() >= self.after,
            Stage::Off => false,
        }
    }
}
