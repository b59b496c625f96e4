//! The functions in double precision, for the feature `f64` and as the reference of the tests.

/// eˣ
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    x.exp()
}

/// eˣ − 1
#[inline(always)]
pub(crate) fn expm1(x: f64) -> f64 {
    x.exp_m1()
}

/// ln x
#[inline(always)]
pub(crate) fn log(x: f64) -> f64 {
    x.ln()
}

/// tanh x
#[inline(always)]
pub(crate) fn tanh(x: f64) -> f64 {
    x.tanh()
}

/// 1 / (1 + e⁻ˣ), which is exactly 0 where e⁻ˣ overflows.
#[inline(always)]
pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), which cannot overflow; NaN stays NaN.
#[inline(always)]
pub(crate) fn softplus(x: f64) -> f64 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + exp(-x.abs()).ln_1p()
}

/// 2/√π ∫₀ˣ e^(−t²) dt, with an error of a few units in the last place.
///
/// Near 0 it is the Taylor series Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)).
/// Elsewhere (1 + 2x) e^(x²) (1 − erf x) is a smooth function of (x − k) / (x + k), which lies in [−1, 1]:
/// a Chebyshev series, after Shepherd and Laframboise,
/// "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞" (1981).
#[inline(always)]
pub(crate) fn erf(x: f64) -> f64 {
    let size = x.abs();
    if size < 0.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..TAYLOR_TERMS {
            term *= -x * x / n as f64;
            sum += term / (2 * n + 1) as f64;
        }
        return (sum * std::f64::consts::FRAC_2_SQRT_PI).copysign(x);
    }
    // Clenshaw's recurrence, from the smallest coefficient.
    let t = 1.0 - 2.0 * CENTRE / (size + CENTRE);
    let (mut this, mut next) = (0.0, 0.0);
    for coefficient in CHEBYSHEV[1..].iter().rev() {
        (this, next) = (2.0 * t * this - next + coefficient, this);
    }
    let series = t * this - next + CHEBYSHEV[0];
    (1.0 - series * exp(-x * x) / (1.0 + 2.0 * size)).copysign(x)
}

const TAYLOR_TERMS: usize = 13;
/// The x that the middle of the series' range stands for.
const CENTRE: f64 = 3.75;
/// The coefficients of the Chebyshev series, computed with forty digits.
const CHEBYSHEV: [f64; 26] = [
    1.177_578_934_567_401_8,
    -4.590_054_580_646_477e-3,
    -8.424_913_336_651_792e-2,
    5.920_993_999_819_189e-2,
    -2.665_866_843_530_575e-2,
    9.074_997_670_705_265e-3,
    -2.413_163_540_417_608e-3,
    4.907_758_365_258_086e-4,
    -6.916_973_302_501_206e-5,
    4.139_027_986_073_01e-6,
    7.740_383_066_198_491e-7,
    -2.188_640_104_923_439_6e-7,
    1.076_499_946_567_091e-8,
    4.521_959_811_218_287e-9,
    -7.754_400_208_831_351e-10,
    -6.318_088_340_886_645e-11,
    2.868_795_010_930_67e-11,
    1.945_586_854_577_735e-13,
    -9.654_696_748_433_432e-13,
    3.252_548_148_148_74e-14,
    3.347_811_948_286_805e-14,
    -1.864_562_880_419_313e-15,
    -1.250_795_053_068_866_5e-15,
    7.418_235_256_624_043e-17,
    5.068_148_904_796_111e-17,
    -2.237_056_659_436e-18,
];
