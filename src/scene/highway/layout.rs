//! Where things are on the picture of a highway, in pixels.

use crate::picture::PictureSize;

/// Places and sizes, in pixels from the top left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Left border of each lane, and last the right border of the last one.
    pub borders: Vec<f32>,
    /// Middle of the strike line: an even number, so that it lies on a border of chroma rows.
    pub strike: u32,
    /// Half the height of a gem.
    pub gem_half_height: f32,
    /// Space between a gem and the border of its lane.
    pub gem_margin: f32,
    /// Half the height of a kick bar.
    pub kick_half_height: f32,
    /// Width of thin lines.
    pub line: f32,
}

impl Layout {
    /// For `lanes` lanes (0 is taken as 1: a song of kicks alone) on a picture of `size`.
    pub fn new(size: PictureSize, lanes: usize) -> Layout {
        let lanes = lanes.max(1);
        let (width, height) = (size.width() as f32, size.height() as f32);
        // 1 at 1080p. In portrait it is the width that is short.
        let scale = width.min(height) / 1080.0;
        let lane_width = (width * 0.94 / lanes as f32).min(216.0 * scale);
        // Borders on even pixels are sharp in chroma too; very narrow lanes have no room for that.
        let lane_width = if lane_width >= 8.0 { even(lane_width) } else { lane_width };
        let left = even((width - lane_width * lanes as f32) / 2.0);
        let gem_half_height = whole(17.0 * scale);
        Layout {
            borders: (0..=lanes).map(|lane| left + lane_width * lane as f32).collect(),
            strike: even(height * 0.86) as u32,
            gem_half_height,
            gem_margin: if lane_width >= 8.0 { even(lane_width * 0.08).max(1.0) } else { 0.0 },
            kick_half_height: whole(7.0 * scale),
            line: whole(2.0 * scale),
        }
    }

    /// Left and right border of the whole highway.
    pub fn sides(&self) -> (f32, f32) {
        match (self.borders.first(), self.borders.last()) {
            (Some(&left), Some(&right)) => (left, right),
            _ => (0.0, 0.0),
        }
    }

    /// Left and right border of lane `lane`; those of the whole highway for one that is not there.
    pub fn lane(&self, lane: usize) -> (f32, f32) {
        match self.borders.get(lane..lane + 2) {
            Some(&[left, right]) => (left, right),
            _ => self.sides(),
        }
    }
}

fn even(value: f32) -> f32 {
    (value / 2.0).floor() * 2.0
}

fn whole(value: f32) -> f32 {
    value.round().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_inside_the_picture_at_every_size() {
        for (width, height) in [(64, 64), (64, 8192), (8192, 64), (1920, 1080), (1080, 1920), (130, 98)] {
            for lanes in [0, 1, 5, 9, 30] {
                let size = PictureSize::new(width, height).unwrap();
                let layout = Layout::new(size, lanes);
                let (left, right) = layout.sides();
                assert!(left >= 0.0 && right <= width as f32 && left < right, "{size} {lanes}");
                assert!(layout.strike as f32 + layout.gem_half_height <= height as f32, "{size} {lanes}");
                let (left, right) = layout.lane(0);
                assert!(right - left > 2.0 * layout.gem_margin);
            }
        }
    }
}
