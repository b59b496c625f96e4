//! The largest and the mean of the numbers in windows that slide over images, for each channel by itself.
//!
//! What is around an image does not count: windows at the border see fewer places.

use crate::{
    Float,
    kernels::{
        dispatch::vectorised,
        sliding::{Axis, MAX_AXES, Window, windows},
        sums::{COLUMNS, Line, padded},
        team::Team,
    },
    operation::GradientMut,
};

/// How windows slide over images of so many channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool {
    pub(crate) axes: [Axis; MAX_AXES],
    pub(crate) channels: usize,
}

impl Pool {
    /// y = max x for each window. NaN beats all numbers.
    pub(crate) fn max(&self, x: &[Float], y: &mut [Float], team: &Team) {
        self.for_each_window(x, y, team, |y, x, window| {
            y.fill(Float::NEG_INFINITY);
            for cell in self.cells(window) {
                for (y, &x) in y.iter_mut().zip(&x[cell..]) {
                    *y = if (x > *y) | x.is_nan() { x } else { *y };
                }
            }
        });
    }

    /// y = Σ x / n for the n places that each window sees.
    pub(crate) fn mean(&self, x: &[Float], y: &mut [Float], team: &Team) {
        self.for_each_window(x, y, team, |y, x, window| {
            y.fill(0.0);
            for cell in self.cells(window) {
                y.iter_mut().zip(&x[cell..]).for_each(|(y, x)| *y += x);
            }
            let count = window.len() as Float;
            y.iter_mut().for_each(|y| *y /= count);
        });
    }

    /// dx = dy for the first of the largest numbers in each window, else 0.
    pub(crate) fn max_gradient(
        &self,
        x: &[Float],
        y: &[Float],
        dy: &[Float],
        dx: GradientMut<'_>,
        team: &Team,
    ) {
        self.for_each_window_back(dx, team, |image, row, dx, window| {
            let x = &x[image * self.input()..];
            for channel in (0..self.channels).step_by(COLUMNS) {
                let channels = channel..(channel + COLUMNS).min(self.channels);
                // What is not given to a place yet.
                let mut rest = padded(&dy[row..][channels.clone()]);
                let y = padded(&y[row..][channels.clone()]);
                for cell in self.cells(window) {
                    give_largest(
                        &mut dx[cell..][channels.clone()],
                        &x[cell..][channels.clone()],
                        &y,
                        &mut rest,
                    );
                }
            }
        });
    }

    /// dx = Σ dy / n over the windows that see a place, each of n places.
    pub(crate) fn mean_gradient(&self, dy: &[Float], dx: GradientMut<'_>, team: &Team) {
        self.for_each_window_back(dx, team, |_, row, dx, window| {
            let dy = &dy[row..row + self.channels];
            let count = window.len() as Float;
            for cell in self.cells(window) {
                dx[cell..].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy / count);
            }
        });
    }

    /// The size of an image.
    fn input(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product::<usize>() * self.channels
    }

    /// The size of what becomes of it.
    fn output(&self) -> usize {
        self.axes.iter().map(Axis::output).product::<usize>() * self.channels
    }

    /// How many numbers all windows of an image see.
    fn work(&self) -> usize {
        self.axes.iter().fold(self.output(), |work, axis| work.saturating_mul(axis.size))
    }

    /// Where the rows of channels begin that a window sees.
    #[inline(always)]
    fn cells(&self, window: &Window) -> impl Iterator<Item = usize> {
        window.places().map(|place| place * self.channels)
    }

    /// Calls `work(row of y, image, window)` for all windows.
    #[inline(always)]
    fn for_each_window(
        &self,
        x: &[Float],
        y: &mut [Float],
        team: &Team,
        work: impl Fn(&mut [Float], &[Float], &Window) + Sync,
    ) {
        let (input, output) = (self.input(), self.output());
        team.for_each_rows(y, output, self.work(), &|first, y: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    for (x, y) in x[first * input..].chunks_exact(input).zip(y.chunks_exact_mut(output)) {
                        for (window, y) in windows(&self.axes).zip(y.chunks_exact_mut(self.channels)) {
                            work(y, x, &window);
                        }
                    }
                },
            );
        });
    }

    /// Calls `work(number of the image, place of the row of y, image's gradient to add to, window)` for all windows.
    #[inline(always)]
    fn for_each_window_back(
        &self,
        dx: GradientMut<'_>,
        team: &Team,
        work: impl Fn(usize, usize, &mut [Float], &Window) + Sync,
    ) {
        let (input, output) = (self.input(), self.output());
        let GradientMut { data, add } = dx;
        team.for_each_rows(data, input, self.work(), &|first, dx: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    for (image, data) in (first..).zip(dx.chunks_exact_mut(input)) {
                        let mut dx = GradientMut { data, add };
                        let dx = dx.accumulator();
                        let rows = (image * output..).step_by(self.channels);
                        for (window, row) in windows(&self.axes).zip(rows) {
                            work(image, row, dx, &window);
                        }
                    }
                },
            );
        });
    }
}

/// Adds what is left of a window's gradients where numbers are the largest; nothing is left of those afterwards.
#[inline(always)]
fn give_largest(dx: &mut [Float], x: &[Float], largest: &Line, rest: &mut Line) {
    for (((dx, x), largest), rest) in dx.iter_mut().zip(x).zip(largest).zip(rest) {
        let is_largest = x == largest;
        *dx += if is_largest { *rest } else { 0.0 };
        *rest = if is_largest { 0.0 } else { *rest };
    }
}
