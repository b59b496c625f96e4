//! All weights of a model: two flat buffers and a table of names.

use std::fmt;

use crate::{
    Float, Shape,
    tensor::{Buffer, TensorView},
};

/// Every weight starts at a multiple of this many elements, so at a cache line. The gaps stay zero.
const ALIGNMENT: usize = 16;

/// A handle to one weight in [`Weights`]. The default value refers to nothing ("not built yet").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weight(pub(crate) u32);

impl Default for Weight {
    fn default() -> Weight {
        Weight(u32::MAX)
    }
}

/// What is known of a weight besides its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WeightSpec {
    /// Unique within its model, for example `dense_1/kernel`.
    pub name: String,
    /// The sizes of its axes.
    pub shape: Shape,
    /// Where it starts in its flat buffer.
    pub offset: usize,
    /// Whether gradients change it; if not it is state, such as a moving average.
    pub trainable: bool,
    /// Whether its layer is frozen: then training leaves it alone, also if it is state.
    pub frozen: bool,
}

impl WeightSpec {
    /// Its place in the flat buffer.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.shape.size()
    }

    /// The gap between it and the next weight.
    pub(crate) fn gap(&self) -> std::ops::Range<usize> {
        let end = self.range().end;
        end..end.next_multiple_of(ALIGNMENT)
    }
}

/// All weights of a model.
///
/// Trainable weights lie one behind the other in a single flat buffer, weights that gradients do not change in a second one.
/// Gradients and every slot of an optimizer have the layout of the first.
/// An optimizer's step is therefore one loop, a snapshot one copy, and no layer can forget to mention a weight.
///
/// # Examples
///
/// ```
/// use olifant_core::Weights;
///
/// let mut weights = Weights::default();
/// let kernel = weights.add("dense/kernel", [2, 3], true);
/// weights.get_mut(kernel).fill(0.5);
/// assert_eq!(weights.get(kernel).shape.to_string(), "[2, 3]");
/// assert_eq!(weights.find("dense/kernel"), Some(kernel));
/// ```
#[derive(Clone, Default)]
pub struct Weights {
    trainable: Buffer,
    state: Buffer,
    specs: Vec<WeightSpec>,
}

impl Weights {
    /// Appends a weight of zeros.
    pub fn add(&mut self, name: impl Into<String>, shape: impl Into<Shape>, trainable: bool) -> Weight {
        let shape = shape.into();
        let buffer = if trainable { &mut self.trainable } else { &mut self.state };
        let offset = buffer.len();
        buffer.extend_with_zeros(shape.size().next_multiple_of(ALIGNMENT));
        self.specs.push(WeightSpec { name: name.into(), shape, offset, trainable, frozen: false });
        Weight(self.specs.len() as u32 - 1)
    }

    /// Lets gradients change those weights for which `trains` is true, and no others.
    ///
    /// Handles, names, numbers and order stay; places in the flat buffers change.
    /// Whatever has the layout of [`Weights::trainable`] has to follow.
    pub fn set_trainable(&mut self, trains: impl Fn(Weight) -> bool) {
        let mut rearranged = Weights::default();
        for (weight, spec) in self.iter() {
            let copy = rearranged.add(&*spec.name, spec.shape, trains(weight));
            rearranged.set_frozen(copy, spec.frozen);
            rearranged.get_mut(copy).copy_from_slice(self.get(weight).data);
        }
        *self = rearranged;
    }

    /// Notes whether the layer of a weight is frozen, for layers whose state does not move then.
    /// Whether gradients change the weight is another question: [`Weights::set_trainable`].
    ///
    /// # Panics
    ///
    /// The handle was not made by these weights: its layer was not built.
    #[track_caller]
    pub fn set_frozen(&mut self, weight: Weight, frozen: bool) {
        // A handle that is not there is answered with the message that all methods give.
        self.spec(weight);
        self.specs[weight.0 as usize].frozen = frozen;
    }

