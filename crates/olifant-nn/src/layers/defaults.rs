//! What an option is where the description of a layer leaves it out.

use olifant_core::Axes;

use crate::{Activation, Initializer};

pub(super) fn yes() -> bool {
    true
}

pub(super) fn sigmoid() -> Activation {
    Activation::Sigmoid
}

pub(super) fn tanh() -> Activation {
    Activation::Tanh
}

pub(super) fn zeros() -> Initializer {
    Initializer::Zeros
}

pub(super) fn ones() -> Initializer {
    Initializer::Ones
}

/// The last axis, by its number.
pub(super) fn last() -> isize {
    -1
}

/// The last axis, as one of several that could be given.
pub(super) fn last_axis() -> Axes {
    Axes::from(last())
}
