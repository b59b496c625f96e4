//! Layers that draw random numbers: what they draw has the distribution they promise, and they are silent in use.

#![allow(clippy::unwrap_used)]

use olifant_core::{Axes, Float, Mode, RandomKey, Shape, Tape, Workspace};
use olifant_nn::{
    Layer, Network, Sequential,
    layers::{
        AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D,
        SpatialDropout3D,
    },
};

fn network(layer: impl Layer, sample: Shape) -> Network {
    Sequential::new(sample).add(layer).build(0).unwrap()
}

/// What a layer makes of a batch of equal numbers, and the gradient of the sum of the results.
fn run(layer: impl Layer, shape: Shape, number: Float, mode: Mode) -> Vec<f64> {
    let network = network(layer, shape.without_batch());
    let tape = Tape::record(Workspace::default(), network.weights(), mode);
    let x = tape.input_with(shape, |x| x.fill(number));
    let y = network.call(x);
    assert_eq!(y.shape(), shape);
    y.with_value(|y| y.data.iter().map(|&y| f64::from(y)).collect())
}

fn training(step: u64) -> Mode {
    Mode::Training(RandomKey::from_seed(11).derive(step))
}

/// Mean and variance.
fn moments(x: &[f64]) -> (f64, f64) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64)
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() < tolerance, "{actual} instead of {expected}");
}

/// Nothing happens in use or at a rate of 0, the same step draws the same, and another step something else.
fn check_switches<L: Layer>(layer: impl Fn(Float) -> L) {
    let shape = Shape::from([4, 3, 2, 2, 5]).without_batch();
    let shapes = [Shape::from([6, 4, 5]), Shape::from([6, 4, 3, 5]), shape.with_batch(6)];
    // The spatial layers take one rank each.
    let shape = shapes
        .into_iter()
        .find(|shape| Sequential::new(shape.without_batch()).add(layer(0.5)).build(0).is_ok());
    let shape = shape.unwrap();
    let all = vec![3.0; shape.size()];
    assert_eq!(run(layer(0.5), shape, 3.0, Mode::Inference), all);
    assert_eq!(run(layer(0.0), shape, 3.0, training(1)), all);
    let once = run(layer(0.5), shape, 3.0, training(1));
    assert_ne!(once, all);
    assert_eq!(once, run(layer(0.5), shape, 3.0, training(1)));
    assert_ne!(once, run(layer(0.5), shape, 3.0, training(2)));
}

#[test]
fn all_are_silent_in_use_and_repeatable_in_training() {
    check_switches(Dropout::new);
    check_switches(|rate| Dropout::new(rate).noise_shape([1, 5]));
    check_switches(SpatialDropout1D::new);
    check_switches(SpatialDropout2D::new);
    check_switches(SpatialDropout3D::new);
    check_switches(GaussianNoise::new);
    check_switches(GaussianDropout::new);
    check_switches(AlphaDropout::new);
}

#[test]
fn gaussian_noise_is_added() {
    let y = run(GaussianNoise::new(0.25), Shape::from([100, 2000]), 3.0, training(1));
    let (mean, variance) = moments(&y);
    assert_near(mean, 3.0, 0.005);
    assert_near(variance, 0.0625, 0.001);
}

#[test]
fn gaussian_dropout_has_the_moments_of_dropout() {
    let y = run(GaussianDropout::new(0.2), Shape::from([100, 2000]), 2.0, training(1));
    let (mean, variance) = moments(&y);
    assert_near(mean, 2.0, 0.01);
    assert_near(variance, 4.0 * 0.25, 0.02);
}

