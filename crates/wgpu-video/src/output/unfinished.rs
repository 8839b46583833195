//! A list of this process's hidden files that are not complete yet, so that they can be removed before the process ends.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::folder::Folder;

type Names = BTreeMap<u64, (Arc<Folder>, OsString)>;

static UNFINISHED: Mutex<Names> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Removes the hidden files of all [`OutputFile`](super::OutputFile)s of this process that are not complete. For programs
/// that end at once without dropping these values, because of a signal or of a driver that does not return.
pub fn remove_unfinished() {
    for (folder, name) in std::mem::take(&mut *list()).into_values() {
        // The file may have been removed or renamed already.
        let _ = folder.remove(&name);
    }
}

fn list() -> std::sync::MutexGuard<'static, Names> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A hidden name that is listed until this is dropped.
#[derive(Debug)]
pub(super) struct Unfinished(u64);

impl Unfinished {
    pub(super) fn list(folder: &Arc<Folder>, name: &OsStr) -> Unfinished {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        list().insert(number, (Arc::clone(folder), name.to_owned()));
        Unfinished(number)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        list().remove(&self.0);
    }
}
