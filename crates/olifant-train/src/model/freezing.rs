//! Layers of a model that training leaves alone.

use crate::{FitError, Model};

impl Model {
    /// Whether a layer is trained; of a network, what was last said of all of it.
    /// `layer` is its name, or in networks inside its path: `encoder/dense`.
    ///
    /// # Errors
    ///
    /// There is no layer of this name.
    pub fn is_trainable(&self, layer: &str) -> Result<bool, FitError> {
        Ok(self.network.is_trainable(layer)?)
    }

    /// Freezes a layer, or trains it again. It holds from the next step; nothing has to be compiled anew.
    /// `layer` is its name, or in networks inside its path: `encoder/dense`.
    ///
    /// As in Keras, it holds for all layers of a network, until something else is said of one of them.
    /// Gradients, clipping and the optimizer do not see the weights of a frozen layer, and their penalties do not count.
    /// What the optimizer remembers of all other weights it keeps; for a layer that is trained again it begins anew.
    /// While a layer is being built, [`Trainable::trainable`](olifant_nn::Trainable::trainable) does the same.
    ///
    /// # Errors
    ///
    /// There is no layer of this name; the error lists those there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Named, Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
    /// use olifant_train::Compile;
    ///
    /// let mut model = Sequential::new([2])
    ///     .add(Dense::new(8).named("features"))
    ///     .add(Dense::new(1).named("head"))
    ///     .compile(Adam::new(0.01), MeanSquaredError::new(), ())?;
    /// model.set_trainable("features", false)?;
    /// let before = model.network().weights().state().to_vec();
    /// model.train_on_batch(&array![[0.0, 1.0]], &array![[1.0]])?;
    /// assert_eq!(model.network().weights().state(), before);
    ///
    /// let message = model.set_trainable("haed", true).unwrap_err().to_string();
    /// assert!(message.ends_with("did you mean `head`?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_trainable(&mut self, layer: &str, trainable: bool) -> Result<(), FitError> {
        // A frozen weight has no average: it stays with its own numbers.
        let is_swapped = self.has_ema_weights();
        self.put_weights_back();
        self.forget_gradients();
        let before = self.network.weights().clone();
        let result = self.network.set_trainable(layer, trainable);
        self.optimizer_state.rearrange(&*self.optimizer, &before, self.network.weights());
        if is_swapped {
            self.optimizer_state.swap_average(self.network.weights_mut());
        }
        Ok(result?)
    }
}
