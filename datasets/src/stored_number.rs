//! How a number is stored in a file, and reading it as `f32`.

use olifant_core::Element;

/// A type of number and the order of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredNumber {
    pub(crate) number: Number,
    pub(crate) order: ByteOrder,
}

/// The types of numbers that files hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// The one that counts least.
    Little,
    /// The one that counts most.
    Big,
}

impl StoredNumber {
    /// How many bytes a number takes.
    pub(crate) fn size(self) -> usize {
        match self.number {
            Number::Bool | Number::U8 | Number::I8 => 1,
            Number::U16 | Number::I16 => 2,
            Number::U32 | Number::I32 | Number::F32 => 4,
            Number::U64 | Number::I64 | Number::F64 => 8,
        }
    }

    /// Reads numbers that stand one behind the other, as many as `output` has room for.
    pub(crate) fn read(self, bytes: &[u8], output: &mut [f32]) {
        macro_rules! read {
            ($type:ident) => {
                match self.order {
                    ByteOrder::Little => convert(bytes, output, $type::from_le_bytes),
                    ByteOrder::Big => convert(bytes, output, $type::from_be_bytes),
                }
            };
        }
        match self.number {
            Number::Bool => convert(bytes, output, |byte| byte != [0]),
            Number::U8 => read!(u8),
            Number::U16 => read!(u16),
            Number::U32 => read!(u32),
            Number::U64 => read!(u64),
            Number::I8 => read!(i8),
            Number::I16 => read!(i16),
            Number::I32 => read!(i32),
            Number::I64 => read!(i64),
            Number::F32 => read!(f32),
            Number::F64 => read!(f64),
        }
    }
}

/// One loop for each type, without a branch, so that it works on vectors.
fn convert<E: Element, const SIZE: usize>(
    bytes: &[u8],
    output: &mut [f32],
    number: impl Fn([u8; SIZE]) -> E,
) {
    let (numbers, _) = bytes.as_chunks::<SIZE>();
    for (to, &from) in output.iter_mut().zip(numbers) {
        *to = number(from).to_float();
    }
}
