//! Tests of the reading of themes.

mod looks;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::song::{DrumInfo, LaneId, Mark};

fn read(text: &str) -> Result<Theme, ThemeError> {
    Theme::parse(text, Path::new("folder/my.toml"))
}

/// The error on reading `text`.
fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn builtins() -> Vec<Theme> {
    Theme::builtin_names().iter().map(|name| Theme::builtin(name).unwrap()).collect()
}

#[test]
fn the_default_is_the_file_of_plain() {
    let file = Theme::parse(builtin::source("plain").unwrap(), Path::new("x")).unwrap();
    assert_eq!(file, Theme::default());
    assert_eq!(Theme::builtin("plain"), Some(file));
}

#[test]
fn a_built_in_file_says_everything_and_needs_no_other_theme() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(name).unwrap();
        assert_eq!(theme.name, *name);
        assert!(!theme.description.is_empty());
        let source = builtin::source(name).unwrap();
        for base in Theme::builtin_names() {
            let text = format!("extends = \"{base}\"\n{source}");
            assert_eq!(read(&text).unwrap(), theme, "{name} extends {base}");
        }
    }
    assert_eq!((Theme::builtin("Neon"), builtin::source("")), (None, None));
}

/// The text without values: comments, tables and keys.
fn without_values(text: &str) -> Vec<String> {
    let line = |line: &str| match line.split_once(" = ") {
        Some((key, value)) if !line.starts_with('#') => {
            format!("{key} {}", value.split_once("  #").map_or("", |(_, comment)| comment.trim()))
        }
        _ => line.to_owned(),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_built_in_files_have_the_same_keys_and_comments() {
    let plain = without_values(builtin::source("plain").unwrap());
    for name in Theme::builtin_names() {
        let lines = without_values(builtin::source(name).unwrap());
        for (line, expected) in lines.iter().zip(&plain) {
            assert_eq!(line.replace(name, "plain"), expected.replace(name, "plain"), "{name}");
        }
        assert_eq!(lines.len(), plain.len(), "{name}");
    }
}

/// The keys of the format, found by asking for a wrong one in each table.
#[test]
fn the_built_in_files_have_every_key_of_the_format() {
    let tables = "background highway strike-line beats gems gems.ghost gems.accent effects text lanes \
                  lanes.snare drums.38";
    let source = builtin::source("neon").unwrap();
    let mut keys = BTreeSet::new();
    for table in tables.split(' ') {
        let error = refused(&format!("[{table}]\nno-such-key = 1"));
        let list = error.split_once(" are ").unwrap().1.to_owned();
        keys.extend(list.split(", ").map(str::to_owned));
    }
    assert!(keys.len() > 50);
    for key in &keys {
        let found = source.contains(&format!("{key} = ")) || source.contains(&format!(".{key}]"));
        assert!(found, "{key}");
    }
}

#[test]
fn a_theme_says_only_what_is_different() {
    let theme = read("extends = \"neon\"\n[gems]\nheight = 50\n[gems.ghost]\nbelow = 10\n").unwrap();
    let mut expected = Theme::builtin("neon").unwrap();
    assert_eq!(theme.name, "my");
    expected.name = "my".to_owned();
    expected.description.clear();
    expected.gems.height = 50.0;
    expected.gems.ghost.below = 10;
    assert_eq!(theme, expected);
    let empty = read("").unwrap();
    assert_eq!(empty.gems, Theme::default().gems);
}

#[test]
fn every_kind_of_value_is_read() {
    let theme = read(
        r##"
        name = "Mine"
        description = "Grün"
        view = "perspective"
        background = { top = "#102030", image = "pictures/wall.png", image-strength = 1 }
        gems.corners = "cut"
        gems.mark = "#11223344"
        gems.accent.from = 0x80
        text.font.family = "Inter"
        effects.duration = 5e-2
        "##,
    )
    .unwrap();
    assert_eq!((theme.name.as_str(), theme.description.as_str()), ("Mine", "Grün"));
    assert_eq!(theme.view, ViewKind::Perspective);
    assert_eq!(theme.background.top, Color::from_rgba(0x10_20_30_FF));
    assert_eq!(theme.background.image, Some(PathBuf::from("folder/pictures/wall.png")));
    assert_eq!(theme.background.image_strength, 1.0);
    assert_eq!(theme.gems.corners, Corners::Cut);
    assert_eq!(theme.gems.mark, Color::from_rgba(0x11_22_33_44));
    assert_eq!(theme.gems.accent.from, 128);
    assert_eq!(theme.text.font, Some(FontSource::Family("Inter".to_owned())));
    assert_eq!(theme.effects.duration, 0.05);

    let font = |text: &str| read(text).unwrap().text.font;
    let file = |path: &str| Some(FontSource::File(PathBuf::from(path)));
    assert_eq!(font("text.font = { file = \"a.ttf\" }"), file("folder/a.ttf"));
    assert_eq!(font("text.font = { file = \"/fonts/a.ttf\" }"), file("/fonts/a.ttf"));
}

#[test]
fn lanes_and_drums_are_those_of_the_file() {
    let theme = read(
        r##"
        [lanes]
        order = ["ride", "snare"]
        [lanes.hi-hat]
        name = "Hats"
        color = "#640000"
        [drums]
        46 = { color = "#010203", mark = "diamond" }
        22 = { lane = "hi-hat" }
        [drums.51]
        lane = "hi-hat"
        name = "Bow"
        short-name = "BÖW"
        "##,
    )
    .unwrap();
    let map = &theme.drum_map;
    assert_eq!(map.lane_order()[..3], [LaneId::Ride, LaneId::Snare, LaneId::CrashLeft]);
    assert_eq!(map.lane_name(LaneId::HiHat), "Hats");
    assert_eq!(map.lane_color(LaneId::HiHat), [0x64, 0, 0]);
    // The pedal's colour is 30 percent darker than the lane's.
    assert_eq!([42, 44, 46, 22].map(|key| map.color(key)[0]), [0x64, 0x46, 1, 0x64]);
    assert_eq!((map.mark(46), map.lane(46)), (Mark::Diamond, LaneId::HiHat));
    assert_eq!(map.get(46).map(|drum| drum.name.as_str()), Some("Open Hi-Hat"));
    let drum = |name: &str, short_name: &str| DrumInfo {
        name: name.to_owned(),
        short_name: short_name.to_owned(),
        lane: LaneId::HiHat,
        color: [0x64, 0, 0],
        mark: Mark::None,
    };
    assert_eq!(map.get(22), Some(&drum("Key 22", "22")));
    assert_eq!(map.get(51), Some(&drum("Bow", "BÖW")));
    assert_eq!(map.get(38), Theme::default().drum_map.get(38));
}

#[test]
fn tints_stand_out_from_a_background_that_was_made_light() {
    let light = "background = { top = \"#ffffff\", bottom = \"#ffffff\" }\nhighway.color = \"#f0f0f0\"\n";
    let lanes = "[lanes.hi-hat]\ncolor = \"#0a6496\"";
    assert_eq!(read(&format!("{light}{lanes}")).unwrap().drum_map.color(46), [0x05, 0x32, 0x4B]);
    assert_eq!(read(lanes).unwrap().drum_map.color(46), [0x84, 0xB1, 0xCA]);
}

#[test]
fn what_is_wrong_is_said_with_the_line_the_value_and_what_is_allowed() {
    for (text, expected) in [
        ("[gems]\n\ncorner-size = 3", "folder/my.toml:3: gems.corner-size is 3; allowed is 0 to 1"),
        ("gems.height = nan", "folder/my.toml:1: gems.height is nan; allowed is 4 to 120"),
        ("gems.height = -inf", "folder/my.toml:1: gems.height is -inf; allowed is 4 to 120"),
        ("effects.duration = 0", "folder/my.toml:1: effects.duration is 0; allowed is 0.05 to 1"),
        (
            "gems.ghost.below = 2.5",
            "folder/my.toml:1: gems.ghost.below is 2.5; allowed is a whole number, 0 to 127",
        ),
        (
            "gems.accent.from = 99999999999999999999",
            "folder/my.toml:1: gems.accent.from is 99999999999999999999; allowed is a whole number, 1 to 128",
        ),
        (
            "gems.mark = \"red\"",
            "folder/my.toml:1: gems.mark is \"red\"; allowed is a colour as \"#RRGGBB\" or \"#RRGGBBAA\"",
        ),
        (
            "lanes.ride.color = \"#11223344\"",
            "folder/my.toml:1: lanes.ride.color is \"#11223344\"; allowed is a colour as \"#RRGGBB\"",
        ),
        (
            "view = \"flatt\"",
            "folder/my.toml:1: view is \"flatt\"; allowed is one of \"flat\", \"perspective\" (did you mean flat?)",
        ),
        (
            "[gems]\ncornersize = 1\n",
            "folder/my.toml:2: gems.cornersize is unknown (did you mean corner-size?); keys of gems are corners, \
             corner-size, height, width, outline, outline-width, shading, highlight, mark, mark-size, dimmest, \
             kick-height, ghost, accent",
        ),
        ("[[gems]]", "folder/my.toml:1: gems is a list; allowed is a table, as in [gems]"),
        ("gems = [{}]", "folder/my.toml:1: gems is a list; allowed is a table, as in [gems]"),
        ("gems.height = {}", "folder/my.toml:1: gems.height is a table; allowed is 4 to 120"),
        (
            "text.font = \"Inter\"",
            "folder/my.toml:1: text.font is \"Inter\"; allowed is { file = \"My Font.ttf\" } or { family = \"My \
             Font\" }",
        ),
        (
            "text.font = {}",
            "folder/my.toml:1: text.font needs a file or a family, and not both; allowed is { file = \"My \
             Font.ttf\" } or { family = \"My Font\" }",
        ),
        (
            "background.image = \"\"",
            "folder/my.toml:1: background.image is \"\"; allowed is the path of a file, in quotes",
        ),
        (
            "name = \"a\\nb\"",
            "folder/my.toml:1: name is \"a\\nb\"; allowed is a line of text, at most 64 characters",
        ),
        (
            "[drums.38]\nshort-name = \"SNARE\"",
            "folder/my.toml:2: drums.38.short-name is \"SNARE\"; allowed is a line of text, at most 4 characters",
        ),
        ("[drums.128]", "folder/my.toml:1: drums.128 is no MIDI key; allowed is 0 to 127"),
        ("[drums.042]", "folder/my.toml:1: drums.042 is no MIDI key; allowed is 0 to 127"),
        (
            "drums.22.name = \"x\"",
            "folder/my.toml:1: drums.22 is no drum yet, and needs a lane, as in lane = \"hi-hat\"",
        ),
        ("drums.38 = 1", "folder/my.toml:1: drums.38 is 1; allowed is a table, as in [drums.38]"),
        (
            "[lanes]\norder = [\n  \"ride\",\n  \"kick\",\n]",
            "folder/my.toml:4: lanes.order has \"kick\" which goes over all lanes; take it out",
        ),
        (
            "lanes.order = [\"ride\", \"ride\"]",
            "folder/my.toml:1: lanes.order has \"ride\" twice; take one out",
        ),
        (
            "lanes.order = 1",
            "folder/my.toml:1: lanes.order is 1; allowed is a list, as in [\"kick\", \"crash-left\"]",
        ),
        (
            "extends = \"dark\"",
            "folder/my.toml:1: extends is \"dark\"; allowed is one of \"neon\", \"plain\", \"light\", \"contrast\", \
             \"retro\"",
        ),
    ] {
        assert_eq!(refused(text), expected);
    }
    let hats = refused("[lanes.hihat]\nname = \"x\"");
    assert!(hats.starts_with("folder/my.toml:1: lanes.hihat is unknown (did you mean hi-hat?)"), "{hats}");
    let syntax = refused("[gems]\nheight = = 3");
    assert!(syntax.starts_with("folder/my.toml:2: this is not TOML: "), "{syntax}");
    let twice = refused("[gems]\nheight = 30\nheight = 30");
    assert!(twice.starts_with("folder/my.toml:3: this is not TOML: duplicate key"), "{twice}");
}

#[test]
fn all_faults_are_told_in_order_but_no_more_than_anyone_reads() {
    let error = refused("lanes.ride.color = 1\n[gems]\nheight = 1\nwidth = 2\n[background]\ntop = 3");
    let lines: Vec<_> =
        error.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "folder/my.toml:1: lanes.ride.color",
            "folder/my.toml:3: gems.height",
            "folder/my.toml:4: gems.width",
            "folder/my.toml:6: background.top"
        ]
    );
    let many: String = (0..50_000).map(|index| format!("a{index} = 1\n")).collect();
    let error = refused(&many);
    assert_eq!(error.lines().count(), 21);
    assert!(error.ends_with("and 49980 more such faults"), "{error}");
    let long = refused(&format!("\"{}\" = 1", "é".repeat(100_000)));
    assert!(long.len() < 500, "{long}");
}

