//! The encodings that texts of songs are written in.

use std::fmt;
use std::str::FromStr;

use encoding_rs::Encoding;

/// How the bytes of a text become characters, such as UTF-8, windows-1252 or Shift_JIS: one of the encodings of the WHATWG
/// Encoding Standard.
///
/// It is parsed from the labels of that standard, in any case, and from numbers of code pages such as `cp932`; it is shown by
/// its name in that standard.
///
/// ```
/// use strikeline::song::TextEncoding;
///
/// assert_eq!("cp1252".parse(), Ok(TextEncoding::WINDOWS_1252));
/// assert_eq!("sjis".parse::<TextEncoding>().map(|encoding| encoding.to_string()), Ok("Shift_JIS".to_owned()));
/// assert!("klingon".parse::<TextEncoding>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// There is no text encoding of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no text encoding is called {name:?}; there are utf-8, utf-16le, utf-16be, windows-1250 to windows-1258, iso-8859-2, koi8-r, \
     shift_jis, euc-jp, iso-2022-jp, gbk, gb18030, big5, euc-kr and others of the WHATWG Encoding Standard"
)]
pub struct UnknownTextEncoding {
    /// The name that was given.
    pub name: String,
}

impl TextEncoding {
    /// UTF-8, of which ASCII is a part.
    pub const UTF_8: TextEncoding = TextEncoding(encoding_rs::UTF_8);

    /// The code page of Windows for Western Europe.
    pub const WINDOWS_1252: TextEncoding = TextEncoding(encoding_rs::WINDOWS_1252);

    pub(super) const fn new(encoding: &'static Encoding) -> TextEncoding {
        TextEncoding(encoding)
    }

    pub(super) const fn encoding(self) -> &'static Encoding {
        self.0
    }

    /// The name of the encoding in the WHATWG Encoding Standard, such as `windows-1252`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl Default for TextEncoding {
    fn default() -> TextEncoding {
        TextEncoding::UTF_8
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TextEncoding {
    type Err = UnknownTextEncoding;

    fn from_str(text: &str) -> Result<TextEncoding, UnknownTextEncoding> {
        let label = text.trim().to_ascii_lowercase();
        // Names by code page that the standard does not list.
        let known = match label.as_str() {
            "cp932" => "shift_jis",
            "cp936" => "gbk",
            "cp949" => "euc-kr",
            "cp950" => "big5",
            "latin-1" => "latin1",
            "latin-2" => "latin2",
            "utf16" => "utf-16le",
            label => label,
        };
        Encoding::for_label_no_replacement(known.as_bytes())
            .map(TextEncoding)
            .ok_or_else(|| UnknownTextEncoding { name: text.to_owned() })
    }
}
