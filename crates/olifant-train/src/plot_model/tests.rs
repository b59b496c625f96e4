#![allow(clippy::unwrap_used)]

use std::fs;

use olifant_core::{Shape, Var};
use olifant_nn::{
    Activation, BuildError, CallOn, Functional, Input, Layer, Named, Network, Sequential, SharedLayer,
    Symbol, Trainable, WeightBuilder,
    layers::{Add, Dense, Flatten, LSTM, LeakyReLU},
};
use serde::{Deserialize, Serialize, Serializer};

use super::{
    diagram::{Area, Diagram, Part, Place, Stroke},
    *,
};

/// Two inputs, a shared network, a residual, two outputs.
fn siblings() -> Network {
    let (left, right) = (Input::named("left", [8]), Input::named("right", [8]));
    let encoder = Sequential::new([8]).add(Dense::new(8).activation(Activation::Relu)).add(Dense::new(4));
    let encoder = SharedLayer::new(encoder.named("encoder"));
    let (a, b) = (encoder.on(&left), encoder.on(&right));
    let x = Dense::new(4).activation(Activation::Tanh).trainable(false).named("mix").on(&a);
    let sum = Add::new().on([&x, &b, &a]);
    let outputs = [Dense::new(1).named("score").on(&sum), Dense::new(2).named("class").on(&x)];
    Functional::new([&left, &right], &outputs).name("siblings").build(0).unwrap()
}

/// Any graph: branches, layers and networks that are called again on what came of them, networks in networks.
fn any_network(seed: u64) -> Network {
    let mut state = seed;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let chain = |length| (0..length).fold(Sequential::new([4]), |chain, _| chain.add(Dense::new(4)));
    let pair = || {
        let (a, b) = (Input::new([4]), Input::new([4]));
        let x = SharedLayer::new(chain(2)).on(&a);
        Functional::new([&a, &b], [&Add::new().on([&x, &b]), &Dense::new(4).on(&b)])
    };
    let (shared, tower) = (SharedLayer::new(Dense::new(4)), SharedLayer::new(chain(1).add(chain(3))));
    let inputs = [Input::new([4]), Input::new([4]), Input::new([4])];
    let mut values: Vec<Symbol> = inputs.to_vec();
    for _ in 0..4 + draw(20) {
        let picked: Vec<Symbol> = (0..3).map(|_| values[draw(values.len())].clone()).collect();
        match draw(6) {
            0 | 1 => values.push(Dense::new(4).on(&picked[0])),
            2 => values.push(Add::new().on(&picked)),
            3 => values.push(shared.on(&picked[0])),
            4 => values.push(tower.on(&picked[0])),
            _ => values.extend::<[Symbol; 2]>(pair().on_several([&picked[0], &picked[1]])),
        }
    }
    let rest = values.split_off(inputs.len());
    let last = Add::new().on([&inputs[..], &rest[rest.len() - 2..]].concat());
    Functional::new(&inputs, [&last, &rest[rest.len() / 2]]).build(0).unwrap()
}

fn every_option() -> PlotModel {
    let options = PlotModel::new().show_shapes(true).show_trainable(true).show_layer_activations(true);
    options.expand_nested(true).show_layer_names(true)
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

fn contains(outer: &Area, inner: &Area) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

fn is_on_border(area: &Area, place: Place) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let (right, bottom) = (area.x + area.width, area.y + area.height);
    let beside = place.x > area.x - 1e-6 && place.x < right + 1e-6;
    let between = place.y > area.y - 1e-6 && place.y < bottom + 1e-6;
    beside && (near(place.y, area.y) || near(place.y, bottom))
        || between && (near(place.x, area.x) || near(place.x, right))
}

