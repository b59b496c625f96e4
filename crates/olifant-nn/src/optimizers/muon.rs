//! Muon.

use olifant_core::{Axes, Float, Mode, Shape, Tape, Team, Var, WeightSpec, Weights, Workspace, vectorised};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, LearningRate, Optimizer, OptimizerOptions, Update, UpdateStep, WeightUpdate,
    optimizer_options::{check_parts_of_names, shared_options},
    optimizers::{
        adam,
        numbers::{check_beta, check_epsilon},
    },
    schedule::check_rate,
};

/// Steps for matrices in which all directions count alike, and Adam for all other weights.
///
/// For a matrix of n × k, with learning rate η and momentum μ:
///
/// - m ← μm + g
/// - x = g + μm; without `nesterov` x = m
/// - w ← w − η · `rms_rate` · √max(n, k) · O(x)
///
/// O(x) is nearly the orthogonal matrix nearest to x: all its singular values are near 1.
/// It begins with x / (‖x‖ + 10⁻⁷), and repeats `ns_steps` times x ← a x + (b A + c A²) x, with A = x xᵀ.
///
/// Everything that is no matrix, and matrices of embeddings, are updated by [`Adam`](super::Adam)'s rule,
/// with the learning rate η · `adam_lr_ratio` and a weight decay of their own.
///
/// # Defaults
///
/// As in Keras: `learning_rate` 0.001, `momentum` 0.95, `nesterov` true, `ns_steps` 5, `rms_rate` 0.2,
/// `muon_a` 3.4445, `muon_b` −4.775, `muon_c` 2.0315, `weight_decay` 0.004; `adam_lr_ratio` 1, `adam_beta_1` 0.9,
/// `adam_beta_2` 0.999, `epsilon` 10⁻⁷, `adam_weight_decay` 0.004; `exclude_embeddings` true, no `exclude_layers`.
///
/// # Examples
///
/// ```
/// use olifant_nn::optimizers::Muon;
///
/// let muon = Muon::new(0.001).exclude_layers(["head"]);
/// # let _ = muon;
/// ```
///
/// # References
///
/// Jordan (2024), [Muon: An optimizer for hidden layers](https://kellerjordan.github.io/posts/muon/).
/// Liu et al. (2025), [Muon is Scalable for LLM Training](https://arxiv.org/abs/2502.16982): `rms_rate`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Muon {
    #[serde(flatten)]
    options: OptimizerOptions,
    // The betas are double precision, because 1 − β has fewer digits than β.
    adam_beta_1: f64,
    adam_beta_2: f64,
    adam_weight_decay: Option<Float>,
    adam_lr_ratio: Float,
    epsilon: Float,
    exclude_layers: Vec<String>,
    exclude_embeddings: bool,
    muon_a: Float,
    muon_b: Float,
    muon_c: Float,
    momentum: Float,
    ns_steps: u32,
    nesterov: bool,
    rms_rate: Option<Float>,
}

