//! The heat map as a picture, readable on a light and on a dark background.

use std::fmt::Write;

use crate::cli::tuning::search::SearchOutcome;

use super::map::HeatMap;

const CELL: usize = 64;
const ROW: usize = 40;
const LEFT: usize = 72;
const TOP: usize = 106;

/// The heat map of `outcome`, with `title` and what was measured `on` over it and `note` below.
pub(super) fn heat_map(outcome: &SearchOutcome, title: &str, on: &str, note: &str) -> String {
    let map = HeatMap::new(outcome);
    let notes = wrapped(note, 95);
    let width = (LEFT + map.rings.len() * CELL + 24).max(720);
    let bottom = TOP + map.jobs.len() * ROW;
    let height = bottom + 32 + notes.len() * 18;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <style>\n\
         .paper {{ fill: #ffffff; }} text {{ fill: #1f2328; }} .dim {{ fill: #59636e; }}\n\
         .heat {{ fill: #1a7f5a; }} .none {{ fill: none; stroke: #d1d9e0; }}\n\
         .choice {{ fill: none; stroke: #bc4c00; stroke-width: 3; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         .paper {{ fill: #0d1117; }} text {{ fill: #f0f6fc; }} .dim {{ fill: #9198a1; }}\n\
         .heat {{ fill: #1a7f5a; }} .none {{ stroke: #3d444d; }} .choice {{ stroke: #ffa657; }}\n\
         }}\n\
         </style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    text(&mut svg, (24, 28), "font-size=\"16\" font-weight=\"600\"", title);
    let axes = "frames per second by ring depth (across) and jobs (down), with the best segments of each";
    text(&mut svg, (24, 48), "class=\"dim\"", on);
    text(&mut svg, (24, 68), "class=\"dim\"", axes);
    for (column, ring) in map.rings.iter().enumerate() {
        let x = LEFT + column * CELL + CELL / 2;
        text(&mut svg, (x, TOP - 10), "class=\"dim\" text-anchor=\"middle\"", &ring.to_string());
    }
    let mut frame = String::new();
    for (row, &jobs) in map.jobs.iter().enumerate() {
        let y = TOP + row * ROW;
        text(&mut svg, (LEFT - 14, y + 25), "class=\"dim\" text-anchor=\"end\"", &jobs.to_string());
        for (column, &ring) in map.rings.iter().enumerate() {
            let x = LEFT + column * CELL;
            let place = format!(
                "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"",
                x + 2,
                y + 2,
                CELL - 4,
                ROW - 4
            );
            let Some(cell) = map.cell(jobs, ring) else {
                let _ = writeln!(svg, "<rect class=\"none\" {place}/>");
                continue;
            };
            // Faint enough that the figures can be read on it, on either paper.
            let opacity = 0.08 + 0.52 * cell.heat;
            let _ = writeln!(svg, "<rect class=\"heat\" fill-opacity=\"{opacity:.2}\" {place}/>");
            text(&mut svg, (x + CELL / 2, y + 25), "text-anchor=\"middle\"", &format!("{:.0}", cell.rate));
            if cell.chosen {
                let _ = writeln!(frame, "<rect class=\"choice\" {place}/>");
            }
        }
    }
    svg.push_str(&frame);
    for (line, note) in notes.iter().enumerate() {
        text(&mut svg, (24, bottom + 30 + line * 18), "class=\"dim\"", note);
    }
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, (x, y): (usize, usize), attributes: &str, content: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" {attributes}>{}</text>", escaped(content));
}

/// `text` escaped for XML; characters that XML 1.0 does not allow (2.2) become spaces.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// `text` in lines of about `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_signs_of_xml_are_escaped() {
        assert_eq!(escaped("<A & \"B\">\u{1}"), "&lt;A &amp; &quot;B&quot;&gt; ");
    }

    #[test]
    fn long_notes_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("", 8), [""]);
    }
}
