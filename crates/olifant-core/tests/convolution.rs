//! Convolutions against the plain sum, and their gradients against finite differences.

#![allow(clippy::unwrap_used)]

use olifant_core::{
    Axes, Convolution, ConvolutionTranspose, DenseActivation, Float, GradientCheck, Mode, Padding, RandomKey,
    Shape, Tape, Tensor, Weight, Weights, Workspace, gradient_check,
};

/// One convolution: shapes, and how.
#[derive(Clone, Debug)]
struct Case {
    /// `[batch, …, channels]`
    x: Vec<usize>,
    /// Sizes of the kernel.
    sizes: Vec<usize>,
    filters: usize,
    strides: Vec<usize>,
    dilation: Vec<usize>,
    padding: Padding,
    groups: usize,
    bias: bool,
    relu: bool,
    pool: Vec<usize>,
}

impl Case {
    fn new(x: &[usize], sizes: &[usize], filters: usize) -> Case {
        let ones = vec![1; sizes.len()];
        Case {
            x: x.to_vec(),
            sizes: sizes.to_vec(),
            filters,
            strides: ones.clone(),
            dilation: ones.clone(),
            padding: Padding::Valid,
            groups: 1,
            bias: true,
            relu: false,
            pool: ones,
        }
    }

    fn convolution(&self) -> Convolution {
        let activation = if self.relu { DenseActivation::Relu } else { DenseActivation::Linear };
        Convolution::new()
            .strides(&self.strides)
            .dilation(&self.dilation)
            .padding(self.padding)
            .groups(self.groups)
            .activation(activation)
            .max_pool(&self.pool)
    }

    fn channels(&self) -> usize {
        self.x[self.x.len() - 1]
    }

    fn kernel(&self) -> Vec<usize> {
        [&self.sizes[..], &[self.channels() / self.groups, self.filters]].concat()
    }

    /// Random images and weights that are all different, so that no window has two largest results.
    fn weights(&self) -> (Weights, Weight, Weight, Option<Weight>) {
        let mut weights = Weights::default();
        let x = weights.add("x", Shape::new(&self.x).unwrap(), true);
        let kernel = weights.add("kernel", Shape::new(&self.kernel()).unwrap(), true);
        let bias = self.bias.then(|| weights.add("bias", [self.filters], true));
        let key = RandomKey::from_seed(5);
        for (i, w) in weights.trainable_mut().iter_mut().enumerate() {
            *w = Float::from(key.uniform(i as u32)) - 0.5;
        }
        (weights, x, kernel, bias)
    }
}

/// Along one axis: zeros in front, and places of the result.
fn slide(case: &Case, axis: usize) -> (isize, usize) {
    let (n, k, s) = (case.x[1 + axis], (case.sizes[axis] - 1) * case.dilation[axis] + 1, case.strides[axis]);
    match case.padding {
        Padding::Valid => (0, (n - k) / s + 1),
        Padding::Same => {
            let out = n.div_ceil(s);
            ((((out - 1) * s + k).saturating_sub(n) / 2) as isize, out)
        }
        Padding::Causal => (k as isize - 1, (n - 1) / s + 1),
    }
}

/// All places of a box.
fn places(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![vec![]], |places, &size| {
        places.iter().flat_map(|place| (0..size).map(move |i| [&place[..], &[i]].concat())).collect()
    })
}

/// The position of a place in a row-major box, if it is inside.
fn index(sizes: &[usize], place: &[isize]) -> Option<usize> {
    sizes
        .iter()
        .zip(place)
        .try_fold(0, |index, (&size, &i)| (0..size as isize).contains(&i).then(|| index * size + i as usize))
}

/// What a case computes, term by term in double precision: results, and the gradients of x, kernel and bias.
struct Reference {
    y: Vec<f64>,
    gradients: [Vec<f64>; 3],
}

impl Reference {
    fn new(case: &Case) -> Reference {
        let (weights, x, kernel, bias) = case.weights();
        let (x, kernel) = (weights.get(x).data, weights.get(kernel).data);
        let bias = bias.map_or(vec![0.0; case.filters], |bias| weights.get(bias).data.to_vec());
        let rank = case.sizes.len();
        let windows: Vec<usize> = (0..rank).map(|axis| slide(case, axis).1 / case.pool[axis]).collect();
        let gradients = [vec![0.0; x.len()], vec![0.0; kernel.len()], vec![0.0; bias.len()]];
        let mut all = Reference { y: Vec::new(), gradients };
        for (batch, window, filter) in (0..case.x[0]).flat_map(|batch| {
            let windows = places(&windows).into_iter();
            windows
                .flat_map(move |window| (0..case.filters).map(move |filter| (batch, window.clone(), filter)))
        }) {
            let mut best = (f64::NEG_INFINITY, Vec::new());
            for cell in places(&case.pool) {
                let place: Vec<usize> = (0..rank).map(|i| window[i] * case.pool[i] + cell[i]).collect();
                let terms = terms(case, batch, &place, filter);
                let sum: f64 = terms.iter().map(|&(i, j)| x[i] as f64 * kernel[j] as f64).sum();
                if sum > best.0 {
                    best = (sum, terms);
                }
            }
            let y = best.0 + bias[filter] as f64;
            let [dx, dk, db] = &mut all.gradients;
            if y > 0.0 || !case.relu {
                let dy = factor(all.y.len()) as f64;
                db[filter] += dy;
                for (i, j) in best.1 {
                    dx[i] += dy * kernel[j] as f64;
                    dk[j] += dy * x[i] as f64;
                }
            }
            all.y.push(if case.relu { y.max(0.0) } else { y });
        }
        all
    }
}

