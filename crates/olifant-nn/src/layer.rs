//! What a layer is, and how it gets its weights.

use std::{any::Any, fmt, ops::Range, vec};

use olifant_core::{Float, Purpose, RandomKey, Shape, TensorView, Var, VarList, Weight, WeightSpec, Weights};

use crate::{BuildError, Constraint, Initializer, Regularizer};

/// One step of a network: hyperparameters, and handles to its weights.
///
/// `build` is told the shape of its inputs, so the user of a layer never writes it.
/// `call` records the computation; the gradient follows by itself.
/// A layer with several inputs or outputs has [`build_several`](Layer::build_several) and
/// [`call_several`](Layer::call_several) as well; all others get them for nothing.
///
/// What a layer asks of its values besides returning them it adds to the loss with [`Tape::add_loss`](olifant_core::Tape::add_loss).
/// A layer that calls another with parts of samples in the place of samples does so inside [`Tape::weigh_added_losses`](olifant_core::Tape::weigh_added_losses).
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
pub trait Layer: Any + fmt::Debug + Send + Sync {
    /// Creates the weights for inputs of shape `input` (without the batch axis) and returns the shape of the outputs.
    ///
    /// # Errors
    ///
    /// The inputs do not suit the layer, or one of its options is outside its range.
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError>;

    /// Records the layer's computation; `x` has the batch axis in front.
    fn call<'t>(&self, x: Var<'t>) -> Var<'t>;

    /// How many values come out.
    fn outputs(&self) -> usize {
        1
    }

    /// As [`build`](Layer::build), for any number of inputs and outputs.
    ///
    /// # Errors
    ///
    /// There is not exactly one input, unless the layer has its own version.
    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        match inputs {
            [input] => Ok(vec![self.build(input, weights)?]),
            _ => Err(BuildError::Inputs { expected: "one input".into(), given: inputs.len() }),
        }
    }

    /// As [`call`](Layer::call), for any number of inputs and outputs.
    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        inputs.tape().list_of(&[self.call(inputs.get(0))])
    }

    /// Whether the mask of the first input is also that of the outputs, see [`Var::mask`].
    /// Otherwise it ends here, unless `call` gives its result one.
    fn supports_masking(&self) -> bool {
        false
    }

    /// Whether the layer can work with these numbers. Asked of layers that read an input of the model, before a step begins;
    /// `x`, with the batch axis in front, is what the layer is given as the input of this number.
    /// A layer with others inside passes the question on to those that read its inputs.
    ///
    /// # Errors
    ///
    /// It cannot: for example [`BuildError::Id`], which names row and value.
    fn check_input(&self, number: usize, x: TensorView<'_>) -> Result<(), BuildError> {
        let _ = (number, x);
        Ok(())
    }

    /// The only size of batches that the layer takes, if it keeps something of each sample of a batch for the next.
    fn batch_size(&self) -> Option<usize> {
        None
    }

    /// Sets what the layer keeps from batch to batch to zero.
    ///
    /// What `call` assigns to such weights with [`Tape::assign`](olifant_core::Tape::assign) is kept by training,
    /// `evaluate_with` and `predict_with`. Methods that only read a model, such as `evaluate` and `predict`,
    /// refuse a layer with a [`batch_size`](Layer::batch_size), and drop what any other assigns.
    fn reset_state(&self, weights: &mut Weights) {
        let _ = weights;
    }

    /// Takes over what the next layer does, if both together are faster in one: then the network does not call the next.
    ///
    /// It is asked once, after both were built. `next` can be looked into as `&dyn Any`.
    fn fuse(&mut self, next: &dyn Layer) -> bool {
        let _ = next;
        false
    }

    /// What `summary()` calls the layer, and, in snake case, its name in a model: by default the name of its type.
    fn class_name(&self) -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }
}

/// Writes `build` and `call` of a layer that has `build_several` and `call_several`: those, with one input.
macro_rules! one_input {
    () => {
        fn build(
            &mut self,
            input: &olifant_core::Shape,
            weights: &mut $crate::WeightBuilder<'_>,
        ) -> Result<olifant_core::Shape, $crate::BuildError> {
            Ok(self.build_several(std::slice::from_ref(input), weights)?[0])
        }

        fn call<'t>(&self, x: olifant_core::Var<'t>) -> olifant_core::Var<'t> {
            self.call_several(&x.tape().list_of(&[x])).get(0)
        }
    };
}
pub(crate) use one_input;

/// Creates the weights of one layer.
pub struct WeightBuilder<'a> {
    collected: &'a mut Collected,
    filling: Filling,
    /// The names of the layers around, and of this one.
    path: String,
    trainable: bool,
    /// Whether a network can find the layer by its name, to freeze or thaw it later on.
    is_found: bool,
    /// The weights the layer has already, if it is built once more for another input.
    existing: Option<&'a mut vec::IntoIter<Weight>>,
    created: &'a mut Vec<Weight>,
}

/// What the layers of a network ask for when they are built.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) weights: Weights,
    pub(crate) penalties: Vec<(Weight, Regularizer)>,
    pub(crate) constraints: Vec<(Weight, Constraint)>,
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

