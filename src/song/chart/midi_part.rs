//! Charts in Standard MIDI Files: the track `PART DRUMS` and its like, whose keys are gems and markers
//! (GuitarGame_ChartFormats, "Drums in .mid"), and the sections on the track `EVENTS`.

use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::ChartFacts;
use super::difficulty::Difficulty;
use super::gems::{DifficultyPart, GemEvent, GemMarks, GemRules, Marks, Pad, kit_of};
use super::info::ChartFormat;
use super::real_drums::RealDrums;
use super::tags::ChartTags;
use super::{TakenPart, texts};
use crate::song::error::SongError;
use crate::song::midi::{Chunks, StepContent, TrackChunk, TrackEvents, readable_in};
use crate::song::tick_clocks::AtTick;
use crate::song::ticked::TickedSong;
use crate::song::warning::{SongWarning, Warnings};
use crate::song::{
    DrumSelection, Format, MarkerKind, PhraseKind, SongOptions, TextEncoding, TrackIndex, TrackInfo,
    TrackSelection,
};

/// Names of tracks with a drum part, the preferred first.
const PART_NAMES: [&str; 4] = ["PART DRUMS", "PART DRUM", "PART REAL_DRUMS_PS", "PART DRUMS_2X"];
/// The name of the track with the sections.
const EVENTS_NAME: &str = "EVENTS";

/// The key of the kick of each difficulty; the pads follow.
const KICKS: [(u8, Difficulty); 4] =
    [(60, Difficulty::Easy), (72, Difficulty::Medium), (84, Difficulty::Hard), (96, Difficulty::Expert)];
/// The key of the second kick, of expert.
const SECOND_KICK: u8 = 95;
const SOLO: u8 = 103;
const FLAM: u8 = 109;
/// The keys that make toms, and of which pads.
const TOMS: [(u8, Pad); 3] = [(110, Pad::Yellow), (111, Pad::Blue), (112, Pad::Fourth)];
const STAR_POWER: u8 = 116;
const ONE_LANE_ROLL: u8 = 126;
const TWO_LANE_ROLL: u8 = 127;
/// The velocities of a roll marker that hold for the difficulties below expert, too: up to these of easy, medium and hard. The
/// documentation has those of hard; the others are what games read.
const EASIER_ROLLS: std::ops::RangeInclusive<u8> = 21..=50;
const ROLL_LIMITS: [u8; 3] = [30, 40, 50];

/// Whether a MIDI file that is read with these options may be a chart: a channel or a track that is chosen asks for the file's
/// notes as they are.
pub(in crate::song) fn is_asked_for(options: &SongOptions) -> bool {
    options.drums == DrumSelection::Declared && options.tracks == TrackSelection::All
}

/// Makes a chart of a MIDI file that was read, if it is one: replaces its notes and texts by those of the chart. Otherwise
/// nothing is changed.
///
/// # Errors
/// When the chart does not have the difficulty.
pub(in crate::song) fn take_chart(
    read: &mut TickedSong,
    chunks: &Chunks<'_>,
    options: &SongOptions,
    tags: &dyn Fn() -> ChartTags,
    warnings: &mut Warnings,
) -> Result<(), SongError> {
    if !is_asked_for(options) || read.format == Format::Sequential {
        return Ok(());
    }
    let found = PART_NAMES.iter().flat_map(|name| tracks_named(read, name)).find_map(|track| {
        let part = MidiPart::read(*chunks.tracks.get(track.index())?);
        part.has_gems().then_some((track, part))
    });
    let Some((track, part)) = found else { return Ok(()) };
    let encoding = read.text_encoding;
    let sections: Vec<(TrackIndex, u64, String)> = tracks_named(read, EVENTS_NAME)
        .into_iter()
        .filter_map(|track| Some((track, *chunks.tracks.get(track.index())?)))
        .flat_map(|(track, chunk)| {
            sections(chunk, encoding).into_iter().map(move |(tick, name)| (track, tick, name))
        })
        .collect();
    let tags = tags();

    if part.unended > 0 {
        warnings.push(SongWarning::MarkersWithoutEnd { track, count: part.unended });
    }
    let mut parts = part.into_parts();
    parts.iter_mut().for_each(DifficultyPart::sort);
    let kit = kit_of(&parts, tags.pro_drums, tags.five_lane_drums);
    let rules = GemRules { kit, marks: Marks::Toms };
    let taken = TakenPart::choose(&parts, rules, options.difficulty)?;

    read.notes = taken.part.notes(rules, track);
    read.phrases = taken.phrases(track);
    read.markers.retain(|marker| !marker.what.0.starts_with('['));
    read.markers.extend(sections.into_iter().map(|(track, tick, name)| AtTick {
        track,
        tick,
        what: (name, MarkerKind::Marker),
    }));
    // They steer lights and characters.
    read.texts.clear();
    for info in &mut read.tracks {
        info.selected = info.track == track;
    }
    let chart = ChartFacts {
        format: ChartFormat::Midi,
        difficulty: options.difficulty,
        difficulties: taken.difficulties,
        kit,
    };
    super::put_tags(read, tags, warnings, chart);
    Ok(())
}

