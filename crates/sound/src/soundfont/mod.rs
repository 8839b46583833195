//! SoundFonts: instruments made of samples, which play whole songs.
//!
//! The format is SoundFont 2 ("SoundFont Technical Specification", version 2.04, E-mu Systems, 2006). The synthesiser is
//! that of the crate `rustysynth`; what is here makes damaged and hostile files harmless to it, knows the rules of General
//! MIDI, GS and XG for banks and drum parts, and plays notes at the right moment.
//!
//! ```no_run
//! use strikeline_picture::Time;
//! use strikeline_sound::midi::{MidiEvent, MidiMessage};
//! use strikeline_sound::soundfont::{MidiPlayer, MidiPlayerOptions, SoundFont, system_soundfonts};
//!
//! let font = SoundFont::open(system_soundfonts().first()?)?;
//! let kick = MidiMessage::NoteOn { channel: 9, key: 36, velocity: 100 };
//! let events = vec![MidiEvent { time: Time::from_seconds(0.5), message: kick }];
//! // Two seconds at 48 kHz.
//! let player = MidiPlayer::new(&font, events, 48_000, 96_000, &MidiPlayerOptions::default())?;
//! # Ok::<(), strikeline_sound::soundfont::SoundFontError>(())
//! ```

mod channels;
mod file;
mod places;
mod player;

use std::fmt;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strikeline_files::{Opened, open_or_wait, why_unreadable};

use file::SoundFontFile;
use strikeline_picture::shown;

pub use places::{SystemSoundFonts, system_soundfonts};
pub use player::{MidiPlayer, MidiPlayerOptions};

/// The largest SoundFont that is read. It is kept in memory as a whole.
pub const MAX_SOUNDFONT_BYTES: u64 = 2 << 30;

/// The largest SoundFont that is read from a pipe, which takes twice the memory.
const MAX_PIPED_BYTES: u64 = 512 << 20;

/// A SoundFont in memory. Clones share it.
#[derive(Clone)]
pub struct SoundFont {
    bank: Arc<rustysynth::SoundFont>,
    name: String,
    warnings: Vec<SoundFontWarning>,
}

/// Why a SoundFont cannot be used. Byte positions count from 0 at the start of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoundFontError {
    /// An error in this file.
    #[error("{}: {problem}", shown(path))]
    InFile {
        /// The file, as it was given.
        path: PathBuf,
        /// What is wrong with it; never `InFile` again.
        problem: Box<SoundFontError>,
    },
    /// The file could not be read; check that it exists and that you may read it.
    #[error("cannot be read: {}", why_unreadable(reason))]
    Unreadable {
        /// What the system says.
        reason: io::Error,
    },
    /// The file is larger than [`MAX_SOUNDFONT_BYTES`]; use a smaller SoundFont.
    #[error("too large for a SoundFont: over {} MiB; use a smaller one", limit >> 20)]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is of another kind; give a SoundFont 2 (`.sf2`).
    #[error(
        "not a SoundFont{}; give a SoundFont 2 file (.sf2)",
        looks_like.map(|kind| format!(": it looks like {kind}")).unwrap_or_default()
    )]
    NotSoundFont {
        /// What the file seems to be; `None` when that is not known.
        looks_like: Option<&'static str>,
    },
    /// The samples are compressed (SoundFont 3); convert the file to SoundFont 2.
    #[error(
        "its samples are compressed (SoundFont 3), which cannot be read; convert it to SoundFont 2, as the program Polyphone \
         does, or use another one"
    )]
    Compressed,
    /// The file is damaged; get it again.
    #[error("the SoundFont is damaged at byte {offset}: {reason}; download or copy it again")]
    Damaged {
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// There is nothing in it that could be played; use another one.
    #[error("the SoundFont has no {what}, so nothing can be played with it; use another one")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// It has what the synthesiser cannot play; use another one.
    #[error("the SoundFont cannot be used: {reason}; use another one")]
    Unusable {
        /// What the synthesiser says.
        reason: String,
    },
    /// The synthesiser stopped while it played; use another SoundFont.
    #[error(
        "the synthesiser stopped at {seconds:.3} s: the SoundFont {name:?} has damaged instruments; use another one"
    )]
    Stopped {
        /// The SoundFont's name.
        name: String,
        /// When, in seconds.
        seconds: f64,
    },
    /// The system has no SoundFont that can be read; install one.
    #[error(
        "no SoundFont is installed in {}{}; install one: {}",
        list_paths(folders),
        match compressed.first() {
            Some(path) => format!(" ({} is compressed and cannot be read)", shown(path)),
            None => String::new(),
        },
        SystemSoundFonts::PACKAGES
    )]
    NoneInstalled {
        /// Where they were looked for.
        folders: Vec<PathBuf>,
        /// SoundFont 3 files that were found, which cannot be read.
        compressed: Vec<PathBuf>,
    },
    /// The synthesiser does not play at this rate; choose another one.
    #[error("a SoundFont cannot be played at {rate} Hz; choose a rate from 16000 to 192000 Hz")]
    Rate {
        /// The rate in Hz.
        rate: u32,
    },
}

