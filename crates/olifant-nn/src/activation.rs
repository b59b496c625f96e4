//! Activation functions.

use std::str::FromStr;

use olifant_core::{DenseActivation, Float, RecurrentActivation, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, suggestion::known_names, with_batch};

/// The function a layer applies to its result.
///
/// σ is the sigmoid. Numbers in parentheses are Keras's defaults: `Activation::leaky_relu()` stands for
/// `Activation::LeakyRelu { negative_slope: 0.2 }`, and so for every variant that has options.
/// Keras's names are read by [`FromStr`], with the same defaults.
///
/// # Examples
///
/// ```
/// use olifant_nn::Activation;
///
/// let activations = [Activation::Relu, Activation::gelu(), Activation::Elu { alpha: 0.5 }];
/// assert_eq!("relu6".parse(), Ok(Activation::Relu6));
/// assert_eq!("swish".parse(), Ok(Activation::Silu));
/// # let _ = activations;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// y = x
    #[default]
    Linear,
    /// y = max(x, 0)
    Relu,
    /// y = x above the threshold, at most `max_value`; below it y = negative_slope · (x − threshold).
    #[serde(rename = "relu_with")]
    ReluWith {
        /// The slope below the threshold (0).
        negative_slope: Float,
        /// The largest value (none).
        max_value: Option<Float>,
        /// Where the function begins to rise (0).
        threshold: Float,
    },
    /// y = min(max(x, 0), 6)
    Relu6,
    /// y = x if x > 0, else negative_slope · x
    LeakyRelu {
        /// The slope below zero (0.2; Keras's *layer* of this name has 0.3).
        negative_slope: Float,
    },
    /// y = x if x > 0, else α (eˣ − 1)
    Elu {
        /// α (1)
        alpha: Float,
    },
    /// y = 1.0507 x if x > 0, else 1.0507 · 1.6733 (eˣ − 1)
    Selu,
    /// y = x if x > 0, else α (e^(x/α) − 1)
    Celu {
        /// α (1)
        alpha: Float,
    },
    /// y = x Φ(x), with the normal distribution's Φ(x) = ½ (1 + erf(x / √2))
    Gelu {
        /// Whether Φ(x) is approximated by ½ (1 + tanh(√(2/π) (x + 0.044715 x³))) (false).
        approximate: bool,
    },
    /// y = 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// y = x/6 + ½, cut to [0, 1]
    HardSigmoid,
    /// y = x σ(x), also called swish
    Silu,
    /// y = x · hard_sigmoid(x), also called hard_swish
    HardSilu,
    /// y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)
    Tanh,
    /// y = x, cut to [−1, 1]
    HardTanh,
    /// y = x − tanh(x)
    TanhShrink,
    /// y = x − threshold above the threshold, x + threshold below −threshold, else 0
    SoftShrink {
        /// The threshold (0.5).
        threshold: Float,
    },
    /// y = x if |x| > threshold, else 0
    HardShrink {
        /// The threshold (0.5).
        threshold: Float,
    },
    /// y = x if x > threshold, else `default_value`
    Threshold {
        /// The threshold.
        threshold: Float,
        /// The value elsewhere.
        default_value: Float,
    },
    /// y = ln(1 + eˣ)
    Softplus,
    /// y = x / (1 + |x|)
    Softsign,
    /// y = (x + √(x² + b)) / 2
    Squareplus {
        /// b (4)
        b: Float,
    },
    /// y = 0 below −1, x above 1, (x + 1)² / 4 between
    SparsePlus,
    /// y = (x + 1) / 2, cut to [0, 1]
    SparseSigmoid,
    /// y = eˣ
    Exponential,
    /// y = ln σ(x)
    LogSigmoid,
    /// y = x tanh(ln(1 + eˣ))
    Mish,
    /// yᵢ = e^(xᵢ) / Σⱼ e^(xⱼ) along the last axis
    Softmax,
    /// yᵢ = xᵢ − ln Σⱼ e^(xⱼ) along the last axis
    LogSoftmax,
    /// y = a σ(b), where a and b are the halves of x along the last axis
    Glu,
}

/// Klambauer, Unterthiner, Mayr, Hochreiter (2017), "Self-Normalizing Neural Networks".
const SELU_SCALE: Float = 1.050_700_987_355_480_5_f64 as Float;
const SELU_ALPHA: Float = 1.673_263_242_354_377_2_f64 as Float;

