//! What a mistake in a program is answered with: a panic at the caller's line that says what to change.

#![allow(clippy::unwrap_used)]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use olifant_core::{
    FillMode, Float, IfNoneCounts, Interpolation, Mode, Shape, Tape, Var, Weights, Workspace,
};

fn zeros<'t>(tape: &'t Tape<'t>, shape: impl Into<Shape>) -> Var<'t> {
    tape.input_with(shape, |x| x.fill(0.0))
}

fn numbers<'t>(tape: &'t Tape<'t>, numbers: &[Float]) -> Var<'t> {
    tape.input_with(numbers.len(), |x| x.copy_from_slice(numbers))
}

/// A mistake, and what its message must contain.
type Case<'a> = (&'a dyn for<'t> Fn(&'t Tape<'t>) -> Var<'t>, &'a str);

/// Makes the mistakes one after the other; each must panic in this file, with its text.
fn check(cases: &[Case<'_>]) {
    // The hook is one for the whole process: one test at a time.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.payload().downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let file = panic.location().map(|place| place.file().to_owned());
        sink.lock().unwrap().push((text.unwrap_or_default(), file.unwrap_or_default()));
    }));
    let weights = Weights::default();
    let panicked: Vec<bool> = cases
        .iter()
        .map(|(work, _)| {
            let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
            catch_unwind(AssertUnwindSafe(|| work(&tape))).is_err()
        })
        .collect();
    std::panic::set_hook(usual);
    for ((_, expected), panicked) in cases.iter().zip(panicked) {
        assert!(panicked, "nothing panicked where was expected: {expected}");
    }
    for ((text, file), (_, expected)) in seen.lock().unwrap().iter().zip(cases) {
        assert!(text.contains(expected), "the message\n  {text}\nlacks\n  {expected}");
        assert!(file.ends_with("mistakes.rs"), "{text}: panicked in {file}");
    }
}

