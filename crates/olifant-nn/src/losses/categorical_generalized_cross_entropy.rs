//! Cross-entropy that forgives wrong labels.

use olifant_core::{Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::{alignment::without_last_axis, target_values::check_class_indices};
use crate::{
    BuildError, Loss, TargetError,
    loss::{expect_class_indices, expect_several_classes},
};

/// Cross-entropy that forgives wrong labels: L = (1 − pₜ^q) / q.
///
/// Between cross-entropy, which q near 0 is like, and the absolute error, which q near 1 is like.
///
/// # Shapes
///
/// Targets `[batch, …]` or `[batch, …, 1]`, class indices; predictions, probabilities, `[batch, …, classes]`; result `[batch, …]`.
///
/// # Defaults
///
/// `q`: 0.5.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, TensorView, Weights, Workspace};
/// use olifant_nn::{Loss, losses::CategoricalGeneralizedCrossEntropy};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let y_true = tape.input(TensorView { data: &[1.0], shape: [1].into() });
/// let y_pred = tape.input(TensorView { data: &[0.75, 0.25], shape: [1, 2].into() });
/// let loss = CategoricalGeneralizedCrossEntropy::new().call(y_true, y_pred);
/// loss.with_value(|value| assert!((value.data[0] - 1.0).abs() < 1e-6));
/// ```
///
/// # References
///
/// Zhang, Sabuncu (2018), *Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels*,
/// <https://arxiv.org/abs/1805.07836>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoricalGeneralizedCrossEntropy {
    q: Float,
}

impl Default for CategoricalGeneralizedCrossEntropy {
    fn default() -> CategoricalGeneralizedCrossEntropy {
        CategoricalGeneralizedCrossEntropy { q: 0.5 }
    }
}

impl CategoricalGeneralizedCrossEntropy {
    /// The loss with q = ½.
    pub fn new() -> CategoricalGeneralizedCrossEntropy {
        CategoricalGeneralizedCrossEntropy::default()
    }

    /// How much wrong labels are forgiven, between 0 and 1.
    pub fn q(mut self, q: Float) -> CategoricalGeneralizedCrossEntropy {
        self.q = q;
        self
    }
}

#[typetag::serde(name = "categorical_generalized_cross_entropy")]
impl Loss for CategoricalGeneralizedCrossEntropy {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let shape = y_pred.shape();
        let labels = if y_true.shape().rank() == shape.rank() { without_last_axis(y_true) } else { y_true };
        let classes = y_pred.tape().input_with([shape.last_axis().unwrap_or(1)], |classes| {
            classes.iter_mut().enumerate().for_each(|(number, class)| *class = number as Float);
        });
        let is_class = labels.reshape(shape.with_last_axis(1)).equal(classes);
        let right = (y_pred * is_class).sum(-1);
        (1.0 - right.pow(self.q)) / self.q
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        expect_several_classes(y_true.shape, y_pred)?;
        expect_class_indices(y_true.shape, y_pred, "; for one-hot targets use CategoricalCrossentropy")?;
        check_class_indices(y_true, y_pred.last_axis().unwrap_or(0), None)
    }

    fn check_options(&self) -> Result<(), BuildError> {
        BuildError::check_option("q", "a number between 0 and 1", self.q, self.q > 0.0 && self.q < 1.0)
    }
}
