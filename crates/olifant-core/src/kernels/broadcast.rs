//! Walking over two operands that are stretched to a common shape.

use std::ops::Range;

use crate::{
    Float, Shape,
    kernels::{dispatch::vectorised, lanes, team::Team},
    operation::GradientMut,
    shape::MAX_RANK,
};

/// How two operands line up: outer axes to step through, and an inner run that is contiguous or constant in each.
///
/// Neighbouring axes that both operands treat alike are merged first,
/// so equal shapes are a single run, and a matrix with a row or a column is a loop over rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broadcast<'t> {
    /// Who shares the work.
    team: &'t Team,
    /// Outermost first; the last one is the run.
    axes: [Axis; MAX_RANK],
    rank: usize,
    /// The number of elements of the result.
    size: usize,
}

/// One axis of the common shape: its size, and the steps along it in the operands and in the result.
///
/// An operand's step is 0 where it is stretched.
#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    first: usize,
    second: usize,
    result: usize,
}

/// Where a run starts.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// The position in the first operand.
    first: usize,
    /// The position in the second operand.
    second: usize,
    /// The position in the result.
    result: usize,
}

impl<'t> Broadcast<'t> {
    /// The plan for two shapes that fit together.
    pub(crate) fn new(team: &'t Team, first: Shape, second: Shape) -> Broadcast<'t> {
        let result =
            first.broadcast(&second).expect("the shapes were checked when the output's was asked for");
        Broadcast::onto(team, first, second, result)
    }

    /// The plan for two shapes that are stretched to a given one.
    pub(crate) fn onto(team: &'t Team, first: Shape, second: Shape, result: Shape) -> Broadcast<'t> {
        let (first, second) = (steps(first, result.rank()), steps(second, result.rank()));
        let strides = result.strides();
        let mut axes = [Axis { size: 1, first: 1, second: 1, result: 1 }; MAX_RANK];
        let mut rank = 0;
        for (axis, &size) in result.axes().iter().enumerate().filter(|&(_, &size)| size != 1) {
            let this = Axis { size, first: first[axis], second: second[axis], result: strides[axis] };
            let outer = axes[rank.max(1) - 1];
            if rank > 0 && outer.first == this.first * size && outer.second == this.second * size {
                axes[rank - 1] = Axis { size: outer.size * size, ..this };
            } else {
                axes[rank] = this;
                rank += 1;
            }
        }
        Broadcast { team, axes, rank: rank.max(1), size: result.size() }
    }

    /// The same plan with the operands exchanged.
    pub(crate) fn swapped(mut self) -> Broadcast<'t> {
        for axis in &mut self.axes {
            std::mem::swap(&mut axis.first, &mut axis.second);
        }
        self
    }

    /// Whether the operands (first, second) move along a run; else each is one number, stretched.
    fn moves(&self) -> (bool, bool) {
        let inner = self.axes[self.rank - 1];
        (inner.first != 0, inner.second != 0)
    }

    /// Calls `write(y, a, b)` for each element of the result and the operands' elements there.
    ///
    /// `cost` is how many elementary operations an element takes.
    #[inline(always)]
    pub(crate) fn map(
        &self,
        first: &[Float],
        second: &[Float],
        result: &mut [Float],
        cost: usize,
        write: impl Fn(&mut Float, Float, Float) + Sync,
    ) {
        let row = self.axes[0].result;
        self.team.for_each_rows(result, row, row * cost, &|start, piece: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    self.for_each_run(0, start..start + piece.len() / row, |run, len| {
                        let y = piece[run.result - start * row..][..len].iter_mut();
                        let (first, second) = (&first[run.first..], &second[run.second..]);
                        match self.moves() {
                            (true, true) => y.zip(first).zip(second).for_each(|((y, &a), &b)| write(y, a, b)),
                            (true, false) => y.zip(first).for_each(|(y, &a)| write(y, a, second[0])),
                            (false, true) => y.zip(second).for_each(|(y, &b)| write(y, first[0], b)),
                            (false, false) => y.for_each(|y| write(y, first[0], second[0])),
                        }
                    });
                },
            );
        });
    }

    /// Assigns or adds Σ term(dy, a, b) to each element of a gradient that has the shape of the first operand.
    ///
    /// The sum is over the copies of a stretched element.
    #[inline(always)]
    pub(crate) fn add_to_first(
        &self,
        first: &[Float],
        second: &[Float],
        dy: &[Float],
        gradient: GradientMut<'_>,
        cost: usize,
        term: impl Fn(Float, Float, Float) -> Float + Sync,
    ) {
        self.for_each_run_of_first(gradient, cost, |run, mut dx, len| {
            let dy = &dy[run.result..][..len];
            let (first, second) = (&first[run.first..], &second[run.second..]);
            match self.moves() {
                (true, true) => {
                    dx.write_from(dy.iter().zip(first).zip(second).map(|((&dy, &a), &b)| term(dy, a, b)));
                }
                (true, false) => dx.write_from(dy.iter().zip(first).map(|(&dy, &a)| term(dy, a, second[0]))),
                (false, true) => {
                    dx.data[0] += lanes::sum_of_pairs(dy, &second[..len], |dy, b| term(dy, first[0], b));
                }
                (false, false) => {
                    dx.data[0] += lanes::sum_of_pairs(dy, dy, |dy, _| term(dy, first[0], second[0]));
                }
            }
        });
    }

    /// Assigns or adds the sums of `x`, which has the shape of the result, over the copies of each element of the first.
    #[inline(always)]
    pub(crate) fn sum_to_first(&self, x: &[Float], sums: GradientMut<'_>) {
        self.fold_to_first(x, sums, 0.0, |sum, x| sum + x);
    }

    /// Combines the elements of `x`, which has the shape of the result, over the copies of each element of the first.
    ///
    /// They are combined with what is there. Without anything to add to, that is 0, and so must be `identity`.
    #[inline(always)]
    pub(crate) fn fold_to_first(
        &self,
        x: &[Float],
        totals: GradientMut<'_>,
        identity: Float,
        combine: impl Fn(Float, Float) -> Float + Copy + Sync,
    ) {
        self.for_each_run_of_first(totals, 1, |run, GradientMut { data, add }, len| {
            let x = &x[run.result..][..len];
            if !self.moves().0 {
                data[0] = combine(data[0], lanes::fold(x, identity, combine));
            } else if add {
                data.iter_mut().zip(x).for_each(|(total, &x)| *total = combine(*total, x));
            } else {
                data[..len].copy_from_slice(x);
            }
        });
    }

    /// Calls `visit(run, the gradient from the run's place on, length)` for all runs.
    ///
    /// Threads share the first axis that the gradient moves along; each walks over the axes outside of it in full.
    /// So every element of the gradient belongs to one thread, and its terms come in the same order for any number of them.
    #[inline(always)]
    fn for_each_run_of_first(
        &self,
        gradient: GradientMut<'_>,
        cost: usize,
        visit: impl Fn(Run, GradientMut<'_>, usize) + Sync,
    ) {
        let GradientMut { data, add } = gradient;
        let axes = &self.axes[..self.rank];
        let assign = !add && axes.iter().all(|axis| axis.first != 0);
        if !add && !assign {
            data.fill(0.0);
        }
        let split = axes.iter().position(|axis| axis.first != 0);
        let (axis, row, rows) = match split {
            Some(axis) if self.size > 0 => (axis, axes[axis].first, axes[axis].size),
            None if self.size > 0 => (0, 1, axes[0].size),
            _ => return,
        };
        self.team.for_each_rows(data, row, self.size / rows * cost, &|start, piece: &mut [Float]| {
            let range = if split.is_some() { start..start + piece.len() / row } else { 0..rows };
            vectorised(
                #[inline(always)]
                || {
                    self.for_each_run(axis, range.clone(), |run, len| {
                        visit(
                            run,
                            GradientMut { data: &mut piece[run.first - start * row..], add: !assign },
                            len,
                        );
                    });
                },
            );
        });
    }

    /// Calls `visit(position in the first, in the second operand, in the result)` for all elements of the result.
    #[inline(always)]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let inner = self.axes[self.rank - 1];
        self.for_each_run(0, 0..self.axes[0].size, |run, len| {
            for i in 0..len {
                visit(run.first + i * inner.first, run.second + i * inner.second, run.result + i);
            }
        });
    }

    /// Calls `visit(run, length)` for all runs in row-major order, within a range of one of the axes.
    #[inline(always)]
    fn for_each_run(&self, narrowed: usize, range: Range<usize>, mut visit: impl FnMut(Run, usize)) {
        if self.size == 0 || range.is_empty() {
            return;
        }
        let mut axes = self.axes;
        axes[narrowed].size = range.len();
        let mut run = Run::default();
        run.step(axes[narrowed], range.start);
        let (outer, len) = (&axes[..self.rank - 1], axes[self.rank - 1].size);
        let mut counters = [0; MAX_RANK];
        loop {
            visit(run, len);
            let mut axis = outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                counters[axis] += 1;
                run.step(outer[axis], 1);
                if counters[axis] < outer[axis].size {
                    break;
                }
                counters[axis] = 0;
                run.step_back(outer[axis]);
            }
        }
    }
}

