//! Windows that slide over the axes of an image, as those of convolution and pooling do.

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
        self.low + self.input + self.high
    }

    /// How many places there are for the window.
    pub(crate) fn output(&self) -> usize {
        match self.padded().checked_sub(self.extent()) {
            Some(room) => room / self.stride + 1,
            None => 0,
        }
    }
}
