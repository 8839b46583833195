//! Where the files that a theme names may be.

use strikeline::theme::ThemeFiles;

/// `--theme-files`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ThemeFilesArgs {
    /// Where the image and the font that a theme file names may be
    ///
    /// Without this limit, a theme made by somebody else could show any picture on this machine in the video.
    #[arg(long, hide_short_help = true, value_name = "WHERE", default_value = "beside")]
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
    /// Where the files may be.
    pub(crate) fn place(self) -> ThemeFiles {
        match self.theme_files {
            PlaceChoice::Beside => ThemeFiles::Beside,
            PlaceChoice::Anywhere => ThemeFiles::Anywhere,
        }
    }
}
