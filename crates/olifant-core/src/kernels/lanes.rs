//! Folding many numbers into one, in lanes that fit vector registers.
//!
//! The order of the terms depends on the length only, so the bits are the same on every processor.
//! Several short sums are also more accurate than a long one.

use crate::Float;

/// How many folds run side by side: two vectors of eight numbers hide the latency of an addition.
const LANES: usize = 16;

/// Σ x
#[inline(always)]
pub(crate) fn sum(x: &[Float]) -> Float {
    fold(x, 0.0, |sum, x| sum + x)
}

/// Σ term(a, b) over two slices of the same length.
#[inline(always)]
pub(crate) fn sum_of_pairs(a: &[Float], b: &[Float], term: impl Fn(Float, Float) -> Float) -> Float {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += term(a, b);
        }
    }
    for (sum, (&a, &b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += term(a, b);
    }
    join(sums, |sum, x| sum + x)
}

/// Σ term(a, b, c) over three slices of the same length.
#[inline(always)]
pub(crate) fn sum_of_triples(
    a: &[Float],
    b: &[Float],
    c: &[Float],
    term: impl Fn(Float, Float, Float) -> Float,
) -> Float {
    let ((a, a_rest), (b, b_rest), (c, c_rest)) =
        (a.as_chunks::<LANES>(), b.as_chunks::<LANES>(), c.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        for (sum, ((&a, &b), &c)) in sums.iter_mut().zip(a.iter().zip(b).zip(c)) {
            *sum += term(a, b, c);
        }
    }
    for (sum, ((&a, &b), &c)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest).zip(c_rest)) {
        *sum += term(a, b, c);
    }
    join(sums, |sum, x| sum + x)
}

/// All numbers combined by an associative function; `identity` changes nothing when combined.
#[inline(always)]
pub(crate) fn fold(x: &[Float], identity: Float, combine: impl Fn(Float, Float) -> Float) -> Float {
    let (x, rest) = x.as_chunks::<LANES>();
    let mut totals = [identity; LANES];
    for x in x {
        totals.iter_mut().zip(x).for_each(|(total, &x)| *total = combine(*total, x));
    }
    totals.iter_mut().zip(rest).for_each(|(total, &x)| *total = combine(*total, x));
    join(totals, combine)
}

/// The lanes combined pair by pair.
#[inline(always)]
fn join(mut lanes: [Float; LANES], combine: impl Fn(Float, Float) -> Float) -> Float {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_counted_once() {
        for len in [0, 1, 15, 16, 17, 100] {
            let x: Vec<Float> = (1..=len).map(|i| i as Float).collect();
            assert_eq!(sum(&x), (len * (len + 1) / 2) as Float);
            let squares: Float = x.iter().map(|x| x * x).sum();
            assert_eq!(sum_of_pairs(&x, &x, |a, b| a * b), squares);
            let doubled: Vec<Float> = x.iter().map(|x| 2.0 * x).collect();
            assert_eq!(sum_of_triples(&x, &x, &doubled, |a, b, c| a * (c - b)), squares);
            assert_eq!(fold(&x, 0.0, Float::max), len as Float);
        }
    }
}
