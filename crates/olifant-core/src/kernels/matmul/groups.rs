//! The rows of A in groups that make one tile each, and where a tile reads their numbers.

use std::{array, ops::Range};

use super::{Matrix, ROWS};
use crate::{Float, kernels::parallel::range_of_part, tensor::Buffer};

/// Of so many terms it is looked whether they are zeros; if a quarter is, all are looked at.
const SAMPLES: usize = 16;
/// So many numbers of A lie in the first-level cache, wherever they are: copying them gains nothing.
const SMALL: usize = 1 << 13;
/// So many terms of a transpose are copied for all groups at a time: a cache line each, in the first-level cache.
const CHUNK: usize = 128;

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
    /// The numbers of groups that were copied.
    packed: Buffer,
    /// The terms that were kept, of one group after the other; counted from the first term of the block.
    kept: Vec<u32>,
}

#[derive(Debug)]
struct Group {
    rows: Range<usize>,
    /// Where its numbers are in `packed`, if they were copied.
    packed: Range<usize>,
    /// Where its terms stand in `kept`.
    kept: Range<usize>,
    copied: Copied,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copied {
    /// No number was copied.
    None,
    /// Those of some terms; in all others they are zeros.
    Some,
    /// Those of all terms.
    All,
}

/// Where a tile reads the numbers of its rows. Lists hold numbers of terms, which tiles rely on.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    /// Where they are in A.
    InPlace,
    /// The same, of the terms in the list; in all others they are zeros.
    Listed(&'a [u32]),
    /// For each term, those of all rows side by side.
    Packed(&'a [Float]),
    /// The same, of the terms in the list; in all others they are zeros.
    Kept(&'a [Float], &'a [u32]),
}

impl Groups {
    /// Divides some rows of A into groups of nearly equal size: 64 rows are 9 groups of 6 and 2 of 5,
    /// which run at full speed, while a last group of 4 would not.
    ///
    /// `panels` is how often the numbers will be read: what is read once, or is small, is not worth a copy.
    #[inline(always)]
    pub(super) fn fill(&mut self, a: Matrix<'_>, rows: &Range<usize>, terms: &Range<usize>, panels: usize) {
        let count = rows.len().div_ceil(ROWS);
        self.groups.clear();
        self.groups.extend((0..count).map(|group| {
            let part = range_of_part(group, count, rows.len(), 1);
            Group::in_place(rows.start + part.start..rows.start + part.end)
        }));
        if panels > 1 && rows.len() * terms.len() > SMALL {
            self.packed.resize(rows.len() * terms.len());
            if self.kept.len() < count * terms.len() {
                self.kept.resize(count * terms.len(), 0);
            }
            if a.transposed { self.copy_columns(a, terms) } else { self.copy_rows(a, terms) }
        }
    }

    /// Copies the numbers of groups in which terms can be left out; the others are read where they are.
    #[inline(always)]
    fn copy_rows(&mut self, a: Matrix<'_>, terms: &Range<usize>) {
        let (mut place, mut first) = (0, 0);
        for group in &mut self.groups {
            let list = &mut self.kept[first..first + terms.len()];
            if let Some(count) = pack_whole_rows(a, &group.rows, terms, &mut self.packed[place..], list) {
                group.begin(place, first);
                group.extend(count, terms);
                (place, first) = (group.packed.end, group.kept.end);
            }
        }
    }

    /// Copies the numbers of a transpose, whose columns are rows that lie far apart.
    ///
    /// If there are many terms, a few are copied for all groups, then the next few:
    /// what shares a cache line is read while it is there.
    #[inline(always)]
    fn copy_columns(&mut self, a: Matrix<'_>, terms: &Range<usize>) {
        for start in terms.clone().step_by(CHUNK) {
            let chunk = start..(start + CHUNK).min(terms.end);
            let number = start - terms.start;
            let (mut place, mut first) = (0, 0);
            for group in self.groups.iter_mut().filter(|group| matches!(group.rows.len(), 5 | 6)) {
                if number == 0 {
                    group.begin(place, first);
                }
                let packed = &mut self.packed[group.packed.end..];
                let list = &mut self.kept[group.kept.end..];
                // With a constant length, copying a few numbers is one instruction and not a call.
                let count = match group.rows.len() {
                    5 => pack_columns::<5>(a, group.rows.start, &chunk, number, packed, list),
                    _ => pack_columns::<6>(a, group.rows.start, &chunk, number, packed, list),
                };
                group.extend(count, terms);
                // More chunks need room.
                let room = if chunk.end == terms.end { group.kept.len() } else { terms.len() };
                (place, first) = (group.packed.start + room * group.rows.len(), group.kept.start + room);
            }
        }
    }

    /// Whether terms are left out anywhere.
    pub(super) fn leave_terms_out(&self) -> bool {
        self.groups.iter().any(|group| group.copied == Copied::Some)
    }

    /// The rows of all groups, from the first row on, and where their numbers are.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Range<usize>, Numbers<'_>)> {
        self.groups.iter().map(|Group { rows, packed, kept, copied }| {
            let packed = &self.packed[packed.clone()];
            let numbers = match copied {
                Copied::None => Numbers::InPlace,
                Copied::Some => Numbers::Kept(packed, &self.kept[kept.clone()]),
                Copied::All => Numbers::Packed(packed),
            };
            (rows, numbers)
        })
    }
}

impl Group {
    fn in_place(rows: Range<usize>) -> Group {
        Group { rows, packed: 0..0, kept: 0..0, copied: Copied::None }
    }

