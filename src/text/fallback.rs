//! The fonts of the system: loaded when they are first needed, and searched for characters that other fonts
//! lack.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use cosmic_text::fontdb::{self, FaceInfo, Source};
use cosmic_text::skrifa::charmap::Charmap;
use cosmic_text::skrifa::raw::types::Tag;
use cosmic_text::skrifa::{FontRef, MetadataProvider};
use cosmic_text::{Fallback, PlatformFallback};
use unicode_script::{Script, UnicodeScript};

use super::FontWeight;
use super::shape::is_real;

/// Fonts that claim to have every character, and draw a placeholder for it.
const PLACEHOLDER_FAMILIES: [&str; 4] =
    ["LastResort", "Last Resort", "Adobe Blank", "Unicode BMP Fallback SIL"];

/// The installed fonts.
#[derive(Debug, Default)]
pub(super) struct SystemFonts {
    /// `None` until they are needed: looking through the folders takes a while.
    loaded: Option<fontdb::Database>,
}

/// A face that was found for a cluster of characters.
#[derive(Debug)]
pub(super) struct FallbackFace {
    pub face: FaceInfo,
    /// Whether it has all of the characters, and not only the first.
    pub complete: bool,
}

/// The languages that write the same character differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    Chinese,
    TraditionalChinese,
    Japanese,
    Korean,
}

impl Language {
    fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::TraditionalChinese => "zh-TW",
            Language::Japanese => "ja",
            Language::Korean => "ko",
        }
    }
}

/// How well a face suits a cluster of characters: the smaller, the better. What decides first comes first;
/// that the path is among it makes the choice independent of the order in which a folder lists its files.
type Suitability = (Reverse<bool>, usize, usize, bool, u16, u16, bool, String, String, u32);

impl SystemFonts {
    /// The faces of a family, whose name is compared without regard to case.
    pub(super) fn family(&mut self, name: &str) -> Vec<FaceInfo> {
        let name = name.trim().to_lowercase();
        let mut faces: Vec<FaceInfo> = self
            .database()
            .faces()
            .filter(|face| names(face).any(|own| own.to_lowercase() == name))
            .cloned()
            .collect();
        faces.sort_by_key(|face| (path(face), face.index));
        faces
    }

    /// Installed families with a name like this one, the most similar first; at most five.
    pub(super) fn similar_families(&mut self, name: &str) -> Vec<String> {
        let name = name.trim().to_lowercase();
        let installed: BTreeSet<&str> = self
            .database()
            .faces()
            .filter_map(|face| names(face).next())
            .filter(|own| !own.starts_with('.'))
            .collect();
        let mut similar: Vec<(usize, &str)> = installed
            .into_iter()
            .filter_map(|own| Some((difference(&name, &own.to_lowercase())?, own)))
            .collect();
        similar.sort();
        similar.into_iter().take(5).map(|(_, own)| own.to_owned()).collect()
    }

    /// For each cluster of characters in a text of this language the face that suits it best: one that has
    /// all of them before one that has the first only.
    pub(super) fn find(
        &mut self,
        clusters: &[&[char]],
        weight: FontWeight,
        language: Language,
    ) -> Vec<Option<FallbackFace>> {
        let preferences: Vec<&[&str]> = clusters
            .iter()
            .map(|cluster| {
                let script = cluster.iter().map(|character| character.script()).find(is_real);
                script
                    .map_or(&[] as &[&str], |script| PlatformFallback.script_fallback(script, language.tag()))
            })
            .collect();

        let database = self.database();
        let mut best: Vec<Option<(Suitability, fontdb::ID)>> = vec![None; clusters.len()];
        for face in
            database.faces().filter(|face| names(face).all(|own| !PLACEHOLDER_FAMILIES.contains(&own)))
        {
            database.with_face_data(face.id, |data, index| {
                let Some(map) = FontRef::from_index(data, index).ok().and_then(|font| outline_map(&font))
                else {
                    return;
                };
                for ((cluster, preferred), best) in clusters.iter().zip(&preferences).zip(&mut best) {
                    let has = |character: &char| has(&map, *character);
                    if !cluster.first().is_some_and(has) {
                        continue;
                    }
                    let suitability = suitability(face, cluster.iter().all(has), preferred, weight);
                    if best.as_ref().is_none_or(|(previous, _)| suitability < *previous) {
                        *best = Some((suitability, face.id));
                    }
                }
            });
        }
        let found = |(suitability, id): (Suitability, fontdb::ID)| {
            Some(FallbackFace { face: database.face(id)?.clone(), complete: suitability.0.0 })
        };
        best.into_iter().map(|best| best.and_then(found)).collect()
    }

