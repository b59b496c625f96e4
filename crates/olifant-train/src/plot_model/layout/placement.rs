//! Where the slots of each row stand, so that edges are short and straight.

use super::grid::Grid;

/// The least distance between the slots of a row.
const SPACE: f64 = 24.0;
/// How often all rows are moved.
const ROUNDS: usize = 16;

/// The middle of each slot. Nothing begins before 0.
pub(super) fn place(grid: &Grid) -> Vec<f64> {
    let mut at = vec![0.0; grid.slots.len()];
    for row in &grid.rows {
        settle(grid, row, &vec![(0.0, 1.0); row.len()], &mut at);
    }
    // Each slot's links: the slot at the other end, how far from it this one would like to be, and how much.
    let mut before = vec![Vec::new(); grid.slots.len()];
    let mut after = before.clone();
    for link in &grid.links {
        before[link.after].push((link.before, link.leave - link.enter, link.weight));
        after[link.before].push((link.after, link.enter - link.leave, link.weight));
    }
    for round in 0..ROUNDS {
        let is_down = round % 2 == 0;
        // In the end both sides count.
        let sides: &[_] = match (round + 4 >= ROUNDS, is_down) {
            (true, _) => &[&before, &after],
            (false, true) => &[&before],
            (false, false) => &[&after],
        };
        for step in 0..grid.rows.len() {
            let row = &grid.rows[if is_down { step } else { grid.rows.len() - 1 - step }];
            let wish = |&slot: &usize| {
                let links = || sides.iter().flat_map(|side| &side[slot]);
                let weight: f64 = links().map(|(_, _, weight)| weight).sum();
                let sum: f64 = links().map(|&(other, shift, weight)| weight * (at[other] + shift)).sum();
                if weight > 0.0 { (sum / weight, weight) } else { (at[slot], 0.1) }
            };
            let wishes: Vec<_> = row.iter().map(wish).collect();
            settle(grid, row, &wishes, &mut at);
        }
    }
    let begin =
        at.iter().zip(&grid.slots).map(|(at, slot)| at - slot.across / 2.0).fold(f64::INFINITY, f64::min);
    at.iter().map(|at| at - begin).collect()
}

/// Puts the slots of a row where they wish to be, as far as they leave room for each other:
/// the least sum of weight · distance².
fn settle(grid: &Grid, row: &[usize], wishes: &[(f64, f64)], at: &mut [f64]) {
    let half = |slot: usize| grid.slots[slot].across / 2.0;
    let mut offsets = vec![0.0; row.len()];
    for number in 1..row.len() {
        offsets[number] = offsets[number - 1] + half(row[number - 1]) + SPACE + half(row[number]);
    }
    // Slots that touch move as one: the sum of their wishes, of their weights, and how many they are.
    let mut groups: Vec<(f64, f64, usize)> = Vec::new();
    for (&(wish, weight), offset) in wishes.iter().zip(&offsets) {
        let mut group = (weight * (wish - offset), weight, 1);
        while let Some(&(sum, weight, count)) =
            groups.last().filter(|before| before.0 / before.1 > group.0 / group.1)
        {
            group = (group.0 + sum, group.1 + weight, group.2 + count);
            groups.pop();
        }
        groups.push(group);
    }
    let places = groups.iter().flat_map(|&(sum, weight, count)| std::iter::repeat_n(sum / weight, count));
    for ((&slot, offset), place) in row.iter().zip(offsets).zip(places) {
        at[slot] = place + offset;
    }
}
