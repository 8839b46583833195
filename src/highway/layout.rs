//! Positions and sizes in the picture of a highway.
//!
//! The road is a flat plane, measured in pixels: across from the left, along from the strike line. Seen
//! straight from above a pixel of the road is one of the picture; in perspective the plane is tilted away
//! around the strike line, where the two are still equal across.

use std::ops::Range;

use super::options::HighwayOptions;
use crate::theme::{Theme, ViewKind};
use strikeline_picture::PictureSize;

/// Positions and sizes, in pixels from the top left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The picture.
    pub size: PictureSize,
    /// Pixels for one of a theme: 1 where the picture's short side is 1080.
    pub scale: f32,
    /// Left border of each lane, and last the right border of the last one.
    pub borders: Vec<f32>,
    /// Whether the lanes go from right to left.
    pub mirrored: bool,
    /// Height of the header, an even number; 0 without.
    pub header: u32,
    /// Middle of the strike line: an even number, so that it lies on a border of chroma rows.
    pub strike: u32,
    /// Whether notes move up to the strike line rather than down.
    pub reverse: bool,
    /// The tilt; `None` seen straight from above.
    pub tilt: Option<Tilt>,
    /// Length of the road from its far end to the strike line, in pixels of the road.
    pub path: u32,
    /// Half the height of a gem.
    pub gem_half_height: f32,
    /// Space between a gem and the border of its lane.
    pub gem_margin: f32,
    /// Half the height of a kick bar.
    pub kick_half_height: f32,
}

/// A road that is tilted away: a plane through the strike line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tilt {
    /// Middle of the road, from the left.
    pub center: f32,
    /// Where its edges would meet, from the top.
    pub horizon: f32,
    /// Distance from the eye to the strike line: what lies as far behind it is half as large.
    pub depth: f32,
    /// Where the road's far end lies, from the top; there it is gone.
    pub far_end: f32,
    /// Where it is fully there.
    pub far_clear: f32,
}

/// Size of the road's far end over that at the strike line, in perspective.
const FAR_SCALE: f32 = 0.3;

/// Pixels of the picture for one along the road, at the strike line, in perspective.
const FORESHORTENING: f32 = 0.75;

/// Pictures with a shorter side have no room for text.
const SMALLEST_WITH_TEXT: u32 = 240;

/// Height of one row of the header, in pixels of a theme.
const HEADER_ROW: f32 = 68.0;

/// A picture that is higher than wide has no room for title, section and clock beside each other.
fn header_rows(size: PictureSize) -> u32 {
    if size.height() > size.width() { 2 } else { 1 }
}

impl Layout {
    /// For `lanes` lanes (0 is taken as 1: a song of kicks alone) on a picture of `size`.
    pub fn new(size: PictureSize, lanes: usize, options: &HighwayOptions) -> Layout {
        let lanes = lanes.max(1);
        let theme = &options.theme;
        let (width, height) = (size.width() as f32, size.height() as f32);
        let short = size.width().min(size.height());
        let scale = short as f32 / 1080.0;
        let header = match options.header && short >= SMALLEST_WITH_TEXT {
            true => even((HEADER_ROW * header_rows(size) as f32 * scale * theme.text.scale).max(24.0)),
            false => 0.0,
        };
        let reverse = options.reverse;
        let position = if reverse { 1.0 - theme.strike_line.position } else { theme.strike_line.position };
        let strike = even(header + (height - header) * position);
        let tilt = match options.view() {
            ViewKind::Flat => None,
            ViewKind::Perspective => Some(Tilt::new(width / 2.0, height, header, strike, reverse)),
        };
        // The road is widest at the near edge of the picture.
        let near_edge = if reverse { header } else { height };
        let widest = tilt.map_or(1.0, |tilt| (near_edge - tilt.horizon) / (strike - tilt.horizon));
        let lane_width = (width * 0.94 / widest / lanes as f32).min(216.0 * scale);
        // Borders on even pixels are sharp in chroma too; very narrow lanes have no room for that.
        let lane_width = if lane_width >= 8.0 { even(lane_width) } else { lane_width };
        let left = even((width - lane_width * lanes as f32) / 2.0);
        let flat_path = if reverse { height - strike } else { strike - header };
        let margin = lane_width * (1.0 - theme.gems.width) / 2.0;
        Layout {
            size,
            scale,
            borders: (0..=lanes).map(|lane| left + lane_width * lane as f32).collect(),
            mirrored: options.left_handed,
            header: header as u32,
            strike: strike as u32,
            reverse,
            path: tilt.map_or(flat_path, |tilt| tilt.depth * (1.0 / FAR_SCALE - 1.0)).max(16.0) as u32,
            tilt,
            gem_half_height: whole(theme.gems.height * scale / 2.0),
            gem_margin: if lane_width >= 8.0 { even(margin).max(1.0) } else { 0.0 },
            kick_half_height: whole(theme.gems.kick_height * scale / 2.0),
        }
    }

    /// Left and right border of the whole highway.
    pub fn sides(&self) -> (f32, f32) {
        match (self.borders.first(), self.borders.last()) {
            (Some(&left), Some(&right)) => (left, right),
            _ => (0.0, 0.0),
        }
    }

    /// The columns of the picture whose samples a road seen straight from above touches, both even, where its borders
    /// are so. Of chroma, which lies on the left of its two columns, that is one sample beyond the right border.
    pub fn touched_columns(&self) -> Option<Range<u32>> {
        let (left, right) = self.sides();
        let is_even = |side: f32| side >= 0.0 && side % 2.0 == 0.0;
        let is_sharp = self.tilt.is_none() && is_even(left) && is_even(right);
        is_sharp.then_some(left as u32..(right as u32 + 2).min(self.size.width()))
    }

