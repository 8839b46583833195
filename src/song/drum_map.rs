//! Which drum a key is: its name, its lane and its colour.
//!
//! Names and keys 35 to 81 are those of "General MIDI System Level 1" (RP-003), 27 to 34 and 82 to 87 those of
//! "General MIDI 2" (RP-024), which GS has too.

use std::collections::BTreeMap;
use std::fmt;

/// The lanes there can be, in the order of a right-handed drummer's kit, from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneId {
    /// Not a lane on the highway: kicks are bars over its full width.
    Kick,
    /// Crash, splash and china cymbals.
    Crash,
    /// Closed, pedal and open hi-hat.
    HiHat,
    /// Snares, side stick and hand clap.
    Snare,
    /// High toms.
    HighTom,
    /// Middle toms.
    MidTom,
    /// Floor toms.
    FloorTom,
    /// Ride cymbals and bell.
    Ride,
    /// Cowbell, agogo, triangle and other bells.
    Bells,
    /// Tambourine, maracas and other shakers.
    Shakers,
    /// Bongos, congas, timbales, surdos.
    HandDrums,
    /// Claves, wood blocks, sticks, clicks.
    Wood,
    /// Whistles, scratches, guiro, cuica.
    Effects,
    /// Keys that no drum is known for.
    Other,
}

impl LaneId {
    /// All of them, from the left; [`LaneId::Kick`] first.
    pub const ALL: [LaneId; 14] = [
        LaneId::Kick,
        LaneId::Crash,
        LaneId::HiHat,
        LaneId::Snare,
        LaneId::HighTom,
        LaneId::MidTom,
        LaneId::FloorTom,
        LaneId::Ride,
        LaneId::Bells,
        LaneId::Shakers,
        LaneId::HandDrums,
        LaneId::Wood,
        LaneId::Effects,
        LaneId::Other,
    ];

    /// The name that users see.
    pub const fn name(self) -> &'static str {
        match self {
            LaneId::Kick => "Kick",
            LaneId::Crash => "Crash",
            LaneId::HiHat => "Hi-Hat",
            LaneId::Snare => "Snare",
            LaneId::HighTom => "High Tom",
            LaneId::MidTom => "Mid Tom",
            LaneId::FloorTom => "Floor Tom",
            LaneId::Ride => "Ride",
            LaneId::Bells => "Bells",
            LaneId::Shakers => "Shakers",
            LaneId::HandDrums => "Hand Drums",
            LaneId::Wood => "Wood",
            LaneId::Effects => "Effects",
            LaneId::Other => "Other",
        }
    }

    /// sRGB. Neighbours differ in lightness as well as in hue, for eyes that see fewer hues.
    pub const fn color(self) -> [u8; 3] {
        match self {
            LaneId::Kick => [255, 140, 40],
            LaneId::Crash => [110, 160, 255],
            LaneId::HiHat => [255, 214, 10],
            LaneId::Snare => [240, 66, 66],
            LaneId::HighTom => [90, 225, 235],
            LaneId::MidTom => [52, 170, 90],
            LaneId::FloorTom => [200, 240, 110],
            LaneId::Ride => [176, 92, 240],
            LaneId::Bells => [255, 176, 220],
            LaneId::Shakers => [40, 128, 196],
            LaneId::HandDrums => [250, 170, 110],
            LaneId::Wood => [170, 110, 60],
            LaneId::Effects => [190, 200, 255],
            LaneId::Other => [140, 146, 160],
        }
    }
}

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is known of a drum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrumInfo {
    /// In full, such as `Closed Hi-Hat`.
    pub name: String,
    /// For labels, such as `closed`.
    pub short_name: String,
    /// The lane that its hits are in.
    pub lane: LaneId,
    /// sRGB.
    pub color: [u8; 3],
}

/// The drums by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrumMap {
    drums: BTreeMap<u8, DrumInfo>,
}

