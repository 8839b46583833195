//! What is corrected in openh264's bitstream: the level, the timing
//! information and the number of an IDR picture. Clauses are those of ITU-T H.264.

use strikeline_picture::{FrameRate, PictureSize};

/// `nal_unit_type` (table 7-1) of the units that openh264 makes.
pub(super) mod unit_type {
    pub(crate) const SLICE: u8 = 1;
    pub(crate) const IDR_SLICE: u8 = 5;
    pub(crate) const SEQUENCE_PARAMETERS: u8 = 7;
    pub(crate) const PICTURE_PARAMETERS: u8 = 8;
}

/// A NAL unit without the start code before it (annex B); `None` when there is none or nothing after it.
pub(super) fn without_start_code(unit: &[u8]) -> Option<&[u8]> {
    let unit = unit.strip_prefix(&[0, 0]).map(|rest| rest.strip_prefix(&[0]).unwrap_or(rest));
    unit?.strip_prefix(&[1]).filter(|unit| !unit.is_empty())
}

/// `nal_unit_type` (7.4.1) of a NAL unit; 0, "unspecified", when it is empty.
pub(super) fn unit_type_of(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

/// Macroblocks (16×16 samples) that cover a picture.
pub(super) fn macroblocks(size: PictureSize) -> u32 {
    size.width().div_ceil(16) * size.height().div_ceil(16)
}

/// A level: the number in the bitstream (`level_idc`) and what table A-1 lets it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LevelLimits {
    /// Ten times the level's name.
    pub idc: u8,
    /// `MaxMBPS`: macroblocks per second.
    pub macroblock_rate: u32,
    /// `MaxFS`: macroblocks of a picture.
    pub picture_macroblocks: u32,
}

impl LevelLimits {
    /// Table A-1, lowest first. Of levels that differ in bit rate only (1.3 and 2, 4 and 4.1), the one that
    /// allows more: bit rate is whatever constant quality needs.
    const ALL: [LevelLimits; 17] = {
        const fn level(idc: u8, macroblock_rate: u32, picture_macroblocks: u32) -> LevelLimits {
            LevelLimits { idc, macroblock_rate, picture_macroblocks }
        }
        [
            level(10, 1_485, 99),
            level(11, 3_000, 396),
            level(12, 6_000, 396),
            level(20, 11_880, 396),
            level(21, 19_800, 792),
            level(22, 20_250, 1_620),
            level(30, 40_500, 1_620),
            level(31, 108_000, 3_600),
            level(32, 216_000, 5_120),
            level(41, 245_760, 8_192),
            level(42, 522_240, 8_704),
            level(50, 589_824, 22_080),
            level(51, 983_040, 36_864),
            level(52, 2_073_600, 36_864),
            level(60, 4_177_920, 139_264),
            level(61, 8_355_840, 139_264),
            level(62, 16_711_680, 139_264),
        ]
    };

    /// The highest level there is.
    pub(super) const HIGHEST: LevelLimits = Self::ALL[Self::ALL.len() - 1];

    /// The lowest level for pictures of that size at that rate (A.3.1, items a and b; A.3.2, items d to f).
    /// `None` when there is none.
    pub(super) fn lowest_for(size: PictureSize, rate: FrameRate) -> Option<LevelLimits> {
        let picture = macroblocks(size);
        let longest_side = size.width().max(size.height()).div_ceil(16);
        Self::ALL.into_iter().find(|level| {
            picture <= level.picture_macroblocks
                && longest_side * longest_side <= 8 * level.picture_macroblocks
                && u64::from(picture) * u64::from(rate.numerator())
                    <= u64::from(level.macroblock_rate) * u64::from(rate.denominator())
        })
    }
}

