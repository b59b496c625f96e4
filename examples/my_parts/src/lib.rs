//! A layer, a loss, a metric and an optimizer of one's own, in a crate of their own.
//!
//! A program that loads a model with them, and does not name them, says that it wants this crate: `use my_parts as _;`.
//! `tests/linked.rs` shows that this is enough, and `tests/not_linked.rs` what happens without.

use olifant::prelude::*;
use serde::{Deserialize, Serialize};

/// y = x · s, with a scale s that each feature learns.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Scale {
    #[serde(skip)]
    scale: Weight,
}

#[typetag::serde(name = "my_parts/scale")]
impl Layer for Scale {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.scale = weights.add("scale", *input, &Initializer::Ones)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x * x.tape().weight(self.scale)
    }
}

/// |t − p|, the mean over the last axis.
#[derive(Debug, Serialize, Deserialize)]
pub struct Distance;

#[typetag::serde(name = "my_parts/distance")]
impl Loss for Distance {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        (y_true - y_pred).abs().mean(-1)
    }
}

/// The mean of all predictions.
#[derive(Debug, Serialize, Deserialize)]
pub struct MeanPrediction;

#[typetag::serde(name = "my_parts/mean_prediction")]
impl Metric for MeanPrediction {
    fn name(&self) -> &str {
        "mean_prediction"
    }

    fn objective(&self) -> Objective {
        Objective::Maximize
    }

    fn update(&self, sums: &mut [f64], batch: &MetricBatch<'_>) {
        sums[0] += batch.y_pred.data.iter().map(|&p| f64::from(p)).sum::<f64>();
        sums[1] += batch.y_pred.data.len() as f64;
    }
}

/// v ← 0.5 v − ηg, then w ← w + v.
#[derive(Debug, Serialize, Deserialize)]
pub struct HeavyBall(pub OptimizerOptions);

#[typetag::serde(name = "my_parts/heavy_ball")]
impl Optimizer for HeavyBall {
    fn slots(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn update(&self, step: &UpdateStep, update: Update<'_>) {
        update.in_pieces(|weights, gradients, [velocity]| {
            for ((w, g), v) in weights.iter_mut().zip(gradients).zip(velocity) {
                *v = 0.5 * *v - step.learning_rate * g;
                *w += *v;
            }
        });
    }

    fn options(&self) -> &OptimizerOptions {
        &self.0
    }
}