impl Activation {
    /// [`Activation::LeakyRelu`] with `negative_slope` 0.2.
    pub fn leaky_relu() -> Activation {
        Activation::LeakyRelu { negative_slope: 0.2 }
    }

    /// [`Activation::Elu`] with `alpha` 1.
    pub fn elu() -> Activation {
        Activation::Elu { alpha: 1.0 }
    }

    /// [`Activation::Celu`] with `alpha` 1.
    pub fn celu() -> Activation {
        Activation::Celu { alpha: 1.0 }
    }

    /// The exact [`Activation::Gelu`].
    pub fn gelu() -> Activation {
        Activation::Gelu { approximate: false }
    }

    /// [`Activation::SoftShrink`] with `threshold` 0.5.
    pub fn soft_shrink() -> Activation {
        Activation::SoftShrink { threshold: 0.5 }
    }

    /// [`Activation::HardShrink`] with `threshold` 0.5.
    pub fn hard_shrink() -> Activation {
        Activation::HardShrink { threshold: 0.5 }
    }

    /// [`Activation::Squareplus`] with `b` 4.
    pub fn squareplus() -> Activation {
        Activation::Squareplus { b: 4.0 }
    }

    /// Records the activation.
    ///
    /// # Panics
    ///
    /// The shape is one that [`output_shape`](Activation::output_shape) refuses.
    #[track_caller]
    pub fn call(self, x: Var<'_>) -> Var<'_> {
        match self {
            Activation::Linear => x,
            Activation::Relu => x.relu(),
            Activation::ReluWith { negative_slope, max_value, threshold } => {
                relu_with(x, negative_slope, max_value, threshold)
            }
            Activation::Relu6 => cut(x, 0.0, 6.0),
            Activation::LeakyRelu { negative_slope } => leaky_relu(x, negative_slope),
            Activation::Elu { alpha } => x.greater(0.0).select(x, alpha * below_zero(x).expm1()),
            Activation::Selu => SELU_SCALE * x.less(0.0).select(SELU_ALPHA * below_zero(x).expm1(), x),
            Activation::Celu { alpha } => x.greater(0.0).select(x, alpha * (below_zero(x) / alpha).expm1()),
            Activation::Gelu { approximate: false } => {
                0.5 * x * (1.0 + (x * std::f64::consts::FRAC_1_SQRT_2 as Float).erf())
            }
            Activation::Gelu { approximate: true } => {
                let root = (2.0 / std::f64::consts::PI).sqrt() as Float;
                0.5 * x * (1.0 + (root * (x + 0.044715 * x * x.square())).tanh())
            }
            Activation::Sigmoid => x.sigmoid(),
            Activation::HardSigmoid => hard_sigmoid(x),
            Activation::Silu => x * x.sigmoid(),
            Activation::HardSilu => x * hard_sigmoid(x),
            Activation::Tanh => x.tanh(),
            Activation::HardTanh => x.clip(-1.0, 1.0),
            Activation::TanhShrink => x - x.tanh(),
            Activation::SoftShrink { threshold } => x - x.minimum(threshold).maximum(-threshold),
            Activation::HardShrink { threshold } => x.abs().greater(threshold).select(x, 0.0),
            Activation::Threshold { threshold, default_value } => {
                x.greater(threshold).select(x, default_value)
            }
            Activation::Softplus => x.softplus(),
            Activation::Softsign => x / (1.0 + x.abs()),
            Activation::Squareplus { b } => 0.5 * (x + (x.square() + b).sqrt()),
            Activation::SparsePlus => 0.25 * (x.clip(-1.0, 1.0) + 1.0).square() + (x - 1.0).relu(),
            Activation::SparseSigmoid => cut(0.5 * (x + 1.0), 0.0, 1.0),
            Activation::Exponential => x.exp(),
            Activation::LogSigmoid => -(-x).softplus(),
            Activation::Mish => x * x.softplus().tanh(),
            Activation::Softmax => x.softmax(),
            Activation::LogSoftmax => x.log_softmax(),
            Activation::Glu => {
                let half = x.shape().last_axis().unwrap_or(0) / 2;
                x.slice(-1, ..half) * x.slice(-1, half..).sigmoid()
            }
        }
    }

    /// The shape of the results for inputs of this shape (without the batch axis); layers ask for it in `build`.
    ///
    /// # Errors
    ///
    /// An option is out of range, or [`Activation::Glu`] is given a last axis that has no halves.
    pub fn output_shape(self, input: &Shape) -> Result<Shape, BuildError> {
        let number =
            |option, given: Float| BuildError::check_option(option, "a number", given, given.is_finite());
        let from_zero = |option, given: Float| {
            BuildError::check_option(option, "a number from 0", given, given.is_finite() && given >= 0.0)
        };
        match self {
            Activation::ReluWith { negative_slope, max_value, threshold } => {
                number("negative_slope", negative_slope)?;
                number("threshold", threshold)?;
                from_zero("max_value", max_value.unwrap_or(0.0))?;
            }
            Activation::LeakyRelu { negative_slope } => number("negative_slope", negative_slope)?,
            Activation::Elu { alpha } => number("alpha", alpha)?,
            Activation::Celu { alpha } => {
                let is_right = alpha.is_finite() && alpha != 0.0;
                BuildError::check_option("alpha", "a number other than 0", alpha, is_right)?;
            }
            Activation::SoftShrink { threshold } | Activation::HardShrink { threshold } => {
                from_zero("threshold", threshold)?;
            }
            Activation::Threshold { threshold, default_value } => {
                number("threshold", threshold)?;
                number("default_value", default_value)?;
            }
            Activation::Squareplus { b } => from_zero("b", b)?,
            Activation::Glu => return halved(input),
            _ => (),
        }
        Ok(*input)
    }

    /// The part that a dense operation computes in its own loop, and the part that remains.
    ///
    /// Softmax and sigmoid stay operations of their own, so that a loss can look through them to the logits.
    pub(crate) fn split(self) -> (DenseActivation, Activation) {
        match self {
            Activation::Relu => (DenseActivation::Relu, Activation::Linear),
            other => (DenseActivation::Linear, other),
        }
    }

    /// The same function as recurrent operations know it, or `None` if they do not.
    pub(crate) fn recurrent(self) -> Option<RecurrentActivation> {
        Some(match self {
            Activation::Linear => RecurrentActivation::Linear,
            Activation::Relu => RecurrentActivation::Relu,
            Activation::Relu6 => RecurrentActivation::Relu6,
            Activation::Tanh => RecurrentActivation::Tanh,
            Activation::HardTanh => RecurrentActivation::HardTanh,
            Activation::Sigmoid => RecurrentActivation::Sigmoid,
            Activation::HardSigmoid => RecurrentActivation::HardSigmoid,
            Activation::Softsign => RecurrentActivation::Softsign,
            Activation::Softplus => RecurrentActivation::Softplus,
            Activation::Exponential => RecurrentActivation::Exponential,
            _ => return None,
        })
    }

    /// The activations that have a name in Keras, and one or two for those with a second name.
    fn named() -> impl Iterator<Item = (&'static str, Activation)> {
        use Activation::*;
        [
            ("linear", Linear),
            ("relu", Relu),
            ("relu6", Relu6),
            ("leaky_relu", Activation::leaky_relu()),
            ("elu", Activation::elu()),
            ("selu", Selu),
            ("celu", Activation::celu()),
            ("gelu", Activation::gelu()),
            ("sigmoid", Sigmoid),
            ("hard_sigmoid", HardSigmoid),
            ("silu", Silu),
            ("swish", Silu),
            ("hard_silu", HardSilu),
            ("hard_swish", HardSilu),
            ("tanh", Tanh),
            ("hard_tanh", HardTanh),
            ("tanh_shrink", TanhShrink),
            ("soft_shrink", Activation::soft_shrink()),
            ("hard_shrink", Activation::hard_shrink()),
            ("softplus", Softplus),
            ("softsign", Softsign),
            ("squareplus", Activation::squareplus()),
            ("sparse_plus", SparsePlus),
            ("sparse_sigmoid", SparseSigmoid),
            ("exponential", Exponential),
            ("log_sigmoid", LogSigmoid),
            ("mish", Mish),
            ("softmax", Softmax),
            ("log_softmax", LogSoftmax),
            ("glu", Glu),
        ]
        .into_iter()
    }
}

impl FromStr for Activation {
    type Err = BuildError;

