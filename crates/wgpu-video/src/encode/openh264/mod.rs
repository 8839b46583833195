//! The openh264 encoder: H.264 at a constant quantisation parameter, in this process, on one thread.
//!
//! openh264's defaults are made for calls, where pictures may be dropped to keep to a bit rate. Here rate
//! control is off, so that every picture is coded and with the same parameter; nothing but the first picture
//! of a segment is an IDR picture; and what openh264 does not write (levels over 5.2, the frame rate, IDR
//! numbers that differ from segment to segment) is corrected in the bitstream.

mod bitstream;
mod handle;

use openh264_sys2::{
    CAMERA_VIDEO_REAL_TIME, CM_BT709, CONSTANT_ID, CP_BT709, LOW_COMPLEXITY, PRO_HIGH, RC_OFF_MODE,
    SEncParamExt, SM_FIXEDSLCNUM_SLICE, SM_SINGLE_SLICE, TRC_BT709, VF_UNDEF,
};

use self::bitstream::{LevelLimits, unit_type};
use self::handle::{EncoderHandle, I420Planes, Verbosity};
use super::{
    AccessUnit, Codec, CodecConfig, EncodeError, Encoder, EncoderFactory, EncoderSettings, H264Quality,
};
use strikeline_picture::{FrameChange, FrameIndex, Picture, PictureSize, PixelFormat, Plane, SegmentIndex};

const NAME: &str = "openh264";

/// Makes openh264 encoders, one thread each.
///
/// Limits: pictures of at most [`OpenH264::MAX_MACROBLOCKS`] macroblocks, and no more of them per second than
/// level 6.2 allows (ITU-T H.264, table A-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenH264 {
    quality: H264Quality,
}

impl OpenH264 {
    /// Largest picture, in macroblocks of 16×16 luma samples, partly used ones included: 4096x2304, say, or
    /// 8192x1152.
    pub const MAX_MACROBLOCKS: u32 = 36_864;

    /// For pictures of constant quality.
    pub const fn new(quality: H264Quality) -> OpenH264 {
        OpenH264 { quality }
    }

    /// The same with another quality; [`H264Quality::DEFAULT`] unless set.
    #[must_use]
    pub const fn with_quality(self, quality: H264Quality) -> OpenH264 {
        OpenH264 { quality }
    }
}

impl EncoderFactory for OpenH264 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn codec(&self) -> Codec {
        Codec::H264
    }

    fn begin_segment(
        &self,
        settings: &EncoderSettings,
        segment: SegmentIndex,
    ) -> Result<Box<dyn Encoder>, EncodeError> {
        Ok(Box::new(SegmentEncoder::new(settings, self.quality, segment)?))
    }
}

/// What openh264 logs while it is set up for a small picture; [`super::Assembler::detect`] reads it.
pub(super) fn setup_messages() -> Result<Vec<String>, String> {
    let mut handle = EncoderHandle::create(Verbosity::Setup)?;
    let mut parameters = handle.default_parameters()?;
    parameters.iRCMode = RC_OFF_MODE;
    parameters.iPicWidth = 64;
    parameters.iPicHeight = 64;
    parameters.iMultipleThreadIdc = 1;
    handle.initialize(&parameters)?;
    Ok(handle.take_messages())
}

/// The encoder of one segment.
struct SegmentEncoder {
    handle: EncoderHandle,
    settings: EncoderSettings,
    segment: SegmentIndex,
    level: LevelLimits,
    /// Pictures encoded so far.
    frames: u64,
    /// Cb and Cr apart from each other, rows without padding; refilled for every picture.
    cb: Vec<u8>,
    cr: Vec<u8>,
    config: Option<CodecConfig>,
}

impl SegmentEncoder {
    fn new(
        settings: &EncoderSettings,
        quality: H264Quality,
        segment: SegmentIndex,
    ) -> Result<SegmentEncoder, EncodeError> {
        let level = level_for(settings)?;
        let mut handle = EncoderHandle::create(Verbosity::Errors).map_err(failed)?;
        let mut parameters = handle.default_parameters().map_err(failed)?;
        set_parameters(&mut parameters, settings, quality, level);
        handle.initialize(&parameters).map_err(failed)?;

        let chroma_samples = (settings.size.width() as usize / 2) * (settings.size.height() as usize / 2);
        Ok(SegmentEncoder {
            handle,
            settings: *settings,
            segment,
            level,
            frames: 0,
            cb: vec![0; chroma_samples],
            cr: vec![0; chroma_samples],
            config: None,
        })
    }
}

