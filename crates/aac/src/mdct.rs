//! The modified discrete cosine transform of ISO/IEC 14496-3, 4.6.11.3.1 (13818-7, 15.3.1):
//! `X[k] = 2 * sum(z[n] * cos(2 pi / N * (n + n0) * (k + 1/2)))`, `n0 = (N / 2 + 1) / 2`.

use std::f64::consts::PI;

/// The largest number of coefficients.
const MAX_COEFFICIENTS: usize = 1024;

/// A transform of `2 * coefficients` samples into `coefficients`.
#[derive(Debug)]
pub(crate) struct Mdct {
    coefficients: usize,
    /// `exp(-i pi (8 n + 1) / (8 M))`, before and behind the Fourier transform.
    twist: Vec<(f32, f32)>,
    fft: Fft,
    real: Vec<f32>,
    imaginary: Vec<f32>,
    folded: Vec<f32>,
}

impl Mdct {
    /// `coefficients` is 128 or 1024.
    pub(crate) fn new(coefficients: usize) -> Mdct {
        debug_assert!(coefficients <= MAX_COEFFICIENTS && coefficients.is_power_of_two());
        let half = coefficients / 2;
        let twist = (0..half)
            .map(|n| {
                let angle = PI * (8 * n + 1) as f64 / (8 * coefficients) as f64;
                (libm::cos(angle) as f32, -libm::sin(angle) as f32)
            })
            .collect();
        Mdct {
            coefficients,
            twist,
            fft: Fft::new(half),
            real: vec![0.0; half],
            imaginary: vec![0.0; half],
            folded: vec![0.0; coefficients],
        }
    }

    /// Transforms the windowed samples `input` (twice as many as coefficients).
    pub(crate) fn cosine(&mut self, input: &[f32], output: &mut [f32]) {
        let (m, half) = (self.coefficients, self.coefficients / 2);
        let (a, b) = input.split_at(m);
        for n in 0..half {
            self.folded[n] = -b[half - 1 - n] - b[half + n];
            self.folded[half + n] = a[n] - a[m - 1 - n];
        }
        self.transform(output);
    }

    /// The same with sines in place of cosines, but for signs.
    pub(crate) fn sine_magnitude(&mut self, input: &[f32], output: &mut [f32]) {
        let (m, half) = (self.coefficients, self.coefficients / 2);
        let (a, b) = input.split_at(m);
        // As `cosine` of the samples in reversed order.
        for n in 0..half {
            self.folded[n] = -a[half + n] - a[half - 1 - n];
            self.folded[half + n] = b[m - 1 - n] - b[n];
        }
        self.transform(output);
    }

    /// A discrete cosine transform of type IV of `folded`, by a Fourier transform of half the length.
    fn transform(&mut self, output: &mut [f32]) {
        let m = self.coefficients;
        for (n, &(c, s)) in self.twist.iter().enumerate() {
            let (re, im) = (self.folded[2 * n], self.folded[m - 1 - 2 * n]);
            self.real[n] = re * c - im * s;
            self.imaginary[n] = re * s + im * c;
        }
        self.fft.run(&mut self.real, &mut self.imaginary);
        let output = &mut output[..m];
        for (k, &(c, s)) in self.twist.iter().enumerate() {
            let (re, im) = (self.real[k], self.imaginary[k]);
            output[2 * k] = 2.0 * (re * c - im * s);
            output[m - 1 - 2 * k] = -2.0 * (re * s + im * c);
        }
    }
}

/// A complex Fourier transform by Stockham's method with radix 4, and one step of radix 2 where it is needed.
#[derive(Debug)]
struct Fft {
    length: usize,
    /// Of each step of radix 4: the factors of the three outputs that have one.
    twiddles: Vec<[(f32, f32); 3]>,
    real: Vec<f32>,
    imaginary: Vec<f32>,
}

