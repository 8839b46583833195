//! What the scene knows about its motion reaches the encoder, frame by frame.

mod common;

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};

use common::{bare, demo_content};
use strikeline::highway::{Highway, HighwayOptions};
use strikeline::theme::ViewKind;
use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, Scroll, SegmentIndex, Time};
use wgpu_video::encode::raw::RawEncoder;
use wgpu_video::encode::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings,
};
use wgpu_video::stream::NullSink;
use wgpu_video::stream::{StreamOptions, stream};

/// Writes down the scroll of every picture.
#[derive(Default, Clone)]
struct Listener(Arc<Mutex<Vec<Option<Scroll>>>>);

struct Listening(Box<dyn Encoder>, Listener);

impl EncoderFactory for Listener {
    fn name(&self) -> &'static str {
        "listener"
    }
    fn codec(&self) -> Codec {
        RawEncoder::Nv12.codec()
    }
    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(Listening(RawEncoder::Nv12.begin_segment(settings, segment)?, self.clone())))
    }
}

impl Encoder for Listening {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        self.1.0.lock().unwrap().push(change.scroll);
        self.0.encode(picture, change, output)
    }
    fn codec_config(&self) -> Option<CodecConfig> {
        self.0.codec_config()
    }
}

fn scrolls(options: &HighwayOptions) -> (Vec<Option<Scroll>>, Option<u32>) {
    let (size, rate) = (PictureSize::new(640, 360).unwrap(), FrameRate::new(60, 1).unwrap());
    let listener = Listener::default();
    let mut highway = Highway::new(demo_content(), options, size, rate).unwrap();
    let stream_options =
        StreamOptions::new(size, rate, NonZeroU64::new(5).unwrap(), Arc::new(listener.clone()));
    stream(&mut highway, &stream_options, &mut NullSink::default(), &mut |_| {}).unwrap();
    let scrolls = listener.0.lock().unwrap().clone();
    (scrolls, highway.motion().pixels_per_frame())
}

#[test]
fn the_encoder_learns_how_far_notes_move() {
    let steps = |options| {
        let (scrolls, pixels) = scrolls(&options);
        let whole =
            scrolls.iter().map(|scroll| scroll.filter(|scroll| (scroll.dx, scroll.denominator) == (0, 1)));
        (whole.map(|scroll| scroll.expect("a whole scroll").dy).collect::<Vec<_>>(), pixels)
    };
    // 4 pixels per frame.
    let second = HighwayOptions { lookahead: Time::from_seconds(1.275), ..bare() };
    assert_eq!(steps(second), (vec![4; 5], Some(4)));
    // In turns.
    let (turns, pixels) = steps(bare());
    assert_eq!(pixels, None);
    assert!(
        turns.contains(&2) && turns.contains(&4) && turns.iter().all(|step| [2, 4].contains(step)),
        "{turns:?}"
    );
    let (rising, _) = scrolls(&HighwayOptions { reverse: true, ..bare() });
    assert!(rising.iter().all(|scroll| scroll.is_some_and(|scroll| scroll.dy < 0 && scroll.dx == 0)));
    let exact = HighwayOptions { exact_speed: true, lookahead: Time::from_seconds(1.9), ..bare() };
    let (exact, _) = scrolls(&exact);
    assert!(exact.iter().all(|scroll| scroll.is_some_and(|scroll| scroll.denominator > 1)));
    let (tilted, _) = scrolls(&HighwayOptions { view: Some(ViewKind::Perspective), ..bare() });
    assert_eq!(tilted, [None; 5]);
}
