//! Charts of rhythm games, read through the library. The right values are worked out by hand from the public documentation of
//! the formats (see `docs/charts.md`); the files in `tests/songs/charts` were written by other programs than the reader's.

use std::path::{Path, PathBuf};

use strikeline::song::{
    ChartFormat, ChartKit, Difficulty, DrumSelection, Marker, Note, Phrase, PhraseKind, Song, SongError,
    SongOptions, StemKind, Stroke,
};
use strikeline_picture::Time;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/songs/charts").join(name)
}

fn at(difficulty: Difficulty) -> SongOptions {
    SongOptions { difficulty, ..SongOptions::default() }
}

fn open(name: &str) -> Song {
    Song::open(&path(name), &SongOptions::default()).unwrap()
}

/// A chart in text, with this content of `[ExpertDrums]`, at 192 ticks per quarter note and 120 beats per minute.
fn expert(events: &str) -> String {
    format!(
        "[Song]\n{{\n  Resolution = 192\n}}\n[SyncTrack]\n{{\n  0 = B 120000\n}}\n[ExpertDrums]\n{{\n{events}\n}}\n"
    )
}

fn read(chart: &str) -> Song {
    Song::read(chart.as_bytes(), &SongOptions::default()).unwrap()
}

/// Time in milliseconds, key and velocity of each note.
fn notes(song: &Song) -> Vec<(f64, u8, u8)> {
    song.notes().iter().map(|note| (note.time.as_seconds() * 1e3, note.key, note.velocity)).collect()
}

fn keys(song: &Song) -> Vec<u8> {
    song.notes().iter().map(|note| note.key).collect()
}

fn warnings(song: &Song) -> Vec<String> {
    song.warnings().iter().map(ToString::to_string).collect()
}

fn seconds(time: Time) -> f64 {
    time.as_seconds()
}

/// Time, key, velocity and stroke of a note.
type Struck = (Time, u8, u8, Stroke);

/// What both formats of a song must agree on.
fn content(song: &Song) -> (Vec<Struck>, Vec<Phrase>, Vec<Marker>) {
    let note = |note: &Note| (note.time, note.key, note.velocity, note.technique.stroke);
    (song.notes().iter().map(note).collect(), song.phrases().to_vec(), song.markers().to_vec())
}

#[test]
fn the_expert_part_of_a_chart_is_read_and_not_the_other_difficulties() {
    let song = open("rockband_part_drums_four_difficulties.mid");
    let chart = song.chart().unwrap();
    assert_eq!(song.notes().len(), 17);
    assert_eq!(
        chart.difficulties,
        [(Difficulty::Easy, 8), (Difficulty::Medium, 8), (Difficulty::Hard, 8), (Difficulty::Expert, 17)]
    );
    assert_eq!((chart.format, chart.kit), (ChartFormat::Midi, ChartKit::FourLanePro));
    // Kick and hi-hat, snare and hi-hat in turn; the fifth chord has both kicks; the seventh's yellow is a tom.
    let even = [[36, 42], [38, 42]];
    let mut expected: Vec<u8> = even.iter().cycle().take(8).flatten().copied().collect();
    expected.insert(8, 35);
    expected[13..17].copy_from_slice(&[36, 48, 38, 48]);
    assert_eq!(keys(&song), expected);
    let chords: Vec<f64> = song.notes().iter().map(|note| seconds(note.time)).collect();
    assert_eq!((chords[0], chords[2], chords[16]), (0.0, 0.5, 3.5));
    let names: Vec<_> =
        song.markers().iter().map(|marker| (seconds(marker.time), marker.text.as_str())).collect();
    assert_eq!(names, [(0.0, "Intro"), (2.0, "Verse 1")]);
    assert_eq!(
        song.phrases(),
        [Phrase { start: Time::ZERO, end: Time::from_seconds(2.0), kind: PhraseKind::StarPower }]
    );
    assert_eq!(warnings(&song), [""; 0]);
}

