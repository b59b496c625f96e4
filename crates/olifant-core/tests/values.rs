//! What operations compute, against ndarray or by hand.

#![allow(clippy::unwrap_used)]

use ndarray::{Array, ArrayD, Axis, Dimension, IxDyn, array, concatenate};
use olifant_core::{Axes, Float, Mode, RandomKey, Shape, Tape, Tensor, Var, Weights, Workspace};

/// Records a computation on some arrays and returns the result as an array.
fn compute(inputs: &[&ArrayD<Float>], f: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>) -> ArrayD<Float> {
    compute_in(Mode::Inference, inputs, f)
}

fn compute_in(
    mode: Mode,
    inputs: &[&ArrayD<Float>],
    f: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>,
) -> ArrayD<Float> {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, mode);
    let vars: Vec<Var<'_>> =
        inputs.iter().map(|input| tape.input(Tensor::from_array(*input).unwrap().view())).collect();
    f(&vars).with_value(|value| value.to_array())
}

/// 0, 1, 2, … in a shape.
fn count(shape: &[usize]) -> ArrayD<Float> {
    let size = shape.iter().product::<usize>();
    ArrayD::from_shape_vec(shape, (0..size).map(|i| i as Float).collect()).unwrap()
}

fn row<D: Dimension>(array: &Array<Float, D>) -> ArrayD<Float> {
    array.to_owned().into_dyn()
}

#[track_caller]
fn assert_close(given: &ArrayD<Float>, expected: &ArrayD<Float>) {
    assert_eq!(given.shape(), expected.shape());
    for (given, expected) in given.iter().zip(expected) {
        let close = (given - expected).abs() <= 1e-6 * expected.abs().max(1.0);
        assert!(close || given == expected, "{given} instead of {expected}");
    }
}

#[test]
fn functions_of_one_number() {
    let x = row(&array![-2.0, -0.5, 0.0, 0.5, 3.0]);
    let positive = row(&array![0.25, 1.0, 9.0]);
    let each = |f: fn(Float) -> Float| x.mapv(f);
    assert_close(&compute(&[&x], |x| -x[0]), &each(|x| -x));
    assert_close(&compute(&[&x], |x| x[0].abs()), &each(Float::abs));
    assert_close(&compute(&[&x], |x| x[0].exp()), &each(Float::exp));
    assert_close(&compute(&[&x], |x| x[0].expm1()), &each(Float::exp_m1));
    assert_close(&compute(&[&x], |x| x[0].tanh()), &each(Float::tanh));
    assert_close(&compute(&[&x], |x| x[0].relu()), &each(|x| x.max(0.0)));
    assert_close(&compute(&[&x], |x| x[0].square()), &each(|x| x * x));
    assert_close(&compute(&[&x], |x| x[0].pow(3.0)), &each(|x| x * x * x));
    assert_close(&compute(&[&x], |x| x[0].sigmoid()), &each(|x| 1.0 / (1.0 + (-x).exp())));
    assert_close(&compute(&[&x], |x| x[0].softplus()), &each(|x| (1.0 + x.exp()).ln()));
    assert_close(&compute(&[&x], |x| x[0].clip(-1.0, 0.5)), &each(|x| x.clamp(-1.0, 0.5)));
    assert_close(&compute(&[&positive], |x| x[0].sqrt()), &positive.mapv(Float::sqrt));
    assert_close(&compute(&[&positive], |x| x[0].log()), &positive.mapv(Float::ln));
    let erf = row(&array![-0.995_322_3, -0.520_499_9, 0.0, 0.520_499_9, 0.999_977_9]);
    assert_close(&compute(&[&x], |x| x[0].erf()), &erf);
}

#[test]
fn extreme_numbers_stay_finite() {
    let x = row(&array![-1000.0, 1000.0]);
    assert_eq!(compute(&[&x], |x| x[0].softplus()), row(&array![0.0, 1000.0]));
    assert_eq!(compute(&[&x], |x| x[0].sigmoid()), row(&array![0.0, 1.0]));
    assert_eq!(compute(&[&x], |x| x[0].softmax()), row(&array![0.0, 1.0]));
    assert_eq!(compute(&[&x], |x| x[0].log_softmax()), row(&array![-2000.0, 0.0]));
    let targets = row(&array![1.0, 1.0]);
    assert_eq!(compute(&[&x, &targets], |x| x[0].sigmoid_cross_entropy(x[1])), row(&array![1000.0, 0.0]));
}

