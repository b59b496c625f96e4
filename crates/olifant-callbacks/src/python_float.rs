//! Numbers as Python writes them.

/// The shortest digits that read back as the same number, as in Python's `repr`: `1.0`, `1e-08`, `nan`, `inf`.
pub(crate) fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    // Rust and Python change to exponents at the same numbers.
    with_python_exponent(format!("{value:?}"))
}

/// Python's `%.{decimals}f`.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() { "nan".into() } else { format!("{value:.decimals$}") }
}

/// Python's `%.{decimals}e`.
pub(crate) fn scientific(value: f64, decimals: usize) -> String {
    if value.is_finite() { with_python_exponent(format!("{value:.decimals$e}")) } else { repr(value) }
}

/// Python's `%.{digits}g`; or, `keeps_point`, its format without a type, which writes `2.0` where `g` writes `2`.
pub(crate) fn general(value: f64, digits: usize, keeps_point: bool) -> String {
    if !value.is_finite() {
        return repr(value);
    }
    let digits = digits.max(1);
    let scientific = scientific(value, digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let before_point = digits as i32 - i32::from(keeps_point);
    if exponent < -4 || exponent >= before_point {
        return format!("{}e{exponent:+03}", without_zeros(mantissa));
    }
    let decimals = digits as i32 - 1 - exponent;
    let text = fixed(value, decimals.max(0) as usize);
    let text = without_zeros(&text);
    if keeps_point && !text.contains('.') { format!("{text}.0") } else { text.into() }
}

/// Rust writes `1e-8` where Python writes `1e-08`.
fn with_python_exponent(text: String) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{exponent:+03}")
        }
        None => text,
    }
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected: `repr(value)` in Python 3.
    #[test]
    fn repr_is_that_of_python() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e-8, "1e-08"),
            (1e-5, "1e-05"),
            (1e-4, "0.0001"),
            (1.5e-310, "1.5e-310"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e300, "1.25e+300"),
            (123456789.0, "123456789.0"),
            (0.009999999776482582, "0.009999999776482582"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(repr(value), expected);
        }
    }

    // Expected: `format(value, ".{digits}g")` and `format(value, ".{digits}")` in Python 3.
    #[test]
    fn general_numbers_are_those_of_python() {
        for (value, digits, g, untyped) in [
            (12.0, 2, "12", "1.2e+01"),
            (12.0, 3, "12", "12.0"),
            (2.0, 1, "2", "2e+00"),
            (0.0, 3, "0", "0.0"),
            (0.00012345, 3, "0.000123", "0.000123"),
            (0.000012345, 3, "1.23e-05", "1.23e-05"),
            (99.96, 3, "100", "1e+02"),
            (1234.5, 0, "1e+03", "1e+03"),
            (-1.5, 6, "-1.5", "-1.5"),
            (f64::NEG_INFINITY, 2, "-inf", "-inf"),
        ] {
            assert_eq!(
                (general(value, digits, false).as_str(), general(value, digits, true).as_str()),
                (g, untyped)
            );
        }
    }

    #[test]
    fn fixed_and_scientific_numbers_are_those_of_python() {
        assert_eq!([fixed(0.125, 2), fixed(2.0, 5), fixed(f64::NAN, 2)], ["0.12", "2.00000", "nan"]);
        assert_eq!([scientific(0.1, 3), scientific(f64::INFINITY, 3)], ["1.000e-01", "inf"]);
    }
}