#[test]
fn spatial_dropout_drops_whole_channels() {
    // A batch of 50 samples with 400 channels of 6 elements each; the channels are the last axis.
    let (samples, elements, channels) = (50, 6, 400);
    let mode = training(4);
    let results = [
        run(SpatialDropout1D::new(0.3), Shape::from([50, 6, 400]), 7.0, mode),
        run(SpatialDropout2D::new(0.3), Shape::from([50, 2, 3, 400]), 7.0, mode),
        run(SpatialDropout3D::new(0.3), Shape::from([50, 1, 2, 3, 400]), 7.0, mode),
    ];
    for (axes, y) in (1..).zip(results) {
        let mut dropped = 0;
        for sample in y.chunks_exact(elements * channels) {
            for channel in 0..channels {
                let mut column = sample.iter().skip(channel).step_by(channels);
                let first = *column.next().unwrap();
                assert!(first == 0.0 || (first - 10.0).abs() < 1e-5, "{axes}D: {first}");
                assert!(column.all(|&y| y == first), "{axes}D");
                dropped += usize::from(first == 0.0);
            }
        }
        assert_near(dropped as f64 / (samples * channels) as f64, 0.3, 0.02);
    }
}

#[test]
fn dropout_shares_chances_along_axes_of_size_one() {
    let y = run(Dropout::new(0.5).noise_shape([4, 1]), Shape::from([100, 4, 3]), 1.0, training(2));
    let rows: Vec<f64> = y.chunks_exact(3).map(|row| row.iter().sum()).collect();
    assert!(rows.iter().all(|&sum| sum == 0.0 || sum == 6.0));
    assert_near(rows.iter().sum::<f64>() / rows.len() as f64, 3.0, 0.6);
    // A missing axis in front is one of size 1; samples differ.
    let y = run(Dropout::new(0.5).noise_shape([3]), Shape::from([100, 4, 3]), 1.0, training(2));
    assert!(y.chunks_exact(12).all(|sample| sample.chunks_exact(3).all(|row| row == &sample[..3])));
    assert!(y.chunks_exact(12).any(|sample| sample != &y[..12]));
}

#[test]
fn alpha_dropout_keeps_mean_and_variance() {
    let network = network(AlphaDropout::new(0.3), Shape::from([2000]));
    let tape = Tape::record(Workspace::default(), network.weights(), training(1));
    let x = tape.random_normal(RandomKey::from_seed(5), [100, 2000]);
    let y = network.call(x).with_value(|y| y.data.iter().map(|&y| f64::from(y)).collect::<Vec<_>>());
    let (mean, variance) = moments(&y);
    assert_near(mean, 0.0, 0.01);
    assert_near(variance, 1.0, 0.02);
    // Of x = 1, two values come out: a + b, and a · α′ + b for the share that is dropped.
    let (rate, alpha): (f64, f64) = (0.3, -1.758_099_340_847_376_6);
    let a = ((1.0 - rate) * (1.0 + rate * alpha * alpha)).powf(-0.5);
    let b = -a * alpha * rate;
    let y = run(AlphaDropout::new(0.3), Shape::from([100, 1000]), 1.0, training(3));
    let dropped = y.iter().filter(|&&y| (y - (a * alpha + b)).abs() < 1e-5).count();
    let kept = y.iter().filter(|&&y| (y - (a + b)).abs() < 1e-5).count();
    assert_eq!(dropped + kept, y.len());
    assert_near(dropped as f64 / y.len() as f64, 0.3, 0.008);
    let y = run(AlphaDropout::new(0.5).noise_shape([1, 3]), Shape::from([100, 4, 3]), 1.0, training(2));
    assert!(y.chunks_exact(12).all(|sample| sample.chunks_exact(3).all(|row| row == &sample[..3])));
}

#[test]
fn gradients_go_where_the_values_went() {
    let mut weights = olifant_core::Weights::default();
    let w = weights.add("w", [40, 5], true);
    weights.trainable_mut().fill(1.0);
    let layers: [Box<dyn Layer>; 3] = [
        Box::new(SpatialDropout1D::new(0.5)),
        Box::new(GaussianDropout::new(0.5)),
        Box::new(Dropout::new(0.5).noise_shape([1, 5])),
    ];
    for layer in layers {
        let tape = Tape::record(Workspace::default(), &weights, training(1));
        // Of ones, the value is the factor, and so is the gradient.
        let y = layer.call(tape.weight(w).reshape([4, 10, 5]));
        let expected = y.with_value(|y| y.data.to_vec());
        tape.backward(y.sum(Axes::All));
        assert_eq!(tape.finish().gradients()[..200], expected);
    }
}
