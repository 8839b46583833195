//! Which drum the keys of a song stand for: `--drum-map`, and what happens without it.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;
use strikeline::drum_maps::{NamedDrumMap, fitting, recognise};
use strikeline::song::{DrumMap, KeyCount, LaneId, LaneLayout, Song, SynthesizerKind};
use strikeline::theme::Theme;

use super::{headings, name_or_file};
use crate::cli::words::count;

/// The name of the map that the built-in themes have.
const GENERAL_MIDI: &str = "general-midi";

/// `--drum-map`.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = headings::LOOK)]
pub(crate) struct DrumMapArgs {
    /// Drum map, or a TOML file of your own
    ///
    /// `strikeline drum-map --list` names the built-in ones. Without this option it is the theme's, which is General MIDI in
    /// the built-in themes; if that lacks drums of the song, the built-in map with which the song was made, if the song's keys
    /// show which one that is.
    ///
    /// With it, all drums are those of the map. The lanes keep the order, names and colours of the theme, unless the map sets
    /// them.
    #[arg(long, value_name = "NAME|FILE", value_parser = name_or_file())]
    drum_map: Option<OsString>,
}

/// The drum map that a song is shown with.
#[derive(Debug, Clone)]
pub(crate) struct MapInForce {
    /// The drums and lanes.
    pub map: DrumMap,
    /// Which map it is, for JSON.
    pub report: MapReport,
    /// A note about the choice to print on stderr; `None` when there is nothing to say.
    pub note: Option<String>,
}

/// Which drum map is used.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MapReport {
    /// The name of the map, or of the theme that has it.
    pub name: String,
    /// Why this map was chosen.
    pub chosen: MapChoice,
}

/// Why a drum map was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MapChoice {
    /// `--drum-map` names it.
    Given,
    /// The song's keys show that the song was made with it ([`recognise`]).
    Recognised,
    /// The theme has drums of its own.
    Theme,
    /// None of the other reasons applies: General MIDI.
    Default,
}

impl MapChoice {
    /// A text for people, to be shown after the name of the map.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            MapChoice::Given => "given by --drum-map",
            MapChoice::Recognised => "recognised by the keys of the song; --drum-map chooses another",
            MapChoice::Theme => "part of the theme",
            MapChoice::Default => "the default",
        }
    }
}

impl DrumMapArgs {
    /// The file of the map that was given; `None` for a built-in one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let is_builtin = |name: &str| NamedDrumMap::builtin(name).is_some();
        self.drum_map.as_ref().filter(|map| !map.to_str().is_some_and(is_builtin)).map(PathBuf::from)
    }

    /// The drum map for `song` with `theme`.
    ///
    /// # Errors
    /// As [`NamedDrumMap::find`].
    pub(crate) fn choose(&self, song: &Song, theme: &Theme) -> anyhow::Result<MapInForce> {
        let in_force = |named: &NamedDrumMap, chosen, note| MapInForce {
            map: named.over(&theme.drum_map),
            report: MapReport { name: named.name.clone(), chosen },
            note,
        };
        if let Some(name_or_file) = &self.drum_map {
            return Ok(in_force(&NamedDrumMap::find(name_or_file)?, MapChoice::Given, None));
        }
        let general_midi = DrumMap::general_midi();
        let of_theme = |name: &str, chosen| MapInForce::of_theme(theme, name, chosen);
        if !theme.drum_map.has_drums_of(&general_midi) {
            return Ok(of_theme(&theme.name, MapChoice::Theme));
        }
        // A file for one of these synthesisers uses its drum kits, some of which have keys that General MIDI lacks.
        if matches!(
            song.synthesizer_kind(),
            Some(SynthesizerKind::Gs | SynthesizerKind::Xg | SynthesizerKind::GeneralMidi2)
        ) {
            return Ok(of_theme(GENERAL_MIDI, MapChoice::Default));
        }
        let keys = KeyCount::of_song(song);
        Ok(match recognise(&keys) {
            Some(named) => {
                let note = format!(
                    "using drum map {}: the song has the keys of {}; --drum-map chooses another, such as general-midi",
                    named.name, named.description
                );
                in_force(&named, MapChoice::Recognised, Some(note))
            }
            None => of_theme(GENERAL_MIDI, MapChoice::Default),
        })
    }
}

impl MapInForce {
    fn of_theme(theme: &Theme, name: &str, chosen: MapChoice) -> MapInForce {
        MapInForce {
            map: theme.drum_map.clone(),
            report: MapReport { name: name.to_owned(), chosen },
            note: None,
        }
    }

    /// The drum map of General MIDI with the lanes of the theme "plain".
    #[cfg(test)]
    pub(crate) fn general_midi() -> MapInForce {
        MapInForce::of_theme(&Theme::default(), GENERAL_MIDI, MapChoice::Default)
    }

    /// A warning about the keys of `song` for which the map has no drum, or `None` if there are none. It names the built-in
    /// maps that have drums for all keys of the song.
    pub(crate) fn warning(&self, song: &Song) -> Option<String> {
        let layout = LaneLayout::for_song(song, &self.map);
        let describe = |&KeyCount { key, notes }: &KeyCount| format!("{key} ({})", count(notes, "note"));
        let unmapped: Vec<String> = layout.unmapped().iter().map(describe).collect();
        if unmapped.is_empty() {
            return None;
        }
        let lane = self.map.lane_name(LaneId::Other);
        let mut warning =
            format!("no drum is known for key {}: shown in the lane {lane}", unmapped.join(", "));
        let fitting: Vec<String> =
            fitting(&KeyCount::of_song(song)).into_iter().map(|map| map.name).collect();
        if !fitting.is_empty() {
            warning.push_str(&format!("; --drum-map {} has all keys of the song", fitting.join(" or ")));
        }
        Some(warning)
    }
}
