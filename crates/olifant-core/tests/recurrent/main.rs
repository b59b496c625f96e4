//! Recurrent operations: against the same steps recorded one by one, against finite differences, on any number of threads.

#![allow(clippy::unwrap_used)]

mod case;
mod reference;

use case::{Case, Kind};
use olifant_core::{
    Float, GradientCheck, RecurrentActivation, RecurrentOptions, RecurrentWeights, gradient_check,
};

const KINDS: [Kind; 4] =
    [Kind::Lstm, Kind::Gru { reset_after: true }, Kind::Gru { reset_after: false }, Kind::SimpleRnn];

/// The largest error that rounding explains, relative to numbers of about 1.
const TOLERANCE: Float = if cfg!(feature = "f64") { 1e-12 } else { 2e-5 };

#[track_caller]
fn check(case: Case) {
    check_within(TOLERANCE, case);
}

#[track_caller]
fn check_within(tolerance: Float, case: Case) {
    let (fused, composed) = (case.results(true), case.results(false));
    assert_eq!(fused.len(), composed.len());
    for (number, (fused, composed)) in fused.iter().zip(&composed).enumerate() {
        assert_eq!(fused.len(), composed.len());
        for (a, b) in fused.iter().zip(composed) {
            assert!(
                (a - b).abs() <= tolerance * b.abs().max(1.0),
                "{case:?}, result {number}: {a} instead of {b}"
            );
        }
    }
}

#[test]
fn all_options_agree_with_steps_recorded_one_by_one() {
    for kind in KINDS {
        for bits in 0..1 << 7 {
            let is_set = |bit: usize| bits >> bit & 1 == 1;
            check(Case {
                bias: is_set(0),
                mask: is_set(1),
                dropout: is_set(2),
                states: is_set(3),
                return_sequences: is_set(4),
                return_state: is_set(5),
                go_backwards: is_set(6),
                zero_output_for_mask: is_set(1) && (is_set(0) ^ is_set(3)),
                ..Case::new(kind)
            });
        }
    }
}

#[test]
fn all_activations_agree_with_steps_recorded_one_by_one() {
    use RecurrentActivation::*;
    for activation in
        [Linear, Relu, Relu6, Tanh, HardTanh, Sigmoid, HardSigmoid, Softsign, Softplus, Exponential]
    {
        for kind in KINDS {
            check(Case { time: 2, activation, ..Case::new(kind) });
            check(Case { time: 2, recurrent_activation: activation, ..Case::new(kind) });
        }
    }
}

#[test]
fn sizes_of_whole_tiles_and_others_agree() {
    for (batch, time, features, units) in [(1, 1, 1, 1), (6, 2, 16, 16), (13, 3, 5, 19), (2, 5, 1, 33)] {
        for kind in KINDS {
            check(Case { batch, time, features, units, return_sequences: true, ..Case::new(kind) });
        }
    }
}

/// So many pre-activations that the way back is cut into several stretches, for most kinds uneven ones.
#[test]
fn stretches_of_the_way_back_agree_with_steps_recorded_one_by_one() {
    for (batch, units) in [(300, 120), (900, 100)] {
        for kind in KINDS {
            for bits in 0..1 << 3 {
                let is_set = |bit: usize| bits >> bit & 1 == 1;
                // Sums have up to 4,500 terms.
                check_within(
                    5.0 * TOLERANCE,
                    Case {
                        batch,
                        units,
                        mask: is_set(0),
                        states: is_set(0),
                        go_backwards: is_set(1),
                        return_sequences: is_set(2),
                        dropout: is_set(2),
                        return_state: is_set(2),
                        ..Case::new(kind)
                    },
                );
            }
        }
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let gates = |kind| match kind {
        Kind::Lstm => 4,
        Kind::Gru { .. } => 3,
        Kind::SimpleRnn => 1,
    };
    for kind in KINDS {
        let (batch, time, features, units) = (2, 3, 2, 3);
        let width = gates(kind) * units;
        let bias: &[usize] = if kind == (Kind::Gru { reset_after: true }) { &[2, 9] } else { &[width] };
        let shapes: [&[usize]; 6] = [
            &[batch, time, features],
            &[features, width],
            &[units, width],
            bias,
            &[batch, units],
            &[batch, units],
        ];
        let shapes = &shapes[..if kind == Kind::Lstm { 6 } else { 5 }];
        let check = GradientCheck::new().run(shapes, |_, x| {
            let weights = RecurrentWeights { kernel: x[1], recurrent_kernel: x[2], bias: Some(x[3]) };
            let options =
                RecurrentOptions { initial_state: &x[4..], return_sequences: true, ..Default::default() };
            kind.fused(x[0], weights, options).output
        });
        check.unwrap();
    }
}

#[test]
fn an_input_that_is_used_twice_gets_the_sum_of_its_gradients() {
    // The kernel is the recurrent kernel as well, and x both the sequence and the initial state.
    gradient_check(&[&[2, 3, 4], &[4, 4]], |_, x| {
        let weights = RecurrentWeights { kernel: x[1], recurrent_kernel: x[1], bias: None };
        let first = x[0].slice(1, ..1).reshape([2, 4]);
        let options = RecurrentOptions { initial_state: &[first], ..Default::default() };
        x[0].simple_rnn(weights, options).output + x[0].simple_rnn(weights, options).output
    });
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for kind in KINDS {
        let case = Case {
            batch: 37,
            time: 6,
            features: 20,
            units: 40,
            mask: true,
            dropout: true,
            states: true,
            return_sequences: true,
            ..Case::new(kind)
        };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| case.results(true))
        };
        let alone = on(1);
        assert!(alone == on(2) && alone == on(4), "{kind:?}");
    }
}

