//! The pipeline's side of the ring: which slots are free, and frames in slots that give them back.

use crossbeam_channel::{Receiver, Sender, bounded};

use super::stage::{Mapped, SlotIndex};
use crate::picture::Picture;

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

    /// Waits for a free slot; always gets one in the end, as every frame gives its slot back.
    pub fn take(&self) -> Option<HeldSlot> {
        let index = self.free.recv().ok()?;
        Some(HeldSlot { index, give_back: self.give_back.clone() })
    }
}

/// A slot that is not free; dropping it makes it free.
#[derive(Debug)]
pub struct HeldSlot {
    index: SlotIndex,
    give_back: Sender<SlotIndex>,
}

impl HeldSlot {
    /// Which one.
    pub fn index(&self) -> SlotIndex {
        self.index
    }
}

impl Drop for HeldSlot {
    fn drop(&mut self) {
        // There is room for every slot of the ring.
        let _ = self.give_back.try_send(self.index);
    }
}

/// A frame in mapped memory, with its slot.
pub struct LentSlot<M> {
    // Fields drop in this order: first unmapped, then free.
    mapped: M,
    _slot: HeldSlot,
}

impl<M: Mapped> LentSlot<M> {
    /// `mapped` lies in `slot`.
    pub fn new(mapped: M, slot: HeldSlot) -> LentSlot<M> {
        LentSlot { mapped, _slot: slot }
    }

    /// The planes, in place.
    pub fn picture(&self) -> Picture<'_> {
        self.mapped.picture()
    }
}
