//! The functions that take long: every loop calls them from here.

#[cfg(any(test, feature = "f64"))]
mod double;
#[cfg(not(feature = "f64"))]
mod single;

#[cfg(feature = "f64")]
pub(crate) use double::*;
#[cfg(not(feature = "f64"))]
pub(crate) use single::*;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Float;

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
    fn softplus_neither_overflows_nor_loses_digits() {
        assert_eq!(softplus(1000.0), 1000.0);
        assert_eq!(softplus(0.0), (2.0 as Float).ln());
        assert!((softplus(-20.0) / exp(-20.0) - 1.0).abs() < 1e-6);
        assert!(softplus(Float::NAN).is_nan());
    }
}
