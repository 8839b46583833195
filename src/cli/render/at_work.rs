//! What the songs of a batch are at, so that after a signal nobody waits for songs that are only being prepared.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wgpu_video::stream::CancelToken;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_millis(50);

/// How long the preparation of songs may go on after the first signal, once nothing is rendered any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a song is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Its files are read, and nothing is drawn yet.
    Preparing,
    /// It is drawn, encoded and written.
    Rendering,
}

/// How many songs are at what.
#[derive(Debug, Default)]
pub(super) struct AtWork(Mutex<Counts>);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    preparing: usize,
    rendering: usize,
    /// All songs have ended.
    is_over: bool,
}

impl Counts {
    fn of(&mut self, work: Work) -> &mut usize {
        match work {
            Work::Preparing => &mut self.preparing,
            Work::Rendering => &mut self.rendering,
        }
    }
}

impl AtWork {
    /// A song is at `work`, until what is returned is dropped.
    pub(super) fn begin(&self, work: Work) -> Begun<'_> {
        *self.counts().of(work) += 1;
        Begun { at_work: self, work }
    }

    /// The batch is over when what is returned is dropped.
    pub(super) fn until_over(&self) -> UntilOver<'_> {
        UntilOver(self)
    }

    /// Waits until the batch is over: `false`. Or until `cancel` is cancelled and songs are being prepared for a while, though
    /// none is rendered any more: `true`. Such a song may be a pipe to which nobody writes, or have a large image.
    pub(super) fn is_held_up(&self, cancel: &CancelToken) -> bool {
        let mut since = None;
        loop {
            let Counts { preparing, rendering, is_over } = *self.counts();
            if is_over {
                return false;
            }
            if !cancel.is_cancelled() || preparing == 0 || rendering > 0 {
                since = None;
            } else if since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                return true;
            }
            std::thread::sleep(INTERVAL);
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A song is at work until this is dropped.
#[derive(Debug)]
#[must_use = "it counts until this is dropped"]
pub(super) struct Begun<'w> {
    at_work: &'w AtWork,
    work: Work,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        *self.at_work.counts().of(self.work) -= 1;
    }
}

/// The batch is not over before this is dropped.
#[derive(Debug)]
#[must_use = "the batch is over when this is dropped"]
pub(super) struct UntilOver<'w>(&'w AtWork);

impl Drop for UntilOver<'_> {
    fn drop(&mut self) {
        self.0.counts().is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_that_is_prepared_holds_up_a_batch_when_none_is_rendered() {
        let (at_work, cancel) = (AtWork::default(), CancelToken::default());
        cancel.cancel();
        let over = at_work.until_over();
        let preparing = at_work.begin(Work::Preparing);
        let rendering = at_work.begin(Work::Rendering);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(INTERVAL * 2);
                drop(rendering);
            });
            assert!(at_work.is_held_up(&cancel));
        });
        assert!(begun.elapsed() >= PATIENCE + INTERVAL * 2);
        drop((preparing, over));
        assert!(!at_work.is_held_up(&cancel));
    }
}
