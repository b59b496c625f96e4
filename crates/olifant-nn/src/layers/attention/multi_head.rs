//! Attention with several heads.

mod projection;

use olifant_core::{Float, IfNoneCounts, Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use self::projection::Projection;
use super::{
    inputs::{shapes, values},
    weigh::{Weighing, weighing_options},
};
use crate::{
    BuildError, Layer, WeightBuilder,
    layer::one_input,
    layers::{
        activity_regularizer::{ActivityRegularizer, activity_regularizer_option},
        options::options,
        weight_options::{Bias, KernelOptions, bias_options, kernel_options},
    },
    with_batch,
};

/// Looks values up in several ways at once, each in a projection of its own.
///
/// Each head computes softmax(q·kᵀ/√key_dim) · v of its projections q = x_q·W_q + b_q, and k and v alike;
/// the results of all heads, side by side, are projected once more.
/// Only pairs count that the masks of query, value and key, the causal mask and the attention mask all allow.
///
/// # Shapes
///
/// Inputs `[query, value]` or `[query, value, key]`: `[batch, queries, d]`, `[batch, keys, e]`, `[batch, keys, f]`; without a key,
/// the value is its own; a single input attends to itself.
/// With `use_attention_mask` there is one input more, the last: `[batch, queries, keys]`, where 0 forbids a pair.
/// Outputs `[batch, queries, output_shape…]` with the mask of the query; behind them, with `return_attention_scores`,
/// the weights of the values, `[batch, num_heads, queries, keys]`, before dropout.
///
/// Weights, in this order: `query/kernel` `[d, num_heads, key_dim]`, `query/bias` `[num_heads, key_dim]`, `key/…` and `value/…` alike
/// (`value_dim` for the value), `attention_output/kernel` `[num_heads, value_dim, output_shape…]`, `attention_output/bias` `[output_shape…]`.
///
/// # Defaults
///
/// `value_dim` that of the key, `dropout` 0, `use_bias` true, `output_shape` the features of the query, `use_causal_mask`,
/// `use_attention_mask` and `return_attention_scores` false, `kernel_initializer` Glorot uniform, `bias_initializer` zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: another number of inputs, shapes that do not fit, a size of 0, a dropout outside [0, 1].
///
/// # Examples
///
/// ```
/// use olifant_nn::{CallOn, Functional, Input, layers::{Add, LayerNormalization, MultiHeadAttention}};
///
/// let x = Input::new([10, 64]);
/// let attended = MultiHeadAttention::new(8, 8).use_causal_mask(true).on([&x, &x]);
/// let y = LayerNormalization::new().on(&Add::new().on([&x, &attended]));
/// let network = Functional::new(&x, &y).build(0)?;
/// assert_eq!(network.output().axes(), [10, 64]);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Vaswani et al. (2017), [Attention Is All You Need](https://arxiv.org/abs/1706.03762).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MultiHeadAttention {
    num_heads: usize,
    key_dim: usize,
    #[serde(default)]
    value_dim: Option<usize>,
    #[serde(default)]
    output_shape: Option<Shape>,
    #[serde(default)]
    use_attention_mask: bool,
    #[serde(flatten)]
    weighing: Weighing,
    #[serde(flatten)]
    kernel_options: KernelOptions,
    #[serde(flatten)]
    bias_options: Bias,
    #[serde(flatten)]
    activity: ActivityRegularizer,
    #[serde(skip)]
    projections: Projections,
}

/// The four products of the layer.
#[derive(Clone, Debug, Default)]
struct Projections {
    query: Projection,
    key: Projection,
    value: Projection,
    output: Projection,
}

impl MultiHeadAttention {
    /// So many heads, whose queries and keys have so many features.
    pub fn new(num_heads: usize, key_dim: usize) -> MultiHeadAttention {
        MultiHeadAttention {
            num_heads,
            key_dim,
            value_dim: None,
            output_shape: None,
            use_attention_mask: false,
            weighing: Weighing::default(),
            kernel_options: KernelOptions::default(),
            bias_options: Bias::default(),
            activity: ActivityRegularizer::default(),
            projections: Projections::default(),
        }
    }

    options! {
        /// How many features the values of a head have.
        value_dim(value_dim: usize) => Some(value_dim);
        /// What comes out for each query.
        output_shape(output_shape: impl Into<Shape>) => Some(output_shape.into());
        /// Whether the last input says which pairs of query and key count.
        use_attention_mask(use_attention_mask: bool) => use_attention_mask;
    }

    weighing_options!();
    kernel_options!(kernel_options, "each kernel");
    bias_options!(bias_options, "each bias");
    activity_regularizer_option!(
        activity,
        "the results of the four projections: queries, keys, values and outputs"
    );

