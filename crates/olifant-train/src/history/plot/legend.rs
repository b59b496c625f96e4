//! Where the legend covers no curve.

use kuva::plot::LegendPosition;

use super::axis::Range;
use super::curve::Curve;

/// What a legend of two names takes of the height of a plot, generously.
const HEIGHT: f64 = 0.22;

/// A corner that no curve passes through, or the margin if there is none.
pub(super) fn free_place(curves: &[(&Curve, Range)], epochs: Range) -> LegendPosition {
    let corners = [
        (LegendPosition::InsideTopRight, true, true),
        (LegendPosition::InsideBottomRight, true, false),
        (LegendPosition::InsideTopLeft, false, true),
        (LegendPosition::InsideBottomLeft, false, false),
    ];
    let letters = curves.iter().map(|(curve, _)| curve.name().chars().count()).max();
    // In the units of the picture a plot is about 600 wide, a letter 7.5, frame and line sample 60.
    let width = (60.0 + 7.5 * letters.unwrap_or(0) as f64) / 600.0;
    let is_free = |right: bool, top: bool| {
        curves.iter().all(|(curve, range)| {
            curve.path().all(|(epoch, value)| {
                let (x, y) = (epochs.share(epoch), range.share(value));
                let beside = if right { x < 1.0 - width } else { x > width };
                let below = if top { y < 1.0 - HEIGHT } else { y > HEIGHT };
                beside || below
            })
        })
    };
    let free = corners.into_iter().find(|&(_, right, top)| is_free(right, top));
    free.map_or(LegendPosition::OutsideRightTop, |(corner, _, _)| corner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Range = Range { low: 0.0, high: 1.0 };

    fn place(points: &[(f64, f64)]) -> LegendPosition {
        free_place(&[(&Curve::new("loss", points.to_vec()), UNIT)], UNIT)
    }

    #[test]
    fn the_legend_goes_where_the_curve_is_not() {
        let falling = place(&[(0.0, 1.0), (0.2, 0.1), (1.0, 0.0)]);
        assert!(matches!(falling, LegendPosition::InsideTopRight));
        let rising = place(&[(0.0, 0.0), (0.2, 0.9), (1.0, 1.0)]);
        assert!(matches!(rising, LegendPosition::InsideBottomRight));
    }

    #[test]
    fn a_line_between_two_epochs_counts_as_well() {
        let crossing = place(&[(0.0, 0.0), (1.0, 1.0)]);
        assert!(matches!(crossing, LegendPosition::InsideBottomRight));
        let everywhere = place(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]);
        assert!(matches!(everywhere, LegendPosition::OutsideRightTop));
    }
}
