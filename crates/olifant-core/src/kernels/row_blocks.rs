//! Cutting the rows of stacked matrices into blocks whose sums are taken apart from each other.
//!
//! Where a sum goes over many rows, threads share the blocks: each has a sum of its own, and these are added in order.
//! Blocks depend on the shape only, so the bits are the same for any number of threads.
//! Several short sums are also more accurate than a long one.

use std::ops::Range;

/// About how many numbers a block has: they fit the first-level cache, so that a second walk over them is cheap.
const BLOCK: usize = 1 << 13;
/// The fewest rows of a block: their joint sums must be worth keeping.
const FEWEST_ROWS: usize = 16;

/// `samples` matrices of `rows` rows, one behind the other, cut into blocks that never reach into the next matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBlocks {
    samples: usize,
    rows: usize,
    rows_of_block: usize,
}

impl RowBlocks {
    /// The blocks of matrices with `columns` columns.
    pub(crate) fn new(samples: usize, rows: usize, columns: usize) -> RowBlocks {
        RowBlocks { samples, rows, rows_of_block: (BLOCK / columns.max(1)).max(FEWEST_ROWS) }
    }

    /// How many rows the blocks have, but for the last of each matrix.
    pub(crate) fn rows_of_block(&self) -> usize {
        self.rows_of_block
    }

    /// How many blocks a matrix has.
    pub(crate) fn of_sample(&self) -> usize {
        self.rows.div_ceil(self.rows_of_block)
    }

    /// How many blocks there are.
    pub(crate) fn count(&self) -> usize {
        self.samples * self.of_sample()
    }

    /// The rows of a block, counted through all matrices.
    pub(crate) fn range(&self, block: usize) -> Range<usize> {
        let (sample, block) = (block / self.of_sample(), block % self.of_sample());
        let first = block * self.rows_of_block;
        let end = (first + self.rows_of_block).min(self.rows);
        sample * self.rows + first..sample * self.rows + end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_all_rows_once_and_stay_within_a_matrix() {
        for (samples, rows, columns) in [(1, 1000, 64), (3, 200, 4096), (2, 1, 7), (4, 0, 3)] {
            let blocks = RowBlocks::new(samples, rows, columns);
            let mut next = 0;
            for block in 0..blocks.count() {
                let range = blocks.range(block);
                assert_eq!(range.start, next);
                assert!(!range.is_empty() && range.len() <= blocks.rows_of_block());
                assert_eq!(range.start / rows, (range.end - 1) / rows);
                next = range.end;
            }
            assert_eq!(next, samples * rows);
        }
    }
}
