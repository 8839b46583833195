//! Arithmetic that gives the same bits on every machine: only additions, multiplications and square roots at run time.

/// Base-2 logarithm of a positive, normal `x`; off by at most 0.00003.
#[inline]
pub(crate) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000);
    // A polynomial that is exact at 1 and 2, so that the logarithm is continuous.
    let t = m - 1.0;
    let tail = t * (1.0 - t) * (0.442_085_8 + t * (-0.267_913_3 + t * (0.148_927_5 - t * 0.044_874)));
    exponent as f32 + t + tail
}

/// 2 to the power of `x`, for `x` from -126 to 126 (limited to that); relative error at most 0.00001.
#[inline]
pub(crate) fn exp2(x: f32) -> f32 {
    let x = x.clamp(-126.0, 126.0);
    let floor = (x + 127.0) as i32 - 127;
    let t = x - floor as f32;
    let tail = t * (1.0 - t) * (-0.306_967_2 + t * (-0.065_506_6 - t * 0.013_697_7));
    f32::from_bits(((floor + 127) as u32) << 23) * (1.0 + t + tail)
}

/// The sum of `f` over `values`, in an order that vector code can keep.
#[inline]
pub(crate) fn sum_by(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f(value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += f(value);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_power_are_close() {
        for step in 0..100_000 {
            let x = libm::exp2f(step as f32 / 1000.0 - 50.0);
            assert!((log2(x) - libm::log2f(x)).abs() < 0.000_04, "{x}");
            let y = step as f32 / 1000.0 - 50.0;
            assert!((exp2(y) / libm::exp2f(y) - 1.0).abs() < 0.000_02, "{y}");
        }
    }
}
