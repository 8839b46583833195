//! Scalefactor bands: the tables of ISO/IEC 14496-3, 4.5.4 (ISO/IEC 13818-7, 8.9).

/// What depends on the sample rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BandTable {
    /// Where the bands of a long window begin, in coefficients, and behind the last one 1024.
    pub(crate) long: &'static [u16],
    /// Where the bands of a short window begin, in coefficients, and behind the last one 128.
    pub(crate) short: &'static [u16],
}

/// The sample rates of the standard in Hz, in the order of their index (14496-3, table 1.18), with what belongs to them.
pub(crate) const RATES: [(u32, BandTable); 12] = [
    (96_000, BandTable { long: &LONG_96, short: &SHORT_64 }),
    (88_200, BandTable { long: &LONG_96, short: &SHORT_64 }),
    (64_000, BandTable { long: &LONG_64, short: &SHORT_64 }),
    (48_000, BandTable { long: &LONG_48, short: &SHORT_48 }),
    (44_100, BandTable { long: &LONG_48, short: &SHORT_48 }),
    (32_000, BandTable { long: &LONG_32, short: &SHORT_48 }),
    (24_000, BandTable { long: &LONG_24, short: &SHORT_24 }),
    (22_050, BandTable { long: &LONG_24, short: &SHORT_24 }),
    (16_000, BandTable { long: &LONG_16, short: &SHORT_16 }),
    (12_000, BandTable { long: &LONG_16, short: &SHORT_16 }),
    (11_025, BandTable { long: &LONG_16, short: &SHORT_16 }),
    (8_000, BandTable { long: &LONG_8, short: &SHORT_8 }),
];

static LONG_96: [u16; 42] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 156,
    172, 188, 212, 240, 276, 320, 384, 448, 512, 576, 640, 704, 768, 832, 896, 960, 1024,
];

static LONG_64: [u16; 48] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 100, 112, 124, 140, 156, 172,
    192, 216, 240, 268, 304, 344, 384, 424, 464, 504, 544, 584, 624, 664, 704, 744, 784, 824, 864, 904, 944,
    984, 1024,
];

static LONG_48: [u16; 50] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160, 176, 196,
    216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832,
    864, 896, 928, 1024,
];

static LONG_32: [u16; 52] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160, 176, 196,
    216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832,
    864, 896, 928, 960, 992, 1024,
];

static LONG_24: [u16; 48] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 52, 60, 68, 76, 84, 92, 100, 108, 116, 124, 136, 148, 160,
    172, 188, 204, 220, 240, 260, 284, 308, 336, 364, 396, 432, 468, 508, 552, 600, 652, 704, 768, 832, 896,
    960, 1024,
];

static LONG_16: [u16; 44] = [
    0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 100, 112, 124, 136, 148, 160, 172, 184, 196, 212, 228, 244,
    260, 280, 300, 320, 344, 368, 396, 424, 456, 492, 532, 572, 616, 664, 716, 772, 832, 896, 960, 1024,
];

static LONG_8: [u16; 41] = [
    0, 12, 24, 36, 48, 60, 72, 84, 96, 108, 120, 132, 144, 156, 172, 188, 204, 220, 236, 252, 268, 288, 308,
    328, 348, 372, 396, 420, 448, 476, 508, 544, 580, 620, 664, 712, 764, 820, 880, 944, 1024,
];

static SHORT_64: [u16; 13] = [0, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 92, 128];

static SHORT_48: [u16; 15] = [0, 4, 8, 12, 16, 20, 28, 36, 44, 56, 68, 80, 96, 112, 128];

static SHORT_24: [u16; 16] = [0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 64, 76, 92, 108, 128];

static SHORT_16: [u16; 16] = [0, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 60, 72, 88, 108, 128];

static SHORT_8: [u16; 16] = [0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 60, 72, 88, 108, 128];
