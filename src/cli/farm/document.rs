//! The plan file: everything that the bytes of a video depend on, and how the video is cut into parts.
//!
//! The file is JSON. Nothing in it is trusted: a plan that contradicts itself is refused when it is read.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use strikeline_files::{ReadError, why_unreadable};
use strikeline_picture::{FrameRate, PictureSize, SegmentIndex, SegmentPlan, SegmentRange, shown};
use wgpu_video::journal::SegmentKey;

/// The number of the format that is written and read.
const FORMAT: u32 = 1;

/// The largest plan that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// The file cannot be read.
    #[error("the plan {} cannot be read: {}", shown(&path), why_unreadable(error))]
    Unreadable { path: PathBuf, error: std::io::Error },
    /// The file is not a plan, or its text was changed.
    #[error("{} is not a plan that can be used: {reason}; make it again with `strikeline plan`", shown(&path))]
    Invalid { path: PathBuf, reason: String },
}

/// Everything that the bytes of a video depend on, and its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// Number of the format.
    strikeline_plan: u32,
    /// The program that made the plan, and that must make the parts.
    pub program: Program,
    /// Path of the song, relative to the plan's folder or absolute.
    pub song: String,
    /// The options that were given.
    pub options: Vec<PlannedOption>,
    /// The files that the video is made from.
    pub inputs: Vec<PlannedInput>,
    /// The video that the parts make.
    pub video: PlannedVideo,
    /// The parts in order, from number 1.
    pub parts: Vec<PlannedPart>,
}

/// A build of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    /// Its version.
    pub version: String,
    /// Hash of its file, in hexadecimal.
    pub build: String,
}

/// An option of the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedOption {
    /// Its name, with the two hyphens.
    pub name: String,
    /// Its value; `None` if it has none, or if the value is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Path of the file that is its value, relative to the plan's folder or absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A file that the video is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedInput {
    /// Its path, relative to the plan's folder or absolute.
    pub file: String,
    /// BLAKE3 hash of its bytes, in hexadecimal.
    pub blake3: String,
    /// Whether only part 0, the sound, is made from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sound_only: bool,
}

/// The video that a plan describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedVideo {
    /// Width and height.
    pub size: String,
    /// Frames per second.
    pub frame_rate: String,
    /// Frames of the whole video.
    pub frames: NonZeroU64,
    /// Frames of a segment; the last segment may have fewer.
    pub segment_frames: NonZeroU32,
    /// Hash of all that is drawn, fonts and images included, in hexadecimal.
    pub scene: String,
    /// Whether the video has sound, which is part 0.
    pub sound: bool,
    /// The title in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The artist in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
}

/// A part of the video's pictures: segments that are made together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedPart {
    /// Its number, from 1.
    pub part: u64,
    /// Its first segment, from 0.
    pub first_segment: u64,
    /// How many it has.
    pub segments: u64,
    /// Its first frame.
    pub first_frame: u64,
    /// How many it has.
    pub frames: u64,
}

/// Everything in a [`Plan`] except its format and parts.
pub(crate) struct PlanHead {
    pub program: Program,
    pub song: String,
    pub options: Vec<PlannedOption>,
    pub inputs: Vec<PlannedInput>,
    pub video: PlannedVideo,
}

impl Plan {
    /// A plan with `parts` parts, at least 1, or with one part for each segment if there are fewer segments than that.
    pub(crate) fn new(head: PlanHead, parts: u64) -> Plan {
        let PlanHead { program, song, options, inputs, video } = head;
        let plan = video.segments();
        let all = plan.segments();
        let parts = parts.clamp(1, all);
        // The first segment of part n, from 0.
        let first = |part: u64| {
            let first = u128::from(part) * u128::from(all) / u128::from(parts);
            SegmentIndex(u64::try_from(first).unwrap_or(all))
        };
        let part = |part: u64| {
            let range = SegmentRange { first: first(part), end: first(part + 1) };
            PlannedPart::new(part + 1, range, plan)
        };
        let parts = (0..parts).map(part).collect();
        Plan { strikeline_plan: FORMAT, program, song, options, inputs, video, parts }
    }

