//! How a drum is struck, beyond which one and how hard.

use super::{DrumMap, LaneId, Note};

/// How a note is played. All of it is the default where a file says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Technique {
    /// One stroke, or one with grace notes. The grace notes are notes of their own.
    pub stroke: Stroke,
    /// How far the hi-hat is open at that moment, whichever drum is struck: which keys are hi-hats is up to the drum map. See
    /// [`HiHatState::of`].
    pub openness: Openness,
    /// Whether the cymbal is grasped and falls silent at the note's end: [`Note::duration`](super::Note::duration) after it is
    /// struck. A file may say that of any key; it has a meaning for cymbals only, and which keys these are is up to the drum
    /// map.
    pub is_choked: bool,
}

/// A stroke, with the soft grace notes that lead to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stroke {
    /// One stroke.
    #[default]
    Single,
    /// One grace note and the stroke.
    Flam,
    /// Two grace notes and the stroke.
    Drag,
}

/// How far the hi-hat is open when it is struck: from 0, closed, to 127, wide open; or not known.
///
/// Electronic kits send it as controller 4, the foot controller, which is 0 when the pedal is up and 127 when it is down (Roland,
/// "MIDI Implementation" of the TD series). In a MIDI file openness is 127 less that; or that itself, where the
/// keys of the hi-hat (42 and 46) show that the module counts the other way round. It is not known where a part never
/// changes the controller, and before its first value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Openness(u8);

impl Openness {
    /// Not known: the key says whether the hi-hat is open.
    pub const UNKNOWN: Openness = Openness(u8::MAX);

    /// From 0, closed, to 127, wide open; higher numbers are taken for 127.
    pub const fn new(openness: u8) -> Openness {
        Openness(if openness > 127 { 127 } else { openness })
    }

    /// From 0, closed, to 127, wide open; `None` when it is not known.
    pub const fn get(self) -> Option<u8> {
        if self.0 > 127 { None } else { Some(self.0) }
    }
}

impl Default for Openness {
    fn default() -> Openness {
        Openness::UNKNOWN
    }
}

/// What is heard of a hi-hat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HiHatState {
    /// A short, dry sound.
    Closed,
    /// The cymbals touch each other while they ring.
    Half,
    /// The cymbals ring freely.
    Open,
}

impl Openness {
    /// The openness up to which a hi-hat sounds closed. Modules choose the key of a closed hi-hat up to about here.
    pub const MOST_CLOSED: u8 = 42;
    /// The openness from which on it sounds open. Between the two it is half open.
    pub const LEAST_OPEN: u8 = 85;

    /// What is heard of a hi-hat that is struck with a stick; `None` when the openness is not known.
    pub const fn hi_hat(self) -> Option<HiHatState> {
        match self.get() {
            None => None,
            Some(0..=Openness::MOST_CLOSED) => Some(HiHatState::Closed),
            Some(Openness::LEAST_OPEN..) => Some(HiHatState::Open),
            Some(_) => Some(HiHatState::Half),
        }
    }
}

impl HiHatState {
    /// What is heard of a note that `map` has as a hi-hat; `None` for other drums.
    ///
    /// A drum is a hi-hat when it is like one of General MIDI's (42, 44, 46), or in the lane of the hi-hat and like no other drum. The
    /// openness of the note decides, and where that is not known, its key: 46 of General MIDI is open, others are closed. A
    /// hi-hat that is closed with the foot (44) is closed whatever the pedal does.
    pub fn of(note: &Note, map: &DrumMap) -> Option<HiHatState> {
        let like = map.general_midi_key(note.key)?;
        let of_stick = note.technique.openness.hi_hat();
        match like {
            44 => Some(HiHatState::Closed),
            46 => Some(of_stick.unwrap_or(HiHatState::Open)),
            42 => Some(of_stick.unwrap_or(HiHatState::Closed)),
            _ if map.lane(note.key) == LaneId::HiHat && DrumMap::general_midi_drum(like).is_none() => {
                Some(of_stick.unwrap_or(HiHatState::Closed))
            }
            _ => None,
        }
    }
}
