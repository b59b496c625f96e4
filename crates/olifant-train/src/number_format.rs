//! How Keras writes a metric: four decimals, or an exponent where they would hide the number.

use std::fmt;

/// A number as it stands in a progress line: `%.4f` above 0.001, else `%.4e` with an exponent of two digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Keras compares the signed value in epoch lines, so that every negative number there
    /// has an exponent; in the bar it compares the magnitude.
    pub(crate) signed: bool,
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        let compared = if self.signed { value } else { value.abs() };
        if value.is_nan() {
            formatter.write_str("nan")
        } else if value.is_infinite() {
            formatter.write_str(if value > 0.0 { "inf" } else { "-inf" })
        } else if compared > 1e-3 {
            write!(formatter, "{value:.4}")
        } else {
            write_scientific(formatter, value)
        }
    }
}

/// `%.4e`: Rust writes `1.0000e-3` where C and Python write `1.0000e-03`.
fn write_scientific(formatter: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    // Sign, digit, point, four decimals, `e`, sign and at most three digits.
    let mut text = [0u8; 16];
    let mut rest = &mut text[..];
    std::io::Write::write_fmt(&mut rest, format_args!("{value:.4e}")).map_err(|_| fmt::Error)?;
    let unused = rest.len();
    let text = std::str::from_utf8(&text[..16 - unused]).map_err(|_| fmt::Error)?;
    let (mantissa, exponent) = text.split_once('e').ok_or(fmt::Error)?;
    let exponent: i32 = exponent.parse().map_err(|_| fmt::Error)?;
    write!(formatter, "{mantissa}e{exponent:+03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_bar(value: f64) -> String {
        Number { value, signed: false }.to_string()
    }

    fn in_epoch_line(value: f64) -> String {
        Number { value, signed: true }.to_string()
    }

    // Expected values: `f"{v:.4f}" if abs(v) > 1e-3 else f"{v:.4e}"` in Python.
    #[test]
    fn numbers_are_written_as_python_does() {
        for (value, expected) in [
            (0.5504, "0.5504"),
            (1.56325, "1.5633"),
            (0.03125, "0.0312"),
            (0.09375, "0.0938"),
            (123456.0, "123456.0000"),
            (1e-3, "1.0000e-03"),
            (0.0010001, "0.0010"),
            (9.87654321e-7, "9.8765e-07"),
            (0.0, "0.0000e+00"),
            (-0.0, "-0.0000e+00"),
            (1.5e-310, "1.5000e-310"),
            (-2.5, "-2.5000"),
            (f64::NAN, "nan"),
            (-f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(in_bar(value), expected);
        }
    }

    #[test]
    fn negative_numbers_have_an_exponent_in_epoch_lines_only() {
        assert_eq!(in_epoch_line(-2.5), "-2.5000e+00");
        assert_eq!(in_epoch_line(-1.2345e12), "-1.2345e+12");
        assert_eq!(in_epoch_line(-1.5e-310), "-1.5000e-310");
        assert_eq!(in_epoch_line(f64::NEG_INFINITY), "-inf");
        assert_eq!(in_epoch_line(2.5), "2.5000");
    }
}
