//! The text of meta events, cleaned so that it can be shown.

/// The most characters of one text; a longer one is cut.
const LONGEST: usize = 500;

/// The text of a meta event; `None` when nothing printable is in it.
///
/// SMF 1.0 promises ASCII only. Files hold UTF-8 or some 8-bit code; what is not valid UTF-8 is read as
/// ISO 8859-1. Control characters (they could steer a terminal) become spaces, and runs of spaces one space.
pub(in crate::song) fn readable(bytes: &[u8]) -> Option<String> {
    // Four bytes make a character at most, so the rest of a huge text need not be decoded.
    let bytes = bytes.get(..LONGEST * 4).unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // Cut in the middle of a character: by the line above, or in the file.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    clean_text(&text)
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

/// Whether a character draws nothing of its own but changes how its neighbours are drawn (direction marks).
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_and_latin_1_are_both_read() {
        assert_eq!(readable("Grüße 🥁".as_bytes()).as_deref(), Some("Grüße 🥁"));
        assert_eq!(readable(b"Gr\xFC\xDFe").as_deref(), Some("Grüße"));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(readable(b"\x1B[31mVerse\x07\r\n 2\0\0").as_deref(), Some("[31mVerse 2"));
        assert_eq!(readable(b"\0\0 \n"), None);
        assert_eq!(readable(b"a\xC2").as_deref(), Some("a"));
    }

    #[test]
    fn a_huge_text_is_cut() {
        assert_eq!(readable(&[b'x'; 1 << 20]).map(|text| text.len()), Some(LONGEST));
    }
}
