//! RMSprop.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep,
    optimizer_options::shared_options,
    optimizers::numbers::{check_beta, check_epsilon},
};

/// Steps divided by the root of a running average of the squared gradient.
///
/// With learning rate η:
///
/// - v ← ρv + (1 − ρ)g²
/// - w ← w − η g / √(v + ε)
///
/// With momentum μ, the step is collected first: m ← μm + η g / √(v + ε), then w ← w − m.
/// With `centered`, a ← ρa + (1 − ρ)g, and the variance v − a² stands in the place of v.
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `rho` 0.9, `momentum` 0, `epsilon` 10⁻⁷, `centered` false.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::RmsProp;
///
/// let rms_prop = RmsProp::new(0.001).momentum(0.9).centered(true);
/// # let _ = rms_prop;
/// ```
///
/// # References
///
/// Hinton (2012), [Neural Networks for Machine Learning, lecture 6](https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf).
#[derive(Debug, Serialize, Deserialize)]
pub struct RmsProp {
    #[serde(flatten)]
    options: OptimizerOptions,
    // Double precision, because 1 − ρ has fewer digits than ρ.
    rho: f64,
    momentum: Float,
    epsilon: Float,
    centered: bool,
}

impl RmsProp {
    /// RMSprop with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> RmsProp {
        let options = OptimizerOptions::new(learning_rate);
        RmsProp { options, rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false }
    }

    /// How slowly the averages forget, from 0 to below 1.
    pub fn rho(mut self, rho: f64) -> RmsProp {
        self.rho = rho;
        self
    }

    /// How much of the last step is kept, from 0 to 1.
    pub fn momentum(mut self, momentum: Float) -> RmsProp {
        self.momentum = momentum;
        self
    }

    /// What keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> RmsProp {
        self.epsilon = epsilon;
        self
    }

    /// Whether steps are divided by the standard deviation of the gradient, not by its root mean square.
    pub fn centered(mut self, centered: bool) -> RmsProp {
        self.centered = centered;
        self
    }

    shared_options!(options);
}

impl Default for RmsProp {
    fn default() -> RmsProp {
        RmsProp::new(0.001)
    }
}

#[typetag::serde(name = "rmsprop")]
impl Optimizer for RmsProp {
    fn slots(&self) -> &'static [&'static str] {
        match (self.momentum != 0.0, self.centered) {
            (false, false) => &["velocity"],
            (true, false) => &["velocity", "momentum"],
            (false, true) => &["velocity", "average_gradient"],
            (true, true) => &["velocity", "momentum", "average_gradient"],
        }
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let rule = Rule {
            rate: step.learning_rate,
            momentum: self.momentum,
            rho: self.rho as Float,
            renewal: (1.0 - self.rho) as Float,
            epsilon: self.epsilon,
        };
        match (self.momentum != 0.0, self.centered) {
            (false, false) => update.in_pieces(
                #[inline(always)]
                |w, g, [v]| rule.descend(w, g, v),
            ),
            (true, false) => update.in_pieces(
                #[inline(always)]
                |w, g, [v, m]| rule.roll(w, g, v, m),
            ),
            (false, true) => update.in_pieces(
                #[inline(always)]
                |w, g, [v, a]| rule.descend_centered(w, g, v, a),
            ),
            (true, true) => update.in_pieces(
                #[inline(always)]
                |w, g, [v, m, a]| rule.roll_centered(w, g, v, m, a),
            ),
        }
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        check_beta("rho", self.rho)?;
        let is_right = (0.0..=1.0).contains(&self.momentum);
        BuildError::check_option("momentum", "a number from 0 to 1", self.momentum, is_right)?;
        check_epsilon(self.epsilon)
    }
}

/// The numbers that are the same for all weights of a step.
struct Rule {
    /// η
    rate: Float,
    /// μ
    momentum: Float,
    /// ρ
    rho: Float,
    /// 1 − ρ
    renewal: Float,
    /// ε
    epsilon: Float,
}

// The slices are parameters, not fields or captures: so the compiler knows that they do not overlap.
impl Rule {
    #[inline(always)]
    fn descend(&self, w: &mut [Float], g: &[Float], v: &mut [Float]) {
        for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
            *w -= self.increment(g, self.velocity(v, g));
        }
    }

    #[inline(always)]
    fn descend_centered(&self, w: &mut [Float], g: &[Float], v: &mut [Float], a: &mut [Float]) {
        for (((w, &g), v), a) in w.iter_mut().zip(g).zip(v).zip(a) {
            *w -= self.increment(g, self.variance(v, a, g));
        }
    }

    #[inline(always)]
    fn roll(&self, w: &mut [Float], g: &[Float], v: &mut [Float], m: &mut [Float]) {
        for (((w, &g), v), m) in w.iter_mut().zip(g).zip(v).zip(m) {
            *w -= self.collect(m, self.increment(g, self.velocity(v, g)));
        }
    }

    #[inline(always)]
    fn roll_centered(&self, w: &mut [Float], g: &[Float], v: &mut [Float], m: &mut [Float], a: &mut [Float]) {
        for ((((w, &g), v), m), a) in w.iter_mut().zip(g).zip(v).zip(m).zip(a) {
            *w -= self.collect(m, self.increment(g, self.variance(v, a, g)));
        }
    }

    #[inline(always)]
    fn velocity(&self, v: &mut Float, g: Float) -> Float {
        *v = self.rho * *v + self.renewal * g * g;
        *v
    }

    #[inline(always)]
    fn variance(&self, v: &mut Float, a: &mut Float, g: Float) -> Float {
        *a = self.rho * *a + self.renewal * g;
        self.velocity(v, g) - *a * *a
    }

    #[inline(always)]
    fn increment(&self, g: Float, variance: Float) -> Float {
        self.rate * g / (variance + self.epsilon).sqrt()
    }

    #[inline(always)]
    fn collect(&self, m: &mut Float, increment: Float) -> Float {
        *m = self.momentum * *m + increment;
        *m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |rms_prop: RmsProp| rms_prop.check().unwrap_err().to_string();
        assert_eq!(message(RmsProp::default().rho(1.0)), "rho must be a number from 0 to below 1, but is 1");
        assert_eq!(
            message(RmsProp::default().momentum(-1.0)),
            "momentum must be a number from 0 to 1, but is -1"
        );
        assert_eq!(message(RmsProp::default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
    }
}
