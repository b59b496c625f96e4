//! A layer for each time step.

use olifant_core::{Float, Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use crate::{BuildError, Layer, Node, WeightBuilder, with_batch};

/// Applies a layer to each time step, with the same weights.
///
/// The time steps are taken for samples, so the layer is called once for all of them:
/// a batch normalization inside normalizes over samples and time steps together.
/// What the layer adds to the loss, such as the penalty of an `activity_regularizer`, is summed over the time steps of a sample.
///
/// # Shapes
///
/// Inputs `[batch, time, …]`, where `[batch, …]` suits the layer; outputs `[batch, time, …]`, the layer's outputs.
///
/// # Masks
///
/// The mask of the inputs is that of the outputs. The layer itself computes all time steps.
///
/// # Errors
///
/// When built: inputs without a time axis; a layer that cannot be built, has several outputs, or is stateful.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::{Dense, LSTM, TimeDistributed}};
///
/// let network = Sequential::new([28, 28])
///     .add(LSTM::new(64).return_sequences(true))
///     .add(TimeDistributed::new(Dense::new(10)))
///     .build(42)?;
/// assert_eq!(network.output(), [28, 10].into());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct TimeDistributed {
    inner: Box<dyn Layer>,
    /// The shape of what the layer returns for one time step.
    #[serde(skip)]
    output: Shape,
}

impl TimeDistributed {
    /// This layer for each time step: also a network that has learnt, [`into_layer`](crate::Network::into_layer).
    ///
    /// A name is not kept, and neither is what freezes the layer itself: freeze the time-distributed layer.
    pub fn new(layer: impl Into<Node>) -> TimeDistributed {
        TimeDistributed { inner: layer.into().layer, output: Shape::SCALAR }
    }
}

#[typetag::serde(name = "time_distributed")]
impl Layer for TimeDistributed {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let [time, step @ ..] = input.axes() else { return Err(no_time(input)) };
        if step.is_empty() {
            return Err(no_time(input));
        }
        if self.inner.outputs() != 1 || self.inner.batch_size().is_some() {
            let expected = "a layer with one output that keeps no states";
            return Err(BuildError::option(
                "what is distributed over time",
                expected,
                self.inner.class_name(),
            ));
        }
        self.output = self.inner.build(&Shape::new(step)?, &mut weights.nested("layer"))?;
        let axes = [&[*time], self.output.axes()].concat();
        Ok(Shape::new(&axes)?)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let shape = x.shape();
        let (batch, time) = (shape[0], shape[1]);
        let steps = x.reshape(shape.without_batch().without_batch().with_batch(batch * time));
        let y = x.tape().weigh_added_losses(time as Float, || self.inner.call(steps));
        y.reshape(self.output.with_batch(time).with_batch(batch))
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn check_input(&self, number: usize, x: TensorView<'_>) -> Result<(), BuildError> {
        let (batch, time) = (x.shape[0], x.shape[1]);
        let shape = x.shape.without_batch().without_batch().with_batch(batch * time);
        let checked = self.inner.check_input(number, TensorView { data: x.data, shape });
        checked.map_err(|error| error.in_row(|row| row / time))
    }
}

fn no_time(given: &Shape) -> BuildError {
    BuildError::InputShape {
        expected: "[batch, time, …]".into(),
        given: with_batch(given),
        remedy: "; each time step needs at least one axis of its own",
    }
}
