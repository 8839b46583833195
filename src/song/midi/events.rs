//! The events of one track, with where and when each is, and what is wrong with those that are damaged.
//!
//! A damaged byte costs the event that it is in, not the rest of the track. A first walk looks for faults, and where there
//! is one it finds out how the bytes around it are to be read (see [`repair`]). The second walk yields the events.
//!
//! A track without a fault is read as it stands. What many programs write, though the format forbids it, is no fault in
//! this sense: running status that goes on after a meta event, and events after an End of Track.

use midly::TrackEventKind;

use super::chunks::TrackChunk;
use super::event::{CUT, EventContent, EventForm, ReadEvent, RunningStatus, read_event};
use super::likelihood::TrackStatistics;
use super::repair::{BEFORE, Place, Repair, RepairKind, repair};

/// Walks through a track's events, to its End of Track or as far as it can be read.
pub(in crate::song) struct TrackEvents<'a> {
    chunk: TrackChunk<'a>,
    plan: Plan,
    /// Repairs that are behind.
    repaired: usize,
    place: Place,
    /// Deltas have 28 bits and take a byte at least, so that 64 bits never overflow.
    tick: u64,
    over: bool,
}

/// One step of the walk.
pub(in crate::song) struct TrackStep<'a> {
    /// Where in the file the event begins, with the time before it.
    pub offset: u64,
    /// When it is, in ticks from the track's start.
    pub tick: u64,
    pub what: StepContent<'a>,
    /// What is wrong with the event, and what was assumed of it.
    pub fault: Option<&'static str>,
}

