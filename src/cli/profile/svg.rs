//! A picture of a run: which thread worked on which of the first frames and when; below it, throughput and slots in use
//! over the whole run. It is readable on light and dark backgrounds: colours are drawn for light ones, and a style sheet
//! replaces them if the viewer prefers dark.

use std::collections::BTreeSet;

use anyhow::anyhow;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use wgpu_video::stream::trace::{Activity, Event};
use wgpu_video::stream::{Stage, Trace};

/// Widths and heights of the picture and its parts, in pixels.
const WIDTH: u32 = 1400;
const HEAD: u32 = 64;
const LABELS: u32 = 90;
const MARGIN: u32 = 20;
const ROW: u32 = 26;
const AXIS: u32 = 44;
const CHART: u32 = 200;

/// A colour in light and in dark.
#[derive(Clone, Copy)]
struct Ink(u32, u32);

const PAPER: Ink = Ink(0xFFFFFE, 0x14171C);
const TEXT: Ink = Ink(0x1B1F24, 0xE8EAED);
const GRID: Ink = Ink(0xD5D9DF, 0x3A404A);
const WAIT: Ink = Ink(0xE9ECF0, 0x272C34);
const WRITE: Ink = Ink(0x9AA2AD, 0x6B7480);
const SPEED: Ink = Ink(0x0B66C3, 0x6CB6FF);
const LEVEL: Ink = Ink(0xC2410C, 0xFF9D5C);
/// One for each segment, in turn.
const SEGMENTS: [Ink; 6] = [
    Ink(0x8ECAE6, 0x2F6F8F),
    Ink(0xFFCF70, 0x8A6410),
    Ink(0xB5D99C, 0x4B7A35),
    Ink(0xF4A6A0, 0x8F4640),
    Ink(0xC9B6E4, 0x66518F),
    Ink(0x9FD8CB, 0x2F776A),
];

impl Ink {
    const fn light(self) -> RGBColor {
        let [_, r, g, b] = self.0.to_be_bytes();
        RGBColor(r, g, b)
    }

    /// The style rule that replaces it on a dark background.
    fn rule(self) -> String {
        let Ink(light, dark) = self;
        format!("[fill=\"#{light:06X}\"]{{fill:#{dark:06X}}}[stroke=\"#{light:06X}\"]{{stroke:#{dark:06X}}}")
    }
}

type PlotArea<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws `trace` with the first `frames` frames as a timeline.
pub(super) fn draw(trace: &Trace, title: &str, frames: usize) -> anyhow::Result<String> {
    let timeline = AXIS + ROW * trace.threads.len() as u32;
    let size = (WIDTH, HEAD + timeline + 2 * CHART);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw_all(&root, trace, title, frames, timeline).map_err(|error| anyhow!("the picture: {error}"))?;
    }
    Ok(with_style(&text))
}

fn draw_all<'a>(
    root: &PlotArea<'a>,
    trace: &Trace,
    title: &str,
    frames: usize,
    timeline: u32,
) -> Result<(), Box<dyn std::error::Error + 'a>> {
    root.fill(&PAPER.light())?;
    root.draw(&Text::new(title.to_owned(), (16, 12), font(18)))?;
    let explanation = format!(
        "The first {frames} frames: a block is a thread at work, with the frame's number, in the colour of its segment; \
         low: readback waits for the device; pale: it waits for its neighbours"
    );
    root.draw(&Text::new(explanation, (16, 40), font(13)))?;
    let (_, rest) = root.split_vertically(HEAD);
    let (upper, lower) = rest.split_vertically(timeline);
    draw_timeline(&upper, trace, frames)?;
    let (speed, level) = lower.split_vertically(CHART);
    let spans = TimeSpans::of(trace);
    let most = spans.frames_per_second.iter().copied().fold(1.0, f64::max);
    draw_line(&speed, "fps", &spans, &spans.frames_per_second, most * 1.15, SPEED)?;
    let depth = trace.slots().max(1) as f64;
    draw_line(
        &level,
        &format!("slots in use, of {depth}"),
        &spans,
        &spans.slots_in_use,
        depth * 1.05,
        LEVEL,
    )?;
    root.present()?;
    Ok(())
}

fn font<'a>(size: u32) -> TextStyle<'a> {
    ("sans-serif", size).into_font().color(&TEXT.light())
}

fn draw_timeline<'a>(
    area: &PlotArea<'a>,
    trace: &Trace,
    frames: usize,
) -> Result<(), Box<dyn std::error::Error + 'a>> {
    let end = end_of_first(trace, frames).max(1) as f64 / 1e6;
    let rows = trace.threads.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, LABELS)
        .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
        .margin_right(MARGIN)
        .build_cartesian_2d(0.0..end, 0.0..rows)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.light())
        .axis_style(GRID.light())
        .x_label_style(font(13))
        .x_labels(14)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .x_desc("ms from the start")
        .axis_desc_style(font(13))
        .draw()?;
    let pixel = end / f64::from(WIDTH - LABELS - MARGIN);
    for (row, thread) in trace.threads.iter().enumerate() {
        // The first at the top.
        let bottom = rows - row as f64 - 1.0;
        let name = font(13).pos(Pos::new(HPos::Right, VPos::Center));
        let place = (LABELS as i32 - 10, row as i32 * ROW as i32 + ROW as i32 / 2);
        area.draw(&Text::new(thread.name.clone(), place, name))?;
        for event in &thread.events {
            let (from, to) = (event.begin as f64 / 1e6, (event.end as f64 / 1e6).min(end));
            if from >= end {
                break;
            }
            // Every block is wide enough to be seen, and neighbours do not touch.
            let to = (to - pixel).max(from + pixel).min(end);
            let (ink, inset) = appearance(trace, thread.stage, event);
            let block = [(from, bottom + inset), (to, bottom + 1.0 - inset)];
            chart.draw_series(std::iter::once(Rectangle::new(block, ink.light().filled())))?;
            let Activity::Frame { frame, .. } = event.activity else { continue };
            let number = frame.0.to_string();
            if (to - from) / pixel > number.len() as f64 * 7.0 + 2.0 {
                let style = font(11).pos(Pos::new(HPos::Center, VPos::Center));
                let middle = ((from + to) / 2.0, bottom + 0.5);
                chart.draw_series(std::iter::once(Text::new(number, middle, style)))?;
            }
        }
    }
    Ok(())
}