/// The places in x and in the kernel of all terms of a result.
fn terms(case: &Case, batch: usize, place: &[usize], filter: usize) -> Vec<(usize, usize)> {
    let rank = case.sizes.len();
    let (group_channels, group_filters) = (case.channels() / case.groups, case.filters / case.groups);
    let image: usize = case.x[1..].iter().product();
    let mut terms = Vec::new();
    for (number, tap) in places(&case.sizes).iter().enumerate() {
        let at: Vec<isize> = (0..rank)
            .map(|i| (place[i] * case.strides[i] + tap[i] * case.dilation[i]) as isize - slide(case, i).0)
            .collect();
        let Some(at) = index(&case.x[1..=rank], &at) else { continue };
        terms.extend((0..group_channels).map(|channel| {
            let x = batch * image + at * case.channels() + filter / group_filters * group_channels + channel;
            (x, (number * group_channels + channel) * case.filters + filter)
        }));
    }
    terms
}

/// What the `i`-th result counts for in the loss.
fn factor(i: usize) -> Float {
    Float::from(RandomKey::from_seed(9).uniform(i as u32)) - 0.3
}

/// Values of one case, and the gradients of a random combination of them.
fn compute(case: &Case, threads: usize) -> (Tensor, Vec<Float>) {
    let (weights, x, kernel, bias) = case.weights();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let y = tape.weight(x).convolution(kernel, bias, case.convolution());
        let factors = tape.input_with(y.shape(), |factors| {
            factors.iter_mut().enumerate().for_each(|(i, x)| *x = factor(i));
        });
        tape.backward((y * factors).sum(Axes::All));
        let value = y.with_value(|y| Tensor::from_array(&y.array()).unwrap());
        (value, tape.finish().gradients().to_vec())
    })
}

/// Small and odd sizes, every option, alone and together.
fn small_cases() -> Vec<Case> {
    let case = Case::new;
    let mut cases = vec![
        case(&[2, 5, 5, 1], &[3, 3], 4),
        case(&[2, 6, 5, 3], &[2, 3], 7),
        case(&[1, 7, 2], &[3], 5),
        case(&[2, 3, 4, 3, 2], &[2, 2, 2], 3),
        Case { padding: Padding::Same, ..case(&[2, 5, 4, 2], &[3, 2], 3) },
        Case { padding: Padding::Same, strides: vec![2, 3], ..case(&[1, 5, 7, 2], &[3, 2], 3) },
        Case { padding: Padding::Causal, dilation: vec![2], ..case(&[2, 6, 2], &[3], 2) },
        Case { dilation: vec![2, 1], ..case(&[1, 5, 4, 2], &[2, 2], 3) },
        Case { dilation: vec![1, 2], padding: Padding::Same, ..case(&[1, 5, 4, 2], &[2, 2], 3) },
        Case { groups: 2, ..case(&[1, 4, 4, 4], &[2, 2], 6) },
        Case { groups: 3, padding: Padding::Same, bias: false, ..case(&[2, 4, 6], &[3], 3) },
        Case { strides: vec![2, 2, 1], padding: Padding::Same, ..case(&[1, 3, 4, 3, 2], &[2, 3, 1], 2) },
        // Each filter sees a channel of its own.
        Case { groups: 5, padding: Padding::Same, ..case(&[2, 5, 4, 5], &[3, 2], 5) },
        Case { groups: 2, dilation: vec![2], bias: false, ..case(&[2, 6, 2], &[3], 2) },
        Case { groups: 3, strides: vec![2, 1, 2], ..case(&[1, 3, 4, 5, 3], &[2, 2, 3], 3) },
        Case { groups: 2, ..case(&[1, 4, 4, 2], &[2, 2], 4) },
    ];
    let pooled = |pool: &[usize], case: Case| Case { pool: pool.to_vec(), ..case };
    cases.extend([
        pooled(&[2, 2], case(&[2, 7, 8, 1], &[3, 3], 4)),
        pooled(&[2, 3], Case { bias: false, ..case(&[1, 6, 8, 2], &[2, 2], 5) }),
        pooled(&[2], Case { padding: Padding::Same, ..case(&[2, 5, 3], &[2], 3) }),
        pooled(&[2, 1, 2], case(&[1, 3, 3, 4, 1], &[2, 1, 1], 2)),
        pooled(&[2, 2], Case { groups: 2, ..case(&[1, 5, 5, 4], &[2, 2], 4) }),
        // Whole lines: the sums that look at winners only.
        pooled(&[2, 2], case(&[2, 5, 6, 8], &[2, 2], 3)),
        pooled(&[2, 2], Case { dilation: vec![1, 2], ..case(&[1, 5, 6, 16], &[2, 2], 2) }),
        pooled(&[2, 2], Case { padding: Padding::Same, ..case(&[1, 4, 4, 40], &[2, 2], 2) }),
    ]);
    cases
}

