//! Beats and bars: the metre and the tempo, laid over the song.
//!
//! Beats are counted in ticks, from where their metre stands, and the time of each is found by itself in the tempo map, so
//! errors do not add up. A damaged file costs no more than its bytes and the beats that are returned: beats that come too
//! fast to be of use are skipped by arithmetic.

use super::tempo_map::{DEFAULT_MICROS_PER_QUARTER, Division, TempoMap};
use super::tick_clocks::{AtTick, TickClocks};
use super::{MAX_SONG_TIME, TrackIndex};
use strikeline_picture::Time;

/// No two beats are closer than this.
const CLOSEST_BEATS: Time = Time::from_nanos(50_000_000);

/// The shortest beat that is given as such, in microseconds; where beats are shorter, only bars are given.
const SHORTEST_BEAT_MICROS: u64 = 50_000;

/// The shortest bar that is given; where bars are shorter, nothing is.
const SHORTEST_BAR_MICROS: u64 = 100_000;

/// The longest time from one beat that is counted in to the next.
const LONGEST_COUNT: Time = Time::from_nanos(4_000_000_000);

/// The largest bar that is counted in as a whole, in beats.
const LONGEST_COUNTED_BAR: u8 = 8;

/// How many beats of a larger bar are counted in.
const COUNT_OF_LONG_BAR: usize = 4;

/// A note that is late by less than the beat divided by this is meant to be on the beat.
const LATE_FRACTION: i64 = 8;

/// A beat of the song.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// When it is, from the song's start; not negative, at most [`MAX_SONG_TIME`] in a song as it was read.
    pub time: Time,
    /// The bar it is in, counted from 1 through the whole song. In a song that is looped, the bar of the song that was read.
    pub bar: u32,
    /// Its place in the bar, counted from 1.
    pub beat: u8,
}

impl Beat {
    /// Whether a bar begins with it.
    pub const fn is_bar(self) -> bool {
        self.beat == 1
    }
}

/// A beat that is counted before the first note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountInBeat {
    /// When it is, from the song's start; negative where it is before the song.
    pub time: Time,
    /// Its place in its bar, from 1: the number that is counted.
    pub number: u8,
}

/// What the beats of a song are worked out from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct BeatGrid {
    ticks_per_quarter: u16,
    /// One after the other, in order of time. None where time code is the clock.
    sequences: Vec<Sequence>,
}

/// A stretch of the song with a tick clock of its own.
#[derive(Debug, Clone, PartialEq)]
struct Sequence {
    /// When its tick 0 is.
    start: Time,
    tempo: TempoMap,
    /// Each metre and the tick from which it holds. Never empty; the first is at tick 0, and each is at a
    /// later tick than the one before.
    meters: Vec<(u64, Meter)>,
    /// The tick at which it ends.
    end: u64,
}

/// How a sequence begins.
struct Opening {
    meter: Meter,
    /// Beats that its first bar lacks at its beginning: a pickup is often written as one bar of a shorter metre.
    missing: u8,
}

/// How ticks are grouped into beats, and beats into bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meter {
    /// 1 to 255.
    beats_in_bar: u8,
    /// A beat lasts this many times the note value below: 3 in compound metres, else 1.
    values_in_beat: u8,
    /// The note value: 4 for quarter notes; a power of two up to 32,768.
    value: u16,
}

