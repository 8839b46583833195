//! One event of a track: how it is read as it stands, and how it can be read when a byte of it is damaged.
//!
//! SMF 1.0, "Track Chunks" and "Meta-Events"; MIDI 1.0, "Channel Voice Messages" and "System Messages".

use midly::num::{u4, u7, u14, u24};
use midly::{MetaMessage, MidiMessage, PitchBend, TrackEventKind};

/// The status that holds for a message without a status byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RunningStatus {
    /// 80 to EF (hexadecimal); `None` when no channel message came before.
    pub status: Option<u8>,
    /// Whether a meta event or a system message came since. By the format that ends running status; by what programs
    /// write it does not.
    pub interrupted: bool,
}

impl RunningStatus {
    fn of(status: u8) -> RunningStatus {
        RunningStatus { status: Some(status), interrupted: false }
    }

    fn interrupt(self) -> RunningStatus {
        RunningStatus { interrupted: true, ..self }
    }
}

/// How the time before an event is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeltaForm {
    /// As it stands.
    Plain,
    /// It is missing, and taken as 0.
    Missing,
    /// The high bit of its first byte is set by mistake.
    FirstByte,
    /// The high bit of its first byte is missing.
    TwoBytes,
    /// A byte too many follows it.
    ExtraByte,
}

/// How the event after its time is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageForm {
    /// As it stands.
    Plain,
    /// Bytes that are no data bytes are taken for data bytes.
    HighData,
    /// A data byte is missing.
    MissingData,
    /// The status byte is damaged.
    DamagedStatus,
    /// A status byte is missing, and no status is known.
    MissingStatus,
    /// The first byte of a meta event is damaged.
    DamagedMeta,
    /// A meta event or system exclusive message has another length than it says.
    OtherLength,
}

/// How an event is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EventForm {
    pub delta: DeltaForm,
    pub message: MessageForm,
}

impl EventForm {
    pub(super) const PLAIN: EventForm = EventForm { delta: DeltaForm::Plain, message: MessageForm::Plain };

    /// The ways to read an event that has one damaged byte.
    pub(super) const DAMAGED: [EventForm; 10] = {
        const fn delta(delta: DeltaForm) -> EventForm {
            EventForm { delta, message: MessageForm::Plain }
        }
        const fn message(message: MessageForm) -> EventForm {
            EventForm { delta: DeltaForm::Plain, message }
        }
        [
            delta(DeltaForm::Missing),
            delta(DeltaForm::FirstByte),
            delta(DeltaForm::TwoBytes),
            delta(DeltaForm::ExtraByte),
            message(MessageForm::HighData),
            message(MessageForm::MissingData),
            message(MessageForm::DamagedStatus),
            message(MessageForm::MissingStatus),
            message(MessageForm::DamagedMeta),
            message(MessageForm::OtherLength),
        ]
    };

    /// What is wrong with an event of this form, and what was assumed of it.
    pub(super) const fn fault(self) -> Option<&'static str> {
        match (self.delta, self.message) {
            (DeltaForm::Missing, _) => Some("the time before the event is missing; taken as 0"),
            (DeltaForm::FirstByte, _) => Some(
                "the time before the event seems to take in bytes of the event; only its first byte was used",
            ),
            (DeltaForm::TwoBytes, _) => Some("the time before the event is cut in two; it was joined"),
            (DeltaForm::ExtraByte, _) => Some("a byte too many after the time before the event; skipped"),
            (DeltaForm::Plain, MessageForm::Plain) => None,
            (DeltaForm::Plain, MessageForm::HighData) => Some("a data byte above 127; its time was kept"),
            (DeltaForm::Plain, MessageForm::MissingData) => Some("a data byte is missing; its time was kept"),
            (DeltaForm::Plain, MessageForm::DamagedStatus) => {
                Some("the status byte is damaged; its time was kept")
            }
            (DeltaForm::Plain, MessageForm::MissingStatus) => {
                Some("no status byte here or before; its time was kept")
            }
            (DeltaForm::Plain, MessageForm::DamagedMeta) => {
                Some("the first byte is damaged; it was taken for a meta event")
            }
            (DeltaForm::Plain, MessageForm::OtherLength) => {
                Some("the length of the event is wrong; it was taken to end where it seems to end")
            }
        }
    }
}

