//! Makes any string a line of text: without control characters, and not endless.

/// Characters of a text that are looked at; what follows is cut off. No picture is wide enough for as many.
pub(super) const MAX_CHARACTERS: usize = 1000;

/// A text that fits on a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CleanText {
    /// Without control characters and line breaks, and without blanks at either end.
    pub text: String,
    /// Whether the text went on.
    pub cut: bool,
}

/// Control characters and line breaks become spaces, neighbouring spaces one; blanks at the ends go.
pub(super) fn clean(text: &str) -> CleanText {
    let mut clean = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(MAX_CHARACTERS) {
        match character {
            // The two separators are line breaks, but no control characters.
            '\u{2028}' | '\u{2029}' | ' ' => push_space(&mut clean),
            _ if character.is_control() => push_space(&mut clean),
            _ => clean.push(character),
        }
    }
    let cut = characters.any(|character| !character.is_whitespace() && !character.is_control());
    CleanText { text: clean.trim().to_owned(), cut }
}

fn push_space(text: &mut String) {
    if !text.ends_with(' ') {
        text.push(' ');
    }
}

/// Whether a font without this character draws nothing in its place, rather than a box
/// (Unicode's Default_Ignorable_Code_Point).
pub(super) fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_line_breaks_become_one_space() {
        assert_eq!(clean("a\r\nb\0\u{85}\u{2028}c\td").text, "a b c d");
    }

    #[test]
    fn blanks_at_the_ends_go() {
        assert_eq!(clean(" \n\u{3000}a b\u{A0}\t"), CleanText { text: "a b".to_owned(), cut: false });
        assert_eq!(clean(" \0\n").text, "");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "x".repeat(MAX_CHARACTERS);
        assert!(!clean(&long).cut);
        assert!(!clean(&(long.clone() + "  \n")).cut);
        let longer = clean(&(long.clone() + "y"));
        assert_eq!(longer, CleanText { text: long, cut: true });
    }
}
