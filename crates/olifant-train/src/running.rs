//! Losses and metrics, accumulated over the batches of an epoch.

use olifant_core::{Float, Shape};
use olifant_nn::{Metric, MetricBatch, Network};

use crate::{Logs, metric_list::MetricList};

/// The sums from which the logs of an epoch or an evaluation follow.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Running {
    /// Σ samples, Σ loss · samples, and if there are several outputs the same of the loss of each.
    losses: Vec<f64>,
    /// The sums of all metrics, one behind the other.
    metrics: Vec<f64>,
    /// How many sums each metric has.
    counts: Vec<usize>,
    /// The results, by name. The names stay, so that a batch allocates nothing.
    logs: Logs,
    /// Where in the logs the losses and the metrics stand.
    places: Vec<usize>,
}

impl Running {
    /// Nothing added yet. `losses` are the names of the loss, and if there are several outputs of that of each.
    pub(crate) fn new(losses: &[String], metrics: &MetricList, network: &Network) -> Running {
        let names = || losses.iter().chain(metrics.names()).map(String::as_str);
        let mut logs: Logs = names().map(|name| (name, 0.0)).collect();
        logs.sort();
        let place = |name: &str| logs.position(name).expect("every name was just put in");
        let places = names().map(place).collect();
        let outputs: Vec<Shape> = network.outputs().map(|(_, shape)| shape).collect();
        let counted = metrics.all().iter().zip(metrics.places());
        let counts: Vec<usize> = counted.map(|(metric, &place)| metric.sums_for(outputs[place])).collect();
        let metrics = vec![0.0; counts.iter().sum()];
        Running { losses: vec![0.0; 1 + losses.len()], metrics, counts, logs, places }
    }

    /// Forgets everything that was added.
    pub(crate) fn reset(&mut self) {
        self.losses.fill(0.0);
        self.metrics.fill(0.0);
    }

    /// All sums, to be kept.
    pub(crate) fn sums(&self) -> Vec<f64> {
        let (samples, losses) = self.losses.split_at(1);
        // Files have the number of samples behind the loss.
        [&losses[..1], samples, &losses[1..], &self.metrics].concat()
    }

    /// Goes on from sums that were kept; false if there are more or fewer of them than there should be.
    pub(crate) fn restore(&mut self, sums: &[f64]) -> bool {
        let fits = sums.len() == self.losses.len() + self.metrics.len();
        if fits {
            let (losses, metrics) = sums.split_at(self.losses.len());
            self.losses.copy_from_slice(losses);
            self.losses.swap(0, 1);
            self.metrics.copy_from_slice(metrics);
        }
        fits
    }

    /// Adds the loss of a batch.
    pub(crate) fn add_loss(&mut self, loss: Float, samples: usize) {
        self.losses[0] += samples as f64;
        self.losses[1] += f64::from(loss) * samples as f64;
    }

    /// Adds what one of several outputs contributed to the loss of a batch, before its weight.
    pub(crate) fn add_output_loss(&mut self, output: usize, loss: Float, samples: usize) {
        if let Some(sum) = self.losses.get_mut(2 + output) {
            *sum += f64::from(loss) * samples as f64;
        }
    }

    /// Adds what the metrics of one output say of a batch.
    pub(crate) fn add_metrics(&mut self, output: usize, metrics: &MetricList, batch: &MetricBatch<'_>) {
        let alike = MetricBatch { sample_weight: None, ..*batch };
        let alike = metrics.alike().iter().map(|metric| (metric, &alike));
        let weighted = metrics.weighted().iter().map(|metric| (metric, batch));
        let mut rest = &mut self.metrics[..];
        for (((metric, batch), &place), &count) in
            alike.chain(weighted).zip(metrics.places()).zip(&self.counts)
        {
            let (sums, others) = rest.split_at_mut(count);
            if place == output {
                metric.update(sums, batch);
            }
            rest = others;
        }
    }

    /// The values so far.
    pub(crate) fn logs(&mut self, metrics: &[Box<dyn Metric>]) -> &Logs {
        let (samples, losses) = (self.losses[0], &self.losses[1..]);
        let (loss_places, metric_places) = self.places.split_at(losses.len());
        for (loss, &place) in losses.iter().zip(loss_places) {
            self.logs.set(place, rounded(if samples == 0.0 { 0.0 } else { loss / samples }));
        }
        let mut rest = &self.metrics[..];
        for ((metric, &place), &count) in metrics.iter().zip(metric_places).zip(&self.counts) {
            let (sums, others) = rest.split_at(count);
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
