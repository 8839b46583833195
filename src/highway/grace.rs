//! Flams and drags: soft grace notes just before a stroke. They are drawn smaller, so that both are seen where they
//! overlap.
//!
//! In MIDI files grace notes are notes of their own, found here by their distance. In charts a stroke says that it has
//! some, and they are added.

use std::collections::HashMap;

use super::content::HighwayNote;
use crate::song::{DrumShape, LanePlace, Mark, Stroke};
use strikeline_picture::Time;

/// Strokes of one drum that are so near each other belong to one flam or drag.
/// As far as [`mark_grace_notes`](crate::song::strokes) looks.
const TOGETHER: Time = Time::from_nanos(45_000_000);

/// Notes that are as near as this are one stroke, doubled.
const SAME: Time = Time::from_nanos(3_000_000);

/// The most strokes of a drag. More are a roll.
const MOST_STROKES: usize = 3;

/// A drum, as far as it is seen.
type Seen = (usize, [u8; 3], Mark, DrumShape);

/// What a note is to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    /// A stroke without grace notes.
    #[default]
    Alone,
    /// A grace note.
    Grace {
        /// The time of its stroke.
        stroke: Time,
        /// How many grace notes of the stroke follow.
        following: u8,
    },
    /// A stroke with grace notes before it.
    Main,
    /// A stroke near others, which are no grace notes.
    Near,
}

/// Strokes of one drum that are near each other.
#[derive(Debug, Default)]
struct Run {
    last: Time,
    /// How many they are, or one more than a drag has where it is a roll.
    strokes: usize,
    /// The velocity of the hardest note of each.
    hardest: [u8; MOST_STROKES + 1],
    /// Their notes, each with its stroke.
    notes: Vec<(usize, usize)>,
}

impl Run {
    fn begin_stroke(&mut self, time: Time) {
        self.last = time;
        if self.strokes <= MOST_STROKES {
            self.hardest[self.strokes] = 0;
            self.strokes += 1;
        }
    }

    /// Adds a note to the last stroke.
    fn add(&mut self, index: usize, velocity: u8) {
        let stroke = self.strokes - 1;
        self.hardest[stroke] = velocity.max(self.hardest[stroke]);
        self.notes.push((index, stroke));
    }

    /// Sets the roles of its notes, and makes it empty.
    fn end(&mut self, roles: &mut [Role]) {
        let strokes = std::mem::take(&mut self.strokes);
        let is_drag = (2..=MOST_STROKES).contains(&strokes)
            && self.hardest[..strokes].iter().all(|velocity| *velocity <= self.hardest[strokes - 1]);
        for (index, stroke) in self.notes.drain(..) {
            roles[index] = match strokes - 1 - stroke {
                _ if strokes < 2 => Role::Alone,
                _ if !is_drag => Role::Near,
                0 => Role::Main,
                following => Role::Grace { stroke: self.last, following: following as u8 - 1 },
            };
        }
    }
}

/// What each of `notes` (in order of time) is. Grace notes are one or two strokes of a drum just before another that is
/// as hard or harder, with no more strokes around them. Kicks have none.
pub(super) fn roles(notes: &[HighwayNote]) -> Vec<Role> {
    let mut roles = vec![Role::Alone; notes.len()];
    let mut runs: HashMap<Seen, Run> = HashMap::new();
    for (index, note) in notes.iter().enumerate() {
        let LanePlace::Lane(lane) = note.place else { continue };
        let run = runs.entry((lane, note.color, note.mark, note.shape)).or_default();
        let distance = note.time - run.last;
        if run.strokes == 0 || distance > TOGETHER {
            run.end(&mut roles);
            run.begin_stroke(note.time);
        } else if distance > SAME {
            run.begin_stroke(note.time);
        }
        run.add(index, note.velocity);
    }
    for run in runs.values_mut() {
        run.end(&mut roles);
    }
    roles
}

/// How many grace notes are drawn with `note`, where none are notes of their own.
pub(super) fn added(note: &HighwayNote, role: Role) -> u8 {
    match (note.place, role, note.stroke) {
        (LanePlace::Kick, ..)
        | (_, Role::Grace { .. } | Role::Main | Role::Near, _)
        | (.., Stroke::Single) => 0,
        (.., Stroke::Flam) => 1,
        (.., Stroke::Drag) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes of one drum, each with its time in milliseconds and its velocity.
    fn graces(notes: &[(i64, u8)]) -> Vec<bool> {
        let note = |&(time, velocity): &(i64, u8)| HighwayNote {
            time: Time::from_nanos(time * 1_000_000),
            velocity,
            ..HighwayNote::default()
        };
        let roles = roles(&notes.iter().map(note).collect::<Vec<_>>());
        roles.into_iter().map(|role| matches!(role, Role::Grace { .. })).collect()
    }

    #[test]
    fn one_or_two_soft_strokes_just_before_another_are_grace_notes() {
        assert_eq!(graces(&[(0, 50), (30, 100), (500, 100)]), [true, false, false]);
        assert_eq!(graces(&[(0, 40), (30, 50), (60, 100)]), [true, true, false]);
        assert_eq!(graces(&[(0, 100), (20, 100)]), [true, false]);
        assert_eq!(graces(&[(0, 100), (20, 60)]), [false, false], "a bounce");
        assert_eq!(graces(&[(0, 60), (40, 100)]), [true, false]);
        assert_eq!(graces(&[(0, 60), (46, 100)]), [false, false], "too far");
    }

    #[test]
    fn rolls_and_doubled_notes_have_no_grace_notes() {
        assert_eq!(graces(&[(0, 9), (30, 9), (60, 9), (90, 9), (120, 9), (150, 9)]), [false; 6]);
        assert_eq!(graces(&[(0, 80), (0, 100), (2, 90)]), [false; 3]);
        assert_eq!(graces(&[(0, 50), (0, 50), (25, 100), (25, 100)]), [true, true, false, false]);
    }

    #[test]
    fn strokes_of_two_drums_are_no_flam() {
        let note = |time, mark| HighwayNote { time: Time::from_nanos(time), mark, ..HighwayNote::default() };
        assert_eq!(roles(&[note(0, Mark::None), note(20_000_000, Mark::Dash)]), [Role::Alone; 2]);
        let kick = |time| HighwayNote { place: LanePlace::Kick, ..note(time, Mark::None) };
        assert_eq!(roles(&[kick(0), kick(20_000_000)]), [Role::Alone; 2]);
    }
}
