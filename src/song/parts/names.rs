//! Which names of tracks and instruments say that they are drums.

use super::programs;

/// Words for drums, drum kits and percussion, in lower case. A name is drums if one of them is a word of it.
const WORDS: [&str; 64] = [
    // English, and what is written in short.
    "drum",
    "drums",
    "drumkit",
    "drumkits",
    "drumset",
    "drumsets",
    "drumz",
    "drumline",
    "drm",
    "drms",
    "kit",
    "perc",
    "percs",
    "percussion",
    "percussions",
    // German.
    "schlagzeug",
    "schlagwerk",
    "trommel",
    "trommeln",
    "perkussion",
    // French.
    "batterie",
    "percus",
    // Spanish, Portuguese, Italian, Catalan.
    "batería",
    "bateria",
    "batteria",
    "percusión",
    "percusion",
    "percussão",
    "percussao",
    "percussioni",
    "percussió",
    // Dutch, Danish, Norwegian, Swedish.
    "drumstel",
    "slagwerk",
    "trommer",
    "trommesæt",
    "trommesett",
    "slagtøj",
    "slagverk",
    "trummor",
    "trumset",
    // Finnish, Hungarian, Turkish.
    "rummut",
    "lyömäsoittimet",
    "dob",
    "dobok",
    "davul",
    "vurmalı",
    // Polish, Czech, Slovak, Croatian, Romanian.
    "perkusja",
    "bębny",
    "bicí",
    "bicie",
    "bubny",
    "bubnjevi",
    "tobe",
    // Russian, Ukrainian, Bulgarian, Serbian; Greek.
    "ударные",
    "барабаны",
    "барабан",
    "перкуссия",
    "ударні",
    "барабани",
    "перкусії",
    "бубњеви",
    "ντραμς",
    "κρουστά",
    "τύμπανα",
];

/// The same in scripts that write no spaces between words: they count anywhere in a name.
const PARTS_OF_NAMES: [&str; 9] =
    ["ドラム", "パーカッション", "打楽器", "鼓", "打击乐", "打擊樂", "드럼", "타악기", "퍼커션"];

/// Words that make another instrument of a drum: one with notes, or one that is not of a drum kit.
const OTHER_WORDS: [&str; 5] = ["steel", "organ", "taiko", "melodic", "timpani"];

/// Whether a track or an instrument of this name is drums.
pub(in crate::song) fn is_drums(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    // Steel Drums, Taiko Drum, Synth Drum and Percussive Organ are melodic programs.
    if programs::is_instrument(&name) || name.contains("太鼓") {
        return false;
    }
    let words: Vec<&str> =
        name.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| OTHER_WORDS.contains(word)) {
        return false;
    }
    let is_style = |place: usize| {
        // "Drum and Bass" is a style, or both in one track.
        let rest = words.get(place + 1..).unwrap_or_default();
        matches!(rest, ["bass", ..] | ["n" | "and" | "und" | "et" | "y", "bass", ..])
    };
    let is_word = words.iter().enumerate().any(|(place, word)| WORDS.contains(word) && !is_style(place));
    is_word || PARTS_OF_NAMES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::is_drums;

    #[test]
    fn a_name_counts_if_it_has_a_word_for_drums() {
        for name in [
            "Drums",
            "DRUMS 1",
            "Drum Kit",
            "drum-set",
            "Standard Kit",
            "Kit",
            "Perc.",
            "Percussion",
            "Bass Drum",
            "Snare Drum",
            "Schlagzeug",
            "Batterie",
            "Batería",
            "Bateria",
            "Trommeln",
            "Ударные",
            "ドラム",
            "ドラムセット",
            "爵士鼓",
            "드럼",
            "Track 3: Drums",
            "Hand_Drums",
            "drums(L)",
            "PART DRUMS",
        ] {
            assert!(is_drums(name), "{name}");
        }
    }

    #[test]
    fn other_names_do_not_count() {
        for name in [
            "",
            "Drumond",
            "Little Drummer Boy",
            "Steel Drums",
            "Steel drum",
            "Melodic Tom",
            "Taiko Drum",
            "Synth Drum",
            "Percussive Organ",
            "Perc. Organ",
            "Drum and Bass",
            "Drum & Bass",
            "Kitten",
            "Percy",
            "Bass",
            "Piano",
            "和太鼓",
            "Conundrum",
            "Timpani",
        ] {
            assert!(!is_drums(name), "{name}");
        }
    }
}
