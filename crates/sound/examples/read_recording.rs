//! Says what a recording is, and writes its samples as 32-bit floats.
//!
//!     cargo run -p strikeline-sound --example read_recording -- song.m4a song.f32 [rate]

use std::io::Write;

use strikeline_audio::AudioSource;
use strikeline_sound::channels::Stereo;
use strikeline_sound::recording::{Recording, RecordingOptions};
use strikeline_sound::resample::Resampled;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, output, rest @ ..] = arguments.as_slice() else {
        return Err(
            "give a recording and the file to write, and a sample rate if another one is wanted".into()
        );
    };
    let recording = Recording::open(file, RecordingOptions::default())?;
    println!("{:#?}", recording.info());
    let mut source: Box<dyn AudioSource> = Box::new(recording.source()?);
    if let [rate] = rest {
        let stereo = Stereo::with_layout(source, recording.info().layout)?;
        source = Box::new(Resampled::new(stereo, rate.parse()?)?);
    }
    let mut output = std::io::BufWriter::new(std::fs::File::create(output)?);
    let mut block = vec![0.0; 4096 * source.format().samples_per_frame()];
    let mut frames = 0;
    loop {
        let read = source.read(&mut block)?;
        if read == 0 {
            break;
        }
        frames += read;
        for sample in &block[..read * source.format().samples_per_frame()] {
            output.write_all(&sample.to_le_bytes())?;
        }
    }
    println!("{frames} sample frames, {}", source.format());
    Ok(())
}
