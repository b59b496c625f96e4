//! A named curve: lines between neighbours, markers, gaps where a value cannot be drawn.

use kuva::plot::LinePlot;
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::render::plots::Plot;

/// Above so many points markers would hide the line.
const POINTS_WITH_MARKERS: usize = 30;

pub(super) struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
    color: &'static str,
    marker: MarkerShape,
    show_markers: bool,
}

impl Curve {
    /// A curve through (epoch, value).
    pub(super) fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        let show_markers = points.len() <= POINTS_WITH_MARKERS;
        Curve { name: name.to_owned(), points, color: "black", marker: MarkerShape::Circle, show_markers }
    }

    pub(super) fn color(self, color: &'static str) -> Self {
        Curve { color, ..self }
    }

    pub(super) fn marker(self, marker: MarkerShape) -> Self {
        Curve { marker, ..self }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The values that are drawn.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> + Clone {
        self.points.iter().map(|&(_, value)| value).filter(|value| can_be_drawn(*value))
    }

    /// Many points along the lines between the values that are drawn.
    pub(super) fn path(&self) -> impl Iterator<Item = (f64, f64)> {
        let drawn = |point: &(f64, f64)| can_be_drawn(point.1);
        let lone = self.points.iter().copied().filter(drawn);
        let lines = self.points.windows(2).filter(move |pair| pair.iter().all(drawn));
        let between = lines.flat_map(|pair| {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let shares = (1..20).map(|step| f64::from(step) / 20.0);
            shares.map(move |share| (x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
        });
        lone.chain(between)
    }

    /// A line for each unbroken stretch, and the markers; the first line carries the name if there is a legend.
    pub(super) fn to_plots(&self, in_legend: bool) -> Vec<Plot> {
        let stretches = self.points.split(|&(_, value)| !can_be_drawn(value));
        let stretches = Vec::from_iter(stretches.filter(|stretch| !stretch.is_empty()));
        let mut plots = Vec::new();
        for (index, stretch) in stretches.iter().enumerate() {
            let line = LinePlot::new().with_data(stretch.to_vec()).with_color(self.color);
            let line = if index == 0 && in_legend { line.with_legend(&self.name) } else { line };
            plots.push(Plot::Line(line));
        }
        // A point without neighbours has no line that would show it.
        let marked = stretches.iter().filter(|stretch| self.show_markers || stretch.len() == 1);
        let marked = marked.flat_map(|stretch| stretch.iter().copied());
        let markers = ScatterPlot::new().with_data(marked).with_color(self.color);
        plots.push(Plot::Scatter(markers.with_marker(self.marker).with_size(4.0)));
        plots
    }
}

/// NaN and infinity have no place on an axis, and numbers near the largest leave no room for its ends.
fn can_be_drawn(value: f64) -> bool {
    value.abs() < 1e100
}
