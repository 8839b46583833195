//! A queue between threads. A thread that waits for an item sleeps at once.
//!
//! A channel of crossbeam's (and of the standard library's) spins and yields before it sleeps. Between stages that
//! take milliseconds no item comes within that time, and this took half of the pipeline's own CPU time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The items that one side has pushed and the other has not yet taken, oldest first. Their number is not limited here:
/// each user of a queue has a reason why there are only a few.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<QueueState<T>>,
    /// Notified once for each item that a thread waits for.
    came: Condvar,
}

#[derive(Debug)]
struct QueueState<T> {
    items: VecDeque<T>,
    /// Threads that sleep, or were woken and do not run yet.
    asleep: usize,
    entrances: usize,
    closed: bool,
}

/// The last one closes its queue when it goes, however its thread ends.
#[derive(Debug)]
pub(super) struct Entrance<'q, T>(&'q Queue<T>);

impl<T> Queue<T> {
    /// Empty, with space for `expected` items.
    pub(super) fn new(expected: usize) -> Queue<T> {
        let state =
            QueueState { items: VecDeque::with_capacity(expected), asleep: 0, entrances: 0, closed: false };
        Queue { state: Mutex::new(state), came: Condvar::new() }
    }

    /// Where items come in, until it and all others are dropped.
    pub(super) fn entrance(&self) -> Entrance<'_, T> {
        self.lock().entrances += 1;
        Entrance(self)
    }

    /// Hands `item` over, and wakes one thread if any sleeps.
    pub(super) fn push(&self, item: T) {
        let mut state = self.lock();
        state.items.push_back(item);
        let wake = state.asleep > 0;
        // First, or who is woken would have to wait for it.
        drop(state);
        if wake {
            self.came.notify_one();
        }
    }

    /// Takes the oldest item if there is one.
    pub(super) fn try_pop(&self) -> Option<T> {
        self.lock().items.pop_front()
    }

    /// Takes the oldest item, and sleeps until there is one; `None` when there will be none.
    pub(super) fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state.asleep += 1;
            state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
        }
    }

    /// As [`Queue::pop`], but sleeps for `patience` at most; `None` then, too.
    pub(super) fn pop_within(&self, patience: Duration) -> Option<T> {
        let mut state = self.lock();
        if state.items.is_empty() && !state.closed {
            state.asleep += 1;
            let empty = |state: &mut QueueState<T>| state.items.is_empty() && !state.closed;
            let woken = self.came.wait_timeout_while(state, patience, empty);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.asleep -= 1;
        }
        state.items.pop_front()
    }

    /// Ends the sleep of all if there is no entrance left: nothing more will come.
    fn leave(&self) {
        let mut state = self.lock();
        state.entrances -= 1;
        state.closed = state.entrances == 0;
        drop(state);
        self.came.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Entrance<'_, T> {
    /// Hands `item` over, as [`Queue::push`].
    pub(super) fn push(&self, item: T) {
        self.0.push(item);
    }
}

impl<T> Drop for Entrance<'_, T> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_out_once_and_in_order_and_then_everybody_goes() {
        const ITEMS: u64 = 20_000;
        for (producers, consumers) in [(1, 1), (1, 4), (4, 1), (3, 3)] {
            let queue = Queue::new(4);
            let taken = Mutex::new(Vec::new());
            std::thread::scope(|scope| {
                for _ in 0..consumers {
                    scope.spawn(|| {
                        let mine: Vec<u64> = std::iter::from_fn(|| queue.pop()).collect();
                        assert!(producers > 1 || mine.is_sorted());
                        taken.lock().unwrap().extend(mine);
                    });
                }
                let _entrance = queue.entrance();
                std::thread::scope(|scope| {
                    for producer in 0..producers {
                        let queue = &queue;
                        scope.spawn(move || {
                            (producer..ITEMS).step_by(producers as usize).for_each(|item| queue.push(item));
                        });
                    }
                });
            });
            let mut taken = taken.into_inner().unwrap();
            taken.sort_unstable();
            assert!(taken.into_iter().eq(0..ITEMS), "{producers} to {consumers}");
        }
    }

    #[test]
    fn patience_ends_and_what_comes_in_time_is_taken() {
        let queue = Queue::new(1);
        assert_eq!(queue.pop_within(Duration::from_millis(2)), None);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                queue.push(7);
            });
            assert_eq!(queue.pop_within(Duration::from_secs(60)), Some(7));
        });
        let (one, other) = (queue.entrance(), queue.entrance());
        drop(one);
        other.push(8);
        assert_eq!(queue.pop(), Some(8));
        drop(other);
        assert_eq!((queue.pop(), queue.pop_within(Duration::from_secs(60))), (None, None));
    }
}
