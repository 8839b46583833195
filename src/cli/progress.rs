//! Progress on stderr: a bar on a terminal, a plain line every few seconds elsewhere.

use std::collections::VecDeque;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use strikeline_picture::FrameRate;
use wgpu_video::stream::{Progress, StageReport};

use super::console;

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
            let template = "{bar:32.cyan/8} frame {pos}/{len}  {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸─"));
            }
            ProgressKind::Bar(bar)
        } else {
            ProgressKind::Plain { name: String::new(), last: Duration::ZERO }
        };
        ProgressDisplay { kind, frame_rate, recent: VecDeque::new() }
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
        ProgressDisplay { kind, frame_rate, recent: VecDeque::new() }
    }

    /// Updates the display with a new state.
    pub(super) fn update(&mut self, progress: &Progress) {
        let now = progress.stages.elapsed;
        self.recent.push_back((progress.frames, progress.stages));
        while self.recent.len() > 2 && now.saturating_sub(self.recent[1].1.elapsed) >= SPEED_WINDOW {
            self.recent.pop_front();
        }
        match &self.kind {
            ProgressKind::Quiet => {}
            ProgressKind::Bar(bar) => {
                bar.set_position(progress.frames);
                bar.set_message(self.describe(progress));
            }
            ProgressKind::Plain { name, last } => {
                if now.saturating_sub(*last) >= PLAIN_INTERVAL {
                    let text = self.describe(progress);
                    console::tell(format_args!("{name}frame {}/{}  {text}", progress.frames, progress.total));
                    self.kind = ProgressKind::Plain { name: name.clone(), last: now };
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

    /// Speed, time left and bottleneck.
    fn describe(&self, progress: &Progress) -> String {
        let Some((frames, stages)) = self.recent.front() else { return String::new() };
        let recent = progress.stages.since(stages);
        let seconds = recent.elapsed.as_secs_f64();
        if seconds <= 0.0 || progress.frames == *frames {
            return "starting".to_owned();
        }
        let speed = (progress.frames - frames) as f64 / seconds;
        let left = (progress.total - progress.frames) as f64 / speed;
        format!(
            "{speed:.0} fps  {:.1}× real time  ETA {}  limit: {}",
            speed / self.frame_rate.as_f64(),
            clock(left),
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

/// `seconds` as `m:ss` or `h:mm:ss`.
pub(super) fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
