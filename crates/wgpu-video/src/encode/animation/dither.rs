//! Gives each pixel one of the colours of a table.
//!
//! A colour that lies between two of the table is shown by pixels of both, in a pattern that stands still (ordered dithering,
//! B. E. Bayer, 1973). So a still picture stays still, and the same pixels come again and again, which compresses well.

use super::palette::{Color, ColorCount};

/// In which order the 16 pixels of a square of 4 × 4 get the second of two colours.
const ORDER: [[u8; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

/// How many colours near a colour are tried as the second one.
const NEIGHBOURS: usize = 12;

/// How much worse a pair of colours is for the difference of its two, against being off on the average. At 1 there is no
/// dithering, at 0 two very different colours are mixed; here, what is off by a third of the way to the next colour is mixed.
const COARSENESS: f32 = 0.5;

/// Shares of 16 pixels are multiples of this: fewer patterns compress better.
const STEP: f32 = 2.0;

/// The colours of a table, and which of them stand for other colours.
#[derive(Debug)]
pub(super) struct Ditherer {
    /// Sorted by colour.
    mixes: Vec<(Color, Mix)>,
}

/// Two colours of a table, and of each 16 pixels how many have the second one: at most 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mix {
    first: u8,
    second: u8,
    share: u8,
}

impl Ditherer {
    /// For pixels of the colours `counts`, which are sorted, by a table of `colors`, of which there are at most 256.
    pub(super) fn new(counts: &[ColorCount], colors: &[Color]) -> Ditherer {
        let neighbours: Vec<Vec<u8>> = colors.iter().map(|color| nearest(*color, colors)).collect();
        let mix = |count: &ColorCount| (count.color, mix(count.color, colors, &neighbours));
        Ditherer { mixes: counts.iter().map(mix).collect() }
    }

    /// The place in the table of the colour that a pixel of colour `color` in column `x` and row `y` gets.
    pub(super) fn index(&self, color: Color, x: u32, y: u32) -> u8 {
        let place = self.mixes.binary_search_by_key(&color, |(color, _)| *color);
        let mix = place.ok().and_then(|place| self.mixes.get(place));
        let order = ORDER[y as usize % 4][x as usize % 4];
        mix.map_or(0, |(_, mix)| if order < mix.share { mix.second } else { mix.first })
    }
}

/// The squared distance of two colours.
pub(super) fn distance(one: Color, other: Color) -> u32 {
    one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}

/// The colours of the table that are nearest to one of it, without itself, the nearest first.
fn nearest(color: Color, colors: &[Color]) -> Vec<u8> {
    let mut keys: Vec<u32> =
        (0..).zip(colors).map(|(index, other)| distance(color, *other) << 8 | index).collect();
    keys.retain(|key| key >> 8 > 0);
    if keys.len() > NEIGHBOURS {
        keys.select_nth_unstable(NEIGHBOURS);
        keys.truncate(NEIGHBOURS);
    }
    keys.sort_unstable();
    keys.into_iter().map(|key| key as u8).collect()
}

fn mix(color: Color, colors: &[Color], neighbours: &[Vec<u8>]) -> Mix {
    let nearest = (0..).zip(colors).map(|(index, other)| distance(color, *other) << 8 | index).min();
    let first = nearest.unwrap_or(0) as u8;
    let alone = Mix { first, second: first, share: 0 };
    let (Some(base), Some(near)) = (colors.get(usize::from(first)), neighbours.get(usize::from(first)))
    else {
        return alone;
    };
    let float = |color: Color| color.map(f32::from);
    let (wanted, base) = (float(color), float(*base));
    let squared = |vector: [f32; 3]| vector.iter().map(|value| value * value).sum::<f32>();
    let less = |one: [f32; 3], other: [f32; 3]| [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
    let off = less(wanted, base);
    let mut best = (squared(off), alone);
    for &second in near {
        let Some(other) = colors.get(usize::from(second)) else { continue };
        let way = less(float(*other), base);
        let length = squared(way).max(1.0);
        let along = off[0] * way[0] + off[1] * way[1] + off[2] * way[2];
        let share = ((along / length * 16.0 / STEP).round() * STEP).clamp(0.0, 8.0);
        let part = share / 16.0;
        let left = less(off, way.map(|value| value * part));
        let error = squared(left) + COARSENESS * part * (1.0 - part) * length;
        if share > 0.0 && error < best.0 {
            best = (error, Mix { first, second, share: share as u8 });
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::super::palette::count_colors;
    use super::*;

    #[test]
    fn a_colour_in_the_middle_of_two_is_shown_by_both_and_one_near_one_of_them_by_that() {
        let colors = [[0, 0, 0], [16, 16, 16], [255, 0, 0]];
        let wanted: Vec<Color> = (0..=16).map(|grey| [grey; 3]).chain([[255, 0, 0]]).collect();
        let ditherer = Ditherer::new(&count_colors(wanted.clone()), &colors);
        for color in wanted {
            let pixels = (0..16).map(|at| ditherer.index(color, at % 4, at / 4));
            let sum: u32 = pixels.map(|index| u32::from(colors[usize::from(index)][0])).sum();
            let expected = match color[0] {
                0..=4 => 0,
                // Shares are rounded to eighths.
                middle @ 6..=10 => u32::from(middle) * 16 / 32 * 32,
                12..=16 => 16 * 16,
                255 => 255 * 16,
                _ => continue,
            };
            assert!(sum.abs_diff(expected) <= 32, "{color:?}: {sum}");
        }
    }

    #[test]
    fn colours_that_are_far_apart_are_not_mixed() {
        let ditherer = Ditherer::new(&count_colors(vec![[20, 0, 0]]), &[[0, 0, 0], [255, 255, 255]]);
        assert!((0..16).all(|at| ditherer.index([20, 0, 0], at % 4, at / 4) == 0));
    }
}
