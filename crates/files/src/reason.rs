//! Why a path cannot be read, in words for people.

use std::io::{self, ErrorKind};

/// Why a file or a folder cannot be read, and what helps: a text to follow a colon, without a full stop.
///
/// What the system says is kept where nothing is known that helps.
pub fn why_unreadable(error: &io::Error) -> String {
    // It has a text of its own, such as that of `NotRegular`.
    if error.get_ref().is_some() {
        return error.to_string();
    }
    if is_loop(error) {
        return "its links lead in a circle; check where they lead".to_owned();
    }
    let known = match error.kind() {
        ErrorKind::NotFound => "it does not exist; check the name",
        ErrorKind::PermissionDenied => {
            "you are not allowed to read it; change its permissions, or those of its folder"
        }
        ErrorKind::IsADirectory => "it is a folder; give the name of a file",
        ErrorKind::NotADirectory => "a part of the path is not a folder; check the name",
        ErrorKind::InvalidFilename => "the name is too long; check it",
        _ => return error.to_string(),
    };
    known.to_owned()
}

/// Whether the path is at fault: it leads nowhere, or to something that is no file or may not be read. `false` if reading has
/// failed.
pub fn is_wrong_path(error: &io::Error) -> bool {
    use ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let kinds = [NotFound, NotADirectory, IsADirectory, InvalidInput, InvalidFilename, PermissionDenied];
    is_loop(error) || kinds.contains(&error.kind())
}

/// Whether links lead to each other.
fn is_loop(error: &io::Error) -> bool {
    #[cfg(unix)]
    let is_loop = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    // Other systems say it in other ways.
    #[cfg(not(unix))]
    let is_loop = false;
    is_loop
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &std::path::Path) -> (String, bool) {
        let error = std::fs::read(path).unwrap_err();
        (why_unreadable(&error), is_wrong_path(&error))
    }

    #[test]
    fn what_the_system_refuses_is_said_with_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        assert_eq!(said(&at("none")), ("it does not exist; check the name".to_owned(), true));
        if cfg!(unix) {
            assert_eq!(said(folder.path()), ("it is a folder; give the name of a file".to_owned(), true));
            let below_a_file = "a part of the path is not a folder; check the name".to_owned();
            assert_eq!(said(&at("file/none")), (below_a_file, true));
            assert_eq!(said(&at(&"a".repeat(300))), ("the name is too long; check it".to_owned(), true));
        }
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        assert!(why_unreadable(&denied).contains("permissions"));
        assert!(is_wrong_path(&denied));
        assert!(!is_wrong_path(&ErrorKind::UnexpectedEof.into()));
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_are_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link");
        std::os::unix::fs::symlink("link", &path).unwrap();
        assert_eq!(said(&path), ("its links lead in a circle; check where they lead".to_owned(), true));
    }

    #[test]
    fn a_text_of_ones_own_is_kept() {
        let error = crate::open_regular(&std::env::temp_dir()).unwrap_err();
        assert!(why_unreadable(&error).contains("a folder, not a regular file"), "{error}");
        assert!(is_wrong_path(&error));
    }
}
