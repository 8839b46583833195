//! What ffmpeg hands back: an MP4 or QuickTime file in fragments (ISO/IEC 14496-12, 8.8).

use shiguredo_mp4::boxes::SampleEntry;
use shiguredo_mp4::demux::Fmp4SegmentDemuxer;
use shiguredo_mp4::{BoxHeader, Decode, Encode};

use crate::encode::{AccessUnit, Codec, CodecConfig};

/// The frames of a segment.
#[derive(Debug)]
pub(super) struct Frames {
    /// What a decoder must know.
    pub config: CodecConfig,
    /// The access units, one after the other.
    pub data: Vec<u8>,
    /// Their lengths and kinds.
    pub units: Vec<AccessUnit>,
}

/// A frame as it is in the file.
struct Sample {
    bytes: usize,
    sync: bool,
    /// When it is decoded and when it is shown, in ticks of the file's clock.
    decoded: i64,
    shown: i64,
    ticks: u32,
}

/// Reads `file`, the whole of what ffmpeg wrote, of frames in `codec`.
///
/// # Errors
/// A text that says what is wrong with it.
pub(super) fn read(file: &[u8], codec: Codec) -> Result<Frames, String> {
    let bad =
        |reason: &dyn std::fmt::Display| format!("what it wrote is no video that can be read ({reason})");
    let mut demuxer = Fmp4SegmentDemuxer::new();
    let mut entry: Option<SampleEntry> = None;
    let (mut data, mut samples) = (Vec::new(), Vec::new());
    // `ftyp` and `moov` together are the beginning, each `moof` and the `mdat` behind it a fragment.
    let (mut begun, mut start, mut at) = (false, 0, 0);
    while at < file.len() {
        let (header, _) = BoxHeader::decode(&file[at..]).map_err(|error| bad(&error.reason))?;
        let length = usize::try_from(header.box_size.get()).unwrap_or(usize::MAX);
        let end = at.checked_add(length).filter(|end| *end <= file.len() && length >= 8);
        at = end.ok_or_else(|| bad(&"it is cut off"))?;
        match header.box_type.as_bytes() {
            b"moov" => {
                demuxer.handle_init_segment(&file[start..at]).map_err(|error| bad(&error))?;
                begun = true;
                start = at;
            }
            b"mdat" if begun => {
                let fragment = &file[start..at];
                for sample in demuxer.handle_media_segment(fragment).map_err(|error| bad(&error))? {
                    let from = usize::try_from(sample.data_offset).unwrap_or(usize::MAX);
                    let coded = from.checked_add(sample.data_size).and_then(|to| fragment.get(from..to));
                    let coded = coded.ok_or_else(|| bad(&"a frame is cut off"))?;
                    data.extend_from_slice(coded);
                    entry = entry.or_else(|| sample.sample_entry.cloned());
                    let decoded = i64::try_from(sample.timestamp).unwrap_or(i64::MAX);
                    samples.push(Sample {
                        bytes: sample.data_size,
                        sync: sample.keyframe,
                        decoded,
                        shown: decoded.saturating_add(sample.composition_time_offset.unwrap_or(0)),
                        ticks: sample.duration,
                    });
                }
                start = at;
            }
            // Indices at the end, and what else may be between.
            b"moof" | b"ftyp" => {}
            _ if begun => start = at,
            _ => {}
        }
    }
    let entry = entry.ok_or_else(|| bad(&"it has no frames"))?;
    let config = config(&entry, codec).map_err(|reason| bad(&reason))?;
    let units = units(&samples).map_err(|reason| bad(&reason))?;
    Ok(Frames { config, data, units })
}

