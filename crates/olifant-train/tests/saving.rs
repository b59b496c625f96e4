//! What is saved comes back, and goes on as if nothing had happened. This file is another crate, as a user's is.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use ndarray::{Array2, array};
use olifant_core::{Float, Shape, Var, Weight};
use olifant_nn::{
    Activation, BuildError, Initializer, Layer, Loss, Metric, MetricBatch, Objective, Optimizer,
    OptimizerOptions, Sequential, Update, UpdateStep, WeightBuilder,
    layers::{Dense, Dropout},
    losses::MeanSquaredError,
    metrics::MeanAbsoluteError,
    optimizers::Adam,
};
use olifant_train::{Compile, FitOptions, LoadError, Model, Verbose};
use serde::{Deserialize, Serialize};

/// y = x · σ(βx); it also counts nothing in a weight that gradients do not change.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Swish {
    #[serde(skip)]
    beta: Weight,
    start: Float,
}

#[typetag::serde(name = "saving_test/swish")]
impl Layer for Swish {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.beta = weights.add("beta", Shape::from([1]), &Initializer::Constant(self.start))?;
        weights.add_state("count", Shape::from([2]), &Initializer::Zeros)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let beta = x.tape().weight(self.beta);
        x * (beta * x).sigmoid()
    }
}

/// The mean fourth power of the error.
#[derive(Debug, Serialize, Deserialize)]
struct MeanQuarticError;

#[typetag::serde(name = "saving_test/mean_quartic_error")]
impl Loss for MeanQuarticError {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        (y_true - y_pred).square().square().mean(-1)
    }
}

/// The share of predictions above a limit, which may be infinite: JSON has no word for that.
#[derive(Debug, Serialize, Deserialize)]
struct RateAbove(f64);

#[typetag::serde(name = "saving_test/rate_above")]
impl Metric for RateAbove {
    fn name(&self) -> &str {
        "rate_above"
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        sums[0] += batch.y_pred.data.iter().filter(|&&p| f64::from(p) > self.0).count() as f64;
        sums[1] += batch.y_pred.data.len() as f64;
    }
}

/// Momentum with a slot that does not begin with zeros.
#[derive(Debug, Serialize, Deserialize)]
struct Slow {
    options: OptimizerOptions,
}

#[typetag::serde(name = "saving_test/slow")]
impl Optimizer for Slow {
    fn slots(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn initial_value(&self, _: usize) -> Float {
        1e-3
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        update.in_pieces(|weights, gradients, [velocity]| {
            for ((w, g), v) in weights.iter_mut().zip(gradients).zip(velocity) {
                *v = 0.9 * *v + g;
                *w -= if *g == 0.0 { 0.0 } else { step.learning_rate * *v };
            }
        });
    }

    fn options(&self) -> &OptimizerOptions {
        &self.options
    }
}

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array2::from_shape_fn((50, 3), |(row, column)| ((row * 7 + column * 3) % 11) as f32 / 11.0);
    let y = Array2::from_shape_fn((50, 2), |(row, column)| x[[row, column]] * x[[row, 2]]);
    (x, y)
}

fn compiled(optimizer: impl Optimizer) -> Model {
    Sequential::new([3])
        .add(Dense::new(8).activation(Activation::Tanh))
        .add(Dropout::new(0.25))
        .add(Dense::new(2))
        .name("small")
        .seed(5)
        .compile(optimizer, MeanSquaredError::new(), MeanAbsoluteError::new())
        .unwrap()
}

fn of_our_own() -> Model {
    Sequential::new([3])
        .add(Dense::new(5))
        .add(Swish { start: 0.75, ..Swish::default() })
        .add(Dense::new(2))
        .seed(6)
        .compile(Slow { options: OptimizerOptions::new(0.05) }, MeanQuarticError, RateAbove(0.1))
        .unwrap()
}

/// Trains from one epoch to another.
fn train(model: &mut Model, from: usize, to: usize) {
    let (x, y) = data();
    let options = FitOptions::new().initial_epoch(from).epochs(to).batch_size(8).verbose(Verbose::Silent);
    model.fit(&x, &y, options).unwrap();
}

