//! How windows slide over the axes between batch and channels: what convolution and pooling have in common.

use serde::{Deserialize, Serialize};

use crate::{
    Shape, ShapeError,
    kernels::sliding::{Axis, MAX_AXES},
    shape::MAX_RANK,
};

/// From its first place to its last, a window is at most so long.
const LONGEST: usize = u32::MAX as usize;

/// What is added in front of an image and behind it, along each axis that windows slide over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Nothing.
    #[default]
    Valid,
    /// As much as it takes for the result to have n / stride places, rounded up; half of it in front, the odd one behind.
    Same,
    /// All of it in front, so that no result depends on what comes later.
    Causal,
}

/// How windows slide: strides, dilation, padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sliding {
    pub(crate) strides: [usize; MAX_AXES],
    pub(crate) dilation: [usize; MAX_AXES],
    pub(crate) padding: Padding,
}

impl Default for Sliding {
    fn default() -> Sliding {
        Sliding { strides: [1; MAX_AXES], dilation: [1; MAX_AXES], padding: Padding::Valid }
    }
}

impl Sliding {
    /// What this means for inputs `[batch, …, channels]` and a window of these sizes.
    pub(crate) fn axes(&self, x: Shape, sizes: &[usize]) -> Result<[Axis; MAX_AXES], ShapeError> {
        let rank = sizes.len();
        if rank == 0 || rank > MAX_AXES || x.rank() != rank + 2 {
            return Err(ShapeError::Mismatch(format!(
                "a window of the sizes {sizes:?} cannot slide over a value of shape {x}: it has one size for each axis between batch and channels, of which there are 1 to 3"
            )));
        }
        let mut axes = [Axis::SINGLE; MAX_AXES];
        let first = MAX_AXES - rank;
        for (i, (&size, &input)) in sizes.iter().zip(&x.axes()[1..]).enumerate() {
            let (stride, dilation) = (self.strides[first + i], self.dilation[first + i]);
            axes[first + i] = self.axis(input, size, stride, dilation)?;
        }
        Ok(axes)
    }

    fn axis(&self, input: usize, size: usize, stride: usize, dilation: usize) -> Result<Axis, ShapeError> {
        if size == 0 || stride == 0 || dilation == 0 {
            return Err(ShapeError::Mismatch(
                "sizes, strides and dilation of a window are at least 1".into(),
            ));
        }
        let extent = (size - 1).checked_mul(dilation).and_then(|last| last.checked_add(1));
        let Some(extent) = extent.filter(|&extent| extent <= LONGEST) else {
            return Err(ShapeError::Mismatch(format!(
                "a window of {size} places at the distance {dilation} is too long: use a smaller one"
            )));
        };
        let axis = Axis { input, size, stride, dilation, low: 0, high: 0 };
        let (low, high) = match self.padding {
            Padding::Valid => (0, 0),
            Padding::Same => {
                let last = input.div_ceil(stride).saturating_sub(1) * stride;
                let total = (last + extent).saturating_sub(input);
                (total / 2, total - total / 2)
            }
            Padding::Causal => (extent - 1, 0),
        };
        let axis = Axis { low, high, ..axis };
        if input == 0 || axis.output() == 0 {
            return Err(ShapeError::Mismatch(format!(
                "a window over {extent} places does not fit into {input}: use a smaller one, or padding same"
            )));
        }
        Ok(axis)
    }
}

/// One number for each axis; the axes that there are not have the number 1.
#[track_caller]
pub(crate) fn per_axis(numbers: &[usize]) -> [usize; MAX_AXES] {
    assert!(numbers.len() <= MAX_AXES, "windows slide over at most {MAX_AXES} axes, not {}", numbers.len());
    let mut all = [1; MAX_AXES];
    all[MAX_AXES - numbers.len()..].copy_from_slice(numbers);
    all
}

/// The shape with these sizes between batch and channels.
pub(crate) fn between(batch: usize, sizes: &[usize], channels: usize) -> Result<Shape, ShapeError> {
    let mut axes = [0; MAX_RANK];
    axes[0] = batch;
    axes[1..=sizes.len()].copy_from_slice(sizes);
    axes[sizes.len() + 1] = channels;
    Shape::new(&axes[..sizes.len() + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(
        padding: Padding,
        input: usize,
        size: usize,
        stride: usize,
        dilation: usize,
    ) -> (usize, usize, usize) {
        let axis = Sliding { padding, ..Sliding::default() }.axis(input, size, stride, dilation).unwrap();
        (axis.low, axis.high, axis.output())
    }

    #[test]
    fn padding_follows_keras() {
        assert_eq!(axis(Padding::Valid, 7, 3, 2, 1), (0, 0, 3));
        assert_eq!(axis(Padding::Valid, 8, 3, 2, 1), (0, 0, 3));
        assert_eq!(axis(Padding::Same, 7, 3, 2, 1), (1, 1, 4));
        assert_eq!(axis(Padding::Same, 8, 3, 2, 1), (0, 1, 4));
        assert_eq!(axis(Padding::Same, 8, 4, 1, 1), (1, 2, 8));
        assert_eq!(axis(Padding::Same, 5, 3, 1, 2), (2, 2, 5));
        assert_eq!(axis(Padding::Same, 5, 1, 2, 1), (0, 0, 3));
        assert_eq!(axis(Padding::Causal, 5, 3, 1, 2), (4, 0, 5));
        assert_eq!(axis(Padding::Causal, 5, 3, 2, 1), (2, 0, 3));
    }

    #[test]
    fn windows_that_cannot_slide_are_refused() {
        let error = |x: Shape, sizes: &[usize]| Sliding::default().axes(x, sizes).unwrap_err().to_string();
        assert_eq!(
            error(Shape::from([1, 2, 1]), &[3]),
            "a window over 3 places does not fit into 2: use a smaller one, or padding same"
        );
        assert!(error(Shape::from([1, 2, 1]), &[0]).contains("at least 1"));
        assert!(error(Shape::from([1, 2, 1]), &[usize::MAX]).contains("is too long"));
        assert!(error(Shape::from([1, 0, 1]), &[1]).contains("does not fit into 0"));
        assert!(error(Shape::from([1, 2, 2, 1]), &[1]).contains("one size for each axis"));
    }
}