#[test]
fn nan_is_never_swallowed() {
    let x = row(&array![Float::NAN, 1.0]);
    let first = |y: ArrayD<Float>| y.iter().next().copied().unwrap();
    assert!(first(compute(&[&x], |x| x[0].relu())).is_nan());
    assert!(first(compute(&[&x], |x| x[0].clip(0.0, 1.0))).is_nan());
    assert!(first(compute(&[&x], |x| x[0].maximum(0.0))).is_nan());
    assert!(first(compute(&[&x], |x| x[0].minimum(0.0))).is_nan());
    assert!(first(compute(&[&x], |x| (0.0 * x[0]).maximum(x[0]))).is_nan());
    assert!(first(compute(&[&x], |x| x[0].max(Axes::All))).is_nan());
    assert!(first(compute(&[&x], |x| x[0].softplus())).is_nan());
}

#[test]
fn arithmetic_equals_ndarrays() {
    let (a, b) = (count(&[2, 3]), count(&[3]) + 1.0);
    let inputs = [&a, &b];
    assert_eq!(compute(&inputs, |x| x[0] + x[1]), &a + &b);
    assert_eq!(compute(&inputs, |x| x[0] - x[1]), &a - &b);
    assert_eq!(compute(&inputs, |x| x[0] * x[1]), &a * &b);
    assert_eq!(compute(&inputs, |x| x[0] / x[1]), &a / &b);
    assert_eq!(compute(&inputs, |x| 1.0 - x[0]), 1.0 - &a);
    assert_eq!(compute(&inputs, |x| x[0] - 1.0), &a - 1.0);
    assert_eq!(compute(&inputs, |x| 6.0 / x[1]), 6.0 / &b);
    assert_eq!(compute(&inputs, |x| x[1] / 2.0), &b / 2.0);
}

#[test]
fn comparisons_give_zeros_and_ones() {
    let inputs = [&row(&array![1.0, 2.0, 3.0]), &row(&array![2.0])];
    assert_eq!(compute(&inputs, |x| x[0].greater(x[1])), row(&array![0.0, 0.0, 1.0]));
    assert_eq!(compute(&inputs, |x| x[0].less(x[1])), row(&array![1.0, 0.0, 0.0]));
    assert_eq!(compute(&inputs, |x| x[0].equal(x[1])), row(&array![0.0, 1.0, 0.0]));
    assert_eq!(compute(&inputs, |x| x[0].minimum(x[1])), row(&array![1.0, 2.0, 2.0]));
    assert_eq!(compute(&inputs, |x| x[0].maximum(x[1])), row(&array![2.0, 2.0, 3.0]));
    assert_eq!(compute(&inputs, |x| x[0].less(2.5).select(x[0], -1.0)), row(&array![1.0, 2.0, -1.0]));
}

#[test]
fn products_equal_ndarrays() {
    let (a, b) = (count(&[3, 2, 4]), count(&[3, 4, 5]));
    let matrix = |x: &ArrayD<Float>, i: usize| {
        x.index_axis(Axis(0), i).into_dimensionality::<ndarray::Ix2>().unwrap().to_owned()
    };
    let product = compute(&[&a, &b], |x| x[0].matmul(x[1]));
    let shared = compute(&[&a, &matrix(&b, 1).into_dyn()], |x| x[0].matmul(x[1]));
    let exchanged = compute(&[&a, &b], |x| x[0].transpose([0, 2, 1]).transposed_matmul(x[1]));
    let transposed = compute(&[&a, &b], |x| x[0].matmul_transposed(x[1].transpose([0, 2, 1])));
    for i in 0..3 {
        let expected = matrix(&a, i).dot(&matrix(&b, i));
        assert_eq!(matrix(&product, i), expected);
        assert_eq!(matrix(&exchanged, i), expected);
        assert_eq!(matrix(&transposed, i), expected);
        assert_eq!(matrix(&shared, i), matrix(&a, i).dot(&matrix(&b, 1)));
    }
}

#[test]
fn reductions_equal_ndarrays() {
    let x = count(&[2, 3, 4]);
    let all = [&x];
    assert_eq!(compute(&all, |x| x[0].sum(Axes::All)), ArrayD::from_elem(IxDyn(&[]), x.sum()));
    for axis in 0..3 {
        let sum = x.sum_axis(Axis(axis));
        let mean = x.mean_axis(Axis(axis)).unwrap();
        let max = x.map_axis(Axis(axis), |lane| lane.fold(0.0, |a: Float, &b| a.max(b)));
        let axis_number = axis as isize;
        assert_eq!(compute(&all, |x| x[0].sum(axis_number)), sum);
        assert_close(&compute(&all, |x| x[0].mean(axis_number)), &mean);
        assert_eq!(compute(&all, |x| x[0].max(axis_number - 3)), max);
        assert_eq!(compute(&all, |x| x[0].sum_keepdims(axis_number)), sum.insert_axis(Axis(axis)));
        assert_close(&compute(&all, |x| x[0].mean_keepdims(axis_number)), &mean.insert_axis(Axis(axis)));
        assert_eq!(compute(&all, |x| x[0].max_keepdims(axis_number)), max.insert_axis(Axis(axis)));
    }
    let outer_and_inner = x.sum_axis(Axis(2)).sum_axis(Axis(0));
    assert_eq!(compute(&all, |x| x[0].sum([0, 2])), outer_and_inner);
    assert_eq!(compute(&all, |x| x[0].mean_per_sample()), row(&array![5.5, 17.5]));
}

