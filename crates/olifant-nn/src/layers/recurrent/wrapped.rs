//! A recurrent layer of any of the three kinds.

use serde::{Deserialize, Serialize};

use super::{Recurrence, Recurrent};
use crate::{
    Layer,
    layers::{GRU, LSTM, SimpleRNN},
};

/// A recurrent layer that [`Bidirectional`](crate::layers::Bidirectional) can wrap; each is turned into one by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "layer")]
#[non_exhaustive]
pub enum RecurrentLayer {
    /// See [`LSTM`].
    #[serde(rename = "lstm")]
    LSTM(LSTM),
    /// See [`GRU`].
    #[serde(rename = "gru")]
    GRU(GRU),
    /// See [`SimpleRNN`].
    #[serde(rename = "simple_rnn")]
    SimpleRNN(SimpleRNN),
}

/// Does the same with whichever layer it is.
macro_rules! of_each {
    ($this:expr, $layer:ident => $work:expr) => {
        match $this {
            RecurrentLayer::LSTM($layer) => $work,
            RecurrentLayer::GRU($layer) => $work,
            RecurrentLayer::SimpleRNN($layer) => $work,
        }
    };
}

impl RecurrentLayer {
    pub(crate) fn as_layer(&self) -> &dyn Layer {
        of_each!(self, layer => layer)
    }

    pub(crate) fn as_layer_mut(&mut self) -> &mut dyn Layer {
        of_each!(self, layer => layer)
    }

    pub(crate) fn recurrence(&self) -> &Recurrence {
        of_each!(self, layer => layer.recurrence())
    }

    pub(crate) fn recurrence_mut(&mut self) -> &mut Recurrence {
        of_each!(self, layer => layer.recurrence_mut())
    }
}

impl From<LSTM> for RecurrentLayer {
    fn from(layer: LSTM) -> RecurrentLayer {
        RecurrentLayer::LSTM(layer)
    }
}

impl From<GRU> for RecurrentLayer {
    fn from(layer: GRU) -> RecurrentLayer {
        RecurrentLayer::GRU(layer)
    }
}

impl From<SimpleRNN> for RecurrentLayer {
    fn from(layer: SimpleRNN) -> RecurrentLayer {
        RecurrentLayer::SimpleRNN(layer)
    }
}
