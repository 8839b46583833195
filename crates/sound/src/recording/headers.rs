//! How long a packet lasts, read from its first bytes.

/// Frames that an MP3 frame decodes to, from its header (ISO/IEC 11172-3, 2.4.1.3; 13818-3).
pub(super) fn mp3_frames(packet: &[u8]) -> Option<u32> {
    Some(Mp3Header::parse(packet)?.frames)
}

/// What an MP3 frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mp3Header {
    /// Sample frames in the frame.
    pub(super) frames: u32,
    /// Sample rate in Hz.
    pub(super) rate: u32,
    /// Channels.
    pub(super) channels: u16,
}

impl Mp3Header {
    pub(super) fn parse(packet: &[u8]) -> Option<Mp3Header> {
        let &[sync, version_layer, rate, mode] = packet.first_chunk::<4>()?;
        if sync != 0xff || version_layer & 0xe0 != 0xe0 || version_layer & 0x06 != 0x02 {
            return None;
        }
        let base = [44_100, 48_000, 32_000].get(usize::from(rate >> 2 & 3)).copied()?;
        let (rate, frames) = match version_layer >> 3 & 3 {
            3 => (base, 1152),
            2 => (base / 2, 576),
            0 => (base / 4, 576),
            _ => return None,
        };
        let channels = if mode >> 6 == 3 { 1 } else { 2 };
        Some(Mp3Header { frames, rate, channels })
    }
}

/// Frames at 48 kHz that an Opus packet decodes to (RFC 6716, 3.1 and 3.2); `None` for a packet that is not allowed.
pub(super) fn opus_frames(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let config = toc >> 3;
    let each: u32 = match config {
        0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        12..=15 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let all = each * count;
    // 120 ms at the most.
    (1..=5760).contains(&all).then_some(all)
}

/// Frames in a FLAC frame, from its header (RFC 9639, 9.1).
pub(super) fn flac_frames(packet: &[u8]) -> Option<u32> {
    let &[sync, strategy, sizes, _, coded] = packet.first_chunk::<5>()?;
    if sync != 0xff || strategy & 0xfe != 0xf8 {
        return None;
    }
    // The coded number is written like UTF-8: as many bytes as there are leading ones, or one.
    let number_bytes = match coded.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let at = 4 + number_bytes;
    Some(match sizes >> 4 {
        1 => 192,
        size @ 2..=5 => 144 << size,
        6 => u32::from(*packet.get(at)?) + 1,
        7 => (u32::from(*packet.get(at)?) << 8 | u32::from(*packet.get(at + 1)?)) + 1,
        size @ 8..=15 => 1 << size,
        _ => return None,
    })
}

/// Frames in an ALAC packet, where it says so in its first element; `None` where it has as many as the configuration says.
pub(super) fn alac_frames(packet: &[u8]) -> Option<u32> {
    // 3 bits of element, 4 of instance, 12 unused, 1 whether there is a size, 2 shift, 1 uncompressed, 32 of size.
    let bits = u64::from_be_bytes(*packet.first_chunk::<8>()?);
    let element = bits >> 61;
    let sized = bits >> 44 & 1 == 1;
    (element <= 1 && sized).then_some((bits >> 9) as u32)
}

/// Frames in a packet when a configuration says so (`ALACSpecificConfig`, bytes 0 to 3).
pub(super) fn alac_config_frames(config: &[u8]) -> Option<u32> {
    let frames = u32::from_be_bytes(*config.first_chunk::<4>()?);
    (1..=1 << 16).contains(&frames).then_some(frames)
}

/// The 24 bytes of an `ALACSpecificConfig` in a cookie, which an old form wraps into the boxes `frma` and `alac`.
pub(super) fn alac_cookie(cookie: &[u8]) -> &[u8] {
    let inner = if cookie.get(4..8) == Some(b"frma") { cookie.get(24..) } else { Some(cookie) };
    inner.unwrap_or_default()
}

/// What an `AudioSpecificConfig` says (ISO/IEC 14496-3, 1.6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AacConfig {
    /// The audio object type; 2 is LC.
    pub(super) object_type: u32,
    /// Whether spectral band replication (or parametric stereo) is signalled.
    pub(super) sbr: bool,
    /// Sample rate of the core, in Hz.
    pub(super) rate: u32,
    /// The channel configuration: 1 to 6 channels for 1 to 6, 8 for 7; 0 says that it is in the stream.
    pub(super) channels: u32,
    /// Frames in a packet.
    pub(super) frames: u32,
}

