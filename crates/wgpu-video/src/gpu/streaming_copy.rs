//! Copies the planes of a picture, once, out of memory that the processor may not cache.
//!
//! An ordinary load from such memory (write-combined: what some drivers map read-back memory as) goes to the bus
//! for itself. A streaming load (`MOVNTDQA`, SSE4.1; Intel 64 and IA-32 manual, volume 1, 12.10.3) fetches 64 bytes
//! into a buffer of the processor's, and the next three take theirs out of it. From cached memory it is an ordinary
//! load. Other processors copy as they copy everything.

#![allow(
    unsafe_code,
    reason = "streaming loads are only there as an intrinsic; what they read and write are slices of equal length"
)]

/// Where the samples lie in both pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyRows {
    /// Bytes from the start of one row to that of the next, at least `width`.
    pub stride: usize,
    /// Bytes of a row that are copied. What lies between the rows is not even read.
    pub width: usize,
    /// How many rows.
    pub count: usize,
}

/// Copies `rows` of `from` to the same places of `to`, as far as both are long enough.
pub(crate) fn copy_rows(from: &[u8], to: &mut [u8], rows: CopyRows) {
    let stride = rows.stride.max(1);
    let pairs = from.chunks(stride).zip(to.chunks_mut(stride)).take(rows.count);
    let loads = Loads::detect();
    loads.begin();
    for (from, to) in pairs {
        let width = rows.width.min(from.len()).min(to.len());
        loads.run(&from[..width], &mut to[..width]);
    }
}

/// How bytes are loaded on this processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loads {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Streaming(Sse41Token),
}

/// Proof that the processor has SSE4.1: only [`Loads::detect`] makes one, and only after it looked.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sse41Token(());

impl Loads {
    fn detect() -> Loads {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("sse4.1") {
            return Loads::Streaming(Sse41Token(()));
        }
        Loads::Plain
    }

    /// Before the first of some copies out of memory that a device has written since.
    fn begin(self) {
        #[cfg(target_arch = "x86_64")]
        if let Loads::Streaming(_) = self {
            // Else a buffer filled from an earlier frame could serve this one.
            // SAFETY: SSE2, which every x86-64 processor has, is all that it asks for.
            unsafe { std::arch::x86_64::_mm_mfence() }
        }
    }

    /// Copies `from` to `to`, which must be as long.
    fn run(self, from: &[u8], to: &mut [u8]) {
        match self {
            Loads::Plain => to.copy_from_slice(from),
            // SAFETY: the value is proof that the processor has SSE4.1, which is all that it asks for.
            #[cfg(target_arch = "x86_64")]
            Loads::Streaming(Sse41Token(())) => unsafe { x86::copy(from, to) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m128i, _mm_storeu_si128, _mm_stream_load_si128};

    /// What the processor fetches at once.
    #[repr(C, align(64))]
    struct CacheLine([__m128i; 4]);

    /// Copies `from` to `to`.
    ///
    /// # Panics
    /// When they are not equally long.
    #[target_feature(enable = "sse4.1")]
    pub(super) fn copy(from: &[u8], to: &mut [u8]) {
        // SAFETY: any 64 bytes are a line.
        let (head, lines, tail) = unsafe { from.align_to::<CacheLine>() };
        let (to_head, rest) = to.split_at_mut(head.len());
        let (to_lines, to_tail) = rest.split_at_mut(size_of_val(lines));
        to_head.copy_from_slice(head);
        for (line, to) in lines.iter().zip(to_lines.chunks_exact_mut(size_of::<CacheLine>())) {
            let parts: [*const __m128i; 4] = [&line.0[0], &line.0[1], &line.0[2], &line.0[3]];
            // SAFETY: each lies within the line, at a multiple of 16 bytes as the load asks for.
            let loaded = parts.map(|part| unsafe { _mm_stream_load_si128(part) });
            for (value, to) in loaded.into_iter().zip(to.chunks_exact_mut(size_of::<__m128i>())) {
                // SAFETY: there are 16 bytes; the store needs no alignment.
                unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), value) }
            }
        }
        to_tail.copy_from_slice(tail);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl CopyRows {
        /// Bytes from the first row's first to the last row's last.
        fn bytes(self) -> usize {
            self.count.saturating_sub(1) * self.stride + if self.count == 0 { 0 } else { self.width }
        }
    }

    /// Bytes none of which is like its neighbours, and none is zero.
    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|place| (place * 7 % 251) as u8 + 1).collect()
    }

    #[test]
    fn every_alignment_and_length_is_copied_and_nothing_beside_it() {
        let from = bytes(512);
        for start in 0..64 {
            for length in 0..=260 {
                // The other end is aligned differently each time.
                let to_start = (start * 5 + length) % 64;
                let mut to = vec![0; 512];
                Loads::detect().run(&from[start..start + length], &mut to[to_start..to_start + length]);
                let mut expected = vec![0; 512];
                expected[to_start..to_start + length].copy_from_slice(&from[start..start + length]);
                assert_eq!(to, expected, "{length} bytes from {start} to {to_start}");
            }
        }
    }

    proptest! {
        #[test]
        fn rows_are_copied_and_the_padding_is_left_alone(
            (width, padding, count) in (0_usize..300, 0_usize..80, 0_usize..12),
            (start, to_start) in (0_usize..64, 0_usize..64),
        ) {
            let rows = CopyRows { stride: width + padding, width, count };
            let from = bytes(start + rows.bytes());
            let mut to = vec![0; to_start + rows.bytes()];
            copy_rows(&from[start..], &mut to[to_start..], rows);
            let mut expected = vec![0; to.len()];
            for row in 0..count {
                let place = row * rows.stride;
                expected[to_start + place..][..width].copy_from_slice(&from[start + place..][..width]);
            }
            prop_assert_eq!(to, expected);
        }

        #[test]
        fn pictures_that_are_too_short_are_copied_as_far_as_they_go(
            (from, to) in (0_usize..400, 0_usize..400),
        ) {
            let source = bytes(from);
            let mut copied = vec![0; to];
            copy_rows(&source, &mut copied, CopyRows { stride: 100, width: 90, count: 9 });
            for (place, byte) in copied.iter().enumerate() {
                let there = place % 100 < 90 && place < from;
                prop_assert_eq!(*byte, if there { source[place] } else { 0 });
            }
        }
    }
}