impl Run {
    /// Moves along an axis.
    #[inline(always)]
    fn step(&mut self, axis: Axis, count: usize) {
        self.first += axis.first * count;
        self.second += axis.second * count;
        self.result += axis.result * count;
    }

    /// Moves back to the start of an axis that was walked in full.
    #[inline(always)]
    fn step_back(&mut self, axis: Axis) {
        self.first -= axis.first * axis.size;
        self.second -= axis.second * axis.size;
        self.result -= axis.result * axis.size;
    }
}

/// The steps of a shape's axes, padded in front to a rank; stretched axes have step 0.
fn steps(shape: Shape, rank: usize) -> [usize; MAX_RANK] {
    let mut steps = [0; MAX_RANK];
    let strides = shape.strides();
    for (axis, &size) in shape.axes().iter().enumerate() {
        steps[rank - shape.rank() + axis] = if size == 1 { 0 } else { strides[axis] };
    }
    steps
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayD;

    use super::*;

    #[test]
    fn sums_of_all_shape_pairs_equal_ndarrays() {
        let team = Team::default();
        let shapes: [&[usize]; 9] =
            [&[], &[1], &[4], &[3, 4], &[3, 1], &[2, 3, 4], &[2, 1, 4], &[1, 3, 1], &[2, 1, 1]];
        for a in shapes {
            for b in shapes {
                let (a_shape, b_shape) = (Shape::new(a).unwrap(), Shape::new(b).unwrap());
                let Ok(out) = a_shape.broadcast(&b_shape) else { continue };
                let array = |shape: &[usize], scale: Float| {
                    let size = shape.iter().product::<usize>();
                    ArrayD::from_shape_vec(shape, (0..size).map(|i| scale * i as Float).collect()).unwrap()
                };
                let (a, b) = (array(a, 1.0), array(b, 100.0));
                let expected =
                    a.broadcast(out.axes()).unwrap().to_owned() + &b.broadcast(out.axes()).unwrap();
                let mut y = vec![Float::NAN; out.size()];
                let plan = Broadcast::new(&team, a_shape, b_shape);
                plan.map(a.as_slice().unwrap(), b.as_slice().unwrap(), &mut y, 1, |y, a, b| *y = a + b);
                assert_eq!(y, expected.as_slice().unwrap(), "{a_shape} + {b_shape}");
            }
        }
    }

    #[test]
    fn equal_shapes_are_one_run() {
        let team = Team::default();
        let plan = Broadcast::new(&team, Shape::from([2, 3, 4]), Shape::from([2, 3, 4]));
        assert_eq!((plan.rank, plan.axes[plan.rank - 1].size), (1, 24));
        let plan = Broadcast::new(&team, Shape::from([2, 3, 4]), Shape::from([4]));
        assert_eq!((plan.rank, plan.axes[plan.rank - 1].size), (2, 4));
    }
}