/// A sequence parameter set of openh264 with the level replaced and the frame rate added (7.3.2.1.1, E.1.1).
///
/// openh264 knows no level over 5.2, takes no frame rate over 60 into account for the level, and never
/// writes timing information. `None` when `unit` is not built as openh264 builds it.
pub(super) fn complete_sequence_parameters(
    unit: &[u8],
    level: LevelLimits,
    rate: FrameRate,
) -> Option<Vec<u8>> {
    // The end of openh264's video usability information, from `chroma_loc_info_present_flag` on, as (bits,
    // value): no chroma location, timing, HRD (twice) or picture structure; then `bitstream_restriction_flag`
    // and what it announces, of which all but the flag is kept.
    const ABSENT: [(u32, u32); 1] = [(5, 0)];
    const RESTRICTION: [(u32, u32); 6] = [(2, 0b11), (2, 0b11), (9, 17), (9, 17), (1, 1), (3, 0b010)];
    let width = |fields: &[(u32, u32)]| fields.iter().map(|field| field.0 as usize).sum::<usize>();

    let payload = without_emulation_prevention(unit);
    let last = payload.last().filter(|last| **last != 0)?;
    let end = 8 * payload.len() - 1 - last.trailing_zeros() as usize; // where rbsp_stop_one_bit is
    let start = end.checked_sub(width(&ABSENT) + width(&RESTRICTION))?;
    let mut reader = BitReader { bytes: &payload, position: start };
    for (bits, value) in ABSENT.into_iter().chain(RESTRICTION) {
        if reader.bits(bits)? != value {
            return None;
        }
    }

    let mut writer = SpsBitWriter::default();
    let mut reader = BitReader { bytes: &payload, position: 0 };
    for _ in 0..start {
        writer.put(1, reader.bits(1)?);
    }
    writer.put(1, 0); // chroma_loc_info_present_flag: not there means left
    writer.put(1, 1); // timing_info_present_flag
    writer.put(32, rate.denominator()); // num_units_in_tick
    writer.put(32, 2 * rate.numerator()); // time_scale: a tick is a field, half a frame
    writer.put(1, 1); // fixed_frame_rate_flag
    writer.put(3, 0); // no HRD parameters, no pic_struct
    for (bits, value) in RESTRICTION {
        writer.put(bits, value);
    }
    writer.put(1, 1); // rbsp_stop_one_bit
    let mut payload = writer.bytes;
    *payload.get_mut(3)? = level.idc; // after the header, profile_idc and the constraint flags
    Some(with_emulation_prevention(&payload))
}

/// An IDR slice of openh264 with 2 for its `idr_pic_id` 1.
///
/// Two IDR pictures that follow one another must differ in it (7.4.3), and openh264 begins with 1 in each
/// encoder. The codes of 1 and 2 (`010` and `011`) differ in one bit, so nothing is moved. `None` when `unit`
/// is not built as openh264 builds it (7.3.3): `frame_num` of 15 bits, the number 1.
pub(super) fn with_second_idr_number(unit: &[u8]) -> Option<Vec<u8>> {
    let mut payload = without_emulation_prevention(unit);
    let mut reader = BitReader { bytes: &payload, position: 0 };
    let header = reader.bits(8)?;
    let _first_macroblock = reader.exp_golomb()?;
    let _slice_type = reader.exp_golomb()?;
    let _parameter_set = reader.exp_golomb()?;
    let frame_number = reader.bits(15)?;
    let number = reader.exp_golomb()?;
    if header & 0x1f != u32::from(unit_type::IDR_SLICE) || frame_number != 0 || number != 1 {
        return None;
    }
    let last_bit = reader.position - 1;
    payload[last_bit / 8] |= 0x80 >> (last_bit % 8);
    Some(with_emulation_prevention(&payload))
}

/// A unit without the bytes that keep start codes from appearing in it (7.3.1).
fn without_emulation_prevention(unit: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        payload.push(byte);
    }
    payload
}

/// The opposite of [`without_emulation_prevention`] (7.4.1.1).
fn with_emulation_prevention(payload: &[u8]) -> Vec<u8> {
    let mut unit = Vec::with_capacity(payload.len() + 4);
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte <= 3 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        unit.push(byte);
    }
    unit
}

/// Reads bits, most significant first.
struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits from the start.
    position: usize,
}

impl BitReader<'_> {
    /// The next `count` bits, at most 32; `None` at the end.
    fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.position / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.position % 8) & 1);
            self.position += 1;
        }
        Some(value)
    }

    /// The next number in Exp-Golomb code, `ue(v)` (9.1); `None` at the end or when it is over 16 bits.
    fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bits(1)? == 0 {
            zeros += 1;
            if zeros > 16 {
                return None;
            }
        }
        Some((1 << zeros | self.bits(zeros)?) - 1)
    }
}

/// Writes bits, most significant first.
#[derive(Default)]
struct SpsBitWriter {
    bytes: Vec<u8>,
    /// Bits written so far.
    position: usize,
}

