//! The scale of an axis: how far it reaches and what stands at its ticks.

/// How far an axis reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Range {
    /// A little more than these values span, or `None` without values.
    pub(super) fn around(values: impl Iterator<Item = f64> + Clone) -> Option<Range> {
        let low = values.clone().reduce(f64::min)?;
        let high = values.reduce(f64::max)?;
        // Equal values get a range as well, wide enough that its ends differ.
        let span = (high - low).max(low.abs().max(high.abs()) * 1e-6).max(1e-12);
        Some(Range { low: low - 0.05 * span, high: high + 0.05 * span })
    }
    /// Where a value lies between the ends: 0 at the low one, 1 at the high one.
    pub(super) fn share(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// The distance of ticks that stand at whole numbers, at most about ten of them.
pub(super) fn whole_step(span: f64) -> f64 {
    let steps = (0..18).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)));
    steps.into_iter().find(|step| span / step <= 10.0).unwrap_or(f64::MAX)
}

/// A number at a tick: six significant digits at most, and no zeros behind them.
pub(super) fn label(value: f64) -> String {
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    if (-4.0..6.0).contains(&magnitude) {
        let decimals = (5.0 - magnitude) as usize;
        let text = format!("{value:.decimals$}");
        let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.to_owned()
    } else {
        let text = format!("{value:.3e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_values_with_room() {
        let range = |values: &[f64]| Range::around(values.iter().copied());
        assert_eq!(range(&[1.0, 3.0, 2.0]), Some(Range { low: 0.9, high: 3.1 }));
        assert_eq!(range(&[]), None);
        for constant in [0.0, 1.0, -1e38, 1e-300] {
            let Range { low, high } = range(&[constant]).unwrap();
            assert!(low < constant && constant < high, "{constant}: {low} {high}");
        }
    }

    #[test]
    fn ticks_of_epochs_are_whole_numbers() {
        for (span, step) in [(0.0, 1.0), (9.0, 1.0), (11.0, 2.0), (49.0, 5.0), (999.0, 100.0)] {
            assert_eq!(whole_step(span), step, "{span}");
        }
    }

    #[test]
    fn labels_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (-2.5, "-2.5"),
            (100.0, "100"),
            (0.0001, "0.0001"),
            (1e-7, "1e-7"),
            (1.5e9, "1.5e9"),
            (0.000_075, "7.5e-5"),
        ] {
            assert_eq!(label(value), text);
        }
    }
}
