//! Progress on stderr: a bar on a terminal, a plain line every few seconds elsewhere.

use std::collections::VecDeque;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use strikeline_picture::FrameRate;
use wgpu_video::stream::{Progress, StageReport};

use super::console;
use super::words::clock;

/// How often a plain line is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// The speed shown is the mean over this time.
const SPEED_WINDOW: Duration = Duration::from_secs(3);

/// Shows the progress of a render.
pub(super) struct ProgressDisplay {
    kind: ProgressKind,
    frame_rate: FrameRate,
    /// Frames and stage times within that time, oldest first.
    recent: VecDeque<(u64, StageReport)>,
    /// Whether a speed was known once.
    has_begun: bool,
}

enum ProgressKind {
    Quiet,
    Bar(ProgressBar),
    Plain { name: String, last: Duration },
}

impl ProgressDisplay {
    /// A display for a video of `total` frames at `frame_rate`.
    pub(super) fn new(quiet: bool, total: u64, frame_rate: FrameRate) -> ProgressDisplay {
        let kind = if quiet {
            ProgressKind::Quiet
        } else if console::has_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            ProgressKind::Bar(styled(bar, BarStyle::Frames))
        } else {
            ProgressKind::Plain { name: String::new(), last: Duration::ZERO }
        };
        ProgressDisplay { kind, frame_rate, recent: VecDeque::new(), has_begun: false }
    }

    /// A display for one of several videos, called `name`: in the bar `bar`, or on plain lines with its name if there is none.
    pub(super) fn one_of_several(
        name: &str,
        bar: Option<ProgressBar>,
        frame_rate: FrameRate,
    ) -> ProgressDisplay {
        let kind = match bar {
            Some(bar) => ProgressKind::Bar(bar),
            None => ProgressKind::Plain { name: format!("{name}: "), last: Duration::ZERO },
        };
        ProgressDisplay { kind, frame_rate, recent: VecDeque::new(), has_begun: false }
    }

    /// Updates the display with a new state.
    pub(super) fn update(&mut self, progress: &Progress) {
        let now = progress.stages.elapsed;
        self.recent.push_back((progress.frames, progress.stages));
        while self.recent.len() > 2 && now.saturating_sub(self.recent[1].1.elapsed) >= SPEED_WINDOW {
            self.recent.pop_front();
        }
        if matches!(self.kind, ProgressKind::Quiet) {
            return;
        }
        let text = self.describe(progress);
        match &mut self.kind {
            ProgressKind::Quiet => {}
            ProgressKind::Bar(bar) => {
                bar.set_position(progress.frames);
                bar.set_message(text);
            }
            ProgressKind::Plain { name, last } => {
                if now.saturating_sub(*last) >= PLAIN_INTERVAL {
                    console::tell(format_args!("{name}frame {}/{}  {text}", progress.frames, progress.total));
                    *last = now;
                }
            }
        }
    }

    /// Calls `print`, which prints lines, while the bar is hidden.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        match &self.kind {
            ProgressKind::Bar(bar) => bar.suspend(print),
            _ => print(),
        }
    }

    /// Prints a line, while the bar is out of the way, from whatever thread.
    pub(super) fn line_teller(&self) -> impl FnOnce(&str) + Send + 'static {
        let bar = match &self.kind {
            ProgressKind::Bar(bar) => Some(bar.clone()),
            _ => None,
        };
        move |text| tell_beside(bar.as_ref(), text)
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let ProgressKind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }

    /// Time left, speed and bottleneck.
    fn describe(&mut self, progress: &Progress) -> String {
        let Some((frames, stages)) = self.recent.front() else { return String::new() };
        let recent = progress.stages.since(stages);
        let seconds = recent.elapsed.as_secs_f64();
        if seconds <= 0.0 || progress.frames == *frames {
            // In the middle of a run, frames may come in bursts, or the disk may be slow.
            return match self.has_begun {
                true => format!("waiting for {}", recent.bottleneck().at_work()),
                false => "starting".to_owned(),
            };
        }
        self.has_begun = true;
        let speed = (progress.frames - frames) as f64 / seconds;
        let left = (progress.total - progress.frames) as f64 / speed;
        format!(
            "ETA {}  {speed:.0} fps  {:.1}× real time  limit: {}",
            clock(left),
            speed / self.frame_rate.as_f64(),
            recent.bottleneck().at_work()
        )
    }
}

/// Prints a line while `bar`, if there is one, is out of the way.
pub(super) fn tell_beside(bar: Option<&ProgressBar>, text: &str) {
    match bar {
        Some(bar) => bar.suspend(|| console::tell(text)),
        None => console::tell(text),
    }
}

/// What a bar is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BarStyle {
    /// The frames of a video.
    Frames,
    /// The frames of one of several videos, whose name is the prefix.
    NamedFrames,
    /// The songs of a batch.
    Songs,
    /// The time of a search.
    Search,
}

/// Columns from which on a bar has its full length.
const WIDE: usize = 100;
/// Columns of a terminal that does not tell how many it has.
const USUAL: usize = 80;
/// Columns below which there is only text.
const NARROW: usize = 60;

/// `bar` with the parts that the terminal has room for. A text that is too long is cut at the right edge.
pub(super) fn styled(bar: ProgressBar, style: BarStyle) -> ProgressBar {
    let columns = console::columns().unwrap_or(USUAL);
    if let Ok(template) = ProgressStyle::with_template(&template(style, columns)) {
        bar.set_style(template.progress_chars("━╸─"));
    }
    bar
}

fn template(style: BarStyle, columns: usize) -> String {
    let color = if style == BarStyle::NamedFrames { "" } else { ".cyan/8" };
    let bar = match columns {
        ..NARROW => String::new(),
        NARROW..WIDE => format!("{{bar:8{color}}} "),
        WIDE.. => format!("{{bar:32{color}}} "),
    };
    let frame = if columns < WIDE { "" } else { "frame " };
    match style {
        BarStyle::Frames => format!("{bar}{frame}{{pos}}/{{len}}  {{wide_msg}}"),
        BarStyle::NamedFrames => format!("{bar}{{prefix}}: {frame}{{pos}}/{{len}}  {{wide_msg}}"),
        BarStyle::Songs => format!("{bar}song {{pos}}/{{len}}  {{wide_msg}}"),
        BarStyle::Search => format!("{bar}{{wide_msg}}"),
    }
}

/// Columns for the name before a bar.
pub(super) fn name_columns() -> usize {
    console::columns().map_or(24, |columns| (columns / 4).clamp(8, 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_has_text_and_no_bar() {
        for style in [BarStyle::Frames, BarStyle::NamedFrames, BarStyle::Songs, BarStyle::Search] {
            let [narrow, usual, wide] = [40, 80, 120].map(|columns| template(style, columns));
            assert!(!narrow.contains("{bar"), "{narrow}");
            assert!(usual.contains("{bar:8") && wide.contains("{bar:32"), "{usual} {wide}");
            for template in [narrow, usual, wide] {
                assert!(ProgressStyle::with_template(&template).is_ok(), "{template}");
            }
        }
    }
}
