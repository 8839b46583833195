//! Takes values out of TOML tables. For each wrong value it notes where the value stands and what is allowed.
//!
//! All errors of a file are found in one go, so that one need not be corrected to see the next.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::{Component, Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::define::full_key;
use super::error::{Problem, did_you_mean};
use super::{Color, ThemeFiles};

/// Characters of a wrong value or key that a message shows.
const SHOWN: usize = 60;

/// How a colour is written.
const COLOR_FORMAT: &str = "a colour as \"#RRGGBB\" or \"#RRGGBBAA\"";
/// How a colour is written that may not be transparent.
const OPAQUE_FORMAT: &str = "a colour as \"#RRGGBB\"";

/// A file's text, and what has been found wrong in it.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// The file that it is from.
    origin: &'a Path,
    /// What the file is, such as "a theme".
    what: &'static str,
    /// Where the files lie that it may name.
    files: ThemeFiles,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    /// Files that it names and may not name.
    outside: RefCell<Vec<Problem>>,
}

impl<'a> Source<'a> {
    /// The text of the file `origin`, which is `what`, such as "a theme".
    pub(crate) fn new(text: &'a str, origin: &'a Path, what: &'static str) -> Source<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        let files = ThemeFiles::Beside;
        Source { text, origin, what, files, lines, problems: RefCell::default(), outside: RefCell::default() }
    }

    /// With files that lie where `files` says.
    pub(crate) fn with_files(self, files: ThemeFiles) -> Source<'a> {
        Source { files, ..self }
    }

    /// The line, from 1, of the byte at `offset`.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    fn note(&self, span: Range<usize>, key: String, text: String) {
        self.problems.borrow_mut().push(Problem { line: self.line(span.start), key, text });
    }

    /// The files that it names and may not name, by line.
    pub(crate) fn take_outside(&self) -> Vec<Problem> {
        let mut outside = self.outside.take();
        outside.sort_by_key(|problem| problem.line);
        outside
    }

    /// The problems by line.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    /// A value as the file has it; for a table or a list, only that it is one.
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

/// A table of the file. Each of its getters looks for a key, and returns `None` when the table does not have the
/// key, or has a value for it that is not allowed; the latter is noted as a problem.
pub(crate) struct TableReader<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    /// Its name with those of the tables around it; empty for the whole file.
    path: String,
    /// Where it begins.
    span: Range<usize>,
    /// The keys that have been looked for.
    known: Vec<String>,
}

