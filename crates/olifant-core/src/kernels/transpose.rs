//! Exchanging rows and columns of a small block, in registers.

use crate::Float;

/// The side of a block: eight numbers fill an AVX2 register.
pub(crate) const SIDE: usize = 8;

/// A block of 8 × 8 numbers, row by row.
pub(crate) type Block = [[Float; SIDE]; SIDE];

/// The block with rows and columns exchanged.
///
/// The compiler turns the plain version into 64 loads and stores; with shuffles of whole rows a number takes a third of the time.
///
/// # Safety
///
/// If `WIDE`, the processor has AVX2.
#[inline(always)]
pub(crate) unsafe fn transpose_block<const WIDE: bool>(block: &Block) -> Block {
    #[cfg(all(target_arch = "x86_64", not(feature = "f64")))]
    if WIDE {
        // SAFETY: the caller's promise.
        return unsafe { transpose_with_avx2(block) };
    }
    std::array::from_fn(|column| std::array::from_fn(|row| block[row][column]))
}

/// Pairs of numbers are exchanged within pairs of rows, then pairs of pairs, then the halves.
#[cfg(all(target_arch = "x86_64", not(feature = "f64")))]
#[target_feature(enable = "avx2")]
#[inline]
fn transpose_with_avx2(block: &Block) -> Block {
    use std::{arch::x86_64::*, array, mem};

    // SAFETY: both types are 64 floats in a row.
    let rows: [__m256; SIDE] = unsafe { mem::transmute(*block) };
    let low: [__m256; 4] = array::from_fn(|pair| _mm256_unpacklo_ps(rows[2 * pair], rows[2 * pair + 1]));
    let high: [__m256; 4] = array::from_fn(|pair| _mm256_unpackhi_ps(rows[2 * pair], rows[2 * pair + 1]));
    // The columns 0 and 4, 1 and 5, 2 and 6, 3 and 7 of four rows.
    let quarter = |half: usize| {
        let (first, second) = (2 * half, 2 * half + 1);
        [
            _mm256_shuffle_ps::<0x44>(low[first], low[second]),
            _mm256_shuffle_ps::<0xEE>(low[first], low[second]),
            _mm256_shuffle_ps::<0x44>(high[first], high[second]),
            _mm256_shuffle_ps::<0xEE>(high[first], high[second]),
        ]
    };
    let (above, below) = (quarter(0), quarter(1));
    let left: [__m256; 4] = array::from_fn(|i| _mm256_permute2f128_ps::<0x20>(above[i], below[i]));
    let right: [__m256; 4] = array::from_fn(|i| _mm256_permute2f128_ps::<0x31>(above[i], below[i]));
    // SAFETY: both types are 64 floats in a row.
    unsafe { mem::transmute([left, right]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let block: Block =
            std::array::from_fn(|row| std::array::from_fn(|column| (10 * row + column) as Float));
        let expected: Block =
            std::array::from_fn(|row| std::array::from_fn(|column| (10 * column + row) as Float));
        // SAFETY: the plain version needs nothing.
        assert_eq!(unsafe { transpose_block::<false>(&block) }, expected);
        #[cfg(target_arch = "x86_64")]
        if crate::kernels::dispatch::has_avx2_fma() {
            // SAFETY: the processor has AVX2.
            assert_eq!(unsafe { transpose_block::<true>(&block) }, expected);
        }
    }
}
