//! Progress of a batch: a bar for each song that is rendered and one for all, or plain lines where there is no terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use strikeline_picture::FrameRate;
use wgpu_video::stream::{CancelToken, Progress};

use super::video::Display;
use crate::cli::console;
use crate::cli::progress::{ProgressDisplay, clock};

/// Widest name before a bar.
const WIDEST: usize = 24;

/// Shows how far all songs are.
pub(super) struct Bars {
    kind: BarsKind,
    frame_rate: FrameRate,
    cancel: CancelToken,
    /// Whether it was said that the first signal has come.
    told: AtomicBool,
    started: Instant,
}

enum BarsKind {
    Quiet,
    Bars { all: MultiProgress, total: ProgressBar },
    Plain,
}

impl Bars {
    /// For `songs` songs.
    pub(super) fn new(quiet: bool, songs: usize, frame_rate: FrameRate, cancel: &CancelToken) -> Bars {
        let kind = if quiet {
            BarsKind::Quiet
        } else if console::has_terminal() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            let total = all.add(bar(songs as u64, "{bar:32.cyan/8} song {pos}/{len}  {msg}"));
            BarsKind::Bars { all, total }
        } else {
            BarsKind::Plain
        };
        Bars {
            kind,
            frame_rate,
            cancel: cancel.clone(),
            told: AtomicBool::new(false),
            started: Instant::now(),
        }
    }

    /// For the song `name`, whose video has so many frames.
    pub(super) fn begin(&self, name: &str, frames: u64) -> SongBar<'_> {
        let bar = match &self.kind {
            BarsKind::Quiet => None,
            BarsKind::Plain => Some(ProgressDisplay::one_of_several(name, None, self.frame_rate)),
            BarsKind::Bars { all, total } => {
                let bar =
                    all.insert_before(total, bar(frames, "{bar:32} {prefix}: frame {pos}/{len}  {msg}"));
                bar.set_prefix(name.chars().take(WIDEST).collect::<String>());
                Some(ProgressDisplay::one_of_several(name, Some(bar), self.frame_rate))
            }
        };
        SongBar { bars: self, bar }
    }

    /// `done` of the songs have ended.
    pub(super) fn set_done(&self, done: usize, of: usize) {
        if let BarsKind::Bars { total, .. } = &self.kind {
            total.set_position(done as u64);
            let left =
                self.started.elapsed().as_secs_f64() / done.max(1) as f64 * of.saturating_sub(done) as f64;
            total.set_message(format!("ETA {}", clock(left)));
        }
    }

    /// Whether each song that ends has a line: the bars show it otherwise.
    pub(super) fn are_plain(&self) -> bool {
        matches!(self.kind, BarsKind::Plain)
    }

    /// Does `print`, which prints lines, while the bars are out of the way.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        match &self.kind {
            BarsKind::Bars { all, .. } => all.suspend(print),
            _ => print(),
        }
    }

    /// Prints a line, while the bars are out of the way, from whatever thread.
    pub(super) fn line_teller(&self) -> impl FnOnce(&str) + Send + 'static {
        let bars = match &self.kind {
            BarsKind::Bars { all, .. } => Some(all.clone()),
            _ => None,
        };
        move |text| match bars {
            Some(bars) => bars.suspend(|| console::tell(text)),
            None => console::tell(text),
        }
    }

    /// Removes the bars.
    pub(super) fn finish(&self) {
        if let BarsKind::Bars { total, .. } = &self.kind {
            total.finish_and_clear();
        }
    }

    /// Tells once what happens when the first signal has come.
    fn tell_stopping(&self) {
        let is_first = self.cancel.is_cancelled() && !self.told.swap(true, Ordering::Relaxed);
        if is_first && !matches!(self.kind, BarsKind::Quiet) {
            let text =
                "stopping: segments that have been begun are finished and kept; Ctrl-C again ends at once";
            self.suspend(|| console::tell(text));
        }
    }
}

fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

/// Shows how far one of the songs is, until it is dropped.
pub(super) struct SongBar<'b> {
    bars: &'b Bars,
    bar: Option<ProgressDisplay>,
}

impl Display for SongBar<'_> {
    fn update(&mut self, progress: &Progress) {
        self.bars.tell_stopping();
        if let Some(bar) = &mut self.bar {
            bar.update(progress);
        }
    }

    fn suspend(&mut self, print: &mut dyn FnMut()) {
        self.bars.suspend(print);
    }
}

impl Drop for SongBar<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
