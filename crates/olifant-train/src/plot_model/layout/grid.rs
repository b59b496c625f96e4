//! Rows of slots: one for each block, and one in each row that an edge passes.

use super::{Block, Edge, End, LOOP, ranks::rank};

/// The room that an edge has in a row that it passes.
const PASSAGE: f64 = 12.0;
/// How far beside the others an edge is drawn that goes against the flow.
const BESIDE: f64 = 12.0;

/// Slots in rows, and what connects each row with the next.
#[derive(Debug)]
pub(super) struct Grid {
    /// Those of the blocks come first, in their order.
    pub(super) slots: Vec<Slot>,
    /// The slots of each row, in order.
    pub(super) rows: Vec<Vec<usize>>,
    pub(super) links: Vec<Link>,
    /// One for each edge.
    pub(super) paths: Vec<Path>,
}

/// The place of a block, or of an edge that passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) row: usize,
    pub(super) across: f64,
    pub(super) along: f64,
}

/// A piece of an edge, from a row to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) before: usize,
    pub(super) after: usize,
    /// How far from the middle of the slot it leaves the one, and enters the other.
    pub(super) leave: f64,
    pub(super) enter: f64,
    /// How straight it should be.
    pub(super) weight: f64,
}

/// Which slots an edge goes through.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// Where it begins and ends, the earlier row first.
    pub(super) ends: [End; 2],
    pub(super) between: Vec<usize>,
    /// Whether the edge goes from the later row to the earlier one.
    pub(super) is_reversed: bool,
}

impl Grid {
    pub(super) fn new(blocks: &[Block], edges: &[Edge]) -> Grid {
        let (rows, is_reversed) = rank(blocks, edges);
        let slot = |(block, &row): (&Block, &usize)| Slot { row, across: block.across, along: block.along };
        let mut grid = Grid {
            slots: blocks.iter().zip(&rows).map(slot).collect(),
            rows: vec![Vec::new(); rows.iter().max().map_or(0, |last| last + 1)],
            links: Vec::new(),
            paths: Vec::with_capacity(edges.len()),
        };
        for (edge, is_reversed) in edges.iter().zip(is_reversed) {
            grid.add(edge, is_reversed);
        }
        grid.fill_rows();
        grid
    }

    fn add(&mut self, edge: &Edge, is_reversed: bool) {
        let mut ends = [edge.from, edge.to];
        if edge.from.block == edge.to.block {
            self.slots[edge.from.block].across += 2.0 * LOOP;
        } else if is_reversed {
            ends.reverse();
            ends.iter_mut().for_each(|end| end.shift += BESIDE);
        }
        let [first, last] = ends.map(|end| self.slots[end.block].row);
        let begin = self.slots.len();
        self.slots.extend((first + 1..last).map(|row| Slot { row, across: PASSAGE, along: 0.0 }));
        let between: Vec<usize> = (begin..self.slots.len()).collect();
        if first < last {
            let through = [&[ends[0].block][..], &between, &[ends[1].block]].concat();
            let pieces = through.len() - 1;
            self.links.extend(through.windows(2).enumerate().map(|(number, slots)| Link {
                before: slots[0],
                after: slots[1],
                leave: if number == 0 { ends[0].shift } else { 0.0 },
                enter: if number + 1 == pieces { ends[1].shift } else { 0.0 },
                weight: match pieces {
                    1 => 1.0,
                    _ if number == 0 || number + 1 == pieces => 2.0,
                    _ => 8.0,
                },
            }));
        }
        self.paths.push(Path { ends, between, is_reversed });
    }

    /// Puts the slots into their rows, in the order in which a walk along the edges meets them.
    fn fill_rows(&mut self) {
        let mut after = vec![Vec::new(); self.slots.len()];
        self.links.iter().for_each(|link| after[link.before].push(link.after));
        let mut is_met = vec![false; self.slots.len()];
        for begin in 0..self.slots.len() {
            let mut ahead = vec![begin];
            while let Some(slot) = ahead.pop() {
                if !std::mem::replace(&mut is_met[slot], true) {
                    self.rows[self.slots[slot].row].push(slot);
                    ahead.extend(after[slot].iter().rev());
                }
            }
        }
    }
}
