//! A vector for each word.

use olifant_core::{Shape, TensorView, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{
    activity_regularizer::{ActivityRegularizer, activity_regularizer_option},
    ids::check_ids,
    options::options,
    weight_options::{EmbeddingsOptions, options_of_weight},
};
use crate::{BuildError, Layer, WeightBuilder, with_batch};

/// Replaces whole numbers by vectors that are learnt: y = the row of the table that x names.
///
/// Ids in the data that name no row are refused before a step begins.
/// Ids that are computed inside a network and name no row get a row of NaN.
///
/// # Shapes
///
/// With `mask_zero`, outputs have a mask that hides the time steps whose id is 0.
///
/// Inputs `[batch, …]` of whole numbers below `input_dim`, outputs `[batch, …, output_dim]`;
/// weight `embeddings` `[input_dim, output_dim]`.
///
/// # Defaults
///
/// `embeddings_initializer` uniform in ±0.05, no regularizers, no constraint, `mask_zero` false.
///
/// # Errors
///
/// When built: one of the two sizes is 0; `mask_zero` with inputs other than `[batch, time]`.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::Embedding};
///
/// let network = Sequential::new([12]).add(Embedding::new(1000, 64)).build(0)?;
/// assert_eq!(network.output().axes(), [12, 64]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Embedding {
    input_dim: usize,
    output_dim: usize,
    #[serde(flatten)]
    options: EmbeddingsOptions,
    #[serde(flatten)]
    activity: ActivityRegularizer,
    #[serde(default)]
    mask_zero: bool,
    #[serde(skip)]
    embeddings: Weight,
}

impl Embedding {
    /// How many ids there are, and the length of the vectors.
    pub fn new(input_dim: usize, output_dim: usize) -> Embedding {
        Embedding {
            input_dim,
            output_dim,
            options: EmbeddingsOptions::default(),
            activity: ActivityRegularizer::default(),
            mask_zero: false,
            embeddings: Weight::default(),
        }
    }

    options! {
        /// Whether 0 stands for padding, which layers behind are told to leave out.
        mask_zero(mask_zero: bool) => mask_zero;
    }

    options_of_weight!(options, "the table": embeddings_initializer, embeddings_regularizer, embeddings_constraint);
    activity_regularizer_option!(activity, "the outputs");
}

#[typetag::serde(name = "embedding")]
impl Layer for Embedding {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        for (option, size) in [("input_dim", self.input_dim), ("output_dim", self.output_dim)] {
            BuildError::check_option(option, "at least 1", size, size > 0)?;
        }
        self.activity.check()?;
        if self.mask_zero && input.rank() != 1 {
            let (expected, given) = ("[batch, time]".to_string(), with_batch(input));
            let remedy = "; only time steps can be masked: set mask_zero to false";
            return Err(BuildError::InputShape { expected, given, remedy });
        }
        let shape = Shape::new(&[self.input_dim, self.output_dim])?;
        self.embeddings = self.options.add("embeddings", shape, weights)?;
        Ok(Shape::new(&[input.axes(), &[self.output_dim]].concat())?)
    }

    fn call<'t>(&self, ids: Var<'t>) -> Var<'t> {
        let y = self.activity.penalize(ids.tape().weight(self.embeddings).embedding(ids));
        if self.mask_zero { y.with_mask(Some(1.0 - ids.equal(0.0))) } else { y }
    }

    fn check_input(&self, _: usize, x: TensorView<'_>) -> Result<(), BuildError> {
        check_ids("id", self.input_dim, x)
    }
}
