//! The transform of WebP lossless pictures that predicts pixels from their neighbours (RFC 9649, 3.5.1).

use super::super::difference::Pixel;

/// Blocks that are predicted in one way have sides of 16 pixels.
pub(super) const BLOCK_BITS: u32 = 4;

/// The modes that are tried: left; above; mean of left and above; the one of both that is nearer to their sum without the pixel
/// above left; that sum.
const MODES: [u8; 5] = [1, 2, 7, 11, 12];

/// Predicts pixels of a picture `width` pixels wide. Returns the mode of each block and what is left of each pixel.
pub(super) fn predicted(pixels: &[Pixel], width: usize) -> (Vec<u8>, Vec<Pixel>) {
    let width = width.max(1);
    let side = 1 << BLOCK_BITS;
    let height = pixels.len() / width;
    let mut rest = pixels.to_vec();
    let mut modes = Vec::new();
    for top in (0..height).step_by(side) {
        for left in (0..width).step_by(side) {
            let (rows, columns) = (top..(top + side).min(height), left..(left + side).min(width));
            let cost_of = |mode: u8| -> u32 {
                let places = rows.clone().flat_map(|y| columns.clone().map(move |x| y * width + x));
                places.map(|at| cost(residual(pixels, at, width, mode))).sum()
            };
            let mode = MODES.into_iter().min_by_key(|mode| cost_of(*mode)).unwrap_or(1);
            for at in rows.flat_map(|y| columns.clone().map(move |x| y * width + x)) {
                if let Some(place) = rest.get_mut(at) {
                    *place = residual(pixels, at, width, mode);
                }
            }
            modes.push(mode);
        }
    }
    (modes, rest)
}

/// About how many bits what is left costs.
fn cost(residual: Pixel) -> u32 {
    residual
        .iter()
        .map(|value| u32::from(value.wrapping_add(128).abs_diff(128)))
        .map(|size| (size * 2 + 1).ilog2())
        .sum()
}

/// The pixel at `at` without what is predicted for it.
fn residual(pixels: &[Pixel], at: usize, width: usize, mode: u8) -> Pixel {
    let pixel = |at: usize| pixels.get(at).copied().unwrap_or([0; 4]);
    let predicted = match (at % width, at / width) {
        (0, 0) => [0, 0, 0, 255],
        (_, 0) => pixel(at - 1),
        (0, _) => pixel(at - width),
        _ => predict(mode, pixel(at - 1), pixel(at - width), pixel(at - width - 1)),
    };
    let mut left = pixel(at);
    for (value, predicted) in left.iter_mut().zip(predicted) {
        *value = value.wrapping_sub(predicted);
    }
    left
}

fn predict(mode: u8, left: Pixel, above: Pixel, corner: Pixel) -> Pixel {
    let each = |combine: fn(i32, i32, i32) -> i32| -> Pixel {
        let mut out = [0; 4];
        for (out, ((left, above), corner)) in out.iter_mut().zip(left.into_iter().zip(above).zip(corner)) {
            *out = combine(left.into(), above.into(), corner.into()).clamp(0, 255) as u8;
        }
        out
    };
    match mode {
        1 => left,
        2 => above,
        7 => each(|left, above, _| (left + above) / 2),
        11 => {
            let distance = |one: Pixel, other: Pixel| -> u32 {
                one.into_iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other))).sum()
            };
            // As far as the sum is from left, above is from the corner, and the other way round.
            if distance(above, corner) < distance(left, corner) { left } else { above }
        }
        _ => each(|left, above, corner| left + above - corner),
    }
}
