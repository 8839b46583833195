//! SoundFonts: what plays when, and what becomes of files that are damaged.

mod common;

use std::io::Cursor;
use std::path::Path;

use common::{Preset, soundfont};
use proptest::prelude::*;
use strikeline_audio::{AudioFormat, AudioSource};
use strikeline_picture::Time;
use strikeline_sound::midi::{MidiEvent, MidiMessage, MidiRules};
use strikeline_sound::soundfont::{
    MidiPlayer, MidiPlayerOptions, SoundFont, SoundFontError, SoundFontWarning, SystemSoundFonts,
};

const RATE: u32 = 48_000;

fn read(bytes: Vec<u8>) -> Result<SoundFont, SoundFontError> {
    SoundFont::read(Cursor::new(bytes))
}

/// Banks and programs whose sounds are told apart by their levels.
const PRESETS: [(u16, u16, i16); 6] =
    [(0, 0, 10_000), (0, 1, 11_000), (8, 1, 12_000), (1, 1, 13_000), (128, 0, 14_000), (128, 25, 15_000)];

fn font() -> SoundFont {
    read(soundfont(&PRESETS.map(|(bank, program, level)| Preset { bank, program, level }))).unwrap()
}

fn event(seconds: f64, message: MidiMessage) -> MidiEvent {
    MidiEvent { time: Time::from_seconds(seconds), message }
}

fn on(seconds: f64, channel: u8, key: u8) -> MidiEvent {
    event(seconds, MidiMessage::NoteOn { channel, key, velocity: 127 })
}

fn off(seconds: f64, channel: u8, key: u8) -> MidiEvent {
    event(seconds, MidiMessage::NoteOff { channel, key })
}

fn set(seconds: f64, channel: u8, controller: u8, value: u8) -> MidiEvent {
    event(seconds, MidiMessage::Controller { channel, controller, value })
}

fn program(seconds: f64, channel: u8, program: u8) -> MidiEvent {
    event(seconds, MidiMessage::Program { channel, program })
}

const DRY: MidiPlayerOptions = MidiPlayerOptions { gain: 1.0, effects: false, voices: 64 };

fn player(events: &[MidiEvent], seconds: f64) -> MidiPlayer {
    let frames = (seconds * f64::from(RATE)) as u64;
    MidiPlayer::new(&font(), events.to_vec(), RATE, frames, &DRY).unwrap()
}

/// All samples, read in blocks of `block` sample frames.
fn samples(mut source: impl AudioSource, block: usize) -> Vec<f32> {
    let mut samples = Vec::new();
    let mut buffer = vec![f32::NAN; block * 2];
    loop {
        let frames = source.read(&mut buffer).unwrap();
        samples.extend(&buffer[..frames * 2]);
        if frames == 0 {
            return samples;
        }
    }
}

/// The left channel.
fn left(events: &[MidiEvent], seconds: f64) -> Vec<f32> {
    samples(player(events, seconds), 512).chunks_exact(2).map(|frame| frame[0]).collect()
}

/// The preset that sounds at a time, by its bank and program: the one whose level is nearest. What it is at full volume
/// is told by a note on the piano.
fn preset_at(samples: &[f32], seconds: f64) -> Option<(u16, u16)> {
    let full = left(&[on(0.0, 0, 60)], 0.2)[4_800] / f32::from(PRESETS[0].2);
    let level = samples[(seconds * f64::from(RATE)) as usize] / full;
    let (bank, program, _) =
        *PRESETS.iter().find(|(_, _, of_preset)| (level - f32::from(*of_preset)).abs() < 100.0)?;
    Some((bank, program))
}

/// Half a block of the synthesiser, in sample frames.
const HALF_A_BLOCK: i64 = 8;

