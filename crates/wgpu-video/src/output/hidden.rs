//! Files with a hidden name, which they have until they are complete.
//!
//! The program that makes such a file holds a lock on it (`flock`) while it uses the file. The system releases the lock
//! however the program ends. So a file without a lock is in use by no program: [`super::leftovers`] relies on that.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::Arc;

use super::Overwrite;
use super::folder::Folder;
use super::unfinished::Unfinished;

/// The part that all hidden names of this program have in common.
const MARK: &str = ".strikeline-";
/// Letters of each of the two last parts of a hidden name.
const PART: usize = 8;
/// The largest number of names that are tried.
const MOST_TRIES: usize = 100;

/// A hidden name in a folder. The file is removed when this is dropped, and by [`super::remove_unfinished`], unless it has
/// been given another name.
#[derive(Debug)]
pub(super) struct HiddenName {
    folder: Arc<Folder>,
    name: OsString,
    is_renamed: bool,
    _listed: Unfinished,
}

impl HiddenName {
    /// A new file with a hidden name, for `destination` in `folder`, with the permissions `mode`, from which the system
    /// removes the umask.
    pub(super) fn create(
        folder: &Arc<Folder>,
        destination: &OsStr,
        mode: u32,
    ) -> io::Result<(File, HiddenName)> {
        for _ in 0..MOST_TRIES {
            let name = new_name(destination);
            let file = match folder.create_new(&name, mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                result => result?,
            };
            let hidden = HiddenName::of(folder, name);
            // Between these two steps, another program may have taken it for a leftover and removed it.
            if hold(&file) && hidden.folder.has(&hidden.name) {
                return Ok((file, hidden));
            }
        }
        Err(io::Error::other("another program removes new files there at once; choose another folder"))
    }

    /// A hidden name for `file`, which has no name and is locked.
    #[cfg(target_os = "linux")]
    pub(super) fn link(file: &File, folder: &Arc<Folder>, destination: &OsStr) -> io::Result<HiddenName> {
        for _ in 0..MOST_TRIES {
            let name = new_name(destination);
            match super::unnamed::link(file, folder, &name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|()| HiddenName::of(folder, name)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn of(folder: &Arc<Folder>, name: OsString) -> HiddenName {
        let listed = Unfinished::list(folder, &name);
        HiddenName { folder: Arc::clone(folder), name, is_renamed: false, _listed: listed }
    }

    /// Gives the file the name `name` in `folder`.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken and may not be replaced, or any other error of the system.
    /// Nothing has changed then.
    pub(super) fn rename(&mut self, folder: &Folder, name: &OsStr, overwrite: Overwrite) -> io::Result<()> {
        match overwrite {
            Overwrite::Refuse => self.folder.rename_unless_taken(&self.name, folder, name)?,
            Overwrite::Replace => self.folder.rename(&self.name, folder, name)?,
        }
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for HiddenName {
    fn drop(&mut self) {
        if !self.is_renamed {
            // The file may have been removed together with its folder.
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Locks `file`. `false` when another program has the lock, which is about to remove the file. `true` if the file system has
/// no locks: there, leftovers are not looked for either.
pub(super) fn hold(file: &File) -> bool {
    #[cfg(unix)]
    {
        !matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
    }
    // Elsewhere a lock would keep others from reading.
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// The beginning of the hidden names for `destination`, so short that the whole name fits wherever `destination` fits.
pub(super) fn prefix(destination: &OsStr) -> OsString {
    const LONGEST: usize = 200;
    let mut prefix = OsString::new();
    if destination.len() <= LONGEST {
        prefix.push(".");
        prefix.push(destination);
    }
    prefix.push(MARK);
    prefix
}

/// A hidden name that is very likely free: `.NAME.strikeline-SYSTEM-RANDOM`.
fn new_name(destination: &OsStr) -> OsString {
    let random = RandomState::new().build_hasher().finish() as u32;
    let mut name = prefix(destination);
    name.push(format!("{}-{random:08x}", running_system()));
    name
}

/// The part of a hidden name that tells which running system made it; `None` if it is not such a name.
pub(super) fn system_of(name: &OsStr) -> Option<&str> {
    let name = name.as_encoded_bytes();
    let from_end = |count: usize| name.len().checked_sub(count);
    let text = std::str::from_utf8(name.get(from_end(MARK.len() + PART + 1 + PART)?..)?).ok()?;
    let (system, random) = text.strip_prefix(MARK)?.split_once('-')?;
    let is_part = |part: &str| part.len() == PART && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    (name.first() == Some(&b'.') && is_part(system) && is_part(random)).then_some(system)
}

/// The name that the file with the hidden name `name` was to have; `None` if it is not such a name, or does not say, or says it
/// in other than Unicode.
pub(super) fn destination_of(name: &OsStr) -> Option<OsString> {
    system_of(name)?;
    let (destination, _) = name.to_str()?.strip_prefix('.')?.rsplit_once(MARK)?;
    Some(destination.into())
}

/// Eight letters that differ between machines, and between one start of a machine and the next. All containers of a
/// machine have the same.
pub(super) fn running_system() -> String {
    let known = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let letters: String = known.chars().filter(char::is_ascii_hexdigit).take(PART).collect();
    format!("{letters:0<8}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_name_shows_what_it_belongs_to_unless_it_would_be_too_long() {
        assert_eq!(prefix(OsStr::new("song.mp4")), ".song.mp4.strikeline-");
        assert_eq!(destination_of(&new_name(OsStr::new("song.mp4"))), Some("song.mp4".into()));
        let name = new_name(OsStr::new("song.mp4"));
        assert!(name.to_string_lossy().starts_with(".song.mp4.strikeline-"), "{name:?}");
        let long = new_name(OsStr::new(&"x".repeat(255)));
        assert!(long.to_string_lossy().starts_with(".strikeline-"), "{long:?}");
        for name in [name, long] {
            assert_eq!(system_of(&name), Some(&*running_system()));
        }
    }

    #[test]
    fn other_names_are_not_taken_for_hidden_ones() {
        for name in [
            "song.mp4",
            ".song.mp4.strikeline-0123abcd",
            ".song.mp4.strikeline-0123abcd-0123abc",
            ".song.mp4.strikeline-0123abcd-0123abcdx",
            "song.mp4.strikeline-0123abcd-0123abcd",
            ".song.mp4.strikeline-0123abcg-0123abcd",
            ".song.mp4-0123abcd-0123abcd",
            "",
        ] {
            assert_eq!(system_of(OsStr::new(name)), None, "{name}");
            assert_eq!(destination_of(OsStr::new(name)), None, "{name}");
        }
        assert_eq!(system_of(OsStr::new(".a.strikeline-0123abcd-89abcdef")), Some("0123abcd"));
    }
}
