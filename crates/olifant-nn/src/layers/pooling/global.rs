//! What poolings over all places have in common.

use olifant_core::{Axes, Shape, Var};

use crate::{BuildError, layers::per_axis::channels};

/// Writes the layers of one kind of global pooling, for one to three axes, with `new` and `keepdims`.
///
/// `$pool` is given the inputs, the axes, and whether these stay with size 1.
macro_rules! global_pooling {
    (
        $(#[$documentation:meta])* $Pooling:ident, $pool:path;
        $($(#[$alias_documentation:meta])* $Layer:ident, $axes:literal, $name:literal;)*
    ) => {
        $(#[$documentation])*
        ///
        /// # Shapes
        ///
        /// Inputs `[batch, …, channels]`, outputs `[batch, channels]`; with `keepdims`, the axes between stay with size 1.
        ///
        /// # Defaults
        ///
        /// `keepdims` false.
        ///
        /// # Errors
        ///
        /// When built: inputs with another number of axes, or without a single place.
        #[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $Pooling<const N: usize> {
            #[serde(default)]
            keepdims: bool,
        }

        impl<const N: usize> $Pooling<N> {
            /// The layer.
            pub fn new() -> Self {
                $Pooling { keepdims: false }
            }

            /// Whether the axes stay, with size 1.
            #[must_use]
            pub fn keepdims(mut self, keepdims: bool) -> Self {
                self.keepdims = keepdims;
                self
            }
        }

        $(
            $(#[$alias_documentation])*
            pub type $Layer = $Pooling<$axes>;

            #[typetag::serde(name = $name)]
            impl Layer for $Pooling<$axes> {
                fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
                    global::output_shape::<$axes>(input, self.keepdims)
                }

                fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
                    $pool(x, global::between(x), self.keepdims)
                }

                fn class_name(&self) -> &'static str {
                    stringify!($Layer)
                }
            }
        )*
    };
}
pub(super) use global_pooling;

pub(super) fn output_shape<const N: usize>(input: &Shape, keepdims: bool) -> Result<Shape, BuildError> {
    let channels = channels::<N>(input)?;
    let places = input.size() / channels;
    BuildError::check_option("the number of places in a sample", "at least 1", places, places > 0)?;
    let mut axes = if keepdims { vec![1; N] } else { Vec::new() };
    axes.push(channels);
    Ok(Shape::new(&axes)?)
}

/// All axes between batch and channels.
pub(super) fn between(x: Var<'_>) -> Axes {
    match x.shape().rank() {
        3 => Axes::from(1),
        4 => Axes::from([1, 2]),
        _ => Axes::from([1, 2, 3]),
    }
}
