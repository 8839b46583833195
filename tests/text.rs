//! Setting text: what is drawn where, for any string and any font.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use strikeline::text::{
    Atlas, AtlasRect, FontChoice, FontWeight, GlyphPlacement, LineStyle, TextError, TextLine, Typesetter,
};

fn style(size: f32) -> LineStyle {
    LineStyle { size, weight: FontWeight::Regular, tabular: false }
}

fn embedded() -> Typesetter {
    Typesetter::new(&FontChoice::Embedded).expect("the embedded font")
}

fn set(typesetter: &mut Typesetter, text: &str, size: f32) -> TextLine {
    typesetter.line(text, style(size), None).expect("a line")
}

fn embedded_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts/Inter-Regular.ttf")
}

fn texels(atlas: &Atlas, rect: AtlasRect) -> Vec<u8> {
    let columns = usize::from(rect.x)..usize::from(rect.x + rect.width);
    let rows = atlas.data.chunks_exact(atlas.width as usize);
    rows.skip(usize::from(rect.y))
        .take(usize::from(rect.height))
        .flat_map(|row| &row[columns.clone()])
        .copied()
        .collect()
}

/// What a line looks like, wherever its glyphs lie in the atlas.
fn looks(atlas: &Atlas, line: &TextLine) -> Vec<(i32, i32, u16, Vec<u8>)> {
    line.glyphs.iter().map(|glyph| (glyph.x, glyph.y, glyph.rect.width, texels(atlas, glyph.rect))).collect()
}

/// Where the coverage of a glyph has its middle, in pixels from the origin of the line.
fn middle(atlas: &Atlas, glyph: &GlyphPlacement) -> f64 {
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (place, value) in texels(atlas, glyph.rect).into_iter().enumerate() {
        let x = (place % usize::from(glyph.rect.width)) as f64 + 0.5;
        sum += f64::from(value);
        weighted += f64::from(value) * x;
    }
    f64::from(glyph.x) + weighted / sum
}

/// The glyphs of a line as one sees them.
fn from_left(line: &TextLine) -> Vec<GlyphPlacement> {
    let mut glyphs = line.glyphs.clone();
    glyphs.sort_by_key(|glyph| glyph.x);
    glyphs
}

fn right(glyph: &GlyphPlacement) -> i32 {
    glyph.x + i32::from(glyph.rect.width)
}

fn bottom(glyph: &GlyphPlacement) -> i32 {
    glyph.y + i32::from(glyph.rect.height)
}

/// Whether any font here draws this text; says so on standard error if not.
fn has_font_for(text: &str) -> bool {
    let missing = set(&mut embedded(), text, 20.0).missing;
    if !missing.is_empty() {
        eprintln!("skipped: no font of this system has {missing:?}");
    }
    missing.is_empty()
}

#[test]
fn an_empty_text_gives_an_empty_line_and_an_atlas_of_one_texel() {
    let mut typesetter = embedded();
    for text in ["", "   ", "\n\0\t"] {
        let line = set(&mut typesetter, text, 20.0);
        assert!(line.glyphs.is_empty() && line.width == 0.0 && line.missing.is_empty());
        assert!(line.ascent > line.cap_height && line.cap_height > 10.0 && line.descent > 0.0);
    }
    assert_eq!(typesetter.into_atlas(), Atlas { width: 1, height: 1, data: vec![0] });
}

#[test]
fn the_embedded_font_has_latin_greek_and_cyrillic() {
    let mut typesetter = embedded();
    let text = "Déjà Vu – Köln № 7 “ﬁn” … → Łódź Čeština Tiếng Việt · Ελληνικά ᾠδή · Кириллица Ёж Їжак €";
    for weight in [FontWeight::Regular, FontWeight::Bold] {
        let line = typesetter.line(text, LineStyle { weight, ..style(24.0) }, None).expect("a line");
        assert_eq!(line.missing, []);
    }
}

#[test]
fn capitals_stand_on_the_baseline_and_reach_the_cap_height() {
    let mut typesetter = embedded();
    for size in [14.0, 20.0, 33.0, 120.0] {
        let line = set(&mut typesetter, "H", size);
        assert_eq!(bottom(&line.glyphs[0]), 0);
        assert!((line.glyphs[0].y as f32 + line.cap_height).abs() <= 1.0, "{line:?}");
    }
}

