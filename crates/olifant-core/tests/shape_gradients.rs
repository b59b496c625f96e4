//! The gradients of operations that move, join, pick and reduce, against finite differences.

use olifant_core::{Axes, FillMode, Float, GradientCheck, Interpolation, Var, gradient_check};

#[test]
fn sums_and_means_over_all_kinds_of_axes() {
    for axes in [Axes::All, 0.into(), 1.into(), (-1).into(), [0, 1].into(), [1, 2].into(), [0, 2].into()] {
        gradient_check(&[&[2, 3, 4]], |_, x| x[0].sum(axes));
        gradient_check(&[&[2, 3, 4]], |_, x| x[0].mean(axes));
        gradient_check(&[&[2, 3, 4]], |_, x| x[0].square().sum_keepdims(axes) + x[0]);
        gradient_check(&[&[2, 3, 4]], |_, x| x[0] - x[0].mean_keepdims(axes));
        gradient_check(&[&[2, 1, 4]], |_, x| x[0].square().sum(axes) * x[0].mean(axes));
    }
    gradient_check(&[&[]], |_, x| x[0].sum(Axes::All));
    gradient_check(&[&[1, 1]], |_, x| x[0].mean(0));
}

#[test]
fn means_per_sample() {
    gradient_check(&[&[3, 2, 2]], |_, x| x[0].square().mean_per_sample());
    gradient_check(&[&[3]], |_, x| x[0].square().mean_per_sample());
}

/// The value plus offsets that keep its elements so far apart that a small step cannot exchange two.
fn spread(x: Var<'_>) -> Var<'_> {
    let offsets = x.tape().input_with(x.shape(), |offsets| {
        offsets.iter_mut().enumerate().for_each(|(i, offset)| *offset = (i * 7 % 24) as Float);
    });
    x + offsets
}

#[test]
fn the_largest_elements() {
    for axes in [Axes::All, 0.into(), 1.into(), (-1).into(), [1, 2].into(), [0, 2].into()] {
        let check = GradientCheck::new().range(-0.2, 0.2);
        check.run(&[&[2, 3, 4]], |_, x| spread(x[0]).max(axes)).unwrap();
        check.run(&[&[2, 3, 4]], |_, x| spread(x[0]).max_keepdims(axes) * x[0]).unwrap();
    }
}

#[test]
fn reshaping() {
    gradient_check(&[&[2, 6]], |_, x| x[0].reshape([3, 4]).square());
    gradient_check(&[&[2, 3, 2]], |_, x| x[0].flatten() * x[0].reshape([2, 6]));
    gradient_check(&[&[1]], |_, x| x[0].reshape(olifant_core::Shape::SCALAR).exp());
}

#[test]
fn transposing() {
    gradient_check(&[&[2, 3]], |_, x| x[0].transpose([1, 0]));
    gradient_check(&[&[2, 3, 4]], |_, x| x[0].transpose([2, 0, 1]).square());
    gradient_check(&[&[2, 3, 1, 4]], |_, x| x[0].transpose(Axes::All));
    gradient_check(&[&[3, 3]], |_, x| x[0] * x[0].transpose([1, 0]) + x[0].transpose([0, 1]));
}

#[test]
fn flips() {
    for axis in [0, 1, 2, -1] {
        gradient_check(&[&[2, 3, 4]], |_, x| x[0].flip(axis) * x[0].square());
    }
}

#[test]
fn concatenating() {
    for axis in [0, 1, -1] {
        gradient_check(&[&[2, 3, 4], &[2, 3, 4]], |_, x| Var::concatenate(x, axis).square());
    }
    gradient_check(&[&[2, 1], &[2, 3], &[2, 2]], |_, x| Var::concatenate(x, 1).square());
    gradient_check(&[&[2, 3]], |_, x| Var::concatenate(&[x[0], x[0]], 0).square());
    gradient_check(&[&[2, 3], &[2, 1]], |_, x| Var::concatenate(&[x[0], x[1], x[0]], -1).square());
}

#[test]
fn slicing() {
    gradient_check(&[&[4, 3]], |_, x| x[0].slice(0, 1..3).square());
    gradient_check(&[&[2, 5, 3]], |_, x| x[0].slice(1, ..=2).square());
    gradient_check(&[&[2, 5]], |_, x| x[0].slice(-1, 2..) * x[0].slice(-1, ..3));
    gradient_check(&[&[2, 3]], |_, x| x[0].slice(1, ..));
}

#[test]
fn gathering() {
    let cases: [(isize, &[usize]); 4] = [(0, &[4, 3]), (1, &[3, 4]), (1, &[2, 4, 3]), (-1, &[2, 3, 4])];
    for (axis, shape) in cases {
        gradient_check(&[shape], |tape, x| {
            let indices = tape.input_with([2, 2], |i| i.copy_from_slice(&[3.0, 0.0, 3.0, 1.0]));
            x[0].gather(indices, axis).square()
        });
    }
    gradient_check(&[&[5]], |tape, x| x[0].gather(tape.constant(2.0), 0));
}

#[test]
fn embedding() {
    for ids in [&[3.0, 0.0, 3.0, 1.0][..], &[2.0; 6], &[]] {
        gradient_check(&[&[4, 3]], |tape, x| {
            let ids = tape.input_with([ids.len() / 2, 2], |slot| slot.copy_from_slice(ids));
            x[0].embedding(ids).square()
        });
    }
    // A table that is used twice.
    gradient_check(&[&[4, 3]], |tape, x| {
        let ids = tape.input_with([2], |slot| slot.copy_from_slice(&[1.0, 3.0]));
        x[0].embedding(ids) * x[0].slice(0, 1..3)
    });
}

#[test]
fn affine_transformations() {
    let transforms = [0.9, 0.2, -0.4, -0.3, 1.1, 0.3, 1.0, 0.0, 1.0, 0.0, -1.0, 3.2];
    for fill_mode in [FillMode::Reflect, FillMode::Wrap, FillMode::Constant, FillMode::Nearest] {
        for interpolation in [Interpolation::Bilinear, Interpolation::Nearest] {
            gradient_check(&[&[2, 4, 5, 2]], |tape, x| {
                let transforms = tape.input_with([2, 6], |slot| slot.copy_from_slice(&transforms));
                x[0].affine_transform(transforms, interpolation, fill_mode, 0.5).square() + x[0]
            });
        }
    }
}
