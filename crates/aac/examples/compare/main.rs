//! Compares this encoder with ffmpeg's own AAC encoder at the same bitrate: noise-to-mask ratio and pre-echo. Needs
//! ffmpeg alone.
//!
//!     cargo run --release -p strikeline-aac --example compare
//!     cargo run --release -p strikeline-aac --example compare -- --bitrates 128,192 --only drums MORE.wav
//!
//! `--ours` leaves ffmpeg's encoder out, and `--csv` prints values separated by commas. WAV files, of any kind that
//! ffmpeg reads, are added to the sounds that the program makes itself.

use std::error::Error;
use std::io::Write as _;
use std::process::{Command, Stdio};

use strikeline_aac::{AacEncoder, AacSettings, AccessUnits};

mod ear;
mod signals;

use ear::{Ear, NoiseToMask};
use signals::{RATE, Sound};

/// A coded sound and what is wrong with it.
struct Outcome {
    kilobits: f64,
    noise: NoiseToMask,
    /// `None` where there is no attack.
    pre_echo: Option<f64>,
}

struct Options {
    bitrates: Vec<u32>,
    only: Vec<String>,
    files: Vec<String>,
    ours: bool,
    theirs: bool,
    csv: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let ear = Ear::new(RATE as f64);
    let mut sounds: Vec<(String, Sound)> =
        signals::all().into_iter().map(|(name, sound)| (name.to_owned(), sound)).collect();
    for file in &options.files {
        let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".wav");
        let arguments = ["-i", file, "-f", "f32le", "-ac", "2", "-ar", "48000", "-"];
        sounds.push((name.to_owned(), floats(&ffmpeg(&arguments, &[])?)));
    }
    if !options.csv {
        println!(
            "| sound | kbit/s | noise to mask (dB) | mean over frames (dB) | frames disturbed | pre-echo (dB) |"
        );
        println!("| --- | --- | --- | --- | --- | --- |");
    }
    let (mut all_ours, mut all_theirs) = (Vec::new(), Vec::new());
    for (name, sound) in &sounds {
        if !options.only.is_empty() && !options.only.contains(name) {
            continue;
        }
        for &bitrate in &options.bitrates {
            let ours =
                if options.ours { Some(outcome(&ear, sound, &encode(sound, bitrate)?)?) } else { None };
            let theirs = match (&ours, options.theirs) {
                (Some(ours), true) => Some(theirs_at(&ear, sound, ours.kilobits)?),
                (None, true) => Some(outcome(&ear, sound, &ffmpeg_encode(sound, bitrate)?)?),
                (_, false) => None,
            };
            print(&options, &format!("{name}, {}", bitrate / 1000), [ours.as_ref(), theirs.as_ref()]);
            all_ours.extend(ours);
            all_theirs.extend(theirs);
        }
    }
    print(&options, "mean", [mean(&all_ours).as_ref(), mean(&all_theirs).as_ref()]);
    Ok(())
}

/// The mean of each measure.
fn mean(outcomes: &[Outcome]) -> Option<Outcome> {
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    Some(Outcome {
        kilobits: mean(&mut outcomes.iter().map(|o| o.kilobits))?,
        noise: NoiseToMask {
            total: mean(&mut outcomes.iter().map(|o| o.noise.total))?,
            segmental: mean(&mut outcomes.iter().map(|o| o.noise.segmental))?,
            disturbed: mean(&mut outcomes.iter().map(|o| o.noise.disturbed))?,
        },
        pre_echo: mean(&mut outcomes.iter().filter_map(|o| o.pre_echo)),
    })
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        bitrates: vec![128_000, 192_000, 256_000],
        only: Vec::new(),
        files: Vec::new(),
        ours: true,
        theirs: true,
        csv: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bitrates" => {
                let list = arguments.next().ok_or("--bitrates needs a list of kbit/s")?;
                options.bitrates =
                    list.split(',').map(|v| v.parse::<u32>().map(|v| v * 1000)).collect::<Result<_, _>>()?;
            }
            "--only" => options.only.push(arguments.next().ok_or("--only needs a name")?),
            "--ours" => options.theirs = false,
            "--theirs" => options.ours = false,
            "--csv" => options.csv = true,
            _ if argument.starts_with('-') => return Err(format!("unknown option {argument}").into()),
            _ => options.files.push(argument),
        }
    }
    Ok(options)
}

