//! Values of a network that is being described, before there are numbers or shapes.

use std::{
    array, mem,
    sync::{Arc, Mutex, PoisonError},
};

use olifant_core::Shape;

use crate::{BuildError, Node};

/// A value of a network that is being described: an input, or what a layer makes of others.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub(super) origin: Arc<SymbolOrigin>,
    /// Which output of the layer it is.
    pub(super) output: usize,
}

/// Where a symbol comes from.
#[derive(Debug)]
pub(super) enum SymbolOrigin {
    Input { name: Option<String>, shape: Shape },
    Call(LayerCall),
}

/// A layer, called on some symbols.
#[derive(Debug)]
pub(super) struct LayerCall {
    pub(super) layer: SharedLayer,
    pub(super) inputs: Vec<Symbol>,
}

impl Drop for LayerCall {
    /// Drops what it was made from in a loop: by recursion, a long chain would need a stack as long.
    fn drop(&mut self) {
        let mut rest = mem::take(&mut self.inputs);
        while let Some(symbol) = rest.pop() {
            if let Some(SymbolOrigin::Call(mut call)) = Arc::into_inner(symbol.origin) {
                rest.append(&mut call.inputs);
            }
        }
    }
}

/// Where a network begins: samples of some shape, without the batch axis.
///
/// # Examples
///
/// ```
/// use olifant_nn::Input;
///
/// let image = Input::new([28, 28, 1]);
/// let age = Input::named("age", [1]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Input {}

impl Input {
    /// An input for samples of this shape; in the model it is called `input_layer`, `input_layer_1`, ….
    #[expect(clippy::new_ret_no_self, reason = "as in Keras, an input is a value like all others")]
    pub fn new(shape: impl Into<Shape>) -> Symbol {
        Symbol::new(SymbolOrigin::Input { name: None, shape: shape.into() })
    }

    /// An input with a name.
    pub fn named(name: impl Into<String>, shape: impl Into<Shape>) -> Symbol {
        Symbol::new(SymbolOrigin::Input { name: Some(name.into()), shape: shape.into() })
    }
}

impl Symbol {
    fn new(origin: SymbolOrigin) -> Symbol {
        Symbol { origin: Arc::new(origin), output: 0 }
    }
}

/// A layer that may be called several times, always with the same weights.
///
/// # Examples
///
/// Two inputs through the same layer:
///
/// ```
/// use olifant_nn::{CallOn, Functional, Input, SharedLayer, layers::{Dense, Subtract}};
///
/// let encoder = SharedLayer::new(Dense::new(8));
/// let (left, right) = (Input::new([4]), Input::new([4]));
/// let difference = Subtract::new().on([&encoder.on(&left), &encoder.on(&right)]);
/// let network = Functional::new([&left, &right], &difference).build(0)?;
/// assert_eq!(network.weights().trainable_parameters(), 4 * 8 + 8);
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedLayer(Arc<Mutex<Option<Node>>>);

impl SharedLayer {
    /// A layer, with or without a name.
    pub fn new(layer: impl Into<Node>) -> SharedLayer {
        SharedLayer(Arc::new(Mutex::new(Some(layer.into()))))
    }

    /// What the layer makes of its inputs: `&x`, or an array `[&a, &b]`.
    pub fn on(&self, inputs: impl IntoSymbols) -> Symbol {
        let call = LayerCall { layer: self.clone(), inputs: inputs.into_symbols() };
        Symbol::new(SymbolOrigin::Call(call))
    }

    /// What a layer with several outputs makes of its inputs.
    pub fn on_several<const N: usize>(&self, inputs: impl IntoSymbols) -> [Symbol; N] {
        let Symbol { origin, .. } = self.on(inputs);
        array::from_fn(|output| Symbol { origin: Arc::clone(&origin), output })
    }

    /// The layer itself, for the model it belongs to from now on.
    pub(super) fn take(&self) -> Result<Node, BuildError> {
        let node = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        node.ok_or(BuildError::LayerOfAnotherModel)
    }

    /// Its name, or that of its type.
    pub(super) fn description(&self) -> Result<String, BuildError> {
        let node = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let node = node.as_ref().ok_or(BuildError::LayerOfAnotherModel)?;
        Ok(node.name.clone().unwrap_or_else(|| node.layer.class_name().to_owned()))
    }

    /// Tells layers apart.
    pub(super) fn key(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }
}

/// Calls a layer in the description of a [`Functional`](crate::Functional) network.
pub trait CallOn {
    /// What the layer makes of its inputs: `&x`, or an array `[&a, &b]`.
    fn on(self, inputs: impl IntoSymbols) -> Symbol;

    /// What a layer with several outputs makes of its inputs.
    fn on_several<const N: usize>(self, inputs: impl IntoSymbols) -> [Symbol; N];
}

impl<L: Into<Node>> CallOn for L {
    fn on(self, inputs: impl IntoSymbols) -> Symbol {
        SharedLayer::new(self).on(inputs)
    }

    fn on_several<const N: usize>(self, inputs: impl IntoSymbols) -> [Symbol; N] {
        SharedLayer::new(self).on_several(inputs)
    }
}

/// One symbol or several: `&x`, `[&a, &b]`, `&[a, b]`, a vector of them.
pub trait IntoSymbols {
    /// The symbols.
    fn into_symbols(self) -> Vec<Symbol>;
}

impl IntoSymbols for &Symbol {
    fn into_symbols(self) -> Vec<Symbol> {
        vec![self.clone()]
    }
}

impl<const N: usize> IntoSymbols for [&Symbol; N] {
    fn into_symbols(self) -> Vec<Symbol> {
        self.into_iter().cloned().collect()
    }
}

impl<const N: usize> IntoSymbols for &[Symbol; N] {
    fn into_symbols(self) -> Vec<Symbol> {
        self.to_vec()
    }
}

impl IntoSymbols for &[Symbol] {
    fn into_symbols(self) -> Vec<Symbol> {
        self.to_vec()
    }
}

impl IntoSymbols for &Vec<Symbol> {
    fn into_symbols(self) -> Vec<Symbol> {
        self.clone()
    }
}

impl IntoSymbols for Vec<Symbol> {
    fn into_symbols(self) -> Vec<Symbol> {
        self
    }
}
