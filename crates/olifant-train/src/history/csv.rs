//! A history as comma-separated values.

use super::History;

pub(super) fn to_csv(history: &History) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = history.epoch.len();
    let columns = Vec::from_iter(history.series.iter().map(|series| series.by_row(rows)));
    let mut write = |record: Vec<String>| {
        writer.write_record(record).expect("records have equal lengths, and memory takes every byte");
    };
    write(std::iter::once("epoch").chain(history.names()).map(str::to_owned).collect());
    for (row, epoch) in history.epoch.iter().enumerate() {
        let values = columns.iter().map(|column| field(column[row]));
        write(std::iter::once(epoch.to_string()).chain(values).collect());
    }
    let bytes = writer.into_inner().expect("memory takes every byte");
    String::from_utf8(bytes).expect("names and numbers are UTF-8")
}

/// The shortest digits that read back as the same number, or the words that Keras and pandas use.
fn field(value: Option<f64>) -> String {
    match value {
        None => "NA".to_owned(),
        Some(value) if value.is_nan() => "nan".to_owned(),
        Some(value) => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::validated_every_other_epoch;
    use super::*;
    use crate::logs::Logs;

    #[test]
    fn a_missing_value_is_na_and_a_nan_is_nan() {
        let expected = "epoch,loss,val_loss\n0,1.5,NA\n1,nan,2.0\n2,0.5,NA\n3,0.5,inf\n";
        assert_eq!(validated_every_other_epoch().to_csv(), expected);
    }

    #[test]
    fn numbers_read_back_exactly_and_odd_names_are_quoted() {
        let mut history = History::default();
        history.push(0, &Logs::from_iter([("f1, macro", 0.1 + 0.2), ("loss", 1e-8)]));
        assert_eq!(history.to_csv(), "epoch,\"f1, macro\",loss\n0,0.30000000000000004,1e-8\n");
    }

    #[test]
    fn a_history_without_epochs_is_a_header() {
        assert_eq!(History::default().to_csv(), "epoch\n");
    }
}
