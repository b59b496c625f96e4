//! The rows of A in groups that make one tile each, and the terms that count for them.

use std::{array, ops::Range};

use super::{Matrix, ROWS};
use crate::{Float, kernels::parallel::range_of_part, tensor::Buffer};

/// Of so many terms it is looked whether they are zeros; if a quarter is, all are looked at.
const SAMPLES: usize = 16;

/// The rows of A that are multiplied in one sweep over B.
///
/// A term whose number is zero in all rows of a group adds nothing to their sums, so it can be left out.
/// Real inputs have many of those: of MNIST's pixels, 56 of 100 are zero in six images at a time,
/// and 66 of 100 times six pixels side by side are zero in an image, which is what a kernel's gradient sums over.
/// No bit of the result changes, but for the sign of a zero that underflowed.
/// Zero times a number that is not finite would be NaN; see [`Tile`](super::tile::Tile).
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// The numbers of the rows side by side, where not all terms count or a row's own do not lie one behind the other.
    packed: Buffer,
    /// The terms that count, of one group after the other; counted from the first term of the block.
    counting: Vec<u32>,
}

#[derive(Debug)]
struct Group {
    rows: Range<usize>,
    /// Where its numbers start in `packed`.
    place: usize,
    /// Where its terms stand in `counting`, if not all count.
    counting: Option<Range<usize>>,
}

/// One group, ready to be multiplied.
#[derive(Clone, Copy)]
pub(super) struct GroupView<'a> {
    pub(super) rows: &'a Range<usize>,
    /// For each term that counts, the numbers of all rows; empty if the rows are read where they are.
    pub(super) packed: &'a [Float],
    /// The terms that count, if not all do.
    pub(super) counting: Option<&'a [u32]>,
}

impl Groups {
    /// Divides some rows of A into groups of nearly equal size: 64 rows are 9 groups of 6 and 2 of 5,
    /// which run at full speed, while a last group of 4 would not.
    #[inline(always)]
    pub(super) fn fill(&mut self, a: Matrix<'_>, rows: &Range<usize>, terms: &Range<usize>) {
        let count = rows.len().div_ceil(ROWS);
        self.groups.clear();
        self.counting.clear();
        self.packed.resize(rows.len() * terms.len());
        let mut place = 0;
        for group in 0..count {
            let part = range_of_part(group, count, rows.len(), 1);
            let rows = rows.start + part.start..rows.start + part.end;
            let first = self.counting.len();
            self.counting.resize(first + terms.len(), 0);
            let list = &mut self.counting[first..];
            let packed = &mut self.packed[place..];
            let counting = if a.has_whole_rows() {
                let counting = find_terms(a, &rows, terms, list);
                if counting < terms.len() {
                    pack_terms(a, &rows, terms, &list[..counting], packed);
                }
                counting
            } else {
                match rows.len() {
                    // With a constant length, copying a few numbers is one instruction and not a call.
                    5 => pack_rows::<5>(a, rows.start, terms, packed, list),
                    6 => pack_rows::<6>(a, rows.start, terms, packed, list),
                    _ => pack_few_rows(a, &rows, terms, packed),
                }
            };
            let range = first..first + counting;
            let counting = (counting < terms.len()).then_some(range);
            self.counting.truncate(counting.as_ref().map_or(first, |range| range.end));
            let size = rows.len() * terms.len();
            self.groups.push(Group { rows, place, counting });
            place += size;
        }
    }

    /// Whether terms are left out anywhere.
    pub(super) fn leave_terms_out(&self) -> bool {
        self.groups.iter().any(|group| group.counting.is_some())
    }

    /// All groups, from the first row on.
    pub(super) fn iter(&self) -> impl Iterator<Item = GroupView<'_>> {
        self.groups.iter().map(|group| GroupView {
            rows: &group.rows,
            packed: self.packed.get(group.place..).unwrap_or_default(),
            counting: group.counting.clone().map(|range| &self.counting[range]),
        })
    }
}

/// Lists the terms that count for some whole rows, and returns how many they are.
#[inline(always)]
fn find_terms(a: Matrix<'_>, rows: &Range<usize>, terms: &Range<usize>, list: &mut [u32]) -> usize {
    // Of a smaller group the last row comes several times.
    let rows: [&[Float]; ROWS] = array::from_fn(|i| a.row((rows.start + i).min(rows.end - 1), terms));
    let len = list.len();
    let rows = rows.map(|row| &row[..len]);
    let zeros =
        (0..SAMPLES).filter(|sample| rows.iter().all(|row| row.get(sample * len / SAMPLES) == Some(&0.0)));
    if zeros.count() < SAMPLES / 4 {
        return len;
    }
    let mut count = 0;
    let mut start = 0;
    while start < len {
        let mut counts = [false; 16];
        let width = counts.len().min(len - start);
        for row in rows {
            match row[start..].first_chunk::<16>() {
                Some(row) => counts.iter_mut().zip(row).for_each(|(counts, &x)| *counts |= x != 0.0),
                None => counts.iter_mut().zip(&row[start..]).for_each(|(counts, &x)| *counts |= x != 0.0),
            }
        }
        for (term, &counts) in (start..).zip(&counts[..width]) {
            // Always written, and overwritten if the term does not count: there is nothing to guess for the processor.
            list[count] = term as u32;
            count += usize::from(counts);
        }
        start += width;
    }
    count
}

/// Copies the terms of some whole rows side by side that are in the list.
#[inline(always)]
fn pack_terms(a: Matrix<'_>, rows: &Range<usize>, terms: &Range<usize>, list: &[u32], packed: &mut [Float]) {
    for (place, row) in rows.clone().enumerate() {
        let row = a.row(row, terms);
        let places = packed[place..].iter_mut().step_by(rows.len());
        places.zip(list).for_each(|(packed, &term)| *packed = row[term as usize]);
    }
}

/// Copies `R` rows side by side, without the terms in which all are zero; returns how many terms there are.
#[inline(always)]
fn pack_rows<const R: usize>(
    a: Matrix<'_>,
    first: usize,
    terms: &Range<usize>,
    packed: &mut [Float],
    list: &mut [u32],
) -> usize {
    let (packed, _) = packed.as_chunks_mut::<R>();
    let mut count = 0;
    for (number, term) in terms.clone().enumerate() {
        let column = &a.data[first * a.row_stride + term * a.column_stride..];
        let numbers = match column.first_chunk::<R>() {
            Some(numbers) if a.row_stride == 1 => *numbers,
            _ => array::from_fn(|row| column[row * a.row_stride]),
        };
        packed[count] = numbers;
        list[count] = number as u32;
        count += usize::from(numbers.iter().fold(false, |any, &x| any | (x != 0.0)));
    }
    count
}

/// Copies any number of rows side by side; all terms count.
#[inline(always)]
fn pack_few_rows(a: Matrix<'_>, rows: &Range<usize>, terms: &Range<usize>, packed: &mut [Float]) -> usize {
    for (packed, term) in packed.chunks_exact_mut(rows.len()).zip(terms.clone()) {
        for (packed, row) in packed.iter_mut().zip(rows.clone()) {
            *packed = a.data[row * a.row_stride + term * a.column_stride];
        }
    }
    terms.len()
}
