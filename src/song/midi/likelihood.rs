//! How well an event goes with those before it in its track: the measure by which one reading of damaged bytes is preferred
//! to another.
//!
//! The measure is the bits that the event would take if what is frequent in the track were written short: a note on a key
//! that the track uses all the time takes few, a new channel, key or length of time many.

use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::event::{EventContent, ReadEvent, is_text, standard_length};

/// Bits, in eighths.
pub(super) type Cost = u32;

/// A cost of whole bits.
pub(super) const fn bits(count: u32) -> Cost {
    count * 8
}

/// What a byte costs that is not understood.
pub(super) const RAW_BYTE: Cost = bits(8);

/// Lengths of time are counted in as many classes. Those that share one are told apart by their cost alone.
const DELTA_CLASSES: usize = 256;

/// What the events of a track have been so far.
#[derive(Debug)]
pub(super) struct TrackStatistics {
    events: u32,
    /// Messages that have the status of the one before, and those that repeat the status byte nevertheless.
    repeated: u32,
    own_status: u32,
    statuses: [u32; 128],
    deltas: [u32; DELTA_CLASSES],
    /// First data bytes, by the kind of message.
    firsts: [[u32; 128]; 8],
    first_totals: [u32; 8],
    velocities: [u32; 128],
    /// What events have cost of late, and over a longer time.
    recent_cost: Cost,
    usual_cost: Cost,
}

/// What a message without a status byte costs in addition if the time before it begins with a status byte of the track.
const STATUS_AS_TIME: Cost = bits(16);

/// What a note-off costs in addition on a channel that had no note.
const NO_NOTE: Cost = bits(14);

/// Events that say enough about a track to find others strange.
const KNOWN_AFTER: u32 = 16;

impl TrackStatistics {
    pub(super) fn new() -> TrackStatistics {
        TrackStatistics {
            events: 0,
            repeated: 0,
            own_status: 0,
            statuses: [0; 128],
            deltas: [0; DELTA_CLASSES],
            firsts: [[0; 128]; 8],
            first_totals: [0; 8],
            velocities: [0; 128],
            recent_cost: 0,
            usual_cost: 0,
        }
    }

    /// Whether the last events that were counted go badly with those before them: they may not be what they seem.
    pub(super) fn is_strange(&self) -> bool {
        self.events > KNOWN_AFTER && self.recent_cost > self.usual_cost + self.usual_cost / 2 + bits(4)
    }

    /// The number of events that were counted.
    pub(super) fn events(&self) -> u32 {
        self.events
    }

    /// The status of nearly all messages, where one is.
    pub(super) fn usual_status(&self) -> Option<u8> {
        let messages: u32 = self.first_totals.iter().sum();
        let (status, count) = (0x80..=0xFF).zip(self.statuses).max_by_key(|(_, count)| *count)?;
        (messages >= KNOWN_AFTER && count >= messages - messages / 20).then_some(status)
    }

    /// Forgets what was strange: the damage is repaired, or it was none.
    pub(super) fn settle(&mut self) {
        self.recent_cost = self.usual_cost;
    }

    /// Counts an event, whose bytes are `bytes`.
    pub(super) fn count(&mut self, event: &ReadEvent<'_>, bytes: &[u8]) {
        let cost = self.cost(event, bytes);
        if self.events == 0 {
            (self.recent_cost, self.usual_cost) = (cost, cost);
        }
        self.recent_cost = (self.recent_cost * 3 + cost) / 4;
        self.usual_cost = (self.usual_cost * 31 + cost) / 32;
        self.deltas[delta_class(event.delta)] += 1;
        self.events += 1;
        if let EventContent::Event(TrackEventKind::Midi { .. }) = event.content
            && let Some(status) = event.running.status
        {
            let (first, velocity) = data(&event.content);
            let kind = usize::from(status >> 4 & 7);
            self.statuses[usize::from(status & 0x7F)] += 1;
            if event.same_status {
                self.repeated += 1;
                self.own_status += u32::from(event.own_status);
            }
            self.firsts[kind][usize::from(first & 0x7F)] += 1;
            self.first_totals[kind] += 1;
            if let Some(velocity) = velocity {
                self.velocities[usize::from(velocity & 0x7F)] += 1;
            }
        }
    }

    /// What an event costs that takes `length` bytes.
    pub(super) fn cost(&self, event: &ReadEvent<'_>, bytes: &[u8]) -> Cost {
        let body = match &event.content {
            EventContent::Event(TrackEventKind::Midi { .. }) | EventContent::LeftOut => self.message(event),
            EventContent::Event(TrackEventKind::Meta(message)) => meta(message, bytes),
            EventContent::Event(TrackEventKind::SysEx(data) | TrackEventKind::Escape(data)) => {
                let odd = data.split_last().map_or(0, |(end, data)| {
                    data.iter().take(64).filter(|byte| **byte >= 0x80).count() as u32
                        + u32::from(*end != 0xF7)
                });
                bits(10) + bits(4) * (data.len() as u32).min(64) + bits(10) * odd
            }
            EventContent::Skipped(_) => bits(20),
        };
        // A time that begins with the status byte of a message may be that message, read a byte too early.
        let first = bytes.first().copied().unwrap_or(0);
        let is_status = first >= 0x80 && !event.own_status && self.statuses[usize::from(first & 0x7F)] > 0;
        let body = body + if is_status { STATUS_AS_TIME } else { 0 };
        let most = RAW_BYTE * (bytes.len() as u32).min(1 << 16) + bits(6);
        (self.delta(event.delta) + body).min(most)
    }