impl DrumMap {
    /// General MIDI's percussion, 35 to 81, and what GM2 and GS add, 27 to 34 and 82 to 87.
    pub fn general_midi() -> DrumMap {
        let drums = GENERAL_MIDI.iter().map(|&(key, name, short_name, lane, lightness)| {
            let info = DrumInfo {
                name: name.to_owned(),
                short_name: short_name.to_owned(),
                lane,
                color: shade(lane.color(), lightness),
            };
            (key, info)
        });
        DrumMap { drums: drums.collect() }
    }

    /// The drum on `key`, if one is known.
    pub fn get(&self, key: u8) -> Option<&DrumInfo> {
        self.drums.get(&key)
    }

    /// The lane of `key`; [`LaneId::Other`] when no drum is known.
    pub fn lane(&self, key: u8) -> LaneId {
        self.get(key).map_or(LaneId::Other, |drum| drum.lane)
    }

    /// The colour of `key`, sRGB.
    pub fn color(&self, key: u8) -> [u8; 3] {
        self.get(key).map_or(LaneId::Other.color(), |drum| drum.color)
    }
}

impl Default for DrumMap {
    fn default() -> DrumMap {
        DrumMap::general_midi()
    }
}

/// `color` brought nearer to white (lightness over 0) or to black (under 0), in percent.
fn shade(color: [u8; 3], lightness: i8) -> [u8; 3] {
    let goal = if lightness > 0 { 255 } else { 0 };
    let share = i32::from(lightness.unsigned_abs());
    color.map(|value| {
        let value = i32::from(value);
        (value + (goal - value) * share / 100) as u8
    })
}

/// Key, name, short name, lane, and how its colour differs from the lane's.
type Row = (u8, &'static str, &'static str, LaneId, i8);

