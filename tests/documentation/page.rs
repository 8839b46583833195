//! Pages of the documentation, and the code in them.

use std::path::{Path, PathBuf};

/// A piece of code on a page: a line of a block, or what stands between two backquotes.
pub(crate) struct Code {
    /// Page and line, for messages.
    pub(crate) place: String,
    pub(crate) text: String,
}

/// The folder of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages that people read to use the program. The log of measurements is left out: its commands are those of older commits.
pub(crate) fn pages() -> Vec<PathBuf> {
    let root = repository();
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)).into();
    pages.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    pages.retain(|path| !path.ends_with("perf-log.md"));
    pages.sort();
    pages
}

/// All code of all pages.
pub(crate) fn all_code() -> Vec<Code> {
    let mut all = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let name = page.strip_prefix(repository()).unwrap().display().to_string();
        all.extend(code(&text).map(|(line, text)| Code { place: format!("{name}:{line}"), text }));
    }
    all
}

/// The code of a page, each piece with the number of its line.
fn code(page: &str) -> impl Iterator<Item = (usize, String)> {
    let mut found = Vec::new();
    let mut fence: Option<bool> = None;
    let mut unfinished: Option<(usize, String)> = None;
    for (number, line) in page.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        if let Some(language) = line.strip_prefix("```") {
            // Blocks of text are what programs print.
            fence = if fence.is_some() { None } else { Some(language != "text") };
            continue;
        }
        let block = match fence {
            Some(is_code) => is_code.then_some(line),
            None => line.strip_prefix("    "),
        };
        match block {
            Some(block) => {
                let (first, begun) = unfinished.take().unwrap_or((number, String::new()));
                let whole = format!("{begun} {}", block.trim());
                // A command that goes on in the next line.
                match whole.strip_suffix('\\') {
                    Some(part) => unfinished = Some((first, part.to_owned())),
                    None if whole.ends_with('|') => unfinished = Some((first, whole)),
                    None => found.push((first, whole.trim().to_owned())),
                }
            }
            None if fence.is_none() => {
                // In a table, a bar within code is written with a backslash.
                let spans = line.split('`').skip(1).step_by(2).map(|span| span.replace("\\|", "|"));
                found.extend(spans.map(|span| (number, span)));
            }
            None => {}
        }
    }
    found.into_iter()
}

/// The words of a shell command and the signs between commands, as in POSIX, as far as the pages need it.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    let mut word: Option<String> = None;
    while let Some(character) = rest.next() {
        match character {
            '"' | '\'' => {
                let word = word.get_or_insert_default();
                word.extend(rest.by_ref().take_while(|&next| next != character));
            }
            '#' if word.is_none() => break,
            '|' | ';' | '&' | '>' | '<' | '(' | ')'
                if word.as_ref().is_none_or(|word| !word.ends_with(is_placeholder)) =>
            {
                words.extend(word.take().map(Word::Text));
                words.push(Word::Sign(character));
            }
            ' ' => words.extend(word.take().map(Word::Text)),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word.take().map(Word::Text));
    words
}

/// `NAME|FILE` is one word: the pages write what is to be replaced in capital letters.
fn is_placeholder(character: char) -> bool {
    character.is_ascii_uppercase()
}

/// A word of a command line, or a sign of the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    Text(String),
    Sign(char),
}
