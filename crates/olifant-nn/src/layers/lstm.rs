//! The long short-term memory.

use olifant_core::{Float, RecurrentOptions, RecurrentResult, RecurrentWeights, Shape, Var, VarList, Weight};
use serde::{Deserialize, Serialize};

use super::{
    defaults::{sigmoid, yes},
    options::options,
    recurrent::{Cell, Recurrence, Recurrent, gate, gated_options, recurrent_layer},
};
use crate::{Activation, BuildError, Layer, WeightBuilder};

/// A long short-term memory: a recurrent layer that learns what to keep for long.
///
/// With x of one time step, the output h and the carry c of the step before, and z = x·K + h·R + b,
/// whose columns are the gates i, f, g, o:
///
/// c ← σ(f) c + σ(i) a(g), h ← σ(o) a(c)
///
/// a is `activation`, σ is `recurrent_activation`.
///
/// # Shapes
///
/// Inputs `[batch, time, features]`; behind them, if a model gives them, the initial states h and c, `[batch, units]` each.
/// Outputs `[batch, units]`, with `return_sequences` `[batch, time, units]`; behind them, with `return_state`, the last h and c.
/// Kernel K `[features, 4 · units]`, recurrent kernel R `[units, 4 · units]`, bias b `[4 · units]`.
///
/// # Masks
///
/// A masked time step leaves the states as they are, and its output is that of the step before; leading masked steps give zeros.
/// The mask goes on with a returned sequence.
///
/// # Defaults
///
/// `activation` tanh, `recurrent_activation` sigmoid, `use_bias` true, `kernel_initializer` Glorot uniform,
/// `recurrent_initializer` orthogonal, `bias_initializer` zeros, `unit_forget_bias` true, no regularizers, no constraints,
/// `dropout` and `recurrent_dropout` 0, `return_sequences`, `return_state`, `go_backwards`, `zero_output_for_mask` false,
/// not `stateful`.
///
/// # Errors
///
/// When built: inputs that are no sequences, zero units, a rate of dropout outside [0, 1], an initializer's or activation's option
/// outside its range.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::{Dense, LSTM}};
///
/// let network = Sequential::new([28, 28])
///     .add(LSTM::new(64).return_sequences(true))
///     .add(LSTM::new(32).dropout(0.2))
///     .add(Dense::new(10))
///     .build(42)?;
/// assert_eq!(network.output(), [10].into());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Hochreiter, Schmidhuber (1997), "Long short-term memory", Neural Computation 9.
/// `unit_forget_bias`: Jozefowicz, Zaremba, Sutskever (2015),
/// [An empirical exploration of recurrent network architectures](https://proceedings.mlr.press/v37/jozefowicz15.html).
/// Dropout: Gal, Ghahramani (2016), [A theoretically grounded application of dropout in recurrent neural networks](https://arxiv.org/abs/1512.05287).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LSTM {
    #[serde(flatten)]
    pub(super) recurrence: Recurrence,
    #[serde(default = "sigmoid")]
    recurrent_activation: Activation,
    #[serde(default = "yes")]
    unit_forget_bias: bool,
}

impl LSTM {
    /// A layer of so many units.
    pub fn new(units: usize) -> LSTM {
        LSTM { recurrence: Recurrence::new(units), recurrent_activation: sigmoid(), unit_forget_bias: true }
    }

    options! {
        /// Whether the bias of the gate f begins with ones, so that at first nothing is forgotten.
        unit_forget_bias(unit_forget_bias: bool) => unit_forget_bias;
    }

    gated_options!();
}

impl Cell for LSTM {
    const GATES: usize = 4;
    const STATES: usize = 2;
    const STATE_NAMES: &'static [&'static str] = &["hidden_state", "carry_state"];

    fn recurrent_activation(&self) -> Activation {
        self.recurrent_activation
    }

    fn begin(&self, bias: Weight, weights: &mut WeightBuilder<'_>) {
        if self.unit_forget_bias {
            let units = self.recurrence.units;
            weights.begin_with(bias, units..2 * units, 1.0);
        }
    }

    fn record<'t>(
        &self,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        x.lstm(weights, options)
    }

    fn step<'t>(
        &self,
        x: Var<'t>,
        [_, c]: [Var<'t>; 2],
        dropped: Var<'t>,
        weights: RecurrentWeights<'t>,
        activation: Activation,
    ) -> [Var<'t>; 2] {
        let z = x + dropped.matmul(weights.recurrent_kernel);
        let z = weights.bias.map_or(z, |bias| z + bias);
        let gate = |number| gate(z, number, self.recurrence.units);
        let sigma = |x| self.recurrent_activation.call(x);
        let c = sigma(gate(1)) * c + sigma(gate(0)) * activation.call(gate(2));
        [sigma(gate(3)) * activation.call(c), c]
    }
}

recurrent_layer!(LSTM, "lstm");
