//! Metrics that keep as many sums as there are classes, among others that keep two.

#![allow(clippy::unwrap_used)]

use ndarray::{Array2, array};
use olifant_nn::{
    Metric, MetricBatch, Sequential, layers::Dense, losses::CategoricalCrossentropy, metrics::*,
    optimizers::Sgd,
};
use olifant_train::{Compile, EvaluateOptions};

#[test]
fn every_metric_gets_its_own_sums() {
    let metrics = || {
        (
            MeanAbsoluteError::new(),
            F1Score::new(),
            AUC::new().multi_label(true),
            MeanSquaredError::new(),
            R2Score::new(),
        )
    };
    let (x, y): (Array2<f64>, Array2<f64>) = (
        array![[0.1, 0.5], [0.7, -0.2], [-0.6, 0.3], [0.4, 0.4], [-0.3, -0.8]],
        array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    );
    let sample_weight = array![1.0, 2.0, 0.5, 1.0, 3.0];
    let mut model = Sequential::new([2])
        .add(Dense::new(3).activation(olifant_nn::Activation::Softmax))
        .seed(3)
        .compile(Sgd::new(0.1), CategoricalCrossentropy::new(), metrics())
        .unwrap()
        .weighted_metrics(F1Score::new().class_id(1))
        .unwrap();
    let options = EvaluateOptions::new().batch_size(2).sample_weight(sample_weight.clone());
    let logs = model.evaluate_with(&x, &y, options).unwrap();

    let y_pred = olifant_core::Tensor::from_array(&model.predict(&x).unwrap()).unwrap();
    let y_true = olifant_core::Tensor::from_array(&y).unwrap();
    let weights: Vec<_> = sample_weight.iter().map(|&weight| weight as olifant_core::Float).collect();
    let (first, second, third, fourth, fifth) = metrics();
    let expected: [(&str, &dyn Metric, _); 6] = [
        ("mean_absolute_error", &first, None),
        ("f1_score", &second, None),
        ("auc", &third, None),
        ("mean_squared_error", &fourth, None),
        ("r2_score", &fifth, None),
        ("weighted_f1_score", &F1Score::new().class_id(1), Some(&weights[..])),
    ];
    for (name, metric, sample_weight) in expected {
        let mut sums = vec![0.0; metric.sums_for([3].into())];
        let batch = MetricBatch { y_true: y_true.view(), y_pred: y_pred.view(), sample_weight };
        metric.update(&mut sums, &batch);
        assert!((logs[name] - metric.result(&sums)).abs() < 1e-6, "{name}: {}", logs[name]);
    }
}