#[test]
fn a_sample_has_the_same_bits_in_any_batch() {
    for kind in KINDS {
        let outputs = |batch| {
            let case =
                Case { batch, time: 4, features: 3, units: 5, return_sequences: true, ..Case::new(kind) };
            case.results(true)[0].clone()
        };
        let (many, one) = (outputs(9), outputs(1));
        assert_eq!(many[..one.len()], one, "{kind:?}");
    }
}

#[test]
fn leading_masked_steps_give_zeros_and_keep_the_states() {
    for kind in KINDS {
        let case = Case {
            batch: 1,
            time: 3,
            mask: true,
            states: true,
            return_sequences: true,
            return_state: true,
            ..Case::new(kind)
        };
        let results = case.results_with(true, |mask| mask.fill(0.0));
        assert!(results[0].iter().all(|&output| output == 0.0));
        // With nothing but masked steps, the last states are the first.
        let first = case.initial_states();
        assert_eq!(results[1], first[0], "{kind:?}");
    }
}

#[test]
#[should_panic(
    expected = "lstm: expected a recurrent kernel of shape [units, 4 · units], but was given [2, 6]"
)]
fn a_recurrent_kernel_of_another_shape_is_refused() {
    gradient_check(&[&[1, 1, 1], &[1, 8], &[2, 6]], |_, x| {
        let weights = RecurrentWeights { kernel: x[1], recurrent_kernel: x[2], bias: None };
        x[0].lstm(weights, RecurrentOptions::default()).output
    });
}

#[test]
#[should_panic(expected = "gru: expected a bias of shape [2, 6], but was given [6]")]
fn a_bias_of_another_shape_is_refused() {
    gradient_check(&[&[1, 1, 1], &[1, 6], &[2, 6], &[6]], |_, x| {
        let weights = RecurrentWeights { kernel: x[1], recurrent_kernel: x[2], bias: Some(x[3]) };
        x[0].gru(weights, true, RecurrentOptions::default()).output
    });
}

#[test]
#[should_panic(
    expected = "simple_rnn: expected inputs of shape [batch, time, features], but was given [2, 3]"
)]
fn inputs_without_time_are_refused() {
    gradient_check(&[&[2, 3], &[3, 1], &[1, 1]], |_, x| {
        let weights = RecurrentWeights { kernel: x[1], recurrent_kernel: x[2], bias: None };
        x[0].simple_rnn(weights, RecurrentOptions::default()).output
    });
}

#[test]
#[should_panic(expected = "lstm: expected 2 initial states or none, but was given 1")]
fn too_few_initial_states_are_refused() {
    gradient_check(&[&[1, 1, 1], &[1, 4], &[1, 4], &[1, 1]], |_, x| {
        let weights = RecurrentWeights { kernel: x[1], recurrent_kernel: x[2], bias: None };
        x[0].lstm(weights, RecurrentOptions { initial_state: &x[3..], ..Default::default() }).output
    });
}
