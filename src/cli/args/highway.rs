//! How the highway is shown: the options of every subcommand that draws it.

use std::ffi::OsString;
use std::path::PathBuf;

use strikeline::highway::{CutText, EndCard, Highway, HighwayContent, HighwayOptions, Labels};
use strikeline::song::Song;
use strikeline::theme::{Theme, ViewKind};
use strikeline_picture::Time;

use super::{DrumMapArgs, MapInForce, PictureArgs, ThemeFilesArgs, headings, name_or_file, time};
use crate::cli::files::CommandFiles;
use crate::cli::given;
use crate::cli::messages::Messages;

/// Look and speed of the highway.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::LOOK)]
pub(crate) struct HighwayArgs {
    /// Theme, or a TOML file of your own
    ///
    /// `strikeline theme --list` names the built-in ones.
    #[arg(long, value_name = "NAME|FILE", default_value = "neon", value_parser = name_or_file())]
    theme: OsString,

    #[command(flatten)]
    theme_files: ThemeFilesArgs,

    #[command(flatten)]
    drum_map: DrumMapArgs,

    /// Seconds that notes are in sight
    ///
    /// From 0.1 to 30: the time that a note takes from the far end of the road to the strike line. It is adjusted a little, so
    /// that notes move by steps that look steady and cost least: by up to 4 %, or 2 % where two steps take turns. The summary
    /// says what it is then.
    #[arg(long, value_name = "TIME", default_value = "2", value_parser = lookahead)]
    lookahead: Time,

    /// Use --lookahead exactly, even if notes then move by a fraction of a pixel per frame
    #[arg(long, hide_short_help = true)]
    exact_speed: bool,

    /// View: flat, or perspective with the road tilted away [default: the theme's]
    #[arg(long, hide_short_help = true, value_name = "VIEW")]
    view: Option<ViewChoice>,

    /// Move the notes up, to a strike line near the top
    #[arg(long, hide_short_help = true)]
    reverse: bool,

    /// Show the lanes from right to left, for a left-handed kit
    #[arg(long, hide_short_help = true)]
    left_handed: bool,

    /// Motion blur: shutter angle in degrees of a frame, 0 to 360 (0: none; 180: as in film)
    #[arg(long, hide_short_help = true, value_name = "DEGREES", default_value = "0", value_parser = degrees)]
    shutter: f32,

    /// When to show the names of the drums at the foot of their lanes
    #[arg(long, hide_short_help = true, value_name = "WHEN", default_value = "intro")]
    labels: LabelChoice,

    /// Title to show [default: the song's]
    ///
    /// Where the song has none, the default is the name of its file. An empty text shows none.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Artist to show beside the title [default: the song file's]
    ///
    /// An empty text shows none.
    #[arg(long, hide_short_help = true, value_name = "TEXT")]
    artist: Option<String>,

    /// Show no title, section, clock and progress bar
    #[arg(long, hide_short_help = true)]
    no_header: bool,

    /// Show the number of the bar beside the clock
    #[arg(long, hide_short_help = true, conflicts_with = "no_header")]
    bar_number: bool,

    /// Show how many hits have been played beside the clock
    #[arg(long, hide_short_help = true, conflicts_with = "no_header")]
    hit_counter: bool,

    /// Do not count the beats before the first note
    #[arg(long, hide_short_help = true)]
    no_count_in: bool,

    /// Leave out the background, and let the road be see-through
    ///
    /// So that it can be laid over another picture. A video needs a --codec with alpha for it.
    #[arg(long, hide_short_help = true)]
    transparent: bool,

    /// Image to show when the song is over, with title and artist (PNG, JPEG or WebP)
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    end_card: Option<PathBuf>,
}