/// The rates that AAC has an index for.
pub(super) const AAC_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn read(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |value, _| {
            let byte = *self.bytes.get(self.at / 8)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(value << 1 | u32::from(bit))
        })
    }

    fn object_type(&mut self) -> Option<u32> {
        match self.read(5)? {
            31 => Some(32 + self.read(6)?),
            kind => Some(kind),
        }
    }

    fn rate(&mut self) -> Option<u32> {
        match self.read(4)? {
            15 => self.read(24),
            index => AAC_RATES.get(index as usize).copied(),
        }
    }
}

impl AacConfig {
    pub(super) fn parse(bytes: &[u8]) -> Option<AacConfig> {
        let mut bits = Bits { bytes, at: 0 };
        let mut object_type = bits.object_type()?;
        let rate = bits.rate()?;
        let channels = bits.read(4)?;
        let mut sbr = object_type == 5 || object_type == 29;
        if sbr {
            bits.rate()?;
            object_type = bits.object_type()?;
        }
        let mut frames = 1024;
        if matches!(object_type, 1..=4) {
            if bits.read(1)? == 1 {
                frames = 960;
            }
            // The delay of a core coder.
            if bits.read(1)? == 1 {
                bits.read(14)?;
            }
            bits.read(1)?;
            // SBR that a decoder may leave out is signalled behind all else.
            if !sbr && channels != 0 && bits.read(11) == Some(0x2b7) && bits.object_type() == Some(5) {
                sbr = bits.read(1) == Some(1);
            }
        }
        Some(AacConfig { object_type, sbr, rate, channels, frames })
    }

    /// The configuration of an AAC-LC stream: two bytes.
    pub(super) fn write_lc(rate: u32, channels: u32) -> Option<[u8; 2]> {
        let index = AAC_RATES.iter().position(|known| *known == rate)? as u16;
        let bits = 2 << 11 | index << 7 | (channels as u16 & 15) << 3;
        Some(bits.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opus_packets_last_as_long_as_their_first_byte_says() {
        assert_eq!(opus_frames(&[0b1111_1000]), Some(960));
        assert_eq!(opus_frames(&[0b1000_0001]), Some(240));
        assert_eq!(opus_frames(&[0b0001_1011, 2]), Some(5760));
        assert_eq!(opus_frames(&[0b0001_1011, 3]), None);
        assert_eq!(opus_frames(&[0b1111_1011, 0]), None);
        assert_eq!(opus_frames(&[]), None);
    }

    #[test]
    fn a_configuration_tells_lc_from_high_efficiency() {
        let lc = AacConfig::parse(&AacConfig::write_lc(44_100, 2).unwrap()).unwrap();
        assert_eq!((lc.object_type, lc.sbr, lc.rate, lc.channels, lc.frames), (2, false, 44_100, 2, 1024));
        // Object type 5 (SBR) over a core of 22,050 Hz.
        let explicit = AacConfig::parse(&[0x2b, 0x92, 0x08, 0x00]).unwrap();
        assert!(explicit.sbr && explicit.object_type == 2, "{explicit:?}");
        // LC with the extension behind it.
        let backward = AacConfig::parse(&[0x13, 0x90, 0x56, 0xe5, 0xa0]).unwrap();
        assert!(backward.sbr && backward.object_type == 2, "{backward:?}");
    }
}
