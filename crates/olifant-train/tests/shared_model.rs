//! A model can be shared between threads.

use std::thread;

use ndarray::{Array1, Array2};
use olifant_nn::{
    Activation, Sequential,
    layers::{Dense, Dropout},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::Adam,
};
use olifant_train::{Compile, FitOptions, Model, Verbose};

#[test]
fn a_model_may_be_sent_and_shared() {
    fn shareable<T: Send + Sync>() {}
    shareable::<Model>();
}

#[test]
fn threads_that_predict_and_evaluate_at_once_get_the_bits_of_one_alone() {
    let x = Array2::from_shape_fn((300, 20), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0);
    let y = Array1::from_shape_fn(300, |i| (i % 3) as u8);
    let mut model = Sequential::new([20])
        .add(Dense::new(64).activation(Activation::Relu))
        .add(Dropout::new(0.5))
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(1)
        .compile(Adam::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap();
    model.fit(&x, &y, FitOptions::new().epochs(2).verbose(Verbose::Silent)).unwrap();

    // Of several batches, which the pool computes, and of one, which the thread itself does.
    let inputs = [x.view(), x.slice(ndarray::s![..5, ..])];
    let alone = inputs.map(|x| model.predict(x).unwrap());
    let loss = model.evaluate(&x, &y).unwrap();
    thread::scope(|scope| {
        for thread in 0..8 {
            let (model, alone, loss, x, y) = (&model, &alone, &loss, &x, &y);
            scope.spawn(move || {
                for round in 0..10 {
                    let which = (thread + round) % 2;
                    assert_eq!(model.predict(inputs[which]).unwrap(), alone[which]);
                    assert_eq!(model.evaluate(x, y).unwrap(), *loss);
                }
            });
        }
    });
}
