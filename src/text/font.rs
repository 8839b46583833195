//! The fonts that are in use: the chosen one, the embedded one, and those of the system that a text needed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cosmic_text::fontdb::{self, FaceInfo, Source};
use cosmic_text::skrifa::raw::TableProvider;
use cosmic_text::skrifa::raw::types::Tag;
use cosmic_text::skrifa::{FontRef, MetadataProvider};
use cosmic_text::{Fallback, Font, FontSystem};
use strikeline_files::ReadError;
use unicode_script::Script;

use super::fallback::{Language, SystemFonts, has, has_outlines};
use super::{FontWeight, TextError};

/// Which font a text is drawn in. Characters that it lacks come from the embedded font, then from the system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum FontChoice {
    /// Inter, which is part of the program: Latin, Greek, Cyrillic and common signs.
    #[default]
    Embedded,
    /// A TrueType or OpenType file, or a collection of them, of which the face nearest to the weight is
    /// taken.
    File(PathBuf),
    /// An installed font, by the name of its family in any case of letters, such as `DejaVu Sans`.
    Family(String),
}

static EMBEDDED_REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.ttf");
static EMBEDDED_BOLD: &[u8] = include_bytes!("../../fonts/Inter-Bold.ttf");

/// A font file that is larger is refused; the largest that are in use have some 200 MiB.
const MAX_FONT_BYTES: u64 = 256 << 20;

/// The family that all faces have in common, so that they can be excluded from the search of cosmic-text.
const ANY_FACE: &str = "strikeline face";

/// A face in use. Each has a family of its own, so that a text can name it.
#[derive(Debug)]
pub(super) struct Face {
    pub family: String,
    pub id: fontdb::ID,
    /// The weight to ask for: the face's own, or the one a variable face is set to.
    pub weight: fontdb::Weight,
}

/// The bytes of a face.
pub(super) struct FaceData {
    file: Arc<Font>,
    /// Which of the faces in the file.
    index: u32,
}

impl FaceData {
    pub(super) fn font(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(self.file.data(), self.index).ok()
    }
}

/// Which of the faces in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FaceIndex(usize);

/// One face for each weight.
#[derive(Debug, Clone, Copy)]
struct Weights {
    regular: FaceIndex,
    bold: FaceIndex,
}

impl Weights {
    fn get(self, weight: FontWeight) -> FaceIndex {
        match weight {
            FontWeight::Regular => self.regular,
            FontWeight::Bold => self.bold,
        }
    }
}

impl FontWeight {
    pub(super) fn number(self) -> fontdb::Weight {
        match self {
            FontWeight::Regular => fontdb::Weight::NORMAL,
            FontWeight::Bold => fontdb::Weight::BOLD,
        }
    }
}

/// Turns the search of cosmic-text off: it would try font after font for every word with a rare character.
struct NoFallback;

impl Fallback for NoFallback {
    fn common_fallback(&self) -> &[&'static str] {
        &[]
    }

    fn forbidden_fallback(&self) -> &[&'static str] {
        &[ANY_FACE]
    }

    fn script_fallback(&self, _: Script, _: &str) -> &[&'static str] {
        &[]
    }
}

/// The fonts in use, and the system's fonts to search for more.
#[derive(Debug)]
pub(super) struct Fonts {
    pub shaping: FontSystem,
    faces: Vec<Face>,
    chosen: Weights,
    embedded: Weights,
    system: SystemFonts,
    /// What was looked up before: the face for a cluster of characters, or that there is none.
    found: HashMap<(String, FontWeight, Language), Option<FaceIndex>>,
}

impl Fonts {
    /// Loads the chosen font and the embedded one.
    ///
    /// # Errors
    /// As [`Typesetter::new`](super::Typesetter::new).
    pub(super) fn new(choice: &FontChoice) -> Result<Fonts, TextError> {
        // The language decides nothing here: it must not change what is drawn.
        let shaping = FontSystem::new_with_locale_and_db_and_fallback(
            "en".to_owned(),
            fontdb::Database::new(),
            NoFallback,
        );
        let nowhere = Weights { regular: FaceIndex(0), bold: FaceIndex(0) };
        let mut fonts = Fonts {
            shaping,
            faces: Vec::new(),
            chosen: nowhere,
            embedded: nowhere,
            system: SystemFonts::default(),
            found: HashMap::new(),
        };

        let embedded = [EMBEDDED_REGULAR, EMBEDDED_BOLD].map(|data| Source::Binary(Arc::new(data)));
        let broken = || TextError::NotAFont { path: PathBuf::from("the embedded font") };
        fonts.embedded = fonts.add_weights(&faces(embedded)).ok_or_else(broken)?;

        fonts.chosen = match choice {
            FontChoice::Embedded => fonts.embedded,
            FontChoice::File(path) => {
                let source = Source::Binary(Arc::new(read_font(path)?));
                fonts
                    .add_weights(&faces([source]))
                    .ok_or_else(|| TextError::NotAFont { path: path.clone() })?
            }
            FontChoice::Family(family) => {
                let faces = fonts.system.family(family);
                fonts.add_weights(&faces).ok_or_else(|| TextError::FamilyNotInstalled {
                    family: family.clone(),
                    similar: fonts.system.similar_families(family),
                })?
            }
        };
        Ok(fonts)
    }

    /// The face of the chosen font.
    pub(super) fn chosen(&self, weight: FontWeight) -> FaceIndex {
        self.chosen.get(weight)
    }

    /// A face in use.
    pub(super) fn face(&self, index: FaceIndex) -> &Face {
        &self.faces[index.0]
    }

