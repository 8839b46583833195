//! Sets text in any bytes as a font. The fuzz target and `tests/file_damage.rs` run it.

use std::path::Path;

use strikeline::text::{FontChoice, FontWeight, LineStyle, Typesetter};

/// Sets some lines in the font at `path`. Whether it is one.
pub(crate) fn run(path: &Path) -> bool {
    let mut typesetter = match Typesetter::new(&FontChoice::File(path.to_owned())) {
        Ok(typesetter) => typesetter,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    for (size, tabular) in [(12.0, false), (300.0, true)] {
        for text in ["Office AVATAR fi 0:12", "e\u{301}\u{17f} \u{1D49C}", "\u{200f}abc"] {
            let style = LineStyle { size, weight: FontWeight::Bold, tabular };
            if let Err(error) = typesetter.line(text, style, Some(400.0)) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
    let atlas = typesetter.into_atlas();
    assert_eq!(atlas.data.len(), atlas.width as usize * atlas.height as usize);
    true
}
