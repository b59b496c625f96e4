//! Normalization against plain composed formulas and finite differences.

#![allow(clippy::unwrap_used)]

use olifant_core::{Axes, Float, GradientCheck, Mode, RandomKey, Tape, Var, Weights, Workspace};

const EPSILON: Float = 0.01;

/// Runs a computation on random inputs of these shapes and returns its results.
fn values(shapes: &[&[usize]], compute: impl for<'t> Fn(&'t Tape<'t>, &[Var<'t>]) -> Var<'t>) -> Vec<Float> {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let inputs: Vec<Var<'_>> = shapes
        .iter()
        .enumerate()
        .map(|(number, &shape)| {
            let key = RandomKey::from_seed(5).derive(number as u64);
            tape.input_with(olifant_core::Shape::new(shape).unwrap(), |x| {
                x.iter_mut()
                    .enumerate()
                    .for_each(|(i, x)| *x = Float::from(key.uniform(i as u32)) * 3.0 + 1.0);
            })
        })
        .collect();
    compute(&tape, &inputs).with_value(|y| y.data.to_vec())
}

#[track_caller]
fn assert_close(actual: &[Float], expected: &[Float]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        assert!((actual - expected).abs() < 1e-4, "{actual} instead of {expected}");
    }
}

/// (x − mean) / √(variance + ε) over some axes.
fn standard<'t>(x: Var<'t>, axes: impl Into<Axes> + Copy) -> Var<'t> {
    let difference = x - x.mean_keepdims(axes);
    difference / (difference.square().mean_keepdims(axes) + EPSILON).sqrt()
}

/// Ones and zeros for rows that count and rows that do not.
fn mask<'t>(tape: &'t Tape<'t>, rows: usize) -> Var<'t> {
    tape.input_with([rows], |mask| {
        mask.iter_mut().enumerate().for_each(|(i, mask)| *mask = (i % 3 != 1).into())
    })
}

#[test]
fn batch_normalization_is_the_formula() {
    // One block of rows, several blocks, and a single channel.
    for shape in [&[6, 4][..], &[3, 5, 2, 7], &[700, 40], &[40_000, 1]] {
        let channels = [*shape.last().unwrap()];
        let fused = values(&[shape, &channels, &channels], |_, x| {
            x[0].batch_normalization(Some(x[1]), Some(x[2]), EPSILON, None).0
        });
        let plain = values(&[shape, &channels, &channels], |_, x| {
            let rows = x[0].reshape([x[0].shape().size() / x[1].shape()[0], x[1].shape()[0]]);
            standard(rows, 0) * x[1] + x[2]
        });
        assert_close(&fused, &plain);
    }
}

#[test]
fn batch_normalization_returns_the_moments() {
    let shape: &[&[usize]] = &[&[50, 3]];
    let moments = values(shape, |_, x| {
        let (_, mean, variance) = x[0].batch_normalization(None, None, EPSILON, None);
        Var::concatenate(&[mean, variance], 0)
    });
    let expected = values(shape, |_, x| {
        let mean = x[0].mean_keepdims(0);
        Var::concatenate(&[mean, (x[0] - mean).square().mean_keepdims(0)], 1)
    });
    assert_close(&moments, &expected);
}

#[test]
fn masked_rows_are_normalized_but_do_not_count() {
    let shape: &[&[usize]] = &[&[7, 3]];
    let masked =
        values(shape, |tape, x| x[0].batch_normalization(None, None, EPSILON, Some(mask(tape, 7))).0);
    let plain = values(shape, |_, x| {
        // The rows 0, 2, 3, 5, 6 count.
        let kept = Var::concatenate(&[x[0].slice(0, 0..1), x[0].slice(0, 2..4), x[0].slice(0, 5..7)], 0);
        let mean = kept.mean_keepdims(0);
        (x[0] - mean) / ((kept - mean).square().mean_keepdims(0) + EPSILON).sqrt()
    });
    assert_close(&masked, &plain);
    let nothing = values(shape, |tape, x| {
        let mask = tape.input_with([7], |mask| mask.fill(0.0));
        x[0].batch_normalization(None, None, 1.0, Some(mask)).0 - x[0]
    });
    assert_close(&nothing, &[0.0; 21]);
}

#[test]
fn gradients_of_batch_normalization() {
    let check = GradientCheck::new();
    for shape in [&[5, 3][..], &[2, 3, 4], &[30, 600]] {
        let channels = [*shape.last().unwrap()];
        let last = shape.iter().product::<usize>() > 1000;
        // Many elements: a few channels of few rows show the same.
        let shapes: [&[usize]; 3] = if last { [&[40, 2], &[2], &[2]] } else { [shape, &channels, &channels] };
        check.run(&shapes, |_, x| x[0].batch_normalization(Some(x[1]), Some(x[2]), EPSILON, None).0).unwrap();
        check
            .run(&shapes, |_, x| x[0].batch_normalization(Some(x[1]), None, EPSILON, None).0 + x[2])
            .unwrap();
        check
            .run(&shapes, |_, x| x[0].batch_normalization(None, Some(x[2]), EPSILON, None).0 * x[1])
            .unwrap();
        check
            .run(&shapes, |_, x| (x[0] + x[0].batch_normalization(None, None, EPSILON, None).0) * x[1] * x[2])
            .unwrap();
        let rows = shapes[0].iter().product::<usize>() / shapes[1][0];
        check
            .run(&shapes, |tape, x| {
                x[0].batch_normalization(Some(x[1]), Some(x[2]), EPSILON, Some(mask(tape, rows))).0
            })
            .unwrap();
    }
    check
        .run(&[&[4, 3], &[3], &[3]], |tape, x| {
            let mean = tape.input_with([3], |mean| mean.copy_from_slice(&[0.1, -0.2, 0.3]));
            let variance = tape.input_with([3], |variance| variance.copy_from_slice(&[1.0, 2.0, 0.5]));
            x[0].normalize(mean, variance, Some(x[1]), Some(x[2]), EPSILON).square()
        })
        .unwrap();
}