#[test]
fn equal_largest_elements_share_the_gradient() {
    let mut weights = Weights::default();
    let x = weights.add("x", [2, 3], true);
    weights.get_mut(x).copy_from_slice(&[1.0, 5.0, 5.0, 2.0, 0.0, 1.0]);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    tape.backward(tape.weight(x).max(1));
    assert_eq!(tape.finish().gradients()[..6], [0.0, 0.5, 0.5, 1.0, 0.0, 0.0]);
}

#[test]
fn gradients_at_kinks_are_keras_s() {
    let at = |numbers: &[Float], f: &dyn for<'t> Fn(Var<'t>) -> Var<'t>| {
        let mut weights = Weights::default();
        let x = weights.add("x", numbers.len(), true);
        weights.get_mut(x).copy_from_slice(numbers);
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        tape.backward(f(tape.weight(x)));
        tape.finish().gradients()[..numbers.len()].to_vec()
    };
    assert_eq!(at(&[0.0], &|x| x.abs()), [0.0]);
    assert_eq!(at(&[0.0], &|x| x.relu()), [0.0]);
    assert_eq!(at(&[-1.0, 0.0, 1.0, 1.1], &|x| x.clip(-1.0, 1.0)), [1.0, 1.0, 1.0, 0.0]);
    assert_eq!(at(&[2.0], &|x| x.maximum(2.0)), [1.0]);
    assert_eq!(at(&[2.0], &|x| x.minimum(2.0)), [1.0]);
    assert_eq!(at(&[2.0], &|x| (0.0 * x + 2.0).maximum(x)), [0.0]);
    assert_eq!(at(&[0.0], &|x| x.pow(0.0)), [0.0]);
}

#[test]
fn shapes_change_as_in_ndarray() {
    let x = count(&[2, 3, 4]);
    let all = [&x];
    let reshaped = x.to_shape(IxDyn(&[4, 6])).unwrap().to_owned();
    assert_eq!(compute(&all, |x| x[0].reshape([4, 6])), reshaped);
    assert_eq!(compute(&all, |x| x[0].flatten()).shape(), [2, 12]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        let expected = x.clone().permuted_axes(IxDyn(&order));
        assert_eq!(compute(&all, |x| x[0].transpose(order.map(|axis| axis as isize))), expected);
    }
    assert_eq!(compute(&all, |x| x[0].transpose(Axes::All)), x.t());
    for axis in 0..3 {
        let expected = concatenate(Axis(axis), &[x.view(), x.view()]).unwrap();
        assert_eq!(compute(&all, |x| Var::concatenate(&[x[0], x[0]], axis as isize)), expected);
        let expected = x.slice_axis(Axis(axis), ndarray::Slice::from(1..2));
        assert_eq!(compute(&all, |x| x[0].slice(axis as isize, 1..2)), expected);
        let picked = x.select(Axis(axis), &[1, 0, 1]);
        let indices = row(&array![1.0, 0.0, 1.0]);
        assert_eq!(compute(&[&x, &indices], |x| x[0].gather(x[1], axis as isize)), picked);
    }
}

#[test]
fn softmax_and_its_logarithm_by_hand() {
    let x = row(&array![[0.0, (2.0 as Float).ln()], [1.0, 1.0]]);
    let third: Float = 1.0 / 3.0;
    let expected = row(&array![[third, 2.0 * third], [0.5, 0.5]]);
    assert_close(&compute(&[&x], |x| x[0].softmax()), &expected);
    assert_close(&compute(&[&x], |x| x[0].log_softmax()), &expected.mapv(Float::ln));
    let costs = row(&array![-third.ln(), -(0.5 as Float).ln()]);
    let classes = row(&array![0.0, 1.0]);
    let column = row(&array![[0.0], [1.0]]);
    let one_hot = row(&array![[1.0, 0.0], [0.0, 1.0]]);
    for targets in [classes, column, one_hot] {
        assert_close(&compute(&[&x, &targets], |x| x[0].softmax_cross_entropy(x[1])), &costs);
    }
}