impl BeatGrid {
    /// From the clocks of all tracks, the ticks at which each track ends, and the metres that the tracks state:
    /// (numerator, denominator), both at least 1.
    pub(super) fn new(
        division: Division,
        clocks: TickClocks,
        ends: &[u64],
        meters: Vec<AtTick<(u8, u16)>>,
    ) -> BeatGrid {
        let Division::TicksPerQuarter(ticks_per_quarter) = division else {
            return BeatGrid::default();
        };
        let sequences = match clocks {
            TickClocks::Shared(tempo) => {
                let end = ends.iter().copied().max().unwrap_or_default();
                let mut meters = meters;
                // In the order of the tracks they are, and the sort is stable.
                meters.sort_by_key(|meter| meter.tick);
                let meters = meters.into_iter().map(|meter| (meter.tick, meter.what));
                vec![Sequence::new(Time::ZERO, tempo, meters, end)]
            }
            TickClocks::InTurn(clocks) => {
                let mut meters = meters.into_iter().peekable();
                let mut sequences = Vec::new();
                for ((clock, end), track) in
                    clocks.into_iter().zip(ends).zip((0..).map(TrackIndex::from_index))
                {
                    let stated: Vec<_> = std::iter::from_fn(|| meters.next_if(|meter| meter.track == track))
                        .map(|meter| (meter.tick, meter.what))
                        .collect();
                    if let Some((start, tempo)) = clock {
                        sequences.push(Sequence::new(start, tempo, stated, *end));
                    }
                }
                sequences
            }
        };
        BeatGrid { ticks_per_quarter, sequences }
    }

    /// At the default metre and tempo, up to `end`.
    pub(super) fn plain(end: Time) -> BeatGrid {
        let ticks_per_quarter = 480;
        let tempo = TempoMap::new(Division::TicksPerQuarter(ticks_per_quarter), &[]);
        let nanos_per_quarter = u128::from(DEFAULT_MICROS_PER_QUARTER) * 1_000;
        let end = u128::try_from(end.as_nanos()).unwrap_or_default() * u128::from(ticks_per_quarter);
        let end = u64::try_from(end.div_ceil(nanos_per_quarter)).unwrap_or(u64::MAX);
        BeatGrid { ticks_per_quarter, sequences: vec![Sequence::new(Time::ZERO, tempo, [], end)] }
    }

    /// See [`super::Song::beats`]; those up to `limit`.
    pub(super) fn beats(&self, limit: Time) -> Vec<Beat> {
        let mut found = FoundBeats { beats: Vec::new(), limit };
        let mut bars = 0;
        for (index, sequence) in self.sequences.iter().enumerate() {
            let is_last = index + 1 == self.sequences.len();
            if !sequence.find_beats(self.ticks_per_quarter, is_last, &mut bars, &mut found) {
                break;
            }
        }
        found.beats
    }

    /// See [`super::Song::count_in`].
    pub(super) fn count_in(&self, first_note: Time) -> Vec<CountInBeat> {
        let beats = self.beats(first_note + LONGEST_COUNT);
        let mut before = beats.partition_point(|beat| beat.time <= first_note);
        if let Some(last) = before.checked_sub(1).and_then(|index| beats.get(index))
            && let late = (first_note - last.time).as_nanos()
            && let next = beats.get(before)
            && (late == 0
                || next.is_some_and(|next| late < (next.time - last.time).as_nanos() / LATE_FRACTION))
        {
            before -= 1;
        }
        let wanted = match self.beats_in_bar_at(first_note) {
            beats @ ..=LONGEST_COUNTED_BAR => usize::from(beats),
            _ => COUNT_OF_LONG_BAR,
        };
        let missing = self.sequences.first().map_or(0, |first| first.opening(self.ticks_per_quarter).missing);
        let in_song = beats.iter().take(before).rev().map(|beat| {
            let missing = if beat.bar == 1 { missing } else { 0 };
            (beat.time, beat.beat.saturating_add(missing))
        });
        let mut later = first_note;
        let mut counted: Vec<_> = in_song
            .chain(self.beats_before_start())
            .take_while(|(time, _)| {
                let near = later - *time <= LONGEST_COUNT;
                later = *time;
                near
            })
            .take(wanted)
            .map(|(time, number)| CountInBeat { time, number })
            .collect();
        counted.reverse();
        counted
    }

