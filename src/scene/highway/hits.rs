//! The hits of a song as the GPU takes them: uploaded once, in drawing order.

use std::ops::Range;

use super::layout::Layout;
use super::motion::Motion;
use crate::timing::Time;

/// A hit to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// When it is struck.
    pub time: Time,
    /// Where.
    pub place: Place,
    /// 1 to 127; brightness follows it.
    pub velocity: u8,
    /// sRGB.
    pub color: [u8; 3],
}

/// Where on the highway a hit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A full-width bar behind the lanes' gems.
    Kick,
    /// A gem in this lane, from 0, from the left.
    Lane(usize),
}

/// One hit on the GPU: 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Instance {
    /// Place on the path in subpixels, modulo 2³². The shader subtracts the scroll modulo 2³² as well, so
    /// songs of any length work as long as what is drawn at once is shorter than 2³¹ subpixels.
    position: i32,
    center: f32,
    half_width: f32,
    half_height: f32,
    /// sRGB, and the velocity of 0 to 127 as 0 to 254.
    color_velocity: [u8; 4],
}

impl Instance {
    /// How a vertex buffer of instances is read.
    pub const LAYOUT: wgpu::VertexBufferLayout<'static> = wgpu::VertexBufferLayout {
        array_stride: size_of::<Instance>() as u64,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &wgpu::vertex_attr_array![0 => Sint32, 1 => Float32x3, 2 => Unorm8x4],
    };
}

/// Hits in drawing order: latest first, so that what is struck sooner lies on top.
#[derive(Debug, Default)]
pub struct HitList {
    /// For the vertex buffer.
    pub instances: Vec<Instance>,
    /// Position of each, not reduced, for the search.
    positions: Vec<i64>,
}

impl HitList {
    /// The hits among `hits` (in order of time) for which `belongs` holds.
    pub fn new(hits: &[Hit], layout: &Layout, motion: &Motion, belongs: impl Fn(&Hit) -> bool) -> HitList {
        let drawn = hits.iter().rev().filter(|hit| belongs(hit));
        let mut list = HitList::default();
        for hit in drawn {
            let position = motion.position(hit.time);
            list.positions.push(position);
            list.instances.push(Instance::new(hit, position, layout));
        }
        list
    }

    /// Keeps only what the search needs.
    #[must_use]
    pub fn without_instances(self) -> HitList {
        HitList { instances: Vec::new(), positions: self.positions }
    }

    /// The instances with positions from `lowest` to `highest`, found by binary search.
    pub fn visible(&self, lowest: i64, highest: i64) -> Range<u32> {
        let first = self.positions.partition_point(|&position| position > highest);
        let end = self.positions.partition_point(|&position| position >= lowest);
        first as u32..end.max(first) as u32
    }
}

impl Instance {
    fn new(hit: &Hit, position: i64, layout: &Layout) -> Instance {
        let (left, right, margin, half_height) = match hit.place {
            Place::Kick => {
                let (left, right) = layout.sides();
                (left, right, 0.0, layout.kick_half_height)
            }
            Place::Lane(lane) => {
                let (left, right) = layout.lane(lane);
                (left, right, layout.gem_margin, layout.gem_half_height)
            }
        };
        let [red, green, blue] = hit.color;
        Instance {
            position: position as i32,
            center: (left + right) / 2.0,
            half_width: (right - left) / 2.0 - margin,
            half_height,
            color_velocity: [red, green, blue, hit.velocity.min(127) * 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PictureSize;
    use crate::timing::FrameRate;

    #[test]
    fn the_search_finds_just_the_hits_in_range_latest_first() {
        let motion = Motion::new(900, Time::from_seconds(2.0), FrameRate::new(60, 1).unwrap(), false);
        let layout = Layout::new(PictureSize::new(1920, 1080).unwrap(), 3);
        let hits: Vec<Hit> = (0..1000)
            .map(|index| Hit {
                time: Time::from_nanos(index / 3 * 50_000_000),
                place: if index % 3 == 0 { Place::Kick } else { Place::Lane(1) },
                velocity: 100,
                color: [1, 2, 3],
            })
            .collect();
        let list = HitList::new(&hits, &layout, &motion, |hit| hit.place != Place::Kick);
        for (from, to) in [(0.0, 2.0), (-5.0, -1.0), (3.01, 3.02), (10.0, 99.0), (-9.0, 99.0), (50.0, 60.0)] {
            let (low, high) =
                (motion.position(Time::from_seconds(from)), motion.position(Time::from_seconds(to)));
            let expected = list.positions.iter().filter(|position| (low..=high).contains(position)).count();
            let range = list.visible(low, high);
            assert_eq!(range.len(), expected);
            let found = &list.positions[range.start as usize..range.end as usize];
            assert!(found.is_sorted_by(|a, b| a >= b) && found.iter().all(|p| (low..=high).contains(p)));
        }
    }
}
