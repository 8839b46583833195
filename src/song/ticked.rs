//! A song whose times are still ticks: what the reader of each file format gathers, and what becomes a [`Song`] once the
//! tempo is known.

use strikeline_picture::Time;

use super::beats::BeatGrid;
use super::error::SongError;
use super::tempo_map::{DEFAULT_MICROS_PER_QUARTER, Division, TempoMap};
use super::tick_clocks::{AtTick, TickClocks};
use super::transform::SongBeats;
use super::warning::{SongWarning, Warnings};
use super::{
    Channel, ChartInfo, Format, MAX_SONG_TIME, Marker, MarkerKind, MeterChange, Note, PartInfo, Phrase,
    PhraseKind, Song, SynthesizerKind, Technique, TempoChange, TextEncoding, Timeline, TrackIndex, TrackInfo,
    sort_notes,
};

/// What a song is made of, with times in ticks from the start of each track. Lists are in the file's order: by track, then
/// by tick.
pub(super) struct TickedSong {
    pub format: Format,
    pub division: Division,
    pub title: Option<String>,
    pub artist: Option<String>,
    pub chart: Option<ChartInfo>,
    pub text_encoding: TextEncoding,
    pub copyright: Option<String>,
    pub texts: Vec<String>,
    pub tracks: Vec<TrackInfo>,
    pub parts: Vec<PartInfo>,
    pub synthesizer_kind: Option<SynthesizerKind>,
    /// The ticks from a track's start to its end, by track.
    pub ends: Vec<u64>,
    pub notes: Vec<TickedNote>,
    /// Microseconds per quarter note.
    pub tempos: Vec<AtTick<u32>>,
    /// The exact tempos, where `tempos` are rounded. Only for formats 0 and 1.
    pub tempo_map: Option<TempoMap>,
    /// Numerator and denominator.
    pub meters: Vec<AtTick<(u8, u16)>>,
    pub markers: Vec<AtTick<(String, MarkerKind)>>,
    /// Length in ticks, and kind.
    pub phrases: Vec<AtTick<(u64, PhraseKind)>>,
}

/// A [`Note`] before it is known what a tick is. Of the same size, so that one becomes the other in place.
pub(super) struct TickedNote {
    pub tick: u64,
    pub ticks: u64,
    pub track: TrackIndex,
    pub channel: Channel,
    pub key: u8,
    pub velocity: u8,
    pub technique: Technique,
}

impl TickedSong {
    /// A song without anything in it.
    pub(super) fn new(format: Format, division: Division) -> TickedSong {
        TickedSong {
            format,
            division,
            title: None,
            artist: None,
            chart: None,
            text_encoding: TextEncoding::UTF_8,
            copyright: None,
            texts: Vec::new(),
            tracks: Vec::new(),
            parts: Vec::new(),
            synthesizer_kind: None,
            ends: Vec::new(),
            notes: Vec::new(),
            tempos: Vec::new(),
            tempo_map: None,
            meters: Vec::new(),
            markers: Vec::new(),
            phrases: Vec::new(),
        }
    }

    /// The clocks by which the ticks of its tracks become times.
    pub(super) fn clocks(&self, warnings: &mut Warnings) -> TickClocks {
        match self.format {
            Format::SingleTrack | Format::Parallel => match &self.tempo_map {
                Some(tempo_map) => TickClocks::Shared(tempo_map.clone()),
                None => TickClocks::shared(self.division, &self.tempos),
            },
            Format::Sequential => {
                let count = self.tracks.iter().filter(|info| info.selected).count();
                if count > 1 {
                    warnings.push(SongWarning::SequencesJoined { count });
                }
                TickClocks::in_turn(self.division, &self.tracks, &self.ends, &self.tempos)
            }
        }
    }

    /// The song, with times by `clocks`.
    ///
    /// # Errors
    /// What `too_late` makes of the notes, in order, when some are later than [`MAX_SONG_TIME`].
    pub(super) fn into_song(
        self,
        clocks: &TickClocks,
        warnings: Warnings,
        too_late: impl FnOnce(&[Note]) -> SongError,
    ) -> Result<Song, SongError> {
        // Both kinds of note have one layout: the vector's memory is used again.
        let mut notes: Vec<Note> = self.notes.into_iter().map(|note| note.at_its_time(clocks)).collect();
        sort_notes(&mut notes);
        if notes.last().is_some_and(|note| note.time > MAX_SONG_TIME) {
            return Err(too_late(&notes));
        }

        let tempo = |(time, micros_per_quarter)| TempoChange { time, micros_per_quarter };
        let tempo_changes = match self.division {
            Division::TicksPerQuarter(_) => clocks.changes(DEFAULT_MICROS_PER_QUARTER, self.tempos),
            Division::TimeCode { .. } => Vec::new(),
        };
        let meter = |(time, (numerator, denominator))| MeterChange { time, numerator, denominator };
        let marker = |(time, (text, kind))| Marker { time, text, kind };
        let phrase = |phrase: &AtTick<(u64, PhraseKind)>| {
            let (ticks, kind) = phrase.what;
            let start = clocks.time_at(phrase.track, phrase.tick)?;
            let end = clocks.time_at(phrase.track, phrase.tick.saturating_add(ticks))?.min(MAX_SONG_TIME);
            (start < end).then_some(Phrase { start, end, kind })
        };
        let mut phrases: Vec<Phrase> = self.phrases.iter().filter_map(phrase).collect();
        phrases.sort_by_key(|phrase| (phrase.start, phrase.kind));
        let ends = self.ends.iter().zip((0..).map(TrackIndex::from_index));
        Ok(Song {
            format: self.format,
            division: self.division,
            title: self.title,
            artist: self.artist,
            chart: self.chart,
            file_name: None,
            text_encoding: self.text_encoding,
            copyright: self.copyright,
            texts: self.texts,
            tracks: self.tracks,
            parts: self.parts,
            synthesizer_kind: self.synthesizer_kind,
            tempo_changes: tempo_changes.into_iter().map(tempo).collect(),
            meter_changes: clocks.changes((4, 4), self.meters.clone()).into_iter().map(meter).collect(),
            markers: clocks.in_order(self.markers).into_iter().map(marker).collect(),
            phrases,
            notes,
            end: ends
                .filter_map(|(tick, track)| clocks.time_at(track, *tick))
                .max()
                .unwrap_or_default()
                .min(MAX_SONG_TIME),
            beats: SongBeats::Grid(BeatGrid::new(self.division, clocks.clone(), &self.ends, self.meters)),
            timeline: Timeline::as_written(),
            warnings: warnings.into_vec(),
        })
    }
}

impl TickedNote {
    fn at_its_time(&self, clocks: &TickClocks) -> Note {
        // Notes are read of selected tracks only, and those have a clock.
        let time_at = |tick| clocks.time_at(self.track, tick).unwrap_or_default();
        let time = time_at(self.tick);
        let duration = if self.ticks == 0 { Time::ZERO } else { time_at(self.tick + self.ticks) - time };
        Note {
            time,
            duration,
            track: self.track,
            channel: self.channel,
            key: self.key,
            velocity: self.velocity,
            technique: self.technique,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_in_ticks_becomes_one_in_place() {
        assert_eq!(size_of::<TickedNote>(), size_of::<Note>());
    }
}
