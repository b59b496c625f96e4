//! Numbers that several optimizers use, and their ranges.

use olifant_core::Float;

use crate::BuildError;

/// βᵗ by repeated squaring: the same bits on every machine, which the standard library does not promise.
///
/// It is rounded only once, at the end, as is Keras's: 1 − β₂ᵗ loses three digits in the first steps.
pub(super) fn power(beta: Float, exponent: u64) -> Float {
    exact_power(f64::from(beta), exponent) as Float
}

/// The same without rounding.
pub(super) fn exact_power(beta: f64, mut exponent: u64) -> f64 {
    let (mut square, mut product) = (beta, 1.0);
    while exponent > 0 {
        if exponent & 1 == 1 {
            product *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    product
}

/// How slowly an average forgets.
pub(super) fn check_beta(option: &'static str, beta: f64) -> Result<(), BuildError> {
    BuildError::check_option(option, "a number from 0 to below 1", beta, (0.0..1.0).contains(&beta))
}

/// What keeps a division finite, also in the gaps between the weights, where everything else is 0.
pub(super) fn check_epsilon(epsilon: Float) -> Result<(), BuildError> {
    let is_right = epsilon.is_finite() && epsilon > 0.0;
    BuildError::check_option("epsilon", "a number above 0", epsilon, is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_by_squaring_are_powers() {
        for exponent in [0, 1, 2, 3, 10, 255, 1000] {
            let expected = f64::from(0.999 as Float).powi(exponent) as Float;
            let error = (power(0.999, exponent as u64) - expected).abs();
            // In double precision (the feature `f64`) every squaring doubles the rounding error before it.
            let tolerance = Float::EPSILON * (exponent + 1) as Float;
            assert!(error <= tolerance * expected, "0.999 to the power {exponent}");
        }
        assert_eq!(power(0.5, 3), 0.125);
        assert_eq!(power(0.9, u64::MAX), 0.0);
    }
}
