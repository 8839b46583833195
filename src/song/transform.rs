//! The song played faster or slower, or a passage of it again and again.

use strikeline_picture::Time;

use super::beats::BeatGrid;
use super::passage::{MAX_LOOPED_EVENTS, Passage, PassageError};
use super::speed::Speed;
use super::{Beat, CountInBeat, MAX_SONG_TIME, MarkerKind, Note, Phrase, Song, Timeline, sort_notes};

/// Beats of a bar that are counted before a loop that is made of a changed song, at most.
const COUNTED_BEATS: usize = 4;
/// The longest time from one of these to the next.
const LONGEST_COUNT: Time = Time::from_nanos(4_000_000_000);
/// No two beats at a seam are closer than this.
const CLOSEST_BEATS: Time = Time::from_nanos(50_000_000);

/// The beats of a song.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SongBeats {
    /// Worked out from metre and tempo.
    Grid(BeatGrid),
    /// Those of a song that was changed.
    Listed { beats: Vec<Beat>, count_in: Vec<CountInBeat> },
}

impl SongBeats {
    pub(super) fn beats(&self) -> Vec<Beat> {
        match self {
            SongBeats::Grid(grid) => grid.beats(MAX_SONG_TIME),
            SongBeats::Listed { beats, .. } => beats.clone(),
        }
    }

    /// The count-in of the song's first note.
    pub(super) fn count_in(&self, first_note: Time) -> Vec<CountInBeat> {
        match self {
            SongBeats::Grid(grid) => grid.count_in(first_note),
            SongBeats::Listed { count_in, .. } => count_in.clone(),
        }
    }

    /// The count-in of another note of the song.
    fn count_in_of(&self, note: Time, first_note: Option<Time>) -> Vec<CountInBeat> {
        match self {
            SongBeats::Listed { beats, .. } if Some(note) != first_note => {
                let before = beats.partition_point(|beat| beat.time < note);
                let mut later = note;
                let near = beats[..before].iter().rev().take_while(|beat| {
                    let near = later - beat.time <= LONGEST_COUNT;
                    later = beat.time;
                    near
                });
                let counted = near.map(|beat| CountInBeat { time: beat.time, number: beat.beat });
                let mut counted: Vec<_> = counted.take(COUNTED_BEATS).collect();
                counted.reverse();
                counted
            }
            SongBeats::Listed { .. } | SongBeats::Grid(_) => self.count_in(note),
        }
    }
}

impl Song {
    /// The song played faster or slower: all its times are divided by `speed`. At [`Speed::NORMAL`] it is the song itself.
    ///
    /// Times may then be up to twice [`MAX_SONG_TIME`], and beats half as far apart as [`Song::beats`] says. [`Song::tracks`],
    /// [`Song::parts`] and [`Song::division`] stay as they are in the file.
    pub fn at_speed(&self, speed: Speed) -> Song {
        if speed == Speed::NORMAL {
            return self.clone();
        }
        let mut song = self.clone();
        for note in &mut song.notes {
            let end = speed.played(note.time + note.duration);
            note.time = speed.played(note.time);
            note.duration = end - note.time;
        }
        sort_notes(&mut song.notes);
        for change in &mut song.tempo_changes {
            change.time = speed.played(change.time);
            let micros = speed.played(Time::from_nanos(change.micros_per_quarter.into())).as_nanos();
            change.micros_per_quarter = u32::try_from(micros).unwrap_or(u32::MAX).max(1);
        }
        song.meter_changes.iter_mut().for_each(|change| change.time = speed.played(change.time));
        song.markers.iter_mut().for_each(|marker| marker.time = speed.played(marker.time));
        for phrase in &mut song.phrases {
            (phrase.start, phrase.end) = (speed.played(phrase.start), speed.played(phrase.end));
        }
        song.end = speed.played(song.end);
        let (mut beats, mut count_in) = (self.beats(), self.count_in());
        beats.iter_mut().for_each(|beat| beat.time = speed.played(beat.time));
        count_in.iter_mut().for_each(|beat| beat.time = speed.played(beat.time));
        song.beats = SongBeats::Listed { beats, count_in };
        song.timeline = self.timeline.at_speed(speed);
        song
    }

