//! What a callback must not forget when its process dies.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::CallbackError;

/// What a callback must not forget when its process dies: a copy of whatever it is made from, exact to the last bit.
///
/// [`Callback::state`](crate::Callback::state) makes one, [`Callback::restore_state`](crate::Callback::restore_state)
/// gets it back. Anything that serde can write and read will do.
/// Floating-point numbers come back bit for bit, NaN and infinity included; fields are found by their names.
///
/// # Examples
///
/// ```
/// use olifant_train::{Callback, CallbackError, HookResult, Logs, State, Training};
///
/// /// Remembers the largest loss there ever was.
/// #[derive(Default)]
/// struct LargestLoss(Option<f64>);
///
/// impl Callback for LargestLoss {
///     fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
///         self.0 = None;
///         Ok(())
///     }
///
///     fn on_epoch_end(&mut self, _training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
///         self.0 = Some(self.0.map_or(logs["loss"], |largest| largest.max(logs["loss"])));
///         Ok(())
///     }
///
///     fn state(&self) -> Result<Option<State>, CallbackError> {
///         State::new(&self.0).map(Some)
///     }
///
///     fn restore_state(&mut self, state: &State) -> HookResult {
///         self.0 = state.get()?;
///         Ok(())
///     }
/// }
///
/// let mut resumed = LargestLoss::default();
/// resumed.restore_state(&LargestLoss(Some(0.1)).state()?.expect("it has one"))?;
/// assert_eq!(resumed.0, Some(0.1));
/// # Ok::<(), CallbackError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State(Vec<u8>);

impl State {
    /// A copy of a value.
    ///
    /// # Errors
    ///
    /// The value cannot be serialised.
    pub fn new(value: &(impl Serialize + ?Sized)) -> Result<State, CallbackError> {
        let bytes = rmp_serde::to_vec_named(value);
        bytes.map(State).map_err(|error| CallbackError::new(format!("its state cannot be kept: {error}")))
    }

    /// The value that was copied.
    ///
    /// # Errors
    ///
    /// It was of another type.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, CallbackError> {
        rmp_serde::from_slice(&self.0).map_err(|error| {
            let reason = format!(
                "its state is not what it was when the run was interrupted: {error}; \
                 resume with the program that began the run, or begin anew"
            );
            CallbackError::new(reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Counter {
        wait: usize,
        best: Option<f64>,
    }

    #[test]
    fn values_come_back_bit_for_bit() {
        let odd = f64::from_bits(0xFFF8_0000_0000_1234);
        for value in [0.1, -0.0, f64::MIN_POSITIVE / 3.0, f64::INFINITY, f64::NAN, odd] {
            let back: f64 = State::new(&value).unwrap().get().unwrap();
            assert_eq!(back.to_bits(), value.to_bits());
        }
        let weights: Vec<f32> = (0..1000).map(|i| (i as f32).sin()).collect();
        assert_eq!(State::new(&weights).unwrap().get::<Vec<f32>>().unwrap(), weights);
        for counter in [Counter { wait: usize::MAX, best: None }, Counter { wait: 0, best: Some(0.5) }] {
            assert_eq!(State::new(&counter).unwrap().get::<Counter>().unwrap(), counter);
        }
    }

    #[test]
    fn a_state_of_another_type_says_so() {
        #[derive(Serialize)]
        struct Older {
            wait: usize,
        }
        let error = State::new(&Older { wait: 1 }).unwrap().get::<Counter>().map(|counter| counter.best);
        assert_eq!(error.unwrap(), None, "an option that was not there is none");
        let error = State::new("text").unwrap().get::<Counter>().unwrap_err().to_string();
        assert!(error.contains("is not what it was") && error.contains("begin anew"), "{error}");
    }
}