impl<'a> WeightBuilder<'a> {
    /// For a whole network.
    pub(crate) fn new(
        collected: &'a mut Collected,
        filling: Filling,
        created: &'a mut Vec<Weight>,
    ) -> WeightBuilder<'a> {
        WeightBuilder {
            collected,
            filling,
            path: String::new(),
            trainable: true,
            is_found: true,
            existing: None,
            created,
        }
    }

    /// For one layer of a network, which may have its weights already.
    pub(crate) fn layer<'b>(
        &'b mut self,
        name: &str,
        trainable: bool,
        existing: Option<&'b mut vec::IntoIter<Weight>>,
        created: &'b mut Vec<Weight>,
    ) -> WeightBuilder<'b> {
        // What can be frozen and thawed later on begins as trainable.
        let trainable = self.trainable && (trainable || self.is_found);
        WeightBuilder {
            path: self.path_of(name),
            collected: self.collected,
            filling: self.filling,
            trainable,
            is_found: self.is_found,
            existing: existing.or(self.existing.as_deref_mut()),
            created,
        }
    }

    /// For a layer inside this one: its weights are called `<layer>/<name>/…`.
    pub fn nested(&mut self, name: &str) -> WeightBuilder<'_> {
        let path = self.path_of(name);
        WeightBuilder {
            collected: self.collected,
            filling: self.filling,
            path,
            trainable: self.trainable,
            is_found: false,
            existing: self.existing.as_deref_mut(),
            created: self.created,
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    /// A trainable weight, called `<layer>/<name>`.
    ///
    /// # Errors
    ///
    /// The initializer cannot fill this shape; or the layer is called a second time, and its weight has another shape.
    pub fn add(&mut self, name: &str, shape: Shape, initializer: &Initializer) -> Result<Weight, BuildError> {
        self.create(name, shape, initializer, self.trainable)
    }

    /// A weight that gradients do not change, such as a moving average.
    /// A layer whose state should not move while it is frozen asks [`WeightSpec::frozen`].
    ///
    /// # Errors
    ///
    /// As for [`add`](WeightBuilder::add).
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
        if let Some(regularizer) = regularizer.filter(|_| self.existing.is_none()) {
            regularizer.check()?;
            self.collected.penalties.push((weight, regularizer));
        }
        Ok(())
    }

    /// Puts a weight back to a limit after each update.
    ///
    /// # Errors
    ///
    /// An option of the constraint is outside its range, or the weight has not the axes.
    pub fn constrain(&mut self, weight: Weight, constraint: Option<&Constraint>) -> Result<(), BuildError> {
        if let Some(constraint) = constraint.filter(|_| self.existing.is_none()) {
            constraint.check(&self.spec(weight).shape)?;
            self.collected.constraints.push((weight, constraint.clone()));
        }
        Ok(())
    }

    /// Gives a part of a weight other first values than its initializer did.
    /// A weight that the layer had already, or whose values a file holds, stays as it is.
    pub(crate) fn begin_with(&mut self, weight: Weight, part: Range<usize>, value: Float) {
        if self.existing.is_none() && matches!(self.filling, Filling::Initial(_)) {
            self.collected.weights.get_mut(weight)[part].fill(value);
        }
    }

    /// What is known of a weight.
    pub(crate) fn spec(&self, weight: Weight) -> &WeightSpec {
        self.collected.weights.spec(weight)
    }

    /// How many weights the layer has so far.
    pub(crate) fn created(&self) -> usize {
        self.created.len()
    }

    /// Gives the weights that were created from one on the numbers of others, in the same order.
    /// Weights whose values a file holds stay as they are.
    pub(crate) fn fill(&mut self, begin: usize, numbers: &Weights) {
        if matches!(self.filling, Filling::Initial(_)) {
            for (&weight, (other, _)) in self.created[begin..].iter().zip(numbers.iter()) {
                self.collected.weights.get_mut(weight).copy_from_slice(numbers.get(other).data);
            }
        }
    }

    /// Counts weights of a layer inside as this layer's.
    pub(crate) fn note(&mut self, created: &[Weight]) {
        self.created.extend(created);
    }

    fn create(
        &mut self,
        name: &str,
        shape: Shape,
        initializer: &Initializer,
        trainable: bool,
    ) -> Result<Weight, BuildError> {
        let weight = match self.existing.as_mut().and_then(Iterator::next) {
            Some(weight) => self.reuse(weight, shape)?,
            None => self.create_anew(name, shape, initializer, trainable)?,
        };
        self.created.push(weight);
        Ok(weight)
    }

    /// The weight that a shared layer has already.
    fn reuse(&self, weight: Weight, needed: Shape) -> Result<Weight, BuildError> {
        let WeightSpec { name, shape, .. } = self.spec(weight);
        if *shape == needed {
            return Ok(weight);
        }
        Err(BuildError::SharedWeight {
            weight: name.clone(),
            shape: shape.to_string(),
            needed: needed.to_string(),
        })
    }

    fn create_anew(
        &mut self,
        name: &str,
        shape: Shape,
        initializer: &Initializer,
        trainable: bool,
    ) -> Result<Weight, BuildError> {
        let weights = &mut self.collected.weights;
        let size = Shape::new(shape.axes())?.size();
        if let Filling::Zeros { at_most } = self.filling {
            let parameters = weights.trainable_parameters() + weights.state_parameters();
            if parameters.checked_add(size).is_none_or(|total| total > at_most) {
                return Err(BuildError::TooManyParameters { at_most });
            }
        }
        if Vec::<Float>::new().try_reserve_exact(size).is_err() {
            return Err(BuildError::Memory { shape });
        }
        let number = weights.len() as u64;
        let weight = weights.add(format!("{}/{name}", self.path), shape, trainable);
        weights.set_frozen(weight, !self.trainable);
        if let Filling::Initial(seed) = self.filling {
            // Each weight has a random stream of its own, so that one more layer does not change the others.
            let key = RandomKey::from_seed(seed).purpose(Purpose::Weights).derive(number);
            initializer.fill(&shape, key, weights.get_mut(weight))?;
        }
        Ok(weight)
    }
}
