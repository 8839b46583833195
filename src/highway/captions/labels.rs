//! The names of the drums at the foot of their lanes, each with a small gem that shows its colour and mark, and those of
//! the kicks beside the road or below them.

use std::collections::HashMap;
use std::ops::Range;

use super::naming::{self, Label, Names, Naming, Room};
use super::{Align, TextSpan, Writer};
use crate::highway::HighwayError;
use crate::highway::clock::{ALL_TIME, milliseconds};
use crate::highway::content::{DrumLabel, HighwayContent, HighwayNote};
use crate::highway::layout::Layout;
use crate::highway::motion::SUBPIXELS;
use crate::highway::notes::NoteInstance;
use crate::highway::options::{HighwayOptions, Labels};
use crate::song::Rgb;
use crate::text::FontWeight;
use strikeline_picture::Time;

/// Sizes that are tried until the names fit into their lanes, in pixels of a theme.
const SIZES: [f32; 4] = [22.0, 20.0, 18.0, 16.0];

/// How long labels stay after the first note, and how long they take to go, in milliseconds.
const STAY: i32 = 6000;
const FADE: i32 = 1200;

/// Width of a label's gem, of that of a kick, and space between it and the name, in heights of the text.
const GEM_WIDTH: f32 = 1.5;
const KICK_WIDTH: f32 = 2.4;
const GEM_GAP: f32 = 0.45;

/// Space between the names of kicks in a row, in heights of the text.
const KICK_GAP: f32 = 1.4;

/// How much of a lane's width its labels may take, and what they leave at least, in heights of the text.
const LANE_SHARE: f32 = 0.93;
const LANE_GAP: f32 = 0.4;

/// Distance of a line from the one above it, in heights of the text.
const LINE_HEIGHT: f32 = 1.3;

/// Space on either side of a name beside the road, and how much more the rails of phrases take, in pixels of a theme.
const BESIDE: f32 = 16.0;
const RAILS: f32 = 34.0;

/// The most names of kicks beside the road.
const KICKS_BESIDE: usize = 3;

/// What was written.
pub(super) struct Legend {
    /// Those of each lane with labels, and those of the kicks.
    pub labels: Vec<LabelLines>,
    /// The gems beside the names; the position is the height on the picture in subpixels.
    pub gems: Vec<NoteInstance>,
    /// Whether they stay on the picture to the end.
    pub stays: bool,
    /// All names, those of the kicks first.
    pub names: Vec<String>,
    /// Whether there are none because they have no room.
    pub left_out: bool,
}

/// Labels that stand together: their lines, and the gems beside these.
#[derive(Debug, Clone)]
pub(super) struct LabelLines {
    /// Of the writer's lines.
    pub lines: Range<u32>,
    /// Of the legend's gems.
    pub gems: Range<u32>,
}

/// When labels begin and end to fade: some seconds after the first note, in milliseconds of the song.
pub(super) fn fade(first_note: Time) -> [i32; 2] {
    let begin = milliseconds(first_note).saturating_add(STAY);
    [begin, begin.saturating_add(FADE)]
}

/// When labels that fade so are seen.
fn span([_, end]: [i32; 2]) -> TextSpan {
    TextSpan { from: ALL_TIME[0], to: end, fade: [0.0, FADE as f32] }
}

/// Names of the drums at the foot of each lane, one below the other, and of the kicks.
pub(super) fn write(
    writer: &mut Writer<'_>,
    layout: &Layout,
    content: &HighwayContent,
    options: &HighwayOptions,
) -> Result<Legend, HighwayError> {
    let stays = options.labels != Labels::Intro;
    let first = content.notes.first().map_or(Time::ZERO, |note| note.time);
    let span = if stays { TextSpan::ALWAYS } else { span(fade(first)) };
    let legend = Legend { labels: Vec::new(), gems: Vec::new(), stays, names: Vec::new(), left_out: false };
    let has_drums = content.lanes.iter().chain([&content.kick]).any(|lane| !lane.drums.is_empty());
    if options.labels == Labels::Never || !has_drums {
        return Ok(legend);
    }
    let plan = match layout.has_text() {
        true => Plan::find(&mut Widths::new(writer), layout, content)?,
        false => None,
    };
    let Some(plan) = plan else { return Ok(Legend { left_out: true, ..legend }) };
    let mut placed = Placing { writer, layout, options, span, legend };
    plan.place(&mut placed)?;
    Ok(placed.legend)
}