/// The level of the video, or what is too large about it.
fn level_for(settings: &EncoderSettings) -> Result<LevelLimits, EncodeError> {
    let EncoderSettings { size, frame_rate, .. } = *settings;
    let macroblocks = bitstream::macroblocks(size);
    if macroblocks > OpenH264::MAX_MACROBLOCKS {
        let most = OpenH264::MAX_MACROBLOCKS;
        return Err(EncodeError::Unsupported {
            encoder: NAME,
            what: format!("pictures of {size}"),
            remedy: format!(
                "they have {macroblocks} macroblocks of 16x16 and its limit is {most}; choose 4096x2304 or less"
            ),
        });
    }
    LevelLimits::lowest_for(size, frame_rate).ok_or_else(|| {
        let most = LevelLimits::HIGHEST.macroblock_rate;
        EncodeError::Unsupported {
            encoder: NAME,
            what: format!("{frame_rate} frames per second of {size}"),
            remedy: format!(
                "H.264 ends at {most} macroblocks of 16x16 per second (level 6.2), {} frames of that size; choose a lower frame rate or a smaller size",
                most / macroblocks
            ),
        }
    })
}

/// From this quantisation parameter on, pictures are deblocked (ITU-T H.264, 8.7).
///
/// Below it, what is between blocks cannot be seen, and the filter costs an eighth of the time and 6 % more
/// bytes for 0.4 dB. One step of the parameter gives 0.8 dB for 5 % more bytes and no time.
const DEBLOCKING_FROM_QP: u8 = 29;

/// From this quantisation parameter on, one slice has room for any picture; see [`slices_for`].
const ONE_SLICE_FROM_QP: u8 = 14;

/// How many slices a picture is made of: one, but more where one could outgrow openh264's memory.
///
/// Of a picture, openh264 sets aside 768 bytes per macroblock for one slice and 1536 for four, and its CABAC
/// coder writes without looking where that ends. Only noise comes near: of all pictures tried, those of
/// random black and white samples, which have the most energy that no prediction takes away, need most: 715
/// bytes per macroblock at a quantisation parameter of 0, 500 at 12. openh264 hands out two thirds of the
/// room at most; a picture between the two limits is an error, and none can be so with several slices.
fn slices_for(size: PictureSize, quality: H264Quality) -> u32 {
    // openh264 does not divide pictures of 48 macroblocks or less.
    let divides = bitstream::macroblocks(size) > 48;
    if quality.qp() < ONE_SLICE_FROM_QP && divides { 4 } else { 1 }
}

