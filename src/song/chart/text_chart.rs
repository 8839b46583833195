//! Charts in text files: sections in braces, with a line for each event (GuitarGame_ChartFormats, ".chart").

use std::collections::BTreeMap;

use super::ChartFacts;
use super::decode::{LineFaults, decode};
use super::difficulty::Difficulty;
use super::gems::{DifficultyPart, GemEvent, GemMarks, GemRules, Marks, Pad, kit_of};
use super::info::ChartFormat;
use super::lines::{EventLine, Section, lines, unclosed_section};
use super::stems::NamedStem;
use super::tags::ChartTags;
use super::{TakenPart, texts};
use crate::song::error::SongError;
use crate::song::midi::clean_text;
use crate::song::tempo_map::{Division, TempoMap};
use crate::song::tick_clocks::{AtTick, TickClocks};
use crate::song::ticked::TickedSong;
use crate::song::warning::{SongWarning, Warnings};
use crate::song::{
    Channel, DrumSelection, Format, MAX_SONG_TIME, MarkerKind, PhraseKind, Song, SongOptions, TrackIndex,
    TrackInfo, TrackSelection,
};

/// The name of the file.
const FILE_NAME: &str = "notes.chart";

/// The tempos that are taken, in thousandths of a beat per minute: those that last at least a microsecond and at most an hour
/// per beat.
const TEMPOS: std::ops::RangeInclusive<u64> = 17..=60_000_000_000;

/// How much of a file is looked at to see whether it is a chart.
const LOOKED_AT: usize = 4096;

/// How far an anchor may be from its tempo's time before that is told: 10 ms.
const ANCHOR_TOLERANCE_MICROS: u64 = 10_000;

