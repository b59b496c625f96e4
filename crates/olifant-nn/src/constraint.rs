//! Limits that weights are put back to after each update.

use olifant_core::{Axes, Float, Shape, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, schedule::check_rate};

/// A limit that a weight is put back to after each update.
///
/// The norm n is ‖w‖ along `axis`: of a dense kernel `[features, units]` with the axis 0, that of each unit's column.
///
/// | constraint | w becomes |
/// |---|---|
/// | [`max_norm`](Constraint::max_norm) | w · min(n, `max_value`) / (n + 10⁻⁷) |
/// | [`non_neg`](Constraint::non_neg) | max(w, 0) |
/// | [`unit_norm`](Constraint::unit_norm) | w / (n + 10⁻⁷) |
/// | [`min_max_norm`](Constraint::min_max_norm) | w · (`rate` · clip(n, `min_value`, `max_value`) + (1 − `rate`) · n) / (n + 10⁻⁷) |
///
/// As in Keras, moving averages of the weights follow the weights as they are before they are put back.
///
/// # Defaults
///
/// `axis` 0, `rate` 1. For the kernel of a two-dimensional convolution give `axis([0, 1, 2])`: then the norm is each filter's.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Constraint, layers::Dense};
///
/// let layer = Dense::new(10).kernel_constraint(Constraint::max_norm(2.0)).bias_constraint(Constraint::non_neg());
/// # let _ = layer;
/// ```
///
/// # References
///
/// Srivastava et al. (2014), [Dropout](https://jmlr.org/papers/v15/srivastava14a.html), section 5.1: `max_norm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Constraint {
    /// Norms of `max_value` at most.
    MaxNorm {
        /// The largest norm.
        max_value: Float,
        /// The axes along which norms are taken.
        axis: Vec<isize>,
    },
    /// No number below 0.
    NonNeg,
    /// Norms of 1.
    UnitNorm {
        /// The axes along which norms are taken.
        axis: Vec<isize>,
    },
    /// Norms that are drawn to a range.
    MinMaxNorm {
        /// The smallest norm.
        min_value: Float,
        /// The largest norm.
        max_value: Float,
        /// How far towards the range an update draws: 1 is all the way.
        rate: Float,
        /// The axes along which norms are taken.
        axis: Vec<isize>,
    },
}

/// What keeps the division finite.
const EPSILON: Float = 1e-7;

impl Constraint {
    /// Norms of `max_value` at most. (Keras's default is 2.)
    pub fn max_norm(max_value: Float) -> Constraint {
        Constraint::MaxNorm { max_value, axis: vec![0] }
    }

    /// No number below 0.
    pub fn non_neg() -> Constraint {
        Constraint::NonNeg
    }

    /// Norms of 1.
    pub fn unit_norm() -> Constraint {
        Constraint::UnitNorm { axis: vec![0] }
    }

    /// Norms from `min_value` to `max_value`. (Keras's defaults are 0 and 1.)
    pub fn min_max_norm(min_value: Float, max_value: Float) -> Constraint {
        Constraint::MinMaxNorm { min_value, max_value, rate: 1.0, axis: vec![0] }
    }

    /// The axes along which norms are taken; negative numbers count from the last. [`non_neg`](Constraint::non_neg) has none.
    pub fn axis<const N: usize>(mut self, axes: [isize; N]) -> Constraint {
        match &mut self {
            Constraint::NonNeg => (),
            Constraint::MaxNorm { axis, .. }
            | Constraint::UnitNorm { axis }
            | Constraint::MinMaxNorm { axis, .. } => *axis = axes.to_vec(),
        }
        self
    }

    /// How far [`min_max_norm`](Constraint::min_max_norm) draws in each update, from 0 to 1. The others always go all the way.
    pub fn rate(mut self, share: Float) -> Constraint {
        if let Constraint::MinMaxNorm { rate, .. } = &mut self {
            *rate = share;
        }
        self
    }

    /// Records what the constraint makes of a weight.
    pub fn call<'t>(&self, w: Var<'t>) -> Var<'t> {
        match self {
            Constraint::NonNeg => w.maximum(0.0),
            Constraint::MaxNorm { max_value, axis } => {
                let norm = norm(w, axis);
                w * (norm.minimum(*max_value) / (norm + EPSILON))
            }
            Constraint::UnitNorm { axis } => w / (norm(w, axis) + EPSILON),
            Constraint::MinMaxNorm { min_value, max_value, rate, axis } => {
                let norm = norm(w, axis);
                let desired = *rate * norm.clip(*min_value, *max_value) + (1.0 - rate) * norm;
                w * (desired / (norm + EPSILON))
            }
        }
    }

    /// Whether the options are in their ranges, and a weight of this shape has the axes.
    ///
    /// # Errors
    ///
    /// A norm is negative or not finite, the smallest above the largest, the rate not from 0 to 1, or there is no such axis.
    pub fn check(&self, shape: &Shape) -> Result<(), BuildError> {
        match self {
            Constraint::NonNeg => Ok(()),
            Constraint::UnitNorm { axis } => check_axes(axis, shape),
            Constraint::MaxNorm { max_value, axis } => {
                check_rate("max_value", *max_value)?;
                check_axes(axis, shape)
            }
            Constraint::MinMaxNorm { min_value, max_value, rate, axis } => {
                check_rate("min_value", *min_value)?;
                check_rate("max_value", *max_value)?;
                let expected = format!("at least min_value, {min_value}");
                BuildError::check_option("max_value", &expected, max_value, max_value >= min_value)?;
                BuildError::check_option("rate", "a number from 0 to 1", rate, (0.0..=1.0).contains(rate))?;
                check_axes(axis, shape)
            }
        }
    }
}

/// ‖w‖ along some axes, which stay with size 1.
fn norm<'t>(w: Var<'t>, axes: &[isize]) -> Var<'t> {
    axes.iter().fold(w.square(), |sum, &axis| sum.sum_keepdims(Axes::from(axis))).sqrt()
}

/// Whether there is an axis, and none that the weight has not.
fn check_axes(axes: &[isize], shape: &Shape) -> Result<(), BuildError> {
    let rank = shape.rank() as isize;
    let is_right = !axes.is_empty() && axes.iter().all(|axis| (-rank..rank).contains(axis));
    let expected = format!("axes of a weight of shape {shape}");
    BuildError::check_option("axis", &expected, format!("{axes:?}"), is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message =
            |constraint: Constraint| constraint.check(&Shape::from([3, 4])).unwrap_err().to_string();
        assert_eq!(message(Constraint::max_norm(-1.0)), "max_value must be a number from 0, but is -1");
        assert_eq!(
            message(Constraint::min_max_norm(2.0, 1.0)),
            "max_value must be at least min_value, 2, but is 1"
        );
        assert_eq!(
            message(Constraint::min_max_norm(-1.0, 1.0)),
            "min_value must be a number from 0, but is -1"
        );
        assert_eq!(
            message(Constraint::min_max_norm(0.0, 1.0).rate(1.5)),
            "rate must be a number from 0 to 1, but is 1.5"
        );
        assert_eq!(
            message(Constraint::unit_norm().axis([2])),
            "axis must be axes of a weight of shape [3, 4], but is [2]"
        );
        assert!(Constraint::max_norm(1.0).axis([]).check(&Shape::from([3])).is_err());
        assert_eq!(Constraint::max_norm(1.0).axis([0, -1]).check(&Shape::from([3, 4])), Ok(()));
        assert_eq!(Constraint::non_neg().axis([7]).rate(7.0).check(&Shape::SCALAR), Ok(()));
    }
}
