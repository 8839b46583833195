//! Text on the picture. It is rasterised once into an atlas, and each piece is shown when its time comes.

mod compose;
mod counters;
mod header;
pub(super) mod instances;
mod labels;
mod naming;
mod numbers;
#[cfg(test)]
mod tests;
pub(super) mod text_state;

use std::ops::Range;

use super::HighwayError;
use super::changes;
use super::clock::{ALL_TIME, milliseconds};
use super::content::HighwayContent;
use super::layout::Layout;
use super::notes::NoteInstance;
use super::options::HighwayOptions;
use crate::text::{Atlas, FontChoice, FontWeight, GlyphPlacement, LineStyle, TextLine, Typesetter};
use crate::theme::{Color, FontSource, Theme};
use strikeline_picture::rectangles::disjoint;
use strikeline_picture::{Rectangle, Time};

use self::compose::{PlacedLine, compose};
use self::counters::Counter;
use self::header::{ClockDisplay, HeaderTexts};
pub(super) use self::header::{END_CARD_FADE, END_CARD_IMAGE, END_CARD_TEXT};
use self::instances::{GlyphInstance, PanelInstance};
use self::text_state::TextState;

/// When a text is visible, in milliseconds of the song.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TextSpan {
    from: i32,
    to: i32,
    /// Milliseconds that it takes to fade in and to fade out.
    fade: [f32; 2],
}

impl TextSpan {
    const ALWAYS: TextSpan = TextSpan { from: ALL_TIME[0], to: ALL_TIME[1], fade: [0.0, 0.0] };

    fn contains(&self, milliseconds: i32) -> bool {
        (self.from..self.to).contains(&milliseconds)
    }
}

/// Glyphs that are visible at the same time.
#[derive(Debug, Clone)]
struct GlyphGroup {
    span: TextSpan,
    glyphs: Range<u32>,
}

/// The last of `groups`, in order of time, that has begun, if it is still there.
fn current(groups: &[GlyphGroup], milliseconds: i32) -> Option<Range<u32>> {
    let begun = groups.partition_point(|group| group.span.from <= milliseconds);
    let group = groups.get(begun.checked_sub(1)?)?;
    group.span.contains(milliseconds).then(|| group.glyphs.clone())
}

/// The texts of a highway, and those that a frame shows.
#[derive(Debug, Clone)]
pub(super) struct Captions {
    /// The glyphs' coverage.
    pub atlas: Atlas,
    /// All that are drawn at any time.
    pub glyphs: Vec<GlyphInstance>,
    /// Those of `glyphs` that never change.
    pub fixed: Range<u32>,
    /// Gems beside the labels; their positions are heights on the picture.
    pub legend: Vec<NoteInstance>,
    /// The progress bar, then the panel behind the end card; each only if it is shown at all.
    pub panels: Vec<PanelInstance>,
    /// Milliseconds of the song at which the labels begin and end to fade; `None` when they stay.
    pub labels_fade: Option<[i32; 2]>,
    /// Milliseconds of the song that the progress bar shows.
    pub progress: [i32; 2],
    /// Characters that no font has, each once.
    pub missing: Vec<char>,
    /// Texts that have no room, or not enough.
    pub cut: Vec<CutText>,
    /// The names of drums and lanes, those of the kicks first.
    pub label_names: Vec<String>,
    labels: Vec<LabelPiece>,
    sections: Vec<GlyphGroup>,
    count_in: Vec<GlyphGroup>,
    clock: Option<ClockDisplay>,
    counters: Vec<Counter>,
    progress_bar: Range<u32>,
    end_card: Option<EndCardText>,
    picture: Rectangle,
    shown: Shown,
    now: i32,
}

#[derive(Debug, Clone)]
struct EndCardText {
    from: i32,
    text: Range<u32>,
    veil: Range<u32>,
}

