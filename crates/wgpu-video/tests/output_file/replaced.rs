//! What a file has of the one that it replaces.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use wgpu_video::output::{OutputFile, Overwrite};

use super::{names, refusal, save};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn permissions_are_those_of_any_new_file_or_of_the_file_that_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("ordinary"), "").unwrap();
    save(&path("new"), Overwrite::Refuse, b"").unwrap();
    assert_eq!(mode(&path("new")), mode(&path("ordinary")));
    for kept in [0o600, 0o640, 0o664, 0o666, 0o755] {
        fs::write(path("old"), "").unwrap();
        set_mode(&path("old"), kept);
        save(&path("old"), Overwrite::Replace, b"").unwrap();
        assert_eq!(mode(&path("old")), kept);
    }
    // The bits by which a program runs as somebody else are for programs.
    set_mode(&path("old"), 0o4755);
    save(&path("old"), Overwrite::Replace, b"").unwrap();
    assert_eq!(mode(&path("old")), 0o755);
}

#[test]
fn permissions_that_change_meanwhile_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    fs::write(&path, "").unwrap();
    let file = OutputFile::create(&path, Overwrite::Replace).unwrap();
    set_mode(&path, 0o600);
    file.commit().unwrap();
    assert_eq!(mode(&path), 0o600);
    // An old file that is private, and gone at the end.
    let file = OutputFile::create(&path, Overwrite::Replace).unwrap();
    fs::remove_file(&path).unwrap();
    file.commit().unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn root_leaves_a_file_to_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    fs::write(&path, "").unwrap();
    if std::os::unix::fs::chown(&path, Some(12345), Some(12346)).is_err() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    set_mode(&path, 0o640);
    save(&path, Overwrite::Replace, b"new").unwrap();
    let found = fs::metadata(&path).unwrap();
    assert_eq!((found.uid(), found.gid(), mode(&path)), (12345, 12346, 0o640));
}

#[test]
#[cfg(target_os = "linux")]
fn an_access_control_list_is_kept_and_none_is_inherited() {
    const ACCESS: &str = "system.posix_acl_access";
    // user::rw-, user:1234:r--, group::---, mask::r--, other::--- (as in linux/posix_acl_xattr.h).
    let entries: [(u16, u16, u32); 5] =
        [(0x01, 6, u32::MAX), (0x02, 4, 1234), (0x04, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(permissions.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    let none = rustix::fs::XattrFlags::empty();
    let read = |path: &Path| {
        let mut list = vec![0; 1000];
        let bytes = rustix::fs::getxattr(path, ACCESS, &mut list[..]).ok()?;
        Some(list[..bytes].to_vec())
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    fs::write(&path, "").unwrap();
    if rustix::fs::setxattr(&path, ACCESS, &list, none).is_err() {
        eprintln!("skipped: no access control lists here");
        return;
    }
    save(&path, Overwrite::Replace, b"new").unwrap();
    assert_eq!(read(&path).as_ref(), Some(&list));

    // A folder that gives its new files a list.
    rustix::fs::setxattr(folder.path(), "system.posix_acl_default", &list, none).unwrap();
    save(&folder.path().join("new"), Overwrite::Refuse, b"").unwrap();
    assert!(read(&folder.path().join("new")).is_some());
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    rustix::fs::removexattr(&plain, ACCESS).unwrap();
    set_mode(&plain, 0o640);
    save(&plain, Overwrite::Replace, b"").unwrap();
    assert_eq!((read(&plain), mode(&plain)), (None, 0o640));
}

#[test]
fn symbolic_links_stay_and_what_they_lead_to_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.mp4");
    // Two steps, the second one relative.
    symlink(elsewhere.path().join("step"), &link).unwrap();
    symlink("target.mp4", elsewhere.path().join("step")).unwrap();
    let target = elsewhere.path().join("target.mp4");

    save(&link, Overwrite::Refuse, b"created").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"created");
    assert!(refusal(&link, Overwrite::Refuse).contains("link.mp4"));
    save(&link, Overwrite::Replace, b"replaced").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"replaced");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(folder.path()), ["link.mp4"]);
    assert_eq!(names(elsewhere.path()), ["step", "target.mp4"]);

    let circle = folder.path().join("circle");
    symlink(&circle, &circle).unwrap();
    assert!(refusal(&circle, Overwrite::Replace).contains("circle"));
}

#[test]
fn other_names_of_a_replaced_file_keep_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("song.mp4"), folder.path().join("other.mp4"));
    fs::write(&path, "old").unwrap();
    fs::hard_link(&path, &other).unwrap();
    save(&path, Overwrite::Replace, b"new").unwrap();
    assert_eq!((fs::read(&path).unwrap(), fs::read(&other).unwrap()), (b"new".to_vec(), b"old".to_vec()));
}

#[test]
fn a_write_protected_file_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mp4");
    fs::write(&path, "old").unwrap();
    set_mode(&path, 0o444);
    if fs::File::options().write(true).open(&path).is_ok() {
        eprintln!(
            "skipped: root may write to any file; scripts/output_file_systems.sh tests it as another user"
        );
        return;
    }
    let error = refusal(&path, Overwrite::Replace);
    assert!(error.contains("song.mp4") && error.contains("write-protected"), "{error}");
}
