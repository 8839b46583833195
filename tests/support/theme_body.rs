//! Reads any text as a theme and as a drum map. The fuzz target and `tests/file_damage.rs` run it.

use std::path::Path;

use strikeline::drum_maps::NamedDrumMap;
use strikeline::theme::Theme;

/// Reads `text` as both. Whether it is a theme.
pub(crate) fn run(text: &str) -> bool {
    let path = Path::new("folder-that-is-not-there/theme.toml");
    if let Err(error) = NamedDrumMap::parse(text, path) {
        assert!(error.to_string().contains("theme.toml"), "{error}");
    }
    match Theme::parse(text, path) {
        Ok(theme) => {
            for (_, file) in theme.files() {
                assert!(file.starts_with("folder-that-is-not-there"), "{}", file.display());
            }
            // Its files start from the folder already.
            let printed = theme.to_toml();
            let again = Theme::parse(&printed, Path::new("theme.toml"));
            assert_eq!(again.as_ref().ok(), Some(&theme), "{printed}");
            true
        }
        Err(error) => {
            assert!(error.to_string().contains("theme.toml"), "{error}");
            false
        }
    }
}
