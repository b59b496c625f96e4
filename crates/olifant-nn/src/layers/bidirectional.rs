//! A sequence read from both ends.

use olifant_core::{Shape, Var, VarList, Weights};
use serde::{Deserialize, Serialize};

use super::recurrent::RecurrentLayer;
use crate::{BuildError, Layer, WeightBuilder, layer::one_input};

/// Two recurrent layers, of which one reads the time steps from the first to the last, and the other from the last to the first.
///
/// The backward layer is a copy of the forward layer with weights of its own, unless one is given.
/// Returned sequences of the backward layer are turned round, so that both outputs of a time step stand together.
///
/// # Shapes
///
/// Inputs as those of the wrapped layers; initial states are those of the forward layer, then those of the backward layer.
/// Outputs `[batch, 2 · units]`, with `return_sequences` `[batch, time, 2 · units]`; `units` with other merge modes than concat.
/// With [`MergeMode::None`] the two outputs come one after the other. With `return_state` follow the states, in the order of the initial ones.
///
/// # Masks
///
/// As in the wrapped layers, but the outputs of masked time steps of returned sequences are zeros.
///
/// # Defaults
///
/// `merge_mode` concat.
///
/// # Errors
///
/// When built: as for the wrapped layers; two layers that read in the same direction, or return different things.
///
/// # Examples
///
/// ```
/// use olifant_nn::{Sequential, layers::{Bidirectional, LSTM}};
///
/// let network = Sequential::new([28, 28])
///     .add(Bidirectional::new(LSTM::new(64).return_sequences(true)))
///     .add(Bidirectional::new(LSTM::new(32)))
///     .build(42)?;
/// assert_eq!(network.output(), [64].into());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Schuster, Paliwal (1997), "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing 45.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bidirectional {
    forward_layer: RecurrentLayer,
    /// Set by `build` if none was given.
    #[serde(default)]
    backward_layer: Option<RecurrentLayer>,
    #[serde(default)]
    merge_mode: MergeMode,
}

/// What becomes of the two outputs of a [`Bidirectional`] layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MergeMode {
    /// One behind the other, along the last axis.
    #[default]
    Concat,
    /// Their sum.
    Sum,
    /// Their product, element by element.
    Mul,
    /// Their mean.
    Ave,
    /// Nothing: both are returned.
    None,
}

impl Bidirectional {
    /// Both directions of a recurrent layer.
    pub fn new(layer: impl Into<RecurrentLayer>) -> Bidirectional {
        Bidirectional { forward_layer: layer.into(), backward_layer: None, merge_mode: MergeMode::Concat }
    }

    /// What becomes of the two outputs.
    pub fn merge_mode(mut self, merge_mode: MergeMode) -> Bidirectional {
        self.merge_mode = merge_mode;
        self
    }

    /// Another layer for the way from the last time step to the first; it needs `go_backwards`.
    pub fn backward_layer(mut self, layer: impl Into<RecurrentLayer>) -> Bidirectional {
        self.backward_layer = Some(layer.into());
        self
    }

    /// Both layers, with the options that they have in here.
    fn layers(&mut self) -> [&mut RecurrentLayer; 2] {
        let forward = &mut self.forward_layer;
        let backward = self.backward_layer.get_or_insert_with(|| {
            let mut copy = forward.clone();
            copy.recurrence_mut().go_backwards = !forward.recurrence().go_backwards;
            copy
        });
        for layer in [&mut *forward, &mut *backward] {
            let recurrence = layer.recurrence_mut();
            recurrence.zero_output_for_mask = recurrence.return_sequences;
        }
        [forward, backward]
    }

