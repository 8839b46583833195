//! The keys of a theme's file: what each is called, and what its values may be.

use std::path::{Path, PathBuf};

use super::fields::{Fields, Source, parse_toml};
use super::{AccentStyle, Background, BeatStyle, Corners, EffectStyle, FontSource, GemStyle, GhostStyle};
use super::{Color, HighwayStyle, StrikeLineStyle, TextStyle, Theme, ThemeError, ViewKind, builtin};
use crate::song::{Backdrop, DrumInfo, DrumMap, LaneId, Mark};

/// Strengths and parts.
const PART: std::ops::RangeInclusive<f64> = 0.0..=1.0;
/// Widths of lines, in pixels.
const LINE: std::ops::RangeInclusive<f64> = 0.0..=20.0;

const LONGEST_NAME: usize = 64;
const LONGEST_DESCRIPTION: usize = 200;
const LONGEST_DRUM_NAME: usize = 32;
const LONGEST_SHORT_NAME: usize = 4;

/// See [`Theme::parse`].
pub(super) fn parse(text: &str, origin: &Path) -> Result<Theme, ThemeError> {
    let source = Source::new(text);
    let table = parse_toml(&source, text, origin)?;
    let theme = read(Fields::root(&source, table.get_ref()), origin);
    let problems = source.into_problems();
    if problems.is_empty() {
        Ok(theme)
    } else {
        Err(ThemeError::Invalid { path: origin.to_owned(), problems })
    }
}

fn read(mut file: Fields<'_>, origin: &Path) -> Theme {
    let names = builtin::NAMES.map(|name| (name, name));
    let mut theme = file.word("extends", &names).and_then(Theme::builtin).unwrap_or_default();
    theme.name = file.text("name", LONGEST_NAME).unwrap_or_else(|| name_of(origin));
    theme.description = file.text("description", LONGEST_DESCRIPTION).unwrap_or_default();
    let views = [("flat", ViewKind::Flat), ("perspective", ViewKind::Perspective)];
    theme.view = file.word("view", &views).unwrap_or(theme.view);

    file.within("background", |table| background(table, &mut theme.background, origin));
    file.within("highway", |table| highway(table, &mut theme.highway));
    file.within("strike-line", |table| strike_line(table, &mut theme.strike_line));
    file.within("beats", |table| beats(table, &mut theme.beats));
    file.within("gems", |table| gems(table, &mut theme.gems));
    file.within("effects", |table| effects(table, &mut theme.effects));
    file.within("text", |table| text(table, &mut theme.text, origin));
    file.within("lanes", |table| lanes(table, &mut theme.drum_map));
    // After the lanes: the drums have their colours from there.
    if let Some(table) = file.table("drums", "a table for each key, as in [drums.42]") {
        for (key, table) in table.tables() {
            drum(key, table, &mut theme.drum_map);
        }
    }
    file.finish();
    theme.drum_map.set_backdrop(backdrop(&theme));
    theme
}

fn background(table: &mut Fields<'_>, into: &mut Background, origin: &Path) {
    into.top = table.opaque("top").unwrap_or(into.top);
    into.bottom = table.opaque("bottom").unwrap_or(into.bottom);
    if let Some(path) = table.path("image") {
        into.image = Some(beside(origin, path));
    }
    table.number("image-strength", PART, &mut into.image_strength);
}

fn highway(table: &mut Fields<'_>, into: &mut HighwayStyle) {
    table.color("color", &mut into.color);
    table.number("lane-tint", PART, &mut into.lane_tint);
    table.color("separator", &mut into.separator);
    table.number("separator-width", LINE, &mut into.separator_width);
    table.color("border", &mut into.border);
    table.number("border-width", LINE, &mut into.border_width);
}

fn strike_line(table: &mut Fields<'_>, into: &mut StrikeLineStyle) {
    table.number("position", 0.5..=0.95, &mut into.position);
    table.color("color", &mut into.color);
    table.number("width", 0.0..=30.0, &mut into.width);
    table.number("receptor-fill", PART, &mut into.receptor_fill);
    table.number("receptor-outline", PART, &mut into.receptor_outline);
    table.number("receptor-outline-width", LINE, &mut into.receptor_outline_width);
}

fn beats(table: &mut Fields<'_>, into: &mut BeatStyle) {
    table.color("bar", &mut into.bar);
    table.number("bar-width", LINE, &mut into.bar_width);
    table.color("beat", &mut into.beat);
    table.number("beat-width", LINE, &mut into.beat_width);
}

fn gems(table: &mut Fields<'_>, into: &mut GemStyle) {
    let corners = [("round", Corners::Round), ("cut", Corners::Cut)];
    into.corners = table.word("corners", &corners).unwrap_or(into.corners);
    table.number("corner-size", PART, &mut into.corner_size);
    table.number("height", 4.0..=120.0, &mut into.height);
    table.number("width", 0.2..=1.0, &mut into.width);
    table.color("outline", &mut into.outline);
    table.number("outline-width", LINE, &mut into.outline_width);
    table.number("shading", PART, &mut into.shading);
    table.number("highlight", PART, &mut into.highlight);
    table.color("mark", &mut into.mark);
    table.number("mark-size", PART, &mut into.mark_size);
    table.number("dimmest", PART, &mut into.dimmest);
    table.number("kick-height", 4.0..=120.0, &mut into.kick_height);
    table.within("ghost", |table| ghost(table, &mut into.ghost));
    table.within("accent", |table| accent(table, &mut into.accent));
}

