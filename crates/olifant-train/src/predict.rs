//! Using a model.

use std::io;

use ndarray::{ArrayD, IxDyn};
use olifant_core::{Float, Shape, Team, Tensor, TensorView};

use crate::{
    CallbackList, EvaluateOptions, FitError, IntoArrays, Logs, Model, Params, Progress, Training,
    batches::{BATCH_SIZE, OUT_OF_DATA, SampleList, only},
    read_ahead::{Reader, with_reader},
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
        predict_all(self, InputBatches { x: only("x", &x)?, batch_size: BATCH_SIZE })
    }

    /// The model's outputs for inputs `x`, computed as one batch.
    ///
    /// # Errors
    ///
    /// The data does not suit the model.
    pub fn predict_on_batch<'a>(&self, x: impl IntoArrays<'a>) -> Result<ArrayD<Float>, FitError> {
        let x = x.into_arrays();
        let x = only("x", &x)?;
        predict_all(self, InputBatches { x, batch_size: x.len.max(1) })
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
        let batches = InputBatches { x, batch_size: options.batch_size.unwrap_or(in_steps) };
        let mut predictions = Predictions::new(self, x)?;
        let steps = options.steps.unwrap_or(batches.len());
        let params = Params::of_pass(x.len, batches.batch_size, steps, options.verbose, self.seed());
        let mut callbacks = CallbackList::new(options.callbacks);
        let progress = Progress::to_user(options.output, options.verbose);
        let mut training = Training::with_progress(self, params, progress);
        training.progress.begin(Some(steps));
        callbacks.on_predict_begin(&mut training)?;
        batches.with_reader(steps, |mut reader| {
            for number in 0..steps {
                if number == batches.len() {
                    training.message(OUT_OF_DATA);
                    break;
                }
                training.batch = number;
                callbacks.on_predict_batch_begin(&mut training)?;
                let outputs = predictions.compute(number, training.model, &mut reader)?;
                callbacks.on_predict_batch_end(&mut training, outputs)?;
                training.progress.update(number + 1, &Logs::new());
                if training.is_stopping() {
                    break;
                }
            }
            Ok::<(), FitError>(())
        })?;
        callbacks.on_predict_end(&mut training)?;
        training.progress.end(&Logs::new());
        Ok(predictions.into_array())
    }
}

/// The outputs for all batches.
fn predict_all(model: &Model, batches: InputBatches<'_>) -> Result<ArrayD<Float>, FitError> {
    let mut predictions = Predictions::new(model, batches.x)?;
    batches.with_reader(batches.len(), |mut reader| {
        (0..batches.len()).try_for_each(|number| predictions.compute(number, model, &mut reader).map(|_| ()))
    })?;
    Ok(predictions.into_array())
}

/// Inputs, in batches.
#[derive(Clone, Copy)]
struct InputBatches<'a> {
    x: SampleList<'a>,
    batch_size: usize,
}

/// One batch of inputs, and where they stand.
#[derive(Default)]
struct Inputs {
    indices: Vec<usize>,
    x: Tensor,
}

impl InputBatches<'_> {
    fn len(&self) -> usize {
        self.x.len.div_ceil(self.batch_size)
    }

    /// Calls `pass` with a reader of the batches before `end`. What is not in memory is read ahead.
    fn with_reader<R>(&self, end: usize, pass: impl FnOnce(Reader<'_, Inputs>) -> R) -> R {
        let gather = |number: usize, team: Option<&Team>, inputs: &mut Inputs| {
            let first = number * self.batch_size;
            inputs.indices.clear();
            inputs.indices.extend(first..(first + self.batch_size).min(self.x.len));
            self.x.read(&inputs.indices, &mut inputs.x, team)
        };
        with_reader(&gather, end.min(self.len()), !self.x.in_memory(), pass)
    }
}

/// Predictions as they are made, batch by batch.
struct Predictions {
    inputs: Inputs,
    /// The shape of one prediction.
    shape: Shape,
    outputs: Vec<Float>,
}

impl Predictions {
    fn new(model: &Model, x: SampleList<'_>) -> Result<Predictions, FitError> {
        model.network().check_inputs(&[x.shape])?;
        let shape = model.network().output();
        let mut outputs = Vec::new();
        outputs.try_reserve_exact(x.len.saturating_mul(shape.size())).map_err(io::Error::from)?;
        Ok(Predictions { inputs: Inputs::default(), shape, outputs })
    }

    /// Computes the `number`-th batch and returns its outputs.
    fn compute(
        &mut self,
        number: usize,
        model: &Model,
        reader: &mut Reader<'_, Inputs>,
    ) -> Result<TensorView<'_>, FitError> {
        reader.read(number, model.team(), &mut self.inputs)?;
        let (start, samples) = (self.outputs.len(), self.inputs.indices.len());
        model.predict_step(&mut self.inputs.x, |outputs| self.outputs.extend_from_slice(outputs.data));
        Ok(TensorView { data: &self.outputs[start..], shape: self.shape.with_batch(samples) })
    }

    fn into_array(self) -> ArrayD<Float> {
        // Fewer than there are samples, if only some steps were asked for.
        let samples = self.outputs.len() / self.shape.size().max(1);
        let shape = self.shape.with_batch(samples);
        ArrayD::from_shape_vec(IxDyn(shape.axes()), self.outputs)
            .expect("every sample brought one prediction of the network's output shape")
    }
}
