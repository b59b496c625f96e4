//! Finite differences, extreme numbers and bad input; the numbers of Keras are in `losses_match_keras.rs`.
#![allow(clippy::unwrap_used)]

use olifant_core::{Axes, Float, GradientCheck, Mode, Shape, Tape, TensorView, Var, Weights, Workspace};
use olifant_nn::{Loss, losses};

fn all_losses() -> Vec<Box<dyn Loss>> {
    vec![
        Box::new(losses::BinaryCrossentropy::new().label_smoothing(0.1)),
        Box::new(losses::BinaryCrossentropy::new().from_logits(true)),
        Box::new(losses::BinaryFocalCrossentropy::new().apply_class_balancing(true).alpha(0.3).gamma(1.5)),
        Box::new(losses::BinaryFocalCrossentropy::new().from_logits(true)),
        Box::new(losses::CategoricalCrossentropy::new().label_smoothing(0.2)),
        Box::new(losses::CategoricalCrossentropy::new().from_logits(true)),
        Box::new(losses::CategoricalFocalCrossentropy::new().alpha(0.6).gamma(1.5)),
        Box::new(losses::CategoricalFocalCrossentropy::new().from_logits(true)),
        Box::new(losses::CategoricalGeneralizedCrossEntropy::new().q(0.7)),
        Box::new(losses::CategoricalHinge::new()),
        Box::new(losses::Circle::new().gamma(2.0).margin(0.3)),
        Box::new(losses::Circle::new().gamma(3.0).remove_diagonal(false)),
        Box::new(losses::CosineSimilarity::new()),
        Box::new(losses::Dice::new()),
        Box::new(losses::Dice::new().per_sample(true)),
        Box::new(losses::Hinge::new()),
        Box::new(losses::Huber::new().delta(0.3)),
        Box::new(losses::KLDivergence::new()),
        Box::new(losses::LogCosh::new()),
        Box::new(losses::MeanAbsoluteError::new()),
        Box::new(losses::MeanAbsolutePercentageError::new()),
        Box::new(losses::MeanSquaredError::new()),
        Box::new(losses::MeanSquaredLogarithmicError::new()),
        Box::new(losses::Poisson::new()),
        Box::new(losses::SparseCategoricalCrossentropy::new()),
        Box::new(losses::SparseCategoricalCrossentropy::new().from_logits(true).ignore_class(2)),
        Box::new(losses::SquaredHinge::new()),
        Box::new(losses::Tversky::new().alpha(0.3).beta(0.8).per_sample(true)),
    ]
}

/// Targets that suit predictions of shape `[3, 4]`: class indices for the sparse loss, probabilities for the others.
fn targets_for<'t>(loss: &dyn Loss, tape: &'t Tape<'_>) -> Var<'t> {
    if is_sparse(loss) {
        // A circle needs two samples of one class.
        let second = if is_circle(loss) { 1.0 } else { 2.0 };
        return tape.input(TensorView { data: &[1.0, second, 3.0], shape: Shape::from([3]) });
    }
    let one_hot = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    tape.input(TensorView { data: &one_hot, shape: Shape::from([3, 4]) })
}

fn is_sparse(loss: &dyn Loss) -> bool {
    let name = format!("{loss:?}");
    name.starts_with("Sparse") || name.starts_with("CategoricalGeneralized") || is_circle(loss)
}

fn is_circle(loss: &dyn Loss) -> bool {
    format!("{loss:?}").starts_with("Circle")
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for loss in all_losses() {
        // In single precision a step of 10⁻² is coarse for a logarithm; double precision is strict.
        // The seed is one that keeps away from the kinks of hinges.
        let tolerance = if size_of::<Float>() == 8 { 1e-6 } else { 3e-2 };
        let check = GradientCheck::new().range(0.2, 0.8).seed(1).tolerance(tolerance);
        let percent = format!("{loss:?}").starts_with("MeanAbsolutePercentage");
        let result = check.run(&[&[3, 4]], |tape, x| {
            let y_true = targets_for(&*loss, tape);
            // A target of 0 would make a percentage huge.
            let y_true = if percent { y_true + 1.0 } else { y_true };
            // Vectors that are too long have no distance, so half of them.
            loss.call(y_true, if is_circle(&*loss) { 0.5 * x[0] } else { x[0] })
        });
        assert!(result.is_ok(), "{loss:?}: {}", result.unwrap_err());
    }
}

