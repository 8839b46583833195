//! The names of the drums at the foot of their lanes, each with a small gem that shows its colour and mark.

use std::ops::Range;

use super::{Align, SMALLEST_TEXT, TextSpan, Writer};
use crate::highway::HighwayError;
use crate::highway::clock::{ALL_TIME, milliseconds};
use crate::highway::content::{DrumLabel, HighwayContent, HighwayNote, LaneStyle};
use crate::highway::layout::Layout;
use crate::highway::motion::SUBPIXELS;
use crate::highway::notes::NoteInstance;
use crate::highway::options::{HighwayOptions, Labels};
use crate::text::{FontWeight, TextLine};
use strikeline_picture::Time;

/// Sizes that are tried until the names fit into their lanes, in pixels of a theme.
const SIZES: [f32; 4] = [22.0, 20.0, 18.0, 16.0];

/// How long labels stay after the first note, and how long they take to go, in milliseconds.
const STAY: i32 = 6000;
const FADE: i32 = 1200;

/// Width of a label's gem, and space between it and the name, in heights of the text.
const GEM_WIDTH: f32 = 1.5;
const GEM_GAP: f32 = 0.45;

/// How much of a lane's width its labels may take.
const LANE_SHARE: f32 = 0.93;

/// What was written.
pub(super) struct Legend {
    /// The names.
    pub glyphs: Range<u32>,
    /// Their gems; the position is the height on the picture in subpixels.
    pub gems: Vec<NoteInstance>,
    /// Whether they stay on the picture to the end.
    pub stays: bool,
}

/// When labels begin and end to fade: some seconds after the first note, in milliseconds of the song.
pub(super) fn fade(first_note: Time) -> [i32; 2] {
    let begin = milliseconds(first_note).saturating_add(STAY);
    [begin, begin.saturating_add(FADE)]
}

/// When labels that fade so are seen.
pub(super) fn span([_, end]: [i32; 2]) -> TextSpan {
    TextSpan { from: ALL_TIME[0], to: end, fade: [0.0, FADE as f32] }
}

/// Names of the drums at the foot of each lane, one below the other.
pub(super) fn write(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
    options: &HighwayOptions,
) -> Result<Legend, HighwayError> {
    let begin = writer.count();
    let stays = options.labels != Labels::Intro;
    let mut legend = Legend { glyphs: begin..begin, gems: Vec::new(), stays };
    if options.labels == Labels::Never || !layout.has_text() {
        return Ok(legend);
    }
    let foot = Foot::new(writer, layout, content)?;
    for (lane, style) in content.lanes.iter().enumerate() {
        foot.write_lane(writer, layout, options, lane, style, &mut legend.gems)?;
    }
    write_kick(writer, layout, content, foot.size)?;
    legend.glyphs.end = writer.count();
    Ok(legend)
}

/// What a drum is called in its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// By its full name.
    Full,
    /// By its short name; a drum that has a lane to itself by the lane's name, if that fits.
    Short,
}

impl Naming {
    /// The name that has to fit.
    fn of(self, drum: &DrumLabel) -> &str {
        match self {
            Naming::Full => &drum.name,
            Naming::Short => &drum.short_name,
        }
    }
}

/// The space between the strike line's gems and the near edge of the picture.
struct Foot {
    naming: Naming,
    /// Size of the text in pixels per em.
    size: f32,
    line_height: f32,
    /// Lines that fit below each other.
    lines: usize,
    /// Top of the first line.
    top: f32,
    cap_height: f32,
}

impl Foot {
    /// With full names in the largest size at which all fit into their lanes and below each other; with short
    /// names where there is none; in the smallest size where these do not fit either.
    fn new(writer: &mut Writer<'_>, layout: &Layout, content: &HighwayContent) -> Result<Foot, HighwayError> {
        let (left, right) = layout.lane(0);
        let longest_stack = content.lanes.iter().map(|lane| lane.drums.len()).max().unwrap_or(0);
        let mut foot = Foot::of(Naming::Full, SMALLEST_TEXT, layout, longest_stack);
        for naming in [Naming::Full, Naming::Short] {
            for size in SIZES {
                foot = Foot::of(naming, writer.size(size), layout, longest_stack);
                let mut widest: f32 = 0.0;
                for lane in &content.lanes {
                    for drum in &lane.drums {
                        let line = writer.set(naming.of(drum), foot.size, FontWeight::Regular, None)?;
                        widest = widest.max(line.width + foot.size * (GEM_WIDTH + GEM_GAP));
                        foot.cap_height = line.cap_height;
                    }
                }
                if widest <= (right - left) * LANE_SHARE && longest_stack <= foot.lines {
                    return Ok(foot);
                }
            }
        }
        Ok(foot)
    }

    fn of(naming: Naming, size: f32, layout: &Layout, longest_stack: usize) -> Foot {
        let gap = layout.gem_half_height + layout.scaled(14.0);
        let strike = layout.strike as f32;
        let (top, bottom) = match layout.reverse {
            false => (strike + gap, layout.size.height() as f32 - layout.scaled(8.0)),
            true => (layout.header as f32 + layout.scaled(8.0), strike - gap),
        };
        let line_height = size * 1.3;
        let lines = ((bottom - top) / line_height).max(0.0) as usize;
        // Reversed labels stand on the gems, not under the header.
        let stack = longest_stack.min(lines) as f32 * line_height;
        let top = if layout.reverse { bottom - stack } else { top };
        Foot { naming, size, line_height, lines, top, cap_height: size * 0.7 }
    }

