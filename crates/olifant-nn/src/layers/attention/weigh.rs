//! What attention does with its scores.

use olifant_core::{Float, IfNoneCounts, Var};

/// How scores become weights of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighing {
    pub(super) dropout: Float,
    pub(super) use_causal_mask: bool,
}

impl Weighing {
    /// Σ softmax(scores) · value, with the steps of the value left out that its mask hides.
    ///
    /// Scores `[batch, queries, keys]`; what a masked query gets is 0, and the result has the query's mask.
    pub(super) fn apply<'t>(&self, scores: Var<'t>, query: Var<'t>, value: Var<'t>) -> Var<'t> {
        let shape = scores.shape();
        let (batch, queries, keys) = (shape[0], shape[1], shape[2]);
        let mask = value.mask().map(|mask| mask.reshape([batch, 1, keys]));
        let weights = scores
            .reshape([batch, 1, queries, keys])
            .masked_softmax(1.0, mask, self.use_causal_mask, IfNoneCounts::Equal)
            .reshape(shape)
            .dropout(self.dropout);
        let y = weights.matmul(value);
        match query.mask() {
            Some(mask) => (y * mask.reshape([batch, queries, 1])).with_mask(Some(mask)),
            None => y,
        }
    }
}
