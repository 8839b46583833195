//! How a highway is shown.

use std::path::PathBuf;

use crate::theme::{Theme, ViewKind};
use strikeline_picture::Time;

/// How a highway is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct HighwayOptions {
    /// Time from the far end to the strike line, or nearly: see [`NoteMotion::new`](super::motion::NoteMotion::new).
    pub lookahead: Time,
    /// Whether the lookahead is kept to the subpixel.
    pub exact_speed: bool,
    /// Time of the song at frame 0; `None` for one early enough to see the first note come from the far end and to
    /// read the count-in, and not after the song's start.
    pub start: Option<Time>,
    /// Colours, sizes and effects. Its drum map is not used here: what is drawn has been chosen already.
    pub theme: Theme,
    /// Flat, or tilted away; `None` for the theme's choice.
    pub view: Option<ViewKind>,
    /// Hits rise to a strike line near the top.
    pub reverse: bool,
    /// The lanes from right to left, for a kit that is set up the other way.
    pub left_handed: bool,
    /// How long the shutter is open, in degrees of a frame, 0 to 360; 0 draws no motion blur.
    pub shutter_degrees: f32,
    /// When the lanes' labels are seen.
    pub labels: Labels,
    /// Whether title, section, clock and progress bar are shown above the road.
    pub header: bool,
    /// Whether the beats before the first note are counted.
    pub count_in: bool,
    /// What is shown after the last note.
    pub end_card: Option<EndCard>,
}

/// When the lanes' labels are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labels {
    /// From the first frame to the last.
    Always,
    /// Until some seconds after the first note.
    #[default]
    Intro,
    /// Not at all.
    Never,
}

/// An image that fades in over the picture when the song is over, with title and artist below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndCard {
    /// PNG, JPEG or WebP.
    pub image: PathBuf,
}

impl Default for HighwayOptions {
    fn default() -> HighwayOptions {
        HighwayOptions {
            lookahead: Time::from_nanos(2_000_000_000),
            exact_speed: false,
            start: None,
            theme: Theme::default(),
            view: None,
            reverse: false,
            left_handed: false,
            shutter_degrees: 0.0,
            labels: Labels::default(),
            header: true,
            count_in: true,
            end_card: None,
        }
    }
}

impl HighwayOptions {
    /// The view that is drawn.
    pub fn view(&self) -> ViewKind {
        self.view.unwrap_or(self.theme.view)
    }
}
