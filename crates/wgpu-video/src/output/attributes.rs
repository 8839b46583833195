//! Copies the permissions, owner, group and access control list of a file that is replaced to the file that replaces it.

use std::ffi::OsStr;
use std::fs::File;

use rustix::fs::{AtFlags, FileType, Mode};

use super::folder::Folder;

/// Permission bits that files of data have.
const PERMISSIONS: u32 = 0o777;

/// Gives `file` the permissions, the owner and the group of the file `name` in `folder`, and on Linux its access control
/// list (ACL), as far as the system allows. If the group or the list cannot be set, the file's group gets no more rights
/// than all other users. Does nothing when there is no such file.
pub(super) fn copy(folder: &Folder, name: &OsStr, file: &File) {
    let Ok(old) = rustix::fs::statat(folder.handle(), name, AtFlags::SYMLINK_NOFOLLOW) else { return };
    let Ok(own) = rustix::fs::fstat(file) else { return };
    if FileType::from_raw_mode(old.st_mode) != FileType::RegularFile {
        return;
    }
    // Only root may give a file away. If this fails, the file stays the user's own, which does no harm.
    if own.st_uid != old.st_uid {
        let _ = rustix::fs::fchown(file, Some(rustix::fs::Uid::from_raw(old.st_uid)), None);
    }
    let group = Some(rustix::fs::Gid::from_raw(old.st_gid));
    let has_group = own.st_gid == old.st_gid || rustix::fs::fchown(file, None, group).is_ok();
    let has_list = copy_list(folder, name, file);
    let mut mode = Mode::from_raw_mode(old.st_mode).as_raw_mode() & PERMISSIONS as rustix::fs::RawMode;
    if !has_group || !has_list {
        mode &= !0o070 | ((mode & 0o007) << 3);
    }
    // On file systems such as vfat all files have the same mode, which cannot be changed.
    let _ = rustix::fs::fchmod(file, Mode::from_raw_mode(mode));
}

/// Copies the access control list. If there is none, removes the one that `file` got from its folder. `false` when a list
/// cannot be copied.
#[cfg(target_os = "linux")]
fn copy_list(folder: &Folder, name: &OsStr, file: &File) -> bool {
    const LIST: &str = "system.posix_acl_access";
    // The largest value of an extended attribute (`man 7 xattr`).
    const MOST_BYTES: usize = 64 << 10;
    let mut list = vec![0; MOST_BYTES];
    match rustix::fs::lgetxattr(super::unnamed::link_to(folder.handle()).join(name), LIST, &mut list[..]) {
        Ok(bytes) => {
            let list = list.get(..bytes).unwrap_or_default();
            rustix::fs::fsetxattr(file, LIST, list, rustix::fs::XattrFlags::empty()).is_ok()
        }
        Err(_) => {
            let _ = rustix::fs::fremovexattr(file, LIST);
            true
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn copy_list(_folder: &Folder, _name: &OsStr, _file: &File) -> bool {
    true
}
