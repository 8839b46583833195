//! Where the files of settings are.

use std::ffi::OsString;
use std::path::PathBuf;

/// The file `strikeline/NAME` in the user's folder for settings; `None` if the system has no such folder.
pub(in crate::cli) fn in_settings_folder(name: &str) -> Option<PathBuf> {
    folder(|name| std::env::var_os(name), std::env::home_dir()).map(|folder| folder.join(name))
}

/// The folder, in an environment of `variable`s and with the home folder `home`.
///
/// `XDG_CONFIG_HOME` is used on every system. A relative path is ignored, as the XDG Base Directory Specification
/// (0.8) demands.
fn folder(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: Option<PathBuf>| path.filter(|path| path.is_absolute());
    let from = |name: &str| absolute(variable(name).map(PathBuf::from));
    let usual = || {
        if cfg!(windows) {
            from("APPDATA")
        } else if cfg!(target_os = "macos") {
            absolute(home).map(|home| home.join("Library/Application Support"))
        } else {
            absolute(home).map(|home| home.join(".config"))
        }
    };
    Some(from("XDG_CONFIG_HOME").or_else(usual)?.join("strikeline"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn the_folder_is_that_of_the_specification() {
        let home = || Some(PathBuf::from("/home/ann"));
        let set = |value: &'static str| {
            move |name: &str| (name == "XDG_CONFIG_HOME").then(|| OsString::from(value))
        };
        let at = |path: &str| Some(PathBuf::from(path));
        assert_eq!(folder(set("/etc/ann"), home()), at("/etc/ann/strikeline"));
        for ignored in ["", "relative"] {
            let found = folder(set(ignored), home());
            assert_eq!(found, at("/home/ann/.config/strikeline"));
        }
        assert_eq!(folder(|_| None, None), None);
    }
}
