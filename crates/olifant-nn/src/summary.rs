//! The table of a network's layers, in Keras's layout.

use std::fmt;

use olifant_core::{Shape, Weights};

/// What `model.summary()` shows: print it.
///
/// The layout is that of Keras 3, 88 columns wide.
#[derive(Clone, Debug)]
pub struct Summary {
    name: String,
    rows: Vec<[String; 3]>,
    trainable: usize,
    state: usize,
    optimizer: usize,
}

/// The inner widths of the columns, a blank on each side included: with four borders 88, as in Keras.
const WIDTHS: [usize; 3] = [38, 29, 17];
const HEADER: [&str; 3] = ["Layer (type)", "Output Shape", "Param #"];

impl Summary {
    pub(crate) fn new(name: &str, weights: &Weights) -> Summary {
        Summary {
            name: name.into(),
            rows: Vec::new(),
            trainable: weights.trainable_parameters(),
            state: weights.state_parameters(),
            optimizer: 0,
        }
    }

    pub(crate) fn layer(&mut self, name: &str, class: &str, output: &Shape, parameters: usize) {
        let axes: Vec<String> = output.axes().iter().map(|axis| format!(", {axis}")).collect();
        let shape = format!("(None{})", axes.concat());
        self.rows.push([format!("{name} ({class})"), shape, thousands(parameters)]);
    }

    /// Adds the numbers that an optimizer keeps to the totals: its slots and counters.
    pub fn optimizer_parameters(mut self, count: usize) -> Summary {
        self.optimizer = count;
        self
    }

    /// An optimizer's counter of steps takes eight bytes, four more than other numbers.
    fn counter_bytes(&self) -> usize {
        if self.optimizer > 0 { 4 } else { 0 }
    }

    /// How many numbers there are in all: weights, state, and what the optimizer keeps.
    pub fn total_parameters(&self) -> usize {
        self.trainable + self.state + self.optimizer
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Model: \"{}\"", self.name)?;
        rule(f, '┏', '━', '┳', '┓')?;
        row(f, '┃', &HEADER.map(String::from))?;
        rule(f, '┡', '━', '╇', '┩')?;
        for (number, cells) in self.rows.iter().enumerate() {
            if number > 0 {
                rule(f, '├', '─', '┼', '┤')?;
            }
            row(f, '│', cells)?;
        }
        rule(f, '└', '─', '┴', '┘')?;
        writeln!(f, " Total params: {}", count_and_size(self.total_parameters(), self.counter_bytes()))?;
        writeln!(f, " Trainable params: {}", count_and_size(self.trainable, 0))?;
        write!(f, " Non-trainable params: {}", count_and_size(self.state, 0))?;
        if self.optimizer > 0 {
            write!(f, "\n Optimizer params: {}", count_and_size(self.optimizer, self.counter_bytes()))?;
        }
        Ok(())
    }
}

/// A horizontal line of the table.
fn rule(f: &mut fmt::Formatter<'_>, left: char, line: char, cross: char, right: char) -> fmt::Result {
    let cells = WIDTHS.map(|width| line.to_string().repeat(width));
    writeln!(f, "{left}{}{right}", cells.join(&cross.to_string()))
}

/// The cells of one row, each on as many lines as it needs.
fn row(f: &mut fmt::Formatter<'_>, border: char, cells: &[String; 3]) -> fmt::Result {
    let lines: Vec<Vec<String>> =
        cells.iter().zip(WIDTHS).map(|(cell, width)| wrap(cell, width - 2)).collect();
    for number in 0..lines.iter().map(Vec::len).max().unwrap_or(0) {
        let line = |column: usize| lines[column].get(number).map_or("", String::as_str);
        let [first, second, third] = WIDTHS.map(|width| width - 2);
        write!(f, "{border} {:<first$} {border} {:<second$} {border}", line(0), line(1))?;
        writeln!(f, " {:>third$} {border}", line(2))?;
    }
    Ok(())
}

/// Breaks a text between words; a word longer than a line is cut with an ellipsis.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let length = word.chars().count();
        let cut = if length > width {
            word.chars().take(width - 1).chain(['…']).collect()
        } else {
            word.to_string()
        };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= width => {
                line.push(' ');
                line.push_str(&cut);
            }
            _ => lines.push(cut),
        }
    }
    lines
}

/// `235500` as `235,500`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of parameters and the memory they take: `266,610 (1.02 MB)`.
fn count_and_size(count: usize, extra_bytes: usize) -> String {
    let bytes = (4 * count + extra_bytes) as f64;
    let (size, unit) = [(1_u64 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")]
        .into_iter()
        .map(|(scale, unit)| (bytes / scale as f64, unit))
        .find(|(size, _)| *size >= 1.0)
        .unwrap_or((bytes, "B"));
    format!("{} ({size:.2} {unit})", thousands(count))
}
