//! Numbers in the header that grow: that of the bar, and that of the hits so far.

use std::ops::Range;
use std::sync::Arc;

use super::header::ten_digits;
use super::{Align, TextSpan, Writer};
use crate::highway::HighwayError;
use crate::highway::clock::milliseconds;
use crate::highway::content::HighwayContent;
use crate::highway::options::HighwayOptions;
use crate::text::{Digits, FontWeight};

/// Space to the right of a number, and between its name and itself, in heights of the text.
pub(super) const GAP: f32 = 1.2;
const NAME_GAP: f32 = 0.3;

/// Something that is counted, not written yet.
#[derive(Debug)]
pub(super) struct Counted {
    name: &'static str,
    numbers: Numbers,
}

/// The numbers that are shown one after the other.
#[derive(Debug, Clone, Default)]
struct Numbers {
    /// When each begins to be shown, in milliseconds of the song, in order.
    from: Arc<[i32]>,
    /// The numbers; where there are none, they are counted from 1.
    given: Option<Arc<[u32]>>,
    /// What is shown before the first; `None` shows nothing.
    before: Option<u32>,
}

impl Numbers {
    /// The number at `milliseconds` of the song.
    fn at(&self, milliseconds: i32) -> Option<u32> {
        let begun = self.from.partition_point(|time| *time <= milliseconds);
        match (begun.checked_sub(1), &self.given) {
            (None, _) => self.before,
            (Some(last), Some(given)) => given.get(last).copied(),
            (Some(_), None) => u32::try_from(begun).ok(),
        }
    }

    fn largest(&self) -> u32 {
        match &self.given {
            Some(given) => given.iter().copied().max().unwrap_or(0),
            None => u32::try_from(self.from.len()).unwrap_or(u32::MAX),
        }
    }

    /// The number of places of the largest.
    fn places(&self) -> u32 {
        self.largest().checked_ilog10().unwrap_or(0) + 1
    }
}

/// What `options` want to be counted, from left to right.
pub(super) fn counted(content: &HighwayContent, options: &HighwayOptions) -> Vec<Counted> {
    let mut counted = Vec::new();
    if options.bar_number && !content.bars.is_empty() {
        let from = content.bars.iter().map(|bar| milliseconds(bar.time)).collect();
        let given = Some(content.bars.iter().map(|bar| bar.number).collect());
        counted.push(Counted { name: "Bar", numbers: Numbers { from, given, before: None } });
    }
    if options.hit_counter {
        let from = content.notes.iter().map(|note| milliseconds(note.time)).collect();
        counted.push(Counted { name: "Hits", numbers: Numbers { from, given: None, before: Some(0) } });
    }
    counted
}

impl Counted {
    /// How wide it is with the largest number.
    pub(super) fn width(
        &self,
        writer: &mut Writer<'_>,
        size: f32,
        digits: &Digits,
    ) -> Result<f32, HighwayError> {
        let name = writer.width(self.name, size, FontWeight::Regular)?;
        Ok((name + size * NAME_GAP).ceil() + (self.numbers.places() as i32 * digits.advance) as f32)
    }

    /// Writes it, and every digit at each of its places.
    pub(super) fn write(
        self,
        writer: &mut Writer<'_>,
        size: f32,
        digits: &Digits,
        (left, baseline): (i32, i32),
    ) -> Result<Counter, HighwayError> {
        let text = writer.theme.text.clone();
        let line = writer.set(self.name, size, FontWeight::Regular, None)?;
        let begin = writer.count();
        writer.place(&line, Align::Left, (left as f32, baseline as f32), text.dim, TextSpan::ALWAYS);
        let name = begin..writer.count();
        let left = left + (line.width + size * NAME_GAP).ceil() as i32;
        let places = 0..self.numbers.places() as i32;
        let places = places
            .map(|place| ten_digits(writer, digits, (left + place * digits.advance, baseline), text.color));
        Ok(Counter { name, places: places.collect(), numbers: self.numbers })
    }
}

/// A number that grows. Each place has ten glyphs, of which a frame draws one.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    name: Range<u32>,
    /// From the left, where every number begins.
    places: Vec<[Range<u32>; 10]>,
    numbers: Numbers,
}

impl Counter {
    /// The same, with the instances that draw its lines.
    pub(super) fn resolved(mut self, instances: impl Fn(&Range<u32>) -> Range<u32>) -> Counter {
        self.name = instances(&self.name);
        for glyphs in self.places.iter_mut().flatten() {
            *glyphs = instances(glyphs);
        }
        self
    }

    /// The same, with nothing to count.
    pub(super) fn without_numbers(&self) -> Counter {
        Counter { numbers: Numbers::default(), ..self.clone() }
    }

    /// The glyphs that show `milliseconds` of the song.
    pub(super) fn show(&self, milliseconds: i32, shown: &mut Vec<Range<u32>>) {
        let Some(number) = self.numbers.at(milliseconds) else { return };
        shown.push(self.name.clone());
        let digits = number.to_string();
        for (place, digit) in self.places.iter().zip(digits.bytes()) {
            shown.extend(place.get(usize::from(digit - b'0')).cloned());
        }
    }
}
