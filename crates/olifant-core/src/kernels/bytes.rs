//! Numbers' memory lent to bytes.

use crate::Float;

/// The memory of some numbers as bytes.
pub(crate) fn bytes(numbers: &[Float]) -> &[u8] {
    // SAFETY: a number is so many bytes without gaps, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

/// The memory of some numbers as bytes, to be written.
pub(crate) fn bytes_mut(numbers: &mut [Float]) -> &mut [u8] {
    // SAFETY: as above; and whatever is written, it is a number.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), size_of_val(numbers)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_bytes_is_read_as_bytes() {
        let mut numbers = [0.0; 3];
        let written: Vec<u8> = (0..size_of_val(&numbers)).map(|i| 250 - i as u8).collect();
        bytes_mut(&mut numbers).copy_from_slice(&written);
        assert_eq!(bytes(&numbers), written);
    }
}
