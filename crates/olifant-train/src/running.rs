//! Losses and metrics, accumulated over the batches of an epoch.

use olifant_nn::{Metric, MetricBatch};

use crate::{Logs, metric_list::MetricList};

/// The sums from which the logs of an epoch or an evaluation follow.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Running {
    /// Σ loss · samples, and Σ samples.
    loss: [f64; 2],
    /// The sums of all metrics, one behind the other.
    metrics: Vec<f64>,
    /// The results, by name. The names stay, so that a batch allocates nothing.
    logs: Logs,
    /// Where in the logs the loss and the metrics stand.
    places: Vec<usize>,
}

impl Running {
    /// Nothing added yet.
    pub(crate) fn new(metrics: &MetricList) -> Running {
        let names = || std::iter::once("loss").chain(metrics.names().iter().map(String::as_str));
        let mut logs: Logs = names().map(|name| (name, 0.0)).collect();
        logs.sort();
        let place = |name: &str| logs.position(name).expect("every name was just put in");
        let places = names().map(place).collect();
        Running {
            loss: [0.0; 2],
            metrics: vec![0.0; metrics.all().iter().map(|metric| metric.sums()).sum()],
            logs,
            places,
        }
    }

    /// Forgets everything that was added.
    pub(crate) fn reset(&mut self) {
        self.loss = [0.0; 2];
        self.metrics.fill(0.0);
    }

    /// All sums, to be kept.
    pub(crate) fn sums(&self) -> Vec<f64> {
        [&self.loss[..], &self.metrics].concat()
    }

    /// Goes on from sums that were kept; false if there are more or fewer of them than there should be.
    pub(crate) fn restore(&mut self, sums: &[f64]) -> bool {
        let fits = sums.len() == 2 + self.metrics.len();
        if fits {
            self.loss.copy_from_slice(&sums[..2]);
            self.metrics.copy_from_slice(&sums[2..]);
        }
        fits
    }

    /// Adds a batch.
    pub(crate) fn add(&mut self, loss: f32, samples: usize, metrics: &MetricList, batch: &MetricBatch<'_>) {
        self.loss[0] += f64::from(loss) * samples as f64;
        self.loss[1] += samples as f64;
        let alike = MetricBatch { sample_weight: None, ..*batch };
        let mut rest = &mut self.metrics[..];
        for (metrics, batch) in [(metrics.alike(), &alike), (metrics.weighted(), batch)] {
            for metric in metrics {
                let (sums, others) = rest.split_at_mut(metric.sums());
                metric.update(sums, batch);
                rest = others;
            }
        }
    }

    /// The values so far.
    pub(crate) fn logs(&mut self, metrics: &[Box<dyn Metric>]) -> &Logs {
        let loss = if self.loss[1] == 0.0 { 0.0 } else { self.loss[0] / self.loss[1] };
        self.logs.set(self.places[0], rounded(loss));
        let mut rest = &self.metrics[..];
        for (metric, &place) in metrics.iter().zip(&self.places[1..]) {
            let (sums, others) = rest.split_at(metric.sums());
            self.logs.set(place, rounded(metric.result(sums)));
            rest = others;
        }
        &self.logs
    }
}

/// Keras's logs hold single-precision numbers, so ours do.
fn rounded(value: f64) -> f64 {
    f64::from(value as f32)
}
