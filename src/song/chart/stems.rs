//! The recordings that belong to a chart, one for each instrument, by the names that games reserve for them
//! (GuitarGame_ChartFormats, "Audio Files").

use std::fmt;
use std::path::PathBuf;

/// A recording of the song, or of one instrument of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stem {
    /// The file; in a `.sng` file its name there.
    pub file: PathBuf,
    /// What is heard on it.
    pub kind: StemKind,
    /// Where it lies in the `.sng` file, if it is in one. It is masked there: see [`read_packed`](super::read_packed).
    pub packed: Option<PackedFile>,
}

/// The place of a file within a `.sng` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedFile {
    /// Its first byte.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// What is heard on a [`Stem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StemKind {
    /// All of the song; where there are other stems, what is not on them.
    Song,
    /// Lead guitar; all of the song where there is no other stem.
    Guitar,
    /// Rhythm guitar.
    Rhythm,
    /// Bass guitar.
    Bass,
    /// Keyboards.
    Keys,
    /// All drums.
    Drums,
    /// Kick, and those of snare, toms and cymbals that have no stem of their own.
    Kick,
    /// Snare, and those of toms and cymbals that have no stem of their own.
    Snare,
    /// Toms, and cymbals if they have no stem of their own.
    Toms,
    /// Cymbals.
    Cymbals,
    /// Vocals.
    Vocals,
    /// Secondary vocals.
    SecondVocals,
    /// The crowd.
    Crowd,
    /// A preview of the song.
    Preview,
}

impl StemKind {
    const NAMES: [(&'static str, StemKind); 15] = [
        ("song", StemKind::Song),
        ("guitar", StemKind::Guitar),
        ("rhythm", StemKind::Rhythm),
        ("bass", StemKind::Bass),
        ("keys", StemKind::Keys),
        ("drums", StemKind::Drums),
        ("drums_1", StemKind::Kick),
        ("drums_2", StemKind::Snare),
        ("drums_3", StemKind::Toms),
        ("drums_4", StemKind::Cymbals),
        ("vocals", StemKind::Vocals),
        ("vocals_1", StemKind::Vocals),
        ("vocals_2", StemKind::SecondVocals),
        ("crowd", StemKind::Crowd),
        ("preview", StemKind::Preview),
    ];

    const EXTENSIONS: [&'static str; 4] = ["ogg", "opus", "mp3", "wav"];

    /// What a file is by its name; `None` when it is none of the reserved names.
    pub fn of_file_name(name: &str) -> Option<StemKind> {
        let (base, extension) = name.rsplit_once('.')?;
        let known = StemKind::EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension));
        let (_, kind) = StemKind::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(base))?;
        known.then_some(*kind)
    }
}

impl fmt::Display for StemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StemKind::Song => "song",
            StemKind::Guitar => "guitar",
            StemKind::Rhythm => "rhythm guitar",
            StemKind::Bass => "bass",
            StemKind::Keys => "keys",
            StemKind::Drums => "drums",
            StemKind::Kick => "kick",
            StemKind::Snare => "snare",
            StemKind::Toms => "toms",
            StemKind::Cymbals => "cymbals",
            StemKind::Vocals => "vocals",
            StemKind::SecondVocals => "second vocals",
            StemKind::Crowd => "crowd",
            StemKind::Preview => "preview",
        })
    }
}

/// A file that a chart names as a recording, in its section `[Song]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::song) struct NamedStem {
    pub name: String,
    pub kind: StemKind,
}

impl NamedStem {
    /// From an entry of `[Song]` such as `MusicStream`; `None` when it names no recording, or one in another folder.
    pub(super) fn of_entry(entry: &str, file: &str) -> Option<NamedStem> {
        let kind = match entry.to_ascii_lowercase().as_str() {
            "musicstream" => StemKind::Song,
            "guitarstream" => StemKind::Guitar,
            "rhythmstream" => StemKind::Rhythm,
            "bassstream" => StemKind::Bass,
            "keysstream" => StemKind::Keys,
            "drumstream" => StemKind::Kick,
            "drum2stream" => StemKind::Snare,
            "drum3stream" => StemKind::Toms,
            "drum4stream" => StemKind::Cymbals,
            "vocalstream" => StemKind::Vocals,
            "crowdstream" => StemKind::Crowd,
            _ => return None,
        };
        let in_folder = !file.is_empty() && !file.contains(['/', '\\', ':']) && file != "." && file != "..";
        in_folder.then(|| NamedStem { name: file.to_owned(), kind })
    }
}

/// The stems among the files of a folder: those with reserved names, else those that the chart names. In order of what they
/// are.
pub(in crate::song) fn among(files: &[(String, Stem)], named: &[NamedStem]) -> Vec<Stem> {
    let mut stems: Vec<Stem> = files
        .iter()
        .filter_map(|(name, stem)| Some(Stem { kind: StemKind::of_file_name(name)?, ..stem.clone() }))
        .collect();
    if stems.is_empty() {
        let named = |(name, stem): &(String, Stem)| {
            let entry = named.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))?;
            Some(Stem { kind: entry.kind, ..stem.clone() })
        };
        stems = files.iter().filter_map(named).collect();
    }
    // Games do not play the whole drums where there are parts of them.
    let parts = [StemKind::Kick, StemKind::Snare, StemKind::Toms, StemKind::Cymbals];
    if stems.iter().any(|stem| parts.contains(&stem.kind)) {
        stems.retain(|stem| stem.kind != StemKind::Drums);
    }
    stems.sort_by(|one, other| (one.kind, &one.file).cmp(&(other.kind, &other.file)));
    stems
}
