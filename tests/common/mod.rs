//! What several tests need.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod midi;
#[cfg(feature = "cli")]
pub(crate) mod program;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use strikeline::highway::Layout;
use strikeline::highway::{HighwayContent, HighwayNote, HighwayOptions, Labels, LanePlace, LaneStyle};
use strikeline_picture::{FrameIndex, FrameRate, PictureSize, Time};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::gpu::Gpu;
use wgpu_video::scene::Scene;
use wgpu_video::scene::still::render_still;
use wgpu_video::stream::MemorySink;
use wgpu_video::stream::{StreamOptions, stream};

/// Luma and chroma of a frame, without padding.
pub(crate) type Planes = (Vec<u8>, Vec<u8>);

/// A highway of five lanes with notes everywhere, velocities of all kinds, and kicks.
pub(crate) fn demo_content() -> HighwayContent {
    let colors = [[255, 214, 10], [255, 69, 58], [10, 132, 255], [48, 209, 88], [191, 90, 242]];
    let lanes = colors.map(|color| LaneStyle { color, ..LaneStyle::default() }).to_vec();
    let mut notes = Vec::new();
    for index in 0..64_usize {
        let time = Time::from_nanos(index as i64 * 125_000_000);
        let note = |place, color| HighwayNote {
            time,
            place,
            velocity: (index * 37 % 127 + 1) as u8,
            color,
            ..HighwayNote::default()
        };
        if index.is_multiple_of(4) {
            notes.push(note(LanePlace::Kick, [255, 140, 40]));
        }
        let lane = index * 3 % 5;
        notes.push(note(LanePlace::Lane(lane), colors[lane]));
    }
    HighwayContent { lanes, notes, ..HighwayContent::default() }
}

/// Frame 0 of `scene` as RGBA.
pub(crate) fn still(scene: &mut dyn Scene, size: PictureSize, frame_rate: FrameRate) -> Vec<u8> {
    let gpu = Gpu::open(&Default::default()).unwrap();
    render_still(&gpu, scene, size, frame_rate, FrameIndex(0)).unwrap()
}

/// Frame 0 of `scene` as planes.
pub(crate) fn capture_planes(scene: &mut dyn Scene, size: PictureSize, frame_rate: FrameRate) -> Planes {
    capture_frames(scene, size, frame_rate, 1).remove(0)
}

/// The first `frames` frames of `scene` as planes, by way of the whole pipeline.
pub(crate) fn capture_frames(
    scene: &mut dyn Scene,
    size: PictureSize,
    frame_rate: FrameRate,
    frames: u64,
) -> Vec<Planes> {
    let options =
        StreamOptions::new(size, frame_rate, NonZeroU64::new(frames).unwrap(), Arc::new(RawEncoder::Nv12))
            .with_segment_frames(NonZeroU32::new(1));
    let mut sink = MemorySink::default();
    stream(scene, &options, &mut sink, &mut |_| {}).unwrap();
    let luma = (size.width() * size.height()) as usize;
    sink.data
        .chunks_exact(luma * 3 / 2)
        .map(|frame| (frame[..luma].to_vec(), frame[luma..].to_vec()))
        .collect()
}

/// Options of a highway without text.
pub(crate) fn bare() -> HighwayOptions {
    HighwayOptions { header: false, count_in: false, labels: Labels::Never, ..HighwayOptions::default() }
}

/// Where things are on a highway of `lanes` lanes without text.
pub(crate) fn layout(width: u32, height: u32, lanes: usize) -> Layout {
    Layout::new(PictureSize::new(width, height).unwrap(), lanes, &bare())
}
