//! Layers that look values up by how well their keys fit a query.

mod additive;
mod dot_product;
mod inputs;
mod multi_head;
mod weigh;

pub use additive::AdditiveAttention;
pub use dot_product::{Attention, ScoreMode};
pub use multi_head::MultiHeadAttention;

#[cfg(test)]
mod tests {
    use olifant_core::{Float, Mode, RandomKey, Tape, Workspace};

    use super::*;
    use crate::{CallOn, Functional, Input, Layer};

    /// The scores that such a layer returns in training, for a query of 4 steps and a value of 5.
    fn scores(layer: impl Layer) -> Vec<Float> {
        let (query, value) = (Input::new([4, 3]), Input::new([5, 3]));
        let [y, scores] = layer.on_several([&query, &value]);
        let network = Functional::new([&query, &value], [&y, &scores]).build(1).unwrap();
        let mode = Mode::Training(RandomKey::from_seed(2));
        let tape = Tape::record(Workspace::default(), network.weights(), mode);
        let random = |steps, seed| tape.random_normal(RandomKey::from_seed(seed), [2, steps, 3]);
        let outputs = network.call_several(&tape.list_of(&[random(4, 3), random(5, 4)]));
        outputs.get(1).with_value(|scores| scores.data.to_vec())
    }

    #[test]
    fn scores_are_those_after_dropout_but_of_several_heads_before_as_in_keras() {
        let is_whole = |scores: &[Float]| {
            scores.chunks(5).all(|row| (row.iter().sum::<Float>() - 1.0).abs() < 1e-5)
                && scores.iter().all(|&score| score > 0.0)
        };
        let dot = Attention::new().return_attention_scores(true);
        let additive = AdditiveAttention::new().return_attention_scores(true);
        let heads = MultiHeadAttention::new(2, 3).return_attention_scores(true);
        assert!(is_whole(&scores(dot.clone())) && is_whole(&scores(additive.clone())));
        let dropped = [scores(dot.dropout(0.5)), scores(additive.dropout(0.5))];
        assert!(dropped.iter().all(|scores| scores.contains(&0.0) && !is_whole(scores)), "{dropped:?}");
        let of_heads = scores(heads.dropout(0.5));
        assert!(of_heads.len() == 2 * 2 * 4 * 5 && is_whole(&of_heads), "{of_heads:?}");
    }
}
