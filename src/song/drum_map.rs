//! Which key is which drum: names, lanes and colours of the General MIDI percussion set.
//!
//! Keys 35 to 81 are those of the "General MIDI Percussion Key Map" (GM 1); 27 to 34 and 82 to 87 come from
//! GM 2 and Roland GS, and real files use them.

/// A colour for the screen: sRGB, red, green, blue.
pub type Rgb = [u8; 3];

/// A lane of the highway, or the kick bar that goes over all of them.
///
/// In the order in which a right-handed drummer has them, left to right; what is not part of a drum kit
/// follows on the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LaneId {
    /// Bass drums: drawn as a bar over the whole width, and no lane of its own.
    Kick,
    /// The crash on the drummer's left.
    CrashLeft,
    /// Hi-hat: closed, pedal and open.
    HiHat,
    /// Snares, side stick, hand clap.
    Snare,
    /// The two high toms.
    TomHigh,
    /// The two middle toms.
    TomMid,
    /// The floor toms.
    TomFloor,
    /// Ride cymbals and ride bell.
    Ride,
    /// The crash on the drummer's right.
    CrashRight,
    /// China and splash.
    China,
    /// Bongos, congas, timbales, cuíca, surdo.
    LatinDrums,
    /// Cowbell, agogô, triangle, bell tree.
    Bells,
    /// Wood blocks, claves, castanets, sticks.
    Blocks,
    /// Tambourine, shakers, maracas, cabasa, güiro, vibraslap.
    Shakers,
    /// Whistles, clicks, scratches.
    Effects,
    /// Keys that the drum map does not know.
    Other,
}

impl LaneId {
    /// All of them, the kick first, then left to right.
    pub const ALL: [LaneId; 16] = [
        LaneId::Kick,
        LaneId::CrashLeft,
        LaneId::HiHat,
        LaneId::Snare,
        LaneId::TomHigh,
        LaneId::TomMid,
        LaneId::TomFloor,
        LaneId::Ride,
        LaneId::CrashRight,
        LaneId::China,
        LaneId::LatinDrums,
        LaneId::Bells,
        LaneId::Blocks,
        LaneId::Shakers,
        LaneId::Effects,
        LaneId::Other,
    ];

    /// The lane's name; short enough to stand at the foot of a lane.
    pub const fn name(self) -> &'static str {
        match self {
            LaneId::Kick => "Kick",
            LaneId::CrashLeft => "Crash L",
            LaneId::HiHat => "Hi-Hat",
            LaneId::Snare => "Snare",
            LaneId::TomHigh => "High Tom",
            LaneId::TomMid => "Mid Tom",
            LaneId::TomFloor => "Floor Tom",
            LaneId::Ride => "Ride",
            LaneId::CrashRight => "Crash R",
            LaneId::China => "China",
            LaneId::LatinDrums => "Latin",
            LaneId::Bells => "Bells",
            LaneId::Blocks => "Blocks",
            LaneId::Shakers => "Shakers",
            LaneId::Effects => "Effects",
            LaneId::Other => "Other",
        }
    }

    /// The lane's colour, for a dark background. Neighbours differ in lightness as well as in hue, so that
    /// they can be told apart without seeing red, green or any colour at all.
    pub const fn color(self) -> Rgb {
        match self {
            LaneId::Kick => [0xFF, 0x8A, 0x1E],
            LaneId::CrashLeft => [0xE4, 0x5C, 0xD8],
            LaneId::HiHat => [0x6E, 0xEB, 0xFF],
            LaneId::Snare => [0xFF, 0x59, 0x64],
            LaneId::TomHigh => [0xFF, 0xE1, 0x5A],
            LaneId::TomMid => [0x1F, 0xA6, 0x7A],
            LaneId::TomFloor => [0xB4, 0xC4, 0xFF],
            LaneId::Ride => [0x4A, 0x7D, 0xFF],
            LaneId::CrashRight => [0xFF, 0xB0, 0xDC],
            LaneId::China => [0xC7, 0x5B, 0x8C],
            LaneId::LatinDrums => [0xFF, 0xBE, 0x7D],
            LaneId::Bells => [0xB9, 0x91, 0x2B],
            LaneId::Blocks => [0xF1, 0xE3, 0xC6],
            LaneId::Shakers => [0x2F, 0xB5, 0xA5],
            LaneId::Effects => [0xD5, 0xF0, 0xA0],
            LaneId::Other => [0x8C, 0x90, 0xA0],
        }
    }
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrumInfo {
    /// The drum's full name, such as "Closed Hi-Hat".
    pub name: String,
    /// Its name in four characters at most, such as "HHC".
    pub short_name: String,
    /// Where it is drawn.
    pub lane: LaneId,
    /// Its colour: the lane's, or a tint of it where one lane has several sounds.
    pub color: Rgb,
}

