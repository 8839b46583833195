//! Where systems keep their SoundFonts.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::SoundFontError;

/// The SoundFonts that a system has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemSoundFonts {
    /// SoundFont 2 files, the best choice first: the system's default, then the largest. Links to the same file are named
    /// once.
    pub usable: Vec<PathBuf>,
    /// SoundFont 3 files, which are compressed and cannot be read.
    pub compressed: Vec<PathBuf>,
    /// The folders that were looked through, whether they exist or not.
    pub folders: Vec<PathBuf>,
}

/// Folders in which packages and users put SoundFonts.
const FOLDERS: [&str; 6] = [
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/share/sounds/sf3",
    "/usr/local/share/sounds/sf2",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
];

/// The same in a user's home.
const FOLDERS_AT_HOME: [&str; 3] =
    [".local/share/sounds/sf2", ".local/share/soundfonts", "Library/Audio/Sounds/Banks"];

/// Names of the system's default SoundFont, which a package or the user chooses.
const DEFAULTS: [&str; 2] = ["default-GM.sf2", "default.sf2"];

/// The most files of a folder that are looked at.
const MAX_FILES: usize = 1_000;

impl SystemSoundFonts {
    /// What to install where there is none, for an error text: packages of Debian and Ubuntu, Fedora, and Arch Linux.
    pub const PACKAGES: &str = "Debian and Ubuntu have the packages timgm6mb-soundfont (6 MB) and fluid-soundfont-gm (148 MB), \
                                Fedora has fluid-soundfont-gm, and Arch Linux soundfont-fluid";

    /// The folders that are looked through, in order.
    pub fn folders() -> Vec<PathBuf> {
        let home = env::home_dir().filter(|home| home.is_absolute());
        let at_home = home.into_iter().flat_map(|home| FOLDERS_AT_HOME.map(|folder| home.join(folder)));
        at_home.chain(FOLDERS.map(PathBuf::from)).collect()
    }

    /// The best choice.
    ///
    /// # Errors
    /// When there is none; the error says where they were looked for, and what to install.
    pub fn first(&self) -> Result<&Path, SoundFontError> {
        let none = || SoundFontError::NoneInstalled {
            folders: self.folders.clone(),
            compressed: self.compressed.clone(),
        };
        self.usable.first().map(PathBuf::as_path).ok_or_else(none)
    }

    /// The SoundFonts in some folders; those that do not exist or cannot be read have none.
    pub fn find(folders: &[PathBuf]) -> SystemSoundFonts {
        // Each with what decides the order: defaults first, then large ones.
        let mut found: Vec<((bool, u64), PathBuf)> = Vec::new();
        let mut compressed = Vec::new();
        let mut seen = Vec::new();
        for folder in folders {
            let Ok(entries) = folder.read_dir() else {
                continue;
            };
            let mut paths: Vec<PathBuf> =
                entries.take(MAX_FILES).filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
            paths.sort();
            // Links last: a file is known by its own name. Defaults are links, and known by theirs.
            for path in paths {
                let Some((file, bytes)) = target(&path) else {
                    continue;
                };
                let is_default =
                    path.file_name().and_then(OsStr::to_str).is_some_and(|name| DEFAULTS.contains(&name));
                match extension(&file).as_deref() {
                    Some("sf3") if !compressed.contains(&file) => compressed.push(file),
                    Some("sf2") => match seen.iter().position(|other| *other == file) {
                        Some(index) => {
                            if let Some((order, _)) = found.get_mut(index) {
                                order.0 |= is_default;
                            }
                        }
                        None => {
                            seen.push(file.clone());
                            found.push(((is_default, bytes), file));
                        }
                    },
                    _ => {}
                }
            }
        }
        // Stable: of equal ones, those of the first folder come first.
        found.sort_by_key(|(order, _)| std::cmp::Reverse(*order));
        SystemSoundFonts {
            usable: found.into_iter().map(|(_, path)| path).collect(),
            compressed,
            folders: folders.to_vec(),
        }
    }
}

/// Looks through the folders in which systems and users keep SoundFonts ([`SystemSoundFonts::folders`]).
pub fn system_soundfonts() -> SystemSoundFonts {
    SystemSoundFonts::find(&SystemSoundFonts::folders())
}

/// The file that a path leads to, and its length.
fn target(path: &Path) -> Option<(PathBuf, u64)> {
    let file = path.canonicalize().ok()?;
    let about = file.metadata().ok()?;
    about.is_file().then_some((file, about.len()))
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}