#[test]
fn a_chart_with_expert_only_has_its_tom_its_second_kick_and_its_sections() {
    let song = open("rockband_part_drums_expert_only.mid");
    // 96 98+110 | 97 | 98 | 99 | 100 | 95: the tom marker holds from 0 to before 480.
    assert_eq!(
        notes(&song).iter().map(|(time, key, _)| (*time, *key)).collect::<Vec<_>>(),
        [(0.0, 36), (0.0, 48), (250.0, 38), (500.0, 42), (750.0, 51), (1_000.0, 49), (1_250.0, 35)]
    );
    assert_eq!(song.markers()[0].text, "verse 1");
    assert_eq!(song.markers()[1].text, "Chorus 1");
    assert_eq!(song.chart().unwrap().difficulties, [(Difficulty::Expert, 7)]);
}

#[test]
fn a_guitar_on_the_same_channel_is_not_taken_for_drums() {
    let song = open("rockband_part_drums_and_guitar_same_channel.mid");
    assert_eq!(keys(&song), [38, 42]);
    assert_eq!(song.chart().unwrap().kit, ChartKit::FourLane);
    // What was chosen by channel is read as it stands.
    let options =
        SongOptions { drums: DrumSelection::Channels("1".parse().unwrap()), ..SongOptions::default() };
    let plain = Song::open(&path("rockband_part_drums_and_guitar_same_channel.mid"), &options).unwrap();
    assert!(plain.chart().is_none());
    assert_eq!(keys(&plain), [97, 96, 98, 98]);
}

#[test]
fn one_song_in_both_formats_has_the_same_notes_phrases_and_sections() {
    for difficulty in [Difficulty::Expert, Difficulty::Hard, Difficulty::Easy] {
        let [midi, text, packed] = ["twin-mid", "twin-chart", "twin.sng"]
            .map(|name| Song::open(&path(name), &at(difficulty)).unwrap());
        assert_eq!(content(&midi), content(&text), "{difficulty}");
        assert_eq!(text.notes(), packed.notes());
        assert_eq!(midi.meter_changes(), text.meter_changes());
        assert_eq!(midi.tempo_changes(), text.tempo_changes());
        assert_eq!(midi.beats(), text.beats());
        assert_eq!(midi.end(), text.end());
        for song in [&midi, &text, &packed] {
            assert_eq!((song.title(), song.artist()), (Some("Twin Song"), Some("The Twins")));
            let chart = song.chart().unwrap();
            assert_eq!(chart.charter.as_deref(), Some("somebody"));
            assert_eq!((chart.album.as_deref(), chart.year.as_deref()), (Some("One Album"), Some("2024")));
            assert_eq!(chart.difficulty, difficulty);
            let gems = [(Difficulty::Easy, 3), (Difficulty::Hard, 9), (Difficulty::Expert, 30)];
            assert_eq!(chart.difficulties, gems);
            // The notes are 250 ms later than in the recording, so the recording begins before the song.
            assert_eq!(chart.audio_offset(), Time::from_seconds(-0.25));
            assert_eq!(warnings(song), [""; 0]);
        }
    }
}

#[test]
fn every_gem_becomes_the_drum_that_is_struck() {
    let song = open("twin-chart");
    // Ticks: 480 to the quarter note; 120 beats per minute up to 1920, then 100.
    let expected = [
        (0, 36, 96),
        (0, 42, 96),
        (240, 42, 96),
        (480, 38, 127),
        (480, 42, 96),
        (720, 36, 96),
        (840, 35, 96),
        (960, 45, 96),
        (1080, 51, 96),
        (1200, 43, 96),
        (1320, 49, 127),
        (1440, 48, 96),
        (1680, 38, 32),
        (1740, 48, 32),
        // Red and yellow are exchanged here.
        (1920, 42, 96),
        (2160, 36, 96),
        (2160, 38, 96),
        (2400, 38, 96),
        (2520, 42, 96),
    ];
    let time = |tick: i64| match tick - 1_920 {
        late @ 0.. => 2_000.0 + late as f64 * 600.0 / 480.0,
        _ => tick as f64 * 500.0 / 480.0,
    };
    let found = notes(&song);
    for ((tick, key, velocity), found) in expected.into_iter().zip(&found) {
        assert!((found.0 - time(tick)).abs() < 1e-5, "{tick}: {found:?}");
        assert_eq!((found.1, found.2), (key, velocity), "{tick}");
    }
    assert_eq!(found.len(), 30);
    let phrases: Vec<_> = song
        .phrases()
        .iter()
        .map(|phrase| (seconds(phrase.start), seconds(phrase.end), phrase.kind))
        .collect();
    // The note at the end of the solo belongs to it.
    assert_eq!(
        phrases,
        [(0.0, 1.0, PhraseKind::StarPower), (2.0, 2.60125, PhraseKind::Solo), (3.2, 3.8, PhraseKind::Roll)]
    );
    let sections: Vec<_> =
        song.markers().iter().map(|marker| (seconds(marker.time), marker.text.as_str())).collect();
    assert_eq!(sections, [(0.0, "Intro"), (2.0, "big rock ending")]);
    let meters: Vec<_> =
        song.meter_changes().iter().map(|meter| (meter.numerator, meter.denominator)).collect();
    assert_eq!(meters, [(4, 4), (7, 8)]);
}

