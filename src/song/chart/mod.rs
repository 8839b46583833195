//! Charts of rhythm games: `notes.mid`, `notes.chart`, `song.ini` and `.sng`.
//!
//! A chart says for each difficulty which pads of a game's drum kit are struck when. Both formats are taken apart into the
//! same events ([`gems`]), which become notes with keys of General MIDI. The rules are those of the public documentation of
//! the formats, github.com/TheNathannator/GuitarGame_ChartFormats; `docs/charts.md` lists them.

mod decode;
mod difficulty;
mod gems;
mod info;
mod lines;
mod midi_part;
mod real_drums;
mod sng;
mod stems;
mod tags;
mod text_chart;
mod texts;

use super::error::SongError;
use super::tick_clocks::AtTick;
use super::ticked::TickedSong;
use super::warning::Warnings;
use super::{PhraseKind, TrackIndex};
use gems::{DifficultyPart, GemRules};

pub use difficulty::{Difficulty, DifficultyError};
pub use info::{ChartFormat, ChartInfo, ChartKit};
pub use sng::read_packed;
pub use stems::{PackedFile, Stem, StemKind};

pub(super) use midi_part::take_chart;
pub(super) use sng::{SngFile, is_sng};
pub(super) use stems::{NamedStem, among as stems_among};
pub(super) use tags::{ChartTags, FILE_NAME as INI_NAME, MAX_INI_BYTES};
pub(super) use text_chart::{is_text_chart, read_text_chart};

/// The difficulty of a part that is read.
struct TakenPart<'a> {
    part: &'a DifficultyPart,
    /// All difficulties with gems, and how many.
    difficulties: Vec<(Difficulty, u64)>,
}

impl<'a> TakenPart<'a> {
    /// Chooses among the difficulties, from easy to expert; each is sorted.
    ///
    /// # Errors
    /// When the one that is wanted has no gems.
    fn choose(
        parts: &'a [DifficultyPart; 4],
        rules: GemRules,
        wanted: Difficulty,
    ) -> Result<TakenPart<'a>, SongError> {
        let counts = Difficulty::ALL
            .into_iter()
            .zip(parts)
            .map(|(difficulty, part)| (difficulty, part.gem_count(rules)));
        let difficulties: Vec<_> = counts.filter(|(_, gems)| *gems > 0).collect();
        if difficulties.iter().all(|(difficulty, _)| *difficulty != wanted) {
            return Err(SongError::NoSuchDifficulty { difficulty: wanted, difficulties });
        }
        Ok(TakenPart { part: &parts[wanted.index()], difficulties })
    }

    fn phrases(&self, track: TrackIndex) -> Vec<AtTick<(u64, PhraseKind)>> {
        let phrases = self.part.ordered_phrases().into_iter();
        phrases.map(|(tick, ticks, kind)| AtTick { track, tick, what: (ticks, kind) }).collect()
    }
}

/// Makes `read` the song of a chart with these tags.
fn put_tags(read: &mut TickedSong, tags: ChartTags, warnings: &mut Warnings, chart: ChartFacts) {
    tags.warnings.into_vec().into_iter().for_each(|warning| warnings.push(warning));
    if let Some(name) = tags.name {
        read.title = Some(name);
    }
    read.artist = tags.artist;
    read.chart = Some(ChartInfo {
        format: chart.format,
        difficulty: chart.difficulty,
        difficulties: chart.difficulties,
        kit: chart.kit,
        album: tags.album,
        year: tags.year,
        genre: tags.genre,
        charter: tags.charter,
        delay: tags.delay.unwrap_or_default(),
        stems: Vec::new(),
    });
}

/// What a chart's file says of it, beside the tags.
struct ChartFacts {
    format: ChartFormat,
    difficulty: Difficulty,
    difficulties: Vec<(Difficulty, u64)>,
    kit: ChartKit,
}
