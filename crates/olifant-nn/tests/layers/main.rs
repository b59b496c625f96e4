//! What must hold for every layer: it computes what Keras computes (the numbers are made by the scripts in `../keras`),
//! and it is repeatable, saved and loaded, free of allocations, and independent of threads and of the batch.
//!
//! A family of layers is one script, and one line here.

#![allow(clippy::unwrap_used)]

mod allocations;
#[cfg(feature = "f64")]
mod differences;
#[path = "../keras/case.rs"]
mod golden;
mod subject;

use golden::{Case, cases};
use olifant_core::Float;
use rayon::ThreadPoolBuilder;
use serde_json::Value;
use subject::{Call, Subject};

/// All cases of all families.
fn all_cases() -> Vec<Case> {
    let families = [
        include_str!("../keras/convolutions.json"),
        include_str!("../keras/pooling.json"),
        include_str!("../keras/activation_layers.json"),
        include_str!("../keras/activity_regularizers.json"),
        include_str!("../keras/attentions.json"),
        include_str!("../keras/embeddings.json"),
        include_str!("../keras/normalizations.json"),
        include_str!("../keras/orders.json"),
        include_str!("../keras/preprocessing.json"),
        include_str!("../keras/reshaping.json"),
        include_str!("../keras/small_layers.json"),
        include_str!("../keras/recurrent.json"),
        include_str!("../keras/recurrent_wrappers.json"),
        include_str!("../keras/weight_options.json"),
    ];
    families.into_iter().flat_map(cases).collect()
}

/// Whether numbers are as near as they should be, relative to 1 or to what they should be.
#[track_caller]
fn assert_close(ours: &[Float], keras: &[Float], tolerance: Float, what: &str) {
    assert_eq!(ours.len(), keras.len(), "{what}");
    for (i, (&our, &their)) in ours.iter().zip(keras).enumerate() {
        let close = (our - their).abs() <= tolerance * their.abs().max(1.0);
        assert!(close, "{what}, element {i}: {our}, Keras has {their}");
    }
}

#[test]
fn values_and_gradients_are_keras() {
    for case in all_cases() {
        let subject = Subject::new(&case);
        let Call { outputs, input_gradients, weight_gradients, state } = subject.call();
        for (number, (ours, keras)) in outputs.iter().zip(case.arrays("outputs")).enumerate() {
            assert_close(ours, &keras, 1e-5, &format!("{case}: output {number}"));
        }
        for (number, (ours, keras)) in input_gradients.iter().zip(case.arrays("input_gradients")).enumerate()
        {
            assert_close(ours, &keras, 2e-4, &format!("{case}: gradient of input {number}"));
        }
        for (number, (ours, keras)) in
            weight_gradients.iter().zip(case.arrays("weight_gradients")).enumerate()
        {
            assert_close(ours, &keras, 2e-4, &format!("{case}: gradient of weight {number}"));
        }
        assert_eq!(state.len(), case.arrays("state").len(), "{case}: weights that gradients do not change");
        for (ours, keras) in state.iter().zip(case.arrays("state")) {
            assert_close(ours, &keras, 1e-5, &format!("{case}: state"));
        }
    }
}

#[test]
fn ten_steps_lead_where_keras_gets() {
    for case in all_cases() {
        let keras = case.arrays("after_ten_steps");
        if keras.is_empty() {
            continue;
        }
        let ours = Subject::new(&case).weights_after_steps(10);
        for (number, (ours, keras)) in ours.iter().zip(keras).enumerate() {
            assert_close(ours, &keras, 2e-4, &format!("{case}: weight {number} after ten steps"));
        }
    }
}

#[test]
fn shapes_are_what_was_declared() {
    for case in all_cases() {
        let subject = Subject::new(&case);
        for (real, declared) in subject.output_shapes().iter().zip(subject.network.outputs()) {
            assert_eq!(real.without_batch(), declared.1, "{case}");
        }
    }
}

#[test]
fn layers_come_back_from_their_description() {
    for case in all_cases() {
        let written = Subject::new(&case).network.architecture().unwrap();
        let written: Value = serde_json::from_str(&written).unwrap();
        let layer = &written["layers"][0]["layer"];
        for (key, value) in case.get("layer").unwrap().as_object().unwrap() {
            assert_eq!(&layer[key], value, "{case}: {key} was written as something else");
        }
        let again = Subject::with_layer(&case, layer).network.architecture().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), written, "{case}");
    }
}

#[test]
fn a_call_can_be_repeated_bit_by_bit() {
    for case in all_cases() {
        let subject = Subject::new(&case);
        assert!(subject.call() == subject.call(), "{case}");
    }
}

#[test]
fn a_sample_does_not_depend_on_its_batch() {
    for case in all_cases().iter().filter(|case| !case.is_training()) {
        let subject = Subject::new(case);
        let together = subject.call().outputs;
        for sample in 0..subject.samples() {
            for (all, alone) in together.iter().zip(subject.of_sample(sample).call().outputs) {
                let size = all.len() / subject.samples();
                assert!(all[sample * size..][..size] == alone, "{case}: sample {sample}");
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let on_threads = |threads: usize, subject: &Subject| {
        ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| subject.call())
    };
    for case in all_cases() {
        // Large enough for every loop to be shared.
        let subject = Subject::new(&case).repeated(400);
        assert!(on_threads(1, &subject) == on_threads(4, &subject), "{case}");
    }
}

#[test]
fn the_second_step_allocates_nothing() {
    for case in all_cases() {
        let subject = Subject::new(&case);
        assert_eq!(allocations::of_second_step(&subject), 0, "{case}");
    }
}

#[cfg(feature = "f64")]
#[test]
fn gradients_are_those_of_finite_differences() {
    for case in all_cases() {
        differences::check(&Subject::new(&case), &case);
    }
}
