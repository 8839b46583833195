//! Finds flams and drags among the notes of a song: soft grace notes just before a stroke on the same drum.

use strikeline_picture::Time;

use super::{Channel, Note, Stroke};

/// The longest time from one stroke of a flam or a drag to the next.
const LONGEST_GAP: Time = Time::from_nanos(45_000_000);
/// Strokes that are closer are one, which the file has twice.
const SHORTEST_GAP: Time = Time::from_nanos(4_000_000);
/// A grace note has this part of the main stroke's velocity at most, in percent.
const SOFTEST: u32 = 75;
/// Where the next strokes are further away than this, in multiples of the gap, grace notes are no part of a roll.
const APART: i64 = 2;

/// Sets [`Stroke`] of the main strokes of flams and drags. The grace notes stay notes of their own. `notes` are in order of time.
///
/// A stroke is a flam when a softer one (three quarters of its velocity at most) on the same key, channel and track comes 4 to
/// 45 ms before it; a drag when two such do, each 4 to 45 ms from the next. In both cases no other stroke on that key may be
/// closer than twice the gap, before or after: rolls and fast figures are no grace notes.
pub(super) fn mark_grace_notes(notes: &mut [Note]) {
    let mut recent = vec![Recent::default(); 16 * 128];
    for index in 0..notes.len() {
        let Some(note) = notes.get(index).copied() else { break };
        let Some(of_drum) = recent.get_mut(slot(note.channel, note.key)) else { continue };
        if let Some(stroke) = of_drum.last_stroke(notes, Some(note.time))
            && let Some(main) = of_drum.0[0].and_then(|main| notes.get_mut(main))
        {
            main.technique.stroke = stroke;
        }
        let [last, before, third, _] = of_drum.0;
        of_drum.0 = [Some(index), last, before, third];
    }
    for of_drum in &recent {
        if let Some(stroke) = of_drum.last_stroke(notes, None)
            && let Some(main) = of_drum.0[0].and_then(|main| notes.get_mut(main))
        {
            main.technique.stroke = stroke;
        }
    }
}

fn slot(channel: Channel, key: u8) -> usize {
    usize::from(channel.index()) * 128 + usize::from(key & 0x7F)
}

/// The last four strokes on a drum, the last first, as indices among all notes.
#[derive(Debug, Clone, Default)]
struct Recent([Option<usize>; 4]);

impl Recent {
    /// Whether the last stroke has grace notes; `next` is the time of the one after it.
    fn last_stroke(&self, notes: &[Note], next: Option<Time>) -> Option<Stroke> {
        let [main, first, second, third] = self.0.map(|index| index.and_then(|index| notes.get(index)));
        let (main, first) = (main?, first?);
        let leads = |grace: &Note, later: Time| {
            (SHORTEST_GAP..=LONGEST_GAP).contains(&(later - grace.time))
                && u32::from(grace.velocity) * 100 <= u32::from(main.velocity) * SOFTEST
                && grace.track == main.track
        };
        if !leads(first, main.time) {
            return None;
        }
        let gap = main.time - first.time;
        let is_apart = |other: Option<&Note>, earliest: &Note, gap: Time| {
            let far = Time::from_nanos(gap.as_nanos() * APART);
            next.is_none_or(|next| next - main.time > far)
                && other.is_none_or(|other| earliest.time - other.time > far)
        };
        match second {
            Some(second) if leads(second, first.time) => {
                let gap = gap.max(first.time - second.time);
                is_apart(third, second, gap).then_some(Stroke::Drag)
            }
            second => is_apart(second, first, gap).then_some(Stroke::Flam),
        }
    }
}
