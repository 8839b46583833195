//! The tables of a theme's file and their fields.
//!
//! To add a field, add it here: its documentation, name, type, which values are allowed, and the value that it
//! has in the theme "plain". It is then read, checked, printed and documented. What remains is to use it where
//! the highway is drawn, and to give it other values in the files of `builtin/` where themes are to differ. The
//! form of a definition is explained at [`theme_table!`].

use std::path::PathBuf;

use super::Color;
use super::define::{theme_table, theme_words};
use super::values::{Alpha, Characters, PathLike};
use crate::song::{DrumMap, Rgb};

theme_table! {
    /// The look of a highway. The default is the built-in theme "plain".
    pub struct Theme {
        /// What the theme is called, in one line.
        #[allowed(Characters(64))]
        pub name: String = "plain".to_owned(),
        /// What the theme looks like, in one line; may be empty.
        #[allowed(Characters(200))]
        pub description: String = "Dark and flat, without effects: the quickest to render".to_owned(),
        /// How the highway is seen, unless another view is chosen.
        pub view: ViewKind = ViewKind::Flat,
        /// What is behind the highway.
        pub background: Background = Background::default(),
        /// The surface along which the notes move.
        pub highway: HighwayStyle = HighwayStyle::default(),
        /// The line at which notes are struck.
        pub strike_line: StrikeLineStyle = StrikeLineStyle::default(),
        /// The lines at bars and beats.
        pub beats: BeatStyle = BeatStyle::default(),
        /// Phrases of charts: star power, solos and rolls.
        pub phrases: PhraseStyle = PhraseStyle::default(),
        /// The notes.
        pub gems: GemStyle = GemStyle::default(),
        /// What happens when a note is struck.
        pub effects: EffectStyle = EffectStyle::default(),
        /// Words and numbers.
        pub text: TextStyle = TextStyle::default(),
        /// Which key is which drum; names, colours and marks; and the order of the lanes. In a file, these are
        /// the tables `lanes` and `drums`.
        pub drum_map: DrumMap = DrumMap::general_midi(),
    }
}

theme_words! {
    /// How the highway is seen.
    pub enum ViewKind {
        /// From above: notes keep their size.
        Flat = "flat",
        /// From behind the strike line: notes come from afar.
        Perspective = "perspective",
    }
}

theme_table! {
    /// What is behind the highway: a gradient from top to bottom, and over it a picture if one is given.
    pub struct Background {
        /// Colour at the top of the video.
        #[allowed(Alpha::Opaque)]
        pub top: Color = Color::from_rgba(0x0F_11_18_FF),
        /// Colour at the bottom of the video.
        #[allowed(Alpha::Opaque)]
        pub bottom: Color = Color::from_rgba(0x0F_11_18_FF),
        /// Path of a picture (PNG, JPEG or WebP) in the folder of this file or below it.
        ///
        /// Once read, the path is ready to be opened; whether the file exists is not checked.
        #[allowed(PathLike("wall.png"))]
        pub image: Option<PathBuf> = None,
        /// Opacity of the picture; 0 shows only the colours.
        #[allowed(0.0..=1.0)]
        pub image_strength: f32 = 0.35,
        /// Strength of beams of light that shine down behind the highway, in the colours of the lanes; 0 for none.
        #[allowed(0.0..=1.0)]
        pub beams: f32 = 0.0,
    }
}

theme_table! {
    /// The surface along which the notes move.
    pub struct HighwayStyle {
        /// Colour of the surface, over the background.
        #[allowed(Alpha::Any)]
        pub color: Color = Color::from_rgba(0x16_18_21_FF),
        /// Opacity of the surface in transparent pictures, as a fraction of its usual one.
        #[allowed(0.0..=1.0)]
        pub overlay_opacity: f32 = 0.6,
        /// How much of its lane's colour is mixed into the surface.
        #[allowed(0.0..=1.0)]
        pub lane_tint: f32 = 0.06,
        /// Colour of the lines between lanes.
        #[allowed(Alpha::Any)]
        pub separator: Color = Color::from_rgba(0x2B_2F_3D_FF),
        /// Width of the lines between lanes, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub separator_width: f32 = 2.0,
        /// Colour of the lines along the left and right edges.
        #[allowed(Alpha::Any)]
        pub border: Color = Color::from_rgba(0x41_46_59_FF),
        /// Width of the lines along the edges, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub border_width: f32 = 3.0,
        /// How much brighter the middle of each lane is than its edges, in white and in the lane's colour; 0 is flat.
        #[allowed(0.0..=1.0)]
        pub sheen: f32 = 0.0,
        /// How much of the lane's colour is mixed into a line along its middle; 0 for none.
        #[allowed(0.0..=1.0)]
        pub guide: f32 = 0.0,
        /// Width of that line, in pixels.
        #[allowed(0.0..=20.0)]
        pub guide_width: f32 = 4.0,
    }
}