/// The captions of a frame, without those of the static layer.
#[derive(Debug, Default, Clone)]
pub(super) struct Shown {
    /// Of the panels, under the text.
    pub progress_bar: Range<u32>,
    /// Of the glyphs.
    pub text: Vec<Range<u32>>,
    /// The end card, over everything: its veil among the panels and its text among the glyphs.
    pub end_card: Option<(Range<u32>, Range<u32>)>,
}

/// How a frame shows its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LabelState {
    /// Wholly.
    Whole,
    /// On their way out.
    Fading,
    /// Not any more.
    Gone,
}

/// Labels, or a part of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LabelPiece {
    /// Where they lie, or what of it is drawn.
    pub part: Rectangle,
    /// Their names among the glyphs.
    pub glyphs: Range<u32>,
    /// Their gems, of [`Captions::legend`].
    pub gems: Range<u32>,
}

/// A text that has not enough room on the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutText {
    /// The title is cut, and ends in "…".
    Title,
    /// The artist is cut, and ends in "…".
    Artist,
    /// The artist is not shown.
    ArtistLeftOut,
    /// The name of a section is cut, and ends in "…".
    Section(String),
    /// The labels are not shown: not even two letters of each fit.
    LabelsLeftOut,
}

impl Captions {
    /// Writes all of it that does not change, but for the coverage of the glyphs.
    pub(super) fn fingerprint(&self, into: &mut dyn std::fmt::Write) {
        let Captions { atlas, glyphs, fixed, legend, panels, labels_fade, progress, .. } = self;
        let Captions { labels, sections, count_in, clock, counters, progress_bar, end_card, picture, .. } =
            self;
        let drawn = ((atlas.width, atlas.height), glyphs, fixed, legend, panels, labels_fade, progress);
        // What is counted is in the content.
        let counters: Vec<_> = counters.iter().map(Counter::without_numbers).collect();
        let times = (labels, sections, count_in, clock, counters, progress_bar, end_card, picture);
        // Writing to a hasher does not fail.
        let _ = write!(into, "{:?}", (drawn, times));
    }

    /// Rasterises all text of a highway with `content`. An end card begins to fade in at `end_card`, if there is one.
    ///
    /// What is shown depends on the time of the song alone, not on where a video begins.
    ///
    /// # Errors
    /// When the theme's font cannot be used, or the text does not fit into a texture.
    pub(super) fn new(
        content: &HighwayContent,
        layout: &Layout,
        options: &HighwayOptions,
        end_card: Option<Time>,
    ) -> Result<Captions, HighwayError> {
        let mut writer = Writer::new(&options.theme, layout)?;
        // First what never changes: one range.
        let mut header = HeaderTexts::default();
        let mut panels = Vec::new();
        if layout.header > 0 {
            header = HeaderTexts::write(&mut writer, layout, content, options)?;
            panels.extend(header::progress_bar(layout, &options.theme));
        }
        let HeaderTexts { fixed, sections, clock, counters, mut cut } = header;
        let legend = labels::write(&mut writer, layout, content, options)?;
        let stays = legend.stays;
        let first = content.notes.first().map_or(Time::ZERO, |note| note.time);
        let labels_fade = labels::fade(first);
        if legend.left_out {
            cut.push(CutText::LabelsLeftOut);
        }
        let count_in = match options.count_in {
            true => numbers::write(&mut writer, layout, content)?,
            false => Vec::new(),
        };
        let progress_bar = 0..panels.len() as u32;
        let end_card = match end_card {
            Some(time) => {
                let from = milliseconds(time);
                panels.push(header::veil(layout, &options.theme, from));
                let text = header::write_end_card(&mut writer, layout, content, from, &mut cut)?;
                Some(EndCardText { from, text, veil: progress_bar.end..panels.len() as u32 })
            }
            None => None,
        };
        let composed = compose(writer.typesetter.into_atlas(), &writer.lines);
        let resolve = |groups: Vec<GlyphGroup>| -> Vec<GlyphGroup> {
            let resolved = |group: GlyphGroup| GlyphGroup { glyphs: composed.range(&group.glyphs), ..group };
            groups.into_iter().map(resolved).collect()
        };
        let end_card = end_card.map(|card| EndCardText { text: composed.range(&card.text), ..card });
        let clock = clock.map(|clock| clock.resolved(|lines| composed.range(lines)));
        let counters = counters.into_iter().map(|counter| counter.resolved(|lines| composed.range(lines)));
        let picture = Rectangle { left: 0, top: 0, right: layout.size.width(), bottom: layout.size.height() };
        let labels = legend.labels.iter().map(|label| {
            let glyphs = composed.range(&label.lines);
            let (gems, names) = (label.gems.clone(), &composed.instances);
            let part = label_bounds(slice(names, &glyphs), slice(&legend.gems, &gems)).intersection(&picture);
            LabelPiece { part, glyphs, gems }
        });
        Ok(Captions {
            fixed: composed.range(&fixed),
            labels: labels.collect(),
            counters: counters.collect(),
            cut,
            label_names: legend.names,
            legend: legend.gems,
            panels,
            labels_fade: (!stays).then_some(labels_fade),
            progress: [0, milliseconds(content.end).max(1)],
            missing: writer.missing,
            sections: resolve(sections),
            count_in: resolve(count_in),
            glyphs: composed.instances,
            atlas: composed.atlas,
            clock,
            progress_bar,
            end_card,
            picture,
            shown: Shown::default(),
            now: 0,
        })
    }