fn bits(numbers: &[Float]) -> Vec<Float> {
    assert!(numbers.iter().all(|number| !number.is_nan()), "NaN would make the comparison blind");
    numbers.to_vec()
}

/// Everything that may not differ by a bit. Gaps of alignment count for nothing, so weights are taken one by one.
#[derive(Debug, PartialEq)]
struct Everything {
    weights: Vec<Vec<Float>>,
    slots: Vec<Vec<Float>>,
    slot_names: Vec<&'static str>,
    calls: u64,
    learning_rate: Float,
    seed: u64,
    description: String,
}

fn everything(model: &Model) -> Everything {
    let weights = model.network().weights();
    let state = model.optimizer_state();
    let slots = state.slots().iter().flat_map(|slot| {
        weights.iter().filter(|(_, spec)| spec.trainable).map(|(_, spec)| bits(&slot[spec.range()]))
    });
    let description =
        format!("{:?} {:?} {:?} {}", model.optimizer(), model.losses(), model.metrics(), model.summary());
    Everything {
        weights: weights.iter().map(|(weight, _)| bits(weights.get(weight).data)).collect(),
        slots: slots.collect(),
        slot_names: state.slot_names().to_vec(),
        calls: state.calls(),
        learning_rate: model.learning_rate(),
        seed: model.seed(),
        description,
    }
}

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// The message without the directory, which differs from run to run.
fn message(error: impl ToString, files: &Files) -> String {
    error.to_string().replace(&format!("{}/", files.0.path().display()), "")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

#[test]
fn training_goes_on_to_the_same_bits() {
    let files = Files::new();
    let path = files.path("m.olifant");
    // An epoch has 7 steps: with 3 of them for an update, the file is written in the midst of the third.
    let accumulating = Adam::new(0.01).gradient_accumulation_steps(3).loss_scale_factor(3.0);
    let averaging = Adam::new(0.01).use_ema(true).ema_momentum(0.8).ema_overwrite_frequency(4);
    let models = [
        compiled(Adam::new(0.01).amsgrad(true)),
        compiled(accumulating),
        compiled(averaging),
        compiled(Adam::new(0.01).gradient_accumulation_steps(3).use_ema(true)),
        of_our_own(),
    ];
    for mut model in models {
        train(&mut model, 0, 1);
        model.set_learning_rate(0.0037).unwrap();
        model.save(&path).unwrap();
        let mut loaded = Model::load(&path).unwrap();
        assert_eq!(everything(&loaded), everything(&model));

        train(&mut model, 1, 2);
        let before = everything(&loaded);
        train(&mut loaded, 1, 2);
        assert_eq!(everything(&loaded), everything(&model));
        assert_ne!(everything(&loaded).weights, before.weights, "the second epoch has trained");
    }
}

#[test]
fn a_safetensors_model_predicts_the_same_and_begins_its_optimizer_anew() {
    let files = Files::new();
    let path = files.path("m.safetensors");
    for mut model in [compiled(Adam::new(0.01)), of_our_own()] {
        train(&mut model, 0, 1);
        model.save(&path).unwrap();
        let mut loaded = Model::load(&path).unwrap();
        assert_eq!(loaded.predict(&data().0).unwrap(), model.predict(&data().0).unwrap());
        assert_eq!(everything(&loaded).weights, everything(&model).weights);
        assert_eq!(everything(&loaded).description, everything(&model).description);
        assert_eq!((loaded.seed(), loaded.optimizer_state().iterations()), (model.seed(), 0));
        train(&mut loaded, 1, 2);
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let files = Files::new();
    for name in ["m.olifant", "m.safetensors"] {
        let bytes = [0, 1].map(|_| {
            of_our_own().save(files.path(name)).unwrap();
            fs::read(files.path(name)).unwrap()
        });
        assert!(bytes[0] == bytes[1], "{name}");
    }
}

#[test]
fn weights_come_back_from_every_kind_of_file() {
    let files = Files::new();
    let mut trained = of_our_own();
    train(&mut trained, 0, 1);
    trained.save_weights(files.path("w.weights.olifant")).unwrap();
    trained.save_weights(files.path("w.safetensors")).unwrap();
    trained.save(files.path("m.olifant")).unwrap();
    trained.save(files.path("m.safetensors")).unwrap();
    for name in ["w.weights.olifant", "w.safetensors", "m.olifant", "m.safetensors"] {
        let mut model = of_our_own();
        assert_ne!(everything(&model).weights, everything(&trained).weights);
        model.load_weights(files.path(name)).unwrap();
        assert_eq!(everything(&model).weights, everything(&trained).weights, "{name}");
        assert_eq!(model.optimizer_state().iterations(), 0);
    }
}

#[test]
fn other_weights_are_named_and_nothing_is_changed() {
    let files = Files::new();
    let build = |layers: &[(&str, usize)]| {
        let chain = layers.iter().fold(Sequential::new([4]), |chain, &(name, units)| {
            chain.add(olifant_nn::Named::named(Dense::new(units), name))
        });
        chain.compile(Adam::new(0.1), MeanSquaredError::new(), ()).unwrap()
    };
    for name in ["f.weights.olifant", "f.safetensors"] {
        let path = files.path(name);
        let fails = |saved: &[(&str, usize)], wanted: &[(&str, usize)]| {
            build(saved).save_weights(&path).unwrap();
            let mut model = build(wanted);
            let before = everything(&model);
            let error = model.load_weights(&path).unwrap_err();
            assert_eq!(everything(&model), before);
            let start = format!("cannot load the weights in `{name}`: ");
            let end = "; build the model as it was when the file was saved";
            let message = message(error, &files);
            message.strip_prefix(&start).and_then(|text| text.strip_suffix(end)).expect(&message).to_owned()
        };
        assert_eq!(
            fails(&[("a", 3), ("b", 2)], &[("a", 3), ("b", 5)]),
            "`b/kernel` has shape [3, 5] in the model but [3, 2] in the file"
        );
        assert_eq!(
            fails(&[("a", 3)], &[("a", 3), ("b", 5)]),
            "the file has no `b/kernel` [3, 5]; it has only 2 of the model's 4"
        );
        let unused = fails(&[("a", 3), ("c", 5)], &[("a", 3), ("b", 5)]);
        assert!(unused.starts_with("the file has no `b/kernel` [3, 5]; it has `c/"), "{unused}");
        let unused = fails(&[("a", 3), ("b", 5)], &[("a", 3)]);
        assert!(unused.starts_with("the file has `b/") && unused.ends_with("the model has not"), "{unused}");
    }
}

#[test]
fn files_of_weights_are_no_models() {
    let files = Files::new();
    for name in ["w.weights.olifant", "w.safetensors"] {
        compiled(Adam::new(0.1)).save_weights(files.path(name)).unwrap();
        let error = Model::load(files.path(name)).unwrap_err();
        assert!(matches!(error, LoadError::WeightsOnly { .. }));
        assert_eq!(
            message(error, &files),
            format!(
                "cannot load `{name}` as a model: it holds weights only; \
                 compile the model and use `load_weights`"
            )
        );
    }
}

#[test]
fn what_would_not_come_back_is_not_saved() {
    let files = Files::new();
    let path = files.path("m.olifant");
    compiled(Adam::new(0.1)).save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let model = Sequential::new([2])
        .add(Dense::new(1))
        .compile(Adam::new(0.1), MeanSquaredError::new(), RateAbove(f64::INFINITY))
        .unwrap();
    let message = message(model.save(&path).unwrap_err(), &files);
    let start = "cannot save the model as `m.olifant`: its metrics would not come back from the file: ";
    assert!(message.starts_with(start), "{message}");
    assert!(fs::read(&path).unwrap() == good);
}

#[test]
fn paths_are_checked_before_anything_is_written() {
    let files = Files::new();
    let check = |name: &str, weights_only| {
        let result = Model::check_save_path(files.path(name), weights_only);
        result.map_err(|error| message(error, &files))
    };
    assert_eq!(check("later/m.olifant", false), Ok(()));
    assert_eq!(check("later/m.weights.olifant", true), Ok(()));
    assert!(check("m.weights.olifant", false).unwrap_err().contains("use `save_weights`"));
    assert!(check("m.keras", true).unwrap_err().contains("known: .weights.olifant, .safetensors"));
    fs::create_dir(files.path("d.olifant")).unwrap();
    assert!(check("d.olifant", false).unwrap_err().ends_with("; name a file inside it"));

    let missing = compiled(Adam::new(0.1)).save(files.path("none/m.olifant")).unwrap_err();
    assert!(message(missing, &files).contains("; create the directory `"));
    let error = message(Model::load(files.path("none.olifant")).unwrap_err(), &files);
    assert!(
        error.starts_with("cannot read `none.olifant`: ") && error.ends_with("; check the path"),
        "{error}"
    );
}

#[test]
fn two_models_saved_at_once_do_not_mix() {
    let files = Files::new();
    let path = &files.path("m.olifant");
    std::thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || {
                let model = Sequential::new([50]).add(Dense::new(100)).seed(seed);
                model.compile(Adam::new(0.1), MeanSquaredError::new(), ()).unwrap().save(path).unwrap();
                assert!(Model::load(path).unwrap().seed() < 4);
            });
        }
    });
    assert_eq!(fs::read_dir(files.0.path()).unwrap().count(), 1);
}

