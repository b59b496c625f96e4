//! What a hook is told: the loss and the metrics, by name and in Keras's order.

use std::fmt;
use std::iter::Map;
use std::ops::Index;
use std::slice;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::exact_float::ExactFloat;
use crate::number_format::Number;
use olifant_nn::known_names;

/// An ordered list of names and values: what a hook is told, and what `evaluate` returns.
///
/// The trainer keeps Keras's order: `accuracy, loss, val_accuracy, val_loss`, sorted by name, then what
/// callbacks appended (`learning_rate`), in the order they did.
///
/// The names are made once.
/// Overwriting the value of a name that is there, [`set`](Logs::set), [`extend_prefixed`](Logs::extend_prefixed)
/// over names that are there, and `clone_from` between logs with the same names allocate nothing,
/// so they may happen after every batch.
///
/// Serialised as a list of pairs (a list keeps its order in every format), every value returns bit for
/// bit, NaN and infinity included.
///
/// # Examples
///
/// ```
/// use olifant_train::Logs;
///
/// let mut logs = Logs::from_iter([("accuracy", 0.5504), ("loss", 1.5632)]);
/// logs.insert("learning_rate", 0.01);
/// logs.insert("loss", 1.25);
/// assert_eq!(logs["loss"], 1.25);
/// assert_eq!(logs.get("val_loss"), None);
/// assert_eq!(logs.to_string(), "accuracy: 0.5504 - loss: 1.2500 - learning_rate: 0.0100");
/// ```
#[derive(Default, PartialEq)]
pub struct Logs {
    entries: Vec<Entry>,
}

type Entry = (Arc<str>, f64);

impl Logs {
    /// Logs without any entry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a name, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.position(name).map(|index| self.entries[index].1)
    }

    /// Whether a name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Where a name stands in the list, for [`set`](Logs::set).
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|(known, _)| **known == *name)
    }

    /// Overwrites the value of a name where it stands, or appends the name.
    pub fn insert(&mut self, name: impl AsRef<str>, value: f64) {
        let name = name.as_ref();
        match self.position(name) {
            Some(index) => self.entries[index].1 = value,
            None => self.entries.push((Arc::from(name), value)),
        }
    }

    /// Overwrites the value at a [`position`](Logs::position).
    ///
    /// # Panics
    ///
    /// If there are not so many entries.
    #[track_caller]
    pub fn set(&mut self, position: usize, value: f64) {
        let entries = self.entries.len();
        match self.entries.get_mut(position) {
            Some(entry) => entry.1 = value,
            None => panic!("these logs have {entries} entries, and so no position {position}"),
        }
    }

    /// Inserts each entry of `other` with a prefix in front of its name: `extend_prefixed("val_", &validation)`.
    pub fn extend_prefixed(&mut self, prefix: &str, other: &Logs) {
        for (name, value) in other {
            let there = (self.entries.iter_mut()).find(|(known, _)| known.strip_prefix(prefix) == Some(name));
            match there {
                Some(entry) => entry.1 = value,
                None => self.entries.push((Arc::from(format!("{prefix}{name}")), value)),
            }
        }
    }

    /// Puts the entries into the order of their names, which is the order Keras shows.
    pub fn sort(&mut self) {
        self.entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// The entries, in order.
    pub fn iter(&self) -> Iter<'_> {
        self.entries.iter().map(|(name, value)| (name, *value))
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.entries.iter().map(|(name, _)| &**name)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

type Iter<'a> = Map<slice::Iter<'a, Entry>, fn(&'a Entry) -> (&'a str, f64)>;

impl<'a> IntoIterator for &'a Logs {
    type Item = (&'a str, f64);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<S: AsRef<str>> FromIterator<(S, f64)> for Logs {
    fn from_iter<I: IntoIterator<Item = (S, f64)>>(entries: I) -> Self {
        let mut logs = Logs::new();
        for (name, value) in entries {
            logs.insert(name, value);
        }
        logs
    }
}

/// The value of a name that must be there.
///
/// # Panics
///
/// If it is not; the message lists the names that are. Use [`Logs::get`] to ask.
impl Index<&str> for Logs {
    type Output = f64;

    #[track_caller]
    fn index(&self, name: &str) -> &f64 {
        match self.position(name) {
            Some(index) => &self.entries[index].1,
            None => panic!("no `{name}` in these logs ({})", known_names(name, self.names())),
        }
    }
}

impl Clone for Logs {
    fn clone(&self) -> Self {
        Logs { entries: self.entries.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        if self.names().eq(source.names()) {
            for (own, entry) in self.entries.iter_mut().zip(&source.entries) {
                own.1 = entry.1;
            }
        } else {
            self.entries.clone_from(&source.entries);
        }
    }
}

/// `accuracy: 0.5504 - loss: 1.5632`, with the digits of a Keras progress bar.
impl fmt::Display for Logs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, value) in self {
            write!(formatter, "{separator}{name}: {}", Number { value, signed: false })?;
            separator = " - ";
        }
        Ok(())
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self).finish()
    }
}

