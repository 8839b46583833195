//! `strikeline render`: a song to an MP4 video.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use strikeline::highway::Highway;
use strikeline::song::SongPoint;
use strikeline_picture::{GivenTime, Time};
use wgpu_video::stream::Mp4Sink;
use wgpu_video::stream::{CancelToken, Progress, Report, process_cpu_time, stream, stream_with_sound};

use super::UsageError;
use super::args::{
    ForceArgs, HighwayArgs, JsonArgs, MapReport, PictureArgs, PracticeArgs, QuietArgs, SongArgs, SoundArgs,
    StreamArgs, length, positive_length,
};
use super::hang;
use super::inputs;
use super::messages::Messages;
use super::progress::{ProgressDisplay, clock};
use super::sound::{self, SoundSummary, VideoSpan};

/// What the file says about the program that made it.
const WRITING_TOOL: &str = concat!("strikeline ", env!("CARGO_PKG_VERSION"));

/// Most characters of a title or an artist in the file's tags.
const MAX_TAG: usize = 1000;

/// Render a song to an MP4 video.
#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// Video file to write [default: the song's name, ending in .mp4, in the current folder].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    /// Point of the song at which the video begins: a time (42.5, 1:02.5, 500ms, 119/30, -2), bar:17, or
    /// section:NAME [default: 0, or earlier if the first note needs more time to come along the road].
    ///
    /// Times are in seconds, or minutes and seconds, or hours, minutes and seconds. A ratio of seconds is exact. A
    /// negative time begins before the song. The same forms go for all times of the command line, and bars and sections
    /// for all points of a song.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true)]
    start: Option<SongPoint>,

    /// Length of the video, such as 10, 1:30, 500ms or 119/30 [default: to the last note, plus --tail].
    ///
    /// A length that is a whole number of frames to within its last digit, or a microsecond, gives that number of frames:
    /// 119/30, 3.966667 and 3.967 are 119 frames at 30 frames per second. Any other is rounded up to a frame.
    #[arg(long, value_name = "TIME", value_parser = positive_length, allow_hyphen_values = true)]
    duration: Option<GivenTime>,

    /// Time for which the video goes on after the last note [default: 3, or 6 with an end card].
    #[arg(long, value_name = "TIME", value_parser = length, allow_hyphen_values = true)]
    tail: Option<Time>,

    #[command(flatten)]
    quiet: QuietArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    stream: StreamArgs,

    #[command(flatten)]
    song: SongArgs,

    #[command(flatten)]
    practice: PracticeArgs,

    #[command(flatten)]
    highway: HighwayArgs,

    #[command(flatten)]
    sound: SoundArgs,

    #[command(flatten)]
    picture: PictureArgs,
}

/// Runs it.
pub(super) fn run(args: &RenderArgs) -> anyhow::Result<()> {
    let started = Instant::now();
    let cancel = stop_on_signals()?;
    let (quiet, json) = (args.quiet.quiet, args.json.json);
    let mut messages = Messages::new(quiet, json);
    let (song, events) = args.song.open_with_events(&mut messages)?;
    let played = args.practice.play(song, events)?;
    let output = args.output.clone().unwrap_or_else(|| super::default_output(&args.song.song, "mp4"));
    let files = [Some(&args.song.song), args.sound.audio.as_ref(), args.sound.soundfont.as_ref()];
    inputs::refuse_replacing(&output, files.into_iter().flatten().map(PathBuf::as_path))?;
    let picture = &args.picture;
    let start = args.start.as_ref().map(|start| args.practice.played(start, &played.written)).transpose()?;
    let mut scene = args.highway.highway(&played.song, start, picture, &mut messages)?;
    let drum_map = args.highway.drum_map(&played.song)?;

    let frames = match args.duration {
        Some(duration) => duration.frames(picture.fps),
        None => picture.fps.frames_to_cover(to_the_end(args, &scene)?),
    };
    let last = scene.content().notes.last().map_or(Time::ZERO, |note| note.time);
    if scene.start() > last {
        let (start, last) = (scene.start().as_seconds(), last.as_seconds());
        messages.warn(format_args!(
            "no notes fall: the video begins at {start:.3} s, and the last note is at {last:.3} s"
        ));
    }
    let stream_options =
        args.stream.options(picture, super::at_least_one(frames), cancel.clone(), &mut messages);

    let span = VideoSpan {
        start: scene.start(),
        frames,
        rate: picture.fps,
        tail: args.duration.is_none().then(|| tail(args)),
    };
    let mut sound = sound::prepare(&args.sound, &played, &drum_map.map, span, &cancel, &mut |warning| {
        messages.warn(warning);
    })?;

    let mut sink = Mp4Sink::create(&output, args.force.overwrite())?.with_writing_tool(WRITING_TOOL);
    let tag = |text: &String| text.chars().take(MAX_TAG).collect::<String>();
    if let Some(title) = &scene.content().title {
        sink = sink.with_title(tag(title));
    }
    if let Some(artist) = &scene.content().artist {
        sink = sink.with_artist(tag(artist));
    }
    if !quiet && !json {
        hang::say_when_compiling();
    }
    let mut display = ProgressDisplay::new(quiet, frames, picture.fps);
    let mut progress = |progress: &Progress| display.update(progress);
    let result = match &mut sound {
        Some(sound) => {
            stream_with_sound(&mut scene, &mut *sound.packets, &stream_options, &mut sink, &mut progress)
        }
        None => stream(&mut scene, &stream_options, &mut sink, &mut progress),
    };
    display.finish();
    let report = result?;
    let about = sound.map(|sound| sound.about);
    if let Some(about) = &about {
        about.warnings().iter().for_each(|warning| messages.warn(warning));
    }

    let summary = RenderSummary {
        report: &report,
        args,
        scene: &scene,
        output: &output,
        drum_map: drum_map.report,
        wall: started.elapsed(),
        sound: about.as_ref(),
        warnings: messages.warnings(),
    };
    if !quiet && !json {
        eprint!("{}", summary.text());
    }
    if json {
        writeln!(std::io::stdout(), "{}", summary.json())?;
    }
    Ok(())
}