    /// The activation of this name, with Keras's defaults.
    fn from_str(name: &str) -> Result<Activation, BuildError> {
        if let Some((_, activation)) = Activation::named().find(|&(known, _)| known == name) {
            return Ok(activation);
        }
        let known = known_names(name, Activation::named().map(|(known, _)| known));
        Err(BuildError::Other(format!(
            "could not interpret activation function identifier {name:?}; {known}"
        )))
    }
}

fn leaky_relu(x: Var<'_>, negative_slope: Float) -> Var<'_> {
    x.greater(0.0).select(x, negative_slope * x)
}

/// In Keras's steps, which decide the slopes at the corners.
fn relu_with(x: Var<'_>, negative_slope: Float, max_value: Option<Float>, threshold: Float) -> Var<'_> {
    if negative_slope != 0.0 && max_value.is_none() && threshold == 0.0 {
        return leaky_relu(x, negative_slope);
    }
    let above = if threshold == 0.0 { x.relu() } else { x * x.greater(threshold) };
    let above = match max_value {
        Some(max_value) => above.maximum(0.0).minimum(max_value),
        None => above,
    };
    if negative_slope == 0.0 { above } else { above - negative_slope * (threshold - x).relu() }
}

fn hard_sigmoid(x: Var<'_>) -> Var<'_> {
    cut(x / 6.0 + 0.5, 0.0, 1.0)
}

/// min(x, 0), so that the exponential of a branch that is not taken cannot overflow.
fn below_zero(x: Var<'_>) -> Var<'_> {
    x.minimum(0.0)
}

/// x, cut to [low, high], with slope 0 at the bounds: at a tie the gradient goes to the first operand, the bound.
fn cut(x: Var<'_>, low: Float, high: Float) -> Var<'_> {
    let bound = |number| x.tape().constant(number);
    bound(high).minimum(bound(low).maximum(x))
}

/// The shape with half its last axis.
fn halved(input: &Shape) -> Result<Shape, BuildError> {
    match input.last_axis() {
        Ok(size) if size % 2 == 0 => Ok(input.with_last_axis(size / 2)),
        _ => Err(BuildError::InputShape {
            expected: "[batch, …, an even number]".to_string(),
            given: with_batch(input),
            remedy: "; glu multiplies one half of the last axis with the other",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_descriptions_agree() {
        for (name, activation) in Activation::named() {
            assert_eq!(name.parse(), Ok(activation));
            let json = serde_json::to_string(&activation).unwrap();
            let second_name = ["swish", "hard_swish"].contains(&name);
            assert!(second_name || json.contains(&format!("\"{name}\"")), "{json} for {name}");
            assert_eq!(serde_json::from_str::<Activation>(&json).unwrap(), activation);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest_known() {
        let message = |name: &str| name.parse::<Activation>().unwrap_err().to_string();
        let error = message("rleu");
        let start =
            "could not interpret activation function identifier \"rleu\"; known: linear, relu, relu6,";
        assert!(error.starts_with(start) && error.ends_with("; did you mean `relu`?"), "{error}");
        assert!(message("something else").ends_with(", glu"));
    }

    #[test]
    fn glu_halves_the_last_axis() {
        assert_eq!(Activation::Glu.output_shape(&Shape::from([3, 4])), Ok(Shape::from([3, 2])));
        assert_eq!(
            Activation::Glu.output_shape(&Shape::from([3, 5])).unwrap_err().to_string(),
            "expects inputs of shape [batch, …, an even number] but was given [batch, 3, 5]; \
             glu multiplies one half of the last axis with the other"
        );
        assert_eq!(Activation::Relu.output_shape(&Shape::from([3, 5])), Ok(Shape::from([3, 5])));
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message =
            |activation: Activation| activation.output_shape(&Shape::from(2)).unwrap_err().to_string();
        assert_eq!(
            message(Activation::LeakyRelu { negative_slope: Float::NAN }),
            "negative_slope must be a number, but is NaN"
        );
        assert_eq!(message(Activation::Celu { alpha: 0.0 }), "alpha must be a number other than 0, but is 0");
        assert_eq!(
            message(Activation::SoftShrink { threshold: -1.0 }),
            "threshold must be a number from 0, but is -1"
        );
        assert_eq!(message(Activation::Squareplus { b: -1.0 }), "b must be a number from 0, but is -1");
        let relu = Activation::ReluWith { negative_slope: 0.0, max_value: Some(-1.0), threshold: 0.0 };
        assert_eq!(message(relu), "max_value must be a number from 0, but is -1");
        let threshold = Activation::Threshold { threshold: 1.0, default_value: Float::INFINITY };
        assert_eq!(message(threshold), "default_value must be a number, but is inf");
    }
}
