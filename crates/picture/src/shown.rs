//! Names of files as texts show them: in one line, and without anything that a terminal would obey.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter, Write};

/// The name of a file for an error or another text. Control characters, line breaks and marks that change the direction
/// of writing are shown as escapes such as `\n` and `\u{1b}`, bytes that are not UTF-8 as `\xE9`; everything else, the
/// backslash too, is shown as it is.
///
/// ```
/// use strikeline_picture::shown;
///
/// assert_eq!(shown("folder/song.mid").to_string(), "folder/song.mid");
/// assert_eq!(shown("\u{1b}[31mred\n").to_string(), r"\u{1b}[31mred\n");
/// ```
pub fn shown<N: AsRef<OsStr> + ?Sized>(name: &N) -> ShownName<'_> {
    ShownName(name.as_ref())
}

/// See [`shown`].
#[derive(Debug, Clone, Copy)]
pub struct ShownName<'n>(&'n OsStr);

impl Display for ShownName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for part in self.0.as_encoded_bytes().utf8_chunks() {
            for character in part.valid().chars() {
                if is_control(character) {
                    write!(f, "{}", character.escape_default())?;
                } else {
                    f.write_char(character)?;
                }
            }
            for byte in part.invalid() {
                write!(f, "\\x{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// Whether a terminal obeys `character` rather than shows it, or shows what follows in another order or on another line:
/// control characters (Unicode's Cc), both separators of lines, and the marks that set the direction of writing (UAX #9).
pub fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_an_escape() {
        assert_eq!(shown("a\u{1b}]0;b\u{7}").to_string(), r"a\u{1b}]0;b\u{7}");
        assert_eq!(shown("a\u{9b}31m\u{7f}\r").to_string(), r"a\u{9b}31m\u{7f}\r");
        assert_eq!(shown("gnp.\u{202e}dim").to_string(), r"gnp.\u{202e}dim");
        assert_eq!(shown("two\nlines\u{2028}").to_string(), r"two\nlines\u{2028}");
    }

    #[test]
    fn any_other_text_is_shown_as_it_is() {
        for name in ["", r"C:\songs\a.mid", "żółć/鼓 – 1’.mid", "שיר.mid", "🥁\u{fe0f}"] {
            assert_eq!(shown(name).to_string(), name);
        }
    }

    #[test]
    #[cfg(unix)]
    fn bytes_that_are_not_utf_8_are_shown_as_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let name = OsStr::from_bytes(b"caf\xE9\xFF/\xC5\x82\xC5.mid");
        assert_eq!(shown(name).to_string(), r"caf\xE9\xFF/ł\xC5.mid");
    }
}