const GENERAL_MIDI: &[Row] = &[
    (27, "High Q", "high Q", LaneId::Effects, 20),
    (28, "Slap", "slap", LaneId::Effects, 0),
    (29, "Scratch Push", "push", LaneId::Effects, -15),
    (30, "Scratch Pull", "pull", LaneId::Effects, -30),
    (31, "Sticks", "sticks", LaneId::Wood, 0),
    (32, "Square Click", "click", LaneId::Wood, 25),
    (33, "Metronome Click", "metronome", LaneId::Wood, 35),
    (34, "Metronome Bell", "bell", LaneId::Bells, 30),
    (35, "Acoustic Bass Drum", "kick 2", LaneId::Kick, -20),
    (36, "Bass Drum", "kick", LaneId::Kick, 0),
    (37, "Side Stick", "rim", LaneId::Snare, 45),
    (38, "Acoustic Snare", "snare", LaneId::Snare, 0),
    (39, "Hand Clap", "clap", LaneId::Snare, 60),
    (40, "Electric Snare", "snare 2", LaneId::Snare, 15),
    (41, "Low Floor Tom", "low floor", LaneId::FloorTom, -25),
    (42, "Closed Hi-Hat", "closed", LaneId::HiHat, 0),
    (43, "High Floor Tom", "floor", LaneId::FloorTom, 0),
    (44, "Pedal Hi-Hat", "pedal", LaneId::HiHat, -35),
    (45, "Low Tom", "low", LaneId::MidTom, -20),
    (46, "Open Hi-Hat", "open", LaneId::HiHat, 50),
    (47, "Low-Mid Tom", "mid", LaneId::MidTom, 0),
    (48, "High-Mid Tom", "high mid", LaneId::HighTom, -20),
    (49, "Crash Cymbal 1", "crash", LaneId::Crash, 0),
    (50, "High Tom", "high", LaneId::HighTom, 0),
    (51, "Ride Cymbal 1", "ride", LaneId::Ride, 0),
    (52, "Chinese Cymbal", "china", LaneId::Crash, -30),
    (53, "Ride Bell", "bell", LaneId::Ride, 45),
    (54, "Tambourine", "tambourine", LaneId::Shakers, 0),
    (55, "Splash Cymbal", "splash", LaneId::Crash, 45),
    (56, "Cowbell", "cowbell", LaneId::Bells, 0),
    (57, "Crash Cymbal 2", "crash 2", LaneId::Crash, 20),
    (58, "Vibraslap", "vibraslap", LaneId::Shakers, -25),
    (59, "Ride Cymbal 2", "ride 2", LaneId::Ride, 20),
    (60, "High Bongo", "bongo", LaneId::HandDrums, 20),
    (61, "Low Bongo", "low bongo", LaneId::HandDrums, 0),
    (62, "Mute High Conga", "mute conga", LaneId::HandDrums, -35),
    (63, "Open High Conga", "conga", LaneId::HandDrums, -10),
    (64, "Low Conga", "low conga", LaneId::HandDrums, -25),
    (65, "High Timbale", "timbale", LaneId::HandDrums, 45),
    (66, "Low Timbale", "low timbale", LaneId::HandDrums, 30),
    (67, "High Agogo", "agogo", LaneId::Bells, 15),
    (68, "Low Agogo", "low agogo", LaneId::Bells, -15),
    (69, "Cabasa", "cabasa", LaneId::Shakers, 20),
    (70, "Maracas", "maracas", LaneId::Shakers, 35),
    (71, "Short Whistle", "whistle", LaneId::Effects, 40),
    (72, "Long Whistle", "long whistle", LaneId::Effects, 55),
    (73, "Short Guiro", "guiro", LaneId::Effects, -40),
    (74, "Long Guiro", "long guiro", LaneId::Effects, -50),
    (75, "Claves", "claves", LaneId::Wood, 50),
    (76, "High Wood Block", "block", LaneId::Wood, 15),
    (77, "Low Wood Block", "low block", LaneId::Wood, -15),
    (78, "Mute Cuica", "mute cuica", LaneId::Effects, -20),
    (79, "Open Cuica", "cuica", LaneId::Effects, -10),
    (80, "Mute Triangle", "mute triangle", LaneId::Bells, 40),
    (81, "Open Triangle", "triangle", LaneId::Bells, 55),
    (82, "Shaker", "shaker", LaneId::Shakers, 50),
    (83, "Jingle Bell", "jingle", LaneId::Bells, -30),
    (84, "Belltree", "belltree", LaneId::Bells, -40),
    (85, "Castanets", "castanets", LaneId::Wood, -30),
    (86, "Mute Surdo", "mute surdo", LaneId::HandDrums, -50),
    (87, "Open Surdo", "surdo", LaneId::HandDrums, -45),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_percussion_key_has_a_name_and_a_lane_of_its_own_kind() {
        let map = DrumMap::general_midi();
        for key in 27..=87 {
            let drum = map.get(key).expect("a drum");
            assert!(!drum.name.is_empty() && !drum.short_name.is_empty());
            assert_ne!(drum.lane, LaneId::Other);
        }
        assert_eq!(map.lane(26), LaneId::Other);
        assert_eq!(map.lane(88), LaneId::Other);
    }

    #[test]
    fn drums_of_a_lane_differ_in_colour() {
        let map = DrumMap::general_midi();
        for lane in LaneId::ALL {
            let mut colors: Vec<_> =
                map.drums.values().filter(|drum| drum.lane == lane).map(|drum| drum.color).collect();
            let count = colors.len();
            colors.sort();
            colors.dedup();
            assert_eq!(colors.len(), count, "{lane}");
        }
    }

    #[test]
    fn drums_that_belong_together_share_a_lane() {
        let map = DrumMap::general_midi();
        for (lane, keys) in [
            (LaneId::HiHat, &[42, 44, 46][..]),
            (LaneId::Snare, &[37, 38, 40]),
            (LaneId::Kick, &[35, 36]),
            (LaneId::Ride, &[51, 53, 59]),
            (LaneId::Crash, &[49, 57, 55, 52]),
        ] {
            assert!(keys.iter().all(|&key| map.lane(key) == lane), "{lane}");
        }
    }
}