    fn check_options(&self) -> Result<(), BuildError> {
        let sizes = [("num_heads", self.num_heads), ("key_dim", self.key_dim)];
        let value_dim = self.value_dim.map(|size| ("value_dim", size));
        let output_shape = self.output_shape.map(|shape| ("output_shape", shape.size()));
        for (option, size) in sizes.into_iter().chain(value_dim).chain(output_shape) {
            BuildError::check_option(option, "at least 1", size, size > 0)?;
        }
        self.activity.check()?;
        self.weighing.check()
    }

    /// Takes the attention mask off the shapes, if it should be there.
    fn without_attention_mask<'s>(
        &self,
        inputs: &'s [Shape],
    ) -> Result<(&'s [Shape], Option<Shape>), BuildError> {
        match inputs {
            [others @ .., mask] if self.use_attention_mask && !others.is_empty() => Ok((others, Some(*mask))),
            _ if self.use_attention_mask => {
                let expected = "query and value, and an attention mask behind them,".to_string();
                Err(BuildError::Inputs { expected, given: inputs.len() })
            }
            _ => Ok((inputs, None)),
        }
    }

    /// Which pairs count, as far as masks of the inputs say: `[batch, queries or 1, keys]`.
    fn mask<'t>(&self, inputs: &VarList<'t>, [query, value, key]: [Var<'t>; 3]) -> Option<Var<'t>> {
        let (batch, queries, keys) = (query.shape()[0], query.shape()[1], value.shape()[1]);
        let of_query = query.mask().map(|mask| {
            // The softmax takes masks that are written out along the keys.
            mask.reshape([batch, queries, 1]) * query.tape().input_with([1, 1, keys], |ones| ones.fill(1.0))
        });
        let of_value = value.mask().map(|mask| mask.reshape([batch, 1, keys]));
        let has_key = self.count(inputs) > 2;
        let of_key = key.mask().filter(|_| has_key).map(|mask| mask.reshape([batch, 1, keys]));
        let of_pairs = self.use_attention_mask.then(|| inputs.get(inputs.len() - 1));
        [of_query, of_value, of_key, of_pairs].into_iter().flatten().reduce(|a, b| a * b)
    }

    /// How many of the inputs are query, value and key.
    fn count(&self, inputs: &VarList<'_>) -> usize {
        inputs.len() - usize::from(self.use_attention_mask)
    }
}

#[typetag::serde(name = "multi_head_attention")]
impl Layer for MultiHeadAttention {
    one_input!();

    fn outputs(&self) -> usize {
        self.weighing.outputs()
    }

    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        self.check_options()?;
        let (inputs, attention_mask) = self.without_attention_mask(inputs)?;
        let [query, value, key] = match inputs {
            [x] => shapes(&[*x, *x])?,
            _ => shapes(inputs)?,
        };
        if let Some(mask) = attention_mask.filter(|mask| mask.axes() != [query[0], value[0]]) {
            let expected = with_batch(&Shape::from([query[0], value[0]]));
            let remedy = "; the attention mask has a number for each pair of query and key";
            return Err(BuildError::InputShape { expected, given: with_batch(&mask), remedy });
        }
        let (heads, key_dim) = (self.num_heads, self.key_dim);
        let value_dim = self.value_dim.unwrap_or(key_dim);
        let output = self.output_shape.unwrap_or(Shape::from([query[1]]));
        let mut build = |name, from: &[usize], to: &[usize]| {
            let weights = &mut weights.nested(name);
            Projection::build(from, to, &self.kernel_options, &self.bias_options, weights)
        };
        self.projections = Projections {
            query: build("query", &[query[1]], &[heads, key_dim])?,
            key: build("key", &[key[1]], &[heads, key_dim])?,
            value: build("value", &[value[1]], &[heads, value_dim])?,
            output: build("attention_output", &[heads, value_dim], output.axes())?,
        };
        let y = Shape::new(&[&[query[0]], output.axes()].concat())?;
        Ok(self.weighing.returned_shapes(y, Shape::from([heads, query[0], value[0]])))
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let [query, value, key] = values(inputs, self.count(inputs));
        let mask = self.mask(inputs, [query, value, key]);
        let project = |projection: &Projection, x| self.activity.penalize(projection.call(x));
        let heads = |projection: &Projection, x| project(projection, x).transpose([0, 2, 1, 3]);
        let Projections { query: for_query, key: for_key, value: for_value, output } = &self.projections;
        let scores = heads(for_query, query).matmul_transposed(heads(for_key, key));
        // Keras computes the weights in another way where it needs them.
        let by_hand = self.weighing.dropout > 0.0 || self.weighing.return_attention_scores;
        let if_none_counts = if by_hand { IfNoneCounts::Zero } else { IfNoneCounts::Equal };
        let scale = 1.0 / (self.key_dim as Float).sqrt();
        let weights = scores.masked_softmax(scale, mask, self.weighing.use_causal_mask, if_none_counts);
        let attended =
            weights.dropout(self.weighing.dropout).matmul(heads(for_value, value)).transpose([0, 2, 1, 3]);
        let y = project(output, attended);
        self.weighing.returned(y.with_mask(query.mask()), weights)
    }
}
