//! Makes one video, from the song to the file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strikeline_picture::{PixelFormat, shown};
use wgpu_video::encode::h264::RateControl;
use wgpu_video::journal::Journal;
use wgpu_video::output::Overwrite;
use wgpu_video::stream::{CancelToken, DevicePool, Progress, Report, StreamError, WorkSplit};

use super::RenderArgs;
use super::estimate::estimated_bytes;
use super::made::VideoKey;
use super::rates::{MeasuringSink, UnitSizes, VideoRates};
use super::resume;
use super::sequence;
use super::summary::RenderSummary;
use super::target::Target;
use crate::cli::given;
use crate::cli::hang;
use crate::cli::job::RenderJob;
use crate::cli::messages::Messages;
use crate::cli::sound::{SoundSummary, VideoSound};
use crate::cli::video_format::VideoKind;
use crate::cli::words;

/// Shows the progress of a video.
pub(super) trait Display {
    /// Shows new progress.
    fn update(&mut self, progress: &Progress);
    /// Calls `print`, which prints lines, while the display is hidden.
    fn suspend(&mut self, print: &mut dyn FnMut());
}

/// A video that is ready to be made: the song was read, and the file was begun.
pub(super) struct Video<'a> {
    args: &'a RenderArgs,
    output: &'a Path,
    kind: VideoKind,
    job: RenderJob<'a>,
    sound: Option<VideoSound>,
    sink: Target,
    /// Of the pictures so far.
    sizes: UnitSizes,
    journal: Option<Arc<Journal>>,
    cancel: CancelToken,
    /// What its size was thought to be before it was made.
    estimated: Option<u64>,
}

/// An animated picture of more bytes takes long to load in a page.
const LARGE_ANIMATION: u64 = 20_000_000;

impl<'a> Video<'a> {
    /// Reads the song at `song`, and begins the file at `output`, which is to be of this `kind`.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the options ask for something impossible.
    pub(super) fn prepare(
        args: &'a RenderArgs,
        (song, output): (&Path, &'a Path),
        kind: VideoKind,
        overwrite: Overwrite,
        pool: Option<&Arc<DevicePool>>,
        cancel: &CancelToken,
        messages: &mut Messages,
    ) -> anyhow::Result<Video<'a>> {
        let mut job = RenderJob::prepare(&args.video, song, kind.codec, cancel, messages)?;
        job.options.device_pool = pool.cloned();
        let sound = if kind.format.has_sound() { job.sound(messages)? } else { None };
        let plays = args.plays.times(kind.format)?;
        let sink = match kind.format.is_sequence() {
            true => Target::Pictures(sequence::open(args, (song, output), &mut job, overwrite, messages)?),
            false => Target::create(output, kind, overwrite, &job.tags())?,
        };
        let mut sink = sink.map_file(|sink| sink.with_plays(plays));
        let is_resumable = matches!(sink, Target::File(_));
        let journal = match args.resume.no_resume || !is_resumable {
            true => None,
            false => resume::open(output, song, (&job, &args.video), args.resume.journal_after(), messages),
        };
        if let Some(journal) = &journal {
            hang::keep_at_end(journal);
            sink = sink.map_file(|sink| sink.with_journal(Arc::clone(journal)));
        }
        if args.resume.keep_partial && !is_resumable && given::has("keep-partial") {
            messages.warn(format_args!(
                "--keep-partial has no effect: what is finished of {} is there anyway",
                kind.format.with_article()
            ));
        }
        if args.resume.keep_partial && is_resumable {
            let continues = journal.as_ref().is_some_and(|journal| journal.segments() > 0);
            let (partial, overwrite) = resume::partial(output, overwrite, continues)?;
            sink = sink.map_file(|sink| sink.with_partial(partial, overwrite));
            job.options.finish_early = true;
        }
        if let Some(journal) = &journal {
            job.options.store = Some(Arc::clone(journal) as Arc<_>);
        }
        let (cancel, sizes) = (cancel.clone(), UnitSizes::default());
        Ok(Video { args, output, kind, job, sound, sink, sizes, journal, cancel, estimated: None })
    }

    /// Frames of the video.
    pub(super) fn frames(&self) -> u64 {
        self.job.frames
    }

    /// Segments of the video.
    pub(super) fn segments(&self) -> u64 {
        self.job.options.plan().segments()
    }

    /// The key of everything that the video's bytes depend on.
    ///
    /// # Errors
    /// As [`VideoKey::of`].
    pub(super) fn key(&self, song: &Path) -> anyhow::Result<VideoKey> {
        VideoKey::of(self.args, song, &self.job)
    }

