//! A history as a text table for people.

use std::fmt;

use super::History;
use crate::number_format::Number;

/// One line per epoch, columns aligned to the right.
pub(super) struct Table<'a>(pub(super) &'a History);

impl fmt::Display for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let history = self.0;
        let rows = history.epoch.len();
        let epochs = history.epoch.iter().map(|epoch| epoch.saturating_add(1).to_string());
        let mut columns = vec![column("epoch", epochs)];
        for series in &history.series {
            columns.push(column(&series.name, series.by_row(rows).into_iter().map(cell)));
        }
        for line in 0..=rows {
            let mut gap = "";
            for (width, cells) in &columns {
                write!(formatter, "{gap}{:>width$}", cells[line])?;
                gap = "  ";
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// The cells of a column, its name first, and the width of the widest.
fn column(name: &str, cells: impl Iterator<Item = String>) -> (usize, Vec<String>) {
    let cells = Vec::from_iter(std::iter::once(name.to_owned()).chain(cells));
    let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
    (width, cells)
}

fn cell(value: Option<f64>) -> String {
    match value {
        Some(value) => Number { value, signed: false }.to_string(),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::validated_every_other_epoch;
    use super::*;

    #[test]
    fn columns_are_aligned_to_the_right() {
        let expected = "\
epoch    loss  val_loss
    1  1.5000         -
    2     nan    2.0000
    3  0.5000         -
    4  0.5000       inf
";
        assert_eq!(validated_every_other_epoch().table().to_string(), expected);
    }

    #[test]
    fn a_history_without_epochs_is_a_header() {
        assert_eq!(History::default().table().to_string(), "epoch\n");
    }
}
