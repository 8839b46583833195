//! Above the road: title and artist, the section, the clock, the progress bar; and the end card.

use std::ops::Range;

use super::counters::{self, Counter};
use super::instances::PanelInstance;
use super::{Align, CutText, GlyphGroup, SMALLEST_TEXT, TextSpan, Writer};
use crate::highway::HighwayError;
use crate::highway::clock::{ALL_TIME, milliseconds};
use crate::highway::content::HighwayContent;
use crate::highway::layout::Layout;
use crate::highway::options::HighwayOptions;
use crate::highway::paint;
use crate::text::{Digits, FontWeight, LineStyle, TextLine};
use crate::theme::{Color, Theme};

const TITLE: f32 = 30.0;
const SMALL: f32 = 26.0;
const MARGIN: f32 = 28.0;

/// How small title and artist, and the names of sections, become before they are cut: as a share of their usual size.
const SMALLEST_TITLE: f32 = 0.65;
const SMALLEST_SECTION: f32 = 0.75;

/// Space between title and artist, and between the texts of a row, as a share of the title's size.
const ARTIST_GAP: f32 = 0.5;
const TEXT_GAP: f32 = 0.9;

/// How much of the title's room an artist has at least, if it needs it.
const ARTIST_SHARE: f32 = 0.3;

/// How much of a row the names of sections have at least, if they need it.
const SECTION_SHARE: f32 = 0.26;

/// How long a section's name takes to fade in and out, in milliseconds.
const SECTION_FADE: f32 = 150.0;

/// How long the end card takes to fade in, in milliseconds.
pub(crate) const END_CARD_FADE: i32 = 700;

/// What is written in the header. Ranges are of the writer's lines.
#[derive(Debug, Default)]
pub(super) struct HeaderTexts {
    /// Title, artist, and how long the song is: what never changes.
    pub fixed: Range<u32>,
    /// The names of the sections, each from its beginning to that of the next.
    pub sections: Vec<GlyphGroup>,
    pub clock: Option<ClockDisplay>,
    /// The number of the bar, and that of the hits.
    pub counters: Vec<Counter>,
    /// What has no room.
    pub cut: Vec<CutText>,
}

impl HeaderTexts {
    /// Writes the header. The clock stands at the right, what is counted beside it, title and artist at the left; sections
    /// stand in the middle, or at the left of a second row.
    pub(super) fn write(
        writer: &mut Writer<'_>,
        layout: &Layout,
        content: &HighwayContent,
        options: &HighwayOptions,
    ) -> Result<HeaderTexts, HighwayError> {
        let (title_size, small) = (writer.size(TITLE), writer.size(SMALL));
        let dim = writer.theme.text.dim;
        let total = seconds_of(milliseconds(content.end));
        let begin = writer.count();
        let total_line = writer.set(&format!("/ {}", clock_text(total)), small, FontWeight::Regular, None)?;
        let rows = Rows::new(layout, total_line.cap_height);
        let right = layout.size.width() as f32 - rows.margin;
        writer.place(&total_line, Align::Right, (right, rows.second), dim, TextSpan::ALWAYS);
        let digits = writer.typesetter.digits(LineStyle {
            size: small,
            weight: FontWeight::Regular,
            tabular: true,
        })?;
        let clock_right = (right - total_line.width - small * 0.28).round() as i32;

        // Title and artist are written before what changes, but need to know what room that leaves.
        let counted = counters::counted(content, options);
        let mut free_to = clock_right as f32 - ClockDisplay::width(total, &digits);
        let mut lefts = Vec::new();
        for counted in counted.iter().rev() {
            free_to -= small * counters::GAP + counted.width(writer, small, &digits)?;
            lefts.push(free_to);
        }
        free_to -= title_size * TEXT_GAP;
        let middle = Middle::new(writer, layout, content, &rows, free_to)?;
        let title_end = match layout.header_rows() {
            2 => right,
            _ => middle.left.map_or(free_to, |left| left - title_size * TEXT_GAP),
        };
        let mut cut = write_title(writer, content, &rows, title_end)?;
        let fixed = begin..writer.count();

        let baseline = rows.second.round() as i32;
        let clock = ClockDisplay::write(writer, &digits, total, (clock_right, baseline));
        let mut counters = Vec::new();
        for (counted, left) in counted.into_iter().zip(lefts.into_iter().rev()) {
            counters.push(counted.write(writer, small, &digits, (left.round() as i32, baseline))?);
        }
        let sections = middle.write(writer, content, &rows, &mut cut)?;
        Ok(HeaderTexts { fixed, sections, clock: Some(clock), counters, cut })
    }
}

/// Where the rows of the header are.
struct Rows {
    margin: f32,
    /// Baselines of the title, and of section and clock: the same in a header of one row.
    first: f32,
    second: f32,
}

