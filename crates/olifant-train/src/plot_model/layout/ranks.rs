//! The row of each block.

use super::{Block, Edge, Row};

/// The row of each block, and for each edge whether it goes against the flow.
///
/// A block stands one row behind the farthest that leads to it; one from which more leads away than to it comes as
/// close as it can to what it leads to.
pub(super) fn rank(blocks: &[Block], edges: &[Edge]) -> (Vec<usize>, Vec<bool>) {
    let is_reversed = against_the_flow(blocks.len(), edges);
    let mut before = vec![Vec::new(); blocks.len()];
    let mut after = vec![Vec::new(); blocks.len()];
    for (edge, &is_reversed) in edges.iter().zip(&is_reversed) {
        let (from, to) = (edge.from.block, edge.to.block);
        if from != to {
            let (from, to) = if is_reversed { (to, from) } else { (from, to) };
            before[to].push(from);
            after[from].push(to);
        }
    }
    let order = along_the_flow(&before, &after);
    let has_first = blocks.iter().any(|block| block.row == Row::First);
    let mut rows = vec![usize::from(has_first); blocks.len()];
    for &block in &order {
        if blocks[block].row == Row::First {
            rows[block] = 0;
        }
        after[block].iter().for_each(|&next| rows[next] = rows[next].max(rows[block] + 1));
    }
    for &block in order.iter().rev() {
        let nearest = after[block].iter().map(|&next| rows[next] - 1).min();
        if let Some(nearest) = nearest.filter(|_| after[block].len() > before[block].len()) {
            rows[block] = if blocks[block].row == Row::First { 0 } else { nearest };
        }
    }
    let last = rows.iter().max().map_or(0, |last| last + 1);
    let pinned = rows.iter_mut().zip(blocks).filter(|(_, block)| block.row == Row::Last);
    pinned.for_each(|(row, _)| *row = last);
    (without_empty(rows), is_reversed)
}

/// Which edges close a cycle: a layer that is called again on what came of its first call.
fn against_the_flow(blocks: usize, edges: &[Edge]) -> Vec<bool> {
    let mut leaving = vec![Vec::new(); blocks];
    edges.iter().enumerate().for_each(|(number, edge)| leaving[edge.from.block].push(number));
    let mut is_reversed = vec![false; edges.len()];
    let (mut is_met, mut is_open) = (vec![false; blocks], vec![false; blocks]);
    for begin in 0..blocks {
        // Each block on the way, with how many of its edges were gone.
        let mut way = vec![];
        if !is_met[begin] {
            way.push((begin, 0));
        }
        while let Some((block, gone)) = way.last_mut() {
            (is_met[*block], is_open[*block]) = (true, true);
            let Some(&edge) = leaving[*block].get(*gone) else {
                is_open[*block] = false;
                way.pop();
                continue;
            };
            *gone += 1;
            let next = edges[edge].to.block;
            is_reversed[edge] = is_open[next];
            if !is_met[next] {
                way.push((next, 0));
            }
        }
    }
    is_reversed
}

/// All blocks, each behind those that lead to it.
fn along_the_flow(before: &[Vec<usize>], after: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..before.len()).filter(|&block| missing[block] == 0).collect();
    let mut done = 0;
    while let Some(&block) = order.get(done) {
        done += 1;
        for &next in &after[block] {
            missing[next] -= 1;
            if missing[next] == 0 {
                order.push(next);
            }
        }
    }
    order
}

/// The same order of rows, without those that nothing stands in.
fn without_empty(rows: Vec<usize>) -> Vec<usize> {
    let mut used = rows.clone();
    used.sort_unstable();
    used.dedup();
    rows.iter().map(|row| used.binary_search(row).unwrap_or_else(|place| place)).collect()
}
