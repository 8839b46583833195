//! Writes a theme as TOML, with a comment for each key.

/// Columns of a line of comments.
const LINE: usize = 100;
/// The column at which the comment after a value begins.
const COMMENT_COLUMN: usize = 31;
/// Columns of a line with a value and its comment; where they need more, the comment goes above.
const LONGEST_LINE: usize = 120;

/// A table of the file as it is written. Its own keys stand before the tables within it, as TOML needs it,
/// whatever the order in which they are added.
pub(super) struct TableWriter {
    /// Its name with those of the tables around it; empty for the whole file.
    path: String,
    keys: String,
    tables: String,
}

impl TableWriter {
    /// The whole file.
    pub(super) fn root() -> TableWriter {
        TableWriter { path: String::new(), keys: String::new(), tables: String::new() }
    }

    /// A key with its value in TOML, a comment, and what is allowed, if there is anything to say of that.
    pub(super) fn value(&mut self, key: &str, value: &str, comment: &str, allowed: &str) {
        self.commented(&format!("{key} = {value}"), comment, allowed);
    }

    /// A key that has no value, as a comment that shows how it would be written.
    pub(super) fn example(&mut self, key: &str, value: &str, comment: &str, allowed: &str) {
        self.commented(&format!("# {key} = {value}"), comment, allowed);
    }

    fn commented(&mut self, line: &str, comment: &str, allowed: &str) {
        let mut comment = joined(comment);
        if !allowed.is_empty() {
            comment = format!("{comment} [{allowed}]");
        }
        let one_line = format!("{line:<COMMENT_COLUMN$}# {comment}");
        if line.len() < COMMENT_COLUMN && one_line.chars().count() <= LONGEST_LINE {
            self.line(&one_line);
        } else {
            self.keys.push_str(&wrapped(&comment));
            self.line(line);
        }
    }

    /// Lines as they are.
    pub(super) fn line(&mut self, text: &str) {
        self.keys.push_str(text);
        self.keys.push('\n');
    }

    /// A table within this one, with a comment above it.
    pub(super) fn table(&mut self, key: &str, comment: &str, write: impl FnOnce(&mut TableWriter)) {
        let path = super::define::full_key(&self.path, key);
        let head = format!("\n{}[{path}]\n", wrapped(&joined(comment)));
        let mut table = TableWriter { path, keys: head, tables: String::new() };
        write(&mut table);
        self.tables.push_str(&table.finish());
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.keys + &self.tables
    }
}

/// A text in quotes, as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(letter))),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The first paragraph of a doc comment, as one line. The others are only for readers of the documentation.
fn joined(comment: &str) -> String {
    comment.lines().map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text as lines of comments.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > LINE {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_before_the_tables_within() {
        let mut file = TableWriter::root();
        file.table("gems", "Gems.", |gems| {
            gems.table("ghost", "Ghosts.", |ghost| ghost.value("below", "3", "Velocity.", "0 to 127"));
            gems.value("height", "30", "Height.", "");
        });
        file.value("name", "\"a\"", "Name.", "");
        let expected = "name = \"a\"                     # Name.\n\n# Gems.\n[gems]\nheight = 30                    \
                        # Height.\n\n# Ghosts.\n[gems.ghost]\nbelow = 3                      # Velocity. [0 to 127]\n";
        assert_eq!(file.finish(), expected);
    }

    #[test]
    fn a_comment_that_does_not_fit_behind_the_value_goes_above_it() {
        let mut file = TableWriter::root();
        file.example(
            "image",
            "\"a picture with a long name.png\"",
            " Path\n of a picture.\n\n Once read.\n",
            "",
        );
        file.value("x", "1", &"word ".repeat(24), "");
        let words = |count| vec!["word"; count].join(" ");
        let expected = format!(
            "# Path of a picture.\n# image = \"a picture with a long name.png\"\n# {}\n# {}\nx = 1\n",
            words(19),
            words(5)
        );
        assert_eq!(file.finish(), expected);
    }

    #[test]
    fn quoted_text_is_read_again_as_it_was() {
        for text in ["", "Grün", "a \"b\" \\ c", "\u{7}\u{7F}\n", "\u{200B}ß"] {
            let line = format!("text = {}", quoted(text));
            let table = toml::de::DeTable::parse(&line).unwrap();
            assert_eq!(
                table.get_ref().get("text").and_then(|text| text.get_ref().as_str()),
                Some(text),
                "{line}"
            );
        }
    }
}