impl SpsBitWriter {
    /// Appends the low `count` bits of `value`.
    fn put(&mut self, count: u32, value: u32) {
        for bit in (0..count).rev() {
            let at = self.position % 8;
            if at == 0 {
                self.bytes.push(0);
            }
            if let Some(byte) = self.bytes.last_mut() {
                *byte |= (value >> bit & 1) as u8 * (0x80 >> at);
            }
            self.position += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_of_three_and_of_four_bytes_are_taken_off() {
        assert_eq!(without_start_code(&[0, 0, 1, 0x65, 0]), Some(&[0x65, 0][..]));
        assert_eq!(without_start_code(&[0, 0, 0, 1, 0x65]), Some(&[0x65][..]));
        for bad in [&[0, 0, 1][..], &[0, 0, 0, 1], &[0, 1, 0x65], &[0x65], &[], &[0, 0, 0, 0, 1, 0x65]] {
            assert_eq!(without_start_code(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn emulation_prevention_comes_off_and_on_again() {
        let unit = [0x67, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 0, 0, 4, 0, 3];
        let payload = [0x67, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 4, 0, 3];
        assert_eq!(without_emulation_prevention(&unit), payload);
        assert_eq!(with_emulation_prevention(&payload), unit);
    }

    /// A slice header up to `idr_pic_id`, after it `rest`.
    fn idr_slice(header: u8, first_macroblock: (u32, u32), number: (u32, u32), rest: &[u8]) -> Vec<u8> {
        let mut writer = SpsBitWriter::default();
        writer.put(8, u32::from(header));
        writer.put(first_macroblock.0, first_macroblock.1);
        writer.put(3, 0b011); // slice_type 2: I
        writer.put(1, 1); // pic_parameter_set_id 0
        writer.put(15, 0); // frame_num
        writer.put(number.0, number.1);
        for &byte in rest {
            writer.put(8, u32::from(byte));
        }
        with_emulation_prevention(&writer.bytes)
    }

    #[test]
    fn one_bit_makes_the_second_idr_number_wherever_it_lies() {
        // first_mb_in_slice of 0, 1, 3, … in 1, 3, 5, … bits: the number moves through the bytes. What
        // follows is bytes that need emulation prevention, or do not, depending on that bit.
        for first in [(1, 1), (3, 0b010), (5, 0b00100), (7, 0b0001000), (9, 0b000010000), (11, 0b00000100000)]
        {
            for rest in [&[0, 0, 0, 0, 0, 1, 0x80][..], &[0xff, 0, 0, 2, 0, 0], &[0x80]] {
                let one = idr_slice(0x65, first, (3, 0b010), rest);
                let two = idr_slice(0x65, first, (3, 0b011), rest);
                assert_eq!(with_second_idr_number(&one), Some(two.clone()));
                assert_eq!(with_second_idr_number(&two), None);
            }
        }
        assert_eq!(with_second_idr_number(&idr_slice(0x61, (1, 1), (3, 0b010), &[0x80])), None);
        assert_eq!(with_second_idr_number(&idr_slice(0x65, (1, 1), (1, 1), &[0x80])), None);
        assert_eq!(with_second_idr_number(&[0x65, 0xb8]), None);
        assert_eq!(with_second_idr_number(&[]), None);
    }

    #[test]
    fn parameter_sets_of_another_make_are_not_touched() {
        let level = LevelLimits::HIGHEST;
        let rate = FrameRate::new(60, 1).unwrap();
        for unit in
            [&[][..], &[0x67], &[0x67, 0], &[0x67, 100, 0, 42, 0xac, 0x2b, 0x40, 0x50, 0x1e, 0xd0, 0x0f]]
        {
            assert_eq!(complete_sequence_parameters(unit, level, rate), None, "{unit:?}");
        }
    }

    #[test]
    fn the_level_counts_macroblocks_exactly() {
        let level = |width, height, numerator, denominator| {
            let size = PictureSize::new(width, height).unwrap();
            LevelLimits::lowest_for(size, FrameRate::new(numerator, denominator).unwrap())
                .map(|level| level.idc)
        };
        // 8160 macroblocks: 64 pictures per second are level 4.2's 522240 exactly.
        assert_eq!(level(1920, 1080, 64, 1), Some(42));
        assert_eq!(level(1920, 1080, 64001, 1000), Some(50));
        // A side longer than the square root of eight times the picture limit.
        assert_eq!(level(4096, 64, 1, 1), Some(41));
        assert_eq!(level(4112, 64, 1, 1), Some(42));
        assert_eq!(level(4224, 64, 1, 1), Some(50));
        assert_eq!(level(8192, 8192, 1, 1), None);
        assert_eq!(level(3840, 2160, 515, 1), Some(62));
        assert_eq!(level(3840, 2160, 516, 1), None);
    }
}
