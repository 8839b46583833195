//! Many songs in one process: devices, shaders and drum sounds are made only once, short songs are rendered at the same time,
//! and a song that fails does not stop the others.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use rayon::prelude::*;
use strikeline::theme::Theme;
use strikeline_picture::shown;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::{CancelToken, DevicePool, StreamError};

use super::RenderArgs;
use super::at_work::{AtWork, Work};
use super::bars::Bars;
use super::made::{Record, VideoKey};
use super::outcome::{Counts, Kept, Outcome, Skipped};
use super::plan::{PlannedVideo, listed};
use super::room::Room;
use super::table::{name, table};
use super::video::Video;
use crate::cli::AlreadyThere;
use crate::cli::args::{headings, whole_number};
use crate::cli::choices;
use crate::cli::color::Label;
use crate::cli::console::{self, NotPrinted};
use crate::cli::exit_code::ExitCode;
use crate::cli::files::{CommandFiles, make_folder};
use crate::cli::hang;
use crate::cli::job::RenderJob;
use crate::cli::journals::remove_those_of_complete;
use crate::cli::messages::Messages;
use crate::cli::signals::{Signal, Signals};
use crate::cli::video_format::VideoKind;
use crate::cli::words::{count, took};

/// Options of a render of several songs.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(super) struct BatchArgs {
    /// Leave videos that exist as they are, and make the others
    ///
    /// This is not needed to continue an interrupted render of several songs: the same command does not make its finished
    /// videos again.
    #[arg(long, hide_short_help = true, conflicts_with = "force")]
    pub skip_existing: bool,

    /// Largest number of songs that are rendered at the same time [default: number of cores]
    ///
    /// Several short songs are rendered at the same time; a long song keeps the machine busy by itself. With --ring, --jobs,
    /// --segments or --devices, which apply to each song, the default is 1.
    #[arg(long, hide_short_help = true, help_heading = headings::SPEED, value_name = "N", value_parser = whole_number(1_u16..=256))]
    at_once: Option<u16>,
}

/// Renders `videos`, all of them in `folder`, as files of this `kind`.
///
/// # Errors
/// When nothing could be begun, a song failed, or the batch was interrupted.
pub(super) fn run(
    args: &RenderArgs,
    (folder, videos): (&Path, &[PlannedVideo]),
    kind: VideoKind,
    signals: &Signals,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let (quiet, json) = (args.messages.quiet, args.json.json);
    let pool = Arc::new(DevicePool::new());
    let cancel = signals.token();
    // An error that would be the same for every song is reported once, here.
    Theme::find(&args.video.highway.look().theme)?;
    pool.adapter(&args.video.picture.adapter())?;
    args.video.sound.check_files()?;
    let record = (!args.resume.no_resume).then(|| Record::read(folder));
    let existing = Existing { args, pool: &pool, cancel: &cancel, record: record.as_ref(), kind };
    let skipped = existing.skipped(videos)?;
    make_folder(folder)?;

    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let given = args.batch.at_once.and_then(|songs| NonZeroUsize::new(songs.into()));
    let at_once = given.unwrap_or(if args.video.stream.splits() { NonZeroUsize::MIN } else { cores });
    let batch = Batch {
        args,
        started,
        pool: &pool,
        signals,
        cancel: &cancel,
        record: record.as_ref(),
        kind,
        room: Room::new(cores.max(at_once)),
        at_once,
        bars: Bars::new(quiet || json, videos.len(), args.video.picture.fps(), &cancel),
        videos,
        outcomes: Mutex::new(videos.iter().map(|_| Outcome::NotBegun).collect()),
        ended: AtomicUsize::new(0),
        at_work: AtWork::default(),
        unprinted: Mutex::new(None),
    };
    choices::tell_of_batch(&args.video, at_once.get(), &Messages::new(args.messages, json));
    if !quiet && !json {
        hang::say_when_compiling(batch.bars.line_teller());
    }
    signals.stream(|_| batch.render_all(&skipped));
    let (counts, unprinted) = batch.tell_result();
    if counts.left > 0 {
        if let Some(record) = record.as_ref().filter(|record| counts.made == 0 && record.was_empty()) {
            record.remove();
        }
        return Err(StreamError::Cancelled.into());
    }
    if counts.failed > 0 {
        return Err(anyhow!("{} of {} failed", counts.failed, count(videos.len(), "song")));
    }
    if let Some(record) = &record {
        record.remove();
    }
    match unprinted {
        None => Ok(()),
        Some(error) => {
            Err(error.after(format_args!("all videos are complete ({} made)", counts.made)).into())
        }
    }
}

/// Finds out which videos need not be made, and which of the others exist already.
struct Existing<'b> {
    args: &'b RenderArgs,
    pool: &'b Arc<DevicePool>,
    cancel: &'b CancelToken,
    record: Option<&'b Record>,
    kind: VideoKind,
}

