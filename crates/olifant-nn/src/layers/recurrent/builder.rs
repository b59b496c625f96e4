//! The methods that all recurrent layers have.

/// Writes `activation`, `dropout`, `recurrent_dropout`, `return_sequences`, `return_state`, `go_backwards`, `stateful`, `zero_output_for_mask`,
/// `kernel_initializer`, `kernel_regularizer`, `kernel_constraint`, the same for `recurrent_` and `bias_`, `use_bias`, and `activity_regularizer`:
/// Keras's keyword arguments that LSTM, GRU and SimpleRNN share.
macro_rules! recurrent_options {
    () => {
        $crate::layers::options::options! {
            in [recurrence];
            /// The function of the new state and of the output.
            activation(activation: Activation) => activation;
            /// The share of the features that training forgets, in [0, 1]: the same ones in all time steps of a sample.
            dropout(rate: Float) => rate;
            /// The share of the units whose output the next step forgets in training, in [0, 1]: the same ones in all steps of a sample.
            recurrent_dropout(rate: Float) => rate;
            /// Whether the outputs of all time steps are returned, or that of the last.
            return_sequences(return_sequences: bool) => return_sequences;
            /// Whether the last states are returned behind the output.
            return_state(return_state: bool) => return_state;
            /// Whether the last time step comes first. A returned sequence stays in that order.
            go_backwards(go_backwards: bool) => go_backwards;
            /// Keeps the states: each sample of a batch goes on where the same sample of the batch before ended.
            ///
            /// All batches must have this size, and come in order: train with `shuffle` off.
            /// The states are weights of the model that gradients do not change, in training, evaluation and prediction alike;
            /// `Model::reset_states` sets them to zero, to begin anew.
            stateful(batch_size: usize) => Some(batch_size);
            /// Whether the output of a masked time step is zero; by default it is that of the step before.
            zero_output_for_mask(zero_output_for_mask: bool) => zero_output_for_mask;
        }

        $crate::layers::weight_options::kernel_options!(recurrence.kernel_options, "the kernel");
        $crate::layers::weight_options::options_of_weight!(
            recurrence.recurrent_options, "the recurrent kernel": recurrent_initializer, recurrent_regularizer, recurrent_constraint
        );
        $crate::layers::weight_options::bias_options!(recurrence.bias_options, "the bias");
        $crate::layers::activity_regularizer::activity_regularizer_option!(
            recurrence.activity, "all that is returned, states included"
        );
    };
}
pub(crate) use recurrent_options;

/// Writes the methods of [`recurrent_options`], and `recurrent_activation`, which LSTM and GRU have besides.
macro_rules! gated_options {
    () => {
        $crate::layers::recurrent::recurrent_options!();

        $crate::layers::options::options! {
            /// The function of the gates.
            recurrent_activation(activation: Activation) => activation;
        }
    };
}
pub(crate) use gated_options;

/// Implements `Layer` for a [`Cell`](super::Cell) with a field `recurrence`.
macro_rules! recurrent_layer {
    ($Type:ident, $name:literal) => {
        impl Recurrent for $Type {
            fn recurrence(&self) -> &Recurrence {
                &self.recurrence
            }

            fn recurrence_mut(&mut self) -> &mut Recurrence {
                &mut self.recurrence
            }
        }

        #[typetag::serde(name = $name)]
        impl Layer for $Type {
            $crate::layer::one_input!();

            fn outputs(&self) -> usize {
                self.recurrence.outputs::<Self>()
            }

            fn build_several(
                &mut self,
                inputs: &[Shape],
                weights: &mut WeightBuilder<'_>,
            ) -> Result<Vec<Shape>, BuildError> {
                Recurrence::build(self, inputs, weights)
            }

            fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
                self.recurrence.call(self, inputs)
            }

            fn batch_size(&self) -> Option<usize> {
                self.recurrence.stateful
            }

            fn reset_state(&self, weights: &mut olifant_core::Weights) {
                self.recurrence.reset_state(weights);
            }
        }
    };
}
pub(crate) use recurrent_layer;