impl HighwayStyle {
    /// The colour in the middle of a lane whose colour is `lane`: half of what makes it brighter is that colour.
    pub(crate) fn middle(&self, lane: Rgb) -> Color {
        let Color { red, green, blue, alpha } = self.color;
        let mixed = |ground: u8, lane: u8| {
            let light = (255.0 + f32::from(lane)) / 2.0;
            let tinted = f32::from(ground) + (f32::from(lane) - f32::from(ground)) * self.lane_tint;
            (tinted + (light - tinted) * self.sheen).round() as u8
        };
        Color { red: mixed(red, lane[0]), green: mixed(green, lane[1]), blue: mixed(blue, lane[2]), alpha }
    }
}

theme_table! {
    /// The line at which notes are struck. Where it crosses a lane there is a receptor: the place where the
    /// lane's gems are struck.
    pub struct StrikeLineStyle {
        /// Position, as a fraction of the way to the near edge of the video.
        #[allowed(0.5..=0.95)]
        pub position: f32 = 0.85,
        /// Colour of the line.
        #[allowed(Alpha::Any)]
        pub color: Color = Color::from_rgba(0xE8_EA_F2_FF),
        /// Width of the line, in pixels; 0 for none.
        #[allowed(0.0..=30.0)]
        pub width: f32 = 4.0,
        /// How much of the lane's colour is mixed into the receptors.
        #[allowed(0.0..=1.0)]
        pub receptor_fill: f32 = 0.18,
        /// How much of the lane's colour is mixed into the receptors' outlines.
        #[allowed(0.0..=1.0)]
        pub receptor_outline: f32 = 0.6,
        /// Width of the receptors' outlines, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub receptor_outline_width: f32 = 2.0,
        /// Strength of the light around the line that is always there; 0 for none.
        #[allowed(0.0..=1.0)]
        pub light: f32 = 0.0,
        /// How far that light reaches, in pixels.
        #[allowed(0.0..=300.0)]
        pub light_reach: f32 = 60.0,
    }
}

theme_table! {
    /// The lines at bars and beats, which move with the notes. A colour with alpha 00 draws none.
    pub struct BeatStyle {
        /// Colour of the line where a bar begins.
        #[allowed(Alpha::Any)]
        pub bar: Color = Color::from_rgba(0xFF_FF_FF_38),
        /// Width of that line, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub bar_width: f32 = 3.0,
        /// Colour of the lines at the other beats.
        #[allowed(Alpha::Any)]
        pub beat: Color = Color::from_rgba(0xFF_FF_FF_18),
        /// Width of those lines, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub beat_width: f32 = 2.0,
    }
}

theme_table! {
    /// Phrases of charts, which move with the notes. Star power and solos are rails beside the road, rolls are bands in
    /// the lanes that are struck in them.
    pub struct PhraseStyle {
        /// Colour of the rails in star power; alpha 00 for none.
        #[allowed(Alpha::Any)]
        pub star_power: Color = Color::from_rgba(0x5C_E1_FF_D0),
        /// Colour of the rails in a solo; alpha 00 for none.
        #[allowed(Alpha::Any)]
        pub solo: Color = Color::from_rgba(0xB8_8C_FF_D0),
        /// Width of the rails, in pixels.
        #[allowed(0.0..=20.0)]
        pub rail_width: f32 = 5.0,
        /// How far the light of the rails reaches beyond them, in pixels; 0 for none.
        #[allowed(0.0..=60.0)]
        pub rail_glow: f32 = 10.0,
        /// Opacity of the bands of rolls, which have the colours of their lanes; 0 for none.
        #[allowed(0.0..=1.0)]
        pub roll: f32 = 0.22,
    }
}

