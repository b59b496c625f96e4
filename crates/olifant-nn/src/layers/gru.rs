//! The gated recurrent unit.

use olifant_core::{Float, RecurrentOptions, RecurrentResult, RecurrentWeights, Shape, Var, VarList};
use serde::{Deserialize, Serialize};

use super::{
    defaults::{sigmoid, yes},
    options::options,
    recurrent::{Cell, Recurrence, Recurrent, gate, gated_options, recurrent_layer},
};
use crate::{Activation, BuildError, Layer, WeightBuilder};

/// A gated recurrent unit: a recurrent layer with one state and two gates.
///
/// With x of one time step and the output h of the step before, the gates are z = σ(x·K_z + h·R_z + b_z) and r likewise, and
///
/// h ← z h + (1 − z) n, where n = a(x·Kₙ + bₙ + r (h·Rₙ + b′ₙ)), or, without `reset_after`, n = a(x·Kₙ + bₙ + (r h)·Rₙ)
///
/// a is `activation`, σ is `recurrent_activation`.
///
/// # Shapes
///
/// Inputs `[batch, time, features]`; behind them, if a model gives it, the initial state h, `[batch, units]`.
/// Outputs `[batch, units]`, with `return_sequences` `[batch, time, units]`; behind them, with `return_state`, the last h.
/// Kernel K `[features, 3 · units]`, recurrent kernel R `[units, 3 · units]`, columns z, r, n;
/// bias `[2, 3 · units]`, the first row for x·K, the second for h·R; without `reset_after` `[3 · units]`.
///
/// # Masks
///
/// A masked time step leaves the state as it is, and its output is that of the step before; leading masked steps give zeros.
/// The mask goes on with a returned sequence.
///
/// # Defaults
///
/// `activation` tanh, `recurrent_activation` sigmoid, `use_bias` true, `kernel_initializer` Glorot uniform,
/// `recurrent_initializer` orthogonal, `bias_initializer` zeros, `reset_after` true, no regularizers, no constraints,
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
/// use olifant_nn::{Sequential, layers::{Dense, GRU}};
///
/// let network = Sequential::new([28, 28]).add(GRU::new(32)).add(Dense::new(10)).build(42)?;
/// assert_eq!(network.output(), [10].into());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Cho and others (2014), [Learning phrase representations using RNN encoder-decoder](https://arxiv.org/abs/1406.1078);
/// its first version has the reset after the product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GRU {
    #[serde(flatten)]
    pub(super) recurrence: Recurrence,
    #[serde(default = "sigmoid")]
    recurrent_activation: Activation,
    #[serde(default = "yes")]
    reset_after: bool,
}

impl GRU {
    /// A layer of so many units.
    pub fn new(units: usize) -> GRU {
        GRU { recurrence: Recurrence::new(units), recurrent_activation: sigmoid(), reset_after: true }
    }

    options! {
        /// Whether the gate r is applied after the product with the recurrent kernel, or before it.
        reset_after(reset_after: bool) => reset_after;
    }

    gated_options!();
}

impl Cell for GRU {
    const GATES: usize = 3;
    const STATES: usize = 1;
    const STATE_NAMES: &'static [&'static str] = &["hidden_state"];

    fn bias_shape(&self, units: usize) -> Shape {
        if self.reset_after { Shape::from([2, 3 * units]) } else { Shape::from([3 * units]) }
    }

    fn recurrent_activation(&self) -> Activation {
        self.recurrent_activation
    }

    fn record<'t>(
        &self,
        x: Var<'t>,
        weights: RecurrentWeights<'t>,
        options: RecurrentOptions<'_, 't>,
    ) -> RecurrentResult<'t> {
        x.gru(weights, self.reset_after, options)
    }

    fn step<'t>(
        &self,
        x: Var<'t>,
        [h, _]: [Var<'t>; 2],
        dropped: Var<'t>,
        weights: RecurrentWeights<'t>,
        activation: Activation,
    ) -> [Var<'t>; 2] {
        let units = self.recurrence.units;
        let row = |number| weights.bias.map(|bias| bias.slice(0, number..number + 1));
        let (bias, recurrent_bias) = if self.reset_after { (row(0), row(1)) } else { (weights.bias, None) };
        let x = bias.map_or(x, |bias| x + bias);
        let kernel = weights.recurrent_kernel;
        let gates = dropped.matmul(kernel.slice(1, ..2 * units));
        let gates = recurrent_bias.map_or(gates, |bias| gates + bias.slice(1, ..2 * units));
        let sigma =
            |number| self.recurrent_activation.call(gate(x, number, units) + gate(gates, number, units));
        let (z, r, kernel) = (sigma(0), sigma(1), kernel.slice(1, 2 * units..));
        let inner = if self.reset_after {
            let inner = dropped.matmul(kernel);
            r * recurrent_bias.map_or(inner, |bias| inner + gate(bias, 2, units))
        } else {
            (r * dropped).matmul(kernel)
        };
        let n = activation.call(gate(x, 2, units) + inner);
        let h = z * h + (1.0 - z) * n;
        [h, h]
    }
}

recurrent_layer!(GRU, "gru");