#[test]
fn a_note_begins_within_half_a_block_of_its_time_at_any_rate() {
    for rate in [44_100, 48_000, 96_000, 192_000] {
        let format = AudioFormat::new(rate, 2).unwrap();
        for millis in [0.0, 0.02, 1.0, 10.3, 77.77, 250.01] {
            let exact = format.frames_at(Time::from_seconds(millis / 1_000.0).as_nanos());
            let events = vec![on(millis / 1_000.0, 0, 60)];
            let player = MidiPlayer::new(&font(), events, rate, u64::from(rate) / 2, &DRY).unwrap();
            let heard = samples(player, 100);
            // The level rises within a millisecond (2^-10 s); here it is at a quarter of that.
            let quarter = heard[heard.len() - 2] / 4.0;
            let begins = heard.chunks_exact(2).position(|frame| frame[0] >= quarter).unwrap() as i64;
            let exact = exact + i64::from(rate) / 4_096;
            assert!((begins - exact).abs() <= HALF_A_BLOCK + 1, "{begins} for {exact} at {rate} Hz");
        }
    }
}

#[test]
fn the_same_sound_comes_in_blocks_of_any_length_and_ends_exactly() {
    let events = [on(0.0, 0, 60), on(0.011, 9, 38), off(0.02, 0, 60)];
    let whole = samples(player(&events, 0.1), 4_800);
    assert_eq!(whole.len(), 9_600);
    assert!(whole.iter().any(|sample| *sample != 0.0));
    for block in [1, 7, 16, 333, 10_000] {
        assert_eq!(samples(player(&events, 0.1), block), whole, "blocks of {block}");
    }
    let mut source = player(&events, 0.1);
    assert_eq!(source.remaining(), Some(4_800));
    assert_eq!(source.format().to_string(), "48000 Hz, stereo");
    assert_eq!(source.read(&mut [0.0; 10]).unwrap(), 5);
    assert_eq!(source.remaining(), Some(4_795));
}

#[test]
fn programs_and_banks_choose_the_preset_from_the_next_program_change_on() {
    let heard = left(
        &[
            on(0.0, 0, 60),
            off(0.1, 0, 60),
            set(0.15, 0, 0, 8),
            on(0.2, 0, 60),
            off(0.3, 0, 60),
            program(0.35, 0, 1),
            on(0.4, 0, 60),
            off(0.5, 0, 60),
            // A bank that does not have it: that of bank 0.
            set(0.55, 0, 0, 9),
            program(0.55, 0, 1),
            on(0.6, 0, 60),
            off(0.7, 0, 60),
            on(0.8, 9, 60),
            off(0.9, 9, 60),
            program(0.95, 9, 25),
            on(1.0, 9, 60),
            off(1.1, 9, 60),
            // A kit that does not exist: the standard one.
            program(1.15, 9, 26),
            on(1.2, 9, 60),
        ],
        1.4,
    );
    let expected = [(0, 0), (0, 0), (8, 1), (0, 1), (128, 0), (128, 25), (128, 0)];
    for (index, preset) in expected.into_iter().enumerate() {
        assert_eq!(preset_at(&heard, 0.2 * index as f64 + 0.05), Some(preset), "note {index}");
    }
}

#[test]
fn drum_parts_are_played_on_any_channel_by_the_rules_that_hold() {
    let part = |channel, is_drum_part| event(0.0, MidiMessage::DrumPart { channel, is_drum_part });
    let first = |events: &[MidiEvent], channel| {
        let events = [events, &[on(0.05, channel, 60)]].concat();
        preset_at(&left(&events, 0.2), 0.1)
    };
    let reset = |rules| event(0.0, MidiMessage::Reset(rules));
    let bank = |channel, coarse, fine, number| {
        [set(0.01, channel, 0, coarse), set(0.01, channel, 32, fine), program(0.01, channel, number)]
    };
    assert_eq!(first(&[part(2, true)], 2), Some((128, 0)));
    assert_eq!(first(&[part(2, true), program(0.01, 2, 25)], 2), Some((128, 25)));
    assert_eq!(first(&[part(9, false), program(0.01, 9, 1)], 9), Some((0, 1)));
    assert_eq!(first(&[part(9, false), part(9, true)], 9), Some((128, 0)));
    // A reset takes it back.
    assert_eq!(first(&[part(2, true), reset(MidiRules::General)], 2), Some((0, 0)));
    // GS: variations by the coarse bank; none of drums.
    let gs = |more: &[MidiEvent], channel| first(&[&[reset(MidiRules::Gs)], more].concat(), channel);
    assert_eq!(gs(&bank(0, 8, 0, 1), 0), Some((8, 1)));
    assert_eq!(gs(&bank(9, 8, 0, 25), 9), Some((128, 25)));
    // XG: variations by the fine bank; drums on any channel.
    let xg = |more: &[MidiEvent], channel| first(&[&[reset(MidiRules::Xg)], more].concat(), channel);
    assert_eq!(xg(&bank(0, 0, 8, 1), 0), Some((8, 1)));
    assert_eq!(xg(&bank(0, 127, 0, 25), 0), Some((128, 25)));
    // General MIDI 2: 120 and 121.
    let gm2 = |more: &[MidiEvent], channel| first(&[&[reset(MidiRules::General2)], more].concat(), channel);
    assert_eq!(gm2(&bank(0, 121, 1, 1), 0), Some((1, 1)));
    assert_eq!(gm2(&bank(0, 120, 0, 25), 0), Some((128, 25)));
}