/// Checks that the frames follow each other without gaps, both as they are decoded and as they are shown.
fn units(samples: &[Sample]) -> Result<Vec<AccessUnit>, String> {
    // The last one may have no successor to tell its length from.
    let ticks = samples.first().map_or(1, |sample| sample.ticks);
    if ticks == 0 {
        return Err("its frames last no time".to_owned());
    }
    let first_shown = samples.iter().map(|sample| sample.shown).min().unwrap_or(0);
    let first_decoded = samples.first().map_or(0, |sample| sample.decoded);
    let mut units = Vec::with_capacity(samples.len());
    for (place, sample) in (0_i64..).zip(samples) {
        let exact = |ticks_since: i64| {
            (ticks_since % i64::from(ticks) == 0).then_some(ticks_since / i64::from(ticks))
        };
        let decoded = exact(sample.decoded - first_decoded);
        let shown = exact(sample.shown - first_shown);
        let (Some(decoded), Some(shown)) = (decoded, shown) else {
            return Err(format!("frame {place} is not shown at a frame's time"));
        };
        if decoded != place {
            return Err(format!(
                "frame {place} comes at the time of frame {decoded}: frames were dropped or doubled"
            ));
        }
        let delay = i32::try_from(shown - place).map_err(|_| "frames are shown too late".to_owned())?;
        units.push(AccessUnit::new(sample.bytes, sample.sync).with_delay(delay));
    }
    Ok(units)
}

/// What a decoder must know, from the sample entry.
fn config(entry: &SampleEntry, codec: Codec) -> Result<CodecConfig, String> {
    let content = |encoded: Result<Vec<u8>, shiguredo_mp4::Error>| {
        // Without the header of the box.
        let encoded = encoded.map_err(|error| error.reason)?;
        Ok::<_, String>(encoded.get(8..).unwrap_or_default().to_vec())
    };
    let record = match (entry, codec) {
        (SampleEntry::Avc1(avc1), Codec::H264) => {
            let avcc = &avc1.avcc_box;
            let (sps, pps) = (avcc.sps_list.first(), avcc.pps_list.first());
            return match (sps, pps) {
                (Some(sps), Some(pps)) if avcc.sps_list.len() == 1 && avcc.pps_list.len() == 1 => {
                    Ok(CodecConfig::H264 { sps: sps.clone(), pps: pps.clone() })
                }
                _ => Err("it has not one sequence and one picture parameter set".to_owned()),
            };
        }
        (SampleEntry::Hvc1(hvc1), Codec::HEVC) => content(hvc1.hvcc_box.encode_to_vec())?,
        (SampleEntry::Hev1(hev1), Codec::HEVC) => content(hev1.hvcc_box.encode_to_vec())?,
        (SampleEntry::Av01(av01), Codec::AV1) => content(av01.av1c_box.encode_to_vec())?,
        (SampleEntry::Vp09(vp09), Codec::VP9) => content(vp09.vpcc_box.encode_to_vec())?,
        (SampleEntry::Unknown(other), Codec::PRORES | Codec::DNXHR | Codec::FFV1) => {
            let mut record = other.box_type.as_bytes().to_vec();
            record.extend(extensions(&other.payload)?);
            record
        }
        _ => return Err(format!("it is not {codec}")),
    };
    Ok(CodecConfig::new(codec, record))
}

/// The boxes in a sample entry that are about the codec, as they are. Those about colours, the shape of pixels, fields and bit
/// rates are written anew.
fn extensions(payload: &[u8]) -> Result<Vec<u8>, String> {
    /// The fields that every sample entry of pictures has (ISO/IEC 14496-12, 12.1.3).
    const FIELDS: usize = 78;
    let mut rest = payload.get(FIELDS..).ok_or("its sample entry is cut off")?;
    let mut kept = Vec::new();
    while let Some(length) = rest.first_chunk().map(|length| u32::from_be_bytes(*length) as usize) {
        // QuickTime files may end with four zero bytes.
        if length < 8 {
            break;
        }
        let (one, behind) = rest.split_at_checked(length).ok_or("its sample entry is cut off")?;
        if !matches!(&one[4..8], b"colr" | b"pasp" | b"fiel" | b"btrt" | b"clap") {
            kept.extend_from_slice(one);
        }
        rest = behind;
    }
    Ok(kept)
}
