//! The texts of the interface, set once by the typesetter of the library.

use strikeline::text::{Atlas, Digits, FontChoice, FontWeight, LineStyle, TextError, TextLine, Typesetter};

/// Words of the program text and of the letters.
const WORDS: &[&str] = &[
    "let", "match", "return", "buffer", "frame", "picture", "width", "height", "encode", "segment", "while",
    "queue", "sample", "offset", "index", "result", "value", "count", "bytes", "stream", "for", "plane",
    "motion", "vector", "block", "filter", "clock", "length", "state", "copy", "reader", "writer", "where",
    "if", "else", "colour", "device", "shader", "texture", "limit", "first", "next", "slice", "table",
    "weights", "left", "right", "open",
];

/// Rows of the table: names, of which each has a figure beside it.
const NAMES: &[&str] = &[
    "Aachen", "Bergen", "Córdoba", "Dijon", "Évora", "Faro", "Ghent", "Haarlem", "Inari", "Jena", "Kraków",
    "Łódź", "Malmö", "Nîmes", "Oulu", "Parma", "Quimper", "Riga", "Siena", "Turku",
];

/// A word of the program text with the number of its colour.
pub(crate) struct Word {
    pub(crate) line: TextLine,
    /// Pixels from the left border.
    pub(crate) x: f32,
    pub(crate) color: usize,
}

/// All lines that the interface shows.
pub(crate) struct Texts {
    /// Lines of program text.
    pub(crate) code: Vec<Vec<Word>>,
    /// Lines of a letter.
    pub(crate) prose: Vec<TextLine>,
    pub(crate) names: Vec<TextLine>,
    pub(crate) title: TextLine,
    pub(crate) list_title: TextLine,
    pub(crate) question: TextLine,
    pub(crate) answers: [TextLine; 2],
    pub(crate) small_digits: Digits,
    pub(crate) digits: Digits,
    pub(crate) atlas: Atlas,
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u32);

impl Dice {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // Xorshift (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }
}

impl Texts {
    /// Sets everything; `unit` is the size of a pixel of a picture of 1080 rows.
    pub(crate) fn new(unit: f32) -> Result<Texts, TextError> {
        let mut setter = Typesetter::new(&FontChoice::Embedded)?;
        let style = |size: f32, weight| LineStyle { size: (size * unit).max(4.0), weight, tabular: false };
        let (regular, bold) = (FontWeight::Regular, FontWeight::Bold);
        let mut dice = Dice(2_463_534_242);
        let code = (0..90)
            .map(|_| code_line(&mut setter, style(19.0, regular), &mut dice))
            .collect::<Result<_, _>>()?;
        let mut line = |text: &str, style| setter.line(text, style, None);
        let prose =
            (0..24).map(|_| line(&sentence(&mut dice), style(16.0, regular))).collect::<Result<_, _>>()?;
        let names = NAMES.iter().map(|name| line(name, style(18.0, regular))).collect::<Result<_, _>>()?;
        Ok(Texts {
            code,
            prose,
            names,
            title: line("pipeline – editor", style(18.0, bold))?,
            list_title: line("Departures", style(18.0, bold))?,
            question: line("Save the changes before closing?", style(24.0, bold))?,
            answers: [line("Discard", style(18.0, regular))?, line("Save", style(18.0, bold))?],
            small_digits: setter.digits(style(17.0, regular))?,
            digits: setter.digits(style(30.0, bold))?,
            atlas: setter.into_atlas(),
        })
    }
}

fn code_line(setter: &mut Typesetter, style: LineStyle, dice: &mut Dice) -> Result<Vec<Word>, TextError> {
    let mut words = Vec::new();
    // Every seventh line is empty.
    if dice.below(7) == 0 {
        return Ok(words);
    }
    let mut x = dice.below(4) as f32 * style.size * 2.0;
    for place in 0..2 + dice.below(7) {
        let word = WORDS[dice.below(WORDS.len())];
        let sign = ["", "", " =", ".", "(", ");", ",", " +"][dice.below(8)];
        let line = setter.line(&format!("{word}{sign}"), style, None)?;
        let color = if place == 0 { 0 } else { 1 + dice.below(4) };
        let next = x + line.width + style.size * 0.35;
        words.push(Word { line, x, color });
        x = next;
    }
    Ok(words)
}

fn sentence(dice: &mut Dice) -> String {
    let words: Vec<&str> = (0..5 + dice.below(4)).map(|_| WORDS[dice.below(WORDS.len())]).collect();
    words.join(" ")
}
