//! The text of the SVG file.

use std::fmt::Write;

use super::{
    diagram::{Area, Diagram, Part, Place, Stroke, TITLE_FONT},
    label::{Cell, GAP, Kind, Label, Text, row_height},
};

const DARK: &str = "#1f2937";
const LINE: &str = "#4b5563";
const GREEN: &str = "#228b22";
const RED: &str = "#b22222";
/// Length and half width of the tip of an arrow.
const TIP: [f64; 2] = [9.0, 4.0];

/// Draws everything.
pub(super) fn draw(diagram: &Diagram, title: &str) -> String {
    let (width, height) = (number(diagram.width), number(diagram.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        escaped(title)
    );
    for part in &diagram.parts {
        match part {
            Part::Box { area, label } => svg += &labelled_box(area, label),
            Part::Frame { area, title } => svg += &frame(area, title),
            Part::Edge { from, strokes, has_tip } => svg += &edge(*from, strokes, *has_tip),
        }
    }
    svg + "</svg>\n"
}

fn labelled_box(area: &Area, label: &Label) -> String {
    let mut svg = String::from("<g>\n");
    let mut y = area.y;
    for row in &label.rows {
        let height = row_height(row);
        // Cells share out what is left of the row's width.
        let room = (area.width - row.iter().map(Cell::width).sum::<f64>()) / row.len() as f64;
        let mut x = area.x;
        for cell in row {
            let width = cell.width() + room;
            svg += &drawn_cell(cell, &Area { x, y, width, height });
            x += width;
        }
        y += height;
    }
    svg + "</g>\n"
}

fn drawn_cell(cell: &Cell, area: &Area) -> String {
    let (fill, ink) = match cell.kind {
        Kind::Header => (DARK, "white"),
        Kind::Fact => ("white", DARK),
        Kind::Trainable => (GREEN, "white"),
        Kind::Frozen => (RED, "white"),
    };
    let mut svg = rectangle(area, &format!("fill=\"{fill}\" stroke=\"{DARK}\""));
    let y = area.y + area.height / 2.0 + 0.35 * cell.font_size();
    let begin = area.x + (area.width - cell.text_width()) / 2.0;
    // Two parts stand on both sides of where they meet, so that they meet whatever the font is.
    let meeting = begin + cell.texts[0].width(cell.font_size());
    let anchors = match cell.texts.len() {
        1 => [(area.x + area.width / 2.0, "middle"), (0.0, "")],
        _ => [(meeting, "end"), (meeting + GAP, "start")],
    };
    for (Text { text, is_bold }, (x, anchor)) in cell.texts.iter().zip(anchors) {
        let weight = if *is_bold { " font-weight=\"bold\"" } else { "" };
        svg += &format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{weight} fill=\"{ink}\" text-anchor=\"{anchor}\">{}</text>\n",
            number(x),
            number(y),
            cell.font_size(),
            escaped(text)
        );
    }
    svg
}

fn frame(area: &Area, title: &str) -> String {
    format!(
        "{}<text x=\"{}\" y=\"{}\" font-size=\"{TITLE_FONT}\" font-weight=\"bold\" fill=\"{LINE}\">{}</text>\n",
        rectangle(area, &format!("fill=\"#f3f4f6\" stroke=\"{LINE}\" stroke-dasharray=\"6 4\" rx=\"6\"")),
        number(area.x + 10.0),
        number(area.y + 21.0),
        escaped(title)
    )
}

fn rectangle(area: &Area, style: &str) -> String {
    let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(number);
    format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {style}/>\n")
}

fn edge(from: Place, strokes: &[Stroke], has_tip: bool) -> String {
    let mut path = format!("M{}", point(from));
    let mut before = from;
    let mut tip = String::new();
    for (position, stroke) in strokes.iter().enumerate() {
        let (near, end) = match *stroke {
            Stroke::Line(end) => (before, end),
            Stroke::Curve([_, near, end]) => (near, end),
        };
        before = end;
        let mut stop = end;
        if has_tip && position + 1 == strokes.len() {
            (tip, stop) = arrow_tip(near, end);
        }
        // Writing to a text cannot fail.
        let _ = match *stroke {
            Stroke::Line(_) => write!(path, " L{}", point(stop)),
            Stroke::Curve([first, second, _]) => {
                write!(path, " C{} {} {}", point(first), point(second), point(stop))
            }
        };
    }
    format!("<path d=\"{path}\" fill=\"none\" stroke=\"{LINE}\" stroke-width=\"1.5\"/>\n{tip}")
}

/// The tip of an arrow that comes from near its end, and where its line stops.
fn arrow_tip(near: Place, end: Place) -> (String, Place) {
    let length = (end.x - near.x).hypot(end.y - near.y).max(f64::MIN_POSITIVE);
    let (dx, dy) = ((end.x - near.x) / length, (end.y - near.y) / length);
    let [long, half] = TIP;
    let corner = |side: f64| Place {
        x: end.x - long * dx - side * half * dy,
        y: end.y - long * dy + side * half * dx,
    };
    let tip = format!(
        "<path d=\"M{} L{} L{} Z\" fill=\"{LINE}\"/>\n",
        point(end),
        point(corner(1.0)),
        point(corner(-1.0))
    );
    (tip, Place { x: end.x - 0.8 * long * dx, y: end.y - 0.8 * long * dy })
}

fn point(place: Place) -> String {
    format!("{},{}", number(place.x), number(place.y))
}

/// With one decimal, if it has any.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// As the content of an XML element.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            // XML cannot contain these at all.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}')
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_so_that_the_file_stays_xml() {
        assert_eq!(escaped("a<b> & \u{1}ö"), "a&lt;b&gt; &amp; \u{fffd}ö");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, -0.04, 2.25, 100.0].map(number), ["1", "0", "2.2", "100"]);
    }
}
