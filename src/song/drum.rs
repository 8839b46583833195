//! The drums of a map: lanes, marks, shapes, names and colours.

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

    /// What it is called in files, such as `hi-hat`.
    pub const fn id(self) -> &'static str {
        match self {
            LaneId::Kick => "kick",
            LaneId::CrashLeft => "crash-left",
            LaneId::HiHat => "hi-hat",
            LaneId::Snare => "snare",
            LaneId::TomHigh => "tom-high",
            LaneId::TomMid => "tom-mid",
            LaneId::TomFloor => "tom-floor",
            LaneId::Ride => "ride",
            LaneId::CrashRight => "crash-right",
            LaneId::China => "china",
            LaneId::LatinDrums => "latin-drums",
            LaneId::Bells => "bells",
            LaneId::Blocks => "blocks",
            LaneId::Shakers => "shakers",
            LaneId::Effects => "effects",
            LaneId::Other => "other",
        }
    }

    /// The lane that is called `id` in files; `None` if there is none.
    pub fn from_id(id: &str) -> Option<LaneId> {
        LaneId::ALL.into_iter().find(|lane| lane.id() == id)
    }

    /// The lane's name in [`DrumMap::general_midi`](super::DrumMap::general_midi); short enough to stand at the foot of a
    /// lane.
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

    /// The lane's name in four characters at most, where there is little room. Each lane has another.
    pub const fn short_name(self) -> &'static str {
        match self {
            LaneId::Kick => "KICK",
            LaneId::CrashLeft => "CRL",
            LaneId::HiHat => "HH",
            LaneId::Snare => "SNR",
            LaneId::TomHigh => "HT",
            LaneId::TomMid => "MT",
            LaneId::TomFloor => "FT",
            LaneId::Ride => "RIDE",
            LaneId::CrashRight => "CRR",
            LaneId::China => "CHI",
            LaneId::LatinDrums => "LAT",
            LaneId::Bells => "BELL",
            LaneId::Blocks => "BLK",
            LaneId::Shakers => "SHK",
            LaneId::Effects => "FX",
            LaneId::Other => "OTH",
        }
    }

    /// The lane's name in two letters, where there is even less room. Each lane has another.
    pub const fn letters(self) -> &'static str {
        match self {
            LaneId::Kick => "KI",
            LaneId::CrashLeft => "CL",
            LaneId::HiHat => "HH",
            LaneId::Snare => "SN",
            LaneId::TomHigh => "HT",
            LaneId::TomMid => "MT",
            LaneId::TomFloor => "FT",
            LaneId::Ride => "RI",
            LaneId::CrashRight => "CR",
            LaneId::China => "CH",
            LaneId::LatinDrums => "LA",
            LaneId::Bells => "BE",
            LaneId::Blocks => "BK",
            LaneId::Shakers => "SH",
            LaneId::Effects => "FX",
            LaneId::Other => "OT",
        }
    }

    /// The lane's colour in [`DrumMap::general_midi`](super::DrumMap::general_midi), for a dark background. Neighbours differ in lightness
    /// as well as in hue, so that colour-blind viewers can distinguish them too.
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

/// A sign on a gem that distinguishes the drums of one lane without regard to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mark {
    /// A plain gem.
    #[default]
    None,
    /// A filled circle.
    Dot,
    /// A circle's outline.
    Ring,
    /// Two strokes from corner to corner: ×.
    Cross,
    /// An upright cross: +.
    Plus,
    /// A level stroke.
    Dash,
    /// A square on its corner.
    Diamond,
    /// A circle's outline, the left half of it filled.
    HalfRing,
}

impl Mark {
    /// All of them.
    pub const ALL: [Mark; 8] = [
        Mark::None,
        Mark::Dot,
        Mark::Ring,
        Mark::Cross,
        Mark::Plus,
        Mark::Dash,
        Mark::Diamond,
        Mark::HalfRing,
    ];

    /// What it is called in files, such as `ring`.
    pub const fn id(self) -> &'static str {
        match self {
            Mark::None => "none",
            Mark::Dot => "dot",
            Mark::Ring => "ring",
            Mark::Cross => "cross",
            Mark::Plus => "plus",
            Mark::Dash => "dash",
            Mark::Diamond => "diamond",
            Mark::HalfRing => "half-ring",
        }
    }

    /// The mark that is called `id` in files; `None` if there is none.
    pub fn from_id(id: &str) -> Option<Mark> {
        Mark::ALL.into_iter().find(|mark| mark.id() == id)
    }
}

/// Whether a drum is a drum or a cymbal. Themes may give the two gems of different shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DrumShape {
    /// Everything that is not a cymbal.
    #[default]
    Drum,
    /// A cymbal; the hi-hat is one.
    Cymbal,
}

impl DrumShape {
    /// Both.
    pub const ALL: [DrumShape; 2] = [DrumShape::Drum, DrumShape::Cymbal];

    /// What it is called in files: `drum` or `cymbal`.
    pub const fn id(self) -> &'static str {
        match self {
            DrumShape::Drum => "drum",
            DrumShape::Cymbal => "cymbal",
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
    /// The sign on its gems.
    pub mark: Mark,
}
