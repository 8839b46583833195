//! How fast the processor reads a mapped slot, against memory of its own.
//!
//! Some drivers map the memory that a device writes to without the processor's cache. Reading it then takes 50
//! to 90 times as long, and an encoder that reads its picture in place is slow without a visible reason.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{Gpu, GpuError};

/// Copies of each kind; odd, so that there is a middle one.
const COPIES: usize = 9;

/// Bytes of a slot for a frame of 1920 × 1080: rows of 2048 bytes, luma, and half as much chroma.
const SLOT_BYTES: usize = 2048 * 1080 * 3 / 2;

/// How many times slower a mapped slot may be than plain memory before something is wrong with it.
const SUSPICIOUS: f64 = 4.0;

/// Copies of each kind for [`ReadbackMemory::measure`], and how many bytes: 90 times slower than memory they take
/// some 4 ms.
const QUICK_COPIES: usize = 3;
const QUICK_BYTES: usize = 128 << 10;

/// Cached memory is read faster than this, in bytes per second, even across the bus.
const CACHED: f64 = 1e9;

/// What kind of memory frames are read back into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadbackMemory {
    /// Cached by the processor: encoders read their pictures in place.
    Cached,
    /// Not cached: each load goes over the bus. A picture is copied out once, by
    /// `streaming_copy::copy_rows`, and read from the copy.
    Uncached,
}

impl ReadbackMemory {
    /// Measures on `gpu`, in about 10 ms. Not measured on software adapters, whose memory is the processor's.
    ///
    /// # Errors
    /// When the device fails.
    pub fn measure(gpu: &Gpu) -> Result<ReadbackMemory, GpuError> {
        if gpu.description.software {
            return Ok(ReadbackMemory::Cached);
        }
        let copies = CopyTimes::measure(gpu, QUICK_BYTES, QUICK_COPIES)?;
        // Whatever else happens on the machine only makes a copy slower.
        Ok(ReadbackMemory::of(QUICK_BYTES, fastest(&copies.mapped), fastest(&copies.plain)))
    }

    /// Plain memory of so few bytes comes out of the nearest cache and the slot does not, so it is not enough that it
    /// is some times slower.
    fn of(bytes: usize, mapped: Duration, plain: Duration) -> ReadbackMemory {
        let speed = ReadbackSpeed { bytes, mapped, plain };
        if speed.seems_uncached() && speed.mapped_bytes_per_second() < CACHED {
            ReadbackMemory::Uncached
        } else {
            ReadbackMemory::Cached
        }
    }
}

/// What was measured: medians of several copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadbackSpeed {
    /// Size of the slot, in bytes: that of a frame of 1920 × 1080.
    pub bytes: usize,
    /// Time of a copy from a mapped slot into plain memory.
    pub mapped: Duration,
    /// Time of a copy from plain memory into plain memory.
    pub plain: Duration,
}

impl ReadbackSpeed {
    /// Measures on `gpu`, which takes some milliseconds where all is well.
    ///
    /// # Errors
    /// When the device fails.
    pub fn measure(gpu: &Gpu) -> Result<ReadbackSpeed, GpuError> {
        let CopyTimes { mapped, plain } = CopyTimes::measure(gpu, SLOT_BYTES, COPIES)?;
        Ok(ReadbackSpeed { bytes: SLOT_BYTES, mapped: median(mapped), plain: median(plain) })
    }

    /// Bytes per second out of the slot.
    pub fn mapped_bytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.mapped.as_secs_f64()
    }

    /// Bytes per second out of plain memory.
    pub fn plain_bytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.plain.as_secs_f64()
    }

    /// How many times longer the slot takes than plain memory; below 1 where it is faster.
    pub fn times_slower(&self) -> f64 {
        self.mapped.as_secs_f64() / self.plain.as_secs_f64()
    }

    /// Whether the driver seems to map without the processor's cache.
    pub fn seems_uncached(&self) -> bool {
        self.times_slower() > SUSPICIOUS
    }
}

/// Times of single copies into plain memory.
struct CopyTimes {
    mapped: Vec<Duration>,
    plain: Vec<Duration>,
}

impl CopyTimes {
    /// Copies `bytes` bytes `count` times out of a slot and out of plain memory.
    fn measure(gpu: &Gpu, bytes: usize, count: usize) -> Result<CopyTimes, GpuError> {
        let size = bytes as u64;
        gpu.check_buffer_size("a frame in memory", size)?;
        let buffer = |label, usage| {
            let descriptor =
                wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
            gpu.device.create_buffer(&descriptor)
        };
        // As the ring makes its slots.
        let slot = buffer("slot", wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let source = buffer("frame", wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST);
        gpu.check()?;
        let mut memory = vec![0_u8; bytes];
        let mut copy = vec![0_u8; bytes];
        let mut copies = CopyTimes { mapped: Vec::new(), plain: Vec::new() };
        for round in 0..=count {
            // Freshly written by the device each time, as a frame is.
            let mut commands = gpu.device.create_command_encoder(&Default::default());
            commands.copy_buffer_to_buffer(&source, 0, &slot, 0, size);
            commands.map_buffer_on_submit(&slot, wgpu::MapMode::Read, .., |_| {});
            let submission = gpu.submit(commands)?;
            gpu.wait(&submission)?;
            let view = slot.get_mapped_range(..).map_err(|error| GpuError::Lost {
                reason: format!("a buffer could not be mapped: {error}"),
            })?;
            let from_slot = timed_copy(&view, &mut copy);
            drop(view);
            slot.unmap();
            // Freshly written as well.
            memory.fill(round as u8);
            let from_memory = timed_copy(&memory, &mut copy);
            // The first round touches the memory for the first time.
            if round > 0 {
                copies.mapped.push(from_slot);
                copies.plain.push(from_memory);
            }
        }
        Ok(copies)
    }
}

fn timed_copy(from: &[u8], to: &mut [u8]) -> Duration {
    let started = Instant::now();
    to.copy_from_slice(black_box(from));
    black_box(to);
    // Never nothing, so that it can be divided by.
    started.elapsed().max(Duration::from_nanos(1))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(Duration::from_nanos(1))
}

fn fastest(times: &[Duration]) -> Duration {
    times.iter().copied().min().unwrap_or(Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_suspicious_when_it_takes_over_four_times_as_long() {
        let speed = |mapped, plain| ReadbackSpeed {
            bytes: 3_000_000,
            mapped: Duration::from_micros(mapped),
            plain: Duration::from_micros(plain),
        };
        assert!(!speed(1000, 300).seems_uncached());
        assert!(!speed(100, 300).seems_uncached());
        assert!(speed(1300, 300).seems_uncached());
        assert_eq!(speed(1000, 300).mapped_bytes_per_second(), 3e9);
    }

    #[test]
    fn memory_is_uncached_when_it_is_slow_both_by_itself_and_beside_plain_memory() {
        let of = |mapped, plain| {
            ReadbackMemory::of(100_000, Duration::from_micros(mapped), Duration::from_micros(plain))
        };
        // 0.1 GB/s beside 10; a cache that is far beside one that is near; a machine that is slow at everything.
        assert_eq!(of(1000, 10), ReadbackMemory::Uncached);
        assert_eq!(of(60, 5), ReadbackMemory::Cached);
        assert_eq!(of(200, 100), ReadbackMemory::Cached);
    }

    #[test]
    fn the_middle_of_the_copies_counts() {
        assert_eq!(median([5, 1, 900].map(Duration::from_millis).to_vec()), Duration::from_millis(5));
    }
}
