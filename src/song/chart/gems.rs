//! From what stands in a chart to notes: the rules that both formats share.
//!
//! They are those of the public documentation of the formats (GuitarGame_ChartFormats by TheNathannator on GitHub, the pages
//! on drums of `.mid` and `.chart`). Each gem becomes a key of General MIDI, so that drum maps, themes and sounds of any
//! other song serve a chart, too.

use super::info::ChartKit;
use crate::song::technique::{Openness, Stroke, Technique};
use crate::song::ticked::TickedNote;
use crate::song::{Channel, PhraseKind, TrackIndex};

/// The velocity of a gem that is neither ghost nor accent.
const NORMAL: u8 = 96;
/// Of an accent: one in every built-in theme.
const ACCENT: u8 = 127;
/// Of a ghost: one in every built-in theme.
const GHOST: u8 = 32;

/// General MIDI keys (GM 1, "Percussion Key Map").
mod key {
    pub(super) const KICK: u8 = 36;
    pub(super) const SECOND_KICK: u8 = 35;
    pub(super) const SNARE: u8 = 38;
    /// The electric snare, which electronic kits have as the rim.
    pub(super) const RIM: u8 = 40;
    pub(super) const HI_HAT: u8 = 42;
    pub(super) const HI_HAT_PEDAL: u8 = 44;
    pub(super) const OPEN_HI_HAT: u8 = 46;
    pub(super) const RIDE: u8 = 51;
    pub(super) const CRASH: u8 = 49;
    pub(super) const SECOND_CRASH: u8 = 57;
    pub(super) const HIGH_TOM: u8 = 48;
    pub(super) const MIDDLE_TOM: u8 = 45;
    pub(super) const FLOOR_TOM: u8 = 43;
}

/// What is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pad {
    Kick,
    /// The second pedal's kick, which only "Expert+" plays.
    SecondKick,
    Red,
    Yellow,
    Blue,
    /// The fourth pad: green of four, orange of five.
    Fourth,
    /// Green of five.
    Fifth,
}

impl Pad {
    pub(super) const ALL: [Pad; 7] =
        [Pad::Kick, Pad::SecondKick, Pad::Red, Pad::Yellow, Pad::Blue, Pad::Fourth, Pad::Fifth];

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    pub(super) const fn is_kick(self) -> bool {
        matches!(self, Pad::Kick | Pad::SecondKick)
    }
}

/// What a chart says at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GemEvent {
    /// A gem, its length in ticks, and what is known of it already.
    Gem(Pad, u64, GemMarks),
    /// The gem of this pad is an accent.
    Accent(Pad),
    /// The gem of this pad is a ghost.
    Ghost(Pad),
    /// The gem of this pad is marked as what it is not by default: as a tom in `.mid`, as a cymbal in `.chart`.
    Marked(Pad),
    /// From here on red and yellow are exchanged, or not ("disco flip").
    Flip(bool),
}

/// What is said of a gem together with it, as MIDI does; other marks have events of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct GemMarks {
    pub is_accent: bool,
    pub is_ghost: bool,
    /// As [`GemEvent::Marked`].
    pub is_marked: bool,
    pub is_flam: bool,
    pub real: RealStroke,
}

/// How a gem of a part for real drums is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum RealStroke {
    /// As any other.
    #[default]
    Usual,
    OpenHiHat,
    HiHatPedal,
    Rimshot,
    /// The hi-hat is half open.
    Sizzle,
    /// The cymbal and the tom of the pad at once.
    WithTom,
}

/// One difficulty of a drum part.
#[derive(Debug, Default)]
pub(super) struct DifficultyPart {
    /// What stands at which tick, in the file's order.
    pub events: Vec<(u64, GemEvent)>,
    /// Tick, length in ticks, kind.
    pub phrases: Vec<(u64, u64, PhraseKind)>,
}

/// What the gems of a part mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct GemRules {
    pub kit: ChartKit,
    /// What a mark on a gem says: that it is a tom, or a cymbal.
    pub marks: Marks,
}

/// Which gems a chart marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Cymbals are the default.
    Toms,
    /// Toms are the default.
    Cymbals,
}