    /// Time and number of the beats before tick 0, backwards and without end, as if the first metre and tempo
    /// had held for ever; none where they are too fast.
    fn beats_before_start(&self) -> impl Iterator<Item = (Time, u8)> {
        let first = self.sequences.first().and_then(|sequence| {
            let opening = sequence.opening(self.ticks_per_quarter);
            let micros_per_quarter = sequence.tempo.stretches(0, 1).next()?.micros_per_quarter;
            (opening.meter.beats_per_step(micros_per_quarter) == Some(1))
                .then_some((opening, micros_per_quarter))
        });
        first.into_iter().flat_map(|(Opening { meter, missing }, micros_per_quarter)| {
            let beat = u128::from(meter.micros_times_value(micros_per_quarter)) * 1_000;
            let numbers = (1..=missing).rev().chain((1..=meter.beats_in_bar).rev().cycle());
            (1_u64..).zip(numbers).map(move |(back, number)| {
                let nanos = u128::from(back) * beat / u128::from(meter.value);
                (Time::ZERO - Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)), number)
            })
        })
    }

    /// The beats in a bar of the metre at a time; 0 where there are no beats.
    fn beats_in_bar_at(&self, time: Time) -> u8 {
        let after = self.sequences.partition_point(|sequence| sequence.start <= time);
        let Some(sequence) = after.checked_sub(1).and_then(|index| self.sequences.get(index)) else {
            return 0;
        };
        let starts_by = |tick: u64| sequence.start + sequence.tempo.time_at(tick) <= time;
        match sequence.meters.partition_point(|(tick, _)| starts_by(*tick)).checked_sub(1) {
            None | Some(0) => sequence.opening(self.ticks_per_quarter).meter.beats_in_bar,
            Some(index) => sequence.meters.get(index).map_or(0, |(_, meter)| meter.beats_in_bar),
        }
    }
}

impl Sequence {
    /// `meters` are in order of tick. Where several stand at one tick, the last of them counts.
    fn new(
        start: Time,
        tempo: TempoMap,
        meters: impl IntoIterator<Item = (u64, (u8, u16))>,
        end: u64,
    ) -> Sequence {
        let mut kept = vec![(0, Meter::new(4, 4))];
        for (tick, (numerator, denominator)) in meters {
            if kept.last().is_some_and(|(last, _)| *last == tick) {
                kept.pop();
            }
            kept.push((tick, Meter::new(numerator, denominator)));
        }
        Sequence { start, tempo, meters: kept, end }
    }

    /// The metre at the start; where that is a pickup, the metre that it leads to.
    fn opening(&self, ticks_per_quarter: u16) -> Opening {
        let (_, first) = self.meters.first().copied().unwrap_or((0, Meter::new(4, 4)));
        if let Some(&(tick, second)) = self.meters.get(1)
            && let beats = (MeterBeats { origin: 0, meter: first, ticks_per_quarter })
            && beats.tick(first.beats_in_bar.into()) == tick
            && (first.value, first.values_in_beat) == (second.value, second.values_in_beat)
            && let Some(missing) = second.beats_in_bar.checked_sub(first.beats_in_bar)
        {
            return Opening { meter: second, missing };
        }
        Opening { meter: first, missing: 0 }
    }

    /// Adds the beats from tick 0 to before the end; of the last sequence, to the first bar at or after the end.
    /// `bars` counts the bars. False when the limit of time is reached.
    fn find_beats(
        &self,
        ticks_per_quarter: u16,
        is_last: bool,
        bars: &mut u32,
        found: &mut FoundBeats,
    ) -> bool {
        let ends = self.meters.iter().skip(1).map(|(tick, _)| Some(*tick)).chain([None]);
        for (&(origin, meter), end) in self.meters.iter().zip(ends) {
            let beats = MeterBeats { origin, meter, ticks_per_quarter };
            let end = match end {
                Some(end) => end,
                None if is_last => beats.tick(beats.first_bar_from(self.end)).saturating_add(1),
                None => self.end,
            };
            if !self.find_beats_of_meter(beats, end, *bars, found) {
                return false;
            }
            let in_bar = u128::from(meter.beats_in_bar);
            *bars = bars.saturating_add(saturated(beats.first_from(end).div_ceil(in_bar)));
        }
        true
    }

