//! Plays a MIDI file with a SoundFont, and writes the sound to a WAV file of 32-bit floats.
//!
//! `cargo run --release --example soundfont_to_wav -- song.mid sounds.sf2 song.wav [48000] [drums|all|accompaniment] [dry]`

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use strikeline::picture::Time;
use strikeline::song::{ChannelSelection, DrumSelection, Song, SongOptions, SongPart};
use strikeline::sound::midi_events;
use strikeline_audio::AudioSource;
use strikeline_sound::soundfont::{MidiPlayer, MidiPlayerOptions, SoundFont};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [song, font, wav, rest @ ..] = arguments.as_slice() else {
        return Err(
            "usage: soundfont_to_wav SONG SOUNDFONT WAV [RATE] [drums|all|accompaniment] [dry]".into()
        );
    };
    let rate: u32 = rest.first().map_or(Ok(48_000), |rate| rate.parse())?;
    let (part, drums) = match rest.get(1).map(String::as_str) {
        None | Some("all") => (SongPart::All, DrumSelection::Channels(ChannelSelection::ALL)),
        Some("drums") => (SongPart::Drums, DrumSelection::Declared),
        Some("accompaniment") => (SongPart::Accompaniment, DrumSelection::Declared),
        Some(other) => return Err(format!("{other} is not a part of a song").into()),
    };
    let options = MidiPlayerOptions {
        effects: rest.get(2).is_none_or(|dry| dry != "dry"),
        ..MidiPlayerOptions::default()
    };

    let song_options = SongOptions { drums, ..SongOptions::default() };
    let (song, events) = Song::open_with_events(Path::new(song), &song_options)?;
    let font = SoundFont::open(Path::new(font))?;
    println!("{}: {} presets", font.name(), font.preset_count());
    font.warnings().iter().for_each(|warning| println!("warning: {warning}"));
    // Two seconds more, in which the last notes ring on.
    let length = (song.end().max(song.last_note()) + Time::from_seconds(2.0)).as_seconds();
    let frames = (length * f64::from(rate)) as u32;
    let events = midi_events(&events, part, Time::ZERO);
    let mut player = MidiPlayer::new(&font, events, rate, frames.into(), &options)?;

    let mut file = BufWriter::new(File::create(wav)?);
    let bytes = frames * 8;
    file.write_all(b"RIFF")?;
    file.write_all(&(36 + bytes).to_le_bytes())?;
    file.write_all(b"WAVEfmt \x10\0\0\0\x03\0\x02\0")?;
    file.write_all(&rate.to_le_bytes())?;
    file.write_all(&(rate * 8).to_le_bytes())?;
    file.write_all(b"\x08\0\x20\0data")?;
    file.write_all(&bytes.to_le_bytes())?;
    let mut block = vec![0.0; 8_192];
    loop {
        let frames = player.read(&mut block)?;
        if frames == 0 {
            break;
        }
        for sample in &block[..frames * 2] {
            file.write_all(&sample.to_le_bytes())?;
        }
    }
    file.flush()?;
    Ok(())
}