impl Fft {
    fn new(length: usize) -> Fft {
        let mut twiddles = Vec::new();
        let mut n = length;
        while n >= 4 {
            for p in 0..n / 4 {
                let factor = |power: usize| {
                    let angle = 2.0 * PI * (power * p) as f64 / n as f64;
                    (libm::cos(angle) as f32, -libm::sin(angle) as f32)
                };
                twiddles.push([factor(1), factor(2), factor(3)]);
            }
            n /= 4;
        }
        Fft { length, twiddles, real: vec![0.0; length], imaginary: vec![0.0; length] }
    }

    fn run(&mut self, real: &mut [f32], imaginary: &mut [f32]) {
        let (mut n, mut stride) = (self.length, 1);
        let mut twiddles = self.twiddles.as_slice();
        // True while the values lie in the caller's arrays.
        let mut home = true;
        while n >= 2 {
            let (from, to) = if home {
                ((&*real, &*imaginary), (&mut self.real[..], &mut self.imaginary[..]))
            } else {
                ((&self.real[..], &self.imaginary[..]), (&mut *real, &mut *imaginary))
            };
            if n >= 4 {
                let (now, later) = twiddles.split_at(n / 4);
                twiddles = later;
                match stride {
                    1 => radix_4_first(from, to, now),
                    4 => radix_4_fixed::<4>(from, to, now),
                    16 => radix_4_fixed::<16>(from, to, now),
                    _ => radix_4_fixed::<64>(from, to, now),
                }
                (n, stride) = (n / 4, stride * 4);
            } else {
                radix_2(from, to, stride);
                (n, stride) = (n / 2, stride * 2);
            }
            home = !home;
        }
        if !home {
            real.copy_from_slice(&self.real);
            imaginary.copy_from_slice(&self.imaginary);
        }
    }
}

/// Real and imaginary parts.
type Parts<'a> = (&'a [f32], &'a [f32]);
type PartsMut<'a> = (&'a mut [f32], &'a mut [f32]);

/// Four inputs of some lanes each, turned into four outputs; the last three get factors.
#[inline(always)]
fn butterfly<const L: usize>(
    r: [&[f32; L]; 4],
    i: [&[f32; L]; 4],
    factors: [(&[f32; L], &[f32; L]); 3],
) -> ([[f32; L]; 4], [[f32; L]; 4]) {
    let (mut re, mut im) = ([[0.0; L]; 4], [[0.0; L]; 4]);
    let [(c1, s1), (c2, s2), (c3, s3)] = factors;
    for q in 0..L {
        let (ar, ai) = (r[0][q] + r[2][q], i[0][q] + i[2][q]);
        let (br, bi) = (r[0][q] - r[2][q], i[0][q] - i[2][q]);
        let (cr, ci) = (r[1][q] + r[3][q], i[1][q] + i[3][q]);
        // -i times the difference.
        let (dr, di) = (i[1][q] - i[3][q], r[3][q] - r[1][q]);
        (re[0][q], im[0][q]) = (ar + cr, ai + ci);
        let (tr, ti) = (br + dr, bi + di);
        (re[1][q], im[1][q]) = (tr * c1[q] - ti * s1[q], tr * s1[q] + ti * c1[q]);
        let (tr, ti) = (ar - cr, ai - ci);
        (re[2][q], im[2][q]) = (tr * c2[q] - ti * s2[q], tr * s2[q] + ti * c2[q]);
        let (tr, ti) = (br - dr, bi - di);
        (re[3][q], im[3][q]) = (tr * c3[q] - ti * s3[q], tr * s3[q] + ti * c3[q]);
    }
    (re, im)
}

/// The lanes of `values` from `at`.
#[inline(always)]
fn lanes<const L: usize>(values: &[f32], at: usize) -> &[f32; L] {
    values[at..].first_chunk().unwrap_or(&[0.0; L])
}

