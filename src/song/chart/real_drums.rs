//! The messages of the track `PART REAL_DRUMS_PS`: how gems are played beyond what keys can say (GuitarGame_ChartFormats, "Real
//! Drums in .mid" and "Phase Shift SysEx Event Specification").

use super::difficulty::Difficulty;
use super::gems::{Pad, RealStroke};
use super::midi_part::{Span, holds};

/// The number of each, the pad it is for, and what it says of its gems.
const MODIFIERS: [(u8, Pad, RealStroke); 7] = [
    (0x05, Pad::Yellow, RealStroke::OpenHiHat),
    (0x06, Pad::Yellow, RealStroke::HiHatPedal),
    (0x07, Pad::Red, RealStroke::Rimshot),
    (0x08, Pad::Yellow, RealStroke::Sizzle),
    (0x11, Pad::Yellow, RealStroke::WithTom),
    (0x12, Pad::Blue, RealStroke::WithTom),
    (0x13, Pad::Fourth, RealStroke::WithTom),
];

/// Where each modifier holds, by difficulty.
#[derive(Default)]
pub(super) struct RealDrums {
    begun: [[Option<u64>; MODIFIERS.len()]; 4],
    spans: [[Vec<Span>; MODIFIERS.len()]; 4],
}

impl RealDrums {
    /// Takes a system exclusive message without its first byte, F0. Others than those that are known are left out.
    pub(super) fn take(&mut self, tick: u64, data: &[u8]) {
        let &[b'P', b'S', 0, 0, difficulty @ 0..=3, modifier, begins, ..] = data else { return };
        let Some(which) = MODIFIERS.iter().position(|(known, ..)| *known == modifier) else { return };
        let begun = &mut self.begun[usize::from(difficulty)][which];
        if begins == 1 {
            begun.get_or_insert(tick);
        } else if let Some(start) = begun.take() {
            self.spans[usize::from(difficulty)][which].push((start, tick));
        }
    }

    /// How a gem is played.
    pub(super) fn stroke(&self, difficulty: Difficulty, pad: Pad, tick: u64) -> RealStroke {
        let spans = MODIFIERS.iter().zip(&self.spans[difficulty.index()]);
        let mut holding = spans.filter(|((_, of, _), spans)| *of == pad && holds(spans, tick));
        holding.next().map_or(RealStroke::Usual, |((_, _, stroke), _)| *stroke)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modifier_holds_for_its_pad_and_difficulty_until_it_ends() {
        let mut real = RealDrums::default();
        real.take(10, b"PS\0\0\x03\x05\x01\xF7");
        real.take(20, b"PS\0\0\x03\x05\x00\xF7");
        for message in
            [&b"PS\0\0\xFF\x05\x01\xF7"[..], b"PS\0\0\x03\x04\x01\xF7", b"PS\0\0", b"XX\0\0\x03\x05\x01"]
        {
            real.take(30, message);
            real.take(40, &[&message[..message.len().min(6)], &[0]].concat());
        }
        let stroke = |difficulty, pad, tick| real.stroke(difficulty, pad, tick);
        assert_eq!(stroke(Difficulty::Expert, Pad::Yellow, 10), RealStroke::OpenHiHat);
        for (difficulty, pad, tick) in [
            (Difficulty::Expert, Pad::Yellow, 9),
            (Difficulty::Expert, Pad::Yellow, 20),
            (Difficulty::Expert, Pad::Yellow, 35),
            (Difficulty::Expert, Pad::Red, 10),
            (Difficulty::Hard, Pad::Yellow, 10),
        ] {
            assert_eq!(stroke(difficulty, pad, tick), RealStroke::Usual);
        }
    }
}