impl Rows {
    fn new(layout: &Layout, cap_height: f32) -> Rows {
        let margin = layout.scaled(MARGIN);
        let header = layout.header as f32 - bar_height(layout);
        if layout.header_rows() == 2 {
            return Rows {
                margin,
                first: (header * 0.5 + cap_height) / 2.0 + header * 0.04,
                second: header * 0.5 + (header * 0.5 + cap_height) / 2.0 - header * 0.04,
            };
        }
        let baseline = (header + cap_height) / 2.0;
        Rows { margin, first: baseline, second: baseline }
    }
}

/// Title and artist beside each other: in the usual size, or in the largest that fits, or cut. Returns what is cut.
fn write_title(
    writer: &mut Writer<'_>,
    content: &HighwayContent,
    rows: &Rows,
    end: f32,
) -> Result<Vec<CutText>, HighwayError> {
    let mut cut = Vec::new();
    let usual = writer.size(TITLE);
    let text = writer.theme.text.clone();
    let mut widths = [0.0; 2];
    let texts = [(&content.title, FontWeight::Bold), (&content.artist, FontWeight::Regular)];
    for (width, (text, weight)) in widths.iter_mut().zip(texts) {
        if let Some(text) = text {
            *width = writer.width(text, usual, weight)?;
        }
    }
    let [title, artist] = widths;
    let gap = if title > 0.0 && artist > 0.0 { usual * ARTIST_GAP } else { 0.0 };
    let room = (end - rows.margin).max(0.0);
    let size = shrunk(usual, SMALLEST_TITLE, room / (title + gap + artist).max(1.0));
    let [title, gap, artist] = [title, gap, artist].map(|width| width * size / usual);

    let mut artist_room = (room - title - gap).max((room * ARTIST_SHARE).min(artist));
    // An artist of whom two letters could be read is left out.
    let is_left_out = artist > artist_room + 0.5 && artist_room < size * 3.0;
    if is_left_out {
        artist_room = 0.0;
        cut.push(CutText::ArtistLeftOut);
    }
    let mut left = rows.margin;
    if let Some(words) = &content.title {
        let room = if artist > 0.0 && !is_left_out { room - artist.min(artist_room) - gap } else { room };
        let is_cut = title > room + 0.5;
        let line = writer.set(words, size, FontWeight::Bold, is_cut.then_some(room))?;
        writer.place(&line, Align::Left, (left, rows.first), text.color, TextSpan::ALWAYS);
        left += line.width + gap;
        if is_cut {
            cut.insert(0, CutText::Title);
        }
    }
    if let Some(words) = content.artist.as_ref().filter(|_| !is_left_out) {
        let room = end - left;
        let is_cut = artist > room + 0.5;
        let line = writer.set(words, size, FontWeight::Regular, is_cut.then_some(room))?;
        writer.place(&line, Align::Left, (left, rows.first), text.dim, TextSpan::ALWAYS);
        if is_cut {
            cut.push(CutText::Artist);
        }
    }
    Ok(cut)
}

/// `usual`, or `share` of it where that is less, but not smaller than `smallest` of it and than text can be read.
fn shrunk(usual: f32, smallest: f32, share: f32) -> f32 {
    (usual * share.clamp(smallest, 1.0)).max(SMALLEST_TEXT.min(usual))
}

/// The room of the names of sections, of which the longest is known.
struct Middle {
    /// The size of all of them, and the width from which on they are cut.
    size: f32,
    width: f32,
    align: Align,
    x: f32,
    /// Where the longest begins; `None` without sections.
    left: Option<f32>,
}

impl Middle {
    /// In a header whose row of sections is free up to `free_to`.
    fn new(
        writer: &mut Writer<'_>,
        layout: &Layout,
        content: &HighwayContent,
        rows: &Rows,
        free_to: f32,
    ) -> Result<Middle, HighwayError> {
        let usual = writer.size(SMALL);
        let mut longest: f32 = 0.0;
        for section in &content.sections {
            longest = longest.max(writer.width(&section.name, usual, FontWeight::Regular)?);
        }
        let picture = layout.size.width() as f32;
        let free = (free_to - rows.margin).max(0.0);
        let room = match layout.header_rows() {
            2 => free,
            _ => {
                // What title and artist leave, if they are as large as they would like to be.
                let title_size = writer.size(TITLE);
                let mut title = 0.0;
                if let Some(text) = &content.title {
                    title += writer.width(text, title_size, FontWeight::Bold)?;
                }
                if let Some(text) = &content.artist {
                    title += writer.width(text, title_size, FontWeight::Regular)? + title_size * ARTIST_GAP;
                }
                (free - title - title_size * TEXT_GAP).max(picture * SECTION_SHARE).min(free)
            }
        };
        let size = shrunk(usual, SMALLEST_SECTION, room / longest.max(1.0));
        let width = (longest * size / usual).min(room);
        let (align, x) = match layout.header_rows() {
            2 => (Align::Left, rows.margin),
            // In the middle of the picture, unless that is not free.
            _ => (Align::Center, (picture / 2.0).min(free_to - width / 2.0)),
        };
        let left = (!content.sections.is_empty()).then_some(x - width / 2.0);
        Ok(Middle { size, width, align, x, left })
    }