/// One line of the table: this encoder, and behind a stroke ffmpeg's.
fn print(options: &Options, name: &str, outcomes: [Option<&Outcome>; 2]) {
    let each = |value: &dyn Fn(&Outcome) -> Option<f64>, digits: usize| {
        let text = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
        let values = outcomes.into_iter().flatten().map(|outcome| text(value(outcome)));
        values.collect::<Vec<_>>().join(if options.csv { "," } else { " / " })
    };
    let cells = [
        each(&|o| Some(o.kilobits), 1),
        each(&|o| Some(o.noise.total), 1),
        each(&|o| Some(o.noise.segmental), 1),
        each(&|o| Some(o.noise.disturbed), 1),
        each(&|o| o.pre_echo, 1),
    ];
    if options.csv {
        println!("{},{}", name.replace(", ", ","), cells.join(","));
    } else {
        println!("| {name} | {} |", cells.join(" | "));
    }
}

/// ADTS frames of this encoder, and the bits of the access units.
fn encode(sound: &Sound, bitrate: u32) -> Result<(Vec<u8>, usize), Box<dyn Error>> {
    let settings = AacSettings::new(RATE as u32, 2, bitrate)?;
    let mut encoder = AacEncoder::new(&settings);
    let mut units = AccessUnits::new();
    encoder.encode(sound, &mut units);
    encoder.finish(&mut units);
    let (mut stream, mut bits) = (Vec::new(), 0);
    for unit in units.iter() {
        stream.extend_from_slice(&settings.adts_header(unit.len())?);
        stream.extend_from_slice(unit);
        bits += unit.len() * 8;
    }
    Ok((stream, bits))
}

/// The same by ffmpeg's encoder.
fn ffmpeg_encode(sound: &Sound, bitrate: u32) -> Result<(Vec<u8>, usize), Box<dyn Error>> {
    let bytes: Vec<u8> = sound.iter().flat_map(|v| v.to_le_bytes()).collect();
    let bitrate = bitrate.to_string();
    let input = ["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "-"];
    let output = ["-c:a", "aac", "-b:a", &bitrate, "-f", "adts", "-"];
    let stream = ffmpeg(&[&input[..], &output[..]].concat(), &bytes)?;
    let (mut rest, mut frames) = (stream.as_slice(), 0);
    while let Some(header) = rest.get(..7) {
        let length =
            usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3 | usize::from(header[5]) >> 5;
        rest = rest.get(length.max(7)..).unwrap_or(&[]);
        frames += 1;
    }
    let bits = (stream.len() - 7 * frames) * 8;
    Ok((stream, bits))
}

/// What ffmpeg's encoder makes of the sound at nearly so many bits.
fn theirs_at(ear: &Ear, sound: &Sound, kilobits: f64) -> Result<Outcome, Box<dyn Error>> {
    let mut asked = kilobits;
    let mut best: Option<Outcome> = None;
    for _ in 0..5 {
        let found = outcome(ear, sound, &ffmpeg_encode(sound, (asked * 1000.0) as u32)?)?;
        let off = |o: &Outcome| (o.kilobits / kilobits).ln().abs();
        asked *= (kilobits / found.kilobits).clamp(0.5, 2.0);
        if best.as_ref().is_none_or(|best| off(&found) < off(best)) {
            best = Some(found);
        }
        if best.as_ref().is_some_and(|best| off(best) < 0.01) {
            break;
        }
    }
    best.ok_or_else(|| "nothing was encoded".into())
}

fn outcome(ear: &Ear, sound: &Sound, (stream, bits): &(Vec<u8>, usize)) -> Result<Outcome, Box<dyn Error>> {
    // Both encoders are late by 1024 sample frames.
    let delay = AacEncoder::DELAY as usize * 2;
    let mut decoded = floats(&ffmpeg(&["-f", "aac", "-i", "-", "-f", "f32le", "-"], stream)?);
    decoded.drain(..delay.min(decoded.len()));
    decoded.resize(sound.len(), 0.0);
    let pre_echo = ear::pre_echo(RATE, sound, &decoded);
    let seconds = sound.len() as f64 / 2.0 / RATE as f64;
    Ok(Outcome { kilobits: *bits as f64 / seconds / 1000.0, noise: ear.stereo(sound, &decoded), pre_echo })
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Runs ffmpeg with `input` on its standard input; what it writes.
fn ffmpeg(arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-threads", "1"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("ffmpeg cannot be run ({error}): install it"))?;
    let mut stdin = child.stdin.take().ok_or("ffmpeg has no input")?;
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output()
    })?;
    if output.status.success() { Ok(output.stdout) } else { Err("ffmpeg failed".into()) }
}
