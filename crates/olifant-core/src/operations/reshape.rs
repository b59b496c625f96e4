//! The same numbers under another shape. No operation: the value shares the numbers of what it was made from.

use crate::{Shape, ShapeError, Var};

impl<'t> Var<'t> {
    /// The same numbers, row by row, under another shape. Nothing is copied.
    ///
    /// # Panics
    ///
    /// The shape has another number of elements.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Var<'t> {
        let (from, to) = (self.shape(), shape.into());
        assert!(from.size() == to.size(), "{}", ShapeError::Reshape { from, to });
        self.tape.reshaped(self.index, to)
    }

    /// All axes but the first made one.
    ///
    /// # Shapes
    ///
    /// Input `[batch, …]`, result `[batch, features]`.
    ///
    /// # Panics
    ///
    /// The value is a scalar.
    #[track_caller]
    pub fn flatten(self) -> Var<'t> {
        let shape = self.shape();
        assert!(shape.rank() > 0, "a scalar cannot be flattened: it has no batch axis");
        self.reshape([shape[0], shape.without_batch().size()])
    }
}
