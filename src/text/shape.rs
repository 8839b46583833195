//! Shapes a text: which glyphs of which faces stand where.

use std::ops::Range;

use cosmic_text::{Attrs, AttrsList, Family, FeatureTag, FontFeatures, ShapeWord, Shaping};
use unicode_bidi::{BidiInfo, Level};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use super::LineStyle;
use super::clean::is_ignorable;
use super::fallback::language;
use super::font::{FaceIndex, Fonts};
use super::outline::FaceAtSize;

/// A text with its glyphs, not drawn yet.
#[derive(Debug, Default)]
pub(super) struct Shaped {
    /// From left to right.
    pub glyphs: Vec<Glyph>,
    /// The advance, in pixels.
    pub width: f32,
    /// The characters that no font has, each once.
    pub missing: Vec<char>,
}

/// A glyph with its place on the line, in pixels; y points down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub face: FaceAtSize,
    /// Its number within the face; 0 is the box for what the face lacks.
    pub number: u16,
    /// Where in the text the characters begin that it stands for, in bytes.
    pub start: usize,
    pub x: f32,
    pub y: f32,
    pub advance: f32,
}

/// A part of the text that is shaped in one piece.
struct TextRun {
    range: Range<usize>,
    script: Script,
    face: FaceIndex,
}

/// Shapes a text without line breaks with the chosen font, and what that lacks with others.
pub(super) fn shape(fonts: &mut Fonts, text: &str, style: LineStyle) -> Shaped {
    let mut shaped = shape_with(fonts, text, style, &[]);
    let lacking = lacking_clusters(text, &shaped.glyphs);
    if lacking.is_empty() {
        return shaped;
    }

    let visible = |range: &Range<usize>| -> Vec<char> {
        text[range.clone()].chars().filter(|character| !is_ignorable(*character)).collect()
    };
    let characters: Vec<Vec<char>> = lacking.iter().map(visible).collect();
    let clusters: Vec<&[char]> = characters.iter().map(Vec::as_slice).collect();
    let faces = fonts.find(&clusters, style.weight, language(text));
    let others: Vec<(usize, FaceIndex)> =
        lacking.iter().zip(&faces).filter_map(|(range, face)| Some((range.start, (*face)?))).collect();
    if !others.is_empty() {
        shaped = shape_with(fonts, text, style, &others);
    }

    let still = lacking_clusters(text, &shaped.glyphs);
    for ((range, cluster), face) in lacking.iter().zip(clusters).zip(faces) {
        // Both lists are in the order of the text.
        if still.binary_search_by_key(&range.start, |range| range.start).is_err() {
            continue;
        }
        let face = face.unwrap_or_else(|| fonts.chosen(style.weight));
        for character in cluster {
            if !shaped.missing.contains(character) && !fonts.covers(face, &[*character]) {
                shaped.missing.push(*character);
            }
        }
    }
    shaped
}

/// Shapes a text with the chosen font, and the clusters that begin at some places, in ascending order, with
/// others.
fn shape_with(fonts: &mut Fonts, text: &str, style: LineStyle, others: &[(usize, FaceIndex)]) -> Shaped {
    let mut features = FontFeatures::new();
    if style.tabular {
        features.enable(FeatureTag::new(b"tnum"));
    }
    let mut shaped = Shaped::default();

    let bidi = BidiInfo::new(text, None);
    // A text without line breaks is one paragraph, or none when it is empty.
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let level = levels.get(run.start).copied().unwrap_or(Level::ltr());
            let mut segments = segments(text, run, others, fonts.chosen(style.weight));
            if level.is_rtl() {
                segments.reverse();
            }
            for segment in segments {
                let face = fonts.face(segment.face);
                let attributes = Attrs::new()
                    .family(Family::Name(&face.family))
                    .weight(face.weight)
                    .font_features(features.clone());
                let attributes = AttrsList::new(&attributes);
                let word = ShapeWord::new(
                    &mut fonts.shaping,
                    text,
                    &attributes,
                    segment.range,
                    level,
                    false,
                    Shaping::Advanced,
                );
                for glyph in word.glyphs {
                    let advance = glyph.x_advance * style.size;
                    shaped.glyphs.push(Glyph {
                        face: FaceAtSize {
                            id: glyph.font_id,
                            weight: glyph.font_weight,
                            size_bits: style.size.to_bits(),
                        },
                        number: glyph.glyph_id,
                        start: glyph.start,
                        x: shaped.width + glyph.x_offset * style.size,
                        y: -glyph.y_offset * style.size,
                        advance,
                    });
                    shaped.width += advance;
                }
            }
        }
    }
    shaped
}

/// Cuts a part of the text where the script changes, for each has its own rules of shaping, and where the
/// face does. Signs without a script go with what is before them.
fn segments(text: &str, run: Range<usize>, others: &[(usize, FaceIndex)], chosen: FaceIndex) -> Vec<TextRun> {
    let mut segments: Vec<TextRun> = Vec::new();
    for (start, cluster) in text.get(run.clone()).unwrap_or_default().grapheme_indices(true) {
        let range = run.start + start..run.start + start + cluster.len();
        let place = others.binary_search_by_key(&range.start, |(start, _)| *start);
        let face = place.ok().and_then(|place| others.get(place)).map_or(chosen, |(_, face)| *face);
        let script =
            cluster.chars().map(|character| character.script()).find(is_real).unwrap_or(Script::Common);

        if let Some(last) = segments.last_mut()
            && last.face == face
            && (last.script == script || script == Script::Common || last.script == Script::Common)
        {
            last.range.end = range.end;
            if last.script == Script::Common {
                last.script = script;
            }
        } else {
            segments.push(TextRun { range, script, face });
        }
    }
    segments
}

/// Whether it is the script of letters, and not of signs that all scripts share.
pub(super) fn is_real(script: &Script) -> bool {
    !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// The characters as a reader sees them, by their place in the text, for which the face had no glyph.
fn lacking_clusters(text: &str, glyphs: &[Glyph]) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> =
        glyphs.iter().filter(|glyph| glyph.number == 0).map(|glyph| glyph.start).collect();
    if starts.is_empty() {
        return Vec::new();
    }
    starts.sort_unstable();
    let mut starts = starts.into_iter().peekable();
    let mut clusters = Vec::new();
    for (start, cluster) in text.grapheme_indices(true) {
        let range = start..start + cluster.len();
        let mut lacking = false;
        while starts.next_if(|start| range.contains(start)).is_some() {
            lacking = true;
        }
        if lacking {
            clusters.push(range);
        }
    }
    clusters
}
