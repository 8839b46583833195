//! The text of meta events: in which encoding it is, and what of it can be shown.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_8859_4, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use midly::{MetaMessage, TrackEventKind};

use super::chunks::Chunks;
use super::events::{StepContent, TrackEvents};
use crate::song::TextEncoding;

/// The most characters of one text; a longer one is cut.
const LONGEST: usize = 500;

/// The text of a meta event of a file whose texts have this encoding; `None` when nothing printable is in it.
///
/// SMF 1.0 promises ASCII only. A byte-order mark at the beginning of a text says more than the encoding of the file.
pub(in crate::song) fn readable_in(encoding: TextEncoding, bytes: &[u8]) -> Option<String> {
    // Four bytes make a character at most, so the rest of a huge text need not be decoded.
    let bytes = bytes.get(..LONGEST * 4).unwrap_or(bytes);
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None => (encoding.encoding(), bytes),
    };
    // Beside UTF-16 there are names in ASCII.
    let encoding = match byte_order(encoding) {
        Some(order) if !may_be_utf_16(bytes, order) => UTF_8,
        _ => encoding,
    };
    let text = match encoding.decode_without_bom_handling(bytes) {
        (_, true) if encoding == UTF_8 && !is_utf_8(bytes) => {
            WINDOWS_1252.decode_without_bom_handling(bytes).0
        }
        (text, _) => text,
    };
    // A text that is cut, here or in the file, may end in the middle of a character.
    clean_text(text.trim_end_matches('\u{FFFD}'))
}

/// A text without what cannot be shown; `None` when nothing is left. Control characters (they could steer a terminal) become
/// spaces, and runs of spaces one space.
pub(in crate::song) fn clean_text(text: &str) -> Option<String> {
    let mut shown = String::new();
    for character in text.chars().take(LONGEST) {
        let blank = character.is_whitespace() || character.is_control() || is_invisible(character);
        match (blank, shown.ends_with(' ') || shown.is_empty()) {
            (false, _) => shown.push(character),
            (true, false) => shown.push(' '),
            (true, true) => {}
        }
    }
    shown.truncate(shown.trim_end().len());
    (!shown.is_empty()).then_some(shown)
}

/// Bytes of text by which the encoding of a file is found. Songs with lyrics have some thousands.
const ENOUGH_TEXT: usize = 1 << 16;

/// The encoding of a file's texts, as far as it can be found in the texts: all of them together, as short ones say little.
///
/// Plain ASCII and UTF-8 are certain. UTF-16 without a mark is seen by bytes that would be control characters. For what is
/// left, `chardetng` compares the letters with what is frequent in the languages that are written in each encoding, as
/// browsers do.
pub(super) fn find_encoding(chunks: &Chunks<'_>) -> TextEncoding {
    let mut sample = TextSample::default();
    for chunk in &chunks.tracks {
        for step in TrackEvents::new(*chunk) {
            if let StepContent::Event(TrackEventKind::Meta(message)) = step.what
                && let Some(text) = text_of(message)
            {
                sample.take(text);
            }
            if sample.bytes >= ENOUGH_TEXT {
                return sample.encoding();
            }
        }
    }
    sample.encoding()
}

fn text_of(message: MetaMessage<'_>) -> Option<&[u8]> {
    match message {
        MetaMessage::Text(text)
        | MetaMessage::Copyright(text)
        | MetaMessage::TrackName(text)
        | MetaMessage::InstrumentName(text)
        | MetaMessage::Lyric(text)
        | MetaMessage::Marker(text)
        | MetaMessage::CuePoint(text)
        | MetaMessage::ProgramName(text)
        | MetaMessage::DeviceName(text) => Some(text),
        _ => None,
    }
}

/// The texts of a file that say something about their encoding.
#[derive(Default)]
struct TextSample {
    bytes: usize,
    /// Texts with bytes above 7F (hexadecimal), a line each, and those of plain ASCII beside them.
    lines: Vec<u8>,
    has_high_bytes: bool,
    is_not_utf_8: bool,
    /// Texts that are UTF-16 by their looks, big and little endian.
    utf_16: [usize; 2],
}

impl TextSample {
    fn take(&mut self, text: &[u8]) {
        let text = text.get(..LONGEST * 4).unwrap_or(text);
        self.bytes += text.len() + 1;
        if Encoding::for_bom(text).is_some() {
            return;
        }
        for (count, order) in self.utf_16.iter_mut().zip([ByteOrder::Big, ByteOrder::Little]) {
            if may_be_utf_16(text, order) {
                *count += 1;
                return;
            }
        }
        self.has_high_bytes |= !text.is_ascii();
        self.is_not_utf_8 |= !is_utf_8(text);
        // A copyright sign, which is the same in all code pages of Windows, would count as a letter elsewhere.
        let mut before = b' ';
        for (byte, after) in text.iter().zip(text.iter().skip(1).chain(b"\n")) {
            let is_sign = *byte == 0xA9 && before < 0x80 && matches!(after, b' ' | b'0'..=b'9');
            self.lines.push(if is_sign { b' ' } else { *byte });
            before = *byte;
        }
        self.lines.push(b'\n');
    }

