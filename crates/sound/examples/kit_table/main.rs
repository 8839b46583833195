//! Prints figures of the kit's sounds, beside those of SoundFonts, and writes the sounds as WAV files.
//!
//! `cargo run --release -p strikeline-sound --example kit_table -- [--keys 35-59,75] [--velocities 32,64,96,127]
//! [--wav FOLDER] [--soundfont FILE]... [--no-kit]`
//!
//! A Markdown table goes to the standard output. The WAV files are named by source, key and velocity.

mod measure;
mod names;
mod sources;
mod wav;

use std::path::PathBuf;

use measure::{Figures, measure};
use sources::Source;

const RATE: u32 = 48_000;
/// The drum to whose level others are compared.
const SNARE: u8 = 38;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let options = Options::parse(std::env::args().skip(1))?;
    let mut sources = Vec::new();
    if options.kit {
        sources.push(Source::kit(RATE)?);
    }
    for path in &options.soundfonts {
        sources.push(Source::soundfont(path, RATE)?);
    }
    let mut references = Vec::new();
    for source in &mut sources {
        references
            .push(measure(&source.play(SNARE, 100)?, f64::from(RATE)).map_or(0.0, |figures| figures.rms));
    }
    println!(
        "| key | drum | velocity | source | level | crest | attack | centroid | at 100 ms | strongest | decay low / mid / high | length | octaves from 63 Hz |"
    );
    println!("| ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for &key in &options.keys {
        for &velocity in &options.velocities {
            for (source, reference) in sources.iter_mut().zip(&references) {
                let samples = source.play(key, velocity)?;
                if let Some(folder) = &options.folder {
                    let name = format!("{}_{key:03}_{velocity:03}.wav", source.name());
                    wav::write(&folder.join(name), &samples, RATE)?;
                }
                print_row(key, velocity, source.name(), *reference, measure(&samples, f64::from(RATE)));
            }
        }
    }
    Ok(())
}

/// Prints a row of the table. Levels are relative to that of the snare of the same source at velocity 100.
fn print_row(key: u8, velocity: u8, source: &str, reference: f64, figures: Option<Figures>) {
    let drum = names::name(key);
    let Some(f) = figures else {
        println!("| {key} | {drum} | {velocity} | {source} | silent |");
        return;
    };
    let later = f.centroid_later.map_or("-".into(), |centroid| format!("{centroid:.0}"));
    let octaves: Vec<String> = f.octaves.iter().map(|level| format!("{level:.0}")).collect();
    println!(
        "| {key} | {drum} | {velocity} | {source} | {:.1} | {:.1} | {:.0} | {:.0} | {later} | {:.0} | {:.0} / {:.0} / {:.0} | {:.0} | {} |",
        f.rms - reference,
        f.crest,
        f.attack,
        f.centroid_attack,
        f.fundamental,
        f.decay[0],
        f.decay[1],
        f.decay[2],
        f.duration,
        octaves.join(" "),
    );
}

struct Options {
    keys: Vec<u8>,
    velocities: Vec<u8>,
    folder: Option<PathBuf>,
    soundfonts: Vec<PathBuf>,
    kit: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
        let mut options = Options {
            keys: (27..=87).collect(),
            velocities: vec![100],
            folder: None,
            soundfonts: Vec::new(),
            kit: true,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--keys" => options.keys = numbers(&value()?)?,
                "--velocities" => options.velocities = numbers(&value()?)?,
                "--wav" => options.folder = Some(value()?.into()),
                "--soundfont" => options.soundfonts.push(value()?.into()),
                "--no-kit" => options.kit = false,
                _ => return Err(format!("unknown option {argument}").into()),
            }
        }
        if let Some(folder) = &options.folder {
            std::fs::create_dir_all(folder)?;
        }
        Ok(options)
    }
}

/// Numbers and ranges, such as `35-38,42`.
fn numbers(text: &str) -> Result<Vec<u8>, Failure> {
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(from.parse::<u8>()?..=to.parse::<u8>()?);
    }
    Ok(numbers)
}
