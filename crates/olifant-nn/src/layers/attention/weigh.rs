//! What attention does with its scores.

use olifant_core::{Float, IfNoneCounts, Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use crate::BuildError;

/// How scores become weights of values.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Weighing {
    pub(super) dropout: Float,
    pub(super) use_causal_mask: bool,
    pub(super) return_attention_scores: bool,
}

impl Weighing {
    /// Whether such a share can be dropped.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let dropout = self.dropout;
        BuildError::check_option("dropout", "between 0 and 1", dropout, (0.0..=1.0).contains(&dropout))
    }

    /// How many values the layer returns.
    pub(super) fn outputs(&self) -> usize {
        1 + usize::from(self.return_attention_scores)
    }

    /// What the layer returns: its output, and the scores behind it if they are wanted.
    pub(super) fn returned<'t>(&self, y: Var<'t>, scores: Var<'t>) -> VarList<'t> {
        y.tape().list_of(&[y, scores][..self.outputs()])
    }

    /// The shapes of what the layer returns.
    pub(super) fn returned_shapes(&self, y: Shape, scores: Shape) -> Vec<Shape> {
        [y, scores][..self.outputs()].to_vec()
    }

    /// Σ softmax(scores) · value, with the steps of the value left out that its mask hides; and the softmax, if it is wanted.
    ///
    /// Scores `[batch, queries, keys]`; what a masked query gets is 0, and the result has the query's mask.
    pub(super) fn apply<'t>(&self, scores: Var<'t>, query: Var<'t>, value: Var<'t>) -> VarList<'t> {
        let shape = scores.shape();
        let (batch, queries, keys) = (shape[0], shape[1], shape[2]);
        let mask = value.mask().map(|mask| mask.reshape([batch, 1, keys]));
        let weights = scores
            .reshape([batch, 1, queries, keys])
            .masked_softmax(1.0, mask, self.use_causal_mask, IfNoneCounts::Equal)
            .reshape(shape)
            .dropout(self.dropout);
        let y = weights.matmul(value);
        let y = match query.mask() {
            Some(mask) => (y * mask.reshape([batch, queries, 1])).with_mask(Some(mask)),
            None => y,
        };
        self.returned(y, weights)
    }
}

/// Writes `dropout`, `use_causal_mask` and `return_attention_scores`, for a layer with a field `weighing`.
macro_rules! weighing_options {
    () => {
        $crate::layers::options::options! {
            in [weighing];
            /// The share of weights that are dropped in training, in [0, 1].
            dropout(dropout: Float) => dropout;
            /// Whether a query sees no keys behind its own position.
            use_causal_mask(use_causal_mask: bool) => use_causal_mask;
            /// Whether the weights of the values are returned behind the output.
            return_attention_scores(return_attention_scores: bool) => return_attention_scores;
        }
    };
}
pub(super) use weighing_options;
