use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::song::{DrumInfo, KeyCount, LaneId, Mark};
use crate::theme::Theme;

fn read(text: &str) -> Result<NamedDrumMap, DrumMapError> {
    NamedDrumMap::parse(text, Path::new("folder/my.toml"))
}

fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

/// As many notes on each of these keys.
fn evenly(keys: impl IntoIterator<Item = u8>) -> Vec<KeyCount> {
    keys.into_iter().map(|key| KeyCount { key, notes: 10 }).collect()
}

fn recognised(keys: &[KeyCount]) -> Option<String> {
    recognise(keys).map(|map| map.name)
}

#[test]
fn every_built_in_map_is_read_and_says_where_it_is_from() {
    for name in NamedDrumMap::builtin_names() {
        let map = NamedDrumMap::builtin(name).unwrap();
        assert_eq!(map.name, *name);
        assert!(!map.description.is_empty(), "{name}");
        let file = NamedDrumMap::builtin_file(name).unwrap();
        assert_eq!(read(&file).map_err(|error| error.to_string()), Ok(map.clone()), "{name}");
        if *name != "general-midi" {
            assert!(file.contains("# Source"), "{name} names no source");
        }
        let drum = |lane| map.listed_keys().any(|key| map.drums().lane(key) == lane);
        assert!([LaneId::Kick, LaneId::Snare, LaneId::HiHat].into_iter().all(drum), "{name}");
    }
}

#[test]
fn drums_of_one_lane_differ_in_their_name_or_mark() {
    for name in NamedDrumMap::builtin_names() {
        let map = NamedDrumMap::builtin(name).unwrap();
        let drums: Vec<&DrumInfo> = map.listed_keys().filter_map(|key| map.drums().get(key)).collect();
        for (place, drum) in drums.iter().enumerate() {
            for other in &drums[..place] {
                // A second key for the same drum has the same mark as the first.
                let same_name = drum.name == other.name;
                assert!(!same_name || (drum.lane, drum.mark) == (other.lane, other.mark), "{name}: {drum:?}");
            }
        }
    }
}

#[test]
fn a_roland_module_has_its_edges_in_the_lane_of_the_hi_hat() {
    let map = NamedDrumMap::builtin("roland-td").unwrap().over(&Theme::default().drum_map);
    let drum = |key| {
        let drum: &DrumInfo = map.get(key).unwrap();
        (drum.lane, drum.name.as_str(), drum.short_name.as_str(), drum.mark)
    };
    assert_eq!(drum(22), (LaneId::HiHat, "Hi-Hat Closed Edge", "HHE", Mark::Cross));
    assert_eq!(drum(24), (LaneId::HiHat, "Hi-Hat Half", "HHH", Mark::Dot));
    assert_eq!(drum(26), (LaneId::HiHat, "Hi-Hat Open Edge", "HOE", Mark::Ring));
    assert_eq!(
        [58, 55, 52, 59].map(|key| map.lane(key)),
        [LaneId::TomFloor, LaneId::CrashLeft, LaneId::CrashRight, LaneId::Ride]
    );
    // Edges have the tints of the open and the closed hi-hat.
    assert_eq!([map.color(22), map.color(26)], [map.color(42), map.color(46)]);
    assert_eq!(map.general_midi_key(26), Some(46));
    // What the module has no key for is as in General MIDI.
    assert_eq!(map.lane(60), LaneId::LatinDrums);
}

#[test]
fn a_map_lies_over_a_theme() {
    let theme = Theme::parse(
        r##"
        extends = "neon"
        [lanes]
        order = ["ride"]
        hi-hat = { name = "Hats", color = "#640000" }
        snare.name = "Caixa"
        [drums]
        38 = { color = "#010203" }
        "##,
        Path::new("theme.toml"),
    )
    .unwrap();
    let map = read(
        r##"
        extends = "none"
        [lanes]
        snare.name = "Wood"
        ride.color = "#00ff00"
        [drums]
        5 = { like = 46 }
        6 = { lane = "snare", color = "#abcdef" }
        7 = { like = 38, name = "Deep", short-name = "DP", mark = "ring" }
        "##,
    )
    .unwrap();
    let over = map.over(&theme.drum_map);
    // The drums are those of the map alone.
    assert_eq!((0..128).filter(|key| over.get(*key).is_some()).collect::<Vec<u8>>(), [5, 6, 7]);
    assert!(map.listed_keys().eq([5, 6, 7]));
    // The lanes are those of the theme, but for what the map says.
    assert_eq!(over.lane_order()[0], LaneId::Ride);
    assert_eq!([LaneId::HiHat, LaneId::Snare].map(|lane| over.lane_name(lane)), ["Hats", "Wood"]);
    assert_eq!(over.lane_color(LaneId::Ride), [0, 255, 0]);
    assert_eq!(over.lane_color(LaneId::Kick), theme.drum_map.lane_color(LaneId::Kick));
    // Colours follow the theme's lanes, as far as the map gives none.
    assert_eq!(over.color(5), theme.drum_map.color(46));
    assert_eq!(over.color(6), [0xAB, 0xCD, 0xEF]);
    assert_eq!((over.get(5).unwrap().name.as_str(), over.mark(5)), ("Open Hi-Hat", Mark::Ring));
    assert_eq!(
        (over.get(7).unwrap().name.as_str(), over.lane(7), over.mark(7)),
        ("Deep", LaneId::Snare, Mark::Ring)
    );
}