    /// Reads the plan at `path`.
    ///
    /// # Errors
    /// [`PlanError`].
    pub(crate) fn open(path: &Path) -> Result<Plan, PlanError> {
        let path_buf = || path.to_owned();
        let invalid = |reason: String| PlanError::Invalid { path: path_buf(), reason };
        let bytes = strikeline_files::read(path, MAX_BYTES).map_err(|error| match error {
            ReadError::Unreadable(error) => PlanError::Unreadable { path: path_buf(), error },
            ReadError::TooLarge { limit } => invalid(format!("it is larger than {} MiB", limit >> 20)),
        })?;
        Plan::parse(&bytes).map_err(invalid)
    }

    /// Reads a plan from its text.
    ///
    /// # Errors
    /// A text that says what is wrong, to be shown after a colon.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Plan, String> {
        /// The part of the text that all formats have.
        #[derive(Deserialize)]
        struct AnyPlan {
            strikeline_plan: u32,
        }
        let format = serde_json::from_slice(bytes).map(|AnyPlan { strikeline_plan }| strikeline_plan);
        let wrong = |error: serde_json::Error| match error.is_eof() {
            true => "it ends too early".to_owned(),
            false => "it was not written by `strikeline plan`".to_owned(),
        };
        match format.map_err(wrong)? {
            FORMAT => {}
            other => return Err(format!("its format is {other}, but this program reads format {FORMAT}")),
        }
        let plan: Plan = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        plan.check()?;
        Ok(plan)
    }

    /// The text of the plan.
    pub(crate) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Checks that the parts agree with one another and with the video.
    ///
    /// # Errors
    /// A text that says what is wrong, to be shown after a colon.
    fn check(&self) -> Result<(), String> {
        let video = &self.video;
        video.size.parse::<PictureSize>().map_err(|error| format!("size: {error}"))?;
        video.frame_rate.parse::<FrameRate>().map_err(|error| format!("frame_rate: {error}"))?;
        let plan = video.segments();
        let mut next = 0;
        for (part, number) in self.parts.iter().zip(1..) {
            let end = part.first_segment.checked_add(part.segments).filter(|end| *end <= plan.segments());
            let Some(end) = end else {
                return Err(format!("part {number} has segments that the video does not have"));
            };
            let range = SegmentRange { first: SegmentIndex(next), end: SegmentIndex(end) };
            if *part != PlannedPart::new(number, range, plan) || part.segments == 0 {
                return Err(format!("part {number} does not follow the one before it"));
            }
            next = end;
        }
        match next == plan.segments() {
            true => Ok(()),
            false => Err("its parts do not make up the whole video".to_owned()),
        }
    }

    /// A hash of the plan: the parts of two plans with the same hash have the same bytes.
    ///
    /// # Errors
    /// None in practice: a plan is plain data.
    pub(crate) fn id(&self) -> Result<blake3::Hash, serde_json::Error> {
        Ok(blake3::hash(&serde_json::to_vec(self)?))
    }

    /// The key of the segments of part `number`.
    ///
    /// # Errors
    /// As [`Plan::id`].
    pub(crate) fn key(&self, number: u64) -> Result<SegmentKey, serde_json::Error> {
        let id = self.id()?;
        let parts = [("plan", id.as_bytes().to_vec()), ("part", number.to_le_bytes().to_vec())];
        Ok(SegmentKey::of(parts.iter().map(|(name, value)| (*name, value.as_slice()))))
    }

    /// Numbers of all parts: from 0 if there is sound, else from 1.
    pub(crate) fn numbers(&self) -> std::ops::RangeInclusive<u64> {
        let first = if self.video.sound { 0 } else { 1 };
        first..=self.parts.len() as u64
    }

    /// The segments of part `number`. For the sound, all segments of the video. `None` when there is no such part.
    pub(crate) fn range(&self, number: u64) -> Option<SegmentRange> {
        if number == 0 && self.video.sound {
            return Some(SegmentRange::all(self.video.segments()));
        }
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.parts.get(index).map(PlannedPart::range)
    }
}