    fn write(
        &self,
        writer: &mut Writer<'_>,
        content: &HighwayContent,
        rows: &Rows,
        cut: &mut Vec<CutText>,
    ) -> Result<Vec<GlyphGroup>, HighwayError> {
        let color = writer.theme.text.color;
        let mut groups = Vec::new();
        for (index, section) in content.sections.iter().enumerate() {
            let next = content.sections.get(index + 1);
            let span = TextSpan {
                from: milliseconds(section.time),
                to: next.map_or(ALL_TIME[1], |next| milliseconds(next.time)),
                fade: [SECTION_FADE, SECTION_FADE],
            };
            if span.from >= span.to {
                continue;
            }
            let width = writer.width(&section.name, self.size, FontWeight::Regular)?;
            let is_cut = width > self.width + 0.5;
            let room = is_cut.then_some(self.width);
            let line = writer.set(&section.name, self.size, FontWeight::Regular, room)?;
            if is_cut {
                cut.push(CutText::Section(section.name.clone()));
            }
            let begin = writer.count();
            writer.place(&line, self.align, (self.x, rows.second), color, span);
            groups.push(GlyphGroup { span, glyphs: begin..writer.count() });
        }
        Ok(groups)
    }
}

/// The display of the elapsed time. Each place has ten glyphs, of which a frame draws one.
#[derive(Debug, Clone)]
pub(super) struct ClockDisplay {
    /// The song's seconds, which say how many places there are.
    total: u32,
    /// From the right.
    places: Vec<ClockPlace>,
}

#[derive(Debug, Clone)]
enum ClockPlace {
    /// The glyphs of 0 to 9, one after the other; the digit is `seconds / divisor % modulus`.
    Digit { glyphs: [Range<u32>; 10], divisor: u32, modulus: u32 },
    /// Seen once the time has a place before it.
    Colon { glyphs: Range<u32>, divisor: u32 },
}

impl ClockDisplay {
    /// Modulus and divisor of each digit from the right, for a song of `total` seconds; without a modulus it is a colon
    /// before what its divisor counts.
    fn parts(total: u32) -> Vec<(Option<u32>, u32)> {
        let mut parts = vec![(Some(10), 1), (Some(6), 10), (None, 60), (Some(10), 60)];
        if total >= 600 {
            parts.push((Some(6), 600));
        }
        if total >= 3600 {
            parts.extend([(None, 3600), (Some(10), 3600)]);
        }
        if total >= 36_000 {
            parts.push((Some(10), 36_000));
        }
        parts
    }

    /// How wide it is where all places are seen.
    fn width(total: u32, digits: &Digits) -> f32 {
        let advance = |(modulus, _): (Option<u32>, u32)| match modulus {
            Some(_) => digits.advance,
            None => digits.colon_advance,
        };
        ClockDisplay::parts(total).into_iter().map(advance).sum::<i32>() as f32
    }

    /// Writes the digits of all places, the last one left of `right`.
    fn write(
        writer: &mut Writer<'_>,
        digits: &Digits,
        total: u32,
        (right, baseline): (i32, i32),
    ) -> ClockDisplay {
        let color = writer.theme.text.color;
        let mut x = right;
        let places = ClockDisplay::parts(total).into_iter().map(|(modulus, divisor)| match modulus {
            Some(modulus) => {
                x -= digits.advance;
                let glyphs = ten_digits(writer, digits, (x, baseline), color);
                ClockPlace::Digit { glyphs, divisor, modulus }
            }
            None => {
                x -= digits.colon_advance;
                let glyphs = place_digit(writer, digits, ':', (x, baseline), color);
                ClockPlace::Colon { glyphs, divisor }
            }
        });
        ClockDisplay { total, places: places.collect() }
    }

    /// The same, with the instances that draw its lines.
    pub(super) fn resolved(mut self, instances: impl Fn(&Range<u32>) -> Range<u32>) -> ClockDisplay {
        for place in &mut self.places {
            match place {
                ClockPlace::Digit { glyphs, .. } => {
                    for glyphs in glyphs {
                        *glyphs = instances(glyphs);
                    }
                }
                ClockPlace::Colon { glyphs, .. } => *glyphs = instances(glyphs),
            }
        }
        self
    }