#[test]
fn a_map_extends_general_midi_another_one_or_none() {
    let [general, module, none] = ["", "extends = \"roland-td\"", "extends = \"none\""]
        .map(|extends| read(&format!("{extends}\n[drums]\n5 = {{ lane = \"ride\" }}\n42.name = \"Hat\"\n")));
    assert!(none.unwrap_err().to_string().contains("drums.42 is a new drum and needs a lane"));
    let (general, module) = (general.unwrap(), module.unwrap());
    assert_eq!((general.name.as_str(), general.description.as_str()), ("my", ""));
    assert!(general.listed_keys().eq([5, 42]));
    assert_eq!((general.drums().lane(38), general.drums().lane(22)), (LaneId::Snare, LaneId::Other));
    assert_eq!(general.drums().get(42).map(|drum| drum.name.as_str()), Some("Hat"));
    assert_eq!(module.drums().lane(22), LaneId::HiHat);
    assert!(module.lists(22) && module.lists(5) && !module.lists(60));
}

#[test]
fn errors_name_the_line_the_value_and_what_is_allowed() {
    for (text, expected) in [
        (
            "[drums]\n22 = { like = 5 }",
            "folder/my.toml:2: drums.22.like is 5; allowed is a whole number, 27 to 87",
        ),
        (
            "[drums]\n\n22.name = \"x\"",
            "folder/my.toml:3: drums.22 is a new drum and needs a lane, as in lane = \"hi-hat\"",
        ),
        ("[drums.128]\nlike = 42", "folder/my.toml:1: drums.128 is not a MIDI key; allowed is 0 to 127"),
        (
            "[drum]",
            "folder/my.toml:1: drum is unknown (did you mean drums?); keys of a drum map are extends, name, \
             description, lanes, drums",
        ),
        (
            "view = \"flat\"",
            "folder/my.toml:1: view is unknown; keys of a drum map are extends, name, description, lanes, drums",
        ),
        ("drums = 1", "folder/my.toml:1: drums is 1; allowed is a table for each key, as in [drums.42]"),
    ] {
        assert_eq!(refused(text), expected);
    }
    let extends = refused("extends = \"roland\"");
    assert!(
        extends.starts_with("folder/my.toml:1: extends is \"roland\"; allowed is one of \"none\", "),
        "{extends}"
    );
    let lane = refused("[drums]\n22 = { lane = \"hihat\" }");
    assert!(
        lane.starts_with("folder/my.toml:2: drums.22.lane is \"hihat\"")
            && lane.contains("did you mean hi-hat?")
    );
    assert!(refused("[drums]\n22 = = 3").starts_with("folder/my.toml:2: this is not TOML: "));
    assert!(refused(&"#".repeat((1 << 20) + 1)).contains("is larger than 1 MiB"));
}

