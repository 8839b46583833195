//! Encodes a WAV file to a file of ADTS frames, which players open:
//!
//!     cargo run --release -p strikeline-aac --example encode_wav -- IN.wav OUT.aac BITS_PER_SECOND
//!
//! Reads samples of 16 bits and 32-bit floats. Prints how long encoding took (by the clock: measure CPU time with
//! `time`).

use std::error::Error;
use std::time::Instant;

use strikeline_aac::{AacEncoder, AacSettings, AccessUnits};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, bitrate] = arguments.as_slice() else {
        return Err("usage: encode_wav IN.wav OUT.aac BITS_PER_SECOND".into());
    };
    let (rate, channels, samples) = read_wav(&std::fs::read(input)?)?;
    let settings = AacSettings::new(rate, channels, bitrate.parse()?)?;
    let begin = Instant::now();
    let mut encoder = AacEncoder::new(&settings);
    let mut units = AccessUnits::new();
    encoder.encode(&samples, &mut units);
    encoder.finish(&mut units);
    let took = begin.elapsed().as_secs_f64();
    let mut file = Vec::new();
    for unit in units.iter() {
        file.extend_from_slice(&settings.adts_header(unit.len())?);
        file.extend_from_slice(unit);
    }
    let seconds = samples.len() as f64 / f64::from(channels) / f64::from(rate);
    let bits: usize = units.iter().map(|unit| unit.len() * 8).sum();
    println!(
        "{seconds:.2} s of sound in {took:.3} s: {:.0} times real time; {:.1} kbit/s without ADTS headers",
        seconds / took,
        bits as f64 / seconds / 1000.0
    );
    std::fs::write(output, file)?;
    Ok(())
}

/// Sample rate, channels, and interleaved samples.
fn read_wav(file: &[u8]) -> Result<(u32, u16, Vec<f32>), Box<dyn Error>> {
    let mut rest = file.get(12..).ok_or("this is no WAV file")?;
    let (mut rate, mut channels, mut float, mut bits) = (0, 0, false, 0);
    while let Some((header, body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let chunk = &body[..length.min(body.len())];
        match &header[..4] {
            b"fmt " if chunk.len() >= 16 => {
                let field = |at: usize| u16::from_le_bytes([chunk[at], chunk[at + 1]]);
                channels = field(2);
                rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
                bits = field(14);
                // The format, or in an extensible one the beginning of its identifier.
                float = field(0) == 3 || field(0) == 0xfffe && chunk.len() >= 26 && field(24) == 3;
            }
            b"data" => {
                let samples = match (float, bits) {
                    (false, 16) => {
                        let pairs = chunk.chunks_exact(2);
                        pairs.map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect()
                    }
                    (true, 32) => {
                        let quads = chunk.chunks_exact(4);
                        quads.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
                    }
                    _ => return Err("only 16-bit and 32-bit float samples are read".into()),
                };
                return Ok((rate, channels, samples));
            }
            _ => {}
        }
        rest = body.get(length + length % 2..).unwrap_or(&[]);
    }
    Err("the file has no samples".into())
}
