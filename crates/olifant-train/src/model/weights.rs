//! The numbers of a model's weights, as arrays.

use ndarray::{ArrayBase, ArrayD, ArrayViewD, Data, Dimension};
use olifant_core::{Element, Float, Weight};
use olifant_nn::known_names;

use crate::{FitError, Model};

impl Model {
    /// The names of all weights, layer by layer, each layer's in the order of their creation: `dense/kernel`, `dense/bias`, ….
    pub fn weight_names(&self) -> impl Iterator<Item = &str> {
        self.network.weights().iter().map(|(_, spec)| &*spec.name)
    }

    /// Copies of all weights, in the order of [`weight_names`](Model::weight_names), which is Keras's.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let model = || Sequential::new([4]).add(Dense::new(3)).compile(Sgd::new(0.1), MeanSquaredError::new(), ());
    /// let (one, mut other) = (model()?, model()?);
    /// assert_eq!(one.get_weights()[0].shape(), [4, 3]);
    ///
    /// other.set_weights(&one.get_weights())?;
    /// assert_eq!(other.get_weights(), one.get_weights());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_weights(&self) -> Vec<ArrayD<Float>> {
        let weights = self.network.weights();
        weights.iter().map(|(weight, _)| weights.get(weight).to_array()).collect()
    }

    /// Sets all weights, in the order of [`weight_names`](Model::weight_names), or none of them.
    ///
    /// The optimizer keeps what it remembers. Numbers are taken as they are, NaN and infinity too, as in Keras.
    ///
    /// # Errors
    ///
    /// There are more or fewer arrays than weights, or one has another shape than its weight.
    pub fn set_weights<S, D>(&mut self, arrays: &[ArrayBase<S, D>]) -> Result<(), FitError>
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        let handles: Vec<Weight> = self.network.weights().iter().map(|(weight, _)| weight).collect();
        if arrays.len() != handles.len() {
            return Err(FitError::WeightCount {
                expected: handles.len(),
                given: arrays.len(),
                names: self.weight_names().collect::<Vec<_>>().join(", "),
            });
        }
        for (&weight, array) in handles.iter().zip(arrays) {
            self.check_weight_shape(weight, array.shape())?;
        }
        for (weight, array) in handles.into_iter().zip(arrays) {
            self.copy_weight(weight, array);
        }
        Ok(())
    }

    /// One weight by its name.
    ///
    /// # Errors
    ///
    /// There is no weight of this name; the error lists those there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// use olifant_train::Compile;
    ///
    /// let mut model = Sequential::new([2]).add(Dense::new(1)).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
    /// model.set_weight("dense/kernel", &array![[2.0], [3.0]])?;
    /// model.set_weight("dense/bias", &array![1])?;
    /// assert_eq!(model.weight("dense/kernel")?, array![[2.0], [3.0]].into_dyn());
    /// assert_eq!(model.predict(&array![[10.0, 100.0]])?, array![[321.0]].into_dyn());
    ///
    /// let message = model.weight("dense/kernal").unwrap_err().to_string();
    /// assert!(message.ends_with("did you mean `dense/kernel`?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weight(&self, name: &str) -> Result<ArrayViewD<'_, Float>, FitError> {
        Ok(self.network.weights().get(self.find_weight(name)?).array())
    }

    /// Sets one weight by its name.
    ///
    /// The array may have any number type and layout. Numbers are taken as they are, NaN and infinity too.
    ///
    /// # Errors
    ///
    /// There is no weight of this name, or it has another shape.
    pub fn set_weight<S, D>(&mut self, name: &str, array: &ArrayBase<S, D>) -> Result<(), FitError>
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        let weight = self.find_weight(name)?;
        self.check_weight_shape(weight, array.shape())?;
        self.copy_weight(weight, array);
        Ok(())
    }

    fn find_weight(&self, name: &str) -> Result<Weight, FitError> {
        self.network.weights().find(name).ok_or_else(|| FitError::UnknownWeight {
            given: name.to_owned(),
            known: known_names(name, self.weight_names()),
        })
    }

    fn check_weight_shape(&self, weight: Weight, given: &[usize]) -> Result<(), FitError> {
        let spec = self.network.weights().spec(weight);
        let expected = spec.shape.axes();
        if expected == given {
            return Ok(());
        }
        let remedy = if expected.iter().eq(given.iter().rev()) {
            "; transpose it"
        } else if given.iter().product::<usize>() == spec.shape.size() {
            "; reshape it"
        } else {
            ""
        };
        let (name, expected, given) = (spec.name.clone(), spec.shape, given.to_vec());
        Err(FitError::WeightShape { name, expected, given, remedy })
    }

    /// The shapes have been compared.
    fn copy_weight<S, D>(&mut self, weight: Weight, array: &ArrayBase<S, D>)
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        self.put_weights_back();
        for (to, from) in self.network.weights_mut().get_mut(weight).iter_mut().zip(array) {
            *to = from.to_float();
        }
    }
}