    /// Adds the beats of a metre before the tick `end`, stretch by stretch of one tempo, as dense as that allows.
    fn find_beats_of_meter(&self, beats: MeterBeats, end: u64, bars: u32, found: &mut FoundBeats) -> bool {
        let in_bar = u128::from(beats.meter.beats_in_bar);
        for stretch in self.tempo.stretches(beats.origin, end) {
            let Some(step) = beats.meter.beats_per_step(stretch.micros_per_quarter).map(u128::from) else {
                continue;
            };
            let mut beat = beats.first_from(stretch.ticks.start).next_multiple_of(step);
            while beats.tick(beat) < stretch.ticks.end {
                let time = self.start + self.tempo.time_at(beats.tick(beat));
                let bar = bars.saturating_add(saturated(beat / in_bar)).saturating_add(1);
                if !found.add(Beat { time, bar, beat: (beat % in_bar) as u8 + 1 }) {
                    return false;
                }
                beat += step;
            }
        }
        true
    }
}

impl Meter {
    fn new(numerator: u8, denominator: u16) -> Meter {
        let compound = denominator == 8 && numerator > 3 && numerator.is_multiple_of(3);
        let values_in_beat = if compound { 3 } else { 1 };
        Meter { beats_in_bar: (numerator / values_in_beat).max(1), values_in_beat, value: denominator.max(1) }
    }

    /// How long a beat is, in microseconds times the note value.
    fn micros_times_value(self, micros_per_quarter: u32) -> u64 {
        4 * u64::from(self.values_in_beat) * u64::from(micros_per_quarter)
    }

    /// How many beats it is from one that is given to the next: one, or a bar's; `None` where even bars are too
    /// fast.
    fn beats_per_step(self, micros_per_quarter: u32) -> Option<u8> {
        let (beat, value) = (self.micros_times_value(micros_per_quarter), u64::from(self.value));
        if beat >= SHORTEST_BEAT_MICROS * value {
            Some(1)
        } else if beat * u64::from(self.beats_in_bar) >= SHORTEST_BAR_MICROS * value {
            Some(self.beats_in_bar)
        } else {
            None
        }
    }
}

/// The ticks of a metre's beats. Beats are counted from 0, where the metre stands.
#[derive(Debug, Clone, Copy)]
struct MeterBeats {
    origin: u64,
    meter: Meter,
    ticks_per_quarter: u16,
}

impl MeterBeats {
    /// Ticks in a beat, times the note value: so it is a whole number.
    fn ticks_times_value(self) -> u128 {
        4 * u128::from(self.meter.values_in_beat) * u128::from(self.ticks_per_quarter)
    }

    /// The tick of a beat. Where beats are not whole ticks, the tick that is nearest.
    fn tick(self, beat: u128) -> u64 {
        let value = u128::from(self.meter.value);
        let ticks = beat.saturating_mul(self.ticks_times_value()).saturating_add(value / 2) / value;
        self.origin.saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX))
    }

    /// The first beat at `tick` or after it.
    fn first_from(self, tick: u64) -> u128 {
        let value = u128::from(self.meter.value);
        let ticks_times_value = u128::from(tick.saturating_sub(self.origin)) * value;
        ticks_times_value.saturating_sub(value / 2).div_ceil(self.ticks_times_value())
    }

    /// The first beat at `tick` or after it that begins a bar.
    fn first_bar_from(self, tick: u64) -> u128 {
        self.first_from(tick).next_multiple_of(u128::from(self.meter.beats_in_bar))
    }
}

/// Gathers beats, no two of them too close.
struct FoundBeats {
    beats: Vec<Beat>,
    limit: Time,
}

impl FoundBeats {
    /// Adds a beat that is not before the last one. Of two that are too close, as they can be where the metre
    /// changes, a beat that begins a bar is taken rather than another, else the first. False when it is too late
    /// for this beat and any other.
    fn add(&mut self, beat: Beat) -> bool {
        if beat.time > self.limit || beat.time > MAX_SONG_TIME {
            return false;
        }
        if let Some(last) = self.beats.last()
            && beat.time - last.time < CLOSEST_BEATS
        {
            if last.is_bar() || !beat.is_bar() {
                return true;
            }
            self.beats.pop();
        }
        self.beats.push(beat);
        true
    }
}

fn saturated(count: u128) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