#[test]
fn dropout_keeps_the_mean_and_the_rate() {
    let ones = ArrayD::from_elem(IxDyn(&[100, 1000]), 1.0);
    let training = Mode::Training(RandomKey::from_seed(5));
    let y = compute_in(training, &[&ones], |x| x[0].dropout(0.2));
    assert!(y.iter().all(|&y| y == 0.0 || y == 1.0 / (1.0 - 0.2)));
    let dropped = y.iter().filter(|&&y| y == 0.0).count() as f64 / 1e5;
    // Five standard deviations of a share of 10⁵ draws.
    assert!((dropped - 0.2).abs() < 5.0 * (0.2 * 0.8 / 1e5_f64).sqrt(), "{dropped}");
    assert_eq!(compute_in(training, &[&ones], |x| x[0].dropout(0.2)), y);
    let other_step = Mode::Training(RandomKey::from_seed(6));
    assert_ne!(compute_in(other_step, &[&ones], |x| x[0].dropout(0.2)), y);
    assert_ne!(compute_in(training, &[&ones], |x| (x[0] + 0.0).dropout(0.2)), y);
    assert_eq!(compute_in(training, &[&ones], |x| x[0].dropout(1.0)).sum(), 0.0);
    assert_eq!(compute_in(training, &[&ones], |x| x[0].dropout(0.0)), ones);
    assert_eq!(compute(&[&ones], |x| x[0].dropout(0.2)), ones);
}

#[test]
fn an_embedding_of_what_is_no_row_is_nan() {
    let table = count(&[3, 2]);
    let ids = ArrayD::from_shape_vec(IxDyn(&[2, 3]), vec![2.0, 3.0, 0.0, -1.0, 0.5, Float::NAN]).unwrap();
    let y = compute(&[&table, &ids], |x| x[0].embedding(x[1]));
    assert_eq!(y.shape(), [2, 3, 2]);
    let y = y.into_raw_vec_and_offset().0;
    assert_eq!((&y[..2], &y[4..6]), (&table.as_slice().unwrap()[4..6], &table.as_slice().unwrap()[..2]));
    assert!(y[2..4].iter().chain(&y[6..]).all(|y| y.is_nan()));
}

#[test]
fn empty_batches_flow_through_everything() {
    let empty = [count(&[0, 3]), count(&[0]), count(&[3, 2])];
    let mut weights = Weights::default();
    let kernel = weights.add("kernel", [3, 2], true);
    let bias = weights.add("bias", [2], true);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Training(RandomKey::from_seed(1)));
    let [x, labels, table] = empty.map(|input| tape.input_swap(&mut Tensor::from_array(&input).unwrap()));
    let x = x + tape.weight(kernel).sum(1);
    let column = x.sum_keepdims(1);
    let y = ((x.tanh() * column + x.softmax() - x.log_softmax()).dropout(0.5) / 2.0).maximum(0.0);
    let y = Var::concatenate(&[y, x.greater(y).select(y, 1.0)], 1).slice(1, 1..4).transpose([1, 0]);
    let y = y.reshape([0, 3]).dense(kernel, Some(bias), olifant_core::DenseActivation::Relu);
    let rows = table.gather(labels, 0) + table.embedding(labels);
    let (normal, mean, variance) = rows.batch_normalization(None, None, 0.1, None);
    let rows = normal.normalize(mean, variance, None, None, 0.1) + rows.layer_normalization(None, None, 0.1);
    let rows = rows + rows.rms_normalization(None, 0.1) + rows.group_normalization(2, None, None, 0.1);
    assert_eq!(rows.shape(), Shape::from([0, 2]));
    let z = (y * rows).matmul_transposed(table).flatten() + x.mean(0) + x.max(0);
    let loss = z.softmax_cross_entropy(labels).sum(Axes::All)
        + z.sigmoid_cross_entropy(x).mean_per_sample().sum(0)
        + table.transposed_matmul(table).sum(Axes::All);
    assert!(loss.item().is_finite());
    tape.backward(loss);
    assert!(tape.finish().gradients().iter().all(|&gradient| gradient == 0.0));
}

#[test]
fn a_mask_belongs_to_a_handle_and_not_to_the_numbers() {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let x = tape.input_with([2, 3, 4], |x| x.fill(1.0));
    let mask = tape.input_with([2, 3], |mask| mask.copy_from_slice(&[1.0, 0.0, 1.0, 1.0, 1.0, 0.0]));
    let masked = x.softmax().with_mask(Some(mask));
    assert_eq!(masked.mask().unwrap().with_value(|mask| mask.data.to_vec()), [1.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    assert!(x.mask().is_none() && (masked + 1.0).mask().is_none());
    assert!(masked.softmax_logits().is_some(), "what it was computed from is still known");
    assert!(masked.with_mask(None).mask().is_none());
}
