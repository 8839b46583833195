//! A video to be made: turns the options into everything that the streamer needs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context;
use strikeline::highway::{END_CARD_AFTER, Highway};
use strikeline_picture::{FrameIndex, Time, shown};
use wgpu_video::gpu::{AdapterChoice, AdapterDescription, GpuAdapter};
use wgpu_video::journal::SegmentKey;
use wgpu_video::stream::{
    CancelToken, FileSink, PipeSink, Progress, Report, Sink, StreamError, StreamOptions, stream,
    stream_with_sound,
};

use super::UsageError;
use super::args::{MapInForce, MapReport, PlayedSong, VideoArgs};
use super::choices;
use super::codecs::VideoCodec;
use super::given;
use super::messages::Messages;
use super::sound::{self, VideoSound, VideoSpan};
use super::words::{self, song_time};

/// The name of the program in the file's metadata.
const WRITING_TOOL: &str = concat!("strikeline ", env!("CARGO_PKG_VERSION"));

/// The largest number of characters of a title or an artist in the file's tags.
const MAX_TAG: usize = 1000;

/// The tags of a video file, which players show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VideoTags {
    /// The title of the song.
    pub title: Option<String>,
    /// Who made the song.
    pub artist: Option<String>,
}

impl VideoTags {
    /// `sink` with these tags, and with the name of the program.
    pub(crate) fn on_pipe(&self, sink: PipeSink) -> PipeSink {
        let mut sink = sink.with_writing_tool(WRITING_TOOL);
        if let Some(title) = &self.title {
            sink = sink.with_title(title);
        }
        if let Some(artist) = &self.artist {
            sink = sink.with_artist(artist);
        }
        sink
    }

    /// `sink` with these tags, and with the name of the program.
    pub(crate) fn on(&self, sink: FileSink) -> FileSink {
        let mut sink = sink.with_writing_tool(WRITING_TOOL);
        if let Some(title) = &self.title {
            sink = sink.with_title(title);
        }
        if let Some(artist) = &self.artist {
            sink = sink.with_artist(artist);
        }
        sink
    }
}

/// A file that a video is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputFile {
    /// Its path.
    pub path: PathBuf,
    /// Whether only the sound is made from it.
    pub sound_only: bool,
}

/// A video that is ready to be made, from one song.
pub(crate) struct RenderJob<'a> {
    args: &'a VideoArgs,
    played: PlayedSong,
    drum_map: MapInForce,
    cancel: CancelToken,
    /// What is drawn.
    pub scene: Highway,
    /// How it is made.
    pub options: StreamOptions,
    /// Frames of the video.
    pub frames: u64,
}

