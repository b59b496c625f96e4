//! What must be the same for a run to be resumed: model, data, options.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a run is: a tree of facts, all of which must be the same when it is resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity(String);

impl Identity {
    pub(crate) fn new(facts: &Value) -> Identity {
        Identity(facts.to_string())
    }

    /// The first fact that is another: its name, what it was, what it is now.
    pub(crate) fn difference(&self, now: &Identity) -> Option<(String, String, String)> {
        if self == now {
            return None;
        }
        let tree = |identity: &Identity| serde_json::from_str(&identity.0).unwrap_or(Value::Null);
        difference("", &tree(self), &tree(now))
    }
}

fn difference(name: &str, was: &Value, now: &Value) -> Option<(String, String, String)> {
    match (was, now) {
        _ if was == now => None,
        (Value::Object(were), Value::Object(are)) => {
            // Words first: that an optimizer is of another kind says more than that it has other options.
            let (words, others): (Vec<_>, Vec<_>) = were.iter().partition(|(_, value)| value.is_string());
            let known = words.into_iter().chain(others).map(|(key, _)| key);
            let added = are.keys().filter(|key| !were.contains_key(*key));
            known.chain(added).find_map(|key| {
                let missing = &Value::Null;
                let (was, now) = (were.get(key).unwrap_or(missing), are.get(key).unwrap_or(missing));
                difference(&if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, was, now)
            })
        }
        (Value::Array(were), Value::Array(are)) if were.len() == are.len() => {
            let mut pairs = were.iter().zip(are).enumerate();
            pairs.find_map(|(index, (was, now))| difference(&format!("{name}[{index}]"), was, now))
        }
        _ => Some((name.to_owned(), brief(was), brief(now))),
    }
}

/// A value in at most so many letters as a message can bear.
fn brief(value: &Value) -> String {
    let text = match value {
        Value::Null => "unset".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => format!("a list of {}", values.len()),
        other => other.to_string(),
    };
    match text.char_indices().nth(80) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first(was: &Value, now: &Value) -> Option<[String; 3]> {
        Identity::new(was).difference(&Identity::new(now)).map(|(name, was, now)| [name, was, now])
    }

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let was = json!({"batch_size": 32, "architecture": {"layers": [{"units": 3}, {"units": 4}]}});
        assert_eq!(first(&was, &was), None);
        let now = json!({"batch_size": 32, "architecture": {"layers": [{"units": 3}, {"units": 5}]}});
        let expected = ["architecture.layers[1].units", "4", "5"].map(String::from);
        assert_eq!(first(&was, &now), Some(expected));
        let now = json!({"batch_size": 32, "architecture": {"layers": [{"units": 3}]}});
        let expected = ["architecture.layers", "a list of 2", "a list of 1"].map(String::from);
        assert_eq!(first(&was, &now), Some(expected));
        let now = json!({"batch_size": 32, "architecture": was["architecture"], "steps_per_epoch": 5});
        assert_eq!(first(&was, &now), Some(["steps_per_epoch", "unset", "5"].map(String::from)));
    }

    #[test]
    fn long_values_are_cut() {
        let [_, was, _] = first(&json!({"a": "é".repeat(100)}), &json!({"a": 1})).unwrap();
        assert_eq!(was, "é".repeat(80) + "…");
    }
}
