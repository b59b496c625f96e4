//! Poolings against the plain definition, and their gradients against finite differences.

#![allow(clippy::unwrap_used)]

use olifant_core::{
    Axes, Float, Mode, Padding, Pooling, RandomKey, Shape, Tape, Var, Weights, Workspace, gradient_check,
};

/// Values of `pool`, and the gradient of the sum of the i-th result times i + 1.
fn compute(
    axes: &[usize],
    x: impl Fn(usize) -> Float,
    pool: impl for<'t> Fn(Var<'t>) -> Var<'t>,
) -> (Vec<usize>, Vec<Float>, Vec<Float>) {
    let mut weights = Weights::default();
    let weight = weights.add("x", Shape::new(axes).unwrap(), true);
    weights.get_mut(weight).iter_mut().enumerate().for_each(|(i, slot)| *slot = x(i));
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let y = pool(tape.weight(weight));
    let factors = tape.input_with(y.shape(), |factors| {
        factors.iter_mut().enumerate().for_each(|(i, factor)| *factor = (i + 1) as Float);
    });
    tape.backward((y * factors).sum(Axes::All));
    let (shape, values) = y.with_value(|y| (y.shape.axes().to_vec(), y.data.to_vec()));
    (shape, values, tape.finish().gradients()[weights.spec(weight).range()].to_vec())
}

#[test]
fn windows_side_by_side_drop_what_is_left_over() {
    let line = |i: usize| [1.0, 4.0, 3.0, -2.0, 9.0][i];
    let (shape, values, gradient) = compute(&[1, 5, 1], line, |x| x.max_pool(Pooling::new(&[2])));
    assert_eq!((shape, values, gradient), (vec![1, 2, 1], vec![4.0, 3.0], vec![0.0, 1.0, 2.0, 0.0, 0.0]));
    let (_, values, gradient) = compute(&[1, 5, 1], line, |x| x.average_pool(Pooling::new(&[2])));
    assert_eq!((values, gradient), (vec![2.5, 0.5], vec![0.5, 0.5, 1.0, 1.0, 0.0]));
}

#[test]
fn what_is_around_an_image_does_not_count() {
    let line = |i: usize| [-1.0, -4.0, -3.0][i];
    let pooling = Pooling::new(&[2]).strides(&[1]).padding(Padding::Same);
    let (_, values, gradient) = compute(&[1, 3, 1], line, |x| x.max_pool(pooling));
    assert_eq!((values, gradient), (vec![-1.0, -3.0, -3.0], vec![1.0, 0.0, 5.0]));
    let (_, values, gradient) = compute(&[1, 3, 1], line, |x| x.average_pool(pooling));
    assert_eq!((values, gradient), (vec![-2.5, -3.5, -3.0], vec![0.5, 1.5, 4.0]));
}

#[test]
fn the_first_of_the_largest_gets_the_gradient() {
    let (_, values, gradient) = compute(&[1, 2, 2, 1], |_| 7.0, |x| x.max_pool(Pooling::new(&[2, 2])));
    assert_eq!((values, gradient), (vec![7.0], vec![1.0, 0.0, 0.0, 0.0]));
}

#[test]
fn nan_stays_nan() {
    for place in 0..4 {
        let x = |i: usize| if i == place { Float::NAN } else { i as Float };
        let (_, values, _) = compute(&[1, 4, 1], x, |x| x.max_pool(Pooling::new(&[4])));
        assert!(values[0].is_nan(), "at {place}");
    }
}

/// One window after the other, with nothing clever.
fn plain_max(axes: &[usize; 4], x: &[Float], sizes: [usize; 2], strides: [usize; 2]) -> Vec<Float> {
    let [batch, height, width, channels] = *axes;
    let outputs = [(height - sizes[0]) / strides[0] + 1, (width - sizes[1]) / strides[1] + 1];
    let mut y = Vec::new();
    for image in 0..batch {
        for place in 0..outputs[0] * outputs[1] {
            let (row, column) = (place / outputs[1] * strides[0], place % outputs[1] * strides[1]);
            for channel in 0..channels {
                let cells = (0..sizes[0] * sizes[1]).map(|cell| {
                    let (row, column) = (row + cell / sizes[1], column + cell % sizes[1]);
                    x[((image * height + row) * width + column) * channels + channel]
                });
                y.push(cells.fold(Float::NEG_INFINITY, Float::max));
            }
        }
    }
    y
}

#[test]
fn large_images_with_many_channels() {
    let axes = [9, 31, 30, 37];
    let key = RandomKey::from_seed(3);
    let x = |i: usize| Float::from(key.uniform(i as u32)) - 0.5;
    let numbers: Vec<Float> = (0..axes.iter().product()).map(x).collect();
    for (sizes, strides) in [([2, 2], [2, 2]), ([3, 2], [2, 1])] {
        let pooling = Pooling::new(&sizes).strides(&strides);
        let alone = on_threads(1, || compute(&axes, x, |x| x.max_pool(pooling)));
        assert_eq!(alone.1, plain_max(&axes, &numbers, sizes, strides));
        // Each result's factor has arrived somewhere.
        let count = alone.1.len() as f64;
        let sum: f64 = alone.2.iter().map(|&gradient| gradient as f64).sum();
        assert_eq!(sum, count * (count + 1.0) / 2.0);
        assert!(alone == on_threads(4, || compute(&axes, x, |x| x.max_pool(pooling))));
        let means = on_threads(1, || compute(&axes, x, |x| x.average_pool(pooling)));
        assert!(means == on_threads(4, || compute(&axes, x, |x| x.average_pool(pooling))));
    }
}

fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn gradients_equal_finite_differences() {
    let poolings = [
        (vec![2, 7, 3], Pooling::new(&[3]).strides(&[2])),
        (vec![2, 5, 3], Pooling::new(&[2]).padding(Padding::Same)),
        (vec![1, 5, 4, 2], Pooling::new(&[2, 3]).strides(&[1, 2]).padding(Padding::Same)),
        (vec![1, 3, 4, 3, 2], Pooling::new(&[2, 2, 1])),
        (vec![1, 4, 2], Pooling::new(&[2]).strides(&[3])),
    ];
    for (axes, pooling) in poolings {
        gradient_check(&[&axes], |_, x| x[0].average_pool(pooling));
        // The numbers are multiplied so that no two of a window are nearly equal, and added to what came before.
        gradient_check(&[&axes], |tape, x| {
            let steps = tape.input_with(x[0].shape(), |steps| {
                steps.iter_mut().enumerate().for_each(|(i, step)| *step = (i * 7 % 31) as Float);
            });
            (x[0] * 0.1 + steps).max_pool(pooling).sum(Axes::All) + x[0].sum(Axes::All)
        });
    }
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    let shape = |x: Shape, pooling: Pooling| pooling.output_shape(x).map_err(|error| error.to_string());
    assert_eq!(shape(Shape::from([2, 5, 4]), Pooling::new(&[2])).unwrap(), Shape::from([2, 2, 4]));
    assert!(shape(Shape::from([2, 1, 4]), Pooling::new(&[2])).unwrap_err().contains("does not fit into 1"));
    assert!(shape(Shape::from([2, 4]), Pooling::new(&[2])).unwrap_err().contains("one size for each axis"));
    assert!(shape(Shape::from([2, 4, 0]), Pooling::new(&[2])).unwrap_err().contains("would be empty"));
}
