//! The keys of the configuration file. Each has the name of an option.

use clap::Arg;

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name: that of an option.
    pub name: &'static str,
    /// The option whose default it sets: the same, or one that is used where this one is not given.
    pub option: &'static str,
    /// What is used when nothing is set, where the option itself does not say it.
    usual: &'static str,
    /// The environment variable that comes before the file.
    pub variable: Option<&'static str>,
}

const fn key(name: &'static str, usual: &'static str) -> Key {
    Key { name, option: name, usual, variable: None }
}

/// All of them, in the order of the help.
pub(super) const KEYS: &[Key] = &[
    key("output-folder", "the current folder"),
    key("difficulty", ""),
    key("text-encoding", "detected"),
    key("size", "1080p; 360p for animated pictures"),
    key("fps", "60; 25 for animated pictures"),
    key("tail", "3; 6 with an end card"),
    key("theme", ""),
    key("theme-files", ""),
    key("drum-map", "the theme's, or recognised by the keys of the song"),
    key("lookahead", ""),
    key("exact-speed", "false"),
    key("view", "the theme's"),
    key("reverse", "false"),
    key("left-handed", "false"),
    key("shutter", ""),
    key("labels", ""),
    key("no-header", "false"),
    key("bar-number", "false"),
    key("hit-counter", "false"),
    key("no-count-in", "false"),
    key("end-card", "none"),
    key("sound", "drums; song with --soundfont; none with --audio"),
    Key { option: "usual-soundfont", ..key("soundfont", "the system's, where one is needed") },
    key("sound-gain", "0"),
    key("click", "false"),
    key("loudness", "-14; off for a recording alone"),
    key("audio-codec", "aac, or copy if a recording can be copied"),
    key("audio-bitrate", "192k"),
    key("quality", ""),
    key("effort", "fast"),
    key("bitrate", "none"),
    key("max-bitrate", "none"),
    key("buffer", "1 second"),
    Key { option: "usual-codec", ..key("codec", "what is usual for the output, h264 for MP4") },
    Key { variable: Some("STRIKELINE_FFMPEG"), ..key("ffmpeg", "ffmpeg") },
    key("adapter", "the fastest"),
    key("ring", "2 per job, plus 2"),
    key("jobs", "number of cores + 1"),
    key("segments", "one per job, plus 1"),
    key("devices", "1, or 2 on a software adapter"),
    key("no-tuned", "false"),
    key("at-once", "number of cores"),
    key("no-resume", "false"),
    key("keep-partial", "false"),
    key("color", ""),
];

impl Key {
    /// The key called `name`.
    pub(super) fn find(name: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// What is used when nothing is set. `arg` is the option of the key's name.
    pub(super) fn usual(&self, arg: &Arg) -> String {
        if !self.usual.is_empty() {
            return self.usual.to_owned();
        }
        let values = arg.get_default_values().iter().map(|value| value.to_string_lossy());
        values.collect::<Vec<_>>().join(",")
    }

    /// The name that is meant by `wrong`, which is none: one that differs by few letters.
    pub(super) fn like(wrong: &str) -> Option<&'static str> {
        // The same steps as those of other programs: letters that are changed, added or left out.
        let near = |key: &&Key| distance(key.name, wrong) <= 1 + wrong.len() / 4;
        KEYS.iter().filter(near).min_by_key(|key| distance(key.name, wrong)).map(|key| key.name)
    }
}

/// How many letters have to be changed, added, left out or swapped with the next to come from `one` to `other` (optimal string
/// alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, against) in other.iter().enumerate() {
            let mut least =
                (rows[i][j + 1] + 1).min(row[j] + 1).min(rows[i][j] + usize::from(letter != against));
            if i > 0 && j > 0 && one[i - 1] == *against && other[j - 1] == *letter {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_understood() {
        for (wrong, meant) in [
            ("siez", Some("size")),
            ("lookahed", Some("lookahead")),
            ("colour", Some("color")),
            ("xyzzy", None),
        ] {
            assert_eq!(Key::like(wrong), meant, "{wrong}");
        }
    }
}
