//! What was found, as text and as JSON.

use std::fmt::Write;

use strikeline_picture::shown;

use crate::cli::tuning::Entry;
use serde_json::{Value, json};
use wgpu_video::encode::ffmpeg::{FFMPEG_CODECS, FfmpegCodec, FfmpegProgram, ProgramError};
use wgpu_video::gpu::details::AdapterDetails;
use wgpu_video::gpu::readback_speed::ReadbackSpeed;

use super::findings::{DoctorFindings, Entries, SettingsFound};
use crate::cli::json_path::put_path;
use crate::cli::remedies;

/// What is known of the memory of slots.
const MEMORY: &str = "MAP_READ | COPY_DST, host-visible; wgpu chooses the memory type and does not report it";

pub(super) fn text(findings: &DoctorFindings) -> String {
    let mut text = format!("strikeline {}\n\nadapters, best first\n", env!("CARGO_PKG_VERSION"));
    let used = findings.graphics.as_ref().ok().map(|graphics| graphics.index);
    if findings.adapters.is_empty() {
        text.push_str("  none\n");
    }
    // Writing to a String does not fail.
    for (index, adapter) in findings.adapters.iter().enumerate() {
        let mark = if used == Some(index) { '>' } else { ' ' };
        let AdapterDetails { description, kind, vendor, device, .. } = adapter;
        let _ = writeln!(
            text,
            "{mark} {index}: {}\n     {kind}, {}, device {vendor:04x}:{device:04x}\n     driver: {}\n     timestamps: {}; \
             textures up to {side}x{side}, buffers up to {} MiB\n     devices that draw at the same time, unless \
             --devices says otherwise: {}",
            description.name,
            description.backend,
            or_unknown(&description.driver),
            yes(adapter.timestamps),
            adapter.largest_buffer >> 20,
            description.devices(),
            side = adapter.largest_texture,
        );
    }
    match &findings.graphics {
        Ok(graphics) => {
            let adapter = findings.adapters.get(graphics.index);
            text.push_str(&readback(&graphics.speed, adapter.and_then(|adapter| adapter.shared_memory)));
        }
        Err(error) => {
            let _ = writeln!(text, "  not usable: {error}");
            if let Some(remedy) = remedies::of_gpu(error) {
                let _ = writeln!(text, "     {remedy}");
            }
        }
    }
    let _ = writeln!(
        text,
        "\nencoders\n  h264 (built-in), vectors: {}\n  openh264, {}",
        findings.vectors,
        match findings.assembler {
            Some(assembler) => format!("assembler: {assembler}"),
            None => "not in this build".to_owned(),
        }
    );
    text.push_str(&ffmpeg(&findings.ffmpeg));
    let features: Vec<String> =
        findings.features.iter().map(|(name, there)| format!("{name} {}", yes(*there))).collect();
    let features = if features.is_empty() { "none that matter".to_owned() } else { features.join(", ") };
    let _ = writeln!(
        text,
        "\nprocessor\n  {} ({}), {} cores to use; {features}",
        std::env::consts::ARCH,
        std::env::consts::OS,
        findings.cores
    );
    text.push_str("\ntuned settings\n");
    text.push_str(&settings(findings.settings.as_ref()));
    text.push_str("\nmissing\n");
    if findings.missing.is_empty() {
        text.push_str("  nothing\n");
    }
    let mut text: String = text.lines().map(wrapped).collect();
    for missing in &findings.missing {
        text.push_str(&wrapped(&format!("  {}: {}", missing.what, missing.why)));
        // On one line, so that it can be copied.
        let _ = writeln!(text, "     {}", missing.command);
    }
    text
}

