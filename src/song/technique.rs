//! How a drum is struck, beyond which one and how hard.

/// How a note is played. All of it is the default where a file says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Technique {
    /// One stroke, or one with grace notes.
    pub stroke: Stroke,
    /// How far the hi-hat is open.
    pub openness: Openness,
    /// Whether the cymbal is grasped and falls silent at the note's end: [`Note::duration`](super::Note::duration) after it is
    /// struck.
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
/// Electronic kits send it as controller 4, the foot controller.
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