    /// Whether the two layers belong together.
    fn check(&mut self) -> Result<(), BuildError> {
        let merge_mode = self.merge_mode;
        let [forward, backward] = self.layers();
        let (forward, backward) = (forward.recurrence(), backward.recurrence());
        let refuse = |what: &str, is_wrong: bool| match is_wrong {
            true => Err(BuildError::Other(format!("the two layers of a bidirectional layer must {what}"))),
            false => Ok(()),
        };
        refuse(
            "read in different directions: set go_backwards of the backward layer",
            forward.go_backwards == backward.go_backwards,
        )?;
        refuse("have the same return_sequences", forward.return_sequences != backward.return_sequences)?;
        refuse("have the same return_state", forward.return_state != backward.return_state)?;
        refuse("be stateful for the same batch size", forward.stateful != backward.stateful)?;
        let is_elementwise = matches!(merge_mode, MergeMode::Sum | MergeMode::Mul | MergeMode::Ave);
        refuse(
            "have the same units, or be merged by concat",
            is_elementwise && forward.units != backward.units,
        )
    }

    /// One output of the two.
    fn merge<'t>(&self, y: Var<'t>, backwards: Var<'t>) -> Option<Var<'t>> {
        Some(match self.merge_mode {
            MergeMode::Concat => Var::concatenate(&[y, backwards], -1),
            MergeMode::Sum => y + backwards,
            MergeMode::Mul => y * backwards,
            MergeMode::Ave => (y + backwards) / 2.0,
            MergeMode::None => return None,
        })
    }
}

#[typetag::serde(name = "bidirectional")]
impl Layer for Bidirectional {
    one_input!();

    fn outputs(&self) -> usize {
        let merged = if self.merge_mode == MergeMode::None { 2 } else { 1 };
        let backward = self.backward_layer.as_ref().unwrap_or(&self.forward_layer);
        merged
            + [&self.forward_layer, backward]
                .map(|layer| layer.as_layer().outputs() - 1)
                .iter()
                .sum::<usize>()
    }

    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        self.check()?;
        let merge_mode = self.merge_mode;
        let [sequence, states @ ..] = inputs else {
            return Err(BuildError::Inputs { expected: "a sequence".into(), given: 0 });
        };
        let [forward, backward] = self.layers();
        let (first, second) = states.split_at(states.len() / 2);
        let mut build = |layer: &mut RecurrentLayer, states: &[Shape], name: &str| {
            layer.as_layer_mut().build_several(&[&[*sequence], states].concat(), &mut weights.nested(name))
        };
        let y = build(forward, first, "forward_layer")?;
        let backwards = build(backward, second, "backward_layer")?;
        let mut outputs = match merge_mode {
            MergeMode::None => vec![y[0], backwards[0]],
            MergeMode::Concat => {
                let units = y[0].last_axis()? + backwards[0].last_axis()?;
                vec![y[0].with_last_axis(units)]
            }
            _ => vec![y[0]],
        };
        outputs.extend(y[1..].iter().chain(&backwards[1..]));
        Ok(outputs)
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        let (x, tape) = (inputs.get(0), inputs.tape());
        let backward = self.backward_layer.as_ref().unwrap_or(&self.forward_layer);
        let half = (inputs.len() - 1) / 2;
        let (mut first, mut second) = (tape.list_of(&[x]), tape.list_of(&[x]));
        for (number, state) in inputs.iter().skip(1).enumerate() {
            if number < half { first.push(state) } else { second.push(state) }
        }
        let forward = self.forward_layer.as_layer().call_several(&first);
        let backward = backward.as_layer().call_several(&second);
        let is_sequence = self.forward_layer.recurrence().return_sequences;
        let mask = x.mask().filter(|_| is_sequence);
        let y = forward.get(0);
        let backwards = if is_sequence { backward.get(0).flip(1).with_mask(mask) } else { backward.get(0) };
        let mut outputs = match self.merge(y, backwards) {
            Some(merged) => tape.list_of(&[merged.with_mask(mask)]),
            None => tape.list_of(&[y, backwards]),
        };
        forward.iter().skip(1).chain(backward.iter().skip(1)).for_each(|state| outputs.push(state));
        outputs
    }

    fn batch_size(&self) -> Option<usize> {
        self.forward_layer.as_layer().batch_size()
    }

    fn reset_state(&self, weights: &mut Weights) {
        let backward = self.backward_layer.as_ref();
        backward
            .into_iter()
            .chain([&self.forward_layer])
            .for_each(|layer| layer.as_layer().reset_state(weights));
    }
}
