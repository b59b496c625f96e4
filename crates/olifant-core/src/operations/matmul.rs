//! The matrix product, of single matrices and of batches.

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    kernels::{
        broadcast::Broadcast,
        matmul::{Epilogue, Scratch, Stack, matmul, matmul_each},
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

/// The axes before the last two, the rows and the columns.
fn split(shape: Shape) -> Result<(Shape, usize, usize), ShapeError> {
    match shape.axes() {
        [batch @ .., rows, columns] => Ok((Shape::new(batch)?, *rows, *columns)),
        _ => Err(ShapeError::Mismatch(format!("matmul needs at least two axes, but was given shape {shape}"))),
    }
}

/// How the matrices of two stacks line up: one by one, or broadcast, where some are used several times.
#[derive(Clone, Copy)]
struct Plan<'t>(Option<Broadcast<'t>>);

/// The stacks that a product is of, with the numbers of their matrices where the i-th of A and the j-th of B give the k-th of C.
struct Factors<'a> {
    left: (Stack<'a>, Number),
    right: (Stack<'a>, Number),
    output: Number,
}

#[derive(Clone, Copy)]
enum Number {
    I = 0,
    J = 1,
    K = 2,
}

impl Plan<'_> {
    /// Multiplies all pairs.
    fn multiply(
        &self,
        factors: &Factors<'_>,
        output: &mut [Float],
        epilogue: Epilogue<'_>,
        team: &Team,
        scratch: &mut Scratch,
    ) {
        let (left, right) = (factors.left.0, factors.right.0);
        match &self.0 {
            None => matmul_each(left, right, output, epilogue, team, scratch),
            Some(plan) => {
                let size = left.matrix_sizes()[0] * right.matrix_sizes()[1];
                plan.for_each(|i, j, k| {
                    let index = |number: Number| [i, j, k][number as usize];
                    let (left, right) = (left.matrix(index(factors.left.1)), right.matrix(index(factors.right.1)));
                    let output = &mut output[index(factors.output) * size..][..size];
                    matmul(left, right, output, epilogue, team, scratch);
                });
            }
        }
    }
}

impl Matmul {
    /// The operands, and how their matrices line up.
    ///
    /// One matrix B for all A is a single product: the rows of all A stand one below the other.
    fn operands<'a>(&self, inputs: &Inputs<'a>, team: &'a Team) -> (Stack<'a>, Stack<'a>, Plan<'a>) {
        let operand = |number, transposed| {
            let TensorView { data, shape } = inputs.get(number);
            let (batch, rows, columns) = split(shape).expect("the shapes were checked before");
            (batch, Stack::new(data, rows, columns).transposed_if(transposed))
        };
        let (batch_a, a) = operand(0, self.transpose_a);
        let (batch_b, b) = operand(1, self.transpose_b);
        if batch_b.size() == 1 && !self.transpose_a {
            (a.joined(batch_a.size()), b, Plan(None))
        } else if batch_a == batch_b {
            (a, b, Plan(None))
        } else {
            (a, b, Plan(Some(Broadcast::new(team, batch_a, batch_b))))
        }
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
        let factors = Factors { left: (a, Number::I), right: (b, Number::J), output: Number::K };
        plan.multiply(&factors, step.output, Epilogue::Assign, step.team, step.scratch);
    }

    /// dA = dC·Bᵀ and dB = Aᵀ·dC; a matrix that was used several times gets the sum.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (a, b, plan) = self.operands(&step.inputs, step.team);
        let ([rows, _], [_, columns]) = (a.matrix_sizes(), b.matrix_sizes());
        let dc = Stack::new(step.output_gradient, rows, columns);
        let mut add = |left, right, output, gradient: &mut [Float]| {
            let factors = Factors { left, right, output };
            plan.multiply(&factors, gradient, Epilogue::Add, step.team, step.scratch);
        };
        if let Some(mut da) = gradients.get(0) {
            // (dC·Bᵀ)ᵀ = B·dCᵀ
            let transposed = a.is_transposed();
            let [dc, b] = [(dc.transposed_if(transposed), Number::K), (b.transposed_if(!transposed), Number::J)];
            let (left, right) = if transposed { (b, dc) } else { (dc, b) };
            add(left, right, Number::I, da.accumulator());
        }
        if let Some(mut db) = gradients.get(1) {
            // (Aᵀ·dC)ᵀ = dCᵀ·A
            let transposed = b.is_transposed();
            let [a, dc] = [(a.transposed_if(!transposed), Number::I), (dc.transposed_if(transposed), Number::K)];
            let (left, right) = if transposed { (dc, a) } else { (a, dc) };
            add(left, right, Number::J, db.accumulator());
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