/// A message without a status byte after a meta event, a system exclusive message or damage.
const RUNNING_ON: &str = "it has no status byte, though a meta event, a system exclusive message or damage comes before it; the last status byte of the track was used";
const VELOCITY: &str = "a velocity above 127; read as 127";
const LONG_NUMBER: &str = "a time or length is written with more than four bytes; read all the same";

/// An event that was read.
#[derive(Debug)]
pub(super) struct ReadEvent<'a> {
    /// Ticks from the event before.
    pub delta: u32,
    /// Where its bytes end.
    pub end: usize,
    /// What holds for the next event.
    pub running: RunningStatus,
    /// Whether it has a status byte of its own.
    pub own_status: bool,
    /// Whether its status is that of the message before.
    pub same_status: bool,
    pub content: EventContent<'a>,
    /// What is wrong with it, and what was assumed.
    pub fault: Option<&'static str>,
}

/// What an event holds.
#[derive(Debug)]
pub(super) enum EventContent<'a> {
    Event(TrackEventKind<'a>),
    /// Nothing that has a meaning, and why.
    Skipped(&'static str),
    /// Damaged so that it is left out; the event's fault says why.
    LeftOut,
}

impl EventContent<'_> {
    pub(super) fn is_end_of_track(&self) -> bool {
        matches!(self, EventContent::Event(TrackEventKind::Meta(MetaMessage::EndOfTrack)))
    }
}

pub(super) const CUT: &str = "an event is cut short";
pub(super) const TOO_LONG: &str = "a number has more than four bytes";

/// The longest number that is read at all: zeros may stand before its four bytes.
const LONGEST_NUMBER: usize = 16;

/// A variable-length quantity below 2^28, and where it ends (SMF 1.0, "Conventions"). Zeros that make it longer than four
/// bytes are let pass.
fn number(bytes: &[u8], at: usize) -> Result<(u32, usize), &'static str> {
    let mut value = 0_u32;
    for place in at..at + LONGEST_NUMBER {
        let byte = *bytes.get(place).ok_or(CUT)?;
        value = value << 7 | u32::from(byte & 0x7F);
        if value >= 1 << 28 {
            return Err(TOO_LONG);
        }
        if byte & 0x80 == 0 {
            return Ok((value, place + 1));
        }
    }
    Err(TOO_LONG)
}

/// Reads the event that begins at `at`, in the given form.
///
/// # Errors
/// Why it cannot be read so.
pub(super) fn read_event<'a>(
    bytes: &'a [u8],
    at: usize,
    running: RunningStatus,
    form: EventForm,
) -> Result<ReadEvent<'a>, &'static str> {
    const OTHER: &str = "not so";
    let first = *bytes.get(at).ok_or(CUT)?;
    let second = bytes.get(at + 1).copied();
    let (delta, start) = match form.delta {
        DeltaForm::Plain => number(bytes, at)?,
        DeltaForm::Missing if first >= 0x80 => (0, at),
        DeltaForm::FirstByte if first >= 0x80 => (u32::from(first & 0x7F), at + 1),
        DeltaForm::TwoBytes => match second {
            Some(second @ ..0x80) if first < 0x80 => (u32::from(first) << 7 | u32::from(second), at + 2),
            _ => return Err(OTHER),
        },
        DeltaForm::ExtraByte => number(bytes, at).map(|(delta, end)| (delta, end + 1))?,
        DeltaForm::Missing | DeltaForm::FirstByte => return Err(OTHER),
    };
    let long = form.delta == DeltaForm::Plain && start - at > 4;
    let mut event = read_message(bytes, start, running, form.message)?;
    event.delta = delta;
    // Where a repair cut or moved the time, a message without a status byte says too little.
    if form.delta != DeltaForm::Plain && form.delta != DeltaForm::TwoBytes && !event.own_status {
        return Err(OTHER);
    }
    event.fault = form.fault().or(event.fault).or(long.then_some(LONG_NUMBER));
    if form.message == MessageForm::HighData && matches!(event.content, EventContent::Event(_)) {
        event.fault = Some(VELOCITY);
    }
    Ok(event)
}

