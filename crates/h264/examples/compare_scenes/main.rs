//! Compares encoders over scenes, each a y4m file (4:2:0, 8 bits), at several QPs, each on one thread.
//!
//! ```text
//! cargo run --release -p strikeline-h264 --example compare_scenes -- SCENE.y4m...
//! ```
//!
//! Printed are, for each scene, encoder and QP: CPU time per frame, bytes, PSNR of Y, Cb and Cr, SSIM, and the PSNR of the
//! worst tile; then, for each scene, the difference in bytes at equal PSNR of luma (BD-rate) of each effort of the built-in
//! encoder against each other encoder, and the ratio of the CPU times (geometric mean over the QPs).
//!
//! `--qps 20,26,32` chooses the QPs, `--frames N` uses the first N frames of each scene (300), `--only TEXT` runs the
//! built-in efforts that have it in their names, `--alone` runs only these, `--cache FILE` keeps what other encoders made for the next time, and `--brief`
//! leaves out the first table. ffmpeg with libx264 is needed.
//!
//! `--times N` only encodes, N times with each of the built-in efforts, and prints the CPU time per frame (median and least) and the
//! bytes: for a profiler, and to compare two builds. It needs no ffmpeg.

mod bd_rate;
mod encoders;
mod quality;
mod table;
mod y4m;

use std::error::Error;
use std::path::{Path, PathBuf};

use encoders::{ENCODERS, Method, encode_built_in};
use table::{Cache, Key, Row, print_differences, print_means, print_rows};
use y4m::Clip;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let qps = option(&mut arguments, "--qps", true).unwrap_or_else(|| "18,24,30,36".to_owned());
    let qps: Vec<u8> = qps.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let frames: usize = option(&mut arguments, "--frames", true).map_or(Ok(300), |text| text.parse())?;
    let only = option(&mut arguments, "--only", true).unwrap_or_default();
    let alone = option(&mut arguments, "--alone", false).is_some();
    let brief = option(&mut arguments, "--brief", false).is_some();
    let cache = option(&mut arguments, "--cache", true).map(PathBuf::from);
    if let Some(times) = option(&mut arguments, "--times", true) {
        return measure_times(&arguments, &qps, frames, &only, times.parse()?);
    }
    let mut cache = Cache::open(cache)?;
    let stream = std::env::temp_dir().join(format!("compare_scenes-{}.264", std::process::id()));
    let mut all = Vec::new();
    for path in &arguments {
        let clip = Clip::open(Path::new(path), frames)?;
        let mut rows = Vec::new();
        for encoder in ENCODERS {
            let is_built_in = matches!(encoder.method, Method::BuiltIn(_));
            if is_built_in && !encoder.name.contains(&only) || !is_built_in && alone {
                continue;
            }
            for &qp in &qps {
                let key = Key {
                    scene: clip.name.clone(),
                    encoder: encoder.name.to_owned(),
                    qp,
                    frames: clip.len(),
                };
                let known = if is_built_in { None } else { cache.get(&key) };
                let outcome = match known {
                    Some(outcome) => outcome,
                    None => encoder.run(&clip, qp, &stream)?,
                };
                if !is_built_in {
                    cache.put(&key, outcome)?;
                }
                rows.push(Row { encoder: encoder.name, is_built_in, qp, outcome });
            }
        }
        if !brief {
            print_rows(&clip.name, &rows);
        }
        print_differences(&clip.name, &rows);
        all.push(rows);
    }
    print_means(&all);
    if std::env::var_os("KEEP").is_none() {
        std::fs::remove_file(stream)?;
    }
    Ok(())
}

/// Prints what the built-in efforts take, without a look at the pictures.
fn measure_times(
    scenes: &[String],
    qps: &[u8],
    frames: usize,
    only: &str,
    times: usize,
) -> Result<(), Box<dyn Error>> {
    println!("{:14} {:9} {:>3} {:>9} {:>9} {:>9}", "scene", "effort", "QP", "ms/frame", "least", "bytes");
    for path in scenes {
        let clip = Clip::open(Path::new(path), frames)?;
        for encoder in ENCODERS.iter().filter(|encoder| encoder.name.contains(only)) {
            let Method::BuiltIn(effort) = encoder.method else { continue };
            for &qp in qps {
                let (mut milliseconds, mut bytes) = (Vec::new(), 0);
                for _ in 0..times.max(1) {
                    let (seconds, output) = encode_built_in(&clip, qp, effort)?;
                    milliseconds.push(seconds * 1e3 / clip.len() as f64);
                    bytes = output.len();
                }
                milliseconds.sort_by(f64::total_cmp);
                let (median, least) = (milliseconds[milliseconds.len() / 2], milliseconds[0]);
                println!("{:14} {:9} {qp:3} {median:9.3} {least:9.3} {bytes:9}", clip.name, encoder.name);
            }
        }
    }
    Ok(())
}

/// Takes an option, and what follows it when it has a value, out of the arguments.
fn option(arguments: &mut Vec<String>, name: &str, has_value: bool) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    let name = arguments.remove(at);
    if has_value { (at < arguments.len()).then(|| arguments.remove(at)) } else { Some(name) }
}
