//! The price of a sequence that is said at an unknown time.

use olifant_core::{Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::target_values::check_class_indices;
use crate::{Loss, TargetError};

/// Connectionist temporal classification: L = −ln p(labels), whenever each label is said.
///
/// It is for speech and handwriting, where what is said is known, but not when.
/// At each time the network says a class or the blank, which is class 0. Of equal neighbours one counts, blanks count for nothing;
/// p is the sum over all ways to say the labels like that.
///
/// Predictions are logits, without a softmax. (Those of a softmax are looked through to its logits.)
///
/// # Shapes
///
/// Predictions `[batch, time, classes]`, targets `[batch, length]`: classes from 1, padded with 0; result `[batch]`.
///
/// # Errors
///
/// Labels that are no class, a blank among labels, or labels that take more time than there is:
/// a step for each, and one more between two that are equal.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::CTC};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// // Two times, two classes besides the blank, all equally probable.
/// let y_pred = tape.input(TensorView { data: &[0.0; 6], shape: [1, 2, 3].into() });
/// let y_true = tape.input(TensorView { data: &[1.0, 0.0], shape: [1, 2].into() });
/// let loss = CTC::new().call(y_true, y_pred);
/// // Three of nine ways say "1": 1 1, 1 blank, and blank 1.
/// loss.with_value(|value| assert!((value.data[0] - 1.0986).abs() < 1e-4));
/// ```
///
/// # References
///
/// Graves et al. (2006), [Connectionist Temporal Classification](https://www.cs.toronto.edu/~graves/icml_2006.pdf).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CTC {}

impl CTC {
    /// The loss; it has no options.
    pub fn new() -> CTC {
        CTC::default()
    }
}

#[typetag::serde(name = "ctc")]
impl Loss for CTC {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        y_pred.softmax_logits().unwrap_or(y_pred).log_softmax().ctc(y_true)
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        let (&[samples, times, classes], &[others, length]) = (y_pred.axes(), y_true.shape.axes()) else {
            let expected = "targets [batch, length] and predictions [batch, time, classes]";
            return Err(TargetError::shape(y_true.shape, y_pred, expected, ""));
        };
        if samples != others || times == 0 {
            let expected = format!("[{samples}, length], and at least one time step");
            return Err(TargetError::shape(y_true.shape, y_pred, expected, ""));
        }
        check_class_indices(y_true, classes, None)?;
        for (row, labels) in y_true.data.chunks_exact(length.max(1)).enumerate() {
            let padding = labels.iter().position(|&label| label == 0.0).unwrap_or(length);
            let (labels, rest) = labels.split_at(padding);
            let error = |value, expected| Err(TargetError::Value { row, value, expected });
            if let Some(&label) = rest.iter().find(|&&label| label != 0.0) {
                let expected = "behind the first 0, which is the blank, there may be only 0".into();
                return error(f64::from(label), expected);
            }
            let steps = labels.len() + labels.windows(2).filter(|pair| pair[0] == pair[1]).count();
            if steps > times {
                let expected = format!(
                    "so many time steps would be needed, one for each label and one between two that are equal; \
                     there are {times}"
                );
                return error(steps as f64, expected);
            }
        }
        Ok(())
    }
}
