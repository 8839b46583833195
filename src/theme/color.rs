//! Colours, and how a theme's file writes them.

use std::fmt;
use std::str::FromStr;

use crate::song::Rgb;

/// sRGB with straight alpha: written `#RRGGBB`, or `#RRGGBBAA` where it is not opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    /// 0 to 255.
    pub red: u8,
    /// 0 to 255.
    pub green: u8,
    /// 0 to 255.
    pub blue: u8,
    /// 0 (transparent) to 255 (opaque).
    pub alpha: u8,
}

impl Color {
    /// The colour with the digits of `0xRRGGBBAA`.
    pub const fn from_rgba(rgba: u32) -> Color {
        let [red, green, blue, alpha] = rgba.to_be_bytes();
        Color { red, green, blue, alpha }
    }

    /// An opaque colour.
    pub const fn from_rgb([red, green, blue]: Rgb) -> Color {
        Color { red, green, blue, alpha: 255 }
    }

    /// The colour without its alpha.
    pub const fn rgb(self) -> Rgb {
        [self.red, self.green, self.blue]
    }
}

/// The text is not a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written #RRGGBB or #RRGGBBAA")]
pub struct ColorError;

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Color, ColorError> {
        let digits = text.strip_prefix('#').ok_or(ColorError)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ColorError);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| ColorError)?;
        match digits.len() {
            6 => Ok(Color::from_rgba(value << 8 | 0xFF)),
            8 => Ok(Color::from_rgba(value)),
            _ => Err(ColorError),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)?;
        if self.alpha < 255 { write!(f, "{:02x}", self.alpha) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written_with_and_without_alpha() {
        let color = Color { red: 0x6E, green: 0xEB, blue: 0xFF, alpha: 0x80 };
        assert_eq!("#6eEBff80".parse(), Ok(color));
        assert_eq!(color.to_string(), "#6eebff80");
        assert_eq!("#6eebff".parse(), Ok(Color { alpha: 255, ..color }));
        assert_eq!(Color { alpha: 255, ..color }.to_string(), "#6eebff");
    }

    #[test]
    fn nothing_else_is_a_colour() {
        for text in
            ["", "#", "6eebff", "#6ee", "#6eebf", "#6eebff8", "#6eebff800", "#+eebff", "#6eebfé", "red"]
        {
            assert_eq!(text.parse::<Color>(), Err(ColorError), "{text}");
        }
    }
}
