//! Vector code.
//!
//! The loops of this encoder are written so that the compiler turns them into vector instructions: SSE2 on x86-64 and
//! NEON on AArch64, which these targets always have. [`Instructions::run`] compiles a loop once more for AVX2 and picks
//! that at run time: both versions come from the same integer source, so they cannot differ in what they compute. The
//! few loops for which that is not enough are written with SSE2 or AVX2 intrinsics; tests compare them with portable
//! code.

#![allow(
    unsafe_code,
    reason = "calls of code for instructions that every x86-64 processor has, or that were detected; loads and stores whose \
              bounds were checked"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_4x4;
#[cfg(target_arch = "x86_64")]
mod avx2_deblocking;
#[cfg(target_arch = "x86_64")]
mod avx2_differences;
#[cfg(target_arch = "x86_64")]
mod avx2_interpolation;
mod block4x4;
mod deblocking;
mod differences;
mod instructions;
mod interpolation;
mod primitives;
mod residual;
#[cfg(target_arch = "x86_64")]
mod sse2;

pub(crate) use deblocking::EdgeKind;
pub(crate) use instructions::{Instructions, SimdKernel};
pub(crate) use primitives::{
    BlockSize, PlaneMut, column, copy, copy_wide, difference_of_16, difference_sum, equal_rows, interleaved,
    join_pairs, means, nonzero_bytes, nonzero_mask, pair_column, part_pairs, subtract, transpose,
};
