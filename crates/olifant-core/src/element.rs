//! The one number type of all tensors, and what converts to it at the door.

/// The element type of every tensor: `f32`, or `f64` in strict gradient tests.
#[cfg(not(feature = "f64"))]
pub type Float = f32;
/// The element type of every tensor: `f32`, or `f64` in strict gradient tests.
#[cfg(feature = "f64")]
pub type Float = f64;

/// A number that a user's array may hold: it is converted to [`Float`] when a batch is gathered.
///
/// Integers up to 2²⁴ convert exactly, so class indices and token ids do.
pub trait Element: Copy + Send + Sync + 'static {
    /// The nearest [`Float`].
    fn to_float(self) -> Float;
}

macro_rules! elements {
    ($($number:ty)*) => {
        $(impl Element for $number {
            #[inline]
            fn to_float(self) -> Float {
                self as Float
            }
        })*
    };
}

elements!(f32 f64 u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl Element for bool {
    #[inline]
    fn to_float(self) -> Float {
        Float::from(u8::from(self))
    }
}
