//! The numbers that are counted before the first note.

use super::{Align, GlyphGroup, TextSpan, Writer};
use crate::highway::HighwayError;
use crate::highway::clock::milliseconds;
use crate::highway::content::HighwayContent;
use crate::highway::layout::Layout;
use crate::text::{FontWeight, LineStyle};

/// Size of the numbers, in pixels of a theme.
const SIZE: f32 = 240.0;

/// A number comes at once and goes during this share of its beat.
const GOING: f32 = 0.7;

/// Large numbers over the road, each on its beat.
pub(super) fn write(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
) -> Result<Vec<GlyphGroup>, HighwayError> {
    let (left, right) = layout.sides();
    // Half way down the road as it is seen.
    let (x, far, _) = layout.seen(f64::from(left + right) / 2.0, f64::from(layout.path));
    let middle = (far as f32 + layout.strike as f32) / 2.0;
    let style = LineStyle { size: writer.size(SIZE), weight: FontWeight::Bold, tabular: true };
    let (color, shadow) = (writer.theme.text.color, writer.theme.text.shadow);
    let mut groups = Vec::new();
    for beat in &content.count_in {
        let from = milliseconds(beat.time);
        let to = milliseconds(beat.time + beat.duration);
        let span = TextSpan { from, to, fade: [0.0, (to.saturating_sub(from)) as f32 * GOING] };
        let text = beat.number.to_string();
        let line = writer.typesetter.shadowed_line(&text, style, None, style.size * 0.08)?;
        let at = (x as f32, middle + line.text.cap_height / 2.0);
        let begin = writer.count();
        writer.place(&line.shadow, Align::Center, at, shadow, span);
        writer.place(&line.text, Align::Center, at, color, span);
        groups.push(GlyphGroup { span, glyphs: begin..writer.count() });
    }
    Ok(groups)
}