    fn delta(&self, delta: u32) -> Cost {
        let seen = self.deltas[delta_class(delta)];
        let rarity = rarity(seen, self.events, 16);
        // A long time without an event is less likely than a short one.
        if seen == 0 { rarity + 12 * delta.checked_ilog2().unwrap_or(0) } else { rarity }
    }

    fn message(&self, event: &ReadEvent<'_>) -> Cost {
        let Some(status) = event.running.status else { return bits(16) };
        let kind = usize::from(status >> 4 & 7);
        let messages: u32 = self.first_totals.iter().sum();
        // Programs always or never leave out a status byte that is the same as before. One that differs says nothing.
        let habit = match event.own_status {
            true if !event.same_status => self.repeated,
            true => self.own_status,
            false => self.repeated.saturating_sub(self.own_status),
        };
        let status_cost = if event.own_status {
            rarity(self.statuses[usize::from(status & 0x7F)], messages, 16)
        } else {
            0
        };
        // Long times begin with bytes that look like note-offs of a channel. If they are, the channel has notes.
        let has_notes = self.statuses[usize::from(status & 0x0F | 0x10)] > 0;
        let status_cost = status_cost + if status < 0x90 && !has_notes { NO_NOTE } else { 0 };
        if let EventContent::LeftOut = event.content {
            return status_cost + bits(8);
        }
        let (first, velocity) = data(&event.content);
        let first_seen = self.firsts[kind][usize::from(first & 0x7F)];
        let second = match velocity {
            Some(velocity) => rarity(self.velocities[usize::from(velocity & 0x7F)], messages, 32),
            None => bits(5),
        };
        let interrupted = if event.fault.is_some() { bits(4) } else { 0 };
        status_cost
            + rarity(habit, self.repeated, 4)
            + rarity(first_seen, self.first_totals[kind], 32)
            + second
            + interrupted
    }
}

/// The bits of something that was seen `count` times among `total`, where there are about `kinds` of it.
fn rarity(count: u32, total: u32, kinds: u32) -> Cost {
    // Each kind begins with a quarter of an occurrence.
    logarithm(total.saturating_mul(4).saturating_add(kinds)).saturating_sub(logarithm(count * 4 + 1))
}

/// The binary logarithm in eighths, interpolated between powers of two.
fn logarithm(value: u32) -> Cost {
    let whole = value.max(1).ilog2();
    let eighths = (u64::from(value) << 3 >> whole) as u32 & 7;
    whole * 8 + eighths
}

fn delta_class(delta: u32) -> usize {
    // Multiplied by an odd constant, so that multiples of a tick's power of two do not meet.
    (delta.wrapping_mul(0x9E37_79B1) >> 24) as usize % DELTA_CLASSES
}

/// The first data byte, and the velocity of a note.
fn data(content: &EventContent<'_>) -> (u8, Option<u8>) {
    let EventContent::Event(TrackEventKind::Midi { message, .. }) = content else { return (0, None) };
    match message {
        MidiMessage::NoteOff { key, vel } | MidiMessage::NoteOn { key, vel } => {
            (key.as_int(), Some(vel.as_int()))
        }
        MidiMessage::Aftertouch { key, .. } => (key.as_int(), None),
        MidiMessage::Controller { controller, .. } => (controller.as_int(), None),
        MidiMessage::ProgramChange { program } => (program.as_int(), None),
        MidiMessage::ChannelAftertouch { vel } => (vel.as_int(), None),
        MidiMessage::PitchBend { bend } => ((bend.0.as_int() & 0x7F) as u8, None),
    }
}

/// What a meta event costs, its time left aside. `bytes` are all of the event.
fn meta(message: &MetaMessage<'_>, bytes: &[u8]) -> Cost {
    let text = |text: &[u8]| -> Cost {
        let of_byte = |byte: &u8| match byte {
            b'\t' | b'\n' | b'\r' | 0x20..=0x7E => bits(3),
            0x80.. => bits(6),
            _ => bits(12),
        };
        let shown = text.iter().take(64).map(of_byte).sum::<Cost>();
        bits(10) + shown + bits(4) * (text.len() as u32).saturating_sub(64).min(1 << 16)
    };
    match message {
        MetaMessage::Text(payload)
        | MetaMessage::Copyright(payload)
        | MetaMessage::TrackName(payload)
        | MetaMessage::InstrumentName(payload)
        | MetaMessage::Lyric(payload)
        | MetaMessage::Marker(payload)
        | MetaMessage::CuePoint(payload)
        | MetaMessage::ProgramName(payload)
        | MetaMessage::DeviceName(payload) => text(payload),
        MetaMessage::Unknown(kind, payload) if is_text(*kind) => text(payload),
        MetaMessage::EndOfTrack => bits(12),
        MetaMessage::Tempo(_)
        | MetaMessage::TimeSignature(..)
        | MetaMessage::KeySignature(..)
        | MetaMessage::MidiChannel(_)
        | MetaMessage::MidiPort(_) => bits(20),
        MetaMessage::SequencerSpecific(payload) => bits(12) + bits(6) * (payload.len() as u32).min(1 << 16),
        MetaMessage::Unknown(kind, _) if standard_length(*kind).is_some() => bits(24),
        _ => bits(16) + bits(8) * (bytes.len() as u32).min(1 << 16),
    }
}
