//! What a network's graph has to show, before it has places.

use std::collections::{HashMap, HashSet};

use olifant_nn::{Connection, GraphView, LayerView, Vertex};

use super::{
    super::{
        PlotModel, Rankdir,
        label::Label,
        layout::{Block, Edge, End, Layout, Row, lay_out},
    },
    Diagram,
};

/// Boxes, frames, and edges between them.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) contents: Vec<Content>,
    pub(super) edges: Vec<Edge>,
    /// Which contents are the inputs and the outputs of a frame.
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    numbers: HashMap<Vertex, usize>,
    /// The ends of all edges, so that none is drawn twice.
    known: HashSet<[(usize, usize); 2]>,
}

/// Something with a place of its own.
#[derive(Debug)]
pub(super) enum Content {
    Box(Label),
    Frame(Diagram),
    /// Where an edge comes into a frame or leaves it.
    Port,
}

impl Content {
    /// Width and height.
    pub(super) fn size(&self) -> [f64; 2] {
        match self {
            Content::Box(label) => label.size(),
            Content::Frame(Diagram { width, height, .. }) => [*width, *height],
            Content::Port => [0.0; 2],
        }
    }
}

impl Items {
    /// Of a network; one that stands in a frame has ports.
    pub(super) fn of(graph: GraphView<'_>, options: &PlotModel, has_ports: bool) -> Items {
        let layers: Vec<LayerView<'_>> = graph.layers().collect();
        let mut items = Items::default();
        if has_ports {
            items.inputs = graph.inputs().map(|_| items.add(Content::Port)).collect();
        }
        items.add_vertices(graph, &layers, options);
        if has_ports {
            items.add_ports(graph);
        }
        for (number, layer) in layers.iter().enumerate() {
            let to = items.numbers[&Vertex::Layer(number)];
            for (input, connection) in layer.calls.iter().flat_map(|given| given.iter().enumerate()) {
                items.connect(connection, (to, input));
            }
        }
        items
    }

    pub(super) fn lay_out(&self, rankdir: Rankdir) -> Layout {
        let block = |(number, content): (usize, &Content)| {
            let [width, height] = content.size();
            let (across, along) = if rankdir == Rankdir::TB { (width, height) } else { (height, width) };
            let row = match content {
                Content::Port if self.inputs.contains(&number) => Row::First,
                Content::Port => Row::Last,
                _ => Row::Free,
            };
            Block { across, along, row }
        };
        let blocks: Vec<Block> = self.contents.iter().enumerate().map(block).collect();
        lay_out(&blocks, &self.edges)
    }

    fn add(&mut self, content: Content) -> usize {
        self.contents.push(content);
        self.contents.len() - 1
    }

    fn add_vertices(&mut self, graph: GraphView<'_>, layers: &[LayerView<'_>], options: &PlotModel) {
        let inputs: Vec<_> = graph.inputs().collect();
        for vertex in graph.vertices() {
            let content = match vertex {
                // As in Keras, a chain begins with its first layer.
                Vertex::Input(_) if graph.is_chain() => continue,
                Vertex::Input(input) => Content::Box(Label::input(inputs[input].0, inputs[input].1, options)),
                Vertex::Layer(layer) => match layers[layer].network().filter(|_| options.expand_nested) {
                    Some(inside) => Content::Frame(Diagram::nested(inside, layers[layer].name, options)),
                    None => Content::Box(Label::layer(&layers[layer], options)),
                },
            };
            let number = self.add(content);
            self.numbers.insert(vertex, number);
        }
    }

    /// Connects what is in a frame with what is around it.
    fn add_ports(&mut self, graph: GraphView<'_>) {
        for (input, port) in self.inputs.clone().into_iter().enumerate() {
            match self.numbers.get(&Vertex::Input(input)) {
                Some(&to) => self.add_edge((port, 0), (to, 0)),
                None => drop(self.numbers.insert(Vertex::Input(input), port)),
            }
        }
        for connection in graph.outputs() {
            let port = self.add(Content::Port);
            self.outputs.push(port);
            self.connect(&connection, (port, 0));
        }
    }

    fn connect(&mut self, connection: &Connection<'_>, to: (usize, usize)) {
        if let Some(&from) = self.numbers.get(&connection.from) {
            self.add_edge((from, connection.output), to);
        }
    }

    /// An edge from an output of one to an input of another.
    fn add_edge(&mut self, (from, output): (usize, usize), (to, input): (usize, usize)) {
        let end = |block: usize, shifts: fn(&Diagram) -> &[f64], number: usize| match &self.contents[block] {
            Content::Frame(inside) => (End { block, shift: shifts(inside)[number] }, number),
            // A box has one place for all of its edges.
            _ => (End { block, shift: 0.0 }, 0),
        };
        let (from, output) = end(from, |inside| &inside.outputs, output);
        let (to, input) = end(to, |inside| &inside.inputs, input);
        if self.known.insert([(from.block, output), (to.block, input)]) {
            self.edges.push(Edge { from, to });
        }
    }
}
