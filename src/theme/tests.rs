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
fn the_default_is_the_theme_plain() {
    assert_eq!(Theme::builtin("plain"), Some(Theme::default()));
    assert_eq!(read(&Theme::default().to_toml()).unwrap(), Theme::default());
}

#[test]
fn a_printed_theme_is_read_as_the_same_theme_whatever_it_extends() {
    for theme in builtins() {
        for base in Theme::builtin_names() {
            let text = format!("extends = \"{base}\"\n{}", theme.to_toml());
            assert_eq!(read(&text).unwrap(), theme, "{} extends {base}", theme.name);
        }
    }
}

#[test]
fn built_in_themes_have_their_names_and_descriptions() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(name).unwrap();
        assert_eq!(theme.name, *name);
        assert!(!theme.description.is_empty());
    }
    assert_eq!((Theme::builtin("Neon"), Theme::builtin("")), (None, None));
}

#[test]
fn the_file_of_a_built_in_theme_holds_only_what_differs_from_plain() {
    for name in Theme::builtin_names().iter().filter(|name| **name != "plain") {
        let theme = Theme::builtin(name).unwrap();
        let file = builtin::file(name).unwrap();
        for left_out in file.lines().filter(|line| line.contains(" = ") && !line.starts_with("name = ")) {
            let rest: String =
                file.lines().filter(|line| *line != left_out).map(|line| format!("{line}\n")).collect();
            let other = Theme::parse(&rest, Path::new(name)).unwrap();
            assert_ne!(other, theme, "{name}: {left_out}");
        }
    }
    assert_eq!(builtin::file("plain"), None);
}

#[test]
fn every_key_of_a_printed_theme_has_a_comment() {
    for theme in builtins() {
        let text = theme.to_toml();
        let (fields, lanes) = text.split_once("[lanes]").unwrap();
        let mut before = "";
        for line in fields.lines() {
            assert!(line.chars().count() <= 120, "{line}");
            if line.starts_with('[') || line.contains(" = ") {
                assert!(line.contains("  # ") || before.starts_with("# "), "{line}");
            }
            before = line;
        }
        for key in ["lane", "name", "short-name", "mark", "shape", "color"] {
            assert!(lanes.contains(&format!("\n#   {key:<12}")), "{key}");
        }
    }
}

/// The keys of the format are found by asking for a wrong one in each table.
#[test]
fn a_printed_theme_has_every_key_of_the_format() {
    let text = Theme::default().to_toml();
    let tables = text.lines().filter(|line| line.starts_with('['));
    let mut keys = BTreeSet::new();
    for table in tables.chain(["", "[lanes.snare]", "[drums.38]"]) {
        let error = refused(&format!("{table}\nno-such-key = 1"));
        let list = error.split_once(" are ").map(|(_, list)| list.to_owned());
        keys.extend(list.iter().flat_map(|list| list.split(", ")).map(str::to_owned));
    }
    assert!(keys.len() > 60);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for key in &keys {
        let found = [format!(" {key} = "), format!("[{key}]"), format!(".{key}]")];
        assert!(found.iter().any(|found| words.contains(found)), "{key}");
    }
}

