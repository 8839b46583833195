//! Picture memory that encoders share.

use std::sync::{Arc, Mutex, PoisonError};

/// The most buffers in a pool: those of two encoders with one reference, which gain most from it.
const MOST: usize = 12;

/// Picture memory that encoders return when they are dropped, and that later ones reuse. Clones share it.
///
/// Without it, each encoder gets new memory, which the system clears page by page: that takes as long as a quarter of
/// an IDR picture.
#[derive(Debug, Clone, Default)]
pub struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    /// A buffer of `length` bytes with undefined content.
    pub(crate) fn take(&self, length: usize) -> Vec<u8> {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = buffers.iter().position(|buffer| buffer.len() == length) {
            return buffers.swap_remove(index);
        }
        drop(buffers);
        vec![0; length]
    }

    /// Returns a buffer.
    pub(crate) fn put(&self, buffer: Vec<u8>) {
        if buffer.is_empty() {
            return;
        }
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Buffers of earlier sizes will hardly be needed again.
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
    fn a_returned_buffer_is_reused() {
        let pool = BufferPool::default();
        pool.clone().put(vec![7; 12_347]);
        assert!(pool.take(12_347).iter().all(|&byte| byte == 7));
        assert!(pool.take(12_347).iter().all(|&byte| byte == 0));
    }
}