impl<'a> TableReader<'a> {
    /// The whole file.
    pub(crate) fn root(source: &'a Source<'a>, table: &'a DeTable<'a>) -> TableReader<'a> {
        TableReader { source, table, path: String::new(), span: 0..0, known: Vec::new() }
    }

    /// A key of this table with the table's name before it.
    fn full(&self, key: &str) -> String {
        let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let key = match !key.is_empty() && key.len() <= SHOWN && key.chars().all(bare) {
            true => key.to_owned(),
            false => format!("{:?}", shortened(key)),
        };
        full_key(&self.path, &key)
    }

    fn get(&mut self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key.to_owned());
        self.table.get(key)
    }

    /// Notes that a value is not one of those allowed.
    fn refuse(&self, key: &str, value: &Spanned<DeValue<'_>>, allowed: &str) {
        let shown = self.source.shown(value);
        self.source.note(value.span(), self.full(key), format!("is {shown}; allowed is {allowed}"));
    }

    /// Whether the table has `key`, with an allowed value or not.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Notes a problem with the whole table.
    pub(crate) fn table_problem(&self, text: String) {
        self.source.note(self.span.clone(), self.path.clone(), text);
    }

    /// A number, whole or not.
    pub(crate) fn number(&mut self, key: &str, allowed: &RangeInclusive<f64>) -> Option<f32> {
        let value = self.get(key)?;
        // No range contains infinity or NaN.
        let number = number(value.get_ref()).filter(|number| allowed.contains(number));
        if number.is_none() {
            self.refuse(key, value, &format!("{} to {}", allowed.start(), allowed.end()));
        }
        number.map(|number| number as f32)
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, key: &str, allowed: &RangeInclusive<u8>) -> Option<u8> {
        let value = self.get(key)?;
        let number = whole(value.get_ref()).and_then(|number| u8::try_from(number).ok());
        let number = number.filter(|number| allowed.contains(number));
        if number.is_none() {
            self.refuse(key, value, &format!("a whole number, {} to {}", allowed.start(), allowed.end()));
        }
        number
    }

    /// A colour with or without alpha.
    pub(crate) fn color(&mut self, key: &str) -> Option<Color> {
        let value = self.get(key)?;
        let color = value.get_ref().as_str().and_then(|text| text.parse().ok());
        if color.is_none() {
            self.refuse(key, value, COLOR_FORMAT);
        }
        color
    }

    /// A colour without alpha.
    pub(crate) fn opaque(&mut self, key: &str) -> Option<Color> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str().filter(|text| text.len() == "#RRGGBB".len());
        let color = text.and_then(|text| text.parse().ok());
        if color.is_none() {
            self.refuse(key, value, OPAQUE_FORMAT);
        }
        color
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(&mut self, key: &str, words: &[(&'static str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str();
        let found = words.iter().find(|(word, _)| text == Some(word)).map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.refuse(key, value, &one_of(text, words));
        }
        found
    }

    /// A list of some words, such as `example`.
    pub(crate) fn words<T: Copy>(
        &mut self,
        key: &str,
        example: &str,
        words: &[(&'static str, T)],
    ) -> Option<Vec<(Word, T)>> {
        let value = self.get(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.refuse(key, value, &format!("a list, as in {example}"));
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
    pub(crate) fn item_problem(&self, key: &str, item: &Word, text: &str) {
        let shown = shortened(self.source.text.get(item.span.clone()).unwrap_or_default());
        self.source.note(item.span.clone(), self.full(key), format!("has {shown} {text}"));
    }

    /// A line of text.
    pub(crate) fn text(&mut self, key: &str, longest: usize) -> Option<String> {
        let value = self.get(key)?;
        let is_line = |text: &&str| text.chars().count() <= longest && !text.contains(char::is_control);
        let text = value.get_ref().as_str().filter(is_line).map(str::to_owned);
        if text.is_none() {
            self.refuse(key, value, &format!("a line of text, at most {longest} characters"));
        }
        text
    }

    /// The path of a file, taken from the folder of the theme's file. `example` is shown where it is wrong. A path that leads
    /// out of the folder is noted among [`Source::take_outside`] where it must not.
    pub(crate) fn path(&mut self, key: &str, example: &str) -> Option<PathBuf> {
        let value = self.get(key)?;
        let is_path =
            |text: &&str| !text.is_empty() && text.len() <= 4096 && !text.contains(char::is_control);
        let Some(path) = value.get_ref().as_str().filter(is_path) else {
            self.refuse(key, value, &format!("the path of a file, as in {example:?}"));
            return None;
        };
        let folder = self.source.origin.parent().unwrap_or(Path::new(""));
        if let (ThemeFiles::Beside, Some(leads)) = (self.source.files, leads_out(folder, Path::new(path))) {
            let shown = self.source.shown(value);
            let line = self.source.line(value.span().start);
            let problem = Problem { line, key: self.full(key), text: format!("is {shown}, {leads}") };
            self.source.outside.borrow_mut().push(problem);
        }
        Some(folder.join(path))
    }

    /// Reads a table with `read`, then notes as unknown the keys that `read` did not look for.
    pub(crate) fn within(&mut self, key: &str, read: impl FnOnce(&mut TableReader<'a>)) {
        let allowed = format!("a table, as in [{}]", self.full(key));
        if let Some(mut table) = self.table(key, &allowed) {
            read(&mut table);
            table.finish();
        }
    }

    /// A table in this one; `allowed` is how an error says it is written.
    pub(crate) fn table(&mut self, key: &str, allowed: &str) -> Option<TableReader<'a>> {
        self.known.push(key.to_owned());
        self.enter(key, allowed)
    }

    /// All tables in this one, with their names.
    pub(crate) fn tables(&self) -> Vec<(&'a str, TableReader<'a>)> {
        let table: &'a DeTable<'a> = self.table;
        let names = table.keys().map(|key| key.get_ref().as_ref());
        let enter = |key| Some((key, self.enter(key, &format!("a table, as in [{}]", self.full(key)))?));
        names.filter_map(enter).collect()
    }

    fn enter(&self, key: &str, allowed: &str) -> Option<TableReader<'a>> {
        let (name, value) = self.table.get_key_value(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.refuse(key, value, allowed);
            return None;
        };
        Some(TableReader {
            source: self.source,
            table,
            path: self.full(key),
            span: name.span(),
            known: Vec::new(),
        })
    }

    /// Notes as unknown the keys that were not looked for.
    pub(crate) fn finish(self) {
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let place = if self.path.is_empty() { self.source.what } else { &self.path };
                let suggestion = did_you_mean(name, &known);
                let text = format!("is unknown{suggestion}; keys of {place} are {}", known.join(", "));
                self.source.note(key.span(), self.full(name), text);
            }
        }
    }
}

/// How a path leads out of a theme's folder, in words; `None` when it does not.
fn leads_out(folder: &Path, path: &Path) -> Option<&'static str> {
    let mut depth = 0_usize;
    for part in path.components() {
        match part {
            Component::Prefix(_) | Component::RootDir => {
                return Some("which does not begin at the theme's folder");
            }
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return Some("which leads out of the theme's folder"),
            },
        }
    }
    // What does not exist leads nowhere.
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (real_folder, real) = (here.canonicalize().ok()?, folder.join(path).canonicalize().ok()?);
    (!real.starts_with(real_folder)).then_some("a link that leads out of the theme's folder")
}

/// Where an item of a list stands.
pub(crate) struct Word {
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

/// The words that are allowed, and the one that is most like `text`.
fn one_of<T>(text: Option<&str>, words: &[(&'static str, T)]) -> String {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let suggestion = text.map(|text| did_you_mean(text, &names)).unwrap_or_default();
    let quoted: Vec<String> = names.iter().map(|word| format!("{word:?}")).collect();
    format!("one of {}{suggestion}", quoted.join(", "))
}

/// Why a text is not TOML.
pub(crate) struct NotToml {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What is wrong with the line.
    pub(crate) reason: String,
}

/// Reads TOML.
pub(crate) fn parse_toml<'a>(source: &Source<'a>) -> Result<Spanned<DeTable<'a>>, NotToml> {
    DeTable::parse(source.text).map_err(|error| NotToml {
        line: source.line(error.span().map_or(0, |span| span.start)),
        reason: error.message().lines().collect::<Vec<_>>().join(", "),
    })
}