#[test]
fn every_loss_has_one_number_per_sample() {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    for loss in all_losses() {
        let y_pred = tape.input_with([3, 4], |x| x.fill(0.25));
        assert_eq!(loss.call(targets_for(&*loss, &tape), y_pred).shape(), Shape::from([3]), "{loss:?}");
    }
}

#[test]
fn a_last_axis_of_size_one_may_be_missing() {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let targets = |shape: &[usize]| {
        tape.input_with(Shape::new(shape).unwrap(), |t| t.copy_from_slice(&[1.0, 0.0, 1.0]))
    };
    let scores = |shape: &[usize]| {
        tape.input_with(Shape::new(shape).unwrap(), |p| p.copy_from_slice(&[0.3, 0.6, 0.8]))
    };
    let (column, row): (&[usize], &[usize]) = (&[3, 1], &[3]);
    for loss in all_losses() {
        let fits =
            |shape| loss.check(TensorView { data: &[1.0, 0.0, 1.0], shape }, Shape::from([3, 1])).is_ok();
        // Predictions of a circle are vectors, so they have that axis.
        if is_circle(&*loss) || !fits(Shape::from([3])) {
            continue;
        }
        let values =
            |t, p| loss.call(targets(t), scores(p)).with_value(|value| (value.shape, value.data.to_vec()));
        let expected = values(column, column);
        assert_eq!(expected.0, Shape::from([3]), "{loss:?}");
        for (t, p) in [(row, column), (column, row), (row, row)] {
            assert_eq!(values(t, p), expected, "{loss:?}: targets {t:?}, predictions {p:?}");
        }
    }
}

#[test]
fn every_loss_survives_saving() {
    for loss in all_losses() {
        let json = serde_json::to_string(&loss).unwrap();
        let loaded: Box<dyn Loss> = serde_json::from_str(&json).unwrap();
        assert_eq!(format!("{loaded:?}"), format!("{loss:?}"));
    }
}