#[test]
fn glyphs_are_spaced_evenly_although_they_are_placed_on_whole_pixels() {
    let mut typesetter = embedded();
    let line = set(&mut typesetter, "llllllllllllllll", 15.3);
    let atlas = typesetter.into_atlas();
    let advance = f64::from(line.width) / 16.0;
    let first = middle(&atlas, &line.glyphs[0]);
    for (place, glyph) in line.glyphs.iter().enumerate() {
        let error = middle(&atlas, glyph) - first - advance * place as f64;
        // Quarters of a pixel: at most an eighth off, here and at the first.
        assert!(error.abs() < 0.26, "glyph {place} is {error} pixels off");
    }
}

#[test]
fn bold_strokes_are_heavier() {
    let mut typesetter = embedded();
    let [regular, bold] = [FontWeight::Regular, FontWeight::Bold]
        .map(|weight| typesetter.line("l", LineStyle { weight, ..style(100.0) }, None).expect("a line"));
    assert!(bold.glyphs[0].rect.width > regular.glyphs[0].rect.width);
}

#[test]
fn combining_accents_sit_on_their_letters() {
    let mut typesetter = embedded();
    assert_eq!(set(&mut typesetter, "e\u{301}", 40.0), set(&mut typesetter, "é", 40.0));

    // There is no such letter in one piece.
    let plain = set(&mut typesetter, "q", 40.0);
    let accented = set(&mut typesetter, "q\u{302}", 40.0);
    assert_eq!((accented.glyphs.len(), accented.width), (2, plain.width));
    let (letter, accent) = (accented.glyphs[0], accented.glyphs[1]);
    assert!(bottom(&accent) <= letter.y, "{accented:?}");
    let off = (accent.x + right(&accent) - letter.x - right(&letter)).abs();
    assert!(off <= 6, "{off} half pixels from the middle: {accented:?}");

    // Two of them do not overlap.
    let twice = set(&mut typesetter, "q\u{302}\u{302}", 40.0);
    assert!(bottom(&twice.glyphs[2]) <= twice.glyphs[1].y + 1, "{twice:?}");
}

#[test]
fn tabular_digits_are_equally_wide() {
    let mut typesetter = embedded();
    for weight in [FontWeight::Regular, FontWeight::Bold] {
        let style = LineStyle { tabular: true, weight, ..style(28.0) };
        let mut width = |text: &str| typesetter.line(text, style, None).expect("a line").width;
        assert_eq!(width("1111111"), width("0247986"));
    }
}

#[test]
fn the_digits_of_a_clock_stay_within_their_cells() {
    let mut typesetter = embedded();
    for size in [14.0, 48.0, 120.0] {
        let digits = typesetter.digits(style(size)).expect("digits");
        for character in "0123456789:".chars() {
            let advance = digits.advance_of(character).expect("an advance");
            let glyphs = digits.get(character).expect("a glyph");
            assert_eq!(glyphs.len(), 1);
            assert!(glyphs[0].x >= 0 && right(&glyphs[0]) <= advance, "{character} {glyphs:?} {advance}");
            let off = glyphs[0].x + right(&glyphs[0]) - advance;
            assert!(off.abs() as f32 <= 2.0 + size / 10.0, "{character} is not in the middle: {glyphs:?}");
        }
        assert_eq!(digits.advance_of('0'), digits.advance_of('1'));
        assert_eq!((digits.get('x'), digits.advance_of('x')), (None, None));
    }
}

#[test]
fn a_line_that_fits_exactly_is_not_cut() {
    let mut typesetter = embedded();
    let whole = set(&mut typesetter, "Strike the line", 31.0);
    let fitted = typesetter.line("Strike the line", style(31.0), Some(whole.width)).expect("a line");
    assert_eq!(fitted, whole);
}