    /// A passage of the song, `times` times one after the other; the first time begins at 0.
    ///
    /// * The notes are those that begin in the passage. They last to its end at most. A passage that goes to the song's
    ///   [end](Song::end) has a note that stands exactly there, too.
    /// * Each repetition has the beats, bar numbers and markers of the passage, and begins with the tempo, the metre and
    ///   the section that hold where the passage begins.
    /// * The count-in is that of the passage's first note: the beats that come before it in the song.
    /// * The song ends with the last repetition.
    ///
    /// # Errors
    /// When the passage is not within the song, or all of it would be longer than [`MAX_SONG_TIME`] or have more than 20
    /// million notes.
    pub fn looped(&self, passage: Passage, times: u32) -> Result<Song, PassageError> {
        self.check_passage(passage)?;
        let end = passage.total(times)?;
        let cut = Cut { passage, times, to_end: passage.to() >= self.end };
        let notes: Vec<Note> = cut.within(&self.notes, |note| note.time).copied().collect();
        if notes.len().saturating_mul(times as usize) > MAX_LOOPED_EVENTS {
            return Err(PassageError::TooLong { passage, times });
        }
        let mut song = Song { end, timeline: self.timeline.looped(passage, times), ..self.without_events() };
        for begins in cut.shifts() {
            song.notes.extend(notes.iter().map(|note| Note {
                time: note.time + begins,
                duration: note.duration.min((passage.to() - note.time).max(Time::ZERO)),
                ..*note
            }));
        }
        sort_notes(&mut song.notes);

        song.tempo_changes = cut.changes(
            &self.tempo_changes,
            |change| &mut change.time,
            |a, b| a.micros_per_quarter == b.micros_per_quarter,
        );
        song.meter_changes = cut.changes(
            &self.meter_changes,
            |change| &mut change.time,
            |a, b| (a.numerator, a.denominator) == (b.numerator, b.denominator),
        );
        let named = |marker: &&super::Marker| marker.kind == MarkerKind::Marker;
        let markers: Vec<_> = cut.within(&self.markers, |marker| marker.time).cloned().collect();
        let section = self.markers.iter().filter(named).rfind(|marker| marker.time < passage.from());
        let begins_with_section = markers.iter().filter(named).any(|marker| marker.time == passage.from());
        let section = section
            .filter(|_| !begins_with_section)
            .map(|marker| super::Marker { time: passage.from(), ..marker.clone() });
        for begins in cut.shifts() {
            let moved =
                |marker: &super::Marker| super::Marker { time: marker.time + begins, ..marker.clone() };
            song.markers.extend(section.iter().chain(&markers).map(moved));
            let clipped = self.phrases.iter().filter_map(|phrase| {
                let (start, end) = (phrase.start.max(passage.from()), phrase.end.min(passage.to()));
                (start < end).then(|| Phrase { start: start + begins, end: end + begins, ..*phrase })
            });
            song.phrases.extend(clipped);
        }

        let count_in = match notes.first() {
            Some(first) => self.beats.count_in_of(first.time, self.notes.first().map(|note| note.time)),
            None => Vec::new(),
        };
        let moved = |beat: CountInBeat| CountInBeat { time: beat.time - passage.from(), ..beat };
        song.beats = SongBeats::Listed {
            beats: cut.beats(&self.beats()),
            count_in: count_in.into_iter().map(moved).collect(),
        };
        Ok(song)
    }

    /// Which moment of the song in the file (and so of a recording of it) is played at each time of this song.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The song without what is placed in time.
    fn without_events(&self) -> Song {
        Song {
            format: self.format,
            division: self.division,
            title: self.title.clone(),
            artist: self.artist.clone(),
            chart: self.chart.clone(),
            file_name: self.file_name.clone(),
            text_encoding: self.text_encoding,
            copyright: self.copyright.clone(),
            texts: self.texts.clone(),
            tracks: self.tracks.clone(),
            parts: self.parts.clone(),
            synthesizer_kind: self.synthesizer_kind,
            tempo_changes: Vec::new(),
            meter_changes: Vec::new(),
            markers: Vec::new(),
            phrases: Vec::new(),
            beats: SongBeats::Listed { beats: Vec::new(), count_in: Vec::new() },
            notes: Vec::new(),
            end: Time::ZERO,
            timeline: Timeline::as_written(),
            warnings: self.warnings.clone(),
        }
    }
}