/// The tracks of a name.
fn tracks_named(read: &TickedSong, name: &str) -> Vec<TrackIndex> {
    let is_named =
        |info: &&TrackInfo| info.name.as_deref().is_some_and(|found| found.trim().eq_ignore_ascii_case(name));
    read.tracks.iter().filter(is_named).map(|info| info.track).collect()
}

/// The sections of the track of global events.
fn sections(chunk: TrackChunk<'_>, encoding: TextEncoding) -> Vec<(u64, String)> {
    let section =
        |(tick, text): (u64, &[u8])| Some((tick, texts::section_name(&readable_in(encoding, text)?)?));
    text_events(chunk).filter_map(section).collect()
}

/// The texts of a track. Charts have them as text events as a rule, and any other kind of text is taken as well.
fn text_events<'a>(chunk: TrackChunk<'a>) -> impl Iterator<Item = (u64, &'a [u8])> {
    TrackEvents::new(chunk).filter_map(|step| match step.what {
        StepContent::Event(TrackEventKind::Meta(message)) => Some((step.tick, text_of(message)?)),
        _ => None,
    })
}

fn text_of<'a>(message: MetaMessage<'a>) -> Option<&'a [u8]> {
    match message {
        MetaMessage::Text(text)
        | MetaMessage::Lyric(text)
        | MetaMessage::Marker(text)
        | MetaMessage::CuePoint(text) => Some(text),
        _ => None,
    }
}

/// A stretch of ticks.
pub(super) type Span = (u64, u64);

/// A gem as it stands in the track.
struct MidiGem {
    tick: u64,
    /// 0 where its end is missing.
    ticks: u64,
    key: u8,
    velocity: u8,
}

/// A drum track, taken apart.
#[derive(Default)]
struct MidiPart {
    gems: Vec<MidiGem>,
    /// Start and end of the markers of each of [`TOMS`]; those of one kind follow each other.
    toms: [Vec<Span>; TOMS.len()],
    flams: Vec<Span>,
    star_power: Vec<Span>,
    solos: Vec<Span>,
    /// With the velocity.
    rolls: Vec<(Span, u8)>,
    flips: Vec<(u64, Difficulty, bool)>,
    has_dynamics: bool,
    real: RealDrums,
    /// Markers without an end, which were left out.
    unended: u64,
}

