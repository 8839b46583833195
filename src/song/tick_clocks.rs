//! The time of each tick: one tempo map for all tracks (formats 0 and 1), or one for each sequence (format 2).

use super::tempo_map::{Division, TempoMap};
use super::{TrackIndex, TrackInfo};
use strikeline_picture::Time;

/// An event at a tick of a track.
#[derive(Debug, Clone)]
pub(super) struct AtTick<T> {
    pub track: TrackIndex,
    pub tick: u64,
    pub what: T,
}

/// Converts the ticks of each track to times.
#[derive(Debug, Clone)]
pub(super) enum TickClocks {
    /// One tempo map for all tracks.
    Shared(TempoMap),
    /// One for each track, with the time at which the track begins; `None` for tracks that are left out.
    InTurn(Vec<Option<(Time, TempoMap)>>),
}

impl TickClocks {
    /// The tempo changes of all tracks hold for all tracks.
    pub(super) fn shared(division: Division, tempos: &[AtTick<u32>]) -> TickClocks {
        let changes: Vec<_> = tempos.iter().map(|tempo| (tempo.tick, tempo.what)).collect();
        TickClocks::Shared(TempoMap::new(division, &changes))
    }

    /// The selected tracks are played one after the other. `ends` has the ticks each track lasts; `tempos`
    /// are in the order of the tracks.
    pub(super) fn in_turn(
        division: Division,
        tracks: &[TrackInfo],
        ends: &[u64],
        tempos: &[AtTick<u32>],
    ) -> TickClocks {
        let mut start = Time::ZERO;
        let mut tempos = tempos.iter().peekable();
        let mut clocks = Vec::with_capacity(tracks.len());
        for (info, end) in tracks.iter().zip(ends) {
            let mut changes = Vec::new();
            while let Some(tempo) = tempos.next_if(|tempo| tempo.track == info.track) {
                changes.push((tempo.tick, tempo.what));
            }
            clocks.push(info.selected.then(|| {
                let map = TempoMap::new(division, &changes);
                let begins = start;
                start = start + map.time_at(*end);
                (begins, map)
            }));
        }
        TickClocks::InTurn(clocks)
    }

    /// The tracks at which tempo and metre begin anew.
    pub(super) fn beginnings(&self) -> Vec<TrackIndex> {
        match self {
            TickClocks::Shared(_) => vec![TrackIndex::from_index(0)],
            TickClocks::InTurn(clocks) => clocks
                .iter()
                .zip((0..).map(TrackIndex::from_index))
                .filter_map(|(clock, track)| clock.as_ref().map(|_| track))
                .collect(),
        }
    }

    /// The time at a track's tick; `None` when the track is left out.
    pub(super) fn time_at(&self, track: TrackIndex, tick: u64) -> Option<Time> {
        match self {
            TickClocks::Shared(map) => Some(map.time_at(tick)),
            TickClocks::InTurn(clocks) => {
                let (start, map) = clocks.get(track.index())?.as_ref()?;
                Some(*start + map.time_at(tick))
            }
        }
    }

    /// Everything that is not left out with its time, in order; what stands at one time, by track.
    pub(super) fn in_order<T>(&self, events: Vec<AtTick<T>>) -> Vec<(Time, T)> {
        let mut timed: Vec<_> = events
            .into_iter()
            .filter_map(|event| Some((self.time_at(event.track, event.tick)?, event.track, event.what)))
            .collect();
        timed.sort_by_key(|(time, track, _)| (*time, *track));
        timed.into_iter().map(|(time, _, what)| (time, what)).collect()
    }

    /// Values and the times from which they apply: as [`TickClocks::in_order`], with a default at each beginning, and only
    /// the last of several at the same time.
    pub(super) fn changes<T: Copy>(&self, default: T, stated: Vec<AtTick<T>>) -> Vec<(Time, T)> {
        let beginning = |track| AtTick { track, tick: 0, what: default };
        let mut changes: Vec<_> = self.beginnings().into_iter().map(beginning).collect();
        changes.extend(stated);
        let mut changes = self.in_order(changes);
        changes.dedup_by(|later, kept| {
            let same_time = later.0 == kept.0;
            if same_time {
                *kept = *later;
            }
            same_time
        });
        changes
    }
}
