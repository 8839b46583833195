//! Two independent decoders: ffmpeg's, a program, and symphonia's, a library. Both give interleaved samples.

use std::io::Write as _;
use std::process::{Command, Stdio};

use strikeline_aac::{AacSettings, AccessUnits};
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder as _, AudioDecoderOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::AacDecoder;

/// As symphonia decodes the access units.
pub(crate) fn symphonia(settings: &AacSettings, units: &AccessUnits) -> Result<Vec<f32>, String> {
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(CODEC_ID_AAC).with_extra_data(settings.audio_specific_config().into());
    let mut decoder =
        AacDecoder::try_new(&parameters, &AudioDecoderOptions::default()).map_err(|e| e.to_string())?;
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    for (index, unit) in units.iter().enumerate() {
        let packet = Packet::new(0, Timestamp::new(index as i64 * 1024), Duration::new(1024), unit);
        let decoded = decoder.decode(&packet).map_err(|error| format!("access unit {index}: {error}"))?;
        decoded.copy_to_vec_interleaved(&mut block);
        samples.extend_from_slice(&block);
    }
    Ok(samples)
}

/// As ffmpeg decodes them, from ADTS frames. `None`, with a message, where ffmpeg is not installed.
pub(crate) fn ffmpeg(settings: &AacSettings, units: &AccessUnits) -> Option<Result<Vec<f32>, String>> {
    let mut stream = Vec::new();
    for unit in units.iter() {
        stream.extend_from_slice(&settings.adts_header(unit.len()).unwrap());
        stream.extend_from_slice(unit);
    }
    let decoder = Command::new("ffmpeg")
        .args(["-v", "warning", "-xerror", "-threads", "1", "-f", "aac", "-i", "-", "-f", "f32le", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut decoder) = decoder else {
        eprintln!("skipped: ffmpeg is not installed, so nothing was decoded by it");
        return None;
    };
    let mut input = decoder.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(&stream));
        decoder.wait_with_output().unwrap()
    });
    // ADTS has no duration: ffmpeg always says so.
    let errors = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = errors.lines().filter(|line| !line.contains("Estimating duration")).collect();
    if !errors.is_empty() {
        return Some(Err(errors.join("\n")));
    }
    let samples = output.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Some(Ok(samples.collect()))
}
