//! Choosing the best version of a loop for the processor the program runs on.

/// Runs a closure compiled for the widest vectors this processor has.
///
/// The closure's body must be inlined for this to matter: plain loops over slices, marked `#[inline(always)]`.
/// No compiler flags are needed by the user; on processors without AVX2 the closure runs as compiled by default.
/// Rust never fuses `a * b + c` by itself, so a loop gives the same bits in every version.
///
/// # Examples
///
/// ```
/// use olifant_core::vectorised;
///
/// // Slices that are written should be parameters of an inlined function: then they are known not to overlap.
/// #[inline(always)]
/// fn halve(x: &mut [f32]) {
///     x.iter_mut().for_each(|x| *x *= 0.5);
/// }
///
/// let mut x = [1.0, 3.0];
/// vectorised(
///     #[inline(always)]
///     || halve(&mut x),
/// );
/// assert_eq!(x, [0.5, 1.5]);
/// ```
#[inline]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if has_avx2_fma() {
            // SAFETY: the processor has both features, as was just asked.
            return unsafe { with_avx2(work) };
        }
    }
    work()
}

/// Whether the processor has AVX2 and fused multiply-add. The answer is cached by the standard library.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx2_fma() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}
