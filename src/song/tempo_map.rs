//! Ticks to times: the division of the file's header and the tempo changes, without drift.
//!
//! Whole numbers are summed and only the result is rounded, once, to the nearest nanosecond. So a tick's
//! instant is off by half a nanosecond at most, however many tempo changes came before it.

use std::fmt;
use std::ops::Range;

use strikeline_picture::Time;

/// Tempo of a file that states none, in microseconds per quarter note: 120 quarter notes a minute
/// (SMF 1.0, "Set Tempo").
pub const DEFAULT_MICROS_PER_QUARTER: u32 = 500_000;

/// What a tick is: the last field of the header chunk (SMF 1.0, "Header Chunks").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    /// Ticks in a quarter note, 1 to 32,767; the tempo says how long that is.
    TicksPerQuarter(u16),
    /// Ticks in a frame of time code, 1 to 255; the tempo does not matter.
    TimeCode {
        /// Frames per second.
        rate: TimeCodeRate,
        /// Ticks in each frame, 1 to 255.
        ticks_per_frame: u8,
    },
}

/// Frame rate of a time-code division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeCodeRate {
    /// 24 frames per second.
    Fps24,
    /// 25 frames per second.
    Fps25,
    /// 30 frames per second, drop-frame: 30000/1001 of them in a second.
    Fps29_97,
    /// 30 frames per second.
    Fps30,
}

impl Division {
    /// From the two bytes of the header; `None` when a tick would last for ever, or the format does not have
    /// the frame rate.
    pub fn from_header(bytes: [u8; 2]) -> Option<Division> {
        let [high, low] = bytes;
        if high < 0x80 {
            let ticks = u16::from_be_bytes(bytes);
            return (ticks > 0).then_some(Division::TicksPerQuarter(ticks));
        }
        let rate = match (high as i8).unsigned_abs() {
            24 => TimeCodeRate::Fps24,
            25 => TimeCodeRate::Fps25,
            29 => TimeCodeRate::Fps29_97,
            30 => TimeCodeRate::Fps30,
            _ => return None,
        };
        (low > 0).then_some(Division::TimeCode { rate, ticks_per_frame: low })
    }
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Division::TicksPerQuarter(ticks) => write!(f, "{ticks} ticks per quarter note"),
            Division::TimeCode { rate, ticks_per_frame } => {
                let rate = match rate {
                    TimeCodeRate::Fps24 => "24",
                    TimeCodeRate::Fps25 => "25",
                    TimeCodeRate::Fps29_97 => "29.97",
                    TimeCodeRate::Fps30 => "30",
                };
                write!(f, "time code, {rate} frames per second, {ticks_per_frame} ticks per frame")
            }
        }
    }
}

/// Where every tick of a song lies in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TempoMap {
    /// Never empty; the first begins at tick 0, and each begins at a later tick than the one before.
    stretches: Vec<TickStretch>,
    /// Nanoseconds in one unit of elapsed time, as a ratio.
    nanos_per_unit: (u64, u64),
    /// What a stretch's units per tick are divided by to have the microseconds of a quarter note.
    units_per_micro: u64,
}

/// From here on a tick lasts `units_per_tick`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TickStretch {
    tick: u64,
    /// Units from the song's start to `tick`.
    elapsed: u128,
    /// Microseconds per quarter note, or a finer unit of that; 1 where time code is the clock.
    units_per_tick: u64,
}

/// Ticks of one tempo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TempoStretch {
    pub ticks: Range<u64>,
    /// Microseconds per quarter note; without meaning where time code is the clock.
    pub micros_per_quarter: u32,
}