/// Sizes at which every loop has a rest, and work is shared.
fn large_cases() -> Vec<Case> {
    let case = Case::new;
    let pooled = |case: Case| Case { pool: vec![2; case.sizes.len()], relu: true, ..case };
    vec![
        case(&[7, 13, 13, 32], &[3, 3], 33),
        Case { relu: true, ..case(&[3, 28, 28, 1], &[3, 3], 32) },
        pooled(case(&[7, 13, 13, 32], &[3, 3], 40)),
        pooled(case(&[5, 28, 28, 1], &[3, 3], 32)),
        Case { padding: Padding::Same, strides: vec![2, 2], ..case(&[3, 31, 30, 3], &[7, 7], 20) },
        Case { groups: 4, padding: Padding::Same, ..case(&[5, 9, 9, 32], &[3, 3], 68) },
        Case { groups: 37, padding: Padding::Same, ..case(&[6, 20, 21, 37], &[3, 3], 37) },
        Case { groups: 16, strides: vec![2, 2], ..case(&[9, 31, 30, 16], &[5, 5], 16) },
        Case { groups: 80, padding: Padding::Causal, dilation: vec![4], ..case(&[3, 300, 80], &[3], 80) },
        // More terms, and more filters, than are taken at a time.
        case(&[2, 6, 6, 130], &[3, 3], 12),
        case(&[2, 4, 4, 5], &[2, 2], 1030),
        Case { padding: Padding::Causal, dilation: vec![4], ..case(&[4, 300, 24], &[3], 19) },
        case(&[2, 6, 9, 8, 6], &[3, 3, 3], 17),
        pooled(Case { padding: Padding::Same, ..case(&[2, 40, 40, 48], &[3, 3], 18) }),
    ]
}

#[test]
fn values_and_gradients_equal_the_plain_sums() {
    for case in small_cases().iter().chain(&large_cases()) {
        for relu in [false, true] {
            let case = Case { relu, ..case.clone() };
            let (y, gradients) = compute(&case, 2);
            let expected = Reference::new(&case);
            check(&case, "result", y.data(), &expected.y);
            let (weights, x, kernel, bias) = case.weights();
            let weights = [Some(x), Some(kernel), bias].map(|weight| Some(weights.spec(weight?).range()));
            for (name, (range, expected)) in
                ["x", "kernel", "bias"].iter().zip(weights.into_iter().zip(&expected.gradients))
            {
                if let Some(range) = range {
                    check(&case, name, &gradients[range], expected);
                }
            }
        }
    }
}

fn check(case: &Case, name: &str, numbers: &[Float], expected: &[f64]) {
    assert_eq!(numbers.len(), expected.len(), "{case:?}");
    let largest = expected.iter().fold(1.0, |largest: f64, x| largest.max(x.abs()));
    for (i, (&number, expected)) in numbers.iter().zip(expected).enumerate() {
        assert!(
            (number as f64 - expected).abs() < 3e-6 * largest,
            "{case:?}, {name} {i}: {number}, not {expected}"
        );
    }
}