/// Length of a video that goes on to the end of the song.
fn to_the_end(args: &RenderArgs, scene: &Highway) -> anyhow::Result<Time> {
    let tail = tail(args);
    let last = scene.content().notes.last().map_or(Time::ZERO, |note| note.time);
    let span = last + tail - scene.start();
    if span <= Time::ZERO {
        let text = format!(
            "--start {} is after the end: the last note is at {:.3} s, and the video ends {:.3} s later",
            scene.start().as_seconds(),
            last.as_seconds(),
            tail.as_seconds()
        );
        return Err(UsageError(text).into());
    }
    Ok(span)
}

/// Time for which the video goes on after the last note.
fn tail(args: &RenderArgs) -> Time {
    args.tail.unwrap_or(Time::from_seconds(if args.highway.has_end_card() { 6.0 } else { 3.0 }))
}

/// A token that SIGINT and SIGTERM cancel. A second signal ends the program at once.
pub(super) fn stop_on_signals() -> std::io::Result<CancelToken> {
    let cancel = CancelToken::default();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let code = i32::from(super::INTERRUPTED);
        signal_hook::flag::register_conditional_shutdown(signal, code, cancel.flag())?;
        signal_hook::flag::register(signal, cancel.flag())?;
    }
    Ok(cancel)
}

/// The result printed at the end.
struct RenderSummary<'a> {
    report: &'a Report,
    args: &'a RenderArgs,
    scene: &'a Highway,
    output: &'a Path,
    drum_map: MapReport,
    /// From the program's start.
    wall: Duration,
    /// `None` for a video without sound.
    sound: Option<&'a SoundSummary>,
    warnings: &'a [String],
}

impl RenderSummary<'_> {
    fn frames_per_second(&self) -> f64 {
        self.report.frames as f64 / self.wall.as_secs_f64()
    }

    fn video_seconds(&self) -> f64 {
        self.report.frames as f64 / self.args.picture.fps.as_f64()
    }

    fn text(&self) -> String {
        let report = self.report;
        let speed = match self.scene.motion().pixels_per_frame() {
            Some(pixels) => format!("{pixels} pixels per frame"),
            None => format!("{:.1} pixels per second", self.scene.motion().pixels_per_second()),
        };
        let stages: Vec<_> = report
            .stages
            .at_work()
            .map(|stage| format!("{stage} {:.0} %", report.stages.occupancy(stage) * 100.0))
            .collect();
        let sound = self.sound.map(|sound| sound.text() + "\n").unwrap_or_default();
        let start = self.scene.start().as_seconds();
        let offset = if start > 0.0 {
            format!("the video begins at {start:.3} s of the song")
        } else {
            format!("the song begins at {:.3} s of the video", -start)
        };
        format!(
            "{}: {} frames, {} of {} at {} fps, {:.1} MB\n\
             took {:.1} s: {:.0} fps, {:.1}× real time; CPU {:.1} s\n\
             drawn on {}; encoded by {}\n\
             busy: {}; the limit was {}\n\
             notes move {speed}; {offset}\n{sound}",
            self.output.display(),
            report.frames,
            clock(self.video_seconds()),
            self.args.picture.size,
            self.args.picture.fps,
            report.bytes as f64 / 1e6,
            self.wall.as_secs_f64(),
            self.frames_per_second(),
            self.video_seconds() / self.wall.as_secs_f64(),
            process_cpu_time().as_secs_f64(),
            report.adapter,
            report.encoder,
            stages.join(", "),
            report.stages.bottleneck().at_work(),
        )
    }

    fn json(&self) -> serde_json::Value {
        let report = self.report;
        let stages: serde_json::Map<_, _> = report
            .stages
            .at_work()
            .map(|stage| {
                let times = report.stages.of(stage);
                let busy = report.stages.occupancy(stage);
                let value = serde_json::json!({
                    "busy": busy,
                    "stalled": 1.0 - busy,
                    "busy_seconds": times.busy.as_secs_f64(),
                    "waiting_for_input_seconds": times.waiting_for_input.as_secs_f64(),
                    "waiting_for_output_seconds": times.waiting_for_output.as_secs_f64(),
                    "workers": times.workers,
                    "frames": times.frames,
                });
                (stage.to_string(), value)
            })
            .collect();
        serde_json::json!({
            "output": self.output.to_string_lossy(),
            "frames": report.frames,
            "size": self.args.picture.size.to_string(),
            "frame_rate": self.args.picture.fps.to_string(),
            "wall_seconds": self.wall.as_secs_f64(),
            "cpu_seconds": process_cpu_time().as_secs_f64(),
            "frames_per_second": self.frames_per_second(),
            "bytes": report.bytes,
            "adapter": report.adapter,
            "encoder": report.encoder,
            "bottleneck": report.stages.bottleneck().to_string(),
            "pixels_per_frame": self.scene.motion().pixels_per_frame(),
            "pixels_per_second": self.scene.motion().pixels_per_second(),
            "song_start_seconds": self.scene.start().as_seconds(),
            "sound": self.sound.map(SoundSummary::json),
            "drum_map": self.drum_map,
            "warnings": self.warnings,
            "stages": stages,
        })
    }
}
