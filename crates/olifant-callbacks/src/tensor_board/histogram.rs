//! How often which values occur.

use olifant_core::Float;

const BUCKETS: usize = 30;

/// Thirty buckets of the same width from the least to the greatest value: left edge, right edge, count.
///
/// As `tf.summary.histogram` has it: if all values are the same, the last bucket has them all;
/// without any value everything is zero; and if one is NaN so are all edges, and nothing is counted.
pub(super) fn buckets(values: &[Float]) -> [[f64; 3]; BUCKETS] {
    let Some(&first) = values.first() else { return [[0.0; 3]; BUCKETS] };
    let (mut least, mut greatest) = (f64::from(first), f64::from(first));
    for value in values.iter().map(|&value| f64::from(value)) {
        // A NaN that was met stays, which `f64::min` would drop.
        least = if value < least || value.is_nan() { value } else { least };
        greatest = if value > greatest || value.is_nan() { value } else { greatest };
    }
    let range = greatest - least;
    if range == 0.0 {
        let mut buckets = [[least, greatest, 0.0]; BUCKETS];
        buckets[BUCKETS - 1][2] = values.len() as f64;
        return buckets;
    }
    let width = range / BUCKETS as f64;
    let edge = |number: usize| match number {
        0 => least,
        BUCKETS => greatest,
        _ => least + width * number as f64,
    };
    let mut buckets = std::array::from_fn(|number| [edge(number), edge(number + 1), 0.0]);
    for value in values {
        let position = ((f64::from(*value) - least) / width).floor();
        if !position.is_nan() {
            buckets[(position as usize).min(BUCKETS - 1)][2] += 1.0;
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn buckets_are_those_of_keras() {
        let golden: Value =
            serde_json::from_str(include_str!("../../tests/keras/tensor_board.json")).unwrap();
        let number = |value: &Value| match value.as_str() {
            Some(word) => word.parse().unwrap(),
            None => value.as_f64().unwrap(),
        };
        let numbers =
            |array: &Value| array["values"].as_array().unwrap().iter().map(number).collect::<Vec<f64>>();
        let cases = golden["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "histogram");
        let mut count = 0;
        for case in cases {
            let data: Vec<Float> = numbers(&case["data"]).into_iter().map(|value| value as Float).collect();
            let (ours, keras) = (buckets(&data).concat(), numbers(&case["buckets"]));
            let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
            assert!(ours.iter().zip(&keras).all(same), "{data:?}:\n{ours:?}\n{keras:?}");
            assert_eq!(ours.len(), keras.len());
            count += 1;
        }
        assert_eq!(count, 17);
    }
}
