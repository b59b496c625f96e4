//! The windows of a pooling, as options of a layer.

use olifant_core::{Padding, Pooling, Shape};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError,
    layers::per_axis::{PerAxis, channels},
};

/// What `MaxPooling` and `AveragePooling` are told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Windows<const N: usize> {
    pub(super) pool_size: PerAxis<N>,
    /// `None`: the sizes of the windows.
    #[serde(default)]
    pub(super) strides: Option<PerAxis<N>>,
    #[serde(default)]
    pub(super) padding: Padding,
}

impl<const N: usize> Windows<N> {
    pub(super) fn new(pool_size: PerAxis<N>) -> Windows<N> {
        Windows { pool_size, strides: None, padding: Padding::Valid }
    }

    /// What becomes of the shape of a sample.
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, BuildError> {
        channels::<N>(input)?;
        self.pool_size.check("pool_size", 1)?;
        self.strides().check("strides", 1)?;
        if self.padding == Padding::Causal {
            return Err(BuildError::option("padding", "valid or same", "causal"));
        }
        Ok(self.pooling().output_shape(input.with_batch(1))?.without_batch())
    }

    pub(super) fn pooling(&self) -> Pooling {
        Pooling::new(self.pool_size.numbers()).strides(self.strides().numbers()).padding(self.padding)
    }

    fn strides(&self) -> PerAxis<N> {
        self.strides.unwrap_or(self.pool_size)
    }

    /// The sizes of the windows, if they stand side by side and nothing is around the inputs.
    pub(super) fn side_by_side(&self) -> Option<PerAxis<N>> {
        (self.strides() == self.pool_size && self.padding == Padding::Valid).then_some(self.pool_size)
    }
}

/// Writes the layers of one kind of pooling, for one to three axes, with `new`, `strides` and `padding`.
///
/// `$pool` is the method of a value that computes it.
macro_rules! pooling {
    (
        $(#[$documentation:meta])* $Pooling:ident, $pool:ident;
        $($(#[$alias_documentation:meta])* $Layer:ident, $axes:literal, $name:literal;)*
    ) => {
        $(#[$documentation])*
        ///
        /// # Shapes
        ///
        /// Inputs `[batch, …, channels]`, outputs the same with fewer places: of n along an axis,
        /// ⌊(n − pool_size) / strides⌋ + 1 are left with padding valid, and ⌈n / strides⌉ with same.
        ///
        /// # Defaults
        ///
        /// Windows of two places along each axis, with [`default`](Default::default).
        /// `strides` are the sizes of the windows, so that they stand side by side; `padding` valid.
        ///
        /// # Errors
        ///
        /// When built: inputs with another number of axes; windows larger than the inputs; sizes or strides of zero; padding causal.
        #[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
        pub struct $Pooling<const N: usize> {
            #[serde(flatten)]
            windows: Windows<N>,
        }

        impl<const N: usize> $Pooling<N> {
            /// A layer with windows of this size.
            pub fn new(pool_size: impl Into<PerAxis<N>>) -> Self {
                $Pooling { windows: Windows::new(pool_size.into()) }
            }

            /// How far the windows move at a time.
            #[must_use]
            pub fn strides(mut self, strides: impl Into<PerAxis<N>>) -> Self {
                self.windows.strides = Some(strides.into());
                self
            }

            /// What is added around the inputs.
            #[must_use]
            pub fn padding(mut self, padding: Padding) -> Self {
                self.windows.padding = padding;
                self
            }
        }

        /// Windows of two places along each axis.
        impl<const N: usize> Default for $Pooling<N> {
            fn default() -> Self {
                $Pooling::new(2)
            }
        }

        $(
            $(#[$alias_documentation])*
            pub type $Layer = $Pooling<$axes>;

            #[typetag::serde(name = $name)]
            impl Layer for $Pooling<$axes> {
                fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
                    self.windows.output_shape(input)
                }

                fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
                    x.$pool(self.windows.pooling())
                }

                fn class_name(&self) -> &'static str {
                    stringify!($Layer)
                }
            }
        )*
    };
}
pub(super) use pooling;