theme_table! {
    /// The notes. Their colours are those of the lanes and drums.
    pub struct GemStyle {
        /// Shape of the corners.
        pub corners: Corners = Corners::Round,
        /// Size of the corners: 0 is square, 1 is half the gem's height.
        #[allowed(0.0..=1.0)]
        pub corner_size: f32 = 0.4,
        /// Shape of the gems of cymbals.
        pub cymbals: CymbalGems = CymbalGems::AsDrums,
        /// Height in pixels.
        #[allowed(4.0..=120.0)]
        pub height: f32 = 30.0,
        /// Width, as a fraction of the lane's width.
        #[allowed(0.2..=1.0)]
        pub width: f32 = 0.84,
        /// The outline is the gem's colour mixed with this one; alpha is its share.
        #[allowed(Alpha::Any)]
        pub outline: Color = Color::from_rgba(0xFF_FF_FF_50),
        /// Width of the outline, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub outline_width: f32 = 2.0,
        /// How much darker the lower edge is than the upper one; 0 is flat.
        #[allowed(0.0..=1.0)]
        pub shading: f32 = 0.2,
        /// Strength of a highlight along the upper edge; 0 for none.
        #[allowed(0.0..=1.0)]
        pub highlight: f32 = 0.0,
        /// How much lighter the outline is at the upper edge, and darker at the lower one; 0 is flat.
        #[allowed(0.0..=1.0)]
        pub bevel: f32 = 0.0,
        /// Colour of the soft shadow below the gems; alpha 00 for none.
        #[allowed(Alpha::Any)]
        pub shadow: Color = Color::from_rgba(0),
        /// How much of the gem's colour is mixed into its shadow.
        #[allowed(0.0..=1.0)]
        pub shadow_tint: f32 = 0.0,
        /// How far the shadow reaches below the gem, in pixels.
        #[allowed(1.0..=40.0)]
        pub shadow_size: f32 = 10.0,
        /// Colour of the marks, which tell the drums of a lane apart; alpha is their opacity.
        #[allowed(Alpha::Any)]
        pub mark: Color = Color::from_rgba(0x0F_11_18_E0),
        /// Height of the marks, as a fraction of the gem's height; 0 for none.
        #[allowed(0.0..=1.0)]
        pub mark_size: f32 = 0.6,
        /// Brightness of the softest note (velocity 1), as a fraction of that of the hardest.
        #[allowed(0.0..=1.0)]
        pub dimmest: f32 = 0.55,
        /// Height in pixels of kicks, which are bars over the whole width.
        #[allowed(4.0..=120.0)]
        pub kick_height: f32 = 16.0,
        /// Size of the grace notes of flams and drags, as a fraction of the usual size.
        #[allowed(0.3..=1.0)]
        pub grace_scale: f32 = 0.6,
        /// Width in pixels of the tail of a choked cymbal, from its gem to where it is grasped; 0 for none.
        #[allowed(0.0..=60.0)]
        pub tail_width: f32 = 10.0,
        /// Opacity of that tail.
        #[allowed(0.0..=1.0)]
        pub tail_strength: f32 = 0.5,
        /// Ghost notes: soft notes.
        pub ghost: GhostStyle = GhostStyle::default(),
        /// Accents: hard notes.
        pub accent: AccentStyle = AccentStyle::default(),
    }
}

theme_words! {
    /// The shape of a gem's corners.
    pub enum Corners {
        /// Circular arcs.
        Round = "round",
        /// Straight cuts at 45 degrees.
        Cut = "cut",
    }
}

theme_words! {
    /// The shape of the gems of cymbals.
    pub enum CymbalGems {
        /// The shape of those of drums.
        AsDrums = "as-drums",
        /// Ellipses.
        Round = "round",
    }
}

theme_table! {
    /// Ghost notes: soft notes.
    pub struct GhostStyle {
        /// Notes of a velocity below this are ghost notes; 0 for none.
        #[allowed(0..=127)]
        pub below: u8 = 40,
        /// Size, as a fraction of the usual size.
        #[allowed(0.3..=1.0)]
        pub scale: f32 = 0.75,
        /// Opacity of the inside: 0 is only the outline, 1 is filled.
        #[allowed(0.0..=1.0)]
        pub fill: f32 = 0.3,
    }
}

