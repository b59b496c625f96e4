//! What stands in the box of a layer, and how much room it takes.

use olifant_core::Shape;
use olifant_nn::{LayerView, keras_shapes};

use super::PlotModel;

const HEADER_HEIGHT: f64 = 38.0;
const CELL_HEIGHT: f64 = 34.0;
/// The room around a text, both sides together.
const PADDING: f64 = 22.0;
/// Between the parts of a text.
pub(super) const GAP: f64 = 5.0;

/// Rows of cells, one below the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A text of one or two parts, of which one is bold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) kind: Kind,
    pub(super) texts: Vec<Text>,
}

/// A part of a cell's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) is_bold: bool,
}

/// What a cell is about, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Header,
    Fact,
    Trainable,
    Frozen,
}

impl Label {
    /// Of an input of the network.
    pub(super) fn input(name: &str, shape: Shape, options: &PlotModel) -> Label {
        let mut rows = vec![vec![header(name, "InputLayer", options)]];
        if options.show_shapes {
            rows.push(vec![fact("Output shape:", keras_shapes(&[shape]))]);
        }
        Label { rows }
    }

    /// Of a layer.
    pub(super) fn layer(view: &LayerView<'_>, options: &PlotModel) -> Label {
        let mut rows = vec![vec![header(view.name, view.layer.class_name(), options)]];
        let shown = options.show_layer_activations.then_some(view);
        if let Some(activation) = shown.and_then(activation) {
            rows.push(vec![fact("Activation:", activation)]);
        }
        let mut facts = Vec::new();
        if options.show_shapes {
            let inputs: Vec<Shape> = view.calls[0].iter().map(|input| input.shape).collect();
            facts.push(fact("Input shape:", keras_shapes(&inputs)));
            facts.push(fact("Output shape:", keras_shapes(view.outputs)));
        }
        if options.show_trainable && view.parameters > 0 {
            let (kind, text) =
                if view.trainable { (Kind::Trainable, "Trainable") } else { (Kind::Frozen, "Non-trainable") };
            facts.push(Cell { kind, texts: vec![bold(text)] });
        }
        if !facts.is_empty() {
            rows.push(facts);
        }
        Label { rows }
    }

    /// Width and height of the box.
    pub(super) fn size(&self) -> [f64; 2] {
        let width = |row: &Vec<Cell>| row.iter().map(Cell::width).sum();
        [self.rows.iter().map(width).fold(0.0, f64::max), self.rows.iter().map(|row| row_height(row)).sum()]
    }
}

/// The height of a row of cells.
pub(super) fn row_height(row: &[Cell]) -> f64 {
    if row.iter().any(|cell| cell.kind == Kind::Header) { HEADER_HEIGHT } else { CELL_HEIGHT }
}

impl Cell {
    /// The size of the letters.
    pub(super) fn font_size(&self) -> f64 {
        if self.kind == Kind::Header { 16.0 } else { 14.0 }
    }

    /// The width of the text, as far as the font is known.
    pub(super) fn text_width(&self) -> f64 {
        let gaps = GAP * (self.texts.len() - 1) as f64;
        self.texts.iter().map(|text| text.width(self.font_size())).sum::<f64>() + gaps
    }

    /// The least width of the cell.
    pub(super) fn width(&self) -> f64 {
        self.text_width() + PADDING
    }
}

impl Text {
    pub(super) fn width(&self, font_size: f64) -> f64 {
        text_width(&self.text) * font_size * if self.is_bold { 1.08 } else { 1.0 }
    }
}

fn bold(text: impl Into<String>) -> Text {
    Text { text: text.into(), is_bold: true }
}

fn plain(text: impl Into<String>) -> Text {
    Text { text: text.into(), is_bold: false }
}

fn header(name: &str, class: &str, options: &PlotModel) -> Cell {
    let texts = if options.show_layer_names {
        vec![bold(name), plain(format!("({class})"))]
    } else {
        vec![bold(class)]
    };
    Cell { kind: Kind::Header, texts }
}

fn fact(before: &str, value: String) -> Cell {
    Cell { kind: Kind::Fact, texts: vec![plain(before), bold(value)] }
}

/// The name of a layer's activation, if it has one, as its description says.
fn activation(view: &LayerView<'_>) -> Option<String> {
    let options = serde_json::to_value(view.layer).ok()?;
    let name = match options.get("activation")? {
        serde_json::Value::String(name) => name,
        // One with options of its own.
        serde_json::Value::Object(options) => options.keys().next()?,
        _ => return None,
    };
    Some(name.trim_end_matches("_with").to_owned())
}

/// The width of a text in ems, for a font like Helvetica, and a little more, as others are wider.
pub(super) fn text_width(text: &str) -> f64 {
    let width = |letter: char| match letter {
        'i' | 'j' | 'l' | '\'' => 0.23,
        'f' | 't' | 'I' | ' ' | '.' | ',' | ':' | ';' | '/' | '!' | '[' | ']' | '|' => 0.28,
        'r' | '(' | ')' | '-' | '`' | '{' | '}' | '"' | '*' => 0.36,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.5,
        'm' | 'M' | 'W' | '%' | '@' => 0.9,
        'w' | 'A'..='Z' | '&' => 0.72,
        '\0'..='\u{7f}' => 0.57,
        // Letters of other alphabets, then signs of Asia.
        '\u{80}'..='\u{10ff}' => 0.65,
        _ => 1.0,
    };
    1.06 * text.chars().map(width).sum::<f64>()
}
