//! The functions that take long: every loop calls them from here.

#[cfg(any(test, feature = "f64"))]
mod double;
#[cfg(not(feature = "f64"))]
mod single;

#[cfg(feature = "f64")]
pub(crate) use double::*;
#[cfg(not(feature = "f64"))]
pub(crate) use single::*;

use crate::Float;

/// The inverse of the error function, for |x| below 1; exact to about 10⁻⁶, for random numbers.
///
/// Two polynomials, one for the middle and one for the tails.
/// Giles (2010), Approximating the erfinv function.
#[inline(always)]
pub(crate) fn erfinv(x: Float) -> Float {
    const MIDDLE: [Float; 9] = [
        2.810_226_4e-8,
        3.432_739_5e-7,
        -3.523_387_7e-6,
        -4.391_506_5e-6,
        2.185_808_7e-4,
        -1.253_725e-3,
        -4.177_681_6e-3,
        2.466_407_3e-1,
        1.501_409_4,
    ];
    const TAILS: [Float; 9] = [
        -2.002_142_6e-4,
        1.009_505_6e-4,
        1.349_343_2e-3,
        -3.673_428_4e-3,
        5.739_507_7e-3,
        -7.622_461_3e-3,
        9.438_870_5e-3,
        1.001_674,
        2.832_976_8,
    ];
    let w = -log((1.0 - x) * (1.0 + x));
    let polynomial =
        |coefficients: [Float; 9], w: Float| coefficients.into_iter().fold(0.0, |sum, c| sum * w + c);
    let (middle, tails) = (polynomial(MIDDLE, w - 2.5), polynomial(TAILS, w.sqrt() - 3.0));
    x * if w < 5.0 { middle } else { tails }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_is_exact_to_the_last_digits() {
        let known = [
            (1e-8, 1.128_379_167_095_512_6e-8),
            (0.1, 0.112_462_916_018_284_89),
            (0.499, 0.519_620_655_989_468_5),
            (0.501, 0.521_378_220_854_411_8),
            (1.0, 0.842_700_792_949_714_9),
            (2.0, 0.995_322_265_018_952_7),
            (3.5, 0.999_999_256_901_627_7),
            (6.0, 1.0),
        ];
        for (x, expected) in known {
            for sign in [1.0, -1.0] {
                let error = f64::from(erf((sign * x) as Float)) / (sign * expected) - 1.0;
                // The argument's own rounding counts for one unit more.
                assert!(error.abs() <= 4.0 * f64::from(Float::EPSILON), "erf({x}): relative error {error}");
            }
        }
        assert!(erf(Float::NAN).is_nan());
        assert_eq!((erf(Float::INFINITY), erf(-100.0)), (1.0, -1.0));
    }

    #[test]
    fn erfinv_reverses_erf() {
        for x in [-3.6, -2.0, -0.7, -0.01, 0.0, 0.3, 1.0, 1.5, 2.5, 3.0] {
            let x: Float = x;
            // Near 1 the rounding of erf(x) counts for more.
            let tolerance = 2e-6 + 2.0 * Float::EPSILON * exp(x * x);
            assert!(
                (erfinv(erf(x)) - x).abs() <= tolerance.min(0.2),
                "erfinv(erf({x})) = {}",
                erfinv(erf(x))
            );
        }
    }

    #[test]
    fn softplus_neither_overflows_nor_loses_digits() {
        assert_eq!(softplus(1000.0), 1000.0);
        assert_eq!(softplus(0.0), (2.0 as Float).ln());
        assert!((softplus(-20.0) / exp(-20.0) - 1.0).abs() < 1e-6);
        assert!(softplus(Float::NAN).is_nan());
    }
}
