//! The products of attention: kernels with several axes on both sides.

use olifant_core::{DenseActivation, MAX_RANK, Shape, Var, Weight};

use crate::{BuildError, Initializer, Regularizer, WeightBuilder};

/// y = x·K + b over the last axes of x; kernel and bias may have several axes where x or y have.
#[derive(Clone, Debug, Default)]
pub(super) struct Projection {
    kernel: Weight,
    bias: Option<Weight>,
    /// How many axes of x are summed over.
    inputs: usize,
    /// The axes that y has in their place.
    output: Shape,
}

/// How kernel and bias are made.
pub(super) struct ProjectionOptions<'a> {
    pub(super) use_bias: bool,
    pub(super) kernel_initializer: &'a Initializer,
    pub(super) bias_initializer: &'a Initializer,
    pub(super) kernel_regularizer: Option<Regularizer>,
    pub(super) bias_regularizer: Option<Regularizer>,
}

impl Projection {
    /// Creates the weights of a projection between these axes.
    pub(super) fn build(
        from: &[usize],
        to: &[usize],
        options: &ProjectionOptions<'_>,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Projection, BuildError> {
        let (kernel, output) = (Shape::new(&[from, to].concat())?, Shape::new(to)?);
        let kernel = weights.add("kernel", kernel, options.kernel_initializer)?;
        weights.regularize(kernel, options.kernel_regularizer)?;
        let mut bias = None;
        if options.use_bias {
            let weight = weights.add("bias", output, options.bias_initializer)?;
            weights.regularize(weight, options.bias_regularizer)?;
            bias = Some(weight);
        }
        Ok(Projection { kernel, bias, inputs: from.len(), output })
    }

    /// Records the product, as one of two matrices.
    pub(super) fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, shape) = (x.tape(), x.shape());
        let units = self.output.size();
        let kernel = tape.weight(self.kernel);
        let terms = kernel.shape().size() / units.max(1);
        let bias = self.bias.map(|bias| tape.weight(bias).reshape([units]));
        let rows = shape.size() / terms.max(1);
        let y = x.reshape([rows, terms]).dense_with(
            kernel.reshape([terms, units]),
            bias,
            DenseActivation::Linear,
        );
        let kept = shape.rank() - self.inputs;
        let mut axes = [0; 2 * MAX_RANK];
        axes[..kept].copy_from_slice(&shape.axes()[..kept]);
        axes[kept..kept + self.output.rank()].copy_from_slice(self.output.axes());
        let shape = Shape::new(&axes[..kept + self.output.rank()]).expect("the shape was checked when built");
        y.reshape(shape)
    }
}
