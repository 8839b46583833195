//! How a highway is shown.

use std::path::PathBuf;

use crate::theme::{Theme, ViewKind};
use strikeline_picture::Time;

/// How a highway is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct HighwayOptions {
    /// Time that a note takes from the far end of the road to the strike line. It is adjusted by up to 4 % unless
    /// `exact_speed` is set: see [`NoteMotion::new`](super::NoteMotion::new).
    pub lookahead: Time,
    /// Whether the lookahead is used exactly.
    pub exact_speed: bool,
    /// Time of the song at frame 0. `None` chooses one: before the first note is visible, before the count-in, and not
    /// after the song's start. What is shown at a time of the song does not depend on it.
    pub start: Option<Time>,
    /// Colours, sizes and effects. Its drum map is not used: the content has lanes and colours already.
    pub theme: Theme,
    /// Flat or perspective; `None` for the theme's choice.
    pub view: Option<ViewKind>,
    /// Whether notes move up, to a strike line near the top.
    pub reverse: bool,
    /// Whether the lanes go from right to left, for a left-handed drum kit.
    pub left_handed: bool,
    /// Motion blur: the shutter angle in degrees of a frame, 0 to 360. 0 draws none.
    pub shutter_degrees: f32,
    /// When the labels of the lanes are shown.
    pub labels: Labels,
    /// Whether title, section, clock and progress bar are shown above the road.
    pub header: bool,
    /// Whether the number of the bar is shown beside the clock.
    pub bar_number: bool,
    /// Whether the number of hits so far is shown beside the clock.
    pub hit_counter: bool,
    /// Whether the count-in is shown before the first note.
    pub count_in: bool,
    /// Whether the picture has no background and the road is see-through, so that it can be laid over another picture.
    /// Only pictures with alpha show it; in others the background is black.
    pub transparent: bool,
    /// What is shown when the song is over; `None` shows nothing more.
    pub end_card: Option<EndCard>,
}

/// When the labels of the lanes are shown.
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
    /// A PNG, JPEG or WebP file.
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
            bar_number: false,
            hit_counter: false,
            count_in: true,
            transparent: false,
            end_card: None,
        }
    }
}

impl HighwayOptions {
    /// The same with a theme that has no background picture, no beams and a see-through road, if `transparent` is set.
    pub(super) fn as_drawn(&self) -> HighwayOptions {
        let mut options = self.clone();
        if self.transparent {
            let theme = &mut options.theme;
            theme.background.image = None;
            theme.background.beams = 0.0;
            let road = &mut theme.highway;
            road.color.alpha = (f32::from(road.color.alpha) * road.overlay_opacity).round() as u8;
        }
        options
    }

    /// The view that is drawn: that of the options, or else that of the theme.
    pub fn view(&self) -> ViewKind {
        self.view.unwrap_or(self.theme.view)
    }
}
