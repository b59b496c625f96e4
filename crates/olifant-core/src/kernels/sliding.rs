//! Windows that slide over the axes of an image, as those of convolution and pooling do.

use std::{array, ops::Range};

/// The most axes between batch and channels.
pub(crate) const MAX_AXES: usize = 3;

/// How a window slides along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// The length of the image.
    pub(crate) input: usize,
    /// How many places of the image the window sees.
    pub(crate) size: usize,
    /// How far the window moves at a time.
    pub(crate) stride: usize,
    /// The distance between the places that it sees.
    pub(crate) dilation: usize,
    /// How many places are added in front of the image.
    pub(crate) low: usize,
    /// How many are added behind it.
    pub(crate) high: usize,
}

impl Axis {
    /// An axis that images of fewer axes have as well, with size 1.
    pub(crate) const SINGLE: Axis = Axis { input: 1, size: 1, stride: 1, dilation: 1, low: 0, high: 0 };

    /// From its first place to its last, a window is so long.
    pub(crate) fn extent(&self) -> usize {
        (self.size - 1) * self.dilation + 1
    }

    /// The length of the image with what is added.
    pub(crate) fn padded(&self) -> usize {
        self.input.saturating_add(self.low + self.high)
    }

    /// How many places there are for the window.
    pub(crate) fn output(&self) -> usize {
        match self.padded().checked_sub(self.extent()) {
            Some(room) => room / self.stride + 1,
            None => 0,
        }
    }

    /// Which places of the image a window without dilation sees.
    pub(crate) fn window(&self, output: usize) -> Range<usize> {
        let start = output * self.stride;
        start.saturating_sub(self.low)..(start + self.size).saturating_sub(self.low).min(self.input)
    }
}

/// All places of a box, the last axis fastest.
pub(crate) fn places(ranges: [Range<usize>; MAX_AXES]) -> impl Iterator<Item = [usize; MAX_AXES]> {
    let [planes, rows, columns] = ranges;
    planes.flat_map(move |plane| {
        let columns = columns.clone();
        rows.clone().flat_map(move |row| columns.clone().map(move |column| [plane, row, column]))
    })
}

/// The places of an image that a window sees.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    ranges: [Range<usize>; MAX_AXES],
    /// How many places the image's planes and rows have.
    height: usize,
    width: usize,
}

impl Window {
    /// All of them.
    #[inline(always)]
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        let (height, width) = (self.height, self.width);
        places(self.ranges.clone()).map(move |[plane, row, column]| (plane * height + row) * width + column)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.iter().map(Range::len).product()
    }
}

/// The windows of an image, in the order of the results.
pub(crate) fn windows(axes: &[Axis; MAX_AXES]) -> impl Iterator<Item = Window> {
    let (height, width) = (axes[1].input, axes[2].input);
    places(axes.map(|axis| 0..axis.output())).map(move |output| {
        let ranges = array::from_fn(|i| axes[i].window(output[i]));
        Window { ranges, height, width }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_at_the_border_see_what_is_inside() {
        let rows = Axis { input: 3, size: 2, stride: 2, dilation: 1, low: 0, high: 1 };
        let columns = Axis { input: 4, size: 3, stride: 2, dilation: 1, low: 1, high: 0 };
        let seen: Vec<Vec<usize>> =
            windows(&[Axis::SINGLE, rows, columns]).map(|window| window.places().collect()).collect();
        assert_eq!(seen, [vec![0, 1, 4, 5], vec![1, 2, 3, 5, 6, 7], vec![8, 9], vec![9, 10, 11]]);
    }
}
