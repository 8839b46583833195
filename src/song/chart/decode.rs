//! The text files of charts: their character encodings, and the faults of their lines.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::song::TextEncoding;
use crate::song::midi::detect_encoding;
use crate::song::warning::{SongWarning, Warnings};

/// The text of a file and its encoding: by its byte-order mark; else UTF-16 where every other byte is zero, UTF-8 where it is
/// valid, and where it is not the encoding that was `chosen`, or is found in the text. What cannot be decoded becomes U+FFFD.
pub(super) fn decode(bytes: &[u8], chosen: Option<TextEncoding>) -> (Cow<'_, str>, TextEncoding) {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, bytes.get(mark..).unwrap_or_default()),
        None => match bytes {
            [0, 1..=255, 0, 1..=255, ..] => (UTF_16BE, bytes),
            [1..=255, 0, 1..=255, 0, ..] => (UTF_16LE, bytes),
            _ if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
            _ => (chosen.map_or_else(|| detect_in_lines(bytes), TextEncoding::encoding), bytes),
        },
    };
    let mut text = encoding.decode_without_bom_handling(bytes).0;
    // Lines may end as on old Macintosh computers.
    if text.contains('\r') && !text.contains('\n') {
        text = Cow::Owned(text.replace('\r', "\n"));
    }
    (text, TextEncoding::new(encoding))
}

/// Bytes of lines by which the encoding is found.
const ENOUGH_TEXT: usize = 1 << 16;

/// The most likely encoding of a text, by its lines with bytes above 7F (hexadecimal).
fn detect_in_lines(bytes: &[u8]) -> &'static Encoding {
    let mut sample = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
        let room = ENOUGH_TEXT.saturating_sub(sample.len());
        sample.extend_from_slice(line.get(..room).unwrap_or(line));
        sample.push(b'\n');
        if sample.len() >= ENOUGH_TEXT {
            break;
        }
    }
    detect_encoding(&sample)
}

/// Gathers what is wrong with the lines of a file, so that a thousand lines of one fault are one warning.
pub(super) struct LineFaults {
    file: &'static str,
    /// Reason, whether notes may stand there, the first line, how many lines.
    faults: Vec<(&'static str, bool, u64, u64)>,
}

impl LineFaults {
    pub(super) fn new(file: &'static str) -> LineFaults {
        LineFaults { file, faults: Vec::new() }
    }

    pub(super) fn add(&mut self, line: u64, reason: &'static str, may_hold_notes: bool) {
        // There are a dozen reasons.
        match self.faults.iter_mut().find(|known| (known.0, known.1) == (reason, may_hold_notes)) {
            Some((.., count)) => *count += 1,
            None => self.faults.push((reason, may_hold_notes, line, 1)),
        }
    }

    pub(super) fn tell(self, warnings: &mut Warnings) {
        for (reason, may_hold_notes, line, count) in self.faults {
            warnings.push(SongWarning::LinesSkipped { file: self.file, line, count, reason, may_hold_notes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_in_which_charts_are_found_is_read() {
        let text = "[Song]\u{2019}é";
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            [b"\xFF\xFE".to_vec(), wide(u16::to_le_bytes)].concat(),
            [b"\xFE\xFF".to_vec(), wide(u16::to_be_bytes)].concat(),
            b"[Song]\x92\xE9".to_vec(),
        ] {
            assert_eq!(decode(&bytes, None).0, text, "{bytes:x?}");
        }
        assert_eq!(decode(b"", None).0, "");
        assert_eq!(decode(b"[Song]\r{\r", None).0, "[Song]\n{\n");
        let russian = "Name = \u{413}\u{440}\u{443}\u{43f}\u{43f}\u{430} \u{43a}\u{440}\u{43e}\u{432}\u{438}";
        let bytes = encoding_rs::WINDOWS_1251.encode(russian).0;
        assert_eq!(decode(&bytes, None).0, russian);
        let chosen = "iso-8859-7".parse().ok();
        assert_eq!(decode(b"\xC1", chosen).0, "\u{391}");
    }
}