#[test]
fn group_normalization_is_the_formula() {
    for (groups, shape) in [(2, &[3, 5, 4][..]), (4, &[2, 3, 3, 4]), (1, &[3, 6]), (3, &[2, 200, 150])] {
        let channels = [*shape.last().unwrap()];
        let shapes = [shape, &channels, &channels];
        let fused = values(&shapes, |_, x| x[0].group_normalization(groups, Some(x[1]), Some(x[2]), EPSILON));
        let plain = values(&shapes, |_, x| {
            let (batch, channels) = (x[0].shape()[0], x[1].shape()[0]);
            let rows = x[0].shape().size() / batch / channels;
            let grouped = x[0].reshape([batch, rows, groups, channels / groups]);
            standard(grouped, [1, 3]).reshape([batch, rows, channels]) * x[1] + x[2]
        });
        assert_close(&fused, &plain);
    }
}

#[test]
fn gradients_of_group_normalization() {
    let check = GradientCheck::new();
    for groups in [1, 2, 4] {
        let shapes: [&[usize]; 3] = [&[2, 3, 4], &[4], &[4]];
        check.run(&shapes, |_, x| x[0].group_normalization(groups, Some(x[1]), Some(x[2]), EPSILON)).unwrap();
        check
            .run(&shapes, |_, x| x[0].group_normalization(groups, None, None, EPSILON) * x[1] * x[2])
            .unwrap();
    }
}

#[test]
fn layer_and_rms_normalization_are_the_formulas() {
    for shape in [&[6, 4][..], &[3, 5, 37], &[1, 1], &[900, 33]] {
        let features = [*shape.last().unwrap()];
        let shapes = [shape, &features, &features];
        let fused = values(&shapes, |_, x| x[0].layer_normalization(Some(x[1]), Some(x[2]), EPSILON));
        assert_close(&fused, &values(&shapes, |_, x| standard(x[0], -1) * x[1] + x[2]));
        let fused = values(&shapes, |_, x| x[0].rms_normalization(Some(x[1]), EPSILON));
        let plain = values(&shapes, |_, x| x[0] / (x[0].square().mean_keepdims(-1) + EPSILON).sqrt() * x[1]);
        assert_close(&fused, &plain);
    }
}

#[test]
fn gradients_of_layer_and_rms_normalization() {
    let check = GradientCheck::new();
    for shapes in [[&[5, 3][..], &[3], &[3]], [&[2, 3, 17], &[17], &[17]]] {
        check.run(&shapes, |_, x| x[0].layer_normalization(Some(x[1]), Some(x[2]), EPSILON)).unwrap();
        check.run(&shapes, |_, x| x[0].layer_normalization(Some(x[1]), None, EPSILON) + x[2]).unwrap();
        check.run(&shapes, |_, x| x[0].layer_normalization(None, Some(x[2]), EPSILON) * x[1]).unwrap();
        check
            .run(&shapes, |_, x| (x[0] + x[0].layer_normalization(None, None, EPSILON)) * x[1] * x[2])
            .unwrap();
        check.run(&shapes, |_, x| x[0].rms_normalization(Some(x[1]), EPSILON) + x[2]).unwrap();
        check.run(&shapes, |_, x| x[0].rms_normalization(None, EPSILON) * x[1] * x[2]).unwrap();
    }
}

#[test]
fn the_sums_over_many_rows_are_exact() {
    // dβ = the number of rows, dγ = Σ x̂ = 0, whatever the blocks.
    let mut weights = Weights::default();
    let gamma = weights.add("gamma", [3], true);
    let beta = weights.add("beta", [3], true);
    for rows in [2, 3000, 10_001] {
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let x = tape.input_with([rows, 3], |x| {
            x.iter_mut().enumerate().for_each(|(i, x)| *x = (i * i % 11) as Float)
        });
        let (gamma, beta) = (tape.weight(gamma), tape.weight(beta));
        let y = x.batch_normalization(Some(gamma), Some(beta), EPSILON, None).0;
        let y = y + x.layer_normalization(Some(gamma), Some(beta), EPSILON);
        tape.backward(y.sum(Axes::All));
        let workspace = tape.finish();
        assert_eq!(workspace.gradients()[16..19], [2.0 * rows as Float; 3]);
        let expected: Float = 0.0;
        assert!((workspace.gradients()[0..3].iter().sum::<Float>() - expected).abs() < 0.05);
    }
}
