//! Stretches of the road: phrases of charts, and the tails of choked cymbals.
//!
//! Those of one kind at one place across the road do not overlap, so that binary searches find the ones that a frame shows.

use std::ops::Range;

use super::changes::with_margin;
use super::content::HighwayContent;
use super::layout::Layout;
use super::motion::{NoteMotion, SUBPIXELS};
use super::options::HighwayOptions;
use super::paint;
use super::visible::VisibleRange;
use crate::song::{LanePlace, Phrase, PhraseKind};
use crate::theme::{Color, Theme};
use strikeline_picture::{Rectangle, Time};

/// The longest span in subpixels: differences of positions must fit into 31 bits. Longer ones are several.
const LONGEST: i64 = 1 << 29;

/// Between the border of the road and the light of the first rail, in pixels: further than anything on a flat road
/// touches, so that rails are not drawn again with it.
const RAIL_GAP: f32 = 4.0;

/// Rectangles around a span on a tilted road.
const SLICES: i64 = 8;

/// One span on the GPU: 24 bytes. See `shaders/spans.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct SpanInstance {
    /// Places on the path in subpixels, modulo 2³², as those of notes.
    begin: i32,
    end: i32,
    /// Middle across, half the width, and how far its light reaches beyond that, in pixels of the road.
    center: f32,
    half_width: f32,
    glow: f32,
    /// sRGB, straight alpha.
    color: [u8; 4],
}

impl SpanInstance {
    /// How a vertex buffer of instances is read.
    pub(super) const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<SpanInstance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Sint32x2, 1 => Float32x3, 2 => Unorm8x4],
    };
}

/// A stretch of the road before it is on the GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    begin: i64,
    end: i64,
    color: [u8; 4],
}

/// Spans of one kind at one place across the road, in order and apart.
#[derive(Debug, Clone, PartialEq)]
struct Track {
    center: f32,
    half_width: f32,
    glow: f32,
    stretches: Vec<Stretch>,
    /// Index of the instance of the first.
    first: u32,
}

impl Track {
    fn new([left, right]: [f32; 2], glow: f32) -> Track {
        let (center, half_width) = ((left + right) / 2.0, (right - left) / 2.0);
        Track { center, half_width, glow, stretches: Vec::new(), first: 0 }
    }

    /// Adds a stretch that begins no sooner than the last one. What the last one covers already is left out, and what is
    /// shorter than a pixel beyond it.
    fn add(&mut self, stretch: Stretch) {
        let mut begin = stretch.begin;
        if let Some(last) = self.stretches.last_mut() {
            if stretch.end < last.end.saturating_add(SUBPIXELS) {
                return;
            }
            if begin <= last.end.saturating_add(SUBPIXELS) {
                begin = last.end;
                let room = last.begin.saturating_add(LONGEST).saturating_sub(last.end);
                if last.color == stretch.color && room > 0 {
                    last.end = stretch.end.min(last.end + room);
                    begin = last.end;
                }
            }
        }
        while begin < stretch.end {
            let end = stretch.end.min(begin.saturating_add(LONGEST));
            self.stretches.push(Stretch { begin, end, ..stretch });
            begin = end;
        }
    }

    /// The stretches that are seen between two positions.
    fn range(&self, lowest: i64, highest: i64) -> Range<usize> {
        let first = self.stretches.partition_point(|stretch| stretch.end <= lowest);
        let end = self.stretches.partition_point(|stretch| stretch.begin < highest);
        first..end.max(first)
    }
}

/// All spans of a song.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Spans {
    tracks: Vec<Track>,
    /// Pixels of the road that the ends move while the shutter is open.
    travel: f32,
}

impl Spans {
    /// The spans of `content` as `options` show them; `travel` is the motion while the shutter is open, in pixels.
    pub(super) fn new(
        content: &HighwayContent,
        layout: &Layout,
        options: &HighwayOptions,
        motion: &NoteMotion,
        travel: f32,
    ) -> Spans {
        let theme = &options.theme;
        let mut tracks = Vec::new();
        // What lies below the others first.
        tracks.extend(rolls(content, layout, theme, motion));
        tracks.extend(rails(content, layout, theme, motion));
        tracks.extend(tails(content, layout, theme, motion));
        tracks.retain(|track: &Track| !track.stretches.is_empty());
        let mut count = 0;
        for track in &mut tracks {
            track.first = count;
            count += track.stretches.len() as u32;
        }
        Spans { tracks, travel }
    }

