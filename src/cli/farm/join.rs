//! `strikeline join`: joins the parts of a plan to one video.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use strikeline_picture::{FrameRate, PictureSize, SegmentIndex, shown};
use wgpu_video::encode::Codec;
use wgpu_video::journal::{SegmentFile, join};
use wgpu_video::stream::{FileSink, FinishedSegment, SegmentStore, SinkError, StreamInfo, VideoTrack};

use super::files::{PartOrigin, PartState, PlanFile};
use crate::cli::UsageError;
use crate::cli::args::{ForceArgs, JsonArgs, MessageArgs, PlaysArgs, headings};
use crate::cli::codecs::VideoCodec;
use crate::cli::console;
use crate::cli::files::CommandFiles;
use crate::cli::job::VideoTags;
use crate::cli::json_path::put_path;
use crate::cli::messages::Messages;

use crate::cli::signals::Signals;
use crate::cli::video_format::VideoKind;
use crate::cli::words::{self, count};

/// Join the parts of a plan to one video.
///
/// Nothing is drawn or encoded again, and no graphics adapter is needed. The video has the bytes that `strikeline render` makes
/// on an adapter of the same kind. If parts are missing, not finished or damaged, the command names them and ends with exit
/// code 3.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = headings::OUTPUT)]
pub(in crate::cli) struct JoinArgs {
    /// Plan file that `strikeline plan` has written
    #[arg(value_name = "PLAN", help_heading = "Arguments")]
    plan: PathBuf,

    /// Video file to write
    ///
    /// The default is the song's name, with the usual ending of the codec, in the current folder.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    plays: PlaysArgs,

    #[command(flatten)]
    force: ForceArgs,

    /// Print the numbers of the parts that are missing
    ///
    /// No video is written. The numbers are in the form that schedulers take, such as 2,5-7, and the exit code is 3. If all parts
    /// are complete, nothing is printed, and the exit code is 0.
    #[arg(long, conflicts_with_all = ["output", "allow_mixed", "remove_parts", "json"])]
    missing: bool,

    /// Join parts of different graphics adapters
    ///
    /// The video plays, but small differences between one part and the next may be visible.
    #[arg(long)]
    allow_mixed: bool,

    /// Remove the parts when the video is complete
    #[arg(long)]
    remove_parts: bool,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    json: JsonArgs,
}

/// Parts are missing, not finished or damaged. The exit code is 3.
#[derive(Debug)]
pub(in crate::cli) struct PartsMissing {
    plan: PathBuf,
    /// The number of each of these parts, and what is wrong with it.
    troubles: Vec<(u64, String)>,
    /// How many parts the plan has.
    of: usize,
    /// Whether `--missing` asked for the numbers, which have been printed.
    is_answer: bool,
}

impl PartsMissing {
    /// Whether this is the answer to `--missing`, which has been printed, and not an error.
    pub(in crate::cli) fn is_answer(&self) -> bool {
        self.is_answer
    }

    /// The numbers of these parts, in the form that schedulers take.
    fn numbers(&self) -> String {
        ranges(self.troubles.iter().map(|(number, _)| *number))
    }
}

/// The most parts that an error names one by one.
const MOST_NAMED: usize = 20;

impl fmt::Display for PartsMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plan, missing) = (shown(&self.plan), self.troubles.len());
        let are = if missing == 1 { "is" } else { "are" };
        write!(f, "{missing} of the {} of {plan} {are} not complete", count(self.of, "part"))?;
        for (number, trouble) in self.troubles.iter().take(MOST_NAMED) {
            write!(f, "\n  part {number} is {trouble}")?;
        }
        if missing > MOST_NAMED {
            write!(f, "\n  and {} more", missing - MOST_NAMED)?;
        }
        write!(f, "\n  make each of these with `strikeline part {plan} K`: {}", self.numbers())
    }
}

impl std::error::Error for PartsMissing {}

/// Parts were drawn on different adapters.
#[derive(Debug, thiserror::Error)]
#[error(
    "the parts were drawn on different graphics adapters:{}\nsmall differences may be visible: use --allow-mixed to join \
     them nevertheless, or delete the files of some parts and make these again, so that all are from one kind of adapter",
    listed(adapters)
)]
struct MixedAdapters {
    adapters: BTreeMap<String, Vec<u64>>,
}

fn listed(adapters: &BTreeMap<String, Vec<u64>>) -> String {
    let line = |(adapter, parts): (&String, &Vec<u64>)| {
        format!("\n  {adapter}: parts {}", ranges(parts.iter().copied()))
    };
    adapters.iter().map(line).collect()
}