/// A passage that is cut out and repeated.
struct Cut {
    passage: Passage,
    times: u32,
    /// Whether what stands exactly at the passage's end belongs to it: where that is the song's end.
    to_end: bool,
}

impl Cut {
    /// What must be added to a time of the passage, in each repetition.
    fn shifts(&self) -> impl Iterator<Item = Time> + use<> {
        let passage = self.passage;
        (0..i64::from(self.times)).map(move |pass| {
            Time::from_nanos(passage.length().as_nanos().saturating_mul(pass)) - passage.from()
        })
    }

    /// The part of a list that is in the passage.
    fn within<'a, T>(&self, list: &'a [T], time: impl Fn(&T) -> Time) -> std::slice::Iter<'a, T> {
        let first = list.partition_point(|item| time(item) < self.passage.from());
        let after = list.partition_point(|item| {
            if self.to_end { time(item) <= self.passage.to() } else { time(item) < self.passage.to() }
        });
        list.get(first..after).unwrap_or_default().iter()
    }

    /// Repeats values that hold from their times on: each repetition begins with the one that holds then. What changes
    /// nothing at a seam is left out.
    fn changes<T: Copy>(
        &self,
        list: &[T],
        time: impl Fn(&mut T) -> &mut Time,
        same: impl Fn(&T, &T) -> bool,
    ) -> Vec<T> {
        let time_of = |item: &T| *time(&mut { *item });
        let within: Vec<T> = self.within(list, time_of).copied().collect();
        let held = list[..list.partition_point(|item| time_of(item) <= self.passage.from())].last().copied();
        let mut changes: Vec<T> = Vec::new();
        for shift in self.shifts() {
            let begins = self.passage.from() + shift;
            if let Some(mut held) = held
                && changes.last().is_none_or(|last| !same(last, &held))
            {
                *time(&mut held) = begins;
                // What stood at the end of the repetition before does not come to hold.
                while changes.last().is_some_and(|last| time_of(last) >= begins) {
                    changes.pop();
                }
                changes.push(held);
            }
            for mut change in within.iter().copied().filter(|change| time_of(change) > self.passage.from()) {
                *time(&mut change) = time_of(&change) + shift;
                changes.push(change);
            }
        }
        changes
    }

    /// Repeats the beats of the passage, and goes on behind the last repetition as the song does, to the first bar line.
    fn beats(&self, beats: &[Beat]) -> Vec<Beat> {
        let first = beats.partition_point(|beat| beat.time < self.passage.from());
        let after = beats.partition_point(|beat| beat.time < self.passage.to()).max(first);
        let (within, rest) = (&beats[first..after], &beats[after..]);
        let rest = match rest.iter().position(|beat| beat.is_bar()) {
            Some(bar) => &rest[..=bar],
            None => rest,
        };
        let mut repeated: Vec<Beat> = Vec::new();
        let mut last_shift = Time::ZERO;
        for shift in self.shifts() {
            let mut within = within.iter().map(|beat| Beat { time: beat.time + shift, ..*beat }).peekable();
            // Where the passage is not cut at beats, two may come close to each other.
            while let (Some(last), Some(next)) = (repeated.last(), within.peek())
                && next.time - last.time < CLOSEST_BEATS
                && last.time < self.passage.from() + shift
            {
                if next.is_bar() || !last.is_bar() {
                    repeated.pop();
                } else {
                    within.next();
                }
            }
            repeated.extend(within);
            last_shift = shift;
        }
        repeated.extend(rest.iter().map(|beat| Beat { time: beat.time + last_shift, ..*beat }));
        repeated
    }
}
