//! How different colours look, also to the colour-blind: what tests of palettes measure with.

use super::Rgb;

/// The smallest difference in Oklab lightness or distance at which two colours side by side are easy to distinguish.
pub(crate) const CLEAR: f64 = 0.12;

/// A kind of colour vision: normal, or without one of the three kinds of cones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColourVision {
    /// All three kinds of cones.
    Usual,
    /// Protanopia: without red.
    WithoutRed,
    /// Deuteranopia: without green.
    WithoutGreen,
    /// Tritanopia: without blue.
    WithoutBlue,
}

impl ColourVision {
    pub(crate) const ALL: [ColourVision; 4] = [
        ColourVision::Usual,
        ColourVision::WithoutRed,
        ColourVision::WithoutGreen,
        ColourVision::WithoutBlue,
    ];

    /// What is seen of a colour in linear light (Machado, Oliveira, Fernandes, 2009; full severity).
    fn sees(self, color: [f64; 3]) -> [f64; 3] {
        let rows = match self {
            ColourVision::Usual => return color,
            ColourVision::WithoutRed => [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            ColourVision::WithoutGreen => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            ColourVision::WithoutBlue => [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        };
        rows.map(|row| row.iter().zip(color).map(|(weight, channel)| weight * channel).sum())
    }
}

/// sRGB in linear light, 0 to 1.
fn linear(color: Rgb) -> [f64; 3] {
    color.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

/// Oklab (Björn Ottosson, 2020) of a colour in linear light: lightness, green–red, blue–yellow.
fn oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).max(0.0).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).max(0.0).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).max(0.0).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

/// Oklab lightness, 0 (black) to 1 (white).
pub(crate) fn lightness(color: Rgb) -> f64 {
    oklab(linear(color))[0]
}

/// Oklab distance of two colours as `eye` sees them; 1 between black and white.
pub(crate) fn distance(left: Rgb, right: Rgb, eye: ColourVision) -> f64 {
    let [left, right] = [left, right].map(|color| oklab(eye.sees(linear(color))));
    left.iter().zip(right).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// WCAG 2 contrast of two colours, 1 to 21.
pub(crate) fn contrast(left: Rgb, right: Rgb) -> f64 {
    let luminance = |color| {
        let [r, g, b] = linear(color);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (left, right) = (luminance(left), luminance(right));
    (left.max(right) + 0.05) / (left.min(right) + 0.05)
}

#[test]
fn black_and_white_differ_as_much_as_can_be() {
    let (black, white) = ([0; 3], [255; 3]);
    assert!((contrast(black, white) - 21.0).abs() < 1e-9);
    for eye in ColourVision::ALL {
        assert!((distance(black, white, eye) - 1.0).abs() < 1e-4, "{eye:?}");
    }
    assert!((lightness(white) - 1.0).abs() < 1e-4 && lightness(black) < 1e-9);
}
