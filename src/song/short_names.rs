//! Names in few letters, made of longer ones.

use unicode_segmentation::UnicodeSegmentation;

/// Most words of a name that its short name has the first letters of.
const MOST_WORDS: usize = 4;

/// Letters of a word that stand for it where it is alone.
const OF_ONE_WORD: usize = 3;

/// `name` in four characters at most: the first letters of its words, or those of the only one. Empty for a name without
/// letters and digits.
pub(crate) fn short_name(name: &str) -> String {
    let words: Vec<&str> = name.unicode_words().collect();
    let letters = match words.as_slice() {
        [word] => characters(word).into_iter().take(OF_ONE_WORD).collect::<Vec<&str>>(),
        words => words.iter().take(MOST_WORDS).filter_map(|word| characters(word).first().copied()).collect(),
    };
    upper(&letters)
}

/// A name in two letters: the first and the last of its short name, or those of `name` where that has none. Empty where
/// neither has any.
pub(crate) fn letters(short_name: &str, name: &str) -> String {
    let letters = [short_name, name].map(characters).into_iter().find(|letters| !letters.is_empty());
    match letters.unwrap_or_default().as_slice() {
        [] => String::new(),
        [only] => upper(&[only]),
        [first, .., last] => upper(&[first, last]),
    }
}

/// Two letters for a name that could stand for it, best first, without those that [`letters`] gives.
pub(crate) fn other_letters(short_name: &str, name: &str) -> Vec<String> {
    let all: Vec<&str> = characters(short_name).into_iter().chain(characters(name)).collect();
    let first = all.first().copied().unwrap_or("?");
    let digits = ["2", "3", "4", "5", "6", "7", "8", "9"];
    let seconds = all.iter().skip(1).copied().chain(digits);
    seconds.map(|second| upper(&[first, second])).collect()
}

/// The letters and digits of a text, each with its accents.
fn characters(text: &str) -> Vec<&str> {
    text.graphemes(true).filter(|letter| letter.chars().next().is_some_and(char::is_alphanumeric)).collect()
}

fn upper(letters: &[&str]) -> String {
    letters.concat().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::song::LaneId;

    #[test]
    fn short_names_are_the_first_letters_of_words() {
        let short =
            ["Red", "Yellow", "Floor Tom", "Tom 1", "Hi-Hat", "é", "", "—", "A b c d e"].map(short_name);
        assert_eq!(short, ["RED", "YEL", "FT", "T1", "HH", "É", "", "", "ABCD"]);
    }

    #[test]
    fn two_letters_are_the_first_and_the_last_of_the_short_name() {
        let two =
            [("HHC", ""), ("T1", ""), ("X", "Long"), ("", "Snare"), ("", "")].map(|(s, n)| letters(s, n));
        assert_eq!(two, ["HC", "T1", "X", "SE", ""]);
        assert_eq!(other_letters("RSH", "Rim")[..4], ["RS", "RH", "RR", "RI"]);
    }

    #[test]
    fn every_lane_has_short_names_of_its_own() {
        for (place, lane) in LaneId::ALL.into_iter().enumerate() {
            assert!(lane.short_name().len() <= 4 && lane.letters().len() == 2);
            for other in &LaneId::ALL[..place] {
                assert!(lane.short_name() != other.short_name() && lane.letters() != other.letters());
            }
        }
    }
}
