//! Memory of encoders that are done, for those that begin: fresh memory has to be cleared by the system, page by page, which
//! takes as long as a quarter of an I picture. How an encoder comes by its memory, the standard leaves open.

use std::sync::{Mutex, PoisonError};

/// Buffers that are kept: those of two encoders with one reference, for which it pays most.
const MOST: usize = 12;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer of `length` bytes with anything in it: nothing may be read that was not written before.
pub(super) fn take(length: usize) -> Vec<u8> {
    let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(index) = spare.iter().position(|buffer| buffer.len() == length) {
        return spare.swap_remove(index);
    }
    drop(spare);
    vec![0; length]
}

/// Gives a buffer back.
pub(super) fn put(buffer: Vec<u8>) {
    if buffer.is_empty() {
        return;
    }
    let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    // Those of another size than what came last will hardly be wanted again.
    if spare.len() >= MOST {
        spare.clear();
    }
    spare.push(buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_taken_again() {
        put(vec![7; 12_347]);
        assert!(take(12_347).iter().all(|&byte| byte == 7));
        assert!(take(12_347).iter().all(|&byte| byte == 0));
    }
}