    /// Finds what is shown at `milliseconds` of the song.
    pub(super) fn set_time(&mut self, milliseconds: i32) {
        self.now = milliseconds;
        self.shown = self.shown_at(milliseconds);
    }

    fn shown_at(&self, milliseconds: i32) -> Shown {
        let mut text = Vec::new();
        text.extend(current(&self.sections, milliseconds));
        text.extend(current(&self.count_in, milliseconds));
        if let Some(clock) = &self.clock {
            clock.show(milliseconds, &mut text);
        }
        for counter in &self.counters {
            counter.show(milliseconds, &mut text);
        }
        let end_card = self.end_card.as_ref().filter(|card| milliseconds >= card.from);
        let end_card = end_card.map(|card| (card.veil.clone(), card.text.clone()));
        Shown { progress_bar: self.progress_bar.clone(), text, end_card }
    }

    /// Adds to `parts` the areas in which this frame differs from the one at `before` milliseconds. Returns false when it
    /// may differ anywhere.
    pub(super) fn add_changed(&self, before: i32, parts: &mut Vec<Rectangle>) -> bool {
        let earlier = self.shown_at(before);
        if earlier.end_card.is_some() || self.shown.end_card.is_some() {
            return false;
        }
        let labels = [before, self.now].map(|at| self.label_state_at(at));
        if labels[0] != labels[1] || labels.contains(&LabelState::Fading) {
            parts.extend(self.labels.iter().map(|label| label.part));
        }
        parts.extend(self.progress_between(before, self.now));
        let states = |shown: &Shown, at| -> Vec<TextState> {
            shown.text.iter().cloned().flatten().filter_map(|glyph| self.state(glyph, at)).collect()
        };
        changes::add_texts(parts, &states(&earlier, before), &states(&self.shown, self.now));
        true
    }

    /// How a glyph is seen at `milliseconds`; `None` when it is not.
    fn state(&self, glyph: u32, milliseconds: i32) -> Option<TextState> {
        let GlyphInstance { span, fade, .. } = *self.glyphs.get(glyph as usize)?;
        let (since, until) = (milliseconds - span[0], span[1] - milliseconds);
        // A millisecond more, as the shader's division may round.
        let changes = (since as f32) < fade[0] + 1.0 || (until as f32) < fade[1] + 1.0;
        let bounds = self.bounds(glyph)?;
        let changing = changes.then_some(milliseconds);
        (since >= 0 && until > 0).then_some(TextState { glyph, changing, bounds })
    }

