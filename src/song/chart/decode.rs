//! The text files of charts: their character encodings, and the faults of their lines.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::song::warning::{SongWarning, Warnings};

/// The text of a file: by its byte-order mark; else UTF-16 where every other byte is zero, UTF-8 where it is valid, and
/// Windows-1252 where it is not. What cannot be decoded becomes U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    let encoding = match bytes {
        [0, 1..=255, 0, 1..=255, ..] => UTF_16BE,
        [1..=255, 0, 1..=255, 0, ..] => UTF_16LE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        _ => WINDOWS_1252,
    };
    encoding.decode_without_bom_handling(bytes).0
}

/// Gathers what is wrong with the lines of a file, so that a thousand lines of one fault are one warning.
pub(super) struct LineFaults {
    file: &'static str,
    /// Reason, the first line, how many lines.
    faults: Vec<(&'static str, u64, u64)>,
}

impl LineFaults {
    pub(super) fn new(file: &'static str) -> LineFaults {
        LineFaults { file, faults: Vec::new() }
    }

    pub(super) fn add(&mut self, line: u64, reason: &'static str) {
        // There are a dozen reasons.
        match self.faults.iter_mut().find(|(known, ..)| *known == reason) {
            Some((_, _, count)) => *count += 1,
            None => self.faults.push((reason, line, 1)),
        }
    }

    pub(super) fn tell(self, warnings: &mut Warnings) {
        for (reason, line, count) in self.faults {
            warnings.push(SongWarning::LinesSkipped { file: self.file, line, count, reason });
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
            assert_eq!(decode(&bytes), text, "{bytes:x?}");
        }
        assert_eq!(decode(b""), "");
    }
}
