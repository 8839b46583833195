//! Frames as raw planes in memory.

use std::num::NonZeroU32;
use std::sync::Arc;

use strikeline_picture::{Picture, Plane};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::scene::Scene;
use wgpu_video::stream::MemorySink;
use wgpu_video::stream::{StreamOptions, stream};

use super::{at_least_one, full_hd, sixty};

/// One frame of 1920 × 1080, NV12.
pub(crate) struct RawFrame(Vec<u8>);

impl RawFrame {
    pub(crate) fn picture(&self) -> Picture<'_> {
        let size = full_hd();
        let stride = size.width() as usize;
        let (luma, chroma) = self.0.split_at(stride * size.height() as usize);
        Picture::nv12(size, Plane { data: luma, stride }, Plane { data: chroma, stride })
    }
}

/// The first `count` frames of `scene`.
pub(crate) fn capture(scene: &mut dyn Scene, count: u64) -> Vec<RawFrame> {
    let options = StreamOptions::new(full_hd(), sixty(), at_least_one(count), Arc::new(RawEncoder::Nv12))
        .with_segment_frames(NonZeroU32::new(1));
    let mut sink = MemorySink::default();
    stream(scene, &options, &mut sink, &mut |_| {}).expect("the scene streams");
    sink.data.chunks_exact(1920 * 1080 * 3 / 2).map(|frame| RawFrame(frame.to_vec())).collect()
}
