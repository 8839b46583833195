//! What a stream is coded in, and what its decoders must know.

use std::fmt;

/// A way to code pictures. Encoder factories name the codec that they make, sinks those that they can write.
///
/// Any encoder may bring a codec of its own ([`Codec::new`]); the constants are there so that encoders and sinks that do
/// not know each other mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Codec(&'static str);

impl Codec {
    /// ITU-T H.264, ISO/IEC 14496-10.
    pub const H264: Codec = Codec("H.264");
    /// ITU-T H.265, ISO/IEC 23008-2.
    pub const HEVC: Codec = Codec("HEVC");
    /// AOMedia Video 1.
    pub const AV1: Codec = Codec("AV1");
    /// VP9.
    pub const VP9: Codec = Codec("VP9");
    /// VP9 with alpha, which is a second stream: a frame is the length of its coded alpha in 4 bytes, big-endian, the coded
    /// alpha, and the coded colours. What is luma in the second stream is alpha, in full range.
    pub const VP9_ALPHA: Codec = Codec("VP9 with alpha");
    /// Apple ProRes (SMPTE RDD 36).
    pub const PRORES: Codec = Codec("ProRes");
    /// VC-3, which Avid calls DNxHD and DNxHR (SMPTE ST 2019-1).
    pub const DNXHR: Codec = Codec("DNxHR");
    /// PNG pictures (ISO/IEC 15948), one for each frame.
    pub const PNG: Codec = Codec("PNG");
    /// QOI pictures (the Quite OK Image Format), one for each frame.
    pub const QOI: Codec = Codec("QOI");
    /// JPEG pictures (ITU-T T.81, with JFIF), one for each frame.
    pub const JPEG: Codec = Codec("JPEG");
    /// WebP pictures (RFC 9649), one for each frame.
    pub const WEBP: Codec = Codec("WebP");
    /// FFV1 (RFC 9043).
    pub const FFV1: Codec = Codec("FFV1");
    /// Pictures of a GIF animation, as [`CodedRegion`](super::CodedRegion) has it.
    pub const GIF: Codec = Codec("GIF");
    /// Pictures of an animated PNG, as [`CodedRegion`](super::CodedRegion) has it.
    pub const APNG: Codec = Codec("APNG");
    /// Pictures of an animated WebP, lossless, as [`CodedRegion`](super::CodedRegion) has it.
    pub const ANIMATED_WEBP: Codec = Codec("animated WebP");
    /// Frames of a YUV4MPEG2 file: the line `FRAME`, then luma and both chroma planes.
    pub const YUV4MPEG2: Codec = Codec("YUV4MPEG2");
    /// Uncompressed NV12: luma, then interleaved chroma, rows without padding.
    pub const NV12: Codec = Codec("raw NV12");
    /// Uncompressed RGB with straight alpha, four bytes a pixel, rows without padding.
    pub const RGBA: Codec = Codec("raw RGBA");
    /// Nothing that can be decoded, for benchmarks.
    pub const NONE: Codec = Codec("nothing");

    /// A codec that has no constant here. Codecs are equal when their names are.
    pub const fn new(name: &'static str) -> Codec {
        Codec(name)
    }

    /// Whether pictures are not compressed, and a file of them has no container.
    pub fn is_raw(self) -> bool {
        [Codec::YUV4MPEG2, Codec::NV12, Codec::RGBA].contains(&self)
    }

    /// Whether each picture is coded without any other, so that all are sync samples.
    pub fn is_intra_only(self) -> bool {
        [Codec::PRORES, Codec::DNXHR, Codec::PNG].contains(&self)
    }

    /// An access unit of [`Codec::VP9_ALPHA`] in its two parts, alpha and colours; `None` if it is none.
    pub fn split_alpha(unit: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = unit.split_first_chunk()?;
        let (alpha, colours) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        (!alpha.is_empty() && !colours.is_empty()).then_some((alpha, colours))
    }

    /// Its name, as error texts and reports print it.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What a decoder must know before the first access unit. Equal for every segment of a video, so that one decoder can
/// play them in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecConfig {
    /// H.264: the parameter sets as bare NAL units, without start code or length.
    H264 {
        /// Sequence parameter set (ITU-T H.264, 7.3.2.1), NAL header byte included.
        sps: Vec<u8>,
        /// Picture parameter set (ITU-T H.264, 7.3.2.2), NAL header byte included.
        pps: Vec<u8>,
    },
    /// Any other codec.
    Record {
        /// Which one.
        codec: Codec,
        /// What files say about the stream, in the form that the codec's specification gives for them: the content of
        /// `hvcC` for HEVC, `av1C` for AV1, `vpcC` for VP9; the four-character code for ProRes; empty where a decoder
        /// needs to know nothing.
        record: Vec<u8>,
    },
}

impl CodecConfig {
    /// For a codec other than H.264.
    pub fn new(codec: Codec, record: impl Into<Vec<u8>>) -> CodecConfig {
        CodecConfig::Record { codec, record: record.into() }
    }

    /// Which codec it is for.
    pub fn codec(&self) -> Codec {
        match self {
            CodecConfig::H264 { .. } => Codec::H264,
            CodecConfig::Record { codec, .. } => *codec,
        }
    }
}
