//! The plain recurrent layer.

use olifant_core::{Float, RecurrentOptions, RecurrentResult, RecurrentWeights, Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use super::recurrent::{Cell, Recurrence, Recurrent, recurrent_layer, recurrent_options};
use crate::{Activation, BuildError, Layer, WeightBuilder};

/// A plain recurrent layer: the output of each time step goes into the next.
///
/// h ← activation(x·K + h·R + b)
///
/// # Shapes
///
/// Inputs `[batch, time, features]`; behind them, if a model gives it, the initial state h, `[batch, units]`.
/// Outputs `[batch, units]`, with `return_sequences` `[batch, time, units]`; behind them, with `return_state`, the last h.
/// Kernel K `[features, units]`, recurrent kernel R `[units, units]`, bias b `[units]`.
///
/// # Masks
///
/// A masked time step leaves the state as it is, and its output is that of the step before; leading masked steps give zeros.
/// The mask goes on with a returned sequence.
///
/// # Defaults
///
/// `activation` tanh, `use_bias` true, `kernel_initializer` Glorot uniform, `recurrent_initializer` orthogonal,
/// `bias_initializer` zeros, no regularizers, no constraints, `dropout` and `recurrent_dropout` 0,
/// `return_sequences`, `return_state`, `go_backwards`, `zero_output_for_mask` false, not `stateful`.
///
/// # Errors
///
/// When built: inputs that are no sequences, zero units, a rate of dropout outside [0, 1], an initializer's or activation's option
/// outside its range.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Activation, Sequential, layers::SimpleRNN};
///
/// let network = Sequential::new([28, 28]).add(SimpleRNN::new(10).activation(Activation::Relu)).build(42)?;
/// assert_eq!(network.weights().trainable_parameters(), 28 * 10 + 10 * 10 + 10);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Elman (1990), "Finding structure in time", Cognitive Science 14.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimpleRNN {
    #[serde(flatten)]
    pub(super) recurrence: Recurrence,
}

impl SimpleRNN {
    /// A layer of so many units.
    pub fn new(units: usize) -> SimpleRNN {
        SimpleRNN { recurrence: Recurrence::new(units) }
    }

    recurrent_options!();
}

impl Cell for SimpleRNN {
    const GATES: usize = 1;
    const STATES: usize = 1;
    const STATE_NAMES: &'static [&'static str] = &["hidden_state"];

    /// There is no gate.
    fn recurrent_activation(&self) -> Activation {
        Activation::Linear
    }

    fn record<'t>(
        &self,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        x.simple_rnn(weights, options)
    }

    fn step<'t>(
        &self,
        x: Var<'t>,
        _: [Var<'t>; 2],
        dropped: Var<'t>,
        weights: RecurrentWeights<'t>,
        activation: Activation,
    ) -> [Var<'t>; 2] {
        let z = x + dropped.matmul(weights.recurrent_kernel);
        let h = activation.call(weights.bias.map_or(z, |bias| z + bias));
        [h, h]
    }
}

recurrent_layer!(SimpleRNN, "simple_rnn");
