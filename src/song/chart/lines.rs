//! The lines of a chart in text: which section each is in, and what an event's line says.

use super::difficulty::Difficulty;

/// No position and no length is larger than this: 2^60 ticks are thousands of years.
const MAX_TICK: u64 = 1 << 60;

/// Walks through the lines of a file: number, section and its name, and the line without blanks around it. Lines with a section's
/// name and with braces are left out, so that a missing brace costs nothing.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u64, (Section, &str), &str)> {
    let mut section = (Section::Other, "");
    (1..).zip(text.lines()).filter_map(move |(number, line)| {
        let line = line.trim_matches(|character: char| character.is_whitespace() || character == '\u{FEFF}');
        if let Some((name, behind)) = line.strip_prefix('[').and_then(|line| line.split_once(']'))
            && matches!(behind.trim(), "" | "{")
        {
            section = (Section::of_name(name.trim()), name.trim());
            return None;
        }
        (!matches!(line, "" | "{" | "}")).then_some((number, section, line))
    })
}

/// The name of the section in whose middle a file ends: whose brace is open at the end.
pub(super) fn unclosed_section(text: &str) -> Option<&str> {
    let (mut name, mut is_open) = ("", false);
    for line in text.lines().map(str::trim) {
        match line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            Some((section, behind)) if matches!(behind.trim(), "" | "{") => {
                (name, is_open) = (section.trim(), behind.contains('{'));
            }
            _ if line == "{" => is_open = true,
            _ if line == "}" => is_open = false,
            _ => {}
        }
    }
    is_open.then_some(name)
}

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Song,
    Sync,
    Events,
    Drums(Difficulty),
    Other,
}

impl Section {
    fn of_name(name: &str) -> Section {
        match name {
            _ if name.eq_ignore_ascii_case("Song") => Section::Song,
            _ if name.eq_ignore_ascii_case("SyncTrack") => Section::Sync,
            _ if name.eq_ignore_ascii_case("Events") => Section::Events,
            _ => drums_of(name).map_or(Section::Other, Section::Drums),
        }
    }
}

/// The difficulty of a section such as `ExpertDrums`.
fn drums_of(name: &str) -> Option<Difficulty> {
    let lower = name.to_ascii_lowercase();
    let difficulty = lower.strip_suffix("drums")?;
    Difficulty::ALL.into_iter().find(|known| known.name() == difficulty)
}

/// An event's line: `<tick> = <code> <values>`.
pub(super) struct EventLine<'a> {
    pub tick: u64,
    pub code: &'a str,
    values: &'a str,
}

impl<'a> EventLine<'a> {
    pub(super) fn parse(line: &'a str) -> Result<EventLine<'a>, &'static str> {
        let (tick, event) = line.split_once('=').ok_or("a line without =")?;
        let tick = number(tick)?;
        let event = event.trim();
        let (code, values) = event.split_once([' ', '\t']).unwrap_or((event, ""));
        if code.is_empty() {
            return Err("an event without a code");
        }
        Ok(EventLine { tick, code, values: values.trim() })
    }

    /// The first `N` values as numbers; those that are missing are `None`.
    pub(super) fn numbers<const N: usize>(&self) -> Result<[Option<u64>; N], &'static str> {
        let mut numbers = [None; N];
        for (found, word) in numbers.iter_mut().zip(self.values.split_whitespace()) {
            *found = Some(number(word)?);
        }
        Ok(numbers)
    }

    /// Its values as text, without the quotation marks around it.
    pub(super) fn text(&self) -> &'a str {
        let text = self.values.strip_prefix('"').unwrap_or(self.values);
        text.strip_suffix('"').unwrap_or(text)
    }
}

/// A number of ticks, or another one that is not negative.
fn number(word: &str) -> Result<u64, &'static str> {
    let word = word.trim();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a number is missing, or something else stands in its place");
    }
    // What does not fit is too large, too.
    word.parse().ok().filter(|number| *number <= MAX_TICK).ok_or("a number is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_tick_a_code_and_values() {
        let parse = |line| EventLine::parse(line).map(|event| (event.tick, event.code, event.values));
        assert_eq!(parse("  96 = N 0  12 "), Ok((96, "N", "0  12")));
        assert_eq!(parse("0=E\tsolo"), Ok((0, "E", "solo")));
        for wrong in
            ["96 N 0 0", "= N 0 0", "-1 = N 0 0", "1e3 = N 0 0", "1152921504606846977 = N 0 0", "5 ="]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let event = EventLine::parse("0 = E \"section \"A\"\"").map(|event| event.text());
        assert_eq!(event, Ok("section \"A\""));
    }

    #[test]
    fn braces_do_not_matter_to_sections() {
        let text = "x\n[Song] {\na = b\n[HardDrums]\nc = d\n}\n}\n[] x\n[Other]\n{\ne\n";
        let found: Vec<_> = lines(text).collect();
        let expected = [
            (1, (Section::Other, ""), "x"),
            (3, (Section::Song, "Song"), "a = b"),
            (5, (Section::Drums(Difficulty::Hard), "HardDrums"), "c = d"),
            (8, (Section::Drums(Difficulty::Hard), "HardDrums"), "[] x"),
            (11, (Section::Other, "Other"), "e"),
        ];
        assert_eq!(found, expected);
    }
}
