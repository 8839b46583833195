//! What to make of the bytes around a fault: of all ways to read them, the most likely one.
//!
//! A fault is often noticed some bytes after the byte that is damaged: until then the bytes are read, but as something that
//! they are not. So the search covers bytes before the place where the fault was noticed, too. It goes through all ways to
//! read these bytes as events, with events that are damaged in one of the ways of [`EventForm::DAMAGED`], and bytes that
//! are skipped between them; and takes the way with the smallest cost. It is the shortest path through a graph whose nodes
//! are positions (Viterbi's algorithm), so that its time is in proportion to the bytes.

use super::event::{EventForm, RunningStatus, read_event};
use super::likelihood::{Cost, RAW_BYTE, TrackStatistics, bits};

/// How far before a fault the damage may lie.
pub(super) const BEFORE: usize = 3072;

/// How far after a fault events must go well.
const AFTER: usize = 192;

/// Events as they stand that must follow the last repair before the search is over.
const SETTLED: usize = 8;

/// Ways to read that are kept of each position.
const WAYS: usize = 6;

/// Ways that cost more than this above the best one near it are given up.
const HOPELESS: Cost = bits(130);

/// What a damaged event costs in addition.
const REPAIR: Cost = bits(40);
/// What it costs to begin to skip bytes, and what each byte costs.
const SKIP: Cost = bits(42);
const SKIPPED_BYTE: Cost = RAW_BYTE;
/// What a track without an end costs.
const NO_END: Cost = bits(42);
/// What an end within a track costs.
const END_WITHIN: Cost = bits(48);

/// How the bytes at one place are read, where that is not as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repair {
    pub at: usize,
    pub how: RepairKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepairKind {
    /// As an event that is damaged.
    Event(EventForm),
    /// Not at all, up to this position.
    Skip(usize),
}

/// A place between events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub at: usize,
    pub running: RunningStatus,
}

/// A way to read the bytes up to a place.
#[derive(Debug, Clone, Copy)]
struct Way {
    running: RunningStatus,
    /// Whether the byte before was skipped.
    skipping: bool,
    cost: Cost,
    /// The position and the number of the way that it continues, and how.
    from: (usize, usize),
    step: Option<EventForm>,
}

/// Finds the most likely way to read the bytes from `start` on, where a fault was noticed at `fault`. Its repairs are
/// added to `repairs`.
///
/// Returns the place up to which it holds, which is beyond the fault; the events from there on are to be read as they
/// stand. With `hasty` it goes further in one search, so that many faults take less time.
pub(super) fn repair(
    bytes: &[u8],
    start: Place,
    fault: usize,
    hasty: bool,
    statistics: &TrackStatistics,
    repairs: &mut Vec<Repair>,
) -> Place {
    let last = (fault + AFTER).min(bytes.len());
    let mut search = Search { bytes, origin: start.at, last, ways: Vec::new(), end: None };
    search.ways.resize_with(last - start.at + 1, Vec::new);
    search.ways[0].push(Way { running: start.running, skipping: false, cost: 0, from: (0, 0), step: None });
    search.go(statistics);
    let path = search.best_path();

    // The path up to where it has settled after the fault.
    let mut settled = 0;
    let mut taken = path.len();
    for (index, (at, step, _)) in path.iter().enumerate() {
        settled = if *step == Some(EventForm::PLAIN) { settled + 1 } else { 0 };
        let enough = if hasty { *at + AFTER / 4 >= last } else { settled >= SETTLED };
        if *at > fault && enough {
            taken = index + 1;
            break;
        }
    }
    let mut place = start;
    for (at, step, end) in path.into_iter().take(taken) {
        match step {
            Some(EventForm::PLAIN) => {}
            Some(form) => repairs.push(Repair { at, how: RepairKind::Event(form) }),
            None => match repairs.last_mut() {
                Some(Repair { how: RepairKind::Skip(to), .. }) if *to == at => *to = end.at,
                _ => repairs.push(Repair { at, how: RepairKind::Skip(end.at) }),
            },
        }
        place = end;
    }
    place
}