#[test]
fn a_file_from_python_is_read() {
    // Written by tests/python/safetensors_file.py; the bias is in double precision.
    let path = fixture("from_python.safetensors");
    let compile = |units| {
        Sequential::new([2]).add(Dense::new(units)).compile(Adam::new(0.1), MeanSquaredError::new(), ())
    };
    let mut model = compile(3).unwrap();
    model.load_weights(&path).unwrap();
    let prediction = model.predict(&array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).unwrap();
    let expected = array![[0.5, -0.25, 0.001], [0.625, 0.0, 0.376], [1.0, 0.375, 0.751]];
    assert!((prediction - expected).iter().all(|difference| difference.abs() < 1e-6));
    let message = compile(4).unwrap().load_weights(&path).unwrap_err().to_string();
    assert!(message.contains("`dense/kernel` has shape [2, 4] in the model but [2, 3] in the file"));
}

#[test]
fn numbers_of_other_types_are_refused() {
    let files = Files::new();
    let path = files.path("half.safetensors");
    let json = br#"{"dense/kernel":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}      "#;
    fs::write(&path, [&(json.len() as u64).to_le_bytes()[..], json, &[0; 4]].concat()).unwrap();
    assert_eq!(
        message(compiled(Adam::new(0.1)).load_weights(&path).unwrap_err(), &files),
        "cannot load the weights in `half.safetensors`: `dense/kernel` consists of BF16, expected F32 or F64; \
         convert it first"
    );
}

#[test]
fn a_file_of_format_1_is_still_read() {
    // `compiled(Adam::new(0.01))` after `train(…, 0, 2)` and `set_learning_rate(0.005)`, saved by format 1.
    let model = Model::load(fixture("model-v1.olifant")).unwrap();
    assert_eq!((model.seed(), model.learning_rate(), model.optimizer_state().iterations()), (5, 0.005, 14));
    assert_eq!(model.log_names().collect::<Vec<_>>(), ["loss", "mean_absolute_error"]);
    let prediction = model.predict(&array![[0.0, 0.5, 1.0], [-1.0, 0.25, 2.0]]).unwrap();
    // Computed with NumPy from the weights that the Python library read.
    let expected = array![[0.357_877_28, 0.337_046_53], [0.548_876_7, 0.448_073_06]];
    assert!((&prediction - &expected).iter().all(|difference: &f32| difference.abs() < 1e-5), "{prediction}");
}
