//! What a viewer sees of an encoder where nothing happens: traces behind what moves, and steps in gradients.

use strikeline_h264::{H264Encoder, H264Settings};
use strikeline_picture::{FrameChange, FrameRate, Picture, PictureSize, Plane, Scroll, SegmentIndex};

const WIDTH: usize = 320;
const HEIGHT: usize = 192;
/// Height of the part at the top that stands still.
const HEADER: usize = 40;
/// How far the rest moves down in each picture.
const STEP: usize = 8;
/// A line across the picture comes in every so many rows.
const LINES: usize = 88;

/// Flat lanes on which lines and notes move down from below a header, and a dithered gradient at the left.
struct Scene {
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl Scene {
    fn new(frame: usize) -> Scene {
        let mut luma = vec![0; WIDTH * HEIGHT];
        let mut chroma = vec![128; WIDTH * HEIGHT / 2];
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                luma[y * WIDTH + x] = match (x, y) {
                    (0..32, _) => 30 + gradient(x, y),
                    (_, 0..HEADER) => 20 + if x / 8 % 5 == 0 && y / 6 % 4 == 1 { 160 } else { 0 },
                    _ => road(x, (10_000 * STEP + y) - frame * STEP),
                };
            }
        }
        for y in HEADER / 2..HEIGHT / 2 {
            for x in 16..WIDTH / 2 {
                let lane = (x - 16) / 24;
                let place = (10_000 * STEP + 2 * y) - frame * STEP;
                let is_note =
                    place % LINES >= 40 && place % LINES < 60 && (place / LINES + lane).is_multiple_of(3);
                chroma[y * WIDTH + 2 * x] = if is_note { 90 } else { 120 + lane as u8 };
            }
        }
        Scene { luma, chroma }
    }

    fn picture(&self) -> Picture<'_> {
        Picture::nv12(
            PictureSize::new(WIDTH as u32, HEIGHT as u32).unwrap(),
            Plane { data: &self.luma, stride: WIDTH },
            Plane { data: &self.chroma, stride: WIDTH },
        )
    }
}

/// A level between 0 and 12 that grows from row to row, as a pattern of whole levels.
fn gradient(x: usize, y: usize) -> u8 {
    let level = y as f64 * 12.0 / HEIGHT as f64;
    let threshold = ((x * 7 + y * 11) % 16) as f64 / 16.0;
    (level + threshold).floor() as u8
}

fn road(x: usize, place: usize) -> u8 {
    let lane = (x - 32) / 48;
    let within = place % LINES;
    if within < 2 {
        180
    } else if (40..60).contains(&within) && (place / LINES + lane).is_multiple_of(3) {
        // A note with a brighter edge.
        if (44..56).contains(&within) { 140 } else { 220 }
    } else {
        40 + 3 * lane as u8
    }
}

fn encoder() -> H264Encoder {
    let settings = H264Settings::new(Scene::new(0).picture().size, FrameRate::new(60, 1).unwrap());
    H264Encoder::new(&settings, SegmentIndex(0)).unwrap()
}

fn moved() -> FrameChange {
    FrameChange::UNKNOWN.with_scroll(Some(Scroll::whole(0, STEP as i32)))
}

/// Encodes so many pictures, and calls `look` with the number of each, its source and its reconstruction.
fn encode(frames: usize, mut look: impl FnMut(usize, &Scene, &[u8])) {
    let mut encoder = encoder();
    for frame in 0..frames {
        let (scene, mut output) = (Scene::new(frame), Vec::new());
        encoder.encode(&scene.picture(), &moved(), &mut output).unwrap();
        look(frame, &scene, &encoder.reconstruction().0);
    }
}

/// The rows of a macroblock in a luma plane.
fn rows(plane: &[u8], (column, row): (usize, usize)) -> impl Iterator<Item = &[u8]> {
    (row * 16..row * 16 + 16).map(move |y| &plane[y * WIDTH + column * 16..][..16])
}

#[test]
fn what_has_moved_on_keeps_no_traces_of_what_came_in_with_it() {
    let mut traces = Vec::new();
    encode(100, |_, scene, decoded| {
        let mut wrong = 0;
        let mut all = 0;
        for block in (3..HEIGHT / 16).flat_map(|row| (2..WIDTH / 16).map(move |column| (column, row))) {
            let first = rows(&scene.luma, block).next().unwrap()[0];
            if rows(&scene.luma, block).flatten().all(|&sample| sample == first) {
                all += 256;
                wrong += rows(decoded, block).flatten().filter(|&&sample| sample != first).count();
            }
        }
        traces.push(wrong as f64 / f64::from(all.max(1)));
    });
    let late = traces[60..].iter().sum::<f64>() / 40.0;
    assert!(late < 0.02, "{:.1} % of the flat lanes are not exact at the end: {traces:.3?}", late * 100.0);
}