theme_table! {
    /// Accents: hard notes.
    pub struct AccentStyle {
        /// Notes of this velocity or more are accents; 128 for none.
        #[allowed(1..=128)]
        pub from: u8 = 116,
        /// Size, as a multiple of the usual size.
        #[allowed(1.0..=1.5)]
        pub scale: f32 = 1.12,
        /// Width of the outline, in pixels; 0 for none.
        #[allowed(0.0..=20.0)]
        pub outline_width: f32 = 4.0,
    }
}

theme_table! {
    /// What happens when a note is struck. An effect of strength 0 is off and costs no time.
    pub struct EffectStyle {
        /// Strength with which the receptor lights up.
        #[allowed(0.0..=1.0)]
        pub flash: f32 = 0.0,
        /// How much a gem grows as it flashes and fades, as a fraction of its size: it bursts. 0 for a gem that stays.
        #[allowed(0.0..=1.5)]
        pub burst: f32 = 0.0,
        /// Strength of the glow around the receptor.
        #[allowed(0.0..=1.0)]
        pub glow: f32 = 0.0,
        /// How far the glow reaches, in pixels.
        #[allowed(0.0..=300.0)]
        pub glow_reach: f32 = 60.0,
        /// Strength of the glow around the strike line.
        #[allowed(0.0..=1.0)]
        pub line_glow: f32 = 0.0,
        /// Strength of the rings that spread from the receptor.
        #[allowed(0.0..=1.0)]
        pub rings: f32 = 0.0,
        /// Diameter that the rings reach, as a multiple of the lane's width.
        #[allowed(0.2..=3.0)]
        pub ring_size: f32 = 1.2,
        /// Width of the rings' lines, in pixels.
        #[allowed(0.0..=20.0)]
        pub ring_width: f32 = 4.0,
        /// Strength of the light that goes up the lane.
        #[allowed(0.0..=1.0)]
        pub lane_light: f32 = 0.0,
        /// How far it reaches up the lane, in pixels.
        #[allowed(10.0..=1500.0)]
        pub lane_light_reach: f32 = 200.0,
        /// How many sparks fly off an accent; 0 for none.
        #[allowed(0..=32)]
        pub particles: u8 = 0,
        /// How far they fly, in pixels.
        #[allowed(10.0..=600.0)]
        pub particle_reach: f32 = 120.0,
        /// Size of a spark, in pixels.
        #[allowed(1.0..=20.0)]
        pub particle_size: f32 = 5.0,
        /// Opacity of a note that goes on beyond the strike line and fades; 0 for one that ends there.
        #[allowed(0.0..=1.0)]
        pub passing: f32 = 0.0,
        /// How long the effects last, in seconds.
        #[allowed(0.05..=1.0)]
        pub duration: f32 = 0.25,
    }
}

theme_table! {
    /// Words and numbers.
    pub struct TextStyle {
        /// The font; without it, the one that is part of the program. A file lies in the folder of this file or
        /// below it; a family is one that is installed.
        pub font: Option<FontSource> = None,
        /// Colour of the text.
        #[allowed(Alpha::Any)]
        pub color: Color = Color::from_rgba(0xF2_F4_FA_FF),
        /// Colour of text that is less important.
        #[allowed(Alpha::Any)]
        pub dim: Color = Color::from_rgba(0xA6_AC_BE_FF),
        /// Colour of the shadow under the letters; alpha 00 for none.
        #[allowed(Alpha::Any)]
        pub shadow: Color = Color::from_rgba(0),
        /// Size, as a multiple of the usual size.
        #[allowed(0.5..=2.0)]
        pub scale: f32 = 1.0,
        /// Colour of the bar that shows how much of the song has passed; alpha 00 for none.
        #[allowed(Alpha::Any)]
        pub progress: Color = Color::from_rgba(0x6E_EB_FF_C0),
    }
}

/// Where a font comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FontSource {
    /// The path of a font file, ready to be opened. Whether the file exists is not checked.
    File(PathBuf),
    /// The name of an installed font family.
    Family(String),
}
