//! Convolution of each channel by itself: sixteen channels at a time, each with its own numbers of the kernel.
//!
//! As a convolution with a group for each channel, fifteen of the sixteen columns of every tile would be empty.
//! With t over the places of the kernel and p over those of the results, for each channel c:
//!
//! - forward: z\[p, c\] = Σ image\[p + t, c\] · K\[t, c\];
//! - the gradient of the image: dz\[p, c\] · K\[t, c\] is added to the place p + t;
//! - the gradient of the kernel: dK\[t, c\] = Σ image\[p + t, c\] · dz\[p, c\], over all images.
//!
//! Columns behind the last channel of the last panel hold numbers of other channels, which are never stored.

use std::ops::Range;

use super::Plan;
use crate::{
    Float,
    kernels::{
        sums::{COLUMNS, Sums, padded},
        vector::Vector,
    },
    tensor::Buffer,
};

mod forward;
mod input_gradient;
mod kernel_gradient;

pub(super) use forward::forward;
pub(super) use input_gradient::input_gradient;
pub(super) use kernel_gradient::kernel_gradient;

/// Whether each filter sees a channel of its own, and no other filter does.
pub(super) fn suits(plan: &Plan) -> bool {
    plan.groups > 1 && plan.groups == plan.channels && plan.groups == plan.filters && !plan.is_pooled()
}

/// Panels: at most sixteen channels each.
fn panels(plan: &Plan) -> usize {
    plan.channels.div_ceil(COLUMNS)
}

/// The channels of a panel.
fn panel(plan: &Plan, number: usize) -> Range<usize> {
    number * COLUMNS..((number + 1) * COLUMNS).min(plan.channels)
}

/// Copies the kernel panel by panel, one line for each of its places.
fn pack_kernel(plan: &Plan, kernel: &[Float], copy: &mut Buffer) {
    let taps = plan.terms();
    copy.resize(panels(plan) * taps * COLUMNS);
    let (lines, _) = copy.as_chunks_mut::<COLUMNS>();
    for (number, lines) in lines.chunks_exact_mut(taps).enumerate() {
        let rows = kernel.chunks_exact(plan.channels);
        lines.iter_mut().zip(rows).for_each(|(line, row)| *line = padded(&row[panel(plan, number)]));
    }
}

/// Some windows, and the places of their results.
fn chunks(plan: &Plan) -> impl Iterator<Item = Range<usize>> {
    let (chunk, windows) = (plan.chunk(), plan.windows());
    (0..windows).step_by(chunk).map(move |first| first..(first + chunk).min(windows))
}

/// sums + a·b, number by number.
///
/// # Safety
///
/// `V` is for this processor.
#[inline(always)]
unsafe fn add_products<V: Vector>(sums: Sums<V>, a: Sums<V>, b: Sums<V>) -> Sums<V> {
    // SAFETY: the caller's promise.
    unsafe { [sums[0].add_product(a[0], b[0]), sums[1].add_product(a[1], b[1])] }
}
