//! The products of attention: kernels with several axes on both sides.

use olifant_core::{DenseActivation, MAX_RANK, Shape, Var, Weight};

use crate::{
    BuildError, WeightBuilder,
    layers::weight_options::{Bias, KernelOptions},
};

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

impl Projection {
    /// Creates the weights of a projection between these axes.
    pub(super) fn build(
        from: &[usize],
        to: &[usize],
        kernel_options: &KernelOptions,
        bias_options: &Bias,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Projection, BuildError> {
        let (kernel, output) = (Shape::new(&[from, to].concat())?, Shape::new(to)?);
        let kernel = kernel_options.add("kernel", kernel, weights)?;
        let bias = bias_options.add(output, weights)?;
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