/// For how many pictures each row of a macroblock has stood still or moved with the scene.
struct Ages(Vec<[u32; HEIGHT]>);

impl Ages {
    fn next(&self, now: &Scene, before: &Scene) -> Ages {
        let row =
            |scene: &Scene, column: usize, y: usize| scene.luma[y * WIDTH + column * 16..][..16].to_vec();
        let age = |column: usize, y: usize| {
            let from = [Some(y), y.checked_sub(STEP)].into_iter().flatten();
            let equal = from.filter(|&from| row(now, column, y) == row(before, column, from));
            equal.map(|from| self.0[column][from] + 1).max().unwrap_or(0)
        };
        Ages((0..WIDTH / 16).map(|column| std::array::from_fn(|y| age(column, y))).collect())
    }

    fn of_macroblock(&self, (column, row): (usize, usize)) -> u32 {
        self.0[column][row * 16..row * 16 + 16].iter().copied().min().unwrap_or(0)
    }
}

#[test]
fn the_error_of_what_has_settled_is_no_larger_than_that_of_a_key_frame() {
    /// Pictures after which small errors must have been corrected.
    const SETTLED: u32 = 12;
    /// Pictures in which as many notes come in as leave.
    const PERIOD: usize = LINES / STEP;
    let mut before = Scene::new(0);
    let mut ages = Ages(vec![[0; HEIGHT]; WIDTH / 16]);
    let mut errors = Vec::new();
    encode(SETTLED as usize + 6 * PERIOD, |frame, scene, decoded| {
        ages = ages.next(scene, &before);
        before = Scene::new(frame);
        let key_frame = key_frame(scene);
        let all = (0..HEIGHT / 16).flat_map(|row| (0..WIDTH / 16).map(move |column| (column, row)));
        let settled: Vec<_> = all.filter(|&block| ages.of_macroblock(block) >= SETTLED).collect();
        let error = |decoded: &[u8]| {
            let samples = |plane, block| rows(plane, block).flatten().copied().collect::<Vec<u8>>();
            let pairs = settled
                .iter()
                .flat_map(|&block| samples(&scene.luma, block).into_iter().zip(samples(decoded, block)));
            pairs.map(|(source, decoded)| f64::from(source.abs_diff(decoded)).powi(2)).sum::<f64>()
        };
        errors.push((settled.len(), error(decoded), error(&key_frame)));
    });
    for (index, period) in errors[SETTLED as usize..].chunks_exact(PERIOD).enumerate() {
        let settled: usize = period.iter().map(|(settled, ..)| settled).sum();
        assert!(settled > PERIOD * WIDTH * HEIGHT / 256 / 4, "only {settled} macroblocks have settled");
        let error: f64 = period.iter().map(|(_, error, _)| error).sum();
        let of_key_frames: f64 = period.iter().map(|(.., error)| error).sum();
        // An error of one level in one sample of 100 is not seen.
        let limit = of_key_frames * 1.1 + settled as f64 * 256.0 / 100.0;
        assert!(error <= limit, "period {index}: {error}, where {of_key_frames} are those of key frames");
    }
}

/// The luma of a scene as the first picture of a segment has it.
fn key_frame(scene: &Scene) -> Vec<u8> {
    let mut encoder = encoder();
    encoder.encode(&scene.picture(), &moved(), &mut Vec::new()).unwrap();
    encoder.reconstruction().0
}

#[test]
fn gradients_keep_the_pattern_between_their_levels() {
    let is_flat = |row: &[u8]| row.iter().all(|&sample| sample == row[0]);
    encode(60, |frame, scene, decoded| {
        let all = (0..HEIGHT / 16).flat_map(|row| [(0, row), (1, row)]);
        let pairs = all.flat_map(|block| rows(&scene.luma, block).zip(rows(decoded, block)));
        let patterned: Vec<bool> =
            pairs.filter(|(source, _)| !is_flat(source)).map(|(_, row)| is_flat(row)).collect();
        let lost = patterned.iter().filter(|&&flat| flat).count();
        assert!(lost * 3 < patterned.len(), "picture {frame}: {lost} of {} rows are flat", patterned.len());
    });
}