    /// The bytes of a face in use.
    pub(super) fn data(&mut self, id: fontdb::ID, weight: fontdb::Weight) -> Option<FaceData> {
        let index = self.shaping.db().face(id)?.index;
        Some(FaceData { file: self.shaping.get_font(id, weight)?, index })
    }

    /// Whether the face draws all of these characters.
    pub(super) fn covers(&mut self, index: FaceIndex, characters: &[char]) -> bool {
        let Face { id, weight, .. } = *self.face(index);
        let Some(data) = self.data(id, weight) else { return false };
        let map = data.font().map(|font| font.charmap());
        map.is_some_and(|map| characters.iter().all(|character| has(&map, *character)))
    }

    /// For each cluster of characters that the chosen font lacks, in a text of this language: the face that
    /// draws it, or at least its first character; `None` where no font is better than the chosen one.
    pub(super) fn find(
        &mut self,
        clusters: &[&[char]],
        weight: FontWeight,
        language: Language,
    ) -> Vec<Option<FaceIndex>> {
        let key = |cluster: &[char]| (cluster.iter().collect::<String>(), weight, language);

        let embedded = self.embedded.get(weight);
        let mut wanted: Vec<&[char]> = Vec::new();
        for cluster in clusters {
            if self.found.contains_key(&key(cluster)) || wanted.contains(cluster) {
                continue;
            }
            if self.covers(embedded, cluster) {
                self.found.insert(key(cluster), Some(embedded));
            } else {
                wanted.push(cluster);
            }
        }

        if !wanted.is_empty() {
            for (cluster, found) in wanted.iter().zip(self.system.find(&wanted, weight, language)) {
                let first = cluster.get(..1).unwrap_or(&[]);
                let face = match found {
                    Some(found) if found.complete => self.add(&found.face, weight),
                    // A letter with a mark that no font has: the letter stays what its neighbours are.
                    _ if self.covers(self.chosen(weight), first) => None,
                    _ if self.covers(embedded, first) => Some(embedded),
                    Some(found) => self.add(&found.face, weight),
                    None => None,
                };
                self.found.insert(key(cluster), face);
            }
        }
        clusters.iter().map(|cluster| self.found.get(&key(cluster)).copied().flatten()).collect()
    }

    /// Takes from these faces the nearest to each weight into use.
    fn add_weights(&mut self, faces: &[FaceInfo]) -> Option<Weights> {
        let mut add = |weight: FontWeight| {
            let nearest = faces.iter().min_by_key(|face| {
                let slanted = face.style != fontdb::Style::Normal;
                let condensed = face.stretch.to_number().abs_diff(fontdb::Stretch::Normal.to_number());
                (slanted, condensed, face.weight.0.abs_diff(weight.number().0), face.index)
            })?;
            self.add(nearest, weight)
        };
        Some(Weights { regular: add(FontWeight::Regular)?, bold: add(FontWeight::Bold)? })
    }

    /// Takes a face into use, or finds it there; `None` when nothing can be made of it.
    fn add(&mut self, info: &FaceInfo, weight: FontWeight) -> Option<FaceIndex> {
        let mut info = info.clone();
        info.weight = usable_weight(&info, weight)?;
        let family = format!("{} {} {:?}", source_name(&info.source), info.index, info.weight);
        if let Some(known) = self.faces.iter().position(|face| face.family == family) {
            return Some(FaceIndex(known));
        }

        info.families = vec![
            (family.clone(), fontdb::Language::English_UnitedStates),
            (ANY_FACE.to_owned(), fontdb::Language::English_UnitedStates),
        ];
        let (weight, database) = (info.weight, self.shaping.db_mut());
        let id = database.push_face_info(info);
        // Shaping would panic without its font.
        if self.shaping.get_font(id, weight).is_none() {
            self.shaping.db_mut().remove_face(id);
            return None;
        }
        self.faces.push(Face { family, id, weight });
        Some(FaceIndex(self.faces.len() - 1))
    }
}

/// The faces in these font files.
fn faces(sources: impl IntoIterator<Item = Source>) -> Vec<FaceInfo> {
    let mut database = fontdb::Database::new();
    for source in sources {
        database.load_font_source(source);
    }
    database.faces().cloned().collect()
}

/// A name that identifies the source of a face.
fn source_name(source: &Source) -> String {
    match source {
        Source::Binary(data) => format!("{:p}", Arc::as_ptr(data)),
        Source::File(path) | Source::SharedFile(path, _) => path.display().to_string(),
    }
}

/// The weight to ask a face for: the wanted one of a variable face, else its own. `None` when it is no usable
/// face.
fn usable_weight(info: &FaceInfo, wanted: FontWeight) -> Option<fontdb::Weight> {
    let mut database = fontdb::Database::new();
    let id = database.push_face_info(info.clone());
    database.with_face_data(id, |data, index| {
        let font = FontRef::from_index(data, index).ok()?;
        if !has_outlines(&font) || !(16..=16384).contains(&font.head().ok()?.units_per_em()) {
            return None;
        }
        let axis = font.axes().get_by_tag(Tag::new(b"wght"));
        Some(axis.map_or(info.weight, |axis| {
            let number =
                f32::from(wanted.number().0).clamp(axis.min_value(), axis.max_value().max(axis.min_value()));
            fontdb::Weight(number as u16)
        }))
    })?
}

/// The bytes of a font file.
fn read_font(path: &Path) -> Result<Vec<u8>, TextError> {
    let unreadable = |reason| TextError::FontUnreadable { path: path.to_owned(), reason };
    strikeline_files::read(path, MAX_FONT_BYTES).map_err(|error| match error {
        ReadError::Unreadable(reason) => unreadable(reason),
        ReadError::TooLarge { limit } => TextError::FontTooLarge { path: path.to_owned(), limit },
    })
}