/// Reads the event whose status byte, or first data byte, is at `at`.
fn read_message<'a>(
    bytes: &'a [u8],
    at: usize,
    running: RunningStatus,
    form: MessageForm,
) -> Result<ReadEvent<'a>, &'static str> {
    const OTHER: &str = "not so";
    let first = *bytes.get(at).ok_or(CUT)?;
    let event = |end: usize, running, own_status, content| {
        if end > bytes.len() {
            return Err(CUT);
        }
        Ok(ReadEvent { delta: 0, end, running, own_status, same_status: !own_status, content, fault: None })
    };
    match form {
        MessageForm::Plain => {}
        MessageForm::HighData | MessageForm::MissingData => {
            if first >= 0xF0 {
                return Err(OTHER);
            }
        }
        MessageForm::DamagedStatus => {
            // What is left out is a message of two data bytes, as most are.
            return match bytes.get(at + 1..at + 3) {
                Some(&[..0x80, ..0x80]) => {
                    event(at + 3, RunningStatus { interrupted: true, ..running }, true, EventContent::LeftOut)
                }
                _ => Err(OTHER),
            };
        }
        MessageForm::MissingStatus => {
            return match bytes.get(at..at + 2) {
                Some(&[..0x80, ..0x80]) if running.status.is_none() => {
                    event(at + 2, running, false, EventContent::LeftOut)
                }
                _ => Err(OTHER),
            };
        }
        MessageForm::DamagedMeta => {
            let kind = bytes.get(at + 1).copied().unwrap_or(0xFF);
            let well_formed = standard_length(kind).is_some_and(|length| bytes.get(at + 2) == Some(&length));
            if first == 0xFF || !well_formed {
                return Err(OTHER);
            }
            return read_meta(bytes, at, running, None);
        }
        MessageForm::OtherLength => {
            return match first {
                0xFF => {
                    let kind = *bytes.get(at + 1).ok_or(CUT)?;
                    let (said, start) = number(bytes, at + 2).unwrap_or((u32::MAX, at + 3));
                    let length = match standard_length(kind) {
                        Some(length) => u32::from(length),
                        None if is_text(kind) => printable(bytes.get(start..).unwrap_or_default()),
                        None => return Err(OTHER),
                    };
                    if length == said {
                        Err(OTHER)
                    } else {
                        read_meta(bytes, at, running, Some((start, length)))
                    }
                }
                0xF0 => {
                    let (said, start) = number(bytes, at + 1).unwrap_or((u32::MAX, at + 2));
                    let data = bytes.get(start..).unwrap_or_default();
                    let length =
                        data.iter().take(LONGEST_SEARCH).position(|byte| *byte >= 0x80).ok_or(OTHER)?;
                    if data.get(length) != Some(&0xF7) || length as u32 + 1 == said {
                        return Err(OTHER);
                    }
                    let content = EventContent::Event(TrackEventKind::SysEx(&data[..=length]));
                    event(start + length + 1, running.interrupt(), true, content)
                }
                _ => Err(OTHER),
            };
        }
    }
    match first {
        0xFF => read_meta(bytes, at, running, None),
        0xF0 | 0xF7 => {
            let (length, start) = number(bytes, at + 1)?;
            let data = bytes.get(start..start + length as usize).ok_or(CUT)?;
            let kind = if first == 0xF0 { TrackEventKind::SysEx(data) } else { TrackEventKind::Escape(data) };
            event(start + data.len(), running.interrupt(), true, EventContent::Event(kind))
        }
        // These have no place in a file, but their lengths are known (MIDI 1.0, "System Common" and "System Real
        // Time"; the latter leave running status alone).
        0xF1 | 0xF3 => event(
            at + 2,
            running.interrupt(),
            true,
            EventContent::Skipped("a system common message, which has no place in a file"),
        ),
        0xF2 => event(
            at + 3,
            running.interrupt(),
            true,
            EventContent::Skipped("a system common message, which has no place in a file"),
        ),
        0xF4..=0xF6 => event(
            at + 1,
            running.interrupt(),
            true,
            EventContent::Skipped("a system common message, which has no place in a file"),
        ),
        0xF8..=0xFE => event(
            at + 1,
            running,
            true,
            EventContent::Skipped("a system real-time message, which has no place in a file"),
        ),
        ..=0xEF => {
            let own_status = first >= 0x80;
            let status = if own_status { Some(first) } else { running.status };
            let status = status.ok_or("a message without a status byte")?;
            let start = at + usize::from(own_status);
            let wanted = if matches!(status >> 4, 0xC | 0xD) { 1 } else { 2 };
            if form == MessageForm::MissingData {
                return if wanted == 2 && bytes.get(start).is_some_and(|byte| *byte < 0x80) {
                    event(start + 1, RunningStatus::of(status), own_status, EventContent::LeftOut)
                } else {
                    Err(OTHER)
                };
            }
            let data = bytes.get(start..start + wanted).ok_or(CUT)?;
            let high = data.iter().any(|byte| *byte >= 0x80);
            match form {
                MessageForm::HighData if !high => return Err(OTHER),
                MessageForm::HighData => {}
                _ if high => return Err("a message with a wrong data byte"),
                _ => {}
            }
            let data = [data[0], data.get(1).copied().unwrap_or(0)];
            let content = match (high, status >> 4, data) {
                (true, 0x9, [..0x80, _]) | (false, ..) => {
                    let channel = u4::from_int_lossy(status);
                    let data = data.map(|byte| byte.min(0x7F));
                    EventContent::Event(TrackEventKind::Midi { channel, message: message(status, data) })
                }
                _ => EventContent::LeftOut,
            };
            let mut read = event(start + wanted, RunningStatus::of(status), own_status, content)?;
            read.same_status = running.status == Some(status);
            read.fault = (!own_status && running.interrupted).then_some(RUNNING_ON);
            Ok(read)
        }
    }
}