impl TempoMap {
    /// From the division and the tempo changes: (tick, microseconds per quarter note).
    ///
    /// The changes may come in any order. Where several stand at one tick, the last of them counts. With a
    /// time-code division none of them does.
    pub fn new(division: Division, changes: &[(u64, u32)]) -> TempoMap {
        match division {
            Division::TicksPerQuarter(ticks) => {
                // A unit is 1 µs / ticks, so that the units of a tick are the tempo itself.
                let mut map = TempoMap {
                    stretches: vec![TickStretch {
                        tick: 0,
                        elapsed: 0,
                        units_per_tick: u64::from(DEFAULT_MICROS_PER_QUARTER),
                    }],
                    nanos_per_unit: (1_000, u64::from(ticks)),
                    units_per_micro: 1,
                };
                let mut changes = changes.to_vec();
                changes.sort_by_key(|(tick, _)| *tick);
                for (tick, micros_per_quarter) in changes {
                    map.change(tick, u64::from(micros_per_quarter));
                }
                map
            }
            Division::TimeCode { rate, ticks_per_frame } => {
                // A unit is a tick.
                let (seconds, frames) = match rate {
                    TimeCodeRate::Fps24 => (1, 24),
                    TimeCodeRate::Fps25 => (1, 25),
                    TimeCodeRate::Fps29_97 => (1_001, 30_000),
                    TimeCodeRate::Fps30 => (1, 30),
                };
                TempoMap {
                    stretches: vec![TickStretch { tick: 0, elapsed: 0, units_per_tick: 1 }],
                    nanos_per_unit: (seconds * 1_000_000_000, frames * u64::from(ticks_per_frame)),
                    units_per_micro: 1,
                }
            }
        }
    }

    /// From the ticks in a quarter note and the tempo changes: (tick, thousandths of a quarter note per minute), in order of
    /// their ticks, no tempo below 1. Where several stand at one tick, the last of them counts.
    ///
    /// Such a tempo is a fraction of microseconds per quarter note, so its unit is finer: the length of a quarter note is
    /// rounded to a femtosecond, which is a nanosecond after a million of them.
    pub(super) fn of_beats_per_minute(ticks: u16, changes: &[(u64, u64)]) -> TempoMap {
        const FEMTOS_PER_MICRO: u64 = 1_000_000_000;
        const FEMTOS_PER_MINUTE: u128 = 60_000_000 * FEMTOS_PER_MICRO as u128;
        let mut map = TempoMap {
            stretches: vec![TickStretch {
                tick: 0,
                elapsed: 0,
                units_per_tick: u64::from(DEFAULT_MICROS_PER_QUARTER) * FEMTOS_PER_MICRO,
            }],
            nanos_per_unit: (1, u64::from(ticks) * 1_000_000),
            units_per_micro: FEMTOS_PER_MICRO,
        };
        for (tick, tempo) in changes {
            let tempo = u128::from((*tempo).max(1));
            let femtos = (FEMTOS_PER_MINUTE * 1_000 + tempo / 2) / tempo;
            map.change(*tick, u64::try_from(femtos).unwrap_or(u64::MAX));
        }
        map
    }

    /// Begins a stretch at `tick`, which is not before the last one's.
    fn change(&mut self, tick: u64, units_per_tick: u64) {
        let elapsed = self.elapsed_at(tick);
        if self.stretches.last().is_some_and(|last| last.tick == tick) {
            self.stretches.pop();
        }
        self.stretches.push(TickStretch { tick, elapsed, units_per_tick });
    }

