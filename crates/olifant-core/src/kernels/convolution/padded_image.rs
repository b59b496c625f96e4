//! An image with zeros around it.

use super::{Plan, lists::rows};
use crate::{Float, operation::GradientMut, tensor::Buffer};

/// A copy of one image, where it needs zeros around it.
#[derive(Debug, Default)]
pub(super) struct PaddedImage {
    copy: Buffer,
}

impl PaddedImage {
    /// The image itself, or a copy with zeros around it if there should be some.
    ///
    /// Zeros are written at the first call with `is_new`; later images only replace what they surround.
    #[inline(always)]
    pub(super) fn load<'a>(&'a mut self, plan: &Plan, image: &'a [Float], is_new: bool) -> &'a [Float] {
        if !plan.is_padded() {
            return image;
        }
        self.copy.resize(plan.image());
        if is_new {
            self.copy.fill(0.0);
        }
        let len = plan.axes[2].input * plan.channels;
        for (inside, padded) in rows(&plan.axes, plan.channels) {
            self.copy[padded..padded + len].copy_from_slice(&image[inside..inside + len]);
        }
        &self.copy
    }

    /// An image of zeros, to be added to.
    #[inline(always)]
    pub(super) fn zeros(&mut self, plan: &Plan) -> &mut [Float] {
        self.copy.resize(plan.image());
        self.copy.fill(0.0);
        &mut self.copy
    }

    /// Writes the image without what surrounds it as a gradient;
    /// with `y`, what a rectifier returned, it is zero where `y` is not positive.
    #[inline(always)]
    pub(super) fn store(&self, plan: &Plan, gradient: GradientMut<'_>, y: Option<&[Float]>) {
        let GradientMut { data, add } = gradient;
        let len = plan.axes[2].input * plan.channels;
        for (inside, padded) in rows(&plan.axes, plan.channels) {
            let terms = &self.copy[padded..padded + len];
            let mut row = GradientMut { data: &mut data[inside..inside + len], add };
            row.write_from(terms.iter().copied());
            if let Some(y) = y {
                let zero_or = |dx: Float, y: Float| if y > 0.0 { dx } else { 0.0 };
                row.data.iter_mut().zip(&y[inside..]).for_each(|(dx, &y)| *dx = zero_or(*dx, y));
            }
        }
    }
}