impl Muon {
    /// Muon with Keras's defaults.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Muon {
        let muon = Muon {
            options: OptimizerOptions::new(learning_rate),
            adam_beta_1: 0.9,
            adam_beta_2: 0.999,
            adam_weight_decay: Some(0.004),
            adam_lr_ratio: 1.0,
            epsilon: 1e-7,
            exclude_layers: Vec::new(),
            exclude_embeddings: true,
            muon_a: 3.4445,
            muon_b: -4.775,
            muon_c: 2.0315,
            momentum: 0.95,
            ns_steps: 5,
            nesterov: true,
            rms_rate: Some(0.2),
        };
        muon.weight_decay(0.004)
    }

    /// For Adam: how slowly the average of the gradient forgets, from 0 to below 1.
    pub fn adam_beta_1(mut self, adam_beta_1: f64) -> Muon {
        self.adam_beta_1 = adam_beta_1;
        self
    }

    /// For Adam: how slowly the average of the squared gradient forgets, from 0 to below 1.
    pub fn adam_beta_2(mut self, adam_beta_2: f64) -> Muon {
        self.adam_beta_2 = adam_beta_2;
        self
    }

    /// For Adam: the weight decay, at least 0, or `None`.
    pub fn adam_weight_decay(mut self, adam_weight_decay: impl Into<Option<Float>>) -> Muon {
        self.adam_weight_decay = adam_weight_decay.into();
        self
    }

    /// For Adam: what the learning rate is multiplied by, at least 0.
    pub fn adam_lr_ratio(mut self, adam_lr_ratio: Float) -> Muon {
        self.adam_lr_ratio = adam_lr_ratio;
        self
    }

    /// For Adam: what keeps the division finite, above 0.
    pub fn epsilon(mut self, epsilon: Float) -> Muon {
        self.epsilon = epsilon;
        self
    }

    /// Leaves weights to Adam whose names contain one of these texts: `["head"]`, for example. (Keras: regular expressions.)
    pub fn exclude_layers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Muon {
        self.exclude_layers = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether weights are left to Adam whose names contain `embedding`.
    pub fn exclude_embeddings(mut self, exclude_embeddings: bool) -> Muon {
        self.exclude_embeddings = exclude_embeddings;
        self
    }

    /// a of the iteration: the factor of x.
    pub fn muon_a(mut self, muon_a: Float) -> Muon {
        self.muon_a = muon_a;
        self
    }

    /// b of the iteration: the factor of A x.
    pub fn muon_b(mut self, muon_b: Float) -> Muon {
        self.muon_b = muon_b;
        self
    }

    /// c of the iteration: the factor of A² x.
    pub fn muon_c(mut self, muon_c: Float) -> Muon {
        self.muon_c = muon_c;
        self
    }

    /// μ: how slowly the sum of the gradients forgets, from 0 to below 1.
    pub fn momentum(mut self, momentum: Float) -> Muon {
        self.momentum = momentum;
        self
    }

    /// How often the iteration is repeated, at least once.
    pub fn ns_steps(mut self, ns_steps: u32) -> Muon {
        self.ns_steps = ns_steps;
        self
    }

    /// Whether the step looks ahead to where the momentum will lead.
    pub fn nesterov(mut self, nesterov: bool) -> Muon {
        self.nesterov = nesterov;
        self
    }

    /// The rms that a step has with a learning rate of 1, so that rates are those of Adam; `None` leaves O(x) as it is.
    pub fn rms_rate(mut self, rms_rate: impl Into<Option<Float>>) -> Muon {
        self.rms_rate = rms_rate.into();
        self
    }

    shared_options!(options);
}

impl Default for Muon {
    fn default() -> Muon {
        Muon::new(0.001)
    }
}

#[typetag::serde(name = "muon")]
impl Optimizer for Muon {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn weight_decay_of(&self, spec: &WeightSpec) -> Option<Float> {
        let decay =
            if self.is_left_to_adam(spec) { self.adam_weight_decay } else { self.options.weight_decay };
        decay.filter(|_| self.options.decays(&spec.name))
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        let adam_step = UpdateStep { learning_rate: step.learning_rate * self.adam_lr_ratio, ..*step };
        let adam = adam::Rule::new(&adam_step, self.adam_beta_1, self.adam_beta_2, self.epsilon);
        update.each_weight(|update, [m, v]| {
            if self.is_left_to_adam(update.spec) {
                update.team.for_each_cut([update.weight, m, v], 1, &|range, [w, m, v]| {
                    vectorised(
                        #[inline(always)]
                        || adam.descend(w, &update.gradient[range], m, v),
                    );
                });
            } else {
                self.update_matrix(step, update, m);
            }
        });
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }

    fn check(&self) -> Result<(), BuildError> {
        self.options.check()?;
        check_beta("adam_beta_1", self.adam_beta_1)?;
        check_beta("adam_beta_2", self.adam_beta_2)?;
        check_rate("adam_weight_decay", self.adam_weight_decay.unwrap_or(0.0))?;
        check_rate("adam_lr_ratio", self.adam_lr_ratio)?;
        check_epsilon(self.epsilon)?;
        check_beta("momentum", self.momentum.into())?;
        BuildError::check_option("ns_steps", "at least 1", self.ns_steps, self.ns_steps > 0)?;
        for (option, value) in [("muon_a", self.muon_a), ("muon_b", self.muon_b), ("muon_c", self.muon_c)] {
            BuildError::check_option(option, "finite", value, value.is_finite())?;
        }
        check_rate("rms_rate", self.rms_rate.unwrap_or(0.0))
    }

