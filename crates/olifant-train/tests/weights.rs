//! Weights go in and out as arrays.

#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, ArrayD, ArrayView1, IxDyn, array};
use olifant_nn::{
    Sequential,
    layers::{Dense, Flatten},
    losses::MeanSquaredError,
    optimizers::Adam,
};
use olifant_train::{Compile, Model};

fn model() -> Model {
    Sequential::new([3])
        .add(Dense::new(2))
        .add(Flatten::new())
        .add(Dense::new(4).use_bias(false))
        .add(Dense::new(2))
        .seed(1)
        .compile(Adam::new(0.1), MeanSquaredError::new(), ())
        .unwrap()
}

#[test]
fn all_weights_come_in_the_order_of_their_layers() {
    let mut model = model();
    let names: Vec<&str> = model.weight_names().collect();
    assert_eq!(names, ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_2/kernel", "dense_2/bias"]);
    let shapes: Vec<Vec<usize>> = model.get_weights().iter().map(|array| array.shape().to_vec()).collect();
    assert_eq!(shapes, [vec![3, 2], vec![2], vec![2, 4], vec![4, 2], vec![2]]);
    model.set_trainable("dense", false).unwrap();
    let names: Vec<&str> = model.weight_names().collect();
    assert_eq!(names[..2], ["dense/kernel", "dense/bias"], "also if some are frozen");
}

#[test]
fn arrays_of_any_layout_and_number_type_are_taken() {
    let mut model = model();
    let rows: Array2<i32> = array![[1, 2, 3], [4, 5, 6]];
    model.set_weight("dense/kernel", &rows.t()).unwrap();
    assert_eq!(model.weight("dense/kernel").unwrap(), array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].into_dyn());
    model.set_weight("dense/bias", &ArrayView1::from(&[0.5_f64, -0.5])).unwrap();
    let prediction = model.get_weights()[1].clone();
    assert_eq!(prediction, array![0.5, -0.5].into_dyn());
    model.set_weight("dense/bias", &array![f32::NAN, f32::INFINITY]).unwrap();
    assert!(model.weight("dense/bias").unwrap()[[0]].is_nan());
}

#[test]
fn wrong_arrays_are_refused_and_nothing_is_changed() {
    let mut model = model();
    let before = model.get_weights();
    let message = |model: &mut Model, shape: [usize; 2]| {
        model.set_weight("dense/kernel", &Array2::<f32>::zeros(shape)).unwrap_err().to_string()
    };
    assert_eq!(
        message(&mut model, [2, 3]),
        "weight dense/kernel has shape [3, 2], but was given an array of shape [2, 3]; transpose it"
    );
    assert_eq!(
        message(&mut model, [6, 1]),
        "weight dense/kernel has shape [3, 2], but was given an array of shape [6, 1]; reshape it"
    );
    assert_eq!(
        message(&mut model, [3, 5]),
        "weight dense/kernel has shape [3, 2], but was given an array of shape [3, 5]"
    );
    assert_eq!(
        model.set_weight("densekernel", &Array1::<f32>::zeros(2)).unwrap_err().to_string(),
        "the model has no weight \"densekernel\": known: dense/kernel, dense/bias, dense_1/kernel, \
         dense_2/kernel, dense_2/bias; did you mean `dense/kernel`?"
    );
    assert_eq!(
        model.set_weights(&before[..3]).unwrap_err().to_string(),
        "the model has 5 weights, but was given 3 arrays: give one for each of dense/kernel, dense/bias, \
         dense_1/kernel, dense_2/kernel, dense_2/bias"
    );
    let mut arrays: Vec<ArrayD<f32>> = before.iter().map(|array| array + 1.0).collect();
    arrays[4] = ArrayD::zeros(IxDyn(&[1, 2]));
    let error = model.set_weights(&arrays).unwrap_err().to_string();
    assert_eq!(
        error,
        "weight dense_2/bias has shape [2], but was given an array of shape [1, 2]; reshape it"
    );
    assert_eq!(model.get_weights(), before);
    arrays[4] = ArrayD::zeros(IxDyn(&[2]));
    model.set_weights(&arrays).unwrap();
    assert_eq!(model.get_weights(), arrays);
}