#[test]
fn files_that_are_no_themes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    let error = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = Theme::open(&path).unwrap_err().to_string();
        assert!(error.contains("my.toml"), "{error}");
        error
    };
    let line_of = |error: &str| error.contains("my.toml:2: this is not UTF-8; save the file as UTF-8");
    assert!(line_of(&error(b"# a\n# \xFF\n")));
    assert!(error(&vec![b'#'; (1 << 20) + 1]).contains("over 1 MiB"));
    std::fs::write(&path, vec![b'#'; 1 << 20]).unwrap();
    assert!(Theme::open(&path).is_ok());
    assert!(Theme::parse(&"#".repeat((1 << 20) + 1), &path).is_err());
    std::fs::write(&path, "\u{FEFF}[gems]\r\nheight = 50\r\n[background]\r\nimage = \"a.png\"").unwrap();
    let theme = Theme::open(&path).unwrap();
    assert_eq!((theme.gems.height, theme.background.image), (50.0, Some(folder.path().join("a.png"))));

    let error = Theme::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is a folder"), "{error}");
    let error = Theme::open(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(error.contains("none.toml cannot be read"), "{error}");
}

#[test]
fn a_theme_is_found_by_its_name_or_by_its_path() {
    assert_eq!(Theme::find("retro").unwrap(), Theme::builtin("retro").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine");
    std::fs::write(&path, "view = \"perspective\"").unwrap();
    assert_eq!(Theme::find(path.to_str().unwrap()).unwrap().name, "mine");
    assert_eq!(
        Theme::find("noen").unwrap_err().to_string(),
        "there is no theme \"noen\" (did you mean neon?); built in are neon, plain, light, contrast, retro; a \
         file of your own is given by its path, as in ./noen.toml"
    );
    assert!(Theme::find("none.toml").unwrap_err().to_string().contains("none.toml cannot be read"));
    assert!(Theme::find("").is_err());
}

#[test]
fn plain_draws_no_effects() {
    let Theme { effects, gems, background, .. } = Theme::default();
    assert_eq!([effects.flash, effects.glow, effects.line_glow, effects.rings, gems.highlight], [0.0; 5]);
    assert_eq!(background.top, background.bottom);
}

#[test]
fn the_file_of_drums_is_the_drum_map() {
    let drums = include_str!("builtin/drums.toml");
    // What the file says of a key must be all there is to it: read over keys that are something else.
    for key in 27..=87_u8 {
        let line = drums.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        let keys = ["lane", "name", "short-name", "mark"];
        assert!(keys.iter().all(|key| line.contains(&format!("{key} = "))), "{line}");
    }
    assert_eq!(read(drums).unwrap().drum_map, DrumMap::general_midi());
}

/// Every number of a theme.
fn numbers(theme: &Theme) -> Vec<f32> {
    let Theme { background, highway, strike_line, beats, gems, effects, text, .. } = theme;
    vec![
        background.image_strength,
        highway.lane_tint,
        highway.separator_width,
        highway.border_width,
        strike_line.position,
        strike_line.width,
        strike_line.receptor_fill,
        strike_line.receptor_outline,
        strike_line.receptor_outline_width,
        beats.bar_width,
        beats.beat_width,
        gems.corner_size,
        gems.height,
        gems.width,
        gems.outline_width,
        gems.shading,
        gems.highlight,
        gems.mark_size,
        gems.dimmest,
        gems.kick_height,
        gems.ghost.scale,
        gems.ghost.fill,
        gems.accent.scale,
        gems.accent.outline_width,
        effects.flash,
        effects.glow,
        effects.glow_reach,
        effects.line_glow,
        effects.rings,
        effects.ring_size,
        effects.ring_width,
        effects.duration,
        text.scale,
    ]
}

/// What must hold of whatever is read.
fn check(result: Result<Theme, ThemeError>) {
    match result {
        Ok(theme) => assert!(numbers(&theme).iter().all(|number| (0.0..=300.0).contains(number))),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[test]
fn deep_nesting_is_no_trouble() {
    let dotted = ["a"; 79].join(".");
    let nested = format!("{dotted} = {}1{}", format!("{{ {dotted} = ").repeat(78), "}".repeat(78));
    check(read(&nested));
    check(read(&format!("gems.height = {}{}", "[".repeat(100_000), "]".repeat(100_000))));
    check(read(&format!("gems = {}", "{a=".repeat(100_000))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(read(&text));
    }

    #[test]
    fn any_lines_of_toml_are_read_or_refused(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec!["", "gems.", "effects.", "lanes.", "lanes.ride.", "drums.", "drums.5.", "text."]),
                prop::sample::select(vec![
                    "view", "height", "glow", "order", "color", "42", "\"\"", "font", "lane", "name", "font.file",
                ]),
                prop::sample::select(vec![
                    "1", "-0.0", "1e999", "nan", "\"\"", "\"#123456\"", "[\"ride\"]", "[[1], {}]", "{}",
                    "1979-05-27", "true", "\"ride\"", "'''\na\n'''", "{ lane = \"ride\" }", "0xFF",
                ]),
            ),
            0..12,
        )
    ) {
        check(read(&lines.iter().map(|(table, key, value)| format!("{table}{key} = {value}\n")).collect::<String>()));
    }

    #[test]
    fn a_damaged_theme_is_read_or_refused(
        name in prop::sample::select(Theme::builtin_names().to_vec()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, "[\\PC\\n]{0,3}|nan|-1|=|\\[|\""), 1..4),
    ) {
        let mut text: Vec<char> = builtin::source(name).unwrap_or_default().chars().collect();
        for (place, removed, inserted) in edits {
            let from = place.index(text.len());
            let to = text.len().min(from + removed);
            text.splice(from..to, inserted.chars());
        }
        check(read(&text.into_iter().collect::<String>()));
    }
}
