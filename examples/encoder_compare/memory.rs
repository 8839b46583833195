//! How much memory an encoder holds: the system's allocator with a counter of the allocated bytes.

#![allow(
    unsafe_code,
    reason = "an allocator is an unsafe trait; everything is handed to the system's as it came"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use strikeline_picture::{FrameChange, Picture, Plane, SegmentIndex};
use wgpu_video::encode::h264::{H264Factory, ReferenceCount};
use wgpu_video::encode::{EncoderSettings, H264Quality};

struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call goes to the system's allocator unchanged, so its promises are kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of this trait.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Prints how much memory the built-in encoder holds after two pictures, for each number of reference pictures.
pub(crate) fn print(settings: &EncoderSettings, quality: H264Quality) -> Result<(), Box<dyn Error>> {
    let size = settings.size;
    let (stride, height) = (size.width() as usize, size.height() as usize);
    let picture_bytes = stride * height * 3 / 2;
    println!("{size}: a picture has {picture_bytes} bytes");
    println!("references      bytes  pictures");
    for count in 1..=ReferenceCount::MAX.get() {
        let references = ReferenceCount::clamped(count);
        let (mut luma, chroma) = (vec![0; stride * height], vec![128; stride * height / 2]);
        let mut output = Vec::with_capacity(picture_bytes);
        let before = ALLOCATED.load(Ordering::Relaxed);
        let factory = H264Factory::new(quality).with_references(references);
        let mut encoder = factory.encoder(settings, SegmentIndex(0))?;
        for number in 0..2u8 {
            luma.iter_mut().enumerate().for_each(|(index, sample)| *sample = (index as u8 & 31) + number);
            let plane = |data| Plane { data, stride };
            let picture = Picture::nv12(size, plane(&luma), plane(&chroma));
            encoder.encode(&picture, &FrameChange::UNKNOWN, &mut output)?;
        }
        let held = ALLOCATED.load(Ordering::Relaxed) - before;
        println!("{count:>10} {held:>10} {:>9.2}", held as f64 / picture_bytes as f64);
    }
    Ok(())
}