impl<'a> RenderJob<'a> {
    /// Reads the song at `path` and prepares the pictures, which are coded in `codec`. Tells `messages` what a user ought to know.
    ///
    /// # Errors
    /// When a file cannot be read, or the options ask for something impossible.
    pub(crate) fn prepare(
        args: &'a VideoArgs,
        path: &Path,
        codec: &VideoCodec,
        cancel: &CancelToken,
        messages: &mut Messages,
    ) -> anyhow::Result<RenderJob<'a>> {
        codec.check_transparent(args.highway.is_transparent())?;
        let (song, events) = args.selection.open_with_events(path, messages)?;
        let played = args.practice.play(song, events)?;
        let picture = &args.picture;
        let start =
            args.span.start.as_ref().map(|start| args.practice.played(start, &played.written)).transpose()?;
        let scene = args.highway.highway(&played.song, start, picture, messages)?;
        let drum_map = args.highway.drum_map(&played.song)?;
        let frames = match args.span.duration {
            Some(duration) => duration.frames(picture.fps()),
            None => picture.fps().frames_to_cover(to_the_end(args, &scene)?),
        };
        let last = scene.content().notes.last().map_or(Time::ZERO, |note| note.time);
        if scene.start() > last {
            let (start, last) = (song_time(scene.start().as_seconds()), song_time(last.as_seconds()));
            messages.warn(format_args!(
                "no notes fall: the video starts at {start} of the song, and the last note is at {last}"
            ));
        }
        let frames = super::at_least_one(frames);
        let ends = scene.start() + picture.fps().time_of(FrameIndex(frames.get()));
        // By default a video begins before the first note.
        if let Some(first) = scene.content().notes.first()
            && given::has("start")
            && ends < first.time - scene.motion().lookahead()
        {
            let (ends, first) = (song_time(ends.as_seconds()), song_time(first.time.as_seconds()));
            messages.warn(format_args!(
                "no notes fall: the video ends at {ends} of the song, and the first note is at {first}"
            ));
        }
        if given::has("tail") && args.span.duration.is_some() {
            messages.warn("--tail has no effect: --duration says how long the video is");
        }
        if args.highway.has_end_card() && given::has("end-card") && ends <= last + END_CARD_AFTER {
            messages.warn(format_args!(
                "--end-card has no effect: it is shown {} after the last note, and the video ends before; --duration or --tail \
                 makes it longer",
                words::decimals(END_CARD_AFTER.as_seconds(), 1)
            ));
        }
        let encoder = args.stream.factory(codec)?;
        codec.tell_unused(messages);
        let options = args.stream.options(picture, frames, encoder, cancel.clone(), messages);
        let job = RenderJob {
            args,
            played,
            drum_map,
            cancel: cancel.clone(),
            scene,
            options,
            frames: frames.get(),
        };
        choices::tell(&job, args, messages);
        Ok(job)
    }

    /// Prepares the sound; `None` when the video is to have none.
    ///
    /// # Errors
    /// When a file is missing or cannot be used, or the options contradict each other.
    pub(crate) fn sound(&self, messages: &mut Messages) -> anyhow::Result<Option<VideoSound>> {
        let span = VideoSpan {
            start: self.scene.start(),
            frames: self.frames,
            rate: self.args.picture.fps(),
            tail: self.args.span.duration.is_none().then(|| self.args.tail()),
        };
        let mut warn = |warning| messages.warn(warning);
        sound::prepare(&self.args.sound, &self.played, &self.drum_map.map, span, &self.cancel, &mut warn)
    }

    /// The tags of the video.
    pub(crate) fn tags(&self) -> VideoTags {
        let tag = |text: &String| text.chars().take(MAX_TAG).collect::<String>();
        let content = self.scene.content();
        VideoTags { title: content.title.as_ref().map(tag), artist: content.artist.as_ref().map(tag) }
    }

    /// The files that the video is made from: the song, and all files that the options name. Each is listed once.
    ///
    /// # Errors
    /// When a theme or a folder cannot be read, or a SoundFont is missing.
    pub(crate) fn inputs(&self, song: &Path) -> anyhow::Result<Vec<InputFile>> {
        let mut inputs = song_files(song, self.played.written.chart().is_some())?;
        inputs.extend(self.args.highway.files()?);
        let mut inputs: Vec<InputFile> =
            inputs.into_iter().map(|path| InputFile { path, sound_only: false }).collect();
        let sound = self.args.sound.audio.clone().into_iter().chain(sound::soundfont(&self.args.sound)?);
        inputs.extend(sound.map(|path| InputFile { path, sound_only: true }));
        let mut seen = std::collections::BTreeSet::new();
        inputs.retain(|input| seen.insert(input.path.clone()));
        Ok(inputs)
    }

    /// Which drum map is used, and why.
    pub(crate) fn map_report(&self) -> MapReport {
        self.drum_map.report.clone()
    }

    /// Makes the video.
    ///
    /// # Errors
    /// As [`stream`].
    pub(crate) fn stream(
        &mut self,
        sound: Option<&mut VideoSound>,
        sink: &mut dyn Sink,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Report, StreamError> {
        match sound {
            Some(sound) => {
                stream_with_sound(&mut self.scene, &mut *sound.packets, &self.options, sink, progress)
            }
            None => stream(&mut self.scene, &self.options, sink, progress),
        }
    }

    /// Everything that the bytes of the segments depend on, besides the program.
    pub(crate) fn identity(&self) -> Identity {
        let StreamOptions { size, frame_rate, frames, encoder, .. } = &self.options;
        let segment = self.options.plan().segment_frames();
        Identity {
            scene: self.scene.fingerprint(),
            video: format!("{size} {frame_rate} {frames} {segment}"),
            encoder: format!("{} {:?}", encoder.identity(), self.args.stream.quality()),
            adapter: self.options.adapter.clone(),
        }
    }
}

