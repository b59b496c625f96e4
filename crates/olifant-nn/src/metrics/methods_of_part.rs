//! Metrics that leave the counting to a part of theirs.

/// Writes `name`, `objective`, `check` and `update` of the trait, from the field `name` and the part that counts; more is better.
macro_rules! methods_of_part {
    ($part:ident) => {
        fn name(&self) -> &str {
            &self.name
        }

        fn objective(&self) -> $crate::Objective {
            $crate::Objective::Maximize
        }

        fn check(
            &self,
            y_true: olifant_core::Shape,
            y_pred: olifant_core::Shape,
        ) -> Result<(), $crate::TargetError> {
            self.$part.check(y_true, y_pred)
        }

        fn update(&self, sums: &mut [f64], batch: &$crate::MetricBatch<'_>) {
            self.$part.count(sums, batch);
        }
    };
}
pub(super) use methods_of_part;
