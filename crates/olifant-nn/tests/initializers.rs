//! Initializers against the rules that Keras's follow; `tests/keras/initializers.py` made the numbers.
#![allow(clippy::unwrap_used)]

use olifant_core::{Float, RandomKey, Shape};
use olifant_nn::Initializer;
use serde_json::{Value, json};

#[test]
fn distributions_are_kerass() {
    let mut tested = 0;
    for case in cases().iter().filter(|case| case.get("rule").is_some()) {
        let sample = sample(case);
        let rule = &case["rule"];
        let distribution = rule["distribution"].as_str().unwrap();
        let (mean, deviation) = moments(&sample);
        let expected = match distribution {
            "uniform" => rule["limit"].as_f64().unwrap() / 3.0_f64.sqrt(),
            "normal" => rule["stddev"].as_f64().unwrap(),
            // What the cut at two deviations leaves of the deviation.
            _ => rule["stddev"].as_f64().unwrap() * 0.879_625_661,
        };
        // The mean of 100,000 numbers has a standard deviation of 0.3 %, their deviation one of 0.2 % or less.
        assert!(mean.abs() < 0.012 * expected, "{case}: the mean is {mean}");
        assert!((deviation / expected - 1.0).abs() < 0.008, "{case}: the deviation is {deviation}");
        let keras = case["sample"]["stddev"].as_f64().unwrap();
        assert!((keras / expected - 1.0).abs() < 0.02, "{case}: Keras's deviation is {keras}");
        let largest = sample.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        if distribution == "normal" {
            let deviations = largest / rule["stddev"].as_f64().unwrap();
            assert!(deviations > 3.5, "{case}: {largest} is the largest number, as if it were cut");
        } else {
            let limit = rule["limit"].as_f64().unwrap();
            // Rounding to single precision may lead just above the limit.
            assert!(largest <= limit * (1.0 + 1e-7), "{case}: {largest} is beyond the limit");
            assert!(largest > 0.99 * limit, "{case}: {largest} is the largest number");
        }
        tested += 1;
    }
    assert_eq!(tested, 76);
}

#[test]
fn orthogonal_matrices_are_orthogonal() {
    let mut tested = 0;
    for case in cases().iter().filter(|case| case["initializer"] == "Orthogonal") {
        let gain = case["options"].get("gain").map_or(1.0, |gain| gain.as_f64().unwrap());
        let shape = shape(case);
        let values = filled(&initializer(case), shape, 3);
        let columns = shape.last_axis().unwrap();
        let rows = values.len() / columns;
        let at = |vector: usize, i: usize| {
            if rows < columns { values[vector * columns + i] } else { values[i * columns + vector] }
        };
        for a in 0..rows.min(columns) {
            for b in 0..rows.min(columns) {
                let product: f64 =
                    (0..rows.max(columns)).map(|i| f64::from(at(a, i)) * f64::from(at(b, i))).sum();
                let expected = if a == b { gain * gain } else { 0.0 };
                assert!((product - expected).abs() < 1e-6 * gain * gain, "{case}: {a} · {b} = {product}");
            }
        }
        tested += 1;
    }
    assert_eq!(tested, 8);
}

#[test]
fn orthogonal_matrices_favour_no_direction() {
    let (mut sum, count) = (0.0, 1000);
    for seed in 0..count {
        sum += f64::from(filled(&Initializer::orthogonal(), Shape::from([2, 2]), seed)[0]);
    }
    assert!((sum / count as f64).abs() < 0.1, "the first element is {} on average", sum / count as f64);
}

#[test]
fn fixed_values_are_kerass() {
    let mut tested = 0;
    for case in cases().iter().filter(|case| case.get("value").is_some()) {
        let expected: Vec<Float> = serde_json::from_value(case["value"]["values"].clone()).unwrap();
        assert_eq!(filled(&initializer(case), shape(case), 0), expected, "{case}");
        tested += 1;
    }
    assert_eq!(tested, 5);
}

fn cases() -> Vec<Value> {
    let golden: Value = serde_json::from_str(include_str!("keras/initializers.json")).unwrap();
    golden["cases"].as_array().unwrap().clone()
}

fn shape(case: &Value) -> Shape {
    serde_json::from_value(case["shape"].clone()).unwrap()
}

fn filled(initializer: &Initializer, shape: Shape, seed: u64) -> Vec<Float> {
    let mut values = vec![Float::NAN; shape.size()];
    initializer.fill(&shape, RandomKey::from_seed(seed), &mut values).unwrap();
    values
}

/// About 100,000 numbers: of several weights, if one is too small.
fn sample(case: &Value) -> Vec<f64> {
    let (initializer, shape) = (initializer(case), shape(case));
    let weights = 100_000_usize.div_ceil(shape.size()) as u64;
    (0..weights).flat_map(|seed| filled(&initializer, shape, seed)).map(f64::from).collect()
}

fn moments(sample: &[f64]) -> (f64, f64) {
    let count = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / count;
    let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// The initializer with Keras's defaults and the case's options.
fn initializer(case: &Value) -> Initializer {
    let name = case["initializer"].as_str().unwrap();
    let default = match name {
        "Zeros" => Initializer::Zeros,
        "Ones" => Initializer::Ones,
        "Constant" => Initializer::Constant(case["options"]["value"].as_f64().unwrap() as Float),
        "Identity" => Initializer::identity(),
        "RandomUniform" => Initializer::random_uniform(),
        "RandomNormal" => Initializer::random_normal(),
        "TruncatedNormal" => Initializer::truncated_normal(),
        "VarianceScaling" => Initializer::variance_scaling(),
        "GlorotUniform" => Initializer::GlorotUniform,
        "GlorotNormal" => Initializer::GlorotNormal,
        "HeUniform" => Initializer::HeUniform,
        "HeNormal" => Initializer::HeNormal,
        "LecunUniform" => Initializer::LecunUniform,
        "LecunNormal" => Initializer::LecunNormal,
        "Orthogonal" => Initializer::orthogonal(),
        _ => panic!("initializer {name}"),
    };
    let mut description = json!(default);
    if let Some((_, fields)) = description.as_object_mut().and_then(|outer| outer.iter_mut().next())
        && fields.is_object()
    {
        for (option, value) in case["options"].as_object().unwrap() {
            assert!(fields.get(option).is_some(), "{name} has no option {option}");
            fields[option] = value.clone();
        }
    }
    serde_json::from_value(description).unwrap()
}
