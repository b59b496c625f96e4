//! Using a model.

use std::io;

use ndarray::{ArrayD, IxDyn};
use olifant_core::{Float, Shape, Team, Tensor, TensorView};

use crate::{
    CallbackList, EvaluateOptions, FitError, IntoArrays, Logs, Model, Params, Progress, Training,
    batches::{
        OUT_OF_DATA, SampleList, check_batch_size, check_numbers, default_batch_size, inputs, read_all,
    },
    model::States,
    read_ahead::{Reader, with_reader},
};

impl Model {
    /// The model's outputs for inputs `x`, in the order of the samples.
    ///
    /// The model is only read, so several threads may predict at once. Nothing is printed.
    /// [`Model::predict_with`] has options, and suits models with stateful layers, which each batch changes.
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
    /// The data does not suit the model; a layer is stateful.
    pub fn predict<'a>(&self, x: impl IntoArrays<'a>) -> Result<ArrayD<Float>, FitError> {
        self.check_only_output()?;
        Ok(self.predict_several(x)?.remove(0))
    }

    /// As [`Model::predict`], for a model with any number of outputs: one array for each, in their order.
    ///
    /// # Errors
    ///
    /// The data does not suit the model; a layer is stateful.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{CallOn, Functional, Input, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let x = Input::new([2]);
    /// let model = Functional::new(&x, [&Dense::new(1).on(&x), &Dense::new(3).on(&x)])
    ///     .compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
    /// let outputs = model.predict_several(array![[1.0, 2.0]])?;
    /// assert_eq!((outputs[0].shape(), outputs[1].shape()), (&[1, 1][..], &[1, 3][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict_several<'a>(&self, x: impl IntoArrays<'a>) -> Result<Vec<ArrayD<Float>>, FitError> {
        let x = x.into_arrays();
        let batches = InputBatches { x: inputs(self, &x)?, batch_size: default_batch_size(self) };
        predict_all(self, batches, "predict_with or predict_several_with")
    }

    /// Whether there is one output, as asked for by methods that return one array.
    fn check_only_output(&self) -> Result<(), FitError> {
        let outputs = self.network().outputs();
        match outputs.len() {
            1 => Ok(()),
            count => {
                let names: Vec<&str> = outputs.map(|(name, _)| name).collect();
                Err(FitError::SeveralOutputs { count, names: names.join(", ") })
            }
        }
    }

    /// The model's outputs for inputs `x`, computed as one batch.
    ///
    /// # Errors
    ///
    /// The data does not suit the model; a layer is stateful.
    pub fn predict_on_batch<'a>(&self, x: impl IntoArrays<'a>) -> Result<ArrayD<Float>, FitError> {
        self.check_only_output()?;
        let x = x.into_arrays();
        let x = inputs(self, &x)?;
        let batch_size = x[0].len.max(1);
        Ok(predict_all(self, InputBatches { x, batch_size }, "predict_with")?.remove(0))
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
        self.check_only_output()?;
        Ok(self.predict_several_with(x, options)?.remove(0))
    }

    /// As [`Model::predict_with`], for a model with any number of outputs.
    ///
    /// # Errors
    ///
    /// The data does not suit the model, or a callback failed.
    pub fn predict_several_with<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        options: EvaluateOptions<'a>,
    ) -> Result<Vec<ArrayD<Float>>, FitError> {
        let x = x.into_arrays();
        let x = inputs(self, &x)?;
        options.check()?;
        let samples = x[0].len;
        let in_steps = options.steps.map_or(default_batch_size(self), |steps| samples.div_ceil(steps).max(1));
        let batches = InputBatches { x, batch_size: options.batch_size.unwrap_or(in_steps) };
        check_batch_size(self, samples, batches.batch_size)?;
        let mut predictions = Predictions::new(self, samples)?;
        let steps = options.steps.unwrap_or(batches.len());
        let params = Params::of_pass(samples, batches.batch_size, steps, options.verbose, self.seed());
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
                let states = predictions.compute(number, training.model, &mut reader)?;
                training.model.keep(states);
                callbacks.on_predict_batch_end(&mut training, &predictions.latest())?;
                training.progress.update(number + 1, &Logs::new());
                if training.is_stopping() {
                    break;
                }
            }
            Ok::<(), FitError>(())
        })?;
        callbacks.on_predict_end(&mut training)?;
        training.progress.end(&Logs::new());
        Ok(predictions.into_arrays())
    }
}