#[test]
fn flams_and_rolls_of_a_midi_chart_are_those_of_its_markers() {
    let song = open("flams_and_rolls.mid");
    let strokes: Vec<_> = song.notes().iter().map(|note| (note.key, note.technique.stroke)).collect();
    // A kick is no flam. Without [ENABLE_CHART_DYNAMICS] a velocity of 127 means nothing.
    assert_eq!(
        strokes,
        [
            (36, Stroke::Single),
            (38, Stroke::Flam),
            (38, Stroke::Single),
            (51, Stroke::Flam),
            (38, Stroke::Single)
        ]
    );
    assert!(song.notes().iter().all(|note| note.velocity == 96));
    let rolls = |difficulty| {
        let song = Song::open(&path("flams_and_rolls.mid"), &at(difficulty)).unwrap();
        song.phrases().iter().map(|phrase| seconds(phrase.start)).collect::<Vec<_>>()
    };
    assert_eq!(rolls(Difficulty::Expert), [0.5, 1.0]);
    assert_eq!(rolls(Difficulty::Hard), [0.5]);
}

#[test]
fn five_lanes_are_five_drums() {
    for name in ["five_lane.mid", "five_lane.chart"] {
        let song = open(name);
        assert_eq!(song.chart().unwrap().kit, ChartKit::FiveLane, "{name}");
        assert_eq!(keys(&song), [36, 38, 42, 45, 57, 43, 43, 57], "{name}");
    }
}

#[test]
fn a_pad_of_which_nothing_says_what_it_is_is_the_cymbal_of_a_kit() {
    let song = open("plain_four_lane.chart");
    assert_eq!(song.chart().unwrap().kit, ChartKit::FourLane);
    assert_eq!(keys(&song), [36, 38, 42, 51, 49]);
    assert_eq!(song.phrases(), []);
}

#[test]
fn the_tags_say_which_kit_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let chart = expert("  0 = N 2 0\n  96 = N 4 0\n  192 = N 5 0\n  192 = N 4 0");
    std::fs::write(folder.path().join("notes.chart"), chart).unwrap();
    let kit = |ini: &str| {
        std::fs::write(folder.path().join("song.ini"), ini).unwrap();
        let song = Song::open(folder.path(), &SongOptions::default()).unwrap();
        (song.chart().unwrap().kit, keys(&song))
    };
    // Toms are the default where cymbals are marked; green of five beside green of four is the blue tom.
    assert_eq!(kit("[song]\npro_drums = 1\n"), (ChartKit::FourLanePro, vec![48, 43, 43, 45]));
    assert_eq!(kit("[song]\nfive_lane_drums = True\n"), (ChartKit::FiveLane, vec![42, 57, 43, 57]));
    assert_eq!(kit("[song]\nname = X\n"), (ChartKit::FiveLane, vec![42, 57, 43, 57]));
    // Both cannot be: what stands in the chart says which.
    assert_eq!(kit("[song]\npro_drums = 1\nfive_lane_drums = 1\n").0, ChartKit::FiveLane);
}

