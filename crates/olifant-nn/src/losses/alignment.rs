//! Targets and predictions of which one lacks a last axis of size 1.

use olifant_core::{Shape, Var};

/// Takes away the last axis, of size 1, that one of the two has and the other has not.
///
/// Without it `[batch]` and `[batch, 1]` would be stretched to `[batch, batch]`.
pub(super) fn same_rank<'t>(y_true: Var<'t>, y_pred: Var<'t>) -> (Var<'t>, Var<'t>) {
    match (y_true.shape().rank(), y_pred.shape().rank()) {
        (targets, predictions) if targets == predictions + 1 => (without_last_axis(y_true), y_pred),
        (targets, predictions) if predictions == targets + 1 => (y_true, without_last_axis(y_pred)),
        _ => (y_true, y_pred),
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

/// The mean over the last axis, unless that is the batch.
pub(super) fn mean_over_last_axis(loss: Var<'_>) -> Var<'_> {
    if loss.shape().rank() > 1 { loss.mean(-1) } else { loss }
}
