//! What a chart says about itself.

use strikeline_picture::Time;

use super::difficulty::Difficulty;
use super::stems::Stem;

/// What is known of a song that was read from a chart, beyond its notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartInfo {
    /// The format of the file with the notes.
    pub format: ChartFormat,
    /// The difficulty that was read.
    pub difficulty: Difficulty,
    /// All difficulties with gems on the drums, from easy to expert, with the number of their gems.
    pub difficulties: Vec<(Difficulty, u64)>,
    /// How many pads the part has, and whether it tells cymbals from toms.
    pub kit: ChartKit,
    /// The album.
    pub album: Option<String>,
    /// The year, as it is written.
    pub year: Option<String>,
    /// The genre.
    pub genre: Option<String>,
    /// Who made the chart.
    pub charter: Option<String>,
    /// How much later the notes are than in the recording's own time; see [`ChartInfo::audio_offset`].
    pub delay: Time,
    /// The recordings that belong to the chart.
    pub stems: Vec<Stem>,
}

impl ChartInfo {
    /// The time of the song at which its recordings begin: the [delay](ChartInfo::delay) the other way round. With a delay of
    /// 2 seconds, what is charted at 0 is heard 2 seconds after the recording's start, so the recording begins at -2.
    pub fn audio_offset(&self) -> Time {
        Time::ZERO - self.delay
    }
}

/// A format of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChartFormat {
    /// A Standard MIDI File with a track of a name such as `PART DRUMS`: `notes.mid`.
    Midi,
    /// A text file of sections in braces: `notes.chart`.
    Text,
}

impl ChartFormat {
    /// The name that such a file has as a rule.
    pub const fn file_name(self) -> &'static str {
        match self {
            ChartFormat::Midi => "notes.mid",
            ChartFormat::Text => "notes.chart",
        }
    }
}

/// Which pads the drum part of a chart is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChartKit {
    /// Four pads and a kick; a pad stands for a drum or a cymbal, which the chart does not say.
    FourLane,
    /// Four pads and a kick; three of the pads have a cymbal above a tom ("pro drums").
    FourLanePro,
    /// Five pads and a kick: snare, hi-hat, tom, cymbal, floor tom.
    FiveLane,
}

impl ChartKit {
    /// Pads beside the kick: 4 or 5.
    pub const fn lanes(self) -> u8 {
        match self {
            ChartKit::FourLane | ChartKit::FourLanePro => 4,
            ChartKit::FiveLane => 5,
        }
    }

    /// Whether the chart tells cymbals from toms.
    pub const fn is_pro(self) -> bool {
        matches!(self, ChartKit::FourLanePro)
    }
}
