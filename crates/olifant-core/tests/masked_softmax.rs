//! The softmax of attention, against a plain composition and finite differences.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, IfNoneCounts, Mode, Tape, Var, Weights, Workspace, gradient_check};

fn filled<'t>(
    tape: &'t Tape<'t>,
    shape: impl Into<olifant_core::Shape>,
    f: impl Fn(usize) -> Float,
) -> Var<'t> {
    tape.input_with(shape, |x| x.iter_mut().enumerate().for_each(|(i, x)| *x = f(i)))
}

/// A mask of which some count in every row, the first always, so that some are left where later ones may not be looked at.
fn mask<'t>(tape: &'t Tape<'t>, queries: usize) -> Var<'t> {
    filled(tape, [2, queries, 5], |i| if i % 5 > 0 && i * i % 3 == 1 { 0.0 } else { 1.0 })
}

#[test]
fn what_counts_is_a_softmax_and_the_rest_is_zero() {
    let weights = Weights::default();
    for (queries, causal, masked) in
        [(4, false, true), (1, false, true), (4, true, true), (4, true, false), (4, false, false)]
    {
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let x = filled(&tape, [2, 3, 4, 5], |i| (i * 7 % 11) as Float - 4.0);
        let mask = masked.then(|| mask(&tape, queries));
        let y = x.masked_softmax(0.3, mask, causal, IfNoneCounts::Equal);
        // The plain version: what does not count is so small that its exponential is 0.
        let penalty = filled(&tape, [1, 1, 4, 5], |i| if causal && i % 5 > i / 5 { -1e4 } else { 0.0 });
        let penalty = match mask {
            Some(mask) => penalty + (mask.reshape([2, 1, queries, 5]) - 1.0) * 1e4,
            None => penalty,
        };
        let plain = (0.3 * x + penalty).softmax();
        let difference = (y - plain).abs().max(olifant_core::Axes::All).item();
        assert!(difference < 1e-6, "queries {queries}, causal {causal}, masked {masked}: {difference}");
    }
}

#[test]
fn a_row_of_which_none_counts() {
    let weights = Weights::default();
    let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    let x = filled(&tape, [1, 1, 2, 4], |i| i as Float);
    let mask = filled(&tape, [1, 2, 4], |i| if i < 4 { 0.0 } else { 1.0 });
    let first_row =
        |if_none| x.masked_softmax(1.0, Some(mask), false, if_none).with_value(|y| y.data[..4].to_vec());
    assert_eq!(first_row(IfNoneCounts::Equal), [0.25; 4]);
    assert_eq!(first_row(IfNoneCounts::Zero), [0.0; 4]);
    gradient_check(&[&[1, 1, 2, 4]], |tape, x| {
        let mask = filled(tape, [1, 2, 4], |i| if i < 4 { 0.0 } else { 1.0 });
        x[0].masked_softmax(1.0, Some(mask), false, IfNoneCounts::Equal)
    });
}

#[test]
fn gradients() {
    for causal in [false, true] {
        gradient_check(&[&[2, 2, 3, 5]], |tape, x| {
            let y = x[0].masked_softmax(1.7, Some(mask(tape, 3)), causal, IfNoneCounts::Equal);
            y + x[0].masked_softmax(-0.5, None, causal, IfNoneCounts::Zero)
        });
    }
}