    fn check_names(&self, weights: &Weights) -> Result<(), BuildError> {
        self.options.check_names(weights)?;
        check_parts_of_names("exclude_layers", &self.exclude_layers, weights)
    }
}

impl Muon {
    /// Whether a weight is updated by Adam's rule.
    fn is_left_to_adam(&self, spec: &WeightSpec) -> bool {
        spec.shape.rank() != 2
            || self.exclude_embeddings && is_of_embeddings(&spec.name)
            || self.exclude_layers.iter().any(|text| spec.name.contains(&**text))
    }

    /// Updates a matrix along the orthogonal matrix that is nearest to its momentum.
    fn update_matrix(&self, step: &UpdateStep, update: WeightUpdate<'_>, m: &mut [Float]) {
        let WeightUpdate { spec, weight, gradient, workspace, team } = update;
        for (m, g) in m.iter_mut().zip(gradient) {
            *m = self.momentum * *m + g;
        }
        let rate = step.learning_rate * self.length(&spec.shape);
        on_tape(workspace, team, |tape| {
            let x = tape.input_with(spec.shape, |x| self.look_ahead(gradient, m, x));
            self.orthogonalized(x).with_value(|direction| {
                weight.iter_mut().zip(direction.data).for_each(|(w, x)| *w -= rate * x);
            });
        });
    }

    /// x = g + μm, or x = m
    fn look_ahead(&self, gradient: &[Float], m: &[Float], x: &mut [Float]) {
        if !self.nesterov {
            return x.copy_from_slice(m);
        }
        for ((x, g), m) in x.iter_mut().zip(gradient).zip(m) {
            *x = g + self.momentum * m;
        }
    }

    /// O(x), by the iteration of Newton and Schulz.
    ///
    /// Of a matrix with more rows than columns, A = xᵀx is the smaller product, and x ← a x + x (b A + c A²) the same.
    fn orthogonalized<'t>(&self, x: Var<'t>) -> Var<'t> {
        let is_tall = matches!(*x.shape().axes(), [rows, columns] if rows > columns);
        let norm = x.square().sum(Axes::All).sqrt();
        let mut x = x / (norm + 1e-7);
        for _ in 0..self.ns_steps {
            let a = if is_tall { x.transposed_matmul(x) } else { x.matmul_transposed(x) };
            let factor = self.muon_b * a + self.muon_c * a.matmul(a);
            x = self.muon_a * x + if is_tall { x.matmul(factor) } else { factor.matmul(x) };
        }
        x
    }

    /// `rms_rate` · √max(n, k)
    fn length(&self, shape: &Shape) -> Float {
        let longest = shape.axes().iter().copied().max().unwrap_or(1);
        self.rms_rate.map_or(1.0, |rate| rate * (longest as Float).sqrt())
    }
}