/// Places along an edge, close to each other.
fn walked(from: Place, strokes: &[Stroke]) -> Vec<Place> {
    let mut places = vec![from];
    for stroke in strokes {
        let begin = places[places.len() - 1];
        let [near, far, end] = match *stroke {
            Stroke::Line(end) => [begin, end, end],
            Stroke::Curve(points) => points,
        };
        places.extend((1..=32).map(|step| {
            let (t, u) = (f64::from(step) / 32.0, 1.0 - f64::from(step) / 32.0);
            let mix = |a: f64, b: f64, c: f64, d: f64| {
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            Place { x: mix(begin.x, near.x, far.x, end.x), y: mix(begin.y, near.y, far.y, end.y) }
        }));
    }
    places
}

/// Whether boxes stand apart and in their frames, and edges lead from border to border without crossing a box.
fn check(diagram: &Diagram, what: &str) {
    let mut boxes = Vec::new();
    let mut frames = Vec::new();
    for part in &diagram.parts {
        match part {
            Part::Box { area, .. } => boxes.push(*area),
            Part::Frame { area, .. } => frames.push(*area),
            Part::Edge { .. } => {}
        }
    }
    let page = Area { x: 0.0, y: 0.0, width: diagram.width, height: diagram.height };
    for (number, area) in boxes.iter().enumerate() {
        assert!(contains(&page, area), "{what}: {area:?} is outside");
        assert!(boxes[..number].iter().all(|other| !overlap(area, other)), "{what}: {area:?} overlaps");
        assert!(
            frames.iter().all(|frame| !overlap(area, frame) || contains(frame, area)),
            "{what}: {area:?}"
        );
    }
    for (number, area) in frames.iter().enumerate() {
        let apart = |other: &Area| !overlap(area, other) || contains(other, area) || contains(area, other);
        assert!(frames[..number].iter().all(apart), "{what}: {area:?} overlaps a frame");
    }
    for part in &diagram.parts {
        let Part::Edge { from, strokes, .. } = part else { continue };
        let places = walked(*from, strokes);
        for end in [places[0], places[places.len() - 1]] {
            let meets = |area: &Area| is_on_border(area, end);
            assert!(boxes.iter().chain(&frames).any(meets), "{what}: an edge ends in the void at {end:?}");
        }
        for place in places {
            let inside = |area: &&Area| {
                place.x > area.x + 1e-6
                    && place.x < area.x + area.width - 1e-6
                    && place.y > area.y + 1e-6
                    && place.y < area.y + area.height - 1e-6
            };
            assert_eq!(boxes.iter().find(inside), None, "{what}: an edge crosses a box at {place:?}");
        }
    }
}

/// Whether a text is XML, as far as such pictures use it.
fn check_xml(text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').unwrap();
        assert!(!before.contains('>'), "{before}");
        for entity in before.split('&').skip(1).chain(tag.split('&').skip(1)) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|name| entity.starts_with(name)), "{entity}");
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
        rest = behind;
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
}

#[test]
fn boxes_stand_apart_and_edges_lead_from_box_to_box() {
    let networks = (0..60).map(any_network).chain([siblings()]);
    for (number, network) in networks.enumerate() {
        for rankdir in [Rankdir::TB, Rankdir::LR] {
            for options in [PlotModel::new(), every_option()].map(|options| options.rankdir(rankdir)) {
                check(&Diagram::new(network.graph(), &options), &format!("network {number}, {options:?}"));
                let svg = options.svg(&network);
                check_xml(&svg);
                assert_eq!(options.svg(&network), svg);
            }
        }
    }
}

#[test]
fn a_small_picture_is_drawn_as_ever() {
    let svg = every_option().svg(&siblings());
    assert_eq!(svg, include_str!("../../tests/files/siblings.svg"));
}

#[test]
fn a_chain_begins_with_its_first_layer_and_a_graph_with_its_inputs() {
    let chain = Sequential::new([2, 2]).add(Flatten::new()).add(Dense::new(3)).build(0).unwrap();
    let named = PlotModel::new().show_layer_names(true);
    let svg = named.svg(&chain);
    assert!(
        !svg.contains("InputLayer") && svg.contains(">flatten</text>") && svg.contains(">(Flatten)</text>")
    );
    assert_eq!(
        svg.matches(" L").count() - svg.matches("Z\"").count() * 2,
        2,
        "one edge of two pieces: {svg}"
    );
    let svg = named.svg(&siblings());
    assert!(
        svg.contains(">left</text>") && svg.contains(">right</text>") && svg.contains(">(InputLayer)</text>")
    );
}

