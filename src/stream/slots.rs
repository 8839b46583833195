//! The pipeline's side of the ring: which slots are free, and frames in slots that give them back.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::stage::{Mapped, SlotIndex};
use crate::encode::hints::PictureHints;
use crate::picture::Picture;

/// How soon a wait for a slot that will not come ends after a failure.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// The free slots of a ring. Taking one is the only thing that holds the render stage back.
#[derive(Debug)]
pub struct FreeSlots {
    free: Receiver<SlotIndex>,
    give_back: Sender<SlotIndex>,
}

impl FreeSlots {
    /// All of `depth` slots free.
    pub fn new(depth: usize) -> FreeSlots {
        let (give_back, free) = bounded(depth);
        for slot in 0..depth {
            // There is room for each.
            let _ = give_back.try_send(SlotIndex(slot));
        }
        FreeSlots { free, give_back }
    }

    /// Waits for a free slot; `None` when `stopped` before there was one.
    pub fn take(&self, stopped: impl Fn() -> bool) -> Option<TakenSlot> {
        loop {
            match self.free.recv_timeout(STOP_INTERVAL) {
                Ok(index) => return Some(TakenSlot { index, give_back: self.give_back.clone() }),
                Err(_) if stopped() => return None,
                Err(_) => {}
            }
        }
    }
}

/// A slot on its way through the device. It is lost if dropped: the device may still write to it.
#[derive(Debug)]
pub struct TakenSlot {
    index: SlotIndex,
    give_back: Sender<SlotIndex>,
}

impl TakenSlot {
    /// Which one.
    pub fn index(&self) -> SlotIndex {
        self.index
    }
}

/// Makes its slot free when dropped.
struct Return(TakenSlot);

impl Drop for Return {
    fn drop(&mut self) {
        // There is room for every slot of the ring.
        let _ = self.0.give_back.try_send(self.0.index);
    }
}

/// A frame in mapped memory, with its slot.
pub struct LentSlot<M> {
    // Fields drop in this order: first unmapped, then free.
    mapped: M,
    _slot: Return,
}

impl<M: Mapped> LentSlot<M> {
    /// `mapped` lies in `slot`.
    pub fn new(mapped: M, slot: TakenSlot) -> LentSlot<M> {
        LentSlot { mapped, _slot: Return(slot) }
    }

    /// The planes, in place.
    pub fn picture(&self) -> Picture<'_> {
        self.mapped.picture()
    }

    /// What is known about the frame.
    pub fn hints(&self) -> PictureHints<'_> {
        self.mapped.hints()
    }
}