    /// All of them, in the order of their indices.
    pub(super) fn instances(&self) -> Vec<SpanInstance> {
        let of_track = |track: &Track| {
            let Track { center, half_width, glow, .. } = *track;
            let instance = move |stretch: &Stretch| SpanInstance {
                begin: stretch.begin as i32,
                end: stretch.end as i32,
                center,
                half_width,
                glow,
                color: stretch.color,
            };
            track.stretches.iter().map(instance).collect::<Vec<_>>()
        };
        self.tracks.iter().flat_map(of_track).collect()
    }

    /// The rows from the strike line of a flat road from which on spans move with it: ends come to rest at the line.
    pub(super) fn moving_from(&self) -> u32 {
        match self.tracks.is_empty() {
            true => 0,
            false => (self.travel * 0.5).ceil() as u32 + 2,
        }
    }

    /// The indices of those that a frame shows.
    pub(super) fn in_sight(&self, visible: VisibleRange) -> Vec<Range<u32>> {
        let ranges = self.tracks.iter().map(|track| {
            let range = track.range(visible.now, visible.far);
            track.first + range.start as u32..track.first + range.end as u32
        });
        ranges.filter(|range| !range.is_empty()).collect()
    }

    /// The parts of the picture that those cover which a frame shows.
    pub(super) fn covered(&self, layout: &Layout, visible: VisibleRange) -> Vec<Rectangle> {
        let mut parts = Vec::new();
        for track in &self.tracks {
            for stretch in track.seen(visible) {
                let [begin, end] = stretch.ahead(visible);
                // Thin and slanted on a tilted road.
                let slices = if layout.tilt.is_some() { SLICES } else { 1 };
                let at = |slice: i64| begin + (end - begin) * slice * slice / (slices * slices);
                parts.extend(
                    (0..slices).map(|slice| track.area(layout, [at(slice), at(slice + 1)], self.travel)),
                );
            }
        }
        parts
    }

    /// Adds to `parts` where two frames differ: where ends of spans have moved. What lies between the ends looks the same
    /// in all frames.
    pub(super) fn add_changed(&self, layout: &Layout, ranges: [VisibleRange; 2], parts: &mut Vec<Rectangle>) {
        let [before, now] = ranges;
        for track in &self.tracks {
            for stretch in track.between(before.now.min(now.now), before.far.max(now.far)) {
                let ends = [0, 1].map(|end| [before, now].map(|visible| stretch.ahead(visible)[end]));
                let moved = ends.into_iter().filter(|[before, now]| before != now);
                parts.extend(moved.map(|[before, now]| {
                    track.area(layout, [before.min(now), before.max(now)], self.travel)
                }));
            }
        }
    }
}

impl Stretch {
    /// Its ends, in subpixels before the strike line: there or at the far end where they are beyond.
    fn ahead(&self, visible: VisibleRange) -> [i64; 2] {
        [self.begin, self.end].map(|end| end.clamp(visible.now, visible.far) - visible.now)
    }
}

impl Track {
    fn between(&self, lowest: i64, highest: i64) -> &[Stretch] {
        self.stretches.get(self.range(lowest, highest)).unwrap_or_default()
    }

    fn seen(&self, visible: VisibleRange) -> &[Stretch] {
        self.between(visible.now, visible.far)
    }

    /// The part of the picture that lies around what is between two distances from the strike line, in subpixels.
    fn area(&self, layout: &Layout, distances: [i64; 2], travel: f32) -> Rectangle {
        let half = self.half_width + self.glow;
        let [[left, right, y], [other_left, other_right, other_y]] = distances.map(|ahead| {
            let (x, y, scale) = layout.seen(f64::from(self.center), ahead as f64 / SUBPIXELS as f64);
            let half = half * scale as f32;
            [x as f32 - half, x as f32 + half, y as f32]
        });
        with_margin([
            left.min(other_left),
            y.min(other_y) - travel * 0.5,
            right.max(other_right),
            y.max(other_y) + travel * 0.5,
        ])
    }
}

/// The nearest even number, but for a positive one at least 2: what has borders on even pixels is sharp in chroma, too.
fn even(pixels: f32) -> f32 {
    if pixels > 0.0 { (pixels / 2.0).round().max(1.0) * 2.0 } else { 0.0 }
}

fn positions(motion: &NoteMotion, start: Time, end: Time) -> (i64, i64) {
    (motion.position(start), motion.position(end))
}

