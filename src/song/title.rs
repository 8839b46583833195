//! The name that a song is shown by.

use std::path::Path;

use super::Song;

/// Names of tracks that programs write by themselves, or that say what a track is for: they name no song. Numbers and signs
/// at the end do not count.
const NO_TITLES: &[&str] = &[
    "batterie",
    "conductor",
    "conductor track",
    "control track",
    "drum",
    "drum kit",
    "drum set",
    "drum track",
    "drumkit",
    "drums",
    "drumset",
    "master",
    "master track",
    "midi",
    "midi channel",
    "midi file",
    "midi out",
    "midi track",
    "new project",
    "new song",
    "no name",
    "noname",
    "percussion",
    "schlagzeug",
    "seq",
    "sequence",
    "soft karaoke",
    "song",
    "tempo",
    "tempo map",
    "tempo track",
    "track",
    "unnamed",
    "untitled",
    "words",
];

/// Names that files of songs have by convention, so that their folder says which song it is.
const NO_FILE_NAMES: &[&str] = &["notes"];

impl Song {
    /// The same song, with the name of its file, by which it is shown if it has no title.
    pub(super) fn named_after(mut self, path: &Path) -> Song {
        let name = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
        self.file_name = match name(path) {
            Some(stem) if NO_FILE_NAMES.contains(&stem.to_lowercase().as_str()) => {
                let folder = path.parent().and_then(Path::file_name);
                folder.map(|folder| folder.to_string_lossy().into_owned()).or(Some(stem))
            }
            stem => stem,
        };
        self
    }

    /// What the song is called where it is shown: its [title](Song::title), or the name of its file without the extension
    /// if there is no title, or one that names no song: "untitled", "Track 1", "Drums". A song that was not read from a file
    /// has its title only.
    pub fn shown_title(&self) -> Option<&str> {
        let title = self.title();
        title.filter(|title| names_a_song(title)).or(self.file_name.as_deref()).or(title)
    }
}

fn names_a_song(title: &str) -> bool {
    let words = title.trim_end_matches(|last: char| !last.is_alphabetic());
    let words = words.trim_start_matches(|first: char| !first.is_alphanumeric()).to_lowercase();
    // A number may be a title.
    title.chars().any(char::is_alphanumeric) && !NO_TITLES.contains(&words.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_programs_write_name_no_song() {
        for title in [
            "untitled",
            "Untitled-1",
            "Track 1",
            "track01",
            "Drums",
            "DRUMS (2)",
            "Sequence #3",
            "<no name>",
            "…",
        ] {
            assert!(!names_a_song(title), "{title}");
        }
        for title in
            ["Drums of Death", "Groove", "Tempo Rubato", "99 Luftballons", "1979", "サビ", "Song 2: Live"]
        {
            assert!(names_a_song(title), "{title}");
        }
    }

    #[test]
    fn a_song_without_a_title_is_shown_by_its_file() {
        let untitled = || Song::from_notes(Vec::new());
        assert_eq!(untitled().shown_title(), None);
        let title = |path: &str| untitled().named_after(Path::new(path)).shown_title().map(str::to_owned);
        assert_eq!(title("songs/Rock Beat.mid").as_deref(), Some("Rock Beat"));
        assert_eq!(title("Artist - Title/notes.mid").as_deref(), Some("Artist - Title"));
        assert_eq!(title("notes.mid").as_deref(), Some("notes"));
        let mut song = untitled().named_after(Path::new("Rock Beat.mid"));
        song.title = Some("Drums".to_owned());
        assert_eq!(song.shown_title(), Some("Rock Beat"));
        song.title = Some("My Way".to_owned());
        assert_eq!(song.shown_title(), Some("My Way"));
    }
}