/// The options of a highway that affect the cost of drawing.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// `--theme`.
    pub theme: OsString,
    /// `--shutter`, in degrees.
    pub shutter: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ViewChoice {
    Flat,
    Perspective,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LabelChoice {
    /// All the time.
    Always,
    /// Until some seconds after the first note.
    Intro,
    /// Not at all.
    Never,
}

impl HighwayArgs {
    /// Adds the files that are read: the theme, the pictures and fonts that it names, the drum map and the end card.
    ///
    /// # Errors
    /// As [`Theme::find`].
    pub(crate) fn add_files(&self, files: &mut CommandFiles) -> anyhow::Result<()> {
        self.files()?.iter().for_each(|file| files.read(file));
        Ok(())
    }

    /// The theme, with the drum map that it has.
    ///
    /// # Errors
    /// As [`Theme::find`].
    pub(crate) fn theme(&self) -> anyhow::Result<Theme> {
        Ok(Theme::find_with(&self.theme, self.theme_files.place())?)
    }

    /// The theme, with the drum map for `song` in it, and which map that is.
    fn themed(&self, song: &Song) -> anyhow::Result<(Theme, MapInForce)> {
        let mut theme = self.theme()?;
        let in_force = self.drum_map.choose(song, &theme)?;
        theme.drum_map.clone_from(&in_force.map);
        Ok((theme, in_force))
    }

    /// The files that the options name: theme, drum map, end card, and what the theme names.
    ///
    /// # Errors
    /// When the theme cannot be read.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        if self.theme.to_str().is_none_or(|name| Theme::builtin(name).is_none()) {
            files.push(PathBuf::from(&self.theme));
        }
        let theme = self.theme()?;
        files.extend(theme.files().into_iter().map(|(_, path)| path.to_owned()));
        files.extend(self.drum_map.file());
        files.extend(self.end_card.clone());
        Ok(files)
    }

    /// The drum map that `song` is shown and played with.
    pub(crate) fn drum_map(&self, song: &Song) -> anyhow::Result<MapInForce> {
        Ok(self.themed(song)?.1)
    }

    /// The highway of `song`, beginning at time `start`. Gives `messages` notes and warnings about the drum map, keys
    /// without a drum and characters without a font.
    pub(crate) fn highway(
        &self,
        song: &Song,
        start: Option<Time>,
        picture: &PictureArgs,
        messages: &mut Messages,
    ) -> anyhow::Result<Highway> {
        let (theme, drum_map) = self.themed(song)?;
        if let Some(note) = &drum_map.note {
            messages.note(note);
        }
        if let Some(warning) = drum_map.warning(song) {
            messages.warn(warning);
        }
        let mut content = HighwayContent::from_song(song, &theme.drum_map);
        if let Some(title) = &self.title {
            content.title = Some(title.clone()).filter(|title| !title.trim().is_empty());
        }
        let artist = self.artist.as_deref().or(song.artist());
        content.artist = artist.map(str::to_owned).filter(|artist| !artist.trim().is_empty());
        let options = HighwayOptions {
            lookahead: self.lookahead,
            exact_speed: self.exact_speed,
            start,
            theme,
            view: self.view.map(|view| match view {
                ViewChoice::Flat => ViewKind::Flat,
                ViewChoice::Perspective => ViewKind::Perspective,
            }),
            reverse: self.reverse,
            left_handed: self.left_handed,
            shutter_degrees: self.shutter,
            labels: match self.labels {
                LabelChoice::Always => Labels::Always,
                LabelChoice::Intro => Labels::Intro,
                LabelChoice::Never => Labels::Never,
            },
            header: !self.no_header,
            bar_number: self.bar_number,
            hit_counter: self.hit_counter,
            count_in: !self.no_count_in,
            transparent: self.transparent,
            end_card: self.end_card.clone().map(|image| EndCard { image }),
        };
        let highway = Highway::new(content, &options, picture.size(), picture.fps())?;
        self.warn_of_cut_texts(&highway, picture, messages);
        let missing: Vec<String> =
            highway.missing_characters().iter().map(|character| format!("{character:?}")).collect();
        if !missing.is_empty() {
            messages.warn(format_args!(
                "no font has the characters {}; they are drawn as boxes: install a font that has them, or name one in the \
                 theme",
                missing.join(", ")
            ));
        }
        Ok(highway)
    }

    /// Says which texts have not enough room.
    fn warn_of_cut_texts(&self, highway: &Highway, picture: &PictureArgs, messages: &mut Messages) {
        let size = picture.size();
        if !highway.layout().has_text() {
            let why = format_args!("a picture of {size} is too small for text");
            let unused = given::without_effect(&["title", "artist", "bar-number", "hit-counter"], why);
            unused.into_iter().for_each(|warning| messages.warn(warning));
        }
        let mut sections = Vec::new();
        for text in highway.cut_texts() {
            match text {
                CutText::Title => messages.warn(format_args!(
                    "the title is too long for a picture of {size} and is cut; --title gives another"
                )),
                CutText::Artist => messages.warn(format_args!(
                    "the artist is too long for a picture of {size} and is cut; --artist gives another"
                )),
                CutText::ArtistLeftOut => messages.warn(format_args!(
                    "the artist has no room on a picture of {size} and is left out; --title gives a shorter title, \
                     --artist \"\" no artist"
                )),
                CutText::Section(name) => sections.push(name.as_str()),
                // That was asked for; labels that are there by default are simply not there.
                CutText::LabelsLeftOut if self.labels == LabelChoice::Always => messages.warn(format_args!(
                    "the names of the drums have no room on a picture of {size} and are left out; choose a larger --size"
                )),
                _ => {}
            }
        }
        if let [first, others @ ..] = sections.as_slice() {
            let more = match others.len() {
                0 => String::new(),
                others => format!(" and of {others} more"),
            };
            messages.warn(format_args!(
                "the name of the section {first:?}{more} is too long for a picture of {size} and is cut"
            ));
        }
    }

    /// Whether the pictures have alpha.
    pub(crate) fn is_transparent(&self) -> bool {
        self.transparent
    }

    /// Whether an image is shown after the song.
    pub(crate) fn has_end_card(&self) -> bool {
        self.end_card.is_some()
    }

    /// The options that affect the cost of drawing.
    pub(crate) fn look(&self) -> Look {
        Look { theme: self.theme.clone(), shutter: self.shutter }
    }
}

fn degrees(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(degrees) if (0.0..=360.0).contains(&degrees) => Ok(degrees),
        _ => Err("must be a number of degrees from 0 to 360".to_owned()),
    }
}

fn lookahead(text: &str) -> Result<Time, String> {
    let time = time(text)?;
    if (0.1..=30.0).contains(&time.as_seconds()) {
        Ok(time)
    } else {
        Err("must be from 0.1 to 30 seconds".to_owned())
    }
}
