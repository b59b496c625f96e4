//! Where blocks and edges stand: rows of blocks, one behind the other, with few crossings.
//!
//! Rows follow the flow, which goes `along`; the blocks of a row stand beside each other, `across`.
//! Edges bend only between rows, and where they pass a row a place is kept free for them: so none crosses a block.
//!
//! Sugiyama, Tagawa, Toda (1981), *Methods for Visual Understanding of Hierarchical System Structures*.

mod grid;
mod order;
mod placement;
mod ranks;

use self::grid::Grid;

/// The least distance between rows.
const GAP: f64 = 48.0;
/// How far edges go straight from and to a block: room for the tip of an arrow.
const STRAIGHT: f64 = 10.0;
/// The room beside a block whose output is its own input.
pub(super) const LOOP: f64 = 32.0;

/// Something that takes room.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    pub(super) across: f64,
    pub(super) along: f64,
    pub(super) row: Row,
}

/// In which row a block stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Row {
    First,
    /// Where its edges are short.
    #[default]
    Free,
    Last,
}

/// Something that leads from a block to a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: End,
    pub(super) to: End,
}

/// Where an edge begins or ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End {
    pub(super) block: usize,
    /// How far from the middle of the block.
    pub(super) shift: f64,
}

/// Blocks and edges with their places.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) across: f64,
    pub(super) along: f64,
    /// The middle of each block.
    pub(super) centers: Vec<Point>,
    pub(super) routes: Vec<Route>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) across: f64,
    pub(super) along: f64,
}

/// The way of an edge, from its beginning to its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Route {
    /// Straight pieces, with curves between each and the next.
    Through(Vec<[Point; 2]>),
    /// Beside a block, which it leaves and reaches at these points.
    Loop([Point; 2]),
}

/// Gives all blocks and edges their places.
pub(super) fn lay_out(blocks: &[Block], edges: &[Edge]) -> Layout {
    let mut grid = Grid::new(blocks, edges);
    order::reduce_crossings(&mut grid);
    let across = placement::place(&grid);
    let rows = row_extents(&grid, &across);
    let center = |slot: usize| {
        let [begin, end] = rows[grid.slots[slot].row];
        Point { across: across[slot], along: (begin + end) / 2.0 }
    };
    let widths = grid.slots.iter().zip(&across).map(|(slot, at)| at + slot.across / 2.0);
    Layout {
        across: widths.fold(0.0, f64::max),
        along: rows.last().map_or(0.0, |[_, end]| *end),
        centers: (0..blocks.len()).map(center).collect(),
        routes: (0..edges.len()).map(|edge| route(&grid, blocks, edge, &rows, center)).collect(),
    }
}

/// Where each row begins and ends.
fn row_extents(grid: &Grid, across: &[f64]) -> Vec<[f64; 2]> {
    let mut reach = vec![0.0_f64; grid.rows.len()];
    for link in &grid.links {
        let distance = across[link.before] + link.leave - across[link.after] - link.enter;
        let reach = &mut reach[grid.slots[link.before].row];
        *reach = reach.max(distance.abs());
    }
    let mut at = 0.0;
    let extents = grid.rows.iter().zip(reach).map(|(row, reach)| {
        let along = row.iter().map(|&slot| grid.slots[slot].along).fold(0.0, f64::max);
        let extent = [at, at + along];
        // Curves that reach far need room, or they would be flat.
        at += along + GAP + (0.1 * reach).min(2.0 * GAP);
        extent
    });
    extents.collect()
}

fn route(
    grid: &Grid,
    blocks: &[Block],
    edge: usize,
    rows: &[[f64; 2]],
    center: impl Fn(usize) -> Point,
) -> Route {
    let path = &grid.paths[edge];
    let [first, last] = [path.ends[0], path.ends[1]];
    if first.block == last.block {
        let (middle, Block { across, along, .. }) = (center(first.block), blocks[first.block]);
        let at =
            |share: f64| Point { across: middle.across + across / 2.0, along: middle.along + share * along };
        return Route::Loop([at(0.2), at(-0.2)]);
    }
    let edge_of = |end: End, side: f64| {
        let Point { across, along } = center(end.block);
        Point { across: across + end.shift, along: along + side * blocks[end.block].along / 2.0 }
    };
    let at = |point: Point, along: f64| Point { along, ..point };
    let (begin, end) = (edge_of(first, 1.0), edge_of(last, -1.0));
    let mut pieces = vec![[begin, at(begin, rows[grid.slots[first.block].row][1] + STRAIGHT)]];
    for &slot in &path.between {
        let [enter, leave] = rows[grid.slots[slot].row];
        pieces.push([at(center(slot), enter), at(center(slot), leave)]);
    }
    pieces.push([at(end, rows[grid.slots[last.block].row][0] - STRAIGHT), end]);
    if path.is_reversed {
        pieces.reverse();
        pieces.iter_mut().for_each(|piece| piece.reverse());
    }
    Route::Through(pieces)
}
