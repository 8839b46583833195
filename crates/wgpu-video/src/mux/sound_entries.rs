//! How a decoder of sound is set up, as an MP4 file says it: the sample entries of the codecs of [`AudioCodec`].

use std::num::NonZeroU16;

use shiguredo_mp4::boxes::{
    AudioSampleEntryFields, DflaBox, DopsBox, EsdsBox, FlacBox, FlacMetadataBlock, Mp4aBox, OpusBox,
    SampleEntry,
};
use shiguredo_mp4::descriptors::{
    DecoderConfigDescriptor, DecoderSpecificInfo, EsDescriptor, SlConfigDescriptor,
};
use shiguredo_mp4::{FixedPointNumber, Uint};
use strikeline_audio::{AudioCodec, AudioTrack};

use super::boxes::{extra_box, inner_box};

/// The sample entry of `track`, or what is wrong with its configuration.
pub(super) fn sample_entry(track: &AudioTrack) -> Result<SampleEntry, String> {
    match track.codec {
        AudioCodec::Aac if track.config.len() < 2 => Err(wrong_config(track, "AudioSpecificConfig")),
        AudioCodec::Aac => Ok(mp4a(track, MPEG4_AUDIO, Some(track.config.clone()))),
        AudioCodec::Mp3 => {
            let low_rate = track.format.rate().get() < 32_000;
            Ok(mp4a(track, if low_rate { MPEG2_AUDIO } else { MPEG1_AUDIO }, None))
        }
        AudioCodec::Flac => flac(track),
        AudioCodec::Opus => opus(track),
        AudioCodec::Alac => alac(track),
        AudioCodec::Pcm16 => Ok(sowt(track)),
        other => Err(format!("{other} cannot be put into MP4 files here")),
    }
}

/// Object type indications (ISO/IEC 14496-1, 7.2.6.6.2, table 5).
const MPEG4_AUDIO: u8 = DecoderConfigDescriptor::OBJECT_TYPE_INDICATION_AUDIO_ISO_IEC_14496_3;
const MPEG2_AUDIO: u8 = 0x69;
const MPEG1_AUDIO: u8 = 0x6B;

fn wrong_config(track: &AudioTrack, expected: &str) -> String {
    let bytes = track.config.len();
    format!("its configuration of {bytes} bytes is no {expected} of {}", track.codec)
}

/// The fields of an `AudioSampleEntry` (ISO/IEC 14496-12, 12.2.3) of samples of `bits` bits.
fn fields(track: &AudioTrack, bits: u16) -> AudioSampleEntryFields {
    AudioSampleEntryFields {
        data_reference_index: NonZeroU16::MIN,
        channelcount: track.format.channels().get(),
        samplesize: bits,
        samplerate: FixedPointNumber::new(sample_entry_rate(track), 0),
    }
}

/// The rate has 16 bits in a sample entry. One that does not fit is left to the track's clock and the codec's configuration.
fn sample_entry_rate(track: &AudioTrack) -> u16 {
    u16::try_from(track.format.rate().get()).unwrap_or(0)
}

/// `mp4a` with `esds` (ISO/IEC 14496-14, 5.6.1). In a file, the identifier of the elementary stream is 0.
fn mp4a(track: &AudioTrack, object_type: u8, config: Option<Vec<u8>>) -> SampleEntry {
    SampleEntry::Mp4a(Mp4aBox {
        audio: fields(track, 16),
        esds_box: EsdsBox {
            es: EsDescriptor {
                es_id: 0,
                stream_priority: EsDescriptor::LOWEST_STREAM_PRIORITY,
                depends_on_es_id: None,
                url_string: None,
                ocr_es_id: None,
                dec_config_descr: DecoderConfigDescriptor {
                    object_type_indication: object_type,
                    stream_type: DecoderConfigDescriptor::STREAM_TYPE_AUDIO,
                    up_stream: DecoderConfigDescriptor::UP_STREAM_FALSE,
                    buffer_size_db: Uint::new(0),
                    max_bitrate: track.bitrate,
                    avg_bitrate: track.bitrate,
                    dec_specific_info: config.map(|payload| DecoderSpecificInfo { payload }),
                },
                sl_config_descr: SlConfigDescriptor,
            },
        },
        unknown_boxes: Vec::new(),
    })
}