#[test]
fn a_map_is_found_by_its_name_or_by_its_path() {
    assert_eq!(NamedDrumMap::find("roland-td").unwrap(), NamedDrumMap::builtin("roland-td").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine");
    std::fs::write(&path, "[drums]\n5 = { like = 42 }").unwrap();
    assert_eq!(NamedDrumMap::find(path.to_str().unwrap()).unwrap().name, "mine");
    let error = NamedDrumMap::find("roland-tb").unwrap_err().to_string();
    assert!(error.starts_with("there is no drum map \"roland-tb\" (did you mean roland-td?); "), "{error}");
    assert!(NamedDrumMap::find("none.toml").unwrap_err().to_string().contains("none.toml cannot be read"));
    assert!(NamedDrumMap::open(folder.path()).unwrap_err().to_string().contains("is a folder"));
    std::fs::write(&path, b"# a\n# \xFF\n").unwrap();
    let error = NamedDrumMap::open(&path).unwrap_err().to_string();
    assert!(error.contains("mine:2: this is not UTF-8"), "{error}");
}

#[test]
fn general_midi_stays_where_it_has_all_drums() {
    assert_eq!(recognised(&evenly(27..=87)), None);
    assert_eq!(recognised(&evenly([36, 38, 42, 46, 49, 51])), None);
    assert_eq!(recognised(&[]), None);
}

#[test]
fn songs_are_recognised_by_the_keys_that_general_midi_lacks() {
    for (keys, expected) in [
        (&[36, 38, 42, 22, 46, 26, 44, 49, 55, 51, 59, 53, 48, 45, 43, 58][..], "roland-td"),
        (&[36, 38, 40, 42, 23, 46, 21, 44, 49, 57, 51, 48, 45, 43, 41, 39], "alesis-nitro"),
        (&[36, 38, 8, 22, 50, 82, 47, 43, 49, 51], "alesis-crimson-2"),
        (&[36, 38, 22, 24, 25, 60, 62, 63, 47, 43, 55, 57], "ezdrummer-2"),
        (&[36, 38, 22, 24, 13, 14, 63, 48, 91, 98], "superior-drummer-3"),
        (&[36, 38, 8, 7, 71, 67, 77, 89, 91, 60], "addictive-drums-2"),
        (&[36, 38, 19, 22, 66, 67, 69, 55, 90, 93], "steven-slate-drums-5"),
    ] {
        assert_eq!(recognised(&evenly(keys.iter().copied())).as_deref(), Some(expected), "{keys:?}");
    }
}

#[test]
fn a_map_that_makes_the_kick_and_snare_something_else_is_left_out() {
    // EZdrummer has all of these keys and fewer in all, but a tom of Invasion for its only snare.
    let notes = [
        (24, 200),
        (26, 100),
        (33, 4),
        (36, 8),
        (43, 150),
        (44, 150),
        (45, 20),
        (52, 10),
        (54, 10),
        (62, 40),
    ];
    let keys = notes.map(|(key, notes)| KeyCount { key, notes });
    assert!(fitting(&keys).iter().any(|map| map.name == "ezdrummer-2"));
    assert_eq!(recognised(&keys).as_deref(), Some("ggd-invasion"));
}

#[test]
fn keys_that_do_not_tell_are_left_alone() {
    // A single foreign key with few notes may be anything.
    let mut keys = evenly([36, 38, 42, 46, 49, 51]);
    keys.insert(0, KeyCount { key: 26, notes: 5 });
    assert_eq!(recognised(&keys), None);
    assert!(fitting(&keys).iter().any(|map| map.name == "roland-td"));
    // With a tenth of the notes it tells.
    keys[0].notes = 7;
    assert_eq!(recognised(&keys).as_deref(), Some("roland-td"));
    // No map has these keys together.
    assert_eq!(recognised(&evenly([0, 1, 36, 38])), None);
    assert_eq!(fitting(&evenly([0, 1, 36, 38])).len(), 0);
}

/// What must hold of whatever is read.
fn check(result: Result<NamedDrumMap, DrumMapError>) {
    match result {
        Ok(map) => {
            let over = map.over(&Theme::default().drum_map);
            assert!(map.listed_keys().all(|key| over.get(key).is_some()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_map_is_read_or_refused(
        name in prop::sample::select(NamedDrumMap::builtin_names().to_vec()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, "[\\PC\\n]{0,3}|nan|-1|=|\\[|\""), 1..4),
    ) {
        let mut text: Vec<char> = NamedDrumMap::builtin_file(name).unwrap().chars().collect();
        for (place, removed, inserted) in edits {
            let from = place.index(text.len());
            let to = text.len().min(from + removed);
            text.splice(from..to, inserted.chars());
        }
        check(read(&text.into_iter().collect::<String>()));
    }

    #[test]
    fn what_is_recognised_has_all_keys(keys in prop::collection::btree_set(0..128_u8, 0..20)) {
        if let Some(map) = recognise(&evenly(keys.iter().copied())) {
            prop_assert!(keys.iter().all(|key| map.lists(*key)));
            prop_assert!(keys.iter().any(|key| DrumMap::general_midi().get(*key).is_none()));
        }
    }
}