fn ghost(table: &mut Fields<'_>, into: &mut GhostStyle) {
    table.whole("below", 0..=127, &mut into.below);
    table.number("scale", 0.3..=1.0, &mut into.scale);
    table.number("fill", PART, &mut into.fill);
}

fn accent(table: &mut Fields<'_>, into: &mut AccentStyle) {
    table.whole("from", 1..=128, &mut into.from);
    table.number("scale", 1.0..=1.5, &mut into.scale);
    table.number("outline-width", LINE, &mut into.outline_width);
}

fn effects(table: &mut Fields<'_>, into: &mut EffectStyle) {
    table.number("flash", PART, &mut into.flash);
    table.number("glow", PART, &mut into.glow);
    table.number("glow-reach", 0.0..=300.0, &mut into.glow_reach);
    table.number("line-glow", PART, &mut into.line_glow);
    table.number("rings", PART, &mut into.rings);
    table.number("ring-size", 0.2..=3.0, &mut into.ring_size);
    table.number("ring-width", LINE, &mut into.ring_width);
    table.number("duration", 0.05..=1.0, &mut into.duration);
}

fn text(table: &mut Fields<'_>, into: &mut TextStyle, origin: &Path) {
    if let Some(font) = table.table("font", FONT_FORMAT) {
        into.font = font_source(font, origin).or(into.font.take());
    }
    table.color("color", &mut into.color);
    table.color("dim", &mut into.dim);
    table.color("shadow", &mut into.shadow);
    table.number("scale", 0.5..=2.0, &mut into.scale);
    table.color("progress", &mut into.progress);
}

const FONT_FORMAT: &str = "{ file = \"My Font.ttf\" } or { family = \"My Font\" }";

fn font_source(mut table: Fields<'_>, origin: &Path) -> Option<FontSource> {
    let file = table.path("file").map(|path| FontSource::File(beside(origin, path)));
    let family = table.text("family", LONGEST_NAME).map(FontSource::Family);
    if table.has("file") == table.has("family") {
        table.table_problem(format!("needs a file or a family, and not both; allowed is {FONT_FORMAT}"));
    }
    table.finish();
    file.or(family)
}

fn lanes(table: &mut Fields<'_>, into: &mut DrumMap) {
    if let Some(lanes) = table.words("order", &LaneId::ALL.map(|lane| (lane.id(), lane))) {
        let mut order = Vec::new();
        for (place, lane) in lanes {
            if lane == LaneId::Kick {
                table.item_problem("order", &place, "which goes over all lanes; take it out");
            } else if order.contains(&lane) {
                table.item_problem("order", &place, "twice; take one out");
            } else {
                order.push(lane);
            }
        }
        into.set_lane_order(&order);
    }
    for lane in LaneId::ALL {
        table.within(lane.id(), |table| {
            if let Some(name) = table.text("name", LONGEST_DRUM_NAME) {
                into.set_lane_name(lane, name);
            }
            if let Some(color) = table.opaque("color") {
                into.set_lane_color(lane, color.rgb());
            }
        });
    }
}

/// A key's drum. What the file does not say stays as it is.
fn drum(key: &str, mut table: Fields<'_>, into: &mut DrumMap) {
    let lane = table.word("lane", &LaneId::ALL.map(|lane| (lane.id(), lane)));
    let name = table.text("name", LONGEST_DRUM_NAME);
    let short_name = table.text("short-name", LONGEST_SHORT_NAME);
    let color = table.opaque("color").map(Color::rgb);
    let mark = table.word("mark", &Mark::ALL.map(|mark| (mark.id(), mark)));
    // "042" would be another way to write a key that the file may have already.
    let number = key.parse().ok().filter(|number: &u8| *number <= 127 && number.to_string() == key);
    match number {
        None => table.table_problem("is no MIDI key; allowed is 0 to 127".to_owned()),
        Some(number) if into.get(number).is_none() && !table.has("lane") => {
            let text = "is no drum yet, and needs a lane, as in lane = \"hi-hat\"";
            table.table_problem(text.to_owned());
        }
        Some(number) => {
            let unnamed = || DrumInfo {
                name: format!("Key {number}"),
                short_name: number.to_string(),
                lane: LaneId::Other,
                color: into.lane_color(LaneId::Other),
                mark: Mark::None,
            };
            let before = into.get(number).cloned().unwrap_or_else(unnamed);
            let drum = DrumInfo {
                name: name.unwrap_or(before.name),
                short_name: short_name.unwrap_or(before.short_name),
                lane: lane.unwrap_or(before.lane),
                color: color.unwrap_or(before.color),
                mark: mark.unwrap_or(before.mark),
            };
            match color {
                Some(_) => into.set_drum(number, drum),
                None => into.set_tinted_drum(number, drum),
            }
        }
    }
    table.finish();
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

/// A path that the file `origin` names.
fn beside(origin: &Path, path: PathBuf) -> PathBuf {
    origin.parent().map(|folder| folder.join(&path)).unwrap_or(path)
}

/// What a theme is called that does not say it.
fn name_of(origin: &Path) -> String {
    let stem = origin.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}
