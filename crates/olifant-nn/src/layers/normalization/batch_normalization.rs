//! Normalization over the batch.

use olifant_core::{Float, Shape, Var, Weight};
use serde::{Deserialize, Serialize};

use super::{GammaAndBeta, check_epsilon, gamma_and_beta_options};
use crate::{
    BuildError, Initializer, Layer, WeightBuilder,
    layers::{
        defaults::{last, ones, zeros},
        last_axes::LastAxes,
    },
};

/// Gives each channel mean 0 and variance 1, then scale and shift of its own.
///
/// y = γ · (x − mean) / √(variance + ε) + β
///
/// In training, mean and (biased) variance are those of the batch, over all axes but `axis`, and the moving averages follow them:
/// moving = momentum · moving + (1 − momentum) · batch. In use, the moving averages take their place.
/// Time steps that are masked do not count.
///
/// A frozen layer behaves in training as in use, as in Keras.
///
/// # Shapes
///
/// Outputs have the shape of the inputs. Weights `gamma` and `beta`, state `moving_mean` and `moving_variance`: `[channels]`.
///
/// # Defaults
///
/// `axis` −1, `momentum` 0.99, `epsilon` 0.001, `center` and `scale` true,
/// γ and the moving variance begin with ones, β and the moving mean with zeros, no regularizers, no constraints.
///
/// # Errors
///
/// When built: an axis that does not exist or is the batch axis, a momentum outside [0, 1], an epsilon not above 0.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Activation, Sequential, layers::{ActivationLayer, BatchNormalization, Dense}};
///
/// let network = Sequential::new([784])
///     .add(Dense::new(300).use_bias(false))
///     .add(BatchNormalization::new())
///     .add(ActivationLayer::new(Activation::Relu))
///     .build(42)?;
/// assert_eq!(network.weights().state_parameters(), 2 * 300);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Ioffe, Szegedy (2015), [Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift](https://arxiv.org/abs/1502.03167).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchNormalization {
    #[serde(default = "last")]
    axis: isize,
    #[serde(default = "momentum")]
    momentum: Float,
    #[serde(default = "epsilon")]
    epsilon: Float,
    #[serde(flatten)]
    gamma_and_beta: GammaAndBeta,
    #[serde(default = "zeros")]
    moving_mean_initializer: Initializer,
    #[serde(default = "ones")]
    moving_variance_initializer: Initializer,
    #[serde(skip)]
    channels: LastAxes,
    #[serde(skip)]
    moving_mean: Weight,
    #[serde(skip)]
    moving_variance: Weight,
}

fn momentum() -> Float {
    0.99
}

fn epsilon() -> Float {
    1e-3
}

impl Default for BatchNormalization {
    fn default() -> BatchNormalization {
        BatchNormalization {
            axis: last(),
            momentum: momentum(),
            epsilon: epsilon(),
            gamma_and_beta: GammaAndBeta::default(),
            moving_mean_initializer: zeros(),
            moving_variance_initializer: ones(),
            channels: LastAxes::default(),
            moving_mean: Weight::default(),
            moving_variance: Weight::default(),
        }
    }
}

impl BatchNormalization {
    /// The layer with the default options.
    pub fn new() -> BatchNormalization {
        BatchNormalization::default()
    }

    /// The axis of the channels, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: isize) -> BatchNormalization {
        self.axis = axis;
        self
    }

    /// How much of the moving averages stays with each batch, in [0, 1].
    pub fn momentum(mut self, momentum: Float) -> BatchNormalization {
        self.momentum = momentum;
        self
    }

    /// What is added to the variance, so that nothing is divided by 0.
    pub fn epsilon(mut self, epsilon: Float) -> BatchNormalization {
        self.epsilon = epsilon;
        self
    }

    /// How the moving mean is filled before training.
    pub fn moving_mean_initializer(mut self, initializer: Initializer) -> BatchNormalization {
        self.moving_mean_initializer = initializer;
        self
    }

    /// How the moving variance is filled before training.
    pub fn moving_variance_initializer(mut self, initializer: Initializer) -> BatchNormalization {
        self.moving_variance_initializer = initializer;
        self
    }

    /// Normalizes with the batch's moments, and lets the moving averages follow them.
    fn train<'t>(&self, x: Var<'t>, mask: Option<Var<'t>>) -> Var<'t> {
        let tape = x.tape();
        let [gamma, beta] = self.gamma_and_beta.on(tape);
        let (y, mean, variance) = x.batch_normalization(gamma, beta, self.epsilon, mask);
        for (moving, of_batch) in [(self.moving_mean, mean), (self.moving_variance, variance)] {
            let kept = self.momentum * tape.weight(moving);
            tape.assign(moving, kept + (1.0 - self.momentum) * of_batch);
        }
        y
    }

    /// Normalizes with the moving averages.
    fn apply<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [gamma, beta] = self.gamma_and_beta.on(x.tape());
        let [mean, variance] = [self.moving_mean, self.moving_variance].map(|weight| x.tape().weight(weight));
        x.normalize(mean, variance, gamma, beta, self.epsilon)
    }
}

gamma_and_beta_options!(BatchNormalization);

#[typetag::serde(name = "batch_normalization")]
impl Layer for BatchNormalization {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let momentum = self.momentum;
        BuildError::check_option("momentum", "between 0 and 1", momentum, (0.0..=1.0).contains(&momentum))?;
        check_epsilon(self.epsilon)?;
        let (channels, shape) = LastAxes::new(self.axis.into(), input)?;
        self.channels = channels;
        self.gamma_and_beta.build(shape, weights)?;
        self.moving_mean = weights.add_state("moving_mean", shape, &self.moving_mean_initializer)?;
        self.moving_variance =
            weights.add_state("moving_variance", shape, &self.moving_variance_initializer)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        if !tape.is_training() || tape.weights().spec(self.moving_mean).frozen {
            return self.channels.apply(x, |x| self.apply(x));
        }
        let mask = x.mask().map(|mask| self.channels.mask_of_rows(mask, x.shape()));
        self.channels.apply(x, |x| self.train(x, mask))
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