/// `line`, wrapped at 80 columns; further lines are indented like text below an item.
fn wrapped(line: &str) -> String {
    const COLUMNS: usize = 80;
    const INDENT: &str = "     ";
    let mut text = String::new();
    let mut column = 0;
    for word in line.split_inclusive(' ') {
        let width = word.trim_end().chars().count();
        if column + width > COLUMNS && column > INDENT.len() {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.push_str(INDENT);
            column = INDENT.len();
        }
        text.push_str(word);
        column += word.chars().count();
    }
    text.push('\n');
    text
}

/// Which codecs ffmpeg has. Whether a device that an encoder needs is there is only known when it is used.
fn ffmpeg(found: &Result<FfmpegProgram, ProgramError>) -> String {
    let program = match found {
        Ok(program) => program,
        Err(error) => return format!("\nffmpeg\n  none: {error}\n"),
    };
    let (has, lacks) = codecs(program);
    let lacks = if lacks.is_empty() { String::new() } else { format!("\n  not in it: {}", lacks.join(", ")) };
    let has = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
    format!("\nffmpeg\n  {}: {}\n  codecs: {has}{lacks}\n", shown(program.program()), program.version())
}

/// The names of the codecs that `program` has and lacks.
fn codecs(program: &FfmpegProgram) -> (Vec<&'static str>, Vec<&'static str>) {
    let (has, lacks): (Vec<_>, Vec<_>) = FFMPEG_CODECS.iter().partition(|codec| program.has(codec));
    let names = |codecs: Vec<&'static FfmpegCodec>| codecs.into_iter().map(|codec| codec.name).collect();
    (names(has), names(lacks))
}

fn readback(speed: &ReadbackSpeed, shared_memory: Option<bool>) -> String {
    let shared = match shared_memory {
        Some(true) => "device and processor share their memory",
        Some(false) => "frames cross the bus",
        None => "unknown whether frames cross a bus",
    };
    let gigabytes = |rate: f64| rate / 1e9;
    let mut text = format!(
        "\nreading frames back\n  memory: {MEMORY}\n     {shared}\n  copy out of a mapped slot (1080p NV12, {:.1} MB): \
         {:.2} GB/s; plain memory: {:.2} GB/s ({:.2} times the time)\n",
        speed.bytes as f64 / 1e6,
        gigabytes(speed.mapped_bytes_per_second()),
        gigabytes(speed.plain_bytes_per_second()),
        speed.times_slower(),
    );
    if speed.seems_uncached() {
        text.push_str(&format!("  warning: {}\n", uncached(speed)));
    }
    text
}

/// The warning about a slow slot.
fn uncached(speed: &ReadbackSpeed) -> String {
    format!(
        "the driver maps read-back memory without the processor's cache: reading a frame takes {:.0} times as long as \
         from plain memory. strikeline copies each frame once, with streaming loads, and encodes the copy. Another driver \
         or --adapter may be faster",
        speed.times_slower()
    )
}

fn settings(found: Option<&SettingsFound>) -> String {
    let Some(SettingsFound { path, exists, entries }) = found else {
        return "  no folder for settings: XDG_CONFIG_HOME and HOME are not set\n".to_owned();
    };
    let path = shown(path);
    let mut text = match entries {
        Err(error) => return format!("  {path}: not used\n     {error}\n"),
        Ok(_) if !exists => return format!("  {path}: does not exist yet; `strikeline tune` writes it\n"),
        Ok(Entries { current, .. }) if current.is_empty() => {
            format!("  {path}: nothing for this adapter and driver; `strikeline tune` measures it\n")
        }
        Ok(_) => format!("  {path}\n"),
    };
    if let Ok(Entries { current, outdated }) = entries {
        for entry in current {
            let _ = writeln!(text, "     {}", setting(entry));
        }
        for entry in outdated {
            let driver = or_unknown(&entry.key.driver);
            let _ = writeln!(
                text,
                "     not used, as measured with another driver ({driver}): {}",
                setting(entry)
            );
        }
    }
    text
}

