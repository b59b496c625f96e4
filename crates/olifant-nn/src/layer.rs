//! What a layer is, and how it gets its weights.

use std::fmt;

use olifant_core::{Float, Purpose, RandomKey, Shape, Var, Weight, Weights};

use crate::{BuildError, Initializer, Regularizer};

/// One step of a network: hyperparameters, and handles to its weights.
///
/// `build` is told the shape of its inputs, so the user of a layer never writes it.
/// `call` records the computation; the gradient follows by itself.
///
/// A layer is saved by its serde fields. Mark handles `#[serde(skip)]`: `build` makes them anew when a model is loaded.
/// No field may be called `layer`: that is the key under which the layer's type is saved.
/// A program that only loads a model must mention the crate its layers come from: `use their_layers as _;`.
///
/// # Examples
///
/// ```
/// use olifant_core::{Shape, Var, Weight};
/// use olifant_nn::{BuildError, Initializer, Layer, WeightBuilder};
/// use serde::{Deserialize, Serialize};
///
/// /// y = x · σ(βx), with a β that is learnt.
/// #[derive(Clone, Debug, Default, Serialize, Deserialize)]
/// struct Swish {
///     #[serde(skip)]
///     beta: Weight,
/// }
///
/// #[typetag::serde(name = "my_crate/swish")]
/// impl Layer for Swish {
///     fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
///         self.beta = weights.add("beta", Shape::from([1]), &Initializer::Ones)?;
///         Ok(*input)
///     }
///
///     fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
///         let beta = x.tape().weight(self.beta);
///         x * (beta * x).sigmoid()
///     }
/// }
/// ```
#[typetag::serde(tag = "layer")]
pub trait Layer: fmt::Debug + Send + Sync + 'static {
    /// Creates the weights for inputs of shape `input` (without the batch axis) and returns the shape of the outputs.
    ///
    /// # Errors
    ///
    /// The inputs do not suit the layer, or one of its options is outside its range.
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError>;

    /// Records the layer's computation; `x` has the batch axis in front.
    fn call<'t>(&self, x: Var<'t>) -> Var<'t>;

    /// What `summary()` calls the layer, and, in snake case, its name in a model: by default the name of its type.
    fn class_name(&self) -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }
}

/// Creates the weights of one layer.
pub struct WeightBuilder<'a> {
    pub(crate) weights: &'a mut Weights,
    pub(crate) penalties: &'a mut Vec<(Weight, Regularizer)>,
    pub(crate) layer: &'a str,
    pub(crate) filling: Filling,
}

/// What the weights of a network hold before training or loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// What their initializers say; all randomness follows from this seed.
    Initial(u64),
    /// Zeros, to be replaced by what a file holds. A network of more numbers than this is refused.
    Zeros {
        /// How many numbers there may be.
        at_most: usize,
    },
}

impl WeightBuilder<'_> {
    /// A trainable weight, called `<layer>/<name>`.
    ///
    /// # Errors
    ///
    /// The initializer cannot fill this shape.
    pub fn add(&mut self, name: &str, shape: Shape, initializer: &Initializer) -> Result<Weight, BuildError> {
        self.create(name, shape, initializer, true)
    }

    /// A weight that gradients do not change, such as a moving average.
    ///
    /// # Errors
    ///
    /// The initializer cannot fill this shape.
    pub fn add_state(
        &mut self,
        name: &str,
        shape: Shape,
        initializer: &Initializer,
    ) -> Result<Weight, BuildError> {
        self.create(name, shape, initializer, false)
    }

    /// Adds a penalty on a weight to the loss of the model.
    ///
    /// # Errors
    ///
    /// A factor of the penalty is outside its range.
    pub fn regularize(&mut self, weight: Weight, regularizer: Option<Regularizer>) -> Result<(), BuildError> {
        if let Some(regularizer) = regularizer {
            regularizer.check()?;
            self.penalties.push((weight, regularizer));
        }
        Ok(())
    }

    fn create(
        &mut self,
        name: &str,
        shape: Shape,
        initializer: &Initializer,
        trainable: bool,
    ) -> Result<Weight, BuildError> {
        let size = Shape::new(shape.axes())?.size();
        if let Filling::Zeros { at_most } = self.filling {
            let parameters = self.weights.trainable_parameters() + self.weights.state_parameters();
            if parameters.checked_add(size).is_none_or(|total| total > at_most) {
                return Err(BuildError::TooManyParameters { at_most });
            }
        }
        if Vec::<Float>::new().try_reserve_exact(size).is_err() {
            return Err(BuildError::Memory { shape });
        }
        let number = self.weights.len() as u64;
        let weight = self.weights.add(format!("{}/{name}", self.layer), shape, trainable);
        if let Filling::Initial(seed) = self.filling {
            // Each weight has a random stream of its own, so that one more layer does not change the others.
            let key = RandomKey::from_seed(seed).purpose(Purpose::Weights).derive(number);
            initializer.fill(&shape, key, self.weights.get_mut(weight))?;
        }
        Ok(weight)
    }
}