/// What was read in one step.
pub(in crate::song) enum StepContent<'a> {
    /// An event.
    Event(TrackEventKind<'a>),
    /// An event without meaning, and what is wrong with it.
    Skipped(&'static str),
    /// A damaged message, which is left out. The step's fault says what is wrong with it.
    LeftOut,
    /// Bytes that cannot be read as events: how many, and why.
    Lost(u64, &'static str),
}

/// How a track is to be read.
struct Plan {
    /// In order of their positions.
    repairs: Vec<Repair>,
    /// Whether the events after the first End of Track are read.
    beyond_end: bool,
    /// The status that is assumed where the first one is missing.
    first_status: RunningStatus,
}

/// Repairs after which the searches go further at a time.
const MANY_REPAIRS: usize = 64;

const AFTER_END: &str = "an end mark within the track; the events after it were read";

impl<'a> TrackEvents<'a> {
    pub(in crate::song) fn new(chunk: TrackChunk<'a>) -> TrackEvents<'a> {
        let plan = Plan::new(chunk);
        let place = Place { at: 0, running: plan.first_status };
        TrackEvents { chunk, plan, repaired: 0, place, tick: 0, over: false }
    }

    /// What has not been walked through, and where in the file it begins.
    pub(in crate::song) fn unread(&self) -> (u64, &'a [u8]) {
        let at = self.place.at;
        (self.chunk.offset + at as u64, self.chunk.bytes.get(at..).unwrap_or_default())
    }

    fn skip(&mut self, to: usize) -> StepContent<'a> {
        let bytes = self.chunk.bytes;
        let to = to.min(bytes.len());
        let reason = read_event(bytes, self.place.at, self.place.running, EventForm::PLAIN).err();
        let count = to.saturating_sub(self.place.at) as u64;
        self.place.at = to;
        StepContent::Lost(count, reason.unwrap_or("bytes that are no event"))
    }
}

impl<'a> Iterator for TrackEvents<'a> {
    type Item = TrackStep<'a>;

    fn next(&mut self) -> Option<TrackStep<'a>> {
        let (offset, rest) = self.unread();
        if self.over || rest.is_empty() {
            return None;
        }
        let bytes = self.chunk.bytes;
        let repair = self.plan.repairs.get(self.repaired).filter(|repair| repair.at == self.place.at);
        let form = match repair {
            None => EventForm::PLAIN,
            Some(Repair { how: RepairKind::Event(form), .. }) => *form,
            Some(Repair { how: RepairKind::Skip(to), .. }) => {
                let to = *to;
                self.repaired += 1;
                let what = self.skip(to);
                return Some(TrackStep { offset, tick: self.tick, what, fault: None });
            }
        };
        self.repaired += usize::from(repair.is_some());
        let (what, fault) = match read_event(bytes, self.place.at, self.place.running, form) {
            Ok(ReadEvent { delta, end, running, content, mut fault, .. }) => {
                self.tick += u64::from(delta);
                self.place = Place { at: end, running };
                if content.is_end_of_track() {
                    self.over = !self.plan.beyond_end;
                    if self.plan.beyond_end && end < bytes.len() {
                        fault = fault.or(Some(AFTER_END));
                    }
                }
                let what = match content {
                    EventContent::Event(event) => StepContent::Event(event),
                    EventContent::Skipped(reason) => StepContent::Skipped(reason),
                    EventContent::LeftOut => StepContent::LeftOut,
                };
                (what, fault)
            }
            Err(_) => (self.skip(bytes.len()), None),
        };
        Some(TrackStep { offset, tick: self.tick, what, fault })
    }
}

impl Plan {
    fn new(chunk: TrackChunk<'_>) -> Plan {
        let bytes = chunk.bytes;
        let mut plan =
            Plan { repairs: Vec::new(), beyond_end: false, first_status: RunningStatus::default() };
        let mut place = Place::default();
        let mut ends_seen = false;
        let mut statistics: Option<Box<TrackStatistics>> = None;
        while let Some(fault) = plan.next_fault(chunk, place, &mut ends_seen) {
            if plan.repairs.len() >= chunk.most_repairs {
                plan.repairs.push(Repair { at: fault, how: RepairKind::Skip(bytes.len()) });
                break;
            }
            let is_first = statistics.is_none();
            let statistics = statistics.get_or_insert_with(|| Box::new(learn_ahead(bytes, fault)));
            if is_first
                && plan.has_no_status(bytes, fault)
                && let Some(status) = statistics.usual_status()
            {
                plan.first_status = RunningStatus { status: Some(status), interrupted: true };
                place.running = plan.first_status;
            }
            let start = count_events(bytes, place, fault, statistics);
            let hasty = plan.repairs.len() >= MANY_REPAIRS;
            place = repair(bytes, start, fault, hasty, statistics, &mut plan.repairs);
            statistics.settle();
        }
        plan
    }

    /// Whether nothing but meta events and system messages comes before the fault, which is in the first message then.
    fn has_no_status(&self, bytes: &[u8], fault: usize) -> bool {
        let mut place = Place::default();
        while place.at < fault
            && place.running.status.is_none()
            && let Ok(event) = read_event(bytes, place.at, place.running, EventForm::PLAIN)
        {
            place = Place { at: event.end, running: event.running };
        }
        place.running.status.is_none()
    }

    /// Where the next event stands, from `place` on, that cannot be read or can hardly be meant so.
    fn next_fault(&mut self, chunk: TrackChunk<'_>, mut place: Place, end_seen: &mut bool) -> Option<usize> {
        let bytes = chunk.bytes;
        let mut last = place.at;
        while place.at < bytes.len() {
            last = place.at;
            match read_event(bytes, place.at, place.running, EventForm::PLAIN) {
                // The file ends here: nothing follows that could be found.
                Err(CUT) if chunk.is_cut => return None,
                Err(_) => return Some(place.at),
                Ok(event) => {
                    if is_no_meta_event(bytes, place.at, event.end) {
                        return Some(place.at);
                    }
                    place = Place { at: event.end, running: event.running };
                    if event.content.is_end_of_track() && !self.beyond_end {
                        if *end_seen || place.at == bytes.len() || !is_whole(bytes, place) {
                            return None;
                        }
                        *end_seen = true;
                        self.beyond_end = true;
                    } else if event.content.is_end_of_track() && place.at == bytes.len() {
                        return None;
                    }
                }
            }
        }
        // An event that has the end of the track in it was longer than it should be.
        let swallowed = bytes.get(last + 8..).is_some_and(|_| bytes.ends_with(END_OF_TRACK));
        swallowed.then_some(last)
    }
}

/// The End of Track event without the time before it.
const END_OF_TRACK: &[u8] = &[0xFF, 0x2F, 0x00];

/// Whether the event from `at` to `end` is a meta event of a kind that cannot be: kinds are below 80 (hexadecimal).
fn is_no_meta_event(bytes: &[u8], at: usize, end: usize) -> bool {
    let message = bytes.get(at..end).unwrap_or_default();
    let after_delta = message.iter().position(|byte| *byte < 0x80).map_or(0, |last| last + 1);
    matches!(message.get(after_delta..), Some(&[0xFF, kind, ..]) if kind >= 0x80)
}

/// Whether all bytes from a place on are events that need no repair, the last of them an End of Track.
fn is_whole(bytes: &[u8], mut place: Place) -> bool {
    while let Ok(event) = read_event(bytes, place.at, place.running, EventForm::PLAIN) {
        if event.end == bytes.len() {
            return event.content.is_end_of_track();
        }
        place = Place { at: event.end, running: event.running };
    }
    false
}

/// Where a fault is early in its track; places after it from which events are tried, and how many of them.
const EARLY: usize = 128;
const TRIED_PLACES: usize = 128;
const TRIED_EVENTS: u32 = 200;

/// What the events after a fault say about the track, if it comes so early that those before it say too little.
///
/// Where events begin after a fault is not known. They are read from several places where one may begin; those are right
/// that go best together.
fn learn_ahead(bytes: &[u8], fault: usize) -> TrackStatistics {
    let mut best = TrackStatistics::new();
    if fault >= EARLY {
        return best;
    }
    // Per byte, so that walks of different lengths are compared.
    let mut least = u64::MAX;
    let mut begun = Vec::new();
    for start in fault..(fault + TRIED_PLACES).min(bytes.len()) {
        let mut place = Place { at: start, running: RunningStatus::default() };
        let mut statistics = TrackStatistics::new();
        let mut cost = 0;
        // A message with a status byte begins it; walks that meet an earlier one go the same way.
        while let Ok(event) = read_event(bytes, place.at, place.running, EventForm::PLAIN)
            && statistics.events() < TRIED_EVENTS
            && (statistics.events() > 0 || event.running.status.is_some())
            && !(statistics.events() == 0 && begun.contains(&place.at))
        {
            if statistics.events() == 0 {
                begun.push(place.at);
            }
            let message = &bytes[place.at..event.end];
            cost += u64::from(statistics.cost(&event, message));
            statistics.count(&event, message);
            place = Place { at: event.end, running: event.running };
        }
        let per_byte = cost * 64 / (place.at - start).max(1) as u64;
        if statistics.events() >= ENOUGH_EVENTS && per_byte < least {
            (best, least) = (statistics, per_byte);
        }
    }
    best.settle();
    best
}

/// Events that say something about a track.
const ENOUGH_EVENTS: u32 = 16;

/// Counts the events from `place` to the fault, and returns the place where the search for the damage begins.
fn count_events(bytes: &[u8], mut place: Place, fault: usize, statistics: &mut TrackStatistics) -> Place {
    let mut start = place;
    let mut strange_since = None;
    while place.at < fault
        && let Ok(event) = read_event(bytes, place.at, place.running, EventForm::PLAIN)
    {
        // Events that follow damage would say what the damage made of them. Where no fault follows soon there was none.
        if statistics.is_strange() && place.at - *strange_since.get_or_insert(place.at) > BEFORE {
            statistics.settle();
        }
        if !statistics.is_strange() {
            strange_since = None;
            statistics.count(&event, &bytes[place.at..event.end]);
        }
        place = Place { at: event.end, running: event.running };
        // Behind a very long event the search begins later, so that its length is bounded.
        if place.at + BEFORE <= fault || start.at + 2 * BEFORE < fault {
            start = place;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step's offset and tick, and what is wrong with it: nothing is "".
    fn walk(bytes: &[u8]) -> Vec<(u64, u64, &'static str)> {
        TrackEvents::new(TrackChunk { offset: 100, bytes, is_cut: false, most_repairs: 100 })
            .map(|step| {
                let what = match step.what {
                    StepContent::Event(_) | StepContent::LeftOut => step.fault.unwrap_or(""),
                    StepContent::Skipped(reason) | StepContent::Lost(_, reason) => reason,
                };
                (step.offset, step.tick, what)
            })
            .collect()
    }

    #[test]
    fn a_real_time_message_is_skipped_and_running_status_survives_it() {
        assert_eq!(
            walk(&[1, 0x99, 36, 100, 2, 0xF8, 3, 38, 100]),
            [
                (100, 1, ""),
                (104, 3, "a system real-time message, which has no place in a file"),
                (106, 6, "")
            ]
        );
    }

    #[test]
    fn a_meta_event_with_a_bad_payload_is_skipped_with_its_time() {
        assert_eq!(
            walk(&[5, 0xFF, 0x54, 5, 0, 99, 99, 99, 99, 1, 0x99, 36, 100]),
            [(100, 5, "a meta event that is too short for its kind"), (109, 6, "")]
        );
    }

    #[test]
    fn the_walk_ends_at_the_end_of_track() {
        assert_eq!(walk(&[7, 0xFF, 0x2F, 0, 0, 0x99, 36, 100]), [(100, 7, "")]);
    }

    #[test]
    fn zeros_before_a_number_are_let_pass() {
        assert_eq!(
            walk(&[0x80, 0x80, 0x80, 0x80, 5, 0x99, 36, 1]),
            [(100, 5, "a time or length is written with more than four bytes; read all the same")]
        );
    }

    /// A kick and a snare in turn with explicit status bytes, and an end mark after them: 128 events of 4 bytes.
    fn beat() -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..32 {
            bytes.extend([0, 0x99, 36, 100, 60, 0x89, 36, 64, 0, 0x99, 38, 90, 60, 0x89, 38, 64]);
        }
        bytes.extend([0, 0xFF, 0x2F, 0]);
        bytes
    }

    /// Bytes of steps at which something is wrong, and the tick at the end.
    fn faults(bytes: &[u8]) -> (Vec<u64>, u64) {
        let steps = walk(bytes);
        let end = steps.last().map_or(0, |step| step.1);
        (steps.into_iter().filter(|step| !step.2.is_empty()).map(|step| step.0 - 100).collect(), end)
    }

    #[test]
    fn a_damaged_byte_is_found_and_the_time_goes_on() {
        let whole = beat();
        assert_eq!(faults(&whole), (vec![], 3840));
        for (name, at, byte) in
            [("key", 258, 0xA4), ("velocity", 259, 0xFF), ("status", 257, 0x19), ("time", 260, 0xBC)]
        {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            assert_eq!(faults(&bytes), (vec![at as u64 / 4 * 4], 3840), "{name}");
        }
        for (name, at) in [("velocity", 259), ("key", 258)] {
            let mut bytes = whole.clone();
            bytes.remove(at);
            assert_eq!(faults(&bytes), (vec![at as u64 / 4 * 4], 3840), "{name}");
        }
        let mut bytes = whole.clone();
        bytes.insert(259, 5);
        assert_eq!(faults(&bytes).1, 3840);
        assert_eq!(faults(&bytes).0.len(), 1);
    }
}