impl Existing<'_> {
    /// For each of `videos`, why it need not be made; `None` for a video that is to be made.
    ///
    /// # Errors
    /// When a video exists that may not be replaced, or would replace a file that is read.
    fn skipped(&self, videos: &[PlannedVideo]) -> anyhow::Result<Vec<Option<Skipped>>> {
        // In parallel, because computing the key of a song's video takes some milliseconds.
        let skipped: Vec<_> = videos.par_iter().map(|video| self.skip(video)).collect();
        let replaced =
            videos.iter().zip(&skipped).filter(|(video, why)| why.is_none() && video.output.exists());
        let replaced: Vec<&Path> = replaced.map(|(video, _)| video.output.as_path()).collect();
        if replaced.is_empty() {
            return Ok(skipped);
        }
        if self.args.force.overwrite() == Overwrite::Refuse {
            let are = if replaced.len() == 1 { "exists" } else { "exist" };
            return Err(AlreadyThere(format!(
                "{} of {} {are} already: {}; --skip-existing leaves these and makes the others, --force replaces them",
                replaced.len(),
                count(videos.len(), "video"),
                listed(replaced.into_iter())
            ))
            .into());
        }
        let mut files = CommandFiles::default();
        videos.iter().for_each(|video| files.read_song(&video.song));
        self.args.video.add_files(&mut files)?;
        for output in replaced {
            files.write_any("--output", output);
        }
        files.check()?;
        Ok(skipped)
    }

    fn skip(&self, PlannedVideo { song, output }: &PlannedVideo) -> Option<Skipped> {
        // A folder of that name is an error, which the render tells.
        if !output.is_file() {
            return None;
        }
        if self.args.force.overwrite() == Overwrite::Refuse && !self.args.resume.no_resume {
            remove_those_of_complete(output);
        }
        // What comes out of a pipe is not known before, and cannot be read twice.
        let can_be_read_twice = song.is_file() || song.is_dir();
        let record = self.record.filter(|record| can_be_read_twice && record.may_have(output));
        if let Some(record) = record {
            // A song that cannot be read gets no key; its error is reported when it is rendered.
            let messages = &mut Messages::silent();
            let job = RenderJob::prepare(&self.args.video, song, self.kind.codec, self.cancel, messages).ok();
            let key = job.and_then(|mut job| {
                job.options.device_pool = Some(Arc::clone(self.pool));
                VideoKey::of(self.args, song, &job).ok()
            });
            if key.is_some_and(|key| record.has(output, &key)) {
                return Some(Skipped::MadeBefore);
            }
        }
        self.args.batch.skip_existing.then_some(Skipped::Exists)
    }
}

/// A batch that is being rendered.
struct Batch<'b> {
    args: &'b RenderArgs,
    started: Instant,
    pool: &'b Arc<DevicePool>,
    signals: &'b Signals,
    cancel: &'b CancelToken,
    record: Option<&'b Record>,
    kind: VideoKind,
    room: Room,
    at_once: NonZeroUsize,
    bars: Bars,
    videos: &'b [PlannedVideo],
    /// In the order of the videos.
    outcomes: Mutex<Vec<Outcome>>,
    ended: AtomicUsize,
    at_work: AtWork,
    /// The first error of printing a JSON object.
    unprinted: Mutex<Option<NotPrinted>>,
}