/// The first step, with a stride of 1: eight butterflies at a time.
fn radix_4_first(from: Parts<'_>, to: PartsMut<'_>, twiddles: &[[(f32, f32); 3]]) {
    const L: usize = 8;
    let quarter = from.0.len() / 4;
    let outputs = to.0.chunks_exact_mut(4 * L).zip(to.1.chunks_exact_mut(4 * L));
    for (block, (twiddles, (out_re, out_im))) in twiddles.chunks_exact(L).zip(outputs).enumerate() {
        let factors: [([f32; L], [f32; L]); 3] = std::array::from_fn(|j| {
            (std::array::from_fn(|q| twiddles[q][j].0), std::array::from_fn(|q| twiddles[q][j].1))
        });
        let (re, im) = butterfly::<L>(
            std::array::from_fn(|j| lanes(from.0, j * quarter + block * L)),
            std::array::from_fn(|j| lanes(from.1, j * quarter + block * L)),
            std::array::from_fn(|j| (&factors[j].0, &factors[j].1)),
        );
        for (out, values) in [(out_re, re), (out_im, im)] {
            for (q, out) in out.chunks_exact_mut(4).enumerate() {
                out.copy_from_slice(&[values[0][q], values[1][q], values[2][q], values[3][q]]);
            }
        }
    }
}

/// A step with the stride `S`, at least 4: the same factors for `S` butterflies.
fn radix_4_fixed<const S: usize>(from: Parts<'_>, to: PartsMut<'_>, twiddles: &[[(f32, f32); 3]]) {
    const L: usize = 4;
    let quarter = from.0.len() / 4;
    let outputs = to.0.chunks_exact_mut(4 * S).zip(to.1.chunks_exact_mut(4 * S));
    for (p, (twiddles, (out_re, out_im))) in twiddles.iter().zip(outputs).enumerate() {
        let factors = twiddles.map(|(c, s)| ([c; L], [s; L]));
        for at in (0..S).step_by(L) {
            let (re, im) = butterfly::<L>(
                std::array::from_fn(|j| lanes(from.0, j * quarter + p * S + at)),
                std::array::from_fn(|j| lanes(from.1, j * quarter + p * S + at)),
                std::array::from_fn(|j| (&factors[j].0, &factors[j].1)),
            );
            for j in 0..4 {
                out_re[j * S + at..][..L].copy_from_slice(&re[j]);
                out_im[j * S + at..][..L].copy_from_slice(&im[j]);
            }
        }
    }
}

fn radix_2(from: Parts<'_>, to: PartsMut<'_>, stride: usize) {
    for (from, to) in [(from.0, to.0), (from.1, to.1)] {
        let (a, b) = from.split_at(stride);
        let (sum, difference) = to.split_at_mut(stride);
        for q in 0..stride {
            (sum[q], difference[q]) = (a[q] + b[q], a[q] - b[q]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_those_of_the_formula() {
        for m in [128, 1024] {
            let mut state = 1u32;
            let input: Vec<f32> = (0..2 * m)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / 8_388_608.0 - 1.0
                })
                .collect();
            let mut mdct = Mdct::new(m);
            let (mut cosine, mut sine) = (vec![0.0; m], vec![0.0; m]);
            mdct.cosine(&input, &mut cosine);
            mdct.sine_magnitude(&input, &mut sine);
            for k in (0..m).step_by(7) {
                let (mut c, mut s) = (0.0, 0.0);
                for (n, &z) in input.iter().enumerate() {
                    let angle = PI / m as f64 * (n as f64 + (m as f64 + 1.0) / 2.0) * (k as f64 + 0.5);
                    c += 2.0 * f64::from(z) * angle.cos();
                    s += 2.0 * f64::from(z) * angle.sin();
                }
                assert!((c - f64::from(cosine[k])).abs() < 1e-3, "{m} {k}");
                assert!((s.abs() - f64::from(sine[k]).abs()).abs() < 1e-3, "{m} {k}");
            }
        }
    }
}
