//! Numbers for the two sides of each axis.

use olifant_core::Shape;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{BuildError, layers::per_axis::channels};

/// How many places in front and behind, along each of `N` axes.
///
/// `1` is for all sides, `[1, 2]` along each axis for both sides, `[(1, 0), (2, 3)]` for each side; with one axis, `(1, 0)` as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides<const N: usize>([(usize, usize); N]);

impl<const N: usize> Sides<N> {
    /// In front and behind, axis by axis.
    pub fn numbers(&self) -> &[(usize, usize); N] {
        &self.0
    }

    /// The shape of a sample whose axes get the lengths `length(length, in front, behind)`.
    ///
    /// # Errors
    ///
    /// The sample has another number of axes, or a length is not a number.
    pub(super) fn resized(
        &self,
        input: &Shape,
        option: &'static str,
        expected: &str,
        length: impl Fn(usize, usize, usize) -> Option<usize>,
    ) -> Result<Shape, BuildError> {
        let mut axes = [0; olifant_core::MAX_RANK];
        axes[N] = channels::<N>(input)?;
        for (i, &(before, after)) in self.0.iter().enumerate() {
            let given = || BuildError::option(option, expected, format!("{:?}", self.0));
            axes[i] = length(input[i], before, after).ok_or_else(given)?;
        }
        Ok(Shape::new(&axes[..=N])?)
    }
}

impl<const N: usize> From<usize> for Sides<N> {
    fn from(number: usize) -> Sides<N> {
        Sides([(number, number); N])
    }
}

impl<const N: usize> From<[usize; N]> for Sides<N> {
    fn from(numbers: [usize; N]) -> Sides<N> {
        Sides(numbers.map(|number| (number, number)))
    }
}

impl<const N: usize> From<[(usize, usize); N]> for Sides<N> {
    fn from(numbers: [(usize, usize); N]) -> Sides<N> {
        Sides(numbers)
    }
}

impl From<(usize, usize)> for Sides<1> {
    fn from(numbers: (usize, usize)) -> Sides<1> {
        Sides([numbers])
    }
}

impl<const N: usize> Serialize for Sides<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Sides<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sides<N>, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            One(usize),
            Both(Vec<usize>),
            Each(Vec<(usize, usize)>),
        }
        let each = match Given::deserialize(deserializer)? {
            Given::One(number) => return Ok(Sides::from(number)),
            Given::Both(numbers) if N == 1 && numbers.len() == 2 => vec![(numbers[0], numbers[1])],
            Given::Both(numbers) => numbers.into_iter().map(|number| (number, number)).collect(),
            Given::Each(each) => each,
        };
        let numbers = <[(usize, usize); N]>::try_from(each);
        numbers.map(Sides).map_err(|each| D::Error::custom(format!("expected {N} axes, not {}", each.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keras_ways_to_say_it() {
        let read = |json| serde_json::from_str::<Sides<2>>(json).map_err(|error| error.to_string());
        assert_eq!(read("3"), Ok(Sides([(3, 3), (3, 3)])));
        assert_eq!(read("[1, 2]"), Ok(Sides([(1, 1), (2, 2)])));
        assert_eq!(read("[[1, 0], [2, 3]]"), Ok([(1, 0), (2, 3)].into()));
        assert!(read("[[1, 0]]").unwrap_err().contains("expected 2 axes, not 1"));
        assert_eq!(serde_json::from_str::<Sides<1>>("[1, 2]").unwrap(), (1, 2).into());
        assert_eq!(serde_json::to_string(&Sides::from([1, 2])).unwrap(), "[[1,1],[2,2]]");
    }
}
