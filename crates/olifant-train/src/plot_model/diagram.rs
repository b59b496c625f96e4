//! From a network's graph to boxes, frames and edges, each with its place.

mod items;

use olifant_nn::GraphView;

use self::items::{Content, Items};
use super::{
    PlotModel, Rankdir,
    label::{Label, text_width},
    layout::{LOOP, Layout, Point, Route},
};

/// The room around the picture.
const MARGIN: f64 = 16.0;
/// The room between a frame and what is in it, beside the flow.
const PADDING: f64 = 20.0;
/// The room for a frame's title, where it stands beside the flow.
const TITLE: f64 = 32.0;
/// The size of its letters.
pub(super) const TITLE_FONT: f64 = 14.0;

/// All that is drawn. What comes later covers what came before.
#[derive(Debug)]
pub(super) struct Diagram {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) parts: Vec<Part>,
    /// Where edges come into a frame and leave it, across the flow, from the middle.
    inputs: Vec<f64>,
    outputs: Vec<f64>,
}

/// Something that is drawn.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Box { area: Area, label: Label },
    Frame { area: Area, title: String },
    Edge { from: Place, strokes: Vec<Stroke>, has_tip: bool },
}

/// A rectangle, by its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// From the left, and from the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A piece of an edge, from where the one before ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stroke {
    Line(Place),
    /// A cubic Bézier curve: two points that it bends towards, and its end.
    Curve([Place; 3]),
}

/// How the layout of a network becomes part of the picture.
struct Frame<'a> {
    rankdir: Rankdir,
    layout: &'a Layout,
    /// Where the layout begins.
    origin: Place,
    width: f64,
    height: f64,
}

impl Diagram {
    /// Of a whole network.
    pub(super) fn new(graph: GraphView<'_>, options: &PlotModel) -> Diagram {
        let items = Items::of(graph, options, false);
        let layout = items.lay_out(options.rankdir);
        let frame = Frame::around(&layout, options.rankdir, [MARGIN; 2], [MARGIN; 2], 0.0);
        frame.fill(items)
    }

    /// Of a network that is a layer, in a frame.
    fn nested(graph: GraphView<'_>, title: &str, options: &PlotModel) -> Diagram {
        let items = Items::of(graph, options, true);
        let layout = items.lay_out(options.rankdir);
        let title_width = text_width(title) * TITLE_FONT;
        let frame = match options.rankdir {
            // The title stands left of the edge that comes in, where there are no boxes yet.
            Rankdir::TB => {
                Frame::around(&layout, Rankdir::TB, [PADDING, 0.0], [PADDING, 0.0], 2.0 * title_width + 40.0)
            }
            Rankdir::LR => {
                Frame::around(&layout, Rankdir::LR, [0.0, TITLE], [0.0, PADDING], title_width + 24.0)
            }
        };
        let area = Area { x: 0.0, y: 0.0, width: frame.width, height: frame.height };
        let mut diagram = frame.fill(items);
        diagram.parts.insert(0, Part::Frame { area, title: title.to_owned() });
        diagram
    }
}

impl<'a> Frame<'a> {
    /// With this much room before and behind the layout, on each axis, and at least so wide.
    fn around(
        layout: &'a Layout,
        rankdir: Rankdir,
        before: [f64; 2],
        behind: [f64; 2],
        at_least: f64,
    ) -> Frame<'a> {
        let [width, height] = match rankdir {
            Rankdir::TB => [layout.across, layout.along],
            Rankdir::LR => [layout.along, layout.across],
        };
        let missing = (at_least - before[0] - width - behind[0]).max(0.0);
        Frame {
            rankdir,
            layout,
            origin: Place { x: before[0] + missing / 2.0, y: before[1] },
            width: before[0] + width + behind[0] + missing,
            height: before[1] + height + behind[1],
        }
    }

    fn place(&self, point: Point) -> Place {
        let Place { x, y } = self.origin;
        match self.rankdir {
            Rankdir::TB => Place { x: x + point.across, y: y + point.along },
            Rankdir::LR => Place { x: x + point.along, y: y + point.across },
        }
    }

    /// All items in their places: edges first, boxes over them.
    fn fill(self, items: Items) -> Diagram {
        let mut parts: Vec<Part> = Vec::new();
        for (edge, route) in items.edges.iter().zip(&self.layout.routes) {
            let has_tip =
                matches!(items.contents[edge.to.block], Content::Box(_)) || edge.from.block == edge.to.block;
            parts.push(self.edge(route, has_tip));
        }
        let mut diagram = Diagram {
            width: self.width,
            height: self.height,
            parts: Vec::new(),
            inputs: items.inputs.iter().map(|&port| self.shift(port)).collect(),
            outputs: items.outputs.iter().map(|&port| self.shift(port)).collect(),
        };
        for (content, &center) in items.contents.into_iter().zip(&self.layout.centers) {
            let [width, height] = content.size();
            let middle = self.place(center);
            let area = Area { x: middle.x - width / 2.0, y: middle.y - height / 2.0, width, height };
            match content {
                Content::Box(label) => parts.push(Part::Box { area, label }),
                Content::Frame(inside) => {
                    parts.extend(inside.parts.into_iter().map(|part| part.moved(area.x, area.y)))
                }
                Content::Port => {}
            }
        }
        diagram.parts = parts;
        diagram
    }

    /// How far from the middle of the frame a port is, across the flow.
    fn shift(&self, port: usize) -> f64 {
        let Place { x, y } = self.place(self.layout.centers[port]);
        match self.rankdir {
            Rankdir::TB => x - self.width / 2.0,
            Rankdir::LR => y - self.height / 2.0,
        }
    }

    fn edge(&self, route: &Route, has_tip: bool) -> Part {
        let curve = |from: Point, to: Point| {
            let along = (from.along + to.along) / 2.0;
            Stroke::Curve([Point { along, ..from }, Point { along, ..to }, to].map(|point| self.place(point)))
        };
        match route {
            Route::Through(pieces) => {
                let mut strokes = Vec::new();
                for (number, &[begin, end]) in pieces.iter().enumerate() {
                    if number > 0 {
                        strokes.push(curve(pieces[number - 1][1], begin));
                    }
                    strokes.push(Stroke::Line(self.place(end)));
                }
                Part::Edge { from: self.place(pieces[0][0]), strokes, has_tip }
            }
            Route::Loop([begin, end]) => {
                let beside = |point: Point| Point { across: point.across + LOOP, ..point };
                let curve = [beside(*begin), beside(*end), *end].map(|point| self.place(point));
                Part::Edge { from: self.place(*begin), strokes: vec![Stroke::Curve(curve)], has_tip }
            }
        }
    }
}

impl Part {
    /// The same elsewhere.
    fn moved(self, right: f64, down: f64) -> Part {
        let area_moved = |area: Area| Area { x: area.x + right, y: area.y + down, ..area };
        let place_moved = |place: Place| Place { x: place.x + right, y: place.y + down };
        match self {
            Part::Box { area, label } => Part::Box { area: area_moved(area), label },
            Part::Frame { area, title } => Part::Frame { area: area_moved(area), title },
            Part::Edge { from, strokes, has_tip } => {
                let stroke = |stroke: Stroke| match stroke {
                    Stroke::Line(end) => Stroke::Line(place_moved(end)),
                    Stroke::Curve(points) => Stroke::Curve(points.map(place_moved)),
                };
                Part::Edge {
                    from: place_moved(from),
                    strokes: strokes.into_iter().map(stroke).collect(),
                    has_tip,
                }
            }
        }
    }
}