/// Says which drum each key is. Keys without one are drawn in [`LaneId::Other`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrumMap {
    /// From key 0 on.
    drums: Vec<Option<DrumInfo>>,
}

impl DrumMap {
    /// The percussion set of General MIDI, 1 and 2.
    pub fn general_midi() -> DrumMap {
        let drum = |(name, short_name, lane, tint): (&str, &str, LaneId, i8)| DrumInfo {
            name: name.to_owned(),
            short_name: short_name.to_owned(),
            lane,
            color: tinted(lane.color(), tint),
        };
        let mut drums = vec![None; FIRST_KEY];
        drums.extend(GENERAL_MIDI.into_iter().map(drum).map(Some));
        DrumMap { drums }
    }

    /// The drum of a key; `None` for a key that the map does not know.
    pub fn get(&self, key: u8) -> Option<&DrumInfo> {
        self.drums.get(usize::from(key))?.as_ref()
    }

    /// The lane of a key, [`LaneId::Other`] for one that the map does not know.
    pub fn lane(&self, key: u8) -> LaneId {
        self.get(key).map_or(LaneId::Other, |drum| drum.lane)
    }

    /// The colour of a key, that of [`LaneId::Other`] for one that the map does not know.
    pub fn color(&self, key: u8) -> Rgb {
        self.get(key).map_or(LaneId::Other.color(), |drum| drum.color)
    }
}

impl Default for DrumMap {
    fn default() -> DrumMap {
        DrumMap::general_midi()
    }
}

/// Moves a colour `percent` of the way to white, or to black where it is negative.
fn tinted(color: Rgb, percent: i8) -> Rgb {
    let goal = if percent < 0 { 0 } else { 255 };
    let part = u32::from(percent.unsigned_abs());
    color.map(|channel| ((u32::from(channel) * (100 - part) + goal * part) / 100) as u8)
}

/// The key of the table's first row.
const FIRST_KEY: usize = 27;