/// The rails of star power and solos, at both sides of the road, those of solos outside the others.
fn rails(content: &HighwayContent, layout: &Layout, theme: &Theme, motion: &NoteMotion) -> Vec<Track> {
    let style = &theme.phrases;
    let width = even(layout.line(style.rail_width));
    if width <= 0.0 {
        return Vec::new();
    }
    let glow = layout.scaled(style.rail_glow);
    let (left, right) = layout.sides();
    let border = layout.line(theme.highway.border_width) / 2.0;
    let gap = even(border + glow + RAIL_GAP + 1.0);
    let solo_gap = gap + width + even(layout.scaled(6.0));
    let mut tracks = Vec::new();
    let kinds = [(PhraseKind::StarPower, style.star_power, gap), (PhraseKind::Solo, style.solo, solo_gap)];
    for (kind, color, gap) in kinds.into_iter().filter(|(_, color, _)| color.alpha > 0) {
        for side in [[left - gap - width, left - gap], [right + gap, right + gap + width]] {
            let mut track = Track::new(side, glow);
            for phrase in content.phrases.iter().filter(|phrase| phrase.kind == kind) {
                let (begin, end) = positions(motion, phrase.start, phrase.end);
                track.add(Stretch { begin, end, color: paint::bytes(color) });
            }
            tracks.push(track);
        }
    }
    tracks
}

/// The bands of rolls, in the lanes that are struck most in them (a crash at its beginning is no part of a roll); over all
/// lanes where only kicks are.
fn rolls(content: &HighwayContent, layout: &Layout, theme: &Theme, motion: &NoteMotion) -> Vec<Track> {
    let rolls: Vec<&Phrase> =
        content.phrases.iter().filter(|phrase| phrase.kind == PhraseKind::Roll).collect();
    let alpha = (theme.phrases.roll * 255.0).round() as u8;
    if rolls.is_empty() || alpha == 0 {
        return Vec::new();
    }
    // When each lane is struck, and the kicks.
    let mut struck = vec![Vec::new(); content.lanes.len()];
    let mut kicked = Vec::new();
    for note in &content.notes {
        match note.place {
            LanePlace::Kick => kicked.push(note.time),
            LanePlace::Lane(lane) => struck.get_mut(lane).into_iter().for_each(|times| times.push(note.time)),
        }
    }
    let hits = |times: &[Time], roll: &Phrase| {
        let before = |end: Time| times.partition_point(|time| *time < end);
        before(roll.end).saturating_sub(before(roll.start))
    };
    // A roll begins where its first gem does.
    let before = (layout.gem_half_height * SUBPIXELS as f32) as i64;
    let stretch = |roll: &Phrase, rgb: [u8; 3]| {
        let (begin, end) = positions(motion, roll.start, roll.end);
        let [red, green, blue] = rgb;
        Stretch { begin: begin.saturating_sub(before), end, color: [red, green, blue, alpha] }
    };
    let mut tracks: Vec<Track> = (0..content.lanes.len())
        .map(|lane| {
            let (left, right) = layout.lane(lane);
            Track::new([left, right], 0.0)
        })
        .collect();
    let (left, right) = layout.sides();
    let mut kicks = Track::new([left, right], 0.0);
    let kick_color = content.kick.drums.first().map_or([255; 3], |drum| drum.color);
    for roll in rolls {
        let most = struck.iter().map(|times| hits(times, roll)).max().unwrap_or(0);
        for ((track, lane), times) in tracks.iter_mut().zip(&content.lanes).zip(&struck) {
            if most > 0 && hits(times, roll) * 2 > most {
                track.add(stretch(roll, lane.color));
            }
        }
        if most == 0 && hits(&kicked, roll) > 0 {
            kicks.add(stretch(roll, kick_color));
        }
    }
    tracks.push(kicks);
    tracks
}

