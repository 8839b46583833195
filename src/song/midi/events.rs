//! The events of one track, with where and when each is, and what is wrong with those that cannot be read.

use midly::{EventIter, MetaMessage, TrackEventKind};

use super::chunks::TrackChunk;

/// Walks through a track's events, to its End of Track or as far as it can be read.
pub(in crate::song) struct TrackEvents<'a> {
    chunk: TrackChunk<'a>,
    rest: EventIter<'a>,
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
}

/// What was read in one step.
pub(in crate::song) enum StepContent<'a> {
    /// An event.
    Event(TrackEventKind<'a>),
    /// An event without meaning, and what is wrong with it; the walk goes on.
    Skipped(&'static str),
    /// An event that cannot be read, and why; it is the last step.
    Damage(&'static str),
}

impl<'a> TrackEvents<'a> {
    pub(in crate::song) fn new(chunk: TrackChunk<'a>) -> TrackEvents<'a> {
        TrackEvents { chunk, rest: EventIter::new(chunk.bytes), tick: 0, over: false }
    }

    /// What has not been walked through, and where in the file it begins.
    pub(in crate::song) fn unread(&self) -> (u64, &'a [u8]) {
        let rest = self.rest.unread();
        (self.chunk.offset + (self.chunk.bytes.len() - rest.len()) as u64, rest)
    }

    /// Goes past an event that midly refused, if its end is certain.
    fn skip(&mut self, event: &'a [u8], running_status: Option<u8>) -> StepContent<'a> {
        match skip_event(event, running_status) {
            Ok(skipped) => {
                self.tick += u64::from(skipped.delta);
                self.rest = EventIter::new(&event[skipped.bytes..]);
                *self.rest.running_status_mut() = skipped.running_status;
                StepContent::Skipped(skipped.reason)
            }
            Err(reason) => {
                self.over = true;
                StepContent::Damage(reason)
            }
        }
    }
}

impl<'a> Iterator for TrackEvents<'a> {
    type Item = TrackStep<'a>;

    fn next(&mut self) -> Option<TrackStep<'a>> {
        let (offset, before) = self.unread();
        if self.over || before.is_empty() {
            return None;
        }
        let running_status = self.rest.running_status();
        // Midly takes four bytes of a delta that has more; skip_event refuses it.
        let too_long = before.len() >= 4 && before[..4].iter().all(|byte| *byte >= 0x80);
        let what = match if too_long { None } else { self.rest.next() } {
            Some(Ok(event)) => {
                self.tick += u64::from(event.delta.as_int());
                self.over = matches!(event.kind, TrackEventKind::Meta(MetaMessage::EndOfTrack));
                StepContent::Event(event.kind)
            }
            // Midly's lenient mode does not say what is wrong.
            Some(Err(_)) | None => self.skip(before, running_status),
        };
        Some(TrackStep { offset, tick: self.tick, what })
    }
}

/// An event that midly refuses, but whose end is known.
struct SkippedEvent {
    delta: u32,
    /// Its length, the delta included.
    bytes: usize,
    running_status: Option<u8>,
    reason: &'static str,
}

/// Finds the end of an event that midly refuses; else the reason why the track cannot be read on.
///
/// Nothing is guessed: where the end is not certain, notes would be made up.
fn skip_event(event: &[u8], running_status: Option<u8>) -> Result<SkippedEvent, &'static str> {
    const CUT: &str = "an event is cut short";
    const TOO_LONG: &str = "a number has more than four bytes";
    let number = |bytes: &[u8]| variable_length(bytes).ok_or(if bytes.len() < 4 { CUT } else { TOO_LONG });
    let (delta, delta_bytes) = number(event)?;
    let status = *event.get(delta_bytes).ok_or(CUT)?;
    let (length, running_status, reason) = match status {
        0xFF => {
            let (payload, length_bytes) = number(event.get(delta_bytes + 2..).ok_or(CUT)?)?;
            (2 + length_bytes + payload as usize, None, "a meta event without meaning")
        }
        // These have no place in a file, but their lengths are known (MIDI 1.0, "System Common" and
        // "System Real Time"; the latter leave running status alone).
        0xF1 | 0xF3 => (2, None, "a system common message"),
        0xF2 => (3, None, "a system common message"),
        0xF4..=0xF6 => (1, None, "a system common message"),
        0xF8..=0xFE => (1, running_status, "a system real-time message"),
        0x00..=0x7F if running_status.is_none() => return Err("a message without a status byte"),
        0x00..=0xEF if event.len() - delta_bytes >= 3 => return Err("a message with a wrong data byte"),
        _ => return Err(CUT),
    };
    let bytes = delta_bytes + length;
    if bytes > event.len() { Err(CUT) } else { Ok(SkippedEvent { delta, bytes, running_status, reason }) }
}

/// A variable-length quantity of up to four bytes, and how many it takes (SMF 1.0, "Conventions").
fn variable_length(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(4).enumerate() {
        value = value << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step's offset and tick, and how it went: an event is "".
    fn walk(bytes: &[u8]) -> Vec<(u64, u64, &'static str)> {
        TrackEvents::new(TrackChunk { offset: 100, bytes })
            .map(|step| {
                let how = match step.what {
                    StepContent::Event(_) => "",
                    StepContent::Skipped(reason) | StepContent::Damage(reason) => reason,
                };
                (step.offset, step.tick, how)
            })
            .collect()
    }

    #[test]
    fn a_real_time_message_is_skipped_and_running_status_survives_it() {
        assert_eq!(
            walk(&[1, 0x99, 36, 100, 2, 0xF8, 3, 38, 100]),
            [(100, 1, ""), (104, 3, "a system real-time message"), (106, 6, "")]
        );
    }

    #[test]
    fn a_meta_event_with_a_bad_payload_is_skipped_with_its_time() {
        assert_eq!(
            walk(&[5, 0xFF, 0x54, 5, 0, 99, 99, 99, 99, 1, 0x99, 36, 100]),
            [(100, 5, "a meta event without meaning"), (109, 6, "")]
        );
    }

    #[test]
    fn the_walk_ends_at_what_cannot_be_read() {
        assert_eq!(walk(&[0, 36, 100]), [(100, 0, "a message without a status byte")]);
        assert_eq!(walk(&[0, 0x99, 36, 0x80, 0]), [(100, 0, "a message with a wrong data byte")]);
        assert_eq!(walk(&[0, 0x99, 36]), [(100, 0, "an event is cut short")]);
        assert_eq!(walk(&[0x80]), [(100, 0, "an event is cut short")]);
        assert_eq!(
            walk(&[0x80, 0x80, 0x80, 0x80, 0, 0x99, 36, 1]),
            [(100, 0, "a number has more than four bytes")]
        );
    }

    #[test]
    fn the_walk_ends_at_the_end_of_track() {
        assert_eq!(walk(&[7, 0xFF, 0x2F, 0, 0, 0x99, 36, 100]), [(100, 7, "")]);
    }
}