    /// Splits the work in another way. The bytes are the same.
    pub(super) fn set_split(&mut self, split: WorkSplit) {
        self.job.options.split = split;
    }

    /// Tells how large the file will be, about. If a part of it has been made already, nothing is known.
    ///
    /// # Errors
    /// As [`wgpu_video::stream::stream`].
    pub(super) fn tell_size(&mut self, messages: &mut Messages) -> Result<(), StreamError> {
        if self.kept_segments() > 0 {
            return Ok(());
        }
        self.estimated = estimated_bytes(&mut self.job)?;
        match self.estimated {
            Some(bytes) if bytes > LARGE_ANIMATION => messages.warn(format_args!(
                "the file will have about {}, which is much for a page: a smaller --size, a lower --fps or a shorter --duration \
                 makes it smaller",
                words::size(bytes)
            )),
            Some(bytes) => messages.note(format_args!("the file will have about {}", words::size(bytes))),
            None => {}
        }
        Ok(())
    }

    /// Makes the video.
    ///
    /// # Errors
    /// As [`wgpu_video::stream::stream`].
    pub(super) fn make(
        &mut self,
        display: &mut dyn Display,
        messages: &mut Messages,
    ) -> Result<Report, StreamError> {
        let journal = self.journal.as_ref();
        let pictures = self.sink.pictures().cloned();
        let keeps_partial = self.job.options.finish_early;
        let mut is_stopping = false;
        let mut progress = |progress: &Progress| {
            if self.cancel.is_cancelled() && !std::mem::replace(&mut is_stopping, true) {
                display.suspend(&mut || match &pictures {
                    Some(pictures) => sequence::tell_stopping(pictures, messages),
                    None => resume::tell_stopping(journal, keeps_partial, messages),
                });
            }
            if let Some(error) = journal.and_then(|journal| journal.take_error()) {
                display.suspend(&mut || messages.warn(resume::without_journal(&error)));
            }
            display.update(progress);
        };
        let mut sink = MeasuringSink { sink: &mut self.sink, sizes: &mut self.sizes };
        self.job.stream(self.sound.as_mut(), &mut sink, &mut progress)
    }

    /// Ends the journal, and prints notes and warnings about the video, whether it was made or not.
    pub(super) fn end(&mut self, result: &Result<Report, StreamError>, messages: &mut Messages) {
        if let Some(journal) = &self.journal {
            resume::end(journal, result, messages);
        }
        if let Some(pictures) = self.sink.pictures() {
            sequence::end(pictures, result, messages);
        }
        if let Some(partial) = self.partial() {
            messages.left(format_args!("the finished beginning of the video is in {}", shown(partial)));
        }
        if let (Ok(_), Some(rates)) = (result, self.rates()) {
            rates.warnings().iter().for_each(|warning| messages.warn(warning));
        }
        if let (Ok(_), Some(sound)) = (result, self.about_sound()) {
            sound.warnings().iter().for_each(|warning| messages.warn(warning));
        }
    }

    /// The video of the finished beginning, if one was made.
    pub(super) fn partial(&self) -> Option<&Path> {
        self.sink.partial()
    }

    /// The number of segments that are kept for the next run.
    pub(super) fn kept_segments(&self) -> usize {
        self.journal.as_ref().map_or(0, |journal| journal.segments())
    }

    /// The summary of the video.
    pub(super) fn summary<'s>(
        &'s self,
        report: &'s Report,
        wall: Duration,
        messages: &'s Messages,
    ) -> RenderSummary<'s> {
        RenderSummary {
            report,
            args: &self.args.video,
            scene: &self.job.scene,
            output: self.output,
            kind: self.kind,
            pixel_format: self.job.options.encoder.planes().pixel_format().map_or("rgba", PixelFormat::name),
            pictures: self.sink.pictures().map(|pictures| pictures.names()),
            drum_map: self.job.map_report(),
            split: self.job.options.split,
            wall,
            sound: self.about_sound(),
            rates: self.rates(),
            estimated_bytes: self.estimated,
            warnings: messages.warnings(),
        }
    }

    /// Bit rates of the pictures; `None` where each is a file.
    fn rates(&self) -> Option<VideoRates> {
        let control = match self.kind.codec.is_limited() {
            true => self.args.video.stream.rate_control(),
            false => RateControl::NONE,
        };
        let is_one_file = self.sink.pictures().is_none();
        is_one_file.then(|| self.sizes.rates(control, self.args.video.picture.fps())).flatten()
    }

    fn about_sound(&self) -> Option<&SoundSummary> {
        self.sound.as_ref().map(|sound| &sound.about)
    }
}
