//! Random matrices with orthonormal rows or columns.

use ndarray::Array1;
use olifant_core::{Float, Shape, vectorised};

use crate::BuildError;

/// Makes as many vectors as the matrix has rows or columns, whichever are fewer, orthonormal.
///
/// The vectors start as random normal numbers, so each direction is equally likely.
/// They become the Q of a QR decomposition by Gram–Schmidt's method, in double precision.
/// R has a positive diagonal by construction: without that the distribution would depend on the algorithm.
pub(super) fn fill(
    shape: &Shape,
    gain: Float,
    mut normal: Array1<f64>,
    values: &mut [Float],
) -> Result<(), BuildError> {
    let columns = shape.last_axis()?;
    if values.is_empty() {
        return Ok(());
    }
    let rows = values.len() / columns;
    let length = rows.max(columns);
    let vectors = normal.as_slice_mut().expect("a new array lies in one piece");
    // Rounding errors that the first pass leaves are removed by a second; more would change nothing.
    orthonormalise(vectors, length);
    orthonormalise(vectors, length);
    for (row, values) in values.chunks_exact_mut(columns).enumerate() {
        for (column, value) in values.iter_mut().enumerate() {
            let number =
                if rows < columns { vectors[row * length + column] } else { vectors[column * length + row] };
            *value = (f64::from(gain) * number) as Float;
        }
    }
    Ok(())
}

/// Gives each vector the length 1 and takes its direction out of all that follow.
fn orthonormalise(vectors: &mut [f64], length: usize) {
    for first in (0..vectors.len()).step_by(length) {
        let (done, rest) = vectors.split_at_mut(first + length);
        let vector = &mut done[first..];
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
        for other in rest.chunks_exact_mut(length) {
            vectorised(
                #[inline(always)]
                || remove_direction(other, vector),
            );
        }
    }
}

/// other ← other − (direction · other) direction
#[inline(always)]
fn remove_direction(other: &mut [f64], direction: &[f64]) {
    let share = dot(direction, other);
    other.iter_mut().zip(direction).for_each(|(x, d)| *x -= share * d);
}

/// Σ aᵢbᵢ in eight sums, so that the processor can form them side by side.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (pieces_a, pieces_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = pieces_a.remainder().iter().zip(pieces_b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in pieces_a.zip(pieces_b) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sums.iter().sum::<f64>() + rest
}
