//! The model and the data of `keras/tensor_board.py`.

use ndarray::{Array1, Array3};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Flatten},
    losses::MeanSquaredError,
    metrics::MeanAbsoluteError,
    optimizers::Sgd,
};
use olifant_train::{Compile, FitOptions, Model};
use serde_json::Value;

/// What the script wrote.
pub fn golden() -> Value {
    serde_json::from_str(include_str!("../keras/tensor_board.json")).unwrap()
}

pub fn numbers(array: &Value) -> Vec<f32> {
    array["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

pub fn data(golden: &Value) -> (Array3<f32>, Array1<f32>) {
    (Array3::from_shape_vec((10, 4, 1), numbers(&golden["x"])).unwrap(), numbers(&golden["y"]).into())
}

pub fn model(golden: &Value) -> Model {
    let network = Sequential::new([4, 1])
        .add(Flatten::new())
        .add(Dense::new(3).activation(Activation::Relu))
        .add(Dense::new(1))
        .seed(1);
    let metrics = MeanAbsoluteError::new().name("mae");
    let mut model = network.compile(Sgd::new(0.125), MeanSquaredError::new(), metrics).unwrap();
    let handles: Vec<_> = model.network().weights().iter().map(|(weight, _)| weight).collect();
    for (number, weight) in handles.into_iter().enumerate() {
        let values = numbers(&golden["weights"][number]);
        model.weights_mut().get_mut(weight).copy_from_slice(&values);
    }
    model
}

/// Three epochs of four batches.
pub fn options<'a>() -> FitOptions<'a> {
    FitOptions::new().epochs(3).batch_size(3).shuffle(false).verbose(0)
}