    /// The longest part of `rows` without text at either of two times, in the static layer or over it.
    pub(super) fn rows_without(&self, times: [i32; 2], rows: Range<u32>) -> Range<u32> {
        let mut free = rows;
        let mut take = |top: u32, bottom: u32| {
            if top >= free.end || bottom <= free.start {
                return;
            }
            match top.saturating_sub(free.start) > free.end.saturating_sub(bottom) {
                true => free.end = top,
                false => free.start = bottom,
            }
        };
        for milliseconds in times {
            let shown = self.shown_at(milliseconds);
            let glyphs = shown.text.into_iter().chain([self.fixed.clone()]).flatten();
            for bounds in glyphs.filter_map(|glyph| self.bounds(glyph)) {
                take(bounds.top, bounds.bottom);
            }
        }
        for label in &self.labels {
            take(label.part.top, label.part.bottom);
        }
        if free.start < free.end { free } else { 0..0 }
    }

    /// The rectangle around a glyph, with every chroma sample that it touches.
    fn bounds(&self, glyph: u32) -> Option<Rectangle> {
        let corners = self.glyphs.get(glyph as usize)?.corners();
        Some(changes::with_margin(corners).intersection(&self.picture))
    }

    /// The texts of this frame that lie within one of `parts`, in drawing order.
    pub(super) fn shown_in(&self, parts: &[Rectangle]) -> Vec<Range<u32>> {
        let shown = self.shown.text.iter().cloned().flatten().filter(|&glyph| {
            self.state(glyph, self.now).is_some_and(|state| {
                parts.iter().any(|part| part.intersection(&state.bounds) == state.bounds)
            })
        });
        shown.map(|glyph| glyph..glyph + 1).collect()
    }

    /// Where the progress bar may lie, if there is one: its sides are even.
    pub(super) fn progress_bounds(&self) -> Option<Rectangle> {
        let bar = self.panels.get(self.progress_bar.start as usize..self.progress_bar.end as usize)?;
        bar.first().map(|bar| Rectangle::around(bar.bounds))
    }

    /// Where the progress bar grows between two times.
    fn progress_between(&self, before: i32, now: i32) -> Option<Rectangle> {
        let bounds = self.progress_bounds()?;
        let [from, to] = self.progress.map(f64::from);
        let end = |time: i32| {
            let share = ((f64::from(time) - from) / (to - from).max(1.0)).clamp(0.0, 1.0);
            f64::from(bounds.left) + share * f64::from(bounds.right - bounds.left)
        };
        let (left, right) = (end(before), end(now));
        // The same place is the same picture.
        (left != right).then(|| {
            let grown = changes::with_margin([left as f32, 0.0, right as f32, bounds.bottom as f32]);
            grown.intersection(&bounds)
        })
    }

    /// What the frame of the last [`Captions::set_time`] shows.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    fn label_state_at(&self, milliseconds: i32) -> LabelState {
        match self.labels_fade {
            Some([begin, end]) if milliseconds >= begin => match milliseconds < end {
                true => LabelState::Fading,
                false => LabelState::Gone,
            },
            _ => LabelState::Whole,
        }
    }

    /// The labels that this frame shows within `parts`: pieces that do not overlap, outside of which nothing of them is to
    /// be drawn. They lie over all that moves.
    pub(super) fn labels_within(&self, parts: &[Rectangle]) -> Vec<LabelPiece> {
        if self.labels.is_empty() || self.label_state_at(self.now) == LabelState::Gone {
            return Vec::new();
        }
        let meets_any = |part: &&Rectangle| self.labels.iter().any(|label| label.part.meets(part));
        let near: Vec<Rectangle> = parts.iter().filter(meets_any).copied().collect();
        let piece = |part: Rectangle| {
            // In the order of the lanes: those that a part meets are one run, or nearly.
            let mut met = self.labels.iter().filter(|label| label.part.meets(&part));
            let first = met.next()?;
            let last = met.next_back().unwrap_or(first);
            let from_to = |first: &Range<u32>, last: &Range<u32>| first.start..last.end;
            let glyphs = from_to(&first.glyphs, &last.glyphs);
            Some(LabelPiece { part, glyphs, gems: from_to(&first.gems, &last.gems) })
        };
        disjoint(&near).into_iter().filter_map(piece).collect()
    }
}