/// Where the names of the kicks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KickPlace {
    /// Left of the strike line, beside the road.
    Beside,
    /// In a row of their own, beyond those of the lanes.
    Row,
    /// Nowhere: there is no room.
    Nowhere,
}

/// What the labels of a picture are, and where they stand.
#[derive(Debug, Clone, PartialEq)]
struct Plan<'c> {
    names: Names<'c>,
    kick: KickPlace,
    /// The colour of all kicks together.
    kick_color: Rgb,
    /// Space on either side of a name beside the road, in pixels.
    beside: f32,
    foot: Foot,
}

impl<'c> Plan<'c> {
    /// The first that has room for all: full names before short ones, names of two letters last, each in the largest
    /// size that fits. `None` where not even two letters fit.
    fn find(
        widths: &mut Widths<'_, '_>,
        layout: &Layout,
        content: &'c HighwayContent,
    ) -> Result<Option<Plan<'c>>, HighwayError> {
        let mut sizes = SIZES.map(|size| widths.writer.size(size)).to_vec();
        sizes.dedup();
        let most_lines = sizes.last().map_or(0, |size| Foot::new(*size, layout).lines);
        // Gems tell the drums of a lane apart: where no lane has several, names without gems are as good.
        let are_alone = content.lanes.iter().all(|lane| lane.drums.len() < 2);
        let ways = Naming::ALL.map(|naming| (naming, true)).into_iter();
        let ways = ways.filter(|way| !are_alone || *way != (Naming::Letters, true));
        let kicks = match content.kick.drums.is_empty() {
            true => vec![(KickPlace::Nowhere, 0)],
            false if most_lines < 2 => vec![(KickPlace::Beside, KICKS_BESIDE), (KickPlace::Nowhere, 0)],
            false => {
                vec![(KickPlace::Beside, KICKS_BESIDE), (KickPlace::Row, usize::MAX), (KickPlace::Row, 1)]
            }
        };
        // Beside the rails of phrases, where there are any.
        let rails = if content.phrases.is_empty() { 0.0 } else { RAILS };
        let beside = layout.scaled(BESIDE + rails);
        for (naming, gems) in ways.chain([(Naming::Short, false), (Naming::Letters, false)]) {
            for &size in &sizes {
                for &(kick, kick_lines) in &kicks {
                    let lines = most_lines - usize::from(kick == KickPlace::Row);
                    let room = Room { lines, kick_lines, gems };
                    let Some(names) = naming::names(content, naming, room) else { continue };
                    let (kick_color, foot) = (content.kick.color, Foot::new(size, layout));
                    let plan = Plan { names, kick, kick_color, beside, foot };
                    if plan.fits(widths, layout)? {
                        return Ok(Some(plan).filter(|plan| plan.stack() + plan.names.kick.len() > 0));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The number of lines of the lane with the most.
    fn stack(&self) -> usize {
        self.names.lanes.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn fits(&self, widths: &mut Widths<'_, '_>, layout: &Layout) -> Result<bool, HighwayError> {
        let size = self.foot.size;
        if self.stack() + usize::from(self.kick == KickPlace::Row) > self.foot.lines {
            return Ok(false);
        }
        let (left, right) = layout.lane(0);
        let room = ((right - left) * LANE_SHARE).min(right - left - size * LANE_GAP);
        for label in self.names.lanes.iter().flatten() {
            let gem = if label.gem.is_some() { size * (GEM_WIDTH + GEM_GAP) } else { 0.0 };
            if widths.of(&label.text, FontWeight::Regular, size)? + gem > room {
                return Ok(false);
            }
        }
        match self.kick {
            KickPlace::Nowhere => Ok(true),
            KickPlace::Beside => {
                let room = layout.sides().0 - 2.0 * self.beside;
                for label in &self.names.kick {
                    if widths.of(&label.text, FontWeight::Bold, size)? > room {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            KickPlace::Row => {
                let (left, right) = layout.sides();
                let gaps = self.names.kick.len().saturating_sub(1) as f32 * KICK_GAP * size;
                let mut width = gaps;
                for label in &self.names.kick {
                    width +=
                        widths.of(&label.text, FontWeight::Regular, size)? + size * (KICK_WIDTH + GEM_GAP);
                }
                Ok(width <= (right - left) * LANE_SHARE)
            }
        }
    }

    fn place(&self, placing: &mut Placing<'_, '_>) -> Result<(), HighwayError> {
        match self.kick {
            KickPlace::Nowhere => {}
            KickPlace::Beside => placing.kick_beside(self)?,
            KickPlace::Row => placing.kick_row(self)?,
        }
        for (lane, labels) in self.names.lanes.iter().enumerate() {
            placing.lane(self, lane, labels)?;
        }
        Ok(())
    }
}

/// The space between the strike line's gems and the near edge of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Foot {
    /// Size of the text in pixels per em.
    size: f32,
    /// Lines that fit below each other.
    lines: usize,
    top: f32,
    bottom: f32,
    /// Whether the strike line is below it.
    reverse: bool,
}

impl Foot {
    fn new(size: f32, layout: &Layout) -> Foot {
        let gap = layout.gem_half_height + layout.scaled(14.0);
        let strike = layout.strike as f32;
        let (top, bottom) = match layout.reverse {
            false => (strike + gap, layout.size.height() as f32 - layout.scaled(8.0)),
            true => (layout.header as f32 + layout.scaled(8.0), strike - gap),
        };
        let lines = ((bottom - top) / (size * LINE_HEIGHT)).max(0.0) as usize;
        Foot { size, lines, top, bottom, reverse: layout.reverse }
    }

    /// The middle of line `index` of the lanes, of which the highest has `stack` lines; the row of the kicks is line
    /// `stack`. Those of the lanes are next to the strike line.
    fn middle(&self, index: usize, stack: usize) -> f32 {
        let line = match (self.reverse, index < stack) {
            (false, _) => self.top / (self.size * LINE_HEIGHT) + index as f32,
            (true, true) => self.bottom / (self.size * LINE_HEIGHT) - (stack - index) as f32,
            (true, false) => self.bottom / (self.size * LINE_HEIGHT) - (index + 1) as f32,
        };
        (line + 0.5) * self.size * LINE_HEIGHT
    }
}

/// How wide texts are. Each is measured once.
struct Widths<'a, 'w> {
    writer: &'a mut Writer<'w>,
    /// For each em.
    known: HashMap<(String, FontWeight), f32>,
}

impl<'a, 'w> Widths<'a, 'w> {
    fn new(writer: &'a mut Writer<'w>) -> Widths<'a, 'w> {
        Widths { writer, known: HashMap::new() }
    }

    fn of(&mut self, text: &str, weight: FontWeight, size: f32) -> Result<f32, HighwayError> {
        let key = (text.to_owned(), weight);
        if let Some(width) = self.known.get(&key) {
            return Ok(width * size);
        }
        let width = self.writer.width(text, size, weight)?;
        self.known.insert(key, width / size);
        Ok(width)
    }
}

/// Puts labels on the picture.
struct Placing<'a, 'w> {
    writer: &'a mut Writer<'w>,
    layout: &'a Layout,
    options: &'a HighwayOptions,
    span: TextSpan,
    legend: Legend,
}

impl Placing<'_, '_> {
    /// Writes one line, its left or right edge at `x`, its capitals around the height `middle`.
    fn line(
        &mut self,
        text: &str,
        weight: FontWeight,
        align: Align,
        size: f32,
        at: (f32, f32),
    ) -> Result<f32, HighwayError> {
        let line = self.writer.set(text, size, weight, None)?;
        let (x, middle) = at;
        let color = self.writer.theme.text.color;
        self.writer.place(&line, align, (x, middle + line.cap_height / 2.0), color, self.span);
        self.legend.names.push(text.to_owned());
        Ok(line.width)
    }

    /// Notes that what was written since then belongs together.
    fn end_group(&mut self, (first_line, first_gem): (u32, u32)) {
        let (lines, gems) = (first_line..self.writer.count(), first_gem..self.legend.gems.len() as u32);
        if !lines.is_empty() {
            self.legend.labels.push(LabelLines { lines, gems });
        }
    }

    fn begin_group(&self) -> (u32, u32) {
        (self.writer.count(), self.legend.gems.len() as u32)
    }

    /// The labels of a lane: gems and names in two columns, in the middle of the lane as it is seen there.
    fn lane(&mut self, plan: &Plan<'_>, lane: usize, labels: &[Label<'_>]) -> Result<(), HighwayError> {
        let begin = self.begin_group();
        let size = plan.foot.size;
        let mut widest: f32 = 0.0;
        for label in labels {
            widest = widest.max(self.writer.width(&label.text, size, FontWeight::Regular)?);
        }
        let (left, right) = self.layout.lane(lane);
        let gems =
            if labels.iter().any(|label| label.gem.is_some()) { size * (GEM_WIDTH + GEM_GAP) } else { 0.0 };
        for (index, label) in labels.iter().enumerate() {
            let middle = plan.foot.middle(index, plan.stack());
            let x = self.layout.across_at((left + right) / 2.0, middle) - (gems + widest) / 2.0;
            self.line(&label.text, FontWeight::Regular, Align::Left, size, (x + gems, middle))?;
            if let Some(drum) = label.gem {
                let size = (size * GEM_WIDTH / 2.0, size * 0.42);
                self.gem(drum, (x + size.0, middle), size);
            }
        }
        self.end_group(begin);
        Ok(())
    }

    /// The names of the kicks left of the strike line, beside the road.
    fn kick_beside(&mut self, plan: &Plan<'_>) -> Result<(), HighwayError> {
        let begin = self.begin_group();
        let size = plan.foot.size;
        let top = self.layout.strike as f32 - size * LINE_HEIGHT * plan.names.kick.len() as f32 / 2.0;
        let x = self.layout.sides().0 - plan.beside;
        for (index, label) in plan.names.kick.iter().enumerate() {
            let middle = top + size * LINE_HEIGHT * (index as f32 + 0.5);
            self.line(&label.text, FontWeight::Bold, Align::Right, size, (x, middle))?;
        }
        self.end_group(begin);
        Ok(())
    }

    /// The names of the kicks in a row beyond those of the lanes, in the middle of the road, each with a small bar.
    fn kick_row(&mut self, plan: &Plan<'_>) -> Result<(), HighwayError> {
        let begin = self.begin_group();
        let size = plan.foot.size;
        let (bar, gap) = (size * KICK_WIDTH, size * GEM_GAP);
        let mut width = plan.names.kick.len().saturating_sub(1) as f32 * KICK_GAP * size;
        for label in &plan.names.kick {
            width += bar + gap + self.writer.width(&label.text, size, FontWeight::Regular)?;
        }
        let (left, right) = self.layout.sides();
        let middle = plan.foot.middle(plan.stack(), plan.stack());
        let mut x = self.layout.across_at((left + right) / 2.0, middle) - width / 2.0;
        // As flat as the bar is beside a gem.
        let flatness = (self.layout.kick_half_height / self.layout.gem_half_height).clamp(0.3, 0.7);
        for label in &plan.names.kick {
            let color = label.gem.map_or(plan.kick_color, |drum| drum.color);
            let plain = DrumLabel { color, ..DrumLabel::default() };
            self.gem(&plain, (x + bar / 2.0, middle), (bar / 2.0, size * 0.42 * flatness));
            let written =
                self.line(&label.text, FontWeight::Regular, Align::Left, size, (x + bar + gap, middle))?;
            x += bar + gap + written + size * KICK_GAP;
        }
        self.end_group(begin);
        Ok(())
    }

    /// A gem of `drum` in the size of a letter.
    fn gem(&mut self, drum: &DrumLabel, (x, y): (f32, f32), (half_width, half_height): (f32, f32)) {
        let note = HighwayNote {
            velocity: 110,
            color: drum.color,
            mark: drum.mark,
            shape: drum.shape,
            ..HighwayNote::default()
        };
        let position = i64::from(y.round() as i32) * SUBPIXELS;
        let gem = NoteInstance::new(&note, position, self.layout, &self.options.theme);
        let outline = (half_height * 0.16 * 8.0).round().clamp(4.0, 255.0) as u8;
        let [kind, fill, _, is_kick] = gem.style;
        self.legend.gems.push(NoteInstance {
            center: x.round(),
            half_width: half_width.round(),
            half_height: half_height.round().max(2.0),
            style: [kind, fill, outline, is_kick],
            ..gem
        });
    }
}