/// Full name, short name, lane and tint of the keys from 27 to 87.
#[rustfmt::skip]
const GENERAL_MIDI: [(&str, &str, LaneId, i8); 61] = [
    ("High Q",             "HQ",   LaneId::Effects,      0), // 27
    ("Slap",               "SLP",  LaneId::Effects,    -15),
    ("Scratch Push",       "SCP",  LaneId::Effects,     30),
    ("Scratch Pull",       "SCL",  LaneId::Effects,     50), // 30
    ("Sticks",             "STK",  LaneId::Blocks,     -20),
    ("Square Click",       "SQC",  LaneId::Effects,    -30),
    ("Metronome Click",    "MTC",  LaneId::Effects,      0),
    ("Metronome Bell",     "MTB",  LaneId::Effects,     30),
    ("Acoustic Bass Drum", "BD2",  LaneId::Kick,       -12), // 35
    ("Bass Drum 1",        "BD",   LaneId::Kick,         0),
    ("Side Stick",         "RIM",  LaneId::Snare,       35),
    ("Acoustic Snare",     "SD",   LaneId::Snare,        0),
    ("Hand Clap",          "CLP",  LaneId::Snare,       55),
    ("Electric Snare",     "SD2",  LaneId::Snare,      -12), // 40
    ("Low Floor Tom",      "FT2",  LaneId::TomFloor,   -12),
    ("Closed Hi-Hat",      "HHC",  LaneId::HiHat,        0),
    ("High Floor Tom",     "FT",   LaneId::TomFloor,     0),
    ("Pedal Hi-Hat",       "HHP",  LaneId::HiHat,      -30),
    ("Low Tom",            "LT",   LaneId::TomMid,     -12), // 45
    ("Open Hi-Hat",        "HHO",  LaneId::HiHat,       50),
    ("Low-Mid Tom",        "LMT",  LaneId::TomMid,       0),
    ("Hi-Mid Tom",         "HMT",  LaneId::TomHigh,    -12),
    ("Crash Cymbal 1",     "CR1",  LaneId::CrashLeft,    0),
    ("High Tom",           "HT",   LaneId::TomHigh,      0), // 50
    ("Ride Cymbal 1",      "RD",   LaneId::Ride,         0),
    ("Chinese Cymbal",     "CHI",  LaneId::China,        0),
    ("Ride Bell",          "RDB",  LaneId::Ride,        45),
    ("Tambourine",         "TMB",  LaneId::Shakers,     15),
    ("Splash Cymbal",      "SPL",  LaneId::China,       40), // 55
    ("Cowbell",            "COW",  LaneId::Bells,        0),
    ("Crash Cymbal 2",     "CR2",  LaneId::CrashRight,   0),
    ("Vibraslap",          "VIB",  LaneId::Shakers,    -20),
    ("Ride Cymbal 2",      "RD2",  LaneId::Ride,        15),
    ("Hi Bongo",           "BGH",  LaneId::LatinDrums,  40), // 60
    ("Low Bongo",          "BGL",  LaneId::LatinDrums,  20),
    ("Mute Hi Conga",      "CGM",  LaneId::LatinDrums, -15),
    ("Open Hi Conga",      "CGH",  LaneId::LatinDrums,   0),
    ("Low Conga",          "CGL",  LaneId::LatinDrums, -10),
    ("High Timbale",       "TBH",  LaneId::LatinDrums,  55), // 65
    ("Low Timbale",        "TBL",  LaneId::LatinDrums,  30),
    ("High Agogo",         "AGH",  LaneId::Bells,       45),
    ("Low Agogo",          "AGL",  LaneId::Bells,       25),
    ("Cabasa",             "CAB",  LaneId::Shakers,      0),
    ("Maracas",            "MAR",  LaneId::Shakers,     30), // 70
    ("Short Whistle",      "WHS",  LaneId::Effects,     40),
    ("Long Whistle",       "WHL",  LaneId::Effects,     20),
    ("Short Guiro",        "GUS",  LaneId::Shakers,     50),
    ("Long Guiro",         "GUL",  LaneId::Shakers,     40),
    ("Claves",             "CLV",  LaneId::Blocks,       0), // 75
    ("Hi Wood Block",      "WBH",  LaneId::Blocks,      40),
    ("Low Wood Block",     "WBL",  LaneId::Blocks,     -10),
    ("Mute Cuica",         "CUM",  LaneId::LatinDrums, -20),
    ("Open Cuica",         "CUO",  LaneId::LatinDrums,  10),
    ("Mute Triangle",      "TRM",  LaneId::Bells,       55), // 80
    ("Open Triangle",      "TRO",  LaneId::Bells,       70),
    ("Shaker",             "SHK",  LaneId::Shakers,     -10),
    ("Jingle Bell",        "JGL",  LaneId::Shakers,     60),
    ("Bell Tree",          "BLT",  LaneId::Bells,       35),
    ("Castanets",          "CAS",  LaneId::Blocks,     -25), // 85
    ("Mute Surdo",         "SUM",  LaneId::LatinDrums, -25),
    ("Open Surdo",         "SUO",  LaneId::LatinDrums,   0), // 87
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up_with_the_keys() {
        let map = DrumMap::general_midi();
        for (key, name) in [
            (27, "High Q"),
            (35, "Acoustic Bass Drum"),
            (42, "Closed Hi-Hat"),
            (57, "Crash Cymbal 2"),
            (81, "Open Triangle"),
            (87, "Open Surdo"),
        ] {
            assert_eq!(map.get(key).map(|drum| drum.name.as_str()), Some(name));
        }
        for key in 0..=255 {
            assert_eq!(map.get(key).is_some(), (27..=87).contains(&key), "{key}");
            assert_eq!(map.lane(key) == LaneId::Other, map.get(key).is_none(), "{key}");
        }
    }

    #[test]
    fn every_drum_has_names_of_its_own() {
        for (place, (name, short_name, ..)) in GENERAL_MIDI.iter().enumerate() {
            for (other, other_short, ..) in &GENERAL_MIDI[..place] {
                assert!(name != other && short_name != other_short, "{name} {other}");
            }
            assert!(short_name.len() <= 4, "{short_name}");
        }
    }

    #[test]
    fn lanes_are_listed_in_their_order() {
        assert!(LaneId::ALL.is_sorted());
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

    fn linear(color: Rgb) -> [f64; 3] {
        color.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// What somebody without green cones sees (Machado, Oliveira, Fernandes, 2009; full severity).
    fn without_green([r, g, b]: [f64; 3]) -> [f64; 3] {
        [
            0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
            0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
            -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
        ]
    }

    #[test]
    fn neighbouring_lanes_differ_in_lightness_and_to_the_colour_blind() {
        let lanes = &LaneId::ALL[1..];
        for pair in lanes.windows(2) {
            let [left, right] = [pair[0], pair[1]].map(|lane| linear(lane.color()));
            let lightness = (oklab(left)[0] - oklab(right)[0]).abs();
            assert!(lightness > 0.12, "{pair:?}: {lightness}");
            let [left, right] = [left, right].map(|color| oklab(without_green(color)));
            let distance: f64 = left.iter().zip(right).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(distance > 0.12, "{pair:?}: {distance}");
        }
    }

    #[test]
    fn every_drum_stands_out_from_a_dark_background() {
        for (name, _, lane, tint) in GENERAL_MIDI {
            assert!(oklab(linear(tinted(lane.color(), tint)))[0] > 0.5, "{name}");
        }
    }
}
