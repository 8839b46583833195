//! Writes a `raw_data_block` (ISO/IEC 14496-3, 4.4.2.1).

use crate::bits::BitWriter;
use crate::codebooks::*;
use crate::layout::Layout;
use crate::quantise::{CodedChannel, MAX_DIFFERENCE};
use crate::sections::Sections;
use crate::window::BlockWindow;

const ID_SINGLE_CHANNEL: u32 = 0;
const ID_CHANNEL_PAIR: u32 = 1;
const ID_END: u32 = 7;

/// A channel that is ready to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelToWrite<'a> {
    pub(crate) channel: &'a CodedChannel,
    pub(crate) sections: &'a Sections,
}

/// Writes one channel, or two that share their windows.
///
/// `bands` are the bands of each group that are coded; `mid_side` says for each coded band whether it holds middle
/// and side.
pub(crate) fn write_block(
    writer: &mut BitWriter,
    window: BlockWindow,
    layout: &Layout,
    bands: usize,
    mid_side: &[bool],
    channels: &[ChannelToWrite<'_>],
) {
    match channels {
        [left, right] => {
            writer.put(ID_CHANNEL_PAIR, 3);
            writer.put(0, 4);
            writer.put_flag(true);
            write_window(writer, window, layout, bands);
            let coded = || {
                let groups = 0..layout.groups().len();
                groups.flat_map(|group| &mid_side[group * layout.bands..][..bands])
            };
            if coded().all(|used| !used) {
                writer.put(0, 2);
            } else if coded().all(|used| *used) {
                writer.put(2, 2);
            } else {
                writer.put(1, 2);
                coded().for_each(|used| writer.put_flag(*used));
            }
            for channel in [left, right] {
                write_channel(writer, None, layout, bands, channel);
            }
        }
        channels => {
            for channel in channels {
                writer.put(ID_SINGLE_CHANNEL, 3);
                writer.put(0, 4);
                write_channel(writer, Some(window), layout, bands, channel);
            }
        }
    }
    writer.put(ID_END, 3);
}

/// `ics_info` (table 4.6).
fn write_window(writer: &mut BitWriter, window: BlockWindow, layout: &Layout, bands: usize) {
    writer.put(0, 1);
    writer.put(window.sequence as u32, 2);
    writer.put(window.shape as u32, 1);
    if layout.is_short() {
        writer.put(bands as u32, 4);
        // A bit for each window but the first: whether it belongs to the group of the one before.
        let windows = layout.groups().iter().flat_map(|&windows| 0..windows);
        windows.skip(1).for_each(|window| writer.put_flag(window > 0));
    } else {
        writer.put(bands as u32, 6);
        writer.put_flag(false);
    }
}

/// `individual_channel_stream` (table 4.50).
fn write_channel(
    writer: &mut BitWriter,
    window: Option<BlockWindow>,
    layout: &Layout,
    bands: usize,
    coded: &ChannelToWrite<'_>,
) {
    let ChannelToWrite { channel, sections } = *coded;
    let all = || {
        (0..layout.groups().len()).flat_map(|group| (0..bands).map(move |band| group * layout.bands + band))
    };
    let first = all().find(|&band| channel.largest[band] > 0);
    let global_gain = first.map_or(100, |band| channel.scalefactors[band]);
    writer.put(u32::from(global_gain), 8);
    if let Some(window) = window {
        write_window(writer, window, layout, bands);
    }
    write_sections(writer, layout, bands, sections);
    let mut last = i32::from(global_gain);
    for band in all() {
        if sections.books[band] > 0 {
            let scalefactor =
                if channel.largest[band] > 0 { i32::from(channel.scalefactors[band]) } else { last };
            let index = (scalefactor - last + MAX_DIFFERENCE) as usize;
            writer.put(SCALEFACTOR_CODES[index], u32::from(SCALEFACTOR_LENGTHS[index]));
            last = scalefactor;
        }
    }
    // No pulses, no temporal noise shaping, no gain control.
    writer.put(0, 3);
    for band in all() {
        let range = layout.range(band);
        write_values(
            writer,
            sections.books[band],
            &channel.values[range.clone()],
            &channel.coefficients[range],
        );
    }
}

/// `section_data` (table 4.52).
fn write_sections(writer: &mut BitWriter, layout: &Layout, bands: usize, sections: &Sections) {
    let bits = if layout.is_short() { 3 } else { 5 };
    let escape = (1 << bits) - 1;
    for group in 0..layout.groups().len() {
        let books = &sections.books[group * layout.bands..][..bands];
        for section in books.chunk_by(|a, b| a == b) {
            writer.put(u32::from(section[0]), 4);
            let mut length = section.len() as u32;
            while length >= escape {
                writer.put(escape, bits);
                length -= escape;
            }
            writer.put(length, bits);
        }
    }
}

/// `spectral_data` of one band (table 4.56).
pub(crate) fn write_values(writer: &mut BitWriter, book: u8, values: &[u16], signs: &[f32]) {
    match book {
        1 => write_tuples::<4>(writer, values, signs, &CODES_1, &LENGTHS_1, 3, 1),
        2 => write_tuples::<4>(writer, values, signs, &CODES_2, &LENGTHS_2, 3, 1),
        3 => write_tuples::<4>(writer, values, signs, &CODES_3, &LENGTHS_3, 3, 0),
        4 => write_tuples::<4>(writer, values, signs, &CODES_4, &LENGTHS_4, 3, 0),
        5 => write_tuples::<2>(writer, values, signs, &CODES_5, &LENGTHS_5, 9, 4),
        6 => write_tuples::<2>(writer, values, signs, &CODES_6, &LENGTHS_6, 9, 4),
        7 => write_tuples::<2>(writer, values, signs, &CODES_7, &LENGTHS_7, 8, 0),
        8 => write_tuples::<2>(writer, values, signs, &CODES_8, &LENGTHS_8, 8, 0),
        9 => write_tuples::<2>(writer, values, signs, &CODES_9, &LENGTHS_9, 13, 0),
        10 => write_tuples::<2>(writer, values, signs, &CODES_10, &LENGTHS_10, 13, 0),
        11 => write_tuples::<2>(writer, values, signs, &CODES_11, &LENGTHS_11, 17, 0),
        _ => {}
    }
}

/// Code words of `N` values each. `base` is that of the index; in a signed book, `offset` is added to each value.
fn write_tuples<const N: usize>(
    writer: &mut BitWriter,
    values: &[u16],
    signs: &[f32],
    codes: &[u16],
    lengths: &[u8],
    base: usize,
    offset: i32,
) {
    for (values, signs) in values.chunks_exact(N).zip(signs.chunks_exact(N)) {
        let mut index = 0;
        let (mut sign_bits, mut sign_count) = (0, 0);
        for (&value, &sign) in values.iter().zip(signs) {
            let negative = sign < 0.0;
            if offset > 0 {
                let signed = if negative { -i32::from(value) } else { i32::from(value) };
                index = index * base + (signed + offset) as usize;
            } else {
                index = index * base + usize::from(value).min(16);
                if value > 0 {
                    sign_bits = sign_bits << 1 | u32::from(negative);
                    sign_count += 1;
                }
            }
        }
        writer.put(u32::from(codes[index]), u32::from(lengths[index]));
        writer.put(sign_bits, sign_count);
        if base == 17 {
            values.iter().filter(|&&value| value >= 16).for_each(|&value| write_escape(writer, value));
        }
    }
}

/// An escape sequence (14496-3, 4.6.3.3): as many ones as bits are above the fifth, a zero, and all but the highest
/// bit.
fn write_escape(writer: &mut BitWriter, value: u16) {
    let bits = value.ilog2();
    let ones = bits - 4;
    writer.put(((1 << ones) - 1) << 1, ones + 1);
    writer.put(u32::from(value) - (1 << bits), bits);
}
