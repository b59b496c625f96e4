//! How windows of a pooling slide; what the pooling of maxima and that of means have in common.

use crate::{
    Padding, Shape, ShapeError,
    kernels::{
        pooling::Pool,
        sliding::{Axis, MAX_AXES},
    },
    sliding::{Sliding, between, per_axis},
};

/// The windows of a pooling.
///
/// Numbers per axis are given for each axis between batch and channels.
///
/// # Defaults
///
/// Windows stand side by side: `strides` are their sizes. `padding` valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    sizes: [usize; MAX_AXES],
    rank: usize,
    sliding: Sliding,
}

impl Pooling {
    /// Windows of these sizes.
    ///
    /// # Panics
    ///
    /// There are more than three.
    #[track_caller]
    pub fn new(sizes: &[usize]) -> Pooling {
        let strides = per_axis(sizes);
        Pooling { sizes: strides, rank: sizes.len(), sliding: Sliding { strides, ..Sliding::default() } }
    }

    /// How far the windows move at a time.
    ///
    /// # Panics
    ///
    /// There are more than three numbers.
    #[track_caller]
    pub fn strides(mut self, strides: &[usize]) -> Pooling {
        self.sliding.strides = per_axis(strides);
        self
    }

    /// What is added around the images. It does not count: windows at the border see fewer places.
    pub fn padding(mut self, padding: Padding) -> Pooling {
        self.sliding.padding = padding;
        self
    }

    /// The shape of the result for inputs of this shape.
    ///
    /// # Errors
    ///
    /// Windows and inputs do not fit together.
    pub fn output_shape(&self, x: Shape) -> Result<Shape, ShapeError> {
        let pool = self.pool(x)?;
        let sizes = pool.axes.map(|axis| axis.output());
        between(x[0], &sizes[MAX_AXES - self.rank..], pool.channels)
    }

    fn pool(&self, x: Shape) -> Result<Pool, ShapeError> {
        let axes = self.sliding.axes(x, &self.sizes[MAX_AXES - self.rank..])?;
        // With causal padding alone windows could see nothing at all.
        let sees = |axis: &Axis| (0..axis.output()).all(|output| !axis.window(output).is_empty());
        if !axes.iter().all(sees) || x.last_axis()? == 0 {
            return Err(ShapeError::Mismatch(format!(
                "pooling: a window over a value of shape {x} would be empty"
            )));
        }
        Ok(Pool { axes, channels: x.last_axis()? })
    }

    /// What this means for inputs that were checked when the output's shape was asked for.
    pub(crate) fn known(&self, x: Shape) -> Pool {
        self.pool(x).expect("the shape was checked before")
    }
}
