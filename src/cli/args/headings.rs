//! The headings under which `--help` lists options.

/// What is written, and where.
pub(crate) const OUTPUT: &str = "Output";
/// What is read of the song's file.
pub(crate) const INPUT: &str = "Input";
/// Size, rate and length of the video.
pub(crate) const PICTURE: &str = "Picture";
/// What the highway looks like.
pub(crate) const LOOK: &str = "Look";
/// How the song is played.
pub(crate) const PRACTICE: &str = "Practice";
/// What is heard.
pub(crate) const SOUND: &str = "Sound";
/// How the pictures are coded.
pub(crate) const ENCODING: &str = "Encoding";
/// What affects the time that a render takes, and not its bytes.
pub(crate) const SPEED: &str = "Speed";
/// What is kept of a render that is interrupted.
pub(crate) const RESUMING: &str = "Resuming";
/// What is measured.
pub(crate) const MEASURING: &str = "Measuring";
/// A plan for a cluster.
pub(crate) const CLUSTER: &str = "Cluster";
/// What is printed.
pub(crate) const MESSAGES: &str = "Messages";
