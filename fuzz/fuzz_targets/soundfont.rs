//! Reads arbitrary bytes as a SoundFont, and plays some notes with it: no panic, no endless loop, no more memory than the
//! bytes warrant.
//!
//!     cargo install cargo-fuzz
//!     cargo +nightly fuzz run soundfont fuzz/corpus/soundfont -- -max_len=8192 -rss_limit_mb=512
//!
//! A corpus to begin with: small SoundFonts, such as the one that `crates/sound/tests/common` makes.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use strikeline_audio::AudioSource;
use strikeline_picture::Time;
use strikeline_sound::midi::{MidiEvent, MidiMessage};
use strikeline_sound::soundfont::{MidiPlayer, MidiPlayerOptions, SoundFont};

fuzz_target!(|bytes: &[u8]| {
    let font = match SoundFont::read(Cursor::new(bytes)) {
        Ok(font) => font,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    font.warnings().iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
    let mut events = Vec::new();
    let mut add = |time, message| events.push(MidiEvent { time: Time::from_nanos(time), message });
    for channel in [0, 9] {
        add(0, MidiMessage::PitchBend { channel, bend: 8_191 });
        for key in 0..128 {
            add(i64::from(key) * 100_000, MidiMessage::NoteOn { channel, key, velocity: 127 - key / 2 });
        }
    }
    let Ok(mut player) = MidiPlayer::new(&font, events, 44_100, 2_000, &MidiPlayerOptions::default()) else {
        unreachable!("the rate is one that the synthesiser plays")
    };
    let mut samples = [0.0; 4_000];
    if let Ok(frames) = player.read(&mut samples) {
        assert_eq!(frames, 2_000);
    }
});