/// Turns openh264's defaults into what the settings ask for.
fn set_parameters(
    parameters: &mut SEncParamExt,
    settings: &EncoderSettings,
    quality: H264Quality,
    level: LevelLimits,
) {
    let width = settings.size.width() as i32;
    let height = settings.size.height() as i32;
    let frame_rate = settings.frame_rate.as_f64() as f32;

    parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
    parameters.iPicWidth = width;
    parameters.iPicHeight = height;
    parameters.fMaxFrameRate = frame_rate;
    parameters.iTemporalLayerNum = 1;
    parameters.iSpatialLayerNum = 1;
    parameters.iComplexityMode = LOW_COMPLEXITY;
    parameters.iMultipleThreadIdc = 1;

    // One IDR picture, then P pictures with one reference; the same parameter sets in every segment.
    parameters.uiIntraPeriod = 0;
    parameters.iNumRefFrame = 1;
    parameters.bEnableLongTermReference = false;
    parameters.bEnableSceneChangeDetect = false;
    parameters.eSpsPpsIdStrategy = CONSTANT_ID;
    parameters.bPrefixNalAddingCtrl = false;
    parameters.bEnableSSEI = false;

    // The same quantisation parameter for every macroblock. With rate control off, openh264 takes it from
    // the layer, at 0 to 51; the limits iMinQp and iMaxQp are not looked at.
    parameters.iRCMode = RC_OFF_MODE;
    parameters.bEnableFrameSkip = false;
    parameters.bEnableAdaptiveQuant = false;
    parameters.bEnableBackgroundDetection = false;
    parameters.bEnableDenoise = false;

    // CABAC: 30 % fewer bytes than CAVLC for 4 % more time.
    parameters.iEntropyCodingModeFlag = 1;
    parameters.iLoopFilterDisableIdc = i32::from(quality.qp() < DEBLOCKING_FROM_QP);
    parameters.bEnableFrameCroppingFlag = true;

    let slices = slices_for(settings.size, quality);
    // With one slice, what is called load balancing halves the room for its bytes.
    parameters.bUseLoadBalancing = slices > 1;

    let layer = &mut parameters.sSpatialLayers[0];
    layer.iVideoWidth = width;
    layer.iVideoHeight = height;
    layer.fFrameRate = frame_rate;
    layer.iDLayerQp = i32::from(quality.qp());
    layer.uiProfileIdc = PRO_HIGH;
    // The level is written again afterwards; this is for what openh264 derives from it.
    layer.uiLevelIdc = i32::from(level.idc.min(52));
    layer.sSliceArgument.uiSliceMode = if slices > 1 { SM_FIXEDSLCNUM_SLICE } else { SM_SINGLE_SLICE };
    layer.sSliceArgument.uiSliceNum = slices;
    layer.bVideoSignalTypePresent = true;
    layer.uiVideoFormat = VF_UNDEF as u8;
    layer.bFullRange = false;
    layer.bColorDescriptionPresent = true;
    layer.uiColorPrimaries = CP_BT709 as u8;
    layer.uiTransferCharacteristics = TRC_BT709 as u8;
    layer.uiColorMatrix = CM_BT709 as u8;
}

impl Encoder for SegmentEncoder {
    fn encode(
        &mut self,
        picture: &Picture<'_>,
        _change: &FrameChange,
        output: &mut Vec<u8>,
    ) -> Result<Option<AccessUnit>, EncodeError> {
        let size = self.settings.size;
        if picture.format != PixelFormat::NV12 {
            return Err(failed(format!(
                "it was given a picture in {}, and takes yuv420p only",
                picture.format.name()
            )));
        }
        if picture.size != size {
            return Err(failed(format!("it was given a picture of {} in a video of {size}", picture.size)));
        }
        let (width, height) = (size.width() as usize, size.height() as usize);
        require_plane("luma", &picture.luma, width, height)?;
        require_plane("chroma", &picture.chroma, width, height / 2)?;
        split_chroma(&picture.chroma, width, &mut self.cb, &mut self.cr);

        let planes = I420Planes {
            width,
            height,
            luma: picture.luma.data,
            luma_stride: picture.luma.stride,
            cb: &self.cb,
            cr: &self.cr,
            chroma_stride: width / 2,
        };
        let time = self.settings.frame_rate.time_of(FrameIndex(self.frames));
        let coded = self.handle.encode(&planes, time.as_nanos() / 1_000_000).map_err(failed)?;

        let start = output.len();
        let first = self.frames == 0;
        let mut slices = 0;
        let (mut sps, mut pps) = (None, None);
        for unit in coded.nal_units() {
            let unit = bitstream::without_start_code(unit)
                .ok_or_else(|| failed("a NAL unit has no start code or is empty"))?;
            match (bitstream::unit_type_of(unit), first) {
                (unit_type::SEQUENCE_PARAMETERS, true) => sps = Some(unit),
                (unit_type::PICTURE_PARAMETERS, true) => pps = Some(unit),
                (unit_type::IDR_SLICE, true) | (unit_type::SLICE, false) => {
                    slices += 1;
                    if first && self.segment.0 % 2 == 1 {
                        let unit = bitstream::with_second_idr_number(unit)
                            .ok_or_else(|| failed("the header of an IDR slice is not as expected"))?;
                        append_unit(output, &unit)?;
                    } else {
                        append_unit(output, unit)?;
                    }
                }
                (other, _) => {
                    return Err(failed(format!("frame {} has a NAL unit of type {other}", self.frames)));
                }
            }
        }
        if slices == 0 {
            return Err(failed(format!("frame {} was skipped", self.frames)));
        }
        if first {
            let (Some(sps), Some(pps)) = (sps, pps) else {
                return Err(failed("the first frame came without parameter sets"));
            };
            let sps = bitstream::complete_sequence_parameters(sps, self.level, self.settings.frame_rate)
                .ok_or_else(|| failed("the sequence parameter set is not as expected"))?;
            self.config = Some(CodecConfig::H264 { sps, pps: pps.to_vec() });
        }
        self.frames += 1;
        Ok(Some(AccessUnit::new(output.len() - start, first)))
    }