/// `fLaC` with `dfLa` ("Encapsulation of FLAC in ISO Base Media File Format", 3.3). The sample size is in the `STREAMINFO`
/// (RFC 9639, 8.2).
fn flac(track: &AudioTrack) -> Result<SampleEntry, String> {
    let info: &[u8; 34] =
        track.config.as_slice().try_into().map_err(|_| wrong_config(track, "STREAMINFO block"))?;
    let bits = ((u16::from(info[12]) & 1) << 4 | u16::from(info[13]) >> 4) + 1;
    let block = FlacMetadataBlock {
        last_metadata_block_flag: Uint::new(1),
        block_type: FlacMetadataBlock::BLOCK_TYPE_STREAMINFO,
        block_data: info.to_vec(),
    };
    let dfla_box = DflaBox { metadata_blocks: vec![block] };
    let samplerate = FixedPointNumber::new(flac_entry_rate(track.format.rate().get()), 0);
    let audio = AudioSampleEntryFields { samplerate, ..fields(track, bits) };
    Ok(SampleEntry::Flac(FlacBox { audio, dfla_box, unknown_boxes: Vec::new() }))
}

/// Of a rate that is too high for a sample entry, the half or quarter that fits, or else the highest that does (3.3.1 of the
/// same).
fn flac_entry_rate(mut rate: u32) -> u16 {
    while rate > u32::from(u16::MAX) && rate.is_multiple_of(2) {
        rate /= 2;
    }
    u16::try_from(rate).unwrap_or(u16::MAX)
}

/// `Opus` with `dOps` ("Encapsulation of Opus in ISO Base Media File Format", 4.3). The configuration is an identification
/// header (RFC 7845, 5.1), of channel mapping family 0. What is skipped at the start of the track is written in place of the
/// header's pre-skip.
fn opus(track: &AudioTrack) -> Result<SampleEntry, String> {
    let [
        b'O',
        b'p',
        b'u',
        b's',
        b'H',
        b'e',
        b'a',
        b'd',
        _version,
        channels,
        _,
        _,
        rates @ ..,
        low,
        high,
        family,
    ] = track.config.as_slice()
    else {
        return Err(wrong_config(track, "identification header"));
    };
    let rate: [u8; 4] = rates.try_into().map_err(|_| wrong_config(track, "identification header"))?;
    if *family != 0 || !(1..=2).contains(channels) {
        return Err("Opus of more than two channels cannot be put into MP4 files here".to_owned());
    }
    let pre_skip = u16::try_from(track.skip)
        .map_err(|_| "more than 65,535 ticks at the start of Opus sound are to be skipped".to_owned())?;
    let dops_box = DopsBox {
        output_channel_count: *channels,
        pre_skip,
        input_sample_rate: u32::from_le_bytes(rate),
        output_gain: i16::from_le_bytes([*low, *high]),
    };
    let audio = AudioSampleEntryFields { samplerate: FixedPointNumber::new(48_000, 0), ..fields(track, 16) };
    Ok(SampleEntry::Opus(OpusBox { audio, dops_box, unknown_boxes: Vec::new() }))
}

/// `alac` with the box of the same name that has the `ALACSpecificConfig` (the file `ALACMagicCookieDescription.txt` of
/// Apple's source code).
fn alac(track: &AudioTrack) -> Result<SampleEntry, String> {
    let config: &[u8; 24] =
        track.config.as_slice().try_into().map_err(|_| wrong_config(track, "ALACSpecificConfig"))?;
    let version_and_flags = [0; 4];
    let inner = inner_box(*b"alac", &[&version_and_flags, config]);
    Ok(SampleEntry::Unknown(extra_box(*b"alac", [plain_entry(track, u16::from(config[5])), inner].concat())))
}

/// `sowt`, the sample entry of signed 16-bit samples in little-endian order (the name is that of Apple's QuickTime File
/// Format, which players of MP4 files know too; fewer know `ipcm` of ISO/IEC 23003-5).
fn sowt(track: &AudioTrack) -> SampleEntry {
    SampleEntry::Unknown(extra_box(*b"sowt", [plain_entry(track, 16), chan(track)].concat()))
}

/// `chan` of Apple's QuickTime File Format, which says what the channels of uncompressed sound are; nothing for more than two.
fn chan(track: &AudioTrack) -> Vec<u8> {
    let layout_tag: u32 = match track.format.channels().get() {
        1 => 100 << 16 | 1,
        2 => 101 << 16 | 2,
        _ => return Vec::new(),
    };
    let version_and_flags = [0; 4];
    let no_bitmap_and_descriptions = [0; 8];
    inner_box(*b"chan", &[&version_and_flags, &layout_tag.to_be_bytes(), &no_bitmap_and_descriptions])
}

/// The bytes of an `AudioSampleEntry` (ISO/IEC 14496-12, 12.2.3).
fn plain_entry(track: &AudioTrack, bits: u16) -> Vec<u8> {
    [
        [0; 6].as_slice(),   // reserved
        &1u16.to_be_bytes(), // data_reference_index
        &[0; 8],             // reserved
        &track.format.channels().get().to_be_bytes(),
        &bits.to_be_bytes(),
        &[0; 4], // pre_defined, reserved
        // 16.16 fixed point.
        &sample_entry_rate(track).to_be_bytes(),
        &[0; 2],
    ]
    .concat()
}