#[test]
fn a_line_that_is_too_wide_is_cut_between_characters_and_ends_in_an_ellipsis() {
    let mut typesetter = embedded();
    let characters = ["q\u{302}", "i", "W", "q\u{302}\u{323}", " ", "n\u{303}", "o"];
    let text: String = characters.iter().cycle().take(70).copied().collect();
    let candidates: Vec<TextLine> = (0..70)
        .map(|count| {
            let start: String = characters.iter().cycle().take(count).copied().collect();
            set(&mut typesetter, &format!("{}…", start.trim_end()), 20.0)
        })
        .collect();
    for max_width in (20..600).step_by(7).map(|width| width as f32) {
        let cut = typesetter.line(&text, style(20.0), Some(max_width)).expect("a line");
        assert!(cut.width <= max_width);
        let length = candidates.iter().rposition(|candidate| *candidate == cut).expect("whole characters");
        // As much as fits, or very nearly.
        assert!(candidates[(length + 2).min(69)].width > max_width, "{max_width}: {length}");
    }
}

#[test]
fn where_not_even_the_ellipsis_fits_the_line_is_empty() {
    let mut typesetter = embedded();
    for max_width in [5.0, 0.0, -3.0, f32::NEG_INFINITY, f32::NAN] {
        let line = typesetter.line("Strike", style(40.0), Some(max_width)).expect("a line");
        assert!(line.glyphs.is_empty() && line.width == 0.0);
    }
}

#[test]
fn control_characters_and_line_breaks_count_as_spaces() {
    let mut typesetter = embedded();
    let expected = set(&mut typesetter, "one two", 20.0);
    for text in ["one\ntwo", "\0one\r\n\u{7}two\t", "one\u{2029}two", "  one \u{85} two "] {
        assert_eq!(set(&mut typesetter, text, 20.0), expected);
    }
}

#[test]
fn a_very_long_text_is_cut() {
    let mut typesetter = embedded();
    for text in ["x".repeat(100_000), "a\u{301}".repeat(50_000), format!("a{}", "\u{301}".repeat(100_000))] {
        let line = set(&mut typesetter, &text, 10.0);
        assert!((400..1002).contains(&line.glyphs.len()), "{}", line.glyphs.len());
    }
}

#[test]
fn the_same_texts_give_the_same_bytes() {
    let set = || {
        let mut typesetter = embedded();
        let text = "Aß12 שלום مرحبا 骨 ♫ \u{10FFFD}";
        let lines = typesetter.shadowed_line(text, style(30.0), Some(300.0), 3.0).expect("a line");
        (lines, typesetter.digits(style(17.5)).expect("digits"), typesetter.into_atlas())
    };
    assert_eq!(set(), set());
}

#[test]
fn a_line_looks_the_same_whatever_was_set_before() {
    let text = "Aß12 שלום مرحبا 骨 ♫ ⴰ q\u{1AB0} \u{10FFFD}";
    let mut fresh = embedded();
    let line = set(&mut fresh, text, 30.0);
    let expected = looks(&fresh.into_atlas(), &line);

    let mut used = embedded();
    for other in ["の骨 Ωç", "﷽ ☃ 𝄞 ꙮ", "𓀀 ⠿ ᚠ ∰ q\u{1AB0}\u{5B0}"] {
        set(&mut used, other, 30.0);
        used.line(other, LineStyle { weight: FontWeight::Bold, ..style(21.0) }, Some(50.0)).expect("a line");
    }
    let line = set(&mut used, text, 30.0);
    assert_eq!(looks(&used.into_atlas(), &line), expected);
}

#[test]
fn a_bitmap_is_stored_once() {
    let mut once = embedded();
    let mut twice = embedded();
    let lines = once.shadowed_line("Minimum 11", style(30.0), None, 4.0).expect("a line");
    for _ in 0..2 {
        assert_eq!(twice.shadowed_line("Minimum 11", style(30.0), None, 4.0).expect("a line"), lines);
    }
    assert_eq!(once.into_atlas(), twice.into_atlas());
}

#[test]
fn characters_that_no_font_has_are_reported_once_and_drawn_as_a_box() {
    let mut typesetter = embedded();
    let line = set(&mut typesetter, "a\u{10FFFD}b\u{10FFFD}\u{F8765}", 30.0);
    assert_eq!(line.missing, ['\u{10FFFD}', '\u{F8765}']);
    assert_eq!(line.glyphs.len(), 5);
    assert!(line.glyphs[1].rect.height > 15);
}

