use proptest::prelude::*;

use super::*;
use crate::cli::tuning::SizeClass;
use wgpu_video::stream::WorkSplit;

fn key(adapter: &str, size: SizeClass) -> Key {
    Key { adapter: adapter.to_owned(), driver: "some driver 1.0".to_owned(), size }
}

fn tuned(ring_depth: usize, jobs: usize, segments_in_flight: usize) -> Tuned {
    let split = WorkSplit { ring_depth, jobs, segments_in_flight, devices: Some(2) };
    Tuned { split, frames_per_second: Some(141.5), encoder: Some("openh264".to_owned()) }
}

/// A file in a folder that is not there yet.
fn new_file() -> (tempfile::TempDir, SettingsFile) {
    let folder = tempfile::tempdir().unwrap();
    let file = SettingsFile::at(folder.path().join("config/strikeline/tuned.toml"));
    (folder, file)
}

/// A file of `text`.
fn file_of(text: &[u8]) -> (tempfile::TempDir, SettingsFile) {
    let (folder, file) = new_file();
    fs::create_dir_all(file.folder()).unwrap();
    fs::write(file.path(), text).unwrap();
    (folder, file)
}

fn any_key() -> impl Strategy<Value = Key> {
    // Names are whatever a driver says: quotes, backslashes, control characters, other scripts, nothing at all.
    let odd = prop::sample::select(vec![
        "",
        "\"",
        "\\",
        "'''",
        "\"\"\"",
        "\n[[tuned]]\n",
        "\r\n",
        "\0\u{7F}\t",
        "#",
        "Ünïcode™ 显卡 🎮",
    ]);
    let name = prop_oneof![any::<String>(), odd.prop_map(str::to_owned)];
    let size = prop::sample::select(SizeClass::ALL.to_vec());
    (name.clone(), name, size).prop_map(|(adapter, driver, size)| Key { adapter, driver, size })
}