/// The tails of choked cymbals, from the middles of their gems to where they are grasped.
fn tails(content: &HighwayContent, layout: &Layout, theme: &Theme, motion: &NoteMotion) -> Vec<Track> {
    let width = even(layout.line(theme.gems.tail_width));
    let alpha = (theme.gems.tail_strength * 255.0).round() as u8;
    if width <= 0.0 || alpha == 0 {
        return Vec::new();
    }
    let mut tracks: Vec<Option<Track>> = vec![None; content.lanes.len()];
    for note in &content.notes {
        let (Some(end), LanePlace::Lane(lane)) = (note.choked, note.place) else { continue };
        let Some(track) = tracks.get_mut(lane) else { continue };
        let (left, right) = layout.lane(lane);
        let from = even((left + right - width) / 2.0);
        let track = track.get_or_insert_with(|| Track::new([from, from + width], 0.0));
        let (begin, end) = positions(motion, note.time, end);
        let Color { red, green, blue, .. } = Color::from_rgb(note.color);
        track.add(Stretch { begin, end, color: [red, green, blue, alpha] });
    }
    tracks.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::highway::content::{HighwayNote, LaneStyle};
    use proptest::prelude::*;
    use strikeline_picture::{FrameRate, PictureSize};

    fn stretch(begin: i64, end: i64, red: u8) -> Stretch {
        Stretch { begin, end, color: [red, 0, 0, 255] }
    }

    proptest! {
        #[test]
        fn stretches_of_a_track_lie_apart_and_are_where_any_was_added(
            added in prop::collection::vec((0i64..40, 1i64..12, 0u8..2), 0..40), (low, high) in (0i64..60, 0i64..60),
        ) {
            let mut added = added;
            added.sort_by_key(|(begin, ..)| *begin);
            let mut track = Track::new([0.0, 1.0], 0.0);
            for &(begin, length, red) in &added {
                track.add(stretch(begin * SUBPIXELS, (begin + length) * SUBPIXELS, red));
            }
            let stretches = &track.stretches;
            prop_assert!(stretches.iter().all(|stretch| stretch.begin < stretch.end));
            prop_assert!(stretches.windows(2).all(|pair| pair[0].end <= pair[1].begin));
            for pixel in 0..60 {
                let middle = pixel * SUBPIXELS + SUBPIXELS / 2;
                let is_added = added.iter().any(|&(begin, length, _)| (begin..begin + length).contains(&pixel));
                let covers = |stretch: &Stretch| (stretch.begin..stretch.end).contains(&middle);
                // A gap of a pixel is closed.
                if is_added {
                    prop_assert!(stretches.iter().any(covers), "{pixel}");
                }
            }
            let (low, high) = (low * SUBPIXELS, high * SUBPIXELS);
            let seen = stretches.iter().filter(|stretch| stretch.end > low && stretch.begin < high).count();
            if low < high {
                prop_assert_eq!(track.range(low, high).len(), seen);
            }
        }
    }

    #[test]
    fn a_span_longer_than_positions_on_the_gpu_is_several() {
        let mut track = Track::new([0.0, 1.0], 0.0);
        track.add(stretch(5, LONGEST * 3, 1));
        assert!(track.stretches.len() >= 3);
        assert!(track.stretches.iter().all(|stretch| stretch.end - stretch.begin <= LONGEST));
        track.add(stretch(LONGEST * 2, LONGEST * 5, 1));
        assert!(track.stretches.iter().all(|stretch| stretch.end - stretch.begin <= LONGEST));
        assert_eq!(track.stretches.last().map(|last| last.end), Some(LONGEST * 5));
    }

    #[test]
    fn a_roll_is_in_the_lanes_that_are_struck_most() {
        let options = HighwayOptions::default();
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3, &options);
        let motion = NoteMotion::new(900, Time::from_seconds(2.0), FrameRate::new(60, 1).unwrap(), false);
        let hit = |seconds: f64, place| HighwayNote {
            time: Time::from_seconds(seconds),
            place,
            ..HighwayNote::default()
        };
        let roll =
            Phrase { start: Time::from_seconds(1.0), end: Time::from_seconds(2.0), kind: PhraseKind::Roll };
        let content = |notes: Vec<HighwayNote>| HighwayContent {
            lanes: vec![LaneStyle::default(); 3],
            notes,
            phrases: vec![roll],
            ..HighwayContent::default()
        };
        let lanes = |notes: Vec<HighwayNote>| -> Vec<usize> {
            let tracks = rolls(&content(notes), &layout, &options.theme, &motion);
            let is_used = |index: &usize| !tracks[*index].stretches.is_empty();
            (0..tracks.len()).filter(is_used).collect()
        };
        let mut notes = vec![hit(1.0, LanePlace::Lane(2)), hit(2.0, LanePlace::Lane(0))];
        notes.extend((0..8).map(|index| hit(1.0 + f64::from(index) * 0.1, LanePlace::Lane(1))));
        notes.sort_by_key(|note| note.time);
        assert_eq!(lanes(notes), [1]);
        // The last track is that of kicks, over all lanes.
        assert_eq!(lanes(vec![hit(1.5, LanePlace::Kick)]), [3]);
        assert!(lanes(Vec::new()).is_empty());
    }
}
