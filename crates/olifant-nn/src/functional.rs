//! Describing a network of any shape: several inputs and outputs, branches, layers that are used twice.

mod collection;
mod symbol;

use olifant_core::{Shape, TensorView, VarList, Weights};
use serde::{Deserialize, Serialize};

use self::collection::collect;
pub use self::symbol::{CallOn, Input, IntoSymbols, SharedLayer, Symbol};
use crate::{
    BuildError, Filling, Layer, Network, WeightBuilder,
    network::{Description, network_description},
};

/// A network described by what flows from its inputs to its outputs, to be built or compiled.
/// It is a layer itself, and can be part of another network.
///
/// A layer is called [`on`](CallOn::on) one value or several, and gives the next.
/// Shapes are checked when the network is built.
///
/// # Errors
///
/// When built: an input that no output depends on, an output that depends on another input, and what layers refuse.
///
/// # Examples
///
/// A residual block:
///
/// ```
/// use olifant_nn::{Activation, CallOn, Functional, Input, layers::{Add, Dense}};
///
/// let input = Input::new([16]);
/// let x = Dense::new(32).activation(Activation::Relu).on(&input);
/// let x = Dense::new(16).on(&x);
/// let output = Add::new().on([&x, &input]);
/// let network = Functional::new(&input, &output).build(42)?;
/// println!("{}", network.summary());
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Functional {
    pub(crate) description: Description,
}

impl Functional {
    /// The network that leads from some inputs to some outputs: one of each (`&x`), or an array `[&a, &b]`.
    pub fn new(inputs: impl IntoSymbols, outputs: impl IntoSymbols) -> Functional {
        Functional { description: collect(&inputs.into_symbols(), &outputs.into_symbols()).into() }
    }
}

network_description!(Functional, "functional");

#[cfg(test)]
mod tests;
