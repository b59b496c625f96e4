//! A dense layer in one operation: product, bias and activation.

use crate::{
    Float, Operation, Shape, ShapeError, Var, Weight,
    kernels::{
        broadcast::Broadcast,
        dispatch::vectorised,
        matmul::{Epilogue, Matrix, Product, matmul, matmul_all},
        team::Team,
    },
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// The activations that [`Var::dense`] computes while the product is still in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DenseActivation {
    /// y = x
    #[default]
    Linear,
    /// y = max(x, 0)
    Relu,
}

/// y = activation(x·K + b), for each row of x.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dense {
    activation: DenseActivation,
}

impl Dense {
    /// Whether the gradient begins with zeros where the output is not positive.
    pub(crate) fn is_rectifier(&self) -> bool {
        self.activation == DenseActivation::Relu
    }
}

impl Operation for Dense {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (x, kernel) = (inputs.get(0).shape, inputs.get(1).shape);
        if kernel.rank() != 2 || x.last_axis()? != kernel[0] {
            return Err(ShapeError::Mismatch(format!("dense: a kernel of shape {kernel} does not fit inputs of shape {x}")));
        }
        if inputs.len() == 3 && inputs.get(2).shape.axes() != [kernel[1]] {
            let bias = inputs.get(2).shape;
            return Err(ShapeError::Mismatch(format!("dense: a bias of shape {bias} does not fit a kernel of shape {kernel}")));
        }
        Ok(x.with_last_axis(kernel[1]))
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (x, kernel) = (step.inputs.get(0), step.inputs.get(1));
        let (features, units) = (kernel.shape[0], kernel.shape[1]);
        let bias = (step.inputs.len() == 3).then(|| step.inputs.get(2).data);
        let epilogue = Epilogue::new(bias, self.is_rectifier());
        let x = Matrix::new(x.data, rows(x.shape), features);
        matmul(x, Matrix::new(kernel.data, features, units), step.output, epilogue, step.team, step.scratch);
    }

    /// With dz = dy · activation′: dx = dz·Kᵀ, dK = xᵀ·dz, db = the sum of dz's rows.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (x, kernel) = (step.inputs.get(0), step.inputs.get(1));
        let (features, units) = (kernel.shape[0], kernel.shape[1]);
        if self.is_rectifier() && !step.rectified {
            rectify(step.output_gradient, step.output.data, step.team);
        }
        let rows = rows(x.shape);
        let dz = Matrix::new(step.output_gradient, rows, units);
        let x = Matrix::new(x.data, rows, features);
        let kernel = Matrix::new(kernel.data, features, units);
        let from_rectifier = gradients.is_from_rectifier(0);
        let (team, scratch) = (step.team, step.scratch);
        let mut write = |[dx, dk, mut db]: [Option<GradientMut<'_>>; 3]| {
            let dx = dx.map(|GradientMut { data, add }| {
                let epilogue =
                    if from_rectifier { Epilogue::Rectified { y: x, add } } else { assign_or_add(add) };
                Product::new(dz, kernel.transposed(), data, epilogue)
            });
            let dk = dk.map(|GradientMut { data, add }| {
                let dk = Product::new(x.transposed(), dz, data, assign_or_add(add));
                match db.take() {
                    Some(db) => dk.with_column_sums(db),
                    None => dk,
                }
            });
            matmul_all([dx, dk], team, scratch);
            // The kernel is frozen.
            if let Some(db) = db {
                Broadcast::new(team, Shape::from(units), step.output.shape).sum_to_first(dz.data(), db);
            }
        };
        match gradients.get_disjoint([0, 1, 2]) {
            Some(places) => write(places),
            // The input is the kernel or the bias.
            None => {
                write([gradients.get(0), None, None]);
                write([None, gradients.get(1), None]);
                if step.inputs.len() == 3 {
                    write([None, None, gradients.get(2)]);
                }
            }
        }
        if from_rectifier {
            gradients.set_rectified(0);
        }
    }
}

/// Sets the gradient to zero where what a rectifier returned is not positive.
pub(super) fn rectify(dz: &mut [Float], y: &[Float], team: &Team) {
    team.for_each_rows(dz, 1, 1, &|start, dz: &mut [Float]| {
        vectorised(
            #[inline(always)]
            || dz.iter_mut().zip(&y[start..]).for_each(|(dz, &y)| *dz = if y > 0.0 { *dz } else { 0.0 }),
        );
    });
}

/// How many rows the inputs have: the product of all axes but the last.
fn rows(inputs: Shape) -> usize {
    inputs.axes().iter().rev().skip(1).product()
}

fn assign_or_add(add: bool) -> Epilogue<'static> {
    if add { Epilogue::Add } else { Epilogue::Assign }
}

impl<'t> Var<'t> {
    /// activation(x·K + b) along the last axis.
    ///
    /// # Shapes
    ///
    /// x `[…, features]`, kernel `[features, units]`, bias `[units]`; result `[…, units]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn dense(self, kernel: Weight, bias: Option<Weight>, activation: DenseActivation) -> Var<'t> {
        let weight = |weight| self.tape.weight(weight);
        self.dense_with(weight(kernel), bias.map(weight), activation)
    }

    /// The same with a kernel and a bias that are values: weights in another shape, or what was computed.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn dense_with(self, kernel: Var<'t>, bias: Option<Var<'t>>, activation: DenseActivation) -> Var<'t> {
        let operation = Dense { activation };
        match bias {
            Some(bias) => self.tape.operate(operation, &[self, kernel, bias]),
            None => self.tape.operate(operation, &[self, kernel]),
        }
    }
}