    fn encoding(&self) -> TextEncoding {
        if self.is_not_utf_8 {
            return TextEncoding::new(detect_encoding(&self.lines));
        }
        match self.utf_16 {
            _ if self.has_high_bytes => TextEncoding::UTF_8,
            [0, 0] => TextEncoding::UTF_8,
            [big, little] if big >= little => TextEncoding::new(UTF_16BE),
            _ => TextEncoding::new(UTF_16LE),
        }
    }
}

/// Whether bytes are UTF-8, or were before they were cut. What ends in the middle of its only character above 7F
/// (hexadecimal) is none: more likely that byte is a letter.
fn is_utf_8(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            error.error_len().is_none() && (!valid.is_ascii() || bytes.len() == LONGEST * 4)
        }
    }
}

/// The most likely encoding of texts that are neither ASCII, UTF-8 nor UTF-16.
pub(in crate::song) fn detect_encoding(texts: &[u8]) -> &'static Encoding {
    if is_shift_jis(texts) {
        return SHIFT_JIS;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(texts, true);
    match detector.guess(None, Utf8Detection::Deny) {
        // No system ever wrote it by default.
        encoding if encoding == ISO_8859_4 => WINDOWS_1252,
        encoding => encoding,
    }
}

/// Whether texts are Shift_JIS by their kana, which take two bytes of which the first is 82 or 83 (hexadecimal): no letters in
/// the code pages of Windows, and rare characters in GBK. The detector knows words, but names of sections are too short.
fn is_shift_jis(texts: &[u8]) -> bool {
    let mut kana = 0;
    let mut others = 0;
    let mut rest = texts;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first < 0x80 {
            continue;
        }
        match (first, after.first()) {
            (0x82, Some(0x9F..=0xF1)) | (0x83, Some(0x40..=0x7E | 0x80..=0x96)) => kana += 1,
            (0x81..=0x9F | 0xE0..=0xFC, Some(0x40..=0x7E | 0x80..=0xFC)) => others += 1,
            // Kana of half width.
            (0xA1..=0xDF, _) => {
                others += 1;
                continue;
            }
            _ => return false,
        }
        rest = after.get(1..).unwrap_or_default();
    }
    kana >= 2 && kana * 3 >= others
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByteOrder {
    Big,
    Little,
}

fn byte_order(encoding: &'static Encoding) -> Option<ByteOrder> {
    match encoding {
        _ if encoding == UTF_16BE => Some(ByteOrder::Big),
        _ if encoding == UTF_16LE => Some(ByteOrder::Little),
        _ => None,
    }
}

/// Whether bytes look like UTF-16 without a mark: they have control characters, and pairs of them are letters, signs and
/// spaces of scripts that titles are written in, most of them of one script.
fn may_be_utf_16(bytes: &[u8], order: ByteOrder) -> bool {
    let bytes = bytes.strip_suffix(&[0, 0]).unwrap_or(bytes);
    let (pairs, rest) = bytes.as_chunks::<2>();
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    if pairs.is_empty() || !rest.is_empty() || !bytes.iter().any(is_control) {
        return false;
    }
    let mut pages = [0_usize; 4];
    for pair in pairs {
        let unit = match order {
            ByteOrder::Big => u16::from_be_bytes(*pair),
            ByteOrder::Little => u16::from_le_bytes(*pair),
        };
        match unit {
            0x0009 | 0x000A | 0x000D | 0x0020..=0x007E | 0x00A0..=0x024F => pages[0] += 1,
            // Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai.
            0x0370..=0x05F4 | 0x0600..=0x06FF | 0x0900..=0x097F | 0x0E00..=0x0E5B => pages[1] += 1,
            // Kana, Chinese characters, Hangul, and what stands between them.
            0x3000..=0x30FF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 | 0xFF01..=0xFFEF => pages[2] += 1,
            0x2010..=0x2044 | 0x20AC | 0x2122 | 0x2116 => pages[3] += 1,
            _ => return false,
        }
    }
    // With the wrong byte order Latin letters become Chinese characters, none of them with a neighbour of its kind.
    let latin_swapped = order == ByteOrder::Little
        && pages[2] > 0
        && bytes.iter().step_by(2).all(|byte| *byte == 0)
        || order == ByteOrder::Big && pages[2] > 0 && bytes.iter().skip(1).step_by(2).all(|byte| *byte == 0);
    !latin_swapped
}

/// Whether a character draws nothing of its own but changes how its neighbours are drawn (direction marks).
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readable(bytes: &[u8]) -> Option<String> {
        readable_in(TextEncoding::UTF_8, bytes)
    }

    #[test]
    fn utf_8_and_latin_1_are_both_read() {
        assert_eq!(readable("Grüße 🥁".as_bytes()).as_deref(), Some("Grüße 🥁"));
        assert_eq!(readable(b"Gr\xFC\xDFe").as_deref(), Some("Grüße"));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(readable(b"\x1B[31mVerse\x07\r\n 2\0\0").as_deref(), Some("[31mVerse 2"));
        assert_eq!(readable(b"\0\0 \n"), None);
        assert_eq!(readable("ä\u{E4}".as_bytes().get(..3).unwrap()).as_deref(), Some("ä"));
    }

    #[test]
    fn a_huge_text_is_cut() {
        assert_eq!(readable(&[b'x'; 1 << 20]).map(|text| text.len()), Some(LONGEST));
    }
}