    /// The numbers of one weight.
    ///
    /// # Panics
    ///
    /// The handle was not made by these weights: its layer was not built.
    #[track_caller]
    pub fn get(&self, weight: Weight) -> TensorView<'_> {
        let spec = self.spec(weight);
        let buffer = if spec.trainable { &self.trainable } else { &self.state };
        TensorView { data: &buffer[spec.range()], shape: spec.shape }
    }

    /// The numbers of one weight, to be changed.
    ///
    /// # Panics
    ///
    /// The handle was not made by these weights: its layer was not built.
    #[track_caller]
    pub fn get_mut(&mut self, weight: Weight) -> &mut [Float] {
        let spec = self.spec(weight);
        let (range, trainable) = (spec.range(), spec.trainable);
        let buffer = if trainable { &mut self.trainable } else { &mut self.state };
        &mut buffer[range]
    }

    /// Name, shape and place of one weight.
    ///
    /// # Panics
    ///
    /// The handle was not made by these weights: its layer was not built.
    #[track_caller]
    pub fn spec(&self, weight: Weight) -> &WeightSpec {
        match self.specs.get(weight.0 as usize) {
            Some(spec) => spec,
            None => panic!("weight {} does not exist here: was its layer built?", weight.0),
        }
    }

    /// The weight of this name.
    pub fn find(&self, name: &str) -> Option<Weight> {
        self.specs.iter().position(|spec| spec.name == name).map(|index| Weight(index as u32))
    }

    /// All weights in the order of their creation.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Weight, &WeightSpec)> {
        self.specs.iter().enumerate().map(|(index, spec)| (Weight(index as u32), spec))
    }

    /// How many weights there are.
    pub fn len(&self) -> usize {
        self.specs.len()
    }

    /// Whether there is no weight at all.
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }

    /// All trainable numbers as one flat slice, gaps of alignment included.
    pub fn trainable(&self) -> &[Float] {
        &self.trainable
    }

    /// All trainable numbers, to be changed. The gaps must stay zero.
    pub fn trainable_mut(&mut self) -> &mut [Float] {
        &mut self.trainable
    }

    /// The trainable weights one by one: what is known of each, and its numbers, to be changed.
    pub fn each_trainable_mut(&mut self) -> impl Iterator<Item = (&WeightSpec, &mut [Float])> {
        let (mut rest, mut start) = (&mut self.trainable[..], 0);
        self.specs.iter().filter(|spec| spec.trainable).map(move |spec| {
            let end = spec.gap().end;
            let (place, others) = std::mem::take(&mut rest).split_at_mut(end - start);
            (rest, start) = (others, end);
            (spec, &mut place[..spec.shape.size()])
        })
    }

    /// All numbers that gradients do not change, as one flat slice.
    pub fn state(&self) -> &[Float] {
        &self.state
    }

    /// All numbers that gradients do not change, to be changed.
    pub fn state_mut(&mut self) -> &mut [Float] {
        &mut self.state
    }

    /// How many numbers are trained: the sum of the weights' sizes, without gaps.
    pub fn trainable_parameters(&self) -> usize {
        self.specs.iter().filter(|spec| spec.trainable).map(|spec| spec.shape.size()).sum()
    }

    /// How many numbers are not trained.
    pub fn state_parameters(&self) -> usize {
        self.specs.iter().filter(|spec| !spec.trainable).map(|spec| spec.shape.size()).sum()
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.specs).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_keep_their_numbers_when_others_are_added() {
        let mut weights = Weights::default();
        let first = weights.add("first", [3], true);
        weights.get_mut(first).copy_from_slice(&[1.0, 2.0, 3.0]);
        let mean = weights.add("mean", [2], false);
        let second = weights.add("second", [2, 2], true);
        weights.get_mut(second).fill(4.0);
        assert_eq!(weights.get(first).data, [1.0, 2.0, 3.0]);
        assert_eq!(weights.get(mean).data, [0.0, 0.0]);
        assert_eq!(weights.trainable()[ALIGNMENT..ALIGNMENT + 4], [4.0; 4]);
        assert_eq!((weights.trainable_parameters(), weights.state_parameters()), (7, 2));
    }

    #[test]
    fn frozen_weights_change_their_buffer_and_keep_their_numbers() {
        let mut weights = Weights::default();
        let [first, second, third] = ["first", "second", "third"].map(|name| weights.add(name, [3], true));
        for (number, weight) in [first, second, third].into_iter().enumerate() {
            weights.get_mut(weight).fill(number as Float + 1.0);
        }
        weights.set_trainable(|weight| weight != first);
        assert_eq!((weights.trainable_parameters(), weights.state_parameters()), (6, 3));
        assert_eq!((weights.trainable()[0], weights.state()[0]), (2.0, 1.0));
        weights.set_frozen(third, true);
        weights.set_trainable(|weight| weight == first);
        assert_eq!((weights.trainable()[0], weights.state()[0]), (1.0, 2.0));
        assert_eq!([first, second, third].map(|weight| weights.get(weight).data[2]), [1.0, 2.0, 3.0]);
        assert_eq!(weights.find("third"), Some(third));
        assert_eq!([first, second, third].map(|weight| weights.spec(weight).frozen), [false, false, true]);
    }

    #[test]
    fn trainable_weights_are_lent_one_by_one() {
        let mut weights = Weights::default();
        for (number, (size, trainable)) in
            [(17, true), (2, false), (0, true), (3, true)].into_iter().enumerate()
        {
            weights.add(format!("weight_{number}"), [size], trainable);
        }
        for (spec, numbers) in weights.each_trainable_mut() {
            assert_eq!(numbers.len(), spec.shape.size());
            numbers.fill(spec.offset as Float + 1.0);
        }
        let sums: Vec<Float> =
            weights.iter().map(|(weight, _)| weights.get(weight).data.iter().sum()).collect();
        assert_eq!(sums, [17.0, 0.0, 0.0, 99.0]);
        assert_eq!(weights.trainable().iter().sum::<Float>(), 116.0, "the gaps stay zero");
    }

    #[test]
    #[should_panic(expected = "was its layer built?")]
    fn a_default_handle_refers_to_nothing() {
        Weights::default().get(Weight::default());
    }
}
