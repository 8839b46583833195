//! Decides how many songs are rendered at the same time: several short ones, or one long one.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use wgpu_video::stream::WorkSplit;

/// A song with this many segments for each core keeps all cores busy by itself: little time is lost while it begins and ends.
const SEGMENTS_FOR_A_CORE: u64 = 8;

/// The machine's cores, which songs that are rendered at the same time share.
#[derive(Debug)]
pub(super) struct Room {
    cores: NonZeroUsize,
    state: Mutex<RoomState>,
    changed: Condvar,
}

#[derive(Debug)]
struct RoomState {
    free: usize,
    /// Songs are numbered as they arrive: the number of the next song that arrives.
    next_number: u64,
    /// The number of the next song that gets cores.
    next_in: u64,
}

/// The cores that a song has; they are free again when this is dropped.
#[derive(Debug)]
pub(super) struct Share<'r> {
    room: &'r Room,
    cores: usize,
}

impl Room {
    /// Makes a room with `cores` cores.
    pub(super) fn new(cores: NonZeroUsize) -> Room {
        let state = RoomState { free: cores.get(), next_number: 0, next_in: 0 };
        Room { cores, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// How many of the cores a song of `segments` segments should have, when `songs` songs, including this one, are not done,
    /// and at most `at_once` songs are rendered at the same time. At least 1, at most all cores.
    pub(super) fn cores_for(&self, segments: u64, songs: usize, at_once: NonZeroUsize) -> usize {
        let all = self.cores.get();
        let by_length = usize::try_from(segments / SEGMENTS_FOR_A_CORE).unwrap_or(all);
        // No core is left idle when there are fewer songs than cores.
        let by_songs = all / songs.clamp(1, at_once.get());
        by_length.max(by_songs).clamp(1, all)
    }

    /// Waits until `cores` cores are free, and all songs that arrived earlier have theirs.
    pub(super) fn enter(&self, cores: usize) -> Share<'_> {
        let cores = cores.min(self.cores.get());
        let mut state = self.lock();
        let number = state.next_number;
        state.next_number += 1;
        while state.next_in != number || state.free < cores {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.next_in += 1;
        state.free -= cores;
        drop(state);
        self.changed.notify_all();
        Share { room: self, cores }
    }

    fn lock(&self) -> MutexGuard<'_, RoomState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share<'_> {
    /// How a song splits its work on these cores. `None` if it has all cores: then its work is split as that of a single song.
    pub(super) fn split(&self) -> Option<WorkSplit> {
        if self.cores >= self.room.cores.get() {
            return None;
        }
        // Two devices in one stream are no faster than two streams with one device each, and take longer to set up.
        Some(WorkSplit { devices: Some(1), ..WorkSplit::for_jobs(self.cores) })
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.room.lock().free += self.cores;
        self.room.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn count(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).unwrap()
    }

    #[test]
    fn short_songs_share_the_cores_and_long_ones_have_all() {
        let room = Room::new(count(4));
        let cores = |segments, songs| room.cores_for(segments, songs, count(4));
        assert_eq!(cores(5, 100), 1);
        assert_eq!(cores(17, 100), 2);
        assert_eq!(cores(90, 100), 4);
        // The last ones.
        assert_eq!(cores(5, 2), 2);
        assert_eq!(cores(5, 1), 4);
        assert_eq!(room.cores_for(5, 100, count(1)), 4);
        assert_eq!(Room::new(count(1)).cores_for(1, 100, count(1)), 1);
    }

    #[test]
    fn no_more_cores_are_taken_than_there_are_and_nobody_waits_for_ever() {
        let room = Room::new(count(3));
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for song in 0..40 {
                let (room, taken) = (&room, &taken);
                scope.spawn(move || {
                    let cores = [1, 3, 2][song % 3];
                    let _share = room.enter(cores);
                    assert!(taken.fetch_add(cores, Ordering::SeqCst) + cores <= 3);
                    std::thread::yield_now();
                    taken.fetch_sub(cores, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(room.lock().free, 3);
    }
}
