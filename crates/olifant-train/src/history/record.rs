//! A history as it is stored: full columns, in which a missing value stands as such.
//!
//! Every type here has the same fields in the same order whatever the values are, because binary formats do
//! not describe themselves.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde::{Deserialize as DeriveDeserialize, Serialize as DeriveSerialize};

use super::{History, Params, Series};
use crate::exact_float::ExactFloat;

#[derive(DeriveSerialize, DeriveDeserialize)]
pub(super) struct Record {
    params: Params,
    epoch: Vec<usize>,
    history: Columns,
}

/// A map from name to column which keeps the order of the names.
struct Columns(Vec<(String, Vec<Option<ExactFloat>>)>);

impl From<History> for Record {
    fn from(history: History) -> Self {
        let rows = history.epoch.len();
        let columns = history.series.into_iter().map(|series| {
            let column = series.by_row(rows).into_iter().map(|value| value.map(ExactFloat));
            (series.name.to_string(), column.collect())
        });
        let columns = Columns(columns.collect());
        Record { params: history.params, epoch: history.epoch, history: columns }
    }
}

impl TryFrom<Record> for History {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
        let rows = record.epoch.len();
        let mut names = HashSet::new();
        let mut all_series = Vec::new();
        for (name, column) in record.history.0 {
            let values = column.len();
            if values != rows {
                return Err(format!("a history of {rows} epochs has {values} entries of `{name}`"));
            }
            let name: Arc<str> = Arc::from(name);
            if !names.insert(Arc::clone(&name)) {
                return Err(format!("a history has `{name}` twice"));
            }
            let present = column.into_iter().enumerate().filter_map(|(row, v)| Some((row, v?.0)));
            let (rows, values) = present.unzip();
            all_series.push(Series { name, rows, values });
        }
        Ok(History { params: record.params, epoch: record.epoch, series: all_series })
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, column)| (name, column)))
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ColumnsInOrder)
    }
}

struct ColumnsInOrder;

impl<'de> Visitor<'de> for ColumnsInOrder {
    type Value = Columns;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map from names to lists of numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let mut columns = Vec::new();
        while let Some(column) = map.next_entry()? {
            columns.push(column);
        }
        Ok(Columns(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::validated_every_other_epoch;
    use super::*;

    /// `PartialEq` says that NaN differs from itself; the stored bytes compare bits.
    fn bytes(history: &History) -> Vec<u8> {
        bincode::serde::encode_to_vec(history, bincode::config::standard()).unwrap()
    }

    #[test]
    fn json_is_what_a_data_frame_reads() {
        let json: serde_json::Value = serde_json::from_str(&validated_every_other_epoch().to_json()).unwrap();
        assert_eq!(json["epoch"].to_string(), "[0,1,2,3]");
        let columns = r#"{"loss":[1.5,"nan",0.5,0.5],"val_loss":[null,2.0,null,"inf"]}"#;
        assert_eq!(json["history"].to_string(), columns);
        assert_eq!(json["params"]["seed"].as_u64(), Some(u64::MAX));
    }

    #[test]
    fn json_and_bincode_return_every_bit() {
        let history = validated_every_other_epoch();
        let from_json: History = serde_json::from_str(&history.to_json()).unwrap();
        assert_eq!(bytes(&from_json), bytes(&history));

        let stored = bytes(&history);
        let (from_bincode, read): (History, _) =
            bincode::serde::decode_from_slice(&stored, bincode::config::standard()).unwrap();
        assert_eq!((bytes(&from_bincode), read), (stored.clone(), stored.len()));
        assert_eq!(from_bincode["val_loss"], [2.0, f64::INFINITY]);
        assert_eq!(from_bincode.table().to_string(), history.table().to_string());
    }

    #[test]
    fn a_damaged_history_is_refused() {
        let intact = validated_every_other_epoch().to_json();
        let read = |text: &str| serde_json::from_str::<History>(text).unwrap_err().to_string();
        let short = read(&intact.replace("[0,1,2,3]", "[0,1,2]"));
        assert!(short.contains("a history of 3 epochs has 4 entries of `loss`"), "{short}");
        let twice = read(&intact.replace("val_loss", "loss"));
        assert!(twice.contains("a history has `loss` twice"), "{twice}");
    }
}