#[test]
fn shapes_that_do_not_fit() {
    check(&[
        (
            &|tape| zeros(tape, [2, 3]) + zeros(tape, [2]),
            "shapes [2, 3] and [2] cannot be broadcast together",
        ),
        (
            &|tape| zeros(tape, [2, 3]).minimum(zeros(tape, [4])),
            "shapes [2, 3] and [4] cannot be broadcast together",
        ),
        (
            &|tape| zeros(tape, [2]).select(1.0, zeros(tape, [3])),
            "shapes [2] and [3] cannot be broadcast together",
        ),
        (
            &|tape| zeros(tape, [2, 3]).matmul(zeros(tape, [2, 3])),
            "matmul: shapes [2, 3] and [2, 3] do not fit together: the first has 3 columns, the second 2 rows",
        ),
        (
            &|tape| zeros(tape, [2, 3]).matmul_transposed(zeros(tape, [3, 2])),
            "matmul: shapes [2, 3] and transposed [3, 2] do not fit together",
        ),
        (&|tape| zeros(tape, [3]).matmul(zeros(tape, [3, 2])), "matmul needs at least two axes"),
        (
            &|tape| zeros(tape, [2, 3]).reshape([4]),
            "shape [2, 3] cannot be reshaped to [4]: they have 6 and 4 elements",
        ),
        (
            &|tape| Var::concatenate(&[zeros(tape, [2, 3]), zeros(tape, [3, 3])], 1),
            "concatenate: shapes [2, 3] and [3, 3] may differ along axis 1 only",
        ),
        (&|_| Var::concatenate(&[], 0), "concatenate needs at least one value"),
        (
            &|tape| zeros(tape, [2, 3]).sigmoid_cross_entropy(zeros(tape, [2])),
            "binary cross-entropy of logits of shape [2, 3] needs targets of the same shape, but was given [2]",
        ),
        (
            &|tape| zeros(tape, [2, 3]).softmax_cross_entropy(zeros(tape, [3])),
            "cross-entropy of 3 classes needs targets of shape [2, 3] (probabilities) or [2] (class indices), but was given [3]",
        ),
        (
            &|tape| {
                let gamma = zeros(tape, [2]);
                zeros(tape, [4, 3]).batch_normalization(Some(gamma), None, 0.1, None).0
            },
            "normalize: a weight of shape [2] does not fit 3 channels",
        ),
        (
            &|tape| zeros(tape, [4, 3]).batch_normalization(None, None, 0.1, Some(zeros(tape, [3]))).0,
            "a mask of shape [3] does not fit 1 samples of 4 rows",
        ),
        (
            &|tape| zeros(tape, [4, 3]).normalize(zeros(tape, [2]), zeros(tape, [2]), None, None, 0.1),
            "moments of shape [2, 1, 2] do not fit 3 channels",
        ),
        (
            &|tape| zeros(tape, [4, 3]).group_normalization(2, None, None, 0.1),
            "3 channels cannot be divided into 2 groups of the same size",
        ),
        (
            &|tape| zeros(tape, [3]).group_normalization(1, None, None, 0.1),
            "group normalization needs a batch axis and channels, but was given [3]",
        ),
        (
            &|tape| zeros(tape, [4, 3]).layer_normalization(None, Some(zeros(tape, [4])), 0.1),
            "layer normalization: a weight of shape [4] does not fit inputs of shape [4, 3]",
        ),
        (
            &|tape| zeros(tape, [3]).embedding(zeros(tape, [2])),
            "embedding: a table has two axes, but was given shape [3]",
        ),
        (
            &|tape| zeros(tape, [2, 3]).masked_softmax(1.0, None, false, IfNoneCounts::Zero),
            "masked softmax needs scores [batch, heads, queries, keys], but was given shape [2, 3]",
        ),
        (
            &|tape| {
                let mask = zeros(tape, [2, 3, 5]);
                zeros(tape, [2, 1, 4, 5]).masked_softmax(1.0, Some(mask), false, IfNoneCounts::Zero)
            },
            "a mask of shape [2, 3, 5] does not fit scores of shape [2, 1, 4, 5]",
        ),
        (
            &|tape| {
                let transforms = zeros(tape, [2, 8]);
                zeros(tape, [2, 3, 3, 1]).affine_transform(
                    transforms,
                    Interpolation::Nearest,
                    FillMode::Wrap,
                    0.0,
                )
            },
            "affine transformations need images [batch, rows, columns, channels] and [batch, 6], but were given [2, 3, 3, 1] and [2, 8]",
        ),
        (
            &|tape| zeros(tape, [2, 4, 3]).ctc(zeros(tape, [3, 2])),
            "CTC needs predictions [batch, time, classes] and labels [batch, length], \
             but was given [2, 4, 3] and [3, 2]",
        ),
        (&|tape| tape.constant(1.0).softmax(), "expected at least one axis, but was given a scalar"),
        (&|tape| tape.constant(1.0).flatten(), "a scalar cannot be flattened"),
        (&|tape| tape.constant(1.0).mean_per_sample(), "a scalar has no samples"),
    ]);
}

#[test]
fn axes_and_ranges_that_do_not_exist() {
    check(&[
        (&|tape| zeros(tape, [2, 3]).sum(2), "axis 2 does not exist in shape [2, 3]"),
        (&|tape| zeros(tape, [2, 3]).mean([0, -3]), "axis -3 does not exist in shape [2, 3]"),
        (&|tape| zeros(tape, [2, 3]).max(5), "axis 5 does not exist in shape [2, 3]"),
        (
            &|tape| zeros(tape, [2, 3]).transpose([0, 0]),
            "transpose: axes [0, 0] do not name each of the 2 axes of shape [2, 3] once",
        ),
        (&|tape| zeros(tape, [2, 3]).transpose([1]), "transpose: axes [1] do not name each"),
        (
            &|tape| zeros(tape, [2, 3]).slice(1, 1..4),
            "slice: positions 1..4 are not within axis 1 of shape [2, 3]",
        ),
        (&|tape| zeros(tape, [2, 3]).slice(0, 3..), "slice: positions 3..2 are not within axis 0"),
        (&|tape| zeros(tape, [2, 3]).slice(2, ..), "axis 2 does not exist in shape [2, 3]"),
    ]);
}