    /// Its numbers will be copied to this place, and its terms listed from `first` on.
    fn begin(&mut self, place: usize, first: usize) {
        self.packed = place..place;
        self.kept = first..first;
    }

    /// So many more terms were copied.
    fn extend(&mut self, count: usize, terms: &Range<usize>) {
        self.kept.end += count;
        self.packed.end += count * self.rows.len();
        self.copied = if self.kept.len() < terms.len() { Copied::Some } else { Copied::All };
    }
}

/// Copies some whole rows side by side, without the terms in which all are zero; returns how many terms there are.
/// If few are zero it does nothing: the rows can be read where they are.
#[inline(always)]
fn pack_whole_rows(
    a: Matrix<'_>,
    rows: &Range<usize>,
    terms: &Range<usize>,
    packed: &mut [Float],
    list: &mut [u32],
) -> Option<usize> {
    let count = find_terms(a, rows, terms, list)?;
    for (place, row) in rows.clone().enumerate() {
        let row = a.row(row, terms);
        let places = packed[place..].iter_mut().step_by(rows.len());
        places.zip(&list[..count]).for_each(|(packed, &term)| *packed = row[term as usize]);
    }
    Some(count)
}

/// Lists the terms of some whole rows that are not zero in all of them, and returns how many they are, or `None` if nearly all are.
#[inline(always)]
pub(super) fn find_terms(
    a: Matrix<'_>,
    rows: &Range<usize>,
    terms: &Range<usize>,
    list: &mut [u32],
) -> Option<usize> {
    // Of a smaller group the last row comes several times.
    let rows: [&[Float]; ROWS] = array::from_fn(|i| a.row((rows.start + i).min(rows.end - 1), terms));
    let len = list.len();
    let rows = rows.map(|row| &row[..len]);
    let is_zero = |term: usize| rows.iter().all(|row| row.get(term) == Some(&0.0));
    if (0..SAMPLES).filter(|sample| is_zero(sample * len / SAMPLES)).count() < SAMPLES / 4 {
        return None;
    }
    let mut count = 0;
    let mut start = 0;
    while start < len {
        let mut any = [false; 16];
        let width = any.len().min(len - start);
        for row in rows {
            match row[start..].first_chunk::<16>() {
                Some(row) => any.iter_mut().zip(row).for_each(|(any, &x)| *any |= x != 0.0),
                None => any.iter_mut().zip(&row[start..]).for_each(|(any, &x)| *any |= x != 0.0),
            }
        }
        for (term, &any) in (start..).zip(&any[..width]) {
            // Always written, and overwritten if the term is not kept: there is nothing to guess for the processor.
            list[count] = term as u32;
            count += usize::from(any);
        }
        start += width;
    }
    Some(count)
}

/// Copies `R` rows of a transpose side by side, without the terms in which all are zero; returns how many terms there are.
/// `number` is what the first term is called in the list.
#[inline(always)]
fn pack_columns<const R: usize>(
    a: Matrix<'_>,
    first: usize,
    terms: &Range<usize>,
    number: usize,
    packed: &mut [Float],
    list: &mut [u32],
) -> usize {
    let (packed, _) = packed.as_chunks_mut::<R>();
    let mut count = 0;
    for (number, term) in (number..).zip(terms.clone()) {
        let numbers: [Float; R] = array::from_fn(|row| a.column(term, &(first..first + R))[row]);
        packed[count] = numbers;
        list[count] = number as u32;
        count += usize::from(numbers.iter().fold(false, |any, &x| any | (x != 0.0)));
    }
    count
}
