//! The gradients that are sums over samples and steps: one product each.

use super::{
    Cell, Factor, Recurrent,
    inputs::{Given, Sizes},
    memory::Kept,
};
use crate::{
    Float, Shape,
    kernels::{
        Scratch, Team,
        broadcast::Broadcast,
        matmul::{Epilogue, Matrix, Product, matmul_all},
    },
    operation::{GradientMut, InputGradients},
};

/// What the gradients of x, of the kernels and of the bias are made of, in a stretch of steps.
pub(super) struct Sums<'a> {
    pub(super) given: &'a Given<'a>,
    pub(super) kept: Kept<&'a [Float]>,
    /// How many steps of samples there are.
    pub(super) rows: usize,
    /// ∂loss/∂pre-activations.
    pub(super) gates: &'a [Float],
    /// ∂loss/∂(h·R), where it is another; else empty.
    pub(super) recurrent: &'a [Float],
}

/// The places of the gradients of kernel, recurrent kernel and bias, as far as they are wanted.
type Places<'a> = [Option<GradientMut<'a>>; 3];

impl<C: Cell> Recurrent<C> {
    /// With dz = ∂loss/∂pre-activations: dx = dz·Kᵀ, if there is room for it; and what these steps give to
    /// dK = xᵀ·dz, dR = hᵀ·dz, db = the sum of dz's rows.
    pub(super) fn write_products(
        &self,
        sums: &Sums<'_>,
        dx: &mut [Float],
        team: &Team,
        scratch: &mut Scratch,
        wanted: &mut InputGradients<'_>,
    ) {
        // A position that no input has stands for a bias that is not there.
        let bias = self.optional_positions().bias.unwrap_or(usize::MAX);
        let positions = [1, 2, bias];
        if let Some(places) = wanted.get_disjoint(positions) {
            return self.write(sums, places, dx, team, scratch);
        }
        // Two of the inputs are the same.
        self.write(sums, [const { None }; 3], dx, team, scratch);
        for (number, position) in
            positions.into_iter().enumerate().filter(|&(_, position)| position != usize::MAX)
        {
            let mut places: Places<'_> = [const { None }; 3];
            places[number] = wanted.get(position);
            self.write(sums, places, &mut [], team, scratch);
        }
    }

    fn write(
        &self,
        sums: &Sums<'_>,
        places: Places<'_>,
        dx: &mut [Float],
        team: &Team,
        scratch: &mut Scratch,
    ) {
        let [dk, mut dr, db] = places;
        let Sizes { features, units, .. } = sums.given.sizes;
        let (rows, gates) = (sums.rows, C::GATES * units);
        let dz = Matrix::new(sums.gates, rows, gates);
        let through = if sums.recurrent.is_empty() { dz } else { Matrix::new(sums.recurrent, rows, gates) };
        let (mut db, mut recurrent_db) = split_bias(db, gates);

        let dx = (!dx.is_empty()).then(|| {
            let kernel = Matrix::new(sums.given.kernel, features, gates).transposed();
            Product::new(dz, kernel, dx, Epilogue::Assign)
        });
        let dk = dk.map(|GradientMut { data, add }| {
            let x = Matrix::new(sums.kept.x, rows, features).transposed();
            with_sums(Product::new(x, dz, data, assign_or_add(add)), db.take())
        });
        let [(factor, columns), (second_factor, second_columns)] = self.cell.kernel_gradient(units);
        let left_factor = |factor| sums.factor(factor, rows, units).transposed();
        let first = dr.as_mut().map(|dr| (left_factor(factor), &mut *dr.data, assign_or_add(dr.add)));
        let is_same_dz = sums.recurrent.is_empty() && columns == (0..gates);
        let (dk, first) = match (dk, first) {
            (Some(dk), Some((left, data, epilogue))) if is_same_dz => {
                (Some(dk.and(left, data, epilogue)), None)
            }
            (dk, first) => {
                let first = first.map(|(left, data, epilogue)| {
                    let product = Product::new(left, through, data, epilogue).with_columns(columns);
                    with_sums(product, recurrent_db.take())
                });
                (dk, first)
            }
        };
        matmul_all([dx, dk, first], team, scratch);
        if let Some(GradientMut { data, add }) = dr.filter(|_| !second_columns.is_empty()) {
            let product = Product::new(left_factor(second_factor), through, data, assign_or_add(add));
            let product = product.with_columns(second_columns);
            matmul_all([Some(product)], team, scratch);
        }
        // The kernel whose product would have summed the rows on its way is frozen.
        for (db, dz) in [(db, dz), (recurrent_db, through)] {
            if let Some(db) = db {
                Broadcast::new(team, Shape::from(gates), Shape::from([rows, gates]))
                    .sum_to_first(dz.data(), db);
            }
        }
    }
}

/// Writes what lies step by step so that it lies sample by sample.
pub(super) fn write_by_sample(
    steps: &[Float],
    Sizes { batch, time, features, .. }: Sizes,
    gradient: GradientMut<'_>,
    team: &Team,
) {
    let GradientMut { data, add } = gradient;
    team.for_each_rows(data, features, features, &|first, piece: &mut [Float]| {
        for (row, dx) in (first..).zip(piece.chunks_exact_mut(features)) {
            let (sample, t) = (row / time, row % time);
            let of_step = &steps[(t * batch + sample) * features..][..features];
            GradientMut { data: dx, add }.write_from(of_step.iter().copied());
        }
    });
}

/// The gradient of the bias of x·K, and that of the bias of h·R if there is one.
fn split_bias(
    db: Option<GradientMut<'_>>,
    gates: usize,
) -> (Option<GradientMut<'_>>, Option<GradientMut<'_>>) {
    let Some(GradientMut { data, add }) = db else { return (None, None) };
    let (data, recurrent) = data.split_at_mut(gates);
    let recurrent = (!recurrent.is_empty()).then_some(GradientMut { data: recurrent, add });
    (Some(GradientMut { data, add }), recurrent)
}

impl<'a> Sums<'a> {
    /// What the recurrent kernel was multiplied by.
    fn factor(&self, factor: Factor, rows: usize, units: usize) -> Matrix<'a> {
        let hidden = if self.kept.dropped.is_empty() { self.kept.hidden } else { self.kept.dropped };
        let data = match factor {
            Factor::Hidden => hidden,
            Factor::Kept => self.kept.kept,
        };
        Matrix::new(data, rows, units)
    }
}

fn with_sums<'a>(product: Product<'a>, sums: Option<GradientMut<'a>>) -> Product<'a> {
    match sums {
        Some(sums) => product.with_column_sums(sums),
        None => product,
    }
}

fn assign_or_add(add: bool) -> Epilogue<'static> {
    if add { Epilogue::Add } else { Epilogue::Assign }
}