    fn codec_config(&self) -> Option<CodecConfig> {
        self.config.clone()
    }
}

/// Appends a NAL unit with its length before it (ISO/IEC 14496-15, 5.2.3).
fn append_unit(output: &mut Vec<u8>, unit: &[u8]) -> Result<(), EncodeError> {
    let length = u32::try_from(unit.len()).map_err(|_| failed("a NAL unit is over 4 GiB"))?;
    output.extend_from_slice(&length.to_be_bytes());
    output.extend_from_slice(unit);
    Ok(())
}

/// Checks that `plane` has `rows` rows of `row_bytes` bytes.
fn require_plane(name: &str, plane: &Plane<'_>, row_bytes: usize, rows: usize) -> Result<(), EncodeError> {
    let Plane { data, stride } = *plane;
    let needed = (rows - 1).checked_mul(stride).and_then(|bytes| bytes.checked_add(row_bytes));
    if stride >= row_bytes && needed.is_some_and(|needed| needed <= data.len()) {
        return Ok(());
    }
    Err(failed(format!(
        "the {name} plane has {} bytes with a stride of {stride}, too little for {rows} rows of {row_bytes}",
        data.len()
    )))
}

/// Splits rows of pairs Cb, Cr into a plane of each, without padding. `row_bytes` is the width of a row of
/// pairs.
fn split_chroma(pairs: &Plane<'_>, row_bytes: usize, cb: &mut [u8], cr: &mut [u8]) {
    let half = row_bytes / 2;
    for (y, (cb, cr)) in cb.chunks_exact_mut(half).zip(cr.chunks_exact_mut(half)).enumerate() {
        // Whole pairs as numbers, and slices of one length: the form that compiles to vector instructions.
        let (pairs, _) = pairs.row(y, row_bytes).as_chunks::<2>();
        let pairs = &pairs[..half];
        for x in 0..half {
            let pair = u16::from_le_bytes(pairs[x]);
            cb[x] = pair as u8;
            cr[x] = (pair >> 8) as u8;
        }
    }
}

fn failed(reason: impl Into<String>) -> EncodeError {
    EncodeError::Failed { encoder: NAME, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openh264_logs_its_version_during_setup() {
        // What `Assembler::detect` relies on: that silence about the processor means something.
        let messages = setup_messages().unwrap();
        assert!(messages.iter().any(|message| message.contains("openh264 codec version")), "{messages:?}");
    }

    #[test]
    fn chroma_is_split_row_by_row_without_the_padding() {
        let pairs = [1, 2, 3, 4, 99, 5, 6, 7, 8];
        let (mut cb, mut cr) = (vec![0; 4], vec![0; 4]);
        split_chroma(&Plane { data: &pairs, stride: 5 }, 4, &mut cb, &mut cr);
        assert_eq!((cb, cr), (vec![1, 3, 5, 7], vec![2, 4, 6, 8]));
    }

    #[test]
    fn a_failure_quotes_what_openh264_logged() {
        let mut handle = EncoderHandle::create(Verbosity::Errors).unwrap();
        let mut parameters = handle.default_parameters().unwrap();
        parameters.iRCMode = RC_OFF_MODE;
        parameters.iPicWidth = 16384;
        parameters.iPicHeight = 16384;
        parameters.iMultipleThreadIdc = 1;
        let reason = handle.initialize(&parameters).unwrap_err();
        assert!(reason.contains("16384"), "{reason}");
        parameters.iMultipleThreadIdc = 2;
        assert!(handle.initialize(&parameters).unwrap_err().contains("2 threads"));
    }
}