/// The outputs for all batches of a model that is only read; `instead` is for others.
fn predict_all(
    model: &Model,
    batches: InputBatches<'_>,
    instead: &'static str,
) -> Result<Vec<ArrayD<Float>>, FitError> {
    check_batch_size(model, batches.samples(), batches.batch_size)?;
    model.check_stateless(instead)?;
    let mut predictions = Predictions::new(model, batches.samples())?;
    batches.with_reader(batches.len(), |mut reader| {
        (0..batches.len()).try_for_each(|number| {
            model.drop_states(predictions.compute(number, model, &mut reader)?);
            Ok::<(), FitError>(())
        })
    })?;
    Ok(predictions.into_arrays())
}

/// Inputs, in batches.
struct InputBatches<'a> {
    x: Vec<SampleList<'a>>,
    batch_size: usize,
}

/// One batch of inputs, and where they stand.
#[derive(Default)]
struct Inputs {
    indices: Vec<usize>,
    x: Vec<Tensor>,
}

impl InputBatches<'_> {
    fn samples(&self) -> usize {
        self.x[0].len
    }

    fn len(&self) -> usize {
        self.samples().div_ceil(self.batch_size)
    }

    /// Calls `pass` with a reader of the batches before `end`. What is not in memory is read ahead.
    fn with_reader<R>(&self, end: usize, pass: impl FnOnce(Reader<'_, Inputs>) -> R) -> R {
        let gather = |number: usize, team: Option<&Team>, inputs: &mut Inputs| {
            let first = number * self.batch_size;
            inputs.indices.clear();
            inputs.indices.extend(first..(first + self.batch_size).min(self.samples()));
            read_all(&self.x, &inputs.indices, &mut inputs.x, team)
        };
        with_reader(&gather, end.min(self.len()), !self.x.iter().all(SampleList::in_memory), pass)
    }
}

/// Predictions as they are made, batch by batch.
struct Predictions {
    inputs: Inputs,
    outputs: Vec<Output>,
}

/// The predictions of one output.
struct Output {
    /// The shape of one prediction.
    shape: Shape,
    data: Vec<Float>,
}

impl Predictions {
    /// Room for the predictions of so many samples, whose number and shape were checked.
    fn new(model: &Model, samples: usize) -> Result<Predictions, FitError> {
        let output = |(_, shape): (&str, Shape)| {
            let mut data = Vec::new();
            data.try_reserve_exact(samples.saturating_mul(shape.size())).map_err(io::Error::from)?;
            Ok::<Output, FitError>(Output { shape, data })
        };
        let outputs = model.network().outputs().map(output).collect::<Result<_, _>>()?;
        Ok(Predictions { inputs: Inputs::default(), outputs })
    }

    /// Computes the `number`-th batch.
    fn compute(
        &mut self,
        number: usize,
        model: &Model,
        reader: &mut Reader<'_, Inputs>,
    ) -> Result<States, FitError> {
        reader.read(number, model.team(), &mut self.inputs)?;
        check_numbers(model, &self.inputs.x, &self.inputs.indices)?;
        let outputs = &mut self.outputs;
        Ok(model.predict_step(&mut self.inputs.x, |output, values| {
            outputs[output].data.extend_from_slice(values.data);
        }))
    }

    /// The outputs of the last batch.
    fn latest(&self) -> Vec<TensorView<'_>> {
        let samples = self.inputs.indices.len();
        let latest = self.outputs.iter().map(|Output { shape, data }| {
            let start = data.len() - samples * shape.size();
            TensorView { data: &data[start..], shape: shape.with_batch(samples) }
        });
        latest.collect()
    }

    fn into_arrays(self) -> Vec<ArrayD<Float>> {
        let array = |Output { shape, data }| {
            // Fewer than there are samples, if only some steps were asked for.
            let samples = data.len() / Shape::size(&shape).max(1);
            ArrayD::from_shape_vec(IxDyn(shape.with_batch(samples).axes()), data)
                .expect("every sample brought one prediction of the output's shape")
        };
        self.outputs.into_iter().map(array).collect()
    }
}