/// Those of `items` that `range` names.
fn slice<'i, T>(items: &'i [T], range: &Range<u32>) -> &'i [T] {
    items.get(range.start as usize..range.end as usize).unwrap_or_default()
}

const NOWHERE: Rectangle = Rectangle { left: 0, top: 0, right: 0, bottom: 0 };

/// Around `names` and `gems`, with every chroma sample that they touch.
fn label_bounds(names: &[GlyphInstance], gems: &[NoteInstance]) -> Rectangle {
    let names = names.iter().map(GlyphInstance::corners);
    let gems = gems.iter().map(|gem| {
        let [top, bottom] = gem.height();
        [gem.center - gem.half_width, top, gem.center + gem.half_width, bottom]
    });
    let around = names.chain(gems).map(changes::with_margin);
    around.reduce(|all, one| all.union(&one)).unwrap_or(NOWHERE)
}

/// Sets lines and places their glyphs on the picture.
struct Writer<'a> {
    typesetter: Typesetter,
    theme: &'a Theme,
    /// Pixels for one of the theme.
    scale: f32,
    lines: Vec<PlacedLine>,
    missing: Vec<char>,
}

/// Which point of a line is at the given position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Center,
    Right,
}

/// The smallest text that is still drawn, in pixels per em.
const SMALLEST_TEXT: f32 = 9.0;

impl<'a> Writer<'a> {
    fn new(theme: &'a Theme, layout: &Layout) -> Result<Writer<'a>, HighwayError> {
        let font = match &theme.text.font {
            None => FontChoice::Embedded,
            Some(FontSource::File(path)) => FontChoice::File(path.clone()),
            Some(FontSource::Family(name)) => FontChoice::Family(name.clone()),
        };
        let typesetter = Typesetter::new(&font)?;
        Ok(Writer { typesetter, theme, scale: layout.scale, lines: Vec::new(), missing: Vec::new() })
    }

    /// The number of lines so far.
    fn count(&self) -> u32 {
        self.lines.len() as u32
    }

    /// `pixels` of a theme as a size of text on this picture.
    fn size(&self, pixels: f32) -> f32 {
        (pixels * self.scale * self.theme.text.scale).clamp(SMALLEST_TEXT, 1000.0)
    }

    fn set(
        &mut self,
        text: &str,
        size: f32,
        weight: FontWeight,
        max_width: Option<f32>,
    ) -> Result<TextLine, HighwayError> {
        let style = LineStyle { size, weight, tabular: false };
        let line = self.typesetter.line(text, style, max_width)?;
        self.note_missing(&line);
        Ok(line)
    }

    /// How wide a line of `text` would be, in pixels.
    fn width(&mut self, text: &str, size: f32, weight: FontWeight) -> Result<f32, HighwayError> {
        let style = LineStyle { size, weight, tabular: false };
        Ok(self.typesetter.width(text, style)?)
    }

    fn note_missing(&mut self, line: &TextLine) {
        for &character in &line.missing {
            if !self.missing.contains(&character) {
                self.missing.push(character);
            }
        }
    }

    /// Places `line` so that its `align` edge is at `x` and its baseline at `y`.
    fn place(&mut self, line: &TextLine, align: Align, (x, y): (f32, f32), color: Color, span: TextSpan) {
        let left = match align {
            Align::Left => x,
            Align::Center => x - line.width / 2.0,
            Align::Right => x - line.width,
        };
        self.place_glyphs(&line.glyphs, (left.round() as i32, y.round() as i32), color, span);
    }

    fn place_glyphs(&mut self, glyphs: &[GlyphPlacement], origin: (i32, i32), color: Color, span: TextSpan) {
        self.lines.push(PlacedLine { origin, glyphs: glyphs.to_vec(), color, span });
    }
}
