//! Looking up the rows of a table.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
    shape::MAX_RANK,
};

/// y = the rows of a table that whole numbers name.
///
/// A number that names no row gets a row of NaN, and sends no gradient back: what depends on it is visibly wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Embedding;

/// The row that a number names, if there is one.
#[inline(always)]
fn row_of(id: Float, vocabulary: usize) -> Option<usize> {
    (id >= 0.0 && id < vocabulary as Float && id.fract() == 0.0).then_some(id as usize)
}

impl Operation for Embedding {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (table, ids) = (inputs.get(0).shape, inputs.get(1).shape);
        let &[_, units] = table.axes() else {
            return Err(ShapeError::Mismatch(format!("embedding: a table has two axes, but was given shape {table}")));
        };
        let mut axes = [units; MAX_RANK + 1];
        axes[..ids.rank()].copy_from_slice(ids.axes());
        Shape::new(&axes[..=ids.rank()])
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (table, ids) = (step.inputs.get(0), step.inputs.get(1).data);
        let (vocabulary, units) = (table.shape[0], table.shape[1]);
        step.team.for_each_rows(step.output, units, units, &|first, y: &mut [Float]| {
            for (y, &id) in y.chunks_exact_mut(units).zip(&ids[first..]) {
                match row_of(id, vocabulary) {
                    Some(row) => y.copy_from_slice(&table.data[row * units..][..units]),
                    None => y.fill(Float::NAN),
                }
            }
        });
    }

    /// Each row of the table gets the sum over the places it was copied to.
    ///
    /// Threads share the rows of the table; each looks through all numbers and adds what belongs to its rows.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (table, ids) = (step.inputs.get(0).shape, step.inputs.get(1).data);
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (vocabulary, units, dy) = (table[0], table[1], &*step.output_gradient);
        let cost = units + dy.len() / vocabulary.max(1);
        step.team.for_each_rows(data, units, cost, &|first, rows: &mut [Float]| {
            if !add {
                rows.fill(0.0);
            }
            for (dy, &id) in dy.chunks_exact(units).zip(ids) {
                let place = row_of(id, vocabulary).and_then(|row| row.checked_sub(first));
                let row = place.and_then(|place| rows.chunks_exact_mut(units).nth(place));
                row.into_iter().flatten().zip(dy).for_each(|(row, dy)| *row += dy);
            }
        });
    }
}

impl<'t> Var<'t> {
    /// The rows of this table that whole numbers name; a number that names no row gets a row of NaN.
    ///
    /// [`gather`](Var::gather) is the same along any axis, and panics where this gives NaN.
    ///
    /// # Shapes
    ///
    /// Table `[vocabulary, units]`, numbers `[…]`; result `[…, units]`.
    ///
    /// # Panics
    ///
    /// The table has not two axes.
    #[track_caller]
    pub fn embedding(self, ids: Var<'t>) -> Var<'t> {
        self.tape.operate(Embedding, &[self, ids])
    }
}