#[test]
fn numbers_that_are_no_positions() {
    let gather = "gather: index";
    check(&[
        (
            &|tape| zeros(tape, [4, 2]).gather(numbers(tape, &[0.0, 4.0]), 0),
            "gather: index 4 at position 1 is not a whole number from 0 to below 4",
        ),
        (&|tape| zeros(tape, [4]).gather(numbers(tape, &[Float::NAN]), 0), "gather: index NaN"),
        (&|tape| zeros(tape, [4]).gather(numbers(tape, &[-1.0]), 0), gather),
        (&|tape| zeros(tape, [4]).gather(numbers(tape, &[0.5]), 0), gather),
        (&|tape| zeros(tape, [0, 2]).gather(numbers(tape, &[0.0]), 0), gather),
        (
            &|tape| zeros(tape, [1, 2, 3]).ctc(numbers(tape, &[3.0]).reshape([1, 1])),
            "CTC: label 3 at position 0 is not a whole number from 0 to below 3",
        ),
        (
            &|tape| zeros(tape, [2, 3]).softmax_cross_entropy(numbers(tape, &[0.0, 3.0])),
            "cross-entropy: class index 3 at position 1 is not a whole number from 0 to below 3",
        ),
        (
            &|tape| zeros(tape, [1, 3]).softmax_cross_entropy(numbers(tape, &[Float::NAN])),
            "cross-entropy: class index NaN",
        ),
    ]);
}

#[test]
fn options_that_make_no_sense() {
    check(&[
        (&|tape| zeros(tape, [2]).dropout(1.5), "dropout needs a rate in [0, 1], but was given 1.5"),
        (&|tape| zeros(tape, [2]).dropout(Float::NAN), "dropout needs a rate in [0, 1]"),
        (&|tape| zeros(tape, [2]).clip(1.0, 0.0), "clip needs low ≤ high, but was given low 1 and high 0"),
        (&|tape| tape.constant(zeros(tape, [2]).item()), "a value of shape [2] is not a single number"),
    ]);
}

#[test]
fn values_of_two_tapes() {
    check(&[
        (
            &|tape| {
                let weights = Weights::default();
                let other = Tape::record(Workspace::default(), &weights, Mode::Inference);
                combine(tape, &other);
                tape.constant(0.0)
            },
            "values of different tapes cannot be combined",
        ),
        (
            &|tape| {
                let weights = Weights::default();
                let other = Tape::record(Workspace::default(), &weights, Mode::Inference);
                other.backward(tape.constant(1.0));
                tape.constant(0.0)
            },
            "the loss was recorded on another tape",
        ),
    ]);
}

/// Both tapes have the same lifetime for the compiler, so only the check at run time can tell them apart.
fn combine<'t>(one: &'t Tape<'t>, other: &'t Tape<'t>) {
    let _ = one.constant(1.0) + other.constant(2.0);
}

#[test]
#[should_panic(
    expected = "a mask of shape [2, 4] does not fit a value of shape [2, 3, 4]: it needs the value's first two axes"
)]
fn a_mask_has_the_first_two_axes() {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let mask = tape.input_with([2, 4], |mask| mask.fill(1.0));
    tape.input_with([2, 3, 4], |x| x.fill(1.0)).with_mask(Some(mask));
}

#[test]
#[should_panic(expected = "values of different tapes cannot be combined")]
fn a_list_is_of_one_tape() {
    let weights = Weights::default();
    let record = || Tape::record(Workspace::default(), &weights, Mode::Inference);
    let (tape, other) = (record(), record());
    tape.list_of(&[other.constant(1.0)]);
}
