//! What a song is read from: a MIDI file, a chart of a rhythm game, its `song.ini`, its folder, or a `.sng` file.

use std::fs;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use strikeline_files::{Opened, open_or_wait, open_regular};

use super::chart::{
    self, ChartTags, INI_NAME, MAX_INI_BYTES, NamedStem, SngFile, Stem, StemKind, is_text_chart,
    read_text_chart,
};
use super::error::SongError;
use super::messages::{SongEvent, drum_events};
use super::midi;
use super::{MAX_FILE_BYTES, Song, SongOptions};

/// The names of a chart's file, the preferred first, as games have it.
const CHART_NAMES: [&str; 3] = ["notes.mid", "notes.midi", "notes.chart"];

/// See [`Song::read`], [`Song::read_with_ini`] and [`Song::read_with_events`].
pub(super) fn read(
    bytes: &[u8],
    ini: Option<&[u8]>,
    options: &SongOptions,
    events: Option<&mut Vec<SongEvent>>,
) -> Result<Song, SongError> {
    if chart::is_sng(bytes) {
        return read_sng(SngFile::open(Cursor::new(bytes))?, options, events);
    }
    let tags = || ini.map(|ini| ChartTags::read_ini(ini, options.text_encoding)).unwrap_or_default();
    Ok(read_notes(bytes, is_text_chart(bytes), options, &tags, events)?.0)
}

/// See [`Song::open`] and [`Song::open_with_events`]. Errors name the file.
pub(super) fn open(
    path: &Path,
    options: &SongOptions,
    events: Option<&mut Vec<SongEvent>>,
) -> Result<Song, SongError> {
    let in_path =
        |path: &Path, problem| SongError::InFile { path: path.to_owned(), problem: Box::new(problem) };
    let is_ini = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ini"));
    let (file, folder) = if path.is_dir() {
        (find_chart(path).map_err(|problem| in_path(path, problem))?, path)
    } else if is_ini && path.exists() {
        let folder = parent(path);
        (find_chart(folder).map_err(|problem| in_path(folder, problem))?, folder)
    } else {
        (path.to_owned(), parent(path))
    };
    open_file(&file, folder, options, events).map_err(|problem| in_path(&file, problem))
}

fn open_file(
    path: &Path,
    folder: &Path,
    options: &SongOptions,
    events: Option<&mut Vec<SongEvent>>,
) -> Result<Song, SongError> {
    let unreadable = |reason| SongError::Unreadable { reason };
    let file = match open_or_wait(path).map_err(unreadable)? {
        Opened::Regular(file) => file,
        // A pipe lies beside nothing, and its name says nothing.
        Opened::Pipe(pipe) => return read(&read_whole(pipe)?, None, options, events),
    };
    let mut start = Vec::new();
    // A `.sng` file has recordings in it, which need not be read.
    (&file).take(64).read_to_end(&mut start).map_err(unreadable)?;
    if chart::is_sng(&start) {
        let song = read_sng(SngFile::open(BufReader::new(file))?, options, events)?;
        return Ok(song.named_after(path));
    }
    let bytes = read_whole(start.as_slice().chain(file))?;
    let is_text = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("chart"));
    let tags = || tags_in(folder, options);
    let (mut song, named) = read_notes(&bytes, is_text || is_text_chart(&bytes), options, &tags, events)?;
    if let Some(chart) = &mut song.chart {
        chart.stems = chart::stems_among(&recordings_in(folder, &named), &named);
    }
    Ok(song.named_after(path))
}

/// All bytes of a song's file.
fn read_whole(file: impl Read) -> Result<Vec<u8>, SongError> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|reason| SongError::Unreadable { reason })?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(SongError::TooLarge { limit: MAX_FILE_BYTES });
    }
    Ok(bytes)
}

/// Reads a file of notes: a chart in text, or MIDI. Also returns the recordings that it names.
fn read_notes(
    bytes: &[u8],
    is_text: bool,
    options: &SongOptions,
    tags: &dyn Fn() -> ChartTags,
    mut events: Option<&mut Vec<SongEvent>>,
) -> Result<(Song, Vec<NamedStem>), SongError> {
    let (song, named) = if is_text {
        read_text_chart(bytes, options, tags())?
    } else {
        (midi::read(bytes, options, tags, events.as_deref_mut())?, Vec::new())
    };
    if let (Some(events), Some(_)) = (events, &song.chart) {
        // What a synthesiser is told is the drums, not the numbers by which a chart names them.
        *events = drum_events(song.notes());
    }
    Ok((song, named))
}

