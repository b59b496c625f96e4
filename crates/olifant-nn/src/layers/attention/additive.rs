//! Attention by a small network.

use olifant_core::{Axes, Float, Shape, VarList, Weight};
use serde::{Deserialize, Serialize};

use super::{
    dot_product::sums_of_pairs,
    inputs::{comparable_shapes, values},
    weigh::{Weighing, weighing_options},
};
use crate::{
    BuildError, Initializer, Layer, WeightBuilder,
    layer::one_input,
    layers::{defaults::yes, options::options},
};

/// Looks values up by how well keys and queries fit, as a small network sees it (Bahdanau).
///
/// y = softmax(Σ scale · tanh(q + k)) · V, over those steps of the value that its mask does not hide.
///
/// # Shapes
///
/// Inputs `[query, value]` or `[query, value, key]`: `[batch, queries, features]`, `[batch, keys, units]`, `[batch, keys, features]`;
/// without a key, the value is its own. Outputs `[batch, queries, units]`, with the mask of the query, whose hidden steps become 0;
/// behind them, with `return_attention_scores`, the weights of the values, `[batch, queries, keys]`, after dropout.
/// Weight `scale`: `[features]`, Glorot uniform.
///
/// # Defaults
///
/// `use_scale` true, `dropout` 0, `use_causal_mask` and `return_attention_scores` false.
///
/// # Errors
///
/// When built: another number of inputs, shapes that do not fit, a dropout outside [0, 1].
///
/// # References
///
/// Bahdanau, Cho, Bengio (2014), [Neural Machine Translation by Jointly Learning to Align and Translate](https://arxiv.org/abs/1409.0473).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdditiveAttention {
    #[serde(default = "yes")]
    use_scale: bool,
    #[serde(flatten)]
    weighing: Weighing,
    #[serde(skip)]
    scale: Option<Weight>,
}

impl Default for AdditiveAttention {
    fn default() -> AdditiveAttention {
        AdditiveAttention { use_scale: true, weighing: Weighing::default(), scale: None }
    }
}

impl AdditiveAttention {
    /// The layer with the default options.
    pub fn new() -> AdditiveAttention {
        AdditiveAttention::default()
    }

    options! {
        /// Whether each feature has a scale that is learnt.
        use_scale(use_scale: bool) => use_scale;
    }

    weighing_options!();
}

#[typetag::serde(name = "additive_attention")]
impl Layer for AdditiveAttention {
    one_input!();

    fn outputs(&self) -> usize {
        self.weighing.outputs()
    }

    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        self.weighing.check()?;
        let [query, value, _] = comparable_shapes(inputs)?;
        self.scale = None;
        if self.use_scale {
            self.scale = Some(weights.add("scale", Shape::from([query[1]]), &Initializer::GlorotUniform)?);
        }
        let scores = query.with_last_axis(value[0]);
        Ok(self.weighing.returned_shapes(query.with_last_axis(value[1]), scores))
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let [query, value, key] = values(inputs, inputs.len());
        let fits = sums_of_pairs(query, key).tanh();
        let scaled = self.scale.map_or(fits, |scale| fits * query.tape().weight(scale));
        self.weighing.apply(scaled.sum(Axes::from(-1)), query, value)
    }
}
