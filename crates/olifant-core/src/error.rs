//! What can be wrong with the shapes of an operation's inputs.

use crate::{Shape, shape::MAX_RANK};

/// Why inputs do not fit an operation, or an array does not fit a tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// More axes than a tensor can have.
    #[error("{given} axes are too many: a tensor has at most {MAX_RANK}")]
    TooManyAxes {
        /// The number of axes asked for.
        given: usize,
    },
    /// The number of elements overflows.
    #[error("shape {axes:?} has more elements than this machine can address")]
    TooLarge {
        /// The axes asked for.
        axes: Vec<usize>,
    },
    /// A scalar was given where at least one axis is needed.
    #[error("expected at least one axis, but was given a scalar")]
    NoAxes,
    /// Two shapes cannot be stretched to a common one.
    #[error(
        "shapes {left} and {right} cannot be broadcast together: \
         counted from the last, each pair of axes must be equal, or one of them 1"
    )]
    Broadcast {
        /// The first operand's shape.
        left: Shape,
        /// The second operand's shape.
        right: Shape,
    },
    /// An axis number outside the shape.
    #[error("axis {axis} does not exist in shape {shape}")]
    NoSuchAxis {
        /// The axis asked for; negative numbers count from the last.
        axis: isize,
        /// The shape it was asked of.
        shape: Shape,
    },
    /// Two tensors were expected to have the same number of elements.
    #[error("shape {from} cannot be reshaped to {to}: they have {} and {} elements", from.size(), to.size())]
    Reshape {
        /// The shape there is.
        from: Shape,
        /// The shape asked for.
        to: Shape,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Mismatch(String),
}