#[test]
fn invisible_characters_are_neither_drawn_nor_missing() {
    let mut typesetter = embedded();
    let plain = set(&mut typesetter, "ab", 30.0);
    for text in ["a\u{200B}b", "a\u{2060}b", "\u{FEFF}ab", "\u{202A}ab\u{202C}", "a\u{FE0F}b", "a\u{E0041}b"]
    {
        let line = set(&mut typesetter, text, 30.0);
        assert_eq!((line.glyphs.len(), &line.missing), (2, &plain.missing), "{text:?}");
    }
}

#[test]
fn hebrew_runs_from_right_to_left_and_keeps_its_points() {
    if !has_font_for("שׁו") {
        return;
    }
    let mut typesetter = embedded();
    let glyphs = from_left(&set(&mut typesetter, "שו", 60.0));
    // Shin is wide, vav is narrow: vav follows, so it stands left.
    assert!(glyphs[0].rect.width * 3 < glyphs[1].rect.width * 2, "{glyphs:?}");

    let pointed = set(&mut typesetter, "ש\u{5C1}", 60.0);
    assert_eq!(pointed.width, set(&mut typesetter, "ש", 60.0).width);

    // Signs from another font stay in their order, and brackets face each other.
    let bracketed = from_left(&set(&mut typesetter, "(שו]!", 60.0));
    let heights: Vec<bool> = bracketed.iter().map(|glyph| glyph.rect.height > 50).collect();
    assert_eq!(heights, [false, true, false, false, true], "!, bracket, vav, shin, bracket: {bracketed:?}");

    // Latin within Hebrew keeps its own direction.
    let mixed = from_left(&set(&mut typesetter, "ש lW ו", 60.0));
    let widths: Vec<u16> = mixed.iter().map(|glyph| glyph.rect.width).collect();
    assert_eq!(mixed.len(), 4);
    assert!(widths[1] < widths[2] && widths[0] < widths[3], "vav, l, W, shin: {widths:?}");
}

#[test]
fn arabic_letters_join() {
    if !has_font_for("لب") {
        return;
    }
    let mut typesetter = embedded();
    let alone = set(&mut typesetter, "ب", 60.0);
    let joined = set(&mut typesetter, "بب", 60.0);
    assert!(joined.width < alone.width * 1.9, "{} and {}", joined.width, alone.width);

    // From right to left: lam with its stroke up, then ba with its dot below.
    let glyphs = from_left(&set(&mut typesetter, "لب", 60.0));
    assert!(bottom(&glyphs[0]) > 8 && glyphs[1].y < glyphs[0].y - 10, "{glyphs:?}");
}

#[test]
fn a_right_to_left_line_is_cut_at_its_left() {
    if !has_font_for("שלום") {
        return;
    }
    let mut typesetter = embedded();
    let line = typesetter.line(&"שלום ".repeat(20), style(30.0), Some(200.0)).expect("a line");
    assert!(line.width <= 200.0 && line.width > 140.0);
    // The dots of the ellipsis are low and at the very left.
    let first = from_left(&line)[0];
    assert!(first.rect.height < 8 && first.x < 5 && bottom(&first) <= 1, "{first:?}");
}

#[test]
fn a_shadow_is_the_coverage_of_the_whole_line_blurred() {
    let mut typesetter = embedded();
    let sharp = typesetter.shadowed_line("Wave", style(40.0), None, 0.0).expect("a line");
    let soft = typesetter.shadowed_line("Wave", style(40.0), None, 6.0).expect("a line");
    assert_eq!(sharp.text, soft.text);
    let atlas = typesetter.into_atlas();
    let [(sharp_glyph, sharp_texels), (soft_glyph, soft_texels)] = [&sharp, &soft].map(|line| {
        assert_eq!(line.shadow.glyphs.len(), 1);
        (line.shadow.glyphs[0], texels(&atlas, line.shadow.glyphs[0].rect))
    });

    assert_eq!(sharp_glyph.x, sharp.text.glyphs[0].x);
    assert_eq!(right(&sharp_glyph), right(&sharp.text.glyphs[3]));
    let margins = [sharp_glyph.x - soft_glyph.x, right(&soft_glyph) - right(&sharp_glyph)];
    assert!(margins.iter().all(|margin| (4..=9).contains(margin)), "{margins:?}");

    let sum = |texels: &[u8]| texels.iter().map(|value| u64::from(*value)).sum::<u64>();
    let (before, after) = (sum(&sharp_texels), sum(&soft_texels));
    assert!(before.abs_diff(after) < before / 50, "{before} became {after}");
    assert!(soft_texels.iter().max() < sharp_texels.iter().max());
}