impl MidiPart {
    fn read(chunk: TrackChunk<'_>) -> MidiPart {
        let mut part = MidiPart::default();
        // What sounds on each key: tick, velocity, and its place among the gems if it is one.
        let mut open: [Option<(u64, u8, usize)>; 128] = [None; 128];
        for step in TrackEvents::new(chunk) {
            let StepContent::Event(event) = step.what else { continue };
            match event {
                TrackEventKind::Midi { message: MidiMessage::NoteOn { key, vel }, .. }
                    if vel.as_int() > 0 =>
                {
                    let (key, velocity) = (key.as_int(), vel.as_int());
                    part.end(&mut open, key, step.tick);
                    let place = part.gems.len();
                    if gem(key).is_some() {
                        part.gems.push(MidiGem { tick: step.tick, ticks: 0, key, velocity });
                    }
                    if let Some(opened) = open.get_mut(usize::from(key)) {
                        *opened = Some((step.tick, velocity, place));
                    }
                }
                TrackEventKind::Midi {
                    message: MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. },
                    ..
                } => part.end(&mut open, key.as_int(), step.tick),
                TrackEventKind::Meta(message) => {
                    if let Some(Ok(text)) = text_of(message).map(std::str::from_utf8) {
                        part.has_dynamics |= texts::enables_dynamics(text);
                        part.flips.extend(
                            texts::flip(text).map(|(difficulty, flip)| (step.tick, difficulty, flip)),
                        );
                    }
                }
                TrackEventKind::SysEx(data) => part.real.take(step.tick, data),
                _ => {}
            }
        }
        let unended = (0..).zip(&open).filter(|(key, opened)| opened.is_some() && is_marker(*key)).count();
        part.unended = unended as u64;
        part
    }

    /// Ends what sounds on `key`.
    fn end(&mut self, open: &mut [Option<(u64, u8, usize)>; 128], key: u8, tick: u64) {
        let Some((start, velocity, place)) = open.get_mut(usize::from(key)).and_then(Option::take) else {
            return;
        };
        let span = (start, tick);
        match key {
            SOLO => self.solos.push(span),
            FLAM => self.flams.push(span),
            STAR_POWER => self.star_power.push(span),
            ONE_LANE_ROLL | TWO_LANE_ROLL => self.rolls.push((span, velocity)),
            _ => {
                if let Some(spans) = tom(key).and_then(|which| self.toms.get_mut(which)) {
                    spans.push(span);
                } else if let Some(gem) = self.gems.get_mut(place).filter(|_| gem(key).is_some()) {
                    gem.ticks = tick - start;
                }
            }
        }
    }

    fn has_gems(&self) -> bool {
        !self.gems.is_empty()
    }

    /// What stands in each difficulty, from easy to expert.
    fn into_parts(self) -> [DifficultyPart; 4] {
        let mut parts: [DifficultyPart; 4] = Default::default();
        for (tick, difficulty, flip) in &self.flips {
            parts[difficulty.index()].events.push((*tick, GemEvent::Flip(*flip)));
        }
        for found in self.gems {
            let Some((difficulty, pad)) = gem(found.key) else { continue };
            let is_tom = |(spans, (_, of)): (&Vec<Span>, &(u8, Pad))| *of == pad && holds(spans, found.tick);
            let marks = GemMarks {
                is_accent: self.has_dynamics && found.velocity == 127,
                is_ghost: self.has_dynamics && found.velocity == 1,
                is_marked: self.toms.iter().zip(&TOMS).any(is_tom),
                // One foot strikes no flam.
                is_flam: !pad.is_kick() && holds(&self.flams, found.tick),
                real: self.real.stroke(difficulty, pad, found.tick),
            };
            let events = &mut parts[difficulty.index()].events;
            events.push((found.tick, GemEvent::Gem(pad, found.ticks, marks)));
        }
        for (difficulty, part) in Difficulty::ALL.into_iter().zip(&mut parts) {
            let phrase = |kind| move |(start, end): &Span| (*start, end - start, kind);
            part.phrases.extend(self.star_power.iter().map(phrase(PhraseKind::StarPower)));
            part.phrases.extend(self.solos.iter().map(phrase(PhraseKind::Solo)));
            let rolls = self.rolls.iter().filter(|(_, velocity)| {
                let limit = ROLL_LIMITS.get(difficulty.index());
                limit.is_none_or(|limit| EASIER_ROLLS.contains(velocity) && velocity <= limit)
            });
            part.phrases.extend(rolls.map(|(span, _)| span).map(phrase(PhraseKind::Roll)));
        }
        parts
    }
}

/// Whether one of the spans, which are in order, holds at a tick. Each holds before its end; one without length, at its start.
pub(super) fn holds(spans: &[Span], tick: u64) -> bool {
    let begun = spans.partition_point(|(start, _)| *start <= tick);
    begun
        .checked_sub(1)
        .and_then(|last| spans.get(last))
        .is_some_and(|(start, end)| tick < *end || tick == *start)
}

/// The gem of a key.
fn gem(key: u8) -> Option<(Difficulty, Pad)> {
    if key == SECOND_KICK {
        return Some((Difficulty::Expert, Pad::SecondKick));
    }
    let (kick, difficulty) = KICKS.into_iter().rfind(|(kick, _)| *kick <= key)?;
    let pad = match key - kick {
        0 => Pad::Kick,
        1 => Pad::Red,
        2 => Pad::Yellow,
        3 => Pad::Blue,
        4 => Pad::Fourth,
        5 => Pad::Fifth,
        _ => return None,
    };
    Some((difficulty, pad))
}

/// Which of [`TOMS`] a key is.
fn tom(key: u8) -> Option<usize> {
    TOMS.iter().position(|(marker, _)| *marker == key)
}

fn is_marker(key: u8) -> bool {
    matches!(key, SOLO | FLAM | STAR_POWER | ONE_LANE_ROLL | TWO_LANE_ROLL) || tom(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_the_gem_that_the_documentation_gives_it() {
        assert_eq!(gem(59), None);
        assert_eq!(gem(60), Some((Difficulty::Easy, Pad::Kick)));
        assert_eq!(gem(65), Some((Difficulty::Easy, Pad::Fifth)));
        assert_eq!(gem(66), None);
        assert_eq!(gem(74), Some((Difficulty::Medium, Pad::Yellow)));
        assert_eq!(gem(83), None);
        assert_eq!(gem(88), Some((Difficulty::Hard, Pad::Fourth)));
        assert_eq!(gem(95), Some((Difficulty::Expert, Pad::SecondKick)));
        assert_eq!(gem(101), Some((Difficulty::Expert, Pad::Fifth)));
        assert_eq!(gem(102), None);
    }

    #[test]
    fn a_marker_holds_before_its_end_and_one_without_length_at_its_tick() {
        let spans = [(10, 20), (20, 20), (30, 40)];
        let held: Vec<u64> = (0..50).filter(|tick| holds(&spans, *tick)).collect();
        assert_eq!(held, (10..=20).chain(30..40).collect::<Vec<_>>());
    }
}