    /// The instant of a tick, rounded to the nearest nanosecond; [`Time`]'s largest where it does not fit.
    pub fn time_at(&self, tick: u64) -> Time {
        let (numerator, denominator) = (u128::from(self.nanos_per_unit.0), u128::from(self.nanos_per_unit.1));
        let nanos =
            self.elapsed_at(tick).saturating_mul(numerator).saturating_add(denominator / 2) / denominator;
        Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The ticks from `from` to before `to`, cut where the tempo changes.
    pub(super) fn stretches(&self, from: u64, to: u64) -> impl Iterator<Item = TempoStretch> {
        let first = self.stretches.partition_point(|stretch| stretch.tick <= from).saturating_sub(1);
        let stretches = self.stretches.get(first..).unwrap_or_default();
        let ends = stretches.iter().skip(1).map(|next| next.tick).chain([u64::MAX]);
        stretches.iter().zip(ends).take_while(move |(stretch, _)| stretch.tick < to).map(
            move |(stretch, end)| TempoStretch {
                ticks: stretch.tick.max(from)..end.min(to),
                micros_per_quarter: self.micros(stretch.units_per_tick),
            },
        )
    }

    /// Microseconds per quarter note, rounded.
    fn micros(&self, units_per_tick: u64) -> u32 {
        let micros = units_per_tick.saturating_add(self.units_per_micro / 2) / self.units_per_micro;
        u32::try_from(micros).unwrap_or(u32::MAX)
    }

    /// Units from the song's start to `tick`.
    fn elapsed_at(&self, tick: u64) -> u128 {
        let after = self.stretches.partition_point(|stretch| stretch.tick <= tick);
        let stretch = self.stretches[after.saturating_sub(1)];
        let since = u128::from(tick - stretch.tick) * u128::from(stretch.units_per_tick);
        stretch.elapsed.saturating_add(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER_480: Division = Division::TicksPerQuarter(480);

    #[test]
    fn a_song_without_tempo_goes_at_120() {
        let map = TempoMap::new(QUARTER_480, &[]);
        assert_eq!(map.time_at(0), Time::ZERO);
        assert_eq!(map.time_at(960), Time::from_seconds(1.0));
    }

    #[test]
    fn a_tempo_holds_from_its_tick_on_and_the_last_at_a_tick_wins() {
        let map = TempoMap::new(QUARTER_480, &[(960, 1_000_000), (480, 1), (480, 250_000)]);
        assert_eq!(map.time_at(480), Time::from_seconds(0.5));
        assert_eq!(map.time_at(960), Time::from_seconds(0.75));
        assert_eq!(map.time_at(1_440), Time::from_seconds(1.75));
    }

    #[test]
    fn a_million_tempo_changes_add_no_drift() {
        // A third of a microsecond per tick: in nanoseconds it would have to be rounded each time.
        let changes: Vec<_> = (0..1_000_000).map(|tick| (tick, 1 + (tick % 2) as u32)).collect();
        let map = TempoMap::new(Division::TicksPerQuarter(3), &changes);
        assert_eq!(map.time_at(1_000_000), Time::from_nanos(500_000_000));
        assert_eq!(map.time_at(1), Time::from_nanos(333));
        assert_eq!(map.time_at(2), Time::from_nanos(1_000));
    }

    #[test]
    fn beats_per_minute_add_no_drift() {
        // 130 beats per minute are no whole number of microseconds.
        let map = TempoMap::of_beats_per_minute(192, &[(0, 130_000), (192 * 13_000, 60_000)]);
        assert_eq!(map.time_at(192 * 13_000), Time::from_seconds(6_000.0));
        assert_eq!(map.time_at(192 * 13_001), Time::from_seconds(6_001.0));
        assert_eq!(map.time_at(192 * 13), Time::from_seconds(6.0));
        let stretches: Vec<_> =
            map.stretches(0, u64::MAX).map(|stretch| stretch.micros_per_quarter).collect();
        assert_eq!(stretches, [461_538, 1_000_000]);
    }

    #[test]
    fn time_code_is_exact_and_takes_no_notice_of_tempo() {
        let map = TempoMap::new(Division::from_header([0xE3, 100]).unwrap(), &[(0, 1)]);
        assert_eq!(map.time_at(3_000_000), Time::from_seconds(1_001.0));
        let milliseconds = TempoMap::new(Division::from_header([0xE7, 40]).unwrap(), &[]);
        assert_eq!(milliseconds.time_at(1_234), Time::from_seconds(1.234));
    }

    #[test]
    fn divisions_without_meaning_are_refused() {
        for bad in [[0, 0], [0x80, 80], [0xFF, 80], [0xE8, 0], [0xE4, 80]] {
            assert_eq!(Division::from_header(bad), None, "{bad:x?}");
        }
        assert_eq!(Division::from_header([0x7F, 0xFF]), Some(Division::TicksPerQuarter(32_767)));
    }

    #[test]
    fn the_end_of_time_saturates() {
        let map = TempoMap::new(Division::TicksPerQuarter(1), &[(0, 0x00FF_FFFF)]);
        assert_eq!(map.time_at(u64::MAX), Time::from_nanos(i64::MAX));
    }
}