#[test]
fn a_shadow_wider_than_the_atlas_is_in_pieces_side_by_side() {
    let mut typesetter = embedded();
    let lines = typesetter.shadowed_line(&"Wave ".repeat(60), style(30.0), None, 5.0).expect("a line");
    let pieces = &lines.shadow.glyphs;
    assert!(pieces.len() >= 2, "{} pixels in {} pieces", lines.text.width, pieces.len());
    for pair in pieces.windows(2) {
        assert!(right(&pair[0]) <= pair[1].x && pair[1].x - right(&pair[0]) < 10);
    }
    assert!(right(pieces.last().expect("a piece")) as f32 >= lines.text.width - 2.0);
}

#[test]
fn sizes_and_radii_out_of_range_are_refused() {
    let mut typesetter = embedded();
    for size in [0.0, 3.9, 1001.0, -10.0, f32::NAN, f32::INFINITY] {
        let refused = typesetter.line("a", style(size), None);
        assert!(matches!(refused, Err(TextError::SizeOutOfRange { .. })), "{size}");
        assert!(matches!(typesetter.digits(style(size)), Err(TextError::SizeOutOfRange { .. })));
    }
    for radius in [-1.0, 101.0, f32::NAN] {
        let refused = typesetter.shadowed_line("a", style(20.0), None, radius);
        assert!(matches!(refused, Err(TextError::RadiusOutOfRange { .. })), "{radius}");
    }
}

#[test]
fn more_text_than_a_texture_holds_is_refused_with_the_remedy() {
    let mut typesetter = embedded();
    let text: String = ('A'..='Z').chain('a'..='z').collect();
    let error = typesetter.line(&text, style(1000.0), None).expect_err("too much");
    assert!(matches!(error, TextError::AtlasFull));
    assert!(error.to_string().contains("2048x8192"), "{error}");
    // What was set before it, and what fits after it, is as good as ever.
    assert_eq!(set(&mut typesetter, "ab", 20.0).glyphs.len(), 2);
}

#[test]
fn a_font_file_is_used_and_a_missing_weight_is_drawn_as_the_one_there_is() {
    let mut from_file = Typesetter::new(&FontChoice::File(embedded_file())).expect("a font");
    let line = set(&mut from_file, "Strike 12", 30.0);
    let bold = from_file
        .line("Strike 12", LineStyle { weight: FontWeight::Bold, ..style(30.0) }, None)
        .expect("a line");
    assert_eq!(line, bold);
    let mut built_in = embedded();
    assert_eq!(set(&mut built_in, "Strike 12", 30.0), line);
    assert_eq!(from_file.into_atlas(), built_in.into_atlas());
}

