//! Slowing down and repeating: the options of every subcommand that plays a song.

use strikeline::song::{PassageChoice, PassageError, Song, SongEvents, SongPoint, Speed};
use strikeline_picture::Time;

use super::{headings, whole_number};

/// How the song is played.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::PRACTICE)]
pub(crate) struct PracticeArgs {
    /// Play slower or faster, 0.5 to 2
    ///
    /// The pitch stays. 0.8 is four fifths of the tempo.
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    speed: Speed,

    /// Play one passage again and again: bar:9..bar:17
    ///
    /// section:NAME, or a range such as 8s..16s, 0:42..1:02.5 or bar:9..bar:17 (up to the start of bar 17).
    #[arg(long = "loop", value_name = "PASSAGE", allow_hyphen_values = true, conflicts_with = "start")]
    passage: Option<PassageChoice>,

    /// How many times --loop plays the passage
    #[arg(long, hide_short_help = true, value_name = "N", default_value = "4", requires = "passage", value_parser = whole_number(1_u32..=10_000))]
    times: u32,
}

/// A song, and how it is played.
#[derive(Debug, Clone)]
pub(crate) struct PlayedSong {
    /// As it is in the file.
    pub written: Song,
    /// As it is played: at its speed, a passage repeated.
    pub song: Song,
    /// What a synthesiser needs of the played song.
    pub events: SongEvents,
}

impl PracticeArgs {
    /// The song as it is played.
    ///
    /// # Errors
    /// When there is no such passage, or its repetitions would be too long.
    pub(crate) fn play(&self, written: Song, events: SongEvents) -> anyhow::Result<PlayedSong> {
        let song = written.clone();
        let (song, events) = match &self.passage {
            None => (song, events),
            Some(choice) => {
                let passage = choice.of(&song)?;
                (song.looped(passage, self.times)?, events.looped(passage, self.times)?)
            }
        };
        if self.speed == Speed::NORMAL {
            return Ok(PlayedSong { written, song, events });
        }
        Ok(PlayedSong { written, song: song.at_speed(self.speed), events: events.at_speed(self.speed) })
    }

    /// The time of the song as it is played, for a point of the song as it is written.
    ///
    /// # Errors
    /// When the song has no such bar or section.
    pub(crate) fn played(&self, point: &SongPoint, written: &Song) -> Result<Time, PassageError> {
        Ok(self.speed.played_exactly(point.of(written)?))
    }
}