fn any_tuned() -> impl Strategy<Value = Tuned> {
    let setting = 1..=crate::cli::tuning::MOST;
    let rate = prop::option::of((0..100_000_u32).prop_map(|tenths| f64::from(tenths) / 10.0));
    let devices = prop::option::of(setting.clone());
    let split = (setting.clone(), setting.clone(), setting, devices);
    (split, rate, any::<Option<String>>()).prop_map(
        |((ring_depth, jobs, segments_in_flight, devices), frames_per_second, encoder)| Tuned {
            split: WorkSplit { ring_depth, jobs, segments_in_flight, devices },
            frames_per_second,
            encoder,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_stored_is_read_back_and_the_rest_stays(
        entries in prop::collection::vec((any_key(), any_tuned()), 1..6),
    ) {
        let before = "# mine\ntheme = \"neon\"\n[other]\nx = 1 # kept";
        let mut text = before.to_owned();
        let path = Path::new("tuned.toml");
        let mut expected: Vec<(Key, Tuned)> = Vec::new();
        for (key, tuned) in entries {
            text = document::with_entry(&text, path, &key, &tuned).unwrap();
            match expected.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.split = tuned.split,
                None => expected.push((key, tuned)),
            }
            prop_assert!(text.starts_with(before));
            let settings = document::parse(&text, path).unwrap();
            prop_assert_eq!(settings.entries.len(), expected.len());
            for (key, tuned) in &expected {
                prop_assert_eq!(settings.get(key).map(|found| found.split), Some(tuned.split));
            }
        }
    }

    #[test]
    fn no_text_makes_reading_fail_otherwise_than_with_an_error(text in any::<String>()) {
        let _ = document::parse(&text, Path::new("tuned.toml"));
        let _ = document::parse(&format!("[[tuned]]\n{text}"), Path::new("tuned.toml"));
    }
}

#[test]
fn an_entry_is_read_back_with_what_it_says_beside_the_settings() {
    let (_folder, file) = new_file();
    assert_eq!(file.read().unwrap(), Settings::default());
    let (key, tuned) = (key("A \"quoted\" adapter", SizeClass::P1080), tuned(6, 3, 4));
    file.store(&key, &tuned).unwrap();
    assert_eq!(file.read().unwrap().entries, [Entry { key, tuned }]);
    let text = fs::read_to_string(file.path()).unwrap();
    assert!(text.starts_with("# What `strikeline tune` found"), "{text}");
}

#[test]
fn tuning_again_changes_the_values_and_leaves_comments_and_order() {
    let text = "# mine\n[[tuned]] # the fast one\nring = 9 # too deep?\nadapter = \"A\"\r\ndriver = 'some driver 1.0'\n\
                size = \"1080p\"\nsegments=3\njobs = 0x3\nframes-per-second = 99\nnote = \"kept\"\n\n[other]\n";
    let (_folder, file) = file_of(text.as_bytes());
    file.store(&key("A", SizeClass::P1080), &tuned(5, 10, 4)).unwrap();
    let expected = text
        .replace("ring = 9", "ring = 5")
        .replace("0x3", "10")
        .replace("segments=3", "segments=4\ndevices = 2")
        .replace("second = 99", "second = 141.5");
    assert_eq!(fs::read_to_string(file.path()).unwrap(), expected);
}

#[test]
fn an_entry_is_for_its_adapter_driver_and_size_only() {
    let (_folder, file) = new_file();
    file.store(&key("A", SizeClass::P1080), &tuned(6, 3, 3)).unwrap();
    let settings = file.read().unwrap();
    assert!(settings.get(&key("A", SizeClass::P1080)).is_some());
    assert!(settings.get(&key("B", SizeClass::P1080)).is_none());
    assert!(settings.get(&key("A", SizeClass::P720)).is_none());
    let updated = Key { driver: "some driver 1.1".to_owned(), ..key("A", SizeClass::P1080) };
    assert!(settings.get(&updated).is_none());
}

#[test]
fn a_damaged_file_is_an_error_that_names_file_and_line_and_it_is_left_alone() {
    let entry =
        "[[tuned]]\nadapter = \"A\"\ndriver = \"D\"\nsize = \"1080p\"\nring = 6\njobs = 3\nsegments = 3\n";
    assert!(document::parse(entry, Path::new("")).is_ok());
    let twice = format!("{entry}{entry}");
    for (text, line, expected) in [
        ("ring = = 3\n".to_owned(), 1, "TOML"),
        (entry.replace("ring = 6", "ring = 0"), 5, "from 1 to 256"),
        (entry.replace("jobs = 3", "jobs = 257"), 6, "from 1 to 256"),
        (entry.replace("jobs = 3", "jobs = -1"), 6, "jobs"),
        (entry.replace("jobs = 3", "jobs = 99999999999999999999999"), 6, "jobs"),
        (entry.replace("segments = 3", "segments = \"3\""), 7, "segments"),
        (entry.replace("1080p", "huge"), 4, "1440p"),
        (entry.replace("\"A\"", "7"), 2, "adapter"),
        (entry.replace("driver = \"D\"\n", ""), 1, "driver"),
        (format!("{entry}frames-per-second = nan\n"), 8, "frames-per-second"),
        (twice, 8, "line 1"),
        ("\ntuned = 3\n".to_owned(), 2, "[[tuned]]"),
        ("tuned = [1]\n".to_owned(), 1, "[[tuned]]"),
    ] {
        let (_folder, file) = file_of(text.as_bytes());
        for error in [
            file.read().unwrap_err(),
            file.check().unwrap_err(),
            file.store(&key("B", SizeClass::P720), &tuned(1, 1, 1)).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(
                error.contains(&format!("tuned.toml:{line}: ")) && error.contains(expected),
                "{text}: {error}"
            );
        }
        assert_eq!(fs::read_to_string(file.path()).unwrap(), text);
    }
    let (_folder, file) = file_of(b"\xFF\xFE");
    assert!(matches!(file.read(), Err(TuningError::NotUtf8 { .. })));
    let (_folder, file) = file_of(&vec![b'\n'; MOST_BYTES as usize + 1]);
    assert!(matches!(file.read(), Err(TuningError::TooLarge { .. })));
}

#[test]
fn a_list_on_one_line_is_changed_in_place_and_not_added_to() {
    let text = "tuned = [{ adapter = \"A\", driver = \"some driver 1.0\", size = \"720p\", ring = 2, jobs = 2, segments = 2 }]\n";
    let (_folder, file) = file_of(text.as_bytes());
    file.store(&key("A", SizeClass::P720), &tuned(12, 3, 4)).unwrap();
    assert_eq!(file.read().unwrap().get(&key("A", SizeClass::P720)).unwrap().split, tuned(12, 3, 4).split);
    let error = file.store(&key("B", SizeClass::P720), &tuned(1, 1, 1)).unwrap_err().to_string();
    assert!(error.contains("tuned.toml:1") && error.contains("[[tuned]]"), "{error}");
}

#[test]
fn programs_that_store_at_the_same_time_lose_nothing_and_readers_never_see_half_a_file() {
    let (_folder, file) = new_file();
    let name = |writer: usize| format!("adapter {writer}");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                file.read().unwrap();
            }
        });
        let write = |writer: usize| {
            let file = &file;
            scope.spawn(move || {
                for (round, size) in SizeClass::ALL.into_iter().enumerate() {
                    file.store(&key(&name(writer), size), &tuned(round + 1, writer + 1, 1)).unwrap();
                }
            })
        };
        let writers: Vec<_> = (0..4).map(write).collect();
        let results: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
        assert!(results.iter().all(Result::is_ok));
    });
    let settings = file.read().unwrap();
    assert_eq!(settings.entries.len(), 4 * SizeClass::ALL.len());
    for writer in 0..4 {
        for (round, size) in SizeClass::ALL.into_iter().enumerate() {
            let found = settings.get(&key(&name(writer), size)).unwrap();
            assert_eq!(found.split, tuned(round + 1, writer + 1, 1).split);
        }
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named_before_and_after_measuring() {
    let folder = tempfile::tempdir().unwrap();
    let store = |path: &str| {
        let file = SettingsFile::at(folder.path().join(path));
        let error = file.store(&key("A", SizeClass::P720), &tuned(1, 1, 1)).unwrap_err().to_string();
        (file, error)
    };
    // Not even root can make a folder below a file.
    fs::write(folder.path().join("file"), "").unwrap();
    let (file, error) = store("file/strikeline/tuned.toml");
    assert!(error.contains("file"), "{error}");
    assert!(file.check().is_err());

    fs::create_dir_all(folder.path().join("taken/tuned.toml")).unwrap();
    let (file, error) = store("taken/tuned.toml");
    assert!(error.contains("tuned.toml") && error.contains("not a file"), "{error}");
    assert!(file.check().is_err());
}

#[test]
#[cfg(unix)]
fn permissions_that_are_missing_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = file_of(b"");
    let closed = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    closed(file.folder(), 0o500);
    let may_do_anything = fs::write(file.folder().join("probe"), "").is_ok();
    if !may_do_anything {
        let error = file.store(&key("A", SizeClass::P720), &tuned(1, 1, 1)).unwrap_err().to_string();
        assert!(error.contains("not allowed") && error.contains("strikeline"), "{error}");
        assert!(file.check().is_err());
        closed(file.path(), 0o000);
        let error = file.read().unwrap_err().to_string();
        assert!(error.contains("tuned.toml") && error.contains("ermission"), "{error}");
    }
    closed(file.folder(), 0o700);
    drop(folder);
}

#[test]
fn checking_leaves_nothing_behind() {
    let (folder, file) = new_file();
    file.check().unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
