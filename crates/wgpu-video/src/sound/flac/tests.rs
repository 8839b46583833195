//! What comes out is what RFC 9639 says; that it decodes is tested with ffmpeg, in `tests/mp4/sound.rs`.

use super::bits::{BitWriter, crc_8, crc_16};
use super::*;

#[test]
fn bits_are_written_most_significant_first() {
    let mut writer = BitWriter::default();
    writer.put(0b101, 3);
    writer.put_signed(-1, 5);
    writer.put_unary(9);
    writer.put(0xDEAD_BEEF, 32);
    writer.align();
    assert_eq!(writer.take(), [0b1011_1111, 0, 0b0111_0111, 0xAB, 0x6F, 0xBB, 0b1100_0000]);
}

#[test]
fn checksums_are_those_of_the_standard() {
    // The check values of the CRC catalogue: CRC-8/SMBUS and CRC-16/UMTS.
    assert_eq!(crc_8(b"123456789"), 0xF4);
    assert_eq!(crc_16(b"123456789"), 0xFEE8);
}

#[test]
fn stream_info_says_what_is_known() {
    let info = stream_info(AudioFormat::new(44_100, 2).unwrap(), 16, 1_000_000);
    assert_eq!(info[..10], [16, 0, 16, 0, 0, 0, 0, 0, 0, 0]);
    // 20 bits of rate, 3 of channels - 1, 5 of bits - 1, 36 of sample frames.
    assert_eq!(info[10..18], [0x0A, 0xC4, 0x42, 0xF0, 0x00, 0x0F, 0x42, 0x40]);
    assert_eq!(info[18..], [0; 16]);
}

#[test]
fn samples_of_24_bits_are_rounded_and_clipped() {
    for (sample, expected) in
        [(0.0, 0), (1.0, 8_388_607), (-1.0, -8_388_608), (3.0, 8_388_607), (1.0 / 8_388_608.0, 1)]
    {
        assert_eq!(quantise_24(sample), expected);
    }
}
