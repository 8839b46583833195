//! The encoders of ffmpeg that are used, and the options that each is given: one row of [`FFMPEG_CODECS`] for each.

use crate::encode::{Codec, Planes};
use strikeline_picture::{BitDepth, PixelFormat};

/// An encoder of ffmpeg.
#[derive(Debug)]
#[non_exhaustive]
pub struct FfmpegCodec {
    /// Its name here.
    pub name: &'static str,
    /// Its name in ffmpeg.
    pub encoder: &'static str,
    /// What it makes.
    pub codec: Codec,
    /// Whether it runs on the processor. Otherwise it needs a device, which may take a few streams only.
    pub on_processor: bool,
    /// The formats of luma and chroma planes that it can be given, the usual one first. Empty if it is given RGBA.
    pub formats: &'static [PixelFormat],
    /// The file format in which ffmpeg hands the frames back.
    pub(super) muxer: &'static str,
    /// ffmpeg's name for the usual format of the pictures that the encoder gets, where it is not that of the planes.
    pub(super) pixels: Option<&'static str>,
    /// Options before the input.
    pub(super) device: &'static [(&'static str, &'static str)],
    /// Options that are always given.
    pub(super) options: &'static [(&'static str, &'static str)],
    /// The options for a quality on H.264's scale, 0 to 51, and for a format other than RGBA.
    pub(super) quality: fn(u8, PixelFormat) -> Options,
}

