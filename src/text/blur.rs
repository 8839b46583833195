//! A small Gaussian blur of coverage, for soft shadows.

use super::atlas::Bitmap;

/// How many pixels a blur of this radius reaches beyond what it blurs.
pub(super) fn reach(radius: f32) -> u32 {
    // The standard deviation is half the radius, as in CSS; beyond three of them less than half a step of 255
    // is left.
    (radius * 1.5).ceil() as u32
}

/// Blurs coverage that has at least [`reach`] empty pixels around it. Radius 0 changes nothing.
pub(super) fn blur(bitmap: &mut Bitmap, radius: f32) {
    let kernel = kernel(radius);
    let (width, height) = (bitmap.width as usize, bitmap.height as usize);
    if kernel.len() == 1 || width == 0 || height == 0 {
        return;
    }
    let middle = kernel.len() / 2;

    // Rows first. Each line is copied between empty margins, so that the window never leaves it.
    let mut rows = vec![0.0; width * height];
    let mut margins = vec![0.0; width + 2 * middle];
    for (target, source) in rows.chunks_exact_mut(width).zip(bitmap.data.chunks_exact(width)) {
        for (to, from) in margins[middle..].iter_mut().zip(source) {
            *to = f32::from(*from);
        }
        for (to, window) in target.iter_mut().zip(margins.windows(kernel.len())) {
            *to = window.iter().zip(&kernel).map(|(value, weight)| value * weight).sum();
        }
    }

    // Then columns, a whole row at a time.
    let mut sum = vec![0.0; width];
    for (y, target) in bitmap.data.chunks_exact_mut(width).enumerate() {
        sum.fill(0.0);
        for (offset, weight) in kernel.iter().enumerate() {
            let Some(row) = (y + offset).checked_sub(middle).filter(|row| *row < height) else { continue };
            for (to, from) in sum.iter_mut().zip(&rows[row * width..]) {
                *to += from * weight;
            }
        }
        for (to, from) in target.iter_mut().zip(&sum) {
            *to = from.round() as u8;
        }
    }
}

/// An odd number of weights, symmetric, with the sum 1.
fn kernel(radius: f32) -> Vec<f32> {
    let deviation = (radius / 2.0).max(f32::MIN_POSITIVE);
    let reach = reach(radius) as i32;
    let weights: Vec<f32> = (-reach..=reach).map(|x| (-0.5 * (x as f32 / deviation).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(side: u32, margin: u32) -> Bitmap {
        let whole = side + 2 * margin;
        let inside = margin..margin + side;
        let data = (0..whole * whole)
            .map(|i| if inside.contains(&(i % whole)) && inside.contains(&(i / whole)) { 255 } else { 0 })
            .collect();
        Bitmap { width: whole, height: whole, data }
    }

    #[test]
    fn radius_zero_changes_nothing() {
        let mut blurred = block(3, 2);
        blur(&mut blurred, 0.0);
        assert_eq!(blurred.data, block(3, 2).data);
    }

    #[test]
    fn a_blur_is_symmetric_keeps_the_sum_and_fades_outwards() {
        let margin = reach(4.0);
        let mut blurred = block(12, margin);
        let before: u32 = blurred.data.iter().map(|value| u32::from(*value)).sum();
        blur(&mut blurred, 4.0);
        let after: u32 = blurred.data.iter().map(|value| u32::from(*value)).sum();
        assert!(before.abs_diff(after) < before / 100, "{before} became {after}");

        let mut reversed = blurred.data.clone();
        reversed.reverse();
        assert_eq!(blurred.data, reversed);

        let side = blurred.width as usize;
        let middle_row = &blurred.data[side * (side / 2)..][..side / 2];
        assert!(middle_row.is_sorted(), "{middle_row:?}");
        assert!(middle_row[0] <= 2 && middle_row[side / 2 - 1] > 250, "{middle_row:?}");
    }
}