impl Serialize for Logs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(name, value)| (name, ExactFloat(value))))
    }
}

impl<'de> Deserialize<'de> for Logs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(String, ExactFloat)>::deserialize(deserializer)?;
        let entries = pairs.into_iter().map(|(name, value)| (Arc::from(name), value.0));
        Ok(Logs { entries: entries.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Logs {
        Logs::from_iter([("accuracy", 0.5), ("loss", 1.5)])
    }

    #[test]
    fn names_keep_the_order_of_insertion() {
        let mut logs = epoch();
        logs.insert("learning_rate", 0.1);
        logs.insert("accuracy", 0.25);
        assert!(logs.names().eq(["accuracy", "loss", "learning_rate"]));
        assert_eq!(logs.get("accuracy"), Some(0.25));
        assert_eq!(logs.len(), 3);
    }

    #[test]
    fn a_prefix_makes_validation_logs() {
        let mut logs = epoch();
        logs.extend_prefixed("val_", &epoch());
        let values = logs.entries.as_ptr();
        logs.extend_prefixed("val_", &Logs::from_iter([("loss", 2.0)]));
        assert!(logs.names().eq(["accuracy", "loss", "val_accuracy", "val_loss"]));
        assert_eq!(logs["val_loss"], 2.0);
        assert_eq!(logs.entries.as_ptr(), values, "known names are overwritten in place");
    }

    #[test]
    fn sorting_follows_keras() {
        let mut logs = Logs::from_iter([("loss", 1.0), ("zero", 2.0), ("accuracy", 3.0)]);
        logs.extend_prefixed("val_", &logs.clone());
        logs.sort();
        let sorted = ["accuracy", "loss", "val_accuracy", "val_loss", "val_zero", "zero"];
        assert!(logs.names().eq(sorted));
        assert_eq!(logs["val_zero"], 2.0);
    }

    #[test]
    fn clone_from_keeps_the_names_it_has() {
        let mut logs = epoch();
        let name = Arc::as_ptr(&logs.entries[0].0);
        logs.clone_from(&Logs::from_iter([("accuracy", 0.75), ("loss", 0.25)]));
        assert_eq!(logs, Logs::from_iter([("accuracy", 0.75), ("loss", 0.25)]));
        assert!(std::ptr::addr_eq(Arc::as_ptr(&logs.entries[0].0), name));
        logs.clone_from(&Logs::from_iter([("loss", 0.125)]));
        assert_eq!(logs, Logs::from_iter([("loss", 0.125)]));
    }

    #[test]
    fn set_writes_at_a_position() {
        let mut logs = epoch();
        let position = logs.position("loss").unwrap();
        logs.set(position, 0.5);
        assert_eq!(logs["loss"], 0.5);
        logs.clear();
        assert!(logs.is_empty() && !logs.contains("loss"));
    }

    #[test]
    #[should_panic(expected = "no `val_loss` in these logs (known: accuracy, loss)")]
    fn a_missing_name_lists_those_there_are() {
        let _ = epoch()["val_loss"];
    }

    #[test]
    #[should_panic(expected = "these logs have 2 entries, and so no position 2")]
    fn a_missing_position_says_how_many_there_are() {
        epoch().set(2, 0.0);
    }

    #[test]
    fn logs_are_shown_as_in_a_progress_line() {
        let mut logs = epoch();
        logs.insert("learning_rate", 1e-4);
        assert_eq!(logs.to_string(), "accuracy: 0.5000 - loss: 1.5000 - learning_rate: 1.0000e-04");
        assert_eq!(format!("{:?}", epoch()), r#"{"accuracy": 0.5, "loss": 1.5}"#);
    }

    #[test]
    fn json_and_bincode_keep_order_and_bits() {
        let negative_nan = f64::from_bits(0xfff8_0000_0000_0000);
        let logs = Logs::from_iter([("z", negative_nan), ("a", f64::NEG_INFINITY), ("m", 0.1)]);
        let bits = |logs: &Logs| -> Vec<_> {
            logs.iter().map(|(name, value)| (name.to_owned(), value.to_bits())).collect()
        };
        let text = serde_json::to_string(&logs).unwrap();
        assert_eq!(text, r#"[["z","nan:fff8000000000000"],["a","-inf"],["m",0.1]]"#);
        let from_json: Logs = serde_json::from_str(&text).unwrap();
        assert_eq!(bits(&from_json), bits(&logs));

        let config = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(&logs, config).unwrap();
        let (from_bincode, read): (Logs, _) = bincode::serde::decode_from_slice(&bytes, config).unwrap();
        assert_eq!((bits(&from_bincode), read), (bits(&logs), bytes.len()));
    }
}