fn setting(entry: &Entry) -> String {
    let split = entry.tuned.split;
    let measured = match (entry.tuned.frames_per_second, entry.tuned.encoder.as_deref()) {
        (Some(rate), Some(encoder)) => format!(" ({rate:.0} fps with {encoder})"),
        (Some(rate), None) => format!(" ({rate:.0} fps)"),
        (None, _) => String::new(),
    };
    format!("{}: {split}{measured}", entry.key.size)
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

pub(super) fn json(findings: &DoctorFindings) -> Value {
    let used = findings.graphics.as_ref().ok().map(|graphics| graphics.index);
    let adapters = findings.adapters.iter().enumerate().map(|(index, adapter)| {
        json!({
            "index": index,
            "used": used == Some(index),
            "name": adapter.description.name,
            "kind": adapter.kind,
            "backend": adapter.description.backend,
            "driver": adapter.description.driver,
            "driver_name": adapter.driver_name,
            "driver_version": adapter.driver_version,
            "vendor": adapter.vendor,
            "device": adapter.device,
            "timestamps": adapter.timestamps,
            "devices": adapter.description.devices(),
            "largest_texture": adapter.largest_texture,
            "largest_buffer": adapter.largest_buffer,
            "shared_memory": adapter.shared_memory,
        })
    });
    let features: serde_json::Map<String, Value> =
        findings.features.iter().map(|(name, there)| ((*name).to_owned(), json!(there))).collect();
    let missing = findings
        .missing
        .iter()
        .map(|missing| json!({ "what": missing.what, "why": missing.why, "command": missing.command }));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "adapters": adapters.collect::<Vec<_>>(),
        "graphics_error": findings.graphics.as_ref().err().map(ToString::to_string),
        "readback": findings.graphics.as_ref().ok().map(|graphics| readback_json(&graphics.speed)),
        "encoders": [
            { "name": "openh264", "assembler": findings.assembler.map(|assembler| assembler.to_string()) },
            { "name": "h264", "vectors": findings.vectors },
        ],
        "ffmpeg": match &findings.ffmpeg {
            Ok(program) => json!({ "version": program.version(), "codecs": codecs(program).0, "error": null }),
            Err(error) => json!({ "version": null, "codecs": [], "error": error.to_string() }),
        },
        "processor": {
            "architecture": std::env::consts::ARCH,
            "system": std::env::consts::OS,
            "cores": findings.cores,
            "features": features,
        },
        "settings": findings.settings.as_ref().map(settings_json),
        "missing": missing.collect::<Vec<_>>(),
    })
}

fn readback_json(speed: &ReadbackSpeed) -> Value {
    json!({
        "memory": MEMORY,
        "bytes": speed.bytes,
        "mapped_bytes_per_second": speed.mapped_bytes_per_second(),
        "plain_bytes_per_second": speed.plain_bytes_per_second(),
        "times_slower": speed.times_slower(),
        "seems_uncached": speed.seems_uncached(),
        "warning": speed.seems_uncached().then(|| uncached(speed)),
    })
}

fn settings_json(found: &SettingsFound) -> Value {
    let entry = |entry: &Entry| {
        json!({
            "size_class": entry.key.size.id(),
            "driver": entry.key.driver,
            "ring": entry.tuned.split.ring_depth,
            "jobs": entry.tuned.split.jobs,
            "segments": entry.tuned.split.segments_in_flight,
            "devices": entry.tuned.split.devices,
            "frames_per_second": entry.tuned.frames_per_second,
            "encoder": entry.tuned.encoder,
        })
    };
    let list = |entries: &Vec<Entry>| entries.iter().map(entry).collect::<Vec<_>>();
    let entries = found.entries.as_ref();
    let mut json = json!({
        "exists": found.exists,
        "error": entries.err().map(ToString::to_string),
        "entries": entries.ok().map(|entries| list(&entries.current)),
        "outdated": entries.ok().map(|entries| list(&entries.outdated)),
    });
    put_path(&mut json, "path", &found.path);
    json
}
