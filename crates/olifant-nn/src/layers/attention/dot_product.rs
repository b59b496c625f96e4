//! Attention by dot products.

use olifant_core::{Axes, Float, Shape, Var, VarList, Weight};
use serde::{Deserialize, Serialize};

use super::{
    inputs::{comparable_shapes, values},
    weigh::{Weighing, weighing_options},
};
use crate::{BuildError, Initializer, Layer, WeightBuilder, layer::one_input, layers::options::options};

/// Looks values up by the dot products of queries and keys (Luong).
///
/// y = softmax(Q·Kᵀ) · V, over those steps of the value that its mask does not hide.
///
/// # Shapes
///
/// Inputs `[query, value]` or `[query, value, key]`: `[batch, queries, features]`, `[batch, keys, units]`, `[batch, keys, features]`;
/// without a key, the value is its own. Outputs `[batch, queries, units]`, with the mask of the query, whose hidden steps become 0;
/// behind them, with `return_attention_scores`, the weights of the values, `[batch, queries, keys]`, after dropout.
/// Weights: `scale` with `use_scale`, `concat_score_weight` with [`ScoreMode::Concat`], both single numbers that begin with 1.
///
/// # Defaults
///
/// `use_scale` false, `score_mode` dot, `dropout` 0, `use_causal_mask` and `return_attention_scores` false.
///
/// # Errors
///
/// When built: another number of inputs, shapes that do not fit, a dropout outside [0, 1].
///
/// # References
///
/// Luong, Pham, Manning (2015), [Effective Approaches to Attention-based Neural Machine Translation](https://arxiv.org/abs/1508.04025).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Attention {
    #[serde(default)]
    use_scale: bool,
    #[serde(default)]
    score_mode: ScoreMode,
    #[serde(flatten)]
    weighing: Weighing,
    #[serde(skip)]
    scale: Option<Weight>,
    #[serde(skip)]
    concat_score_weight: Weight,
}

/// How [`Attention`] compares a query and a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreMode {
    /// scale · Σ q·k
    #[default]
    Dot,
    /// concat_score_weight · Σ tanh(scale · (q + k))
    Concat,
}

impl Attention {
    /// The layer with the default options.
    pub fn new() -> Attention {
        Attention::default()
    }

    options! {
        /// Whether the scores have a scale that is learnt.
        use_scale(use_scale: bool) => use_scale;
        /// How a query and a key are compared.
        score_mode(score_mode: ScoreMode) => score_mode;
    }

    weighing_options!();

    /// `[batch, queries, keys]`
    fn scores<'t>(&self, query: Var<'t>, key: Var<'t>) -> Var<'t> {
        let scale = self.scale.map(|scale| query.tape().weight(scale));
        match self.score_mode {
            ScoreMode::Dot => {
                let scores = query.matmul_transposed(key);
                scale.map_or(scores, |scale| scale * scores)
            }
            ScoreMode::Concat => {
                let sums = sums_of_pairs(query, key);
                let scores = scale.map_or(sums, |scale| scale * sums).tanh().sum(Axes::from(-1));
                query.tape().weight(self.concat_score_weight) * scores
            }
        }
    }
}

/// q + k of all pairs: `[batch, queries, keys, features]`.
pub(super) fn sums_of_pairs<'t>(query: Var<'t>, key: Var<'t>) -> Var<'t> {
    let [q, k] = [query, key].map(Var::shape);
    query.reshape([q[0], q[1], 1, q[2]]) + key.reshape([k[0], 1, k[1], k[2]])
}

#[typetag::serde(name = "attention")]
impl Layer for Attention {
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
            self.scale = Some(weights.add("scale", Shape::SCALAR, &Initializer::Ones)?);
        }
        if self.score_mode == ScoreMode::Concat {
            self.concat_score_weight =
                weights.add("concat_score_weight", Shape::SCALAR, &Initializer::Ones)?;
        }
        let scores = query.with_last_axis(value[0]);
        Ok(self.weighing.returned_shapes(query.with_last_axis(value[1]), scores))
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let [query, value, key] = values(inputs, inputs.len());
        self.weighing.apply(self.scores(query, key), query, value)
    }
}
