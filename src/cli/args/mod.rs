//! Command-line options that several subcommands share: each is defined once, with one help text.

mod bit_rate;
mod drum_map;
mod encoder;
pub(crate) mod headings;
mod highway;
mod output;
mod picture;
mod practice;
mod resume;
mod song;
mod sound;
mod stream;
mod theme_files;
mod times;
mod values;
mod video;

pub(super) use bit_rate::BitRateArgs;
pub(super) use drum_map::{DrumMapArgs, MapInForce, MapReport};
pub(super) use encoder::{EncoderArgs, ffmpeg_or_usual};
pub(super) use highway::{HighwayArgs, Look};
pub(super) use output::{FolderArgs, ForceArgs, JsonArgs, MessageArgs, PlaysArgs};
pub(super) use picture::{AdapterArgs, PictureArgs};
pub(super) use practice::{PlayedSong, PracticeArgs};
pub(super) use resume::ResumeArgs;
pub(super) use song::{NotesLost, SongArgs, SongSelection, warnings};
pub(super) use sound::{AudioCodecChoice, AudioOffset, DamageChoice, Loudness, SoundArgs, SoundParts};
pub(super) use stream::StreamArgs;
pub(super) use theme_files::ThemeFilesArgs;
pub(super) use times::{length, positive_length, time};
pub(super) use values::{name_or_file, whole_number};
pub(super) use video::VideoArgs;
