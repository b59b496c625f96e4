//! Targets and predictions of which one lacks a last axis of size 1.

use olifant_core::{Shape, Var};

/// Takes away the last axis, of size 1, that one of the two has and the other has not.
///
/// Without it `[batch]` and `[batch, 1]` would be stretched to `[batch, batch]`.
/// As in Keras, nothing is taken from `[batch, 1]`: what is `[batch]` becomes like it.
/// So there always is a last axis, besides the batch, to take a mean or a sum over.
pub(super) fn same_rank<'t>(y_true: Var<'t>, y_pred: Var<'t>) -> (Var<'t>, Var<'t>) {
    let (y_true, y_pred) = (with_last_axis(y_true), with_last_axis(y_pred));
    match (y_true.shape().rank(), y_pred.shape().rank()) {
        (targets, predictions) if targets == predictions + 1 => (without_last_axis(y_true), y_pred),
        (targets, predictions) if predictions == targets + 1 => (y_true, without_last_axis(y_pred)),
        _ => (y_true, y_pred),
    }
}

/// The same numbers with a last axis of size 1, if the batch is the only axis.
fn with_last_axis(x: Var<'_>) -> Var<'_> {
    match x.shape().axes() {
        [samples] => x.reshape([*samples, 1]),
        _ => x,
    }
}

/// The same numbers without the last axis, if that has size 1.
pub(super) fn without_last_axis(x: Var<'_>) -> Var<'_> {
    match x.shape().axes() {
        [rest @ .., 1] if !rest.is_empty() => {
            x.reshape(Shape::new(rest).expect("fewer axes than the shape had"))
        }
        _ => x,
    }
}
