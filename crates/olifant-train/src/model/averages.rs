//! The moving averages of a model's weights, which an optimizer with `use_ema` keeps.

use crate::{FitError, Model};

impl Model {
    /// Makes the averages the weights, if the optimizer was made with `use_ema`: what `fit` does at its end.
    ///
    /// For a hand-written loop. Before the first step nothing happens.
    pub fn finalize_weights(&mut self) {
        self.optimizer_state.finalize_weights(self.network.weights_mut());
    }

    /// Lets the weights and their averages change places, or back.
    ///
    /// In between, the model predicts, is measured and saved with the averages; the next step changes them back first.
    ///
    /// # Errors
    ///
    /// The optimizer keeps no averages.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let (x, y) = (array![[1.0], [2.0]], array![3.0, 6.0]);
    /// let mut model = Sequential::new([1])
    ///     .add(Dense::new(1))
    ///     .compile(Sgd::new(0.1).use_ema(true), MeanSquaredError::new(), ())?;
    /// for _ in 0..3 {
    ///     model.train_on_batch(&x, &y)?;
    /// }
    /// let weights = model.get_weights();
    /// model.swap_ema_weights()?;
    /// assert!(model.has_ema_weights());
    /// println!("with the averages: {}", model.evaluate(&x, &y)?);
    /// model.swap_ema_weights()?;
    /// assert_eq!(model.get_weights(), weights);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn swap_ema_weights(&mut self) -> Result<(), FitError> {
        if !self.optimizer.options().use_ema {
            let expected = "true in the optimizer: without it there are no averages to swap the weights with";
            return Err(FitError::option("use_ema", expected, false));
        }
        self.optimizer_state.swap_average(self.network.weights_mut());
        Ok(())
    }

    /// Takes the averages out of the place of the weights, if they are there: whoever changes weights means the weights.
    pub(crate) fn put_weights_back(&mut self) {
        if self.optimizer_state.is_swapped() {
            self.optimizer_state.swap_average(self.network.weights_mut());
        }
    }

    /// Whether the averages are in the place of the weights.
    pub fn has_ema_weights(&self) -> bool {
        self.optimizer_state.is_swapped()
    }
}
