//! The kernel of a convolution of each channel by itself.

use olifant_core::{Convolution, MAX_RANK, Shape, ShapeError, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{one, sliding::Sliding};
use crate::{
    BuildError, WeightBuilder,
    layers::{per_axis::channels, weight_options::DepthwiseOptions},
};

/// A kernel `[…, channels, depth_multiplier]`: the same numbers are `[…, 1, channels · depth_multiplier]` to a convolution
/// of as many groups, which is given each channel `depth_multiplier` times.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Depthwise {
    #[serde(default = "one")]
    pub(super) depth_multiplier: usize,
    #[serde(flatten)]
    pub(super) options: DepthwiseOptions,
    #[serde(skip)]
    kernel: Weight,
    /// How many channels come out.
    #[serde(skip)]
    filters: usize,
    #[serde(skip)]
    shape: Shape,
}

impl Default for Depthwise {
    fn default() -> Depthwise {
        Depthwise {
            depth_multiplier: one(),
            options: DepthwiseOptions::default(),
            kernel: Weight::default(),
            filters: 0,
            shape: Shape::default(),
        }
    }
}

impl Depthwise {
    /// Checks the options and creates the kernel.
    pub(super) fn build<const N: usize>(
        &mut self,
        input: &Shape,
        sliding: &Sliding<N>,
        name: &str,
        weights: &mut WeightBuilder<'_>,
    ) -> Result<(), BuildError> {
        sliding.check(false)?;
        let (channels, multiplier) = (channels::<N>(input)?, self.depth_multiplier);
        BuildError::check_option("depth_multiplier", "at least 1", multiplier, multiplier > 0)?;
        let shape = sliding.kernel_shape([channels, multiplier])?;
        self.filters = channels * multiplier;
        self.shape = sliding.kernel_shape([1, self.filters])?;
        self.kernel = self.options.add(name, shape, weights)?;
        Ok(())
    }

    /// What becomes of the shape of a sample; with a batch axis in front.
    pub(super) fn output_shape(&self, input: &Shape, convolution: Convolution) -> Result<Shape, ShapeError> {
        let repeated = input.with_last_axis(self.filters).with_batch(1);
        convolution.groups(self.filters).output_shape(repeated, self.shape)
    }

    /// Records the convolution.
    pub(super) fn call<'t>(&self, x: Var<'t>, bias: Option<Weight>, convolution: Convolution) -> Var<'t> {
        let weight = |weight| x.tape().weight(weight);
        let kernel = weight(self.kernel).reshape(self.shape);
        let x = repeated(x, self.depth_multiplier);
        x.convolution_with(kernel, bias.map(weight), convolution.groups(self.filters))
    }
}

/// Each channel so many times, one beside the other: where each filter has a channel of its own, convolutions are fastest.
fn repeated(x: Var<'_>, times: usize) -> Var<'_> {
    if times == 1 {
        return x;
    }
    let mut axes = [1; MAX_RANK];
    let rank = x.shape().rank();
    axes[..rank].copy_from_slice(x.shape().axes());
    let apart = Shape::new(&axes[..=rank]).expect("as many numbers as x has");
    let ones = x.tape().input_with([times], |ones| ones.fill(1.0));
    let channels = axes[rank - 1];
    (x.reshape(apart) * ones).reshape(x.shape().with_last_axis(channels * times))
}

/// Writes `depth_multiplier`, `depthwise_initializer`, `depthwise_regularizer` and `depthwise_constraint`,
/// for a layer with a field `depthwise`.
macro_rules! depthwise_options {
    () => {
        $crate::layers::options::options! {
            in [depthwise];
            /// How many channels each channel becomes, before they are mixed if they are.
            depth_multiplier(depth_multiplier: usize) => depth_multiplier;
        }

        $crate::layers::weight_options::options_of_weight!(
            depthwise.options, "the depthwise kernel": depthwise_initializer, depthwise_regularizer, depthwise_constraint
        );
    };
}
pub(super) use depthwise_options;