/// Reads the chart in a `.sng` file.
fn read_sng<R: Read + std::io::Seek>(
    mut sng: SngFile<R>,
    options: &SongOptions,
    events: Option<&mut Vec<SongEvent>>,
) -> Result<Song, SongError> {
    let names: Vec<String> = sng.names().map(str::to_owned).collect();
    let tags = sng.take_tags();
    let damage = || tags.warnings.first().cloned().map(Box::new);
    let name = choose_chart(&names).map_err(|error| match error {
        SongError::NoChart { midi_files, .. } => SongError::NoChart { midi_files, damage: damage() },
        other => other,
    })?;
    let bytes = sng
        .read_file(&name)
        .ok_or_else(|| SongError::NoChart { midi_files: Vec::new(), damage: damage() })??;
    let tags = std::cell::RefCell::new(tags);
    let is_text = is_text_chart(&bytes) || name.to_ascii_lowercase().ends_with(".chart");
    let (mut song, named) = read_notes(&bytes, is_text, options, &|| tags.take(), events)?;
    if let Some(chart) = &mut song.chart {
        chart.stems = chart::stems_among(&sng.as_stems(), &named);
    }
    Ok(song)
}

/// Whether a folder is that of a chart: [`Song::open`](super::Song::open) then reads the chart in it.
pub fn holds_chart(folder: &Path) -> bool {
    find_chart(folder).is_ok()
}

/// The chart in a folder.
fn find_chart(folder: &Path) -> Result<PathBuf, SongError> {
    let entries = fs::read_dir(folder).map_err(|reason| SongError::Unreadable { reason })?;
    let may_be_chart = |name: &str| {
        let name = name.to_ascii_lowercase();
        [".chart", ".mid", ".midi", ".rmi"].iter().any(|ending| name.ends_with(ending))
    };
    let names: Vec<String> = files_among(entries, may_be_chart).map(|(name, _)| name).collect();
    Ok(folder.join(choose_chart(&names)?))
}

/// The chart among files of these names: `notes.mid`, then `notes.chart`, then a `.chart` file of another name, of which one
/// whose name ends in `[Y]` or `[F]` is preferred (GuitarGame_ChartFormats, ".chart", "File Names").
fn choose_chart(names: &[String]) -> Result<String, SongError> {
    let known = |wanted: &str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
    if let Some(name) = CHART_NAMES.iter().find_map(|wanted| known(wanted)) {
        return Ok(name.clone());
    }
    let is_preferred = |name: &str| {
        let base =
            name.get(..name.len().saturating_sub(".chart".len())).unwrap_or_default().to_ascii_lowercase();
        ["[y]", "[f]", "(y)", "(f)"].iter().any(|suffix| base.ends_with(suffix))
    };
    let ends_with = |name: &str, ending: &str| name.to_ascii_lowercase().ends_with(ending);
    let charts = names.iter().filter(|name| ends_with(name, ".chart"));
    if let Some(name) = charts.min_by_key(|name| (!is_preferred(name), name.as_str())) {
        return Ok(name.clone());
    }
    let is_midi = |name: &&String| [".mid", ".midi", ".rmi"].iter().any(|ending| ends_with(name, ending));
    let mut midi_files: Vec<String> = names.iter().filter(is_midi).cloned().collect();
    midi_files.sort();
    Err(SongError::NoChart { midi_files, damage: None })
}

/// The folder of a file.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the `song.ini` of a folder says; nothing when there is none.
fn tags_in(folder: &Path, options: &SongOptions) -> ChartTags {
    let is_ini = |name: &str| name.eq_ignore_ascii_case(INI_NAME);
    let ini = fs::read_dir(folder).ok().and_then(|entries| files_among(entries, is_ini).min());
    let Some((_, file)) = ini else { return ChartTags::default() };
    let mut bytes = Vec::new();
    match open_regular(&file).and_then(|file| file.take(MAX_INI_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => ChartTags::read_ini(&bytes, options.text_encoding),
        Err(reason) => ChartTags::unreadable(&reason),
    }
}

/// The files of a folder that may be recordings of a chart, in order of their names.
fn recordings_in(folder: &Path, named: &[NamedStem]) -> Vec<(String, Stem)> {
    let is_recording = |name: &str| {
        StemKind::of_file_name(name).is_some()
            || named.iter().any(|stem| stem.name.eq_ignore_ascii_case(name))
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = files_among(entries, is_recording)
        .map(|(name, file)| (name, Stem { file, kind: StemKind::Song, packed: None }))
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// Files of one kind in a folder that are looked at, at most.
const MOST_FILES: usize = 10_000;

/// The regular files of a folder whose names are `wanted`, by name and path. Of a folder with millions of files only these are
/// looked at.
fn files_among(
    entries: fs::ReadDir,
    wanted: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (String, PathBuf)> {
    let file = move |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| wanted(name))?;
        // Pipes and devices would be waited for.
        entry.path().is_file().then(|| (name, entry.path()))
    };
    entries.flatten().filter_map(file).take(MOST_FILES)
}
