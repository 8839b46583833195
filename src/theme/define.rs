//! How a table of a theme's file is defined: in one place, [`super::tables`].
//!
//! [`theme_table!`] makes of one definition the struct, its default, the reader with its checks, and what
//! `strikeline theme NAME` prints. [`theme_words!`] does the same for a value that is one of a few words.

use std::path::Path;

use super::reader::TableReader;
use super::writer::TableWriter;

/// Defines a table of the file. A field is written as
///
/// ```text
/// /// What it does, in a short sentence.
/// #[allowed(0.5..=2.0)]
/// pub width_scale: f32 = 1.0,
/// ```
///
/// - The first paragraph of the comment is printed in the file; all of it is documentation.
/// - The key in the file is the name with hyphens: `width-scale`.
/// - The value after `=` is that of the theme "plain". Themes whose files do not have the key have it too.
/// - The type is one of these, each with what stands in `allowed`:
///
///   | type                 | `allowed`                          |
///   | -------------------- | ---------------------------------- |
///   | `f32`, `u8`          | the range, as in `0.5..=2.0`       |
///   | `Color`              | `Alpha::Any` or `Alpha::Opaque`    |
///   | `String`             | `Characters(64)`, the most it has  |
///   | `Option<PathBuf>`    | `PathLike("wall.png")`, an example |
///   | `Option<FontSource>` | no attribute                       |
///   | a [`theme_words!`]   | no attribute                       |
///   | a [`theme_table!`]   | no attribute                       |
///
///   For another type, implement [`Value`] in [`super::values`].
macro_rules! theme_table {
    (
        $(#[doc = $comment:literal])+
        pub struct $table:ident {
            $(
                $(#[doc = $doc:literal])+
                $(#[allowed($allowed:expr)])?
                pub $field:ident: $type:ty = $plain:expr,
            )+
        }
    ) => {
        $(#[doc = $comment])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $table {
            $(
                $(#[doc = $doc])+
                $(
                    #[doc = ""]
                    #[doc = concat!(" Allowed: `", stringify!($allowed), "`.")]
                )?
                pub $field: $type,
            )+
        }

        /// The values of the theme "plain".
        impl Default for $table {
            fn default() -> $table {
                $table { $($field: $plain,)+ }
            }
        }

        impl $crate::theme::define::Table for $table {
            const COMMENT: &'static str = concat!($($comment, "\n"),+);

            fn read_fields(&mut self, table: &mut $crate::theme::reader::TableReader<'_>) {
                $(
                    let key = $crate::theme::define::key(stringify!($field));
                    $crate::theme::define::Value::read(&mut self.$field, &key, ($($allowed)?), table);
                )+
            }

            fn write_fields(&self, table: &mut $crate::theme::writer::TableWriter) {
                $(
                    let key = $crate::theme::define::key(stringify!($field));
                    let comment = concat!($($doc, "\n"),+);
                    $crate::theme::define::Value::write(&self.$field, &key, ($($allowed)?), comment, table);
                )+
            }

            fn find_files<'a>(&'a self, key: &str, files: &mut Vec<(String, &'a std::path::Path)>) {
                $(
                    let field = $crate::theme::define::key(stringify!($field));
                    let full = $crate::theme::define::full_key(key, &field);
                    $crate::theme::define::Value::find_files(&self.$field, &full, files);
                )+
            }
        }
    };
}

/// Defines a type whose values are written as words, each variant with its word.
macro_rules! theme_words {
    (
        $(#[doc = $comment:literal])+
        pub enum $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $variant:ident = $word:literal,
            )+
        }
    ) => {
        $(#[doc = $comment])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(
                $(#[doc = $doc])+
                #[doc = concat!(" Written `\"", $word, "\"`.")]
                $variant,
            )+
        }

        impl $crate::theme::define::Value for $name {
            type Allowed = ();

            fn read(&mut self, key: &str, (): (), table: &mut $crate::theme::reader::TableReader<'_>) {
                if let Some(value) = table.word(key, &[$(($word, $name::$variant)),+]) {
                    *self = value;
                }
            }

            fn write(
                &self,
                key: &str,
                (): (),
                comment: &str,
                table: &mut $crate::theme::writer::TableWriter,
            ) {
                let word = match self {
                    $($name::$variant => $word,)+
                };
                let words = [$(concat!("\"", $word, "\"")),+].join(" or ");
                table.value(key, &$crate::theme::writer::quoted(word), comment, &words);
            }
        }
    };
}

pub(super) use {theme_table, theme_words};

/// What a field of a table may hold.
pub(super) trait Value {
    /// Which values of the type a field allows, as its definition says: `()` where all are allowed.
    type Allowed;

    /// Takes the value of `key` from the table. Leaves this one as it is where the table does not have the key,
    /// or has a value that is not allowed; the latter is noted as a problem.
    fn read(&mut self, key: &str, allowed: Self::Allowed, table: &mut TableReader<'_>);

    /// Writes the value as [`Value::read`] reads it, with `comment` and what is allowed.
    fn write(&self, key: &str, allowed: Self::Allowed, comment: &str, table: &mut TableWriter);

    /// Appends the files that the value names; `key` is its key with those of the tables around it.
    fn find_files<'a>(&'a self, key: &str, files: &mut Vec<(String, &'a Path)>) {
        let _ = (key, files);
    }
}

/// A table of the file, as [`theme_table!`] defines it.
pub(super) trait Table {
    /// The doc comment of the struct.
    const COMMENT: &'static str;

    /// [`Value::read`] for each of the fields.
    fn read_fields(&mut self, table: &mut TableReader<'_>);

    /// [`Value::write`] for each of the fields.
    fn write_fields(&self, table: &mut TableWriter);

    /// [`Value::find_files`] for each of the fields.
    fn find_files<'a>(&'a self, key: &str, files: &mut Vec<(String, &'a Path)>);
}

/// A table within another.
impl<T: Table> Value for T {
    type Allowed = ();

    fn read(&mut self, key: &str, (): (), table: &mut TableReader<'_>) {
        table.within(key, |table| self.read_fields(table));
    }

    fn write(&self, key: &str, (): (), _: &str, table: &mut TableWriter) {
        table.table(key, T::COMMENT, |table| self.write_fields(table));
    }

    fn find_files<'a>(&'a self, key: &str, files: &mut Vec<(String, &'a Path)>) {
        Table::find_files(self, key, files);
    }
}

/// The key in a file for the field `name`.
pub(super) fn key(name: &str) -> String {
    name.replace('_', "-")
}

/// `key` with the keys of the tables around it, which are empty at the top of a file.
pub(super) fn full_key(tables: &str, key: &str) -> String {
    if tables.is_empty() { key.to_owned() } else { format!("{tables}.{key}") }
}
