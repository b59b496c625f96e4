//! The order of the slots within each row, so that few edges cross.

use super::grid::{Grid, Link};

/// How often all rows are sorted, down and up.
const ROUNDS: usize = 12;

/// Sorts each row by the mean place of what its slots are connected with in the row before, then in the row behind,
/// several times; the best order is kept.
pub(super) fn reduce_crossings(grid: &mut Grid) {
    let mut neighbours = [vec![Vec::new(); grid.slots.len()], vec![Vec::new(); grid.slots.len()]];
    for &link in &grid.links {
        neighbours[0][link.after].push(link);
        neighbours[1][link.before].push(link);
    }
    let mut places = vec![0; grid.slots.len()];
    let mut rows = grid.rows.clone();
    rows.iter().for_each(|row| note_places(row, &mut places));
    let mut best = crossings(grid, &rows, &neighbours[1], &places);
    for round in 0..ROUNDS {
        if best == 0 {
            break;
        }
        let (direction, count) = (round % 2, rows.len());
        for step in 0..count {
            let row = &mut rows[if direction == 0 { step } else { count - 1 - step }];
            sort_row(grid, row, &neighbours[direction], direction == 0, &places);
            note_places(row, &mut places);
        }
        let found = crossings(grid, &rows, &neighbours[1], &places);
        if found < best {
            (best, grid.rows) = (found, rows.clone());
        }
    }
}

fn note_places(row: &[usize], places: &mut [usize]) {
    row.iter().enumerate().for_each(|(place, &slot)| places[slot] = place);
}

fn sort_row(grid: &Grid, row: &mut [usize], neighbours: &[Vec<Link>], is_down: bool, places: &[usize]) {
    let mean = |slot: usize| {
        let links = &neighbours[slot];
        if links.is_empty() {
            return places[slot] as f64;
        }
        let ends = links
            .iter()
            .map(|link| if is_down { leaving(grid, link, places) } else { entering(grid, link, places) });
        ends.sum::<f64>() / links.len() as f64
    };
    let mut sorted: Vec<(f64, usize)> = row.iter().map(|&slot| (mean(slot), slot)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    row.iter_mut().zip(sorted).for_each(|(place, (_, slot))| *place = slot);
}

/// Where a link leaves its row: the place of its slot, and how far from its middle.
fn leaving(grid: &Grid, link: &Link, places: &[usize]) -> f64 {
    places[link.before] as f64 + link.leave / grid.slots[link.before].across.max(1.0)
}

/// Where a link enters its row.
fn entering(grid: &Grid, link: &Link, places: &[usize]) -> f64 {
    places[link.after] as f64 + link.enter / grid.slots[link.after].across.max(1.0)
}

/// How many links cross each other.
fn crossings(grid: &Grid, rows: &[Vec<usize>], leaving_links: &[Vec<Link>], places: &[usize]) -> usize {
    rows.iter()
        .map(|row| {
            let links = row.iter().flat_map(|&slot| &leaving_links[slot]);
            let ends = links.map(|link| (leaving(grid, link, places), entering(grid, link, places)));
            let mut ends: Vec<(f64, f64)> = ends.collect();
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let mut ends: Vec<f64> = ends.into_iter().map(|(_, entering)| entering).collect();
            inversions(&mut ends)
        })
        .sum()
}

/// How many pairs stand in the wrong order; afterwards none does.
fn inversions(numbers: &mut [f64]) -> usize {
    if numbers.len() < 2 {
        return 0;
    }
    let (left, right) = numbers.split_at_mut(numbers.len() / 2);
    let mut count = inversions(left) + inversions(right);
    let mut smaller = 0;
    for &number in &*left {
        smaller += right[smaller..].iter().take_while(|&&other| other < number).count();
        count += smaller;
    }
    numbers.sort_by(f64::total_cmp);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_are_pairs_in_the_wrong_order() {
        for (numbers, expected) in
            [(vec![], 0), (vec![1.0, 2.0, 2.0], 0), (vec![2.0, 1.0], 1), (vec![3.0, 1.0, 2.0, 0.0], 5)]
        {
            assert_eq!(inversions(&mut numbers.clone()), expected, "{numbers:?}");
        }
    }
}