#[test]
fn controllers_change_the_level_and_the_side() {
    let level = |events: &[MidiEvent]| {
        let heard = samples(player(&[events, &[on(0.05, 0, 60)]].concat(), 0.2), 999);
        (heard[9_600], heard[9_601])
    };
    let (left, right) = level(&[]);
    assert!((left - right).abs() < left / 100.0);
    let decibels = |a: f32, b: f32| 20.0 * (a / b).log10();
    // Volume and expression are squared (General MIDI): half of it is 12 dB less.
    assert!((decibels(level(&[set(0.0, 0, 7, 50)]).0, left) + 12.04).abs() < 0.1);
    assert!((decibels(level(&[set(0.0, 0, 11, 64)]).0, left) + 11.9).abs() < 0.2);
    assert!((decibels(level(&[event(0.0, MidiMessage::MasterVolume(0x2000))]).0, left) + 12.04).abs() < 0.1);
    let (left, right) = level(&[set(0.0, 0, 10, 0)]);
    assert!(left > 0.05 && right.abs() < left / 100.0);
    assert_eq!(level(&[set(0.0, 0, 7, 0)]).0, 0.0);
    let quiet = MidiPlayerOptions { gain: 0.5, ..DRY };
    let player = MidiPlayer::new(&font(), vec![on(0.0, 0, 60)], RATE, 9_600, &quiet).unwrap();
    assert!((samples(player, 64)[9_600] / level(&[]).0 - 0.5).abs() < 0.01);
}

#[test]
fn what_comes_before_the_start_is_taken_into_account() {
    // A program that was set long ago, a long note, and a note that has ended.
    let heard = left(&[program(-100.0, 0, 1), on(-50.0, 0, 60), on(-5.0, 1, 60), off(-4.0, 1, 60)], 0.1);
    assert_eq!(preset_at(&heard, 0.0), Some((0, 1)));
    // Drums of long ago have rung out, whether they have an end or not; those of just before are heard.
    assert!(left(&[on(-50.0, 9, 60)], 0.1).iter().all(|sample| *sample == 0.0));
    assert_eq!(preset_at(&left(&[on(-2.0, 9, 60)], 0.1), 0.05), Some((128, 0)));
    // The sound at 0 is the same as in a longer piece.
    let events = [on(-1.0, 0, 60), on(0.01, 9, 40)];
    let later = events.map(|event| MidiEvent { time: event.time + Time::from_seconds(2.0), ..event });
    assert_eq!(left(&events, 0.1), left(&later, 2.1)[96_000..]);
}

#[test]
fn floods_of_notes_are_played_as_far_as_they_can_be_heard() {
    let flood: Vec<_> = (0..100_000_u32)
        .map(|index| on(f64::from(index) * 1e-7, (index % 16) as u8, (index / 16 % 128) as u8))
        .collect();
    let heard = left(&flood, 0.1);
    assert!(heard.iter().all(|sample| sample.is_finite()));
    assert!(heard[4_700] != 0.0);
}