/// Whether a weight's name contains `embedding`, in capitals or not. Asked in every step, so without a copy of the name.
fn is_of_embeddings(name: &str) -> bool {
    let word = b"embedding";
    name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

/// Computes something on a tape, in memory that stays.
fn on_tape(workspace: &mut Workspace, team: &Team, compute: impl FnOnce(&Tape<'_>)) {
    let weights = Weights::default();
    let memory = std::mem::replace(workspace, Workspace::with_team(team.clone()));
    let tape = Tape::record(memory, &weights, Mode::Inference);
    compute(&tape);
    *workspace = tape.finish();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OptimizerState;

    /// The weights after one step from 0, along a gradient with this at each place.
    fn after_one_step(muon: &Muon, weights: &mut Weights, gradient: impl Fn(usize) -> Float) {
        let mut gradients = vec![0.0; weights.trainable().len()];
        for (_, spec) in weights.iter() {
            let places = gradients[spec.range()].iter_mut().enumerate();
            places.for_each(|(place, g)| *g = gradient(place));
        }
        OptimizerState::new(muon, weights).step(muon, weights, &mut gradients, &Team::default());
    }

    #[test]
    fn all_directions_of_a_step_are_nearly_as_long() {
        // Two orthogonal rows, of lengths 500 and 1.
        let gradient = [300.0, -400.0, 0.0, 0.8, 0.6, 0.0];
        for (shape, transposed) in [([2, 3], false), ([3, 2], true)] {
            let mut weights = Weights::default();
            let w = weights.add("w", shape, true);
            let place = |place: usize| if transposed { place % 2 * 3 + place / 2 } else { place };
            let muon = Muon::new(1.0).rms_rate(None).ns_steps(8);
            after_one_step(&muon, &mut weights, |i| gradient[place(i)]);
            let w = weights.get(w).data;
            let at =
                |row: usize, column: usize| w[(0..6).position(|p| place(p) == row * 3 + column).unwrap()];
            let lengths = [0, 1].map(|row| (0..3).map(|i| at(row, i).powi(2)).sum::<Float>().sqrt());
            assert!(lengths.iter().all(|length| (0.6..1.3).contains(length)), "{shape:?}: {lengths:?}");
            assert!(at(0, 0) < 0.0, "against the gradient");
        }
    }

    #[test]
    fn what_is_no_matrix_or_excluded_is_left_to_adam() {
        let mut weights = Weights::default();
        let names = ["dense/kernel", "Embedding/table", "head/kernel"];
        let matrices = names.map(|name| weights.add(name, [2, 2], true));
        let bias = weights.add("dense/bias", [2], true);
        let stack = weights.add("stack/kernel", [2, 2, 2], true);
        let left = |muon: Muon, weight| muon.is_left_to_adam(weights.spec(weight));
        let default = Muon::default;
        assert_eq!(matrices.map(|weight| left(default(), weight)), [false, true, false]);
        assert!(left(default(), bias) && left(default(), stack));
        assert_eq!(
            matrices.map(|weight| left(default().exclude_embeddings(false).exclude_layers(["head"]), weight)),
            [false, false, true]
        );
        let message = default().exclude_layers(["haed"]).check_names(&weights).unwrap_err().to_string();
        assert!(message.starts_with("exclude_layers must be part of a weight's name (known: "), "{message}");
        assert!(default().exclude_from_weight_decay(["haed"]).check_names(&weights).is_err());
        assert_eq!(default().exclude_layers(["head", "dense/"]).check_names(&weights), Ok(()));
    }

    #[test]
    fn matrices_and_other_weights_decay_each_in_their_way() {
        let mut weights = Weights::default();
        let [matrix, vector] = [Shape::from([2, 2]), Shape::from([2])]
            .map(|shape| weights.add(format!("w{shape}"), shape, true));
        let decays = |muon: Muon| [matrix, vector].map(|weight| muon.weight_decay_of(weights.spec(weight)));
        assert_eq!(decays(Muon::default()), [Some(0.004), Some(0.004)]);
        assert_eq!(decays(Muon::default().weight_decay(0.1).adam_weight_decay(0.2)), [Some(0.1), Some(0.2)]);
        assert_eq!(decays(Muon::default().adam_weight_decay(None)), [Some(0.004), None]);
        assert_eq!(decays(Muon::default().exclude_from_weight_decay(["w[2, 2]"])), [None, Some(0.004)]);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |muon: Muon| muon.check().unwrap_err().to_string();
        let default = Muon::default;
        assert_eq!(
            message(default().adam_beta_1(1.0)),
            "adam_beta_1 must be a number from 0 to below 1, but is 1"
        );
        assert_eq!(
            message(default().adam_beta_2(-1.0)),
            "adam_beta_2 must be a number from 0 to below 1, but is -1"
        );
        assert_eq!(
            message(default().adam_weight_decay(-1.0)),
            "adam_weight_decay must be a number from 0, but is -1"
        );
        assert_eq!(
            message(default().adam_lr_ratio(-1.0)),
            "adam_lr_ratio must be a number from 0, but is -1"
        );
        assert_eq!(message(default().epsilon(0.0)), "epsilon must be a number above 0, but is 0");
        assert_eq!(message(default().momentum(1.0)), "momentum must be a number from 0 to below 1, but is 1");
        assert_eq!(message(default().ns_steps(0)), "ns_steps must be at least 1, but is 0");
        assert_eq!(message(default().muon_a(Float::NAN)), "muon_a must be finite, but is NaN");
        assert_eq!(message(default().muon_b(Float::INFINITY)), "muon_b must be finite, but is inf");
        assert_eq!(message(default().muon_c(Float::NAN)), "muon_c must be finite, but is NaN");
        assert_eq!(message(default().rms_rate(-0.2)), "rms_rate must be a number from 0, but is -0.2");
        assert_eq!(default().rms_rate(None).check(), Ok(()));
    }
}
