//! Adafactor.

use olifant_core::Float;
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep, WeightUpdate,
    optimizer_options::{shared_options, sum_of_squares},
    schedule::check_rate,
};

/// Adam without momentum, that knows of the squared gradients of a matrix only the means of rows and columns.
///
/// In step t, with learning rate η, β = 1 − tᶜ and s = g² + ε₁:
///
/// - r ← βr + (1 − β) · (mean of s over each row), c ← βc + (1 − β) · (mean of s over each column)
/// - v = r cᵀ / mean(r); for weights that are no matrices v ← βv + (1 − β)s
/// - u = g / √v, divided by max(1, rms(u) / `clip_threshold`)
/// - w ← w − max(ε₂, rms(w)) · ρ · u, with ρ = min(η, 1/√t)
///
/// rms is the root of the mean square of a whole weight. Of more than two axes, the last two are those of a matrix.
///
/// Its only slot holds r and behind it c at the beginning of each matrix's place, or v.
/// A matrix of one row or one column has as few numbers as it has means: its v is kept, which is the same.
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `beta_2_decay` −0.8, `epsilon_1` 10⁻³⁰, `epsilon_2` 10⁻³,
/// `clip_threshold` 1, `relative_step` true.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Adafactor;
///
/// let adafactor = Adafactor::new(0.01);
/// # let _ = adafactor;
/// ```
///
/// # References
///
/// Shazeer, Stern (2018), [Adafactor: Adaptive Learning Rates with Sublinear Memory Cost](https://arxiv.org/abs/1804.04235).
#[derive(Debug, Serialize, Deserialize)]
pub struct Adafactor {
    #[serde(flatten)]
    options: OptimizerOptions,
    beta_2_decay: f64,
    epsilon_1: Float,
    epsilon_2: Float,
    clip_threshold: Float,
    relative_step: bool,
}

impl Adafactor {
    /// Adafactor with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Adafactor {
        Adafactor {
            options: OptimizerOptions::new(learning_rate),
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            relative_step: true,
        }
    }

    /// c: how the means forget less and less, below 0.
    pub fn beta_2_decay(mut self, beta_2_decay: f64) -> Adafactor {
        self.beta_2_decay = beta_2_decay;
        self
    }

    /// ε₁: what is added to squared gradients, above 0.
    pub fn epsilon_1(mut self, epsilon_1: Float) -> Adafactor {
        self.epsilon_1 = epsilon_1;
        self
    }

    /// ε₂: the size that a weight at least is taken to have, at least 0.
    pub fn epsilon_2(mut self, epsilon_2: Float) -> Adafactor {
        self.epsilon_2 = epsilon_2;
        self
    }

    /// The rms that u at most has, above 0.
    pub fn clip_threshold(mut self, clip_threshold: Float) -> Adafactor {
        self.clip_threshold = clip_threshold;
        self
    }

    /// Whether the learning rate falls with the steps, to 1/√t at most.
    ///
    /// (Keras has this option and ignores it: there the rate always falls.)
    pub fn relative_step(mut self, relative_step: bool) -> Adafactor {
        self.relative_step = relative_step;
        self
    }

    shared_options!(options);
}

impl Default for Adafactor {
    fn default() -> Adafactor {
        Adafactor::new(0.001)
    }
}

#[typetag::serde(name = "adafactor")]
impl Optimizer for Adafactor {
    fn slots(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        update.each_weight(|update, [velocity]| self.update_weight(step, update, velocity));
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        let above_0 = |option, value: Float| {
            let is_right = value.is_finite() && value > 0.0;
            BuildError::check_option(option, "a number above 0", value, is_right)
        };
        let (decay, is_right) = (self.beta_2_decay, self.beta_2_decay.is_finite() && self.beta_2_decay < 0.0);
        BuildError::check_option("beta_2_decay", "a number below 0", decay, is_right)?;
        above_0("epsilon_1", self.epsilon_1)?;
        check_rate("epsilon_2", self.epsilon_2)?;
        above_0("clip_threshold", self.clip_threshold)
    }
}

impl Adafactor {
    fn update_weight(&self, step: &UpdateStep, update: WeightUpdate<'_>, velocity: &mut [Float]) {
        let WeightUpdate { spec, weight, gradient, .. } = update;
        // Bounded below by 0 and at t = 1 exactly 0: the first step forgets everything.
        let renewal = (step.number as f64).powf(self.beta_2_decay) as Float;
        let matrix = match *spec.shape.axes() {
            [.., rows, columns] if rows > 1 && columns > 1 => Some((rows, columns)),
            _ => None,
        };
        let size = matrix.map_or(weight.len(), |(rows, columns)| rows * columns);
        let mut squares = 0.0;
        for (g, velocity) in gradient.chunks(size).zip(velocity.chunks_mut(size)) {
            match matrix {
                Some((rows, columns)) => self.average_means(g, rows, columns, renewal, velocity),
                None => self.average_squares(g, renewal, velocity),
            }
            for_each_direction(g, matrix, velocity, |_, u| squares += f64::from(u) * f64::from(u));
        }
        let rms = |squares: f64| (squares / gradient.len() as f64).sqrt() as Float;
        let divisor = (rms(squares) / self.clip_threshold).max(1.0);
        let rate = self.rate(step) * rms(sum_of_squares(weight)).max(self.epsilon_2);
        for ((g, velocity), w) in
            gradient.chunks(size).zip(velocity.chunks(size)).zip(weight.chunks_mut(size))
        {
            for_each_direction(g, matrix, velocity, |place, u| w[place] -= rate * (u / divisor));
        }
    }

