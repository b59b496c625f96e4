//! Serde for `f64` that loses nothing: NaN and the infinities survive JSON as well.
//!
//! JSON has no word for them and serde_json writes `null`, which it then refuses to read back.
//! So a finite number stays a number, and the others become the strings `"nan"`, `"inf"`, `"-inf"`.
//! A NaN whose bits are not those of [`f64::NAN`] (processors make several) names them, as in `"nan:fff8000000000000"`:
//! a resumed run must hold the same bits as an unbroken one.
//! Binary formats get the plain eight bytes; they are not self-describing, so both directions ask
//! `is_human_readable` and never look at the data to find out.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// An `f64` that comes back bit for bit from JSON and from binary formats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExactFloat(pub(crate) f64);

impl Serialize for ExactFloat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        if value.is_finite() || !serializer.is_human_readable() {
            serializer.serialize_f64(value)
        } else if value == f64::INFINITY {
            serializer.serialize_str("inf")
        } else if value == f64::NEG_INFINITY {
            serializer.serialize_str("-inf")
        } else if value.to_bits() == f64::NAN.to_bits() {
            serializer.serialize_str("nan")
        } else {
            serializer.collect_str(&format_args!("nan:{:016x}", value.to_bits()))
        }
    }
}

impl<'de> Deserialize<'de> for ExactFloat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(NumberOrName)
        } else {
            f64::deserialize(deserializer).map(ExactFloat)
        }
    }
}

struct NumberOrName;

impl Visitor<'_> for NumberOrName {
    type Value = ExactFloat;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, \"nan\", \"inf\" or \"-inf\"")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<ExactFloat, E> {
        Ok(ExactFloat(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<ExactFloat, E> {
        Ok(ExactFloat(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<ExactFloat, E> {
        Ok(ExactFloat(value as f64))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<ExactFloat, E> {
        let value = match name {
            "nan" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            other => other
                .strip_prefix("nan:")
                .and_then(|bits| u64::from_str_radix(bits, 16).ok())
                .map(f64::from_bits)
                .filter(|value| value.is_nan()),
        };
        let unexpected = || E::invalid_value(serde::de::Unexpected::Str(name), &self);
        value.map(ExactFloat).ok_or_else(unexpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWKWARD: [f64; 10] = [
        0.0,
        -0.0,
        0.1,
        f64::MIN_POSITIVE / 4.0,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::from_bits(0xfff8_0000_0000_0000),
        f64::from_bits(0x7ff0_0000_0000_0001),
    ];

    #[test]
    fn json_returns_every_bit() {
        for value in AWKWARD {
            let text = serde_json::to_string(&ExactFloat(value)).unwrap();
            let back: ExactFloat = serde_json::from_str(&text).unwrap();
            assert_eq!(back.0.to_bits(), value.to_bits(), "{text}");
        }
    }

    #[test]
    fn bincode_returns_every_bit() {
        let config = bincode::config::standard();
        for value in AWKWARD {
            let bytes = bincode::serde::encode_to_vec(ExactFloat(value), config).unwrap();
            let (back, _): (ExactFloat, usize) = bincode::serde::decode_from_slice(&bytes, config).unwrap();
            assert_eq!(back.0.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn json_reads_integers_and_refuses_other_words() {
        let read = |text: &str| serde_json::from_str::<ExactFloat>(text);
        assert_eq!(read("3").unwrap().0, 3.0);
        assert_eq!(read("-3").unwrap().0, -3.0);
        for text in ["\"infinity\"", "\"nan:3ff0000000000000\"", "null"] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains("expected a number, \"nan\""), "{message}");
        }
    }
}
