//! Reading values, and the operators.
//!
//! The methods that compute stand with their operations, one file each.

use std::fmt;

use crate::{
    Float, Shape, Tape,
    operations::BuiltIn,
    tape::Var,
    tensor::TensorView,
    workspace::{self, Source},
};

impl<'t> Var<'t> {
    /// The tape it is recorded on.
    pub fn tape(self) -> &'t Tape<'t> {
        self.tape
    }

    /// The sizes of its axes.
    pub fn shape(self) -> Shape {
        self.tape.workspace.borrow().nodes[self.index as usize].shape
    }

    /// Lets `read` look at the numbers.
    ///
    /// # Panics
    ///
    /// `read` records something on the tape.
    pub fn with_value<R>(self, read: impl FnOnce(TensorView<'_>) -> R) -> R {
        let workspace = self.tape.workspace.borrow();
        read(workspace::view(&workspace.nodes, &workspace.values, self.tape.weights(), self.index as usize))
    }

    /// The only number of a value with one element.
    ///
    /// # Panics
    ///
    /// The value has more or fewer elements.
    #[track_caller]
    pub fn item(self) -> Float {
        let number = self.with_value(|value| match value.data {
            [number] => Some(*number),
            _ => None,
        });
        match number {
            Some(number) => number,
            None => panic!("a value of shape {} is not a single number", self.shape()),
        }
    }

    /// Which time steps of it count, if anything said so: 1 or 0 for each, `[batch, time]`.
    pub fn mask(self) -> Option<Var<'t>> {
        let mask = self.tape.workspace.borrow().nodes[self.index as usize].mask;
        mask.map(|index| Var { tape: self.tape, index })
    }

    /// The same numbers, of which only some time steps count: those where the mask, `[batch, time]`, is not 0.
    /// `None`: all count. Nothing is copied, and whoever holds the value without the mask does not see it.
    ///
    /// # Panics
    ///
    /// The mask's two axes are not the first two of the value.
    #[track_caller]
    pub fn with_mask(self, mask: Option<Var<'t>>) -> Var<'t> {
        let shape = self.shape();
        if let Some(mask) = mask {
            let axes = mask.shape();
            assert!(
                axes.rank() == 2 && shape.axes().starts_with(axes.axes()),
                "a mask of shape {axes} does not fit a value of shape {shape}: it needs the value's first two axes"
            );
        }
        let value = self.tape.reshaped(self.index, shape);
        let mask = mask.map(|mask| mask.index);
        self.tape.workspace.borrow_mut().nodes[value.index as usize].mask = mask;
        value
    }

    /// What a softmax was computed from, if this value is the result of one.
    ///
    /// A cross-entropy computed from it is exact where the probabilities have been rounded to 0 or 1.
    pub fn softmax_logits(self) -> Option<Var<'t>> {
        self.input_of(|operation| matches!(operation, BuiltIn::Softmax(_)))
    }

    /// What a sigmoid was computed from, if this value is the result of one; see [`Var::softmax_logits`].
    pub fn sigmoid_logits(self) -> Option<Var<'t>> {
        self.input_of(|operation| matches!(operation, BuiltIn::Sigmoid(_)))
    }

    /// The first input of the operation that computed this value, if it is of the kind asked for.
    fn input_of(self, is_kind: impl FnOnce(&BuiltIn) -> bool) -> Option<Var<'t>> {
        let workspace = self.tape.workspace.borrow();
        let value = &workspace.nodes[self.index as usize];
        // The same numbers with a mask are still what the operation computed.
        let node = &workspace.nodes[value.root as usize];
        match &node.source {
            Source::Operation(operation) if is_kind(operation) && node.shape == value.shape => {
                Some(Var { tape: self.tape, index: workspace.edges[node.edges.0 as usize] })
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_value(|value| write!(f, "Var {} {:?}", value.shape, value.data))
    }
}

/// The second operand of a binary method: a value, or a number.
pub trait Operand<'t> {
    /// The operand as a value on the tape of the first operand.
    fn on(self, tape: &'t Tape<'t>) -> Var<'t>;
}

impl<'t> Operand<'t> for Var<'t> {
    fn on(self, _: &'t Tape<'t>) -> Var<'t> {
        self
    }
}

impl<'t> Operand<'t> for Float {
    fn on(self, tape: &'t Tape<'t>) -> Var<'t> {
        tape.constant(self)
    }
}

/// Implements an operator for two values, and for a value and a number in either order.
macro_rules! operator {
    ($Function:ident, $method:ident) => {
        crate::var::operator!($Function, $Function, $method);
    };
    ($Function:ident, $Operator:ident, $method:ident) => {
        impl<'t> std::ops::$Operator for crate::Var<'t> {
            type Output = crate::Var<'t>;

            #[track_caller]
            fn $method(self, other: crate::Var<'t>) -> crate::Var<'t> {
                self.tape.operate($Function, &[self, other])
            }
        }

        impl<'t> std::ops::$Operator<crate::Float> for crate::Var<'t> {
            type Output = crate::Var<'t>;

            #[track_caller]
            fn $method(self, other: crate::Float) -> crate::Var<'t> {
                self.tape.operate($Function, &[self, self.tape.constant(other)])
            }
        }

        impl<'t> std::ops::$Operator<crate::Var<'t>> for crate::Float {
            type Output = crate::Var<'t>;

            #[track_caller]
            fn $method(self, other: crate::Var<'t>) -> crate::Var<'t> {
                other.tape.operate($Function, &[other.tape.constant(self), other])
            }
        }
    };
}
pub(crate) use operator;