    /// The glyphs that show `milliseconds` of the song, from its beginning to its end.
    pub(super) fn show(&self, milliseconds: i32, shown: &mut Vec<Range<u32>>) {
        let seconds = seconds_of(milliseconds).min(self.total);
        for place in &self.places {
            match place {
                // Seconds have two places and minutes one; what is before them has no leading zero.
                ClockPlace::Digit { glyphs, divisor, modulus } => {
                    if *divisor <= 60 || seconds >= *divisor {
                        let digit = seconds / divisor % modulus;
                        shown.extend(glyphs.get(digit as usize).cloned());
                    }
                }
                ClockPlace::Colon { glyphs, divisor } => {
                    if *divisor <= 60 || seconds >= *divisor {
                        shown.push(glyphs.clone());
                    }
                }
            }
        }
    }
}

/// The glyphs of 0 to 9, all at the same place.
pub(super) fn ten_digits(
    writer: &mut Writer<'_>,
    digits: &Digits,
    origin: (i32, i32),
    color: Color,
) -> [Range<u32>; 10] {
    std::array::from_fn(|digit| place_digit(writer, digits, char::from(b'0' + digit as u8), origin, color))
}

fn place_digit(
    writer: &mut Writer<'_>,
    digits: &Digits,
    digit: char,
    origin: (i32, i32),
    color: Color,
) -> Range<u32> {
    let begin = writer.count();
    writer.place_glyphs(digits.get(digit).unwrap_or_default(), origin, color, TextSpan::ALWAYS);
    begin..writer.count()
}

fn seconds_of(milliseconds: i32) -> u32 {
    (milliseconds.max(0) / 1000) as u32
}

/// Minutes and seconds, with hours where there are some.
fn clock_text(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

fn bar_height(layout: &Layout) -> f32 {
    ((layout.scaled(4.0) / 2.0).round() * 2.0).max(2.0)
}

/// The bar at the lower edge of the header, if the theme shows one.
pub(super) fn progress_bar(layout: &Layout, theme: &Theme) -> Option<PanelInstance> {
    let bottom = layout.header as f32;
    (theme.text.progress.alpha > 0).then(|| PanelInstance {
        bounds: [0.0, bottom - bar_height(layout), layout.size.width() as f32, bottom],
        color: paint::bytes(theme.text.progress),
        fade: [ALL_TIME[0], ALL_TIME[0] + 1],
        is_progress: 1,
    })
}

/// The panel behind the end card: nearly opaque, in the background's colour, over the whole picture.
pub(super) fn veil(layout: &Layout, theme: &Theme, from: i32) -> PanelInstance {
    let (width, height) = (layout.size.width() as f32, layout.size.height() as f32);
    PanelInstance {
        bounds: [-64.0, -64.0, width + 64.0, height + 64.0],
        color: paint::bytes(Color { alpha: 235, ..theme.background.top }),
        fade: [from, from.saturating_add(END_CARD_FADE)],
        is_progress: 0,
    }
}

/// Title and artist below the end card's image.
pub(super) fn write_end_card(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
    from: i32,
    cut: &mut Vec<CutText>,
) -> Result<Range<u32>, HighwayError> {
    let (width, height) = (layout.size.width() as f32, layout.size.height() as f32);
    let span = TextSpan { from, to: ALL_TIME[1], fade: [END_CARD_FADE as f32, 0.0] };
    let begin = writer.count();
    let text = writer.theme.text.clone();
    let mut baseline = height * END_CARD_TEXT;
    let lines = [
        (&content.title, 60.0, FontWeight::Bold, text.color, CutText::Title),
        (&content.artist, 38.0, FontWeight::Regular, text.dim, CutText::Artist),
    ];
    for (words, size, weight, color, this) in lines {
        if let Some(words) = words {
            let (usual, room) = (writer.size(size), width * 0.9);
            let needed = writer.width(words, usual, weight)?;
            let size = shrunk(usual, SMALLEST_TITLE, room / needed.max(1.0));
            let is_cut = needed * size / usual > room + 0.5;
            let line: TextLine = writer.set(words, size, weight, is_cut.then_some(room))?;
            if is_cut && !cut.contains(&this) {
                cut.push(this);
            }
            baseline += line.ascent;
            writer.place(&line, Align::Center, (width / 2.0, baseline), color, span);
            baseline += line.descent;
        }
    }
    Ok(begin..writer.count())
}

/// Where the text of an end card begins, and the image above it ends, as a share of the height.
pub(crate) const END_CARD_TEXT: f32 = 0.7;

/// The largest height of the image, as a share of the picture's.
pub(crate) const END_CARD_IMAGE: f32 = 0.55;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_read_as_people_write_them() {
        let texts = [0, 9, 59, 60, 754, 3599, 3600, 36_061].map(clock_text);
        assert_eq!(texts, ["0:00", "0:09", "0:59", "1:00", "12:34", "59:59", "1:00:00", "10:01:01"]);
    }
}
