//! Chooses the few colours that stand for many.
//!
//! Boxes of colours are divided, always the one with the largest error, along the channel in which it is widest, where the
//! errors of both halves are smallest (X. Wu, "Color quantization by dynamic programming and principal analysis", ACM Transactions
//! on Graphics 11, 1992, in its greedy form on the three channels). All sums are of whole numbers, so that every machine chooses
//! alike.

/// A colour: red, green, blue.
pub(super) type Color = [u8; 3];

/// A colour, and how many pixels have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ColorCount {
    pub color: Color,
    pub pixels: u32,
}

/// Counts the colours of pixels. The result is sorted by colour.
pub(super) fn count_colors(mut pixels: Vec<Color>) -> Vec<ColorCount> {
    pixels.sort_unstable();
    let runs = pixels.chunk_by(|one, other| one == other);
    runs.filter_map(|run| run.first().map(|color| ColorCount { color: *color, pixels: run.len() as u32 }))
        .collect()
}

/// Chooses at most `most` colours for `counts`: fewer when no colour of them stands for others with a larger sum of squared
/// errors, over the three channels together, than `good_enough` for each pixel that there is.
pub(super) fn choose_colors(counts: &[ColorCount], most: usize, good_enough: f64) -> Vec<Color> {
    let mut counts = counts.to_vec();
    let all = Moments::of(&counts);
    let mut boxes = vec![ColorBox { start: 0, end: counts.len(), moments: all }];
    while boxes.len() < most {
        let largest = (0..boxes.len()).max_by(|&one, &other| {
            let error = |index: usize| boxes.get(index).map_or(0.0, |it| it.moments.error());
            error(one).total_cmp(&error(other))
        });
        let Some(largest) = largest.and_then(|index| boxes.get_mut(index)) else { break };
        if largest.moments.error() <= good_enough * all.pixels as f64 {
            break;
        }
        let Some(second) = largest.divide(&mut counts) else { break };
        boxes.push(second);
    }
    boxes.iter().filter_map(|it| it.moments.mean()).collect()
}

/// Colours `start..end` of those that are counted.
#[derive(Debug, Clone, Copy)]
struct ColorBox {
    start: usize,
    end: usize,
    moments: Moments,
}

impl ColorBox {
    /// Keeps one half of itself and returns the other; `None` if there is only one colour in it. Sorts the colours in it.
    fn divide(&mut self, counts: &mut [ColorCount]) -> Option<ColorBox> {
        let channel = self.moments.widest();
        let inside = counts.get_mut(self.start..self.end)?;
        inside.sort_unstable_by_key(|it| (it.color.get(channel).copied(), it.color));
        let mut below = Moments::default();
        let mut best: Option<(f64, usize, Moments)> = None;
        let last = inside.len().saturating_sub(1);
        for (index, count) in inside.iter().take(last).enumerate() {
            below.add(count);
            let error = below.error() + self.moments.without(&below).error();
            if best.is_none_or(|(least, ..)| error < least) {
                best = Some((error, index + 1, below));
            }
        }
        let (_, place, below) = best?;
        let above =
            ColorBox { start: self.start + place, end: self.end, moments: self.moments.without(&below) };
        *self = ColorBox { end: self.start + place, moments: below, ..*self };
        Some(above)
    }
}

/// Sums over colours, each as often as there are pixels of it.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    pixels: u64,
    sums: [u64; 3],
    squares: [u64; 3],
}

impl Moments {
    fn of(counts: &[ColorCount]) -> Moments {
        let mut moments = Moments::default();
        counts.iter().for_each(|count| moments.add(count));
        moments
    }

    fn add(&mut self, count: &ColorCount) {
        let pixels = u64::from(count.pixels);
        self.pixels += pixels;
        for ((sum, square), value) in self.sums.iter_mut().zip(&mut self.squares).zip(count.color) {
            *sum += pixels * u64::from(value);
            *square += pixels * u64::from(value) * u64::from(value);
        }
    }

    fn without(&self, part: &Moments) -> Moments {
        let mut rest = *self;
        rest.pixels -= part.pixels;
        for channel in 0..3 {
            rest.sums[channel] -= part.sums[channel];
            rest.squares[channel] -= part.squares[channel];
        }
        rest
    }

    /// The sum of squared differences from the mean, in one channel.
    fn error_of(&self, channel: usize) -> f64 {
        let (sum, pixels) = (self.sums[channel] as f64, self.pixels.max(1) as f64);
        (self.squares[channel] as f64 - sum * sum / pixels).max(0.0)
    }

    /// The same in all channels.
    fn error(&self) -> f64 {
        self.error_of(0) + self.error_of(1) + self.error_of(2)
    }

    /// The channel with the largest error.
    fn widest(&self) -> usize {
        let by_error = |one: &usize, other: &usize| self.error_of(*one).total_cmp(&self.error_of(*other));
        (0..3).max_by(by_error).unwrap_or(0)
    }

    /// Rounded to the nearest colour; `None` of no pixels.
    fn mean(&self) -> Option<Color> {
        (self.pixels > 0).then(|| self.sums.map(|sum| ((sum + self.pixels / 2) / self.pixels).min(255) as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_kept_as_they_are() {
        let colors = [[0, 0, 0], [255, 255, 255], [10, 200, 30], [11, 200, 30]];
        let counts = count_colors(colors.repeat(3));
        assert!(counts.iter().all(|count| count.pixels == 3));
        let mut chosen = choose_colors(&counts, 4, 0.0);
        chosen.sort_unstable();
        let mut expected = colors.to_vec();
        expected.sort_unstable();
        assert_eq!(chosen, expected);
        // Two of them differ so little that one is enough.
        assert_eq!(choose_colors(&counts, 4, 0.2).len(), 3);
        // A rare colour that is far from all others is not lost.
        let dot: Vec<Color> = std::iter::repeat_n([20, 20, 20], 10_000).chain([[250, 0, 0]]).collect();
        assert_eq!(choose_colors(&count_colors(dot), 256, 1.0 / 256.0).len(), 2);
        assert_eq!(choose_colors(&counts, 2, 0.0).len(), 2);
        assert_eq!(choose_colors(&[], 4, 0.0), [[0; 3]; 0]);
    }

    #[test]
    fn a_gradient_is_divided_evenly() {
        let gradient: Vec<Color> = (0..=255).map(|grey| [grey; 3]).collect();
        let mut chosen = choose_colors(&count_colors(gradient), 16, 0.0);
        chosen.sort_unstable();
        assert_eq!(chosen.len(), 16);
        for (index, color) in chosen.iter().enumerate() {
            let expected = index as i32 * 16 + 8;
            assert!((i32::from(color[0]) - expected).abs() <= 4, "{chosen:?}");
        }
    }
}