impl PlannedVideo {
    /// How the frames are cut into segments.
    pub(crate) fn segments(&self) -> SegmentPlan {
        SegmentPlan::new(self.frames, self.segment_frames)
    }
}

impl PlannedPart {
    fn new(part: u64, range: SegmentRange, plan: SegmentPlan) -> PlannedPart {
        let frames = range.frames(plan);
        PlannedPart {
            part,
            first_segment: range.first.0,
            segments: range.count(),
            first_frame: frames.start,
            frames: frames.end - frames.start,
        }
    }

    /// Its segments.
    pub(crate) fn range(&self) -> SegmentRange {
        let end = self.first_segment.saturating_add(self.segments);
        SegmentRange { first: SegmentIndex(self.first_segment), end: SegmentIndex(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(frames: u64, segment_frames: u32, parts: u64) -> Plan {
        let video = PlannedVideo {
            size: "320x180".to_owned(),
            frame_rate: "30".to_owned(),
            frames: NonZeroU64::new(frames).unwrap(),
            segment_frames: NonZeroU32::new(segment_frames).unwrap(),
            scene: String::new(),
            sound: true,
            title: None,
            artist: Some("A".to_owned()),
        };
        let program = Program { version: "1".to_owned(), build: "2".to_owned() };
        let head = PlanHead { program, song: "s".to_owned(), options: Vec::new(), inputs: Vec::new(), video };
        Plan::new(head, parts)
    }

    #[test]
    fn parts_are_as_even_as_segments_allow() {
        for (frames, segment_frames, parts, expected) in [
            (1, 60, 5, vec![1]),
            (600, 60, 3, vec![4, 3, 3]),
            (601, 60, 3, vec![3, 4, 4]),
            (600, 60, 100, vec![1; 10]),
            (600, 60, 0, vec![10]),
        ] {
            let plan = plan(frames, segment_frames, parts);
            let mut segments: Vec<u64> = plan.parts.iter().map(|part| part.segments).collect();
            assert_eq!(plan.parts.iter().map(|part| part.frames).sum::<u64>(), frames);
            segments.sort_unstable();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(segments, expected);
            assert_eq!(Plan::parse(plan.text().unwrap().as_bytes()), Ok(plan));
        }
    }

    #[test]
    fn the_key_depends_on_the_part_and_on_everything_in_the_plan() {
        let first = plan(600, 60, 3);
        assert_ne!(first.key(1).unwrap(), first.key(2).unwrap());
        assert_ne!(first.key(1).unwrap(), plan(601, 60, 3).key(1).unwrap());
        let mut other = first.clone();
        other.program.build = "3".to_owned();
        assert_ne!(first.key(1).unwrap(), other.key(1).unwrap());
    }

    #[test]
    fn plans_that_contradict_themselves_are_refused() {
        let changes: [fn(&mut Plan); 9] = [
            |plan| plan.strikeline_plan = 2,
            |plan| plan.parts.clear(),
            |plan| plan.parts.truncate(plan.parts.len() - 1),
            |plan| plan.parts.rotate_left(1),
            |plan| plan.parts[1].first_segment = u64::MAX,
            |plan| plan.parts[1].segments = 0,
            |plan| plan.parts[2].frames += 1,
            |plan| plan.video.size = "3x3".to_owned(),
            |plan| plan.video.frame_rate = "0".to_owned(),
        ];
        for change in changes {
            let mut changed = plan(600, 60, 3);
            change(&mut changed);
            assert!(Plan::parse(changed.text().unwrap().as_bytes()).is_err(), "{changed:?}");
        }
        assert!(Plan::parse(b"{}").is_err());
        assert!(Plan::parse(b"").is_err());
    }
}
