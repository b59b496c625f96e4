//! dz\[p, c\] · K\[t, c\], added to the places p + t of the image.

use super::{add_products, chunks, pack_kernel, panel};
use crate::{
    Float,
    kernels::{
        convolution::{Plan, Scratch, lists::Lists},
        parallel::{SharedRows, range_of_part},
        sums::{Line, load, padded, put, store},
        team::{MAX_PARTS, Team},
        vector::{OnVectors, Vector, on_widest_vectors},
    },
    operation::GradientMut,
};

/// Computes the gradient of the images; with `rectified`, it is zero where that is not positive.
pub(in super::super) fn input_gradient(
    plan: &Plan,
    kernel: &[Float],
    dy: &[Float],
    dx: GradientMut<'_>,
    rectified: Option<&[Float]>,
    team: &Team,
    scratch: &mut Scratch,
) {
    let images = dx.data.len() / plan.input().max(1);
    scratch.lists.fill(plan);
    pack_kernel(plan, kernel, &mut scratch.kernel);
    let parts = team.parts(images * plan.work(), images.min(MAX_PARTS));
    let (lists, kernel, scratch) = scratch.parts(parts);
    let (kernel, add) = (kernel.as_chunks().0, dx.add);
    let dx = SharedRows::new(dx.data, plan.input());
    team.for_each_part(scratch, &|part, scratch| {
        for number in range_of_part(part, parts, images, 1) {
            let dy = &dy[number * plan.windows() * plan.filters..][..plan.windows() * plan.filters];
            let canvas = scratch.image.zeros(plan);
            on_widest_vectors(ImageGradient { plan, lists, kernel, dy, canvas });
            // SAFETY: nobody else has this image.
            let data = unsafe { dx.segment(number, 0..plan.input()) };
            let y = rectified.map(|y| &y[number * plan.input()..][..plan.input()]);
            scratch.image.store(plan, GradientMut { data, add }, y);
        }
    });
}

/// Adds up the gradient of one image.
struct ImageGradient<'a> {
    plan: &'a Plan,
    lists: &'a Lists,
    kernel: &'a [Line],
    dy: &'a [Float],
    canvas: &'a mut [Float],
}

impl OnVectors for ImageGradient<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const FUSED: bool>(self) {
        let ImageGradient { plan, lists, kernel, dy, canvas } = self;
        let terms = lists.terms();
        for windows in chunks(plan) {
            for (number, lines) in kernel.chunks_exact(terms.len()).enumerate() {
                let channels = panel(plan, number);
                for window in windows.clone() {
                    let start = lists.positions()[window] + channels.start;
                    let row = &dy[window * plan.filters + channels.start..];
                    // SAFETY: the caller's promise.
                    unsafe {
                        let dz = load::<V>(&padded(row));
                        for (&term, line) in terms.iter().zip(lines) {
                            let places = &mut canvas[start + term..][..channels.len()];
                            let mut sums = padded(places);
                            store(add_products(load::<V>(&sums), dz, load::<V>(line)), &mut sums);
                            put(&sums, places);
                        }
                    }
                }
            }
        }
    }
}