struct Search<'a> {
    bytes: &'a [u8],
    /// The position of the first ways.
    origin: usize,
    /// Where the search ends.
    last: usize,
    /// By position from the origin. The last are those that end there.
    ways: Vec<Vec<Way>>,
    /// The cheapest way to the last position or beyond it, with the place after it.
    end: Option<(Way, Place)>,
}

impl Search<'_> {
    fn go(&mut self, statistics: &TrackStatistics) {
        let mut recent = [Cost::MAX; 8];
        for at in self.origin..self.last {
            let here = at - self.origin;
            let cheapest = self.ways[here].iter().map(|way| way.cost).min();
            recent[here % 8] = cheapest.unwrap_or(Cost::MAX);
            let limit = recent.iter().min().copied().unwrap_or(Cost::MAX).saturating_add(HOPELESS);
            for index in 0..self.ways[here].len() {
                let way = self.ways[here][index];
                if way.cost > limit {
                    continue;
                }
                let from = (here, index);
                let skip = SKIPPED_BYTE + if way.skipping { 0 } else { SKIP };
                let skipped = Way { skipping: true, cost: way.cost + skip, from, step: None, ..way };
                self.reach(skipped, at + 1, way.running);
                self.follow(way, at, from, EventForm::PLAIN, 0, statistics);
                for form in EventForm::DAMAGED {
                    self.follow(way, at, from, form, REPAIR, statistics);
                }
            }
        }
    }

    /// Continues a way by the event at `at`, if it can be read so.
    fn follow(
        &mut self,
        way: Way,
        at: usize,
        from: (usize, usize),
        form: EventForm,
        more: Cost,
        statistics: &TrackStatistics,
    ) {
        let Ok(event) = read_event(self.bytes, at, way.running, form) else { return };
        let mut cost = statistics.cost(&event, &self.bytes[at..event.end]);
        let is_end = event.content.is_end_of_track();
        match (is_end, event.end == self.bytes.len()) {
            (true, false) => cost += END_WITHIN,
            (false, true) => cost += NO_END,
            _ => {}
        }
        if event.end > self.last {
            // Ways that end at different places are compared by their bytes up to the last position.
            let (within, all) = ((self.last - at) as u64, (event.end - at) as u64);
            cost = (u64::from(cost) * within / all) as Cost;
        }
        let cost = way.cost + more + cost;
        let next = Way { running: event.running, skipping: false, cost, from, step: Some(form) };
        self.reach(next, event.end, event.running);
    }

    fn reach(&mut self, way: Way, at: usize, running: RunningStatus) {
        if at >= self.last {
            let mut way = way;
            if way.step.is_none() && at == self.bytes.len() {
                way.cost += NO_END;
            }
            if self.end.is_none_or(|(other, _)| way.cost < other.cost) {
                self.end = Some((way, Place { at, running }));
            }
            return;
        }
        let ways = &mut self.ways[at - self.origin];
        let same = |other: &Way| other.running == way.running && other.skipping == way.skipping;
        if let Some(other) = ways.iter_mut().find(|other| same(other)) {
            if way.cost < other.cost {
                *other = way;
            }
        } else if ways.len() < WAYS {
            ways.push(way);
        } else if let Some(worst) = ways.iter_mut().max_by_key(|way| way.cost)
            && way.cost < worst.cost
        {
            *worst = way;
        }
    }

    /// The steps of the cheapest way to the end: where each begins, how it is read (`None`: a byte that is skipped), and the
    /// place after it.
    fn best_path(&self) -> Vec<(usize, Option<EventForm>, Place)> {
        let mut path = Vec::new();
        let Some((mut way, mut place)) = self.end else { return path };
        while place.at > self.origin {
            let at = way.from.0 + self.origin;
            path.push((at, way.step, place));
            let Some(before) = self.ways.get(way.from.0).and_then(|ways| ways.get(way.from.1)) else { break };
            place = Place { at, running: before.running };
            way = *before;
        }
        path.reverse();
        path
    }
}
