//! Keeping gradients within limits.

use olifant_core::{Float, Weights};

use crate::OptimizerOptions;

impl OptimizerOptions {
    /// Limits the gradients, which have the layout of [`Weights::trainable`].
    ///
    /// The gaps between the weights are left alone.
    pub(crate) fn clip(&self, weights: &Weights, gradients: &mut [Float]) {
        let ranges = || weights.iter().filter(|(_, spec)| spec.trainable).map(|(_, spec)| spec.range());
        if let Some(limit) = self.clipnorm {
            for range in ranges() {
                let gradient = &mut gradients[range];
                let norm = sum_of_squares(gradient).sqrt() as Float;
                // A norm that is not a number stays one: `max` would hide it.
                let divisor = if norm < limit { limit } else { norm };
                gradient.iter_mut().for_each(|g| *g = *g * limit / divisor);
            }
        }
        if let Some(limit) = self.clipvalue {
            for range in ranges() {
                gradients[range].iter_mut().for_each(|g| *g = cut(*g, limit));
            }
        }
        if let Some(limit) = self.global_clipnorm {
            let norm = ranges().map(|range| sum_of_squares(&gradients[range])).sum::<f64>().sqrt() as Float;
            let scale = if norm.is_finite() { limit * (1.0 / norm).min(1.0 / limit) } else { Float::NAN };
            for range in ranges() {
                gradients[range].iter_mut().for_each(|g| *g *= scale);
            }
        }
    }
}

/// The number nearest to `x` in [−limit, limit]; NaN stays NaN.
fn cut(x: Float, limit: Float) -> Float {
    if x > limit {
        limit
    } else if x < -limit {
        -limit
    } else {
        x
    }
}

/// Σ x², in double precision so that it does not overflow, and always in the same order.
pub(crate) fn sum_of_squares(values: &[Float]) -> f64 {
    let square = |x: Float| f64::from(x) * f64::from(x);
    let mut sums = [0.0; 8];
    let pieces = values.chunks_exact(sums.len());
    let rest = pieces.remainder();
    for piece in pieces {
        sums.iter_mut().zip(piece).for_each(|(sum, &x)| *sum += square(x));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| square(x)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(change: impl FnOnce(&mut OptimizerOptions)) -> OptimizerOptions {
        let mut options = OptimizerOptions::new(0.1);
        change(&mut options);
        options
    }

    fn clipped(options: &OptimizerOptions, first: &[Float; 2], second: &[Float; 2]) -> [[Float; 2]; 2] {
        let mut weights = Weights::default();
        let handles = [weights.add("first", [2], true), weights.add("second", [2], true)];
        let ranges = handles.map(|weight| weights.spec(weight).range());
        let mut gradients = vec![0.0; weights.trainable().len()];
        gradients[ranges[0].clone()].copy_from_slice(first);
        gradients[ranges[1].clone()].copy_from_slice(second);
        options.clip(&weights, &mut gradients);
        assert_eq!(gradients[2..16], [0.0; 14], "the gap stays zero");
        ranges.map(|range| [gradients[range.start], gradients[range.start + 1]])
    }

    #[test]
    fn clipnorm_looks_at_each_weight_alone() {
        let options = options(|options| options.clipnorm = Some(1.0));
        assert_eq!(clipped(&options, &[3.0, 4.0], &[0.0, 0.5]), [[0.6, 0.8], [0.0, 0.5]]);
        assert!(clipped(&options, &[Float::NAN, 4.0], &[0.0, 0.5])[0].iter().all(|g| g.is_nan()));
    }

    #[test]
    fn global_clipnorm_looks_at_all_weights_together() {
        let options = options(|options| options.global_clipnorm = Some(6.5));
        assert_eq!(clipped(&options, &[3.0, 4.0], &[0.0, 12.0]), [[1.5, 2.0], [0.0, 6.0]]);
        assert_eq!(clipped(&options, &[0.0, 0.0], &[0.0, 0.0]), [[0.0; 2]; 2]);
    }

    #[test]
    fn a_global_norm_that_is_not_finite_spoils_all_gradients() {
        let options = options(|options| options.global_clipnorm = Some(1.0));
        let gradients = clipped(&options, &[Float::INFINITY, 1.0], &[1.0, 1.0]);
        assert!(gradients.as_flattened().iter().all(|g| g.is_nan()));
    }

    #[test]
    fn clipvalue_cuts_both_sides_and_keeps_nan() {
        let options = options(|options| options.clipvalue = Some(0.5));
        let [first, second] = clipped(&options, &[3.0, -0.25], &[-7.0, Float::NAN]);
        assert_eq!((first, second[0]), ([0.5, -0.25], -0.5));
        assert!(second[1].is_nan());
    }

    #[test]
    fn large_gradients_do_not_overflow_their_norm() {
        let options = options(|options| options.clipnorm = Some(1.0));
        let [a, b] = clipped(&options, &[3e30, 4e30], &[0.0, 0.0])[0];
        assert!((a - 0.6).abs() < 1e-6 && (b - 0.8).abs() < 1e-6, "{a}, {b}");
    }
}
