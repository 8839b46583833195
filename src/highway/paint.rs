//! Colours of a theme as instances hold them.

use crate::song::Rgb;
use crate::theme::Color;

/// Red, green, blue, alpha.
pub(super) fn bytes(color: Color) -> [u8; 4] {
    [color.red, color.green, color.blue, color.alpha]
}

/// Fully there.
pub(super) fn opaque([red, green, blue]: Rgb) -> Color {
    Color { red, green, blue, alpha: 255 }
}

/// The colour `share` (0 to 1) of the way from `from` to `to`, as opaque as `from`.
pub(super) fn mix(from: Color, to: Color, share: f32) -> Color {
    let channel =
        |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * share).round() as u8;
    Color {
        red: channel(from.red, to.red),
        green: channel(from.green, to.green),
        blue: channel(from.blue, to.blue),
        alpha: from.alpha,
    }
}