/// Colour of an event's block, and how much lower than its row it is.
fn appearance(trace: &Trace, stage: Stage, event: &Event) -> (Ink, f64) {
    match event.activity {
        Activity::Frame { frame, .. } => {
            let turn = trace.segment_of(frame).0 % SEGMENTS.len() as u64;
            // Readback waits for the device.
            let inset = if stage == Stage::Readback { 0.26 } else { 0.1 };
            (SEGMENTS.get(turn as usize).copied().unwrap_or(WRITE), inset)
        }
        Activity::Segment(_) | Activity::Finish => (WRITE, 0.1),
        Activity::AwaitInput | Activity::AwaitOutput => (WAIT, 0.38),
    }
}

/// When the last of the `frames` frames that were rendered first was encoded, in nanoseconds.
fn end_of_first(trace: &Trace, frames: usize) -> u64 {
    let frame_of = |event: &Event| match event.activity {
        Activity::Frame { frame, .. } => Some(frame),
        _ => None,
    };
    let first: BTreeSet<_> = trace
        .threads_of(Stage::Render)
        .flat_map(|thread| &thread.events)
        .filter_map(frame_of)
        .take(frames)
        .collect();
    let of_first = |event: &&Event| frame_of(event).is_some_and(|frame| first.contains(&frame));
    let threads = trace.threads.iter().flat_map(|thread| &thread.events);
    threads.filter(of_first).map(|event| event.end).max().unwrap_or(0)
}

/// The run in spans of equal length.
struct TimeSpans {
    /// Seconds.
    length: f64,
    frames_per_second: Vec<f64>,
    slots_in_use: Vec<f64>,
}

impl TimeSpans {
    fn of(trace: &Trace) -> TimeSpans {
        let encoded: Vec<u64> = trace
            .threads_of(Stage::Encode)
            .flat_map(|thread| &thread.events)
            .filter(|event| matches!(event.activity, Activity::Frame { .. }))
            .map(|event| event.end)
            .collect();
        // With some frames in each, and up to the last event that was kept.
        let count = (encoded.len() / 8).clamp(4, 120);
        let end = encoded.iter().copied().max().unwrap_or(1).max(1);
        let length = end as f64 / 1e9 / count as f64;
        let span_of = |nanos: u64| ((nanos as f64 / 1e9 / length) as usize).min(count - 1);
        let mut frames_per_second = vec![0.0; count];
        for nanos in encoded {
            if let Some(span) = frames_per_second.get_mut(span_of(nanos)) {
                *span += 1.0 / length;
            }
        }
        let mut slots_in_use = vec![0.0; count];
        let stretches = trace.rings.iter().flat_map(|ring| {
            let ends = ring.changes.iter().skip(1).map(|change| change.at).chain([end]);
            ring.changes.iter().zip(ends)
        });
        for (change, until) in stretches {
            let (from, until) = (change.at as f64 / 1e9, until.min(end) as f64 / 1e9);
            for span in span_of(change.at)..count {
                let (begin, end) = (span as f64 * length, (span + 1) as f64 * length);
                if begin >= until {
                    break;
                }
                let overlap = (until.min(end) - from.max(begin)).max(0.0);
                if let Some(value) = slots_in_use.get_mut(span) {
                    *value += f64::from(change.level) * overlap / length;
                }
            }
        }
        TimeSpans { length, frames_per_second, slots_in_use }
    }
}

fn draw_line<'a>(
    area: &PlotArea<'a>,
    title: &str,
    spans: &TimeSpans,
    values: &[f64],
    top: f64,
    ink: Ink,
) -> Result<(), Box<dyn std::error::Error + 'a>> {
    let end = spans.length * values.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(title, font(14))
        .set_label_area_size(LabelAreaPosition::Left, LABELS)
        .set_label_area_size(LabelAreaPosition::Bottom, AXIS)
        .margin_right(MARGIN)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.light())
        .axis_style(GRID.light())
        .label_style(font(13))
        .x_labels(14)
        .y_labels(5)
        .x_label_formatter(&|x| format!("{x:.2}"))
        .y_label_formatter(&|y| if top > 20.0 { format!("{y:.0}") } else { format!("{y:.1}") })
        .x_desc("s from the start")
        .axis_desc_style(font(13))
        .draw()?;
    let points = values.iter().enumerate().map(|(span, value)| ((span as f64 + 0.5) * spans.length, *value));
    chart.draw_series(LineSeries::new(points, ink.light().stroke_width(2)))?;
    Ok(())
}

/// With the style sheet for dark, and a size that fits the window.
fn with_style(svg: &str) -> String {
    let inks = [PAPER, TEXT, GRID, WAIT, WRITE, SPEED, LEVEL].into_iter().chain(SEGMENTS);
    let rules: String = inks.map(Ink::rule).collect();
    let style = format!("\n<style>@media (prefers-color-scheme: dark){{{rules}}}</style>");
    // After the opening tag.
    match svg.split_once('>') {
        Some((open, rest)) => format!("{open}>{style}{rest}"),
        None => svg.to_owned(),
    }
}
