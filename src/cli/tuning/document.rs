//! The text of a settings file: reading it, and setting one entry while the rest stays as it is.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Key, MOST, Settings, SizeClass, Tuned, TuningError};
use wgpu_video::stream::WorkSplit;

/// What a new file begins with.
const HEADING: &str = "\
# What `strikeline tune` found fastest on this machine. `strikeline render` takes ring, jobs, segments and
# devices from here where they are not given; with --no-tuned it does not. Delete an entry or the whole file as you like.
";

/// The name of the entries.
const TUNED: &str = "tuned";

/// Reads the entries of `text`, the content of `path`. Other keys are ignored.
pub(super) fn parse(text: &str, path: &Path) -> Result<Settings, TuningError> {
    let entries = read(text, path)?.into_iter().map(|located| located.entry).collect();
    Ok(Settings { entries })
}

/// `text`, the content of `path`, with the entry for `key` set to `tuned`.
pub(super) fn with_entry(text: &str, path: &Path, key: &Key, tuned: &Tuned) -> Result<String, TuningError> {
    let entries = read(text, path)?;
    let changed = match entries.iter().find(|located| located.entry.key == *key) {
        Some(located) => replaced(text, located, tuned),
        None => appended(text, key, tuned),
    };
    // Some files take no further entry: a list on one line cannot go on elsewhere.
    match read(&changed, path) {
        Ok(entries) if entries.iter().any(|located| located.entry.key == *key) => Ok(changed),
        Ok(_) | Err(_) => {
            let line = text.lines().position(|line| line.trim_start().starts_with(TUNED));
            let text =
                "tuned takes no further entry; write each one as a table of its own, [[tuned]]".to_owned();
            Err(TuningError::Invalid { path: path.to_owned(), line: line.unwrap_or_default() + 1, text })
        }
    }
}

/// Byte ranges of values in the text, by key.
type ValueOffsets = Vec<(&'static str, Range<usize>)>;

/// An entry, and where its values are in the text.
struct Located {
    entry: Entry,
    line: usize,
    /// The values that tuning sets.
    values: ValueOffsets,
}

/// Values that tuning sets, in the order in which they are written.
const VALUES: [&str; 6] = ["ring", "jobs", "segments", "devices", "frames-per-second", "encoder"];

/// Each of [`VALUES`] as text; `None` for those that `tuned` does not have.
fn written(tuned: &Tuned) -> [Option<String>; 6] {
    let split = tuned.split;
    [
        Some(split.ring_depth.to_string()),
        Some(split.jobs.to_string()),
        Some(split.segments_in_flight.to_string()),
        split.devices.map(|devices| devices.to_string()),
        tuned.frames_per_second.filter(|rate| rate.is_finite()).map(|rate| format!("{rate:.1}")),
        tuned.encoder.as_deref().map(quoted),
    ]
}

fn appended(text: &str, key: &Key, tuned: &Tuned) -> String {
    let mut changed = if text.trim().is_empty() { HEADING.to_owned() } else { text.to_owned() };
    if !changed.ends_with('\n') {
        changed.push('\n');
    }
    // Writing to a String does not fail.
    let _ = writeln!(
        changed,
        "\n[[{TUNED}]]\nadapter = {}\ndriver = {}\nsize = {}",
        quoted(&key.adapter),
        quoted(&key.driver),
        quoted(key.size.id())
    );
    for (name, value) in VALUES.iter().zip(written(tuned)) {
        if let Some(value) = value {
            let _ = writeln!(changed, "{name} = {value}");
        }
    }
    changed
}

/// Replaces the values only, so that comments and order stay.
fn replaced(text: &str, located: &Located, tuned: &Tuned) -> String {
    let mut changed = text.to_owned();
    let mut spans = located.values.clone();
    // From the end, so that the offsets of earlier values stay valid.
    spans.sort_by_key(|(_, span)| std::cmp::Reverse(span.start));
    for (name, span) in spans {
        let place = VALUES.iter().position(|value| *value == name);
        let mut value = place.and_then(|place| written(tuned).into_iter().nth(place)).flatten();
        // Files of earlier versions have no number of devices.
        let lacks_devices = name == "segments" && !located.values.iter().any(|(name, _)| *name == "devices");
        if let (Some(value), Some(devices)) = (&mut value, tuned.split.devices.filter(|_| lacks_devices)) {
            let after = changed.get(span.end..).unwrap_or_default().trim_start_matches([' ', '\t']);
            let separator = if after.starts_with([',', '}']) { ", " } else { "\n" };
            let _ = write!(value, "{separator}devices = {devices}");
        }
        if let Some(value) = value
            && changed.get(span.clone()).is_some()
        {
            changed.replace_range(span, &value);
        }
    }
    changed
}

/// A basic string (TOML 1.0, "String").
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            // Control characters.
            '\0'..='\u{1F}' | '\u{7F}' => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn read(text: &str, path: &Path) -> Result<Vec<Located>, TuningError> {
    let line = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| TuningError::NotToml {
        path: path.to_owned(),
        line: line(error.span().unwrap_or_default().start),
        reason: error.message().lines().collect::<Vec<_>>().join(" "),
    })?;
    let invalid =
        |(at, text): (usize, String)| TuningError::Invalid { path: path.to_owned(), line: line(at), text };
    let Some(tuned) = table.get_ref().get(TUNED) else { return Ok(Vec::new()) };
    let not_tables =
        || invalid((tuned.span().start, "tuned must be tables, each under a line [[tuned]]".to_owned()));
    let DeValue::Array(items) = tuned.get_ref() else { return Err(not_tables()) };
    let mut entries: Vec<Located> = Vec::new();
    for item in items.iter() {
        let DeValue::Table(table) = item.get_ref() else { return Err(not_tables()) };
        let (entry, values) = read_entry(table, item.span().start).map_err(invalid)?;
        let same = entries.iter().find(|earlier| earlier.entry.key == entry.key);
        if let Some(same) = same {
            let text = format!(
                "this is for the same adapter, driver and size as line {}; remove one of them",
                same.line
            );
            return Err(invalid((item.span().start, text)));
        }
        entries.push(Located { entry, line: line(item.span().start), values });
    }
    Ok(entries)
}

