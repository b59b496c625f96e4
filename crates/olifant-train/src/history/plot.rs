//! Pictures of a run: learning curves, and the learning rate beside the validation loss.

mod axis;
mod curve;
mod legend;

use std::path::{Path, PathBuf};

use kuva::backend::svg::SvgBackend;
use kuva::plot::scatter::MarkerShape;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::render::{Scene, render_multiple, render_twin_y};

use self::axis::{Range, label, whole_step};
use self::curve::Curve;
use self::legend::free_place;
use super::History;
use crate::atomic_file::{WriteError, write_atomically};
use olifant_nn::known_names;

const BLUE: &str = "#1f77b4";
const ORANGE: &str = "#ff7f0e";
const RED: &str = "#d62728";

/// A plot could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The history has no epochs.
    #[error("cannot plot `{metric}`: the history has no epochs; train for at least one first")]
    NoEpochs {
        /// What was to be plotted.
        metric: String,
    },
    /// No epoch recorded this name.
    #[error("cannot plot `{metric}`: the history has no such name ({known})")]
    UnknownMetric {
        /// What was to be plotted.
        metric: String,
        /// The names there are, and the likeliest of them.
        known: String,
    },
    /// No epoch has a value that could be drawn.
    #[error("cannot plot `{metric}`: it is NaN or infinite in every epoch")]
    NothingFinite {
        /// What was to be plotted.
        metric: String,
    },
    /// The extension of the path names no picture format.
    #[error("cannot plot to `{}`: the extension decides the format and must be `.svg` or `.png`", path.display())]
    UnknownFormat {
        /// The path given.
        path: PathBuf,
    },
    /// The picture could not be encoded.
    #[error("cannot plot to `{}`: {message}", path.display())]
    Encode {
        /// The path given.
        path: PathBuf,
        /// What the encoder said.
        message: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl History {
    /// Draws the learning curves of a metric: its training and its validation values over the epochs.
    ///
    /// The extension of the path decides the format, `.svg` or `.png`.
    /// Epochs count from 1; a NaN or infinite value is a gap in the curve.
    ///
    /// # Errors
    ///
    /// If there are no epochs, no such metric or no finite value of it, if the extension is another, or if the
    /// file cannot be written.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use olifant_train::{History, Params};
    /// # let history = History::new(Params::default());
    /// history.plot("loss", "loss.svg")?;
    /// history.plot("accuracy", "accuracy.png")?;
    /// # Ok::<(), olifant_train::PlotError>(())
    /// ```
    pub fn plot(&self, metric: &str, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let format = Format::of(path.as_ref())?;
        let validation = format!("val_{metric}");
        let mut curves = vec![self.curve(metric)?.color(BLUE)];
        if self.get(&validation).is_some() {
            curves.push(self.curve(&validation)?.color(ORANGE));
        }
        let range = finite_range(&curves, metric)?;
        let has_legend = curves.len() > 1;
        let plots = Vec::from_iter(curves.iter().flat_map(|curve| curve.to_plots(has_legend)));
        let legend = free_place(&Vec::from_iter(curves.iter().map(|c| (c, range))), self.epochs());
        let layout = self
            .layout(Layout::auto_from_plots(&plots), range)
            .with_title(title(metric, has_legend))
            .with_y_label(metric)
            .with_legend_position(legend);
        format.write(path.as_ref(), &render_multiple(plots, layout))
    }

    /// Draws the learning rate over the epochs (left axis), and `val_loss` if it was recorded (right axis).
    ///
    /// The learning rate is recorded by the callbacks that change it.
    /// The extension of the path decides the format, `.svg` or `.png`.
    ///
    /// # Errors
    ///
    /// As [`plot`](History::plot); the metrics are `learning_rate` and `val_loss`.
    pub fn plot_learning_rate(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        if self.get("val_loss").is_none() {
            return self.plot("learning_rate", path);
        }
        let format = Format::of(path.as_ref())?;
        let rate = self.curve("learning_rate")?.color(BLUE);
        let loss = self.curve("val_loss")?.color(RED).marker(MarkerShape::Triangle);
        let rate_range = finite_range([&rate], "learning_rate")?;
        let loss_range = finite_range([&loss], "val_loss")?;
        let legend = free_place(&[(&rate, rate_range), (&loss, loss_range)], self.epochs());
        let (left, right) = (rate.to_plots(true), loss.to_plots(true));
        let layout = self
            .layout(Layout::auto_from_twin_y_plots(&left, &right), rate_range)
            .with_title("Learning rate and validation loss")
            .with_y_label("learning_rate")
            .with_y2_label("val_loss")
            .with_y2_axis_min(loss_range.low)
            .with_y2_axis_max(loss_range.high)
            .with_y2_tick_format(tick_labels())
            .with_legend_position(legend);
        format.write(path.as_ref(), &render_twin_y(left, right, layout))
    }

    fn curve(&self, name: &str) -> Result<Curve, PlotError> {
        let metric = name.to_owned();
        if self.epoch.is_empty() {
            return Err(PlotError::NoEpochs { metric });
        }
        let Some(index) = self.position(name) else {
            return Err(PlotError::UnknownMetric { known: known_names(name, self.names()), metric });
        };
        let series = &self.series[index];
        let epochs = series.rows.iter().map(|&row| one_based(self.epoch[row]));
        Ok(Curve::new(name, epochs.zip(series.values.iter().copied()).collect()))
    }

    /// What both kinds of plot share: size, horizontal axis, left axis.
    fn layout(&self, layout: Layout, range: Range) -> Layout {
        let epochs = self.epochs();
        layout
            .with_width(720.0)
            .with_height(480.0)
            .with_x_label("epoch")
            .with_x_axis_min(epochs.low)
            .with_x_axis_max(epochs.high)
            .with_x_tick_step(whole_step(epochs.high - epochs.low))
            .with_x_tick_format(TickFormat::Integer)
            .with_y_axis_min(range.low)
            .with_y_axis_max(range.high)
            .with_y_tick_format(tick_labels())
    }

    /// The reach of the horizontal axis, which shows no epoch 0.
    fn epochs(&self) -> Range {
        let epochs = self.epoch.iter().copied().map(one_based);
        let first = epochs.clone().fold(f64::INFINITY, f64::min);
        let last = epochs.fold(f64::NEG_INFINITY, f64::max);
        let room = 0.02 * (last - first).max(10.0);
        Range { low: (first - room).max(0.5), high: last + room }
    }
}

fn one_based(epoch: usize) -> f64 {
    epoch as f64 + 1.0
}

fn tick_labels() -> TickFormat {
    TickFormat::Custom(std::sync::Arc::new(label))
}

fn finite_range<'a>(
    curves: impl IntoIterator<Item = &'a Curve, IntoIter: Clone>,
    metric: &str,
) -> Result<Range, PlotError> {
    let values = curves.into_iter().flat_map(Curve::values);
    Range::around(values).ok_or_else(|| PlotError::NothingFinite { metric: metric.to_owned() })
}

