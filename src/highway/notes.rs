//! What moves along the road, as the GPU takes it: uploaded once, in drawing order.

use std::collections::HashMap;
use std::ops::Range;

use super::content::{BeatLine, HighwayNote};
use super::dense::{self, NoteLook};
use super::grace::{self, Role};
use super::layout::Layout;
use super::motion::{NoteMotion, SUBPIXELS};
use super::paint;
use crate::song::{DrumShape, LanePlace};
use crate::theme::Theme;

/// The shape of a note or beat line on the road, in pixels of the road. Its position along the road is in
/// [`Positions`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RoadShape {
    /// Middle across.
    pub center: f32,
    /// Half of its size across.
    pub half_width: f32,
    /// Half of its size along.
    pub half_height: f32,
}

/// Something that lies on the road.
pub(super) trait HasRoadShape {
    /// Where it lies across, and how large it is.
    fn road_shape(&self) -> RoadShape;
}

/// Beside the mark: what says that a gem is a cymbal's.
const CYMBAL: u8 = 16;

/// One note on the GPU: 24 bytes. See `shaders/gems.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct NoteInstance {
    /// Place on the path in subpixels, modulo 2³². The shader subtracts the scroll modulo 2³² as well, so
    /// songs of any length work as long as what is drawn at once is shorter than 2³¹ subpixels.
    pub position: i32,
    /// In pixels of the road.
    pub center: f32,
    /// In pixels of the road.
    pub half_width: f32,
    /// In pixels of the road.
    pub half_height: f32,
    /// sRGB as bright as the note is loud, and the velocity of 0 to 127 as 0 to 254.
    pub color_velocity: [u8; 4],
    /// Mark, plus [`CYMBAL`] for a cymbal; fill of the body, 0 to 255; width of the outline in 1/8 pixel; 1 for a kick bar, plus twice the
    /// free distance (see [`place_notes`]).
    pub style: [u8; 4],
}

impl HasRoadShape for NoteInstance {
    fn road_shape(&self) -> RoadShape {
        RoadShape { center: self.center, half_width: self.half_width, half_height: self.half_height }
    }
}

impl NoteInstance {
    /// How a vertex buffer of instances is read.
    pub(super) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<NoteInstance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Sint32, 1 => Float32x3, 2 => Unorm8x4, 3 => Uint8x4],
    };

    /// Whether it has no room, so that it has no middle.
    pub(super) fn is_crowded(&self) -> bool {
        f32::from(self.style[3] >> 1) < ROOM
    }

    /// Top and bottom of a gem of the legend, in pixels: its position is the height of its middle.
    pub(super) fn height(&self) -> [f32; 2] {
        let middle = self.position as f32 / SUBPIXELS as f32;
        [middle - self.half_height, middle + self.half_height]
    }

    /// A grace note of `note` at `position` of the path: smaller than other notes, filled, and without a mark.
    fn grace(note: &HighwayNote, position: i64, layout: &Layout, theme: &Theme) -> NoteInstance {
        let gems = &theme.gems;
        // As a note that is neither a ghost note nor an accent.
        let velocity = note.velocity.min(gems.accent.from.saturating_sub(1)).max(gems.ghost.below);
        let usual = NoteInstance::new(&HighwayNote { velocity, ..*note }, position, layout, theme);
        let [kind, fill, outline, is_kick] = usual.style;
        let half_height = usual.half_height * gems.grace_scale;
        let most = (half_height * 0.6 * 8.0) as u8;
        NoteInstance {
            half_width: usual.half_width * gems.grace_scale,
            half_height,
            style: [kind & CYMBAL, fill, outline.min(most), is_kick],
            ..usual
        }
    }

    /// `note` at `position` of the path: its size, fill and outline show ghost notes and accents. Its free distance
    /// is 0.
    pub(super) fn new(note: &HighwayNote, position: i64, layout: &Layout, theme: &Theme) -> NoteInstance {
        let gems = &theme.gems;
        let (left, right, margin, half_height) = match note.place {
            LanePlace::Kick => {
                let (left, right) = layout.sides();
                (left, right, 0.0, layout.kick_half_height)
            }
            LanePlace::Lane(lane) => {
                let (left, right) = layout.lane(lane);
                (left, right, layout.gem_margin, layout.gem_half_height)
            }
        };
        let is_kick = note.place == LanePlace::Kick;
        let is_ghost = note.velocity < gems.ghost.below;
        let is_accent = note.velocity >= gems.accent.from;
        let (scale, outline) = match (is_ghost, is_accent) {
            (true, _) => (gems.ghost.scale, gems.outline_width),
            (_, true) => (gems.accent.scale, gems.accent.outline_width),
            _ => (1.0, gems.outline_width),
        };
        // A kick bar is always as wide as the road.
        let across = if is_kick { 1.0 } else { scale };
        let half_width = (((right - left) / 2.0 - margin) * across).min((right - left) / 2.0);
        let half_height = half_height * scale;
        // An outline leaves a body to see.
        let outline = (outline * layout.scale).min(half_height * 0.6).min(half_width * 0.6);
        NoteInstance {
            position: position as i32,
            center: (left + right) / 2.0,
            half_width,
            half_height,
            color_velocity: brightened(note, gems.dimmest),
            style: [
                if is_kick { 0 } else { note.mark as u8 | cymbal_bit(note.shape) },
                if is_ghost { (gems.ghost.fill * 255.0).round() as u8 } else { 255 },
                (outline * 8.0).round().min(255.0) as u8,
                u8::from(is_kick),
            ],
        }
    }
}

