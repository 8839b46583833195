//! A theme's file as a whole: what it extends, its tables, and the text that it is printed as.

use std::path::Path;

use super::define::Table;
use super::reader::{NotToml, Source, TableReader, parse_toml};
use super::text_file::name_of;
use super::writer::{TableWriter, quoted};
use super::{Color, Theme, ThemeError, ThemeFiles, builtin};
use crate::song::Backdrop;

/// The key of the theme that has what a file leaves out.
const EXTENDS: &str = "extends";

/// What stands at the top of a printed theme.
const HEAD: &str = r##"# A theme of strikeline: everything about the look of a highway.
#
# Save this text as my.toml, change what you like, then check it and render with it:
#     strikeline theme --check my.toml
#     strikeline render song.mid --theme my.toml
# Any key may be left out: its value is then that of the built-in theme that "extends" names, or of "plain".
#
# Each key has a comment that says what it does, and in brackets which values are allowed.
# Colours are "#RRGGBB", or "#RRGGBBAA" with an alpha from 00 (transparent) to FF (opaque).
# A picture and a font lie in the folder of this file or below it.
# Lengths in pixels are for a picture whose short side has 1080 pixels; for other sizes they are scaled.
"##;

/// See [`Theme::parse`].
pub(super) fn parse(text: &str, origin: &Path, files: ThemeFiles) -> Result<Theme, ThemeError> {
    let source = Source::new(text, origin, "a theme").with_files(files);
    let table = parse_toml(&source).map_err(|NotToml { line, reason }| ThemeError::NotToml {
        path: origin.to_owned(),
        line,
        reason,
    })?;
    let theme = read(TableReader::root(&source, table.get_ref()), origin);
    let (outside, problems) = (source.take_outside(), source.into_problems());
    let path = || origin.to_owned();
    if !problems.is_empty() {
        return Err(ThemeError::Invalid { path: path(), problems });
    }
    if !outside.is_empty() {
        return Err(ThemeError::FilesOutside { path: path(), files: outside });
    }
    Ok(theme)
}

fn read(mut file: TableReader<'_>, origin: &Path) -> Theme {
    let names = builtin::NAMES.map(|name| (name, name));
    let mut theme = file.word(EXTENDS, &names).and_then(Theme::builtin).unwrap_or_default();
    theme.name = name_of(origin);
    theme.description.clear();
    theme.read_fields(&mut file);
    file.finish();
    theme.drum_map.set_backdrop(backdrop(&theme));
    theme
}

/// See [`Theme::to_toml`].
pub(super) fn print(theme: &Theme) -> String {
    let mut file = TableWriter::root();
    file.line(HEAD);
    let extends = quoted(&Theme::default().name);
    let comment = "The built-in theme that has the values left out here.";
    file.example(EXTENDS, &extends, comment, &builtin::NAMES.join(", "));
    theme.write_fields(&mut file);
    file.finish()
}

/// Whether the lanes are light or dark.
fn backdrop(theme: &Theme) -> Backdrop {
    let ends = [theme.background.top, theme.background.bottom];
    // In thousandths, as luma (BT.709) without regard to gamma: all that matters is the side of the middle.
    let luma =
        |color: Color| u32::from(color.red) * 213 + u32::from(color.green) * 715 + u32::from(color.blue) * 72;
    let behind = ends.map(luma).iter().sum::<u32>() / 2;
    let alpha = u32::from(theme.highway.color.alpha);
    let ground = (luma(theme.highway.color) * alpha + behind * (255 - alpha)) / 255;
    if ground > 127_500 { Backdrop::Light } else { Backdrop::Dark }
}