    /// ρ
    fn rate(&self, step: &UpdateStep) -> Float {
        let limit = (1.0 / (step.number as f64).sqrt()) as Float;
        if self.relative_step { step.learning_rate.min(limit) } else { step.learning_rate }
    }

    /// v ← βv + (1 − β)(g² + ε₁)
    fn average_squares(&self, g: &[Float], renewal: Float, v: &mut [Float]) {
        for (v, g) in v.iter_mut().zip(g) {
            *v = (1.0 - renewal) * *v + renewal * (g * g + self.epsilon_1);
        }
    }

    /// Moves r, and c behind it, towards the means over the rows and the columns of g² + ε₁.
    fn average_means(&self, g: &[Float], rows: usize, columns: usize, renewal: Float, means: &mut [Float]) {
        let (r, c) = means.split_at_mut(rows);
        let c = &mut c[..columns];
        c.iter_mut().for_each(|c| *c *= 1.0 - renewal);
        for (r, row) in r.iter_mut().zip(g.chunks(columns)) {
            let mut sum = 0.0;
            for (c, g) in c.iter_mut().zip(row) {
                let square = g * g + self.epsilon_1;
                sum += f64::from(square);
                *c += renewal / rows as Float * square;
            }
            *r = (1.0 - renewal) * *r + renewal * (sum / columns as f64) as Float;
        }
    }
}

/// Calls `each` with every place and its u = g / √v.
#[inline(always)]
fn for_each_direction(
    g: &[Float],
    matrix: Option<(usize, usize)>,
    velocity: &[Float],
    mut each: impl FnMut(usize, Float),
) {
    let Some((rows, columns)) = matrix else {
        return g.iter().zip(velocity).enumerate().for_each(|(place, (g, v))| each(place, g / v.sqrt()));
    };
    let (r, c) = velocity.split_at(rows);
    let mean = (r.iter().map(|&r| f64::from(r)).sum::<f64>() / rows as f64) as Float;
    for (row, r) in r.iter().enumerate() {
        let share = r / mean;
        for (column, c) in c[..columns].iter().enumerate() {
            let place = row * columns + column;
            each(place, g[place] / (share * c).sqrt());
        }
    }
}

#[cfg(test)]
mod tests {
    use olifant_core::{Shape, Team, Weights};

    use super::*;
    use crate::OptimizerState;

    /// The numbers of one weight after three steps.
    fn weight_after(adafactor: &Adafactor, shape: impl Into<Shape>) -> Vec<Float> {
        let mut weights = Weights::default();
        let w = weights.add("w", shape, true);
        weights.get_mut(w).fill(1.0);
        let mut state = OptimizerState::new(adafactor, &weights);
        for step in 1..4 {
            let mut gradients = vec![0.0; weights.trainable().len()];
            let numbers = gradients[weights.spec(w).range()].iter_mut().zip(1..);
            numbers.for_each(|(g, number)| *g = ((step * number) as Float).sin());
            state.step(adafactor, &mut weights, &mut gradients, &Team::default());
        }
        weights.get(w).data.to_vec()
    }

    #[test]
    fn a_row_and_a_column_are_vectors() {
        let adafactor = Adafactor::new(0.1);
        let vector = weight_after(&adafactor, [5]);
        assert_eq!(weight_after(&adafactor, [1, 5]), vector);
        assert_eq!(weight_after(&adafactor, [5, 1]), vector);
        assert_eq!(weight_after(&adafactor, [1, 5, 1]), vector);
    }

    #[test]
    fn without_relative_steps_the_rate_is_the_given_one() {
        let rate = |adafactor: Adafactor| adafactor.rate(&UpdateStep { learning_rate: 0.7, number: 4 });
        assert_eq!(rate(Adafactor::new(0.7)), 0.5);
        assert_eq!(rate(Adafactor::new(0.7).relative_step(false)), 0.7);
        assert_eq!(rate(Adafactor::new(0.7).relative_step(true)), 0.5);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |adafactor: Adafactor| adafactor.check().unwrap_err().to_string();
        assert_eq!(
            message(Adafactor::default().beta_2_decay(0.0)),
            "beta_2_decay must be a number below 0, but is 0"
        );
        assert_eq!(
            message(Adafactor::default().epsilon_1(0.0)),
            "epsilon_1 must be a number above 0, but is 0"
        );
        assert_eq!(
            message(Adafactor::default().epsilon_2(-1.0)),
            "epsilon_2 must be a number from 0, but is -1"
        );
        assert_eq!(
            message(Adafactor::default().clip_threshold(0.0)),
            "clip_threshold must be a number above 0, but is 0"
        );
        assert_eq!(Adafactor::default().check(), Ok(()));
    }
}