    /// Left and right border of lane `lane`; those of the whole highway for one that is not there.
    pub fn lane(&self, lane: usize) -> (f32, f32) {
        let lanes = self.borders.len().saturating_sub(1);
        let place = if self.mirrored { lanes.wrapping_sub(lane + 1) } else { lane };
        match self.borders.get(place..place.saturating_add(2)) {
            Some(&[left, right]) => (left, right),
            _ => self.sides(),
        }
    }

    /// Half the width of a lane.
    pub(super) fn lane_half_width(&self) -> f32 {
        let (left, right) = self.lane(0);
        (right - left) / 2.0
    }

    /// Half the size of a spark.
    pub(super) fn particle_radius(&self, theme: &Theme) -> f32 {
        (self.scaled(theme.effects.particle_size) / 2.0).max(1.0)
    }

    /// Rows of text in the header: 1, or 2.
    pub fn header_rows(&self) -> u32 {
        header_rows(self.size)
    }

    /// Whether the picture has room for text.
    pub fn has_text(&self) -> bool {
        self.size.width().min(self.size.height()) >= SMALLEST_WITH_TEXT
    }

    /// Where the road's `across` is seen at height `y` of the picture.
    pub fn across_at(&self, across: f32, y: f32) -> f32 {
        match &self.tilt {
            None => across,
            Some(tilt) => {
                let scale = (y - tilt.horizon) / (self.strike as f32 - tilt.horizon);
                tilt.center + (across - tilt.center) * scale
            }
        }
    }

    /// 1 where notes fall, −1 where they rise.
    pub fn direction(&self) -> f32 {
        if self.reverse { -1.0 } else { 1.0 }
    }

    /// `pixels` of a theme on this picture.
    pub fn scaled(&self, pixels: f32) -> f32 {
        pixels * self.scale
    }

    /// The width of a line of a theme on this picture: 0 stays 0, anything else is at least a pixel.
    pub fn line(&self, pixels: f32) -> f32 {
        if pixels > 0.0 { whole(pixels * self.scale) } else { 0.0 }
    }

    /// From where to where a line of a theme around `middle` ranges: whole pixels, so that it is sharp.
    pub fn line_around(&self, middle: f32, pixels: f32) -> (f32, f32) {
        let width = self.line(pixels);
        let from = middle.round() - (width / 2.0).floor();
        (from, from + width)
    }

    /// Where the road's point `across` from the left and `ahead` of the strike line is seen, in pixels from
    /// the top left corner, and how large a pixel of the road is there. (`seen` in `shaders/highway.wgsl`.)
    pub fn seen(&self, across: f64, ahead: f64) -> (f64, f64, f64) {
        let strike = f64::from(self.strike);
        let Some(tilt) = &self.tilt else {
            return (across, strike - f64::from(self.direction()) * ahead, 1.0);
        };
        let (center, horizon, depth) =
            (f64::from(tilt.center), f64::from(tilt.horizon), f64::from(tilt.depth));
        let scale = depth / (depth + ahead).max(1.0);
        (center + (across - center) * scale, horizon + (strike - horizon) * scale, scale)
    }
}

impl Tilt {
    fn new(center: f32, height: f32, header: f32, strike: f32, reverse: bool) -> Tilt {
        let far_end = if reverse { height * 0.95 } else { header + (height - header) * 0.05 };
        let horizon = (far_end - FAR_SCALE * strike) / (1.0 - FAR_SCALE);
        Tilt {
            center,
            horizon,
            depth: (strike - horizon).abs() / FORESHORTENING,
            far_end,
            far_clear: far_end + (strike - far_end) * 0.22,
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
                for (view, reverse) in [
                    (ViewKind::Flat, false),
                    (ViewKind::Flat, true),
                    (ViewKind::Perspective, false),
                    (ViewKind::Perspective, true),
                ] {
                    let options = HighwayOptions { view: Some(view), reverse, ..HighwayOptions::default() };
                    let size = PictureSize::new(width, height).unwrap();
                    let layout = Layout::new(size, lanes, &options);
                    let (left, right) = layout.sides();
                    let what = format!("{size} {lanes} {view:?} {reverse}");
                    assert!(left >= 0.0 && right <= width as f32 && left < right, "{what}");
                    let strike = layout.strike as f32;
                    assert!(strike + layout.gem_half_height <= height as f32, "{what}");
                    assert!(strike - layout.gem_half_height >= layout.header as f32, "{what}");
                    let (left, right) = layout.lane(0);
                    assert!(right - left > 2.0 * layout.gem_margin, "{what}");
                    let (_, far, _) = layout.seen(left.into(), f64::from(layout.path));
                    assert!(
                        far >= f64::from(layout.header) - 1.0 && far <= f64::from(height) + 1.0,
                        "{what}: {far}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_left_handed_kit_has_its_lanes_mirrored() {
        let size = PictureSize::new(1920, 1080).unwrap();
        let right_handed = Layout::new(size, 5, &HighwayOptions::default());
        let left_handed = Layout::new(size, 5, &HighwayOptions { left_handed: true, ..Default::default() });
        for lane in 0..5 {
            assert_eq!(right_handed.lane(lane), left_handed.lane(4 - lane));
        }
    }
}
