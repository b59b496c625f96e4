//! The functions in single precision: our own, because those of the standard library are calls, one number at a time.
//!
//! No function branches: where a number needs another formula, both are computed and one is selected.
//! So a loop over any of them becomes vector instructions, as wide as the processor has them.
//! Products and sums are rounded one by one on all processors, hence the bits are the same on each, in vectors or alone.
//!
//! The error bounds were measured on all 2³² inputs, against double precision, in units in the last place of the result;
//! see the tests. The polynomials are minimax in the range where they are used, by Remez's exchange.
//! They are added up from short sums, not term after term: the processor waits less.

/// 1.5 · 2²³. Added to a number below 2²² it leaves the nearest whole number in the lowest bits.
const SHIFT: f32 = 12_582_912.0;

/// ln 2 in two parts; a whole number below 2⁹ times the first is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// e^r − 1 and the bits of n, where x = n ln 2 + r with a whole n and |r| ≤ ½ ln 2; x is between −104 and 89.
///
/// The lowest nine of the bits are n + bias; shifted by 23 they are the float 2^(n + bias − 127).
#[inline(always)]
fn reduced_expm1(x: f32, bias: f32) -> (f32, u32) {
    let shifted = x * std::f32::consts::LOG2_E + (SHIFT + bias);
    let n = shifted - (SHIFT + bias);
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let square = r * r;
    let q = (0.041_666_28 + 0.008_366_611 * r) + 0.001_394_649_7 * square;
    let q = (0.5 + 0.166_665_43 * r) + q * square;
    // A NaN has bits as well, but whatever they make is multiplied by NaN.
    (r + square * q, shifted.to_bits())
}

/// eˣ for −87 ≤ x ≤ 88, where it is neither infinite nor subnormal.
#[inline(always)]
fn exp_in_range(x: f32) -> f32 {
    let (p, bits) = reduced_expm1(x, 127.0);
    (1.0 + p) * f32::from_bits(bits << 23)
}

/// eˣ for x ≤ 89
#[inline(always)]
fn exp_below_89(x: f32) -> f32 {
    let (p, bits) = reduced_expm1(at_least(x, -104.0), 254.0);
    // 2ⁿ may be too large or too small for a normal number: it is the product of 2 to the halves of n.
    let half = bits >> 1;
    (1.0 + p) * f32::from_bits(half << 23) * f32::from_bits(bits.wrapping_sub(half) << 23)
}

/// The smaller number, or NaN if x is.
#[inline(always)]
fn at_most(x: f32, limit: f32) -> f32 {
    if x > limit { limit } else { x }
}

/// The larger number, or NaN if x is.
#[inline(always)]
fn at_least(x: f32, limit: f32) -> f32 {
    if x < limit { limit } else { x }
}

/// eˣ, with an error of at most 1.1 units in the last place.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    exp_below_89(at_most(x, 89.0))
}

/// eˣ − 1, with an error of at most 1.9 units in the last place.
#[inline(always)]
pub(crate) fn expm1(x: f32) -> f32 {
    let (p, bits) = reduced_expm1(at_least(at_most(x, 89.0), -20.0), 126.0);
    // 2 (2ⁿ⁻¹ p + (2ⁿ⁻¹ − ½)), because 2ⁿ may be too large.
    let scale = f32::from_bits(bits << 23);
    let y = 2.0 * (scale * p + (scale - 0.5));
    // Keeps −0, and the last bit of subnormal numbers.
    if x.abs() < 2e-8 { x } else { y }
}

/// k ln 2 + ln(1 + f) for ½√2 ≤ 1 + f ≤ √2
#[inline(always)]
fn log_of_product(k: f32, f: f32) -> f32 {
    // With s = f / (2 + f), ln(1 + f) is 2s + ⅔s³ + … = f − ½f² + s (½f² + ⅔s² + …).
    let s = f / (2.0 + f);
    let w = s * s;
    let p = (0.666_666_6 + 0.400_003_37 * w) + (0.285_372_38 + 0.235_835_69 * w) * (w * w);
    let half_square = 0.5 * f * f;
    let small = s * (half_square + w * p) + k * LN_2_LOW;
    ((small - half_square) + f) + k * LN_2_HIGH
}

