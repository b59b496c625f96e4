//! Every form in which callbacks and data may be passed compiles and works, and what was lent can be read afterwards.

// Data is lent, as a reader of these tests will lend it.
#![allow(clippy::unwrap_used, clippy::needless_borrows_for_generic_args)]

use ndarray::{Array1, Array2, ArrayD, Axis};
use olifant_nn::{
    Activation, Sequential, layers::Dense, losses::SparseCategoricalCrossentropy, optimizers::Sgd,
};
use olifant_train::{
    Callback, Compile, FitOptions, HookResult, IntoArrays, IntoFitOptions, Logs, Model, Samples, Training,
};

/// Counts epochs.
#[derive(Default)]
struct Counter(usize);

impl Callback for Counter {
    fn on_epoch_end(&mut self, _: &mut Training<'_>, _: &mut Logs) -> HookResult {
        self.0 += 1;
        Ok(())
    }
}

/// Another type, which borrows what it counts in.
struct Borrowing<'a>(&'a mut usize);

impl Callback for Borrowing<'_> {
    fn on_epoch_end(&mut self, _: &mut Training<'_>, _: &mut Logs) -> HookResult {
        *self.0 += 1;
        Ok(())
    }
}

fn model() -> Model {
    Sequential::new([2])
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(0)
        .compile(Sgd::new(0.1), SparseCategoricalCrossentropy::new(), ())
        .unwrap()
}

fn x() -> Array2<f32> {
    Array2::from_shape_fn((6, 2), |(i, j)| (i + j) as f32)
}

fn y() -> Array1<u8> {
    Array1::from_shape_fn(6, |i| (i % 3) as u8)
}

fn fit<'a>(options: impl IntoFitOptions<'a>) {
    model().fit(&x(), &y(), FitOptions::new().verbose(0).callbacks(options)).unwrap();
}

#[test]
fn callbacks_are_lent_or_given_alone_or_together() {
    let (mut a, mut b, mut borrowed) = (Counter(0), Counter(0), 0);
    fit(());
    fit(Counter(0));
    fit(&mut a);
    fit((&mut a, &mut b, Borrowing(&mut borrowed), Counter(0)));
    fit((&mut a,));
    fit([&mut a, &mut b]);
    let both: [&mut dyn Callback; 2] = [&mut a, &mut Borrowing(&mut borrowed)];
    fit(both);
    fit(vec![&mut a as &mut dyn Callback, &mut b]);
    let boxed: Vec<Box<dyn Callback + '_>> = vec![Box::new(&mut a), Box::new(Borrowing(&mut borrowed))];
    fit(boxed);
    let mut kept = vec![Counter(0), Counter(0)];
    fit(&mut kept);
    fit(&mut kept[1..]);
    fit(Box::new(&mut b) as Box<dyn Callback + '_>);
    fit(FitOptions::new().callback(&mut a).callback(Borrowing(&mut borrowed)).callbacks([&mut b]));
    assert_eq!((a.0, b.0, borrowed), (8, 5, 4));
    assert_eq!((kept[0].0, kept[1].0), (1, 2));
}

#[test]
fn fit_itself_takes_what_callbacks_takes() {
    let mut counter = Counter(0);
    let mut model = model();
    model.fit(&x(), &y(), &mut counter).unwrap();
    model.fit(&x(), &y(), (&mut counter, Counter(0))).unwrap();
    model.fit(&x(), &y(), ()).unwrap();
    assert_eq!(counter.0, 2);
}

/// The loss of one epoch on these data, which is the same in whatever form they come.
fn loss<'a>(x: impl IntoArrays<'a>, y: impl IntoArrays<'a>) -> f64 {
    model().fit(x, y, FitOptions::new().batch_size(4).verbose(0)).unwrap()["loss"][0]
}

#[test]
fn data_may_be_any_array_of_any_numbers_lent_or_given() {
    let (x, y) = (x(), y());
    let expected = loss(&x, &y);
    let dynamic: ArrayD<f32> = x.clone().into_dyn();
    let turned = x.t().as_standard_layout().into_owned();
    let mut reversed = x.slice(ndarray::s![..;-1, ..]).to_owned();
    reversed.invert_axis(Axis(0));
    let column = y.mapv(f32::from).insert_axis(Axis(1));
    let own: &dyn Samples = &x;
    for given in [
        loss(x.clone(), y.clone()),
        loss(x.view(), y.view()),
        loss(&x.view(), &y.view()),
        loss(x.to_shared(), y.to_shared()),
        loss(&dynamic, &y.clone().into_dyn()),
        loss(turned.t(), &y),
        loss(&reversed, &y),
        loss(&x.mapv(f64::from), &y.mapv(f32::from)),
        loss(&x.mapv(|x| x as u8), &y.mapv(i64::from)),
        loss(&x.mapv(|x| x as i32), &y.mapv(usize::from)),
        loss(&x, &column),
        loss(own, &y),
        loss([&x], vec![&y]),
    ] {
        assert_eq!(given, expected);
    }
}