#[test]
fn gradients_equal_finite_differences() {
    for case in small_cases() {
        // In single precision a difference is too wide for the kinks of rectifier and pooling.
        if size_of::<Float>() == 4 && case.pool.iter().any(|&size| size > 1) {
            continue;
        }
        let kernel = case.kernel();
        let shapes: [&[usize]; 3] = [&case.x, &kernel, &[case.filters]];
        let relu = size_of::<Float>() == 8;
        let convolution = Case { relu, ..case.clone() }.convolution();
        let shapes = &shapes[..if case.bias { 3 } else { 2 }];
        let check = GradientCheck::new()
            .seed(2)
            .run(shapes, |_, x| x[0].convolution_with(x[1], x.get(2).copied(), convolution));
        assert!(check.is_ok(), "{case:?}: {check:?}");
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads_or_the_batch() {
    for case in large_cases() {
        let (y, gradients) = compute(&case, 1);
        for threads in [2, 4] {
            let (again, same) = compute(&case, threads);
            assert!(y.data() == again.data() && gradients == same, "{case:?}, {threads} threads");
        }
        let first = Case { x: [&[1], &case.x[1..]].concat(), ..case.clone() };
        let (weights, x, kernel, bias) = case.weights();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let image = tape.weight(x).slice(0, ..1);
        let alone = image.convolution(kernel, bias, first.convolution());
        alone.with_value(|alone| assert!(alone.data == &y.data()[..alone.data.len()], "{case:?}"));
    }
}

#[test]
fn of_equal_results_the_first_wins() {
    // Equal results come from equal images; the rectifier lets the gradient pass, or stops it.
    for (bias, passes) in [(1.0, true), (-10.0, false)] {
        let case = Case { relu: true, pool: vec![2, 2], ..Case::new(&[1, 3, 3, 1], &[2, 2], 1) };
        let (mut weights, x, kernel, b) = case.weights();
        weights.get_mut(x).fill(1.0);
        weights.get_mut(b.unwrap()).fill(bias);
        let taps = weights.get(kernel).data.to_vec();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        tape.backward(tape.weight(x).convolution(kernel, b, case.convolution()));
        let workspace = tape.finish();
        let dx = &workspace.gradients()[weights.spec(x).range()];
        let first = [taps[0], taps[1], 0.0, taps[2], taps[3], 0.0, 0.0, 0.0, 0.0];
        assert_eq!(dx, if passes { first } else { [0.0; 9] });
    }
}

#[test]
fn a_result_that_is_no_number_stays_so() {
    let case = Case { relu: true, pool: vec![4], ..Case::new(&[1, 4, 1], &[1], 1) };
    let (mut weights, x, kernel, bias) = case.weights();
    for place in 0..4 {
        weights.get_mut(x).fill(1.0);
        weights.get_mut(x)[place] = Float::NAN;
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        assert!(tape.weight(x).convolution(kernel, bias, case.convolution()).item().is_nan(), "at {place}");
    }
}

#[test]
fn a_kernel_can_be_its_own_bias() {
    let convolution = Convolution::new();
    gradient_check(&[&[2, 3, 1], &[1, 1, 2]], |_, x| {
        x[0].convolution_with(x[1], Some(x[1].reshape([2])), convolution)
    });
}

#[test]
fn transposed_convolutions_are_the_way_back_through_a_convolution() {
    let transpose = ConvolutionTranspose::new;
    /// Shapes of x and kernel, how, and the shape of the result.
    type Case<'a> = (&'a [usize], &'a [usize], ConvolutionTranspose, &'a [usize]);
    let cases: [Case<'_>; 8] = [
        (&[2, 3, 2], &[3, 4, 2], transpose(), &[2, 5, 4]),
        (&[2, 3, 2], &[2, 1, 2], transpose().strides(&[3]), &[2, 9, 1]),
        (&[1, 3, 4, 2], &[3, 2, 3, 2], transpose().strides(&[2, 1]), &[1, 7, 5, 3]),
        (&[1, 3, 4, 2], &[3, 2, 3, 2], transpose().strides(&[2, 3]).padding(Padding::Same), &[1, 6, 12, 3]),
        (&[2, 4, 1], &[3, 2, 1], transpose().dilation(&[2]), &[2, 8, 2]),
        (&[1, 2, 3, 2, 2], &[2, 1, 3, 2, 2], transpose().strides(&[1, 2, 2]), &[1, 3, 6, 5, 2]),
        (&[1, 3, 2], &[3, 2, 2], transpose().strides(&[3]).output_padding(&[1]), &[1, 10, 2]),
        (
            &[1, 3, 2],
            &[3, 2, 2],
            transpose().strides(&[3]).padding(Padding::Same).output_padding(&[2]),
            &[1, 9, 2],
        ),
    ];
    for (x, kernel, transpose, expected) in cases {
        let shape = |axes: &[usize]| Shape::new(axes).unwrap();
        assert_eq!(transpose.output_shape(shape(x), shape(kernel)).unwrap(), shape(expected), "{x:?}");
        let mut weights = Weights::default();
        let handle = weights.add("kernel", shape(kernel), true);
        // The check makes its weights in the same order: the kernel is the first.
        gradient_check(&[kernel, x], |_, values| values[1].convolution_transpose(handle, transpose));
    }
    let error = transpose().output_shape(Shape::from([1, 3, 2]), Shape::from([3, 2, 1])).unwrap_err();
    assert!(error.to_string().contains("does not fit inputs of shape [1, 3, 2]"), "{error}");
}
