//! The types that a field of a theme may have: how each is read, checked and written.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::define::{Value, full_key};
use super::reader::TableReader;
use super::writer::{TableWriter, quoted};
use super::{Color, FontSource};

/// The most characters that the name of a font's family may have.
const LONGEST_FAMILY: usize = 64;

/// How the source of a font is written.
const FONT_FORMAT: &str = "{ file = \"My Font.ttf\" } or { family = \"My Font\" }";

/// The most characters that a text may have.
pub(super) struct Characters(pub usize);

/// Whether a colour may be transparent.
pub(super) enum Alpha {
    /// It may.
    Any,
    /// It may not.
    Opaque,
}

/// An example of a path, for errors and printed files.
pub(super) struct PathLike(pub &'static str);

impl Value for f32 {
    type Allowed = RangeInclusive<f64>;

    fn read(&mut self, key: &str, allowed: RangeInclusive<f64>, table: &mut TableReader<'_>) {
        *self = table.number(key, &allowed).unwrap_or(*self);
    }

    fn write(&self, key: &str, allowed: RangeInclusive<f64>, comment: &str, table: &mut TableWriter) {
        table.value(key, &self.to_string(), comment, &format!("{} to {}", allowed.start(), allowed.end()));
    }
}

impl Value for u8 {
    type Allowed = RangeInclusive<u8>;

    fn read(&mut self, key: &str, allowed: RangeInclusive<u8>, table: &mut TableReader<'_>) {
        *self = table.whole(key, &allowed).unwrap_or(*self);
    }

    fn write(&self, key: &str, allowed: RangeInclusive<u8>, comment: &str, table: &mut TableWriter) {
        table.value(key, &self.to_string(), comment, &format!("{} to {}", allowed.start(), allowed.end()));
    }
}

impl Value for String {
    type Allowed = Characters;

    fn read(&mut self, key: &str, Characters(longest): Characters, table: &mut TableReader<'_>) {
        if let Some(text) = table.text(key, longest) {
            *self = text;
        }
    }

    fn write(&self, key: &str, allowed: Characters, comment: &str, table: &mut TableWriter) {
        table.value(key, &quoted(self), comment, &format!("at most {} characters", allowed.0));
    }
}

impl Value for Color {
    type Allowed = Alpha;

    fn read(&mut self, key: &str, allowed: Alpha, table: &mut TableReader<'_>) {
        let color = match allowed {
            Alpha::Any => table.color(key),
            Alpha::Opaque => table.opaque(key),
        };
        *self = color.unwrap_or(*self);
    }

    fn write(&self, key: &str, allowed: Alpha, comment: &str, table: &mut TableWriter) {
        let allowed = match allowed {
            Alpha::Any => "",
            Alpha::Opaque => "without alpha",
        };
        table.value(key, &quoted(&self.to_string()), comment, allowed);
    }
}

impl Value for Option<PathBuf> {
    type Allowed = PathLike;

    fn read(&mut self, key: &str, PathLike(example): PathLike, table: &mut TableReader<'_>) {
        if let Some(path) = table.path(key, example) {
            *self = Some(path);
        }
    }

    fn write(&self, key: &str, PathLike(example): PathLike, comment: &str, table: &mut TableWriter) {
        match self {
            Some(path) => table.value(key, &quoted(&path.to_string_lossy()), comment, ""),
            None => table.example(key, &quoted(example), comment, ""),
        }
    }

    fn find_files<'a>(&'a self, key: &str, files: &mut Vec<(String, &'a Path)>) {
        files.extend(self.as_deref().map(|path| (key.to_owned(), path)));
    }
}

impl Value for Option<FontSource> {
    type Allowed = ();

    fn read(&mut self, key: &str, (): (), table: &mut TableReader<'_>) {
        let Some(mut font) = table.table(key, FONT_FORMAT) else { return };
        let file = font.path("file", "My Font.ttf").map(FontSource::File);
        let family = font.text("family", LONGEST_FAMILY).map(FontSource::Family);
        if font.has("file") == font.has("family") {
            font.table_problem(format!("needs either a file or a family; allowed is {FONT_FORMAT}"));
        }
        font.finish();
        if let Some(source) = file.or(family) {
            *self = Some(source);
        }
    }

    fn write(&self, key: &str, (): (), comment: &str, table: &mut TableWriter) {
        let value = match self {
            Some(FontSource::File(path)) => format!("{{ file = {} }}", quoted(&path.to_string_lossy())),
            Some(FontSource::Family(family)) => format!("{{ family = {} }}", quoted(family)),
            None => return table.example(key, "{ file = \"My Font.ttf\" }", comment, FONT_FORMAT),
        };
        table.value(key, &value, comment, FONT_FORMAT);
    }

    fn find_files<'a>(&'a self, key: &str, files: &mut Vec<(String, &'a Path)>) {
        if let Some(FontSource::File(path)) = self {
            files.push((full_key(key, "file"), path));
        }
    }
}
