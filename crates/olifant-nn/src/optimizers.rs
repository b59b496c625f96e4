//! The rules by which gradients change weights.
//!
//! All of them have Keras's defaults, and the same builder methods for what is common to all:
//! `weight_decay` and `exclude_from_weight_decay`; `clipnorm`, `clipvalue`, `global_clipnorm`; `loss_scale_factor`;
//! `gradient_accumulation_steps`; `use_ema`, `ema_momentum`, `ema_overwrite_frequency`.
//! [`OptimizerOptions`](crate::OptimizerOptions) says what each does.
//!
//! [`Sgd`] and [`RmsProp`] may be written as in Keras, [`SGD`] and [`RMSprop`].

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adam_w;
mod adamax;
#[cfg(test)]
mod first_step;
mod ftrl;
mod lamb;
mod lion;
mod muon;
mod nadam;
mod numbers;
mod rms_prop;
mod schedule_free_adam_w;
mod sgd;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adam_w::AdamW;
pub use adamax::Adamax;
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use lion::Lion;
pub use muon::Muon;
pub use nadam::Nadam;
pub use rms_prop::RmsProp;
/// Keras's spelling of [`RmsProp`], the same type.
pub use rms_prop::RmsProp as RMSprop;
pub use schedule_free_adam_w::ScheduleFreeAdamW;
pub use sgd::Sgd;
/// Keras's spelling of [`Sgd`], the same type.
pub use sgd::Sgd as SGD;

#[cfg(test)]
mod tests {
    use std::any::TypeId;

    use super::*;

    #[test]
    fn keras_spellings_are_the_same_types() {
        assert_eq!(TypeId::of::<SGD>(), TypeId::of::<Sgd>());
        assert_eq!(TypeId::of::<RMSprop>(), TypeId::of::<RmsProp>());
    }
}
