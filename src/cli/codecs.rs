//! The codecs of videos: one row of [`CODECS`] for each.

use std::sync::Arc;

use wgpu_video::encode::h264::H264Factory;
#[cfg(feature = "openh264")]
use wgpu_video::encode::openh264::OpenH264;
use wgpu_video::encode::raw::{RawEncoder, Y4mEncoder};
use wgpu_video::encode::{EncoderFactory, H264Quality, Joining};

use super::video_format::VideoFormat;

/// A codec, or one of several encoders of a codec.
#[derive(Debug)]
pub(crate) struct VideoCodec {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The formats that can have it, the usual one first.
    pub formats: &'static [VideoFormat],
    /// Makes its encoders.
    maker: Maker,
}

/// What makes the encoders of a codec.
#[derive(Debug, Clone, Copy)]
enum Maker {
    /// A part of this program.
    BuiltIn(fn(H264Quality) -> Arc<dyn EncoderFactory>),
}

/// All of them. Of the codecs that a format can have, the first is used when none is chosen.
pub(crate) const CODECS: &[VideoCodec] = &[
    VideoCodec {
        name: "h264",
        about: "H.264 by the built-in encoder, made for rendered animation",
        formats: &[VideoFormat::Mp4],
        maker: Maker::BuiltIn(|quality| Arc::new(H264Factory::new(quality))),
    },
    #[cfg(feature = "openh264")]
    VideoCodec {
        name: "openh264",
        about: "H.264 by openh264",
        formats: &[VideoFormat::Mp4],
        maker: Maker::BuiltIn(|quality| Arc::new(OpenH264::new(quality))),
    },
    VideoCodec {
        name: "y4m",
        about: "frames that are not compressed, with size and rate (YUV4MPEG2, 4:2:0)",
        formats: &[VideoFormat::Y4m],
        maker: Maker::BuiltIn(|_| Arc::new(Y4mEncoder)),
    },
    VideoCodec {
        name: "nv12",
        about: "frames that are not compressed, and nothing else",
        formats: &[VideoFormat::Nv12],
        maker: Maker::BuiltIn(|_| Arc::new(RawEncoder)),
    },
];

impl VideoCodec {
    /// The one that is used when nothing says another.
    pub(crate) const DEFAULT: &'static VideoCodec = &CODECS[0];

    /// The codec called `name`.
    pub(crate) fn find(name: &str) -> Option<&'static VideoCodec> {
        CODECS.iter().find(|codec| codec.name == name)
    }

    /// How the pictures of a video are divided among its encoders.
    pub(crate) fn joining(&self) -> Joining {
        self.factory(H264Quality::DEFAULT).joining()
    }

    /// Makes the encoders.
    pub(crate) fn factory(&self, quality: H264Quality) -> Arc<dyn EncoderFactory> {
        match self.maker {
            Maker::BuiltIn(make) => make(quality),
        }
    }
}