/// Runs it.
pub(in crate::cli) fn run(args: &JoinArgs, signals: &Signals) -> anyhow::Result<()> {
    let started = Instant::now();
    let cancel = signals.token();
    let json = args.json.json;
    let mut messages = Messages::new(args.messages, json);
    if let Some(output) = &args.output {
        // A name that no video can have is told before the plan is read.
        joined_kind(output, None)?;
    }
    let file = PlanFile::open(&args.plan)?;
    let video_args = file.video_args()?;
    let codec = video_args.stream.codec().unwrap_or(VideoCodec::DEFAULT);
    let ending = VideoKind::usual(Some(codec)).format.ending();
    let output = args.output.clone().unwrap_or_else(|| crate::cli::default_output(&file.song(), ending));
    let format = joined_kind(&output, Some(codec))?.format;
    let plays = args.plays.times(format)?;
    let sink = match args.missing {
        true => None,
        false => {
            let parts: Vec<PathBuf> = file.plan.numbers().map(|number| file.part_path(number)).collect();
            let mut files = CommandFiles::default();
            files.read(&args.plan);
            parts.iter().for_each(|part| files.read(part));
            file.inputs().for_each(|input| files.read(&input));
            files.write_any("--output", &output);
            files.check()?;
            // Errors of the output that can be seen in advance come before all parts are read.
            let sink = FileSink::create(&output, args.force.overwrite())?;
            Some(sink.with_container(format.container().unwrap_or_default()).with_plays(plays))
        }
    };
    let checked = check(&file)?;
    let Some(sink) = sink else {
        let Err(missing) = checked else { return Ok(()) };
        messages.note(&missing);
        match console::print(&format!("{}\n", missing.numbers())) {
            // That parts are missing is said by the exit code, too.
            Err(unprinted) if !unprinted.is_enough() => return Err(unprinted.into()),
            _ => {}
        }
        return Err(PartsMissing { is_answer: true, ..missing }.into());
    };
    let origins = &checked?;
    one_adapter(origins, args.allow_mixed, &mut messages)?;
    for PartOrigin { part, program, adapter } in origins {
        let how =
            adapter.as_ref().map_or_else(|| "the sound".to_owned(), |adapter| format!("drawn on {adapter}"));
        messages
            .chosen(&format!("part {part}"), format_args!("{how}; made by strikeline {}", program.version));
    }

    let plan = &file.plan;
    let video = &plan.video;
    let size: PictureSize = video.size.parse().context("the plan's picture size cannot be used")?;
    let frame_rate: FrameRate = video.frame_rate.parse().context("the plan's frame rate cannot be used")?;
    let encoder = video_args.stream.factory(codec)?;
    let codec = encoder.codec();
    let mut info = StreamInfo::new(VideoTrack::of_encoder(size, frame_rate, video.segments(), &*encoder));
    let sound = match video.sound {
        true => Some(SegmentFile::open_to_read(&file.part_path(0), codec)?),
        false => None,
    };
    info.sound = sound.as_ref().and_then(|sound| sound.contents().sound_track);
    let tags = VideoTags { title: video.title.clone(), artist: video.artist.clone() };
    let mut sink = tags.on(sink);
    let parts = PartFiles { file: &file, codec, open: Mutex::new(None) };
    let bytes = signals.stream(|_| join(&info, &parts, sound.as_ref(), &mut sink, (&cancel, &mut |_| ())))?;

    if args.remove_parts {
        remove_parts(&file, &mut messages);
    }
    let seconds = video.frames.get() as f64 / frame_rate.as_f64();
    messages.note(format_args!(
        "{}: {}, {} of {size} at {frame_rate} fps, {}, joined from {} in {}",
        shown(&output),
        count(video.frames.get(), "frame"),
        words::length(seconds),
        words::size(bytes),
        count(origins.len(), "part"),
        words::took(started.elapsed())
    ));
    if json {
        let adapters: Vec<&String> = adapters_of(origins).into_keys().collect();
        let mut value = serde_json::json!({
            "frames": video.frames,
            "bytes": bytes,
            "parts": origins.len(),
            "adapters": adapters,
            "wall_seconds": started.elapsed().as_secs_f64(),
            "warnings": messages.warnings(),
        });
        put_path(&mut value, "output", &output);
        let done = format!("the video is complete: {}", shown(&output));
        console::print_json(&value).map_err(|error| error.after(done))?;
    }
    Ok(())
}

/// What the video called `output` is written as.
///
/// # Errors
/// As [`VideoKind::of`], and when it is no file.
fn joined_kind(output: &Path, codec: Option<&'static VideoCodec>) -> Result<VideoKind, UsageError> {
    match VideoKind::of("--output", output, codec)? {
        VideoKind { format, .. } if format.is_sequence() => Err(UsageError(format!(
            "--output {}: parts are joined to one file, not to a file for each frame: give another name",
            shown(output)
        ))),
        VideoKind { fragmented: true, .. } => Err(UsageError(format!(
            "--output {}: parts are joined to a file, not to standard output or a pipe: give the name of a file",
            shown(output)
        ))),
        kind => Ok(kind),
    }
}

