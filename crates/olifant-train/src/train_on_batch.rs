//! One step by hand.

use olifant_core::RandomKey;

use crate::{
    FitError, IntoArrays, Logs, Model,
    batches::{Batch, Batches, only},
};

impl Model {
    /// One step on these samples; returns loss and metrics of this batch from before the step.
    ///
    /// No callbacks are called.
    ///
    /// # Errors
    ///
    /// Data or targets do not suit the model.
    pub fn train_on_batch<'a>(
        &mut self,
        x: impl IntoArrays<'a>,
        y: impl IntoArrays<'a>,
    ) -> Result<Logs, FitError> {
        let (x, y) = (x.into_arrays(), y.into_arrays());
        let samples = only("x", &x)?.len;
        let batches = Batches::new(self, &x, &y, None, Some(samples.max(1)))?;
        let (mut batch, mut running) = (Batch::default(), self.running());
        batches.read(0, self, &mut batch)?;
        self.train_step(&mut batch, RandomKey::from_seed(self.seed()), &mut running)?;
        Ok(running.logs(self.metrics()).clone())
    }
}
