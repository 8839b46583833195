//! Where the bytes of an output file are until it is complete, and how it gets its name.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek};
use std::sync::Arc;

use super::Overwrite;
use super::folder::Folder;
use super::hidden::{self, HiddenName};

/// Permissions of a new file; the system removes the umask.
const ORDINARY: u32 = 0o666;
/// First permissions of a file that gets those of the file that it replaces, before it appears.
const PRIVATE: u32 = 0o600;

/// Where the bytes are until the file is complete.
#[derive(Debug)]
pub(super) enum Storage {
    #[cfg(target_os = "linux")]
    Unnamed(File),
    Hidden(File, HiddenName),
    /// A device, which exists already and stays.
    Device(File),
}

impl Storage {
    /// The best kind of storage that the file system of `folder` has, for a file that will be called `name`. It has the
    /// permissions of the file that has this name now, or the usual permissions if there is none.
    pub(super) fn create(folder: &Arc<Folder>, name: &OsStr) -> io::Result<Storage> {
        #[cfg(target_os = "linux")]
        if let Some(file) = super::unnamed::create(folder, mode_for(folder, name)) {
            // Nobody else can have it.
            hidden::hold(&file);
            copy_attributes(folder, name, &file);
            return Ok(Storage::Unnamed(file));
        }
        Storage::hidden(folder, name)
    }

    /// A hidden file.
    pub(super) fn hidden(folder: &Arc<Folder>, name: &OsStr) -> io::Result<Storage> {
        let (file, hidden) = HiddenName::create(folder, name, mode_for(folder, name))?;
        copy_attributes(folder, name, &file);
        Ok(Storage::Hidden(file, hidden))
    }

    pub(super) fn file(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Storage::Unnamed(file) => file,
            Storage::Hidden(file, _) | Storage::Device(file) => file,
        }
    }

    /// Makes the file, whose bytes are on the disk, appear as `name` in `folder`, in one step. That it has the name survives a
    /// power failure after [`Folder::sync`].
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken and may not be replaced, or any other error of the system.
    /// Nothing has changed then, and the file can be placed elsewhere.
    pub(super) fn place(
        &mut self,
        folder: &Arc<Folder>,
        name: &OsStr,
        overwrite: Overwrite,
    ) -> io::Result<()> {
        if overwrite == Overwrite::Replace {
            copy_attributes(folder, name, self.file());
        }
        let needs_copy = match self {
            #[cfg(target_os = "linux")]
            Storage::Unnamed(file) => match super::unnamed::link(file, folder, name) {
                Ok(()) => false,
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => true,
                Err(error) if overwrite == Overwrite::Refuse => return Err(error),
                // A new link never replaces a file, but a rename does.
                Err(_) => {
                    HiddenName::link(file, folder, name)?.rename(folder, name, overwrite)?;
                    false
                }
            },
            Storage::Hidden(_, hidden) => match hidden.rename(folder, name, overwrite) {
                // The file may have been removed together with its folder.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::CrossesDevices | io::ErrorKind::NotFound) =>
                {
                    true
                }
                result => return result,
            },
            Storage::Device(_) => false,
        };
        if needs_copy {
            // The folder is on another disk, or the system forbids links: copy the file.
            let (mut copy, mut hidden) = HiddenName::create(folder, name, PRIVATE)?;
            let original = self.file();
            original.rewind()?;
            io::copy(original, &mut copy)?;
            if let Ok(found) = original.metadata() {
                // vfat and similar file systems have no permissions for single files.
                let _ = copy.set_permissions(found.permissions());
            }
            if overwrite == Overwrite::Replace {
                copy_attributes(folder, name, &copy);
            }
            copy.sync_all()?;
            hidden.rename(folder, name, overwrite)?;
        }
        Ok(())
    }
}

/// The permissions with which a file begins that will be called `name`.
fn mode_for(folder: &Folder, name: &OsStr) -> u32 {
    if folder.has(name) { PRIVATE } else { ORDINARY }
}

fn copy_attributes(folder: &Folder, name: &OsStr, file: &File) {
    #[cfg(unix)]
    super::attributes::copy(folder, name, file);
    #[cfg(not(unix))]
    let _ = (folder, name, file);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn the_ways_for_file_systems_without_unnamed_files_or_links_work_too() {
        let folder = tempfile::tempdir().unwrap();
        let open = Arc::new(Folder::open(folder.path()).unwrap());
        let path = folder.path().join("song.mp4");
        let name = OsStr::new("song.mp4");
        let names = || fs::read_dir(&folder).unwrap().count();
        let filled = |mut storage: Storage, content: &[u8]| {
            storage.file().write_all(content).unwrap();
            storage
        };
        let hidden = |content: &[u8]| filled(Storage::hidden(&open, name).unwrap(), content);
        let gone = tempfile::tempdir().unwrap();
        let gone_folder = Arc::new(Folder::open(gone.path()).unwrap());
        // Its hidden name is removed, as happens to all names in a folder that is removed.
        let removed = |content: &[u8]| {
            let storage = filled(Storage::hidden(&gone_folder, name).unwrap(), content);
            fs::read_dir(&gone).unwrap().for_each(|entry| fs::remove_file(entry.unwrap().path()).unwrap());
            storage
        };
        // This one was made in such a way that it cannot be linked, as where links are forbidden.
        #[cfg(target_os = "linux")]
        let unlinkable = |content: &[u8]| filled(Storage::Unnamed(tempfile::tempfile().unwrap()), content);
        #[cfg(not(target_os = "linux"))]
        let unlinkable = hidden;

        for storage in [&hidden as &dyn Fn(&[u8]) -> Storage, &removed, &unlinkable] {
            drop(storage(b"dropped"));
            assert_eq!(names(), 0);
            storage(b"one").place(&open, name, Overwrite::Refuse).unwrap();
            let refused = storage(b"two").place(&open, name, Overwrite::Refuse).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&path).unwrap(), b"one");
            storage(b"three").place(&open, name, Overwrite::Replace).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"three");
            assert_eq!(names(), 1);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_hidden_file_has_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let ordinary = folder.path().join("ordinary");
        fs::write(&ordinary, "").unwrap();
        let open = Arc::new(Folder::open(folder.path()).unwrap());
        let mut hidden = Storage::hidden(&open, OsStr::new("song.mp4")).unwrap();
        let mode = |found: fs::Metadata| found.permissions().mode();
        assert_eq!(mode(hidden.file().metadata().unwrap()), mode(fs::metadata(&ordinary).unwrap()));
    }
}
