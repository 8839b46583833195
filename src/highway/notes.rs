//! Notes and lines as the GPU takes them: instances of what moves along the road.

use super::content::{BeatLine, HighwayNote};
use super::layout::Layout;
use super::motion::SUBPIXELS;
use super::paint;
use crate::song::{DrumShape, LanePlace};
use crate::theme::Theme;

/// The shape of a note or beat line on the road, in pixels of the road. Its position along the road is in
/// [`Positions`](super::placement::Positions).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RoadShape {
    /// Middle across.
    pub center: f32,
    /// Half of its size across.
    pub half_width: f32,
    /// Half of its size along.
    pub half_height: f32,
    /// Whether it is an accent, off which sparks fly.
    pub is_accent: bool,
}

/// Something that lies on the road.
pub(super) trait HasRoadShape {
    /// Where it lies across, and how large it is.
    fn road_shape(&self) -> RoadShape;
}

/// The free distance of a note whose neighbour is as near as possible without overlapping it on a flat road: `ROOM` in
/// `shaders/gems.wgsl`.
pub(super) const ROOM: f32 = 16.0;

/// The largest free distance that fits into the seven bits beside the bit of the kick bar.
pub(super) const MOST_ROOM: f32 = 127.0;

/// Beside the mark: what says that a gem is a cymbal's.
pub(super) const CYMBAL: u8 = 16;

/// Beside both: what says that a note is an accent.
const ACCENT: u8 = 32;

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
    /// Mark, plus [`CYMBAL`] for a cymbal, plus [`ACCENT`] for an accent; fill of the body, 0 to 255; width of the outline in 1/8 pixel; 1 for a kick bar, plus twice the
    /// free distance (see [`place_notes`](super::placement::place_notes)).
    pub style: [u8; 4],
}

impl HasRoadShape for NoteInstance {
    fn road_shape(&self) -> RoadShape {
        let is_accent = self.style[0] & ACCENT != 0;
        let NoteInstance { center, half_width, half_height, .. } = *self;
        RoadShape { center, half_width, half_height, is_accent }
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
    pub(super) fn grace(note: &HighwayNote, position: i64, layout: &Layout, theme: &Theme) -> NoteInstance {
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
        let accent_bit = if is_accent { ACCENT } else { 0 };
        // An outline leaves a body to see.
        let outline = (outline * layout.scale).min(half_height * 0.6).min(half_width * 0.6);
        NoteInstance {
            position: position as i32,
            center: (left + right) / 2.0,
            half_width,
            half_height,
            color_velocity: brightened(note, gems.dimmest),
            style: [
                if is_kick { 0 } else { note.mark as u8 | cymbal_bit(note.shape) } | accent_bit,
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
        let LineInstance { center, half_width, half_height, .. } = *self;
        RoadShape { center, half_width, half_height, is_accent: false }
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
    pub(super) fn grasp(
        note: &HighwayNote,
        position: i64,
        layout: &Layout,
        theme: &Theme,
    ) -> Option<LineInstance> {
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::highway::options::HighwayOptions;
    use strikeline_picture::{PictureSize, Time};

    /// A note at a time in nanoseconds.
    pub(in crate::highway) fn note(time: i64, place: LanePlace, velocity: u8) -> HighwayNote {
        HighwayNote {
            time: Time::from_nanos(time),
            place,
            velocity,
            color: [100, 150, 200],
            ..HighwayNote::default()
        }
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