/// The kit that a part is for: by the song's tags where they say one, else by what stands in the chart. Where both kinds are
/// claimed, cymbals and toms count more than a fifth lane.
pub(super) fn kit_of(parts: &[DifficultyPart], pro: Option<bool>, five_lane: Option<bool>) -> ChartKit {
    let has = |wanted: fn(GemEvent) -> bool| {
        parts.iter().any(|part| part.events.iter().any(|(_, event)| wanted(*event)))
    };
    match (pro == Some(true), five_lane == Some(true)) {
        (true, false) => ChartKit::FourLanePro,
        (false, true) => ChartKit::FiveLane,
        _ if has(is_mark) => ChartKit::FourLanePro,
        _ if has(|event| matches!(event, GemEvent::Gem(Pad::Fifth, ..))) => ChartKit::FiveLane,
        (true, true) => ChartKit::FourLanePro,
        _ => ChartKit::FourLane,
    }
}

/// Whether something is marked as a tom or a cymbal.
fn is_mark(event: GemEvent) -> bool {
    matches!(event, GemEvent::Marked(_) | GemEvent::Gem(_, _, GemMarks { is_marked: true, .. }))
}

/// A note without its track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Struck {
    key: u8,
    ticks: u64,
    velocity: u8,
    technique: Technique,
}

/// All that stands at one tick.
#[derive(Default)]
struct Chord {
    /// The gems, as bits, and their lengths.
    gems: u8,
    lengths: [u64; Pad::ALL.len()],
    accents: u8,
    ghosts: u8,
    marked: u8,
    flams: u8,
    real: [RealStroke; Pad::ALL.len()],
}

impl Chord {
    fn take(&mut self, event: GemEvent) {
        match event {
            GemEvent::Gem(pad, length, marks) => {
                self.gems |= pad.bit();
                let mark = |set: &mut u8, is_set: bool| *set |= if is_set { pad.bit() } else { 0 };
                mark(&mut self.accents, marks.is_accent);
                mark(&mut self.ghosts, marks.is_ghost);
                mark(&mut self.marked, marks.is_marked);
                mark(&mut self.flams, marks.is_flam);
                if marks.real != RealStroke::Usual {
                    self.real[pad as usize] = marks.real;
                }
                // Of two gems on one pad the longer is kept.
                let kept = &mut self.lengths[pad as usize];
                *kept = length.max(*kept);
            }
            GemEvent::Accent(pad) => self.accents |= pad.bit(),
            GemEvent::Ghost(pad) => self.ghosts |= pad.bit(),
            GemEvent::Marked(pad) => self.marked |= pad.bit(),
            GemEvent::Flip(_) => {}
        }
    }

    /// The notes of the chord. Two gems may mean one drum; then it is struck once.
    fn notes(&self, rules: GemRules, flipped: bool) -> impl Iterator<Item = Struck> {
        let mut seen: u128 = 0;
        let struck = Pad::ALL.into_iter().filter(|pad| self.gems & pad.bit() != 0).flat_map(move |pad| {
            let is_both = rules.kit != ChartKit::FiveLane && self.real[pad as usize] == RealStroke::WithTom;
            let one = (pad, self.key(pad, self.is_cymbal(pad, rules) || is_both, rules, flipped));
            let tom = is_both.then(|| (pad, self.key(pad, false, rules, flipped)));
            [Some(one), tom].into_iter().flatten()
        });
        struck.filter_map(move |(pad, key)| {
            let is_new = seen & 1 << key == 0;
            seen |= 1 << key;
            is_new.then_some(Struck {
                key,
                ticks: self.lengths[pad as usize],
                velocity: if self.accents & pad.bit() != 0 {
                    ACCENT
                } else if self.ghosts & pad.bit() != 0 {
                    GHOST
                } else {
                    NORMAL
                },
                technique: Technique {
                    stroke: if self.flams & pad.bit() != 0 { Stroke::Flam } else { Stroke::Single },
                    openness: self.openness(pad, key),
                    ..Technique::default()
                },
            })
        })
    }

    /// How far the hi-hat is open, where the chart says that.
    fn openness(&self, pad: Pad, key: u8) -> Openness {
        match self.real[pad as usize] {
            RealStroke::OpenHiHat if key == key::OPEN_HI_HAT => Openness::new(127),
            RealStroke::Sizzle if key == key::OPEN_HI_HAT => Openness::new(64),
            _ => Openness::UNKNOWN,
        }
    }