#[test]
fn a_font_file_that_cannot_be_used_is_named() {
    let missing = PathBuf::from("there/is/no.ttf");
    let error = Typesetter::new(&FontChoice::File(missing)).expect_err("no file");
    assert!(matches!(error, TextError::FontUnreadable { .. }));
    assert!(error.to_string().contains("there/is/no.ttf"), "{error}");

    let in_checkout = |name: &str| FontChoice::File(Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let error = Typesetter::new(&in_checkout("Cargo.toml")).expect_err("no font");
    assert!(matches!(error, TextError::NotAFont { .. }), "{error}");
    let error = Typesetter::new(&in_checkout("src")).expect_err("a folder");
    assert!(matches!(error, TextError::FontUnreadable { .. }), "{error}");
}

#[test]
fn a_family_is_found_in_any_case_and_a_misspelt_one_gives_similar_names() {
    let error = Typesetter::new(&FontChoice::Family("Dejavu Sanz".to_owned())).expect_err("no such family");
    let TextError::FamilyNotInstalled { similar, .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("\"Dejavu Sanz\""), "{error}");
    if !similar.iter().any(|family| family == "DejaVu Sans") {
        eprintln!("skipped: DejaVu Sans is not installed");
        return;
    }
    assert!(error.to_string().contains("\"DejaVu Sans\""), "{error}");

    let mut typesetter =
        Typesetter::new(&FontChoice::Family(" dejavu sans".to_owned())).expect("an installed font");
    let line = set(&mut typesetter, "Strike", 30.0);
    assert_ne!(line.width, set(&mut embedded(), "Strike", 30.0).width);
}

/// The embedded font with another table in place of its table of characters: A to Z are glyph 70000 and on.
fn font_with_glyphs_beyond_the_last() -> Vec<u8> {
    let mut font = std::fs::read(embedded_file()).expect("the embedded font");
    let entry = font[12..].chunks_exact(16).position(|entry| &entry[..4] == b"cmap").expect("a cmap");
    let words: [u32; 10] = [0x0000_0001, 0x0003_000A, 12, 0x000C_0000, 28, 0, 1, 65, 90, 70_000];
    let table: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let place = [font.len() as u32, table.len() as u32];
    let entry = 12 + 16 * entry;
    font[entry + 8..entry + 12].copy_from_slice(&place[0].to_be_bytes());
    font[entry + 12..entry + 16].copy_from_slice(&place[1].to_be_bytes());
    font.extend(table);
    font
}

#[test]
fn a_damaged_font_gives_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.ttf");
    std::fs::write(&path, font_with_glyphs_beyond_the_last()).expect("a file");
    let mut typesetter = Typesetter::new(&FontChoice::File(path)).expect("a font, at first sight");
    let error = typesetter.line("ABC", style(20.0), None).expect_err("no such glyph");
    assert!(matches!(error, TextError::DamagedFont { .. }), "{error}");
    // Other characters come from other fonts, as always.
    assert_eq!(set(&mut typesetter, "abc", 20.0), set(&mut embedded(), "abc", 20.0));
}

/// Any string, of characters that are likely to be trouble.
fn troublesome_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        4 => prop::char::range(' ', '~'),
        2 => prop::char::range('\u{300}', '\u{36F}'),
        1 => prop::char::range('\u{0}', '\u{1F}'),
        2 => prop::char::range('\u{5D0}', '\u{6FF}'),
        1 => prop::char::range('\u{900}', '\u{DFF}'),
        1 => prop::char::range('\u{2000}', '\u{206F}'),
        1 => prop::char::range('\u{E000}', '\u{E0FF}'),
        1 => prop::char::range('\u{FE00}', '\u{FE0F}'),
        1 => prop::char::range('\u{1F1E6}', '\u{1F64F}'),
        1 => prop::char::range('\u{E0000}', '\u{E007F}'),
    ];
    prop::collection::vec(character, 0..60).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_set_within_its_width_and_every_glyph_has_an_empty_border(
        texts in prop::collection::vec(troublesome_text(), 1..3),
        size in 4.0f32..60.0,
        max_width in prop::option::of(0.0f32..500.0),
        bold in any::<bool>(),
        radius in 0.0f32..10.0,
    ) {
        let weight = if bold { FontWeight::Bold } else { FontWeight::Regular };
        let mut typesetter = embedded();
        let mut rects = Vec::new();
        for text in &texts {
            let lines = typesetter
                .shadowed_line(text, LineStyle { size, weight, tabular: bold }, max_width, radius)
                .expect("a line");
            prop_assert!(lines.text.width.is_finite() && lines.text.width >= 0.0);
            prop_assert!(lines.text.width <= max_width.unwrap_or(f32::INFINITY));
            prop_assert!(lines.text.missing.iter().all(|character| text.contains(*character)));
            rects.extend(lines.text.glyphs.iter().chain(&lines.shadow.glyphs).map(|glyph| glyph.rect));
        }
        let atlas = typesetter.into_atlas();
        prop_assert_eq!(atlas.data.len(), (atlas.width * atlas.height) as usize);

        let at = |x: u32, y: u32| atlas.data[(y * atlas.width + x) as usize];
        for rect in rects {
            let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(u32::from);
            prop_assert!(width > 0 && height > 0 && x > 0 && y > 0);
            prop_assert!(x + width < atlas.width && y + height < atlas.height);
            for column in x - 1..=x + width {
                prop_assert_eq!((at(column, y - 1), at(column, y + height)), (0, 0));
            }
            for row in y - 1..=y + height {
                prop_assert_eq!((at(x - 1, row), at(x + width, row)), (0, 0));
            }
        }
    }
}