/// How far the end of an event with a wrong length is looked for.
const LONGEST_SEARCH: usize = 256;

/// The length of a meta event of a kind that has but one (SMF 1.0, "Meta-Events").
pub(super) const fn standard_length(kind: u8) -> Option<u8> {
    match kind {
        0x20 | 0x21 => Some(1),
        0x2F => Some(0),
        0x51 => Some(3),
        0x54 => Some(5),
        0x58 => Some(4),
        0x59 => Some(2),
        _ => None,
    }
}

/// Whether a kind of meta event holds text (SMF 1.0, "Meta-Events": 01 to 0F are reserved for it).
pub(super) const fn is_text(kind: u8) -> bool {
    matches!(kind, 0x01..=0x0F)
}

/// How many bytes at the beginning may be text.
fn printable(bytes: &[u8]) -> u32 {
    let text = |byte: &&u8| **byte >= 0x20 || matches!(**byte, b'\n' | b'\r' | b'\t');
    bytes.iter().take(LONGEST_SEARCH).take_while(text).count() as u32
}

/// Reads the meta event whose first byte is at `at`. `other` is where its payload begins and how long it is, where that is
/// not what it says.
fn read_meta<'a>(
    bytes: &'a [u8],
    at: usize,
    running: RunningStatus,
    other: Option<(usize, u32)>,
) -> Result<ReadEvent<'a>, &'static str> {
    let kind = *bytes.get(at + 1).ok_or(CUT)?;
    let (start, length) = match other {
        Some(other) => other,
        None => number(bytes, at + 2).map(|(length, start)| (start, length))?,
    };
    let end = start + length as usize;
    let payload = bytes.get(start..end).ok_or(CUT)?;
    let content = match meta(kind, payload) {
        Some(message) => EventContent::Event(TrackEventKind::Meta(message)),
        None => EventContent::Skipped("a meta event that is too short for its kind"),
    };
    Ok(ReadEvent {
        delta: 0,
        end,
        running: running.interrupt(),
        own_status: true,
        same_status: false,
        content,
        fault: None,
    })
}

