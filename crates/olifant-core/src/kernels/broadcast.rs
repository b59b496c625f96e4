//! Walking over two operands that are stretched to a common shape.

use crate::{Float, Shape, shape::MAX_RANK};

/// How two operands line up: outer axes to step through, and an inner run that is contiguous or constant in each.
///
/// Neighbouring axes that both operands treat alike are merged first,
/// so equal shapes are a single run, and a matrix with a row or a column is a loop over rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broadcast {
    /// Size, step of the first and step of the second operand, outermost first.
    outer: [(usize, usize, usize); MAX_RANK],
    outer_rank: usize,
    /// The length of a run.
    inner: usize,
    /// Whether each operand moves along the run (else it is one number, stretched).
    moves: (bool, bool),
}

impl Broadcast {
    /// The plan for two shapes that fit together.
    pub(crate) fn new(first: Shape, second: Shape) -> Broadcast {
        let rank = first.rank().max(second.rank());
        let (first, second) = (Steps::new(first, rank), Steps::new(second, rank));
        let mut merged = [(1, 0, 0); MAX_RANK];
        let mut count = 0;
        for axis in 0..rank {
            let size = if first.sizes[axis] == 1 { second.sizes[axis] } else { first.sizes[axis] };
            let (step_1, step_2) = (first.steps[axis], second.steps[axis]);
            if size == 1 {
                continue;
            }
            if count > 0 {
                let (outer_size, outer_1, outer_2) = merged[count - 1];
                if outer_1 == step_1 * size && outer_2 == step_2 * size {
                    merged[count - 1] = (outer_size * size, step_1, step_2);
                    continue;
                }
            }
            merged[count] = (size, step_1, step_2);
            count += 1;
        }
        let (inner, step_1, step_2) = if count == 0 { (1, 1, 1) } else { merged[count - 1] };
        Broadcast {
            outer: merged,
            outer_rank: count.saturating_sub(1),
            inner,
            moves: (step_1 != 0, step_2 != 0),
        }
    }

    /// The same plan with the operands exchanged.
    pub(crate) fn swapped(mut self) -> Broadcast {
        for (_, step_1, step_2) in &mut self.outer {
            std::mem::swap(step_1, step_2);
        }
        self.moves = (self.moves.1, self.moves.0);
        self
    }

    /// `output = f(first, second)`, element by element.
    #[inline(always)]
    pub(crate) fn map(
        &self,
        first: &[Float],
        second: &[Float],
        output: &mut [Float],
        f: impl Fn(Float, Float) -> Float,
    ) {
        if output.is_empty() {
            return;
        }
        let mut runs = output.chunks_exact_mut(self.inner);
        self.for_each_run(|start_1, start_2| {
            let Some(output) = runs.next() else { return };
            let (first, second) = (&first[start_1..], &second[start_2..]);
            match self.moves {
                (true, true) => {
                    output.iter_mut().zip(first).zip(second).for_each(|((y, &a), &b)| *y = f(a, b));
                }
                (true, false) => output.iter_mut().zip(first).for_each(|(y, &a)| *y = f(a, second[0])),
                (false, true) => output.iter_mut().zip(second).for_each(|(y, &b)| *y = f(first[0], b)),
                (false, false) => output.fill(f(first[0], second[0])),
            }
        });
    }

    /// `gradient += dy · slope(first, second)`, summed over the copies of a stretched first operand.
    #[inline(always)]
    pub(crate) fn add_to_first(
        &self,
        first: &[Float],
        second: &[Float],
        dy: &[Float],
        gradient: &mut [Float],
        slope: impl Fn(Float, Float) -> Float,
    ) {
        if dy.is_empty() {
            return;
        }
        let mut runs = dy.chunks_exact(self.inner);
        self.for_each_run(|start_1, start_2| {
            let Some(dy) = runs.next() else { return };
            let (first, second, gradient) = (&first[start_1..], &second[start_2..], &mut gradient[start_1..]);
            match self.moves {
                (true, true) => {
                    let terms = gradient.iter_mut().zip(dy).zip(first.iter().zip(second));
                    terms.for_each(|((dx, &dy), (&a, &b))| *dx += dy * slope(a, b));
                }
                (true, false) => {
                    let terms = gradient.iter_mut().zip(dy).zip(first);
                    terms.for_each(|((dx, &dy), &a)| *dx += dy * slope(a, second[0]));
                }
                (false, true) => {
                    gradient[0] +=
                        dy.iter().zip(second).map(|(&dy, &b)| dy * slope(first[0], b)).sum::<Float>();
                }
                (false, false) => {
                    gradient[0] += dy.iter().map(|&dy| dy * slope(first[0], second[0])).sum::<Float>();
                }
            }
        });
    }

    /// Calls `run` with the operands' positions at the start of every run, in row-major order.
    #[inline(always)]
    fn for_each_run(&self, mut run: impl FnMut(usize, usize)) {
        let outer = &self.outer[..self.outer_rank];
        let mut counters = [0; MAX_RANK];
        let (mut start_1, mut start_2) = (0, 0);
        loop {
            run(start_1, start_2);
            let mut axis = outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                let (size, step_1, step_2) = outer[axis];
                counters[axis] += 1;
                start_1 += step_1;
                start_2 += step_2;
                if counters[axis] < size {
                    break;
                }
                counters[axis] = 0;
                start_1 -= size * step_1;
                start_2 -= size * step_2;
            }
        }
    }
}

/// A shape's sizes and steps, padded in front to a common rank; stretched axes have step 0.
struct Steps {
    sizes: [usize; MAX_RANK],
    steps: [usize; MAX_RANK],
}

impl Steps {
    fn new(shape: Shape, rank: usize) -> Steps {
        let (mut sizes, mut steps) = ([1; MAX_RANK], [0; MAX_RANK]);
        let strides = shape.strides();
        for (axis, &size) in shape.axes().iter().enumerate() {
            let place = rank - shape.rank() + axis;
            sizes[place] = size;
            steps[place] = if size == 1 { 0 } else { strides[axis] };
        }
        Steps { sizes, steps }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayD;

    use super::*;

    #[test]
    fn sums_of_all_shape_pairs_equal_ndarrays() {
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
                let plan = Broadcast::new(a_shape, b_shape);
                plan.map(a.as_slice().unwrap(), b.as_slice().unwrap(), &mut y, |a, b| a + b);
                assert_eq!(y, expected.as_slice().unwrap(), "{a_shape} + {b_shape}");
            }
        }
    }

    #[test]
    fn equal_shapes_are_one_run() {
        let plan = Broadcast::new(Shape::from([2, 3, 4]), Shape::from([2, 3, 4]));
        assert_eq!((plan.outer_rank, plan.inner), (0, 24));
        let plan = Broadcast::new(Shape::from([2, 3, 4]), Shape::from([4]));
        assert_eq!((plan.outer_rank, plan.inner), (1, 4));
    }
}
