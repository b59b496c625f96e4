//! The matrix product, of single matrices and of batches.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{
        broadcast::Broadcast,
        matmul::{Epilogue, Matrix, matmul},
        team::Team,
    },
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
    tensor::TensorView,
};

/// C = A·B over the last two axes, either operand transposed if asked; the axes before are broadcast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matmul {
    transpose_a: bool,
    transpose_b: bool,
}

/// A stack of equal matrices: how many rows and columns each has as it is stored.
#[derive(Clone, Copy)]
struct Stack<'a> {
    data: &'a [Float],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Stack<'a> {
    fn new(operand: TensorView<'a>, transposed: bool) -> Stack<'a> {
        let (_, rows, columns) = split(operand.shape).expect("the shapes were checked before");
        Stack { data: operand.data, rows, columns, transposed }
    }

    /// The numbers in one matrix.
    fn size(&self) -> usize {
        self.rows * self.columns
    }

    /// The `index`-th matrix.
    fn matrix(&self, index: usize) -> Matrix<'a> {
        let data = &self.data[index * self.size()..][..self.size()];
        Matrix::new(data, self.rows, self.columns).transposed_if(self.transposed)
    }

    /// How many rows a matrix has as it is used.
    fn matrix_rows(&self) -> usize {
        if self.transposed { self.columns } else { self.rows }
    }

    /// How many columns a matrix has as it is used.
    fn matrix_columns(&self) -> usize {
        if self.transposed { self.rows } else { self.columns }
    }

    /// The matrices one below the other, as a single one.
    fn joined(self, count: usize) -> Stack<'a> {
        Stack { rows: self.rows * count, ..self }
    }
}

/// The axes before the last two, the rows and the columns.
fn split(shape: Shape) -> Result<(Shape, usize, usize), ShapeError> {
    match shape.axes() {
        [batch @ .., rows, columns] => Ok((Shape::new(batch)?, *rows, *columns)),
        _ => Err(ShapeError::Mismatch(format!("matmul needs at least two axes, but was given shape {shape}"))),
    }
}

impl Matmul {
    /// The operands, and how their matrices line up.
    ///
    /// One matrix B for all A is a single product: the rows of all A stand one below the other.
    fn operands<'a>(&self, inputs: &Inputs<'a>, team: &'a Team) -> (Stack<'a>, Stack<'a>, Broadcast<'a>) {
        let (a, b) = (inputs.get(0), inputs.get(1));
        let [(batch_a, ..), (batch_b, ..)] = [a, b].map(|x| split(x.shape).expect("checked before"));
        let (a, b) = (Stack::new(a, self.transpose_a), Stack::new(b, self.transpose_b));
        if batch_b.size() == 1 && !self.transpose_a {
            return (a.joined(batch_a.size()), b, Broadcast::new(team, Shape::SCALAR, Shape::SCALAR));
        }
        (a, b, Broadcast::new(team, batch_a, batch_b))
    }
}

impl Operation for Matmul {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (a, b) = (inputs.get(0).shape, inputs.get(1).shape);
        let (batch_a, rows, terms_a) = split(a)?;
        let (batch_b, terms_b, columns) = split(b)?;
        let (rows, terms_a) = if self.transpose_a { (terms_a, rows) } else { (rows, terms_a) };
        let (terms_b, columns) = if self.transpose_b { (columns, terms_b) } else { (terms_b, columns) };
        if terms_a != terms_b {
            let of = |shape: Shape, transposed| format!("{}{shape}", if transposed { "transposed " } else { "" });
            return Err(ShapeError::Mismatch(format!(
                "matmul: shapes {} and {} do not fit together: the first has {terms_a} columns, the second {terms_b} rows",
                of(a, self.transpose_a),
                of(b, self.transpose_b)
            )));
        }
        let mut shape = batch_a.broadcast(&batch_b)?;
        shape.push(rows);
        shape.push(columns);
        Ok(shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (a, b, plan) = self.operands(&step.inputs, step.team);
        let size = a.matrix_rows() * b.matrix_columns();
        plan.for_each(|i, j, k| {
            let c = &mut step.output[k * size..][..size];
            matmul(a.matrix(i), b.matrix(j), c, Epilogue::Assign, step.team, step.scratch);
        });
    }

    /// dA = dC·Bᵀ and dB = Aᵀ·dC; a matrix that was used several times gets the sum.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (a, b, plan) = self.operands(&step.inputs, step.team);
        let dc = Stack {
            data: step.output_gradient,
            rows: a.matrix_rows(),
            columns: b.matrix_columns(),
            transposed: false,
        };
        if let Some(mut da) = gradients.get(0) {
            let da = da.accumulator();
            plan.for_each(|i, j, k| {
                let da = &mut da[i * a.size()..][..a.size()];
                let (dc, b) = (dc.matrix(k), b.matrix(j));
                // (dC·Bᵀ)ᵀ = B·dCᵀ
                let (left, right) = if a.transposed { (b, dc.transposed()) } else { (dc, b.transposed()) };
                matmul(left, right, da, Epilogue::Add, step.team, step.scratch);
            });
        }
        if let Some(mut db) = gradients.get(1) {
            let db = db.accumulator();
            plan.for_each(|i, j, k| {
                let db = &mut db[j * b.size()..][..b.size()];
                let (a, dc) = (a.matrix(i), dc.matrix(k));
                // (Aᵀ·dC)ᵀ = dCᵀ·A
                let (left, right) = if b.transposed { (dc.transposed(), a) } else { (a.transposed(), dc) };
                matmul(left, right, db, Epilogue::Add, step.team, step.scratch);
            });
        }
    }
}

impl<'t> Var<'t> {
    /// The matrix product self·other over the last two axes; the axes before are broadcast.
    ///
    /// # Shapes
    ///
    /// `[…, rows, terms]` and `[…, terms, columns]`; result `[…, rows, columns]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit together.
    #[track_caller]
    pub fn matmul(self, other: Var<'t>) -> Var<'t> {
        self.tape.operate(Matmul { transpose_a: false, transpose_b: false }, &[self, other])
    }

    /// self·otherᵀ: as [`matmul`](Var::matmul), with the last two axes of `other` exchanged at no cost.
    ///
    /// # Shapes
    ///
    /// `[…, rows, terms]` and `[…, columns, terms]`; result `[…, rows, columns]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit together.
    #[track_caller]
    pub fn matmul_transposed(self, other: Var<'t>) -> Var<'t> {
        self.tape.operate(Matmul { transpose_a: false, transpose_b: true }, &[self, other])
    }

    /// selfᵀ·other: as [`matmul`](Var::matmul), with the last two axes of `self` exchanged at no cost.
    ///
    /// # Shapes
    ///
    /// `[…, terms, rows]` and `[…, terms, columns]`; result `[…, rows, columns]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit together.
    #[track_caller]
    pub fn transposed_matmul(self, other: Var<'t>) -> Var<'t> {
        self.tape.operate(Matmul { transpose_a: true, transpose_b: false }, &[self, other])
    }
}
