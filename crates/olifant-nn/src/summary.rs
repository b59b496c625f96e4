//! The table of a network's layers, in Keras's layout.

use std::fmt;

use olifant_core::{Shape, Weights};

use crate::network::{Connection, Graph, GraphView, Vertex};

/// What `model.summary()` shows: print it.
///
/// The layout is that of Keras 3: 88 columns wide, or 108 if inputs and outputs of layers are more than a chain.
#[derive(Clone, Debug)]
pub struct Summary {
    name: String,
    columns: &'static [Column],
    rows: Vec<Vec<String>>,
    trainable: usize,
    state: usize,
    optimizer: usize,
}

/// A column of the table.
#[derive(Debug)]
struct Column {
    title: &'static str,
    /// A blank on each side included.
    width: usize,
    is_number: bool,
}

const fn column(title: &'static str, width: usize) -> Column {
    Column { title, width, is_number: false }
}

/// With four borders 88 wide, as in Keras.
static CHAIN: [Column; 3] = [
    column("Layer (type)", 38),
    column("Output Shape", 29),
    Column { is_number: true, ..column("Param #", 17) },
];

/// With five borders 108 wide, as in Keras.
static GRAPH: [Column; 4] = [
    column("Layer (type)", 31),
    column("Output Shape", 27),
    Column { is_number: true, ..column("Param #", 17) },
    column("Connected to", 28),
];

impl Summary {
    pub(crate) fn new(graph: &Graph, weights: &Weights) -> Summary {
        let architecture = &graph.architecture;
        let mut summary = Summary {
            name: architecture.name.clone(),
            columns: if graph.is_linear() { &CHAIN } else { &GRAPH },
            rows: Vec::new(),
            trainable: weights.trainable_parameters(),
            state: weights.state_parameters(),
            optimizer: 0,
        };
        let layers = GraphView::new(graph).layers().collect::<Vec<_>>();
        // The input of a chain has no row.
        let listed = |vertex: &Vertex| matches!(vertex, Vertex::Layer(_)) || !architecture.is_chain;
        for vertex in architecture.vertices().into_iter().filter(listed) {
            let cells = match vertex {
                Vertex::Input(input) => {
                    let input = &architecture.inputs[input];
                    let name = format!("{} (InputLayer)", input.name);
                    [name, keras_shapes(&[input.shape]), "0".into(), "-".into()]
                }
                Vertex::Layer(layer) => {
                    let (node, stage) = (&architecture.layers[layer], &graph.stages[layer]);
                    let name = format!("{} ({})", stage.name, node.layer.class_name());
                    let connected: Vec<String> =
                        layers[layer].calls.iter().flatten().map(Connection::to_string).collect();
                    [name, keras_shapes(&stage.outputs), thousands(stage.parameters), connected.join(", ")]
                }
            };
            summary.rows.push(cells.into_iter().take(summary.columns.len()).collect());
        }
        summary
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

impl Summary {
    /// A horizontal line of the table: left end, line, crossing, right end.
    fn rule(&self, f: &mut fmt::Formatter<'_>, signs: &str) -> fmt::Result {
        let signs: Vec<String> = signs.chars().map(String::from).collect();
        let lines: Vec<String> = self.columns.iter().map(|column| signs[1].repeat(column.width)).collect();
        writeln!(f, "{}{}{}", signs[0], lines.join(&signs[2]), signs[3])
    }

    /// The cells of one row, each on as many lines as it needs.
    fn row(&self, f: &mut fmt::Formatter<'_>, border: char, cells: &[String]) -> fmt::Result {
        let columns = || self.columns.iter().map(|column| (column.width - 2, column.is_number));
        let lines: Vec<Vec<String>> =
            cells.iter().zip(columns()).map(|(cell, (width, _))| wrap(cell, width)).collect();
        for number in 0..lines.iter().map(Vec::len).max().unwrap_or(0) {
            write!(f, "{border}")?;
            for (lines, (width, is_number)) in lines.iter().zip(columns()) {
                let line = lines.get(number).map_or("", String::as_str);
                if is_number {
                    write!(f, " {line:>width$} {border}")?;
                } else {
                    write!(f, " {line:<width$} {border}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Model: \"{}\"", self.name)?;
        self.rule(f, "┏━┳┓")?;
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
        self.row(f, '┃', &titles)?;
        self.rule(f, "┡━╇┩")?;
        for (number, cells) in self.rows.iter().enumerate() {
            if number > 0 {
                self.rule(f, "├─┼┤")?;
            }
            self.row(f, '│', cells)?;
        }
        self.rule(f, "└─┴┘")?;
        writeln!(f, " Total params: {}", count_and_size(self.total_parameters(), self.counter_bytes()))?;
        writeln!(f, " Trainable params: {}", count_and_size(self.trainable, 0))?;
        write!(f, " Non-trainable params: {}", count_and_size(self.state, 0))?;
        if self.optimizer > 0 {
            write!(f, "\n Optimizer params: {}", count_and_size(self.optimizer, self.counter_bytes()))?;
        }
        Ok(())
    }
}

/// `(None, 4)`, or of several outputs `[(None, 4), (None, 4)]`.
#[doc(hidden)]
pub fn keras_shapes(outputs: &[Shape]) -> String {
    let shape = |output: &Shape| {
        let axes: Vec<String> = output.axes().iter().map(|axis| format!(", {axis}")).collect();
        format!("(None{})", axes.concat())
    };
    match outputs {
        [output] => shape(output),
        _ => format!("[{}]", outputs.iter().map(shape).collect::<Vec<_>>().join(", ")),
    }
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
