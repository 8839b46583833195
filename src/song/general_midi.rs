//! The percussion set of General MIDI: which key is which drum.
//!
//! Keys 35 to 81 are those of the "General MIDI Percussion Key Map" (GM 1); 27 to 34 and 82 to 87 come from
//! GM 2 and Roland GS, and real files use them.

use super::{DrumShape, LaneId, Mark};

/// The drum of `key`; `None` where General MIDI has none.
pub(super) fn drum(key: u8) -> Option<&'static DrumRow> {
    DRUMS.get(usize::from(key.checked_sub(FIRST_KEY)?))
}

/// How far the colour of `key` is from its lane's, in percent; see [`DRUMS`].
pub(super) fn tint(key: u8) -> i8 {
    drum(key).map_or(0, |&(_, _, _, _, tint, _)| tint)
}

/// Whether the drum of `key` is a cymbal.
pub(super) fn shape(key: u8) -> DrumShape {
    match key {
        42 | 44 | 46 | 49 | 51 | 52 | 53 | 55 | 57 | 59 => DrumShape::Cymbal,
        _ => DrumShape::Drum,
    }
}

/// The key of the table's first row.
const FIRST_KEY: u8 = 27;

/// A drum: full name, short name, name in two letters, lane, tint and mark.
type DrumRow = (&'static str, &'static str, &'static str, LaneId, i8, Mark);

/// The keys from 27 to 87. A tint says how far, in percent, the drum's colour is from its lane's: towards white
/// where it is positive, towards black where it is negative (on a light background the other way round).
#[rustfmt::skip]
const DRUMS: [DrumRow; 61] = [
    ("High Q",             "HQ",   "HQ", LaneId::Effects,        0, Mark::None),    // 27
    ("Slap",               "SLP",  "SL", LaneId::Effects,      -15, Mark::Cross),
    ("Scratch Push",       "SCP",  "PS", LaneId::Effects,       30, Mark::Plus),
    ("Scratch Pull",       "SCL",  "PL", LaneId::Effects,       50, Mark::Diamond), // 30
    ("Sticks",             "STK",  "ST", LaneId::Blocks,       -20, Mark::Cross),
    ("Square Click",       "SQC",  "SQ", LaneId::Effects,      -30, Mark::Dot),
    ("Metronome Click",    "MTC",  "MC", LaneId::Effects,        0, Mark::None),
    ("Metronome Bell",     "MTB",  "MB", LaneId::Effects,       30, Mark::Ring),
    ("Acoustic Bass Drum", "BD2",  "B2", LaneId::Kick,         -12, Mark::Dash),    // 35
    ("Bass Drum 1",        "BD",   "BD", LaneId::Kick,           0, Mark::None),
    ("Side Stick",         "RIM",  "RM", LaneId::Snare,         35, Mark::Cross),
    ("Acoustic Snare",     "SD",   "SD", LaneId::Snare,          0, Mark::None),
    ("Hand Clap",          "CLP",  "CP", LaneId::Snare,         55, Mark::Dot),
    ("Electric Snare",     "SD2",  "S2", LaneId::Snare,        -12, Mark::Dash),    // 40
    ("Low Floor Tom",      "FT2",  "F2", LaneId::TomFloor,     -12, Mark::Dash),
    ("Closed Hi-Hat",      "HHC",  "HC", LaneId::HiHat,          0, Mark::None),
    ("High Floor Tom",     "FT",   "FT", LaneId::TomFloor,       0, Mark::None),
    ("Pedal Hi-Hat",       "HHP",  "HP", LaneId::HiHat,        -30, Mark::Dash),
    ("Low Tom",            "LT",   "LT", LaneId::TomMid,       -12, Mark::Dash),    // 45
    ("Open Hi-Hat",        "HHO",  "HO", LaneId::HiHat,         50, Mark::Ring),
    ("Low-Mid Tom",        "LMT",  "LM", LaneId::TomMid,         0, Mark::None),
    ("Hi-Mid Tom",         "HMT",  "HM", LaneId::TomHigh,      -12, Mark::Dash),
    ("Crash Cymbal 1",     "CR1",  "C1", LaneId::CrashLeft,      0, Mark::None),
    ("High Tom",           "HT",   "HT", LaneId::TomHigh,        0, Mark::None),    // 50
    ("Ride Cymbal 1",      "RD",   "RD", LaneId::Ride,           0, Mark::None),
    ("Chinese Cymbal",     "CHI",  "CH", LaneId::China,          0, Mark::Cross),
    ("Ride Bell",          "RDB",  "RB", LaneId::Ride,          45, Mark::Diamond),
    ("Tambourine",         "TMB",  "TA", LaneId::Shakers,       15, Mark::None),
    ("Splash Cymbal",      "SPL",  "SP", LaneId::China,         40, Mark::Dot),     // 55
    ("Cowbell",            "COW",  "CW", LaneId::Bells,          0, Mark::None),
    ("Crash Cymbal 2",     "CR2",  "C2", LaneId::CrashRight,     0, Mark::None),
    ("Vibraslap",          "VIB",  "VB", LaneId::Shakers,      -20, Mark::Plus),
    ("Ride Cymbal 2",      "RD2",  "R2", LaneId::Ride,          15, Mark::Dot),
    ("Hi Bongo",           "BGH",  "BH", LaneId::LatinDrums,    40, Mark::Ring),    // 60
    ("Low Bongo",          "BGL",  "BL", LaneId::LatinDrums,    20, Mark::Diamond),
    ("Mute Hi Conga",      "CGM",  "CM", LaneId::LatinDrums,   -15, Mark::Dot),
    ("Open Hi Conga",      "CGH",  "CO", LaneId::LatinDrums,     0, Mark::None),
    ("Low Conga",          "CGL",  "LC", LaneId::LatinDrums,   -10, Mark::Dash),
    ("High Timbale",       "TBH",  "TH", LaneId::LatinDrums,    55, Mark::Cross),   // 65
    ("Low Timbale",        "TBL",  "TL", LaneId::LatinDrums,    30, Mark::Plus),
    ("High Agogo",         "AGH",  "AH", LaneId::Bells,         45, Mark::Ring),
    ("Low Agogo",          "AGL",  "AL", LaneId::Bells,         25, Mark::Dash),
    ("Cabasa",             "CAB",  "CB", LaneId::Shakers,        0, Mark::Cross),
    ("Maracas",            "MAR",  "MR", LaneId::Shakers,       30, Mark::Dot),     // 70
    ("Short Whistle",      "WHS",  "SW", LaneId::Effects,       40, Mark::HalfRing),
    ("Long Whistle",       "WHL",  "LW", LaneId::Effects,       20, Mark::Dash),
    ("Short Guiro",        "GUS",  "GS", LaneId::Shakers,       50, Mark::Diamond),
    ("Long Guiro",         "GUL",  "GL", LaneId::Shakers,       40, Mark::Dash),
    ("Claves",             "CLV",  "CV", LaneId::Blocks,         0, Mark::None),    // 75
    ("Hi Wood Block",      "WBH",  "WH", LaneId::Blocks,        40, Mark::Dot),
    ("Low Wood Block",     "WBL",  "WL", LaneId::Blocks,       -10, Mark::Dash),
    ("Mute Cuica",         "CUM",  "MU", LaneId::LatinDrums,   -20, Mark::Dot),
    ("Open Cuica",         "CUO",  "CU", LaneId::LatinDrums,    10, Mark::HalfRing),
    ("Mute Triangle",      "TRM",  "TM", LaneId::Bells,         55, Mark::Dot),     // 80
    ("Open Triangle",      "TRO",  "TO", LaneId::Bells,         70, Mark::Diamond),
    ("Shaker",             "SHK",  "SK", LaneId::Shakers,      -10, Mark::Ring),
    ("Jingle Bell",        "JGL",  "JB", LaneId::Shakers,       60, Mark::HalfRing),
    ("Bell Tree",          "BLT",  "BT", LaneId::Bells,         35, Mark::Plus),
    ("Castanets",          "CAS",  "CA", LaneId::Blocks,       -25, Mark::Diamond), // 85
    ("Mute Surdo",         "SUM",  "MS", LaneId::LatinDrums,   -25, Mark::Dot),
    ("Open Surdo",         "SUO",  "OS", LaneId::LatinDrums,     0, Mark::None),    // 87
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up_with_the_keys() {
        for (key, name) in [
            (27, "High Q"),
            (35, "Acoustic Bass Drum"),
            (42, "Closed Hi-Hat"),
            (57, "Crash Cymbal 2"),
            (81, "Open Triangle"),
            (87, "Open Surdo"),
        ] {
            assert_eq!(drum(key).map(|row| row.0), Some(name));
        }
        assert!((0..=255).all(|key| drum(key).is_some() == (27..=87).contains(&key)));
    }

    #[test]
    fn every_drum_has_names_of_its_own() {
        for (place, (name, short_name, letters, ..)) in DRUMS.iter().enumerate() {
            for (other, other_short, other_letters, ..) in &DRUMS[..place] {
                assert!(name != other && short_name != other_short, "{name} {other}");
                assert!(letters != other_letters, "{name} {other}");
            }
            assert!(short_name.len() <= 4 && letters.len() == 2, "{short_name} {letters}");
        }
    }

    #[test]
    fn the_drums_of_a_lane_are_told_apart_by_marks_as_far_as_there_are_marks() {
        for lane in LaneId::ALL {
            let marks: Vec<Mark> = DRUMS.iter().filter(|row| row.3 == lane).map(|row| row.5).collect();
            let different = Mark::ALL.iter().filter(|mark| marks.contains(mark)).count();
            assert_eq!(different, marks.len().min(Mark::ALL.len()), "{lane:?}: {marks:?}");
        }
    }
}
