//! Convolution of images whose channels lie side by side, in one to three dimensions.
//!
//! Seen from far enough a convolution is a product of matrices. Row p of the first holds what the p-th result depends on:
//! `a[p, t] = image[positions[p] + terms[t]]`, see `lists.rs`. It is never written down; its numbers are read where they are.
//! With the kernel K, one row for each term and one column for each filter:
//!
//! - forward: z = a·K, for each image;
//! - the gradient of the image: da = dz·Kᵀ, each number of which is added to the place in the image that `a` was read from;
//! - the gradient of the kernel: dK = aᵀ·dz, summed over all images.
//!
//! The tiles of these products are those of the matrix product, see `sums.rs`. Padding is a copy of one image with zeros around it.
//!
//! A pooling of maxima that follows is done while the results of a few windows are in the first-level cache, a panel of sixteen filters at a time:
//! the results before the pooling are never stored, and those that the pooling drops are not computed.
//! On the way back, only one number of a window has a gradient: there are sums that leave out the others, see `winners.rs`.
//!
//! Where each filter sees a channel of its own there is no product of matrices, see `depthwise.rs`.
//!
//! Threads share images, or the columns of the kernel's gradient. Nothing depends on how many there are.

use std::ops::Range;

use crate::{
    kernels::{
        sliding::{Axis, MAX_AXES},
        sums::COLUMNS,
    },
    tensor::Buffer,
};
use lists::Lists;
use padded_image::PaddedImage;

mod depthwise;
mod forward;
mod input_gradient;
mod kernel_gradient;
mod lists;
mod padded_image;
mod results;
mod winners;

pub(crate) use forward::{Forward, forward};
pub(crate) use input_gradient::input_gradient;
pub(crate) use kernel_gradient::{KernelGradient, kernel_gradient};
pub(crate) use results::ResultGradient;

/// So many results, or a few more, are computed before they are pooled: sixteen filters of them fill a third of the first-level cache.
const CHUNK: usize = 192;
/// How many terms of the sums are taken at a time.
const DEPTH: usize = 1024;

/// What is convolved with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How the kernel slides.
    pub(crate) axes: [Axis; MAX_AXES],
    /// The windows of the pooling; ones if there is none.
    pub(crate) pool: [usize; MAX_AXES],
    /// Channels of the image.
    pub(crate) channels: usize,
    /// Channels of the result.
    pub(crate) filters: usize,
    /// Filters of a group see only the channels of their group.
    pub(crate) groups: usize,
}

impl Plan {
    /// Sizes of the result, or of what the pooling leaves of it.
    pub(crate) fn output(&self) -> [usize; MAX_AXES] {
        std::array::from_fn(|i| self.axes[i].output() / self.pool[i])
    }

    /// How many windows of the pooling there are; without one, each result is a window.
    pub(crate) fn windows(&self) -> usize {
        self.output().iter().product()
    }

    /// How many results a window has.
    pub(crate) fn area(&self) -> usize {
        self.pool.iter().product()
    }

    /// Whether a pooling follows.
    pub(crate) fn is_pooled(&self) -> bool {
        self.area() > 1
    }

    /// How many results an image has, as far as the pooling needs them.
    fn positions(&self) -> usize {
        self.windows() * self.area()
    }

    /// How many terms each result is the sum of.
    fn terms(&self) -> usize {
        self.axes.iter().map(|axis| axis.size).product::<usize>() * self.group_channels()
    }

    /// The channels of a group.
    fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    /// The filters of a group.
    fn group_filters(&self) -> usize {
        self.filters / self.groups
    }

    /// So many terms in a row lie side by side in the image.
    fn run(&self) -> usize {
        let whole = self.groups == 1 && self.axes[2].dilation == 1;
        if whole { self.axes[2].size * self.channels } else { self.group_channels() }
    }

    /// Whether zeros are added around the image.
    fn is_padded(&self) -> bool {
        self.axes.iter().any(|axis| axis.low + axis.high > 0)
    }

    /// The size of an image as it comes.
    fn input(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product::<usize>() * self.channels
    }

    /// The size of an image with the zeros around it.
    fn image(&self) -> usize {
        self.axes.iter().map(Axis::padded).product::<usize>() * self.channels
    }

    /// How far neighbours along each axis lie apart, with the zeros around the image.
    fn strides(&self) -> [usize; MAX_AXES] {
        let row = self.axes[2].padded() * self.channels;
        [row * self.axes[1].padded(), row, self.channels]
    }

    /// How many multiply-adds one image takes, in one direction.
    fn work(&self) -> usize {
        self.positions() * self.terms() * self.group_filters() * self.groups
    }

    /// Panels: at most sixteen filters of one group each.
    fn panels(&self) -> usize {
        self.groups * self.group_filters().div_ceil(COLUMNS)
    }

    /// The filters of a panel, and the first channel that they see.
    fn panel(&self, number: usize) -> (Range<usize>, usize) {
        let of_group = self.group_filters().div_ceil(COLUMNS);
        let (group, number) = (number / of_group, number % of_group);
        let end = (group + 1) * self.group_filters();
        let start = group * self.group_filters() + number * COLUMNS;
        (start..(start + COLUMNS).min(end), group * self.group_channels())
    }

    /// How many windows are computed at a time.
    fn chunk(&self) -> usize {
        (CHUNK / self.area()).max(1)
    }
}

/// Working memory, kept from call to call.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    lists: Lists,
    /// The kernel, as the innermost loop reads it.
    kernel: Buffer,
    parts: Vec<PartScratch>,
}

/// What one thread needs room for.
#[derive(Debug, Default)]
struct PartScratch {
    image: PaddedImage,
    /// Results of a few windows, or their gradients.
    piece: Buffer,
    /// Gradients that are summed over images.
    sums: Buffer,
    winners: winners::Winners,
}

impl Scratch {
    /// Memory for so many threads, and what they share.
    fn parts(&mut self, count: usize) -> (&Lists, &Buffer, &mut [PartScratch]) {
        if self.parts.len() < count {
            self.parts.resize_with(count, PartScratch::default);
        }
        (&self.lists, &self.kernel, &mut self.parts[..count])
    }
}