#[test]
fn a_printed_theme_has_the_files_and_colours_that_are_set() {
    let theme = read(
        r##"
        name = "a \"b\" \\ c"
        background.image = "wall.png"
        text.font.file = "a.ttf"
        lanes.order = ["other", "ride"]
        lanes.ride.name = "A name that has 32 characters #1"
        drums.38.color = "#010203"
        drums.7 = { lane = "other", mark = "ring" }
        "##,
    )
    .unwrap();
    let (image, font) = (Path::new("folder/wall.png"), Path::new("folder/a.ttf"));
    assert_eq!(theme.files(), [("background.image".to_owned(), image), ("text.font.file".to_owned(), font)]);
    // The paths start from "folder" already.
    assert_eq!(Theme::parse(&theme.to_toml(), Path::new("mine.toml")).unwrap(), theme);
    let family = read("text.font.family = \"Inter\"").unwrap();
    assert_eq!((read(&family.to_toml()).unwrap(), family.files()), (family.clone(), Vec::new()));
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
fn a_theme_without_a_name_has_that_of_its_file() {
    let path = PathBuf::from(format!("folder/{}\u{7}.toml", "é".repeat(100)));
    let theme = Theme::parse("", &path).unwrap();
    assert_eq!(theme.name, "é".repeat(64));
    check(Ok(theme));
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
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    std::fs::write(&path, "text.font = { file = \"/fonts/a.ttf\" }").unwrap();
    assert_eq!(Theme::open_with(&path, ThemeFiles::Anywhere).unwrap().text.font, file("/fonts/a.ttf"));
    assert!(Theme::open_with(&path, ThemeFiles::Beside).is_err());
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
fn errors_name_the_line_the_value_and_what_is_allowed() {
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
             corner-size, cymbals, height, width, outline, outline-width, shading, highlight, bevel, shadow, \
             shadow-tint, shadow-size, mark, mark-size, dimmest, kick-height, grace-scale, tail-width, tail-strength, ghost, accent",
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
            "folder/my.toml:1: text.font needs either a file or a family; allowed is { file = \"My \
             Font.ttf\" } or { family = \"My Font\" }",
        ),
        (
            "background.image = \"\"",
            "folder/my.toml:1: background.image is \"\"; allowed is the path of a file, as in \"wall.png\"",
        ),
        (
            "name = \"a\\nb\"",
            "folder/my.toml:1: name is \"a\\nb\"; allowed is a line of text, at most 64 characters",
        ),
        (
            "[drums.38]\nshort-name = \"SNARE\"",
            "folder/my.toml:2: drums.38.short-name is \"SNARE\"; allowed is a line of text, at most 4 characters",
        ),
        ("[drums.128]", "folder/my.toml:1: drums.128 is not a MIDI key; allowed is 0 to 127"),
        ("[drums.042]", "folder/my.toml:1: drums.042 is not a MIDI key; allowed is 0 to 127"),
        (
            "drums.22.name = \"x\"",
            "folder/my.toml:1: drums.22 is a new drum and needs a lane, as in lane = \"hi-hat\"",
        ),
        ("drums.38 = 1", "folder/my.toml:1: drums.38 is 1; allowed is a table, as in [drums.38]"),
        (
            "[lanes]\norder = [\n  \"ride\",\n  \"kick\",\n]",
            "folder/my.toml:4: lanes.order has \"kick\" which is a bar over all lanes; take it out",
        ),
        (
            "lanes.order = [\"ride\", \"ride\"]",
            "folder/my.toml:1: lanes.order has \"ride\" twice; take one out",
        ),
        (
            "lanes.order = 1",
            "folder/my.toml:1: lanes.order is 1; allowed is a list, as in [\"hi-hat\", \"snare\"]",
        ),
        (
            "extends = \"dark\"",
            "folder/my.toml:1: extends is \"dark\"; allowed is one of \"neon\", \"plain\", \"light\", \"contrast\", \
             \"retro\", \"arcade\", \"stage\"",
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
fn all_errors_are_listed_by_line_up_to_twenty() {
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
    assert!(error.ends_with("and 49980 more such errors"), "{error}");
    let long = refused(&format!("\"{}\" = 1", "é".repeat(100_000)));
    assert!(long.len() < 500, "{long}");
}

#[test]
fn files_that_are_not_themes_are_refused() {
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
    assert!(error(&vec![b'#'; (1 << 20) + 1]).contains("is larger than 1 MiB"));
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
        "there is no theme \"noen\" (did you mean neon?); the built-in themes are neon, plain, light, contrast, \
         retro, arcade, stage; for a file of your own give its path, as in ./noen.toml"
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

/// What must hold of whatever is read: printed, it is read as the same theme, so every value is one that is allowed.
fn check(result: Result<Theme, ThemeError>) {
    match result {
        Ok(theme) => assert_eq!(Theme::parse(&theme.to_toml(), Path::new("my.toml")).unwrap(), theme),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[test]
fn deep_nesting_is_read_or_refused() {
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
        let mut text: Vec<char> = Theme::builtin(name).unwrap().to_toml().chars().collect();
        for (place, removed, inserted) in edits {
            let from = place.index(text.len());
            let to = text.len().min(from + removed);
            text.splice(from..to, inserted.chars());
        }
        check(read(&text.into_iter().collect::<String>()));
    }
}
