//! The system's allocator, counting when asked to: see [`counters::count_allocations`].
//!
//! While it does not count it costs a load and a branch per call, on every runtime the same.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

use crate::counters;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

/// A [`Layout`] is never larger than `isize::MAX`.
fn signed(bytes: usize) -> isize {
    bytes as isize
}

// SAFETY: every call goes to `System` unchanged, and `note` neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        counters::note(signed(layout.size()));
        // SAFETY: the caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        counters::note(-signed(layout.size()));
        // SAFETY: as in `alloc`; the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        counters::note(signed(layout.size()));
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        counters::note(signed(size) - signed(layout.size()));
        // SAFETY: as in `dealloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