/// ln x, with an error of at most 0.9 units in the last place.
#[inline(always)]
pub(crate) fn log(x: f32) -> f32 {
    const LEAST: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    let is_small = x < f32::MIN_POSITIVE;
    // x = 2ᵏ m with ½√2 ≤ m < √2; subnormal numbers times 2²³ are normal.
    let bits = (if is_small { x * 8_388_608.0 } else { x }).to_bits().wrapping_sub(LEAST);
    let k = (bits as i32 >> 23) as f32 - if is_small { 23.0 } else { 0.0 };
    let m = f32::from_bits((bits & 0x007f_ffff).wrapping_add(LEAST));
    let y = log_of_product(k, m - 1.0);
    let end = if x == 0.0 { f32::NEG_INFINITY } else { f32::NAN };
    let y = if x > 0.0 { y } else { end };
    if x == f32::INFINITY { x } else { y }
}

/// tanh x, with an error of at most 1.5 units in the last place.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let square = x * x;
    let fourth = square * square;
    let p = (-0.053_842_276 + 0.021_027_22 * square) - 0.006_207_429_3 * fourth;
    let p = (-0.333_333_16 + 0.133_325 * square) + p * fourth;
    let near = x + x * square * p;
    // Below ½ the difference would lose digits.
    let far = 1.0 - 2.0 / (exp_in_range(2.0 * at_most(size, 10.0)) + 1.0);
    // The sign is that of x, also of 0.
    (if size < 0.55 { near } else { far }).copysign(x)
}

/// 1 / (1 + e⁻ˣ), with an error of at most 1.9 units in the last place.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    // With b = 1 and e = e⁻ˣ for x ≥ 0, and b = e = eˣ for x < 0, it is b / (1 + e) = b − b e / (1 + e).
    let e = exp_below_89(-x.abs());
    let b = if x < 0.0 { e } else { 1.0 };
    b - b * (e / (1.0 + e))
}

/// ln(1 + eˣ), with an error of at most 1.7 units in the last place.
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    // max(x, 0) + ln(1 + e^−|x|)
    let e = exp_below_89(-x.abs());
    let is_large = e > 0.414_213_57;
    let log = log_of_product(if is_large { 1.0 } else { 0.0 }, if is_large { 0.5 * (e - 1.0) } else { e });
    at_least(x, 0.0) + log
}

