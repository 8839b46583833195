//! Command-line options that several subcommands share: each is defined once, with one help text.

mod encoder;
mod highway;
mod output;
mod picture;
mod song;
mod stream;
mod times;

pub use encoder::EncoderArgs;
pub use highway::{HighwayArgs, Look};
pub use output::{ForceArgs, JsonArgs, MessageLevel, QuietArgs};
pub use picture::{AdapterArgs, PictureArgs};
pub use song::{SongArgs, SongSelection, warnings};
pub use stream::StreamArgs;
pub use times::{positive_seconds, seconds, span_seconds};