#[test]
fn each_option_shows_what_keras_shows() {
    let network = siblings();
    let shows = |options: PlotModel, text: &str| options.svg(&network).contains(text);
    for (options, text) in [
        (PlotModel::new().show_shapes(true), ">(None, 8)</text>"),
        (PlotModel::new().show_shapes(true), ">Input shape:</text>"),
        (PlotModel::new().show_shapes(true), "[(None, 4), (None, 4), (None, 4)]"),
        (PlotModel::new().show_layer_activations(true), ">tanh</text>"),
        (PlotModel::new().show_layer_activations(true), ">linear</text>"),
        (PlotModel::new().show_trainable(true), ">Trainable</text>"),
        (PlotModel::new().show_trainable(true), ">Non-trainable</text>"),
        (PlotModel::new().show_layer_names(true), ">mix</text>"),
        (PlotModel::new().show_layer_names(true), ">(Dense)</text>"),
        (PlotModel::new().show_layer_names(true).expand_nested(true), ">dense_1</text>"),
    ] {
        assert!(shows(options, text) && !shows(PlotModel::new(), text), "{text}");
    }
    assert!(shows(PlotModel::new(), ">Dense</text>") && shows(PlotModel::new(), ">Sequential</text>"));
    assert!(!shows(PlotModel::new().show_layer_names(true), ">Dense</text>"));
    assert!(!shows(PlotModel::new().expand_nested(true), ">Sequential</text>"));
    let [tb, lr] = [Rankdir::TB, Rankdir::LR].map(|rankdir| PlotModel::new().rankdir(rankdir).svg(&network));
    assert_ne!(tb, lr);
}

#[test]
fn activations_of_all_kinds_are_named() {
    let chain = Sequential::new([3, 2])
        .add(LSTM::new(2))
        .add(Dense::new(2).activation(Activation::LeakyRelu { negative_slope: 0.1 }))
        .add(LeakyReLU::new());
    let svg = PlotModel::new().show_layer_activations(true).svg(&chain.build(0).unwrap());
    let shown = svg.split(">Activation:</text>").skip(1);
    let shown: Vec<&str> = shown.map(|rest| rest.split(['<', '>']).nth(2).unwrap()).collect();
    assert_eq!(shown, ["tanh", "leaky_relu"], "a layer that is an activation has none");
}

/// A layer that must not be written.
#[derive(Debug, Deserialize)]
struct Unwritten;

impl Serialize for Unwritten {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("the layer is written")
    }
}

#[typetag::serde(name = "plot_model_test/unwritten")]
impl Layer for Unwritten {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x
    }
}

#[test]
fn layers_are_written_only_for_their_activations() {
    let network = Sequential::new([2]).add(Unwritten).build(0).unwrap();
    assert!(PlotModel::new().show_shapes(true).svg(&network).contains(">Unwritten</text>"));
}

#[test]
fn names_and_titles_are_escaped() {
    let inner = Sequential::new([2]).add(Dense::new(2).named("a<b & \"c\"")).named("<frame>");
    let network = Sequential::new([2]).name("<&>").add(inner).build(0).unwrap();
    let svg = every_option().svg(&network);
    check_xml(&svg);
    assert!(
        svg.contains("<title>&lt;&amp;&gt;</title>")
            && svg.contains("a&lt;b &amp;")
            && svg.contains("&lt;frame&gt;")
    );
}

#[test]
fn a_layer_called_on_its_own_output_has_a_loop() {
    let (input, layer) = (Input::new([4]), SharedLayer::new(Dense::new(4)));
    let network = Functional::new(&input, &layer.on(&layer.on(&input))).build(0).unwrap();
    for rankdir in [Rankdir::TB, Rankdir::LR] {
        let diagram = Diagram::new(network.graph(), &PlotModel::new().rankdir(rankdir));
        check(&diagram, "loop");
        let is_edge = |part: &&Part| matches!(part, Part::Edge { .. });
        assert_eq!(diagram.parts.iter().filter(is_edge).count(), 2);
    }
}

#[test]
fn long_chains_are_drawn_at_once() {
    let chain = (0..3000).fold(Sequential::new([2]), |chain, _| chain.add(Flatten::new()));
    let diagram = Diagram::new(chain.build(0).unwrap().graph(), &PlotModel::new());
    assert_eq!(diagram.parts.len(), 5999);
}

#[test]
fn a_file_is_written_whole_or_the_error_names_it() {
    let (directory, network) = (tempfile::tempdir().unwrap(), siblings());
    let path = directory.path().join("model.SVG");
    plot_model(&network, &path, PlotModel::new()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), PlotModel::new().svg(&network));
    let text = |path: &Path| plot_model(&network, path, PlotModel::new()).unwrap_err().to_string();
    assert_eq!(
        text(Path::new("model.png")),
        "cannot plot to `model.png`: models are drawn as SVG, so the name must end in `.svg`"
    );
    let missing = directory.path().join("none/model.svg");
    let error = text(&missing);
    assert!(error.starts_with(&format!("cannot write `{}`", missing.display())), "{error}");
    assert!(error.contains("create the directory"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left over");
}
