//! Models with several inputs and outputs: losses, metrics and their names in the logs, predictions, files, errors.
//!
//! The numbers are made by `keras/several_outputs.py`, whose docstring describes the model.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, ArrayD, IxDyn, array};
use olifant_core::Shape;
use olifant_nn::{
    Activation, BuildError, CallOn, Functional, Input, MetricsByOutput, Named, Sequential, SharedLayer,
    layers::{Add, Dense},
    losses::{MeanSquaredError, SparseCategoricalCrossentropy},
    metrics::{Accuracy, MeanAbsoluteError},
    optimizers::Sgd,
};
use olifant_train::{Compile, EvaluateOptions, FitOptions, Logs, Model, Verbose};
use serde_json::Value;

struct Golden(Value);

impl Golden {
    fn read() -> Golden {
        Golden(serde_json::from_str(include_str!("keras/several_outputs.json")).unwrap())
    }

    fn case(&self) -> &Value {
        &self.0["cases"][0]
    }

    fn matrix(&self, key: &str) -> Array2<f32> {
        array_of(&self.0[key]).into_dimensionality().unwrap()
    }

    fn vector(&self, key: &str) -> Array1<f32> {
        array_of(&self.0[key]).into_dimensionality().unwrap()
    }

    fn model(&self) -> Model {
        let mut model = described()
            .seed(0)
            .compile(
                Sgd::new(0.01),
                (SparseCategoricalCrossentropy::new(), MeanSquaredError::new()),
                MetricsByOutput::new()
                    .output("class", [Accuracy::new()])
                    .output("size", MeanAbsoluteError::new()),
            )
            .and_then(|model| {
                model.weighted_metrics(MetricsByOutput::new().output("size", MeanAbsoluteError::new()))
            })
            .and_then(|model| model.loss_weights([0.5, 2.0]))
            .unwrap();
        let handles: Vec<_> = model.network().weights().iter().map(|(weight, _)| weight).collect();
        for (weight, values) in handles.into_iter().zip(self.0["weights"].as_array().unwrap()) {
            model.weights_mut().get_mut(weight).copy_from_slice(array_of(values).as_slice().unwrap());
        }
        model
    }
}

fn array_of(json: &Value) -> ArrayD<f32> {
    let shape: Vec<usize> = serde_json::from_value(json["shape"].clone()).unwrap();
    let values: Vec<f32> = serde_json::from_value(json["values"].clone()).unwrap();
    ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap()
}

fn described() -> Functional {
    let (a, b) = (Input::named("a", [3]), Input::named("b", [3]));
    let shared = SharedLayer::new(Dense::new(4).activation(Activation::Tanh).named("shared"));
    let joined = Add::new().on([&shared.on(&a), &shared.on(&b)]);
    let class = Dense::new(3).activation(Activation::Softmax).named("class").on(&joined);
    let size = Dense::new(1).named("size").on(&joined);
    Functional::new([&a, &b], [&class, &size])
}

fn close(ours: f64, keras: &Value, what: &str) {
    let keras = keras.as_f64().unwrap();
    assert!((ours - keras).abs() <= 1e-5 * keras.abs().max(1.0), "{what}: {ours}, Keras has {keras}");
}

fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().batch_size(3).shuffle(false).verbose(Verbose::Silent)
}

#[test]
fn logs_and_weights_are_those_of_keras() {
    let golden = Golden::read();
    let (a, b) = (golden.matrix("a"), golden.matrix("b"));
    let (classes, sizes) = (golden.vector("classes"), golden.vector("sizes"));
    let mut model = golden.model();
    let logs: Logs = model.evaluate([&a, &b], [&classes, &sizes]).unwrap();
    for (name, value) in golden.case()["evaluate"].as_object().unwrap() {
        close(logs[name.as_str()], value, name);
    }
    let sample_weight = golden.vector("sample_weight");
    let options =
        options().epochs(2).sample_weight(&sample_weight).validation_data([&a, &b], [&classes, &sizes]);
    let history = model.fit([&a, &b], [&classes, &sizes], options).unwrap();
    let keras = golden.case()["history"].as_object().unwrap();
    let names: Vec<&str> = history.names().collect();
    assert_eq!(names, keras.keys().map(String::as_str).collect::<Vec<_>>());
    for (name, values) in keras {
        for (ours, keras) in history[name.as_str()].iter().zip(values["values"].as_array().unwrap()) {
            close(*ours, keras, name);
        }
    }
    let weights = model.network().weights();
    for ((weight, spec), keras) in weights.iter().zip(golden.case()["weights_after"].as_array().unwrap()) {
        for (&ours, keras) in weights.get(weight).data.iter().zip(keras["values"].as_array().unwrap()) {
            close(ours.into(), keras, &spec.name);
        }
    }
}

#[test]
fn predictions_are_one_array_for_each_output() {
    let golden = Golden::read();
    let mut model = golden.model();
    let (a, b) = (golden.matrix("a"), golden.matrix("b"));
    let outputs = model.predict_several([&a, &b]).unwrap();
    for (ours, keras) in outputs.iter().zip(golden.case()["predict"].as_array().unwrap()) {
        let keras = array_of(keras);
        assert_eq!(ours.shape(), keras.shape());
        assert!(ours.iter().zip(&keras).all(|(ours, keras)| (ours - keras).abs() < 1e-5));
    }
    let error = model.predict([&a, &b]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model has 2 outputs (class, size): use predict_several or predict_several_with"
    );
    let with_options = model.predict_several_with([&a, &b], Default::default()).unwrap();
    assert_eq!(with_options, outputs);
}

