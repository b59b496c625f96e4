//! Images that are moved, turned and stretched.

use serde::{Deserialize, Serialize};

use crate::{
    Float, Operation, Shape, ShapeError, Var,
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y(row, column) = x(a₁·column + b₁·row + c₁, a₀·column + b₀·row + c₀), sample by sample.
///
/// Inputs are images `[batch, rows, columns, channels]` and, for each sample, a₀ b₀ c₀ a₁ b₁ c₁: where a pixel comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AffineTransform {
    interpolation: Interpolation,
    fill_mode: FillMode,
    fill_value: Float,
}

/// What lies between the pixels of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// A mixture of the four pixels around.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
}

/// What lies outside of an image `abcd`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillMode {
    /// Its reflection: `dcba abcd dcba`
    #[default]
    Reflect,
    /// The image again: `abcd abcd abcd`
    Wrap,
    /// A fixed value: `kkkk abcd kkkk`
    Constant,
    /// The last pixel: `aaaa abcd dddd`
    Nearest,
}

/// What a pixel of a bilinear interpolation costs for each channel, counted in additions.
const COST: usize = 8;

impl FillMode {
    /// The place within an axis of so many pixels that a coordinate outside stands for.
    fn map(self, x: Float, len: usize) -> Float {
        let (last, len) = (len as Float - 1.0, len as Float);
        match self {
            FillMode::Constant => x,
            _ if (0.0..=last).contains(&x) => x,
            FillMode::Nearest => x.clamp(0.0, last),
            _ if last < 1.0 => 0.0,
            // The border's pixel stands on both sides of the border.
            FillMode::Reflect if x < 0.0 => {
                let x = x + 2.0 * len * (-x / (2.0 * len)).trunc();
                (if x < -len { x + 2.0 * len } else { -x - 1.0 }).clamp(0.0, last)
            }
            FillMode::Reflect => {
                let x = x - 2.0 * len * (x / (2.0 * len)).trunc();
                (if x >= len { 2.0 * len - x - 1.0 } else { x }).clamp(0.0, last)
            }
            FillMode::Wrap if x < 0.0 => (x + len * ((-x / last).trunc() + 1.0)).clamp(0.0, last),
            FillMode::Wrap => (x - len * (x / last).trunc()).clamp(0.0, last),
        }
    }
}

impl AffineTransform {
    /// The pixels that a place in an image of `rows` × `columns` is mixed from, as far as they exist, and their shares.
    fn corners(&self, (row, column): (Float, Float), rows: usize, columns: usize) -> [(Option<usize>, Float); 4] {
        let (row, column) = (self.fill_mode.map(row, rows), self.fill_mode.map(column, columns));
        let pixel = |row: Float, column: Float| {
            let inside = row >= 0.0 && row < rows as Float && column >= 0.0 && column < columns as Float;
            inside.then(|| row as usize * columns + column as usize)
        };
        if self.interpolation == Interpolation::Nearest {
            let only = pixel(row.round(), column.round());
            return [(only, 1.0), (only, 0.0), (only, 0.0), (only, 0.0)];
        }
        let (top, left) = (row.floor(), column.floor());
        let (down, right) = (row - top, column - left);
        [
            (pixel(top, left), (1.0 - down) * (1.0 - right)),
            (pixel(top, left + 1.0), (1.0 - down) * right),
            (pixel(top + 1.0, left), down * (1.0 - right)),
            (pixel(top + 1.0, left + 1.0), down * right),
        ]
    }

    /// Calls `visit(pixel, the corners it is mixed from)` for all pixels of a sample.
    fn for_each_pixel(
        &self,
        shape: Shape,
        transform: &[Float],
        mut visit: impl FnMut(usize, [(Option<usize>, Float); 4]),
    ) {
        let (rows, columns) = (shape[1], shape[2]);
        let &[a0, b0, c0, a1, b1, c1] = transform else { return };
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = (column as Float, row as Float);
                let from = (a1 * x + b1 * y + c1, a0 * x + b0 * y + c0);
                visit(row * columns + column, self.corners(from, rows, columns));
            }
        }
    }
}

/// How many numbers describe the transformation of a sample.
const NUMBERS: usize = 6;

impl Operation for AffineTransform {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (images, transforms) = (inputs.get(0).shape, inputs.get(1).shape);
        if images.rank() != 4 || transforms.axes() != [images[0], NUMBERS] {
            return Err(ShapeError::Mismatch(format!(
                "affine transformations need images [batch, rows, columns, channels] and [batch, {NUMBERS}], \
                 but were given {images} and {transforms}"
            )));
        }
        Ok(images)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (x, transforms) = (step.inputs.get(0), step.inputs.get(1).data);
        let (shape, size) = (x.shape, x.shape.without_batch().size());
        let channels = shape[3];
        step.team.for_each_rows(step.output, size, size * COST, &|first, y: &mut [Float]| {
            let samples = y.chunks_exact_mut(size).zip(x.data.chunks_exact(size).skip(first));
            for ((y, x), transform) in samples.zip(transforms.chunks_exact(NUMBERS).skip(first)) {
                self.for_each_pixel(shape, transform, |pixel, corners| {
                    let y = &mut y[pixel * channels..][..channels];
                    y.fill(0.0);
                    for (corner, share) in corners.into_iter().filter(|&(_, share)| share != 0.0) {
                        match corner {
                            Some(corner) => {
                                let x = &x[corner * channels..][..channels];
                                y.iter_mut().zip(x).for_each(|(y, x)| *y += share * x);
                            }
                            None => y.iter_mut().for_each(|y| *y += share * self.fill_value),
                        }
                    }
                });
            }
        });
    }

    /// Each pixel sends its gradient back to those it was mixed from; the transformations get none.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let (transforms, dy) = (step.inputs.get(1).data, &*step.output_gradient);
        let (shape, size) = (step.output.shape, step.output.shape.without_batch().size());
        let channels = shape[3];
        step.team.for_each_rows(data, size, size * COST, &|first, dx: &mut [Float]| {
            if !add {
                dx.fill(0.0);
            }
            let samples = dx.chunks_exact_mut(size).zip(dy.chunks_exact(size).skip(first));
            for ((dx, dy), transform) in samples.zip(transforms.chunks_exact(NUMBERS).skip(first)) {
                self.for_each_pixel(shape, transform, |pixel, corners| {
                    let dy = &dy[pixel * channels..][..channels];
                    for (corner, share) in corners {
                        let dx = corner.map(|corner| &mut dx[corner * channels..][..channels]);
                        dx.into_iter().flatten().zip(dy).for_each(|(dx, dy)| *dx += share * dy);
                    }
                });
            }
        });
    }
}

impl<'t> Var<'t> {
    /// Images moved, turned and stretched: the pixel at (column, row) is what stands at
    /// (a₀·column + b₀·row + c₀, a₁·column + b₁·row + c₁), sample by sample.
    ///
    /// # Shapes
    ///
    /// Images and result `[batch, rows, columns, channels]`; `transforms` `[batch, 6]`: a₀ b₀ c₀ a₁ b₁ c₁. They get no gradient.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    #[track_caller]
    pub fn affine_transform(
        self,
        transforms: Var<'t>,
        interpolation: Interpolation,
        fill_mode: FillMode,
        fill_value: Float,
    ) -> Var<'t> {
        self.tape.operate(AffineTransform { interpolation, fill_mode, fill_value }, &[self, transforms])
    }
}
