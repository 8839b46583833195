//! Where the settings file is.

use std::ffi::OsString;
use std::path::PathBuf;

/// `strikeline/tuned.toml` in the user's folder for settings; `None` if the system has no such folder.
pub(super) fn of_user() -> Option<PathBuf> {
    in_folder_of(|name| std::env::var_os(name), std::env::home_dir())
}

/// The same, in an environment of `variable`s and with the home folder `home`.
///
/// `XDG_CONFIG_HOME` is used on every system. A relative path is ignored, as the XDG Base Directory Specification
/// (0.8) demands.
fn in_folder_of(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let folder = |path: Option<PathBuf>| path.filter(|path| path.is_absolute());
    let from = |name: &str| folder(variable(name).map(PathBuf::from));
    let usual = || {
        if cfg!(windows) {
            from("APPDATA")
        } else if cfg!(target_os = "macos") {
            folder(home).map(|home| home.join("Library/Application Support"))
        } else {
            folder(home).map(|home| home.join(".config"))
        }
    };
    Some(from("XDG_CONFIG_HOME").or_else(usual)?.join("strikeline").join("tuned.toml"))
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
        assert_eq!(in_folder_of(set("/etc/ann"), home()), at("/etc/ann/strikeline/tuned.toml"));
        for ignored in ["", "relative"] {
            let found = in_folder_of(set(ignored), home());
            assert_eq!(found, at("/home/ann/.config/strikeline/tuned.toml"));
        }
        assert_eq!(in_folder_of(|_| None, None), None);
    }
}
