//! Bringing axes behind all others, where operations over the last axis reach them.

use olifant_core::{Axes, MAX_RANK, Shape, Var};

use crate::{BuildError, with_batch};

/// Some axes of a layer's inputs, which an operation over the last axis is to see as one.
///
/// If they are the last already, nothing moves.
#[derive(Clone, Debug, Default)]
pub(super) struct LastAxes {
    /// How many there are.
    count: usize,
    /// The order of the axes with these last, and the way back; nothing if they are last already.
    orders: Option<[Axes; 2]>,
}

impl LastAxes {
    /// The axes of inputs with samples of this shape, and how large they are.
    ///
    /// Axes are counted as in Keras: 0 is the batch axis, −1 the last.
    ///
    /// # Errors
    ///
    /// There is no such axis, none is given, or one is the batch axis.
    pub(super) fn new(axes: Axes, input: &Shape) -> Result<(LastAxes, Shape), BuildError> {
        let shape = input.with_batch(1);
        let positions = axes.positions(shape).unwrap_or_default();
        if positions.first().is_none_or(|&first| first == 0) {
            let given = Option::<Vec<isize>>::from(axes);
            let expected = format!("axes of {}, but not the batch axis", with_batch(input));
            return Err(BuildError::option("axis", expected, format!("{:?}", given.unwrap_or_default())));
        }
        let sizes: Vec<usize> = positions.iter().map(|&axis| shape[axis]).collect();
        let count = positions.len();
        let others = (0..shape.rank()).filter(|axis| !positions.contains(axis));
        let order: Vec<isize> = others.chain(positions.iter().copied()).map(|axis| axis as isize).collect();
        let mut back = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(&axis, place)| back[axis as usize] = place);
        let orders = if order.is_sorted() { None } else { Some([Axes::new(&order)?, Axes::new(&back)?]) };
        Ok((LastAxes { count, orders }, Shape::new(&sizes)?))
    }

    /// Does something along the axes, as if they were the last one, that leaves the shape as it is.
    pub(super) fn apply<'t>(&self, x: Var<'t>, work: impl FnOnce(Var<'t>) -> Var<'t>) -> Var<'t> {
        let moved = self.moved(x);
        let y = if self.count == 1 { work(moved) } else { self.apply_joined(moved, work) };
        self.orders.map_or(y, |[_, back]| y.transpose(back))
    }

    /// A value with these axes last.
    pub(super) fn moved<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.orders.map_or(x, |[order, _]| x.transpose(order))
    }

    /// Which rows count, for a value of this shape of which only some time steps do.
    ///
    /// A row is what lies along these axes, a time step all rows with the same first two positions.
    /// If these axes are the time itself, all rows count.
    pub(super) fn mask_of_rows<'t>(&self, mask: Var<'t>, shape: Shape) -> Var<'t> {
        let (mut counted, mut ones) = ([1; MAX_RANK], [1; MAX_RANK]);
        counted[..2].copy_from_slice(mask.shape().axes());
        // What lies along the last axes is the same, and need not be written out.
        let distinct = shape.rank() - if self.orders.is_none() { self.count } else { 0 };
        (2..distinct).for_each(|axis| ones[axis] = shape[axis]);
        let [counted, ones] = [counted, ones].map(|axes| Shape::new(&axes[..shape.rank()]).unwrap_or(shape));
        let ones = mask.tape().input_with(ones, |ones| ones.fill(1.0));
        let counts = self.moved(mask.reshape(counted) * ones);
        let axes = counts.shape();
        let row: usize = axes.axes()[axes.rank() - self.count..].iter().product();
        counts.reshape([axes.size() / row.max(1), row]).max(1)
    }

    /// The same, with the last axes made one.
    fn apply_joined<'t>(&self, x: Var<'t>, work: impl FnOnce(Var<'t>) -> Var<'t>) -> Var<'t> {
        let shape = x.shape();
        let last = shape.axes()[shape.rank() - self.count..].iter().product();
        work(x.reshape([shape.size() / usize::max(last, 1), last])).reshape(shape)
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::{Mode, Tape, Weights, Workspace};

    use super::*;

    /// Applies softmax along axes of x = 0, 1, 2, … of shape [2, 3, 4] and sums the result over axes.
    fn sums(axes: impl Into<Axes>, over: impl Into<Axes>) -> Vec<f64> {
        let (last, _) = LastAxes::new(axes.into(), &Shape::from([3, 4])).unwrap();
        let weights = Weights::default();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let x =
            tape.input_with([2, 3, 4], |x| x.iter_mut().zip(0u8..).for_each(|(x, i)| *x = (i % 5).into()));
        let y = last.apply(x, Var::softmax).sum(over);
        y.with_value(|y| y.data.iter().map(|&y| f64::from(y)).collect())
    }

    #[test]
    fn an_operation_reaches_the_axes_wherever_they_are() {
        let ones = |sums: Vec<f64>, count: usize| {
            sums.len() == count && sums.iter().all(|sum| (sum - 1.0).abs() < 1e-6)
        };
        assert!(ones(sums(-1, -1), 6));
        assert!(ones(sums(1, 1), 8));
        assert!(ones(sums([1, 2], [1, 2]), 2));
        assert!(ones(sums([2, 1], [1, 2]), 2));
        assert!(!ones(sums(1, 2), 6));
    }

    #[test]
    fn axes_that_do_not_exist_are_refused() {
        let message = |axes: Axes| LastAxes::new(axes, &Shape::from([3, 4])).unwrap_err().to_string();
        let expected = "axis must be axes of [batch, 3, 4], but not the batch axis, but is ";
        assert_eq!(message(3.into()), format!("{expected}[3]"));
        assert_eq!(message([1, 0].into()), format!("{expected}[1, 0]"));
        assert_eq!(message((-3).into()), format!("{expected}[-3]"));
        assert_eq!(message(Axes::new(&[]).unwrap()), format!("{expected}[]"));
        assert_eq!(message(Axes::All), format!("{expected}[]"));
    }
}
