//! Eight numbers at a time: what the sums of a tile are kept in.
//!
//! The compiler could make vectors of plain loops, and mostly does; but whether twelve of them stay in registers
//! hung on details far from the loop. Here it has no choice.

use std::array;

#[cfg(target_arch = "x86_64")]
use super::dispatch::has_avx2_fma;
use crate::Float;

/// Numbers in a vector.
pub(super) const LANES: usize = 8;

/// Eight numbers, on which everything is done element by element.
///
/// # Safety
///
/// Methods may only be called on processors that the type is for.
pub(super) unsafe trait Vector: Copy {
    unsafe fn splat(number: Float) -> Self;
    unsafe fn load(numbers: &[Float; LANES]) -> Self;
    unsafe fn store(self, numbers: &mut [Float; LANES]);
    /// self + other
    unsafe fn add(self, other: Self) -> Self;
    /// self + a·b, in the one or two roundings of this kind of processor.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// max(self, 0); NaN stays NaN.
    unsafe fn relu(self) -> Self;
    /// self where y > 0, else 0.
    unsafe fn where_positive(self, y: Self) -> Self;
    /// self where x > y or x is NaN, else other.
    unsafe fn where_larger(self, x: Self, y: Self, other: Self) -> Self;
}

/// Work on vectors, compiled for each kind of them.
pub(super) trait OnVectors {
    /// Does the work. `FUSED`: the processor multiplies and adds in one instruction; on x86-64 it then has AVX2.
    ///
    /// # Safety
    ///
    /// `V` is for this processor.
    unsafe fn run<V: Vector, const FUSED: bool>(self);
}

/// Does the work with the widest vectors this processor has.
pub(super) fn on_widest_vectors(work: impl OnVectors) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2_fma() {
        #[cfg(feature = "f64")]
        type Widest = Plain<true>;
        #[cfg(not(feature = "f64"))]
        type Widest = Avx2;
        #[target_feature(enable = "avx2,fma")]
        fn fused(work: impl OnVectors) {
            // SAFETY: the processor has both features, or this function would not be called.
            unsafe { work.run::<Widest, true>() }
        }
        // SAFETY: the processor has both features, as was just asked.
        return unsafe { fused(work) };
    }
    const FUSED: bool = cfg!(target_arch = "aarch64");
    // SAFETY: the plain vectors are for any processor.
    unsafe { work.run::<Plain<FUSED>, FUSED>() }
}

/// For any processor. `FUSED`: it multiplies and adds in one instruction.
#[derive(Clone, Copy)]
pub(super) struct Plain<const FUSED: bool>([Float; LANES]);

// SAFETY: nothing is asked of the processor.
unsafe impl<const FUSED: bool> Vector for Plain<FUSED> {
    #[inline(always)]
    unsafe fn splat(number: Float) -> Self {
        Plain([number; LANES])
    }

    #[inline(always)]
    unsafe fn load(numbers: &[Float; LANES]) -> Self {
        Plain(*numbers)
    }

    #[inline(always)]
    unsafe fn store(self, numbers: &mut [Float; LANES]) {
        *numbers = self.0;
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Plain(array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Plain(array::from_fn(|i| {
            if FUSED { a.0[i].mul_add(b.0[i], self.0[i]) } else { self.0[i] + a.0[i] * b.0[i] }
        }))
    }

    #[inline(always)]
    unsafe fn relu(self) -> Self {
        Plain(self.0.map(|x| if x < 0.0 { 0.0 } else { x }))
    }

    #[inline(always)]
    unsafe fn where_positive(self, y: Self) -> Self {
        Plain(array::from_fn(|i| if y.0[i] > 0.0 { self.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    unsafe fn where_larger(self, x: Self, y: Self, other: Self) -> Self {
        Plain(array::from_fn(|i| if x.0[i] > y.0[i] || x.0[i].is_nan() { self.0[i] } else { other.0[i] }))
    }
}

#[cfg(all(target_arch = "x86_64", not(feature = "f64")))]
pub(super) use avx2::Avx2;

#[cfg(all(target_arch = "x86_64", not(feature = "f64")))]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{Float, LANES, Vector};

    /// For processors with AVX2 and fused multiply-add.
    #[derive(Clone, Copy)]
    pub(in crate::kernels) struct Avx2(__m256);

    // SAFETY: each instruction is of AVX, AVX2 or FMA, which the caller vouches for.
    // Inlined into a function that has these features, each method is one or two instructions.
    unsafe impl Vector for Avx2 {
        #[inline(always)]
        unsafe fn splat(number: Float) -> Self {
            // SAFETY: the caller's promise.
            Avx2(unsafe { _mm256_set1_ps(number) })
        }

        #[inline(always)]
        unsafe fn load(numbers: &[Float; LANES]) -> Self {
            // SAFETY: the caller's promise; there are eight numbers to read.
            Avx2(unsafe { _mm256_loadu_ps(numbers.as_ptr()) })
        }

        #[inline(always)]
        unsafe fn store(self, numbers: &mut [Float; LANES]) {
            // SAFETY: the caller's promise; there is room for eight numbers.
            unsafe { _mm256_storeu_ps(numbers.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            Avx2(unsafe { _mm256_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller's promise.
            Avx2(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
        }

        #[inline(always)]
        unsafe fn relu(self) -> Self {
            // SAFETY: the caller's promise.
            unsafe {
                let negative = _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, _mm256_setzero_ps());
                Avx2(_mm256_andnot_ps(negative, self.0))
            }
        }

        #[inline(always)]
        unsafe fn where_positive(self, y: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe {
                let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(y.0, _mm256_setzero_ps());
                Avx2(_mm256_and_ps(positive, self.0))
            }
        }

        #[inline(always)]
        unsafe fn where_larger(self, x: Self, y: Self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe {
                let larger = _mm256_cmp_ps::<_CMP_GT_OQ>(x.0, y.0);
                let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(x.0, x.0);
                Avx2(_mm256_blendv_ps(other.0, self.0, _mm256_or_ps(larger, nan)))
            }
        }
    }
}