/// A byte offset, and what is wrong there.
type Fault = (usize, String);

/// The entry of `table`, which begins at byte `start`, and where its values are.
fn read_entry(table: &DeTable<'_>, start: usize) -> Result<(Entry, ValueOffsets), Fault> {
    let get = |key: &str| table.get(key).ok_or_else(|| (start, format!("this entry has no {key}")));
    let text = |key: &str| text_of(key, get(key)?);
    let setting = |key: &str| {
        let value = get(key)?;
        let fault = || (value.span().start, format!("{key} must be a whole number from 1 to {MOST}"));
        let DeValue::Integer(number) = value.get_ref() else { return Err(fault()) };
        let number = usize::from_str_radix(number.as_str(), number.radix()).ok();
        number.filter(|number| (1..=MOST).contains(number)).ok_or_else(fault)
    };
    let size = text("size")?;
    let size = SizeClass::from_id(&size).ok_or_else(|| {
        let known = SizeClass::ALL.map(SizeClass::id).join(", ");
        (table.get("size").map_or(start, |size| size.span().start), format!("size must be one of {known}"))
    })?;
    let key = Key { adapter: text("adapter")?, driver: text("driver")?, size };
    let split = WorkSplit {
        ring_depth: setting("ring")?,
        jobs: setting("jobs")?,
        segments_in_flight: setting("segments")?,
        devices: table.get("devices").map(|_| setting("devices")).transpose()?,
    };
    let frames_per_second = table.get("frames-per-second").map(rate_of).transpose()?;
    let encoder = table.get("encoder").map(|value| text_of("encoder", value)).transpose()?;
    let values = VALUES.iter().filter_map(|name| Some((*name, table.get(*name)?.span()))).collect();
    Ok((Entry { key, tuned: Tuned { split, frames_per_second, encoder } }, values))
}

fn text_of(key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, Fault> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        _ => Err((value.span().start, format!("{key} must be a text in quotes"))),
    }
}

fn rate_of(value: &Spanned<DeValue<'_>>) -> Result<f64, Fault> {
    let number: Option<f64> = match value.get_ref() {
        DeValue::Float(number) => number.as_str().parse().ok(),
        DeValue::Integer(number) => number.as_str().parse().ok(),
        _ => None,
    };
    let fault = || (value.span().start, "frames-per-second must be a number".to_owned());
    number.filter(|number| number.is_finite()).ok_or_else(fault)
}