#[test]
fn a_soundfont_tells_its_name_and_what_it_lacks() {
    assert_eq!(font().name(), "Constant levels");
    assert_eq!(font().preset_count(), 6);
    assert_eq!(font().warnings(), []);
    let preset = |bank| Preset { bank, program: 0, level: 9 };
    assert_eq!(read(soundfont(&[preset(0)])).unwrap().warnings(), [SoundFontWarning::NoDrums]);
    assert_eq!(read(soundfont(&[preset(128)])).unwrap().warnings(), [SoundFontWarning::DrumsOnly]);
}

#[test]
fn samples_that_are_not_there_are_silent() {
    let preset = |bank| Preset { bank, program: 0, level: 10_000 };
    let mut bytes = soundfont(&[preset(0), preset(128)]);
    // The end of the first sample.
    let header = bytes.windows(6).position(|window| window == b"Sample").unwrap();
    bytes[header + 24..header + 28].copy_from_slice(&1_000_000_u32.to_le_bytes());
    let font = read(bytes).unwrap();
    assert_eq!(font.warnings(), [SoundFontWarning::SamplesMissing { count: 1, first: "Sample".into() }]);
    let level = |channel| {
        let player = MidiPlayer::new(&font, vec![on(0.0, channel, 60)], RATE, 4_800, &DRY).unwrap();
        samples(player, 64).iter().fold(0.0_f32, |level, sample| level.max(sample.abs()))
    };
    assert_eq!(level(0), 0.0);
    assert!(level(9) > 0.05);
}

#[test]
fn a_loop_that_is_too_short_for_a_high_note_leaves_the_note_out() {
    let mut bytes = soundfont(&[Preset { bank: 0, program: 0, level: 10_000 }]);
    // Tuned by the key: the generators are loop, tuning, sample.
    let generators = bytes.windows(4).position(|window| window == b"igen").unwrap() + 8;
    bytes[generators + 6] = 100;
    // The loop is one sample long.
    let header = bytes.windows(6).position(|window| window == b"Sample").unwrap();
    bytes[header + 28..header + 32].copy_from_slice(&10_u32.to_le_bytes());
    bytes[header + 32..header + 36].copy_from_slice(&11_u32.to_le_bytes());
    let font = read(bytes).unwrap();
    let level = |key| {
        let bend = event(0.0, MidiMessage::PitchBend { channel: 0, bend: 8_191 });
        let player = MidiPlayer::new(&font, vec![bend, on(0.0, 0, key)], RATE, 48_000, &DRY).unwrap();
        samples(player, 480).iter().fold(0.0_f32, |level, sample| level.max(sample.abs()))
    };
    assert!(level(40) > 0.05);
    assert_eq!(level(127), 0.0);
}

#[test]
fn tables_that_would_be_read_again_and_again_are_refused() {
    let presets = [0, 1, 2, 3].map(|program| Preset { bank: 0, program, level: 1 });
    let bytes = soundfont(&presets);
    for (table, entry, at) in [(b"pbag", 4, 0), (b"ibag", 4, 0), (b"phdr", 38, 24), (b"inst", 22, 20)] {
        let first = bytes.windows(4).position(|window| window == table).unwrap() + 8;
        // The second entry begins behind the third.
        let mut damaged = bytes.clone();
        damaged[first + entry + at] = damaged[first + entry * 2 + at] + 1;
        assert!(matches!(read(damaged), Err(SoundFontError::Damaged { .. })), "{table:?}");
        // The last one is behind the end of the table that it leads to.
        let mut damaged = bytes.clone();
        damaged[first + entry * 4 + at + 1] = 200;
        assert!(matches!(read(damaged), Err(SoundFontError::Damaged { .. })), "{table:?}");
    }
}