#[test]
fn options_missing_from_a_file_have_their_defaults() {
    let loaded: Box<dyn Loss> = serde_json::from_str(r#"{"loss": "huber"}"#).unwrap();
    assert_eq!(format!("{loaded:?}"), format!("{:?}", losses::Huber::new()));
}

#[test]
fn an_empty_batch_costs_nothing_and_does_not_panic() {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    for loss in all_losses() {
        let y_pred = tape.input_with([0, 4], |_| ());
        let y_true =
            if is_sparse(&*loss) { tape.input_with([0], |_| ()) } else { tape.input_with([0, 4], |_| ()) };
        let losses = loss.call(y_true, y_pred);
        assert_eq!(losses.shape(), Shape::from([0]), "{loss:?}");
        tape.backward(losses);
    }
}

/// Value and gradient of a cross-entropy of one row of logits, beneath an activation or not.
fn extreme(loss: &dyn Loss, y_true: &[Float], logits: &[Float], activation: &str) -> (Float, Vec<Float>) {
    let mut weights = Weights::default();
    let x = weights.add("x", [1, logits.len()], true);
    weights.get_mut(x).copy_from_slice(logits);
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let value = {
        let x = tape.weight(x);
        let y_pred = match activation {
            "softmax" => x.softmax(),
            "sigmoid" => x.sigmoid(),
            _ => x,
        };
        let y_true = tape.input(TensorView { data: y_true, shape: Shape::from([1, y_true.len()]) });
        let value = loss.call(y_true, y_pred).sum(Axes::All);
        tape.backward(value);
        value.item()
    };
    (value, tape.finish().gradients()[..logits.len()].to_vec())
}

#[test]
fn hopeless_logits_are_finite_and_still_learn() {
    let sparse = losses::SparseCategoricalCrossentropy::new();
    let one_hot = losses::CategoricalCrossentropy::new();
    let logits = [-1e4, 1e4, 0.0];
    for activation in ["softmax", "logits"] {
        let from_logits = activation == "logits";
        let sparse = extreme(&sparse.clone().from_logits(from_logits), &[0.0], &logits, activation);
        assert_eq!(sparse, (2e4, vec![-1.0, 1.0, 0.0]));
        let one_hot =
            extreme(&one_hot.clone().from_logits(from_logits), &[1.0, 0.0, 0.0], &logits, activation);
        assert_eq!(one_hot, sparse);
    }
    let binary = losses::BinaryCrossentropy::new();
    for (y_true, logit, loss, slope) in [(0.0, 1e4, 1e4, 1.0), (1.0, -1e4, 1e4, -1.0), (1.0, 1e4, 0.0, 0.0)] {
        assert_eq!(extreme(&binary, &[y_true], &[logit], "sigmoid"), (loss, vec![slope]));
        let from_logits = binary.clone().from_logits(true);
        assert_eq!(extreme(&from_logits, &[y_true], &[logit], "logits"), (loss, vec![slope]));
    }
}

#[test]
fn a_loss_looks_only_beneath_its_own_activation() {
    // Rows of sigmoids are not softmaxes: Keras's formula for probabilities, −ln(p₁ / Σ p).
    let (value, _) = extreme(&losses::CategoricalCrossentropy::new(), &[1.0, 0.0], &[0.0, 0.0], "sigmoid");
    assert!((value - Float::ln(2.0)).abs() < 1e-6);
    let (value, _) = extreme(&losses::CategoricalCrossentropy::new(), &[1.0, 0.0], &[1.0, 0.0], "sigmoid");
    assert!((value - 0.521_136).abs() < 1e-5, "{value}");
    // The softmax of two logits of 1 and 0 is σ(±1), but the logits are not those of a sigmoid.
    let (value, _) = extreme(&losses::BinaryCrossentropy::new(), &[1.0, 0.0], &[1.0, 0.0], "softmax");
    assert!((value - 0.313_262).abs() < 1e-5, "{value}");
}

#[test]
fn ignored_labels_need_not_be_classes() {
    let loss = losses::SparseCategoricalCrossentropy::new().from_logits(true).ignore_class(255);
    let (value, gradient) = extreme(&loss, &[255.0], &[1e4, Float::INFINITY, 0.0], "logits");
    assert_eq!(value, 0.0);
    assert!(gradient.iter().all(|g| !g.is_infinite()));
}

fn check(loss: &dyn Loss, y_true: &[Float], shape: &[usize], y_pred: &[usize]) -> String {
    let (shape, y_pred) = (Shape::new(shape).unwrap(), Shape::new(y_pred).unwrap());
    match loss.check(TensorView { data: y_true, shape }, y_pred) {
        Ok(()) => "fine".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn class_indices_must_be_classes() {
    let loss = losses::SparseCategoricalCrossentropy::new();
    let complaint = |label| check(&loss, &[0.0, 9.0, 1.0, label], &[4], &[4, 10]);
    assert_eq!(complaint(3.0), "fine");
    assert_eq!(complaint(12.0), "row 3 of y is 12, but class indices must be whole numbers from 0 to 9");
    assert_eq!(complaint(10.0), "row 3 of y is 10, but class indices must be whole numbers from 0 to 9");
    assert_eq!(complaint(0.5), "row 3 of y is 0.5, but class indices must be whole numbers from 0 to 9");
    assert_eq!(complaint(-1.0), "row 3 of y is -1, but class indices must be whole numbers from 0 to 9");
    assert_eq!(
        complaint(Float::NAN),
        "row 3 of y is NaN, but class indices must be whole numbers from 0 to 9"
    );
    let loss = loss.ignore_class(-1);
    assert_eq!(check(&loss, &[-1.0, 2.0], &[2, 1], &[2, 3]), "fine");
    assert_eq!(
        check(&loss, &[0.0, 0.0, -1.0, 7.0], &[2, 2], &[2, 2, 3]),
        "row 1 of y is 7, but class indices must be whole numbers from 0 to 2, or -1, which is ignored"
    );
}

#[test]
fn targets_of_the_other_kind_are_named_with_their_loss() {
    let sparse = losses::SparseCategoricalCrossentropy::new();
    assert_eq!(
        check(&sparse, &[0.0; 6], &[2, 3], &[2, 3]),
        "targets of shape [2, 3] do not suit predictions of shape [2, 3]: expected class indices, [2]; \
         for one-hot targets use CategoricalCrossentropy"
    );
    assert_eq!(
        check(&sparse, &[0.0; 8], &[2, 4], &[2, 3]),
        "targets of shape [2, 4] do not suit predictions of shape [2, 3]: expected class indices, [2]"
    );
    for one_hot in
        [&losses::CategoricalCrossentropy::new() as &dyn Loss, &losses::CategoricalFocalCrossentropy::new()]
    {
        assert_eq!(
            check(one_hot, &[0.0; 2], &[2, 1], &[2, 3]),
            "targets of shape [2, 1] do not suit predictions of shape [2, 3]: expected [2, 3]; \
             for class indices use SparseCategoricalCrossentropy"
        );
        assert_eq!(
            check(one_hot, &[0.0; 8], &[2, 4], &[2, 3]),
            "targets of shape [2, 4] do not suit predictions of shape [2, 3]: expected [2, 3]; \
             check the units of the last layer"
        );
    }
    assert_eq!(
        check(&losses::MeanSquaredError::new(), &[0.0; 2], &[2], &[2, 3]),
        "targets of shape [2] do not suit predictions of shape [2, 3]: expected [2, 3]; \
         for class indices use SparseCategoricalCrossentropy"
    );
    assert_eq!(check(&losses::MeanSquaredError::new(), &[0.0; 2], &[2], &[2, 1]), "fine");
    assert_eq!(check(&losses::MeanSquaredError::new(), &[0.0; 2], &[2, 1], &[2]), "fine");
}

#[test]
fn a_circle_is_of_vectors_with_one_label_each() {
    let circle = losses::Circle::new();
    assert_eq!(check(&circle, &[0.0, 1.0], &[2], &[2, 3]), "fine");
    assert_eq!(check(&circle, &[0.0, 1.0], &[2, 1], &[2, 3]), "fine");
    let message = check(&circle, &[0.0; 6], &[2, 3], &[2, 3]);
    assert!(
        message.ends_with("class indices, [2]; for one vector to come close to use CosineSimilarity"),
        "{message}"
    );
    let message = check(&circle, &[0.0; 4], &[2, 2], &[2, 2, 3]);
    assert!(message.ends_with("two axes, [batch, features]"), "{message}");
}

#[test]
fn a_single_class_cannot_be_learnt() {
    let expected = "targets of shape [2, 1] do not suit predictions of shape [2, 1]: expected at least two classes; \
                    for a single output use BinaryCrossentropy";
    assert_eq!(check(&losses::SparseCategoricalCrossentropy::new(), &[0.0; 2], &[2, 1], &[2, 1]), expected);
    assert_eq!(check(&losses::CategoricalCrossentropy::new(), &[1.0; 2], &[2, 1], &[2, 1]), expected);
}

#[test]
fn labels_of_sequences_have_time_and_end_with_blanks() {
    let ctc = losses::CTC::new();
    let complaint = |labels: &[Float]| check(&ctc, labels, &[2, 3], &[2, 4, 5]);
    assert_eq!(complaint(&[1.0, 2.0, 3.0, 4.0, 4.0, 0.0]), "fine");
    assert_eq!(complaint(&[0.0, 0.0, 0.0, 4.0, 4.0, 3.0]), "fine");
    assert_eq!(
        complaint(&[1.0, 2.0, 3.0, 4.0, 0.0, 4.0]),
        "row 1 of y is 4, but behind the first 0, which is the blank, there may be only 0"
    );
    assert_eq!(
        complaint(&[1.0, 2.0, 3.0, 4.0, 4.0, 4.0]),
        "row 1 of y is 5, but so many time steps would be needed, one for each label and one between two \
         that are equal; there are 4"
    );
    assert_eq!(
        complaint(&[5.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        "row 0 of y is 5, but class indices must be whole numbers from 0 to 4"
    );
    assert_eq!(
        check(&ctc, &[1.0, 2.0], &[2], &[2, 5]),
        "targets of shape [2] do not suit predictions of shape [2, 5]: \
         expected targets [batch, length] and predictions [batch, time, classes]"
    );
    let json = serde_json::to_string(&(Box::new(ctc) as Box<dyn Loss>)).unwrap();
    assert_eq!(json, r#"{"loss":"ctc"}"#);
    assert!(serde_json::from_str::<Box<dyn Loss>>(&json).is_ok());
}

#[test]
fn binary_targets_are_probabilities() {
    for loss in [&losses::BinaryCrossentropy::new() as &dyn Loss, &losses::BinaryFocalCrossentropy::new()] {
        assert_eq!(check(loss, &[0.0, 0.5, 1.0], &[3], &[3, 1]), "fine");
        assert_eq!(
            check(loss, &[0.0, 1.0, -1.0], &[3, 1], &[3, 1]),
            "row 2 of y is -1, but targets must be numbers from 0 to 1"
        );
        assert_eq!(
            check(loss, &[0.0, 1.0, 1.0, Float::NAN], &[2, 2], &[2, 2]),
            "row 1 of y is NaN, but targets must be numbers from 0 to 1"
        );
    }
}

#[test]
fn options_outside_their_range_are_refused() {
    let complaint = |loss: &dyn Loss| loss.check_options().unwrap_err().to_string();
    assert_eq!(
        complaint(&losses::CategoricalCrossentropy::new().label_smoothing(1.5)),
        "label_smoothing must be a number from 0 to 1, but is 1.5"
    );
    assert_eq!(
        complaint(&losses::BinaryCrossentropy::new().label_smoothing(Float::NAN)),
        "label_smoothing must be a number from 0 to 1, but is NaN"
    );
    assert_eq!(complaint(&losses::Huber::new().delta(0.0)), "delta must be a number above 0, but is 0");
    assert_eq!(
        complaint(&losses::BinaryFocalCrossentropy::new().gamma(-1.0)),
        "gamma must be a number from 0 upwards, but is -1"
    );
    assert_eq!(
        complaint(&losses::CategoricalFocalCrossentropy::new().alpha(-1.0)),
        "alpha must be a number from 0 upwards, but is -1"
    );
    assert_eq!(
        complaint(&losses::Tversky::new().beta(Float::INFINITY)),
        "beta must be a number from 0 upwards, but is inf"
    );
    for q in [0.0, 1.0] {
        assert_eq!(
            complaint(&losses::CategoricalGeneralizedCrossEntropy::new().q(q)),
            format!("q must be a number between 0 and 1, but is {q}")
        );
    }
    let circle = losses::Circle::new;
    assert_eq!(complaint(&circle().gamma(0.0)), "gamma must be a number above 0, but is 0");
    assert_eq!(complaint(&circle().margin(1.5)), "margin must be a number from 0 to 1, but is 1.5");
    for loss in all_losses() {
        assert_eq!(loss.check_options(), Ok(()), "{loss:?}");
    }
}