/// Names and values of options.
pub(super) type Options = Vec<(&'static str, String)>;

/// The most encoders at once on a device.
pub(super) const ON_DEVICE: usize = 2;

/// The quality on a scale from 0 to 63.
fn of_63(qp: u8) -> String {
    (u32::from(qp) * 63 / 51).to_string()
}

fn crf(qp: u8, _: PixelFormat) -> Options {
    vec![("crf", qp.to_string())]
}

fn crf_of_63(qp: u8, _: PixelFormat) -> Options {
    vec![("crf", of_63(qp)), ("b", "0".to_owned())]
}

fn prores_profile(qp: u8, _: PixelFormat) -> Options {
    let profile = match qp {
        0..=24 => "hq",
        25..=36 => "standard",
        37..=44 => "lt",
        _ => "proxy",
    };
    vec![("profile", profile.to_owned())]
}

fn dnxhr_profile(qp: u8, format: PixelFormat) -> Options {
    let profile = match (format, qp) {
        (PixelFormat::P410, _) => "dnxhr_444",
        (PixelFormat::P210, _) => "dnxhr_hqx",
        (_, 0..=24) => "dnxhr_hq",
        (_, 25..=36) => "dnxhr_sq",
        _ => "dnxhr_lb",
    };
    vec![("profile", profile.to_owned())]
}

fn lossless(_: u8, _: PixelFormat) -> Options {
    Vec::new()
}

fn nvenc(qp: u8, _: PixelFormat) -> Options {
    vec![("rc", "constqp".to_owned()), ("qp", qp.to_string())]
}

fn vaapi(qp: u8, _: PixelFormat) -> Options {
    vec![("rc_mode", "CQP".to_owned()), ("qp", qp.to_string())]
}

/// Intel's scale begins at 1.
fn qsv(qp: u8, _: PixelFormat) -> Options {
    vec![("global_quality", qp.max(1).to_string())]
}

/// Apple's scale: 100 is best.
fn videotoolbox(qp: u8, _: PixelFormat) -> Options {
    vec![("q", (100 - u32::from(qp) * 100 / 51).max(1).to_string())]
}

fn amf(qp: u8, _: PixelFormat) -> Options {
    let qp = qp.to_string();
    vec![("rc", "cqp".to_owned()), ("qp_i", qp.clone()), ("qp_p", qp)]
}

/// AMD's scale for AV1 goes to 255.
fn amf_av1(qp: u8, _: PixelFormat) -> Options {
    let qp = (u32::from(qp) * 5).to_string();
    vec![("rc", "cqp".to_owned()), ("qp_i", qp.clone()), ("qp_p", qp)]
}

/// As the others, with a device of VAAPI to which the frames are copied.
const VAAPI_DEVICE: &[(&str, &str)] = &[("vaapi_device", "/dev/dri/renderD128")];
const VAAPI_UPLOAD: &[(&str, &str)] = &[("filter", "format=nv12,hwupload")];
const VAAPI_UPLOAD_HEVC: &[(&str, &str)] = &[("filter", "format=nv12,hwupload"), ("tag", "hvc1")];
/// Limited-range BT.709 from RGB, which ffmpeg takes for another one unless it is told.
const TO_BT709: &str = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,\
    setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709";
const HVC1: &[(&str, &str)] = &[("tag", "hvc1")];

/// A row for an encoder on the processor.
const fn software(
    name: &'static str,
    encoder: &'static str,
    codec: Codec,
    muxer: &'static str,
    formats: &'static [PixelFormat],
    options: &'static [(&'static str, &'static str)],
    quality: fn(u8, PixelFormat) -> Options,
) -> FfmpegCodec {
    FfmpegCodec {
        name,
        encoder,
        codec,
        on_processor: true,
        formats,
        muxer,
        pixels: None,
        device: &[],
        options,
        quality,
    }
}

/// A row for an encoder on a device, which has the same name here and in ffmpeg.
const fn hardware(
    name: &'static str,
    codec: Codec,
    options: &'static [(&'static str, &'static str)],
    quality: fn(u8, PixelFormat) -> Options,
) -> FfmpegCodec {
    FfmpegCodec {
        name,
        encoder: name,
        codec,
        on_processor: false,
        formats: &[PixelFormat::NV12],
        muxer: "mp4",
        pixels: Some("nv12"),
        device: &[],
        options,
        quality,
    }
}

/// The same encoder for pictures with alpha, which it gets as `pixels`.
const fn with_alpha(pixels: &'static str, row: FfmpegCodec) -> FfmpegCodec {
    FfmpegCodec { formats: &[], pixels: Some(pixels), ..row }
}

/// The same, also for pictures of 10 bits.
const fn or_10_bits(row: FfmpegCodec) -> FfmpegCodec {
    FfmpegCodec { formats: &[PixelFormat::NV12, PixelFormat::P010], ..row }
}

/// A row for VAAPI.
const fn on_vaapi(
    name: &'static str,
    codec: Codec,
    options: &'static [(&'static str, &'static str)],
) -> FfmpegCodec {
    FfmpegCodec { device: VAAPI_DEVICE, pixels: Some("vaapi"), ..hardware(name, codec, options, vaapi) }
}

/// All of them.
pub const FFMPEG_CODECS: &[FfmpegCodec] = &[
    software("x264", "libx264", Codec::H264, "mp4", &PixelFormat::ALL, &[], crf),
    software(
        "x265",
        "libx265",
        Codec::HEVC,
        "mp4",
        &PixelFormat::ALL,
        // Frames of a segment refer to no other segment, and one thread makes the same bytes everywhere.
        &[("x265-params", "pools=none:frame-threads=1:open-gop=0:info=0:log-level=error"), ("tag", "hvc1")],
        crf,
    ),
    software(
        "svt-av1",
        "libsvtav1",
        Codec::AV1,
        "mp4",
        &[PixelFormat::NV12, PixelFormat::P010],
        &[("preset", "8"), ("svtav1-params", "lp=1")],
        |qp, _| vec![("crf", of_63(qp))],
    ),
    software(
        "aom-av1",
        "libaom-av1",
        Codec::AV1,
        "mp4",
        &PixelFormat::ALL,
        &[("cpu-used", "6"), ("row-mt", "0")],
        crf_of_63,
    ),
    software(
        "vp9",
        "libvpx-vp9",
        Codec::VP9,
        "mp4",
        &PixelFormat::ALL,
        &[("deadline", "good"), ("cpu-used", "4"), ("row-mt", "0")],
        crf_of_63,
    ),
    software(
        "prores",
        "prores_ks",
        Codec::PRORES,
        "mov",
        &[PixelFormat::P210],
        &[("vendor", "apl0")],
        prores_profile,
    ),
    software(
        "dnxhr",
        "dnxhd",
        Codec::DNXHR,
        "mov",
        &[PixelFormat::NV16, PixelFormat::P210, PixelFormat::P410],
        &[],
        dnxhr_profile,
    ),
    software(
        "ffv1",
        "ffv1",
        Codec::FFV1,
        "mov",
        &PixelFormat::ALL,
        &[("level", "3"), ("slices", "4"), ("slicecrc", "1"), ("g", "1")],
        lossless,
    ),
    with_alpha(
        "yuva444p10le",
        software(
            "prores4444",
            "prores_ks",
            Codec::PRORES,
            "mov",
            &[],
            &[("vendor", "apl0"), ("profile", "4444"), ("alpha_bits", "16"), ("filter", TO_BT709)],
            lossless,
        ),
    ),
    with_alpha(
        "yuv420p",
        software(
            "vp9-alpha",
            "libvpx-vp9",
            Codec::VP9_ALPHA,
            "mp4",
            &[],
            &[("deadline", "good"), ("cpu-used", "4"), ("row-mt", "0"), ("filter", TO_BT709)],
            crf_of_63,
        ),
    ),
    with_alpha(
        "bgra",
        software(
            "ffv1-rgba",
            "ffv1",
            Codec::FFV1,
            "mov",
            &[],
            &[("level", "3"), ("slices", "4"), ("slicecrc", "1"), ("g", "1")],
            lossless,
        ),
    ),
    hardware("h264_nvenc", Codec::H264, &[("preset", "p5"), ("forced-idr", "1")], nvenc),
    or_10_bits(hardware(
        "hevc_nvenc",
        Codec::HEVC,
        &[("preset", "p5"), ("forced-idr", "1"), ("tag", "hvc1")],
        nvenc,
    )),
    or_10_bits(hardware("av1_nvenc", Codec::AV1, &[("preset", "p5"), ("forced-idr", "1")], nvenc)),
    on_vaapi("h264_vaapi", Codec::H264, VAAPI_UPLOAD),
    on_vaapi("hevc_vaapi", Codec::HEVC, VAAPI_UPLOAD_HEVC),
    on_vaapi("av1_vaapi", Codec::AV1, VAAPI_UPLOAD),
    hardware("h264_qsv", Codec::H264, &[], qsv),
    or_10_bits(hardware("hevc_qsv", Codec::HEVC, HVC1, qsv)),
    or_10_bits(hardware("av1_qsv", Codec::AV1, &[], qsv)),
    hardware("h264_videotoolbox", Codec::H264, &[], videotoolbox),
    or_10_bits(hardware("hevc_videotoolbox", Codec::HEVC, HVC1, videotoolbox)),
    hardware("h264_amf", Codec::H264, &[], amf),
    hardware("hevc_amf", Codec::HEVC, HVC1, amf),
    hardware("av1_amf", Codec::AV1, &[], amf_av1),
];

/// ffmpeg's name for three planes of `format`.
pub(super) const fn planar_name(format: PixelFormat) -> &'static str {
    match format {
        PixelFormat::P010 => "yuv420p10le",
        PixelFormat::P210 => "yuv422p10le",
        PixelFormat::P410 => "yuv444p10le",
        of_8_bits => of_8_bits.name(),
    }
}

impl FfmpegCodec {
    /// The planes that it is given unless others are chosen.
    pub fn planes(&self) -> Planes {
        self.formats.first().map_or(Planes::Rgba, |&format| Planes::Yuv(format))
    }

    /// ffmpeg's name for the format of the pictures that the encoder gets, when it is given `planes`.
    pub(super) fn encoder_pixels(&self, planes: Planes) -> &'static str {
        match (planes, self.pixels) {
            (Planes::Yuv(format), Some(usual)) if format.depth == BitDepth::Eight => usual,
            (Planes::Yuv(_), Some(_)) => "p010le",
            (Planes::Yuv(format), None) => planar_name(format),
            (Planes::Rgba, pixels) => pixels.unwrap_or("rgba"),
        }
    }

    /// The row called `name`.
    pub fn find(name: &str) -> Option<&'static FfmpegCodec> {
        FFMPEG_CODECS.iter().find(|row| row.name == name)
    }

    /// Whether every picture is coded exactly.
    pub fn is_lossless(&self) -> bool {
        self.codec == Codec::FFV1
    }
}
