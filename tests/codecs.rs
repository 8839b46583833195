//! Encoders of codecs that an MP4 file cannot hold here, with frames that are really drawn.
#![allow(clippy::unwrap_used, reason = "a test's helpers are tests too")]

mod common;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::demo_content;
use strikeline::highway::{Highway, HighwayOptions};
use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, SegmentIndex};
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings,
};
use wgpu_video::output::Overwrite;
use wgpu_video::stream::FileSink;
use wgpu_video::stream::MemorySink;
use wgpu_video::stream::{Sink, StreamError, StreamOptions, stream};

const DIRAC: Codec = Codec::new("Dirac");

/// Stand-in for an encoder of a codec that no format here has; counts pictures.
#[derive(Default, Clone)]
struct FakeEncoder(Arc<AtomicU64>);

impl EncoderFactory for FakeEncoder {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn codec(&self) -> Codec {
        DIRAC
    }
    fn begin_segment(
        &self,
        _settings: &EncoderSettings,
        _segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(self.clone()))
    }
}

impl Encoder for FakeEncoder {
    fn encode(
        &mut self,
        _picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        output.extend([0, 0, 0, 3, 0x26, 1, number as u8]);
        Ok(Some(AccessUnit::new(7, number == 0)))
    }
    fn codec_config(&self) -> Option<CodecConfig> {
        Some(CodecConfig::new(DIRAC, [1, 2, 3]))
    }
}

fn run(encoder: &FakeEncoder, sink: &mut dyn Sink) -> Result<u64, StreamError> {
    let (size, rate) = (PictureSize::new(64, 64).unwrap(), FrameRate::new(60, 1).unwrap());
    let mut highway = Highway::new(demo_content(), &HighwayOptions::default(), size, rate).unwrap();
    let options = StreamOptions::new(size, rate, NonZeroU64::new(6).unwrap(), Arc::new(encoder.clone()));
    stream(&mut highway, &options, sink, &mut |_| {}).map(|report| report.bytes)
}

#[test]
fn a_codec_goes_to_a_sink_that_takes_it_and_is_refused_by_one_that_does_not() {
    let encoder = FakeEncoder::default();
    assert_eq!(run(&encoder, &mut MemorySink::default()).unwrap(), 6 * 7);

    let folder = tempfile::tempdir().unwrap();
    let encoder = FakeEncoder::default();
    let mut sink = FileSink::create(&folder.path().join("video.mp4"), Overwrite::Refuse).unwrap();
    let error = run(&encoder, &mut sink).unwrap_err();
    assert!(matches!(error, StreamError::Begin(_)), "{error}");
    assert!(error.to_string().contains("Dirac"), "{error}");
    assert_eq!(encoder.0.load(Ordering::Relaxed), 0, "nothing was drawn");
    drop(sink);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}
