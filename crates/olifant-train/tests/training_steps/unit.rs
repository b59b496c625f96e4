//! Numbers between 0 and 1 that look random, from the formula that `../keras/unit.py` describes.

pub(crate) fn unit(stream: u32, index: usize) -> f64 {
    let mut x = stream.wrapping_mul(0x9E37_79B9).wrapping_add(index as u32);
    x ^= x >> 16;
    x = x.wrapping_mul(0x7FEB_352D);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846C_A68B);
    x ^= x >> 16;
    f64::from(x >> 8) / f64::from(1 << 24)
}
