//! Floats as little-endian bytes, many at once.

use std::io::{self, Write};

use olifant_core::Float;

/// Writes numbers as `f32`, in pieces that fit the first-level cache.
pub(crate) fn write(numbers: &[Float], out: &mut dyn Write) -> io::Result<()> {
    const PIECE: usize = 4096;
    let mut bytes = [0; PIECE * 4];
    for piece in numbers.chunks(PIECE) {
        let bytes = &mut bytes[..piece.len() * 4];
        convert(piece, bytes);
        out.write_all(bytes)?;
    }
    Ok(())
}

/// All numbers as `f32`, in one piece.
pub(super) fn to_bytes(numbers: &[Float]) -> Vec<u8> {
    let mut bytes = vec![0; numbers.len() * 4];
    convert(numbers, &mut bytes);
    bytes
}

#[allow(clippy::unnecessary_cast)] // `Float` is `f64` in builds that check gradients.
fn convert(numbers: &[Float], bytes: &mut [u8]) {
    for (bytes, number) in bytes.as_chunks_mut().0.iter_mut().zip(numbers) {
        *bytes = (*number as f32).to_le_bytes();
    }
}

/// Numbers as a file has them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbers<'a> {
    F32(&'a [u8]),
    F64(&'a [u8]),
}

impl Numbers<'_> {
    /// Copies the numbers to where they belong; the lengths have been compared.
    pub(super) fn copy_to(self, target: &mut [Float]) {
        match self {
            Numbers::F32(bytes) => {
                for (number, bytes) in target.iter_mut().zip(bytes.as_chunks().0) {
                    *number = Float::from(f32::from_le_bytes(*bytes));
                }
            }
            Numbers::F64(bytes) => {
                for (number, bytes) in target.iter_mut().zip(bytes.as_chunks().0) {
                    *number = f64::from_le_bytes(*bytes) as Float;
                }
            }
        }
    }
}