    fn is_cymbal(&self, pad: Pad, rules: GemRules) -> bool {
        match rules.kit {
            // Nothing says which; a kit has a hi-hat, a ride and a crash there.
            ChartKit::FourLane | ChartKit::FiveLane => true,
            ChartKit::FourLanePro => (self.marked & pad.bit() != 0) == (rules.marks == Marks::Cymbals),
        }
    }

    fn key(&self, pad: Pad, is_cymbal: bool, rules: GemRules, flipped: bool) -> u8 {
        if rules.kit == ChartKit::FiveLane {
            return five_lane_key(pad);
        }
        let real = self.real[pad as usize];
        match (pad, is_cymbal) {
            (Pad::Kick, _) => key::KICK,
            (Pad::SecondKick, _) => key::SECOND_KICK,
            (Pad::Red, _) if flipped => key::HI_HAT,
            (Pad::Yellow, _) if flipped => key::SNARE,
            (Pad::Red, _) if real == RealStroke::Rimshot => key::RIM,
            (Pad::Red, _) => key::SNARE,
            (Pad::Yellow, true) => match real {
                RealStroke::OpenHiHat | RealStroke::Sizzle => key::OPEN_HI_HAT,
                RealStroke::HiHatPedal => key::HI_HAT_PEDAL,
                _ => key::HI_HAT,
            },
            (Pad::Yellow, false) => key::HIGH_TOM,
            (Pad::Blue, true) => key::RIDE,
            (Pad::Blue, false) => key::MIDDLE_TOM,
            (Pad::Fourth, true) => key::CRASH,
            (Pad::Fourth, false) => key::FLOOR_TOM,
            // Green of five in a part for four: the green tom, or the blue one where green is struck as well.
            (Pad::Fifth, _) if self.gems & Pad::Fourth.bit() != 0 => key::MIDDLE_TOM,
            (Pad::Fifth, _) => key::FLOOR_TOM,
        }
    }
}

fn five_lane_key(pad: Pad) -> u8 {
    match pad {
        Pad::Kick => key::KICK,
        Pad::SecondKick => key::SECOND_KICK,
        Pad::Red => key::SNARE,
        Pad::Yellow => key::HI_HAT,
        Pad::Blue => key::MIDDLE_TOM,
        Pad::Fourth => key::SECOND_CRASH,
        Pad::Fifth => key::FLOOR_TOM,
    }
}

impl DifficultyPart {
    /// Puts the events in order of time. What stands at one tick stays in the file's order.
    pub(super) fn sort(&mut self) {
        // Most files are in order already, which costs nothing more than a look.
        self.events.sort_by_key(|(tick, _)| *tick);
    }

    /// How many gems there are, after [`DifficultyPart::sort`].
    pub(super) fn gem_count(&self, rules: GemRules) -> u64 {
        let mut count = 0;
        self.for_each(rules, |_, _| count += 1);
        count
    }

    /// The notes, after [`DifficultyPart::sort`].
    pub(super) fn notes(&self, rules: GemRules, track: TrackIndex) -> Vec<TickedNote> {
        let mut notes = Vec::new();
        self.for_each(rules, |tick, struck| {
            notes.push(TickedNote {
                tick,
                ticks: struck.ticks,
                track,
                channel: Channel::DRUMS,
                key: struck.key,
                velocity: struck.velocity,
                technique: struck.technique,
            });
        });
        notes
    }

    fn for_each(&self, rules: GemRules, mut found: impl FnMut(u64, Struck)) {
        let mut flipped = false;
        for moment in self.events.chunk_by(|one, next| one.0 == next.0) {
            let mut chord = Chord::default();
            for (tick, event) in moment {
                if let GemEvent::Flip(flip) = event {
                    flipped = *flip;
                }
                debug_assert_eq!(moment.first().map(|first| first.0), Some(*tick));
                chord.take(*event);
            }
            if let Some((tick, _)) = moment.first() {
                chord.notes(rules, flipped).for_each(|struck| found(*tick, struck));
            }
        }
    }

    /// The phrases in order, each start of a kind once: the longest of those that begin together is kept.
    pub(super) fn ordered_phrases(&self) -> Vec<(u64, u64, PhraseKind)> {
        let mut phrases = self.phrases.clone();
        phrases.sort_by_key(|(tick, length, kind)| (*tick, *kind, std::cmp::Reverse(*length)));
        phrases.dedup_by_key(|(tick, _, kind)| (*tick, *kind));
        phrases
    }
}
