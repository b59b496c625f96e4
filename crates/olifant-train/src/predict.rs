//! Using a model.

use std::io;

use ndarray::{ArrayD, IxDyn};
use olifant_core::{Float, Shape, Tensor, TensorView};

use crate::{
    CallbackList, EvaluateOptions, FitError, IntoArrays, Logs, Model, Params, Progress, Training,
    batches::{BATCH_SIZE, OUT_OF_DATA, SampleList, only},
};

impl Model {
    /// The model's outputs for inputs `x`, in the order of the samples.
    ///
    /// The model is only read, so several threads may predict at once. Nothing is printed.
    /// [`Model::predict_with`] has options.
    ///
    /// A prediction is the same bits whatever batch it is in, on any number of threads (but for the sign of a zero that underflowed).
    /// A batch of a single sample is computed without looking at weights that its zeros would be multiplied by:
    /// should such a weight be infinite or NaN, the prediction does not show it, as that of a larger batch would.
    ///
    /// # Shapes
    ///
    /// `x` is `[samples, …]` as the model begins; the result is `[samples, …]` as it ends.
    ///
    /// # Errors
    ///
    /// The data does not suit the model.
    pub fn predict<'a>(&self, x: impl IntoArrays<'a>) -> Result<ArrayD<Float>, FitError> {
        let x = x.into_arrays();
        Predictions::new(self, only("x", &x)?, BATCH_SIZE)?.all(self)
    }

    /// The model's outputs for inputs `x`, computed as one batch.
    ///
    /// # Errors
    ///
    /// The data does not suit the model.
    pub fn predict_on_batch<'a>(&self, x: impl IntoArrays<'a>) -> Result<ArrayD<Float>, FitError> {
        let x = x.into_arrays();
        let x = only("x", &x)?;
        Predictions::new(self, x, x.len.max(1))?.all(self)
    }

    /// As [`Model::predict`], with options: batch size, progress, callbacks.
    ///
    /// # Errors
    ///
    /// The data does not suit the model, or a callback failed.
    pub fn predict_with<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        options: EvaluateOptions<'a>,
    ) -> Result<ArrayD<Float>, FitError> {
        let x = x.into_arrays();
        let x = only("x", &x)?;
        options.check()?;
        let in_steps = options.steps.map_or(BATCH_SIZE, |steps| x.len.div_ceil(steps).max(1));
        let batch_size = options.batch_size.unwrap_or(in_steps);
        let mut predictions = Predictions::new(self, x, batch_size)?;
        let steps = options.steps.unwrap_or(predictions.steps());
        let params = Params::of_pass(x.len, batch_size, steps, options.verbose, self.seed());
        let mut callbacks = CallbackList::new(options.callbacks);
        let progress = Progress::to_user(options.output, options.verbose);
        let mut training = Training::with_progress(self, params, progress);
        training.progress.begin(Some(steps));
        callbacks.on_predict_begin(&mut training)?;
        for number in 0..steps {
            if number == predictions.steps() {
                training.message(OUT_OF_DATA);
                break;
            }
            training.batch = number;
            callbacks.on_predict_batch_begin(&mut training)?;
            let outputs = predictions.compute(number, training.model)?;
            callbacks.on_predict_batch_end(&mut training, outputs)?;
            training.progress.update(number + 1, &Logs::new());
            if training.is_stopping() {
                break;
            }
        }
        callbacks.on_predict_end(&mut training)?;
        training.progress.end(&Logs::new());
        Ok(predictions.into_array())
    }
}

/// Predictions as they are made, batch by batch.
struct Predictions<'a> {
    x: SampleList<'a>,
    batch_size: usize,
    indices: Vec<usize>,
    batch: Tensor,
    /// The shape of one prediction.
    shape: Shape,
    outputs: Vec<Float>,
}

impl<'a> Predictions<'a> {
    fn new(model: &Model, x: SampleList<'a>, batch_size: usize) -> Result<Predictions<'a>, FitError> {
        if batch_size == 0 {
            return Err(FitError::option("batch_size", "at least 1", batch_size));
        }
        model.network().check_input(x.shape)?;
        let shape = model.network().output();
        let mut outputs = Vec::new();
        outputs.try_reserve_exact(x.len.saturating_mul(shape.size())).map_err(io::Error::from)?;
        Ok(Predictions { x, batch_size, indices: Vec::new(), batch: Tensor::default(), shape, outputs })
    }

    fn steps(&self) -> usize {
        self.x.len.div_ceil(self.batch_size)
    }

    /// Computes the `number`-th batch and returns its outputs.
    fn compute(&mut self, number: usize, model: &Model) -> Result<TensorView<'_>, FitError> {
        let first = number * self.batch_size;
        self.indices.clear();
        self.indices.extend(first..(first + self.batch_size).min(self.x.len));
        self.x.read(&self.indices, &mut self.batch, model.team())?;
        let start = self.outputs.len();
        model.predict_step(&mut self.batch, |outputs| self.outputs.extend_from_slice(outputs.data));
        Ok(TensorView { data: &self.outputs[start..], shape: self.shape.with_batch(self.indices.len()) })
    }

    /// Computes all batches.
    fn all(mut self, model: &Model) -> Result<ArrayD<Float>, FitError> {
        for number in 0..self.steps() {
            self.compute(number, model)?;
        }
        Ok(self.into_array())
    }

    fn into_array(self) -> ArrayD<Float> {
        // Fewer than there are samples, if only some steps were asked for.
        let samples = self.outputs.len() / self.shape.size().max(1);
        let shape = self.shape.with_batch(samples);
        ArrayD::from_shape_vec(IxDyn(shape.axes()), self.outputs)
            .expect("every sample brought one prediction of the network's output shape")
    }
}
