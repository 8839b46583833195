//! What a journal says about itself: the video that it belongs to, and the settings of that video, so that a run with others can
//! say which differ.

use std::path::Path;
use strikeline_picture::shown;

use super::args::VideoArgs;
use super::job::RenderJob;

/// What a journal says about itself. In the file it is a text: a line about the video, and a line `name: value` for each setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AboutJournal {
    /// The video and its song.
    pub video: String,
    settings: Vec<(String, String)>,
}

impl AboutJournal {
    /// About the journal of `job`, which makes `output` from `song` with the options `args`.
    pub(super) fn of(job: &RenderJob<'_>, args: &VideoArgs, (song, output): (&Path, &Path)) -> AboutJournal {
        let options = &job.options;
        let settings = [
            ("version of strikeline", env!("CARGO_PKG_VERSION").to_owned()),
            ("size", options.size.to_string()),
            ("frames per second", options.frame_rate.to_string()),
            ("frames", options.frames.to_string()),
            ("start in seconds", job.scene.start().as_seconds().to_string()),
            ("encoder", options.encoder.name().to_owned()),
            ("quality", args.stream.quality().qp().to_string()),
            ("theme", args.highway.look().theme.to_string_lossy().into_owned()),
            // Their values would be long, and are of no use to a reader.
            ("options of the encoder", brief(options.encoder.identity().as_bytes())),
            ("look", brief(format!("{:?}", args.highway).as_bytes())),
            ("speed or loop", brief(format!("{:?}", args.practice).as_bytes())),
            ("channels, tracks or difficulty", brief(format!("{:?}", args.selection).as_bytes())),
            (PICTURES, brief(&job.scene.fingerprint())),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.replace(['\n', '\r'], " ")));
        AboutJournal { video: format!("{} from {}", shown(output), shown(song)), settings: settings.into() }
    }

    /// From the text of a file.
    pub(super) fn parse(text: &str) -> AboutJournal {
        let mut lines = text.lines();
        let video = lines.next().unwrap_or_default().to_owned();
        let settings = lines.filter_map(|line| line.split_once(": "));
        AboutJournal {
            video,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }

    /// As a text for a file.
    pub(super) fn text(&self) -> String {
        let settings = self.settings.iter().map(|(name, value)| format!("\n{name}: {value}"));
        // A file name may have line breaks.
        self.video.replace(['\n', '\r'], " ") + &settings.collect::<String>()
    }

    /// Which settings of `other` are different, in words.
    pub(super) fn differences(&self, other: &AboutJournal) -> String {
        let value = |name: &str, about: &AboutJournal| {
            about.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let mut differences = Vec::new();
        for (name, mine) in &self.settings {
            match value(name, other) {
                Some(theirs) if theirs != *mine && name != PICTURES => {
                    let is_brief = theirs.len() == BRIEF && mine.len() == BRIEF;
                    differences.push(match is_brief {
                        true => name.clone(),
                        false => format!("{name} ({theirs}, now {mine})"),
                    });
                }
                _ => {}
            }
        }
        if !differences.is_empty() {
            return super::words::listed(differences, "and");
        }
        match (value(PICTURES, self), value(PICTURES, other)) {
            (Some(mine), Some(theirs)) if mine != theirs => "the song, or a file of the theme".to_owned(),
            (Some(_), Some(_)) => "the graphics adapter, its driver, or the build of strikeline".to_owned(),
            _ => "something that it does not name".to_owned(),
        }
    }
}

/// The setting that stands for all that is drawn.
const PICTURES: &str = "pictures";

/// Digits of a hash that stands for a long value.
const BRIEF: usize = 16;

fn brief(value: &[u8]) -> String {
    blake3::hash(value).to_hex()[..BRIEF].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(settings: &[(&str, &str)]) -> AboutJournal {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        AboutJournal { video: "a.mp4 from a.mid".to_owned(), settings: settings.collect() }
    }

    #[test]
    fn the_settings_that_differ_are_named() {
        let hash = |text: &str| brief(text.as_bytes());
        let (one, two) = (hash("1"), hash("2"));
        let mine = about(&[("size", "640x360"), ("quality", "22"), ("look", &one), (PICTURES, &one)]);
        assert_eq!(AboutJournal::parse(&mine.text()), mine);
        let other = about(&[("size", "1280x720"), ("quality", "22"), ("look", &two), (PICTURES, &two)]);
        assert_eq!(mine.differences(&other), "size (1280x720, now 640x360) and look");
        let other = about(&[("size", "640x360"), ("quality", "22"), ("look", &one), (PICTURES, &two)]);
        assert_eq!(mine.differences(&other), "the song, or a file of the theme");
        assert!(mine.differences(&mine).contains("adapter"));
        assert!(mine.differences(&AboutJournal::parse("b.mp4 from b.mid")).contains("does not name"));
    }
}
