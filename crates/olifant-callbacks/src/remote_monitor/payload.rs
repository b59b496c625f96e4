//! What is sent: an epoch as JSON.

use olifant_train::{CallbackError, Logs};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// `{"epoch":0,"loss":1.25}`, in the order of the logs.
pub(super) fn payload(epoch: usize, logs: &Logs) -> Result<String, CallbackError> {
    serde_json::to_string(&Payload { epoch, logs }).map_err(|error| CallbackError::Other(error.into()))
}

struct Payload<'a> {
    epoch: usize,
    logs: &'a Logs,
}

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.logs.len()))?;
        map.serialize_entry("epoch", &self.epoch)?;
        for (name, value) in self.logs {
            // Python writes `NaN` and `Infinity`, at which most readers of JSON stumble.
            map.serialize_entry(name, &value.is_finite().then_some(value))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_keep_their_order_and_what_is_not_finite_is_null() {
        let values = [("val_loss", f64::NAN), ("accuracy", 1.0), ("loss", f64::INFINITY), ("a\"b", 1e-8)];
        let json = payload(3, &Logs::from_iter(values)).unwrap();
        assert_eq!(json, r#"{"epoch":3,"val_loss":null,"accuracy":1.0,"loss":null,"a\"b":1e-8}"#);
    }
}
