//! What layers are called that the user gave no name.

use std::collections::{HashMap, HashSet};

use crate::BuildError;

/// The names of all layers: those the user gave, and for the others the name of the type with a number.
pub(crate) fn unique_names<'a>(
    layers: impl Iterator<Item = (Option<&'a str>, &'a str)> + Clone,
) -> Result<Vec<String>, BuildError> {
    let mut taken = HashSet::new();
    for name in layers.clone().filter_map(|(name, _)| name) {
        if !taken.insert(name.to_owned()) {
            return Err(BuildError::DuplicateName { name: name.to_owned() });
        }
    }
    // Each type goes on counting where it stopped: beginning anew would take time in the square of the layers.
    let mut counts: HashMap<String, usize> = HashMap::new();
    let name_of = |(name, class): (Option<&str>, &str)| {
        if let Some(name) = name {
            return name.to_owned();
        }
        let stem = snake_case(class);
        let count = counts.entry(stem.clone()).or_default();
        loop {
            let name = if *count == 0 { stem.clone() } else { format!("{stem}_{count}") };
            *count += 1;
            if taken.insert(name.clone()) {
                return name;
            }
        }
    };
    Ok(layers.map(name_of).collect())
}

/// `MaxPooling2D` becomes `max_pooling2d`, as in Keras.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let after_lowercase = i > 0 && letters[i - 1].is_lowercase();
        let begins_word =
            i > 0 && letters.get(i + 1).is_some_and(|next| next.is_lowercase() || next.is_numeric());
        if letter.is_uppercase() && (after_lowercase || begins_word) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_layers_are_named_at_once() {
        let names = unique_names((0..100_000).map(|_| (None, "Flatten"))).unwrap();
        assert_eq!((names[0].as_str(), names[99_999].as_str()), ("flatten", "flatten_99999"));
    }

    #[test]
    fn class_names_turn_into_keras_names() {
        for (class, name) in [
            ("Dense", "dense"),
            ("MaxPooling2D", "max_pooling2d"),
            ("Conv1DTranspose", "conv1d_transpose"),
            ("ReLU", "re_lu"),
            ("PReLU", "p_re_lu"),
            ("LSTM", "lstm"),
            ("SimpleRNN", "simple_rnn"),
            ("InputLayer", "input_layer"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }
}