/// "Training and validation loss"; "Loss" and "Validation loss" where one curve is alone.
fn title(metric: &str, is_validated: bool) -> String {
    let words = metric.replace('_', " ");
    if is_validated {
        return format!("Training and validation {words}");
    }
    let words = words.strip_prefix("val ").map_or(words.clone(), |rest| format!("validation {rest}"));
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

enum Format {
    Svg,
    Png,
}

impl Format {
    fn of(path: &Path) -> Result<Self, PlotError> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_lowercase().as_str() {
            "svg" => Ok(Format::Svg),
            "png" => Ok(Format::Png),
            _ => Err(PlotError::UnknownFormat { path: path.to_owned() }),
        }
    }

    fn write(&self, path: &Path, scene: &Scene) -> Result<(), PlotError> {
        let bytes = match self {
            Format::Svg => SvgBackend.render_scene(scene).into_bytes(),
            Format::Png => kuva::RasterBackend::new()
                .with_scale(2.0)
                .render_scene(scene)
                .map_err(|message| PlotError::Encode { path: path.to_owned(), message })?,
        };
        Ok(write_atomically(path, &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Logs, Params};

    fn history(epochs: impl IntoIterator<Item = Logs>) -> History {
        let mut history = History::new(Params::default());
        for (epoch, logs) in epochs.into_iter().enumerate() {
            history.push(epoch, &logs);
        }
        history
    }

    fn three_epochs() -> History {
        history([(1.5, 1.25, 0.1), (1.0, 0.75, 0.1), (0.5, 0.5, 0.01)].map(|(loss, val_loss, rate)| {
            Logs::from_iter([("loss", loss), ("val_loss", val_loss), ("learning_rate", rate)])
        }))
    }

    fn svg_of(draw: impl FnOnce(&Path) -> Result<(), PlotError>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plot.SVG");
        draw(&path).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn learning_curves_carry_their_names() {
        let svg = svg_of(|path| three_epochs().plot("loss", path));
        for text in ["Training and validation loss", ">loss<", ">val_loss<", ">epoch<", BLUE, ORANGE] {
            assert!(svg.contains(text), "{text}");
        }
        let svg = svg_of(|path| three_epochs().plot("val_loss", path));
        assert!(svg.contains(">Validation loss<") && !svg.contains(ORANGE));
    }

    #[test]
    fn epochs_count_from_one_and_are_whole() {
        let svg = svg_of(|path| three_epochs().plot("loss", path));
        assert!([">1<", ">2<", ">3<"].iter().all(|tick| svg.contains(tick)));
        assert!(!svg.contains(">2.5<") && !svg.contains(">4<"));
    }

    #[test]
    fn the_learning_rate_has_an_axis_of_its_own() {
        let svg = svg_of(|path| three_epochs().plot_learning_rate(path));
        for text in ["Learning rate and validation loss", ">learning_rate<", ">val_loss<", BLUE, RED] {
            assert!(svg.contains(text), "{text}");
        }
        let alone = history([Logs::from_iter([("learning_rate", 0.1)])]);
        assert!(svg_of(|path| alone.plot_learning_rate(path)).contains(">Learning rate<"));
    }

    #[test]
    fn a_nan_is_a_gap() {
        let losses = |values: [f64; 5]| history(values.map(|v| Logs::from_iter([("loss", v)])));
        let lines =
            |history: History| svg_of(|path| history.plot("loss", path)).matches("fill=\"none\"").count();
        let whole = lines(losses([5.0, 4.0, 3.0, 2.0, 1.0]));
        let broken = lines(losses([5.0, 4.0, f64::NAN, 2.0, 1.0]));
        assert_eq!(broken, whole + 1);
    }

    #[test]
    fn a_png_needs_no_font_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loss.png");
        three_epochs().plot("loss", &path).unwrap();
        assert!(std::fs::read(path).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    }

    #[test]
    fn extreme_values_and_names_are_drawn_as_well() {
        let extremes = [0.0, 1e99, -1e99, f64::MAX, 1e-310, 3.4e38, f64::INFINITY];
        let name = "$\\frac{<&\"".repeat(50);
        for (first, last) in extremes.iter().flat_map(|a| extremes.map(|b| (*a, b))) {
            let mut history = history([Logs::from_iter([("learning_rate", first), (&name, 1.0)])]);
            let logs = Logs::from_iter([("learning_rate", last), ("val_loss", last), (&name, 2.0)]);
            history.push(usize::MAX, &logs);
            let folder = tempfile::tempdir().unwrap();
            let result = history.plot_learning_rate(folder.path().join("a.svg"));
            assert!(matches!(result, Ok(()) | Err(PlotError::NothingFinite { .. })), "{result:?}");
            history.plot(&name, folder.path().join("a.svg")).unwrap();
        }
    }

    #[test]
    fn errors_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.svg");
        let text = |result: Result<(), PlotError>| result.unwrap_err().to_string();
        let diverged = history([Logs::from_iter([("loss", f64::NAN)])]);
        let history = three_epochs();
        assert_eq!(
            text(history.plot("los", &path)),
            "cannot plot `los`: the history has no such name \
             (known: loss, val_loss, learning_rate; did you mean `loss`?)"
        );
        assert_eq!(
            text(History::default().plot("loss", &path)),
            "cannot plot `loss`: the history has no epochs; train for at least one first"
        );
        assert_eq!(
            text(history.plot("loss", "loss.jpeg")),
            "cannot plot to `loss.jpeg`: the extension decides the format and must be `.svg` or `.png`"
        );
        assert_eq!(
            text(diverged.plot("loss", &path)),
            "cannot plot `loss`: it is NaN or infinite in every epoch"
        );
        let unwritable = text(history.plot("loss", folder.path().join("none/a.svg")));
        assert!(unwritable.contains("; create the directory `"), "{unwritable}");
    }
}