    /// The drums of a lane with their names, as many as there is room for; what stands for more has no gem.
    fn names<'d>(
        &self,
        writer: &mut Writer<'_>,
        lane: &'d LaneStyle,
        room: f32,
    ) -> Result<Vec<(Option<&'d DrumLabel>, TextLine)>, HighwayError> {
        let mut set = |text: &str| writer.set(text, self.size, FontWeight::Regular, Some(room));
        let drums = &lane.drums;
        match drums.as_slice() {
            [drum] if self.naming == Naming::Short && !lane.name.is_empty() => {
                let mut line = set(&lane.name)?;
                if writer.set(&lane.name, self.size, FontWeight::Regular, None)?.width > room {
                    line = writer.set(&drum.short_name, self.size, FontWeight::Regular, Some(room))?;
                }
                return Ok(vec![(Some(drum), line)]);
            }
            // "+ 3" alone would say nothing.
            [_, _, ..] if self.lines == 1 => return Ok(vec![(None, set(&lane.name)?)]),
            _ => {}
        }
        let shown = if drums.len() > self.lines { self.lines - 1 } else { drums.len() };
        let mut names = Vec::new();
        for drum in &drums[..shown] {
            names.push((Some(drum), set(self.naming.of(drum))?));
        }
        if shown < drums.len() {
            let more = if self.naming == Naming::Full { " more" } else { "" };
            names.push((None, set(&format!("+ {}{more}", drums.len() - shown))?));
        }
        Ok(names)
    }

    fn write_lane(
        &self,
        writer: &mut Writer<'_>,
        layout: &Layout,
        options: &HighwayOptions,
        lane: usize,
        style: &LaneStyle,
        gems: &mut Vec<NoteInstance>,
    ) -> Result<(), HighwayError> {
        let (left, right) = layout.lane(lane);
        let (gem_width, gem_gap) = (self.size * GEM_WIDTH, self.size * GEM_GAP);
        let room = (right - left) * LANE_SHARE - gem_width - gem_gap;
        if self.lines == 0 || room < self.size {
            return Ok(());
        }
        let set = self.names(writer, style, room)?;
        let widest = set.iter().map(|(_, line)| line.width).fold(0.0, f32::max);
        for (index, (drum, line)) in set.into_iter().enumerate() {
            let baseline = self.top + self.line_height * (index as f32 + 0.5) + self.cap_height / 2.0;
            // Gems and names of a lane are in two columns, in the middle of the lane as it is seen there.
            let middle = layout.across_at((left + right) / 2.0, baseline);
            let begin = middle - (gem_width + gem_gap + widest) / 2.0;
            let text_color = match drum {
                Some(_) => writer.theme.text.color,
                None => writer.theme.text.dim,
            };
            let at = (begin + gem_width + gem_gap, baseline);
            writer.place(&line, Align::Left, at, text_color, TextSpan::ALWAYS);
            if let Some(drum) = drum {
                let center = (begin + gem_width / 2.0, (baseline - self.cap_height / 2.0).round());
                gems.push(small_gem(drum, center, gem_width / 2.0, self.size * 0.42, layout, options));
            }
        }
        Ok(())
    }
}

/// A gem of `drum` in the size of a letter.
fn small_gem(
    drum: &DrumLabel,
    (x, y): (f32, f32),
    half_width: f32,
    half_height: f32,
    layout: &Layout,
    options: &HighwayOptions,
) -> NoteInstance {
    let note = HighwayNote {
        velocity: 110,
        color: drum.color,
        mark: drum.mark,
        shape: drum.shape,
        ..HighwayNote::default()
    };
    let position = i64::from(y as i32) * SUBPIXELS;
    let gem = NoteInstance::new(&note, position, layout, &options.theme);
    let outline = (half_height * 0.16 * 8.0).round().clamp(4.0, 255.0) as u8;
    let [kind, fill, _, is_kick] = gem.style;
    NoteInstance {
        center: x.round(),
        half_width: half_width.round(),
        half_height: half_height.round().max(2.0),
        style: [kind, fill, outline, is_kick],
        ..gem
    }
}

/// The names of the kicks, left of the strike line where there is room beside the road.
fn write_kick(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
    size: f32,
) -> Result<(), HighwayError> {
    let (left, _) = layout.sides();
    // Beside the rails of phrases, where there are any.
    let rails = if content.phrases.is_empty() { 0.0 } else { 34.0 };
    let margin = layout.scaled(16.0 + rails);
    let room = left - 2.0 * margin;
    if room < size * 3.0 {
        return Ok(());
    }
    let lines: Vec<(TextLine, &DrumLabel)> = content
        .kicks
        .iter()
        .take(3)
        .map(|drum| Ok((writer.set(&drum.name, size, FontWeight::Bold, None)?, drum)))
        .collect::<Result<_, HighwayError>>()?;
    if lines.iter().any(|(line, _)| line.width > room) {
        return Ok(());
    }
    let line_height = size * 1.3;
    let top = layout.strike as f32 - line_height * lines.len() as f32 / 2.0;
    for (index, (line, _)) in lines.iter().enumerate() {
        let baseline = top + line_height * (index as f32 + 0.5) + line.cap_height / 2.0;
        let color = writer.theme.text.color;
        writer.place(line, Align::Right, (left - margin, baseline), color, TextSpan::ALWAYS);
    }
    Ok(())
}