/// Whether a file is a chart by what it begins with: the name of a section in brackets, then a brace.
pub(in crate::song) fn is_text_chart(file: &[u8]) -> bool {
    let (text, _) = decode(file.get(..file.len().min(LOOKED_AT)).unwrap_or(file), None);
    let section = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']).strip_prefix('[');
    let behind = section.and_then(|section| section.split_once(']')).filter(|(name, _)| !name.contains('\n'));
    behind.is_some_and(|(_, behind)| behind.trim_start().starts_with('{'))
}

/// Reads a chart. `tags` are those of its `song.ini`, which count more than its own.
///
/// # Errors
/// When it has no drums, not the difficulty, no usable resolution, or lasts too long.
pub(in crate::song) fn read_text_chart(
    file: &[u8],
    options: &SongOptions,
    tags: ChartTags,
) -> Result<(Song, Vec<NamedStem>), SongError> {
    let (text, encoding) = decode(file, options.text_encoding);
    let mut warnings = Warnings::default();
    let mut chart = TextChart::default();
    chart.read(&text, &mut warnings);
    if options.drums != DrumSelection::Declared || options.tracks != TrackSelection::All {
        warnings.push(SongWarning::ChoiceIgnored);
    }
    let named = std::mem::take(&mut chart.stems);
    let mut song = chart.into_song(&text, options, tags, warnings)?;
    song.text_encoding = encoding;
    Ok((song, named))
}

/// A drum section.
#[derive(Default)]
struct DrumSection {
    part: DifficultyPart,
    /// Lines.
    events: u64,
    is_present: bool,
    /// Where a solo began.
    solos: Vec<u64>,
    /// The last tick at which something is.
    end: u64,
}

/// A chart that is being read.
#[derive(Default)]
struct TextChart {
    resolution: Option<u16>,
    tags: ChartTags,
    stems: Vec<NamedStem>,
    /// Tick and thousandths of a beat per minute.
    tempos: Vec<(u64, u64)>,
    meters: Vec<(u64, (u8, u16))>,
    /// Tick, microseconds, line.
    anchors: Vec<(u64, u64, u64)>,
    sections: Vec<(u64, String)>,
    drums: [DrumSection; 4],
    /// The names of other sections, and how many lines each has.
    others: BTreeMap<String, u64>,
    end: u64,
}

/// Other sections that an error lists at most.
const LISTED_SECTIONS: usize = 20;
/// Recordings that a chart names at most.
const MOST_STEMS: usize = 100;
/// The longest name, in bytes, that is listed.
const LONGEST_LISTED: usize = 60;

impl TextChart {
    fn read(&mut self, text: &str, warnings: &mut Warnings) {
        let mut faults = LineFaults::new(FILE_NAME);
        for (number, (section, name), line) in lines(text) {
            let taken = match section {
                Section::Song => self.take_entry(line),
                Section::Sync => EventLine::parse(line).and_then(|event| self.take_sync(&event, number)),
                Section::Events => EventLine::parse(line).map(|event| self.take_event(&event)),
                Section::Drums(difficulty) => EventLine::parse(line).and_then(|event| {
                    let section = &mut self.drums[difficulty.index()];
                    section.is_present = true;
                    section.events += 1;
                    section.take(&event, difficulty)
                }),
                Section::Other if name.is_empty() => Err("a line outside of any section"),
                Section::Other => {
                    self.count_other(name);
                    Ok(())
                }
            };
            if let Err(reason) = taken {
                let may_hold_notes = matches!(section, Section::Drums(_)) || name.is_empty();
                faults.add(number, reason, may_hold_notes);
            }
        }
        faults.tell(warnings);
        if let Some(section) = unclosed_section(text).and_then(clean_text) {
            warnings.push(SongWarning::ChartCutShort { section });
        }
    }

    fn count_other(&mut self, name: &str) {
        if name.len() > LONGEST_LISTED {
            return;
        }
        if let Some(count) = self.others.get_mut(name) {
            *count += 1;
        } else if self.others.len() < LISTED_SECTIONS {
            self.others.insert(name.to_owned(), 1);
        }
    }

    /// An entry of `[Song]`.
    fn take_entry(&mut self, line: &str) -> Result<(), &'static str> {
        let (entry, value) = line.split_once('=').ok_or("a line without =")?;
        let (entry, value) = (entry.trim(), value.trim());
        let value = value.strip_prefix('"').unwrap_or(value);
        let value = value.strip_suffix('"').unwrap_or(value).trim();
        if entry.eq_ignore_ascii_case("Resolution") {
            let resolution = value.parse::<u16>().ok().filter(|ticks| (1..=0x7FFF).contains(ticks));
            self.resolution =
                Some(resolution.ok_or("the resolution is not 1 to 32767 ticks per quarter note")?);
            return Ok(());
        }
        if self.stems.len() < MOST_STEMS {
            self.stems.extend(NamedStem::of_entry(entry, value));
        }
        self.tags.set_entry(entry, value)
    }

    /// A line of `[SyncTrack]`.
    fn take_sync(&mut self, event: &EventLine<'_>, line: u64) -> Result<(), &'static str> {
        match event.code {
            "B" => {
                let [tempo] = event.numbers()?;
                let tempo = tempo
                    .filter(|tempo| TEMPOS.contains(tempo))
                    .ok_or("the tempo is missing or out of range")?;
                self.tempos.push((event.tick, tempo));
            }
            "TS" => {
                let [numerator, power] = event.numbers()?;
                let numerator =
                    numerator.and_then(|numerator| u8::try_from(numerator).ok()).filter(|it| *it > 0);
                let denominator =
                    u32::try_from(power.unwrap_or(2)).ok().and_then(|power| 1_u16.checked_shl(power));
                let meter = numerator.zip(denominator).ok_or("a time signature that makes no sense")?;
                self.meters.push((event.tick, meter));
            }
            "A" => {
                let [micros] = event.numbers()?;
                self.anchors.push((event.tick, micros.ok_or("an anchor without a time")?, line));
            }
            _ => {}
        }
        Ok(())
    }

    /// A line of `[Events]`.
    fn take_event(&mut self, event: &EventLine<'_>) {
        if event.code != "E" {
            return;
        }
        let section = texts::section_name(event.text()).and_then(|name| clean_text(&name));
        if section.is_some() || texts::is_end(event.text()) {
            self.end = self.end.max(event.tick);
        }
        self.sections.extend(section.map(|name| (event.tick, name)));
    }

    fn into_song(
        mut self,
        text: &str,
        options: &SongOptions,
        tags: ChartTags,
        mut warnings: Warnings,
    ) -> Result<Song, SongError> {
        let mut parts: [DifficultyPart; 4] = Default::default();
        for (section, part) in self.drums.iter_mut().zip(&mut parts) {
            if !section.solos.is_empty() {
                warnings.push(SongWarning::SoloWithoutEnd { count: section.solos.len() as u64 });
            }
            *part = std::mem::take(&mut section.part);
            part.sort();
        }
        if parts.iter().all(|part| part.events.is_empty()) {
            return Err(SongError::NoDrums {
                sections: self.others.into_keys().filter_map(|name| clean_text(&name)).collect(),
                damage: warnings.first().cloned().map(Box::new),
            });
        }
        let resolution = self
            .resolution
            .ok_or_else(|| SongError::NoResolution { damage: warnings.first().cloned().map(Box::new) })?;
        let own_tags = std::mem::take(&mut self.tags);
        let tags = tags.or(own_tags);
        let kit = kit_of(&parts, tags.pro_drums, tags.five_lane_drums);
        let rules = GemRules { kit, marks: Marks::Cymbals };
        let taken = TakenPart::choose(&parts, rules, options.difficulty)?;

        let mut read = TickedSong::new(Format::Parallel, Division::TicksPerQuarter(resolution));
        let mut tempos = std::mem::take(&mut self.tempos);
        tempos.sort_by_key(|(tick, _)| *tick);
        let tempo_map = TempoMap::of_beats_per_minute(resolution, &tempos);
        self.check_anchors(&tempo_map, &mut warnings);
        let first_track = TrackIndex::from_index(0);
        read.tempos = tempos
            .into_iter()
            .map(|(tick, tempo)| AtTick { track: first_track, tick, what: micros_per_quarter(tempo) })
            .collect();
        read.tempo_map = Some(tempo_map);
        read.meters = self
            .meters
            .iter()
            .map(|(tick, meter)| AtTick { track: first_track, tick: *tick, what: *meter })
            .collect();
        read.markers = std::mem::take(&mut self.sections)
            .into_iter()
            .map(|(tick, name)| AtTick { track: first_track, tick, what: (name, MarkerKind::Marker) })
            .collect();

        // The sections with drums are the tracks, from expert to easy.
        let mut track = first_track;
        let mut taken_track = first_track;
        for (difficulty, section) in Difficulty::ALL.into_iter().zip(&self.drums).rev() {
            if !section.is_present {
                continue;
            }
            let selected = difficulty == options.difficulty;
            let gems = taken
                .difficulties
                .iter()
                .find(|(known, _)| *known == difficulty)
                .map_or(0, |(_, gems)| *gems);
            let mut info = TrackInfo {
                track,
                name: Some(section_title(difficulty)),
                events: section.events,
                notes: [0; 16],
                selected,
            };
            info.notes[usize::from(Channel::DRUMS.index())] = u32::try_from(gems).unwrap_or(u32::MAX);
            if selected {
                taken_track = track;
            }
            read.tracks.push(info);
            read.ends.push(section.end.max(self.end));
            track = TrackIndex::from_index(read.tracks.len() as u16);
        }
        read.notes = taken.part.notes(rules, taken_track);
        read.phrases = taken.phrases(taken_track);
        let chart = ChartFacts {
            format: ChartFormat::Text,
            difficulty: options.difficulty,
            difficulties: taken.difficulties,
            kit,
        };
        super::put_tags(&mut read, tags, &mut warnings, chart);
        let clocks = read.clocks(&mut warnings);
        read.into_song(&clocks, warnings, |_| describe_late_gem(text, options.difficulty, &clocks))
    }

    /// Says so where an anchor and the tempo disagree. The tempo counts: anchors are for editing.
    fn check_anchors(&self, tempo_map: &TempoMap, warnings: &mut Warnings) {
        let wrong = self.anchors.iter().filter_map(|(tick, micros, line)| {
            let by_tempo = tempo_map.time_at(*tick).as_nanos().unsigned_abs() / 1_000;
            (by_tempo.abs_diff(*micros) > ANCHOR_TOLERANCE_MICROS).then_some((*line, *micros, by_tempo))
        });
        if let Some((line, anchor_micros, tempo_micros)) = wrong.into_iter().next() {
            warnings.push(SongWarning::AnchorDiffers { line, anchor_micros, tempo_micros });
        }
    }
}

impl DrumSection {
    fn take(&mut self, event: &EventLine<'_>, difficulty: Difficulty) -> Result<(), &'static str> {
        let tick = event.tick;
        match event.code {
            "N" => {
                let [kind, length] = event.numbers()?;
                let length = length.unwrap_or(0);
                if let Some(gem) = gem_event(kind.ok_or("a note without a number")?, length) {
                    if let GemEvent::Gem(..) = gem {
                        self.end = self.end.max(tick + length);
                    }
                    self.part.events.push((tick, gem));
                }
            }
            "S" => {
                let [kind, length] = event.numbers()?;
                let kind = match kind.ok_or("a phrase without a number")? {
                    2 => PhraseKind::StarPower,
                    65 | 66 => PhraseKind::Roll,
                    _ => return Ok(()),
                };
                // The documentation: a phrase that is no longer than its tick holds there.
                self.part.phrases.push((tick, length.unwrap_or(0).max(1), kind));
            }
            "E" => match event.text().trim() {
                "solo" | "[solo]" => self.solos.push(tick),
                "soloend" | "[soloend]" => {
                    let start = self.solos.pop().ok_or("the end of a solo that did not begin")?;
                    // What stands at its end belongs to it.
                    self.part.phrases.push((start, (tick + 1).saturating_sub(start), PhraseKind::Solo));
                }
                text => {
                    if let Some((_, flip)) = texts::flip(text).filter(|(known, _)| *known == difficulty) {
                        self.part.events.push((tick, GemEvent::Flip(flip)));
                    }
                }
            },
            _ => {}
        }
        Ok(())
    }
}

/// The meaning of a note's number; `None` when it has none for drums.
fn gem_event(number: u64, length: u64) -> Option<GemEvent> {
    let pad = |from: u64| {
        let pads = [Pad::Red, Pad::Yellow, Pad::Blue, Pad::Fourth, Pad::Fifth];
        usize::try_from(number - from).ok().and_then(|place| pads.get(place).copied())
    };
    let gem = |pad| Some(GemEvent::Gem(pad, length, GemMarks::default()));
    match number {
        0 => gem(Pad::Kick),
        1..=5 => pad(1).and_then(gem),
        32 => gem(Pad::SecondKick),
        34..=38 => pad(34).map(GemEvent::Accent),
        40..=44 => pad(40).map(GemEvent::Ghost),
        // From yellow on: red has no cymbal.
        66..=68 => pad(65).map(GemEvent::Marked),
        _ => None,
    }
}

/// `ExpertDrums`.
fn section_title(difficulty: Difficulty) -> String {
    let name = difficulty.name();
    let capital = name.get(..1).unwrap_or_default().to_ascii_uppercase();
    format!("{capital}{}Drums", name.get(1..).unwrap_or_default())
}

/// Microseconds per quarter note, rounded, from thousandths of a beat per minute.
fn micros_per_quarter(tempo: u64) -> u32 {
    u32::try_from((60_000_000_000 + tempo / 2) / tempo.max(1)).unwrap_or(u32::MAX).max(1)
}

/// The error for a chart of which some gems are too late: finds the line with the first of them.
fn describe_late_gem(text: &str, difficulty: Difficulty, clocks: &TickClocks) -> SongError {
    let time_at = |tick| clocks.time_at(TrackIndex::from_index(0), tick).unwrap_or_default();
    let late = lines(text).filter(|(_, section, _)| section.0 == Section::Drums(difficulty)).find_map(
        |(line, _, event)| {
            let event = EventLine::parse(event).ok()?;
            let [number, _] = event.numbers().ok()?;
            let is_gem = event.code == "N" && matches!(gem_event(number?, 0), Some(GemEvent::Gem(..)));
            (is_gem && time_at(event.tick) > MAX_SONG_TIME).then(|| (line, time_at(event.tick)))
        },
    );
    let (line, time) = late.unwrap_or((0, MAX_SONG_TIME));
    let hours = |time: strikeline_picture::Time| time.as_nanos().unsigned_abs() / 3_600_000_000_000;
    SongError::TooLongAtLine { line, hours: hours(time), limit_hours: hours(MAX_SONG_TIME) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_known_by_its_beginning() {
        for chart in ["[Song]\r\n{\r\n", "\u{FEFF}[Song]\n{", "\n\n[SyncTrack] {", "[ Song ]\n\n  {\n}"] {
            assert!(is_text_chart(chart.as_bytes()), "{chart:?}");
        }
        for other in ["[song]\nname = X\n", "{", "[Song", "[a\nb]\n{", "MThd", "", "["] {
            assert!(!is_text_chart(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn every_number_has_the_meaning_that_the_documentation_gives_it() {
        let meant: Vec<(u64, GemEvent)> =
            (0..130).filter_map(|number| Some((number, gem_event(number, 7)?))).collect();
        let pads = [Pad::Red, Pad::Yellow, Pad::Blue, Pad::Fourth, Pad::Fifth];
        let gem = |pad| GemEvent::Gem(pad, 7, GemMarks::default());
        let mut expected = vec![(0, gem(Pad::Kick))];
        expected.extend((1..).zip(pads.map(gem)));
        expected.push((32, gem(Pad::SecondKick)));
        expected.extend((34..).zip(pads.map(GemEvent::Accent)));
        expected.extend((40..).zip(pads.map(GemEvent::Ghost)));
        expected.extend((66..).zip([Pad::Yellow, Pad::Blue, Pad::Fourth].map(GemEvent::Marked)));
        assert_eq!(meant, expected);
    }
}
