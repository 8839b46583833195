//! Bjøntegaard's difference in bytes (BD-rate): G. Bjøntegaard, "Calculation of average PSNR differences between RD-curves",
//! ITU-T VCEG-M33, 2001. The curves are interpolated by monotone cubic pieces rather than one polynomial, as in
//! "Improvements of the BD-PSNR model", VCEG-AI11, 2008; the slopes are those of F. N. Fritsch and J. Butland, "A method for
//! constructing local monotone piecewise cubic interpolants", 1984.

/// A point of a rate-distortion curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// PSNR in dB.
    pub(crate) quality: f64,
    pub(crate) bytes: f64,
}

/// The mean difference of bytes of `curve` at equal quality, in percent of those of `reference`: below 0 where `curve` needs
/// fewer. `None` where the curves share no range of quality, or have fewer than two points.
pub(crate) fn bd_rate(reference: &[Point], curve: &[Point]) -> Option<f64> {
    let (reference, curve) = (Interpolation::new(reference)?, Interpolation::new(curve)?);
    let low = reference.first().max(curve.first());
    let high = reference.last().min(curve.last());
    if high <= low {
        return None;
    }
    let difference = (curve.integral(low, high) - reference.integral(low, high)) / (high - low);
    Some((10f64.powf(difference) - 1.0) * 100.0)
}

/// The logarithm of bytes over quality.
struct Interpolation {
    quality: Vec<f64>,
    rate: Vec<f64>,
    slopes: Vec<f64>,
}

impl Interpolation {
    fn new(points: &[Point]) -> Option<Interpolation> {
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.quality.total_cmp(&b.quality));
        points.dedup_by(|a, b| a.quality - b.quality < 1e-9);
        if points.len() < 2 {
            return None;
        }
        let quality: Vec<f64> = points.iter().map(|point| point.quality).collect();
        let rate: Vec<f64> = points.iter().map(|point| point.bytes.log10()).collect();
        let widths: Vec<f64> = quality.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let secants: Vec<f64> =
            rate.windows(2).zip(&widths).map(|(pair, width)| (pair[1] - pair[0]) / width).collect();
        let inner = (1..secants.len()).map(|at| {
            let (before, after) = (secants[at - 1], secants[at]);
            if before * after <= 0.0 {
                return 0.0;
            }
            let (one, other) = (2.0 * widths[at] + widths[at - 1], widths[at] + 2.0 * widths[at - 1]);
            (one + other) / (one / before + other / after)
        });
        let mut slopes = vec![secants[0]];
        slopes.extend(inner);
        slopes.push(secants[secants.len() - 1]);
        Some(Interpolation { quality, rate, slopes })
    }

    fn first(&self) -> f64 {
        self.quality[0]
    }

    fn last(&self) -> f64 {
        self.quality[self.quality.len() - 1]
    }

    fn integral(&self, low: f64, high: f64) -> f64 {
        // Simpson's rule is exact for cubics; pieces end at the points.
        let mut ends = vec![low];
        ends.extend(self.quality.iter().copied().filter(|quality| *quality > low && *quality < high));
        ends.push(high);
        ends.windows(2)
            .map(|pair| {
                let (a, b) = (pair[0], pair[1]);
                (b - a) / 6.0 * (self.at(a) + 4.0 * self.at((a + b) / 2.0) + self.at(b))
            })
            .sum()
    }

    /// Hermite's cubic of the piece that holds `quality`.
    fn at(&self, quality: f64) -> f64 {
        let piece = self.quality.partition_point(|end| *end <= quality).clamp(1, self.quality.len() - 1) - 1;
        let width = self.quality[piece + 1] - self.quality[piece];
        let t = (quality - self.quality[piece]) / width;
        let (t2, t3) = (t * t, t * t * t);
        (2.0 * t3 - 3.0 * t2 + 1.0) * self.rate[piece]
            + (t3 - 2.0 * t2 + t) * width * self.slopes[piece]
            + (3.0 * t2 - 2.0 * t3) * self.rate[piece + 1]
            + (t3 - t2) * width * self.slopes[piece + 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(factor: f64) -> Vec<Point> {
        [(30.0, 100.0), (34.0, 210.0), (38.0, 480.0), (43.0, 1500.0)]
            .map(|(quality, bytes)| Point { quality, bytes: bytes * factor })
            .to_vec()
    }

    #[test]
    fn the_same_curve_with_other_bytes_differs_by_their_ratio() {
        for factor in [0.5, 1.0, 1.3] {
            let difference = bd_rate(&curve(1.0), &curve(factor)).unwrap();
            assert!((difference - (factor - 1.0) * 100.0).abs() < 1e-9, "{difference}");
        }
    }

    #[test]
    fn a_curve_along_which_bytes_grow_evenly_is_worth_its_shift_in_quality() {
        // Bytes double every 3 dB, so half a dB better is worth a factor of 2^(-1/6).
        let points = |shift: f64| {
            [30.0, 33.0, 36.0, 39.0]
                .map(|quality| Point { quality: quality + shift, bytes: 2f64.powf((quality - 30.0) / 3.0) })
        };
        let difference = bd_rate(&points(0.0), &points(0.5)).unwrap();
        assert!((difference - (2f64.powf(-1.0 / 6.0) - 1.0) * 100.0).abs() < 1e-9, "{difference}");
    }

    #[test]
    fn curves_without_a_common_quality_have_no_difference() {
        let far: Vec<Point> =
            curve(1.0).iter().map(|point| Point { quality: point.quality + 50.0, ..*point }).collect();
        assert_eq!(bd_rate(&curve(1.0), &far), None);
        assert_eq!(bd_rate(&curve(1.0), &curve(1.0)[..1]), None);
    }
}
