//! Asking for memory before it is needed.

use crate::Float;

/// Asks the processor to bring these numbers into its cache: where many short rows are read side by side,
/// it does not guess what comes next. Nothing else happens, and on other processors than x86-64 nothing at all.
#[inline(always)]
pub(crate) fn prefetch(numbers: &[Float]) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    for line in numbers.chunks(64 / size_of::<Float>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing, and every processor of this kind has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = numbers;
}
