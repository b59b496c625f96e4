//! Python's format specifications for numbers: what stands behind the colon in `{val_loss:.2f}`.

use crate::python_float::{fixed, general, repr, scientific};

/// More than a file name can hold anyway.
const WIDEST: usize = 200;

/// `[[fill]align][sign][0][width][.precision][type]` with the types `d e E f F g G %`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FormatSpec {
    fill: char,
    align: Align,
    sign: Option<char>,
    width: usize,
    precision: Option<usize>,
    kind: Option<char>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Align {
    Left,
    Right,
    Center,
    /// Between sign and digits.
    AfterSign,
}

/// A number to be formatted: counts and metrics have different types in Python.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Integer(usize),
    Float(f64),
}

impl FormatSpec {
    /// Reads a specification; `None` if it is none, or one that this program does not know.
    pub(crate) fn parse(text: &str) -> Option<FormatSpec> {
        let mut rest = text;
        let (fill, align) = take_alignment(&mut rest);
        let sign = take(&mut rest, |letter| matches!(letter, '+' | '-' | ' '));
        let is_zero_padded = fill.is_none() && take(&mut rest, |letter| letter == '0').is_some();
        let width = take_number(&mut rest)?.unwrap_or(0);
        let precision = match take(&mut rest, |letter| letter == '.') {
            Some(_) => Some(take_number(&mut rest)??),
            None => None,
        };
        let kind = take(&mut rest, |letter| "deEfFgG%".contains(letter));
        rest.is_empty().then_some(FormatSpec {
            fill: fill.unwrap_or(if is_zero_padded { '0' } else { ' ' }),
            align: align.unwrap_or(if is_zero_padded { Align::AfterSign } else { Align::Right }),
            sign,
            width,
            precision,
            kind,
        })
    }

    /// Writes a number; `None` if numbers of its type cannot be written so, as a metric with `d`.
    pub(crate) fn format(&self, number: Number) -> Option<String> {
        let digits = match (number, self.kind, self.precision) {
            (Number::Integer(value), None | Some('d'), None) => value.to_string(),
            (Number::Integer(_), None | Some('d'), Some(_)) | (Number::Float(_), Some('d'), _) => {
                return None;
            }
            (Number::Integer(value), ..) => self.digits(value as f64),
            (Number::Float(value), ..) => self.digits(value),
        };
        let (sign, digits) = match (digits.strip_prefix('-'), self.sign) {
            (Some(digits), _) => ("-".to_owned(), digits),
            (None, Some(sign @ ('+' | ' '))) => (sign.to_string(), &*digits),
            (None, _) => (String::new(), &*digits),
        };
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        let fill = |count| self.fill.to_string().repeat(count);
        Some(match self.align {
            Align::Left => sign + digits + &fill(missing),
            Align::Right => fill(missing) + &sign + digits,
            Align::Center => fill(missing / 2) + &sign + digits + &fill(missing.div_ceil(2)),
            Align::AfterSign => sign + &fill(missing) + digits,
        })
    }

    fn digits(&self, value: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        let text = match self.kind {
            Some('e' | 'E') => scientific(value, precision),
            Some('g' | 'G') => general(value, precision, false),
            Some('%') => fixed(value * 100.0, precision) + "%",
            Some(_) => fixed(value, precision),
            None if self.precision.is_some() => general(value, precision, true),
            None => repr(value),
        };
        if self.kind.is_some_and(char::is_uppercase) { text.to_uppercase() } else { text }
    }
}

fn take_alignment(rest: &mut &str) -> (Option<char>, Option<Align>) {
    let mut letters = rest.chars();
    let (first, second) = (letters.next(), letters.next());
    if let (Some(fill), Some(align)) = (first, second.and_then(alignment)) {
        *rest = letters.as_str();
        return (Some(fill), Some(align));
    }
    let align = first.and_then(alignment);
    if align.is_some() {
        *rest = &rest[1..];
    }
    (None, align)
}

fn alignment(letter: char) -> Option<Align> {
    match letter {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        '=' => Some(Align::AfterSign),
        _ => None,
    }
}

fn take(rest: &mut &str, is_wanted: impl Fn(char) -> bool) -> Option<char> {
    let letter = rest.chars().next().filter(|&letter| is_wanted(letter))?;
    *rest = &rest[letter.len_utf8()..];
    Some(letter)
}

/// The number at the beginning, if there is one; or `None` if it is too large.
fn take_number(rest: &mut &str) -> Option<Option<usize>> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, others) = rest.split_at(length);
    *rest = others;
    if number.is_empty() {
        return Some(None);
    }
    number.parse().ok().filter(|&number| number <= WIDEST).map(Some)
}

#[cfg(test)]
mod tests {
    use super::Number::{Float, Integer};
    use super::*;

    fn format(spec: &str, number: Number) -> Option<String> {
        FormatSpec::parse(spec)?.format(number)
    }

    // Expected: `format(number, spec)` in Python 3.
    #[test]
    fn numbers_are_written_as_python_does() {
        for (spec, number, expected) in [
            ("", Integer(3), "3"),
            ("02d", Integer(3), "03"),
            ("05", Integer(3), "00003"),
            ("<05", Integer(3), "30000"),
            (">5", Integer(3), "    3"),
            ("*^6", Integer(3), "**3***"),
            ("=+6", Integer(3), "+    3"),
            ("*>05", Integer(3), "****3"),
            ("é<3", Integer(3), "3éé"),
            ("+d", Integer(3), "+3"),
            ("-d", Integer(3), "3"),
            (".1f", Integer(3), "3.0"),
            ("", Float(1.0 / 3.0), "0.3333333333333333"),
            (".3", Float(1.0 / 3.0), "0.333"),
            (".2f", Float(2.0), "2.00"),
            ("f", Float(0.25), "0.250000"),
            ("08.3f", Float(-0.5), "-000.500"),
            ("06.1f", Float(f64::NAN), "000nan"),
            (" .1f", Float(1.5), " 1.5"),
            (".3e", Float(0.1), "1.000e-01"),
            ("E", Float(0.1), "1.000000E-01"),
            ("g", Float(0.1), "0.1"),
            ("G", Float(1e10), "1E+10"),
            (".0%", Float(0.5), "50%"),
            ("%", Integer(0), "0.000000%"),
            ("F", Float(f64::INFINITY), "INF"),
            ("10", Float(1.5), "       1.5"),
            ("<10", Float(1.5), "1.5       "),
        ] {
            assert_eq!(format(spec, number).as_deref(), Some(expected), "{spec}");
        }
    }

    #[test]
    fn other_specifications_are_refused() {
        for spec in
            ["x", "02x", "#x", ",", "_d", ".", ".f", "z", "2d3", "99999999999999999999", "201", ".201f", "!r"]
        {
            assert_eq!(FormatSpec::parse(spec), None, "{spec}");
        }
        assert_eq!(format("d", Float(1.0)), None);
        assert_eq!(format(".2d", Integer(1)), None);
        assert_eq!(format(".2", Integer(1)), None);
    }
}