#[test]
fn a_difficulty_that_is_missing_is_an_error_that_names_the_others() {
    let error = Song::open(&path("twin-chart"), &at(Difficulty::Medium)).unwrap_err().to_string();
    assert!(error.contains("no medium difficulty"), "{error}");
    assert!(error.contains("easy (3 gems), hard (9 gems), expert (30 gems)"), "{error}");
    assert!(error.contains("notes.chart"), "{error}");
}

#[test]
fn a_chart_is_found_by_folder_file_ini_and_package() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let open = |path: &Path| Song::open(path, &SongOptions::default());
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("notes.mid") && error.contains("notes.chart"), "{error}");
    std::fs::copy(path("five_lane.mid"), in_folder("other.mid")).unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("other.mid"), "{error}");

    std::fs::write(in_folder("A Song [N].chart"), expert("0 = N 0 0")).unwrap();
    assert_eq!(keys(&open(folder.path()).unwrap()), [36]);
    std::fs::write(in_folder("A Song [Y].chart"), expert("0 = N 1 0")).unwrap();
    assert_eq!(keys(&open(folder.path()).unwrap()), [38]);
    std::fs::write(in_folder("Notes.chart"), expert("0 = N 2 0")).unwrap();
    assert_eq!(keys(&open(folder.path()).unwrap()), [42]);
    std::fs::copy(path("rockband_part_drums_and_guitar_same_channel.mid"), in_folder("notes.mid")).unwrap();
    assert_eq!(keys(&open(folder.path()).unwrap()), [38, 42]);
    std::fs::write(in_folder("Song.ini"), "[SONG]\nNAME = In Capitals\n").unwrap();
    for given in ["notes.mid", "Song.ini", "Notes.chart"] {
        assert_eq!(open(&in_folder(given)).unwrap().title(), Some("In Capitals"), "{given}");
    }
    // Another MIDI file of the folder is no less a chart, and the tags are the folder's.
    assert_eq!(open(&in_folder("other.mid")).unwrap().title(), Some("In Capitals"));
}

#[test]
fn recordings_are_listed_by_the_names_that_games_reserve() {
    let folder = tempfile::tempdir().unwrap();
    let chart =
        expert("0 = N 0 0").replace("{\n  Resolution", "{\n  MusicStream = \"My Song.ogg\"\n  Resolution");
    std::fs::write(folder.path().join("notes.chart"), chart).unwrap();
    let stems = |files: &[&str]| {
        for file in files {
            std::fs::write(folder.path().join(file), b"").unwrap();
        }
        let song = Song::open(folder.path(), &SongOptions::default()).unwrap();
        let stems = song.chart().unwrap().stems.iter();
        stems
            .map(|stem| (stem.file.file_name().unwrap().to_string_lossy().into_owned(), stem.kind))
            .collect::<Vec<_>>()
    };
    let listed = |stems: &[(&str, StemKind)]| {
        stems.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect::<Vec<_>>()
    };
    assert_eq!(stems(&["album.png", "drums.txt"]), []);
    assert_eq!(stems(&["My Song.ogg"]), listed(&[("My Song.ogg", StemKind::Song)]));
    let drums = stems(&["song.opus", "DRUMS.mp3", "guitar.wav"]);
    let expected =
        [("song.opus", StemKind::Song), ("guitar.wav", StemKind::Guitar), ("DRUMS.mp3", StemKind::Drums)];
    assert_eq!(drums, listed(&expected));
    let parts = stems(&["drums_1.ogg", "drums_4.ogg"]);
    let expected = [
        ("song.opus", StemKind::Song),
        ("guitar.wav", StemKind::Guitar),
        ("drums_1.ogg", StemKind::Kick),
        ("drums_4.ogg", StemKind::Cymbals),
    ];
    assert_eq!(parts, listed(&expected));
}

