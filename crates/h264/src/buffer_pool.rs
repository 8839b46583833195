//! Memory of encoders that are done, for those that begin: the system has to clear fresh memory page by page, which takes
//! as long as a quarter of an I picture. How an encoder comes by its memory, the standard leaves open.

use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that are kept: those of two encoders with one reference, for which it pays most.
const MOST: usize = 12;

/// Picture memory that encoders give back when they are dropped, and that later ones take. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    /// A buffer of `length` bytes with anything in it: nothing may be read that was not written before.
    pub(crate) fn take(&self, length: usize) -> Vec<u8> {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = buffers.iter().position(|buffer| buffer.len() == length) {
            return buffers.swap_remove(index);
        }
        drop(buffers);
        vec![0; length]
    }

    /// Gives a buffer back.
    pub(crate) fn put(&self, buffer: Vec<u8>) {
        if buffer.is_empty() {
            return;
        }
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of another size than what came last will hardly be wanted again.
        if buffers.len() >= MOST {
            buffers.clear();
        }
        buffers.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_taken_again() {
        let pool = BufferPool::default();
        pool.clone().put(vec![7; 12_347]);
        assert!(pool.take(12_347).iter().all(|&byte| byte == 7));
        assert!(pool.take(12_347).iter().all(|&byte| byte == 0));
    }
}