/// 2/√π ∫₀ˣ e^(−t²) dt, with an error of at most 1.2 units in the last place.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let size = x.abs();
    let square = x * x;
    let fourth = square * square;
    let p = 0.004_990_981 - 0.000_597_689_65 * square;
    let p = (0.112_818_025 - 0.026_765_568 * square) + p * fourth;
    let p = (0.128_379_15 - 0.376_124_95 * square) + p * fourth;
    let near = x + x * p;
    // 1 − e^(−t − t q(t)), which is 1 from 4 on.
    let t = at_most(size, 4.0);
    let t_square = t * t;
    let q = -0.003_219_974_7 + 0.000_214_594_91 * t;
    let q = (-0.105_286_85 + 0.022_906_028 * t) + q * t_square;
    let q = (-0.128_519_95 - 0.635_699_4 * t) + q * t_square;
    let far = 1.0 - exp_in_range(t * q - t);
    (if size < 0.92 { near } else { far }).copysign(x)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::LN_2;

    use super::{super::double, *};
    use crate::kernels::dispatch::vectorised;

    type Single = fn(f32) -> f32;

    /// A function, what it should be, and the largest error in units in the last place.
    struct Function {
        name: &'static str,
        single: Single,
        /// The same, one number after the other, in whatever vectors the processor has.
        loop_over: fn(&mut [f32]),
        double: fn(f64) -> f64,
        bound: f64,
    }

    macro_rules! functions {
        ($($name:ident: $bound:literal),*) => {
            [$(Function {
                name: stringify!($name),
                single: $name,
                loop_over: |x| {
                    vectorised(
                        #[inline(always)]
                        || x.iter_mut().for_each(|x| *x = $name(*x)),
                    );
                },
                double: double::$name,
                bound: $bound,
            }),*]
        };
    }

    const FUNCTIONS: [Function; 7] = functions! {
        exp: 1.1, expm1: 1.9, log: 0.9, tanh: 1.5, sigmoid: 1.9, softplus: 1.7, erf: 1.2
    };

    /// The distance in units in the last place of the exact result; an infinite result stands for 2¹²⁸.
    fn error(result: f32, exact: f64) -> f64 {
        if exact.is_nan() || result.is_nan() {
            return if exact.is_nan() && result.is_nan() { 0.0 } else { f64::INFINITY };
        }
        if result.is_sign_negative() != exact.is_sign_negative() {
            return f64::INFINITY;
        }
        let limit = 2f64.powi(128);
        let (result, exact) = (f64::from(result).clamp(-limit, limit), exact.clamp(-limit, limit));
        let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).clamp(-126, 127);
        (result - exact).abs() / 2f64.powi(exponent - 23)
    }

    /// The largest error among all floats whose bits are `first`, `first + stride`, …, and where it is.
    fn largest_error(function: &Function, first: u64, last: u64, stride: usize) -> (f64, f32) {
        let inputs = (first..=last).step_by(stride).map(|bits| f32::from_bits(bits as u32));
        let errors = inputs.map(|x| (error((function.single)(x), (function.double)(x.into())), x));
        errors.fold((0.0, 0.0), |worst, next| if next.0 > worst.0 { next } else { worst })
    }

    #[test]
    fn errors_stay_below_their_bounds() {
        for function in &FUNCTIONS {
            let (error, x) = largest_error(function, 0, u32::MAX.into(), 1021);
            assert!(error <= function.bound, "{}({x:e}): {error} units in the last place", function.name);
        }
    }

    /// In release, `cargo test --release -p olifant-core --lib every_float -- --ignored --nocapture`: minutes.
    #[test]
    #[ignore = "takes minutes"]
    #[allow(clippy::print_stdout)]
    fn errors_stay_below_their_bounds_for_every_float() {
        let errors = FUNCTIONS.each_ref().map(|function| {
            let half = |first| largest_error(function, first, first + 0x7fff_ffff, 1);
            let (positive, negative) = rayon::join(|| half(0), || half(0x8000_0000));
            println!(
                "{}: {:.4} at {:e}, {:.4} at {:e}",
                function.name, positive.0, positive.1, negative.0, negative.1
            );
            positive.0.max(negative.0)
        });
        for (function, error) in FUNCTIONS.iter().zip(errors) {
            assert!(error <= function.bound, "{}: {error} units in the last place", function.name);
        }
    }

    #[test]
    fn ends_zeros_and_subnormals_are_exact() {
        let (inf, nan, tiny) = (f32::INFINITY, f32::NAN, f32::from_bits(3));
        let known: [(Single, [f32; 7]); 7] = [
            // −∞, ∞, NaN, 0, −0, 3 · 2⁻¹⁴⁹, −3 · 2⁻¹⁴⁹
            (exp, [0.0, inf, nan, 1.0, 1.0, 1.0, 1.0]),
            (expm1, [-1.0, inf, nan, 0.0, -0.0, tiny, -tiny]),
            (log, [nan, inf, nan, -inf, -inf, -102.180_32, nan]),
            (tanh, [-1.0, 1.0, nan, 0.0, -0.0, tiny, -tiny]),
            (sigmoid, [0.0, 1.0, nan, 0.5, 0.5, 0.5, 0.5]),
            (softplus, [0.0, inf, nan, LN_2, LN_2, LN_2, LN_2]),
            (erf, [-1.0, 1.0, nan, 0.0, -0.0, tiny, -tiny]),
        ];
        for (function, results) in known {
            for (x, expected) in [-inf, inf, nan, 0.0, -0.0, tiny, -tiny].into_iter().zip(results) {
                let y = function(x);
                let is_right = y.to_bits() == expected.to_bits() || y.is_nan() && expected.is_nan();
                assert!(is_right, "{x:e}: {y:e} instead of {expected:e}");
            }
        }
        assert_eq!((expm1(-200.0), exp(88.8), exp(-104.0)), (-1.0, inf, 0.0));
        // The results are subnormal: e⁻¹⁰⁰ is 26.5 times the smallest number.
        assert_eq!([exp(-100.0), sigmoid(-100.0), softplus(-100.0)].map(f32::to_bits), [27; 3]);
    }

    #[test]
    fn vectors_give_the_bits_of_single_numbers() {
        // 67 is no multiple of a vector's length: both the vectors and the rest are in use.
        let start: Vec<f32> = (0..67 * 1000_u32).map(|i| f32::from_bits(i.wrapping_mul(64_087))).collect();
        for function in &FUNCTIONS {
            for x in start.chunks_exact(67) {
                let mut y = [0.0; 67];
                y.copy_from_slice(x);
                (function.loop_over)(&mut y);
                for (&x, y) in x.iter().zip(y) {
                    let alone = std::hint::black_box(function.single)(x);
                    let is_same = alone.to_bits() == y.to_bits() || alone.is_nan() && y.is_nan();
                    assert!(is_same, "{}({x:e}): {alone:e} alone, {y:e} in a vector", function.name);
                }
            }
        }
    }
}