#[test]
fn files_that_are_no_soundfonts_are_refused_in_words() {
    let refused = |bytes: &[u8]| read(bytes.to_vec()).unwrap_err().to_string();
    assert_eq!(refused(b""), "not a SoundFont: it looks like an empty file; give a SoundFont 2 file (.sf2)");
    assert!(refused(b"MThd\0\0\0\x06").contains("a MIDI song"));
    assert!(refused(b"RIFF\0\0\0\0DLS ").contains("a DLS instrument collection"));
    assert!(refused(b"PK\x03\x04zip").contains("unpack it first"));
    assert!(refused(b"RIFF\x04\0\0\0sfbk").contains("has no samples"));
    let whole = soundfont(&[Preset { bank: 0, program: 0, level: 1 }]);
    assert!(matches!(read(whole[..whole.len() - 1].to_vec()), Err(SoundFontError::Damaged { .. })));
    assert!(matches!(read(soundfont(&[])), Err(SoundFontError::Empty { .. })));
    // Version 3, and a compressed sample in version 2.
    let mut newer = whole.clone();
    let version = newer.windows(4).position(|window| window == b"ifil").unwrap();
    newer[version + 8] = 3;
    assert!(matches!(read(newer), Err(SoundFontError::Compressed)));
    let mut compressed = whole.clone();
    let samples = compressed.windows(4).position(|window| window == b"smpl").unwrap();
    compressed[samples + 8..samples + 12].copy_from_slice(b"OggS");
    assert!(matches!(read(compressed), Err(SoundFontError::Compressed)));
    let error = SoundFont::open(Path::new("/nonexistent/sounds.sf2")).unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/sounds.sf2: cannot be read: "), "{error}");
    let error = MidiPlayer::new(&font(), Vec::new(), 8_000, 1, &DRY).err().unwrap().to_string();
    assert_eq!(error, "a SoundFont cannot be played at 8000 Hz; choose a rate from 16000 to 192000 Hz");
}

#[test]
fn the_systems_soundfonts_are_found_by_folder_and_named_once() {
    let folder = std::env::temp_dir().join(format!("strikeline-soundfonts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    for (name, length) in
        [("small.sf2", 1), ("Large.SF2", 3), ("middle.sf2", 2), ("a.sf3", 9), ("notes.txt", 9)]
    {
        std::fs::write(folder.join(name), vec![0; length]).unwrap();
    }
    let find = || SystemSoundFonts::find(&[folder.join("nowhere"), folder.clone(), folder.clone()]);
    let names = |paths: &[std::path::PathBuf]| -> Vec<String> {
        paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names(&find().usable), ["Large.SF2", "middle.sf2", "small.sf2"]);
    assert_eq!(names(&find().compressed), ["a.sf3"]);
    assert_eq!(find().first().unwrap(), folder.join("Large.SF2"));
    let none = SystemSoundFonts { usable: Vec::new(), ..find() };
    let error = none.first().unwrap_err().to_string();
    let compressed = format!("({} is compressed and cannot be read)", folder.join("a.sf3").display());
    assert!(error.contains(&compressed) && error.contains("timgm6mb-soundfont"), "{error}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.join("small.sf2"), folder.join("default-GM.sf2")).unwrap();
        assert_eq!(names(&find().usable), ["small.sf2", "Large.SF2", "middle.sf2"]);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// A damaged file is refused or played; nothing panics, and nothing larger than the file is allocated for it.
    #[test]
    fn damaged_files_are_refused_or_played(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        in_tables in any::<bool>(),
        end in any::<prop::sample::Index>(),
        cut in 0_u8..8,
    ) {
        let mut bytes = soundfont(&PRESETS.map(|(bank, program, level)| Preset { bank, program, level }));
        let tables = bytes.windows(4).position(|window| window == b"pdta").unwrap();
        let first = if in_tables { tables } else { 0 };
        for (index, value) in damage {
            let at = first + index.index(bytes.len() - first);
            bytes[at] = value;
        }
        if cut == 0 {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Ok(font) = read(bytes) {
            let mut events = Vec::new();
            for channel in [0, 1, 9] {
                events.push(program(0.0, channel, 1));
                events.push(event(0.0, MidiMessage::PitchBend { channel, bend: 8_191 }));
                for key in (0..128).step_by(9) {
                    events.push(on(f64::from(key) / 10_000.0, channel, key));
                }
            }
            let mut player = MidiPlayer::new(&font, events, RATE, 2_400, &MidiPlayerOptions::default()).unwrap();
            let mut buffer = [0.0; 4_800];
            // An error is one in words, not a panic.
            if let Ok(frames) = player.read(&mut buffer) {
                prop_assert_eq!(frames, 2_400);
            }
        }
    }
}
