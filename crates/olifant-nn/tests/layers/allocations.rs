//! Counting what a thread allocates.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use olifant_core::Workspace;
use rayon::ThreadPoolBuilder;

use crate::subject::Subject;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator with a counter for each thread.
struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations the second step of a layer makes, with all work on one thread.
pub fn of_second_step(subject: &Subject) -> usize {
    ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| {
        let workspace = subject.step(Workspace::default());
        let before = ALLOCATIONS.with(Cell::get);
        let workspace = subject.step(workspace);
        let after = ALLOCATIONS.with(Cell::get);
        drop(workspace);
        after - before
    })
}
