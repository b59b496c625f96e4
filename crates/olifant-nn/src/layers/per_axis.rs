//! Options that have a number for each axis of an image.

use olifant_core::Shape;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{BuildError, with_batch};

/// A number for each of the `N` axes between batch and channels: sizes, strides and the like.
///
/// A single number stands for all of them: in code, `3` and `[3, 3]` are the same, and so they are in files.
///
/// # Examples
///
/// ```
/// use olifant_nn::layers::PerAxis;
///
/// assert_eq!(PerAxis::<2>::from(3), [3, 3].into());
/// assert_eq!(serde_json::from_str::<PerAxis<2>>("3")?, serde_json::from_str("[3, 3]")?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerAxis<const N: usize>([usize; N]);

impl<const N: usize> PerAxis<N> {
    /// The numbers.
    pub fn numbers(&self) -> &[usize; N] {
        &self.0
    }

    /// Whether all numbers are from `least` on.
    ///
    /// # Errors
    ///
    /// One is not; the message names the option.
    pub(super) fn check(&self, option: &'static str, least: usize) -> Result<(), BuildError> {
        let is_right = self.0.iter().all(|&number| number >= least);
        BuildError::check_option(
            option,
            &format!("at least {least} along each axis"),
            format!("{:?}", self.0),
            is_right,
        )
    }
}

/// Ones.
impl<const N: usize> Default for PerAxis<N> {
    fn default() -> PerAxis<N> {
        PerAxis([1; N])
    }
}

impl<const N: usize> From<usize> for PerAxis<N> {
    fn from(number: usize) -> PerAxis<N> {
        PerAxis([number; N])
    }
}

impl<const N: usize> From<[usize; N]> for PerAxis<N> {
    fn from(numbers: [usize; N]) -> PerAxis<N> {
        PerAxis(numbers)
    }
}

impl<const N: usize> Serialize for PerAxis<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for PerAxis<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PerAxis<N>, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrAll {
            One(usize),
            All(Vec<usize>),
        }
        match OneOrAll::deserialize(deserializer)? {
            OneOrAll::One(number) => Ok(PerAxis::from(number)),
            OneOrAll::All(numbers) => match <[usize; N]>::try_from(numbers) {
                Ok(numbers) => Ok(PerAxis(numbers)),
                Err(numbers) => Err(D::Error::custom(format!("expected {N} numbers, not {}", numbers.len()))),
            },
        }
    }
}

/// How many channels samples of this shape have, `N` axes in front of them.
///
/// # Errors
///
/// There are more or fewer axes, or no channels.
pub(super) fn channels<const N: usize>(input: &Shape) -> Result<usize, BuildError> {
    match input.axes() {
        [sizes @ .., channels] if sizes.len() == N && *channels > 0 => Ok(*channels),
        _ => Err(BuildError::InputShape {
            expected: ["[batch, steps, channels]", "[batch, rows, columns, channels]"]
                .get(N.wrapping_sub(1))
                .unwrap_or(&"[batch, planes, rows, columns, channels]")
                .to_string(),
            given: with_batch(input),
            remedy: "; put a Reshape in front if an axis is missing, such as that of a single channel",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_numbers_as_axes_or_one() {
        let read = |json| serde_json::from_str::<PerAxis<2>>(json);
        assert_eq!(read("[1, 2]").unwrap(), PerAxis([1, 2]));
        assert_eq!(read("4").unwrap(), PerAxis([4, 4]));
        assert!(read("[1]").unwrap_err().to_string().contains("expected 2 numbers, not 1"));
        assert_eq!(serde_json::to_string(&PerAxis::<3>::from(2)).unwrap(), "[2,2,2]");
    }

    #[test]
    fn other_numbers_of_axes_are_refused() {
        assert_eq!(channels::<1>(&Shape::from([7, 3])).unwrap(), 3);
        let message = |error: Result<usize, BuildError>| error.unwrap_err().to_string();
        assert_eq!(
            message(channels::<2>(&Shape::from([28, 28]))),
            "expects inputs of shape [batch, rows, columns, channels] but was given [batch, 28, 28]; \
             put a Reshape in front if an axis is missing, such as that of a single channel"
        );
        assert!(message(channels::<3>(&Shape::from([2, 2, 2, 0]))).contains("planes, rows, columns"));
        assert!(message(channels::<1>(&Shape::from([4]))).contains("[batch, steps, channels]"));
    }
}
