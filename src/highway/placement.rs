//! Where notes and lines lie along the road, and in which order they are drawn: worked out once for a song.

use std::collections::HashMap;
use std::ops::Range;

use super::content::{BeatLine, HighwayNote};
use super::dense::{self, NoteLook};
use super::grace::{self, Role};
use super::layout::Layout;
use super::motion::{NoteMotion, SUBPIXELS};
use super::notes::{CYMBAL, LineInstance, MOST_ROOM, NoteInstance, ROOM};
use crate::theme::Theme;

/// Positions along the path, latest first: the order in which instances are drawn, so that what is struck
/// sooner lies on top.
#[derive(Debug, Default)]
pub(super) struct Positions(Vec<i64>);

impl Positions {
    /// The instances with positions from `lowest` to `highest`, found by binary search.
    pub(super) fn range(&self, lowest: i64, highest: i64) -> Range<u32> {
        let first = self.0.partition_point(|&position| position > highest);
        let end = self.0.partition_point(|&position| position >= lowest);
        first as u32..end.max(first) as u32
    }

    /// The number of them.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The position of each instance in `range`.
    pub(super) fn in_range(&self, range: Range<u32>) -> &[i64] {
        self.0.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

/// Pixels that two notes keep between them to count as apart: for smoothed edges, also at the far end of a tilted
/// road, where a pixel of the picture is about three of the road.
const SPARE: f32 = 8.0;

/// How far before its stroke a grace note lies at least, so that both are seen, in halves of a gem's height.
const NEAREST_GRACE: f32 = 0.9;

/// How many pixels of it are seen at least beyond its stroke, also in a small picture.
const GRACE_SEEN: f32 = 3.0;

/// How far before its stroke an added grace note lies, and how much further the next one, in halves of a gem's height.
const GRACE_BEFORE: f32 = 1.35;
const GRACE_APART: f32 = 1.15;

/// Positions and instances of the notes among `notes` (in order of time) for which `belongs` holds.
///
/// Where more lie at one place than can be seen, those that lie below the others are left out ([`dense::are_drawn`]).
///
/// `roles` says which are grace notes ([`grace::roles`]). Where strokes have grace notes that are no notes of their own,
/// these are added.
///
/// Each instance holds its free distance: the distance to the nearest note in the same lane, in units of 1/[`ROOM`] of
/// the distance that the two need, including `travel` pixels of motion blur and a shadow. Notes that overlap are not drawn in pieces.
pub(super) fn place_notes(
    notes: &[HighwayNote],
    layout: &Layout,
    theme: &Theme,
    motion: &NoteMotion,
    travel: f32,
    roles: &[Role],
    belongs: impl Fn(&HighwayNote) -> bool,
) -> (Positions, Vec<NoteInstance>) {
    let mut placed = Vec::with_capacity(notes.len());
    let mut are_moved = false;
    for (index, note) in notes.iter().enumerate().rev().filter(|(_, note)| belongs(note)) {
        let position = motion.position(note.time);
        let role = roles.get(index).copied().unwrap_or_default();
        placed.push(match role {
            Role::Grace { stroke, following } => {
                let half = layout.gem_half_height;
                let least = (half * NEAREST_GRACE).max(half * (1.0 - theme.gems.grace_scale) + GRACE_SEEN);
                let before = (least + half * f32::from(following) * GRACE_APART).ceil() as i64;
                let nearest = motion.position(stroke).saturating_sub(before * SUBPIXELS);
                are_moved |= position > nearest;
                let position = position.min(nearest);
                (position, NoteInstance::grace(note, position, layout, theme))
            }
            _ => (position, NoteInstance::new(note, position, layout, theme)),
        });
        let softer = HighwayNote { velocity: note.velocity / 2, ..*note };
        for number in 0..grace::added(note, role) {
            let before = layout.gem_half_height * (GRACE_BEFORE + f32::from(number) * GRACE_APART);
            let position = position.saturating_sub((before * SUBPIXELS as f32) as i64);
            placed.push((position, NoteInstance::grace(&softer, position, layout, theme)));
            are_moved = true;
        }
    }
    if are_moved {
        placed.sort_by_key(|(position, _)| std::cmp::Reverse(*position));
    }
    let (positions, instances): (Vec<i64>, Vec<NoteInstance>) = placed.into_iter().unzip();
    let (numbers, looks) = looks(&instances);
    let drawn = dense::are_drawn(&positions, &numbers, &looks);
    let placed = positions.into_iter().zip(instances).zip(drawn);
    let (positions, mut instances): (Vec<i64>, Vec<NoteInstance>) =
        placed.filter(|(_, drawn)| *drawn).map(|(placed, _)| placed).unzip();
    let shadow = if theme.gems.shadow.alpha > 0 { layout.scaled(theme.gems.shadow_size) } else { 0.0 };
    let rooms = rooms(&positions, &instances, travel + shadow);
    for (instance, room) in instances.iter_mut().zip(rooms) {
        instance.style[3] |= (room as u8) << 1;
    }
    (Positions(positions), instances)
}

/// The looks of `instances`, each once, and the number of each instance's look among them.
fn looks(instances: &[NoteInstance]) -> (Vec<usize>, Vec<NoteLook>) {
    let (mut known, mut looks) = (HashMap::new(), Vec::new());
    let number = |instance: &NoteInstance| {
        let [kind, fill, outline, _] = instance.style;
        let shape = [instance.center, instance.half_width, instance.half_height].map(f32::to_bits);
        let look = NoteLook { shape, is_cymbal: kind & CYMBAL != 0, fill, outline };
        *known.entry(look).or_insert_with(|| {
            looks.push(look);
            looks.len() - 1
        })
    };
    let numbers = instances.iter().map(number).collect();
    (numbers, looks)
}

/// A number for each of `instances` that those of the same place share.
pub(super) fn places(instances: &[NoteInstance]) -> Vec<u16> {
    let mut known = HashMap::new();
    let number = |instance: &NoteInstance| {
        // Lanes are few; were they more, they would shine together.
        let number = u16::try_from(known.len()).unwrap_or(u16::MAX);
        *known.entry(instance.center.to_bits()).or_insert(number)
    };
    instances.iter().map(number).collect()
}

/// The free distance of each of `instances`: whole numbers from 0 to [`MOST_ROOM`].
fn rooms(positions: &[i64], instances: &[NoteInstance], travel: f32) -> Vec<f32> {
    let mut rooms = vec![MOST_ROOM; positions.len()];
    // The last one of each place, by its middle.
    let mut last: HashMap<u32, usize> = HashMap::new();
    for (index, (position, instance)) in positions.iter().zip(instances).enumerate() {
        let Some(before) = last.insert(instance.center.to_bits(), index) else { continue };
        let distance = (positions[before] - position) as f32 / SUBPIXELS as f32;
        let needed = instances[before].half_height + instance.half_height + travel + SPARE;
        let room = (distance / needed * ROOM).floor();
        rooms[before] = rooms[before].min(room);
        rooms[index] = rooms[index].min(room);
    }
    rooms
}

/// Positions and instances of those of `beats` (in order of time) that the theme shows, and of the bars where cymbals
/// among `notes` are grasped.
pub(super) fn place_lines(
    beats: &[BeatLine],
    notes: &[HighwayNote],
    layout: &Layout,
    theme: &Theme,
    motion: &NoteMotion,
) -> (Positions, Vec<LineInstance>) {
    let placed = beats.iter().rev().filter_map(|beat| {
        let position = motion.position(beat.time);
        Some((position, LineInstance::new(beat, position, layout, theme)?))
    });
    let mut placed: Vec<(i64, LineInstance)> = placed.collect();
    let beats = placed.len();
    placed.extend(notes.iter().filter_map(|note| {
        let position = motion.position(note.choked.filter(|end| *end > note.time)?);
        Some((position, LineInstance::grasp(note, position, layout, theme)?))
    }));
    if placed.len() > beats {
        placed.sort_by_key(|(position, _)| std::cmp::Reverse(*position));
    }
    let (positions, instances) = placed.into_iter().unzip();
    (Positions(positions), instances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::highway::notes::tests::note;
    use crate::highway::options::HighwayOptions;
    use crate::song::{LanePlace, Stroke};
    use strikeline_picture::{FrameRate, PictureSize, Time};

    #[test]
    fn the_search_finds_just_the_hits_in_range_latest_first() {
        let motion = NoteMotion::new(900, Time::from_seconds(2.0), FrameRate::new(60, 1).unwrap(), false);
        let options = HighwayOptions::default();
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3, &options);
        let place = |index| if index % 3 == 0 { LanePlace::Kick } else { LanePlace::Lane(1) };
        let notes: Vec<HighwayNote> =
            (0..1000).map(|index| note(index / 3 * 50_000_000, place(index), 100)).collect();
        let is_gem = |note: &HighwayNote| note.place != LanePlace::Kick;
        let (positions, instances) = place_notes(&notes, &layout, &options.theme, &motion, 0.0, &[], is_gem);
        assert_eq!(positions.0.len(), instances.len());
        for (from, to) in [(0.0, 2.0), (-5.0, -1.0), (3.01, 3.02), (10.0, 99.0), (-9.0, 99.0), (50.0, 60.0)] {
            let (low, high) =
                (motion.position(Time::from_seconds(from)), motion.position(Time::from_seconds(to)));
            let expected = positions.0.iter().filter(|position| (low..=high).contains(position)).count();
            let range = positions.range(low, high);
            assert_eq!(range.len(), expected);
            let found = &positions.0[range.start as usize..range.end as usize];
            assert!(found.is_sorted_by(|a, b| a >= b) && found.iter().all(|p| (low..=high).contains(p)));
        }
    }

    #[test]
    fn notes_that_overlap_one_of_their_place_have_no_room_and_kicks_stay_kicks() {
        let motion = NoteMotion::new(900, Time::from_seconds(2.0), FrameRate::new(60, 1).unwrap(), false);
        let options = HighwayOptions::default();
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3, &options);
        let pixels = |pixels: i64| pixels * 1_000_000_000 / motion.pixels_per_second() as i64;
        let snare = |at| note(pixels(at), LanePlace::Lane(1), 100);
        let needed = (2.0 * layout.gem_half_height + SPARE) as i64;
        // A flam, a note just apart from it, one just too near to that, and one far from all; another lane's.
        let ats = [0, 10, 12 + needed, 10 + 2 * needed, 4000];
        let mut notes: Vec<HighwayNote> = ats.map(snare).to_vec();
        notes.push(note(pixels(4000), LanePlace::Lane(2), 100));
        let rooms = |notes: &[HighwayNote], travel: f32, kicks: bool| -> Vec<u8> {
            let belongs = |note: &HighwayNote| (note.place == LanePlace::Kick) == kicks;
            let (_, instances) = place_notes(notes, &layout, &options.theme, &motion, travel, &[], belongs);
            instances.iter().rev().map(|instance| instance.style[3]).collect()
        };
        let is_apart = |style: u8| f32::from(style >> 1) >= ROOM;
        let apart: Vec<bool> = rooms(&notes, 0.0, false).into_iter().map(is_apart).collect();
        assert_eq!(apart, [false, false, false, false, true, true]);
        // Without the one that is too near.
        notes.remove(3);
        let apart: Vec<bool> = rooms(&notes, 0.0, false).into_iter().map(is_apart).collect();
        assert_eq!(apart, [false, false, true, true, true]);
        // NoteMotion blur needs room too.
        let apart: Vec<bool> = rooms(&notes, 8.0, false).into_iter().map(is_apart).collect();
        assert_eq!(apart, [false, false, false, true, true]);
        let kicks = [0, 5, 2000].map(|at| note(pixels(at), LanePlace::Kick, 100));
        let styles = rooms(&kicks, 0.0, true);
        assert!(styles.iter().all(|style| style & 1 == 1));
        assert_eq!(styles.into_iter().map(is_apart).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn grace_notes_are_small_lie_before_their_strokes_and_are_drawn_over_them() {
        let motion = NoteMotion::new(930, Time::from_seconds(2.0), FrameRate::new(60, 1).unwrap(), false);
        let options = HighwayOptions::default();
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3, &options);
        let place = |notes: &[HighwayNote]| {
            let roles = grace::roles(notes);
            place_notes(notes, &layout, &options.theme, &motion, 0.0, &roles, |_| true)
        };
        let stroke = HighwayNote { mark: crate::song::Mark::Ring, ..note(0, LanePlace::Lane(1), 100) };
        for (kind, graces) in [(Stroke::Single, 0), (Stroke::Flam, 1), (Stroke::Drag, 2)] {
            let (positions, instances) = place(&[HighwayNote { stroke: kind, ..stroke }]);
            assert_eq!(instances.len(), 1 + graces, "{kind:?}");
            assert!(positions.0.is_sorted_by(|later, sooner| later > sooner));
            for grace in &instances[1..] {
                assert!(grace.half_width < instances[0].half_width && grace.style[0] == 0);
                assert!(grace.half_height < instances[0].half_height && grace.style[1] == 255);
            }
        }
        // Where the grace note is a note, none is added, and it stays where it is unless it would not be seen.
        let soft = HighwayNote { velocity: 20, ..stroke };
        let flam = HighwayNote { time: Time::from_nanos(30_000_000), stroke: Stroke::Flam, ..stroke };
        let (positions, instances) = place(&[soft, flam]);
        assert_eq!(positions.0, [motion.position(flam.time), 0]);
        assert!(instances[1].half_width < instances[0].half_width);
        let near = HighwayNote { time: Time::from_nanos(4_000_000), ..flam };
        let apart = |placed: (Positions, Vec<NoteInstance>)| placed.0.0[0] - placed.0.0[1];
        assert!(apart(place(&[soft, near])) >= (layout.gem_half_height * 0.8) as i64 * SUBPIXELS);
        // In a small picture, too, some pixels of it are seen.
        let small = Layout::new(PictureSize::new(426, 240).unwrap(), 3, &options);
        let notes = [soft, near];
        let (positions, instances) =
            place_notes(&notes, &small, &options.theme, &motion, 0.0, &grace::roles(&notes), |_| true);
        let pixels = (positions.0[0] - positions.0[1]) as f32 / SUBPIXELS as f32;
        assert!(pixels + instances[1].half_height - instances[0].half_height > 2.9);
    }
}
