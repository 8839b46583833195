//! Where the files may lie that a theme names.

use strikeline::theme::ThemeFiles;

/// `--theme-files`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ThemeFilesArgs {
    /// Where the image and the font may lie that a theme's file names: in its own folder, or anywhere.
    ///
    /// A theme from somebody else could otherwise show any picture of this machine in the video.
    #[arg(long, value_name = "WHERE", default_value = "beside")]
    theme_files: PlaceChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PlaceChoice {
    /// In the theme's folder or below it.
    Beside,
    /// Anywhere: for themes that you trust.
    Anywhere,
}

impl ThemeFilesArgs {
    /// Where they may lie.
    pub(crate) fn place(self) -> ThemeFiles {
        match self.theme_files {
            PlaceChoice::Beside => ThemeFiles::Beside,
            PlaceChoice::Anywhere => ThemeFiles::Anywhere,
        }
    }
}