/// A channel message with this status and data below 80 (hexadecimal).
fn message(status: u8, data: [u8; 2]) -> MidiMessage {
    let [first, second] = data.map(u7::from_int_lossy);
    match status >> 4 {
        0x8 => MidiMessage::NoteOff { key: first, vel: second },
        0x9 => MidiMessage::NoteOn { key: first, vel: second },
        0xA => MidiMessage::Aftertouch { key: first, vel: second },
        0xB => MidiMessage::Controller { controller: first, value: second },
        0xC => MidiMessage::ProgramChange { program: first },
        0xD => MidiMessage::ChannelAftertouch { vel: first },
        _ => {
            let bend = u16::from(data[1]) << 7 | u16::from(data[0]);
            MidiMessage::PitchBend { bend: PitchBend(u14::from_int_lossy(bend)) }
        }
    }
}

/// A meta event; `None` when its payload is too short for its kind. A longer payload than the format has is let pass, as
/// the format demands ("Meta-Events").
fn meta(kind: u8, payload: &[u8]) -> Option<MetaMessage<'_>> {
    Some(match (kind, payload) {
        (0x00, &[high, low, ..]) => MetaMessage::TrackNumber(Some(u16::from_be_bytes([high, low]))),
        (0x00, _) => MetaMessage::TrackNumber(None),
        (0x01, text) => MetaMessage::Text(text),
        (0x02, text) => MetaMessage::Copyright(text),
        (0x03, text) => MetaMessage::TrackName(text),
        (0x04, text) => MetaMessage::InstrumentName(text),
        (0x05, text) => MetaMessage::Lyric(text),
        (0x06, text) => MetaMessage::Marker(text),
        (0x07, text) => MetaMessage::CuePoint(text),
        (0x08, text) => MetaMessage::ProgramName(text),
        (0x09, text) => MetaMessage::DeviceName(text),
        (0x20, &[channel, ..]) => MetaMessage::MidiChannel(u4::from_int_lossy(channel)),
        (0x21, &[port, ..]) => MetaMessage::MidiPort(u7::from_int_lossy(port)),
        (0x2F, _) => MetaMessage::EndOfTrack,
        (0x51, &[high, middle, low, ..]) => {
            MetaMessage::Tempo(u24::from_int_lossy(u32::from_be_bytes([0, high, middle, low])))
        }
        (0x58, &[numerator, power, clocks, notes, ..]) => {
            MetaMessage::TimeSignature(numerator, power, clocks, notes)
        }
        (0x59, &[signs, minor, ..]) => MetaMessage::KeySignature(signs as i8, minor != 0),
        (0x7F, data) => MetaMessage::SequencerSpecific(data),
        // Nothing here asks for an SMPTE offset; it is known to be well formed or not.
        (0x54, &[hours, minutes, seconds, frames, parts, ..])
            if hours & 0x1F < 24 && minutes < 60 && seconds < 60 && frames < 30 && parts < 100 =>
        {
            MetaMessage::Unknown(kind, payload)
        }
        (0x20 | 0x21 | 0x51 | 0x54 | 0x58 | 0x59, _) => return None,
        (kind, payload) => MetaMessage::Unknown(kind, payload),
    })
}
