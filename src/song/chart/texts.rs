//! The text events of charts: sections, and the mix events of drum parts. Both formats write them with or without square
//! brackets, and with spaces or underscores.

use super::difficulty::Difficulty;

/// The name of the section that a text event begins, made readable: `[section big_rock ending]` and `prc_big_rock_ending` are
/// both "big rock ending". `None` when it is another event.
///
/// GuitarGame_ChartFormats, "Global Events".
pub(super) fn section_name(text: &str) -> Option<String> {
    let text = unbracketed(text);
    let name = ["section", "prc"].iter().find_map(|prefix| {
        let rest = text.get(prefix.len()..).filter(|_| has_prefix(text, prefix))?;
        rest.strip_prefix([' ', '_'])
    })?;
    let name: Vec<&str> = name.split([' ', '_']).filter(|word| !word.is_empty()).collect();
    (!name.is_empty()).then(|| name.join(" "))
}

/// Whether a text event marks the end of the song.
pub(super) fn is_end(text: &str) -> bool {
    unbracketed(text) == "end"
}

/// Whether a text event says that velocities are ghosts and accents; just these two spellings do.
pub(super) fn enables_dynamics(text: &str) -> bool {
    matches!(text, "ENABLE_CHART_DYNAMICS" | "[ENABLE_CHART_DYNAMICS]")
}

/// A mix event: the difficulty it is for, and whether red and yellow are exchanged from there on.
///
/// It reads `[mix <0 to 3> drums<configuration><flag>]`; only the flag `d` exchanges them, and every other mix event ends that
/// (GuitarGame_ChartFormats, "Mix Event Details").
pub(super) fn flip(text: &str) -> Option<(Difficulty, bool)> {
    let rest = unbracketed(text).strip_prefix("mix")?.strip_prefix([' ', '_'])?;
    let digit = rest.chars().next()?.to_digit(10)?;
    let difficulty = *Difficulty::ALL.get(digit as usize)?;
    let rest = rest.get(1..)?.strip_prefix([' ', '_'])?.strip_prefix("drums")?;
    let flag = rest.strip_prefix(|character: char| ('0'..='5').contains(&character)).unwrap_or(rest);
    match flag {
        "d" => Some((difficulty, true)),
        "" | "dnoflip" | "easy" | "easynokick" => Some((difficulty, false)),
        _ => None,
    }
}

/// The text without blanks around it, and without the brackets if it has some.
fn unbracketed(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix('[').unwrap_or(text);
    text.strip_suffix(']').unwrap_or(text).trim()
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_made_readable() {
        for (text, name) in [
            ("[section Chorus 1]", "Chorus 1"),
            ("section_Guitar_Solo", "Guitar Solo"),
            ("[prc_verse_1]", "verse 1"),
            ("prc_End", "End"),
            (" [section  Two  words ] ", "Two words"),
        ] {
            assert_eq!(section_name(text).as_deref(), Some(name), "{text}");
        }
        for text in ["[section ]", "[sections]", "[end]", "section", "lyric la", "", "[", "é"] {
            assert_eq!(section_name(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_flag_d_exchanges_red_and_yellow() {
        for (text, expected) in [
            ("[mix 3 drums0d]", Some((Difficulty::Expert, true))),
            ("mix_2_drums1d", Some((Difficulty::Hard, true))),
            ("[mix 0 drums5dnoflip]", Some((Difficulty::Easy, false))),
            ("[mix 1 drums0]", Some((Difficulty::Medium, false))),
            ("mix_3_drumsd", Some((Difficulty::Expert, true))),
            ("[mix 0 drums2easy]", Some((Difficulty::Easy, false))),
            ("[mix 4 drums0d]", None),
            ("[mix 3 drums0x]", None),
            ("[mix 3 guitar0d]", None),
            ("[mix é drums0d]", None),
            ("mix", None),
        ] {
            assert_eq!(flip(text), expected, "{text}");
        }
    }
}
