//! Takes values out of TOML tables, and notes for each that is wrong where it stands and what is allowed.
//!
//! All faults of a file are found in one go, so that nobody has to mend one to see the next.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, did_you_mean};
use super::{Color, ThemeError};

/// Characters of a wrong value or key that a message shows.
const SHOWN: usize = 60;

/// What a message says of a colour.
const COLOR_FORMAT: &str = "a colour as \"#RRGGBB\" or \"#RRGGBBAA\"";
/// The same where nothing may shine through.
const OPAQUE_FORMAT: &str = "a colour as \"#RRGGBB\"";

/// A file's text, and what has been found wrong in it.
pub(super) struct Source<'a> {
    text: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Source<'a> {
    pub fn new(text: &'a str) -> Source<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Source { text, lines, problems: RefCell::default() }
    }

    /// The line, from 1, of the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    fn note(&self, span: Range<usize>, key: String, text: String) {
        self.problems.borrow_mut().push(Problem { line: self.line(span.start), key, text });
    }

    /// The problems by line.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    /// A value as it is written, or what it is where that would be long.
    fn shown(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            _ => shortened(self.text.get(value.span()).unwrap_or_default()),
        }
    }
}

/// The first [`SHOWN`] characters of the first line.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A table of the file. Each of its getters looks for a key, and leaves `into` as it was when the key is not
/// there or its value is not allowed.
pub(super) struct Fields<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    /// Its name with those of the tables around it; empty for the whole file.
    path: String,
    /// Where it begins.
    span: Range<usize>,
    /// The keys that have been looked for.
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The whole file.
    pub fn root(source: &'a Source<'a>, table: &'a DeTable<'a>) -> Fields<'a> {
        Fields { source, table, path: String::new(), span: 0..0, known: Vec::new() }
    }

    /// A key of this table with the table's name before it.
    fn full(&self, key: &str) -> String {
        let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let key = match !key.is_empty() && key.len() <= SHOWN && key.chars().all(bare) {
            true => key.to_owned(),
            false => format!("{:?}", shortened(key)),
        };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Notes that a value is not one of those allowed.
    fn refuse(&self, key: &str, value: &Spanned<DeValue<'_>>, allowed: &str) {
        let shown = self.source.shown(value);
        self.source.note(value.span(), self.full(key), format!("is {shown}; allowed is {allowed}"));
    }

    /// Whether the table says something of `key`, allowed or not.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Notes a problem with the whole table.
    pub fn table_problem(&self, text: String) {
        self.source.note(self.span.clone(), self.path.clone(), text);
    }

    /// A number, whole or not.
    pub fn number(&mut self, key: &'static str, allowed: RangeInclusive<f64>, into: &mut f32) {
        let Some(value) = self.get(key) else { return };
        // Neither infinity nor what is no number is in any range.
        match number(value.get_ref()).filter(|number| allowed.contains(number)) {
            Some(number) => *into = number as f32,
            None => self.refuse(key, value, &format!("{} to {}", allowed.start(), allowed.end())),
        }
    }

    /// A whole number.
    pub fn whole(&mut self, key: &'static str, allowed: RangeInclusive<u8>, into: &mut u8) {
        let Some(value) = self.get(key) else { return };
        let number = whole(value.get_ref()).and_then(|number| u8::try_from(number).ok());
        match number.filter(|number| allowed.contains(number)) {
            Some(number) => *into = number,
            None => {
                self.refuse(key, value, &format!("a whole number, {} to {}", allowed.start(), allowed.end()));
            }
        }
    }

    /// A colour with or without alpha.
    pub fn color(&mut self, key: &'static str, into: &mut Color) {
        let Some(value) = self.get(key) else { return };
        match value.get_ref().as_str().map(str::parse) {
            Some(Ok(color)) => *into = color,
            _ => self.refuse(key, value, COLOR_FORMAT),
        }
    }

    /// A colour without alpha.
    pub fn opaque(&mut self, key: &'static str) -> Option<Color> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str().filter(|text| text.len() == "#RRGGBB".len());
        let color = text.and_then(|text| text.parse().ok());
        if color.is_none() {
            self.refuse(key, value, OPAQUE_FORMAT);
        }
        color
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str();
        let found = words.iter().find(|(word, _)| text == Some(word)).map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.refuse(key, value, &one_of(text, words));
        }
        found
    }

    /// A list of some words.
    pub fn words<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Vec<(Word, T)>> {
        let value = self.get(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.refuse(key, value, &format!("a list, as in [{}]", quoted(words.iter().take(2), ", ")));
            return None;
        };
        let mut found = Vec::new();
        for item in list.iter() {
            let text = item.get_ref().as_str();
            match words.iter().find(|(word, _)| text == Some(word)) {
                Some((_, meaning)) => found.push((Word { span: item.span() }, *meaning)),
                None => {
                    let text = format!("has {}; allowed is {}", self.source.shown(item), one_of(text, words));
                    self.source.note(item.span(), self.full(key), text);
                }
            }
        }
        Some(found)
    }

    /// Notes a problem with an item of a list.
    pub fn item_problem(&self, key: &str, item: &Word, text: &str) {
        let shown = shortened(self.source.text.get(item.span.clone()).unwrap_or_default());
        self.source.note(item.span.clone(), self.full(key), format!("has {shown} {text}"));
    }

    /// A line of text.
    pub fn text(&mut self, key: &'static str, longest: usize) -> Option<String> {
        let value = self.get(key)?;
        let is_line = |text: &&str| text.chars().count() <= longest && !text.contains(char::is_control);
        let text = value.get_ref().as_str().filter(is_line).map(str::to_owned);
        if text.is_none() {
            self.refuse(key, value, &format!("a line of text, at most {longest} characters"));
        }
        text
    }

    /// The path of a file, as it is written.
    pub fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let value = self.get(key)?;
        let is_path =
            |text: &&str| !text.is_empty() && text.len() <= 4096 && !text.contains(char::is_control);
        let path = value.get_ref().as_str().filter(is_path).map(PathBuf::from);
        if path.is_none() {
            self.refuse(key, value, "the path of a file, in quotes");
        }
        path
    }

    /// Reads a table with `read`, and notes what keys that leaves.
    pub fn within(&mut self, key: &'static str, read: impl FnOnce(&mut Fields<'a>)) {
        let allowed = format!("a table, as in [{}]", self.full(key));
        if let Some(mut table) = self.table(key, &allowed) {
            read(&mut table);
            table.finish();
        }
    }

    /// A table; `allowed` says how it is written.
    pub fn table(&mut self, key: &'static str, allowed: &str) -> Option<Fields<'a>> {
        self.known.push(key);
        self.enter(key, allowed)
    }

    /// The tables of this one, whatever they are called, and their names.
    pub fn tables(&self) -> Vec<(&'a str, Fields<'a>)> {
        let table: &'a DeTable<'a> = self.table;
        let names = table.keys().map(|key| key.get_ref().as_ref());
        let enter = |key| Some((key, self.enter(key, &format!("a table, as in [{}]", self.full(key)))?));
        names.filter_map(enter).collect()
    }

    fn enter(&self, key: &str, allowed: &str) -> Option<Fields<'a>> {
        let (name, value) = self.table.get_key_value(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.refuse(key, value, allowed);
            return None;
        };
        Some(Fields {
            source: self.source,
            table,
            path: self.full(key),
            span: name.span(),
            known: Vec::new(),
        })
    }

    /// Notes the keys that nobody has looked for.
    pub fn finish(self) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.known.contains(&name) {
                let place = if self.path.is_empty() { "a theme" } else { &self.path };
                let suggestion = did_you_mean(name, &self.known);
                let text = format!("is unknown{suggestion}; keys of {place} are {}", self.known.join(", "));
                self.source.note(key.span(), self.full(name), text);
            }
        }
    }
}

/// Where an item of a list stands.
pub(super) struct Word {
    span: Range<usize>,
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(_) => whole(value).map(|number| number as f64),
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The words that are allowed, and the one that is meant by `text`.
fn one_of<T>(text: Option<&str>, words: &[(&'static str, T)]) -> String {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let suggestion = text.map(|text| did_you_mean(text, &names)).unwrap_or_default();
    format!("one of {}{suggestion}", quoted(words.iter(), ", "))
}

fn quoted<'w, T: 'w>(words: impl Iterator<Item = &'w (&'static str, T)>, between: &str) -> String {
    words.map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(between)
}

/// Reads TOML.
pub(super) fn parse_toml<'a>(
    source: &Source<'_>,
    text: &'a str,
    path: &std::path::Path,
) -> Result<Spanned<DeTable<'a>>, ThemeError> {
    DeTable::parse(text).map_err(|error| ThemeError::NotToml {
        path: path.to_owned(),
        line: source.line(error.span().map_or(0, |span| span.start)),
        reason: error.message().lines().collect::<Vec<_>>().join(", "),
    })
}