/// Everything that the bytes of the segments of a video depend on, besides the program.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// [`Highway::fingerprint`].
    pub scene: [u8; 32],
    /// Size, frame rate, number of frames, and length of the segments.
    pub video: String,
    /// The encoder and its settings.
    pub encoder: String,
    /// The choice of the adapter, which has not been looked up yet.
    pub adapter: AdapterChoice,
}

impl Identity {
    /// The key: a hash of all this and of the program's file. Takes some ten milliseconds.
    ///
    /// # Errors
    /// When there is no such adapter, or the program's own file cannot be read.
    pub(crate) fn key(&self) -> anyhow::Result<SegmentKey> {
        self.key_on(&GpuAdapter::find(&self.adapter)?.description)
    }

    /// As [`Identity::key`], with the adapter `adapter`.
    ///
    /// # Errors
    /// When the program's own file cannot be read.
    pub(crate) fn key_on(&self, adapter: &AdapterDescription) -> anyhow::Result<SegmentKey> {
        let adapter = adapter_text(adapter);
        let parts: [(&str, &[u8]); 5] = [
            ("program", &build_id()?),
            ("scene", &self.scene),
            ("video", self.video.as_bytes()),
            ("encoder", self.encoder.as_bytes()),
            ("adapter", adapter.as_bytes()),
        ];
        Ok(SegmentKey::of(parts))
    }
}

/// A text that distinguishes adapters and their drivers, because different ones may round differently.
pub(crate) fn adapter_text(adapter: &AdapterDescription) -> String {
    let AdapterDescription { name, driver, backend, .. } = adapter;
    format!("{name}, {driver}, {backend}")
}

/// A hash of the program's own file: a program of the same version may have been built from changed code.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn build_id() -> anyhow::Result<[u8; 32]> {
    static FOUND: OnceLock<[u8; 32]> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(*found);
    }
    let mut hasher = blake3::Hasher::new();
    let program = std::env::current_exe().context("the program does not find its own file")?;
    let unreadable = || format!("the program's own file {} cannot be read", shown(&program));
    let file = std::fs::File::open(&program).with_context(unreadable)?;
    hasher.update_reader(file).with_context(unreadable)?;
    Ok(*FOUND.get_or_init(|| *hasher.finalize().as_bytes()))
}

/// The files from which the song at `song` is read. For a chart this includes its `song.ini`, and for a folder all files that
/// may be the chart.
///
/// # Errors
/// When a folder cannot be read.
fn song_files(song: &Path, is_chart: bool) -> anyhow::Result<Vec<PathBuf>> {
    let has = |path: &Path, endings: &[&str]| {
        let extension = path.extension().map(OsStr::to_ascii_lowercase);
        extension.is_some_and(|extension| endings.iter().any(|ending| extension == **ending))
    };
    let parent = song.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, endings): (_, &[&str]) = match song.is_dir() {
        true => (song, &["mid", "midi", "chart", "ini"]),
        false if has(song, &["ini"]) => (parent, &["mid", "midi", "chart", "ini"]),
        false if is_chart && !has(song, &["sng"]) => (parent, &["ini"]),
        false => return Ok(vec![song.to_owned()]),
    };
    let mut files = Vec::new();
    if song.is_file() {
        files.push(song.to_owned());
    }
    let unreadable = || format!("the folder {} cannot be read", shown(folder));
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let name = entry.with_context(unreadable)?.file_name();
        let is_ini = has(Path::new(&name), &["ini"]);
        let path = folder.join(&name);
        // A folder has other settings, too, such as those of a file manager.
        let counts = has(&path, endings) && (!is_ini || name.eq_ignore_ascii_case("song.ini"));
        if counts && path.is_file() && path != song {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Length of a video that continues to the end of the song.
fn to_the_end(args: &VideoArgs, scene: &Highway) -> anyhow::Result<Time> {
    let tail = args.tail();
    let last = scene.content().notes.last().map_or(Time::ZERO, |note| note.time);
    let span = last + tail - scene.start();
    if span <= Time::ZERO {
        let text = format!(
            "--start {} is after the end: the last note is at {}, and the video ends {} later; give an \
             earlier one, or a longer --tail",
            song_time(scene.start().as_seconds()),
            song_time(last.as_seconds()),
            song_time(tail.as_seconds())
        );
        return Err(UsageError(text).into());
    }
    Ok(span)
}
