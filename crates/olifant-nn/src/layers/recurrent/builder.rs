//! The methods that all recurrent layers have.

/// Keras's keyword arguments that LSTM, GRU and SimpleRNN share, one method each.
macro_rules! recurrent_options {
    () => {
        /// The function of the new state and of the output.
        pub fn activation(mut self, activation: Activation) -> Self {
            self.recurrence.activation = activation;
            self
        }

        /// Whether a bias is added.
        pub fn use_bias(mut self, use_bias: bool) -> Self {
            self.recurrence.use_bias = use_bias;
            self
        }

        /// How the kernel is filled before training.
        pub fn kernel_initializer(mut self, initializer: Initializer) -> Self {
            self.recurrence.kernel_initializer = initializer;
            self
        }

        /// How the recurrent kernel is filled before training.
        pub fn recurrent_initializer(mut self, initializer: Initializer) -> Self {
            self.recurrence.recurrent_initializer = initializer;
            self
        }

        /// How the bias is filled before training.
        pub fn bias_initializer(mut self, initializer: Initializer) -> Self {
            self.recurrence.bias_initializer = initializer;
            self
        }

        /// A penalty on the kernel, added to the loss.
        pub fn kernel_regularizer(mut self, regularizer: Regularizer) -> Self {
            self.recurrence.kernel_regularizer = Some(regularizer);
            self
        }

        /// A penalty on the recurrent kernel, added to the loss.
        pub fn recurrent_regularizer(mut self, regularizer: Regularizer) -> Self {
            self.recurrence.recurrent_regularizer = Some(regularizer);
            self
        }

        /// A penalty on the bias, added to the loss.
        pub fn bias_regularizer(mut self, regularizer: Regularizer) -> Self {
            self.recurrence.bias_regularizer = Some(regularizer);
            self
        }

        /// The share of the features that training forgets, in [0, 1]: the same ones in all time steps of a sample.
        pub fn dropout(mut self, rate: Float) -> Self {
            self.recurrence.dropout = rate;
            self
        }

        /// The share of the units whose output the next step forgets in training, in [0, 1]: the same ones in all steps of a sample.
        pub fn recurrent_dropout(mut self, rate: Float) -> Self {
            self.recurrence.recurrent_dropout = rate;
            self
        }

        /// Whether the outputs of all time steps are returned, or that of the last.
        pub fn return_sequences(mut self, return_sequences: bool) -> Self {
            self.recurrence.return_sequences = return_sequences;
            self
        }

        /// Whether the last states are returned behind the output.
        pub fn return_state(mut self, return_state: bool) -> Self {
            self.recurrence.return_state = return_state;
            self
        }

        /// Whether the last time step comes first. A returned sequence stays in that order.
        pub fn go_backwards(mut self, go_backwards: bool) -> Self {
            self.recurrence.go_backwards = go_backwards;
            self
        }

        /// Keeps the states: each sample of a batch goes on where the same sample of the batch before ended.
        ///
        /// All batches must have this size, and come in order: train with `shuffle` off.
        /// The states are weights of the model that gradients do not change; set them to zeros to begin anew.
        pub fn stateful(mut self, batch_size: usize) -> Self {
            self.recurrence.stateful = Some(batch_size);
            self
        }

        /// Whether the output of a masked time step is zero; by default it is that of the step before.
        pub fn zero_output_for_mask(mut self, zero_output_for_mask: bool) -> Self {
            self.recurrence.zero_output_for_mask = zero_output_for_mask;
            self
        }
    };
}
pub(crate) use recurrent_options;

/// Implements `Layer` for a [`Cell`](super::Cell) that has a [`Recurrence`](super::Recurrence).
macro_rules! recurrent_layer {
    ($Type:ident, $name:literal) => {
        #[typetag::serde(name = $name)]
        impl Layer for $Type {
            fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
                Ok(self.build_several(std::slice::from_ref(input), weights)?[0])
            }

            fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
                self.call_several(&x.tape().list_of(&[x])).get(0)
            }

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
        }
    };
}
pub(crate) use recurrent_layer;
