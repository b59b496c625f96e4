//! Pictures of models: a box for each layer, and what flows between them.

mod diagram;
mod label;
mod layout;
mod svg;

use std::path::{Path, PathBuf};

use olifant_nn::Network;

use self::diagram::Diagram;
use crate::{Model, WriteError, atomic_file::write_atomically};

/// What [`plot_model`] shows, under Keras's names.
///
/// # Defaults
///
/// | option | default | |
/// |---|---|---|
/// | `show_shapes` | false | the shapes of what goes in and comes out, with `None` for the batch axis |
/// | `show_layer_names` | false | names before types |
/// | `rankdir` | `TB` | which way it flows |
/// | `expand_nested` | false | whether networks that are layers are frames with their layers inside, or boxes |
/// | `show_layer_activations` | false | the activations of layers that have one |
/// | `show_trainable` | false | whether layers with weights are trained or frozen |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlotModel {
    show_shapes: bool,
    show_layer_names: bool,
    rankdir: Rankdir,
    expand_nested: bool,
    show_layer_activations: bool,
    show_trainable: bool,
}

/// Which way a picture of a model flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rankdir {
    /// From top to bottom.
    #[default]
    TB,
    /// From left to right.
    LR,
}

/// A picture of a model could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotModelError {
    /// The extension of the path names another format.
    #[error("cannot plot to `{}`: models are drawn as SVG, so the name must end in `.svg`", path.display())]
    UnknownFormat {
        /// The path given.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Default for PlotModel {
    fn default() -> PlotModel {
        PlotModel {
            show_shapes: false,
            show_layer_names: false,
            rankdir: Rankdir::TB,
            expand_nested: false,
            show_layer_activations: false,
            show_trainable: false,
        }
    }
}

impl PlotModel {
    /// The defaults.
    pub fn new() -> PlotModel {
        PlotModel::default()
    }

    /// Whether boxes show the shapes of what goes in and comes out.
    pub fn show_shapes(mut self, show_shapes: bool) -> PlotModel {
        self.show_shapes = show_shapes;
        self
    }

    /// Whether boxes show names of layers, or types alone.
    pub fn show_layer_names(mut self, show_layer_names: bool) -> PlotModel {
        self.show_layer_names = show_layer_names;
        self
    }

    /// Which way the picture flows.
    pub fn rankdir(mut self, rankdir: Rankdir) -> PlotModel {
        self.rankdir = rankdir;
        self
    }

    /// Whether networks that are layers are frames with their layers inside.
    pub fn expand_nested(mut self, expand_nested: bool) -> PlotModel {
        self.expand_nested = expand_nested;
        self
    }

    /// Whether boxes show the activation of layers that have one.
    pub fn show_layer_activations(mut self, show_layer_activations: bool) -> PlotModel {
        self.show_layer_activations = show_layer_activations;
        self
    }

    /// Whether boxes of layers with weights show if they are trained.
    pub fn show_trainable(mut self, show_trainable: bool) -> PlotModel {
        self.show_trainable = show_trainable;
        self
    }

    /// The picture of a network as the text of an SVG file, the same for the same network and options.
    pub fn svg(&self, network: &Network) -> String {
        svg::draw(&Diagram::new(network.graph(), self), network.name())
    }
}

/// Writes a picture of a model, or of a network, as an SVG file: a box for each layer, an arrow for what flows.
///
/// A layer that is called several times is one box with several arrows, and as in Keras a chain begins with its first layer.
/// The file is replaced as a whole or not at all.
///
/// # Errors
///
/// The name does not end in `.svg`, or the file cannot be written; the error names it.
///
/// # Examples
///
/// ```no_run
/// use olifant_nn::{CallOn, Functional, Input, layers::{Add, Dense}};
/// use olifant_train::{PlotModel, Rankdir, plot_model};
///
/// let input = Input::new([16]);
/// let output = Add::new().on([&Dense::new(16).on(&input), &input]);
/// let network = Functional::new(&input, &output).build(42)?;
/// plot_model(&network, "model.svg", PlotModel::new().show_shapes(true).rankdir(Rankdir::LR))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plot_model(
    model: &(impl AsRef<Network> + ?Sized),
    to_file: impl AsRef<Path>,
    options: PlotModel,
) -> Result<(), PlotModelError> {
    let path = to_file.as_ref();
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg")) {
        return Err(PlotModelError::UnknownFormat { path: path.to_owned() });
    }
    Ok(write_atomically(path, options.svg(model.as_ref()).as_bytes())?)
}

impl AsRef<Network> for Model {
    fn as_ref(&self) -> &Network {
        self.network()
    }
}

#[cfg(test)]
mod tests;
