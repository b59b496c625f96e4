//! The gradients of functions of single numbers, against finite differences.

use olifant_core::{Float, GradientCheck, Tape, Var, gradient_check};

/// Checks with inputs in a range that keeps clear of kinks and poles.
#[track_caller]
fn check_within(low: Float, high: Float, compute: impl for<'t> Fn(&'t Tape<'t>, &[Var<'t>]) -> Var<'t>) {
    let check = GradientCheck::new().range(low, high);
    if let Err(error) = check.run(&[&[3, 5]], compute) {
        panic!("{error}");
    }
}

#[test]
fn smooth_functions() {
    gradient_check(&[&[3, 5]], |_, x| -x[0]);
    gradient_check(&[&[3, 5]], |_, x| x[0].square());
    gradient_check(&[&[3, 5]], |_, x| x[0].exp());
    gradient_check(&[&[3, 5]], |_, x| x[0].expm1());
    check_within(-2.0, 2.0, |_, x| x[0].tanh());
    check_within(-4.0, 4.0, |_, x| x[0].sigmoid());
    check_within(-4.0, 4.0, |_, x| x[0].softplus());
    check_within(-2.0, 2.0, |_, x| x[0].erf());
    check_within(0.5, 2.0, |_, x| x[0].sqrt());
    check_within(0.5, 2.0, |_, x| x[0].log());
}

#[test]
fn powers() {
    check_within(0.5, 2.0, |_, x| x[0].pow(1.5));
    check_within(0.5, 2.0, |_, x| x[0].pow(-2.0));
    gradient_check(&[&[4]], |_, x| x[0].pow(3.0));
    gradient_check(&[&[4]], |_, x| x[0].pow(0.0));
}

#[test]
fn functions_with_kinks_on_each_side_of_them() {
    for (low, high) in [(0.1, 2.0), (-2.0, -0.1)] {
        check_within(low, high, |_, x| x[0].abs());
        check_within(low, high, |_, x| x[0].relu());
        check_within(low, high, |_, x| x[0].maximum(0.0));
        check_within(low, high, |_, x| x[0].minimum(0.0));
    }
    for (low, high) in [(-0.4, 0.4), (0.6, 2.0), (-2.0, -0.6)] {
        check_within(low, high, |_, x| x[0].clip(-0.5, 0.5));
    }
}

/// Pairs of shapes: equal, scalars, rows, columns, middle axes, missing axes, axes of size one on both sides.
const PAIRS: [(&[usize], &[usize]); 12] = [
    (&[3, 4], &[3, 4]),
    (&[3, 4], &[]),
    (&[], &[3, 4]),
    (&[3, 4], &[4]),
    (&[3, 4], &[1, 4]),
    (&[3, 4], &[3, 1]),
    (&[3, 1], &[1, 4]),
    (&[2, 3, 4], &[2, 1, 4]),
    (&[2, 3, 4], &[3, 1]),
    (&[4], &[2, 3, 4]),
    (&[1, 3, 1], &[2, 1, 4]),
    (&[1, 1], &[1]),
];

#[test]
fn arithmetic_with_broadcasting() {
    for (a, b) in PAIRS {
        gradient_check(&[a, b], |_, x| x[0] + x[1]);
        gradient_check(&[a, b], |_, x| x[0] - x[1]);
        gradient_check(&[a, b], |_, x| x[0] * x[1]);
        gradient_check(&[a, b], |_, x| x[0] / (2.0 + x[1]));
    }
}

#[test]
fn minimum_and_maximum_with_broadcasting() {
    for (a, b) in PAIRS {
        // The second operand is well below or well above the first, depending on the sign of its factor.
        for offset in [3.0, -3.0] {
            gradient_check(&[a, b], |_, x| x[0].minimum(x[1] + offset));
            gradient_check(&[a, b], |_, x| x[0].maximum(x[1] + offset));
        }
    }
}

#[test]
fn select_with_broadcasting() {
    for (a, b) in PAIRS {
        gradient_check(&[a, b], |tape, x| {
            let condition = tape.input_with([4], |c| c.copy_from_slice(&[0.0, 1.0, -2.0, 0.0]));
            condition.select(x[0], x[1])
        });
        gradient_check(&[a, b], |tape, x| {
            let condition = tape.input_with([2, 1, 1], |c| c.copy_from_slice(&[0.0, 1.0]));
            condition.select(x[0], x[1])
        });
    }
}

#[test]
fn numbers_as_operands_on_either_side() {
    check_within(0.5, 2.0, |_, x| 2.0 + x[0] * 3.0);
    check_within(0.5, 2.0, |_, x| 1.0 - x[0] / 4.0);
    check_within(0.5, 2.0, |_, x| 2.0 / x[0] - 1.0);
    check_within(0.5, 2.0, |_, x| x[0] + 5.0 * x[0]);
}

#[test]
fn one_value_as_both_operands() {
    gradient_check(&[&[2, 3]], |_, x| x[0] * x[0]);
    gradient_check(&[&[2, 3]], |_, x| x[0] + x[0]);
    gradient_check(&[&[2, 3]], |_, x| x[0] - x[0]);
    gradient_check(&[&[2, 3]], |_, x| x[0].maximum(x[0]));
    check_within(0.5, 2.0, |_, x| x[0] / x[0]);
    check_within(0.5, 2.0, |_, x| x[0].exp() * x[0].log() + x[0].sqrt() * x[0]);
}

#[test]
fn comparisons_send_nothing_back() {
    check_within(0.5, 2.0, |_, x| x[0].greater(0.0) + x[0].less(0.0) + x[0].equal(9.0));
}
