//! The pipeline's side of the ring: which slots are free, and frames in slots that give them back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::queue::Queue;
use super::stage::{Mapped, SlotIndex};
use strikeline_picture::{FrameChange, Picture, RgbaPicture};

/// How soon a wait for something that will not come ends after a failure.
pub(super) const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// The free slots of a ring. The render stage takes one for each frame, and waits until there is one.
#[derive(Debug)]
pub(super) struct FreeSlots {
    free: Arc<Queue<Free>>,
    timed: bool,
    /// Slots of the rings before.
    before: usize,
}

/// A free slot.
#[derive(Debug)]
struct Free {
    index: SlotIndex,
    /// When it was given back; `None` when it was never used, or slots are not timed.
    since: Option<Instant>,
}

impl FreeSlots {
    /// All of `depth` slots free. When `timed`, the time at which each is given back is stored. Other rings have
    /// `before` slots, which are numbered first.
    pub(super) fn new(depth: usize, timed: bool, before: usize) -> FreeSlots {
        let free = Arc::new(Queue::new(depth));
        for slot in 0..depth {
            free.push(Free { index: SlotIndex(slot), since: None });
        }
        FreeSlots { free, timed, before }
    }

    /// Waits for a free slot; `None` when `stopped` before there was one.
    pub(super) fn take(&self, stopped: impl Fn() -> bool) -> Option<TakenSlot> {
        loop {
            match self.free.pop_within(STOP_INTERVAL) {
                Some(Free { index, since }) => {
                    let free = Arc::clone(&self.free);
                    let (timed, before) = (self.timed, self.before);
                    return Some(TakenSlot { index, free_since: since, free, timed, before });
                }
                None if stopped() => return None,
                None => {}
            }
        }
    }

    /// The times at which the slots that were not taken again were given back, in that order.
    pub(super) fn given_back(&self) -> impl Iterator<Item = Instant> {
        std::iter::from_fn(|| self.free.try_pop()).filter_map(|free| free.since)
    }
}

/// A slot on its way through the device. It is lost if dropped: the device may still write to it.
#[derive(Debug)]
pub(super) struct TakenSlot {
    index: SlotIndex,
    free_since: Option<Instant>,
    /// Where it belongs when it is free.
    free: Arc<Queue<Free>>,
    timed: bool,
    before: usize,
}

impl TakenSlot {
    /// Which one of its ring.
    pub(super) fn index(&self) -> SlotIndex {
        self.index
    }

    /// Which one of all rings.
    pub(super) fn number(&self) -> SlotIndex {
        SlotIndex(self.before + self.index.0)
    }

    /// When it was given back before; `None` when it was never used, or slots are not timed.
    pub(super) fn free_since(&self) -> Option<Instant> {
        self.free_since
    }
}

/// Makes its slot free when dropped.
struct Return(TakenSlot);

impl Drop for Return {
    fn drop(&mut self) {
        let since = self.0.timed.then(Instant::now);
        self.0.free.push(Free { index: self.0.index, since });
    }
}

/// A frame in mapped memory, with its slot.
pub(super) struct LentSlot<M> {
    // Fields drop in this order: first unmapped, then free.
    mapped: M,
    slot: Return,
}

impl<M: Mapped> LentSlot<M> {
    /// `mapped` lies in `slot`.
    pub(super) fn new(mapped: M, slot: TakenSlot) -> LentSlot<M> {
        LentSlot { mapped, slot: Return(slot) }
    }

    /// The planes, in place.
    pub(super) fn picture(&self) -> Picture<'_> {
        self.mapped.picture()
    }

    /// The pixels, in place, where the picture is RGBA.
    pub(super) fn rgba(&self) -> Option<RgbaPicture<'_>> {
        self.mapped.rgba()
    }

    /// How the frame differs from the one before it in its segment.
    pub(super) fn change(&self) -> &FrameChange {
        self.mapped.change()
    }

    /// Bytes that were read back.
    pub(super) fn bytes(&self) -> u64 {
        self.mapped.bytes()
    }

    /// The slot that it lies in, of all rings.
    pub(super) fn slot(&self) -> SlotIndex {
        self.slot.0.number()
    }
}