/// Reads and checks all parts. Returns what made them, or which parts are not complete.
///
/// # Errors
/// None in practice.
fn check(file: &PlanFile) -> anyhow::Result<Result<Vec<PartOrigin>, PartsMissing>> {
    let mut origins = Vec::new();
    let mut troubles = Vec::new();
    for number in file.plan.numbers() {
        match file.look(number)? {
            PartState::Complete { origin } if origin.program == file.plan.program => origins.push(origin),
            PartState::Complete { .. } => {
                troubles.push((number, "made by another build of strikeline".to_owned()))
            }
            PartState::Unfinished { trouble } | PartState::Nothing { trouble } => {
                troubles.push((number, trouble.to_string()));
            }
        }
    }
    if troubles.is_empty() {
        return Ok(Ok(origins));
    }
    let of = origins.len() + troubles.len();
    Ok(Err(PartsMissing { plan: file.path.clone(), troubles, of, is_answer: false }))
}

/// The adapters, and which parts each of them drew.
fn adapters_of(origins: &[PartOrigin]) -> BTreeMap<&String, Vec<u64>> {
    let mut adapters: BTreeMap<&String, Vec<u64>> = BTreeMap::new();
    for origin in origins {
        if let Some(adapter) = &origin.adapter {
            adapters.entry(adapter).or_default().push(origin.part);
        }
    }
    adapters
}

/// Checks that all parts were drawn on the same adapter. If they were not, and this is `allowed`, warns.
///
/// # Errors
/// [`MixedAdapters`], unless that is `allowed`.
fn one_adapter(origins: &[PartOrigin], allowed: bool, messages: &mut Messages) -> Result<(), MixedAdapters> {
    let adapters = adapters_of(origins);
    if adapters.len() <= 1 {
        return Ok(());
    }
    let adapters = adapters.into_iter().map(|(adapter, parts)| (adapter.clone(), parts)).collect();
    if allowed {
        messages
            .warn(format_args!("the parts were drawn on different graphics adapters:{}", listed(&adapters)));
        return Ok(());
    }
    Err(MixedAdapters { adapters })
}

/// Removes the files of the parts, and their folder if it is empty then.
fn remove_parts(file: &PlanFile, messages: &mut Messages) {
    for number in file.plan.numbers() {
        let path = file.part_path(number);
        if let Err(error) = std::fs::remove_file(&path) {
            messages.warn(format_args!("cannot remove {}: {error}", shown(&path)));
        }
    }
    // The folder may not be empty: a scheduler may have put its logs there.
    let _ = std::fs::remove_dir(file.parts_folder());
}

/// `numbers`, which are in order, in the form that schedulers take, such as `2,5-7`.
pub(super) fn ranges(numbers: impl IntoIterator<Item = u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let text = |(first, last): (u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.into_iter().map(text).collect::<Vec<_>>().join(",")
}

/// The files of all parts as one store. Only one file is open at a time, because a process may not have thousands open.
struct PartFiles<'p> {
    file: &'p PlanFile,
    codec: Codec,
    open: Mutex<Option<SegmentFile>>,
}

impl PartFiles<'_> {
    fn path_of(&self, segment: SegmentIndex) -> Option<PathBuf> {
        let parts = &self.file.plan.parts;
        let index = parts.partition_point(|part| part.first_segment <= segment.0);
        let part = parts.get(index.checked_sub(1)?)?;
        part.range().contains(segment).then(|| self.file.part_path(part.part))
    }
}

impl SegmentStore for PartFiles<'_> {
    fn has(&self, segment: SegmentIndex) -> bool {
        self.path_of(segment).is_some()
    }

    fn read(&self, segment: SegmentIndex) -> Result<FinishedSegment, SinkError> {
        let path = self.path_of(segment).ok_or("no part of the plan contains it")?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = open.as_ref().map(SegmentFile::path) == Some(Path::new(&path));
        if !is_open {
            *open = Some(SegmentFile::open_to_read(&path, self.codec)?);
        }
        let file = open.as_ref().ok_or("its file is not open")?;
        file.segment(segment)?.ok_or_else(|| "it is not in the file of its part".into())
    }

    fn keep(&self, _segment: &FinishedSegment) -> Result<(), SinkError> {
        Err("parts are only read here".into())
    }

    fn lasts(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_ranges() {
        for (numbers, text) in
            [(vec![], ""), (vec![0], "0"), (vec![2, 5, 6, 7], "2,5-7"), (vec![0, 1, 3, 4, 9], "0-1,3-4,9")]
        {
            assert_eq!(ranges(numbers), text);
        }
    }
}