#[test]
fn a_model_comes_back_from_its_file_and_learns_the_same() {
    let golden = Golden::read();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.olifant");
    let (a, b) = (golden.matrix("a"), golden.matrix("b"));
    let (classes, sizes) = (golden.vector("classes"), golden.vector("sizes"));
    let mut model = golden.model();
    model.save(&path).unwrap();
    let mut copy = Model::load(&path).unwrap();
    let fit = |model: &mut Model| {
        let history = model.fit([&a, &b], [&classes, &sizes], options().seed(1)).unwrap();
        (history["loss"].to_vec(), model.network().weights().trainable().to_vec())
    };
    let (first, second) = (fit(&mut model), fit(&mut copy));
    assert_eq!(first, second);
    assert_eq!(copy.log_names().collect::<Vec<_>>(), model.log_names().collect::<Vec<_>>());
}

#[test]
fn one_loss_may_serve_all_outputs() {
    let x = Input::new([2]);
    let mut model = Functional::new(&x, [&Dense::new(1).on(&x), &Dense::new(1).on(&x)])
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap();
    // The second batch is not full.
    let (x, y) = (Array2::from_shape_fn((5, 2), |(i, j)| (i * j) as f32), array![3.0, 1.0, 0.0, 2.0, 9.0]);
    let history = model.fit(&x, [&y, &y], options()).unwrap();
    let logs = ["loss", "dense_loss", "dense_1_loss"].map(|name| (name, history[name][0]));
    let logs: Logs = logs.into_iter().collect();
    let sum = logs["dense_loss"] + logs["dense_1_loss"];
    assert!((logs["loss"] - sum).abs() < 1e-5 * sum.max(1.0), "{logs:?}");
}

#[test]
fn wrong_numbers_of_arrays_are_told_with_the_names() {
    let golden = Golden::read();
    let (a, b) = (golden.matrix("a"), golden.matrix("b"));
    let (classes, sizes) = (golden.vector("classes"), golden.vector("sizes"));
    let mut model = golden.model();
    let mut error =
        |x: Vec<&Array2<f32>>, y: Vec<&Array1<f32>>| model.fit(x, y, options()).unwrap_err().to_string();
    assert_eq!(
        error(vec![&a], vec![&classes, &sizes]),
        "the model takes 2 arrays (a, b) for x, but was given 1"
    );
    assert_eq!(
        error(vec![&a, &b], vec![&classes]),
        "the model takes 2 arrays (class, size) for y, but was given 1"
    );
    let short = sizes.slice(ndarray::s![..4]).to_owned();
    assert_eq!(
        error(vec![&a, &b], vec![&classes, &short]),
        "x[0] has 6 samples but y[1] has 4: each sample needs one of each"
    );
    let wide = Array2::zeros((6, 5));
    assert_eq!(
        error(vec![&a, &wide], vec![&classes, &sizes]),
        "layer 1 (b): expects inputs of shape [batch, 3] but was given [batch, 5]; \
         check the shape that the model begins with"
    );
    let mut holes = b.clone();
    holes[[2, 1]] = f32::NAN;
    assert_eq!(
        error(vec![&a, &holes], vec![&classes, &sizes]),
        "row 2 of x[1] contains NaN: replace or drop what is not a finite number before training"
    );
    let wrong = array![0.0, 1.0, 7.0, 0.0, 0.0, 0.0];
    assert!(error(vec![&a, &b], vec![&wrong, &sizes]).starts_with("row 2 of y is 7"));
}

#[test]
fn inputs_of_different_lengths_are_refused_whatever_is_asked() {
    let (a, b) = (Input::new([2]), Input::new([2]));
    let joined = Add::new().on([&a, &b]);
    let mut model = Functional::new([&a, &b], &Dense::new(1).on(&joined))
        .compile(Sgd::new(0.1), MeanSquaredError::new(), ())
        .unwrap();
    let (long, short, y) = (Array2::<f32>::ones((5, 2)), Array2::<f32>::ones((3, 2)), Array1::<f32>::ones(5));
    let x = || [&long, &short];
    let errors = [
        model.fit(x(), &y, options()).err(),
        model.evaluate(x(), &y).err(),
        model.train_on_batch(x(), &y).err(),
        model.predict(x()).err(),
        model.predict_on_batch(x()).err(),
        model.predict_with(x(), EvaluateOptions::new().verbose(Verbose::Silent)).err(),
    ];
    for error in errors {
        assert_eq!(
            error.unwrap().to_string(),
            "x[0] has 5 samples but x[1] has 3: each sample needs one of each"
        );
    }
}

#[test]
fn weights_of_classes_need_one_output() {
    let golden = Golden::read();
    let (a, classes) = (golden.matrix("a"), golden.vector("classes"));
    let options = options().class_weight([(0, 2.0)]);
    let error = golden.model().fit([&a, &a], [&classes, &classes], options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "class_weight must be unset for a model with several outputs: give sample_weight, but is set"
    );
}

#[test]
fn losses_and_metrics_that_do_not_fit_the_outputs_are_refused_when_compiled() {
    let loss = MeanSquaredError::new;
    let error = described().compile(Sgd::new(0.1), [loss(), loss(), loss()], ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "loss must be one loss for all outputs, or 2 (class, size), but is a list of 3"
    );
    let error = described().compile(Sgd::new(0.1), loss(), [Accuracy::new()]).unwrap_err();
    assert!(matches!(error, BuildError::Option { option: "metrics", .. }), "{error}");
    let chain = Sequential::new([3]).add(Dense::new(1));
    let error = chain.compile(Sgd::new(0.1), (loss(), loss()), ()).unwrap_err();
    assert_eq!(error.to_string(), "loss must be one loss, but is a list of 2");
    assert_eq!(described().build(0).unwrap().outputs().next(), Some(("class", Shape::from([3]))));
}
