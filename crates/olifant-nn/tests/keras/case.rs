//! Reading the JSON files beside this one.

#![allow(dead_code, reason = "each test reads some of what there is")]

use std::fmt;

use ndarray::ArrayD;
use olifant_core::{Float, Tensor};
use serde_json::{Map, Value};

/// One entry of a file's `cases`.
pub struct Case(Map<String, Value>);

/// All entries of a file.
pub fn cases(json: &str) -> Vec<Case> {
    let file: Value = serde_json::from_str(json).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    cases.map(|case| Case(case.as_object().unwrap().clone())).collect()
}

impl Case {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap()
    }

    pub fn options(&self) -> &Map<String, Value> {
        self.0["options"].as_object().unwrap()
    }

    /// The numbers of each array in a list.
    pub fn arrays(&self, key: &str) -> Vec<Vec<Float>> {
        self.0[key].as_array().unwrap().iter().map(numbers).collect()
    }

    /// The arrays in a list.
    pub fn tensors(&self, key: &str) -> Vec<Tensor> {
        self.0[key].as_array().unwrap().iter().map(tensor).collect()
    }

    /// Whether a layer was called as in training.
    pub fn is_training(&self) -> bool {
        self.get("training") == Some(&Value::Bool(true))
    }

    /// The numbers under a key: of an array, or a single one.
    pub fn numbers(&self, key: &str) -> Vec<Float> {
        numbers(&self.0[key])
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = self.get("layer") {
            return write!(f, "{layer}");
        }
        let Value::String(class) = self.get("loss").or(self.get("metric")).unwrap() else {
            return Err(fmt::Error);
        };
        write!(f, "{class}, {} {:?}", self.text("name"), self.options())
    }
}

/// An array of a case; a single number has no axes.
pub fn tensor(array: &Value) -> Tensor {
    let axes = array.get("shape").map_or(&[][..], |shape| shape.as_array().unwrap());
    let axes: Vec<usize> = axes.iter().map(|axis| axis.as_u64().unwrap() as usize).collect();
    Tensor::from_array(&ArrayD::from_shape_vec(axes, numbers(array)).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<Float> {
    match value {
        Value::Object(array) => numbers(&array["values"]),
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::String(text) => vec![text.parse().unwrap()],
        number => vec![number.as_f64().unwrap() as Float],
    }
}

/// `MeanSquaredError` as `mean_squared_error`, `KLDivergence` as `kl_divergence`.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let before_is_lower = i > 0 && letters[i - 1].is_lowercase();
        let next_is_lower = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if i > 0 && letter.is_uppercase() && (before_is_lower || next_is_lower) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