    fn database(&mut self) -> &fontdb::Database {
        self.loaded.get_or_insert_with(|| {
            let mut database = fontdb::Database::new();
            database.load_system_fonts();
            database
        })
    }
}

fn names(face: &FaceInfo) -> impl Iterator<Item = &str> {
    face.families.iter().map(|(name, _)| name.as_str())
}

fn path(face: &FaceInfo) -> String {
    match &face.source {
        Source::Binary(_) => String::new(),
        Source::File(path) | Source::SharedFile(path, _) => path.display().to_string(),
    }
}

/// Whether a font draws this character, to judge by its table of characters.
pub(super) fn has(map: &Charmap<'_>, character: char) -> bool {
    map.map(character).is_some_and(|glyph| glyph.to_u32() != 0)
}

/// Whether a font has shapes, and not only pictures of pixels.
pub(super) fn has_outlines(font: &FontRef<'_>) -> bool {
    [b"glyf", b"CFF ", b"CFF2"].iter().any(|tag| font.table_data(Tag::new(tag)).is_some())
}

/// The characters of a font that has outlines and no colours: a coloured glyph is of no use, for only its
/// coverage could be drawn, and that of an emoji is a disc.
fn outline_map<'a>(font: &FontRef<'a>) -> Option<Charmap<'a>> {
    let coloured = [b"COLR", b"CBDT", b"sbix"].iter().any(|tag| font.table_data(Tag::new(tag)).is_some());
    (has_outlines(font) && !coloured).then(|| font.charmap())
}

fn suitability(face: &FaceInfo, complete: bool, preferred: &[&str], weight: FontWeight) -> Suitability {
    let place = |families: &[&str]| {
        families.iter().position(|family| names(face).any(|own| own == *family)).unwrap_or(families.len())
    };
    (
        Reverse(complete),
        place(preferred),
        place(PlatformFallback.common_fallback()),
        face.style != fontdb::Style::Normal,
        face.stretch.to_number().abs_diff(fontdb::Stretch::Normal.to_number()),
        face.weight.0.abs_diff(weight.number().0),
        face.monospaced,
        face.post_script_name.clone(),
        path(face),
        face.index,
    )
}

/// The language of a text, which decides how an ideograph is written that Chinese, Japanese and Korean share.
pub(super) fn language(text: &str) -> Language {
    let mut language = Language::Chinese;
    for character in text.chars() {
        match character.script() {
            Script::Hiragana | Script::Katakana => return Language::Japanese,
            Script::Hangul => language = Language::Korean,
            Script::Bopomofo => language = Language::TraditionalChinese,
            _ => {}
        }
    }
    language
}

/// How far a name is from another, both in small letters; `None` when they are not alike.
fn difference(wanted: &str, own: &str) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    if own.contains(wanted) || wanted.contains(own) {
        return Some(own.len().abs_diff(wanted.len()));
    }
    let edits = edit_distance(wanted, own);
    // After the ones that contain each other.
    (edits <= wanted.chars().count() / 3).then_some(1000 + edits)
}

/// How many characters must be inserted, removed or replaced (Levenshtein).
fn edit_distance(from: &str, to: &str) -> usize {
    // Names are short; a hostile one must not cost more than they do.
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().take(64).collect(), to.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (b, above) in to.iter().zip(row.iter_mut().skip(1)) {
            let cost = (diagonal + usize::from(a != b)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, cost);
            left = cost;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_typing_error_are_similar() {
        assert_eq!(edit_distance("helvetica", "helvetika"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert!(difference("dejavu sans", "deja vu sans").is_some());
        assert!(difference("dejavu", "dejavu sans").is_some());
        assert!(difference("dejavu sans", "noto serif").is_none());
        assert!(difference("", "noto serif").is_none());
    }

    #[test]
    fn shared_ideographs_are_drawn_as_their_neighbours_are() {
        assert_eq!(language("骨の"), Language::Japanese);
        assert_eq!(language("骨 뼈"), Language::Korean);
        assert_eq!(language("骨"), Language::Chinese);
    }
}