fn cymbal_bit(shape: DrumShape) -> u8 {
    match shape {
        DrumShape::Drum => 0,
        DrumShape::Cymbal => CYMBAL,
    }
}

/// The colour of a note, from `dimmest` of itself to all of it as the velocity grows; and the velocity.
fn brightened(note: &HighwayNote, dimmest: f32) -> [u8; 4] {
    let velocity = note.velocity.min(127);
    let brightness = dimmest + (1.0 - dimmest) * f32::from(velocity) / 127.0;
    let [red, green, blue] = note.color.map(|value| (f32::from(value) * brightness).round() as u8);
    [red, green, blue, velocity * 2]
}

/// One beat line on the GPU: 20 bytes. See `shaders/beats.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct LineInstance {
    position: i32,
    center: f32,
    half_width: f32,
    half_height: f32,
    /// sRGB, straight alpha.
    color: [u8; 4],
}

impl HasRoadShape for LineInstance {
    fn road_shape(&self) -> RoadShape {
        RoadShape { center: self.center, half_width: self.half_width, half_height: self.half_height }
    }
}

impl LineInstance {
    /// How a vertex buffer of instances is read.
    pub(super) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<LineInstance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Sint32, 1 => Float32x3, 2 => Unorm8x4],
    };

    /// `beat` at `position` of the path; `None` where the theme does not show it.
    pub(super) fn new(
        beat: &BeatLine,
        position: i64,
        layout: &Layout,
        theme: &Theme,
    ) -> Option<LineInstance> {
        let beats = &theme.beats;
        let (color, width) =
            if beat.is_bar { (beats.bar, beats.bar_width) } else { (beats.beat, beats.beat_width) };
        if color.alpha == 0 || width <= 0.0 {
            return None;
        }
        let (left, right) = layout.sides();
        Some(LineInstance {
            position: position as i32,
            center: (left + right) / 2.0,
            half_width: (right - left) / 2.0,
            half_height: layout.line(width) / 2.0,
            color: paint::bytes(color),
        })
    }
}

impl LineInstance {
    /// The bar where the cymbal of `note` is grasped, at `position` of the path: the end of its tail. `None` where the
    /// theme shows none.
    fn grasp(note: &HighwayNote, position: i64, layout: &Layout, theme: &Theme) -> Option<LineInstance> {
        let LanePlace::Lane(lane) = note.place else { return None };
        let gems = &theme.gems;
        let (left, right) = layout.lane(lane);
        let width = layout.line(gems.tail_width);
        if width <= 0.0 || gems.tail_strength <= 0.0 {
            return None;
        }
        let [red, green, blue] = note.color;
        Some(LineInstance {
            position: position as i32,
            center: (left + right) / 2.0,
            half_width: ((right - left) / 2.0 - layout.gem_margin) * GRASP_WIDTH,
            half_height: layout.line(gems.tail_width * GRASP_HEIGHT) / 2.0,
            color: [red, green, blue, (255.0 * gems.tail_strength.sqrt()) as u8],
        })
    }
}

/// Size of the bar at the end of a tail: its width as a share of a gem's, its height as one of the tail's width.
const GRASP_WIDTH: f32 = 0.5;
const GRASP_HEIGHT: f32 = 0.5;

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

/// The free distance of a note whose neighbour is as near as possible without overlapping it on a flat road: `ROOM` in
/// `shaders/gems.wgsl`.
const ROOM: f32 = 16.0;

/// The largest free distance that fits into the seven bits beside the bit of the kick bar.
const MOST_ROOM: f32 = 127.0;

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
    use crate::highway::options::HighwayOptions;
    use crate::song::Stroke;
    use strikeline_picture::PictureSize;
    use strikeline_picture::{FrameRate, Time};

    fn note(time: i64, place: LanePlace, velocity: u8) -> HighwayNote {
        HighwayNote {
            time: Time::from_nanos(time),
            place,
            velocity,
            color: [100, 150, 200],
            ..HighwayNote::default()
        }
    }

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

    #[test]
    fn ghost_notes_are_smaller_and_hollow_and_accents_larger() {
        let options = HighwayOptions::default();
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3, &options);
        let [ghost, plain, accent] = [20, 80, 125].map(|velocity| {
            NoteInstance::new(&note(0, LanePlace::Lane(1), velocity), 0, &layout, &options.theme)
        });
        assert!(ghost.half_width < plain.half_width && ghost.half_height < plain.half_height);
        assert!(ghost.style[1] < 128 && plain.style[1] == 255);
        assert!(accent.half_width > plain.half_width || accent.style[2] > plain.style[2]);
        assert!(ghost.color_velocity[0] < plain.color_velocity[0]);
        assert!(plain.color_velocity[0] < accent.color_velocity[0]);
    }
}
