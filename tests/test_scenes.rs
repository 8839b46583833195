//! The scenes of `examples/test_scenes`: a figure of an encoder holds only if everybody has the same pictures.

#[path = "../examples/test_scenes/scenes/mod.rs"]
mod scenes;

use std::num::NonZeroU64;
use std::sync::Arc;

use strikeline_picture::{FrameRate, PictureSize};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::stream::{FinishedSegment, Sink, SinkError, StreamInfo, StreamOptions, stream};

const FRAMES: u64 = 8;

/// Keeps all frames.
#[derive(Default)]
struct Kept(Vec<u8>);

impl Sink for Kept {
    fn begin(&mut self, _: &StreamInfo) -> Result<(), SinkError> {
        Ok(())
    }

    fn write_segment(&mut self, segment: &FinishedSegment) -> Result<(), SinkError> {
        self.0.extend_from_slice(&segment.data);
        Ok(())
    }

    fn finish(&mut self) -> Result<u64, SinkError> {
        Ok(self.0.len() as u64)
    }
}

/// The frames of a scene as NV12, one after the other. At four frames per second, eight of them have a cut in between.
fn frames(scene: &scenes::TestScene, size: PictureSize) -> Vec<u8> {
    let rate = FrameRate::new(4, 1).unwrap();
    let options =
        StreamOptions::new(size, rate, NonZeroU64::new(FRAMES).unwrap(), Arc::new(RawEncoder::Nv12));
    let mut kept = Kept::default();
    stream(&mut *scene.make(), &options, &mut kept, &mut |_| {}).unwrap();
    kept.0
}

#[test]
fn every_scene_is_the_same_in_every_run_and_moves_in_every_frame() {
    let size = PictureSize::new(320, 180).unwrap();
    for scene in &scenes::ALL {
        let first = frames(scene, size);
        assert_eq!(first.len(), 320 * 180 * 3 / 2 * FRAMES as usize, "{}", scene.name);
        assert!(first == frames(scene, size), "{} ({}) differs between two runs", scene.name, scene.about);
        let pictures: Vec<&[u8]> = first.chunks(320 * 180 * 3 / 2).collect();
        for (place, pair) in pictures.windows(2).enumerate() {
            assert!(pair[0] != pair[1], "{}: frame {} is the one before", scene.name, place + 1);
        }
        // Not one colour: luma has dark and light parts.
        let luma = &pictures[4][..320 * 180];
        let spread = luma.iter().max().unwrap() - luma.iter().min().unwrap();
        assert!(spread > 100, "{}: luma spreads over {spread} values only", scene.name);
    }
}
