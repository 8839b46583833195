//! Progress of a batch: a bar for each song that is being rendered and one for all songs, or plain lines without a terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use strikeline_picture::FrameRate;
use wgpu_video::stream::{CancelToken, Progress};

use super::video::Display;
use crate::cli::console;
use crate::cli::progress::{BarStyle, ProgressDisplay, name_columns, styled};
use crate::cli::words::clock;

/// Shows the progress of all songs.
pub(super) struct Bars {
    kind: BarsKind,
    frame_rate: FrameRate,
    cancel: CancelToken,
    /// Whether the text about the first signal has been printed.
    told: AtomicBool,
    started: Instant,
}

enum BarsKind {
    Quiet,
    Bars { all: MultiProgress, total: ProgressBar },
    Plain,
}

impl Bars {
    /// Makes the display for `songs` songs.
    pub(super) fn new(quiet: bool, songs: usize, frame_rate: FrameRate, cancel: &CancelToken) -> Bars {
        let kind = if quiet {
            BarsKind::Quiet
        } else if console::has_terminal() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            let total = styled(all.add(ProgressBar::new(songs as u64)), BarStyle::Songs);
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

    /// Makes the bar for the song `name`, whose video has `frames` frames.
    pub(super) fn begin(&self, name: &str, frames: u64) -> SongBar<'_> {
        let bar = match &self.kind {
            BarsKind::Quiet => None,
            BarsKind::Plain => Some(ProgressDisplay::one_of_several(name, None, self.frame_rate)),
            BarsKind::Bars { all, total } => {
                let bar = styled(all.insert_before(total, ProgressBar::new(frames)), BarStyle::NamedFrames);
                bar.set_prefix(::console::truncate_str(name, name_columns(), "…").into_owned());
                Some(ProgressDisplay::one_of_several(name, Some(bar), self.frame_rate))
            }
        };
        SongBar { bars: self, bar }
    }

    /// Shows that `done` of the `of` songs have ended.
    pub(super) fn set_done(&self, done: usize, of: usize) {
        if let BarsKind::Bars { total, .. } = &self.kind {
            total.set_position(done as u64);
            let left =
                self.started.elapsed().as_secs_f64() / done.max(1) as f64 * of.saturating_sub(done) as f64;
            total.set_message(format!("ETA {}", clock(left)));
        }
    }

    /// Whether a line is to be printed when a song ends, because there are no bars that show it.
    pub(super) fn are_plain(&self) -> bool {
        matches!(self.kind, BarsKind::Plain)
    }

    /// Calls `print`, which prints lines, while the bars are hidden.
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

    /// After the first signal, says once what happens now.
    fn tell_stopping(&self) {
        let is_first = self.cancel.is_cancelled() && !self.told.swap(true, Ordering::Relaxed);
        if is_first && !matches!(self.kind, BarsKind::Quiet) {
            let text = "stopping: songs that have taken ten seconds or more finish and keep what they have begun; Ctrl-C again ends at \
                        once";
            self.suspend(|| console::tell(text));
        }
    }
}

/// Shows the progress of one song, until it is dropped.
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