#[test]
fn recordings_in_a_package_are_listed_and_can_be_read() {
    let song = open("twin.sng");
    let stems = &song.chart().unwrap().stems;
    let kinds: Vec<_> = stems.iter().map(|stem| stem.kind).collect();
    assert_eq!(kinds, [StemKind::Song, StemKind::Kick]);
    let place = stems[0].packed.unwrap();
    let bytes = strikeline::song::read_packed(&path("twin.sng"), place).unwrap();
    assert_eq!(bytes, b"not a real recording");
    let elsewhere = strikeline::song::PackedFile { offset: place.offset + 1, ..place };
    assert!(strikeline::song::read_packed(&path("twin.sng"), elsewhere).is_err());
    // In memory it is the same song.
    let bytes = std::fs::read(path("twin.sng")).unwrap();
    let read = Song::read(&bytes, &SongOptions::default()).unwrap();
    assert_eq!((read.notes(), read.phrases(), read.chart()), (song.notes(), song.phrases(), song.chart()));
}

#[test]
fn a_package_that_is_cut_short_is_an_error_or_a_warning_at_every_length() {
    let bytes = std::fs::read(path("twin.sng")).unwrap();
    for length in 0..bytes.len() {
        match Song::read(&bytes[..length], &SongOptions::default()) {
            Ok(song) => assert!(!song.warnings().is_empty(), "{length}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn a_plain_midi_file_is_no_chart_whatever_lies_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x0B\0\x99\x24\x64\x60\x26\x50\0\xFF\x2F\0";
    std::fs::write(folder.path().join("song.mid"), file).unwrap();
    std::fs::write(folder.path().join("song.ini"), "[song]\nname = Another\n").unwrap();
    let song = Song::open(&folder.path().join("song.mid"), &SongOptions::default()).unwrap();
    assert!(song.chart().is_none());
    assert_eq!((song.title(), keys(&song)), (None, vec![36, 38]));
}

#[test]
fn text_charts_are_read_in_every_encoding() {
    let chart =
        expert("0 = N 0 0").replace("{\n  Resolution", "{\n  Name = \"Träume \u{2013} 1\"\n  Resolution");
    let wide: Vec<u8> =
        "\u{FEFF}".chars().chain(chart.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    let narrow: Vec<u8> =
        chart.chars().map(|c| if c == '\u{2013}' { 0x96 } else { u8::try_from(c).unwrap() }).collect();
    for bytes in [chart.clone().into_bytes(), [b"\xEF\xBB\xBF", chart.as_bytes()].concat(), wide, narrow] {
        let song = Song::read(&bytes, &SongOptions::default()).unwrap();
        assert_eq!(song.title(), Some("Träume \u{2013} 1"));
    }
}

#[test]
fn lines_without_sense_are_skipped_and_named() {
    let chart = expert(
        "  0 = N 0 0\n  zero = N 1 0\n  96 N 1 0\n  -5 = N 1 0\n 99999999999999999999 = N 1 0\n  96 = N 1\n  97 = X Y Z\n  98 = N 77 0",
    );
    let song = read(&chart);
    assert_eq!(keys(&song), [36, 38]);
    let told = warnings(&song);
    // Lines 12 and 14: no number. 13: no =. 15: too large.
    assert_eq!(told.len(), 3, "{told:?}");
    for part in ["2 lines of notes.chart, the first of them line 12", "line 13", "line 15"] {
        assert!(told.iter().any(|warning| warning.contains(part)), "{part}: {told:?}");
    }
}

#[test]
fn braces_and_blanks_that_are_missing_or_too_many_cost_nothing() {
    let chart = "[Song] {\r\nResolution=192\r\n[SyncTrack]\r\n{\r\n\t0\t=\tB\t60000\r\n}\r\n}\r\n\r\n[expertdrums]\r\n192=N 1 0\r\n  0   =   N   0   0  \r\n";
    let song = read(chart);
    assert_eq!(notes(&song), [(0.0, 36, 96), (1_000.0, 38, 96)]);
    assert_eq!(warnings(&song), [""; 0]);
}

#[test]
fn of_gems_that_stand_twice_one_is_kept() {
    let song =
        read(&expert("  0 = N 1 0\n  0 = N 1 192\n  0 = N 34 0\n  0 = N 40 0\n  0 = N 0 0\n  0 = N 32 0"));
    assert_eq!(notes(&song), [(0.0, 35, 96), (0.0, 36, 96), (0.0, 38, 127)]);
    assert_eq!(song.notes()[2].duration, Time::from_seconds(0.5));
}

#[test]
fn a_tempo_that_is_no_whole_number_of_microseconds_does_not_drift() {
    let chart = expert("  2496000 = N 0 0").replace("120000", "130000");
    // 13,000 beats at 130 a minute are exactly 100 minutes.
    assert_eq!(read(&chart).notes()[0].time, Time::from_seconds(6_000.0));
}

#[test]
fn an_anchor_that_disagrees_with_the_tempos_is_told() {
    let chart =
        expert("  384 = N 0 0").replace("0 = B 120000", "0 = B 120000\n  384 = A 1200000\n  384 = B 90000");
    let song = read(&chart);
    assert_eq!(song.notes()[0].time, Time::from_seconds(1.0));
    assert!(
        warnings(&song)[0].contains("line 8") && warnings(&song)[0].contains("1.200 s"),
        "{:?}",
        warnings(&song)
    );
}

#[test]
fn the_offset_of_a_chart_counts_where_no_ini_says_another() {
    let chart = expert("0 = N 0 0").replace("{\n  Resolution", "{\n  Offset = 1.25\n  Resolution");
    assert_eq!(read(&chart).chart().unwrap().audio_offset(), Time::from_seconds(-1.25));
}

#[test]
fn what_makes_no_song_is_an_error_that_says_why() {
    let error = |chart: &str| Song::read(chart.as_bytes(), &SongOptions::default()).unwrap_err();
    let late = error(&expert("  0 = N 0 0\n  96 = S 2 5\n  99999999999 = N 1 0"));
    assert!(matches!(late, SongError::TooLongAtLine { line: 13, .. }), "{late}");
    let guitar = error("[Song]\n{\nResolution = 192\n}\n[ExpertSingle]\n{\n0 = N 0 0\n}\n");
    assert!(
        guitar.to_string().contains("no drums") && guitar.to_string().contains("ExpertSingle"),
        "{guitar}"
    );
    let unmeasured = error("[Song]\n{\n}\n[ExpertDrums]\n{\n0 = N 0 0\n}\n");
    assert!(unmeasured.to_string().contains("Resolution"), "{unmeasured}");
    let empty = error(&expert("  0 = N 34 0"));
    assert!(empty.to_string().contains("no gems at all"), "{empty}");
}

#[test]
fn a_synthesiser_is_given_the_drums_and_not_the_numbers_of_the_chart() {
    use strikeline::song::{ChannelMessage, SongMessage};
    for name in ["twin-mid", "twin-chart"] {
        let (song, events) = Song::open_with_events(&path(name), &SongOptions::default()).unwrap();
        let struck: Vec<_> = events
            .events()
            .iter()
            .filter_map(|event| match event.message {
                SongMessage::Channel(channel, ChannelMessage::NoteOn { key, velocity }) => {
                    assert!(event.shown && channel.number() == 10);
                    Some((event.time, key, velocity))
                }
                _ => None,
            })
            .collect();
        let expected: Vec<_> = song.notes().iter().map(|note| (note.time, note.key, note.velocity)).collect();
        assert_eq!(struck, expected);
        assert_eq!(events.events().len(), 2 * struck.len());
    }
}

/// A line of an `.expected` file, and times in it that may be off by a rounding.
fn agree(expected: &str, found: &str) -> bool {
    let (mut expected, mut found) = (expected.split(' '), found.split(' '));
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) => match (one.parse::<i64>(), other.parse::<i64>()) {
                (Ok(one), Ok(other)) if one > 127 && one.abs_diff(other) <= 2 => {}
                _ => return false,
            },
            _ => return false,
        }
    }
}

#[test]
fn another_reader_finds_the_same_in_random_charts() {
    for number in 0..8 {
        for format in ["chart", "mid"] {
            let file = path(&format!("random/{number}.{format}"));
            let expected = std::fs::read_to_string(file.with_added_extension("expected")).unwrap();
            let mut found = Vec::new();
            for difficulty in Difficulty::ALL {
                let song = match Song::open(&file, &at(difficulty)) {
                    Ok(song) => song,
                    Err(SongError::InFile { problem, .. }) => {
                        assert!(matches!(*problem, SongError::NoSuchDifficulty { .. }), "{problem}");
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                };
                found.push(format!("{difficulty} {:?}", song.chart().unwrap().kit));
                found.extend(song.notes().iter().map(|note| {
                    let flam = if note.technique.stroke == Stroke::Flam { " flam" } else { "" };
                    format!("{} {} {}{flam}", note.time.as_nanos(), note.key, note.velocity)
                }));
                found.extend(song.phrases().iter().map(|phrase| {
                    format!("{} {} {:?}", phrase.start.as_nanos(), phrase.end.as_nanos(), phrase.kind)
                }));
            }
            let expected: Vec<&str> = expected.lines().collect();
            assert_eq!(expected.len(), found.len(), "{number}.{format}");
            for (expected, found) in expected.iter().zip(&found) {
                assert!(agree(expected, found), "{number}.{format}: {expected:?}, found {found:?}");
            }
        }
    }
}

#[test]
fn real_drums_say_how_hi_hat_and_snare_are_played() {
    let song = open("real_drums.mid");
    let found: Vec<_> = song.notes().iter().map(|note| (note.key, note.technique.openness.get())).collect();
    let expected = [
        (42, None),
        (46, Some(127)),
        (44, None),
        (40, None),
        (46, Some(64)),
        (45, None),
        (51, None),
        (42, None),
    ];
    assert_eq!(found, expected);
}

/// A chart with these lines as its expert part, without the brace that would end it.
fn unended(lines: &str) -> String {
    format!("[Song]\n{{\n  Resolution = 192\n}}\n[ExpertDrums]\n{{\n{lines}")
}

#[test]
fn a_chart_that_is_cut_short_may_have_lost_notes_and_a_bad_tag_has_not() {
    let options = SongOptions::default();
    let losses = |text: &str| -> usize {
        let song = Song::read(text.as_bytes(), &options).unwrap();
        song.warnings().iter().filter(|warning| warning.loses_notes()).count()
    };
    let cut = unended("  0 = N 1 0\n  192 = N 0 0\n");
    assert_eq!(losses(&cut), 1);
    let whole = format!("{cut}}}\n");
    assert_eq!(losses(&whole), 0);
    assert_eq!(losses(&whole.replace("Resolution", "Offset = nan\n  Resolution")), 0);
    assert_eq!(losses(&whole.replace("192 = N", "192 is N")), 1);
    // Line ends of old Macintosh computers.
    assert_eq!(Song::read(whole.replace('\n', "\r").as_bytes(), &options).unwrap().notes().len(), 2);
}

#[test]
fn what_is_wrong_with_a_chart_is_told_with_the_error() {
    let error = |text: &str| Song::read(text.as_bytes(), &SongOptions::default()).unwrap_err().to_string();
    let text = error(&unended("  0 = N 0 18446744073709551615\n}\n"));
    assert!(text.contains("have no gems") && text.contains("line 7"), "{text}");
    let text = error(&unended("  0 = N 0 0\n}\n").replace("192", "40000"));
    assert!(text.contains("1 to 32767"), "{text}");
}

#[test]
fn channels_that_are_chosen_of_a_chart_in_text_are_told_to_have_no_meaning() {
    let drums = strikeline::song::DrumSelection::Channels("1".parse().unwrap());
    let options = SongOptions { drums, ..SongOptions::default() };
    let song = Song::open(&path("twin.sng"), &options).unwrap();
    assert_eq!(song.warnings(), [strikeline::song::SongWarning::ChoiceIgnored]);
}

#[test]
fn the_end_of_a_song_is_within_its_limit() {
    let text = unended("  0 = N 0 1152921504606846976\n}\n");
    let song = Song::read(text.as_bytes(), &SongOptions::default()).unwrap();
    assert!(song.end() <= strikeline::song::MAX_SONG_TIME);
}
