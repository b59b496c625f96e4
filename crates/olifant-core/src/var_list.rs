//! Several values of one tape.

use std::fmt;

use crate::{Tape, Var};

/// A list of values on one tape: what layers with several inputs or outputs are given and return.
///
/// The tape keeps the memory of its lists, so a step that was seen before allocates nothing for them.
///
/// # Examples
///
/// ```
/// use olifant_core::{Mode, Tape, Weights, Workspace};
///
/// let weights = Weights::default();
/// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
/// let list = tape.list_of(&[tape.constant(2.0), tape.constant(3.0)]);
/// let sum = list.iter().reduce(|sum, x| sum + x);
/// assert_eq!(sum.map(|sum| sum.item()), Some(5.0));
/// ```
pub struct VarList<'t> {
    tape: &'t Tape<'t>,
    indices: Vec<u32>,
    /// The number of the list on its tape: the memory is the same in each step, so it is large enough from the second on.
    number: usize,
}

impl<'p> Tape<'p> {
    /// An empty list.
    pub fn list(&self) -> VarList<'_> {
        let (number, indices) = self.workspace.borrow_mut().take_list();
        VarList { tape: self, indices, number }
    }

    /// A list of these values.
    ///
    /// # Panics
    ///
    /// A value was recorded on another tape.
    #[track_caller]
    pub fn list_of<'t>(&'t self, values: &[Var<'t>]) -> VarList<'t> {
        let mut list = self.list();
        for &value in values {
            list.push(value);
        }
        list
    }
}

impl<'t> VarList<'t> {
    /// The tape the values are recorded on.
    pub fn tape(&self) -> &'t Tape<'t> {
        self.tape
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The `index`-th value.
    ///
    /// # Panics
    ///
    /// There are not so many.
    #[track_caller]
    pub fn get(&self, index: usize) -> Var<'t> {
        Var { tape: self.tape, index: self.indices[index] }
    }

    /// The values in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Var<'t>> {
        self.indices.iter().map(|&index| Var { tape: self.tape, index })
    }

    /// Appends a value.
    ///
    /// # Panics
    ///
    /// The value was recorded on another tape.
    #[track_caller]
    pub fn push(&mut self, value: Var<'t>) {
        assert!(std::ptr::eq(value.tape, self.tape), "values of different tapes cannot be combined");
        self.indices.push(value.index);
    }
}

impl Drop for VarList<'_> {
    fn drop(&mut self) {
        // Who reads a value at this moment costs the list its memory, and nothing else.
        if let Ok(mut workspace) = self.tape.workspace.try_borrow_mut() {
            self.indices.clear();
            workspace.lists[self.number] = std::mem::take(&mut self.indices);
        }
    }
}

impl fmt::Debug for VarList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
