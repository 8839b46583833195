//! Above the road: title and artist, the section, the clock, the progress bar; and the end card.

use std::ops::Range;

use super::instances::PanelInstance;
use super::{Align, GlyphGroup, TextSpan, Writer};
use crate::highway::HighwayError;
use crate::highway::clock::{ALL_TIME, milliseconds};
use crate::highway::content::HighwayContent;
use crate::highway::layout::Layout;
use crate::highway::paint;
use crate::text::{Digits, FontWeight, LineStyle, TextLine};
use crate::theme::{Color, Theme};

const TITLE: f32 = 30.0;
const SMALL: f32 = 26.0;
const MARGIN: f32 = 28.0;

/// How long a section's name takes to fade in and out, in milliseconds.
const SECTION_FADE: f32 = 150.0;

/// How long the end card takes to fade in, in milliseconds.
pub(crate) const END_CARD_FADE: i32 = 700;

/// Positions and widths of the texts in the header.
struct HeaderLines {
    margin: f32,
    /// Baselines of the title, and of section and clock: the same in a header of one row.
    title: f32,
    rest: f32,
    /// Room for the title, and for a section.
    title_width: f32,
    section_width: f32,
    /// Where a section stands: in the middle, or at the left of a second row.
    section: (Align, f32),
}

impl HeaderLines {
    fn new(layout: &Layout, cap_height: f32) -> HeaderLines {
        let width = layout.size.width() as f32;
        let margin = layout.scaled(MARGIN);
        let header = layout.header as f32 - bar_height(layout);
        if layout.header_rows() == 2 {
            return HeaderLines {
                margin,
                title: (header * 0.5 + cap_height) / 2.0 + header * 0.04,
                rest: header * 0.5 + (header * 0.5 + cap_height) / 2.0 - header * 0.04,
                title_width: width - 2.0 * margin,
                section_width: width * 0.6,
                section: (Align::Left, margin),
            };
        }
        let baseline = (header + cap_height) / 2.0;
        HeaderLines {
            margin,
            title: baseline,
            rest: baseline,
            title_width: width * 0.36 - margin,
            section_width: width * 0.26,
            section: (Align::Center, width / 2.0),
        }
    }
}

/// Writes what never changes: title, artist, and how long the song is. Returns the clock before it.
pub(super) fn write_fixed(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
) -> Result<ClockDisplay, HighwayError> {
    let (title_size, small) = (writer.size(TITLE), writer.size(SMALL));
    let text = writer.theme.text.clone();
    let total = seconds_of(milliseconds(content.end));
    let total_line = writer.set(&format!("/ {}", clock_text(total)), small, FontWeight::Regular, None)?;
    let places = HeaderLines::new(layout, total_line.cap_height);

    let mut left = places.margin;
    let end = left + places.title_width;
    if let Some(title) = &content.title {
        let line = writer.set(title, title_size, FontWeight::Bold, Some(end - left))?;
        writer.place(&line, Align::Left, (left, places.title), text.color, TextSpan::ALWAYS);
        left += line.width + title_size * 0.5;
    }
    // An artist of whom two letters could be read is left out.
    if let Some(artist) = &content.artist
        && end - left > title_size * 3.0
    {
        let line = writer.set(artist, title_size, FontWeight::Regular, Some(end - left))?;
        writer.place(&line, Align::Left, (left, places.title), text.dim, TextSpan::ALWAYS);
    }
    let right = layout.size.width() as f32 - places.margin;
    writer.place(&total_line, Align::Right, (right, places.rest), text.dim, TextSpan::ALWAYS);
    Ok(ClockDisplay {
        right: (right - total_line.width - small * 0.28).round() as i32,
        baseline: places.rest.round() as i32,
        size: small,
        total,
        places: Vec::new(),
    })
}

/// The names of the sections, each from its beginning to that of the next.
pub(super) fn write_sections(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
) -> Result<Vec<GlyphGroup>, HighwayError> {
    let size = writer.size(SMALL);
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
        let line = writer.set(&section.name, size, FontWeight::Regular, None)?;
        let places = HeaderLines::new(layout, line.cap_height);
        let line = if line.width > places.section_width {
            writer.set(&section.name, size, FontWeight::Regular, Some(places.section_width))?
        } else {
            line
        };
        let (align, x) = places.section;
        let begin = writer.count();
        writer.place(&line, align, (x, places.rest), color, span);
        groups.push(GlyphGroup { span, glyphs: begin..writer.count() });
    }
    Ok(groups)
}

/// The display of the elapsed time. Each place has ten glyphs, of which a frame draws one.
#[derive(Debug, Clone)]
pub(super) struct ClockDisplay {
    /// Where it ends.
    right: i32,
    baseline: i32,
    size: f32,
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
    /// Sets the digits of all places.
    pub(super) fn write_digits(&mut self, writer: &mut Writer<'_>) -> Result<(), HighwayError> {
        let style = LineStyle { size: self.size, weight: FontWeight::Regular, tabular: true };
        let digits = writer.typesetter.digits(style)?;
        let color = writer.theme.text.color;
        let mut x = self.right;
        // Divisor and modulus of each digit from the right; `None` is a colon before what its divisor counts.
        let mut parts = vec![(Some(10), 1), (Some(6), 10), (None, 60), (Some(10), 60)];
        if self.total >= 600 {
            parts.push((Some(6), 600));
        }
        if self.total >= 3600 {
            parts.extend([(None, 3600), (Some(10), 3600)]);
        }
        if self.total >= 36_000 {
            parts.push((Some(10), 36_000));
        }
        for (modulus, divisor) in parts {
            let place = match modulus {
                Some(modulus) => {
                    x -= digits.advance;
                    let glyphs = std::array::from_fn(|digit| {
                        let digit = char::from(b'0' + digit as u8);
                        place_digit(writer, &digits, digit, (x, self.baseline), color)
                    });
                    ClockPlace::Digit { glyphs, divisor, modulus }
                }
                None => {
                    x -= digits.colon_advance;
                    let glyphs = place_digit(writer, &digits, ':', (x, self.baseline), color);
                    ClockPlace::Colon { glyphs, divisor }
                }
            };
            self.places.push(place);
        }
        Ok(())
    }

    /// Replaces lines by the instances that draw them.
    pub(super) fn resolve(&mut self, instances: impl Fn(&Range<u32>) -> Range<u32>) {
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
) -> Result<Range<u32>, HighwayError> {
    let (width, height) = (layout.size.width() as f32, layout.size.height() as f32);
    let span = TextSpan { from, to: ALL_TIME[1], fade: [END_CARD_FADE as f32, 0.0] };
    let begin = writer.count();
    let text = writer.theme.text.clone();
    let mut baseline = height * END_CARD_TEXT;
    let lines = [
        (&content.title, 60.0, FontWeight::Bold, text.color),
        (&content.artist, 38.0, FontWeight::Regular, text.dim),
    ];
    for (words, size, weight, color) in lines {
        if let Some(words) = words {
            let size = writer.size(size);
            let line: TextLine = writer.set(words, size, weight, Some(width * 0.9))?;
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