impl Batch<'_> {
    /// Renders all songs except those that are skipped.
    fn render_all(&self, skipped: &[Option<Skipped>]) {
        let mut to_make = Vec::new();
        for (index, why) in skipped.iter().enumerate() {
            match why {
                Some(why) => self.end(index, Outcome::Skipped(*why), &Messages::silent()),
                None => to_make.push(index),
            }
        }
        let next = AtomicUsize::new(0);
        let work = || {
            while !self.cancel.is_cancelled()
                && let Some(&index) = to_make.get(next.fetch_add(1, Ordering::Relaxed))
            {
                self.render_one(index);
            }
        };
        std::thread::scope(|scope| {
            let _over = self.at_work.until_over();
            let ending = std::thread::Builder::new().name("batch-end".to_owned());
            // If this thread cannot be started, the second signal ends the program.
            let _ = ending.spawn_scoped(scope, || self.end_if_held_up());
            std::thread::scope(|scope| {
                for worker in 1..self.at_once.get().min(to_make.len()) {
                    let worker = std::thread::Builder::new().name(format!("song-{worker}"));
                    // If no thread can be started, this thread renders all songs.
                    let _ = worker.spawn_scoped(scope, work);
                }
                work();
            });
        });
    }

    /// Ends the program when a signal has come and only songs are left that are still being prepared. Nothing is lost by that.
    fn end_if_held_up(&self) {
        if self.at_work.is_held_up(self.cancel) {
            self.tell_result();
            self.signals.end_program(ExitCode::Stopped(Signal::INTERRUPT));
        }
    }

    /// Tells what became of all songs. Also returns why an object could not be printed.
    fn tell_result(&self) -> (Counts, Option<NotPrinted>) {
        self.bars.finish();
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = Counts::of(&outcomes);
        let wall = self.started.elapsed();
        let (quiet, json) = (self.args.messages.quiet, self.args.json.json);
        if !quiet && !json {
            console::tell(table(self.videos, &outcomes, self.args.video.picture.fps(), wall));
        }
        let mut unprinted = self.unprinted.lock().unwrap_or_else(PoisonError::into_inner).take();
        if json {
            let left = self.videos.iter().zip(&*outcomes).filter(|(_, it)| matches!(it, Outcome::NotBegun));
            for (video, outcome) in left {
                unprinted = unprinted.or(console::print_json(&outcome.json(video)).err());
            }
            unprinted = unprinted.or(console::print_json(&counts.json(wall)).err());
        }
        if counts.left > 0 && !quiet && !json {
            let is_kept = |outcome: &Outcome| match outcome {
                Outcome::Made { .. } | Outcome::Skipped(_) => true,
                Outcome::Interrupted(kept) => kept.segments > 0,
                Outcome::Failed { .. } | Outcome::NotBegun => false,
            };
            console::tell(match outcomes.iter().any(is_kept) {
                true => "run the same command to continue",
                false => "nothing is kept, as the first songs had only begun: the same command begins anew",
            });
        }
        (counts, unprinted)
    }

    fn render_one(&self, index: usize) {
        let mut messages = Messages::silent();
        let render = || self.render(&self.videos[index], &mut messages);
        let outcome = catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            let error = anyhow!("this is a bug in strikeline, please report it ({message})");
            Outcome::of_error(&error, Duration::ZERO, Kept::default())
        });
        self.end(index, outcome, &messages);
    }

    fn render(&self, video: &PlannedVideo, messages: &mut Messages) -> Outcome {
        let started = Instant::now();
        let (mut waited, mut kept) = (Duration::ZERO, Kept::default());
        let made = (|| -> anyhow::Result<Outcome> {
            let mut prepared = {
                let _preparing = self.at_work.begin(Work::Preparing);
                self.prepare(video, messages)?
            };
            let songs = self.videos.len() - self.ended.load(Ordering::Relaxed);
            let cores = self.room.cores_for(prepared.segments(), songs, self.at_once);
            let waiting = Instant::now();
            let share = self.room.enter(cores);
            waited = waiting.elapsed();
            if self.cancel.is_cancelled() {
                return Err(StreamError::Cancelled.into());
            }
            if let Some(split) = share.split()
                && !self.args.video.stream.splits()
            {
                prepared.set_split(split);
            }
            let rendering = self.at_work.begin(Work::Rendering);
            let result = {
                let mut bar = self.bars.begin(&name(&video.song), prepared.frames());
                prepared.make(&mut bar, messages)
            };
            prepared.end(&result, messages);
            drop(rendering);
            kept =
                Kept { segments: prepared.kept_segments(), partial: prepared.partial().map(Path::to_owned) };
            let report = result?;
            let took = started.elapsed().saturating_sub(waited);
            let about = prepared.summary(&report, took, messages).json();
            Ok(Outcome::Made { frames: report.frames, kept: report.kept, took, about })
        })();
        let took = started.elapsed().saturating_sub(waited);
        made.unwrap_or_else(|error| Outcome::of_error(&error, took, kept))
    }

    fn prepare<'v>(&'v self, video: &'v PlannedVideo, messages: &mut Messages) -> anyhow::Result<Video<'v>> {
        let PlannedVideo { song, output } = video;
        let overwrite = self.args.force.overwrite();
        let prepared = Video::prepare(
            self.args,
            (song, output),
            self.kind,
            overwrite,
            Some(self.pool),
            self.cancel,
            messages,
        )?;
        if let Some(record) = self.record {
            let begun = prepared.key(song).and_then(|key| Ok(record.begin(output, &key)?));
            if let Err(error) = begun {
                messages.warn(format_args!(
                    "if this render of several songs is interrupted, the same command cannot tell that it made this video: \
                     {error}"
                ));
            }
        }
        Ok(prepared)
    }

    /// Prints and stores the outcome of a song.
    fn end(&self, index: usize, outcome: Outcome, messages: &Messages) {
        let video = &self.videos[index];
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        self.bars.suspend(|| self.tell(video, &outcome, messages, ended));
        self.bars.set_done(ended, self.videos.len());
        if self.args.json.json
            && let Err(error) = console::print_json(&outcome.json(video))
        {
            self.unprinted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = outcome;
    }

    fn tell(&self, video: &PlannedVideo, outcome: &Outcome, messages: &Messages, ended: usize) {
        let song = shown(&video.song);
        if !self.args.messages.quiet {
            for warning in messages.warnings() {
                console::tell_as(Label::Warning, format_args!("{song}: {warning}"));
            }
        }
        if let Outcome::Failed { error, .. } = outcome {
            // Errors of songs that cannot be read name the file already.
            let named = error.text.contains(&song.to_string());
            let prefix = if named { String::new() } else { format!("{song}: ") };
            console::tell_as(Label::Error, format_args!("{prefix}{}", error.text));
            if let Some(help) = &error.help {
                console::tell_as(Label::Help, help);
            }
        }
        if self.bars.are_plain() {
            let took = outcome.took().map(|time| format!(" ({})", took(time))).unwrap_or_default();
            let of = self.videos.len();
            console::tell(format_args!("{ended}/{of}  {song}: {}{took}", outcome.text()));
        }
    }
}