/// Something about a SoundFont that is heard, or rather not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoundFontWarning {
    /// There is no drum kit in it (bank 128): drums sound as some other instrument.
    NoDrums,
    /// There are only drum kits in it: all other instruments sound as a kit.
    DrumsOnly,
    /// Samples lie outside of the data: they are silent.
    SamplesMissing {
        /// How many.
        count: u64,
        /// The name of the first.
        first: String,
    },
}

impl fmt::Display for SoundFontWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SoundFontWarning::NoDrums => {
                f.write_str("the SoundFont has no drum kit (bank 128): drums sound as another instrument")
            }
            SoundFontWarning::DrumsOnly => {
                f.write_str("the SoundFont has nothing but drum kits: other instruments sound as drums")
            }
            SoundFontWarning::SamplesMissing { count: 1, first } => {
                write!(f, "the sample {first:?} of the SoundFont is damaged: it is silent")
            }
            SoundFontWarning::SamplesMissing { count, first } => {
                write!(
                    f,
                    "{count} samples of the SoundFont are damaged, the first is {first:?}: they are silent"
                )
            }
        }
    }
}

impl SoundFont {
    /// Reads a SoundFont 2 file.
    ///
    /// Memory is proportional to the length of the file, whatever it contains.
    ///
    /// # Errors
    /// When the file cannot be read, is no SoundFont 2, is compressed (SoundFont 3), damaged or empty. Each error names the
    /// file.
    pub fn open(path: &Path) -> Result<SoundFont, SoundFontError> {
        let in_file = |problem| SoundFontError::InFile { path: path.to_owned(), problem: Box::new(problem) };
        let unreadable = |reason| in_file(SoundFontError::Unreadable { reason });
        let opened = open_or_wait(path).map_err(unreadable)?;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match opened {
            Opened::Regular(file) => {
                SoundFont::read_named(BufReader::with_capacity(1 << 16, file), name).map_err(in_file)
            }
            Opened::Pipe(pipe) => {
                // Looked at first, so that nothing is gathered that is of another kind.
                let mut bytes = Vec::new();
                let mut pipe = pipe.take(12);
                pipe.read_to_end(&mut bytes).map_err(unreadable)?;
                file::check_head(&bytes).map_err(in_file)?;
                pipe.set_limit(MAX_PIPED_BYTES);
                pipe.read_to_end(&mut bytes).map_err(unreadable)?;
                if pipe.limit() == 0 {
                    return Err(in_file(SoundFontError::TooLarge { limit: MAX_PIPED_BYTES }));
                }
                SoundFont::read_named(Cursor::new(bytes), name).map_err(in_file)
            }
        }
    }

    /// Reads a SoundFont 2, from the reader's start to its end.
    ///
    /// # Errors
    /// As [`SoundFont::open`], without a file's name.
    pub fn read(reader: impl Read + Seek) -> Result<SoundFont, SoundFontError> {
        SoundFont::read_named(reader, String::new())
    }

    fn read_named(reader: impl Read + Seek, name: String) -> Result<SoundFont, SoundFontError> {
        let mut file = SoundFontFile::read(reader)?;
        let repaired = file.repair()?;
        let title = file.title();
        // What it may allocate is known from here on: no length in it is larger than the file, and nothing is in it twice.
        let bank = catch_unwind(AssertUnwindSafe(|| rustysynth::SoundFont::new(&mut file.into_reader()?)))
            .map_err(|_| SoundFontError::Unusable { reason: "its tables contradict each other".to_owned() })?
            .map_err(describe)?;

        let is_drum = |preset: &rustysynth::Preset| preset.get_bank_number() >= 128;
        let presets = bank.get_presets();
        if presets.iter().all(|preset| preset.get_regions().is_empty()) {
            return Err(SoundFontError::Empty { what: "presets" });
        }
        let mut warnings = Vec::new();
        if !presets.iter().any(is_drum) {
            warnings.push(SoundFontWarning::NoDrums);
        } else if presets.iter().all(is_drum) {
            warnings.push(SoundFontWarning::DrumsOnly);
        }
        if let Some((count, first)) = repaired {
            warnings.push(SoundFontWarning::SamplesMissing { count, first });
        }
        Ok(SoundFont { bank: Arc::new(bank), name: title.unwrap_or(name), warnings })
    }

    /// Its name: as it says itself, else that of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many presets (instruments and drum kits) it has; at least one.
    pub fn preset_count(&self) -> usize {
        self.bank.get_presets().len()
    }

    /// What is wrong with it, or missing.
    pub fn warnings(&self) -> &[SoundFontWarning] {
        &self.warnings
    }
}

impl fmt::Debug for SoundFont {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoundFont")
            .field("name", &self.name)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

fn list_paths(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| shown(path).to_string()).collect();
    paths.join(", ")
}

fn describe(error: rustysynth::SoundFontError) -> SoundFontError {
    use rustysynth::SoundFontError as Theirs;
    match error {
        Theirs::IoError(reason) => SoundFontError::Unreadable { reason },
        Theirs::SampleDataNotFound => SoundFontError::Empty { what: "samples" },
        Theirs::PresetNotFound => SoundFontError::Empty { what: "presets" },
        Theirs::InstrumentNotFound => SoundFontError::Empty { what: "instruments" },
        Theirs::UnsupportedSampleFormat => SoundFontError::Compressed,
        other => SoundFontError::Unusable { reason: other.to_string() },
    }
}
