//! What is drawn for a sample, where elements share it.

use olifant_core::{Float, Shape, Var};

use crate::{BuildError, with_batch};

/// Whether what is drawn for a sample can be stretched to its shape.
pub(super) fn check(noise_shape: Option<Shape>, input: &Shape) -> Result<(), BuildError> {
    match noise_shape {
        Some(noise) if noise.broadcast(input) != Ok(*input) => {
            let expected = format!(
                "a shape that can be stretched to {input}, that of a sample of {}",
                with_batch(input)
            );
            Err(BuildError::option("noise_shape", expected, noise))
        }
        _ => Ok(()),
    }
}

/// Whether the rate is a share.
pub(super) fn check_rate(rate: Float) -> Result<(), BuildError> {
    BuildError::check_option("rate", "between 0 and 1", rate, (0.0..=1.0).contains(&rate))
}

/// The shape of what is drawn for a batch.
pub(super) fn of_batch(noise_shape: Option<Shape>, x: Var<'_>) -> Shape {
    let sample = x.shape().without_batch();
    let noise = noise_shape.unwrap_or(sample);
    // Missing axes are those in front.
    let mut axes = [1; olifant_core::MAX_RANK];
    axes[0] = x.shape()[0];
    let start = 1 + sample.rank() - noise.rank();
    axes[start..start + noise.rank()].copy_from_slice(noise.axes());
    Shape::new(&axes[..=sample.rank()]).unwrap_or(x.shape())
}
